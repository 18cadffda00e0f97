"""The symbols of a model's text: what is a state, what a subexpression, which state is the membrane."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from maichong.errors import ModelError, UnitError, brief, did_you_mean
from maichong.spec.declare import Param
from maichong.spec.equations import amounts, grammar
from maichong.spec.equations.origin import Call
from maichong.spec.equations.statements import Equation, checked_name, equation, statements
from maichong.spec.equations.text import Text
from maichong.spec.equations.vocabulary import FUNCTIONS, UNIT_NAME


def entries_of(lines: Iterable[str], call: Call, owner: str) -> list[Equation]:
    """All equations of the texts ``lines``."""
    return [equation(found, owner) for line in lines for found in statements(call.source(line, "equations"))]


def sorted_out(entries: list[Equation], text: Text, call: Call) -> tuple[dict[str, Equation], dict[str, Equation]]:
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
            raise ModelError(
                where, f"defines {entry.name!r}, which is {what} too", entry.statement.text, "leave one of the two out"
            )
        amounts.unit_quantity(entry.unit, f"{entry.statement.at(entry.unit_offset)}, {entry.label} of {owner}")
        if entry.expression is None:
            if entry.name not in given:
                fix = f"give params={{{entry.name!r}: value}} or inputs={{{entry.name!r}: {entry.unit!r}}}"
                raise ModelError(where, f"declares {entry.name!r} and nothing gives it a value", entry.statement.text, fix)
            if not amounts.same_dimension(given[entry.name].unit, entry.unit):
                raise UnitError(
                    f"{where}.{entry.name}", f"must be in {entry.unit}", f"a value in {given[entry.name].unit or '1'}"
                )
        for flag in entry.flags:
            fits = flag == "unless refractory" if entry.differential else flag.startswith("constant")
            if not fits:
                raise ModelError(where, f"the flag ({flag}) has no meaning here", entry.statement.text, "leave it out")
        seen[entry.name] = entry
    states = {entry.name: entry for entry in entries if entry.differential}
    if not states:
        raise ModelError(
            f"{origin}, {owner}", "its equations must hold one 'dx/dt = ... : unit' at least", brief(list(text.equations))
        )
    return states, {entry.name: entry for entry in entries if not entry.differential and entry.expression is not None}


def membrane_of(text: Text, states: Mapping[str, Equation], call: Call) -> str:
    if text.membrane is not None and text.membrane not in states:
        where = f"{call.file}:{call.line}, {text.name}"
        raise ModelError(where, f"its membrane {brief(text.membrane)} is no state", fix=did_you_mean(text.membrane, states))
    membrane = text.membrane or ("v" if "v" in states else next(iter(states)))
    for name, entry in states.items():
        if entry.flags and name != membrane:
            expected = f"only the membrane, {membrane!r}, can be held: (unless refractory) has no meaning here"
            raise ModelError(f"{entry.at()}, {text.name}", expected, entry.statement.text)
    return membrane


def in_order(entries: Mapping[str, Equation], parsed: Mapping[str, ast.expr], owner: str) -> dict[str, ast.expr]:
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


def unit_params(trees: Iterable[ast.expr], known: Mapping[str, str]) -> list[Param]:
    """Units that stand in equations as factors are parameters that never change."""
    used = dict.fromkeys(name for parsed in trees for name in grammar.names_in(parsed) if name not in known)
    params = []
    for name in used:
        if UNIT_NAME.fullmatch(name):
            number, unit = amounts.coherent(amounts.unit_quantity(name, name), name)
            meaning = f"the unit {name} where it stands in an equation"
            params.append(Param(name, number, unit, meaning, low=number, high=number, static=True))
    return params
