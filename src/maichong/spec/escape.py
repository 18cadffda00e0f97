"""Escape noise: a neuron that fires by chance, the more likely the nearer its membrane is to the threshold.

With x = ``fires(...)``, how far the membrane is above the threshold, a neuron that is free fires at the rate rho, its hazard:

    exponential    rho = rho_0 exp(x / delta_u)
    linear         rho = rho_0 max(x, 0) / delta_u
    sigmoid        rho = rho_0 / (1 + exp(-x / delta_u))

    P(a spike within a step) = 1 - exp(-(rho(begin) + rho(end)) dt / 2)

The hazard is taken at both ends of a step: after the arrivals at its begin and before the reset at its end. All jumps lie there,
so that rho is smooth in between, and this trapezoid misses its integral by the order of dt^2 alone. P stays below 1, as rho dt
would not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.ops import exp, expm1, maximum, minimum
from maichong.spec.quantities import in_unit, is_quantity

SURE = 80.0
"""More of an exponent changes nothing: exp(-80) is below every random number, and exp(80) is what float32 can hold."""

# the bound comes first: then a membrane that has diverged, NaN, stays NaN in a kernel too, and does not fire


def exponential(excess, rho_0, delta_u):
    return rho_0 * exp(minimum(SURE, excess / delta_u))


def linear(excess, rho_0, delta_u):
    return rho_0 * maximum(0.0, excess / delta_u)


def sigmoid(excess, rho_0, delta_u):
    return rho_0 / (1.0 + exp(minimum(SURE, -excess / delta_u)))


def chance(begin, end, dt):
    """The probability of a spike within a step with these hazards at its ends."""
    return -expm1(-minimum(SURE, 0.5 * dt * (begin + end)))


HAZARDS: dict[str, Callable[..., Any]] = {"exponential": exponential, "linear": linear, "sigmoid": sigmoid}

NONE = "none"


@dataclass(frozen=True)
class Escape:
    """Escape noise for a neuron: ``LIF(escape=Escape(rho_0=0.1, delta_u=2.0))`` fires by chance and not at its threshold.

    ``rho_0`` is the hazard at the threshold in 1/ms (exponential), one ``delta_u`` above it (linear), or far above it (sigmoid);
    ``delta_u`` is how soft the threshold is, in the unit of the membrane; both one number for all neurons, or text with a unit.
    ``hazard`` is "exponential", "linear" or "sigmoid". As delta_u -> 0 the exponential one becomes the hard threshold.

    Each neuron draws one random number a step, the same on every engine and for any number of threads; where a step's probability
    is below 2**-33 it never fires. Reset and ``t_ref``, the dead time, are those of the neuron, and a spike is stamped at the end
    of its step, so that intervals are longer by dt / 2 on average. The hazard should change little within a step: choose dt so.

    Raises ParameterError for numbers that are not > 0 and for an unknown hazard, UnitError for a wrong unit.

    NEST's pp_psc_delta has the rate 1.238 Hz exp(0.25/mV (V - E_L)) and the dead time 1 ms by default:

    >>> from maichong import LIF, Escape, Network
    >>> cell = LIF(v_rest=-70.0, v_th=-70.0, t_ref=1.0, escape=Escape(rho_0="1.238 Hz", delta_u="4 mV"))
    >>> net = Network(dt=0.1, seed=1)
    >>> cells = net.population("cells", cell, 4000)
    >>> bool(1.0 < net.build("reference").run(100.0)["cells"].rate() < 1.5)
    True

    Source: Gerstner & Kistler 2002, doi:10.1017/CBO9780511815706 (escape noise); Jolivet, Rauch, Luescher & Gerstner 2006,
    doi:10.1007/s10827-006-7074-5 (the exponential hazard, fitted to cells).

    Not for exact spike times, nor for a neuron whose flow makes the whole spike: there, noise belongs into the current
    (``net.noise``). Not for a cell whose noise is correlated over many ms.
    """

    rho_0: Any
    delta_u: Any
    hazard: str = "exponential"

    def __post_init__(self) -> None:
        if not is_one_of(self.hazard, HAZARDS):
            listed = ", ".join(repr(name) for name in HAZARDS)
            hint = did_you_mean(self.hazard, HAZARDS)
            fix = hint if hint and hint.startswith("did") else None
            raise ParameterError("Escape.hazard", f"must be one of {listed}", brief(self.hazard), fix)
        object.__setattr__(self, "rho_0", _positive(self.rho_0, "1/ms", "Escape.rho_0"))
        if not isinstance(self.delta_u, str) and not is_quantity(self.delta_u):  # these wait for the unit of a membrane
            object.__setattr__(self, "delta_u", _positive(self.delta_u, "", "Escape.delta_u"))

    def in_unit(self, unit: str, where: str) -> Escape:
        """The same with ``delta_u`` as a number in ``unit``, that of a membrane; UnitError where the dimension is wrong."""
        return replace(self, delta_u=_positive(self.delta_u, unit, f"{where}, delta_u"))

    def to_dict(self) -> dict[str, Any]:
        """The escape noise as JSON-ready data."""
        return {"hazard": self.hazard, "rho_0": self.rho_0, "delta_u": self.delta_u}


@dataclass(frozen=True)
class EscapeOption:
    """The option ``escape`` of a neuron whose membrane is in ``unit``: "none", or an Escape."""

    unit: str
    name: str = "escape"
    choices: tuple[str, ...] = (NONE,)
    meaning: str = "spikes at the threshold, or by chance near it: Escape(rho_0=..., delta_u=...)"

    def accept(self, value: Any, owner: str) -> str | Escape:
        """``value`` if it is one of these, its numbers in the membrane's unit; ParameterError otherwise."""
        if isinstance(value, Escape):
            return value.in_unit(self.unit, f"{owner}.{self.name}")
        if not is_one_of(value, self.choices):
            expected = f"must be one of {NONE!r}, Escape(rho_0=..., delta_u=...)"
            raise ParameterError(f"{owner}.{self.name}", expected, brief(value))
        return value


def _positive(value: Any, unit: str, where: str) -> float:
    number = in_unit(value, unit, where)
    if not isinstance(number, float):
        raise ParameterError(where, "must be one number for all neurons", f"an array of shape {np.shape(number)}")
    if not (np.isfinite(number) and number > 0):
        raise ParameterError(where, f"must be a finite number > 0{f' {unit}' if unit else ''}", f"{number:g}")
    return number
