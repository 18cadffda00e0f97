"""How the fixed points move with the input current: branches of steady states, and where their stability changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from maichong.analysis.arclength import branches_by_arclength
from maichong.analysis.dynamics import Dynamics, Reduced, dynamics, input_unit, reduced, span, voltages
from maichong.analysis.fixed_points import euler_step, roots, zero_between
from maichong.analysis.stability import is_stable
from maichong.errors import ParameterError
from maichong.spec import Configured, NeuronModel

POINTS = 2001

Along = Callable[[float], tuple[np.ndarray, float]]
"""A stretch of a branch: a number to the states [states] and the current there."""


@dataclass(frozen=True)
class Bifurcation:
    """A point where fixed points change their stability.

    ``kind`` is ``"saddle-node"`` (two meet), ``"Hopf"`` (a pair crosses the imaginary axis with the frequency ``omega`` in rad/ms)
    or, of an Euler map, ``"saddle-node"``, ``"Neimark-Sacker"`` (a pair leaves the unit circle, ``omega`` is its angle per ms) or
    ``"period-doubling"`` (a multiplier passes -1).
    """

    kind: str
    current: float
    states: Mapping[str, float]
    omega: float | None = None


@dataclass(frozen=True, eq=False)
class Branch:
    """A connected branch of steady states: ``current`` [points], ``states`` by name [points], ``eigenvalues`` [points, states]."""

    current: np.ndarray
    states: Mapping[str, np.ndarray]
    eigenvalues: np.ndarray
    stable: np.ndarray


@dataclass(frozen=True, eq=False)
class SteadyStates:
    """The branches of steady states between two currents, and the bifurcations on them by rising current."""

    branches: tuple[Branch, ...]
    bifurcations: tuple[Bifurcation, ...]


def steady_states(
    neuron: Configured | NeuronModel,
    low: Any,
    high: Any,
    *,
    input: str | None = None,
    inputs: Mapping[str, float] | None = None,
    v_range: tuple[float, float] | None = None,
    step: float | None = None,
    method: str = "auto",
) -> SteadyStates:
    """The steady states of ``neuron`` between the currents ``low`` and ``high`` (pA), their stability, and their bifurcations.

    A neuron whose other states can be solved for has a scalar curve of steady states, I(v), whose folds are the saddle-nodes; it is
    sampled at 2001 points and each bifurcation is refined by Brent's method. Else branches are followed by pseudo-arclength from
    the fixed points at both ends (``method="arclength"`` asks for that always); a closed branch that reaches neither end is missed.

    Test functions: the determinant of the Jacobian for saddle-nodes, the product of the sums of each two eigenvalues for Hopf
    points, where a real pair (a neutral saddle) does not count. ``input``, ``inputs``, ``v_range`` and ``step`` are as in
    :func:`fixed_points`.

    Raises ParameterError for what is no neuron and for currents that do not rise.

    >>> from maichong import Izhikevich
    >>> from maichong.analysis import steady_states
    >>> [(b.kind, round(b.current, 6)) for b in steady_states(Izhikevich(a=0.02, b=0.2), 0.0, 5.0).bifurcations]
    [('Hopf', 3.7975), ('saddle-node', 4.0)]

    Not for limit cycles: where a neuron fires is what :func:`f_i_curve` measures. Kuznetsov 2004, Elements of Applied
    Bifurcation Theory, doi:10.1007/978-1-4757-3978-7.
    """
    system = dynamics(neuron, input=input, inputs=inputs, where="steady_states")
    bounds = span("steady_states", low, high, input_unit(system))
    if method not in ("auto", "arclength"):
        raise ParameterError("steady_states, method", "must be 'auto' or 'arclength'", repr(method))
    euler = euler_step("steady_states", step)
    reach = voltages(system, v_range)
    one = reduced(system) if method == "auto" else None
    if one is not None and one.current is not None:
        stretches = _scalar_branches(system, one, bounds, reach)
    else:
        stretches = branches_by_arclength(system, bounds, reach)
    branches, found = [], []
    for places, along in stretches:
        y, current = (np.stack(part) for part in zip(*map(along, places), strict=True))
        values = np.linalg.eigvals(system.jacobian(y.T, current))
        states = {name: y[:, k] for k, name in enumerate(system.states)}
        branches.append(Branch(current, states, values, is_stable(values, euler)))
        found += _bifurcations(system, places, along, values, euler)
    return SteadyStates(tuple(branches), tuple(sorted(_distinct(found), key=lambda point: point.current)))


def _scalar_branches(
    system: Dynamics, one: Reduced, bounds: tuple[float, float], reach: tuple[float, float]
) -> list[tuple[np.ndarray, Along]]:
    """The stretches of v on which the current that holds it lies between the bounds."""
    low, high = bounds
    current, states = one.current, one.states
    assert current is not None
    ends = [v for bound in bounds for v in roots(system, one, bound, reach)]
    if one.coefficients and not ends:
        return []
    if one.coefficients:
        # of a polynomial all ends are known, and what lies between two of them is in or out as a whole, but for its own folds
        margin = 0.05 * (max(ends) - min(ends)) + 1e-3
        reach = min(ends) - margin, max(ends) + margin

    def along(v: float) -> tuple[np.ndarray, float]:
        i = float(current(v))
        return states(v, i), i

    grid = np.linspace(*reach, POINTS)
    values = current(grid)
    inside = (values >= low) & (values <= high)
    # the ends themselves belong to a stretch, however narrow it is
    marks = np.unique(np.concatenate([grid[inside], ends]))
    stretches: list[tuple[np.ndarray, Along]] = []
    begin = 0
    for k in range(1, len(marks) + 1):
        if k < len(marks) and _holds(current, marks[k - 1], marks[k], low, high):
            continue
        piece = marks[begin:k]
        if len(piece) > 1:
            stretches.append((np.linspace(piece[0], piece[-1], POINTS), along))
        begin = k
    return stretches


def _holds(current: Callable[[Any], np.ndarray], left: float, right: float, low: float, high: float) -> bool:
    """Whether the steady state goes on from one v to the next within the bounds."""
    middle = current(np.linspace(left, right, 7)[1:-1])
    slack = 1e-9 * (high - low)
    return bool(((middle >= low - slack) & (middle <= high + slack)).all())


def _bifurcations(
    system: Dynamics, places: np.ndarray, along: Along, values: np.ndarray, step: float | None
) -> list[Bifurcation]:
    """Sign changes of the test functions along a branch, refined."""
    found = []
    for kind, test in _tests(step).items():
        signs = np.sign(test(values))

        def at(s: float, test: Callable[[np.ndarray], np.ndarray] = test) -> float:
            return float(test(np.linalg.eigvals(system.jacobian(*along(s)))))

        for k in np.flatnonzero(signs[:-1] * signs[1:] <= 0):
            if signs[k] == 0 and k > 0:
                continue  # it was found at the end of the piece before
            if signs[k] * signs[k + 1] < 0:
                place = zero_between(at, float(places[k]), float(places[k + 1]))
            else:
                place = float(places[k] if signs[k] == 0 else places[k + 1])
            y, current = along(place)
            omega = _frequency(np.linalg.eigvals(system.jacobian(y, current)), kind, step)
            if omega is None and kind in ("Hopf", "Neimark-Sacker"):
                continue
            states = {name: float(part) for name, part in zip(system.states, y, strict=True)}
            found.append(Bifurcation(kind, float(current), states, omega))
    return found


def _tests(step: float | None) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Real functions of the eigenvalues [..., states] that change their sign at a bifurcation."""

    def pairs(values: np.ndarray, join: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        n = values.shape[-1]
        product = np.ones(values.shape[:-1], np.complex128)
        for j, k in combinations(range(n), 2):
            product = product * join(values[..., j], values[..., k])
        return product.real

    saddle_node = {"saddle-node": lambda values: values.prod(axis=-1).real}
    if step is None:
        return {**saddle_node, "Hopf": lambda values: pairs(values, lambda a, b: a + b)}
    return {
        **saddle_node,
        "Neimark-Sacker": lambda values: pairs(values, lambda a, b: (1 + step * a) * (1 + step * b) - 1),
        "period-doubling": lambda values: (2 + step * values).prod(axis=-1).real,
    }


def _frequency(values: np.ndarray, kind: str, step: float | None) -> float | None:
    """The frequency in rad/ms of the complex pair that lies on the border of stability; None where there is no such pair."""
    pairs = values[np.imag(values) > 1e-9 * np.abs(values).max()]
    if kind == "Hopf" and pairs.size:
        nearest = pairs[np.argmin(np.abs(np.real(pairs)) / np.abs(pairs))]
        return float(nearest.imag) if abs(nearest.real) < 1e-5 * abs(nearest) else None
    if kind == "Neimark-Sacker" and pairs.size and step is not None:
        multipliers = 1 + step * pairs
        nearest = multipliers[np.argmin(np.abs(np.abs(multipliers) - 1))]
        return float(np.angle(nearest)) / step if abs(abs(nearest) - 1) < 1e-6 else None
    return None


def _distinct(found: list[Bifurcation]) -> list[Bifurcation]:
    """Each bifurcation once, also where it was met on two branches."""
    kept: list[Bifurcation] = []
    for point in found:
        same = (
            other.kind == point.kind
            and np.isclose(other.current, point.current, rtol=1e-6, atol=1e-9)
            and all(np.isclose(other.states[name], value, rtol=1e-4, atol=1e-6) for name, value in point.states.items())
            for other in kept
        )
        if not any(same):
            kept.append(point)
    return kept
