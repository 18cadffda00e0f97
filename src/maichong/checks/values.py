"""Plausible values for the symbols of a model: at its defaults, a little away from them, at random around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from maichong.checks.outcome import Failed
from maichong.errors import ModelError, brief
from maichong.neurons.lif import LIF
from maichong.spec import Configured, IntrinsicModel, Model, NeuronModel, Option, Param, ReceptorModel, RuleModel
from maichong.spec.model import Function, names
from maichong.spec.reading import arguments
from maichong.spec.registry import kinds

BOUNDS = ("w_min", "w_max")
"""Parameters that a check leaves alone: weights must lie between them."""


def host(model: IntrinsicModel) -> NeuronModel:
    """The neuron that an intrinsic rule is tried on: LIF, or the first that has the parameter that it modulates."""
    for neuron in (LIF, *kinds().get("neuron", ())):
        if isinstance(neuron, NeuronModel) and model.target in names(neuron.params):
            return neuron
    raise ModelError(f"{model.name}.target", "must be a parameter of some neuron", brief(model.target))


def target(model: RuleModel) -> Configured:
    """A neuron for synapses with the rule: LIF, or the first that keeps what it reads."""
    if not model.reads:
        # a small capacitance, so that weights of the order of 1 pA move the membrane by a millivolt
        return LIF(c_m=5.0, t_ref=2.0)
    wanted = {(read.name, read.unit) for read in model.reads}
    for neuron in kinds().get("neuron", ()):
        if isinstance(neuron, NeuronModel) and wanted <= {(state.name, state.unit) for state in neuron.states}:
            return neuron()
    raise ModelError(f"{model.name}.reads", "must be states of some neuron", ", ".join(name for name, _ in sorted(wanted)))


def call(function: Function, env: Mapping[str, Any]) -> tuple[Any, ...]:
    """The results of ``function`` for the symbols that it asks for; Failed where one of them has no value."""
    for name in arguments(function):
        if env[name] is None:
            raise Failed(f"{function.__name__}() asks for {name!r}, which has no default")
    result = function(*(np.float64(env[name]) for name in arguments(function)))  # as NumPy divides by zero
    return result if isinstance(result, tuple) else (result,)


def at_defaults(model: Model) -> dict[str, Any]:
    """Every symbol: parameters at their defaults, states at their start, inputs zero, the rest somewhere in its range."""
    env: dict[str, Any] = {param.name: param.default for param in model.params}
    low, high = weight_range(model)
    around: dict[str, Any] = {
        "w": (low + high) / 2,
        "w_sum": 5.0,
        "w_squares": 5.0,
        "w_sum_pre": 5.0,
        "signal": 1.0,
        "u": 0.5,
        "s_pre": 1.0,
        "s_post": 0.5,
        "v": -65.0,
        "lag": 2.0,
        "bound": 1.0,
        "dt": 0.1,
    }
    if isinstance(model, IntrinsicModel):
        around["value"] = host(model).param(model.target).default
    for state in (*model.states, *getattr(model, "source", ())):
        env[state.name] = _start(state.init, {**around, **env})
    env |= {entry.name: 0.0 for entry in getattr(model, "inputs", ())}
    env |= {trace.name: 0.5 for trace in getattr(model, "traces", ())}
    env |= {read.name: around["v"] for read in getattr(model, "reads", ())}
    return {**around, **env}


def at_random(model: Model, rng: np.random.Generator) -> dict[str, float]:
    """Every symbol at random near its default; parameters inside their bounds."""
    fixed = {param.name: param for param in model.params}
    low, high = weight_range(model)
    inside = {
        "w": (low, high),
        "u": (0.0, 1.0),
        "s_pre": (0.0, 1.0),
        "s_post": (0.0, 1.0),
        "dt": (0.01, 1.0),
        **{trace.name: (0.0, 2.0) for trace in getattr(model, "traces", ())},
    }
    point = {}
    for name, value in at_defaults(model).items():
        if name in BOUNDS:
            point[name] = low if name == "w_min" else high
        elif name in inside:
            point[name] = float(rng.uniform(*inside[name]))
        elif name in fixed:
            near = nearby(fixed[name])
            base = near if value is None else value
            point[name] = float(base + rng.uniform(0, 1) * (near - base))
        else:
            point[name] = float(value + 0.2 * max(abs(value), 1.0) * rng.normal())
    return point


def weight_range(model: Model) -> tuple[float, float]:
    """Where weights start: between the bounds of a rule, a range of 1 where it sets but one or none."""
    if not isinstance(model, RuleModel):
        return 0.0, 1.0
    low, high = (model.param(name).default for name in BOUNDS)
    if low is None:
        return (0.0, 1.0) if high is None else (high - 1.0, high)
    return (low, low + 1.0) if high is None else (low, high)


def nearby(param: Param) -> float:
    """A value near the default, other than it, inside the bounds."""
    base = 1.0 if param.default is None else param.default
    for value in (1.1 * base, 0.9 * base, base + 0.1, base - 0.1):
        inside = (param.low is None or value >= param.low) and (param.high is None or value <= param.high)
        if value != param.default and inside and (param.above is None or value > param.above):
            return value
    return base


def varied(model: Model) -> Configured:
    """The model with every parameter moved a little and, of every option, the last choice."""
    moved = {param.name: nearby(param) for param in model.params if param.name not in BOUNDS}
    if isinstance(model, ReceptorModel) and "e_rev" in moved:
        moved["e_rev"] = 0.0
    chosen: dict[str, Any] = {option.name: _last(option) for option in model.options}
    return model(**moved, **chosen)


def shortened(model: RuleModel) -> Configured:
    """The rule with the time constants of its traces forty times shorter."""
    taus = {trace.tau: model.param(trace.tau) for trace in model.traces}
    return model(**{name: max(tau.default / 40.0, tau.low or 0.0) for name, tau in taus.items() if tau.default})


def _last(option: Option) -> str:
    return option.choices[-1]


def _start(init: Any, env: Mapping[str, Any]) -> Any:
    if isinstance(init, str):
        return env[init]
    return call(init, env)[0] if callable(init) else init
