"""What a benchmark network is: its constants, which every tool gets and none repeats, and for how long each tool runs it."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any


def constant(value: Any, unit: str, meaning: str) -> Any:
    """A constant of a network: its value, its unit ("": a number) and what it is."""
    return field(default=value, metadata={"unit": unit, "meaning": meaning})


@dataclass(frozen=True)
class Span:
    """What a tool simulates: ``ms`` of biological time, ``repeats`` times one after the other; the median counts."""

    ms: float
    repeats: int = 1


@dataclass(frozen=True)
class Benchmark:
    """A network that several tools run.

    ``family`` is the module here that describes it: its ``Constants``, its ``network(constants, seed)``. Constants have, beside
    their fields, ``dt`` (ms), ``sizes`` (neurons by population) and ``synapses`` (their number, or the one to expect).
    ``spans`` says what each tool simulates after ``warmup_ms``: the slow ones less. ``published`` are rates in Hz by
    population, ``precisions`` those in which maichong runs it. Mean rates that differ by more than ``alike`` are those of other
    work: 5 %, and more where chance moves them more.
    """

    name: str
    title: str
    family: str
    constants: Any
    warmup_ms: float
    spans: Mapping[str, Span]
    precisions: tuple[str, ...] = ("float32", "float64")
    alike: float = 0.05
    published: Mapping[str, float] = field(default_factory=dict)
    publication: str = ""


def family_of(name: str) -> ModuleType:
    """The module that describes a family of networks."""
    return importlib.import_module(f"maichong.bench.networks.{name}")


def values(constants: Any) -> dict[str, Any]:
    """Constants, and what follows from them, as data that JSON can hold: what the peers' scripts get."""
    derived = [name for name in dir(type(constants)) if isinstance(getattr(type(constants), name), property)]
    return {name: getattr(constants, name) for name in (*given(constants), *derived)}


def given(constants: Any) -> dict[str, Any]:
    """The constants alone, by name."""
    return {entry.name: getattr(constants, entry.name) for entry in dataclasses.fields(constants)}


def restored(family: str, data: Mapping[str, Any]) -> Any:
    """The constants from what ``values`` gave, after JSON made lists of its tuples."""
    cls = family_of(family).Constants
    return cls(**{entry.name: _tuple(data[entry.name]) for entry in dataclasses.fields(cls)})


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def described(constants: Any) -> list[tuple[str, str, str]]:
    """Name, value with unit, and meaning of each constant, for people."""
    rows = []
    for entry in dataclasses.fields(constants):
        unit = entry.metadata["unit"]
        rows.append((entry.name, f"{_text(getattr(constants, entry.name))} {unit}".rstrip(), entry.metadata["meaning"]))
    return rows


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        # commas between numbers, none within them
        return ("\n" if isinstance(value[0], tuple) else ", ").join(
            f"{item:.12g}" if isinstance(item, (int, float)) else _text(item) for item in value
        )
    return f"{value:,.12g}" if isinstance(value, (int, float)) else str(value)
