"""The interval reading: between which numbers a model's function can lie, whatever its states are.

It proves that a threshold is out of reach, ``tanh(v) > 2``, and never that one is within reach: a symbol that stands twice is
taken for two, so the bounds may be wider than the truth.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong import ops
from maichong.spec.reading import arguments, rebind


@dataclass(frozen=True)
class Interval:
    """All numbers from ``low`` to ``high``; sums, products and powers of intervals are intervals that hold all results."""

    low: float
    high: float

    def __add__(self, other: Any) -> Interval:
        other = interval(other)
        low, high = self.low + other.low, self.high + other.high
        return ANY if math.isnan(low) or math.isnan(high) else Interval(low, high)

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __pos__(self) -> Interval:
        return self

    def __sub__(self, other: Any) -> Interval:
        return self + -interval(other)

    def __rsub__(self, other: Any) -> Interval:
        return interval(other) - self

    def __mul__(self, other: Any) -> Interval:
        other = interval(other)
        # an infinite end times 0 is 0: the end itself is never reached
        ends = [0.0 if 0.0 in (a, b) else a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def __truediv__(self, other: Any) -> Interval:
        other = interval(other)
        if other.low <= 0.0 <= other.high:
            return ANY
        return self * Interval(1.0 / other.high, 1.0 / other.low)

    def __rtruediv__(self, other: Any) -> Interval:
        return interval(other) / self

    def __pow__(self, other: Any) -> Interval:
        exponent = interval(other)
        if exponent.low != exponent.high:
            return Interval(0.0, math.inf) if self.low >= 0 else ANY
        if exponent.low == 2 * (exponent.low // 2) and exponent.low > 0:
            size = _absolute(self)
            return Interval(_power(size.low, exponent.low), _power(size.high, exponent.low))
        if self.low >= 0 and exponent.low > 0:
            return Interval(_power(self.low, exponent.low), _power(self.high, exponent.low))
        return Interval(0.0, math.inf) if self.low >= 0 else ANY

    def __rpow__(self, other: Any) -> Interval:
        return interval(other) ** self

    __radd__, __rmul__ = __add__, __mul__

    def _either(self, _other: Any = None) -> Interval:
        return Interval(0.0, 1.0)  # a condition, which may hold or not

    __lt__ = __le__ = __gt__ = __ge__ = __and__ = __rand__ = __or__ = __ror__ = __invert__ = _either


ANY = Interval(-math.inf, math.inf)


def interval(value: Any) -> Interval:
    """A number as an interval; what is one already, as it is."""
    return value if isinstance(value, Interval) else Interval(float(value), float(value))


def _power(base: float, exponent: float) -> float:
    try:
        return base**exponent
    except OverflowError:
        return math.inf


def _absolute(value: Any) -> Interval:
    x = interval(value)
    return Interval(0.0 if x.low <= 0.0 <= x.high else min(abs(x.low), abs(x.high)), max(abs(x.low), abs(x.high)))


def _rising(function: Callable[..., Any], start: float = -math.inf) -> Callable[[Any], Interval]:
    def evaluate(value: Any) -> Interval:
        x = interval(value)
        with np.errstate(all="ignore"):
            return Interval(float(function(max(x.low, start))), float(function(max(x.high, start))))

    return evaluate


def _between(low: float, high: float) -> Callable[[Any], Interval]:
    return lambda value: Interval(low, high)


@functools.cache
def table() -> Mapping[str, Any]:
    """What each name of maichong.ops means for intervals."""

    def hull(_condition: Any, a: Any, b: Any) -> Interval:
        a, b = interval(a), interval(b)
        return Interval(min(a.low, b.low), max(a.high, b.high))

    special: dict[str, Any] = {
        "log": _rising(np.log, 0.0),
        "log1p": _rising(np.log1p, -1.0),
        "sqrt": _rising(np.sqrt, 0.0),
        "power": lambda a, b: interval(a) ** b,
        "sin": _between(-1.0, 1.0),
        "cos": _between(-1.0, 1.0),
        "tan": lambda value: ANY,
        "absolute": _absolute,
        "minimum": lambda a, b: Interval(min(interval(a).low, interval(b).low), min(interval(a).high, interval(b).high)),
        "maximum": lambda a, b: Interval(max(interval(a).low, interval(b).low), max(interval(a).high, interval(b).high)),
        "where": hull,
    }
    return {name: special.get(name) or _rising(getattr(np, name)) for name in ops.NAMES}


def bounds(function: Callable[..., Any], known: Mapping[str, Any]) -> tuple[Interval, ...]:
    """Between what the results of ``function`` lie; a symbol that ``known`` does not give may be any number."""
    results = rebind(function, table())(*(interval(known.get(name, ANY)) for name in arguments(function)))
    found = (interval(result) for result in (results if isinstance(results, tuple) else (results,)))
    return tuple(ANY if math.isnan(each.low) or math.isnan(each.high) else each for each in found)


def never_fires(fires: Callable[..., Any], states: tuple[str, ...], known: Mapping[str, Any]) -> str | None:
    """Why a threshold can never be crossed, in words; None where that cannot be proved.

    ``known`` gives the parameters, and the states that never change. What a drive or a synapse will lift the membrane to is
    not known here, so a threshold that is merely very high is not found.
    """
    import sympy as sp

    from maichong.spec.symbolic import expressions

    if not set(states).intersection(arguments(fires)):
        return "names no state, so it never is crossed"
    read = sp.expand(expressions(fires)[0])
    if not any(name in states for name in map(str, read.free_symbols)):
        return "is the same for all states, so it never is crossed"
    high = bounds(fires, known)[0].high
    return f"is out of reach at its defaults: it is missed by {-high:g} or more in all states" if high < 0 else None
