"""What a plasticity rule is: traces and states of a synapse, and what becomes of its weight at spikes, steps and signals.

The ``scope`` fixes what a rule's functions may ask for, so that locality is checked and not claimed.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from maichong.errors import ModelError, ParameterError, brief, did_you_mean, is_one_of
from maichong.spec.declare import ALL_TO_ALL, NEAREST, Option, Param, Read, State, Symbol, Trace, declared
from maichong.spec.model import Configured, Function, Model, names
from maichong.spec.neuron_model import check_init
from maichong.spec.reading import arguments, check_function, straight_line

SCOPES: Mapping[str, Mapping[str, str]] = {
    "synapse": {
        "w": "the weight of this synapse",
        "v": "the potential of its target",
        "s_pre": "the activity of its source",
        "s_post": "the activity of its target",
        "dt": "the length of a step",
    },
    "circuit": {
        "w_sum": "the sum of the weights onto the same neuron, within the projection",
        "w_squares": "the sum of the squares of the weights onto the same neuron, within the projection",
        "w_sum_pre": "the sum of the weights from the same neuron, within the projection",
    },
    "network": {"signal": "the number that the network's signal carries: reward, error, novelty"},
}
"""What each scope adds to what a rule may know; a scope sees what the narrower ones see.

``w_sum``, ``w_squares``, ``w_sum_pre`` and ``signal`` are known to ``on_signal`` alone: between spikes, where every weight is at
rest. ``s_pre`` and ``s_post`` are known to ``on_step`` alone: 1 where a spike arrives, or the target fires, at the end of this
step, else 0; in layers, whatever their neurons' activity is, and so is ``dt``. ``v``, and other states of the target that a rule
``reads``, are seen by ``on_pre`` as they were before anything arrived in this step, by the others at its end.
Traces of signals are known to rules of scope "network" alone.
"""

ONLY: Mapping[str, str] = {
    "w_sum": "on_signal",
    "w_squares": "on_signal",
    "w_sum_pre": "on_signal",
    "signal": "on_signal",
    "s_pre": "on_step",
    "s_post": "on_step",
    "dt": "on_step",
}
"""What one role alone can know."""

SPIKES = ("pre", "post")
"""What drives a trace that is no signal's."""


def bounds_params(low: float | None, high: float | None, read: Container[str]) -> tuple[Param, Param]:
    """The parameters w_min and w_max that every rule has; None: unbounded, where the rule's functions do not ``read`` it."""
    return (
        Param("w_min", low, "", "smallest weight, in the weight's own unit", optional="w_min" not in read),
        Param("w_max", high, "", "largest weight, in the weight's own unit", optional="w_max" not in read),
    )


def weight_bounds(rule: Configured) -> tuple[float, float]:
    """The smallest and the largest weight that a rule allows, infinite where it sets none."""
    low, high = rule["w_min"], rule["w_max"]
    return (-np.inf if low is None else float(low)), (np.inf if high is None else float(high))


def visible(scope: str) -> tuple[str, ...]:
    """The names that a rule of ``scope`` may ask for besides its own."""
    order = list(SCOPES)
    return tuple(name for wider in order[: order.index(scope) + 1] for name in SCOPES[wider])


