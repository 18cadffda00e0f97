"""NEST and maichong learn the same weights from the same spikes.

NEST puts the delay behind the synapse, and one step of it at least, so that it sees a postsynaptic spike one or two steps later
than our rules do. Amplitudes make up for that, so that weights agree to rounding wherever no postsynaptic spike lies within those
steps of an arrival; such pairs are left out here, and counted. NEST brings a weight up to date when a spike arrives, so that one
more spike of every source ends the comparison, when the cells have fallen silent.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AllToAll,
    Alpha,
    Delta,
    ExplicitList,
    Exponential,
    MorrisonSTDP,
    Network,
    PairSTDP,
    PowerLawSTDP,
    SpikeTimes,
    TripletSTDP,
    Uniform,
)

DT, N_PRE, N_POST, LAST = 0.1, 8, 4, 400.0
SLOW, MIXED = Uniform(0.1, 5.0), Uniform(2e-3, 8e-3)
PAIR = PairSTDP(w_max=0.01, a_plus=1e-4, a_minus=1.2e-4, tau_plus=18.0, tau_minus=25.0)
WEAK = PAIR.replace(w_max=1e-3, a_plus=1e-5, a_minus=1.2e-5)
CASES = {
    "additive": (PAIR, Exponential(tau=2.0), SLOW, MIXED, "stdp_synapse"),
    "no delay": (PAIR, Exponential(tau=2.0), None, MIXED, "stdp_synapse"),
    "power": (PAIR.replace(mu_plus=0.4, mu_minus=0.7), Alpha(tau=2.0), 1.5, MIXED, "stdp_synapse"),
    "multiplicative": (PAIR.replace(mu_plus=1.0, mu_minus=1.0, a_plus=0.01), Exponential(tau=2.0), SLOW, MIXED, "stdp_synapse"),
    # cells differ in tau_m, so that NEST's weights and their bounds differ from synapse to synapse
    "jumps": (WEAK, Delta(), SLOW, Uniform(2e-4, 8e-4), "stdp_synapse"),
    "jumps, no delay": (WEAK, Delta(), None, Uniform(2e-4, 8e-4), "stdp_synapse"),
    "inhibition": (PAIR, Exponential(tau=2.0, e_rev=-90.0), SLOW, MIXED, "stdp_synapse"),
    "nearest": (PAIR.replace(pairing="nearest"), Exponential(tau=2.0), SLOW, MIXED, "stdp_nn_symm_synapse"),
    "triplet": (
        TripletSTDP(w_max=0.01, a2_plus=1e-5, a3_plus=6.5e-5, a2_minus=7.1e-5, a3_minus=2e-5), Exponential(tau=2.0), SLOW, MIXED,
        "stdp_triplet_synapse",
    ),
    "power law": (
        MorrisonSTDP(lam=0.02, alpha=0.7, w_0=4e-3), Exponential(tau=2.0), SLOW, MIXED, "stdp_pl_synapse_hom",
    ),
    "rises alone": (
        PowerLawSTDP(w_max=0.01, x_tar=0.0, eta=1e-3, mu=0.5), Exponential(tau=2.0), SLOW, MIXED, "stdp_synapse",
    ),
}  # fmt: skip


def network(case: str) -> Network:
    """Sources that hardly move the cells, which fire by what is injected; each source begins at t = 0 and ends at LAST."""
    rule, receptor, delay, weight, _ = CASES[case]
    rng = np.random.default_rng(5)
    times = [np.concatenate([[0.0], np.sort(rng.uniform(6.0, LAST - 20.0, 24)), [LAST]]) for _ in range(N_PRE)]
    net = Network(dt=DT, seed=1)
    x = net.population("x", SpikeTimes(np.concatenate(times), np.repeat(np.arange(N_PRE), 26)), N_PRE)
    cell = LIF(tau_m=np.linspace(8.0, 12.0, N_POST), t_ref=2.0, integrator="rk4" if case == "inhibition" else "auto")
    e = net.population("e", cell, N_POST, drive=np.linspace(500, 800, N_POST))
    if case == "inhibition":  # two receptors, so that NEST's weights are negative
        y = net.population("y", SpikeTimes([5.0], [0]), 1)
        net.project(y, e, AllToAll(), weight=0.01, delay=1.0, receptor=Exponential(tau=1.0, e_rev=0.0))
    net.project(x, e, AllToAll(), weight=weight, delay=delay, receptor=receptor, plasticity=rule, name="learned")
    net.probe_weights("learned", every=50.0, synapses=[3, 0])
    net.probe("x")
    net.probe("e")
    return net


def taught(case: str, engine: str) -> Any:
    run = network(case).build(engine).run(LAST - 10.0)
    run["e"].drive(-200.0)
    return run.run(17.0)


def near(run: Any, early: int, source: str = "x", cells: str = "e", projection: str = "learned") -> np.ndarray:
    """The synapses at which a postsynaptic spike lies within ``early`` steps before an arrival, or at it."""
    synapses, pre, post = run.synapses(projection), run[source].spikes, run[cells].spikes
    found = []
    for i, j, delay in zip(synapses["pre"], synapses["post"], synapses["delay"], strict=True):
        arrivals = np.rint((pre.of(i) + delay) / DT)[:, None]
        behind = arrivals - np.rint(post.of(j) / DT)
        found.append(((behind >= 0) & (behind <= early)).any())
    return np.array(found)


@pytest.mark.parametrize("case", CASES)
def test_the_same_weights(case: str) -> None:
    engines = ("reference", "events") if case == "additive" else ("reference",)
    theirs = taught(case, "nest")
    said = re.escape(f"\nlearned: {CASES[case][4]}") + rf"( from \d+ parrots)?, {N_PRE * N_POST} synapses as in the plan\n"
    assert re.search(said, theirs.describe())
    for engine in engines:
        ours = taught(case, engine)
        for population in "xe":
            assert np.array_equal(np.rint(ours[population].spikes.times / DT), np.rint(theirs[population].spikes.times / DT))
            assert np.array_equal(ours[population].spikes.ids, theirs[population].spikes.ids)
        assert np.array_equal(ours.synapses("learned")["delay"], theirs.synapses("learned")["delay"])
        apart = ~near(ours, 1 if case.startswith("jumps") else 2)
        assert apart.sum() > N_PRE * N_POST / 3
        before, learned = (run.synapses("learned")["weight"] for run in (network(case).build("reference"), ours))
        assert np.abs(learned - before).max() > 1e-5
        assert np.allclose(theirs.synapses("learned")["weight"][apart], learned[apart], rtol=1e-11, atol=0)


def test_a_spike_that_nest_sees_on_the_other_side() -> None:
    """Our rule depresses for a postsynaptic spike one step before the arrival; NEST, two steps off, potentiates: as described."""
    net = Network(dt=DT)
    x = net.population("x", SpikeTimes([4.9, 20.0], [0, 0]), 1)
    e = net.population("e", LIF(t_ref=2.0), 1, drive=1000.0)
    rule = PairSTDP(w_max=1.0, a_plus=0.1, a_minus=0.1)
    net.project(x, e, AllToAll(), weight=0.5, receptor=Exponential(tau=2.0), plasticity=rule, name="learned")
    moved = {}
    for engine in ("reference", "nest"):
        run = net.build(engine).run(5.5)
        assert run["e"].counts.tolist() == [1]  # at 4.8 ms
        run["e"].drive(-1000.0)
        moved[engine] = run.run(15.0).weights("learned")[0, 0] - 0.5
    behind, before = np.exp([-15.2 / 20.0, -0.1 / 20.0])
    assert moved["reference"] == pytest.approx(-0.1 * before - 0.1 * behind)
    assert moved["nest"] == pytest.approx(0.1 / before - 0.1 * behind)
    told = "a postsynaptic spike less than 2 steps before an arrival counts as after it"
    assert f"differs: projection 'learned' (stdp_synapse): {told}" in run.describe().splitlines()


def test_cells_that_teach_each_other() -> None:
    """A projection between cells, and one onto themselves; the parrots that send for them are no cells of anybody."""
    net, runs = Network(dt=DT, seed=2), {}
    a = net.population("a", LIF(t_ref=2.0), 6, drive=np.linspace(400, 700, 6))
    b = net.population("b", LIF(t_ref=2.0), 5, drive=np.linspace(450, 900, 5))
    for name, source in (("a->b", a), ("b->b", b)):
        net.project(source, b, AllToAll(), weight=MIXED, delay=SLOW, receptor=Exponential(tau=2.0), plasticity=PAIR, name=name)
    for engine in ("reference", "nest"):
        run = net.build(engine).run(200.0)
        run["b"].drive(-500.0)
        runs[engine] = run.run(60.0)
    ours, theirs = runs["reference"], runs["nest"]
    for population in "ab":
        assert np.array_equal(ours[population].counts, theirs[population].counts)
        assert np.allclose(ours[population].spikes.times, theirs[population].spikes.times)
    apart = ~near(ours, 2, "a", "b", "a->b")
    assert apart.sum() > 5
    learned = [run.synapses("a->b")["weight"][apart] for run in (ours, theirs)]
    assert np.allclose(*learned, rtol=1e-11, atol=0)
    assert np.abs(learned[0] - net.build("reference").synapses("a->b")["weight"][apart]).max() > 1e-4


def test_a_power_law_of_jumps() -> None:
    """NEST's weights are smaller by the leak of a step, its step size so much larger."""
    net = Network(dt=DT)
    x = net.population("x", SpikeTimes([3.3, 9.5, 14.7, 30.0], [0] * 4), 1)
    e = net.population("e", LIF(tau_m=2.0, c_m=50.0, t_ref=2.0), 2, drive=[1000.0, 1200.0])
    rule = MorrisonSTDP(lam=0.1, alpha=0.5, mu=0.3, w_0=0.02)
    net.project(x, e, AllToAll(), weight=[0.01, 0.04], delay=1.0, receptor=Delta(), plasticity=rule, name="learned")
    net.probe("x")
    net.probe("e")
    learned = []
    for engine in ("reference", "nest"):
        run = net.build(engine).run(25.0)
        run["e"].drive(-1000.0)
        learned.append(run.run(10.0).synapses("learned")["weight"])
        assert run["e"].counts.min() > 3
    assert not near(run, 1).any()
    assert np.allclose(*learned, rtol=1e-11)
    assert np.abs(learned[0] - [0.01, 0.04]).min() > 1e-3


