"""Time to first spike, logarithmic: equal ratios of values are equal differences of time.

    t = t_max - tau ln(alpha x + 1)

Hu and colleagues take pixels x = 0..255 with alpha = 1 and tau = 1 ms; values in 0..1 with alpha = 255 are the same. All spikes
then lie within 5.5 ms before t_max: with such a tau take a fine dt.

Source: Hu, Tang, Tan, Li & Shi 2013, doi:10.1162/NECO_a_00395.

Not on a grid that is coarser than the differences of large values: from x to its neighbour 1 / 255 below 1 they are tau / 256.
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
class LogLatency(Code):
    """One spike for each value from 0 to ``high``.

    >>> LogLatency(alpha=1.0, high=255.0, tau=1.0).encode([0, 127, 255]).first().round(6).tolist()
    [100.0, 95.14797, 94.454823]
    """

    alpha: float = number(255.0, "", "steepness: what a value is multiplied by", above=0.0)
    tau: float = number(18.0, "ms", "time by which a spike comes earlier where alpha x + 1 grows e times", above=0.0)
    t_max: float = number(100.0, "ms", "time of the spike of 0, the latest", above=0.0)
    high: float = number(1.0, "", "largest value", above=0.0)
    dt: float = number(1.0, "ms", "step of the dense form", above=0.0)

    def check(self) -> None:
        earliest = self.t_max - self.tau * np.log1p(self.alpha * self.high)
        if earliest < -1e-9 * self.t_max:
            fix = "use a larger t_max, or a smaller tau"
            raise ParameterError("LogLatency.t_max", "must leave the largest value a time >= 0 ms", f"{earliest:g} ms", fix)

    def encode(self, values: Any) -> SpikeTrains:
        x = self.taken(values, 0.0, self.high)
        times = np.maximum(0.0, self.t_max - self.tau * np.log1p(self.alpha * x))
        return SpikeTrains.of_latencies(times, steps_of(type(self).__name__, self.t_max, self.dt), self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        first = self.given(trains).first()
        with np.errstate(over="ignore"):
            x = np.expm1((self.t_max - first) / self.tau) / self.alpha
        return np.where(np.isfinite(first), np.clip(x, 0.0, self.high), 0.0)
