"""Gap junctions on NEST, which tries a step as we do, and solves it adaptively: the same membranes to integration error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import (
    AllToAll,
    BiExponential,
    Delta,
    FixedProbability,
    Network,
    Poisson,
    SpikeTimes,
    Steps,
    TraubMiles,
    Uniform,
)
from maichong.engines.nest import different, missing
from maichong.neurons.izhikevich import Izhikevich


def coupled(dt: float, drive: Any, g: float = 20.0) -> Network:
    """Junctions within a population and between two, beside synapses with delays."""
    net = Network(dt=dt, seed=1)
    x = net.population("x", SpikeTimes([0.0, 2.0, 4.0], [0, 1, 1]), 2)
    a = net.population(
        "a", TraubMiles(t_ref=3.0, c_m=[200.0, 250, 200, 300]), 4, drive=drive, init={"v": [-60.0, -70, -65, -64]}
    )
    b = net.population("b", TraubMiles(t_ref=3.0), 2, drive=-300.0)
    if g:
        net.gap_junctions(a, a, FixedProbability(0.7), conductance=Uniform(0.3 * g, g))
        net.gap_junctions(a, b, AllToAll(), conductance=g / 2)
    for target in (a, b):
        net.project(x, target, AllToAll(), weight=0.3, delay=0.4, receptor=BiExponential(e_rev=0.0))
        net.probe(target)
        net.probe(target, "v", every=0.1)
    return net


def away(net: Network) -> dict[str, np.ndarray]:
    """How far the membranes are from each other at each sample, and that they are not all at rest."""
    ours, theirs = (net.build(engine).run(6.0) for engine in ("reference", "nest"))
    assert np.array_equal(ours["a"].counts, theirs["a"].counts)
    assert np.ptp(ours["b"].samples("v").values, axis=0).min() > 1.0
    return {name: np.abs(ours[name].samples("v").values - theirs[name].samples("v").values) for name in "ab"}


def test_below_the_threshold() -> None:
    """The difference is our own error, which is of order two; without the junctions membranes were elsewhere."""
    drive = Steps([0.0, 2.0, 3.0], [[-300.0] * 4, [-600.0, -300, -450, -300], [-300.0] * 4])
    coarse, fine = away(coupled(0.1, drive)), away(coupled(0.05, drive))
    for name in "ab":
        assert fine[name].max() < 2e-3
    assert coarse["a"].max() / fine["a"].max() > 2.5
    free, bound = (coupled(0.1, drive, g).build("nest").run(6.0)["a"]["v"] for g in (0.0, 20.0))
    assert np.abs(free - bound).max() > 1.0


def test_spikes_pull_the_others() -> None:
    net = coupled(0.05, [300.0, 500.0, 0.0, 100.0])
    assert missing(net) == []
    ours, theirs = (net.build(engine).run(9.0)["a"] for engine in ("reference", "nest"))
    assert np.array_equal(ours.counts, theirs.counts) and ours.counts.sum() > 2
    later = np.concatenate([theirs.spikes.of(cell) - ours.spikes.of(cell) for cell in range(4)])
    assert later.min() > 0.1 and later.max() < 0.8  # NEST stamps where the membrane falls
    assert np.median(np.abs(ours.samples("v").values - theirs.samples("v").values)) < 0.02
    told = "gap junctions: a step is tried until potentials agree to 1e-4 mV, which are cubic within it"
    assert told in different(net)


def test_what_is_random_runs_beside_them_on_two_threads() -> None:
    """In pieces and on threads the same, with slices that are one step long."""
    runs = []
    for threads, pieces in ((1, [2.0]), (2, [0.1, 1.2, 0.7])):
        net = Network(dt=0.1, seed=1)
        a = net.population("a", TraubMiles(), 6, drive=np.linspace(0.0, 500.0, 6))
        net.gap_junctions(a, a, AllToAll(), conductance=3.0)
        x = net.population("x", Poisson(rate=Steps([0.0], [100.0])), 3)
        z = net.population("z", Izhikevich(), 1)
        net.project(x, z, AllToAll(), weight=0.5, delay=2.0, receptor=Delta())
        run = net.build("nest", threads=threads)
        for piece in pieces:
            run.run(piece)
        assert "gap junctions: gap_junction, 60 connections, one each way" in run.describe().splitlines()
        runs.append(run["a"]["v"])
    assert np.allclose(*runs, atol=1e-3)
    assert np.ptp(runs[0]) > 0.3


@pytest.mark.parametrize("delay", [1.0, None])
def test_cells_that_are_not_coupled_are_not_tried_again(delay: float | None) -> None:
    """Slices of many steps, with NEST's cell that could be coupled."""
    net = Network(dt=0.1, seed=1)
    x, e = net.population("x", SpikeTimes([1.0, 3.0], [0, 0]), 1), net.population("e", TraubMiles(), 2, drive=-300.0)
    net.project(x, e, AllToAll(), weight=0.5, delay=delay, receptor=BiExponential(e_rev=0.0))
    ours, theirs = (net.build(engine).run(5.0).run(2.3)["e"]["v"] for engine in ("reference", "nest"))
    assert np.allclose(ours, theirs, atol=0.01)