def test_synapses_of_one_pair_are_told_apart() -> None:
    """By their delays and first weights; what they have learned stays with each."""
    net = Network(dt=DT)
    x = net.population("x", SpikeTimes([1.0, 30.0], [0, 0]), 1)
    e = net.population("e", LIF(t_ref=2.0), 1, drive=1000.0)
    pairs, delay = ExplicitList([0, 0, 0, 0], [0, 0, 0, 0]), [3.0, 0.5, 0.5, 2.0]
    given = {"weight": [0.5, 0.4, 0.3, 0.5], "delay": delay, "receptor": Exponential(tau=2.0)}
    net.project(x, e, pairs, **given, plasticity=PAIR.replace(w_max=1.0, a_plus=0.01), name="learned")
    net.project(x, e, pairs, **given, name="fixed")
    learned = []
    for engine in ("reference", "nest"):
        run = net.build(engine).run(25.0)
        run["e"].drive(-1000.0)
        run.run(12.0)
        assert run.synapses("learned")["delay"].tolist() == delay
        assert run.synapses("fixed")["weight"].tolist() == given["weight"]
        learned.append(run.synapses("learned")["weight"])
        run.set_weights("fixed", [4.0, 3.0, 2.0, 1.0])
        assert run.synapses("fixed")["weight"].tolist() == [4.0, 3.0, 2.0, 1.0]
    assert np.allclose(*learned, rtol=1e-12)
    assert np.ptp(learned[0] - given["weight"]) > 1e-3


def test_samples_of_weights_and_weights_that_are_set() -> None:
    ours, theirs = taught("additive", "reference"), taught("additive", "nest")
    one, other = ours.weight_samples("learned"), theirs.weight_samples("learned")
    assert np.array_equal(one.times, other.times)
    assert one.values.shape == other.values.shape == (8, 2)
    assert np.abs(one.values - other.values).max() < 1e-3  # NEST's are as old as the last spike
    assert np.ptp(other.values) > 1e-4
    for run in (ours, theirs):
        run.set_weights("learned", np.linspace(0.0, 0.01, N_PRE * N_POST).reshape(N_PRE, N_POST))
    assert np.array_equal(ours.weights("learned"), theirs.weights("learned"))
