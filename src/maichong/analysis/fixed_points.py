"""Fixed points of a neuron's flow at a constant input, and their stability."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.analysis.dynamics import Dynamics, Reduced, dynamics, input_unit, number, reduced, voltages
from maichong.analysis.stability import is_stable, kind_of, kind_of_map
from maichong.errors import ParameterError
from maichong.spec import Configured, NeuronModel

GRID = 4001
SAME = 1e-6
"""Roots nearer than this share of their size are one: a double root is known to half the digits only."""
STARTS = 400
FURTHER = 1000.0
"""How many widths of the range are searched, on a coarse grid, where the range itself holds no fixed point."""


@dataclass(frozen=True)
class FixedPoint:
    """Where the flow vanishes: ``states`` by name, ``eigenvalues`` of the Jacobian there (1/ms), and what kind it is."""

    states: Mapping[str, float]
    eigenvalues: tuple[complex, ...]
    kind: str
    stable: bool


def fixed_points(
    neuron: Configured | NeuronModel,
    current: Any = 0.0,
    *,
    input: str | None = None,
    inputs: Mapping[str, float] | None = None,
    v_range: tuple[float, float] | None = None,
    step: float | None = None,
) -> tuple[FixedPoint, ...]:
    """The fixed points of ``neuron`` between spikes at the constant input ``current`` (its unit: pA), the lowest membrane first.

    Where all states but the membrane can be solved for, what is left is dv/dt = 0 in one unknown: all roots of it, if it is a
    polynomial; else those in ``v_range`` (mV; by default the model's own voltages and as far again on both sides), found where it
    changes sign on a grid of 4001 points or touches 0, or else the nearest ones outside. Where they cannot, Newton's method from
    many places: then what is found is there, but something may be missed.

    ``input`` names the input that is meant (the first), ``inputs`` holds the others (0). With ``step`` the stability is that of
    the map that one Euler step of so many ms makes of the flow, which has the same fixed points.

    Thresholds play no part: a point above the threshold is one of the flow, not of the neuron that resets.

    Raises ParameterError for what is no neuron, for parameters that are not one number each, and where the flow vanishes
    everywhere (an integrator without input).

    >>> from maichong import Izhikevich
    >>> from maichong.analysis import fixed_points
    >>> [(round(p.states["v"], 3), p.kind) for p in fixed_points(Izhikevich(a=0.02, b=0.2), 0.0)]
    [(-70.0, 'stable node'), (-50.0, 'saddle')]

    Strogatz 2015, Nonlinear Dynamics and Chaos; Izhikevich 2007, doi:10.7551/mitpress/2526.001.0001.
    """
    system = dynamics(neuron, input=input, inputs=inputs, where="fixed_points")
    value = number("fixed_points, current", current, input_unit(system))
    euler = euler_step("fixed_points", step)
    return tuple(named(system, y, value, euler) for y in steady(system, value, voltages(system, v_range)))


def named(system: Dynamics, y: np.ndarray, current: float, step: float | None) -> FixedPoint:
    """The fixed point at the states ``y``."""
    found = np.linalg.eigvals(system.jacobian(y, current))
    kind = kind_of(found) if step is None else kind_of_map(1.0 + step * found)
    stable = bool(is_stable(found, step)) and kind not in ("degenerate", "centre")
    states = {name: float(part) for name, part in zip(system.states, y, strict=True)}
    return FixedPoint(states, tuple(complex(one) for one in found), kind, stable)


def steady(system: Dynamics, current: float, v_range: tuple[float, float]) -> list[np.ndarray]:
    """The states [states] of all fixed points that can be found, by rising membrane."""
    one = reduced(system)
    if one is None:
        return _by_newton(system, current, v_range)
    return [one.states(v, current) for v in roots(system, one, current, v_range)]


def roots(system: Dynamics, one: Reduced, current: float, v_range: tuple[float, float]) -> list[float]:
    """The membrane's values at the fixed points, rising."""
    if one.coefficients:
        coefficients = one.coefficients(current)
        if not coefficients.any():
            name = system.states[system.membrane]
            fix = f"give a current at which {name} moves"
            raise ParameterError(f"{system.where}, {system.neuron.model.name}", f"every {name} is a fixed point here", fix=fix)
        found = np.roots(coefficients)
        real = found.real[np.abs(found.imag) <= SAME * np.maximum(1.0, np.abs(found))]
        return _distinct(np.sort(real))
    found = zeros(lambda v: one.slope(v, current), np.linspace(*v_range, GRID))
    if found:
        return found
    low, high = v_range
    out = (high - low) * np.geomspace(1e-3, FURTHER, GRID // 10)
    sides = (low - out[::-1], high + out)
    return [root for side in sides for root in zeros(lambda v: one.slope(v, current), side, touching=False)]


def zeros(function: Callable[[Any], np.ndarray], grid: np.ndarray, *, touching: bool = True) -> list[float]:
    """Where ``function`` is 0 on ``grid``: sign changes and, of a fine grid, extrema that touch 0 or pass it between two points."""
    from scipy.optimize import minimize_scalar

    values = function(grid)
    grid, values = grid[np.isfinite(values)], values[np.isfinite(values)]
    found = list(grid[values == 0.0])

    def cross(low: float, high: float) -> None:
        root = zero_between(function, low, high)
        # at a pole the sign changes too, but the values grow
        if abs(function(root)) <= max(abs(function(low)), abs(function(high))):
            found.append(root)

    for k in np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0):
        cross(float(grid[k]), float(grid[k + 1]))
    size = np.abs(values)
    dips = [] if not touching else np.flatnonzero((size[1:-1] <= size[:-2]) & (size[1:-1] <= size[2:])) + 1
    for k in dips:
        sign = np.sign(values[k])
        if sign == 0 or not (values[k - 1] * sign > 0 and values[k + 1] * sign > 0):
            continue
        lowest = minimize_scalar(
            lambda v, sign=sign: float(sign * function(v)), bounds=(grid[k - 1], grid[k + 1]), method="bounded",
            options={"xatol": 1e-12},
        )  # fmt: skip
        if lowest.fun < 0:
            cross(float(grid[k - 1]), float(lowest.x))
            cross(float(lowest.x), float(grid[k + 1]))
        elif lowest.fun <= 1e-11 * min(size[k - 1], size[k + 1]):
            found.append(float(lowest.x))
    return _distinct(np.sort(np.array(found)))


def zero_between(function: Callable[[float], Any], low: float, high: float) -> float:
    """The zero of ``function`` between two places where its signs differ, by Brent's method."""
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-14, rtol=1e-14))  # type: ignore[arg-type]  # SciPy's stubs know one form


