"""Threshold and reset of a model's text."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from maichong.errors import ModelError, brief, did_you_mean
from maichong.spec.equations import grammar
from maichong.spec.equations.origin import Call
from maichong.spec.equations.statements import Equation, expression, jump, statements
from maichong.spec.equations.text import Text


def threshold_of(text: Text, call: Call) -> Equation:
    source = call.source(text.threshold, "threshold")
    found = statements(source, "")
    if not found:
        raise ModelError(
            f"{source.at()}, {text.name}", "its threshold must be a comparison such as 'v > v_th'", brief(text.threshold)
        )
    parsed = expression(found[0], 0, found[0].text, text.name)
    return grammar.difference(Equation(found[0], "threshold", False, parsed, 0, "", 0), text.name)


def without_inputs(entry: Equation, parsed: ast.expr, inputs: set[str], owner: str) -> ast.expr:
    for name in grammar.names_in(parsed):
        if name in inputs:
            expected = f"uses the input {name!r}, and only equations may: a threshold and a reset know states and parameters"
            raise ModelError(f"{entry.at()}, {entry.label} of {owner}", expected, entry.statement.text)
    return parsed


def jumps_of(
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


def landed(
    jumps: list[tuple[Equation, ast.expr]], states: Mapping[str, Equation], known: Mapping[str, str],
    full: Mapping[str, ast.expr], inputs: set[str], owner: str,
) -> dict[str, ast.expr]:  # fmt: skip
    """Where a spike takes each state: one statement after the other, as they stand."""
    now: dict[str, ast.expr] = {name: ast.Name(name, ast.Load()) for name in states}
    for entry, parsed in jumps:
        now[entry.name] = grammar.put_in(without_inputs(entry, grammar.put_in(parsed, full), inputs, owner), now)
    return now
