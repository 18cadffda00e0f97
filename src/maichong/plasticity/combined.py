"""Several rules on one synapse, put together into one: their sum, one after the other, or one behind a gate.

    Sum(a, b):       w <- w + (a(w) - w) + (b(w) - w)
    Sequence(a, b):  w <- b(a(w))
    Gate(a, by):     w <- w + g (a(w) - w);      dg/dt = -g / tau (jumps by the value of the signal ``by``)

at each spike, step or signal at which they act; where one of them does not act, the other does alone. What comes out is a rule
like any other: it has the traces, the states and the parameters of all its parts, each name followed by the number of its part,
and runs on every engine.

    >>> from maichong import PairSTDP, TripletSTDP
    >>> rule = Sum(PairSTDP(a_plus=0.02), TripletSTDP())
    >>> rule["a_plus_1"], rule["a3_plus_2"]
    (0.02, 0.0065)

Source: Zhang & Xu 2021, section 4, which asks for rules of several scales in one network.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

from maichong.errors import NetworkError, ParameterError, brief
from maichong.spec import Configured, Param, Read, RuleModel, State, Trace
from maichong.spec.model import Function
from maichong.spec.reading import arguments
from maichong.spec.rule_model import SCOPES, SPIKES, rule, weight_bounds
from maichong.spec.written import written

ROLES = ("on_pre", "on_post", "on_step", "on_signal", "elapse")
SHARED = ("lag", "w_min", "w_max", *(name for names in SCOPES.values() for name in names))
"""Symbols that mean the same in all parts; so do the states of the target that they read."""


def Sum(*rules: Configured) -> Configured:  # noqa: N802 - it makes what a class would
    """The changes of all ``rules``, added up.

    Raises ParameterError for what is no rule of weights, fewer than two, rules that act at different signals, one that is a
    combination already, several that read one state of the target as it was some time ago, or several that change weights as time
    passes where one asks how large they are.
    """
    return _combined("Sum", rules)


def Sequence(*rules: Configured) -> Configured:  # noqa: N802
    """Each of the ``rules`` on the weight that the one before left; raises as :func:`Sum`, and where a later one asks for the sum
    of all weights, which earlier ones have changed by then."""
    for later in rules[1:]:
        if (
            isinstance(later, Configured)
            and isinstance(later.model, RuleModel)
            and any(map(later.model.asks, SCOPES["circuit"]))
        ):
            raise ParameterError(
                "Sequence", "its later rules cannot ask for the sum of all weights", later.model.name, "put it first"
            )
    return _combined("Sequence", rules)


def Gate(rule: Configured, by: str, tau: float = 200.0) -> Configured:  # noqa: N802
    """A rule whose changes are multiplied by the trace of the network's signal ``by``, which decays within ``tau`` ms.

    ``Gate(PairSTDP(), by="dopamine")`` learns nothing before ``run.signal("dopamine", 1.0)``. Raises ParameterError as
    :func:`Sum`, for a name that is none, and for a rule whose weights change by themselves as time passes.
    """
    _check("Gate", (rule,))
    if not isinstance(by, str) or not by.isidentifier() or by in SPIKES:
        raise ParameterError("Gate, by", "must be the name of a signal", brief(by))
    if rule.model.functions().get("elapse"):
        raise ParameterError("Gate", "takes rules that act at spikes, steps and signals", rule.model.name)
    made = _gated(rule.model, by)
    return made(**_values((rule,)), tau_gate=tau)


def remade(parts: Any, find: Callable[[str], Any], where: str) -> RuleModel:
    """The rule that was put together of ``parts``: how, the names of its rules, and of a gate the signal. NetworkError where it
    cannot be."""
    expected = "must name a combination and its rules"
    if not isinstance(parts, (list, tuple)) or len(parts) < 3 or not all(isinstance(part, str) for part in parts):
        raise NetworkError(where, expected, brief(parts))
    how, *names = parts
    gate = [names.pop()] if how == "Gate" else []
    models = tuple(find(name) for name in names)
    wrong = how not in ("Sum", "Sequence", "Gate") or (how == "Gate" and len(models) != 1)
    if wrong or not all(isinstance(model, RuleModel) and not model.parts for model in models):
        raise NetworkError(where, expected, brief(parts))
    return _gated(models[0], *gate) if how == "Gate" else _made(how, models)


def _check(what: str, rules: tuple[Any, ...]) -> None:
    for part in rules:
        if not isinstance(part, Configured) or not isinstance(part.model, RuleModel):
            raise ParameterError(what, "takes rules of weights, such as PairSTDP()", brief(part))
        if part.model.parts:
            raise ParameterError(what, "takes rules that are no combinations", part.model.name, "give all parts at once")


def _combined(how: str, rules: tuple[Any, ...]) -> Configured:
    _check(how, rules)
    if len(rules) < 2:
        raise ParameterError(how, "takes two rules or more", len(rules))
    clocks = {(part.model.signal, part.model.every and float(part[part.model.every])) for part in rules if part.model.on_signal}
    if len(clocks) > 1:
        raise ParameterError(how, "its rules must wait for the same signal", ", ".join(str(a or b) for a, b in clocks))
    models = tuple(part.model for part in rules)
    _check_flows(how, models)
    return _made(how, models)(**_values(rules))


@functools.cache
def _check_flows(how: str, models: tuple[RuleModel, ...]) -> None:
    """ParameterError where two parts move the weight as time passes and one of them asks how large it is: what they come to in a
    while would hang on when an engine looks."""
    flowing = [model for model in models if model.elapse]
    if len(flowing) < 2:
        return
    from maichong.spec.symbolic import expressions, symbol

    changes = [expressions(model.elapse)[0] - symbol("w") for model in flowing]  # type: ignore[arg-type]
    moving = [(model, change) for model, change in zip(flowing, changes, strict=True) if change.equals(0) is not True]
    asking = [model.name for model, change in moving if symbol("w") in change.expand().free_symbols]
    if len(moving) > 1 and asking:
        expected = "cannot put together rules that change weights as time passes where one asks how large they are"
        raise ParameterError(how, expected, asking[0])


def _values(rules: tuple[Configured, ...]) -> dict[str, Any]:
    """The parameters and options of all parts; of their bounds the tighter ones."""
    found: dict[str, Any] = {}
    for k, part in enumerate(rules, 1):
        found |= {f"{name}_{k}": value for name, value in part.values.items() if name not in ("w_min", "w_max")}
        found |= {f"{name}_{k}": value for name, value in part.options.items()}
    lows, highs = zip(*(weight_bounds(part) for part in rules), strict=True)
    limits = {"w_min": max(lows), "w_max": min(highs)}
    return found | {name: None if abs(value) == float("inf") else value for name, value in limits.items()}


@functools.cache
def _made(how: str, models: tuple[RuleModel, ...]) -> RuleModel:
    functions = {}
    for role in ROLES:
        if acting := [(k, model) for k, model in enumerate(models, 1) if model.functions().get(role)]:
            functions[role] = _function(how, role, acting, models)
    name = how + "Of" + "And".join(model.name for model in models)
    return _rule(name, models, functions, parts=(how, *(model.identifier for model in models)))


@functools.cache
def _gated(model: RuleModel, by: str) -> RuleModel:
    functions = {role: _function("Gate", role, [(1, model)], (model,)) for role in ROLES if model.functions().get(role)}
    gate = Trace("gate", on=by, tau="tau_gate", meaning=f"what of the changes passes, by the signal {by}")
    tau = Param("tau_gate", 200.0, "ms", "time constant of the gate", above=0)
    return _rule(f"GateOf{model.name}By_{by}", (model,), functions, ("Gate", model.identifier, by), [tau], [gate])


def _rule(
    name: str, models: tuple[RuleModel, ...], functions: Mapping[str, Function], parts: tuple[str, ...],
    params: list[Param] | None = None, traces: list[Trace] | None = None,
) -> RuleModel:  # fmt: skip
    params, traces, states, options = list(params or ()), list(traces or ()), [], []
    widest = max((model.scope for model in models), key=list(SCOPES).index)
    for k, model in enumerate(models, 1):
        own = [param for param in model.params if param.name not in ("w_min", "w_max")]
        params += [dataclasses.replace(param, name=f"{param.name}_{k}") for param in own]
        options += [dataclasses.replace(option, name=f"{option.name}_{k}") for option in model.options]
        chosen = {option.name for option in model.options}
        for trace in model.traces:
            pairing = f"{trace.pairing}_{k}" if trace.pairing in chosen else trace.pairing
            traces.append(dataclasses.replace(trace, name=f"{trace.name}_{k}", tau=f"{trace.tau}_{k}", pairing=pairing))
        states += [dataclasses.replace(state, name=f"{state.name}_{k}", init=_init(state, k)) for state in model.states]
    reads: dict[str, Read] = {}
    for k, model in enumerate(models, 1):
        for read in model.reads:
            if read.name in reads and (read.delay or reads[read.name].delay):
                expected = f"cannot put together two rules that read {read.name!r} of the target as it was some time ago"
                raise ParameterError(parts[0], expected, model.name)
            reads[read.name] = dataclasses.replace(read, delay=read.delay and f"{read.delay}_{k}")
    clock = next((model for model in models if model.on_signal), None)
    lead = {"Sum": "The sum of", "Sequence": "One after the other:", "Gate": "Behind a gate:"}[parts[0]]
    docs = "\n\n".join(f"{model.name}: {model.doc}" for model in models)
    made = rule(
        name, params=params, scope="network" if parts[0] == "Gate" else widest, traces=traces, reads=reads.values(), states=states,
        options=options,
        signal=clock.signal if clock else None,
        every=f"{clock.every}_{models.index(clock) + 1}" if clock and clock.every else None, bounds=(None, None),
        doc=f"{lead} {', '.join(model.name for model in models)}.\n\n{docs}", **functions,  # type: ignore[arg-type]
    )  # fmt: skip
    return dataclasses.replace(made, parts=parts)


def _init(state: State, k: int) -> Any:
    """The start of a state, which asks for the names of its part."""
    if isinstance(state.init, str):
        return _symbol(state.init, k)
    if not callable(state.init):
        return state.init
    asked = arguments(state.init)
    given = [_symbol(name, k) for name in asked]
    text = f"def start({', '.join(dict.fromkeys(given))}):\n    return begun({', '.join(given)})\n"
    return written("start", text, f"{state.name}_{k}", {"__name__": __name__, "begun": state.init})


def _symbol(name: str, k: int) -> str:
    return name if name in SHARED else f"{name}_{k}"


def _function(how: str, role: str, acting: list[tuple[int, RuleModel]], models: tuple[RuleModel, ...]) -> Function:
    """The function of ``role``, which calls those of the parts that act in it."""
    namespace: dict[str, Any] = {"__name__": __name__}
    asked, lines = ["w"], []
    before, changes = "w", []
    moved: set[str] = set()
    for k, model in acting:
        function = model.functions()[role]
        namespace[f"part_{k}"] = function
        read = {entry.name for entry in model.reads}
        given = [name if name in read else _symbol(name, k) for name in arguments(function)]
        asked += [name for name in given if name not in asked]
        given = [before if name == "w" else name for name in given]
        states = [f"{state.name}_{k}" for state in model.states]
        moved |= set(states)
        results = ", ".join([f"w_{k}", *(f"next_{name}" for name in states)])
        lines.append(f"    {results} = part_{k}({', '.join(given)})")
        changes.append(f"(w_{k} - w)")
        before = f"w_{k}" if how == "Sequence" else "w"
    kept = [f"{state.name}_{k}" for k, model in enumerate(models, 1) for state in model.states]
    asked += [name for name in kept if name not in asked]
    weight = {"Sequence": before, "Sum": f"w + {' + '.join(changes)}", "Gate": f"w + gate * {changes[0]}"}[how]
    if how == "Gate":
        asked.append("gate")
    if len(acting) == 1 and how != "Gate":
        weight = f"w_{acting[0][0]}"
    returned = ", ".join([weight, *(f"next_{name}" if name in moved else name for name in kept)])
    text = "\n".join([f"def {role}({', '.join(asked)}):", *lines, f"    return {returned}", ""])
    return written(role, text, how + "Of" + "And".join(model.name for model in models), namespace)
