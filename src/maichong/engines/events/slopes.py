"""A SymPy expression, such as the slope of a flow in its own state, as kernel text."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from maichong.engines.events.lower import Writer
from maichong.errors import EngineError

OPERATIONS = {"Abs": "absolute", "atan": "arctan", "Min": "minimum", "Max": "maximum"}
"""What SymPy calls otherwise than maichong.ops does."""

SAME = {"exp", "log", "sin", "cos", "tan", "tanh", "floor", "sign"}
LOGIC = {"And": " & ", "Or": " | ", "Add": " + ", "Mul": " * "}


def text(w: Writer, expression: Any, env: Mapping[str, str]) -> str:
    """``expression`` written for ``w``; ``env`` maps symbols to the text that holds them.

    Raises EngineError for what no operation of maichong.ops leads to.
    """
    import sympy as sp

    def inner(part: Any) -> str:
        return text(w, part, env)

    kind = type(expression).__name__
    if expression.is_Symbol:
        return env[str(expression)]
    if expression.is_Number:
        return w.literal(float(expression))
    if expression.is_Mul:
        above, below = sp.fraction(expression)
        if below != 1:
            return f"({inner(above)} / {inner(below)})"
    if kind in LOGIC:
        return "(" + LOGIC[kind].join(map(inner, expression.args)) + ")"
    if expression.is_Pow and expression.exp == -1:
        return f"({w.literal(1.0)} / {inner(expression.base)})"
    if expression.is_Pow:
        return w.operation("power", [inner(expression.base), inner(expression.exp)])
    if isinstance(expression, sp.Piecewise):
        (value, condition), *rest = expression.args  # pyright: ignore[reportGeneralTypeIssues]
        if condition == True or not rest:  # noqa: E712 - SymPy's true is no Python True
            return inner(value)
        return w.operation("where", [inner(condition), inner(value), inner(sp.Piecewise(*rest))])
    if isinstance(expression, sp.core.relational.Relational):
        sign = expression.rel_op  # pyright: ignore[reportAttributeAccessIssue]
        return f"({inner(expression.lhs)} {sign} {inner(expression.rhs)})"
    if kind in SAME or kind in OPERATIONS:
        name, args = OPERATIONS.get(kind, kind), [inner(part) for part in expression.args]
        return functools.reduce(lambda a, b: w.operation(name, [a, b]), args) if len(args) > 1 else w.operation(name, args)
    raise EngineError("kernel", "a slope is made of the operations of maichong.ops", str(expression), "use 'rk4'")
