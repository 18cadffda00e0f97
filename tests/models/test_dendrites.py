"""Delays on axons and on dendrites: with a rule the two differ, without one they are one delay."""

from __future__ import annotations

import re

import numpy as np
import pytest

from maichong import (
    LIF,
    AllToAll,
    Delta,
    ExplicitList,
    Exponential,
    FixedInDegree,
    FixedProbability,
    Network,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    TripletSTDP,
    TsodyksMarkram,
    Uniform,
    resume,
)
from maichong.errors import NetworkError
from maichong.network import Network as Read

DT = 0.5
RULE = {
    "w_min": -1e9,
    "w_max": 1e9,
    "a_plus": 0.01,
    "a_minus": 0.012,
    "tau_plus": 17.0,
    "tau_minus": 30.0,
    "mu_plus": 0.0,
    "mu_minus": 0.0,
}


def pairs(pre: np.ndarray, post: np.ndarray, axonal: float, dendritic: float, weight: float, until: float) -> float:
    """Additive all-to-all STDP as a sum over pairs: the synapse sees pre at t + axonal, post at t + dendritic."""
    seen_pre, seen_post = pre + axonal, post + dendritic
    for i in seen_pre[seen_pre <= until - DT / 2]:  # what arrives at the last instant acts in the next step
        for j in seen_post[seen_post <= until + DT / 2]:
            if i < j - 1e-9:
                weight += 0.01 * np.exp(-(j - i) / 17.0)
            elif i > j + 1e-9:
                weight -= 0.012 * np.exp(-(i - j) / 30.0)
    return weight


@pytest.mark.parametrize("given", ["numbers", "lists", "one delay, lists"])
def test_pairs_are_those_that_meet_at_the_synapse(given: str, engine: str) -> None:
    """Nine synapses onto cells whose spikes are given by strong pulses; every pair of spikes counted one by one."""
    rng = np.random.default_rng(3)
    pre = {k: np.sort(rng.choice(np.arange(2, 300), 12, replace=False)) * DT for k in range(3)}
    post = {k: np.sort(rng.choice(np.arange(2, 300, 3), 12, replace=False)) * DT for k in range(3)}
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes(np.concatenate(list(pre.values())), np.repeat(range(3), 12)), 3)
    teacher = net.population("t", SpikeTimes(np.concatenate(list(post.values())) - DT, np.repeat(range(3), 12)), 3)
    cells = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=15.0, tau_m=1.0), 3)
    net.project(teacher, cells, OneToOne(), weight=100.0, receptor=Delta())
    axonal, dendritic = rng.integers(1, 9, 9) * DT, rng.integers(0, 9, 9) * DT
    if given == "numbers":
        axonal[:], dendritic[:] = 2.0, 3.5
    elif given == "one delay, lists":
        axonal[:] = 2.0
    connector = ExplicitList(np.repeat(range(3), 3), np.tile(range(3), 3))
    delay, dendrite = (values[0] if np.ptp(values) == 0 else values for values in (axonal, dendritic))
    net.project(
        source, cells, connector, weight=0.5, delay=delay, dendritic_delay=dendrite, receptor=Delta(),
        plasticity=PairSTDP(**RULE), name="learns",
    )  # fmt: skip
    run = net.build(engine).run(160.0)
    assert [run["n"].spikes.of(k).tolist() for k in range(3)] == [post[k].tolist() for k in range(3)]
    found = run.synapses("learns")
    wanted = [
        pairs(pre[i], post[j], a, d, 0.5, 160.0)
        for i, j, a, d in zip(found["pre"], found["post"], found["delay"], found["dendritic_delay"], strict=True)
    ]
    assert np.ptp(wanted) > 0.01
    np.testing.assert_allclose(found["weight"], wanted, rtol=1e-12)


def test_the_soma_feels_both_delays(engine: str) -> None:
    """A spike at 1 ms, 2 ms of axon, 3.5 ms of dendrite: the membrane jumps at 6.5 ms, by the weight of the synapse at 3 ms."""
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes([1.0], [0]), 1)
    cell = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=1e9, tau_m=1e15), 1)
    net.project(
        source, cell, AllToAll(), weight=2.0, delay=2.0, dendritic_delay=3.5, receptor=Delta(), plasticity=PairSTDP(w_max=9.0)
    )
    net.probe(cell, "v")
    run = net.build(engine).run(4.0)
    run.set_weights("s->n", 5.0)
    v = run.run(6.0)["n"].samples("v")
    assert v.times[np.flatnonzero(v.values[:, 0])[0]] == 7.0  # the first sample after 6.5 ms
    assert v.values[-1, 0] == pytest.approx(2.0)


@pytest.mark.parametrize("axonal", [1.0, Uniform(0.5, 4.0)])
@pytest.mark.parametrize("dendritic", [0.0, 2.5, Uniform(0.0, 4.0)])
def test_without_a_rule_the_two_are_one(axonal, dendritic, engine: str) -> None:
    """The impulse response is that of the sum of the delays, drawn or given."""
    net = Network(dt=DT, seed=2)
    source = net.population("s", SpikeTimes(np.full(50, 1.0), np.arange(50)), 50)
    cells = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=1e9, tau_m=1e15), 40)
    net.project(source, cells, FixedProbability(0.4), weight=1.0, delay=axonal, dendritic_delay=dendritic, receptor=Delta())
    net.probe(cells, "v")
    run = net.build(engine).run(20.0)
    delay = run.synapses("s->n")["delay"]
    low, high = (0.5, 8.0) if not isinstance(axonal, float) else (1.0, 5.0)
    assert low <= delay.min() <= delay.max() <= high
    v = run["n"].samples("v")
    arrived = np.round((1.0 + delay) / DT).astype(int) + 1  # seen at the end of the step that begins then
    np.testing.assert_allclose(v.values.sum(axis=1), [(arrived <= k).sum() for k in range(1, v.times.size + 1)])


