"""A firing pattern that a model is known for: the values, the course of the current and the start that show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.errors import ModelError, brief
from maichong.spec.quantities import is_number
from maichong.spec.steps import MOST_STEPS, Steps


@dataclass(frozen=True, eq=False)
class Pattern:
    """A firing pattern: a cell of ``values`` (parameters and options) under ``current``.

    Its steps begin at t = 0 and at all others up to ``duration`` ms, both included, as those of a published loop do.
    ``current(t)`` is the first input from ``t`` ms on, for the step of ``dt`` ms that begins there; ``init`` are the states at the
    start, those of the model where it names none.
    """

    name: str
    values: Mapping[str, Any]
    current: Callable[[float], float]
    dt: float
    duration: float
    init: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"Pattern {brief(self.name)}"
        if not callable(self.current):
            raise ModelError(where, "its current must be a function of the time in ms", brief(self.current))
        if (
            not all(is_number(value) and value > 0 for value in (self.dt, self.duration))
            or self.duration / self.dt >= MOST_STEPS
        ):
            raise ModelError(where, "dt and duration must be numbers > 0 ms", f"{brief(self.dt)} and {brief(self.duration)}")

    @property
    def steps(self) -> int:
        """How many steps it has: those that begin from 0 to ``duration``."""
        return round(self.duration / self.dt) + 1

    def drive(self) -> Steps:
        """The current as steps on the grid, one for each change."""
        times = self.dt * np.arange(self.steps)
        values = np.array([float(self.current(t)) for t in times])
        changes = np.flatnonzero(np.append(True, np.diff(values) != 0))
        return Steps(times[changes], values[changes])


def step(at: float, height: float, base: float = 0.0) -> Callable[[float], float]:
    """``base``, and ``height`` after ``at`` ms."""
    return lambda t: height if t > at else base


def pulses(height: float, *spans: tuple[float, float], base: float = 0.0) -> Callable[[float], float]:
    """``height`` inside each of the ``spans`` (ms, both ends excluded), ``base`` elsewhere."""
    return lambda t: height if any(low < t < high for low, high in spans) else base
