"""How the tables of this package say where a number of NEST's comes from: a number, a symbol of ours, or a function of symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from maichong.spec.reading import arguments

Value = float | str | Callable[..., Any]
Values = Mapping[str, Value]
Conditions = Mapping[str, Callable[..., Any] | None]
"""In words, each with a function that says where it is so (None: everywhere)."""


def worked_out(values: Values, symbols: Mapping[str, Any]) -> dict[str, Any]:
    """The ``values`` by name, each one number or one for each cell."""
    return {name: _value(value, symbols) for name, value in values.items()}


def holds(condition: Callable[..., Any] | None, symbols: Mapping[str, Any]) -> Any:
    """Whether a condition holds, or for each cell whether it does."""
    return True if condition is None else _value(condition, symbols)


def _value(value: Value, symbols: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return symbols[value]
    return value(*(symbols[name] for name in arguments(value))) if callable(value) else value
