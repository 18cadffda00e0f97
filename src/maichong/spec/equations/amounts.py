"""Numbers and units as text means them, in the coherent units of a model: ms, mV, pA and what follows from these."""

from __future__ import annotations

import math
from typing import Any

from maichong.errors import ParameterError, UnitError, brief
from maichong.spec.quantities import is_number, read_quantity, unit_registry

NAMED = {
    (0, 0, 0): "", (1, 0, 0): "ms", (0, 1, 0): "mV", (0, 0, 1): "pA", (0, -1, 1): "nS", (1, -1, 1): "pF", (0, 1, -1): "Gohm",
    (-1, 0, 0): "1/ms",
}  # fmt: skip
"""Coherent units by their powers of time, voltage and current."""
ONE = ("1", "dimensionless", "")


def unit_quantity(text: str, where: str) -> Any:
    """One of the unit that ``text`` names, as a pint quantity; UnitError where there is none."""
    if text in ONE:
        return unit_registry().Quantity(1.0, "")
    found = read_quantity(f"1 {text}")
    if found is None or found.magnitude != 1.0:
        raise UnitError(where, "must be a unit such as mV, ms, pA, nS, pF, Hz, 1/ms or 1", brief(text))
    return found


def own(quantity: Any, where: str) -> Any:
    """A pint quantity of any registry as one of ours."""
    number = quantity.magnitude
    if not is_number(number):
        raise ParameterError(
            where, "its default must be one number", brief(number), "give one per neuron where the model is used"
        )
    return unit_registry().Quantity(float(number), str(quantity.units))


def coherent(quantity: Any, spelled: str) -> tuple[float, str]:
    """A quantity as a number and its coherent unit: 0.2 nF is 200 pF; units that are coherent already stay as ``spelled``.

    Units that no power of ms, mV and pA makes, such as uF/cm**2, stay too: whether they fit together the unit check tells.
    """
    powers = {name: value for name, value in quantity.dimensionality.items() if value}
    mass, length = powers.pop("[mass]", 0), powers.pop("[length]", 0)
    time, current = powers.pop("[time]", 0), powers.pop("[current]", 0)
    if powers or length != 2 * mass:
        return float(quantity.magnitude), spelled
    key = (time + 3 * mass, mass, current + mass)  # a volt is kg m2 / (s3 A)
    unit = NAMED.get(key)
    if unit is None:
        unit = " * ".join(f"{name}**{power:g}" for name, power in zip(("ms", "mV", "pA"), key, strict=True) if power)
    factor = float(unit_registry().Quantity(1.0, quantity.units).to(unit or "dimensionless").magnitude)
    if math.isclose(factor, 1.0, rel_tol=1e-12):
        return float(quantity.magnitude), "" if spelled in ONE else spelled
    return float(f"{factor * float(quantity.magnitude):.15g}"), unit  # a conversion leaves 1e-16 behind


def coherent_unit(text: str, where: str) -> str:
    """The coherent unit for a unit's text: "volt" is measured in mV; UnitError where it is no unit."""
    return coherent(unit_quantity(text, where), text)[1]


def same_dimension(a: str, b: str) -> bool:
    """Whether two units measure the same."""
    registry = unit_registry()
    return registry.Quantity(1.0, a or "dimensionless").is_compatible_with(b or "dimensionless")
