"""A paper's settings from what its caller gave: text of the command line, values of Python or of a run's folder."""

from __future__ import annotations

import math
import typing
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from maichong.errors import ParameterError, did_you_mean


def settle(module: ModuleType, data: str, given: Mapping[str, Any], smoke: bool) -> Any:
    """The settings: the paper's, changed by the data set, by ``smoke`` and by what the user gave, as text or as values."""
    check_data(module, data)
    return module.Settings(**module.preset(data, given_settings(module, given, smoke)))


def given_settings(module: ModuleType, given: Mapping[str, Any], smoke: bool) -> dict[str, Any]:
    """What a caller changes, each value of the type that the setting has."""
    kinds = typing.get_type_hints(module.Settings)
    values = dict(module.SMOKE) if smoke else {}
    for key, value in given.items():
        if key not in kinds:
            raise ParameterError(f"{module.NAME}, --set", f"has no setting {key!r}", fix=did_you_mean(key, kinds))
        values[key] = typed(value, kinds[key], f"{module.NAME}.{key}")
    return values


def typed(value: Any, kind: Any, where: str) -> Any:
    """``value``, or what it says where it is text, as a ``kind``."""
    try:
        made = _read(value, kind)
    except (KeyError, TypeError, ValueError, OverflowError):
        words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[kind]
        raise ParameterError(where, f"must be {words}", repr(value)) from None
    if kind is float and not math.isfinite(made):
        raise ParameterError(where, "must be finite", made)
    return made


def _read(value: Any, kind: Any) -> Any:
    if isinstance(value, str):
        return {"true": True, "false": False}[value.casefold()] if kind is bool else kind(value)
    if isinstance(value, bool) != (kind is bool) or not isinstance(value, (int, float) if kind is float else kind):
        raise TypeError
    return kind(value)


def check_data(module: ModuleType, data: Any) -> None:
    if not isinstance(data, str) or data not in module.DATA:
        where, runs_on = f"{module.NAME}, data", f"runs on {', '.join(module.DATA)}"
        raise ParameterError(where, runs_on, repr(data), did_you_mean(data, module.DATA))


def check_least(module_name: str, settings: Any, least: float, names: Iterable[str]) -> None:
    """ParameterError where one of the settings called ``names`` is below ``least``."""
    for name in names:
        if getattr(settings, name) < least:
            raise ParameterError(f"{module_name}.{name}", f"must be >= {least:g}", getattr(settings, name))


def check_above(module_name: str, settings: Any, bound: float, names: Iterable[str]) -> None:
    """ParameterError where one of the settings called ``names`` is not above ``bound``."""
    for name in names:
        if not getattr(settings, name) > bound:
            raise ParameterError(f"{module_name}.{name}", f"must be > {bound:g}", getattr(settings, name))
