"""Derivatives that have none themselves: kernels give numbers, through which torch would see no way back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

from maichong.errors import EngineError


def once(backward: Callable[..., Any]) -> Callable[..., Any]:
    """A backward pass that refuses to be differentiated; torch's own ``once_differentiable`` lets one through, and wrong, whose
    incoming gradient is a constant."""

    @functools.wraps(backward)
    def checked(ctx: Any, *gradients: torch.Tensor) -> Any:
        if torch.is_grad_enabled():
            raise EngineError(
                "autograd", "fused kernels and products with spikes have no second derivatives", "create_graph=True",
                "take Spiking(..., engine='plain') and layers of torch in a torch.nn.Sequential",
            )  # fmt: skip
        return backward(ctx, *gradients)

    return checked