@dataclass(frozen=True, eq=False, repr=False)
class RuleModel(Model):
    """A rule for the weights of a projection.

    ``on_pre`` (a spike arrives), ``on_post`` (the target fires), ``on_step`` (every step) and ``on_signal`` (the network's
    signal called ``signal``, or every so many ms: the parameter called ``every``) each return the new weight, which is then clipped
    to [w_min, w_max], and after it the states of the synapse, if the rule declares any. ``elapse`` gives the same after ``lag`` ms
    in which nothing happened: engines call it when they next come to a synapse, so two lags must do what their sum does.
    """

    kind: ClassVar[str] = "rule"
    reserved: ClassVar[tuple[str, ...]] = ("model", "lag", *(name for names in SCOPES.values() for name in names))
    composed: ClassVar[re.Pattern[str] | None] = None

    scope: str = "synapse"
    traces: tuple[Trace, ...] = ()
    reads: tuple[Read, ...] = ()
    on_pre: Function | None = None
    on_post: Function | None = None
    on_step: Function | None = None
    on_signal: Function | None = None
    elapse: Function | None = None
    signal: str | None = None
    every: str | None = None
    parts: tuple[str, ...] = ()
    """How it was put together from which rules, where it was."""

    def symbols(self) -> tuple[Symbol, ...]:
        return (*super().symbols(), *self.traces, *self.reads)

    def functions(self) -> Mapping[str, Function]:
        given = {
            "on_pre": self.on_pre, "on_post": self.on_post, "on_step": self.on_step, "on_signal": self.on_signal,
            "elapse": self.elapse,
        }  # fmt: skip
        return {role: function for role, function in given.items() if function is not None}

    @property
    def acts_by_itself(self) -> bool:
        """Whether it writes weights at spikes or steps, or as time passes, and not at signals alone."""
        return bool(self.functions().keys() & {"on_pre", "on_post", "on_step", "elapse"})

    @property
    def keeps(self) -> bool:
        """Whether it keeps something besides weights that no spike drives: states of synapses or, of late, of the target, traces
        of signals."""
        late = any(read.delay for read in self.reads)
        return bool(self.states) or late or any(trace.on not in SPIKES for trace in self.traces)

    @property
    def signals(self) -> tuple[str, ...]:
        """The signals that it waits for: by its function, by its traces."""
        driving = [trace.on for trace in self.traces if trace.on not in SPIKES]
        return tuple(dict.fromkeys([*([self.signal] if self.signal else []), *driving]))

    @property
    def rewards(self) -> tuple[str, ...]:
        """Of its signals those that pay for what synapses remember of spikes; a gate's is none, for it may be opened beforehand."""
        remembers = self.states and self.functions().keys() & {"on_pre", "on_post", "on_step"}
        return self.signals if self.scope == "network" and remembers and self.parts[:1] != ("Gate",) else ()

    def asks(self, name: str) -> bool:
        """Whether one of its functions asks for ``name``."""
        return any(name in straight_line(function).args for function in self.functions().values())

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_scope(self)
        params = names(self.params)
        for trace in self.traces:
            if trace.on not in SPIKES and self.scope != "network":
                raise ModelError(
                    f"{self.name}.{trace.name}", "a trace is driven by 'pre' or 'post' spikes", brief(trace.on),
                    "declare scope='network' if that is a signal",
                )  # fmt: skip
            if trace.tau not in params:
                raise ModelError(
                    f"{self.name}.{trace.name}", f"its time constant {trace.tau!r} is no parameter",
                    fix=did_you_mean(trace.tau, params),
                )  # fmt: skip
            if trace.pairing not in (ALL_TO_ALL, NEAREST, *names(self.options)):
                raise ModelError(
                    f"{self.name}.{trace.name}",
                    f"its pairing must be {ALL_TO_ALL!r}, {NEAREST!r} or an option of the rule",
                    brief(trace.pairing),
                )
        if not self.functions():
            raise ModelError(self.name, "a rule needs at least one of on_pre, on_post, on_step and on_signal")
        if (self.on_signal is None) != (self.signal is None and self.every is None):
            raise ModelError(self.name, "on_signal goes together with the name of its signal, or with every")
        if self.signal is not None and self.every is not None:
            raise ModelError(self.name, "on_signal acts at a signal or every so many ms, not at both")
        for read in self.reads:
            if read.delay is not None and read.delay not in params:
                where = f"{self.name}.{read.name}"
                raise ModelError(where, f"its delay {read.delay!r} is no parameter", fix=did_you_mean(read.delay, params))
        if self.every is not None and self.every not in params:
            fix = did_you_mean(self.every, params)
            raise ModelError(f"{self.name}.every", "must name a parameter in ms", brief(self.every), fix)
        check_init(self, also=("w",))
        allowed = visible(self.scope)
        of_signals = [trace.name for trace in self.traces if trace.on not in SPIKES]
        for role, function in self.functions().items():
            traces = names(self.traces) if role in ("on_pre", "on_post", "on_step") else of_signals
            around = ("lag",) if role == "elapse" else names(self.reads)
            own = (*params, *names(self.states), *traces, *around)
            _check_scope_of(self, role, function, own)
            seen = ("w",) if role == "elapse" else allowed
            check_function(function, self.name, (*seen, *own), results=1 + len(self.states))
        self()  # the defaults must fit together

    def check(self, configured: Configured) -> None:
        low, high = configured["w_min"], configured["w_max"]
        if isinstance(low, float) and isinstance(high, float) and low > high:
            raise ParameterError(f"{self.name}.w_min", f"must be <= w_max = {high:g}", f"{low:g}")

    def pairing(self, trace: Trace, options: Mapping[str, str]) -> str:
        """``"all_to_all"`` or ``"nearest"`` for ``trace`` under the chosen ``options``."""
        return options.get(trace.pairing, trace.pairing)


def _check_scope(model: RuleModel | IntrinsicModel) -> None:
    if not is_one_of(model.scope, SCOPES):
        raise ModelError(
            f"{model.name}.scope",
            f"must be one of {', '.join(map(repr, SCOPES))}",
            brief(model.scope),
            did_you_mean(model.scope, SCOPES),
        )


def _check_scope_of(model: RuleModel, role: str, function: Function, own: tuple[str, ...]) -> None:
    line = straight_line(function)
    for asked in line.args:
        for scope, sees in SCOPES.items():
            if asked not in sees or asked in own:
                continue
            asks = f"{model.name}.{role}() asks for {asked!r} ({sees[asked]}), which "
            only = ONLY.get(asked, role)
            if role != only:
                raise ModelError(f"{line.file}:{line.line}", f"{asks}{only}() alone can know", fix="move it there")
            if asked not in visible(model.scope):
                raise ModelError(
                    f"{line.file}:{line.line}",
                    f"{asks}a rule of scope {model.scope!r} cannot know",
                    fix=f"declare scope={scope!r} if the rule is not that local",
                )


