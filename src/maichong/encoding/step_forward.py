"""Step-forward code: a baseline follows the signal by one step a sample at most, and each step is an event.

    spike up if x > b + threshold, then b += threshold;      down if x < b - threshold, then b -= threshold

The baseline is what decodes. Where the signal is steeper than a threshold a sample it is left behind (slope overload).

Source: Kasabov, Scott, Tu et al. 2016, doi:10.1016/j.neunet.2015.09.011; Petro, Kasabov & Kiss 2020,
doi:10.1109/TNNLS.2019.2906158.

Not for steep signals: SendOnDelta sends several events at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from maichong.encoding._changes import level_of, trains_of
from maichong.encoding.code import Code
from maichong.encoding.fields import number
from maichong.encoding.trains import SpikeTrains


@dataclass(frozen=True)
class StepForward(Code):
    """Events of signals [samples, ...] of any range: trains [2, ...], down and up.

    >>> spikes = StepForward(threshold=0.25).encode([0.0, 0.3, 0.9, 0.4])
    >>> spikes.times.tolist(), spikes.ids.tolist()
    ([1.0, 2.0], [1, 1])
    """

    reads: ClassVar[str] = "signals"

    threshold: float = number(0.1, "", "step of the baseline, and how far the signal must be off", above=0.0)
    start: float = number(0.0, "", "baseline before the first sample")
    dt: float = number(1.0, "ms", "time from sample to sample", above=0.0)

    def adapted(self, values: Any) -> StepForward:
        """The code that starts where the signals do, in the mean."""
        return replace(self, start=float(self.taken(values, -np.inf, np.inf)[0].mean()))

    def encode(self, values: Any) -> SpikeTrains:
        signal = self.taken(values, -np.inf, np.inf)
        changes, level = np.zeros(signal.shape, np.int64), np.zeros(signal.shape[1:], np.int64)
        for i, x in enumerate(signal):
            off = x - (self.start + level * self.threshold)
            changes[i] = (off > self.threshold).astype(np.int64) - (off < -self.threshold)
            level = level + changes[i]
        return trains_of(changes, self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        return self.start + self.threshold * level_of(self.given(trains, sides=True))
