"""Delay code: a value is the delay of a spike behind a reference spike, as that of a synapse or an axon.

    t = t_in + d(x),      d(x) = d_max - (d_max - d_min) x

The strongest value comes first, d_min after the reference. All spikes move with t_in. Silence decodes to NaN.

Source: Hopfield 1995, doi:10.1038/376033a0; Zhang & Xu 2021, section 2.3.

Not where the reader does not know the reference t_in: then only differences between trains say something, see RankOrder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.encoding.code import Code, steps_of
from maichong.encoding.fields import number
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError


@dataclass(frozen=True)
class DelayCode(Code):
    """One spike for each value in 0..1, from ``d_min`` to ``d_max`` ms after ``t_in``.

    >>> DelayCode(t_in=5.0, d_min=1.0, d_max=21.0).encode([0.0, 0.5, 1.0]).first().tolist()
    [26.0, 16.0, 6.0]
    """

    t_in: float = number(0.0, "ms", "time of the reference spike", low=0.0)
    d_min: float = number(1.0, "ms", "shortest delay, one step at least", above=0.0)
    d_max: float = number(51.0, "ms", "longest delay", above=0.0)
    dt: float = number(1.0, "ms", "step of the dense form", above=0.0)

    def check(self) -> None:
        if self.d_min < self.dt * (1 - 1e-9):
            raise ParameterError("DelayCode.d_min", f"must be >= dt = {self.dt:g} ms, one step", f"{self.d_min:g}")
        if not self.d_max > self.d_min:
            raise ParameterError("DelayCode.d_max", f"must be > d_min = {self.d_min:g} ms", f"{self.d_max:g}")

    def encode(self, values: Any) -> SpikeTrains:
        x = self.taken(values)
        times = self.t_in + self.d_max - (self.d_max - self.d_min) * x
        return SpikeTrains.of_latencies(times, steps_of(type(self).__name__, self.t_in + self.d_max, self.dt), self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        first = self.given(trains).first()
        x = (self.d_max - (first - self.t_in)) / (self.d_max - self.d_min)
        return np.where(np.isfinite(first), np.clip(x, 0.0, 1.0), np.nan)
