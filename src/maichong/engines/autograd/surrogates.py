"""Surrogates: what stands for the derivative of a spike in the distance from the threshold, u = fires(v), as a small table.

A spike is a step function, whose derivative is 0 or infinite. Training puts a bump in its place; each has the ``width`` of u in
which a cell counts as being near its threshold, in the unit of the membrane, and the height 1 / width times that of the formula, so
that mV and unit-less models train alike. At width 1:

| name | d spike / d u | source |
|---|---|---|
| rectangle | 1 if abs(u) < 1/2 | Wu et al. 2018, doi:10.3389/fnins.2018.00331 |
| triangle | max(0, 1 - abs(u)) | Bellec et al. 2018, arXiv:1803.09574 |
| fast_sigmoid | 1 / (1 + abs(u))^2 | Zenke & Ganguli 2018, doi:10.1162/neco_a_01086 |
| superspike | 1 / (1 + abs(u))^2, its height not scaled by the width | the same, beta = 1 / width |
| sigmoid | s(u) (1 - s(u)), s the logistic function, slope 4 | Zenke & Vogels 2021, doi:10.1162/neco_a_01367 |
| arctangent | 1 / (1 + (pi u)^2) | Fang et al. 2021, arXiv:2007.05785, alpha = 2 / width |
| tanh | 1 - tanh(u)^2, its height not scaled by the width | Wozniak et al. 2020, doi:10.1038/s42256-020-0187-0 |
| gaussian | exp(-(pi u^2)) | Yin et al. 2021, doi:10.1038/s42256-021-00397-w |
| straight_through | 1 | Bengio et al. 2013, arXiv:1308.3432 |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.ops import absolute, exp, maximum, tanh, where
from maichong.spec.quantities import is_number


def rectangle(u, width):
    return where(absolute(u) < 0.5 * width, 1.0 / width, 0.0)


def triangle(u, width):
    return maximum(1.0 - absolute(u) / width, 0.0) / width


def fast_sigmoid(u, width):
    x = 1.0 + absolute(u) / width
    return 1.0 / (width * x * x)


def superspike(u, width):
    x = 1.0 + absolute(u) / width
    return 1.0 / (x * x)


def sigmoid(u, width):
    # 4 s (1 - s) of 4 u / width, written so that no exponential overflows
    e = exp(-4.0 * absolute(u) / width)
    return 4.0 * e / (width * (1.0 + e) * (1.0 + e))


def arctangent(u, width):
    x = 3.141592653589793 * u / width
    return 1.0 / (width * (1.0 + x * x))


def gaussian(u, width):
    x = u / width
    return exp(-3.141592653589793 * x * x) / width


def tanh_slope(u, width):
    x = tanh(u / width)
    return 1.0 - x * x


def straight_through(u, width):
    # without a width: every spike hands its gradient on as it is
    return 1.0 + 0.0 * u / width


TABLE: dict[str, Callable[..., Any]] = {
    "arctangent": arctangent,
    "fast_sigmoid": fast_sigmoid,
    "gaussian": gaussian,
    "rectangle": rectangle,
    "sigmoid": sigmoid,
    "straight_through": straight_through,
    "superspike": superspike,
    "tanh": tanh_slope,
    "triangle": triangle,
}


@dataclass(frozen=True)
class Surrogate:
    """A surrogate of the table, with its width in the unit of the membrane. Raises ParameterError for what is none."""

    name: str = "arctangent"
    width: float = 1.0

    def __post_init__(self) -> None:
        if not is_one_of(self.name, TABLE):
            raise ParameterError("surrogate", "must be one of the table", brief(self.name), did_you_mean(self.name, TABLE))
        if not is_number(self.width) or not 0 < self.width < float("inf"):
            raise ParameterError("surrogate, width", "must be a positive number", brief(self.width))

    @property
    def function(self) -> Callable[..., Any]:
        """d spike / d u of (u, width)."""
        return TABLE[self.name]


def surrogate_of(value: Surrogate | str) -> Surrogate:
    """A surrogate as it is, or by its name at width 1."""
    return value if isinstance(value, Surrogate) else Surrogate(value)
