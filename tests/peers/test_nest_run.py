"""A run on NEST is looked at and changed as any other; what NEST cannot do is refused, and a lost kernel is told."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AdaptiveLIF,
    AllButSelf,
    AllToAll,
    Delta,
    ExplicitList,
    Exponential,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    LogNormal,
    Network,
    Normal,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    Uniform,
    WeightNormalisation,
    open_recording,
)
from maichong.engines.nest.kernel import load
from maichong.errors import EngineError, NetworkError
from maichong.exchange import to_neo

CURRENT, OPEN = Exponential(tau=2.0), Exponential(tau=2.0, e_rev=0.0)


def cells(engine: str = "nest", **options: Any) -> Any:
    net = Network(dt=0.1)
    net.population("e", LIF(tau_m=[10.0, 20.0, 15.0], t_ref=2.0), 3, drive=[500.0, 300.0, 0.0])
    net.population("a", AdaptiveLIF(t_ref=2.0), 2, drive=400.0)
    net.probe("e")
    net.probe("e", "v", every=0.3, cells=[2, 0], start=3.0, stop=12.0)
    return net.build(engine, **options)


def test_states_and_drives_are_seen_and_set() -> None:
    seen = []
    for engine in ("reference", "nest"):
        run = cells(engine).run(5.0)
        assert run.t == pytest.approx(5.0)
        run["e"]["v"] = [-60.0, -58.0, -56.5]
        assert run["e"]["v"].tolist() == [-60.0, -58.0, -56.5]
        run["e"].drive([0.0, 900.0, 450.0])
        run.run(20.0)
        samples = run["e"].samples("v")
        seen.append((run["e"].spikes.times, run["e"]["v"], samples.times, samples.values, run["a"]["a"], run["e"].rate()))
    for ours, theirs in zip(*seen, strict=True):
        assert np.allclose(ours, theirs, rtol=1e-12, atol=1e-9)
    assert seen[0][2] == pytest.approx(np.arange(3.3, 12.1, 0.3))


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda run: run["a"]["a"].sum() + run["a"].__setitem__("a", 1.0), (
            "population 'a', a: NEST's gif_psc_exp_multisynapse shows it and does not take it"
        )),
        (lambda run: run.snapshot(), "run, engine 'nest': NEST cannot save or restore its state; keep recordings by run.stream"
         "(folder), or use the engine 'events'"),
        (lambda run: run.restore({}), "run, engine 'nest': NEST cannot save or restore its state; keep recordings by run.stream"
         "(folder), or use the engine 'events'"),
        (lambda run: run.save("never.npz"), "run, engine 'nest': NEST cannot save or restore its state; keep recordings by "
         "run.stream(folder), or use the engine 'events'"),
    ],
    ids=["a", "snapshot", "restore", "save"],
)  # fmt: skip
def test_what_nest_cannot_do(act: Callable[[Any], Any], said: str) -> None:
    run = cells()
    assert not run.can_save
    with pytest.raises(EngineError) as caught:
        act(run)
    assert str(caught.value) == said
    assert not Path("never.npz").exists()
    run.run(1.0)  # and goes on


def test_plasticity_stays_on_and_hears_no_signals() -> None:
    net = Network(dt=0.1)
    x, e = net.population("x", Poisson(rate=20.0), 2), net.population("e", LIF(), 2)
    net.project(x, e, AllToAll(), weight=0.5, receptor=CURRENT, plasticity=PairSTDP(), name="learned")
    run = net.build("nest")
    run.learning = True
    with pytest.raises(EngineError) as caught:
        run.learning = False
    assert str(caught.value) == (
        "run.learning: NEST's plasticity cannot be switched off; build the network without its rules to test it"
    )
    assert run.learning
    with pytest.raises(NetworkError, match="no rule waits for 'sample'"):
        run.signal("sample")
    with pytest.raises(EngineError, match=r"^signal 'sample': NEST's synapses hear no signals; use the engine"):
        run._backend.signal("sample", 0.0)
    assert WeightNormalisation.signal == "sample"
    plain = cells()
    plain.learning = False  # nothing learns


def test_receptors_are_not_shown() -> None:
    net = Network(dt=0.1)
    x, e = net.population("x", Poisson(rate=20.0), 2), net.population("e", LIF(), 2)
    net.project(x, e, AllToAll(), weight=0.5, receptor=CURRENT)
    with pytest.raises(EngineError) as caught:
        net.build("nest")["e"]["g_p0"]
    assert str(caught.value) == "population 'e', g_p0: NEST's iaf_psc_exp shows v alone"


def test_negative_conductances_are_not_set() -> None:
    net = Network(dt=0.1)
    x, e = net.population("x", Poisson(rate=20.0), 2), net.population("e", LIF(), 2)
    net.project(x, e, AllToAll(), weight=Uniform(0, 1), receptor=OPEN, name="in")
    run = net.build("nest")
    with pytest.raises(EngineError) as caught:
        run.set_weights("in", [1.0, 2.0, -3.0, 1.0])
    assert str(caught.value) == "projection 'in', weight: NEST's conductances must be >= 0 (got -3)"


# sources -----------------------------------------------------------------------------------------------------------------


def given(receptor: Any, delay: float | None) -> Any:
    net = Network(dt=0.1)
    x, e = net.population("x", SpikeTimes([0.0, 1.0], [0, 1]), 2), net.population("e", LIF(), 2)
    net.project(x, e, OneToOne(), weight=100.0, delay=delay, receptor=receptor)
    net.probe("x")
    return net.build("nest").run(5.0)


@pytest.mark.parametrize(("delay", "least"), [(0.1, 5.1), (None, 5.2)])
def test_spikes_that_are_given_while_it_runs(delay: float | None, least: float) -> None:
    run = given(CURRENT, delay)
    run["x"].set_spikes([7.0, least, 7.0], [0, 1, 0])
    assert run.run(5.0)["x"].spikes.times.round(9).tolist() == [0.0, 1.0, least, 7.0]
    assert run["x"].counts.tolist() == [2, 2]


def test_spikes_that_are_given_too_late() -> None:
    with pytest.raises(EngineError) as caught:
        given(CURRENT, None)["x"].set_spikes([5.1], [0])
    assert str(caught.value) == (
        "population 'x': its spikes must come at least 2 steps after t = 5 ms (got 5.1 ms); NEST sends early what arrives without "
        "a delay"
    )


def test_rates_that_are_set_while_it_runs() -> None:
    net = Network(dt=0.1, seed=2)
    x, e = net.population("x", Poisson(), 400), net.population("e", LIF(), 1)
    net.project(x, e, AllToAll(), weight=0.1, delay=1.0, receptor=CURRENT)
    net.probe("x")
    run = net.build("nest").run(20.0)
    assert not run["x"].counts.any()
    run["x"].set(rate=np.repeat([0.0, 500.0], 200))
    run.run(100.0)
    counts, times = run["x"].counts, run["x"].spikes.times
    assert not counts[:200].any()
    assert counts[200:].mean() == pytest.approx(50.0, abs=5 * np.sqrt(50 / 200))
    assert times.min() == pytest.approx(21.1, abs=0.11)  # at the earliest: the slice of 1 ms
    run["x"].set(rate=0.0)
    before = run.run(1.0)["x"].counts.sum()
    assert run.run(20.0)["x"].counts.sum() == before


# the kernel --------------------------------------------------------------------------------------------------------------

LOST = (
    "run, engine 'nest': this run has lost NEST's kernel, of which a process has one, to a later build; finish with one run before "
    "you build the next, or use one process for each"
)


def test_a_later_build_takes_the_kernel() -> None:
    net = Network(dt=0.1)
    x, e = net.population("x", SpikeTimes([1.0], [0]), 1), net.population("e", LIF(), 1, drive=1000.0)
    net.project(x, e, AllToAll(), weight=Uniform(0, 1), receptor=CURRENT, name="in")
    net.probe_weights("in", every=1.0)
    old = net.build("nest").run(10.0)
    cells()
    for act in (
        lambda: old.run(1.0), lambda: old["e"]["v"], lambda: old["e"].__setitem__("v", -60.0), lambda: old["e"].drive(1.0),
        lambda: old["x"].set_spikes([20.0], [0]), lambda: old.weights("in"), lambda: old.set_weights("in", [1.0]),
        lambda: old.synapses("in"),
    ):  # fmt: skip
        with pytest.raises(EngineError) as caught:
            act()
        assert str(caught.value) == LOST
    # what it has recorded stays
    assert old["e"].rate() > 0 and len(old.weight_samples("in").times) == 10 and old["e"].counts.tolist() == [2]


def test_a_build_that_is_refused_leaves_the_kernel_where_it_is() -> None:
    run = cells().run(1.0)
    net = Network(dt=0.1)
    net.population("e", LIF(reset="soft"), 1)
    for options in ({}, {"threads": -1}):
        with pytest.raises(EngineError):
            net.build("nest", **options)
    assert run.run(1.0).t == pytest.approx(2.0)


def test_others_use_the_kernel() -> None:
    nest, run = load(), cells().run(1.0)
    nest.Simulate(1.0)
    with pytest.raises(EngineError) as caught:
        run.run(1.0)
    assert str(caught.value) == (
        "run, engine 'nest': NEST's kernel must be left to the run (got its clock at 2.3 instead of 1.3 ms); build the network "
        "again"
    )
    run = cells()
    nest.ResetKernel()
    with pytest.raises(EngineError, match="must be left to the run"):
        run["e"]["v"]


def test_ctrl_c_is_heard_between_two_stretches() -> None:
    run = cells()
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        run.run(1e7)
    assert run.t > 0
    reached = run.t
    assert run.run(1.0).t == pytest.approx(reached + 1.0)
    assert run["e"].spikes.times.max() > reached - 50.0


# connections -------------------------------------------------------------------------------------------------------------


def drawn() -> Network:
    """A projection for each of NEST's rules, and some that must be handed over."""
    net = Network(dt=0.1, seed=4)
    x, e = net.population("x", Poisson(rate=20.0), 100), net.population("e", LIF(t_ref=2.0), 100, drive=500.0)
    given = {"weight": 2.0, "delay": 1.5, "receptor": CURRENT}
    net.project(e, e, AllButSelf(), **given, name="all_to_all")
    net.project(x, e, OneToOne(), weight=3.0, receptor=CURRENT, name="one_to_one")
    low = Uniform(0.5, 2.0)
    net.project(e, e, FixedInDegree(10, autapses=False), weight=Normal(2, 1, 0, 4), delay=low, receptor=CURRENT, name="in")
    net.project(x, e, FixedOutDegree(10, multapses=False), weight=LogNormal(0, 0.5), delay=1.0, receptor=CURRENT, name="out")
    net.project(x, e, FixedTotalNumber(500), **given, name="total")
    net.project(e, e, FixedProbability(0.1, autapses=False), **given, name="probability")
    rule = PairSTDP(w_max=4.0)
    net.project(x, e, FixedProbability(0.1), **given, plasticity=rule, name="learned")
    # by hand: no rule, autapses of parrots, delays of parrots, a weight for each pair, distributions that do not spread
    net.project(x, e, FixedInDegree(3), weight=Normal(2, 0), delay=Uniform(1, 1), receptor=CURRENT, name="narrow")
    net.project(x, e, ExplicitList([0, 5, 5], [1, 2, 2]), **given, name="list")
    net.project(e, e, FixedInDegree(3, autapses=False), **given, plasticity=rule, name="learned, but self")
    net.project(x, e, FixedInDegree(3), weight=2.0, delay=low, receptor=CURRENT, plasticity=rule, name="learned late")
    net.project(x, e, AllToAll(), weight=np.linspace(0, 1, 10000).reshape(100, 100), receptor=CURRENT, name="matrix")
    return net


