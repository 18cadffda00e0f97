"""Steps on the grid of a network: which of a quantity's values is in force at which step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from maichong.spec import Steps


@dataclass(frozen=True)
class Course:
    """A quantity in time: ``values[k]``, a number or float64 [n], from the step ``stamps[k]`` on; 0 before the first of them."""

    stamps: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, steps: Steps, dt: float) -> Course:
        """The steps on a grid of ``dt`` ms."""
        return cls(steps.stamps(dt), steps.values)

    @property
    def each(self) -> bool:
        """Whether neurons differ."""
        return self.values.ndim == 2

    def row(self, step: int) -> int:
        """Which of the values is in force at ``step``; -1 before the first."""
        return int(np.searchsorted(self.stamps, step, side="right")) - 1

    def at(self, step: int) -> float | np.ndarray:
        """The value at ``step``."""
        row = self.row(step)
        return 0.0 if row < 0 else self.values[row]

    def begins(self, step: int) -> bool:
        """Whether a value begins at ``step``."""
        row = self.row(step)
        return row >= 0 and bool(self.stamps[row] == step)

    def describe(self, what: str) -> str:
        """The course in words."""
        return f"{what} changes {self.stamps.size:,} times"


def merged(courses: Mapping[str, Course]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """All steps at which something changes, int64 [k], and for each quantity the row that begins there, -1 where none does."""
    stamps = np.unique(np.concatenate([course.stamps for course in courses.values()]))
    rows = {}
    for name, course in courses.items():
        rows[name] = np.full(stamps.size, -1)
        rows[name][np.searchsorted(stamps, course.stamps)] = np.arange(course.stamps.size)
    return stamps, rows
