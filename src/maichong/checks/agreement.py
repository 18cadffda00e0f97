"""The check that an engine does what the reference does, on small networks with the model."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.checks.networks import Scene, scenes
from maichong.checks.outcome import Failed, Unsupported, Variant
from maichong.spec import Model

STATES, WEIGHTS = 1e-9, 1e-10
"""How far states and weights may differ in double precision, relative to the largest of the population or projection."""

TIMES = 1e-9
"""How far a spike may be from that of the reference, in ms: nothing on the grid, rounding where spike times are exact."""

LOOSE_STATES = 1e-3
"""The same in single precision, for cells that have not spiked: 500 steps of rounding at 6e-8 each, thirty times over."""

LOOSE_COUNTS = 0.1
"""How far the number of a population's spikes may differ in single precision (2 spikes are always allowed): a spike that comes
a step late shifts all later ones, and chaotic neurons part for good, but not in how often they fire."""

LOOSE_LEARNING = 0.05
"""How far weights may differ in single precision, on average, in parts of their average change: a spike in another step of
0.5 ms is read on traces that differ by exp(-0.5 / 20), 2.5 %."""


NUDGE, NUDGE_LOOSE = 1e-13, 1e-6
"""What rounding adds up to in a thousand steps, in double and in single precision. Where the reference comes out different when
its start is moved by so little, the network is chaotic, and only how often its cells fire is compared."""


@dataclass(frozen=True)
class Seen:
    """What is compared: ``counts`` by population, ``states`` by population and state, ``weights`` by projection, and what each
    synapse keeps besides, ``kept``, by projection and state."""

    t: float
    counts: dict[str, np.ndarray]
    states: dict[tuple[str, str], np.ndarray]
    weights: dict[str, np.ndarray]
    kept: dict[tuple[str, str], np.ndarray]


@dataclass(frozen=True)
class Played:
    """One scene on one engine: what was seen after each action, and the spikes of every population, neuron by neuron."""

    seen: tuple[Seen, ...]
    spikes: dict[str, np.ndarray]


def agrees(model: Model, variant: Variant) -> None:
    """The engine runs the model's networks, and spikes, states and weights are those of the reference."""
    if variant.engine == "reference":
        for scene in scenes(model):
            _stays_finite(scene.name, _judge(model)[scene.name])
        return
    try:
        judge = _judge(model)
    except Exception as error:
        raise Unsupported(f"the reference engine, which is the judge, does not run it: {error}") from None
    for scene in scenes(model):
        if scene.single if variant.loose else scene.double:
            _judge_scene(scene, judge[scene.name], play(scene, variant), loose=variant.loose)


def _judge_scene(scene: Scene, judge: Played, played: Played, *, loose: bool) -> None:
    compare = _compare_loosely if loose else _compare
    try:
        compare(scene.name, judge, played)
    except Failed:
        nudged = play(scene, Variant("reference", "reference"), NUDGE_LOOSE if loose else NUDGE)
        if _same(compare, scene.name, judge, nudged):
            raise
        # chaotic: what the reference itself does not give twice is not asked of an engine
        for there, here in zip(judge.seen, played.seen, strict=True):
            _near_counts(scene.name, there, here)


def _same(compare: Callable[..., None], *given: Any) -> bool:
    try:
        compare(*given)
    except Failed:
        return False
    return True


@functools.lru_cache(maxsize=4)
def _judge(model: Model) -> dict[str, Played]:
    return {scene.name: play(scene, Variant("reference", "reference")) for scene in scenes(model)}


def play(scene: Scene, variant: Variant, nudge: float = 0.0) -> Played:
    """Build the scene's network on an engine, move its start by ``nudge``, relatively, and follow the script."""
    try:
        run = scene.network.build(variant.engine, **variant.options)
    except ImportError as error:
        raise Unsupported(f"the engine {variant.engine!r} lacks a package: {error}") from None
    seen = [_look(run)]
    for (population, state), values in seen[0].states.items() if nudge else ():
        run[population][state] = values + nudge * np.maximum(np.abs(values), 1.0)
    for action in scene.script:
        action(run)
        seen.append(_look(run))
    spikes = {}
    for name in scene.network.populations:
        found = run[name].spikes
        pairs = np.stack([found.times, found.ids], axis=1)
        spikes[name] = pairs[np.lexsort((found.times, found.ids))]
    return Played(tuple(seen), spikes)


