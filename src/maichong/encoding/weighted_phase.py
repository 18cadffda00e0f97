"""Weighted phase code: a value is a binary number, and each phase of a period stands for one of its digits.

    x  ->  round(2^bits x), at most 2^bits - 1;      a spike in phase k has the weight 2^-(k + 1)

The period, of ``bits`` steps, is repeated ``cycles`` times. Decoding adds the weights: a value comes back to within 2^-(bits + 1),
1 as 1 - 2^-bits.

Source: Kim, Kim, Huh, Lee & Choi 2018, doi:10.1016/j.neucom.2018.05.087.

Not where steps may be lost or shifted: one step doubles or halves everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.encoding.code import Code
from maichong.encoding.fields import number, whole
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError


@dataclass(frozen=True)
class WeightedPhase(Code):
    """Values in 0..1 as numbers of ``bits`` binary digits, the highest first, one step each.

    >>> WeightedPhase().encode(0.640625).dense().tolist()
    [1, 0, 1, 0, 0, 1, 0, 0]
    """

    bits: int = whole(8, "binary digits: steps of a period")
    cycles: int = whole(1, "how often the period is repeated")
    dt: float = number(1.0, "ms", "step: time of one digit", above=0.0)

    def check(self) -> None:
        if self.bits > 52:
            raise ParameterError("WeightedPhase.bits", "must be at most 52, the digits of a double", self.bits)

    def encode(self, values: Any) -> SpikeTrains:
        x = self.taken(values)
        levels = np.minimum(np.rint(x * 2.0**self.bits), 2.0**self.bits - 1.0).astype(np.int64)
        digits = levels >> np.arange(self.bits - 1, -1, -1).reshape(-1, *[1] * x.ndim) & 1
        return SpikeTrains.of_dense(np.tile(digits, (self.cycles, *[1] * x.ndim)), self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        found = self.given(trains)
        weights = 0.5 ** (found.rows % self.bits + 1.0) / self.cycles
        return np.bincount(found.ids, weights, found.n).reshape(found.shape)
