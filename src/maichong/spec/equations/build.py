"""A model's text made into a neuron: read, checked and written down as functions."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from maichong.errors import MaichongError, ModelError, UnitError, brief, did_you_mean
from maichong.spec.bounds import Interval, bounds, never_fires
from maichong.spec.declare import Param, State
from maichong.spec.equations import amounts, grammar, proofs
from maichong.spec.equations.functions import function
from maichong.spec.equations.origin import Call
from maichong.spec.equations.statements import (
    Equation,
    Statement,
    checked_name,
    equation,
    expression,
    jump,
    statements,
)
from maichong.spec.equations.text import Text
from maichong.spec.equations.vocabulary import FUNCTIONS, UNIT_NAME
from maichong.spec.neuron_model import NeuronModel, neuron
from maichong.spec.quantities import in_unit, read_quantity


def entries_of(lines: Iterable[str], call: Call, owner: str) -> list[Equation]:
    """All equations of the texts ``lines``."""
    return [equation(found, owner) for line in lines for found in statements(call.source(line, "equations"))]


def build(text: Text, call: Call) -> NeuronModel:
    """The neuron that ``text`` describes; ModelError or UnitError at the line of what is wrong."""
    owner = text.name
    entries = entries_of(text.equations, call, owner)
    states, subexpressions = _sorted_out(entries, text, call)
    membrane = _membrane(text, states, call)
    units = {name: amounts.coherent_unit(e.unit, e.statement.at(e.unit_offset)) for name, e in {**states, **subexpressions}.items()}
    units |= {symbol.name: symbol.unit for symbol in (*text.params, *text.inputs)}
    units["t_ref"] = "ms"

    kinds = {**dict.fromkeys(states, "state"), **dict.fromkeys(subexpressions, "subexpression")}
    known = {**kinds, **{p.name: "parameter" for p in text.params}, "t_ref": "parameter", **{i.name: "input" for i in text.inputs}}
    flows = {name: grammar.checked(entry, known, owner) for name, entry in states.items()}
    inner = _in_order(subexpressions, {n: grammar.checked(e, known, owner) for n, e in subexpressions.items()}, owner)
    full: dict[str, ast.expr] = {}
    for name, parsed in inner.items():
        full[name] = grammar.put_in(parsed, full)

    inputs = {entry.name for entry in text.inputs}
    threshold = _threshold(text, call)
    fires = _without_inputs(threshold, grammar.put_in(grammar.checked(threshold, known, owner), full), inputs, owner)
    jumps = _jumps(text, call, states, known)
    landed = _landed(jumps, states, known, full, inputs, owner) if text.reset is not None else None
    starts = _starts(text, call, states, units, owner)

    trees = [*flows.values(), *inner.values(), fires, *(landed or {}).values(), *(start[1] for start in starts.values() if isinstance(start, tuple))]
    params = (*text.params, *_unit_params(trees, known))
    units |= {param.name: param.unit for param in params}

    # cheap readings, each at the user's line
    for name, entry in states.items():
        proofs.check_units(entry, flows[name], units, f"({units[name] or 'dimensionless'})/ms", owner)
    for name, entry in subexpressions.items():
        proofs.check_units(entry, inner[name], units, units[name], owner)
    proofs.check_units(threshold, fires, units, None, owner)
    for entry, parsed in jumps:
        proofs.check_units(entry, parsed, units, units[entry.name], owner)
    for name, start in starts.items():
        if isinstance(start, tuple):
            proofs.check_units(*start, units, units[name], owner)

    env: dict[str, Any] = {param.name: param.default for param in params} | {"t_ref": text.t_ref} | dict.fromkeys(inputs, 0.0)
    for name, start in starts.items():
        env[name] = proofs.value(*start, env, "at its defaults", owner) if isinstance(start, tuple) else start
    _check_values(states, flows, subexpressions, inner, (threshold, fires), jumps, landed, env, owner)

    origin = f"{call.file}:{call.line}"
    made_fires = function("fires", [fires], {}, owner, threshold.statement.at())
    flow = function("flow", list(flows.values()), inner, owner, entries[0].statement.at())
    fixed: dict[str, float] = {param.name: param.default for param in params if param.default is not None} | {"t_ref": text.t_ref}
    fixed |= _frozen(states, flows, full, landed, membrane, fixed, env)
    if why := never_fires(made_fires, tuple(states), fixed):
        raise ModelError(f"{threshold.at()}, threshold of {owner}", f"can never fire: it {why}", threshold.statement.text)

    meanings = dict(text.meanings)
    declared = [
        State(name, _init(name, starts[name], text, owner), units[name], meanings.get(name, entry.statement.comment), name == membrane)
        for name, entry in states.items()
    ]
    try:
        model = neuron(
            owner,
            params=params,
            states=declared,
            inputs=text.inputs,
            flow=flow,
            fires=made_fires,
            reset=None if landed is None else function("reset", list(landed.values()), {}, owner, origin),
            schemes=dict(text.schemes),
            doc=_doc(text),
        )
        pause = dataclasses.replace(model.param("t_ref"), default=text.t_ref)
        changed = tuple(pause if param.name == "t_ref" else param for param in model.params)
        return dataclasses.replace(model, params=changed, text=text)
    except MaichongError as error:
        raise type(error)(f"{_where(error.where, entries, origin)}, {error.where}", error.expected, error.got, error.fix) from None


def _where(where: str, entries: list[Equation], origin: str) -> str:
    named = where.rpartition(".")[2]
    return next((entry.statement.at() for entry in entries if entry.name == named), origin)


def _sorted_out(entries: list[Equation], text: Text, call: Call) -> tuple[dict[str, Equation], dict[str, Equation]]:
    """The states and the subexpressions; what is only declared must be among the parameters or inputs."""
    owner, origin = text.name, f"{call.file}:{call.line}"
    given = {symbol.name: symbol for symbol in (*text.params, *text.inputs)}
    if len(given) != len(text.params) + len(text.inputs):
        twice = next(entry.name for entry in text.inputs if entry.name in {param.name for param in text.params})
        raise ModelError(f"{origin}, {owner}", "each symbol may be declared once", f"{twice!r} as parameter and as input")
    for name in given:
        checked_name(name, f"{origin}, {owner}")
    seen: dict[str, Equation] = {}
    for entry in entries:
        where = f"{entry.at()}, {owner}"
        if entry.name in FUNCTIONS:
            raise ModelError(where, f"{entry.name!r} is the name of a function", fix="choose another name")
        if entry.name in seen:
            raise ModelError(where, f"defines {entry.name!r} twice", fix=f"it is defined at {seen[entry.name].at()}")
        if entry.name in given and entry.expression is not None:
            what = "a parameter" if given[entry.name] in text.params else "an input"
            raise ModelError(where, f"defines {entry.name!r}, which is {what} too", entry.statement.text, "leave one of the two out")
        amounts.unit_quantity(entry.unit, f"{entry.statement.at(entry.unit_offset)}, {entry.label} of {owner}")
        if entry.expression is None:
            if entry.name not in given:
                fix = f"give params={{{entry.name!r}: value}} or inputs={{{entry.name!r}: {entry.unit!r}}}"
                raise ModelError(where, f"declares {entry.name!r} and nothing gives it a value", entry.statement.text, fix)
            if not amounts.same_dimension(given[entry.name].unit, entry.unit):
                raise UnitError(f"{where}.{entry.name}", f"must be in {entry.unit}", f"a value in {given[entry.name].unit or '1'}")
        for flag in entry.flags:
            fits = flag == "unless refractory" if entry.differential else flag.startswith("constant")
            if not fits:
                raise ModelError(where, f"the flag ({flag}) has no meaning here", entry.statement.text, "leave it out")
        seen[entry.name] = entry
    states = {entry.name: entry for entry in entries if entry.differential}
    if not states:
        raise ModelError(f"{origin}, {owner}", "its equations must hold one 'dx/dt = ... : unit' at least", brief(list(text.equations)))
    return states, {entry.name: entry for entry in entries if not entry.differential and entry.expression is not None}


def _membrane(text: Text, states: Mapping[str, Equation], call: Call) -> str:
    if text.membrane is not None and text.membrane not in states:
        where = f"{call.file}:{call.line}, {text.name}"
        raise ModelError(where, f"its membrane {brief(text.membrane)} is no state", fix=did_you_mean(text.membrane, states))
    membrane = text.membrane or ("v" if "v" in states else next(iter(states)))
    for name, entry in states.items():
        if entry.flags and name != membrane:
            expected = f"only the membrane, {membrane!r}, can be held: (unless refractory) has no meaning here"
            raise ModelError(f"{entry.at()}, {text.name}", expected, entry.statement.text)
    return membrane


def _in_order(entries: Mapping[str, Equation], parsed: Mapping[str, ast.expr], owner: str) -> dict[str, ast.expr]:
    """Subexpressions, each behind those that it uses."""
    ordered: dict[str, ast.expr] = {}
    while len(ordered) < len(parsed):
        free = [
            name for name in parsed
            if name not in ordered and all(used not in parsed or used in ordered for used in grammar.names_in(parsed[name]))
        ]  # fmt: skip
        if not free:
            name = next(name for name in parsed if name not in ordered)
            raise ModelError(f"{entries[name].at()}, {name} of {owner}", "is defined by itself", entries[name].statement.text)
        ordered |= {name: parsed[name] for name in free}
    return ordered


def _threshold(text: Text, call: Call) -> Equation:
    source = call.source(text.threshold, "threshold")
    found = statements(source, "")
    if not found:
        raise ModelError(f"{source.at()}, {text.name}", "its threshold must be a comparison such as 'v > v_th'", brief(text.threshold))
    parsed = expression(found[0], 0, found[0].text, text.name)
    return grammar.difference(Equation(found[0], "threshold", False, parsed, 0, "", 0), text.name)


def _without_inputs(entry: Equation, parsed: ast.expr, inputs: set[str], owner: str) -> ast.expr:
    for name in grammar.names_in(parsed):
        if name in inputs:
            expected = f"uses the input {name!r}, and only equations may: a threshold and a reset know states and parameters"
            raise ModelError(f"{entry.at()}, {entry.label} of {owner}", expected, entry.statement.text)
    return parsed


def _jumps(
    text: Text, call: Call, states: Mapping[str, Equation], known: Mapping[str, str]
) -> list[tuple[Equation, ast.expr]]:
    owner = text.name
    if text.reset is None:
        return []
    found = [jump(each, owner) for line in text.reset for each in statements(call.source(line, "reset"))]
    if not found:
        fix = "leave reset out where the flow brings the membrane down again"
        raise ModelError(f"{call.file}:{call.line}, reset of {owner}", "must hold an assignment", brief(text.reset), fix)
    for entry in found:
        if entry.name not in states:
            is_ = f"the {known[entry.name]} {entry.name!r}" if entry.name in known else f"{entry.name!r}"
            fix = did_you_mean(entry.name, states)
            raise ModelError(f"{entry.at()}, reset of {owner}", f"sets {is_}, which is no state", entry.statement.text, fix)
    return [(entry, grammar.checked(entry, known, owner)) for entry in found]


def _landed(
    jumps: list[tuple[Equation, ast.expr]], states: Mapping[str, Equation], known: Mapping[str, str],
    full: Mapping[str, ast.expr], inputs: set[str], owner: str,
) -> dict[str, ast.expr]:  # fmt: skip
    """Where a spike takes each state: one statement after the other, as they stand."""
    now: dict[str, ast.expr] = {name: ast.Name(name, ast.Load()) for name in states}
    for entry, parsed in jumps:
        now[entry.name] = grammar.put_in(_without_inputs(entry, grammar.put_in(parsed, full), inputs, owner), now)
    return now


Start = float | tuple[Equation, ast.expr]


def _starts(text: Text, call: Call, states: Mapping[str, Equation], units: Mapping[str, str], owner: str) -> dict[str, Start]:
    """The initial values: numbers, and expressions of parameters and earlier states; 0 where none is given."""
    given = dict(text.init)
    for name in given:
        if name not in states:
            where = f"{call.file}:{call.line}, {owner}"
            raise ModelError(where, f"init names {brief(name)}, which is no state", fix=did_you_mean(name, states))
    known = {**{param.name: "parameter" for param in text.params}, "t_ref": "parameter"}
    starts: dict[str, Start] = {}
    for name in states:
        found = given.get(name, 0.0)
        if isinstance(found, str) and not _is_number(found):
            statement = Statement(call.source(found, "initial value"), 0, " ".join(found.splitlines()))
            entry = Equation(statement, f"init of {name}", False, expression(statement, 0, statement.text, owner), 0, "", 0)
            starts[name] = (entry, grammar.checked(entry, known, owner))
        else:
            starts[name] = float(in_unit(found, units[name], f"{call.file}:{call.line}, init of {owner}.{name}"))
        known[name] = "state"
    return starts


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return read_quantity(text) is not None
    return True


def _init(name: str, start: Start, text: Text, owner: str) -> Any:
    if not isinstance(start, tuple):
        return start
    entry, parsed = start
    if isinstance(parsed, ast.Name) and any(param.name == parsed.id for param in text.params):
        return parsed.id
    return function(f"{name}_at_start", [parsed], {}, owner, entry.at())


def _unit_params(trees: Iterable[ast.expr], known: Mapping[str, str]) -> list[Param]:
    """Units that stand in equations as factors are parameters that never change."""
    used = dict.fromkeys(name for parsed in trees for name in grammar.names_in(parsed) if name not in known)
    params = []
    for name in used:
        if UNIT_NAME.fullmatch(name):
            number, unit = amounts.coherent(amounts.unit_quantity(name, name), name)
            meaning = f"the unit {name} where it stands in an equation"
            params.append(Param(name, number, unit, meaning, low=number, high=number, static=True))
    return params


def _check_values(
    states: Mapping[str, Equation], flows: Mapping[str, ast.expr], entries: Mapping[str, Equation], inner: Mapping[str, ast.expr],
    threshold: tuple[Equation, ast.expr], jumps: list[tuple[Equation, ast.expr]], landed: Mapping[str, ast.expr] | None,
    env: dict[str, Any], owner: str,
) -> None:  # fmt: skip
    """All must be finite at the defaults, where the states start and where a spike takes them."""

    def everything(when: str) -> None:
        for name, parsed in inner.items():
            env[name] = proofs.value(entries[name], parsed, env, when, owner)
        for name, parsed in flows.items():
            proofs.value(states[name], parsed, env, when, owner)
        proofs.value(*threshold, env, when, owner)

    everything("at its defaults")
    if landed is None:
        return
    for entry, parsed in jumps:
        env[entry.name] = proofs.value(entry, parsed, env, "at its defaults", owner)
    everything("after a reset at its defaults")


def _frozen(
    states: Mapping[str, Equation], flows: Mapping[str, ast.expr], full: Mapping[str, ast.expr], landed: Mapping[str, ast.expr] | None,
    membrane: str, fixed: Mapping[str, float], env: Mapping[str, Any],
) -> dict[str, float]:  # fmt: skip
    """States that neither the flow nor a spike nor a synapse moves, with their values."""
    frozen = {}
    for name, entry in states.items():
        target = landed[name] if landed is not None else ast.Name(name, ast.Load())
        stays = isinstance(target, ast.Name) and target.id == name
        still = bounds(proofs.evaluated(entry, grammar.put_in(flows[name], full)), fixed)[0] == Interval(0.0, 0.0)
        if stays and still and name != membrane:
            frozen[name] = float(env[name])
    return frozen


def _doc(text: Text) -> str:
    lines = [line for given in text.equations for line in inspect.cleandoc(given).splitlines()]
    rules = [f"{text.threshold.strip()}: spike" + (f", {'; '.join(' '.join(line.split()) for line in text.reset)}" if text.reset else "")]
    return "\n\n".join(part for part in (inspect.cleandoc(text.doc), "\n".join(f"    {line}" for line in (*lines, *rules))) if part)