def euler_step(where: str, step: Any) -> float | None:
    """The step of the Euler map in ms, or None for the flow."""
    if step is None:
        return None
    value = number(f"{where}, step", step, "ms")
    if value <= 0:
        raise ParameterError(f"{where}, step", "must be > 0 ms, or None for the flow itself", f"{value:g}")
    return value


def _distinct(rising: np.ndarray) -> list[float]:
    """``rising`` numbers, those that are one up to rounding replaced by their mean."""
    groups: list[list[float]] = []
    for value in rising:
        if groups and value - groups[-1][-1] <= SAME * max(1.0, abs(value)):
            groups[-1].append(float(value))
        else:
            groups.append([float(value)])
    return [float(np.mean(group)) for group in groups]


def _by_newton(system: Dynamics, current: float, v_range: tuple[float, float]) -> list[np.ndarray]:
    """Fixed points from many starts: the membrane over its range, the other states where their own flow leads from there."""
    from scipy.optimize import root

    starts = np.zeros((STARTS, len(system.states)))
    draw = np.random.default_rng(0)
    starts[:, system.membrane] = np.linspace(*v_range, STARTS)
    others = [k for k in range(len(system.states)) if k != system.membrane]
    scales = 10.0 ** draw.uniform(-2, 2, (STARTS, len(others))) * draw.choice([-1.0, 1.0], (STARTS, len(others)))
    starts[:, others] = np.where(draw.random((STARTS, len(others))) < 0.5, draw.random((STARTS, len(others))), scales)
    found: list[np.ndarray] = []
    for start in starts:
        solved = root(lambda y: system.flow(y, current), start, jac=lambda y: system.jacobian(y, current), tol=1e-12)
        y = solved.x
        size = np.maximum(1.0, np.abs(y))
        left = np.abs(system.flow(y, current))
        if not np.isfinite(left).all() or (left > 1e-9 * (1.0 + np.abs(system.jacobian(y, current)) @ size)).any():
            continue
        if not any((np.abs(y - other) <= SAME * size).all() for other in found):
            found.append(y)
    return sorted(found, key=lambda y: y[system.membrane])
