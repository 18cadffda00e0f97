"""Synapses changed between two runs: the run goes on where it was, through the synapses that are there now."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import LIF, AllToAll, Delta, ExplicitList, Exponential, FixedProbability, Network, PairSTDP, SpikeTimes, Uniform
from maichong.errors import MaichongError
from maichong.plasticity.macro.growth import GrowthCurve, calcium_after, restructured
from maichong.plasticity.macro.prune_and_regrow import PruneAndRegrow
from maichong.plasticity.macro.wiring import Wiring
from maichong.rewiring import rewired, wiring_of


def recurrent(**changes: Any) -> Network:
    """80 excitatory and 20 inhibitory neurons."""
    net = Network(dt=0.1, seed=3)
    e = net.population("e", LIF(t_ref=2.0), 80, init={"v": Uniform(-70.0, -50.0)}, drive=Uniform(400.0, 700.0))
    i = net.population("i", LIF(t_ref=2.0), 20, drive=300.0)
    given = {"weight": Uniform(0.0, 2.0), "delay": 1.5, "receptor": Exponential(tau=5.0, e_rev=0.0)}
    net.project(e, e, FixedProbability(0.1), **{**given, **changes})
    net.project(e, i, FixedProbability(0.1), weight=3.0, delay=0.5, receptor=Exponential(tau=5.0, e_rev=0.0))
    net.project(i, e, AllToAll(), weight=3.0, delay=0.5, receptor=Exponential(tau=10.0, e_rev=-80.0))
    return net


PLASTIC = (PairSTDP(w_max=5.0),)


@pytest.mark.parametrize(
    ("engine", "plasticity"),
    [("reference", ()), ("reference", PLASTIC), ("events", PLASTIC), pytest.param("events", (), marks=pytest.mark.slow)],
    ids=["reference", "reference-plastic", "events-plastic", "events"],
)
def test_a_run_with_the_same_synapses_goes_on_bit_for_bit(engine: str, plasticity: tuple[Any, ...]) -> None:
    whole = recurrent(plasticity=plasticity).build(engine).run(60.0)
    run = recurrent(plasticity=plasticity).build(engine).run(30.0)
    later = rewired(run, "e->e", wiring_of(run, "e->e")).run(30.0)
    assert later.t == 60.0 and later.engine == engine
    assert whole["e"].counts.sum() > 100
    for name in ("e", "i"):
        np.testing.assert_array_equal(later[name].counts, whole[name].counts)
        np.testing.assert_array_equal(later[name]["v"], whole[name]["v"])
    for key in ("pre", "post", "weight"):
        np.testing.assert_array_equal(later.synapses("e->e")[key], whole.synapses("e->e")[key])


@pytest.mark.parametrize("engine", ["reference", pytest.param("events", marks=pytest.mark.slow)])
def test_a_spike_on_its_way_arrives_at_the_new_synapse(engine: str) -> None:
    """A spike stamped 5 ms with a delay of 3 ms; the synapse moves from the first neuron to the second at 6 ms."""
    net = Network(dt=0.1)
    x = net.population("x", SpikeTimes([5.0], [0]), 1)
    cell = net.population("cell", LIF(v_rest=0.0, v_th=1e3, tau_m=20.0), 2, init={"v": 0.0})
    net.project(x, cell, ExplicitList([0], [0]), weight=4.0, delay=3.0, receptor=Delta())
    run = net.build(engine).run(6.0)
    later = rewired(run, "x->cell", Wiring([0], [1], [7.0], n_pre=1, n_post=2, origin=[-1])).run(4.0)
    np.testing.assert_allclose(later["cell"]["v"], [0.0, 7.0 * np.exp(-2.0 / 20.0)], rtol=1e-6)
    np.testing.assert_allclose(run.run(4.0)["cell"]["v"], [4.0 * np.exp(-2.0 / 20.0), 0.0], rtol=1e-6)


def test_structure_grows_until_neurons_fire_as_they_are_to() -> None:
    """Silent neurons with one loud source: each grows inputs until its calcium is at eps, whatever its own drive."""
    net = Network(dt=0.5, seed=1)
    x = net.population("x", LIF(), 40, drive=600.0)
    cell = net.population("cell", LIF(), 10, drive=np.linspace(0.0, 200.0, 10))
    net.project(x, cell, ExplicitList([], []), weight=[], receptor=Exponential(tau=5.0))
    net.probe("cell", "spikes")
    run, z, calcium, rng = net.build("reference"), np.zeros(10), np.zeros(10), np.random.default_rng(1)
    curve = GrowthCurve("linear", nu=0.04, eps=0.2)
    for _ in range(30):
        begin = run.t
        spikes = run.run(50.0)["cell"].spikes
        calcium = calcium_after(calcium, spikes.times, spikes.ids, begin, run.t, tau=500.0, beta=0.02)
        z = curve.grown(z, calcium, 50.0)
        run = rewired(run, "x->cell", restructured(wiring_of(run, "x->cell"), np.full(40, 10.0), z, 25.0, rng))
    inputs = np.bincount(run.synapses("x->cell")["post"], minlength=10)
    assert (calcium > 0.1).all() and (calcium < 0.4).all()
    assert inputs[0] > inputs[-1] > 0


def test_prune_and_regrow_on_a_run_keeps_delays_where_they_are() -> None:
    run = recurrent(delay=Uniform(0.5, 2.0)).build("reference").run(10.0)
    wiring = wiring_of(run, "e->e", signs=np.ones(80))
    changed, _ = PruneAndRegrow(theta=0.5, w_0=1.0).step(wiring, np.zeros(wiring.pre.size), 10.0, np.random.default_rng(1))
    before = run.synapses("e->e")
    longest = before["delay"].max()
    kept = np.flatnonzero((before["delay"] == longest) & (before["weight"] >= 0.5))
    assert kept.size, "the longest delay stays"
    later = rewired(run, "e->e", changed, delay=1.0).synapses("e->e")
    assert later["pre"].size == before["pre"].size
    was = {(i, j): (w, d) for i, j, w, d in zip(*(before[key] for key in ("pre", "post", "weight", "delay")), strict=True)}
    stayed = 0
    for i, j, w, d in zip(*(later[key] for key in ("pre", "post", "weight", "delay")), strict=True):
        if (i, j) in was and w == was[i, j][0]:
            assert d == was[i, j][1]
            stayed += 1
        else:
            assert (w, d) == (1.0, 1.0) and i != j
    assert stayed == (before["weight"] >= 0.5).sum()


def refuse(call: Any) -> str:
    with pytest.raises(MaichongError) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_cannot_be() -> None:
    run = recurrent(delay=Uniform(0.5, 2.0)).build("reference")
    wiring = wiring_of(run, "e->e")
    where = "rewired, projection 'e->e'"
    assert refuse(lambda: wiring_of(run, "e->f")).startswith("run: has no projection 'e->f'; did you mean")
    assert refuse(lambda: wiring_of(run, "i->e", -np.ones(20))).startswith("Wiring, weight of neuron 0: must be <= 0")
    other = Wiring([0], [0], [1.0], n_pre=2, n_post=2)
    assert refuse(lambda: rewired(run, "e->e", other)) == f"{where}: needs a wiring between 80 and 80 neurons (got 2 and 2)"
    foreign = Wiring([0], [1], [1.0], n_pre=80, n_post=80, origin=[10_000])
    assert refuse(lambda: rewired(run, "e->e", foreign)) == (
        f"{where}: needs a wiring that came from this run (got synapses that it does not have); use wiring_of"
    )
    grown = wiring.grown(np.array([0]), np.array([1]), np.array([1.0]))
    assert refuse(lambda: rewired(run, "e->e", grown)) == (
        f"{where}, delay: must be given for new synapses, as those of the others differ"
    )
    assert refuse(lambda: rewired(run, "e->e", grown, delay=9.0)) == (
        f"{where}, delay: must be <= 2 ms, the longest so far (got 9.0)"
    )
    short = wiring.kept(run.synapses("e->e")["delay"] < 1.0)
    assert refuse(lambda: rewired(run, "e->e", short)) == (
        f"{where}: must keep its longest delay, or spikes on their way are lost; give all synapses one delay"
    )
    assert refuse(lambda: rewired(run, "i->e", wiring_of(run, "i->e"), delay=1.0)) == (
        "rewired, projection 'i->e', delay: must be left out where all synapses share one (got 1.0)"
    )
    plastic = recurrent(plasticity=PairSTDP(w_max=5.0)).build("reference")
    strong = wiring_of(plastic, "e->e").grown(np.array([0]), np.array([1]), np.array([9.0]))
    assert refuse(lambda: rewired(plastic, "e->e", strong)) == (
        "projection 'e->e', weight: must lie between 0 and 5, the bounds of its rules (got 9)"
    )
