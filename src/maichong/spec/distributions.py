"""Random values that a network declares and a build draws: weights, delays, initial states, parameters.

A distribution is inert: it knows its numbers, not a generator. ``quantile`` turns an even random number in [0, 1) into a value; it
is a plain function like those of a model, so that NumPy draws with it and the event engine writes it into the kernel that draws
a million synapses. ``draw(rng, n)`` is called when a network is built, with a generator keyed by the network's seed and the place
where the distribution stands.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.ops import exp
from maichong.spec.gauss import gauss_quantile
from maichong.spec.quantities import in_unit, is_number

LEAST_KEPT = 0.01
"""The least part of its draws that a truncated distribution may keep."""


@dataclass(frozen=True)
class Distribution:
    """Values drawn independently; the subclasses say from what."""

    kind: ClassVar[str] = ""
    words: ClassVar[tuple[str, ...]] = ()
    """Which of the fields are words and no numbers."""
    of_pairs: ClassVar[bool] = False
    """Whether the values belong to pairs of neurons, and are settled by their places instead of being drawn."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if field.name in self.words:
                continue
            where, value = f"{type(self).__name__}.{field.name}", getattr(self, field.name)
            if not is_number(value):
                raise ParameterError(where, "must be a number", brief(value))
            number = in_unit(value, "", where)
            if np.isnan(number):
                raise ParameterError(where, "must not be NaN")
            object.__setattr__(self, field.name, number)
        self._check()

    def _check(self) -> None:
        """Raise ParameterError where the numbers do not fit together."""

    quantile: ClassVar[Callable[..., Any]]
    """The value below which a part ``u`` of all values lies; its other arguments are called as ``numbers`` calls them."""

    def numbers(self) -> dict[str, float]:
        """What ``quantile`` asks for beside u."""
        raise NotImplementedError

    def values(self, u: np.ndarray) -> np.ndarray:
        """The values of even random numbers ``u`` in [0, 1), float64 [len(u)]."""
        return np.clip(type(self).quantile(u, **self.numbers()), *self.bounds())

    def draw(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """``n`` values, float64 [n]."""
        return self.values(rng.random(n))

    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value that can come."""
        raise NotImplementedError

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """The probability of a value below each of ``x``, float64 [n]; exact, nothing is drawn."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The distribution as JSON-ready data."""
        numbers = {name: value for name, value in dataclasses.asdict(self).items() if name in self.words or np.isfinite(value)}
        return {"distribution": self.kind, **numbers}


def _uniform(u, low, span):
    return low + u * span


def _normal(u, mean, sd, first, part):
    return mean + sd * gauss_quantile(first + u * part)


def _log_normal(u, mu, sigma, first, part):
    return exp(mu + sigma * gauss_quantile(first + u * part))


@dataclass(frozen=True)
class Uniform(Distribution):
    """Evenly distributed in [low, high)."""

    low: float = 0.0
    high: float = 1.0
    kind: ClassVar[str] = "uniform"

    def _check(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low <= self.high):
            raise ParameterError("Uniform", "low must be <= high, both finite", f"{self.low}, {self.high}")

    quantile = staticmethod(_uniform)

    def numbers(self) -> dict[str, float]:
        return {"low": self.low, "span": self.high - self.low}

    def bounds(self) -> tuple[float, float]:
        return self.low, self.high

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return np.clip((x - self.low) / (self.high - self.low), 0, 1) if self.high > self.low else (x > self.low) * 1.0


@dataclass(frozen=True)
class Normal(Distribution):
    """Gaussian; values outside [low, high] are drawn again (a truncated normal), as NEST's "redraw" does."""

    mean: float = 0.0
    sd: float = 1.0
    low: float = -np.inf
    high: float = np.inf
    kind: ClassVar[str] = "normal"

    def _check(self) -> None:
        if not (np.isfinite(self.mean) and np.isfinite(self.sd) and self.sd >= 0):
            raise ParameterError("Normal", "mean must be finite and sd >= 0", f"{self.mean}, {self.sd}")
        _check_window("Normal", "mean", self.mean, self.low, self.high, f"sd = {self.sd}", self._below if self.sd else None)

    quantile = staticmethod(_normal)

    def numbers(self) -> dict[str, float]:
        return {"mean": self.mean, "sd": self.sd, **_window(self._below if self.sd else None, self.low, self.high)}

    def bounds(self) -> tuple[float, float]:
        return self.low, self.high

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return _truncated(self._below, x, self.low, self.high) if self.sd else self._below(x)

    def _below(self, x: np.ndarray) -> np.ndarray:
        """The same without the truncation."""
        with np.errstate(over="ignore"):
            return _gauss((x - self.mean) / self.sd) if self.sd else (x > self.mean) * 1.0


@dataclass(frozen=True)
class LogNormal(Distribution):
    """exp of a Gaussian with mean ``mu`` and standard deviation ``sigma`` (of the logarithm).

    Values outside [low, high] are drawn again, as Normal's are: a delay needs a ``low``.
    """

    mu: float = 0.0
    sigma: float = 1.0
    low: float = 0.0
    high: float = np.inf
    kind: ClassVar[str] = "lognormal"

    def _check(self) -> None:
        if not (np.isfinite(self.mu) and np.isfinite(self.sigma) and self.sigma >= 0):
            raise ParameterError("LogNormal", "mu must be finite and sigma >= 0", f"{self.mu}, {self.sigma}")
        with np.errstate(over="ignore"):
            median = float(np.exp(self.mu))
        below = self._below if self.sigma else None
        _check_window("LogNormal", "exp(mu)", median, self.low, self.high, f"sigma = {self.sigma}", below)

    quantile = staticmethod(_log_normal)

    def numbers(self) -> dict[str, float]:
        return {"mu": self.mu, "sigma": self.sigma, **_window(self._below if self.sigma else None, self.low, self.high)}

    def bounds(self) -> tuple[float, float]:
        return max(self.low, 0.0), self.high

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return _truncated(self._below, x, self.low, self.high) if self.sigma else self._below(x)

    def _below(self, x: np.ndarray) -> np.ndarray:
        """The same without the truncation."""
        with np.errstate(divide="ignore", over="ignore"):
            logs = np.log(np.maximum(x, 0))
            return _gauss((logs - self.mu) / self.sigma) if self.sigma else (logs > self.mu) * 1.0


def _check_window(
    kind: str, name: str, middle: float, low: float, high: float, spread: str, below: Callable[[np.ndarray], np.ndarray] | None
) -> None:
    """ParameterError where redrawing what lies outside [low, high] would not end; ``below``: None where nothing spreads."""
    if not low <= middle <= high:
        raise ParameterError(kind, f"low <= {name} <= high must hold, so that redrawing ends", f"{low}, {middle}, {high}")
    if below and np.diff(below(np.array([low, high])))[0] < LEAST_KEPT:
        raise ParameterError(
            kind, f"low and high must let at least {LEAST_KEPT:.0%} of the draws pass, so that redrawing ends",
            f"{low}, {high} for {spread}", "use Uniform(low, high): in so narrow a window it is the same",
        )  # fmt: skip


def _window(below: Callable[[np.ndarray], np.ndarray] | None, low: float, high: float) -> dict[str, float]:
    """The part of the whole law that lies below ``low``, and that between ``low`` and ``high``."""
    first, last = below(np.array([low, high])) if below else (0.0, 1.0)
    return {"first": float(first), "part": float(last - first)}


def _truncated(below: Callable[[np.ndarray], np.ndarray], x: np.ndarray, low: float, high: float) -> np.ndarray:
    """The distribution function of what is left between ``low`` and ``high``, from that of the whole."""
    first, last = below(np.array([low, high]))
    return np.clip((below(x) - first) / (last - first), 0, 1)


def _gauss(z: np.ndarray) -> np.ndarray:
    """The distribution function of the standard normal law."""
    return np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in z])


KINDS: dict[str, type[Distribution]] = {cls.kind: cls for cls in (Uniform, Normal, LogNormal)}


def from_dict(data: dict[str, Any]) -> Distribution:
    """The distribution that ``to_dict`` wrote."""
    numbers = dict(data)
    kind = numbers.pop("distribution")
    if not is_one_of(kind, KINDS):
        raise ParameterError("distribution", "must be a known kind", brief(kind), did_you_mean(kind, KINDS))
    return KINDS[kind](**numbers)
