"""Layers that a converted net has between its neurons: the gate of a max pooling, and the wait of two-phase firing."""

from __future__ import annotations

import torch

from maichong.errors import EngineError
from maichong.nn.timing import KEEPS, is_timed


class MaxGate(torch.nn.Module):
    """Max pooling of spikes: of each window passes, step by step, the input that has had the largest sum so far.

    [time, batch, ...] -> [time, batch, pooled ...]; ``pool`` is torch's MaxPool1d or MaxPool2d. The state is the sum, [batch, ...].
    Source: Rueckauer et al. 2017, doi:10.3389/fnins.2017.00682, "spiking max-pooling". What passes before the largest is known is
    not taken back, so the pooled rate lies below the largest one at first.
    """

    time = KEEPS

    def __init__(self, pool: torch.nn.MaxPool1d | torch.nn.MaxPool2d) -> None:
        super().__init__()
        self.pool = type(pool)(
            pool.kernel_size, pool.stride, pool.padding, pool.dilation, return_indices=True, ceil_mode=pool.ceil_mode
        )  # fmt: skip
        self.axes = 2 if isinstance(pool, torch.nn.MaxPool2d) else 1

    def begin(self, x: torch.Tensor) -> torch.Tensor:
        """The sums of a start, for inputs like ``x``."""
        return torch.zeros_like(x[0])

    def forward(self, x: torch.Tensor, state: torch.Tensor | None = None) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        is_timed("MaxGate, input", x)
        sums = (self.begin(x) if state is None else state) + x.cumsum(dim=0)
        winners = self.pool(sums.flatten(0, 1))[1]
        passed = x.flatten(0, 1).flatten(-self.axes).gather(-1, winners.flatten(-self.axes))
        pooled = passed.reshape(winners.shape).unflatten(0, x.shape[:2])
        return pooled if state is None else (pooled, sums[-1])


class Gather(torch.nn.Module):
    """The first phase of two: what all steps bring, [time, batch, ...], comes in the first step, and nothing in the others.

    A neuron behind it has integrated the whole input before it may fire, and fires once in each step until nothing is left.
    It needs all steps at once, and goes on from no state. Raises EngineError for one.
    """

    time = KEEPS

    def begin(self, x: torch.Tensor) -> None:
        raise EngineError(
            "Gather", "two phases need all steps in one call", "a state to go on from", "call net(x) without a state"
        )

    def forward(self, x: torch.Tensor, state: None = None) -> torch.Tensor:
        is_timed("Gather, input", x)
        if state is not None:
            self.begin(x)
        return torch.cat([x.sum(dim=0, keepdim=True), x.new_zeros((x.shape[0] - 1, *x.shape[1:]))])
