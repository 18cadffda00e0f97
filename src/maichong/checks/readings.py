"""Checks of a model's functions as numbers: finite at the defaults, and the same when SymPy reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from maichong.checks.outcome import Failed
from maichong.checks.values import at_defaults, at_random, call
from maichong.spec import Model, NeuronModel, ReceptorModel, RuleModel, SourceModel
from maichong.spec.model import Function, names
from maichong.spec.model_units import functions_of
from maichong.spec.reading import arguments, place
from maichong.spec.soundness import check_threshold
from maichong.spec.symbolic import expressions, symbol

POINTS = 32
AGREE = 1e-12
"""How far two readings of one function may lie apart, relative to the largest value at all points."""


def defaults(model: Model) -> None:
    """The model stands with its defaults, every function is finite where it starts, and a spike is not provably impossible."""
    model()
    env = at_defaults(model)
    _finite(model, env)
    if isinstance(model, NeuronModel):
        check_threshold(model)
    if isinstance(model, NeuronModel) and model.reset:
        landed = dict(zip(names(model.states), call(model.reset, env), strict=True))
        _finite(model, {**env, **landed})


def _finite(model: Model, env: dict[str, Any]) -> None:
    for state in model.states:
        if not np.isfinite(env[state.name]):
            raise Failed(f"{model.name}.{state.name}: must be finite (got {env[state.name]})")
    for role, function in functions_of(model).items():
        for value in call(function, env):
            never = isinstance(model, SourceModel) and value == np.inf  # a source at rate 0 waits for ever
            if not (np.isfinite(value) or never):
                raise Failed(f"{place(function)}, {model.name}.{role}: must be finite at the defaults (got {value})")
            if isinstance(model, SourceModel) and value < 0:
                raise Failed(f"{model.name}.{role}: must be >= 0 ms (got {value})")


def symbolic(model: Model) -> None:
    """SymPy reads every function, and what it reads has the same values."""
    rng = np.random.default_rng(1)
    points = [at_random(model, rng) for _ in range(POINTS)]
    # one point where all that varies is zero: there a SymPy reading loses what hangs on ==
    params = {param.name for param in model.params}
    points.append({name: value if name in params else 0.0 for name, value in points[0].items()})
    for role, function in model.functions().items():
        _compare(f"{model.name}.{role}", function, points)


def elapses(model: RuleModel) -> None:
    """Two lags in a row do what their sum does, and no lag does nothing twice: engines choose when they look at a synapse."""
    if model.elapse is None:
        return
    rng = np.random.default_rng(2)
    kept = ("w", *names(model.states))
    fading = {trace.name: trace.tau for trace in model.traces if trace.on not in ("pre", "post")}

    def after(point: dict[str, float], lag: float) -> dict[str, float]:
        found = dict(zip(kept, call(model.elapse, {**point, "lag": lag}), strict=True))
        return {**point, **found, **{name: point[name] * np.exp(-lag / point[tau]) for name, tau in fading.items()}}

    for _ in range(POINTS):
        # where the synapse's weight follows from its states it does so from here on
        point = after(at_random(model, rng), 0.0)
        first, second = rng.uniform(0.0, 50.0, 2)
        once, twice = after(point, first + second), after(after(point, first), second)
        for name in kept:
            if not np.isclose(once[name], twice[name], rtol=1e-9, atol=1e-12):
                lags = f"{first:g} ms and then {second:g} ms"
                raise Failed(
                    f"{place(model.elapse)}, {model.name}.elapse: {name} is {twice[name]:.12g} after {lags}, "
                    f"and {once[name]:.12g} after both at once"
                )


def _compare(where: str, function: Function, points: Sequence[dict[str, float]]) -> None:
    import sympy as sp

    asked = arguments(function)
    read = expressions(function)
    columns = [np.array([point[name] for point in points]) for name in asked]
    lambdified = sp.lambdify([symbol(name) for name in asked], list(read), "numpy")
    values = [np.array(results) for results in zip(*(call(function, point) for point in points), strict=True)]
    for number, (plain, other) in enumerate(zip(values, lambdified(*columns), strict=True)):
        plain = np.asarray(plain, float)
        other = np.broadcast_to(np.asarray(other, float), plain.shape)
        finite = np.isfinite(plain)
        scale = np.abs(plain[finite]).max(initial=1e-300)
        bad = (finite != np.isfinite(other)) | (finite & ~(np.abs(plain - other) <= AGREE * scale))
        if bad.any():
            k = int(np.flatnonzero(bad)[0])
            shown = ", ".join(f"{name} = {points[k][name]:g}" for name in asked)
            raise Failed(
                f"{where}: result {number + 1} is {plain[k]:.15g} as NumPy and {other[k]:.15g} as SymPy reads it, at {shown}"
            )


def linear(model: ReceptorModel) -> None:
    """What arrives is proportional to the weight: engines add the weights of all spikes of a step."""
    env = at_defaults(model)
    none, one, several = (np.array(call(model.arrive, {**env, "w": w})) for w in (0.0, 1.0, 3.7))
    if np.any(none != 0) or not np.allclose(several, 3.7 * one, rtol=1e-12, atol=0):
        raise Failed(f"{model.name}.arrive: must be proportional to w (got {none} at 0, {one} at 1, {several} at 3.7)")
