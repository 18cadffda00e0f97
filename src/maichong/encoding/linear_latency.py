"""Time to first spike, linear: the larger a value, the earlier its one spike.

    t = t_max (1 - x)

A value of 0 stays silent, or spikes last of all at t_max. Silence decodes to 0. On a grid of dt there are t_max / dt + 1 levels.

Source: Park, Kim, Na & Yoon 2020, doi:10.1109/DAC18072.2020.9218689; Zhang & Xu 2021, section 2.3.

Not for signals that change within t_max, nor where the beginning of a presentation is not known to the reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.encoding.code import Code, steps_of
from maichong.encoding.fields import flag, number
from maichong.encoding.trains import SpikeTrains


@dataclass(frozen=True)
class LinearLatency(Code):
    """One spike for each value in 0..1, within ``t_max`` ms.

    >>> LinearLatency(t_max=100.0).encode([0.25, 0.5, 1.0]).first().tolist()
    [75.0, 50.0, 0.0]
    """

    t_max: float = number(100.0, "ms", "time of the latest spike", above=0.0)
    dt: float = number(1.0, "ms", "step of the dense form", above=0.0)
    zero_is_silent: bool = flag(True, "whether a value of 0 has no spike, or one at t_max")

    def encode(self, values: Any) -> SpikeTrains:
        x = self.taken(values)
        times = self.t_max * (1.0 - x)
        if self.zero_is_silent:
            times = np.where(x == 0.0, np.inf, times)
        return SpikeTrains.of_latencies(times, steps_of(type(self).__name__, self.t_max, self.dt), self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        first = self.given(trains).first()
        return np.where(np.isfinite(first), 1.0 - first / self.t_max, 0.0)
