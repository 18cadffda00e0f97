"""The slope of a flow in its own state, d f / d x of f = a x + b, as kernel text.

A slope that is made of sums and products is written as SymPy found it: a membrane's, -(g_leak + g) / c. Any other is the flow at
x = 1 less that at x = 0: a gate's alpha and beta, with their exponentials, stand in the flow already, and LLVM works them out once.
States that do not feel each other go to 1 and to 0 together, so that a cell of many gates is written down twice and not twice for
each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from maichong.engines.events.lower import Writer
from maichong.engines.system import Call


def slope_texts(
    w: Writer, apart: Iterable[Sequence[str]], slopes: Mapping[str, Any], derivative: Sequence[Call], env: Mapping[str, str]
) -> dict[str, str]:
    """d f / d x of the states in ``apart``, groups of such as do not feel each other; ``env`` maps symbols to what holds them."""
    found: dict[str, str] = {}
    for group in apart:
        tried = [state for state in group if not _rational(slopes[state])]
        ends: list[dict[str, str]] = []
        for end in (1.0, 0.0) if tried else ():
            here = {**env, **dict.fromkeys(tried, w.literal(end))}
            for call in derivative:
                w.call(call, here)
            ends.append(here)
        for state in group:
            by_ends = state in tried
            text = f"({ends[0][f'd_{state}']} - {ends[1][f'd_{state}']})" if by_ends else text_of(w, slopes[state], env)
            found[state] = w.keep(text, f"slope_{state}")
    return found


def _rational(expression: Any) -> bool:
    if expression.is_Pow:
        return bool(expression.exp.is_Integer) and _rational(expression.base)
    return bool(expression.is_Symbol or expression.is_Number) or (
        bool(expression.is_Add or expression.is_Mul) and all(map(_rational, expression.args))
    )


def text_of(w: Writer, expression: Any, env: Mapping[str, str]) -> str:
    """A SymPy expression of sums, products, powers and functions that kernels have, as text."""
    import sympy as sp

    if expression.is_Symbol:
        return env[str(expression)]
    if expression.is_Number:
        return w.literal(float(expression))
    if expression.is_Mul:
        above, below = sp.fraction(expression)
        if below != 1:
            return f"({text_of(w, above, env)} / {text_of(w, below, env)})"
    if expression.is_Pow and expression.exp == -1:
        return f"({w.literal(1.0)} / {text_of(w, expression.base, env)})"
    if expression.is_Pow:
        return w.operation("power", [text_of(w, part, env) for part in expression.args])
    if expression.is_Function:
        return w.operation(expression.func.__name__, [text_of(w, part, env) for part in expression.args])
    sign = " + " if expression.is_Add else " * "
    return "(" + sign.join(text_of(w, part, env) for part in expression.args) + ")"
