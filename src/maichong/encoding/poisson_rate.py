"""Rate code with random spikes, Poisson's or Bernoulli's: a value becomes a rate, each step spikes with a chance of its own.

    r = rate x;      p = 1 - exp(-r dt)  (poisson),   p = r dt  (bernoulli; rate = 1000 Hz at dt = 1 ms is p = x)

Counts decode to the rate under which they are likeliest, at most that of 1; over T the relative standard deviation of r is at best
1 / sqrt(r T), never 0. The source ``Poisson`` fires so within a network.

Source: Rieke, Warland, de Ruyter van Steveninck & Bialek 1997, "Spikes"; Zhang & Xu 2021, section 2.3.

Not where few spikes must do: RegularRate counts without the noise, latencies take one spike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.encoding.code import Code
from maichong.encoding.fields import choice, number, seed, whole
from maichong.encoding.trains import MOST, SpikeTrains
from maichong.errors import ParameterError, brief
from maichong.random import STEPS

CHUNK = 2**24
"""Draws that are held at once where only the spikes are kept, in bytes."""


@dataclass(frozen=True)
class PoissonRate(Code):
    """Independent random spikes of each value in 0..1, at ``rate`` Hz for 1, over ``steps`` steps.

    The spikes of a value hang on ``seed`` and its place alone. Of a signal whose rate changes from sample to sample take
    ``steps=1``: ``dense(signal)[0]`` is [samples, ...].

    >>> spikes = PoissonRate(rate=100.0, steps=1000, seed=1).encode([0.0, 1.0])
    >>> spikes.counts().tolist()
    [0, 96]
    """

    rate: float = number(100.0, "Hz", "rate of a value of 1", above=0.0)
    law: str = choice("chance of a spike in a step", "poisson", "bernoulli")
    steps: int = whole(100, "how many steps values are shown for")
    dt: float = number(1.0, "ms", "step", above=0.0)
    seed: int = seed()

    def check(self) -> None:
        most = 0.001 * self.rate * self.dt
        if self.law == "bernoulli" and most > 1.0 + 1e-12:
            fix = "use a smaller dt, or law='poisson'"
            raise ParameterError(
                "PoissonRate.rate", "must be at most 1000 / dt Hz where a chance is rate dt", f"{most:g} a step", fix
            )

    def chances(self, values: Any) -> np.ndarray:
        """p of each value, float64 [*shape]."""
        mean = 0.001 * self.rate * self.dt * self.taken(values)
        return -np.expm1(-mean) if self.law == "poisson" else np.minimum(mean, 1.0)

    def encode(self, values: Any) -> SpikeTrains:
        from maichong.encoding._draws import STREAM, collect, draw

        p = self.chances(values)
        places = np.flatnonzero(p).astype(np.uint32)  # what never spikes costs nothing
        limits, width = _limits(p.reshape(-1)[places]), -(-places.size // 8)
        many = min(self.steps, max(STEPS, CHUNK // max(8 * width, 1) // STEPS * STEPS))
        drawn, found, mean = np.zeros(many * width * 8, np.uint8), 0, p.sum() * self.steps
        # a little more than will be there: what is never written takes no memory
        times, ids = np.empty(room := int(mean + 8 * np.sqrt(mean)) + 64), np.empty(room, np.int64)
        for begin in range(0, self.steps, many):
            rows = drawn[: min(many, self.steps - begin) * width * 8]
            draw(limits, places, 8 * width, begin, min(many, self.steps - begin), np.uint64(self.seed), STREAM, rows)
            more = int(np.count_nonzero(rows))
            if found + more > times.size:  # once in 1e15
                times, ids = np.resize(times, found + 2 * more), np.resize(ids, found + 2 * more)
            collect(rows.view(np.uint64), width, places, begin, self.dt, found, times, ids)
            found += more
        times, ids = times[:found], ids[:found]
        return SpikeTrains.trusted(times, ids, p.shape, self.steps, self.dt)

    def dense(self, values: Any, out: np.ndarray | None = None) -> np.ndarray:
        """What ``encode(values).dense()`` is, uint8 [steps, *shape], without the list of spikes: faster where they are many.

        It is written into ``out`` where that is given: for batch after batch, new memory costs several times as much as the draws.
        """
        from maichong.encoding._draws import STREAM, draw

        p = self.chances(values)
        if self.steps * p.size > MOST:
            got, fix = f"{self.steps} steps of {p.size:,} values", "encode a part of the values at a time"
            raise ParameterError("PoissonRate.dense", "must make at most 2**31 numbers", got, fix)
        shape = (self.steps, *p.shape)
        if out is None:
            out = np.empty(shape, np.uint8)
        elif not isinstance(out, np.ndarray) or out.dtype != np.uint8 or out.shape != shape or not out.flags.c_contiguous:
            got = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else brief(out)
            raise ParameterError("PoissonRate.dense, out", f"must be a contiguous array, uint8 {shape}", got)
        limits, places = _limits(p.reshape(-1)), np.arange(p.size, dtype=np.uint32)
        draw(limits, places, p.size, 0, self.steps, np.uint64(self.seed), STREAM, out.reshape(-1))
        return out

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        found = self.given(trains)
        p = np.minimum(found.counts() / found.steps, 1.0)
        if self.law == "poisson":
            # as many spikes as steps: likeliest at any rate above, so take one at which half a spike would be missed
            p = -np.log1p(-np.minimum(p, 1.0 - 0.5 / found.steps))
        return np.minimum(p / (0.001 * self.rate * found.dt), 1.0)


def _limits(p: np.ndarray) -> np.ndarray:
    """What a random word has to be below; the largest stands for a chance of 1."""
    return np.minimum(np.rint(p * 2.0**32), 2.0**32 - 1.0).astype(np.uint32)
