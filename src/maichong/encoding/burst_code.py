"""Burst code: a value is how many spikes a burst has, and how quickly they follow each other.

    n = ceil(n_max x);      interval = ceil(t_max - (t_max - t_min) x) ms where n > 1,  t_max else

The burst starts at 0. Count and interval each confine the value to a span; it decodes to the middle of what both allow, silence
to 0.

Source: Guo, Fouda, Eltawil & Salama 2021, doi:10.3389/fnins.2021.638474.

Not where a value must be read within few ms, nor below 1 / n_max, where one spike tells no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.encoding.code import Code, steps_of
from maichong.encoding.fields import number, whole
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError


@dataclass(frozen=True)
class BurstCode(Code):
    """A burst for each value in 0..1, of up to ``n_max`` spikes that are ``t_min`` ms apart or more.

    >>> spikes = BurstCode(n_max=5, t_min=2.0, t_max=100.0).encode([0.0, 0.1, 0.9])
    >>> spikes.counts().tolist(), spikes.times[spikes.ids == 2].tolist()
    ([0, 1, 5], [0.0, 12.0, 24.0, 36.0, 48.0])
    """

    n_max: int = whole(5, "spikes of a value of 1")
    t_min: float = number(2.0, "ms", "interval of a value of 1", above=0.0)
    t_max: float = number(100.0, "ms", "what the interval comes near to where values are small", above=0.0)
    dt: float = number(1.0, "ms", "step of the dense form, and what intervals are whole numbers of", above=0.0)

    def check(self) -> None:
        if self.t_min < self.dt * (1 - 1e-9):
            raise ParameterError("BurstCode.t_min", f"must be >= dt = {self.dt:g} ms, one step", f"{self.t_min:g}")
        if not self.t_max > self.t_min:
            raise ParameterError("BurstCode.t_max", f"must be > t_min = {self.t_min:g} ms", f"{self.t_max:g}")

    def _interval(self, x: np.ndarray) -> np.ndarray:
        # in steps; a whole number but for the rounding of a double is one
        return np.ceil((self.t_max - (self.t_max - self.t_min) * x) / self.dt - 1e-9)

    def encode(self, values: Any) -> SpikeTrains:
        x = self.taken(values)
        flat = x.reshape(-1)
        counts = np.ceil(self.n_max * flat - 1e-9).astype(np.int64)
        ids = np.repeat(np.arange(flat.size), counts)
        which = np.arange(ids.size) - np.repeat(np.cumsum(counts) - counts, counts)
        n = np.arange(2, self.n_max + 1)
        longest = ((n - 1) * self._interval((n - 1) / self.n_max)).max(initial=0.0) * self.dt
        return SpikeTrains(
            which * self._interval(flat)[ids] * self.dt, ids, x.shape, steps_of(type(self).__name__, longest, self.dt), self.dt
        )

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        found = self.given(trains)
        counts = found.counts().reshape(-1).astype(np.float64)
        last = np.zeros(found.n)
        last[found.ids] = found.times  # the last to be written stands: the latest
        low, high = np.maximum(counts - 1.0, 0.0) / self.n_max, counts / self.n_max
        several = counts > 1
        interval = np.rint(last / np.maximum(counts - 1.0, 1.0) / self.dt) * self.dt
        span = self.t_max - self.t_min
        low = np.where(several, np.maximum(low, (self.t_max - interval) / span), low)
        high = np.where(several, np.minimum(high, (self.t_max - interval + self.dt) / span), high)
        return np.clip(0.5 * (low + high), 0.0, 1.0).reshape(found.shape)
