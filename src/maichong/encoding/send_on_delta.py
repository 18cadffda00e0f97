"""Send-on-delta (delta modulation, level crossing): an event whenever the signal has moved by a threshold since the last one.

    n = trunc((x - ref) / threshold):      |n| events up or down,  ref += n threshold

Several events may fall into one sample, so the level that they add up to is always within a threshold of the signal. From
``start`` on: the first sample sends what it takes to get there.

Source: Miskowicz 2006, doi:10.3390/s6010049; Corradi & Indiveri 2015, doi:10.1109/TBCAS.2015.2479256.

Not where noise is as large as the threshold: it is sent too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from maichong.encoding._changes import events_of, level_of, trains_of
from maichong.encoding.code import Code
from maichong.encoding.fields import number
from maichong.encoding.trains import SpikeTrains


@dataclass(frozen=True)
class SendOnDelta(Code):
    """Events of signals [samples, ...] of any range: trains [2, ...], down and up.

    >>> spikes = SendOnDelta(threshold=0.25).encode([0.0, 0.3, 0.9, 0.4])
    >>> spikes.times.tolist(), spikes.ids.tolist()
    ([1.0, 2.0, 2.0, 3.0], [1, 1, 1, 0])
    """

    reads: ClassVar[str] = "signals"

    threshold: float = number(0.1, "", "change that an event stands for", above=0.0)
    start: float = number(0.0, "", "level before the first sample")
    dt: float = number(1.0, "ms", "time from sample to sample", above=0.0)

    def encode(self, values: Any) -> SpikeTrains:
        signal = self.taken(values, -np.inf, np.inf)
        changes, level = np.zeros(signal.shape, np.int64), np.zeros(signal.shape[1:], np.int64)
        for i, x in enumerate(signal):
            # levels are counted, so that no rounding adds up
            with np.errstate(over="ignore"):
                steps = np.trunc((x - (self.start + level * self.threshold)) / self.threshold)
            changes[i] = events_of(steps, "SendOnDelta")
            level = level + changes[i]
        return trains_of(changes, self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        return self.start + self.threshold * level_of(self.given(trains, sides=True))
