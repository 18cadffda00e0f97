"""A neuron's own functions solved by SciPy, with no engine: the judge between equations and published numbers.

``solve`` takes ``flow``, ``fires`` and ``reset`` of a configured neuron as Python functions of numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from maichong.spec import Configured
from maichong.spec.model import names
from maichong.spec.reading import arguments, rebind

PLAIN = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "tanh", "floor")
SCALARS = {name: getattr(math, name) for name in PLAIN}
SCALARS |= {"power": pow, "arctan": math.atan, "absolute": abs, "minimum": min, "maximum": max}
SCALARS |= {"sign": lambda x: math.copysign(1.0, x), "where": lambda condition, a, b: a if condition else b}
"""maichong.ops on plain numbers, which is many times quicker than NumPy's one by one."""


@dataclass(frozen=True)
class Solution:
    """``spikes`` in ms; ``t`` [k] and ``states`` by name [k], at the solver's own times."""

    spikes: np.ndarray
    t: np.ndarray
    states: dict[str, np.ndarray]


def bare(neuron: Configured, inputs: dict[str, float] | float) -> dict[str, Any]:
    """Parameters and inputs as numbers; a number is the first input, the others are 0."""
    given = inputs if isinstance(inputs, dict) else {neuron.model.inputs[0].name: inputs}
    return {**neuron.values, **dict.fromkeys(names(neuron.model.inputs), 0.0), **given}


def begin(neuron: Configured, known: dict[str, Any], start: dict[str, float] | None = None) -> dict[str, float]:
    """The states at the start."""
    found: dict[str, float] = {}
    for state in neuron.model.states:
        init = state.init
        if isinstance(init, str):
            value = known[init]
        else:
            value = init(*({**known, **found}[name] for name in arguments(init))) if callable(init) else init
        found[state.name] = float((start or {}).get(state.name, value))
    return found


def slopes(neuron: Configured, known: dict[str, Any]) -> Any:
    """d/dt of the states as a function of their vector."""
    model = neuron.model
    states, asked, flow = names(model.states), arguments(model.flow), rebind(model.flow, SCALARS)

    def slope(y: np.ndarray) -> np.ndarray:
        env = known | dict(zip(states, y.tolist(), strict=True))
        return np.array(flow(*[env[name] for name in asked]), float).reshape(-1)

    return slope


def solve(
    neuron: Configured, until: float, inputs: dict[str, float] | float = 0.0, start: dict[str, float] | None = None,
    method: str = "DOP853", rtol: float = 1e-9, atol: float = 1e-10, max_step: float = np.inf,
) -> Solution:  # fmt: skip
    """The states until ``until`` ms; spikes are located, and nothing is held (t_ref = 0)."""
    model, known = neuron.model, bare(neuron, inputs)
    states, slope = names(model.states), slopes(neuron, known)

    def call(function: Any, y: np.ndarray) -> Any:
        env = {**known, **dict(zip(states, y, strict=True))}
        return function(*(env[name] for name in arguments(function)))

    def excess(_: float, y: np.ndarray) -> float:
        return float(call(model.fires, y))

    excess.direction, excess.terminal = 1.0, model.reset is not None  # type: ignore[attr-defined]
    y, t, spikes, ts, ys = np.array(list(begin(neuron, known, start).values())), 0.0, [], [], []
    while t < until:
        part = solve_ivp(lambda _, y: slope(y), (t, until), y, method, events=excess, rtol=rtol, atol=atol, max_step=max_step)
        assert part.success, part.message
        spikes += part.t_events[0].tolist()
        ts.append(part.t)
        ys.append(part.y)
        t, y = float(part.t[-1]), part.y[:, -1]
        if part.status == 1:
            y = np.array(call(model.reset, y), float).reshape(-1)
    return Solution(np.array(spikes), np.concatenate(ts), dict(zip(states, np.concatenate(ys, axis=1), strict=True)))


def jacobian(neuron: Configured, inputs: dict[str, float] | float, y: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """d flow / d states by central differences."""
    slope = slopes(neuron, bare(neuron, inputs))
    moved = h * np.maximum(np.abs(y), 1e-2)
    return np.stack([(slope(y + d) - slope(y - d)) / (2 * d.sum()) for d in np.diag(moved)], axis=1)


def hopf(neuron: Configured, rest: Any, low: float, high: float) -> tuple[float, float, float]:
    """Input, membrane and angular velocity (1/ms) where a pair of eigenvalues crosses the imaginary axis, v between two values.

    ``rest(v)`` gives the input that keeps the cell at v, and all states there.
    """

    def leading(v: float) -> complex:
        current, y = rest(v)
        values = np.linalg.eigvals(jacobian(neuron, current, y))
        pairs = values[values.imag > 0]
        return complex(pairs[np.argmax(pairs.real)]) if pairs.size else complex(values.real.max())

    v = brentq(lambda v: leading(v).real, low, high, xtol=1e-12)
    return float(rest(v)[0]), v, leading(v).imag
