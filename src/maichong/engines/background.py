"""Poisson input from outside, many events a step: each neuron's number of events comes from a counter-based random word.

The number of events of a step is found by inversion: it is the number of thresholds, P(X <= k) in units of 2**-32, that a 32-bit
random word reaches. Probabilities are so rounded to 2.3e-10, and a neuron's tail ends there.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.engines.courses import Course
from maichong.engines.system import Port
from maichong.errors import ParameterError
from maichong.random import word_of_step
from maichong.spec.quantities import in_unit

MOST_EVENTS = 100.0
"""The largest expected number of events of one neuron in one step."""

LARGEST = 2**32 - 2
"""Words are held below the largest, which so stands for the threshold that no word reaches."""


@dataclass(frozen=True)
class BackgroundPlan:
    """One Poisson input at ``rate`` Hz: one number, float64 [n] or a course of them; ``weight`` is one number or float64 [n]."""

    name: str
    population: int
    port: Port
    n: int
    stream: int
    rate: float | np.ndarray | Course
    weight: float | np.ndarray
    dt: float

    @functools.cached_property
    def many(self) -> int:
        """How many thresholds there are at the largest rate of all."""
        return how_many(float(np.max(self.rate.values if isinstance(self.rate, Course) else self.rate)), self.dt)

    @property
    def each(self) -> bool:
        """Whether neurons differ in their thresholds."""
        return self.rate.each if isinstance(self.rate, Course) else np.ndim(self.rate) == 1

    def limits(self, step: int) -> np.ndarray:
        """The thresholds in force at ``step``, uint32 [many] or [many, n]."""
        if isinstance(self.rate, Course):
            return thresholds(self.rate.at(step), self.dt, self.many)
        return self._constant

    @functools.cached_property
    def _constant(self) -> np.ndarray:
        return thresholds(self.rate, self.dt, self.many)

    def table(self) -> tuple[np.ndarray, np.ndarray]:
        """Where all neurons share a course: the thresholds of its different values, uint32 [different, many], and which of them
        holds before the first of its stamps and from each of them on, int64 [stamps + 1]."""
        assert isinstance(self.rate, Course)
        different, index = np.unique(np.concatenate([[0.0], self.rate.values]), return_inverse=True)
        return np.ascontiguousarray(thresholds(different, self.dt, self.many).T), index.reshape(-1).astype(np.int64)

    def counts(self, seed: int, step: int) -> np.ndarray:
        """The events of each neuron in ``step``, int64 [n]."""
        word = np.minimum(word_of_step(seed, self.stream, step, np.arange(self.n)), LARGEST)
        limits = self.limits(step)
        return (word >= (limits if limits.ndim == 2 else limits[:, None])).sum(axis=0)

    def describe(self) -> str:
        """How it is done, in words."""
        scheduled = f"; {self.rate.describe('rate')}" if isinstance(self.rate, Course) else ""
        return f"{self.name}: Poisson events, counted step by step, probabilities to 2.3e-10{scheduled}"


def check_rate(rate: Any, dt: float, where: str) -> None:
    """ParameterError for too many events a step."""
    highest = float(np.max(rate.values if isinstance(rate, Course) else rate))
    if highest * dt * 1e-3 > MOST_EVENTS:
        most = float(in_unit(MOST_EVENTS / dt * 1e3, "Hz", where))
        raise ParameterError(
            f"{where}, rate", f"must be at most {most:g} Hz, {MOST_EVENTS:g} events in a step of {dt:g} ms", f"{highest:g} Hz",
            "split it in two, or use fewer events of a larger weight",
        )  # fmt: skip


def how_many(rate: float, dt: float) -> int:
    """How many thresholds words can reach at ``rate`` Hz."""
    mean = rate * dt * 1e-3
    part = below = float(np.exp(-mean))
    many = 0
    while np.rint(below * 2.0**32) < 2.0**32:
        many += 1
        part *= mean * (1.0 / many)
        below += part
    return many


def thresholds(rate: Any, dt: float, many: int) -> np.ndarray:
    """The thresholds of Poisson numbers at ``rate`` Hz, uint32 [many] or [many, n]: what no word reaches stands as the largest.

    P(X = k + 1) = P(X = k) mean / (k + 1), summed up: the kernels do the same, in the same order.
    """
    mean = np.asarray(rate, np.float64) * dt * 1e-3
    part = np.exp(-mean)
    below = part
    found = np.empty((many, *mean.shape), np.uint32)
    for k in range(many):
        found[k] = np.minimum(np.rint(below * 2.0**32), 2.0**32 - 1)
        part = part * (mean * (1.0 / (k + 1)))
        below = below + part
    return found
