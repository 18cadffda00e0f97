"""NEST's synapses with short-term plasticity release what ours do: the same membranes and the same spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AllToAll,
    Delta,
    Exponential,
    FixedProbability,
    Network,
    OneToOne,
    SpikeTimes,
    TsodyksMarkram,
    Uniform,
)

DT, N = 0.1, 6
FACILITATING = TsodyksMarkram(U=0.05, tau_d=100.0, tau_f=800.0)
# rule, receptor, delay, weight
CASES = {
    "depressing": (TsodyksMarkram(), Exponential(tau=3.0), Uniform(0.1, 5.0), Uniform(100.0, 500.0)),
    "no delay": (TsodyksMarkram(U=0.3, tau_d=50.0, tau_f=20.0), Exponential(tau=3.0), None, Uniform(100.0, 500.0)),
    "facilitating": (FACILITATING, Exponential(tau=3.0), 1.5, 2000.0),
    # cells differ in tau_m, so that NEST's weights differ from synapse to synapse
    "jumps": (TsodyksMarkram(U=0.8, tau_d=30.0), Delta(), Uniform(0.1, 5.0), Uniform(1.0, 4.0)),
    "another u": (TsodyksMarkram(U=0.3, tau_d=50.0, tau_f=20.0, variant="baseline_U"), Exponential(tau=3.0), 1.0, 400.0),
    "three states": (TsodyksMarkram(U=0.3, tau_d=50.0, tau_f=20.0, tau_psc=3.0), Exponential(tau=3.0), 1.0, 400.0),
    "inhibition": (TsodyksMarkram(U=1.0, tau_d=200.0), Exponential(tau=5.0), 0.7, -300.0),
}


def network(case: str) -> Network:
    """Sources that begin late, at t = 0 and with spikes one step apart, onto cells that send by such synapses too."""
    rule, receptor, delay, weight = CASES[case]
    rng = np.random.default_rng(7)
    times = np.concatenate([[0.0, 50.0, 50.1, 50.2, 120.0], rng.uniform(20.0, 200.0, 120)])
    net = Network(dt=DT, seed=3)
    x = net.population("x", SpikeTimes(times, np.concatenate([[0, 1, 1, 1, 2], rng.integers(0, 3, 120)])), 3)
    cell = LIF(tau_m=np.linspace(8.0, 14.0, N), t_ref=2.0)
    e = net.population("e", cell, N, drive=800.0 if case == "inhibition" else 300.0)
    given = {"receptor": receptor, "short_term": rule}
    net.project(x, e, AllToAll(), weight=weight, delay=delay, **given, name="in")
    net.project(e, e, FixedProbability(0.5), weight=-0.5 if case == "jumps" else -50.0, delay=Uniform(0.5, 3.0), **given)
    net.probe(e)
    net.probe(e, "v", every=DT)
    return net


@pytest.mark.parametrize("case", CASES)
def test_the_same_release(case: str) -> None:
    net = network(case)
    ours, theirs = net.build("reference").run(200.0), net.build("nest").run(200.0)
    kind = "tsodyks_synapse" if case == "three states" else "tsodyks2_synapse"
    assert f"in: {kind}, 18 synapses as in the plan" in theirs.describe().splitlines()
    assert np.array_equal(np.rint(ours["e"].spikes.times / DT), np.rint(theirs["e"].spikes.times / DT))
    assert np.array_equal(ours["e"].spikes.ids, theirs["e"].spikes.ids) and len(ours["e"].spikes) > 10
    assert np.abs(ours["e"].samples("v").values - theirs["e"].samples("v").values).max() < 1e-10
    for name in net.projections:
        made, known = theirs.synapses(name), ours.synapses(name)
        assert np.array_equal(made["delay"], known["delay"])
        assert np.allclose(made["weight"], known["weight"], rtol=1e-15)


def test_the_first_spike_releases_its_part() -> None:
    """U of the weight, whenever it comes; the second, a long time after, nearly as much."""
    net, U = Network(dt=DT), 0.3
    x, e = net.population("x", SpikeTimes([40.0, 440.0], [0, 0]), 1), net.population("e", LIF(tau_m=10.0, v_rest=-70.0), 1)
    net.project(
        x, e, OneToOne(), weight=10.0, delay=DT, receptor=Delta(), short_term=TsodyksMarkram(U=U, tau_d=50.0, tau_f=5.0)
    )
    net.probe(e, "v", every=DT)
    v = net.build("nest").run(500.0)["e"].samples("v")
    jumped = [(v.values[v.times.round(9) == t + 2 * DT, 0].item() + 70.0) / np.exp(-DT / 10.0) for t in (40.0, 440.0)]
    assert jumped[0] == pytest.approx(10.0 * U)
    assert jumped[1] == pytest.approx(10.0 * U * (1 - U * np.exp(-8.0)), rel=1e-9)


def test_synapses_that_nest_draws() -> None:
    """By NEST's rules, with distributions; what is given for all is the same as ours."""
    net = Network(dt=DT, seed=1)
    x = net.population("x", SpikeTimes(np.arange(1.0, 90.0, 7.0), np.zeros(13)), 1)
    e, f = net.population("e", LIF(), 5), net.population("f", LIF(), 500)
    given: dict[str, Any] = {"receptor": Exponential(tau=3.0), "short_term": FACILITATING}
    net.project(x, e, AllToAll(), weight=500.0, delay=1.0, **given, name="all")
    net.project(x, f, AllToAll(), weight=Uniform(100.0, 500.0), delay=Uniform(0.5, 2.0), **given, name="drawn")
    ours, theirs = net.build("reference").run(100.0), net.build("nest", connectivity="nest").run(100.0)
    assert "drawn: tsodyks2_synapse, 500 synapses drawn by NEST" in theirs.describe().splitlines()
    assert np.allclose(ours["e"]["v"], theirs["e"]["v"], rtol=1e-12)
    w = theirs.synapses("drawn")["weight"]
    assert w.min() >= 100.0 and w.max() <= 500.0 and w.mean() == pytest.approx(300.0, abs=5 * 400 / np.sqrt(12 * 500))
    assert theirs["f"]["v"].mean() == pytest.approx(ours["f"]["v"].mean(), abs=0.1)
