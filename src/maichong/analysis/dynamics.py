"""A neuron's flow at given parameters, as a dynamical system: slopes, Jacobian, and what can be solved for in closed form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ModelError, ParameterError, brief, did_you_mean, is_one_of
from maichong.spec import Configured, NeuronModel
from maichong.spec.model import names
from maichong.spec.quantities import in_unit
from maichong.spec.symbolic import expressions, symbol

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Dynamics:
    """dy/dt = flow(y, i) of one neuron between its spikes; ``i`` is the input that is varied, the others are held.

    ``flow(y, i)`` takes y [states, ...] and i [...] and gives [states, ...]; ``jacobian(y, i)`` gives [..., states, states];
    ``by_input(y, i)`` is d flow / d i, [states, ...]. Thresholds and resets are no part of it.
    """

    where: str
    neuron: Configured
    states: tuple[str, ...]
    membrane: int
    input: str
    slopes: tuple[Any, ...]
    flow: Callable[[Array, Any], Array]
    jacobian: Callable[[Array, Any], Array]
    by_input: Callable[[Array, Any], Array]


@dataclass(frozen=True, eq=False)
class Reduced:
    """A steady state told by the membrane alone: all other states follow from v, and dv/dt = 0 is left.

    ``states(v, i)`` gives all states [states, ...], ``slope(v, i)`` dv/dt there; ``current(v)`` is the input that holds the
    membrane at v, None where the input does not enter linearly; ``coefficients(i)`` are those of the slope as a polynomial in v,
    the highest power first, None where it is none.
    """

    states: Callable[[Any, Any], Array]
    slope: Callable[[Any, Any], Array]
    current: Callable[[Any], Array] | None
    coefficients: Callable[[float], Array] | None


def dynamics(
    neuron: Configured | NeuronModel, *, input: str | None = None, inputs: Mapping[str, float] | None = None, where: str
) -> Dynamics:
    """The flow of ``neuron``; ``input`` names what is varied (the first, if left out), ``inputs`` values of the others (0)."""
    import sympy as sp

    configured = neuron() if isinstance(neuron, NeuronModel) else neuron
    if not isinstance(configured, Configured) or not isinstance(configured.model, NeuronModel):
        raise ParameterError(where, "must get a neuron, such as Izhikevich(a=0.02)", brief(neuron))
    model = configured.model
    known = names(model.inputs)
    if not known:
        raise ModelError(f"{where}, {model.name}", "must have an input to vary")
    varied = known[0] if input is None else input
    for name in (varied, *(inputs or {})):
        if not is_one_of(name, known):
            raise ParameterError(f"{where}, {model.name}", f"has no input {brief(name)}", fix=did_you_mean(name, known))
    held = {
        entry.name: number(f"{where}, {entry.name}", (inputs or {}).get(entry.name, 0.0), entry.unit) for entry in model.inputs
    }
    values = {name: _one_number(configured, name) for name in names(model.params)}
    del held[varied]
    slopes = expressions(model.flow, {**values, **held})
    states = names(model.states)
    free = [*(symbol(name) for name in states), symbol(varied)]
    matrix = sp.Matrix(slopes).jacobian(free[:-1])
    flow, jacobian, by_input = (
        _vector(free, list(entries)) for entries in (slopes, matrix, [sp.diff(slope, free[-1]) for slope in slopes])
    )
    n = len(states)

    def square(y: Array, i: Any) -> Array:
        flat = jacobian(*y, i)
        return np.moveaxis(flat, 0, -1).reshape(*flat.shape[1:], n, n)

    return Dynamics(
        where=where, neuron=configured, states=states, membrane=states.index(model.membrane), input=varied, slopes=slopes,
        flow=lambda y, i: flow(*y, i), jacobian=square, by_input=lambda y, i: by_input(*y, i),
    )  # fmt: skip


def reduced(system: Dynamics) -> Reduced | None:
    """Solve for all states but the membrane where each, in some order, enters its own equation linearly; None where not.

    The gates of Hodgkin and Huxley do, as x = alpha / (alpha + beta), and so does a linear recovery.
    """
    import sympy as sp

    v, i = symbol(system.states[system.membrane]), symbol(system.input)
    slopes = dict(zip(map(symbol, system.states), system.slopes, strict=True))
    solved: dict[Any, Any] = {}
    waiting = [state for state in slopes if state != v]
    while waiting:
        for state in waiting:
            slope = slopes[state]
            rate = sp.diff(slope, state)
            # those of the others that still wait may enter: they are put in once they are known
            if rate != 0 and state not in rate.free_symbols:
                break
        else:
            return None
        waiting.remove(state)
        value = -slope.subs(state, 0) / rate
        solved = {name: found.subs(state, value) for name, found in solved.items()} | {state: value}
        slopes = {name: found.subs(state, value) for name, found in slopes.items()}
    slope = slopes[v]
    gain = sp.diff(slope, i)
    current = None
    if gain != 0 and i not in gain.free_symbols and not any(i in value.free_symbols for value in solved.values()):
        current = _vector([v], [-slope.subs(i, 0) / gain])
    coefficients = _polynomial(slope, v, i)
    states = _vector([v, i], [solved.get(symbol(name), v) for name in system.states])
    right = _vector([v, i], [slope])
    return Reduced(
        states=states,
        slope=lambda v, i: right(v, i)[0],
        current=(lambda v, found=current: found(v)[0]) if current else None,
        coefficients=coefficients,
    )


def number(where: str, value: Any, unit: str) -> float:
    """``value`` as one finite number in ``unit``."""
    found = in_unit(value, unit, where)
    if not isinstance(found, (int, float)) or not np.isfinite(found):
        raise ParameterError(where, "must be one finite number", brief(value))
    return float(found)


def span(where: str, low: Any, high: Any, unit: str) -> tuple[float, float]:
    """Two numbers, the first below the second."""
    bounds = number(f"{where}, low", low, unit), number(f"{where}, high", high, unit)
    if not bounds[0] < bounds[1]:
        raise ParameterError(f"{where}, low", "must lie below high", f"{bounds[0]:g} and {bounds[1]:g}")
    return bounds


def input_unit(system: Dynamics) -> str:
    """The unit of the input that is varied."""
    model = system.neuron.model
    assert isinstance(model, NeuronModel)
    return next(entry.unit for entry in model.inputs if entry.name == system.input)


def voltages(system: Dynamics, given: Any = None) -> tuple[float, float]:
    """Where to look for steady states: ``given``, or the model's own voltages and as far again on both sides."""
    model = system.neuron.model
    unit = model.states[system.membrane].unit
    if given is not None:
        if not isinstance(given, (tuple, list)) or len(given) != 2:
            raise ParameterError(f"{system.where}, v_range", "must be (low, high)", brief(given))
        return span(f"{system.where}, v_range", given[0], given[1], unit)
    own = [_one_number(system.neuron, param.name) for param in model.params if param.unit == unit] or [0.0]
    low, high = min(own), max(own)
    width = max(high - low, abs(low), abs(high), 1.0)
    return low - width, high + width


def _one_number(neuron: Configured, name: str) -> float:
    value = neuron.values[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        fix = "analyse one cell at a time"
        raise ParameterError(f"{neuron.model.name}.{name}", "must be one number for an analysis", brief(value), fix)
    return float(value)


def _polynomial(slope: Any, v: Any, i: Any) -> Callable[[float], Array] | None:
    import sympy as sp

    if slope.has(sp.Piecewise, sp.Min, sp.Max, sp.Abs):
        return None
    try:
        found = _vector([i], sp.Poly(slope, v).all_coeffs())
    except sp.PolynomialError:
        return None
    return lambda value: found(value)


def _vector(free: Sequence[Any], entries: Sequence[Any]) -> Callable[..., Array]:
    """The ``entries`` as one function of arrays, [entries, ...]."""
    import sympy as sp

    compiled = sp.lambdify(free, list(entries), modules="numpy", cse=True)

    def evaluate(*given: Any) -> Array:
        arrays = np.broadcast_arrays(*(np.asarray(value, np.float64) for value in given))
        with np.errstate(all="ignore"):
            return np.stack([np.broadcast_to(value, arrays[0].shape) for value in compiled(*arrays)]).astype(np.float64)

    return evaluate
