"""Weighted sums of spikes: torch's Linear, whose product reads spikes alone where its input is mostly silent."""

from __future__ import annotations

import torch

from maichong.engines.autograd.sparse import linear


class Linear(torch.nn.Linear):
    """``torch.nn.Linear``, faster behind spikes: where less than a quarter of the input is not 0, the rest of it is not read.

    y = x W^T + b, x [..., in] -> [..., out]; in float32 and float64 on a CPU, else it is torch's. Sums are added up in another
    order than by the dense product, so the last digits differ. ``maichong.nn.Sequential`` does the same for a plain
    ``torch.nn.Linear``. Not for second derivatives, which torch then refuses.

    >>> layer = Linear(784, 100)
    >>> layer(torch.zeros(25, 8, 784)).shape
    torch.Size([25, 8, 100])
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return linear(input, self.weight, self.bias)


def is_hooked(module: torch.nn.Module) -> bool:
    """Whether somebody listens to a layer's calls, so that it must be called."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return any(getattr(module, name) for name in hooks)


def applied(module: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """What a layer makes of ``x``; of a Linear that nobody listens to, by the product that suits spikes."""
    plain = type(module).forward is torch.nn.Linear.forward and not is_hooked(module)
    return linear(x, module.weight, module.bias) if plain else module(x)  # type: ignore[arg-type]
