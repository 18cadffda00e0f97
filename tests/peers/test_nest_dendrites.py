"""Delays on dendrites: NEST's own delay lies there, and what our delay lies on before it are parrots.

With at least a step on the dendrite a rule of ours and NEST's synapse see the same times, so that no pair is left out here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AllToAll,
    Delta,
    ExplicitList,
    Exponential,
    FixedInDegree,
    Network,
    PairSTDP,
    SpikeTimes,
    TripletSTDP,
    Uniform,
)
from maichong.engines.nest import different, missing
from maichong.engines.nest.translate import translate
from maichong.engines.plan import plan

DT, N_PRE, N_POST, LAST = 0.1, 8, 4, 200.0
PAIR = PairSTDP(w_max=0.01, a_plus=1e-4, a_minus=1.2e-4, tau_plus=18.0, tau_minus=25.0)
WEAK = PAIR.replace(w_max=1e-3, a_plus=1e-5, a_minus=1.2e-5)
TRIPLET = TripletSTDP(w_max=0.01, a2_plus=1e-5, a3_plus=6.5e-5, a2_minus=7.1e-5, a3_minus=2e-5)
LATE, CURRENT, MIXED = Uniform(0.1, 5.0), Exponential(tau=2.0), Uniform(2e-3, 8e-3)
MATRIX = np.random.default_rng(2).uniform(0.1, 4.0, (N_PRE, N_POST))
# rule, receptor, delay, dendritic delay
CASES = {
    "each its own": (PAIR, CURRENT, LATE, LATE),
    "no axon": (PAIR, CURRENT, None, MATRIX),
    "one step": (PAIR, CURRENT, 0.1, 0.1),
    "nearest": (PAIR.replace(pairing="nearest"), CURRENT, LATE, LATE),
    "triplets": (TRIPLET, CURRENT, 1.5, LATE),
    "rounded away": (PAIR, CURRENT, LATE, 0.04),
    "jumps": (WEAK, Delta(), LATE, Uniform(0.0, 4.0)),
    "jumps, no axon": (WEAK, Delta(), None, LATE),
}
OFF = {"rounded away": 2, "jumps": 1, "jumps, no axon": 1}
"""Steps by which NEST sees a postsynaptic spike later."""


def network(case: str) -> Network:
    """Sources that hardly move the cells, which fire by what is injected, often in the very steps of arrivals."""
    rule, receptor, delay, dendritic = CASES[case]
    rng = np.random.default_rng(5)
    times = [np.concatenate([[0.0], np.sort(rng.uniform(6.0, LAST - 20.0, 40)), [LAST]]) for _ in range(N_PRE)]
    net = Network(dt=DT, seed=1)
    x = net.population("x", SpikeTimes(np.concatenate(times), np.repeat(np.arange(N_PRE), 42)), N_PRE)
    cell = LIF(tau_m=np.linspace(8.0, 12.0, N_POST), t_ref=2.0)
    e = net.population("e", cell, N_POST, drive=np.linspace(500, 800, N_POST))
    weight = Uniform(2e-4, 8e-4) if receptor == Delta() else MIXED
    given = {"weight": weight, "delay": delay, "dendritic_delay": dendritic}
    net.project(x, e, AllToAll(), **given, receptor=receptor, plasticity=rule, name="learned")
    net.probe("x")
    net.probe("e")
    return net


def taught(case: str, engine: str) -> Any:
    run = network(case).build(engine).run(LAST - 10.0)
    run["e"].drive(-200.0)
    return run.run(17.0)


@pytest.mark.parametrize("case", CASES)
def test_the_same_weights(case: str) -> None:
    ours, theirs = taught(case, "reference"), taught(case, "nest")
    for population in "xe":
        assert np.array_equal(np.rint(ours[population].spikes.times / DT), np.rint(theirs[population].spikes.times / DT))
        assert np.array_equal(ours[population].spikes.ids, theirs[population].spikes.ids)
    one, other = ours.synapses("learned"), theirs.synapses("learned")
    arrivals = [np.rint((ours["x"].spikes.of(i) + d) / DT) for i, d in zip(one["pre"], one["delay"], strict=True)]
    seen = [np.rint((ours["e"].spikes.of(j) + d) / DT) for j, d in zip(one["post"], one["dendritic_delay"], strict=True)]
    before = [a[:, None] - s for a, s in zip(arrivals, seen, strict=True)]
    apart = np.array([not ((b >= 0) & (b <= OFF.get(case, -1))).any() for b in before])
    assert apart.all() != (case in OFF)
    assert any((b == 0).any() for b in before)  # pairs of one instant, which count for nothing on both sides
    began = network(case).build("reference").synapses("learned")["weight"]
    assert np.abs(one["weight"] - began)[apart].max() > 5e-6
    assert np.allclose(other["weight"][apart], one["weight"][apart], rtol=1e-11, atol=0)
    told = "counts as after it"
    assert [line.split(": ")[1] for line in different(network(case)) if told in line] == (
        [f"a postsynaptic spike less than {'2 steps' if OFF[case] == 2 else '1 step'} before an arrival {told}"]
        if case in OFF
        else []
    )


def test_both_delays_are_felt_and_told_apart() -> None:
    """Synapses of one pair that differ in where their delay lies alone; the membrane feels the sum."""
    net = Network(dt=DT)
    x = net.population("x", SpikeTimes([1.0, 30.0], [0, 0]), 1)
    e = net.population("e", LIF(t_ref=2.0), 1, drive=1000.0)
    given = {"delay": [1.0, 3.0, 2.0], "dendritic_delay": [3.0, 1.0, 2.0]}
    rule = PAIR.replace(w_max=500.0, a_plus=1.0, a_minus=1.2)
    net.project(x, e, ExplicitList([0] * 3, [0] * 3), weight=200.0, **given, receptor=CURRENT, plasticity=rule, name="learned")
    net.probe(e, "v", every=DT)
    learned = []
    for engine in ("reference", "nest"):
        run = net.build(engine).run(25.0)
        run["e"].drive(-1000.0)
        found = run.run(12.0).synapses("learned")
        assert {name: found[name].round(9).tolist() for name in given} == given
        learned.append((found["weight"], run["e"].samples("v").values[:290]))  # the second weights differ by what NEST sends
    for ours, theirs in zip(*learned, strict=True):
        assert np.allclose(ours, theirs, rtol=1e-11, atol=1e-11)
    assert np.ptp(learned[0][0]) > 0.1


@pytest.mark.parametrize("delay", [None, 1.5])
def test_without_a_rule_they_are_one_delay(delay: float | None) -> None:
    """Also where NEST draws the pairs, and where a source leads for the sake of another projection."""
    net = Network(dt=DT, seed=2)
    x, y = net.population("x", SpikeTimes([0.0, 9.0], [0, 0]), 1), net.population("y", SpikeTimes([4.0], [0]), 1)
    e, f = net.population("e", LIF(), 3), net.population("f", LIF(), 3)
    late = {"weight": 400.0, "receptor": CURRENT, "delay": delay}
    net.project(x, e, AllToAll(), **late, dendritic_delay=2.0, name="number")
    net.project(x, f, AllToAll(), **late, dendritic_delay=Uniform(0.5, 3.0), name="drawn")
    net.project(y, f, AllToAll(), weight=300.0, receptor=CURRENT, dendritic_delay=[0.0, 1.0, 2.0], name="with none")
    net.project(e, e, FixedInDegree(1), **late, dendritic_delay=0.7, name="cells")
    net.probe(e)
    assert missing(net) == []
    assert translate(plan(net)).leads == (0, 1, 0, 0)
    ours = net.build("reference").run(20.0)
    for connectivity in ("ours", "nest"):
        theirs = net.build("nest", connectivity=connectivity).run(20.0)
        assert np.allclose(theirs.synapses("number")["delay"], (delay or 0.0) + 2.0)
        assert np.allclose(theirs.synapses("cells")["delay"], (delay or 0.0) + 0.7)
        assert np.array_equal(theirs.synapses("drawn")["delay"], ours.synapses("drawn")["delay"])
        for population in "ef":
            if connectivity == "ours" or population == "f":
                assert np.allclose(ours[population]["v"], theirs[population]["v"], rtol=1e-12)


def test_dendrites_of_what_nest_draws() -> None:
    net = Network(dt=DT, seed=1)
    x, e = net.population("x", SpikeTimes([1.0], [0]), 20), net.population("e", LIF(), 20)
    given = {"weight": 5e-3, "receptor": CURRENT, "plasticity": PAIR}
    net.project(x, e, FixedInDegree(5), **given, delay=1.0, dendritic_delay=2.0, name="drawn")
    net.project(x, e, FixedInDegree(5), **given, delay=1.0, dendritic_delay=LATE, name="by hand")
    net.project(e, e, FixedInDegree(5, autapses=False), **given, dendritic_delay=2.0, name="direct")
    net.project(e, e, FixedInDegree(5), **given, delay=0.5, dendritic_delay=2.0, name="through parrots")
    run = net.build("nest", connectivity="nest").run(5.0)
    said = run.describe().splitlines()
    assert "drawn: stdp_synapse from 20 parrots, 100 synapses drawn by NEST" in said
    assert "direct: stdp_synapse, 100 synapses drawn by NEST" in said
    assert "through parrots: stdp_synapse from 20 parrots, 100 synapses drawn by NEST" in said
    assert any(line.startswith("by hand: stdp_synapse from ") and line.endswith("as in the plan") for line in said)
    for name, delay in (("drawn", 1.0), ("direct", 0.0), ("through parrots", 0.5)):
        found = run.synapses(name)
        assert np.allclose(found["delay"], delay) and np.allclose(found["dendritic_delay"], 2.0)
        assert (np.bincount(found["post"], minlength=20) == 5).all()
    assert np.allclose(
        run.synapses("by hand")["dendritic_delay"], net.build("reference").synapses("by hand")["dendritic_delay"]
    )


def test_dendrites_that_nest_has_not() -> None:
    net = Network(dt=DT)
    x, e = net.population("x", SpikeTimes([1.0], [0]), 4), net.population("e", LIF(), 4)
    given = {"weight": 5e-3, "receptor": CURRENT, "plasticity": PAIR}
    net.project(x, e, AllToAll(), **given, delay=1.0, dendritic_delay=Uniform(0.0, 2.0), name="mixed")
    net.project(e, e, AllToAll(), **given, dendritic_delay=0.0, name="none")
    assert missing(net) == [
        "projection 'mixed': its dendritic delays must all be one step or longer, which is NEST's shortest, or all 0",
        "projection 'none': it has no delay, and NEST's shortest is one step; delay=0.1 would be that",
    ]


def test_the_shortest_of_all_ways_is_nest_s_slice() -> None:
    for delay, dendritic, steps in ((2.0, 1.0, 10), (1.0, 2.0, 10), (1.0, None, 1), (None, 1.5, 15), (Uniform(0.7, 9), 3.0, 7)):
        net = Network(dt=DT, seed=1)
        x, e = net.population("x", SpikeTimes([1.0], [0]), 4), net.population("e", LIF(), 4)
        given = {"delay": delay, "dendritic_delay": dendritic, "receptor": CURRENT, "plasticity": PAIR}
        net.project(x, e, AllToAll(), weight=5e-3, **given)
        assert translate(plan(net)).slice == steps
        net.build("nest").run(1.0)
