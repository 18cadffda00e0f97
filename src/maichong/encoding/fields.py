"""How a code declares its parameters: each with its unit, its meaning and its bounds, once; errors and tables read them here.

The fields of a code's dataclass are made by ``number``, ``whole``, ``choice``, ``flag`` and ``seed``; ``settle`` accepts what was
given for them. The bounds and units of numbers are those of ``spec.Param``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.spec.declare import Option, Param

SMALLEST, LARGEST = 1e-100, 1e100
"""Of parameters that must be above 0, and of all numbers: beyond, quotients and squares may be more than a double holds."""
DECLARED = "declared"
"""The key in a field's metadata under which its declaration stands."""


@dataclasses.dataclass(frozen=True)
class Whole:
    """A whole number from ``low`` up, below 2**``digits``; ``optional`` ones may be None."""

    name: str
    meaning: str
    low: int
    optional: bool = False
    digits: int = 31
    unit: str = ""

    def bounds_text(self) -> str:
        return f"a whole number >= {self.low}{' or none' if self.optional else ''}"

    def accept(self, value: Any, owner: str) -> int | None:
        if value is None and self.optional:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < self.low:
            raise ParameterError(f"{owner}.{self.name}", f"must be {self.bounds_text()}", brief(value))
        if value >= 2**self.digits:
            raise ParameterError(f"{owner}.{self.name}", f"must be below 2**{self.digits}", brief(value))
        return int(value)


@dataclasses.dataclass(frozen=True)
class Flag:
    """Yes or no."""

    name: str
    meaning: str
    unit: str = ""

    def bounds_text(self) -> str:
        return "True or False"

    def accept(self, value: Any, owner: str) -> bool:
        if not isinstance(value, (bool, np.bool_)):
            raise ParameterError(f"{owner}.{self.name}", "must be True or False", brief(value))
        return bool(value)


def number(
    default: float | None, unit: str, meaning: str, *, above: float | None = None, low: float | None = None,
    high: float | None = None,
) -> Any:  # fmt: skip
    """A number in ``unit``; one whose default is None may be None."""
    return field(default=default, metadata={DECLARED: Param("", default, unit, meaning, above, low, high, static=True)})


def whole(default: int, meaning: str, *, low: int = 1) -> Any:
    """A whole number."""
    return field(default=default, metadata={DECLARED: Whole("", meaning, low)})


def choice(meaning: str, *choices: str) -> Any:
    """One of several names, the first if left out."""
    return field(default=choices[0], metadata={DECLARED: Option("", choices, meaning)})


def flag(default: bool, meaning: str) -> Any:
    """True or False."""
    return field(default=default, metadata={DECLARED: Flag("", meaning)})


def seed(meaning: str = "of the random numbers: the same seed draws the same spikes") -> Any:
    """The seed of a code that draws, 0 if left out."""
    return field(default=0, metadata={DECLARED: Whole("", meaning, 0, digits=62)})


def other(meaning: str) -> dict[str, str]:
    """The metadata of a field that the code itself accepts."""
    return {DECLARED: meaning}


def numbers(value: Any) -> np.ndarray | None:
    """``value`` as a float64 array; None where it is no array of numbers: text, ragged lists, masked or complex numbers."""
    if isinstance(value, np.ma.MaskedArray):
        return None
    try:
        array = np.asarray(value)
        return array.astype(np.float64) if array.dtype.kind in "buif" else None
    except Exception:  # foreign objects fail in as many ways as there are types
        return None


def settle(code: Any) -> None:
    """Replace what was given for the declared fields of ``code`` by what they accept; ParameterError names the field."""
    for entry in dataclasses.fields(code):
        declared = entry.metadata.get(DECLARED)
        if declared is not None and not isinstance(declared, str):
            named, owner = dataclasses.replace(declared, name=entry.name), type(code).__name__
            value = named.accept(getattr(code, entry.name), owner)
            if isinstance(named, Param) and isinstance(value, float):
                _check_size(value, named, f"{owner}.{entry.name}")
            object.__setattr__(code, entry.name, value)


def _check_size(value: float, declared: Param, where: str) -> None:
    """ParameterError for a number with which codes could not reckon."""
    least = SMALLEST if declared.above == 0.0 else 0.0
    if not least <= abs(value) <= LARGEST:
        bounds = f"from {least:g} to {LARGEST:g}" if least else f"up to {LARGEST:g} in size"
        got = f"{value:g}{' ' * bool(declared.unit)}{declared.unit}"
        raise ParameterError(where, f"must be {bounds}, or results are no numbers", got)


def described(code: type[Any]) -> list[tuple[str, str, str, str, str]]:
    """Of each field of a code: name, default, unit, bounds and meaning, in words."""
    rows = []
    for entry in dataclasses.fields(code):
        declared = entry.metadata.get(DECLARED, "")
        default = "none" if entry.default is None else f"{entry.default}"
        if isinstance(declared, str):
            rows.append((entry.name, default, "", "", declared))
        elif isinstance(declared, Option):
            rows.append((entry.name, default, "", " | ".join(declared.choices), declared.meaning))
        else:
            rows.append((entry.name, default, declared.unit, declared.bounds_text(), declared.meaning))
    return rows
