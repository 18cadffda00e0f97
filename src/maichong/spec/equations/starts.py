"""Initial values of a model's text: numbers, or expressions of parameters and earlier states."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from maichong.errors import ModelError, brief, did_you_mean
from maichong.spec.equations import grammar
from maichong.spec.equations.functions import function
from maichong.spec.equations.origin import Call
from maichong.spec.equations.statements import Equation, Statement, expression
from maichong.spec.equations.text import Text
from maichong.spec.quantities import in_unit, read_quantity

Start = float | tuple[Equation, ast.expr]


def starts_of(text: Text, call: Call, states: Mapping[str, Equation], units: Mapping[str, str], owner: str) -> dict[str, Start]:
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


def init_of(name: str, start: Start, text: Text, owner: str) -> Any:
    if not isinstance(start, tuple):
        return start
    entry, parsed = start
    if isinstance(parsed, ast.Name) and any(param.name == parsed.id for param in text.params):
        return parsed.id
    return function(f"{name}_at_start", [parsed], {}, owner, entry.at())
