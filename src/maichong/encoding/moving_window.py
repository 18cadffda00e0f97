"""Moving-window code: an event where the signal leaves the mean of its last samples by more than a threshold.

    b = mean(x_(i-w) ... x_(i-1)):      spike up if x > b + threshold,  down if x < b - threshold

Of the first w samples as many are averaged as there are, before the first ``start`` stands. Decoding adds a threshold for each
event, as for StepForward; the encoder does not follow what decodes, so errors add up.

Source: Kasabov, Scott, Tu et al. 2016, doi:10.1016/j.neunet.2015.09.011; Petro, Kasabov & Kiss 2020,
doi:10.1109/TNNLS.2019.2906158, who average the first w samples beforehand.

Not for reconstruction: it is robust against noise, and marks where something happens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from maichong.encoding._changes import level_of, trains_of
from maichong.encoding.code import Code
from maichong.encoding.fields import number, whole
from maichong.encoding.trains import SpikeTrains


@dataclass(frozen=True)
class MovingWindow(Code):
    """Events of signals [samples, ...] of any range: trains [2, ...], down and up.

    >>> spikes = MovingWindow(threshold=0.25, window=2).encode([0.0, 0.0, 0.9, 0.9, 0.9])
    >>> spikes.times.tolist(), spikes.ids.tolist()
    ([2.0, 3.0], [1, 1])
    """

    reads: ClassVar[str] = "signals"

    threshold: float = number(0.1, "", "how far the signal must leave the mean, and what an event stands for", above=0.0)
    window: int = whole(3, "samples that are averaged")
    start: float = number(0.0, "", "level before the first sample")
    dt: float = number(1.0, "ms", "time from sample to sample", above=0.0)

    def adapted(self, values: Any) -> MovingWindow:
        """The code that starts where the signals do, in the mean."""
        return replace(self, start=float(self.taken(values, -np.inf, np.inf)[0].mean()))

    def encode(self, values: Any) -> SpikeTrains:
        signal = self.taken(values, -np.inf, np.inf, least=self.window + 1)
        base = np.full(signal.shape, self.start)
        for i in range(1, len(signal)):
            base[i] = signal[max(0, i - self.window) : i].mean(axis=0)
        off = signal - base
        return trains_of((off > self.threshold).astype(np.int64) - (off < -self.threshold), self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        return self.start + self.threshold * level_of(self.given(trains, sides=True))
