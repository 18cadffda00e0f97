"""A value that falls, or grows, with the distance between two neurons: a probability, a weight or a delay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.spec.distributions import KINDS, Distribution

SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "constant": lambda x: np.ones_like(x),
    "gaussian": lambda x: np.exp(-0.5 * x * x),
    "exponential": lambda x: np.exp(-x),
    "linear": lambda x: np.maximum(1.0 - x, 0.0),
    "proportional": lambda x: x,
}
"""Each as a function of x = distance / scale."""


@dataclass(frozen=True)
class DistanceKernel(Distribution):
    """floor + peak f(d / scale), a value for each pair of neurons by their distance d.

        f(x) = 1             constant
               exp(-x^2 / 2) gaussian: scale is the standard deviation
               exp(-x)       exponential
               max(1 - x, 0) linear
               x             proportional: with peak = 1 a delay of floor + d / scale, so that scale is the speed

    ``scale`` is in the unit of the positions (for a speed, that unit per ms), ``peak`` and ``floor`` are in the unit of what the
    kernel gives: 1 for a probability, ms for a delay, the weight's own. As a probability it must lie between 0 and 1 and must not
    grow; as a weight or a delay it needs a connector that knows where neurons are.

    Raises ParameterError for an unknown shape, a scale that is not > 0 and numbers that are not finite.

    Not for what differs by direction: distances have none.

    >>> import numpy as np
    >>> DistanceKernel("gaussian", scale=2.0, peak=0.5).at(np.array([0.0, 2.0])).round(4)
    array([0.5   , 0.3033])
    >>> DistanceKernel("proportional", scale=300.0, floor=0.5).at(np.array([0.0, 150.0]))
    array([0.5, 1. ])
    """

    shape: str
    scale: float = 1.0
    peak: float = 1.0
    floor: float = 0.0
    kind: ClassVar[str] = "distance_kernel"
    words: ClassVar[tuple[str, ...]] = ("shape",)
    of_pairs: ClassVar[bool] = True

    def _check(self) -> None:
        if not is_one_of(self.shape, SHAPES):
            fix = did_you_mean(self.shape, SHAPES)
            raise ParameterError("DistanceKernel.shape", "must be a known shape", brief(self.shape), fix)
        if not np.isfinite([self.scale, self.peak, self.floor]).all() or self.scale <= 0:
            got = f"{self.scale:g}, {self.peak:g}, {self.floor:g}"
            raise ParameterError("DistanceKernel", "scale must be > 0, and scale, peak and floor finite", got)

    def at(self, distance: np.ndarray) -> np.ndarray:
        """The values at these distances, float64 of the same shape."""
        with np.errstate(over="ignore"):  # so far away that a square is infinite, and its kernel 0
            return self.floor + self.peak * SHAPES[self.shape](np.asarray(distance, np.float64) / self.scale)

    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value over all distances; infinite where a proportional kernel has no end."""
        if self.shape == "constant" or not self.peak:
            return self.floor + self.peak * (self.shape == "constant"), self.floor + self.peak * (self.shape == "constant")
        end = np.copysign(np.inf, self.peak) if self.shape == "proportional" else self.floor + self.peak
        return min(self.floor, end), max(self.floor, end)


KINDS[DistanceKernel.kind] = DistanceKernel
