"""Poisson input from outside, many events a step: each neuron's number of events comes from a counter-based random word.

The number of events of a step is found by inversion: it is the number of thresholds, P(X <= k) in units of 2**-32, that a 32-bit
random word reaches. Probabilities are so rounded to 2.3e-10, and a neuron's tail ends there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.engines.system import Port
from maichong.errors import ParameterError
from maichong.random import words
from maichong.spec.quantities import in_unit

MOST_EVENTS = 100.0
"""The largest expected number of events of one neuron in one step."""

STEPS = 4
"""Steps that are drawn at once: a counter gives four words."""


@dataclass(frozen=True)
class BackgroundPlan:
    """One Poisson input: ``rate`` in Hz and ``weight`` one number or float64 [n], ``thresholds`` uint32 [k] or [k, n]."""

    name: str
    population: int
    port: Port
    n: int
    stream: int
    rate: float | np.ndarray
    weight: float | np.ndarray
    thresholds: np.ndarray

    def counts(self, seed: int, step: int) -> np.ndarray:
        """The events of each neuron in ``step``, int64 [n]."""
        word = words(seed, self.stream, step // STEPS, np.arange(self.n))[step % STEPS]
        thresholds = self.thresholds if self.thresholds.ndim == 2 else self.thresholds[:, None]
        return (word >= thresholds).sum(axis=0)


def thresholds(rate: Any, dt: float, where: str) -> np.ndarray:
    """The thresholds of Poisson numbers at ``rate`` Hz, uint32 [k] or [k, n]; ParameterError for too many events a step."""
    from scipy.stats import poisson

    mean = np.asarray(rate, np.float64) * dt * 1e-3
    if mean.max(initial=0.0) > MOST_EVENTS:
        most = float(in_unit(MOST_EVENTS / dt * 1e3, "Hz", where))
        raise ParameterError(
            f"{where}, rate", f"must be at most {most:g} Hz, {MOST_EVENTS:g} events in a step of {dt:g} ms", f"{np.max(rate):g} Hz",
            "split it in two, or use fewer events of a larger weight",
        )  # fmt: skip
    found = []
    while True:
        limit = np.rint(poisson.cdf(len(found), mean) * 2.0**32)
        if not (limit < 2.0**32).any():
            return np.array(found, np.uint32).reshape(-1, *mean.shape)
        # what no word reaches stands as the largest, where one word in 2**32 is
        found.append(np.minimum(limit, 2.0**32 - 1).astype(np.uint32))
