"""The parts of a network as data that JSON and plain arrays can hold, and what reads such data again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from maichong.parts import Background, GapJunctions, Noise, Population, Projection, SpikeTimes
from maichong.spec import Distribution
from maichong.spec.model import from_data, same_value
from maichong.spec.steps import Steps


def _value_to_dict(value: Any) -> Any:
    return value.to_dict() if isinstance(value, (Distribution, Steps)) else value


def population_to_dict(population: Population) -> dict[str, Any]:
    model = population.model
    return {
        "name": population.name,
        "n": population.n,
        "model": _given_to_dict(model) if isinstance(model, SpikeTimes) else model.to_dict(),
        "init": {name: _value_to_dict(value) for name, value in population.init.items()},
        "drive": {name: _value_to_dict(value) for name, value in population.drive.items()},
        "plasticity": [rule.to_dict() for rule in population.plasticity],
        **({"sign": population.sign} if population.sign else {}),
    }


def _given_to_dict(spikes: SpikeTimes) -> dict[str, Any]:
    return {"times": spikes.times, "ids": spikes.ids, **({"exact": True} if spikes.exact else {})}


def projection_to_dict(projection: Projection) -> dict[str, Any]:
    return {
        "name": projection.name,
        "pre": projection.pre,
        "post": projection.post,
        "connector": projection.connector.to_dict(),
        "weight": _value_to_dict(projection.weight),
        "delay": _value_to_dict(projection.delay),
        "receptor": projection.receptor.to_dict(),
        "plasticity": [rule.to_dict() for rule in projection.plasticity],
        "input": projection.input,
        "short_term": projection.short_term and projection.short_term.to_dict(),
        "dendritic_delay": _value_to_dict(projection.dendritic_delay),
    }


def background_to_dict(background: Background) -> dict[str, Any]:
    return {
        "name": background.name,
        "target": background.target,
        "rate": _value_to_dict(background.rate),
        "weight": _value_to_dict(background.weight),
        "receptor": background.receptor.to_dict(),
        "input": background.input,
    }


def noise_to_dict(noise: Noise) -> dict[str, Any]:
    numbers = {what: _value_to_dict(getattr(noise, what)) for what in ("mean", "sigma", "tau")}
    return {"name": noise.name, "target": noise.target, **numbers, "input": noise.input}


def gap_junctions_to_dict(gap: GapJunctions) -> dict[str, Any]:
    return {
        "name": gap.name, "a": gap.a, "b": gap.b, "connector": gap.connector.to_dict(),
        "conductance": _value_to_dict(gap.conductance),
    }  # fmt: skip


def plain_value(value: Any) -> Any:
    value = from_data(value)
    return np.asarray(value) if isinstance(value, list) else value


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain_value(value) for name, value in values.items()}


def plain_arrays(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value) if isinstance(value, list) else value for name, value in data.items()}


def same_data(a: Any, b: Any) -> bool:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same_data(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same_data(x, y) for x, y in zip(a, b, strict=True))
    return same_value(a, b)
