"""Threshold-based representation (TBR): an event where the signal moves from one sample to the next by more than is usual for it.

    d_i = x_i - x_(i-1);   threshold = mean(d) + factor sd(d):      spike up if d > threshold,  down if d < -threshold

The threshold comes from the signal, each train's from its own; a reader has to know it: ``adapted`` gives the code with the one
threshold of all trains together. Decoding adds a threshold for each event, from ``start``. sd is that of the population.

Source: Delbruck & Lichtsteiner 2007, doi:10.1109/ISCAS.2007.378038 (the idea, in silicon); Petro, Kasabov & Kiss 2020,
doi:10.1109/TNNLS.2019.2906158.

Not for reconstruction, as slow changes leave no trace; nor on line, as the threshold needs the whole signal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from maichong.encoding._changes import level_of, trains_of
from maichong.encoding.code import Code
from maichong.encoding.fields import number
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError


@dataclass(frozen=True)
class ThresholdBased(Code):
    """Events of signals [samples, ...] of any range, two samples or more: trains [2, ...], down and up.

    >>> spikes = ThresholdBased().encode([0.0, 0.0, 0.9, 0.9, 0.9])
    >>> spikes.times.tolist(), spikes.ids.tolist()
    ([2.0], [1])
    """

    reads: ClassVar[str] = "signals"

    factor: float = number(1.0, "", "standard deviations of a change that count as unusual", low=0.0)
    threshold: float | None = number(None, "", "threshold of all trains; from each signal if none", low=0.0)
    start: float = number(0.0, "", "level of the first sample, in decoding")
    dt: float = number(1.0, "ms", "time from sample to sample", above=0.0)

    def thresholds(self, values: Any) -> np.ndarray:
        """The threshold of each signal, float64 [*shape]."""
        changes = np.diff(self.taken(values, -np.inf, np.inf, least=2), axis=0)
        return changes.mean(axis=0) + self.factor * changes.std(axis=0)

    def adapted(self, values: Any) -> ThresholdBased:
        """The code with one threshold for all signals, and a start where they begin in the mean."""
        signal = self.taken(values, -np.inf, np.inf, least=2)
        changes = np.diff(signal, axis=0)
        threshold = max(0.0, float(changes.mean() + self.factor * changes.std()))
        return replace(self, threshold=threshold, start=float(signal[0].mean()))

    def encode(self, values: Any) -> SpikeTrains:
        signal = self.taken(values, -np.inf, np.inf, least=2)
        threshold = self.thresholds(signal) if self.threshold is None else self.threshold
        d = np.diff(signal, axis=0, prepend=signal[:1])
        changes = (d > threshold).astype(np.int64) - (d < -threshold)
        changes[0] = 0  # a threshold may be negative, but nothing has changed yet
        return trains_of(changes, self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        found = self.given(trains, sides=True)
        if self.threshold is None:
            raise ParameterError("ThresholdBased.decode", "must know the threshold", "none", "decode with code.adapted(signal)")
        return self.start + self.threshold * level_of(found)
