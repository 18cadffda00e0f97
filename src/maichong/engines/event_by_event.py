"""Exact spike times in the reference engine: one neuron after another, one step, from event to event.

Times within a step are counted backwards: ``before`` is how many ms something comes before the step's end. What is plain there,
a neuron that nothing happens to and that cannot have crossed its threshold, is done for all at once.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.engines.off_grid import HALVINGS, fires_twice, free_at, growth
from maichong.engines.population_plan import PopulationPlan
from maichong.engines.system import Port, evaluate


@dataclass(frozen=True)
class Arrivals:
    """Spikes that arrive within a step at one port: their targets, weights and times, each [arrivals]."""

    port: Port
    target: np.ndarray
    weight: np.ndarray
    before: np.ndarray


def through_step(
    plan: PopulationPlan, env: dict[str, Any], until: np.ndarray, before_until: np.ndarray, arrivals: Sequence[Arrivals],
    step: int, dt: float, learning: bool,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Take the states in ``env``, and how long membranes are held, to the end of ``step``.

    Returns who fired, bool [n], and how many ms before the end, [n]. Raises EngineError where a neuron fires twice.
    """
    system, off = plan.system, plan.off_grid
    assert system and off
    still = [] if learning else [off.states.index(name) for name in system.learned]
    membrane = off.states.index(system.membrane)
    x = np.stack([np.broadcast_to(env.get(name, 1.0), (plan.n,)) for name in off.columns], axis=1)
    grown, bound = off.step
    d = np.einsum("nsc,nc->ns", grown[off.kind], x)
    d[:, still] = 0.0
    after = x.copy()
    after[:, : len(off.states)] += d
    highest = np.maximum(_excess(plan, env, x), _excess(plan, env, after)) + np.einsum("ns,ns->n", bound[off.kind], np.abs(d))
    free = until <= step
    after[~free, membrane] = x[~free, membrane]
    eventful = (until == step + 1) | (free & (highest >= 0))
    for group in arrivals:
        eventful[group.target] = True
    fired, before = np.zeros(plan.n, bool), np.zeros(plan.n)
    for j in np.flatnonzero(eventful):
        mine = [(float(g.before[k]), g.port, float(g.weight[k])) for g in arrivals for k in np.flatnonzero(g.target == j)]
        cell = _Cell(plan, env, int(j), still, step, dt, int(until[j]), float(before_until[j]))
        after[j] = cell.through(x[j], sorted(mine, key=lambda arrival: -arrival[0]))
        until[j], before_until[j] = cell.until, cell.before_until
        fired[j], before[j] = cell.fired is not None, cell.fired or 0.0
    for k, name in enumerate(off.states):
        env[name] = after[:, k].copy()
    return fired, before


def _excess(plan: PopulationPlan, env: Mapping[str, Any], x: np.ndarray) -> np.ndarray:
    """How far each membrane is above its threshold, [n], for the states ``x``, [n, columns]."""
    assert plan.system and plan.off_grid
    scratch = {**env, **dict(zip(plan.off_grid.columns, x.T, strict=True))}
    evaluate(plan.system.fires, scratch)
    return np.broadcast_to(scratch["excess"], (plan.n,))


