"""Tsodyks and Markram's short-term plasticity: releases at 20 Hz, the mean over Poisson spikes, delays, other rules beside it.

The numbers were computed apart from this code (equations of Tsodyks, Pawelzik & Markram 1998), and as NEST's tsodyks2_synapse does.
"""

from __future__ import annotations

import numpy as np
import pytest

from maichong import (
    AMPA,
    LIF,
    AllToAll,
    Delta,
    ExplicitList,
    Exponential,
    FixedOutDegree,
    FixedProbability,
    Network,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    TsodyksMarkram,
    Uniform,
    resume,
)
from maichong.errors import NetworkError

SETS = {
    "depressing": (0.45, 50.0, 750.0, [0.45, 0.313280, 0.175169, 0.108993], 0.06143205),
    "facilitating": (0.15, 750.0, 50.0, [0.15, 0.254418, 0.322652, 0.368955], 0.51349540),
    "facilitating 1998": (0.03, 530.0, 130.0, [0.03, 0.055327, 0.075736, 0.091777], 0.16548554),
    "depressing 1998": (0.5, 0.0, 800.0, [0.5, 0.265147, 0.154835, 0.103020], 0.05712586),
}


def releases(times: np.ndarray, rule: object, engine: str, delay: float | None = 1.0, **options: object) -> np.ndarray:
    """How much of a weight of 1 mV each spike releases: jumps of a membrane that forgets nothing."""
    net = Network(dt=0.5)
    source = net.population("s", SpikeTimes(times, np.zeros(times.size, int)), 1)
    cell = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=1e9, tau_m=1e15), 1)
    net.project(source, cell, AllToAll(), weight=1.0, delay=delay, receptor=Delta(), short_term=rule)
    net.probe(cell, "v")
    v = net.build(engine, **options).run(float(times.max()) + 10.0)["n"].samples("v").values[:, 0]
    arrivals = np.round((times + (delay or 0.0)) / 0.5).astype(int)
    return v[arrivals] - np.concatenate([[0.0], v[arrivals[1:] - 1]])


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("delay", [None, 1.0, 3.5])
def test_releases_at_twenty_hertz(name: str, delay: float | None, engine: str) -> None:
    use, tau_f, tau_d, first, steady = SETS[name]
    found = releases(np.arange(1.0, 12000.0, 50.0), TsodyksMarkram(U=use, tau_f=tau_f, tau_d=tau_d), engine, delay)
    assert found[:4] == pytest.approx(first, abs=1e-6)
    assert found[-1] == pytest.approx(steady, abs=1e-8)


def test_single_precision_releases_the_same() -> None:
    times = np.arange(1.0, 2000.0, 50.0)
    double, single = (releases(times, TsodyksMarkram(tau_f=100.0), "events", precision=p) for p in ("float64", "float32"))
    np.testing.assert_allclose(single, double, atol=2e-7)


def test_the_mean_over_poisson_spikes() -> None:
    """At 20 Hz u and x are 0.62 and 0.097 in the mean-field theory, which neglects their correlation: within 15 % here."""
    net = Network(dt=0.1, seed=3)
    source = net.population("s", Poisson(rate=20.0), 400)
    cells = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=1e9, tau_m=1e15), 400)
    rule = TsodyksMarkram(U=0.45, tau_f=50.0, tau_d=750.0)
    net.project(source, cells, OneToOne(), weight=1.0, delay=0.1, receptor=Delta(), short_term=rule)
    run = net.build("events").run(5000.0)
    before, counts = run["n"]["v"].sum(), run["s"].counts.sum()
    run.run(20000.0)
    mean = (run["n"]["v"].sum() - before) / (run["s"].counts.sum() - counts)
    assert mean == pytest.approx(0.62068966 * 0.09698997, rel=0.15)


def network(connector: object, weight: object, delay: object, rules: tuple[object, ...] = ()) -> Network:
    net = Network(dt=0.1, seed=5)
    source = net.population("s", Poisson(rate=80.0), 40)
    cells = net.population("n", LIF(c_m=50.0), 30, drive=60.0)
    net.project(
        source, cells, connector, weight=weight, delay=delay, receptor=Exponential(), plasticity=rules,
        short_term=TsodyksMarkram(tau_f=200.0, U=0.2),
    )  # fmt: skip
    net.probe(cells)
    net.probe(cells, "v", every=1.0)
    return net


