"""How weights follow gradients: along them, by the secant of two of them (QuickProp), or by their signs alone (RProp).

Each is a frozen dataclass with ``step(gradient, memory) -> (change, memory)``, arrays of one shape; ``memory`` is None at first.
Their settings are for weights in SpikeProp's units, where the threshold is 50.

Sources: Fahlman 1988, "An empirical study of learning speed in back-propagation networks"; Riedmiller & Braun 1993,
doi:10.1109/ICNN.1993.298623; both for SpikeProp: McKennoch, Liu & Bushnell 2006, doi:10.1109/IJCNN.2006.246918.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.learning.timing.settings import check_range


class Optimiser(Protocol):
    """What turns gradients into changes of weights."""

    def step(self, gradient: np.ndarray, memory: Any) -> tuple[np.ndarray, Any]:
        """The change, and what the next step has to know."""
        ...


@dataclass(frozen=True)
class GradientDescent:
    """dw = -rate g"""

    rate: float = 5.0

    def __post_init__(self) -> None:
        check_range("GradientDescent", self, above=0, names=("rate",))

    def step(self, gradient: np.ndarray, memory: Any) -> tuple[np.ndarray, Any]:
        return -self.rate * gradient, None


@dataclass(frozen=True)
class QuickProp:
    """dw = g_t / (g_(t-1) - g_t) dw_(t-1), the minimum of a parabola through two slopes, at most ``growth`` times the last change.

    Where the slope has still the sign that it had, -rate g is added, and it begins every change from zero.
    """

    rate: float = 0.2
    growth: float = 1.75

    def __post_init__(self) -> None:
        check_range("QuickProp", self, above=0, names=("rate",))
        check_range("QuickProp", self, above=1, names=("growth",))

    def step(self, gradient: np.ndarray, memory: Any) -> tuple[np.ndarray, Any]:
        downhill = -self.rate * gradient
        if memory is None:
            return downhill, (gradient, downhill)
        before, change = memory
        bend = before - gradient
        # a slope that has grown, or shrinks too slowly, asks for a step beyond all measure, or back
        steep = gradient * np.sign(before) * (1.0 + self.growth) >= self.growth * np.abs(before)
        secant = np.where(steep, self.growth, gradient / np.where(steep | (bend == 0), 1.0, bend)) * change
        onwards = np.where((gradient * before > 0) | (change == 0), downhill, 0.0)
        made = np.where(change == 0, 0.0, secant) + onwards
        return made, (gradient, made)


@dataclass(frozen=True)
class RProp:
    """dw = -sign(g) D: each weight's own D grows by ``up`` while the sign stays, and shrinks by ``down`` where it changes.

    After a change of sign the weight rests for a step.
    """

    up: float = 1.3
    down: float = 0.5
    first: float = 0.05
    largest: float = 1.0
    least: float = 1e-6

    def __post_init__(self) -> None:
        check_range("RProp", self, above=1, names=("up",))
        check_range("RProp", self, above=0, below=1, names=("down",))
        check_range("RProp", self, above=0, names=("first", "largest", "least"))

    def step(self, gradient: np.ndarray, memory: Any) -> tuple[np.ndarray, Any]:
        before, size = (np.zeros_like(gradient), np.full_like(gradient, self.first)) if memory is None else memory
        agreement = gradient * before
        size = np.where(agreement > 0, np.minimum(size * self.up, self.largest), size)
        size = np.where(agreement < 0, np.maximum(size * self.down, self.least), size)
        seen = np.where(agreement < 0, 0.0, gradient)
        return -np.sign(seen) * size, (seen, size)


OPTIMISERS = {"gradient": GradientDescent, "quickprop": QuickProp, "rprop": RProp}


def optimiser(where: str, given: Any) -> Optimiser:
    """The optimiser that ``given`` names, with its own settings, or is; ParameterError where it is none."""
    if is_one_of(given, OPTIMISERS):
        return OPTIMISERS[given]()
    if isinstance(given, tuple(OPTIMISERS.values())):
        return given
    raise ParameterError(where, "must be an optimiser or the name of one", brief(given), did_you_mean(given, OPTIMISERS))