HANDED_OVER = {"list", "narrow", "learned, but self", "learned late", "matrix"}


def test_connections_that_nest_draws() -> None:
    net = drawn()
    run, ours = net.build("nest", connectivity="nest"), net.build("reference")
    lines = [line for line in run.describe().splitlines() if line.endswith(("drawn by NEST", "as in the plan"))]
    assert {line.split(":")[0] for line in lines if line.endswith("as in the plan")} == HANDED_OVER
    for name in net.projections:
        made, known = run.synapses(name), ours.synapses(name)
        assert made["pre"].shape == made["post"].shape == made["weight"].shape == made["delay"].shape
        assert (np.diff(made["pre"]) >= 0).all()
        if name in HANDED_OVER:
            assert all(np.array_equal(made[key], known[key]) for key in made)
        assert run.plan.projections[list(net.projections).index(name)].size == made["pre"].size
    made = {name: run.synapses(name) for name in net.projections}
    assert np.array_equal(run.weights("all_to_all"), ours.weights("all_to_all"), equal_nan=True)
    assert np.array_equal(run.weights("one_to_one"), ours.weights("one_to_one"), equal_nan=True)
    assert (np.bincount(made["in"]["post"], minlength=100) == 10).all()
    assert (made["in"]["pre"] != made["in"]["post"]).all() and (made["probability"]["pre"] != made["probability"]["post"]).all()
    assert (np.bincount(made["out"]["pre"], minlength=100) == 10).all()
    assert np.unique(np.stack([made["out"]["pre"], made["out"]["post"]]), axis=1).shape[1] == 1000
    assert made["total"]["pre"].size == 500
    assert made["learned"]["pre"].size == pytest.approx(1000, abs=5 * np.sqrt(900))
    assert np.allclose(made["learned"]["delay"], 1.5) and np.allclose(made["one_to_one"]["delay"], 0.0)
    w, d = made["in"]["weight"], made["in"]["delay"]
    assert (w.min() >= 0, w.max() <= 4) == (True, True)
    assert (w.mean(), w.std()) == (pytest.approx(2.0, abs=0.13), pytest.approx(0.88, abs=0.1))
    assert (d.min(), d.max()) == (pytest.approx(0.5), pytest.approx(2.0))
    logs = np.log(made["out"]["weight"])
    assert (logs.mean(), logs.std()) == (pytest.approx(0.0, abs=0.08), pytest.approx(0.5, abs=0.06))
    run.run(50.0)
    assert run["x"].rate() > 10.0
    assert not np.array_equal(run.synapses("learned")["weight"], made["learned"]["weight"])
    run.set_weights("in", np.arange(w.size) / w.size)
    assert np.allclose(run.synapses("in")["weight"], np.arange(w.size) / w.size)
    other = net.build("nest", connectivity="nest")
    assert all(np.array_equal(other.synapses("in")[key], made["in"][key]) for key in made["in"])  # the same seed
    net.seed += 1
    assert not np.array_equal(net.build("nest", connectivity="nest").synapses("in")["pre"], made["in"]["pre"])


