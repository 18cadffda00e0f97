"""The slope of a flow in its own state, d f / d x of f = a x + b, as kernel text.

A slope that is made of sums and products is written as SymPy found it: a membrane's, -(g_leak + g) / c. Any other is the flow at
x = 1 less that at x = 0: a gate's alpha and beta, with their exponentials, stand in the flow already, and LLVM works them out once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from maichong.engines.events.lower import Writer
from maichong.engines.system import Call


def slope_text(w: Writer, state: str, slope: Any, derivative: Sequence[Call], env: Mapping[str, str]) -> str:
    """d f / d ``state``, written for ``w``; ``env`` maps symbols to the text that holds them."""
    if _rational(slope):
        return _text(w, slope, env)
    ends = []
    for end in (1.0, 0.0):
        here = {**env, state: w.literal(end)}
        for call in derivative:
            w.call(call, here)
        ends.append(here[f"d_{state}"])
    return f"({ends[0]} - {ends[1]})"


def _rational(expression: Any) -> bool:
    if expression.is_Pow:
        return bool(expression.exp.is_Integer) and _rational(expression.base)
    return bool(expression.is_Symbol or expression.is_Number) or (
        bool(expression.is_Add or expression.is_Mul) and all(map(_rational, expression.args))
    )


def _text(w: Writer, expression: Any, env: Mapping[str, str]) -> str:
    import sympy as sp

    if expression.is_Symbol:
        return env[str(expression)]
    if expression.is_Number:
        return w.literal(float(expression))
    if expression.is_Mul:
        above, below = sp.fraction(expression)
        if below != 1:
            return f"({_text(w, above, env)} / {_text(w, below, env)})"
    if expression.is_Pow and expression.exp == -1:
        return f"({w.literal(1.0)} / {_text(w, expression.base, env)})"
    if expression.is_Pow:
        return w.operation("power", [_text(w, part, env) for part in expression.args])
    sign = " + " if expression.is_Add else " * "
    return "(" + sign.join(_text(w, part, env) for part in expression.args) + ")"
