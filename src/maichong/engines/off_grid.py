"""Exact spike times: a linear flow in closed form over any part of a step, and a bound on what it does in between.

Let x' = M x, drives and the constant counted among the columns of M. Over h ms the states grow by D = (exp(M h) - 1) x. How far the
membrane is above its threshold, e, is linear in the states, with the slopes c. With A the part of M that couples states and
F(h) = int_0^h exp(A s) ds, D = F(h) x'(0), and so

    e''(t) = c A exp(A t) F(h)^-1 D,    |e''| h^2 / 8 <= b |D|  with  b = h^2 / 8  |c A|  exp(N h)  |F(h)^-1|,

where N is |A| without what is negative on the diagonal of A. Inside the h ms e is at most max(e(0), e(h)) + b |D|. Where that is
below zero no crossing is hidden; where it is not, the halves are looked at, until the course is a straight line as far as e can
be told from its rounding, or down to 2**-26 of a step. Halves are no help from there on: near rheobase the growth over one of them
is less than what a potential is rounded by, and is lost where it is added. So no crossing is missed, also none that falls back
within the step. Spikes stay one in a step for each neuron: the grid has one stamp.

Source: Morrison, Straube, Plesser & Diesmann 2007, doi:10.1162/neco.2007.19.1.47 (events between grid points); Hanuschkin, Kunkel,
Helias, Morrison & Diesmann 2010, doi:10.3389/fninf.2010.00113 (crossings that end-of-step tests miss).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.engines.integration import Integration, evaluated, flows_of, generator, reached
from maichong.engines.system import GAP, System, evaluate
from maichong.errors import EngineError
from maichong.parts import stamped
from maichong.spec.reading import rebind
from maichong.spec.symbolic import symbol, table

HALVINGS = 26
"""The finest part of a step that is looked at is 2**-26 of it; inside that a flow is a straight line, to 1e-16 of the step."""

LARGE = 1e300
"""A bound that says nothing, and that nothing times is nothing."""


@dataclass(frozen=True)
class OffGrid:
    """What a population with exact spike times needs to know of its flow.

    ``columns`` are its states, what is held within a step, and the constant. Neurons of equal coefficients are of one ``kind``:
    int32 [n]; ``matrix`` is M, [kinds, columns, columns], ``slopes`` c, [kinds, states], and ``coupled`` says which entries of
    exp(M h) may not be zero. A refractory period lasts until ``pause`` steps after a spike's stamp, less ``pause_before`` ms and
    less as many ms as the spike came before its stamp; both [n].
    """

    dt: float
    states: tuple[str, ...]
    columns: tuple[str, ...]
    matrix: np.ndarray
    slopes: np.ndarray
    kind: np.ndarray
    coupled: np.ndarray
    pause: np.ndarray
    pause_before: np.ndarray

    @property
    def alike(self) -> bool:
        """Whether what arrives does the same to all neurons."""
        n = len(self.states)
        return bool((self.matrix[:, :n, :n] == self.matrix[0, :n, :n]).all() and (self.slopes == self.slopes[0]).all())

    @functools.cached_property
    def step(self) -> tuple[np.ndarray, np.ndarray]:
        """``parts`` of a whole step."""
        return next(iter(self.parts(self.dt)))

    @functools.cached_property
    def grain(self) -> np.ndarray:
        """An eighth of what the excess is rounded by, for each unit of each state: [kinds, states]."""
        return np.abs(self.slopes) * 2.0**-55

    def parts(self, h: float, halvings: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """From the finest to the whole: exp(M h / 2**k) - 1, [kinds, states, columns], and the bound b, [kinds, states]."""
        n, kinds = len(self.states), len(self.matrix)
        a = self.matrix[:, :n, :n]
        joined = np.zeros((kinds, 2 * n, 2 * n))
        joined[:, :n, :n], joined[:, :n, n:] = a, np.eye(n)
        n_only = np.abs(a)
        diagonal = np.einsum("kii->ki", n_only)
        diagonal[:] = np.maximum(np.einsum("kii->ki", a), 0.0)
        bent = np.abs(np.einsum("ks,kst->kt", self.slopes, a))
        grown = zip(*(growth(matrix, h, halvings) for matrix in (self.matrix, joined, n_only)), strict=True)
        for k, (whole, both, most) in zip(range(halvings, -1, -1), grown, strict=True):
            try:
                back = np.abs(np.linalg.inv(both[:, :n, n:]))
            except np.linalg.LinAlgError:  # a whole number of turns of what oscillates: parts of it tell more
                back = np.full((kinds, n, n), LARGE)
            with np.errstate(all="ignore"):
                bound = (h / 2.0**k) ** 2 / 8 * np.einsum("ks,kst,ktu->ku", bent, most + np.eye(n), back)
            yield whole[:, :n], np.nan_to_num(bound * (1 + 1e-9), nan=LARGE, posinf=LARGE)


def growth(matrix: np.ndarray, h: float, halvings: int) -> Iterator[np.ndarray]:
    """exp(M h / 2**k) - 1 for k = ``halvings`` ... 0, each [kinds, columns, columns].

    The series at the finest, then E <- (2 + E) E. What is small keeps its relative precision, as it would not in exp(M h); and time
    constants may be equal.
    """
    norm = np.abs(matrix).sum(axis=2).max(initial=0.0) * h
    finest = max(halvings, int(np.ceil(np.log2(max(norm, 1e-300)))) + 6)
    x = matrix * (h / 2.0**finest)
    one = np.eye(matrix.shape[1])
    grown = x / 8
    for k in range(7, 0, -1):
        grown = x @ (one + grown) / k
    for k in range(finest, -1, -1):
        if k <= halvings:
            yield grown
        grown = 2 * grown + grown @ grown


def off_grid_of(system: System, integration: Integration, t_ref: np.ndarray, dt: float, where: str) -> OffGrid:
    """What exact spike times need; EngineError, with the reason, where they cannot be had."""
    flows = flows_of(system)
    excess = _excess(system)
    reason = _obstacle(system, integration, flows, excess, t_ref)
    if reason:
        raise EngineError(where, f"cannot have exact spike times: {reason}", fix="use spike_times='grid'")
    columns, entries = generator(system, flows, system.states)
    size = len(columns)
    for k, state in enumerate(system.states):
        entries[size, k] = excess.diff(symbol(state))
    entries = {place: value for place, value in entries.items() if value != 0}
    values, kind = evaluated(system, entries, (size + 1, size))
    pause, before = stamped(t_ref, dt)
    return OffGrid(
        dt, system.states, tuple(columns), values[:, :size], values[:, size, : len(system.states)],
        np.zeros(t_ref.size, np.int32) if kind is None else kind.astype(np.int32), _coupled(entries, size), pause, before,
    )  # fmt: skip


def _coupled(entries: Mapping[tuple[int, int], Any], size: int) -> np.ndarray:
    """What can reach what, whatever the values of parameters, so that populations of one kind share their kernels."""
    there = np.zeros((1, size, size))
    for row, column in entries:
        if row < size:
            there[0, row, column] = 1.0
    return reached(there)


def free_at(stamp: int, before: float, pause: int, pause_before: float, dt: float) -> tuple[int, float]:
    """Until when a spike holds the membrane: a stamp, and how many ms before it, in [0, dt)."""
    left = before + pause_before
    return (stamp + pause - 1, left - dt) if left >= dt else (stamp + pause, left)


def fires_twice(population: str, neuron: int, step: int, dt: float) -> EngineError:
    """The error of a neuron that fires twice within ``step``: a stamp of the grid holds one spike of each."""
    once = f"neuron {neuron} fires twice within the step of {dt:g} ms that ends at {(step + 1) * dt:.10g} ms"
    return EngineError(f"population {population!r}", once, fix="use a smaller dt, or a t_ref of at least dt")


def _excess(system: System) -> Any:
    """How far the membrane is above its threshold, as a SymPy expression."""
    import sympy as sp

    env: dict[str, Any] = {name: symbol(name) for name in system.symbols()}
    evaluate(system.fires, env, lambda function: rebind(function, table()))
    return sp.expand(sp.sympify(env["excess"]))


def _obstacle(system: System, integration: Integration, flows: dict[str, Any], excess: Any, t_ref: np.ndarray) -> str:
    """What stands in the way of exact spike times; nothing where they can be had."""
    others = [name for name in system.states if name not in integration.exact]
    varying = {symbol(name) for name in (*system.states, *system.held)}
    conductances = [port.receptor.model.name for port in system.ports if port.receptor.values.get("e_rev") is not None]
    membrane = symbol(system.membrane)
    if GAP in system.drives:
        return "its gap junctions are solved step by step"
    if others and conductances:
        return f"{conductances[0]} is a conductance, so that the flow of {', '.join(others)} is not linear"
    if others and integration.method in system.neuron.options.values():
        return f"{', '.join(others)} is stepped by {integration.method!r}"
    if others:
        return f"the flow of {', '.join(others)} is not linear"
    if system.crossing:
        return f"the flow of {system.neuron.model.name} makes the whole spike"
    if system.recover:
        return f"the membrane of {system.neuron.model.name} stays at the height of its spike, and comes down on the grid"
    if not system.holds and (t_ref > 0).any():
        return f"the membrane of {system.neuron.model.name} goes on while it is refractory"
    if any(excess.diff(symbol(name)).free_symbols & varying for name in system.states):
        return "its threshold is not linear in its states"
    if any(flows[name].diff(symbol(rule)) != 0 for rule in system.learned for name in system.states if name != rule):
        return "an intrinsic rule acts on its flow, which stands still where learning is off"
    moved = [name for name in system.states if name != system.membrane and flows[name].diff(membrane) != 0]
    if system.neuron.options.get("reset") == "none" and (t_ref == 0).any():
        return "with neither a reset nor a refractory period it would fire without end"
    if (t_ref > 0).any() and moved:
        return f"{', '.join(moved)} follows the membrane, which t_ref holds"
    return ""
