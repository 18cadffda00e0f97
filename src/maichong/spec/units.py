"""The unit reading: a model's functions evaluated with pint quantities.

Every symbol is given a quantity in its declared unit. A result must have the unit that its place asks for, and the units must
be mutually coherent: ms, mV, pA, nS, pF need no factors, a second among them would.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from maichong import ops
from maichong.errors import UnitError
from maichong.spec.quantities import unit_registry
from maichong.spec.reading import arguments, place, rebind


@functools.cache
def table() -> Mapping[str, Any]:
    """What each name of maichong.ops means for quantities."""
    registry = unit_registry()

    def quantity(value: Any) -> Any:
        return value if hasattr(value, "dimensionality") else registry.Quantity(value)

    def bare(function: Callable[..., Any]) -> Callable[..., Any]:
        def evaluate(value: Any) -> Any:
            return registry.Quantity(float(function(quantity(value).to("dimensionless").magnitude)))

        return evaluate

    def alike(function: Callable[[float, float], float]) -> Callable[..., Any]:
        def evaluate(a: Any, b: Any) -> Any:
            a, b = _same_unit(quantity(a), quantity(b))
            return registry.Quantity(function(a.magnitude, b.magnitude), a.units)

        return evaluate

    def where(condition: Any, a: Any, b: Any) -> Any:
        a, b = _same_unit(quantity(a), quantity(b))
        return a if condition else b

    special: dict[str, Any] = {
        "where": where,
        "minimum": alike(min),
        "maximum": alike(max),
        "sqrt": lambda x: quantity(x) ** 0.5,
        "power": lambda a, b: quantity(a) ** float(quantity(b).to("dimensionless").magnitude),
        "absolute": lambda x: abs(quantity(x)),
        "sign": lambda x: registry.Quantity(math.copysign(1.0, quantity(x).magnitude)),
        "floor": bare(math.floor),
    }
    return {name: special.get(name) or bare(getattr(np, name)) for name in ops.NAMES}


def _same_unit(a: Any, b: Any) -> tuple[Any, Any]:
    # A bare zero has every unit: where(fired, v, 0) is a sound sentence.
    if a.dimensionless and a.magnitude == 0:
        a = a.magnitude * b.units
    if b.dimensionless and b.magnitude == 0:
        b = b.magnitude * a.units
    return a, b.to(a.units)


def check(function: Callable[..., Any], units: Mapping[str, str], expected: tuple[str | None, ...], owner: str) -> None:
    """Check that the results of ``function`` have the ``expected`` units (None: any), given those of its arguments.

    Raises UnitError at the function's own file and line.
    """
    registry = unit_registry()
    where = f"{place(function)}: {function.__name__}() of {owner}"
    # magnitudes that make no difference vanish by chance
    values = {name: registry.Quantity(1.0 + 0.37 * k, units[name]) for k, name in enumerate(arguments(function))}
    try:
        results = rebind(function, table())(*values.values())
    except Exception as error:
        raise UnitError(where, "its units must fit together", str(error).rstrip(".")) from None
    results = results if isinstance(results, tuple) else (results,)
    for result, unit in zip(results, expected, strict=True):
        if unit is None:
            continue
        result = result if hasattr(result, "dimensionality") else registry.Quantity(result)
        if result.dimensionless and result.magnitude == 0:
            continue
        wanted = registry.Unit(unit)
        if not result.is_compatible_with(wanted):
            raise UnitError(where, f"must return {unit or 'a pure number'}", f"{result.units}")
        factor = (1.0 * result.units).to(wanted).magnitude
        if not math.isclose(factor, 1.0, rel_tol=1e-9):
            raise UnitError(
                where,
                f"must return {unit or 'a pure number'} without a factor",
                f"{result.units}, off by a factor of {factor:g}",
                "declare its symbols in ms, mV, pA, nS and pF, which need none",
            )
