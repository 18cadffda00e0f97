"""Numbers with units: plain floats inside, text ("20 ms") and pint quantities at the door.

Inside maichong every value is a plain float in its declared unit; the units ms, mV, pA, nS, pF are mutually coherent, so
that equations carry no conversion factors. pint is loaded only when somebody hands in a text or a quantity.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from maichong.errors import ParameterError, UnitError


@functools.cache
def unit_registry() -> Any:
    """The one pint registry of maichong (units of two registries cannot be mixed)."""
    import pint

    return pint.get_application_registry()


def is_quantity(value: object) -> bool:
    """Whether ``value`` is a pint quantity (of any registry), told without importing pint."""
    return hasattr(value, "magnitude") and hasattr(value, "units")


def in_unit(value: Any, unit: str, where: str) -> float | np.ndarray:
    """``value`` as a float, or float64 array, in ``unit``.

    Numbers and arrays count as being in ``unit`` already; text such as ``"20 ms"`` and pint quantities are converted.
    Raises UnitError where the dimension is wrong and ParameterError where it is no number at all.
    """
    if isinstance(value, str):
        value = _parse(value, unit, where)
    if is_quantity(value):
        return _convert(value, unit, where)
    if isinstance(value, (bool, np.bool_)) or value is None:
        raise ParameterError(where, f"must be a number in {unit or 'units of 1'}", repr(value))
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(where, f"must be a number in {unit or 'units of 1'}", repr(value)) from None
    return float(array) if array.ndim == 0 else array


def _parse(text: str, unit: str, where: str) -> Any:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        quantity = unit_registry().Quantity(text)
    except Exception:  # pint raises half a dozen kinds, from its tokenizer upwards
        raise ParameterError(
            where, f"must be a number, or text with a unit like '1 {unit}'" if unit else "must be a number", repr(text)
        ) from None
    return quantity


def _convert(quantity: Any, unit: str, where: str) -> float | np.ndarray:
    # A quantity of another registry is carried over by its text: units of two registries do not mix.
    registry = unit_registry()
    if getattr(quantity, "_REGISTRY", registry) is not registry:
        quantity = registry.Quantity(quantity.magnitude, str(quantity.units))
    try:
        magnitude = quantity.to(unit or "dimensionless").magnitude
    except Exception:
        raise UnitError(
            where, f"must be in {unit or 'units of 1'}", f"'{quantity}', which is in {quantity.units or 'units of 1'}"
        ) from None
    array = np.asarray(magnitude, dtype=np.float64)
    return float(array) if array.ndim == 0 else array