def rule(
    name: str,
    *,
    params: Iterable[Param],
    scope: str = "synapse",
    traces: Iterable[Trace] = (),
    reads: Iterable[Read] = (),
    states: Iterable[State] = (),
    options: Iterable[Option] = (),
    on_pre: Function | None = None,
    on_post: Function | None = None,
    on_step: Function | None = None,
    on_signal: Function | None = None,
    elapse: Function | None = None,
    signal: str | None = None,
    every: str | None = None,
    bounds: tuple[float | None, float | None] = (0.0, 1.0),
    doc: str | None = None,
) -> RuleModel:
    """Declare a plasticity rule from the functions of one file.

    Every rule also has ``w_min`` and ``w_max``, with ``bounds`` as defaults (None: unbounded). ``states`` are what each synapse
    keeps besides its weight, from their initial value on; ``reads`` are states of the target, which its neuron must have; ``every``
    names the parameter that says how often ``on_signal`` acts.

    Raises ModelError where a function asks for what its scope does not show.
    """
    if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
        raise ModelError(f"{name}.bounds", "must be a pair (low, high)", brief(bounds))
    functions = [function for function in (on_pre, on_post, on_step, on_signal, elapse) if function is not None]
    read = {asked for function in functions for asked in straight_line(function).args}
    return RuleModel(
        name=name,
        doc=inspect.cleandoc(doc or ""),
        params=(*declared(params, Param, f"{name}.params"), *bounds_params(*bounds, read)),
        options=declared(options, Option, f"{name}.options"),
        scope=scope,
        traces=declared(traces, Trace, f"{name}.traces"),
        reads=declared(reads, Read, f"{name}.reads"),
        states=declared(states, State, f"{name}.states"),
        on_pre=on_pre,
        on_post=on_post,
        on_step=on_step,
        on_signal=on_signal,
        elapse=elapse,
        signal=signal,
        every=every,
    )


def synapse_start(rule: Configured, weight: np.ndarray) -> dict[str, np.ndarray]:
    """The states of synapses of these weights at the start, float64 like ``weight``."""
    known: dict[str, Any] = {**rule.values, "w": weight}
    for state in rule.model.states:
        init = state.init
        if callable(init):
            init = init(*(known[name] for name in arguments(init)))
        known[state.name] = np.array(np.broadcast_to(known[init] if isinstance(init, str) else init, weight.shape), np.float64)
    return {state.name: known[state.name] for state in rule.model.states}


def follows_weight(rule: Configured | None) -> tuple[str, ...]:
    """The states of a synapse that begin by its weight, where its weight follows from them ever after: where it is set by hand they
    begin anew, or it would fall back."""
    from maichong.spec.symbolic import expressions, symbol

    model = rule.model if rule else None
    if not isinstance(model, RuleModel) or not model.elapse or symbol("w") in expressions(model.elapse)[0].free_symbols:
        return ()
    return tuple(state.name for state in model.states if callable(state.init) and "w" in arguments(state.init))


@dataclass(frozen=True, eq=False, repr=False)
class IntrinsicModel(Model):
    """A rule that changes the neuron itself: states of its own that modulate one of the neuron's parameters.

    ``flow`` and ``on_spike`` move its states; ``modulate`` gives the parameter's effective value from its declared one,
    which it asks for as ``value``.
    """

    kind: ClassVar[str] = "intrinsic rule"
    reserved: ClassVar[tuple[str, ...]] = ("model", "value")
    taken: ClassVar[tuple[str, ...]] = ("spikes", "counts")

    scope: str = "synapse"
    target: str = ""
    flow: Function = field(kw_only=True)
    on_spike: Function = field(kw_only=True)
    modulate: Function = field(kw_only=True)

    def functions(self) -> Mapping[str, Function]:
        return {"flow": self.flow, "on_spike": self.on_spike, "modulate": self.modulate}

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_scope(self)
        own = (*names(self.states), *names(self.params))
        check_function(self.flow, self.name, own, results=len(self.states))
        check_function(self.on_spike, self.name, own, results=len(self.states))
        check_function(self.modulate, self.name, (*own, "value"), results=1)
        if self.target in own:
            raise ModelError(f"{self.name}.{self.target}", "is the name of its target too", fix="choose another name")
        check_init(self)


def intrinsic_rule(
    name: str,
    *,
    target: str,
    params: Iterable[Param],
    states: Iterable[State],
    flow: Function,
    on_spike: Function,
    modulate: Function,
    scope: str = "synapse",
    doc: str | None = None,
) -> IntrinsicModel:
    """Declare an intrinsic rule; ``target`` names the neuron's parameter that it modulates."""
    return IntrinsicModel(
        name=name,
        doc=inspect.cleandoc(doc or ""),
        params=declared(params, Param, f"{name}.params"),
        states=declared(states, State, f"{name}.states"),
        scope=scope,
        target=target,
        flow=flow,
        on_spike=on_spike,
        modulate=modulate,
    )
