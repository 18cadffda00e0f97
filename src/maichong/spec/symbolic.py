"""The SymPy reading: a model's functions as expressions, to find what is linear, and its derivatives."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from maichong import ops
from maichong.spec.reading import arguments, rebind


@functools.cache
def table() -> Mapping[str, Any]:
    """What each name of maichong.ops means in SymPy."""
    import sympy as sp
    from sympy.codegen.cfunctions import log1p  # log(1 + x) would lose small x where numbers are put in

    def where(condition: Any, a: Any, b: Any) -> Any:
        return sp.Piecewise((a, condition), (b, True))

    special = {
        "where": where,
        "power": lambda a, b: sp.sympify(a) ** b,
        "expm1": lambda x: sp.exp(x) - 1,
        "log1p": log1p,
        "arctan": sp.atan,
        "absolute": sp.Abs,
        "minimum": sp.Min,
        "maximum": sp.Max,
    }
    return {name: special.get(name) or getattr(sp, name) for name in ops.NAMES}


def symbol(name: str) -> Any:
    """The real SymPy symbol of a model's name."""
    import sympy as sp

    return sp.Symbol(name, real=True)


def expressions(function: Callable[..., Any], bindings: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
    """The results of ``function`` as SymPy expressions; its arguments are symbols, or what ``bindings`` gives."""
    import sympy as sp

    given = bindings or {}
    values = rebind(function, table())(*(given.get(name, symbol(name)) for name in arguments(function)))
    results = values if isinstance(values, tuple) else (values,)
    return tuple(sp.sympify(value) for value in results)
