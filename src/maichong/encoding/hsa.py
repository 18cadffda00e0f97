"""HSA, the Hough spiker algorithm, and the modified one: spikes that a filter turns back into the signal, which it fits under.

    spike at i if  sum_j max(0, h_j - s_(i+j)) <= threshold,   then s_(i+j) -= h_j

    decoding:  s = spikes * h

With a threshold of 0, HSA, the whole filter must lie below what is left of the signal: what decodes is too low. Larger ones, the
modified HSA, allow it to stand out by so much in all. Outside of the signal there is nothing, so that the last samples, fewer than
the filter's, are under-represented. Signals lie in 0..1, which a filter with a sum of 1 can follow.

Source: Hough, de Garis, Korkin, Gers & Nawa 1999, "SPIKER: analog waveform to digital spiketrain conversion in ATR's artificial
brain (CAM-Brain) project"; modified HSA: Schrauwen & Van Campenhout 2003, doi:10.1109/IJCNN.2003.1224019.

Not where the mean matters: see BSA, which weighs errors on both sides.
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
class HSA(Code):
    """The spikes of signals [samples, ...] in 0..1, at least as long as the filter ``taps``.

    >>> code = HSA(taps=[0.25, 0.5, 0.25])
    >>> code.encode([0.25, 0.5, 0.25, 0.25, 0.5, 0.5, 0.5, 0.25, 0.0, 0.0]).dense().tolist()
    [1, 0, 0, 1, 0, 1, 0, 0, 0, 0]
    """

    reads: ClassVar[str] = "signals"

    threshold: float = number(0.0, "", "by how much in all the filter may stand out; 0 is the HSA proper", low=0.0)
    taps: Any = field(default=None, metadata=other("filter h; scipy.signal.firwin(20, 0.1) if none"))
    dt: float = number(1.0, "ms", "time from sample to sample", above=0.0)

    def check(self) -> None:
        if self.taps is not None:
            object.__setattr__(self, "taps", taps_of(self.taps, "HSA"))

    def encode(self, values: Any) -> SpikeTrains:
        taps = taps_of(self.taps, "HSA")
        signal = self.taken(values, least=len(taps))
        beyond = np.cumsum(np.maximum(taps, 0.0)[::-1])[::-1]  # what h has from each of its samples on

        def fits(left: np.ndarray, h: np.ndarray) -> np.ndarray:
            outside = beyond[len(h)] if len(h) < len(taps) else 0.0
            return np.maximum(h - left, 0.0).sum(axis=0) + outside <= self.threshold + ROUNDING

        return deconvolve(signal, taps, fits, self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        return convolved(self.given(trains), taps_of(self.taps, "HSA"))