CASES = {
    "matrix": (AllToAll(), 60.0, 1.0, ()),
    "rows": (FixedProbability(0.5), Uniform(0.0, 60.0), 1.0, ()),
    "late": (FixedProbability(0.5), 40.0, Uniform(0.1, 4.0), ()),
    "late and dense": (AllToAll(), Uniform(0.0, 40.0), Uniform(0.1, 4.0), ()),
    "plastic": (FixedProbability(0.5), Uniform(0.0, 60.0), Uniform(0.1, 4.0), (PairSTDP(w_max=60.0, a_plus=5.0, a_minus=5.0),)),
    "plastic, one delay": (AllToAll(), Uniform(0.0, 40.0), 1.5, (PairSTDP(w_max=60.0, a_plus=5.0, a_minus=5.0),)),
}


@pytest.mark.parametrize("case", CASES)
def test_every_layout_does_what_the_reference_does(case: str) -> None:
    net = network(*CASES[case])
    judge, *others = net.build("reference"), net.build("events", threads=1), net.build("events", threads=2)
    for run in (judge, *others):
        run.run(200.0)
    assert judge["n"].counts.sum() > 20
    for run in others:
        assert np.array_equal(run["n"].spikes.times, judge["n"].spikes.times)
        np.testing.assert_allclose(run["n"].samples("v").values, judge["n"].samples("v").values, atol=1e-9)
        np.testing.assert_allclose(run.synapses("s->n")["weight"], judge.synapses("s->n")["weight"], atol=1e-9)
    assert all(np.array_equal(others[0].snapshot()[key], value) for key, value in others[1].snapshot().items())


def test_synapses_that_are_drawn_again_at_each_spike() -> None:
    net = network(FixedOutDegree(15), Uniform(0.0, 60.0), 1.0)
    stored, drawn = (net.build("events", procedural=procedural).run(200.0) for procedural in (False, True))
    assert stored["n"].counts.sum() > 20
    np.testing.assert_array_equal(stored["n"].samples("v").values, drawn["n"].samples("v").values)


@pytest.mark.parametrize("case", ["rows", "late", "plastic"])
def test_a_run_is_carried_on_to_the_bit(case: str, engine: str, tmp_path) -> None:
    net = network(*CASES[case])
    whole = net.build(engine).run(100.0)
    cut = net.build(engine).run(47.3)
    cut.save(tmp_path / "state.npz")
    again = resume(tmp_path / "state.npz").run(100.0 - 47.3)
    np.testing.assert_array_equal(again["n"].samples("v").values, whole["n"].samples("v").values)
    for key, value in whole.snapshot().items():
        np.testing.assert_array_equal(again.snapshot()[key], value)


def test_weights_set_while_spikes_are_under_way(engine: str) -> None:
    """A spike acts with the weight at its arrival, as without the rule: the release was fixed when it was sent."""
    net = Network(dt=0.5)
    source = net.population("s", SpikeTimes([1.0, 3.0], [0, 0]), 1)
    cells = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=1e9, tau_m=1e15), 2)
    connector = ExplicitList([0, 0], [0, 1])
    net.project(source, cells, connector, weight=[1.0, 1.0], delay=[2.0, 10.0], receptor=Delta(), short_term=TsodyksMarkram())
    run = net.build(engine).run(4.0)
    run.set_weights("s->n", [5.0, 5.0])
    second = 0.5 * (1.0 - 0.5 * np.exp(-2.0 / 800.0))
    run.run(20.0)
    assert run["n"]["v"] == pytest.approx([0.5 + 5.0 * second, 5.0 * (0.5 + second)], rel=1e-12)


@pytest.mark.parametrize(
    ("given", "receptor", "message"),
    [
        (PairSTDP(), Delta(), "its short_term must be a short-term rule, such as TsodyksMarkram()"),
        (3.0, Delta(), "its short_term must be a short-term rule, such as TsodyksMarkram()"),
        (TsodyksMarkram(U=[0.1, 0.2]), Delta(), "TsodyksMarkram.U must be one number for all synapses"),
        (TsodyksMarkram(), AMPA(), "AMPA saturates by itself, and takes no TsodyksMarkram"),
    ],
)
def test_what_is_no_short_term_rule_is_refused(given: object, receptor: object, message: str) -> None:
    net = Network()
    source, cells = net.population("s", Poisson(), 2), net.population("n", LIF(), 2)
    with pytest.raises(NetworkError, match=message.replace("(", r"\(").replace(")", r"\)")):
        net.project(source, cells, AllToAll(), weight=1.0, receptor=receptor, short_term=given)
