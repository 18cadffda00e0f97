"""Small networks that exercise a model, the same on every engine: one or two scenes for each kind.

How strong a drive or a weight must be is found by trying magnitudes on the reference engine, so that a model in any units, of
any excitability, has cells on both sides of its threshold. The scenes of all models are alike, so that few kernels compile.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.checks.outcome import Unsupported
from maichong.checks.values import host, nearby, shortened, target, varied, weight_range
from maichong.encoding.poisson import Poisson
from maichong.errors import EngineError
from maichong.network import Network, SpikeTimes
from maichong.neurons.lif import LIF
from maichong.spec import (
    Configured,
    IntrinsicModel,
    Model,
    NeuronModel,
    ReceptorModel,
    RuleModel,
    ShortTermModel,
    SourceModel,
    Steps,
    Uniform,
)
from maichong.synapses.alpha import Alpha
from maichong.synapses.delta import Delta
from maichong.synapses.exponential import Exponential
from maichong.topology import AllToAll, Connector, FixedProbability, OneToOne

CELLS = 20
MAGNITUDES = np.logspace(-5, 6, 67)
SCAN_MS, SCENE_MS = 200.0, 100.0
SPREAD = np.linspace(0.3, 3.0, CELLS)
"""Drives and weights of the cells, in parts of the smallest that makes one fire."""

Action = Callable[[Any], Any]


@dataclass(frozen=True)
class Scene:
    """A network and what is done with its run, step by step; after each step the engines are compared.

    ``double`` and ``single`` say in which precisions it is played.
    """

    name: str
    network: Network
    script: tuple[Action, ...]
    double: bool = True
    single: bool = True


def carry_on(duration: float) -> Action:
    """Run for ``duration`` ms."""
    return lambda run: run.run(duration)


def send(signal: str) -> Action:
    """Send a signal."""
    return lambda run: run.signal(signal, 0.7)


def stop_learning(run: Any) -> None:
    """Switch plasticity off."""
    run.learning = False


@functools.lru_cache(maxsize=64)
def scenes(model: Model) -> tuple[Scene, ...]:
    """The scenes that exercise ``model``."""
    for kind, make in MAKERS.items():
        if isinstance(model, kind):
            return tuple(make(model))
    raise Unsupported(f"there is no network that exercises the kind {model.kind!r}")


def of_neuron(model: NeuronModel) -> list[Scene]:
    """Cells of equal parameters with currents, and cells that differ with conductances, under varied drive and noise."""
    scale = excitability(model(), within=SCENE_MS)
    net = Network(dt=0.1, seed=1)
    even = net.population("equal", model(), CELLS, drive=driven(model, scale * SPREAD, 0.1))
    uneven = net.population("uneven", spread(model), CELLS, drive=driven(model, scale * SPREAD, 0.1))
    noise = net.population("noise", Poisson(rate=50.0), 10)
    if model.inputs:
        start = _start_of_membrane(net)
        current, conductance = Exponential(), Exponential(e_rev=start + 70.0)
        _connect(net, noise, even, current, 0.2 * scale)
        _connect(net, noise, uneven, conductance, 0.2 * scale / 70.0)
    else:
        for cells in (even, uneven):
            net.project(noise, cells, FixedProbability(0.5), weight=_columns(scale), receptor=Delta())
    half = carry_on(SCENE_MS / 2)
    return [Scene("neuron", net, (half, half)), *_exact(model, scale)]


def _exact(model: NeuronModel, scale: float) -> list[Scene]:
    """Cells that inhibit each other by spikes off the grid; no scene where a model has no exact spike times."""
    net = Network(dt=0.5, seed=8)
    neuron = model(t_ref=1.2, spike_times="exact")
    cells = net.population("equal", neuron, CELLS, drive=driven(model, scale * SPREAD, 0.1))
    receptor, weight = (Exponential(), -0.2 * scale) if model.inputs else (Delta(), -0.5 * scale)
    net.project(cells, cells, FixedProbability(0.5), weight=weight, delay=1.5, receptor=receptor)
    try:
        net.build("reference")
    except EngineError:
        return []
    return [Scene("exact spike times", net, (carry_on(100.0),), single=False)]


def of_receptor(model: ReceptorModel) -> list[Scene]:
    """Leaky cells driven through the receptor alone: as a current, and as a conductance where it can be one."""
    net = Network(dt=0.1, seed=2)
    source = net.population("noise", Poisson(rate=100.0), 10)
    ways = [model()] if model.jumps_membrane else [model(), model(e_rev=0.0)]
    for number, receptor in enumerate(ways):
        cells = net.population(f"cells {number + 1}", LIF(t_ref=2.0), CELLS)
        weight = _columns(receptivity(receptor))
        net.project(source, cells, FixedProbability(0.5), weight=weight, delay=Uniform(0.1, 2.0), receptor=receptor)
    return [Scene("receptor", net, (carry_on(50.0), carry_on(50.0)))]


def of_short_term(model: ShortTermModel) -> list[Scene]:
    """Leaky cells driven by bursts through synapses with the rule: of one delay, and of delays that differ."""
    net = Network(dt=0.1, seed=6)
    times = np.concatenate([np.arange(1.0, 40.0, 3.0), np.arange(60.0, 100.0, 7.0)])
    source = net.population("bursts", SpikeTimes(np.repeat(times, 2), np.tile([0, 1], times.size)), 2)
    noise = net.population("noise", Poisson(rate=100.0), 10)
    cells = net.population("cells", LIF(t_ref=2.0), CELLS)
    scale = receptivity(Exponential())
    net.project(source, cells, AllToAll(), weight=scale, delay=1.0, receptor=Exponential(), short_term=model())
    weight = Uniform(0.0, scale)
    net.project(
        noise, cells, FixedProbability(0.5), weight=weight, delay=Uniform(0.1, 2.0), receptor=Alpha(), short_term=varied(model)
    )
    return [Scene("short-term rule", net, (carry_on(50.0), carry_on(50.0)))]


def of_source(model: SourceModel) -> list[Scene]:
    """The source alone, at many rates, which halfway change places; and at rates that are scheduled."""
    names = [param.name for param in model.params if param.unit == "Hz"]
    rates: Any = 150.0 if model.copy else np.linspace(5.0, 300.0, CELLS)
    other: Any = 30.0 if model.copy else rates[::-1].copy()
    net, scheduled = Network(dt=0.1, seed=3), Network(dt=0.1, seed=3)
    net.population("source", model(**dict.fromkeys(names, rates)), CELLS)
    turn = [lambda run: run["source"].set(**dict.fromkeys(names, other))] if names else []
    times = np.arange(0.0, 200.0, 10.0)
    course = Steps(times, np.multiply.outer(np.linspace(2.0, 0.1, times.size), rates))
    scheduled.population("source", model(**dict.fromkeys(names, course)), CELLS)
    found = [Scene("source", net, (carry_on(100.0), *turn, carry_on(100.0)))]
    return [*found, *([Scene("scheduled source", scheduled, (carry_on(105.0), carry_on(105.0)))] if names else [])]


def of_rule(model: RuleModel) -> list[Scene]:
    """Random spikes onto cells that a teacher makes fire, in each of the ways in which synapses can lie in memory."""
    lesson = _lesson(model, 40.0)
    same = 1.5
    # what arrives in one step is known where all delays are one
    scattered = same if model.asks("s_pre") else Uniform(0.5, 5.0)
    found = [
        Scene("dense", _plastic(model(), AllToAll(), scattered), lesson, single=False),
        Scene("sparse", _plastic(varied(model), FixedProbability(0.6), scattered), lesson, single=False),
        # its kernels are those of "dense" but for the delay: played where rounding shows
        Scene("one delay", _plastic(model(), AllToAll(), same), lesson, double=False),
    ]
    if model.traces:
        # no new kernel: traces that fade away between rare spikes
        fading = _plastic(shortened(model), AllToAll(), scattered, rate=40.0, pulses=10, duration=300.0)
        found.append(Scene("fading traces", fading, _lesson(model, 120.0), single=False))
    return found


def of_intrinsic(model: IntrinsicModel) -> list[Scene]:
    """Cells with the rule under varied drive and noise; at the end learning is off."""
    neuron = host(model)
    scale = excitability(neuron(), model())
    net = Network(dt=0.1, seed=5)
    cells = net.population("cells", neuron(), CELLS, drive=driven(neuron, scale * SPREAD), plasticity=model())
    if neuron.inputs:
        _connect(net, net.population("noise", Poisson(rate=50.0), 10), cells, Exponential(), 0.2 * scale)
    return [Scene("intrinsic rule", net, (carry_on(50.0), carry_on(30.0), stop_learning, carry_on(20.0)))]


MAKERS: dict[type[Model], Callable[[Any], Sequence[Scene]]] = {
    NeuronModel: of_neuron,
    ReceptorModel: of_receptor,
    SourceModel: of_source,
    RuleModel: of_rule,
    ShortTermModel: of_short_term,
    IntrinsicModel: of_intrinsic,
}


def driven(model: NeuronModel, amounts: np.ndarray, others: float = 0.0) -> dict[str, Any] | None:
    """A drive of the first input, and of further ones by the part ``others`` of it; none where a neuron has no input."""
    if not model.inputs:
        return None
    first, *rest = model.inputs
    alike = {entry.name: others * amounts if entry.unit == first.unit else others for entry in rest}
    return {first.name: amounts, **alike}


def spread(model: NeuronModel) -> Configured:
    """The neuron with parameters that differ by up to 2 % from cell to cell, and a refractory period."""
    rng = np.random.default_rng(7)
    values: dict[str, Any] = {}
    for param in model.params:
        if not param.static and param.default:
            step = np.clip(nearby(param) - param.default, -0.02 * abs(param.default), 0.02 * abs(param.default))
            values[param.name] = param.default + step * rng.random(CELLS)
    return model(**{**values, "t_ref": 1.0})


@functools.lru_cache(maxsize=64)
def excitability(neuron: Configured, rule: Configured | None = None, within: float = SCAN_MS) -> float:
    """The smallest drive (for a neuron without inputs: the smallest weight of Delta, in mV) that changes how often a cell fires
    ``within`` so many ms.

    1 where none of MAGNITUDES, of either sign, does. For a cell that fires by itself it is the one that silences it.
    """
    amounts = np.concatenate([[0.0], MAGNITUDES, -MAGNITUDES])
    rules = () if rule is None else (rule,)
    net = Network(dt=0.1, seed=1)
    model = neuron.model
    assert isinstance(model, NeuronModel)
    cells = net.population("cells", neuron, amounts.size, drive=driven(model, amounts), plasticity=rules)
    if not model.inputs:
        times = np.repeat(np.arange(5.0, within, 5.0), amounts.size)
        ids = np.tile(np.arange(amounts.size), times.size // amounts.size)
        pulses = net.population("pulses", SpikeTimes(times, ids), amounts.size)
        net.project(pulses, cells, OneToOne(), weight=amounts, receptor=Delta())
    return _smallest(net, "cells", amounts, within)


@functools.lru_cache(maxsize=64)
def receptivity(receptor: Configured) -> float:
    """The smallest weight that makes a leaky cell fire within 100 ms of input; 1 where none of MAGNITUDES does."""
    amounts = np.concatenate([[0.0], MAGNITUDES])
    net = Network(dt=0.1, seed=1)
    source = net.population("noise", Poisson(rate=100.0), 5)
    cells = net.population("cells", LIF(t_ref=2.0), amounts.size)
    net.project(source, cells, AllToAll(), weight=np.tile(amounts, (5, 1)), receptor=receptor)
    return _smallest(net, "cells", amounts, 100.0)


def _smallest(net: Network, cells: str, amounts: np.ndarray, duration: float) -> float:
    net.probe(cells, "counts")
    with warnings.catch_warnings():
        # the largest amounts are no biology: cells may diverge, and are then silent
        warnings.simplefilter("ignore", RuntimeWarning)
        counts = net.build("reference").run(duration)[cells].counts
    changed = amounts[(counts == 0) if counts[0] else (counts > 0)]
    if not changed.size:
        return 1.0
    if counts[0]:
        # of both signs the smaller: a large current silences, too, by a block of the membrane or by what it does to the solution
        return float(changed[np.abs(changed).argmin()])
    return float(changed[changed > 0].min(initial=np.inf) if (changed > 0).any() else changed.max())


def _start_of_membrane(net: Network) -> float:
    run = net.build("reference")
    membrane = net.populations["equal"].model.model.membrane  # type: ignore[union-attr]
    start = float(run["equal"][membrane][0])
    return start if np.isfinite(start) else 0.0


def _connect(net: Network, source: Any, cells: Any, receptor: Configured, largest: float) -> None:
    weight = Uniform(*sorted((0.0, largest)))
    net.project(source, cells, FixedProbability(0.5), weight=weight, delay=Uniform(0.1, 2.0), receptor=receptor)


def _columns(scale: float) -> np.ndarray:
    """Weights [pre, post] that are weak onto the first cells and strong onto the last."""
    return np.tile(scale * SPREAD, (10, 1)) * np.linspace(0.9, 1.1, 10)[:, None]


def _plastic(
    rule: Configured, connector: Connector, delay: Any, rate: float = 80.0, pulses: int = 8, duration: float = 100.0
) -> Network:
    n_pre, n_post = 12, 8
    rng = np.random.default_rng(4)
    net = Network(dt=0.5, seed=4)
    pre = net.population("pre", Poisson(rate=rate), n_pre)
    model = rule.model
    assert isinstance(model, RuleModel)
    neuron, drive, teaching, lesson = target(model), None, Delta(), 20.0
    if model.reads:
        # taught by currents, under drives that differ, its kernel is the one by which the neuron itself is checked
        drive, teaching, lesson = 1e-3 * np.arange(n_post), Exponential(), 5.0 * excitability(neuron)
    post = net.population("post", neuron, n_post, drive=drive)
    times = net.dt * np.floor(rng.uniform(1.0, duration, pulses * n_post) / net.dt)
    teacher = net.population("teacher", SpikeTimes(times, np.tile(np.arange(n_post), pulses)), n_post)
    weight, receptor = Uniform(*weight_range(model)), Exponential()
    net.project(pre, post, connector, weight=weight, delay=delay, receptor=receptor, plasticity=rule, name="plastic")
    net.project(teacher, post, OneToOne(), weight=lesson, receptor=teaching, name="teaching")
    return net


def _lesson(model: RuleModel, part: float) -> tuple[Action, ...]:
    """Two parts with learning, the rule's signals after each, and half a part without."""
    signal = tuple(send(name) for name in model.signals)
    return (carry_on(part), *signal, carry_on(part), *signal, stop_learning, carry_on(part / 2))
