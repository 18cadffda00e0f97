"""What a network records: spikes, states and weights, of chosen cells or synapses, within an interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief, is_one_of
from maichong.parts import MOST_STEPS, Population, Projection, whole_steps
from maichong.spec.quantities import in_unit, whole_numbers
from maichong.states import Place, full_name

WEIGHTS = "weights"
SPIKES, COUNTS = "spikes", "counts"


@dataclass(frozen=True)
class Probe:
    """What to record: "spikes", "counts" or a state of ``population``, by its full name, of the given ``cells``, or the weights of
    a ``projection`` onto it, of the given ``synapses``; every ``every`` ms, after ``start`` and up to ``stop`` ms."""

    population: str
    what: str = "spikes"
    every: float | None = None
    cells: tuple[int, ...] | None = None
    start: float | None = None
    stop: float | None = None
    projection: str | None = None
    synapses: tuple[int, ...] | None = None

    def steps(self, dt: float) -> int:
        """``every`` in steps."""
        assert self.every is not None
        return round(self.every / dt)

    def interval(self, dt: float) -> tuple[int, int]:
        """``first`` and ``last``: a stamp in steps is recorded where first < stamp <= last."""
        first = -1 if self.start is None else round(self.start / dt)
        return first, 2**62 if self.stop is None else round(self.stop / dt)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready data."""
        data = {"population": self.population, "what": self.what, "every": self.every, "start": self.start, "stop": self.stop}
        data |= {"cells": self.cells and list(self.cells)}
        if self.projection is not None:
            data |= {"projection": self.projection, "synapses": self.synapses and list(self.synapses)}
        return data


def probe_of(
    target: Population, what: Any, every: Any, cells: Any, start: Any, stop: Any, dt: float, states: Mapping[str, Place]
) -> Probe:
    """A probe on a population, whose ``states`` are given, checked; see ``Network.probe``."""
    where = f"probe on {target.name!r}"
    if is_one_of(what, (WEIGHTS, "weight")) and what not in states:
        fix = "use net.probe_weights(projection, every=...)"
        raise NetworkError(where, f"{brief(what)} cannot be recorded", fix=fix)
    what = full_name(what, states, where, f"{brief(what)} cannot be recorded", (SPIKES, COUNTS))
    step = None
    if what not in states and every is not None:
        raise ParameterError(f"{where}, every", f"{what} are not sampled", brief(every), "leave it out")
    if what in states:
        step = _period(every, dt, where)
    if what == "counts" and (start is not None or stop is not None):
        raise ParameterError(where, "counts have no interval", fix="record the spikes")
    chosen = None if cells is None else _indices(cells, target.n, where, "cells", "cell")
    return Probe(target.name, what, step, chosen, *_interval(start, stop, dt, where))


def weight_probe_of(
    projection: Projection, every: Any, synapses: Any, start: Any, stop: Any, dt: float, size: int | None
) -> Probe:
    """A probe on the weights of a projection, checked; ``size`` is its number of synapses where that is known already."""
    where = f"probe on {projection.name!r}"
    if every is None:
        raise ParameterError(
            f"{where}, every", "must say how often the weights are sampled, in ms", "nothing", "e.g. every=100.0"
        )
    chosen = None if synapses is None else _indices(synapses, size, where, "synapses", "synapse")
    interval = _interval(start, stop, dt, where)
    return Probe(projection.post, WEIGHTS, _period(every, dt, where), None, *interval, projection.name, chosen)


def _period(every: Any, dt: float, where: str) -> float:
    step = in_unit(dt if every is None else every, "ms", f"{where}, every")
    if not isinstance(step, float) or not step >= dt * (1 - 1e-9) or not np.isfinite(step):
        raise ParameterError(f"{where}, every", f"must be >= dt = {dt:g} ms", brief(every))
    if step / dt >= MOST_STEPS:
        raise ParameterError(f"{where}, every", f"must be below 2**62 steps of {dt:g} ms", brief(every))
    if whole_steps(step, dt) is None:
        raise ParameterError(f"{where}, every", f"must be a whole number of steps of {dt:g} ms", brief(every))
    return step


def _interval(start: Any, stop: Any, dt: float, where: str) -> tuple[float | None, float | None]:
    ends: list[float | None] = []
    for name, given in (("start", start), ("stop", stop)):
        if given is None:
            ends.append(None)
            continue
        time = in_unit(given, "ms", f"{where}, {name}")
        if not isinstance(time, float) or not 0 <= time < MOST_STEPS * dt:
            raise ParameterError(f"{where}, {name}", "must be a number >= 0 ms, below 2**62 steps", brief(given))
        if whole_steps(time, dt) is None:
            raise ParameterError(f"{where}, {name}", f"must be a whole number of steps of {dt:g} ms", brief(given))
        ends.append(time)
    first, last = ends
    if last is not None and last <= (first or 0.0):
        after = f"start = {first:g} ms" if first else "0 ms"
        raise ParameterError(f"{where}, stop", f"must be after {after}", brief(stop))
    return first, last


def _indices(given: Any, n: int | None, where: str, what: str, one: str) -> tuple[int, ...]:
    whole = whole_numbers(list(given) if isinstance(given, (Set, Iterator)) else given)
    if whole is None:
        raise NetworkError(where, f"{what} must be a list of indices", brief(given))
    chosen = tuple(whole.tolist())
    if not chosen or min(chosen) < 0 or (n is not None and max(chosen) >= n):
        bound = ">= 0" if n is None else f"between 0 and {n - 1}"
        raise NetworkError(where, f"{what} must be indices {bound}", brief(given))
    if len(set(chosen)) < len(chosen):
        raise NetworkError(where, f"{what} must name each {one} once", brief(given))
    return chosen