def test_weights_of_a_synapse_that_nest_did_not_draw() -> None:
    """A probe is checked by our own draw, which may have more synapses."""
    net = Network(dt=0.1, seed=1)
    x, e = net.population("x", Poisson(), 10), net.population("e", LIF(), 10)
    net.project(x, e, FixedProbability(0.5), weight=1.0, delay=1.0, receptor=CURRENT, name="in")
    run = net.build("nest", connectivity="nest")
    size = run.synapses("in")["pre"].size
    assert run._backend.weights_of(0, np.array([0, size - 1]))().tolist() == [1.0, 1.0]
    with pytest.raises(EngineError) as caught:
        run._backend.weights_of(0, np.array([0, size]))
    assert str(caught.value) == f"probe on 'in': NEST drew {size} synapses, and their indices end below that (got {size})"


def test_no_synapses_at_all() -> None:
    net = Network(dt=0.1, seed=1)
    x, e = net.population("x", Poisson(), 3), net.population("e", LIF(), 3)
    net.project(x, e, FixedProbability(0.0), weight=1.0, delay=1.0, receptor=CURRENT, name="in")
    for connectivity in ("ours", "nest"):
        run = net.build("nest", connectivity=connectivity).run(1.0)
        assert run.synapses("in")["weight"].size == 0
        assert np.isnan(run.weights("in")).all()
        run.set_weights("in", 2.0)


