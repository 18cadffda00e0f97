"""A model's text made into a neuron: read, checked and written down as functions."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from typing import Any

from maichong.errors import MaichongError, ModelError
from maichong.spec.bounds import never_fires
from maichong.spec.declare import State
from maichong.spec.equations import amounts, grammar, proofs
from maichong.spec.equations.functions import function
from maichong.spec.equations.origin import Call
from maichong.spec.equations.proofs import check_values, frozen_states
from maichong.spec.equations.spikes import jumps_of, landed, threshold_of, without_inputs
from maichong.spec.equations.starts import init_of, starts_of
from maichong.spec.equations.statements import Equation
from maichong.spec.equations.symbols import entries_of, in_order, membrane_of, sorted_out, unit_params
from maichong.spec.equations.text import Text
from maichong.spec.neuron_model import NeuronModel, neuron


def build(text: Text, call: Call) -> NeuronModel:
    """The neuron that ``text`` describes; ModelError or UnitError at the line of what is wrong."""
    owner = text.name
    entries = entries_of(text.equations, call, owner)
    states, subexpressions = sorted_out(entries, text, call)
    membrane = membrane_of(text, states, call)
    units = {
        name: amounts.coherent_unit(e.unit, e.statement.at(e.unit_offset)) for name, e in {**states, **subexpressions}.items()
    }
    units |= {symbol.name: symbol.unit for symbol in (*text.params, *text.inputs)}
    units["t_ref"] = "ms"

    kinds = {**dict.fromkeys(states, "state"), **dict.fromkeys(subexpressions, "subexpression")}
    known = {
        **kinds,
        **{p.name: "parameter" for p in text.params},
        "t_ref": "parameter",
        **{i.name: "input" for i in text.inputs},
    }
    flows = {name: grammar.checked(entry, known, owner) for name, entry in states.items()}
    inner = in_order(subexpressions, {n: grammar.checked(e, known, owner) for n, e in subexpressions.items()}, owner)
    full: dict[str, ast.expr] = {}
    for name, parsed in inner.items():
        full[name] = grammar.put_in(parsed, full)

    inputs = {entry.name for entry in text.inputs}
    threshold = threshold_of(text, call)
    fires = without_inputs(threshold, grammar.put_in(grammar.checked(threshold, known, owner), full), inputs, owner)
    jumps = jumps_of(text, call, states, known)
    jumped = landed(jumps, states, known, full, inputs, owner) if text.reset is not None else None
    starts = starts_of(text, call, states, units, owner)

    trees = [
        *flows.values(),
        *inner.values(),
        fires,
        *(jumped or {}).values(),
        *(start[1] for start in starts.values() if isinstance(start, tuple)),
    ]
    params = (*text.params, *unit_params(trees, known))
    units |= {param.name: param.unit for param in params}

    env: dict[str, Any] = {param.name: param.default for param in params} | {"t_ref": text.t_ref} | dict.fromkeys(inputs, 0.0)
    for name, start in starts.items():
        env[name] = proofs.value(*start, env, "at its defaults", owner) if isinstance(start, tuple) else start
    check_values(states, flows, subexpressions, inner, (threshold, fires), jumps, jumped, env, owner)

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

    origin = f"{call.file}:{call.line}"
    made_fires = function("fires", [fires], {}, owner, threshold.statement.at())
    flow = function("flow", list(flows.values()), inner, owner, entries[0].statement.at())
    fixed: dict[str, float] = {param.name: param.default for param in params if param.default is not None} | {
        "t_ref": text.t_ref
    }
    fixed |= frozen_states(states, flows, full, jumped, membrane, fixed, env)
    if why := never_fires(made_fires, tuple(states), fixed):
        raise ModelError(f"{threshold.at()}, threshold of {owner}", f"can never fire: it {why}", threshold.statement.text)

    meanings = dict(text.meanings)
    declared = [
        State(
            name,
            init_of(name, starts[name], text, owner),
            units[name],
            meanings.get(name, entry.statement.comment),
            name == membrane,
        )
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
            reset=None if jumped is None else function("reset", list(jumped.values()), {}, owner, origin),
            schemes=dict(text.schemes),
            t_ref=text.t_ref,
            doc=_doc(text),
        )
        return dataclasses.replace(model, text=text)
    except MaichongError as error:
        raise type(error)(
            f"{_where(error.where, entries, origin)}, {error.where}", error.expected, error.got, error.fix
        ) from None


def _where(where: str, entries: list[Equation], origin: str) -> str:
    named = where.rpartition(".")[2]
    return next((entry.statement.at() for entry in entries if entry.name == named), origin)


def _doc(text: Text) -> str:
    lines = [line for given in text.equations for line in inspect.cleandoc(given).splitlines()]
    rules = [
        f"{text.threshold.strip()}: spike"
        + (f", {'; '.join(' '.join(line.split()) for line in text.reset)}" if text.reset else "")
    ]
    return "\n\n".join(part for part in (inspect.cleandoc(text.doc), "\n".join((*lines, *rules))) if part)
