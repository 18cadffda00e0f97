"""Rate code with regular spikes (uniform code): a value becomes the beat of a clock.

    acc += p;   spike where acc >= 1, then acc -= 1;      p = rate x dt

From acc = phase on, so N steps hold floor(p N + phase) spikes. Counts decode to (count + 1/2 - phase) / (N rate dt), the middle of
where they came from, at most 1; no spike to 0. With ``scattered`` phases the trains of a population do not fire together.

Source: Zhang & Xu 2021, section 2.3; as the input of converted networks: Rueckauer, Lungu, Hu, Pfeiffer & Liu 2017,
doi:10.3389/fnins.2017.00682.

Not as a model of cortical trains, which are irregular: see PoissonRate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong import random
from maichong.encoding.code import Code
from maichong.encoding.fields import flag, number, seed, whole
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError

STREAM = 0x70686173
"""Sets the phases apart from other draws with the same seed."""


@dataclass(frozen=True)
class RegularRate(Code):
    """Spikes of each value in 0..1 at equal intervals, at ``rate`` Hz for 1, over ``steps`` steps.

    >>> RegularRate(rate=1000.0, steps=10).encode(0.3).dense().tolist()
    [0, 0, 0, 1, 0, 0, 1, 0, 0, 1]
    """

    rate: float = number(100.0, "Hz", "rate of a value of 1", above=0.0)
    steps: int = whole(100, "how many steps values are shown for")
    dt: float = number(1.0, "ms", "step", above=0.0)
    phase: float = number(0.0, "", "what the accumulator holds at the start", low=0.0, high=1.0)
    scattered: bool = flag(False, "whether each train starts at a random phase of its own instead")
    seed: int = seed("of scattered phases")

    def check(self) -> None:
        most = 0.001 * self.rate * self.dt
        if most > 1.0 + 1e-12:
            raise ParameterError(
                "RegularRate.rate", "must be at most 1000 / dt Hz, a spike a step", f"{most:g} a step", "use a smaller dt"
            )

    def encode(self, values: Any) -> SpikeTrains:
        x = self.taken(values)
        p = (0.001 * self.rate * self.dt * x).reshape(-1)
        if self.scattered:
            phase = random.uniform(self.seed, STREAM, 0, np.arange(p.size))
        else:
            phase = np.full(p.size, self.phase)
        # a sum that is a whole number but for the rounding of a double is one
        counts = np.floor(p * self.steps + phase + 1e-9).astype(np.int64)
        counts = np.where(p > 0.0, np.minimum(counts, self.steps), 0)
        ids = np.repeat(np.arange(p.size), counts)
        which = np.arange(ids.size) - np.repeat(np.cumsum(counts) - counts, counts) + 1  # 1st, 2nd, ... spike of its train
        # one spike a step at most, also where the accumulator starts at 1
        rows = np.maximum(np.ceil((which - phase[ids]) / p[ids] - 1e-9), which) - 1.0
        return SpikeTrains(rows * self.dt, ids, x.shape, self.steps, self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        found = self.given(trains)
        counts, phase = found.counts(), 0.5 if self.scattered else self.phase
        x = (counts + 0.5 - phase) / (found.steps * 0.001 * self.rate * found.dt)
        return np.where(counts > 0, np.clip(x, 0.0, 1.0), 0.0)
