"""Noise currents: an Ornstein-Uhlenbeck process for each neuron, exact at the steps of the grid, held in between; or white noise.

    dI = (mean - I) / tau dt + sigma sqrt(2 / tau) dW;      tau = 0:  I dt = mean dt + sigma dW

Over a step of any length its solution is known: I moves towards the mean by 1 - exp(-dt / tau) of the way, and a normal number
times sigma sqrt(1 - exp(-2 dt / tau)) is added. The normal number comes from a counter-based random word by the inverse of its law,
so it ends at 6.3 standard deviations, where one word in 2**32 is.

White noise has no value at a time, but a mean over each step, mean + sigma z / sqrt(dt), which is held: an Ornstein-Uhlenbeck
process that forgets all within a step. A membrane that Euler's method steps takes from it sqrt(dt) z, which is Euler-Maruyama.

Uhlenbeck & Ornstein 1930, doi:10.1103/PhysRev.36.823; exact steps: Gillespie 1996, doi:10.1103/PhysRevE.54.2084.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maichong.random import word_of_step
from maichong.spec.gauss import gauss_quantile


@dataclass(frozen=True)
class NoisePlan:
    """One noise current: ``symbol`` is what the target's system calls it; ``mean``, ``pull`` and ``kick`` are one number or
    float64 [n]: I becomes I + pull (mean - I) + kick z in a step. ``start`` is float64 [n]. ``white`` noise has a pull of 1."""

    name: str
    population: int
    target: str
    input: str
    symbol: str
    n: int
    stream: int
    mean: float | np.ndarray
    pull: float | np.ndarray
    kick: float | np.ndarray
    start: np.ndarray
    white: bool

    def describe(self) -> str:
        """How it is done, in words."""
        return f"{self.name}: {'white' if self.white else 'Ornstein-Uhlenbeck, exact at the steps'}, held within a step"


def normal(seed: int, stream: int, step: int, n: int) -> np.ndarray:
    """The standard normal numbers of all neurons at ``step``, float64 [n]."""
    return gauss_quantile((word_of_step(seed, stream, step, np.arange(n)) + 0.5) * 2.0**-32)