def network(connector, delay, dendritic, rule=None, short_term=None) -> Network:
    net = Network(dt=DT, seed=5)
    source, cells = net.population("s", Poisson(rate=60.0), 40), net.population("n", LIF(c_m=50.0, t_ref=1.0), 35, drive=65.0)
    net.project(
        source, cells, connector, weight=Uniform(0.0, 60.0), delay=delay, dendritic_delay=dendritic, receptor=Exponential(),
        plasticity=rule or TripletSTDP(w_max=80.0, a2_plus=1.0, a3_plus=1.0, a2_minus=1.0, a3_minus=1.0), short_term=short_term,
    )  # fmt: skip
    net.project(cells, cells, FixedInDegree(5), weight=-20.0, delay=1.5, receptor=Exponential())
    net.probe(cells)
    net.probe(cells, "v", every=1.0)
    return net


CASES = {
    "matrix, one": (AllToAll(), 1.5, 2.0),
    "matrix, each": (AllToAll(), 1.5, Uniform(0.0, 6.0)),
    "rows, one": (FixedProbability(0.5), Uniform(0.5, 6.0), 2.0),
    "rows, each": (FixedProbability(0.5), Uniform(0.5, 6.0), Uniform(0.0, 6.0)),
    "rows, one delay, each": (FixedInDegree(10), 1.5, Uniform(0.0, 6.0)),
    "no axon": (FixedInDegree(10), None, Uniform(0.0, 6.0)),
    "dense, each": (AllToAll(), Uniform(0.5, 6.0), Uniform(0.0, 6.0)),
}


@pytest.mark.parametrize("case", CASES)
def test_every_layout_does_what_the_reference_does(case: str) -> None:
    net = network(*CASES[case])
    judge, *others = net.build("reference"), net.build("events", threads=1), net.build("events", threads=2)
    for run in (judge, *others):
        run.run(300.0)
    assert judge["n"].counts.sum() > 50
    before = net.build("reference").synapses("s->n")["weight"]
    assert np.abs(judge.synapses("s->n")["weight"] - before).max() > 1.0
    for run in others:
        assert np.array_equal(run["n"].spikes.times, judge["n"].spikes.times)
        np.testing.assert_allclose(run["n"].samples("v").values, judge["n"].samples("v").values, atol=1e-8)
        np.testing.assert_allclose(run.synapses("s->n")["weight"], judge.synapses("s->n")["weight"], atol=1e-8)
    assert all(np.array_equal(others[0].snapshot()[key], value) for key, value in others[1].snapshot().items())


def test_beside_short_term_plasticity() -> None:
    net = network(FixedProbability(0.5), Uniform(0.5, 6.0), Uniform(0.0, 6.0), short_term=TsodyksMarkram(tau_d=100.0))
    one, other = net.build("reference").run(200.0), net.build("events").run(200.0)
    assert one["n"].counts.sum() > 10
    np.testing.assert_allclose(other["n"].samples("v").values, one["n"].samples("v").values, atol=1e-8)


@pytest.mark.parametrize("case", ["matrix, one", "rows, each"])
def test_a_run_is_carried_on_to_the_bit(case: str, engine: str, tmp_path) -> None:
    net = network(*CASES[case])
    whole = net.build(engine).run(100.0)
    net.build(engine).run(47.5).save(tmp_path / "state.npz")
    again = resume(tmp_path / "state.npz").run(100.0 - 47.5)
    for key, value in whole.snapshot().items():
        np.testing.assert_array_equal(again.snapshot()[key], value)


def test_a_network_with_dendrites_comes_back_from_a_file(tmp_path) -> None:
    net = network(*CASES["rows, each"])
    assert Read.load(net.save(tmp_path / "net.json")) == net


@pytest.mark.parametrize(
    ("dendritic", "message"),
    [
        (-1.0, "projection 's->n', dendritic_delay: must be >= 0 ms (got -1 ms)"),
        (Uniform(-1.0, 2.0), "projection 's->n', dendritic_delay: must be >= 0 ms (got -1 ms)"),
        ([1.0, 2.0], "projection 's->n', dendritic_delay: must be one number or one per synapse, 4 (got 2)"),
        (np.nan, "projection 's->n', dendritic_delay: must be finite (got NaN or infinity)"),
    ],
)
def test_what_is_no_delay_is_refused(dendritic, message: str) -> None:
    net = Network()
    source, cells = net.population("s", Poisson(), 2), net.population("n", LIF(), 2)
    with pytest.raises(NetworkError if "NaN" not in message else Exception, match=re.escape(message)):
        net.project(source, cells, AllToAll(), weight=1.0, delay=1.0, dendritic_delay=dendritic, receptor=Delta())
