"""The curves of a phase plane: where each of two states stands still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.analysis.dynamics import Dynamics, dynamics, input_unit, number, span
from maichong.errors import ModelError
from maichong.spec import Configured, NeuronModel

POINTS = 1001
LATTICE = 401


@dataclass(frozen=True, eq=False)
class Nullcline:
    """Where d ``state`` / dt = 0: the curve's membrane ``v`` and recovery ``w``, both [points], NaN between two pieces."""

    state: str
    v: np.ndarray
    w: np.ndarray


def nullclines(
    neuron: Configured | NeuronModel,
    current: Any,
    v_range: tuple[float, float],
    w_range: tuple[float, float] | None = None,
    *,
    input: str | None = None,
    inputs: Mapping[str, float] | None = None,
) -> tuple[Nullcline, Nullcline]:
    """The nullclines of a neuron of two states at a constant input: that of the membrane, then that of the other state.

    A state's slope that is linear in the other state w gives w(v) on 1001 values of v; else the curve is drawn where the slope
    changes sign on a lattice of 401 x 401 over ``v_range`` and ``w_range``, which is then needed.

    Raises ModelError for a neuron of one state, or of more than two.

    >>> from maichong import Izhikevich
    >>> from maichong.analysis import nullclines
    >>> v, u = nullclines(Izhikevich(b=0.2), 0.0, (-80.0, -40.0))
    >>> bool((abs(u.w - 0.2 * u.v) < 1e-12).all())
    True
    """
    system = dynamics(neuron, input=input, inputs=inputs, where="nullclines")
    value = number("nullclines, current", current, input_unit(system))
    other = plane(system)
    units = [state.unit for state in system.neuron.model.states]
    v = np.linspace(*span("nullclines, v_range", *v_range, units[system.membrane]), POINTS)
    w = None if w_range is None else span("nullclines, w_range", *w_range, units[other])
    return _nullcline(system, system.membrane, value, v, w), _nullcline(system, other, value, v, w)


def plane(system: Dynamics) -> int:
    """The index of the one state beside the membrane."""
    if len(system.states) != 2:
        model, states = system.neuron.model.name, ", ".join(system.states)
        raise ModelError(f"{system.where}, {model}", "a phase plane needs a neuron of two states", states)
    return 1 - system.membrane


def _nullcline(system: Dynamics, k: int, current: float, v: np.ndarray, w: tuple[float, float] | None) -> Nullcline:
    import sympy as sp

    from maichong.spec.symbolic import symbol

    other = 1 - system.membrane
    name = symbol(system.states[other])
    slope = system.slopes[k]
    rate = sp.diff(slope, name)
    if rate != 0 and name not in rate.free_symbols:

        def at(w: np.ndarray) -> np.ndarray:
            y = np.empty((2, v.size))
            y[system.membrane], y[other] = v, w
            return system.flow(y, current)[k]

        zero, one = at(np.zeros_like(v)), at(np.ones_like(v))
        with np.errstate(all="ignore"):
            found = -zero / (one - zero)
        return Nullcline(system.states[k], v, np.where(np.isfinite(found), found, np.nan))
    if w is None:
        raise ModelError(
            f"nullclines, {system.neuron.model.name}",
            f"the slope of {system.states[k]} is not linear in {name}",
            fix="give w_range, over which the curve is looked for",
        )
    return _traced(system, k, current, v, w)


def _traced(system: Dynamics, k: int, current: float, v: np.ndarray, w: tuple[float, float]) -> Nullcline:
    from contourpy import contour_generator  # comes with matplotlib

    x, y = np.linspace(v[0], v[-1], LATTICE), np.linspace(*w, LATTICE)
    both = np.empty((2, LATTICE, LATTICE))
    both[system.membrane], both[1 - system.membrane] = np.meshgrid(x, y)
    lines = contour_generator(x, y, system.flow(both, current)[k]).lines(0.0)
    gap = np.full((1, 2), np.nan)
    joined = np.concatenate([part for line in lines for part in (np.asarray(line), gap)] or [gap])
    return Nullcline(system.states[k], joined[:, 0], joined[:, 1])