class _Cell:
    """Neuron ``j`` in one step. Its states, drives and 1 are one vector ``x``; it was ``fired`` so many ms before the end."""

    def __init__(
        self, plan: PopulationPlan, env: Mapping[str, Any], j: int, still: Sequence[int], step: int, dt: float, until: int,
        before_until: float,
    ) -> None:  # fmt: skip
        system, off = plan.system, plan.off_grid
        assert system and off
        self.system, self.off, self.j, self.name = system, off, j, plan.name
        self.step, self.dt, self.still, self.until, self.before_until = step, dt, still, until, before_until
        self.fired: float | None = None
        self.known = {name: np.broadcast_to(env[name], (plan.n,))[j] for name in system.symbols()}
        kind = slice(off.kind[j], off.kind[j] + 1)
        self.matrix = off.matrix[kind].copy()
        self.matrix[:, still] = 0.0  # states of rules, where learning is off
        self.grain = off.grain[off.kind[j]]
        self.held_matrix = self.matrix.copy()
        self.held_matrix[:, off.states.index(system.membrane)] = 0.0
        mine = dataclasses.replace(off, matrix=self.matrix, slopes=off.slopes[kind])
        self.part = functools.cache(lambda h: tuple(values[0] for values in next(iter(mine.parts(h)))))

    def through(self, x: np.ndarray, arrivals: list[tuple[float, Port, float]]) -> np.ndarray:
        """The states at the end of the step; ``arrivals`` are in order of time."""
        now = self.dt
        while True:
            while arrivals and arrivals[0][0] >= now:
                x = self._jumped(x, *arrivals.pop(0)[1:], held=self._held(now))
            if not self._held(now) and (excess := self.excess(x)) >= 0:
                x = self._fire(x, now, excess)
                continue
            if now == 0.0:
                return x
            coming = [arrivals[0][0] if arrivals else 0.0, self.before_until if self.until == self.step + 1 else 0.0]
            following = max(before for before in (0.0, *coming) if before < now)
            if self._held(now):
                x, now = self._after_held(x, now - following), following
                continue
            x, _, wait = self.towards(x, self.excess(x), now - following)
            now = following if wait is None else max(now - wait, following)
            if wait is not None:
                x = self._fire(x, now, 0.0)

    def towards(self, x: np.ndarray, below: float, h: float) -> tuple[np.ndarray, float, float | None]:
        """Take the states ``x``, whose excess is ``below`` 0, through ``h`` ms or to the crossing in them, if that comes first.

        Returns the states there, their excess, and how many ms it took to the crossing; None where there is none.
        """
        grown, bound = self.part(h)
        d = grown @ x
        after = x.copy()
        after[: d.size] += d
        above, bent = self.excess(after), float(bound @ np.abs(d))
        if not max(below, above) + bent >= 0:
            return after, above, None
        if h < self.dt * 2.0**-HALVINGS or bent <= self.grain @ np.abs(x[: d.size]):
            if not above >= 0:
                return after, above, None
            share = below / (below - above)
            crossed = x.copy()
            crossed[: d.size] += share * d
            return crossed, 0.0, share * h
        # the second half goes on from where the first has led, as rounded: else each might leave a crossing to the other
        x, below, first = self.towards(x, below, h / 2)
        if first is not None:
            return x, below, first
        x, above, second = self.towards(x, below, h / 2)
        return x, above, None if second is None else h / 2 + second

    def excess(self, x: np.ndarray) -> float:
        """How far the membrane is above its threshold."""
        scratch = self._named(x)
        evaluate(self.system.fires, scratch)
        return float(scratch["excess"])

    def _held(self, before: float) -> bool:
        return self.until > self.step + 1 or (self.until == self.step + 1 and before > self.before_until)

    def _after_held(self, x: np.ndarray, h: float) -> np.ndarray:
        grown = next(growth(self.held_matrix, h, 0))[0]
        x = x.copy()
        x[: len(self.off.states)] += (grown @ x)[: len(self.off.states)]
        return x

    def _jumped(self, x: np.ndarray, port: Port, weight: float, *, held: bool) -> np.ndarray:
        x = x.copy()
        for state, jump in () if port.gated and held else port.jumps:
            x[self.off.states.index(state)] += jump * weight
        return x

    def _fire(self, x: np.ndarray, now: float, excess: float) -> np.ndarray:
        if self.fired is not None:
            raise fires_twice(self.name, self.j, self.step, self.dt)
        self.fired = now
        pause = int(self.off.pause[self.j]), float(self.off.pause_before[self.j])
        self.until, self.before_until = free_at(self.step + 1, now, *pause, self.dt)
        scratch = {**self._named(x), "excess": excess}
        evaluate(self.system.reset, scratch)
        x = x.copy()
        for k, name in enumerate(self.off.states):
            if k not in self.still:
                x[k] = scratch.get(f"reset_{name}", x[k])
        return x

    def _named(self, x: np.ndarray) -> dict[str, Any]:
        return {**self.known, **dict(zip(self.off.columns, x, strict=True))}
