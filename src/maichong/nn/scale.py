"""``Scale``: features times fixed numbers."""

from __future__ import annotations

from typing import Any

import torch


class Scale(torch.nn.Module):
    """Each feature times a number, or one for all, that is not learned: [..., features] -> the same shape."""

    scale: torch.Tensor

    def __init__(self, scale: Any) -> None:
        super().__init__()
        self.register_buffer("scale", torch.as_tensor(scale))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.scale.to(x.dtype)
