"""What the kernel of spiking neurons can do of the layers that follow them: means over squares, and narrow layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard, TypeVar

import torch
from torch.nn.utils.parametrize import is_parametrized

from maichong.engines.autograd.fused import WORTH
from maichong.engines.autograd.readout import suits
from maichong.engines.autograd.shapes import SPIKES
from maichong.nn.pooling import squares_of
from maichong.nn.products import Linear, is_hooked
from maichong.nn.recurrent import Recurrent
from maichong.nn.spiking import Spiking

Layer = TypeVar("Layer", bound=torch.nn.Module)


def pool_inside(module: torch.nn.Module, following: Sequence[torch.nn.Module], x: torch.Tensor) -> int:
    """The side of the squares whose mean follows spiking neurons, where their kernel can take it; 0 where it cannot."""
    follower = following[0] if following else None
    if follower is None or not is_own(module, Spiking) or x.dim() != 5 or is_hooked(module):
        return 0
    if is_hooked(follower) or "forward" in vars(follower):
        return 0
    side = squares_of(follower)
    fits = side > 1 and module.single and module.outputs == (SPIKES,) and not (x.shape[3] % side or x.shape[4] % side)
    return side if fits else 0


def readout_inside(
    module: torch.nn.Module, following: Sequence[torch.nn.Module], x: torch.Tensor
) -> tuple[torch.nn.Linear | None, int]:
    """The narrow layer that follows spiking neurons, where their kernel can hear for it, and how many layers that are."""
    if is_own(module, Spiking):
        cells, able = module, module.single and module.outputs == (SPIKES,)
    elif is_own(module, Recurrent):
        cells, able = module.cells, module.outputs == SPIKES and x.shape[-1] == module.n and not is_hooked(module.cells)
    else:
        return None, 0
    if not able or x.dim() != 3 or x.numel() < WORTH or is_hooked(module) or not cells.recompute:
        return None, 0
    if torch.is_grad_enabled() and not (x.requires_grad or any(entry.requires_grad for entry in module.parameters())):
        return None, 0  # a layer that learns alone has derivatives of all orders
    for over, layer in enumerate(following, 1):
        if is_linear(layer):
            return (layer, over) if cells.fuses(x) and suits(x, layer.weight, layer.bias) else (None, 0)
        if not _is_nothing(layer):
            break
    return None, 0


def is_own(module: torch.nn.Module, kind: type[Layer]) -> TypeGuard[Layer]:
    """Whether a layer is one of ours and none that does something else: bounds on what is learned make a class of its own."""
    return isinstance(module, kind) and type(module).forward is kind.forward and "forward" not in vars(module)


def _is_nothing(layer: torch.nn.Module) -> bool:
    """Whether a layer leaves rows of features, [batch, n], as they are."""
    flat = type(layer) is torch.nn.Flatten and layer.start_dim == 1 and layer.end_dim in (-1, 1)
    return (flat or type(layer) is torch.nn.Identity) and not is_hooked(layer)


def is_linear(module: torch.nn.Module | None) -> TypeGuard[torch.nn.Linear]:
    """Whether a layer is a plain Linear, torch's or ours, that nobody listens to."""
    if not isinstance(module, torch.nn.Linear) or type(module).forward not in (torch.nn.Linear.forward, Linear.forward):
        return False
    # what makes a weight anew at each look would do so for each part of the kernel's work
    return "forward" not in vars(module) and not is_hooked(module) and not is_parametrized(module)
