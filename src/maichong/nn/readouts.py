"""Readouts: what a net's last spikes or potentials say, [time, batch, n] -> [batch, n]; they end the time axis.

Each takes one tensor; what a spiking layer in front of it gives, spikes or a potential, its ``outputs`` says.
"""

from __future__ import annotations

import math

import torch

from maichong.errors import EngineError, ParameterError, brief
from maichong.nn.timing import ENDS, is_timed
from maichong.spec.quantities import is_number


class MeanRate(torch.nn.Module):
    """The mean over all steps: spikes [time, batch, ...] -> spikes per step, [batch, ...]."""

    time = ENDS

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        is_timed("MeanRate, input", x)
        return x.mean(dim=0)


class LastPotential(torch.nn.Module):
    """The value of the last step: potentials [time, batch, ...] -> [batch, ...], as of ``Spiking(..., outputs="v")``."""

    time = ENDS

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        is_timed("LastPotential, input", x)
        return x[-1]


class MaxPotential(torch.nn.Module):
    """The largest value over all steps: potentials [time, batch, ...] -> [batch, ...]; the gradient goes to the step that had it.

    Source: Neftci et al. 2019, doi:10.1109/MSP.2019.2931595, of neurons that do not spike, ``LIF(..., reset="none")``.
    """

    time = ENDS

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        is_timed("MaxPotential, input", x)
        return x.max(dim=0).values


class PopulationVote(torch.nn.Module):
    """The mean rate of each class's own group of neurons: spikes [time, batch, n] -> spikes per step and neuron, [batch, classes].

    Class c has neurons c n / classes and on, n / classes of them. Raises ParameterError for a number of classes below 1,
    EngineError for an input that is not [time, batch, n], or whose n cannot be shared out evenly.
    """

    time = ENDS

    def __init__(self, classes: int) -> None:
        super().__init__()
        if isinstance(classes, bool) or not isinstance(classes, int) or classes < 1:
            raise ParameterError("PopulationVote, classes", "must be a whole number >= 1", brief(classes))
        self.classes = classes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        is_timed("PopulationVote, input", x)
        if x.dim() != 3 or x.shape[2] % self.classes:
            raise EngineError("PopulationVote, input", f"must be [time, batch, a multiple of {self.classes}]", tuple(x.shape))
        return x.unflatten(2, (self.classes, -1)).mean(dim=(0, 3))

    def extra_repr(self) -> str:
        return str(self.classes)


class FirstSpike(torch.nn.Module):
    """The negative time of each neuron's first spike, in ms: spikes s [time, batch, ...], 0 or 1, -> [batch, ...].

    The spike of step k = 1, 2, ... is at k dt, as the simulator stamps it, and no spike in T steps counts as one at (T + 1) dt:
    the largest value is the class that spiked first, of equals ``argmax`` takes the first, and silence is the smallest value
    there is. For a cross entropy divide the values by a time constant.

    A time has no derivative in spikes that are there or not, so the value is taken as what it is a corner of,

        -dt (1 + sum_{k=1..T} prod_{j=1..k} (1 - s_j)),

    linear in each s_j: its derivative in s_j is what that spike's coming or going would change, (t - j) dt for a step j before
    the first spike t, the gap to the next spike for the first spike itself, 0 behind it. From there the surrogate of the neurons
    leads on. Raises ParameterError for a ``dt`` that is no positive number.
    """

    time = ENDS

    def __init__(self, dt: float = 1.0) -> None:
        super().__init__()
        if not is_number(dt) or not 0 < dt < math.inf:
            raise ParameterError("FirstSpike, dt", "must be a positive number of ms", brief(dt))
        self.dt = float(dt)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        is_timed("FirstSpike, input", x)
        return -self.dt * (1 + (1 - x).cumprod(dim=0).sum(dim=0))

    def extra_repr(self) -> str:
        return f"dt={self.dt:g}"
