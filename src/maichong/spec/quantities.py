"""Numbers with units: plain floats inside, text ("20 ms") and pint quantities at the door.

Inside maichong every value is a plain float in its declared unit; the units ms, mV, pA, nS, pF are mutually coherent, so
that equations carry no conversion factors. pint is loaded only when somebody hands in a text or a quantity.
"""

from __future__ import annotations

import contextlib
import functools
import numbers
import re
from decimal import Decimal
from typing import Any, TypeGuard

import numpy as np

from maichong.errors import ParameterError, UnitError, brief

_TEXT = re.compile(
    r"""(?P<number> [+-]? (?: \d+\.?\d* | \.\d+ ) (?:[eE][+-]?\d+)? )
        \s* (?P<unit> (?: 1?\s*/ )? (?: [^\W\d]\w*+ | [%°] | [ ()/·] | \*(?!\*) | (?:\*\*|\^)\s*[+-]?\d (?!\s*[\d.*^]) )+ )""",
    re.VERBOSE,
)
"""A number, then a unit: text is read and not worked out, so powers have one digit and do not tower."""


@functools.cache
def unit_registry() -> Any:
    """The one pint registry of maichong (units of two registries cannot be mixed)."""
    import pint

    return pint.get_application_registry()


def is_quantity(value: object) -> bool:
    """Whether ``value`` is a pint quantity (of any registry), told without importing pint."""
    return hasattr(value, "magnitude") and hasattr(value, "units")


def in_unit(value: Any, unit: str, where: str) -> float | np.ndarray:
    """``value`` as a float, or as a read-only float64 array of its own, in ``unit``.

    Numbers and arrays count as being in ``unit`` already; text such as ``"20 ms"`` and pint quantities are converted.
    Raises UnitError where the dimension is wrong and ParameterError where it is no number at all.
    """
    given = value
    if isinstance(value, str):
        value = _parse(value, unit, where)
    if is_quantity(value):
        value = _convert(value, unit, where)
    array = _array(value)
    if array is None:
        raise ParameterError(where, f"must be a number in {unit or 'units of 1'}", brief(given))
    try:
        array = array.astype(np.float64)
    except (OverflowError, ValueError):
        raise ParameterError(where, "must be a number that a float can hold", brief(given)) from None
    array.setflags(write=False)
    return float(array) if array.ndim == 0 else array


def whole_numbers(values: Any) -> np.ndarray | None:
    """``values`` as a read-only int64 array [n] of its own; None where they are no list of whole numbers below 2**62."""
    array = _array(values)
    if array is None or array.ndim != 1 or array.dtype.kind == "O" or not (np.abs(array) < 2**62).all():
        return None
    whole = array.astype(np.int64)
    whole.setflags(write=False)
    return whole if np.array_equal(whole, array) else None


def _array(value: Any) -> np.ndarray | None:
    """``value`` as NumPy reads it; None where that is no number: text, bytes, flags, dates, complex or masked numbers."""
    if isinstance(value, (bytes, bytearray, memoryview, np.ma.MaskedArray)) or is_quantity(value):
        return None
    try:
        array = np.asarray(value)
    except Exception:  # ragged lists and foreign objects fail in as many ways as there are types
        return None
    if array.dtype.kind == "O" and array.ndim and all(entry is None or is_number(entry) for entry in array.flat):
        return array  # a missing entry becomes NaN, which has a place in the list that an error can name
    return array if array.dtype.kind in "iuf" or (array.dtype.kind == "O" and not array.ndim and is_number(value)) else None


def is_number(value: object) -> TypeGuard[float]:
    """Whether ``value`` is one real number, Python's or NumPy's; a flag is none."""
    return isinstance(value, (numbers.Real, Decimal)) and not isinstance(value, bool)


def _parse(text: str, unit: str, where: str) -> Any:
    try:
        return float(text)
    except ValueError:
        pass
    found = read_quantity(text)
    if found is not None:
        return found
    raise ParameterError(
        where, f"must be a number, or text with a unit like '1 {unit}'" if unit else "must be a number", brief(text)
    )


def read_quantity(text: str) -> Any:
    """The pint quantity that ``text`` says, ``"20 ms"``; None where it is no number with a unit."""
    if len(text) <= 100 and (found := _TEXT.fullmatch(text.strip())):
        named = found["unit"]
        with contextlib.suppress(Exception):  # pint raises half a dozen kinds, from its tokenizer upwards
            return unit_registry().Quantity(float(found["number"]), "1" + named if named.startswith("/") else named)
    return None


def _convert(quantity: Any, unit: str, where: str) -> Any:
    # A quantity of another registry is carried over by its text: units of two registries do not mix.
    registry = unit_registry()
    try:
        if getattr(quantity, "_REGISTRY", registry) is not registry:
            return registry.Quantity(quantity.magnitude, str(quantity.units)).to(unit or "dimensionless").magnitude
        return quantity.to(unit or "dimensionless").magnitude
    except Exception:
        number = quantity.magnitude
        shown = f"{number:g}" if is_number(number) else brief(number)
        raise UnitError(
            where, f"must be in {unit or 'units of 1'}", f"'{shown} {quantity.units}', which is in {quantity.units}"
        ) from None
