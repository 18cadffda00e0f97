"""Layers that a converted net has between its neurons: max pooling of spikes, and the wait of two-phase firing."""

from __future__ import annotations

import torch

from maichong.errors import EngineError
from maichong.nn.timing import KEEPS, is_timed, over_time


class RunningMax(torch.nn.Module):
    """Max pooling of spikes: an output fires whenever the largest sum of spikes among the inputs of its window has risen.

        out[t] = max_j n_j[t] - max_j n_j[t-1],      n_j[t] = x_j[1] + ... + x_j[t]

    so that what has come out by step t is exactly the largest that has come in, for currents too. [time, batch, ...] -> [time,
    batch, pooled ...]; ``pool`` is torch's MaxPool1d or MaxPool2d, and the state is n, [batch, ...]. The gate of Rueckauer et al.
    2017, doi:10.3389/fnins.2017.00682, which passes the spikes of the input that leads, counts too many where the lead changes.
    """

    time = KEEPS

    def __init__(self, pool: torch.nn.MaxPool1d | torch.nn.MaxPool2d) -> None:
        super().__init__()
        self.pool = pool

    def begin(self, x: torch.Tensor) -> torch.Tensor:
        """The sums of a start, for inputs like ``x``."""
        return torch.zeros_like(x[0])

    def forward(self, x: torch.Tensor, state: torch.Tensor | None = None) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        is_timed("RunningMax, input", x)
        begin = self.begin(x) if state is None else state
        sums = torch.cat([begin[None], begin + x.cumsum(dim=0)])
        risen = over_time(self.pool, sums).diff(dim=0)
        return risen if state is None else (risen, sums[-1])


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
