"""The words of an equation beside its own symbols: functions, units, and words of Brian2 that have another place here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from maichong import ops
from maichong.ops import absolute, expm1, maximum, minimum, where


def clip(x, low, high):
    """x, not below low and not above high."""
    return minimum(maximum(x, low), high)


def exprel(x):
    """(exp(x) - 1) / x, which is 1 + x/2 near 0."""
    small = absolute(x) < 1e-7
    away = where(small, 1.0, x)
    return where(small, 1.0 + 0.5 * x, expm1(away) / away)


FUNCTIONS: Mapping[str, Any] = {
    **{name: getattr(ops, name) for name in ops.NAMES},
    "abs": absolute,
    "clip": clip,
    "exprel": exprel,
}
"""What may be called: the names of maichong.ops, and three of Brian2's."""

UNIT_NAME = re.compile(
    r"[GMkmunpfµμ]?(second|volt|amp|ampere|siemens|farad|ohm|hertz|Hz)s?|[munpµμ]s|[kmunpµμ]V|[munpfµμ]A|[munpµμ][SF]"
)
"""Units that may be factors in an equation, ``-50*mV``; lone letters such as V may not: they look like symbols."""

ELSEWHERE: Mapping[str, str] = {
    "xi": "noise is no part of a model: leave xi out and call net.noise(population, sigma=..., tau=...)",
    "t": "a model does not know the time: give what changes in time as drive={'i': Steps(times, values)}",
    "dt": "an equation may not know the time step, which the network sets",
    "rand": "chance is no part of a model: use net.noise() or a Poisson source",
    "randn": "chance is no part of a model: use net.noise() or a Poisson source",
    "lastspike": "a time since the last spike is a state that falls and that reset sets",
    "not_refractory": "refractoriness is the parameter t_ref, which holds the membrane",
    "refractory": "refractoriness is the parameter t_ref, which holds the membrane",
    "int": "write where(condition, 1, 0)",
    "log10": "write log(x) / log(10)",
    "pi": "write 3.141592653589793",
}
"""What Brian2 has under a name, and what to do here."""


def elsewhere(name: str) -> str | None:
    """What to do instead of using Brian2's ``name``; None where it has no such name."""
    return ELSEWHERE["xi"] if name.startswith("xi_") else ELSEWHERE.get(name)
