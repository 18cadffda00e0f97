"""Weighted sums of spikes: torch's Linear and Conv2d, which read spikes alone where their input is mostly silent."""

from __future__ import annotations

import torch

from maichong.engines.autograd.sparse import linear
from maichong.engines.autograd.sparse_conv import conv2d


class Linear(torch.nn.Linear):
    """``torch.nn.Linear``, faster behind spikes: where less than a quarter of the input is not 0, the rest of it is not read.

    y = x W^T + b, x [..., in] -> [..., out]; in float32 and float64 on a CPU, else it is torch's. Sums are added up in another
    order than by the dense product, so the last digits differ. ``maichong.nn.Sequential`` does the same for a plain
    ``torch.nn.Linear``. Not for second derivatives, which are
    refused with an EngineError; a weight that is NaN or infinite is not seen behind a silent input.

    >>> layer = Linear(784, 100)
    >>> layer(torch.zeros(25, 8, 784)).shape
    torch.Size([25, 8, 100])
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return linear(input, self.weight, self.bias)


class Conv2d(torch.nn.Conv2d):
    """``torch.nn.Conv2d``, faster behind spikes: where less than a third of the input is not 0, the rest of it is not read.

    x [batch, channels, h, w], as torch's; at a stride of 1, without groups, dilation or padding but by zeros, and with enough
    channels that blocks of 64 are full, in float32 and float64 on a CPU; else it is torch's. ``maichong.nn.Sequential`` does the
    same for a plain ``torch.nn.Conv2d``. Not for second derivatives, which are
    refused with an EngineError; a weight that is NaN or infinite is not seen behind a silent input.

    >>> layer = Conv2d(2, 64, 3, padding=1)
    >>> layer(torch.zeros(8, 2, 14, 14)).shape
    torch.Size([8, 64, 14, 14])
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        padding = _padding(self)
        if padding is None:
            return torch.nn.Conv2d.forward(self, input)
        return conv2d(input, self.weight, self.bias, padding)


def _padding(layer: torch.nn.Conv2d) -> tuple[int, int] | None:
    """The zeros on each side, of a convolution that is plain but for them; else None."""
    high, wide = layer.kernel_size
    if isinstance(layer.padding, str):
        padding = (0, 0) if layer.padding == "valid" else ((high - 1) // 2, (wide - 1) // 2)
        even = layer.padding == "same" and (high % 2 == 0 or wide % 2 == 0)
    else:
        padding, even = (layer.padding[0], layer.padding[1]), False
    plain = layer.stride == (1, 1) and layer.dilation == (1, 1) and layer.groups == 1
    return padding if plain and not even and (padding == (0, 0) or layer.padding_mode == "zeros") else None


def is_hooked(module: torch.nn.Module) -> bool:
    """Whether somebody listens to a layer's calls, so that it must be called."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    everywhere = (getattr(torch.nn.modules.module, f"_global{name}") for name in hooks)
    return any(getattr(module, name) for name in hooks) or any(everywhere)


def applied(module: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """What a layer makes of ``x``; of a Linear or Conv2d that nobody listens to, by the product that suits spikes."""
    if is_hooked(module) or "forward" in vars(module):
        return module(x)
    if isinstance(module, torch.nn.Linear) and type(module).forward is torch.nn.Linear.forward:
        return linear(x, module.weight, module.bias)
    if isinstance(module, torch.nn.Conv2d) and type(module).forward is torch.nn.Conv2d.forward:
        padding = _padding(module)
        return module(x) if padding is None else conv2d(x, module.weight, module.bias, padding)
    return module(x)