def _look(run: Any) -> Seen:
    states = {}
    for entry in run.plan.populations:
        if entry.system:
            rules = [state.name for rule in run.network.populations[entry.name].plasticity for state in rule.model.states]
            received = [f"{state.name}{port.suffix}" for port in entry.system.ports for state in port.receptor.model.states]
            states |= {(entry.name, name): run[entry.name][name] for name in (*entry.system.own, *received, *rules)}
    plastic = [name for name, projection in run.network.projections.items() if projection.plasticity]
    synapses = {name: run.synapses(name) for name in plastic}
    own = {
        name: [state.name for rule in run.network.projections[name].plasticity for state in rule.model.states]
        for name in plastic
    }
    return Seen(
        run.t,
        {name: run[name].counts for name in run.network.populations},
        states,
        {name: found["weight"] for name, found in synapses.items()},
        {(name, state): synapses[name][state] for name in plastic for state in own[name]},
    )


def _stays_finite(scene: str, played: Played) -> None:
    begun, ended = played.seen[0].states, played.seen[-1].states
    finite = {name: True for name, _ in begun}
    for (population, _), values in begun.items():
        finite[population] &= bool(np.isfinite(values).all())
    for (population, state), values in ended.items():
        lost = ~np.isfinite(values)
        if finite[population] and lost.any():
            raise Failed(
                f"{scene}: {state} of {population!r} does not stay finite in {lost.sum()} of {lost.size} cells "
                f"within {played.seen[-1].t:g} ms"
            )


def _compare(scene: str, judge: Played, played: Played) -> None:
    for population, expected in judge.spikes.items():
        _same_spikes(f"{scene}: spikes of {population!r}", expected, played.spikes[population])
    for there, here in zip(judge.seen, played.seen, strict=True):
        for population, counts in there.counts.items():
            if not np.array_equal(counts, here.counts[population]):
                raise Failed(f"{scene}: the spike counts of {population!r} differ at {there.t:g} ms")
        for (population, state), values in there.states.items():
            _near(f"{scene}: {state} of {population!r} at {there.t:g} ms", values, here.states[population, state], STATES)
        for projection, weights in there.weights.items():
            _near(f"{scene}: weights of {projection!r} at {there.t:g} ms", weights, here.weights[projection], WEIGHTS)
        for (projection, state), values in there.kept.items():
            where = f"{scene}: {state} of the synapses of {projection!r} at {there.t:g} ms"
            _near(where, values, here.kept[projection, state], WEIGHTS)


def _same_spikes(where: str, expected: np.ndarray, found: np.ndarray) -> None:
    differences = []
    for cell in np.union1d(expected[:, 1], found[:, 1]):
        one, other = (spikes[spikes[:, 1] == cell, 0] for spikes in (expected, found))
        shorter = min(one.size, other.size)
        different = np.flatnonzero(np.abs(one[:shorter] - other[:shorter]) > TIMES)
        if different.size or one.size != other.size:
            first = different[0] if different.size else shorter
            differences.append((min(times[first] for times in (one, other) if first < times.size), cell))
    if differences:
        t, cell = min(differences)
        raise Failed(f"{where}: {len(found)} instead of {len(expected)}, the first difference at {t:g} ms in cell {cell:g}")


def _near(where: str, expected: np.ndarray, found: np.ndarray, tolerance: float) -> None:
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    # NaN may stand where the reference has NaN: whether the model should be finite is another check's question
    wrong = ~np.isclose(found, expected, rtol=0.0, atol=tolerance * scale, equal_nan=True)
    if wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        raise Failed(
            f"{where}: {found[k]:.12g} instead of {expected[k]:.12g} at index {k}, and {wrong.sum()} of {wrong.size} "
            f"differ by more than {tolerance:g} of the largest"
        )


def _compare_loosely(scene: str, judge: Played, played: Played) -> None:
    for there, here in zip(judge.seen, played.seen, strict=True):
        _near_counts(scene, there, here)
        if there.t > 50.0:
            continue
        for (population, state), values in there.states.items():
            quiet = (there.counts[population] == 0) & (here.counts[population] == 0)
            where = f"{scene}: {state} of {population!r}, cells without a spike, at {there.t:g} ms"
            _near(where, values[quiet], here.states[population, state][quiet], LOOSE_STATES)
    for projection, weights in judge.seen[-1].weights.items():
        learned = np.abs(weights - judge.seen[0].weights[projection]).mean()
        apart = np.abs(weights - played.seen[-1].weights[projection]).mean()
        if not apart <= LOOSE_LEARNING * learned + 1e-5 * np.abs(weights).max(initial=0.0):
            raise Failed(
                f"{scene}: the weights of {projection!r} are {apart:.3g} apart on average, having changed by {learned:.3g}"
            )


def _near_counts(scene: str, there: Seen, here: Seen) -> None:
    for population, counts in there.counts.items():
        expected, found = int(counts.sum()), int(here.counts[population].sum())
        if abs(found - expected) > max(2.0, LOOSE_COUNTS * expected):
            raise Failed(f"{scene}: {population!r} fired {found} instead of {expected} spikes by {there.t:g} ms")
