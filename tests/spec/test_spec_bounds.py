"""The interval reading: no value of a function lies outside the bounds that are told."""

from __future__ import annotations

import numpy as np

from maichong.ops import absolute, exp, floor, log1p, maximum, minimum, sign, sin, sqrt, tanh, where
from maichong.spec.bounds import Interval, bounds


def smooth(x, y):
    return tanh(x * y) - exp(-x * x) / (2.0 + y**2), sin(3.0 * x) + absolute(x) ** 3 - y, 1.0 / (x + 4.0) - -y


def broken(x, y):
    low = where((x > 0.0) & (y < 1.0), minimum(x, y), maximum(x, -y))
    return low, floor(x) * sign(y), sqrt(x + 3.0) - log1p(absolute(y)), 2.0**x + (1.0 + y) ** 2


def test_values_lie_inside_the_bounds():
    rng = np.random.default_rng(1)
    for _ in range(100):
        ends = np.sort(rng.uniform(-3, 3, (2, 2)))
        x, y = (rng.uniform(*pair, 500) for pair in ends)
        known = {"x": Interval(*ends[0]), "y": Interval(*ends[1])}
        for function in (smooth, broken):
            for found, values in zip(bounds(function, known), function(x, y), strict=True):
                assert found.low - 1e-12 <= values.min() and values.max() <= found.high + 1e-12


def test_bounds_of_one_symbol_are_exact():
    def each(x):
        return tanh(x), -(x**2), exp(-absolute(x)), x - x

    found = bounds(each, {})
    assert found[:3] == (Interval(-1.0, 1.0), Interval(-np.inf, 0.0), Interval(0.0, 1.0))
    assert found[3] == Interval(-np.inf, np.inf)  # a symbol that stands twice is taken for two


def test_an_overflow_proves_nothing():
    def overflown(x):
        return minimum(exp(1e4 + 0.0 * x) - exp(x), -1.0 + 0.0 * x)

    assert bounds(overflown, {})[0].low == -np.inf
