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
from maichong.spec.reading import arguments, line_of, line_of_result, place, rebind


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


def check(
    function: Callable[..., Any],
    units: Mapping[str, str],
    expected: tuple[str | None, ...],
    owner: str,
    plain: Callable[..., Any] | None = None,
) -> None:
    """Check that the results of ``function`` have the ``expected`` units (None: any), given those of its arguments.

    The quantities must also give what bare numbers give, for pint converts silently in a sum of mV and V; ``plain`` is the
    function on bare numbers, where it is another one.

    Raises UnitError at the line of the function's file that is wrong.
    """
    registry = unit_registry()
    whose = f"{function.__name__}() of {owner}"
    # magnitudes that make no difference vanish by chance; the first one, a source's u, lies in 0..1
    numbers = {name: 0.61 + 0.37 * k for k, name in enumerate(arguments(function))}
    try:
        values = {name: registry.Quantity(number, units[name]) for name, number in numbers.items()}
    except Exception as error:
        raise UnitError(f"{place(function)}: {whose}", "its symbols must have known units", str(error).rstrip(".")) from None
    try:
        results = _listed(rebind(function, table())(*values.values()))
    except Exception as error:
        where = f"{line_of(error, function)}: {whose}"
        raise UnitError(where, "its units must fit together", _met(error)) from None
    bare = _listed((plain or function)(*numbers.values()))
    for k, (result, number, unit) in enumerate(zip(results, bare, expected, strict=True)):
        result = result if hasattr(result, "dimensionality") else registry.Quantity(result)
        if result.magnitude == 0 or not math.isfinite(number):
            continue
        where = f"{line_of_result(function, k)}: {whose}"
        if unit is not None and not result.is_compatible_with(registry.Unit(unit)):
            raise UnitError(where, f"must return {unit or 'a pure number'}", f"{result.units}")
        inside = result if unit is None else result.to(unit or "dimensionless")
        if not math.isclose(inside.magnitude, float(number), rel_tol=1e-9):
            raise UnitError(
                where,
                f"must return {unit or inside.units} without a factor",
                f"{result.units}, off by a factor of {inside.magnitude / number:g}",
                "declare its symbols in ms, mV, pA, nS and pF, which need none",
            )


def _met(error: Exception) -> str:
    """Which units met that do not fit, in words; pint's own where it is about something else."""
    met = getattr(error, "units1", None), getattr(error, "units2", None)
    if None in met:
        return str(error).rstrip(".")
    return " and ".join("a pure number" if str(unit) in ("", "dimensionless") else str(unit) for unit in met)


def _listed(results: Any) -> tuple[Any, ...]:
    return results if isinstance(results, tuple) else (results,)