def test_two_threads_change_nothing_that_is_given() -> None:
    """And the spikes of one step stay in the order of the cells."""
    net = Network(dt=0.5)
    x = net.population("x", SpikeTimes(np.arange(20.0), np.arange(20) % 4), 4)
    e = net.population("e", LIF(t_ref=2.0), 6, drive=np.linspace(350, 600, 6))
    net.project(x, e, AllToAll(), weight=Uniform(0, 100), delay=Uniform(0.5, 3), receptor=CURRENT)
    net.probe(e)
    net.probe(e, "v", every=1.0, cells=[4, 1])
    one, two = (net.build("nest", threads=threads).run(25.0) for threads in (1, 2))
    assert "NEST 3.10.0, 2 threads" in two.describe()
    assert np.array_equal(one["e"].spikes.times, two["e"].spikes.times) and len(one["e"].spikes)
    assert np.array_equal(one["e"].spikes.ids, two["e"].spikes.ids)
    assert np.array_equal(one["e"].samples("v").values, two["e"].samples("v").values)


# what is recorded goes where it always goes ------------------------------------------------------------------------------


def test_recordings_stream_and_go_to_neo(tmp_path: Path) -> None:
    whole, run = cells().run(15.0), None
    run = cells().run(4.0).stream(tmp_path / "recording").run(11.0)
    read = open_recording(tmp_path / "recording")
    assert np.array_equal(read["e"].spikes.times, whole["e"].spikes.times)
    assert np.array_equal(read["e"].samples("v").values, whole["e"].samples("v").values)
    (segment,) = to_neo(run).segments
    assert [train.size for train in segment.spiketrains] == run["e"].counts.tolist()


def test_jumps_and_weights_are_read_back_as_they_were_given() -> None:
    net = Network(dt=0.1)
    x, e = net.population("x", Poisson(), 3), net.population("e", LIF(tau_m=[10.0, 20.0, 30.0]), 3)
    given = np.arange(9.0).reshape(3, 3)
    net.project(x, e, AllToAll(), weight=given, delay=0.7, receptor=Delta(), name="in")
    run = net.build("nest")
    assert np.allclose(run.weights("in"), given, rtol=1e-15)
    assert np.allclose(run.synapses("in")["delay"], 0.7)
