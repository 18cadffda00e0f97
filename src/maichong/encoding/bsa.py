"""BSA, Ben's spiker algorithm: spikes that a filter turns back into the signal, found from the error with and without each.

    at i, over the samples of h that lie inside the signal:
    e1 = sum_j |s_(i+j) - h_j|,   e2 = sum_j |s_(i+j)|:      spike if e1 <= e2 - threshold,  then s_(i+j) -= h_j

    decoding:  s = spikes * h

The threshold of 0.955 is the paper's for its filter; good ones lie near the sum of h. Signals lie in 0..1, which a filter with a
sum of 1 can follow. Versions that multiply e2 by the threshold, as those of later toolboxes, are other algorithms.

Source: Schrauwen & Van Campenhout 2003, doi:10.1109/IJCNN.2003.1224019.

Not for frequencies above the filter's cutoff: they are lost; nor for one value alone, as it needs a signal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from maichong.encoding._deconvolution import ROUNDING, convolved, deconvolve, taps_of
from maichong.encoding.code import Code
from maichong.encoding.fields import number, other
from maichong.encoding.trains import SpikeTrains


@dataclass(frozen=True)
class BSA(Code):
    """The spikes of signals [samples, ...] in 0..1, at least as long as the filter ``taps``.

    >>> code = BSA(threshold=0.5, taps=[0.25, 0.5, 0.25])
    >>> code.encode([0.25, 0.5, 0.25, 0.25, 0.5, 0.5, 0.5, 0.25, 0.0, 0.0]).dense().tolist()
    [1, 0, 0, 1, 0, 1, 0, 0, 0, 0]
    """

    reads: ClassVar[str] = "signals"

    threshold: float = number(0.955, "", "by how much a spike must lessen the error", low=0.0)
    taps: Any = field(default=None, metadata=other("filter h; scipy.signal.firwin(20, 0.1) if none"))
    dt: float = number(1.0, "ms", "time from sample to sample", above=0.0)

    def check(self) -> None:
        if self.taps is not None:
            object.__setattr__(self, "taps", taps_of(self.taps, "BSA"))

    def encode(self, values: Any) -> SpikeTrains:
        taps = taps_of(self.taps, "BSA")
        signal = self.taken(values, least=len(taps))

        def fits(left: np.ndarray, h: np.ndarray) -> np.ndarray:
            return np.abs(left - h).sum(axis=0) <= np.abs(left).sum(axis=0) - self.threshold + ROUNDING

        return deconvolve(signal, taps, fits, self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        return convolved(self.given(trains), taps_of(self.taps, "BSA"))
