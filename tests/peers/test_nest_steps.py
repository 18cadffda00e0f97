"""What changes in steps of time, on NEST: currents exactly as ours, rates in the same steps and with the same means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AdaptiveLIF,
    AllToAll,
    Alpha,
    CorrelatedPoisson,
    Delta,
    Exponential,
    Izhikevich,
    Network,
    Poisson,
    SpikeTimes,
    Steps,
)
from maichong.engines.nest import different, missing
from maichong.neurons.traub_miles import TraubMiles
from maichong.synapses.bi_exponential import BiExponential

DT, N = 0.1, 4
OPEN = {"e_rev": 0.0}
# cell, receptors, within how many mV
CELLS = {
    "exp": (LIF(tau_m=[8.0, 10.0, 12.0, 14.0], t_ref=2.0), [Exponential(tau=2.0)], 1e-9),
    "exps": (LIF(t_ref=2.0), [Exponential(tau=2.0), Exponential(tau=5.0)], 1e-9),
    "alpha": (LIF(t_ref=2.0), [Alpha(tau=2.0)], 1e-9),
    "alphas": (LIF(t_ref=2.0), [Alpha(tau=2.0), Alpha(tau=5.0)], 1e-9),
    "delta": (LIF(t_ref=2.0), [Delta()], 1e-9),
    "adaptive": (AdaptiveLIF(t_ref=2.0), [Exponential(tau=2.0)], 1e-9),
    "izhikevich": (Izhikevich(integrator="euler", c_m=[1.0, 2.0, 1.0, 4.0]), [], 1e-9),
    "cond exp": (LIF(t_ref=2.0, integrator="rk4"), [Exponential(tau=2.0, **OPEN)], 1e-3),
    "cond alpha": (LIF(t_ref=2.0, integrator="rk4"), [Alpha(tau=2.0, **OPEN)], 1e-3),
    "cond beta": (LIF(t_ref=2.0, integrator="rk4"), [BiExponential(**OPEN)], 1e-2),
    "cond exps": (LIF(t_ref=2.0, integrator="rk4"), [Exponential(tau=tau, **OPEN) for tau in (1.0, 2.0, 3.0)], 1e-3),
    "cond alphas": (LIF(t_ref=2.0, integrator="rk4"), [Alpha(tau=tau, **OPEN) for tau in (1.0, 2.0, 3.0)], 1e-3),
    "cond betas": (LIF(t_ref=2.0, integrator="rk4"), [BiExponential(tau_rise=r, **OPEN) for r in (0.3, 0.5, 1.0)], 1e-3),
}  # fmt: skip
TIMES = [0.0, 10.0, 10.1, 30.0, 47.3]
ALL, EACH = Steps(TIMES, [300.0, 900.0, 0.0, 500.0, -100.0]), np.outer([1, 3, 0, 2, 1], [200, 250, 300, 350])


def driven(name: str, drive: Any) -> Network:
    net = Network(dt=DT, seed=1)
    cell, receptors, _ = CELLS[name]
    x, e = net.population("x", SpikeTimes([5.0], [0]), 1), net.population("e", cell, N, drive=drive)
    for receptor in receptors:
        net.project(x, e, AllToAll(), weight=0.5, delay=1.0, receptor=receptor)
    net.probe(e)
    net.probe(e, "v", every=DT)
    return net


def near(net: Network, within: float) -> Any:
    """Run both, and set a drive by hand, once before the next of its Steps and once after all of them."""
    runs = []
    for engine in ("reference", "nest"):
        run = net.build(engine).run(25.0)
        run["e"].drive([100.0, 200.0, 350.0, 900.0] if "izhikevich" not in str(net.populations["e"].model) else 20.0)
        run.run(3.0).run(21.0)
        run["e"].drive(0.0)
        runs.append(run.run(11.0)["e"])
    ours, theirs = runs
    assert np.array_equal(np.rint(ours.spikes.times / DT), np.rint(theirs.spikes.times / DT))
    assert np.array_equal(ours.spikes.ids, theirs.spikes.ids) and len(ours.spikes) > 3
    away = np.abs(ours.samples("v").values - theirs.samples("v").values)
    away[np.rint(ours.spikes.times / DT).astype(int) - 1, ours.spikes.ids] = 0.0  # some of NEST's reset in the next step
    assert away.max() < within
    return ours


@pytest.mark.parametrize("name", CELLS)
def test_the_same_currents_in_the_same_steps(name: str) -> None:
    """Every other one with a current for each cell."""
    part, each = 0.05 if name == "izhikevich" else 1.0, list(CELLS).index(name) % 2
    drive = Steps(TIMES, part * EACH) if each else Steps(ALL.times, part * ALL.values)
    net = driven(name, drive)
    assert missing(net) == []
    near(net, CELLS[name][2])


@pytest.mark.parametrize("dt", [1 / 3, 0.5])
def test_currents_where_slices_are_long(dt: float) -> None:
    """No state is recorded here, so that NEST goes several steps at once; the first of the Steps comes late."""
    net = Network(dt=dt, seed=1)
    drive = Steps(dt * np.array([3, 50, 51, 133]), np.array([700.0, 300.0, 2000.0, 400.0]))
    x = net.population("x", SpikeTimes([0.0, 9 * dt], [0, 0]), 1)
    e = net.population("e", LIF(t_ref=2.0, v_th=[-55.0, -54.0, -50.0]), 3, drive=drive)
    net.project(x, e, AllToAll(), weight=300.0, delay=5 * dt, receptor=Exponential(tau=2.0))
    net.probe(e)
    seen = []
    for engine in ("reference", "nest"):
        run = net.build(engine)
        run["e"].drive(900.0)  # until the first of the Steps
        run = run.run(60 * dt)
        run["e"].drive([0.0, 900.0, 400.0])
        run.run(140 * dt)
        seen.append((np.rint(run["e"].spikes.times / dt), run["e"].spikes.ids, run["e"]["v"]))
    assert len(seen[0][0]) > 8
    assert all(np.allclose(ours, theirs, rtol=1e-12) for ours, theirs in zip(*seen, strict=True))
    said = net.build("nest").describe().splitlines()
    assert "e: iaf_psc_exp, step_current_generator" in said


def test_traub_miles_in_steps_below_its_threshold() -> None:
    net = Network(dt=0.05)
    net.population("e", TraubMiles(t_ref=3.0), 3, drive=Steps([0, 5, 12], [[-300] * 3, [-400, -500, -600], [-300] * 3]))
    net.probe("e", "v", every=0.1)
    ours, theirs = (net.build(engine).run(25.0)["e"].samples("v").values for engine in ("reference", "nest"))
    assert np.ptp(ours) > 5.0
    assert np.abs(ours - theirs).max() < 0.01


# rates -------------------------------------------------------------------------------------------------------------------

RATES = Steps([0.0, 5.0, 5.1, 12.0], [400.0, 1000.0, 0.0, 200.0])


def expected(first: int = 1) -> np.ndarray:
    """The rate in Hz by which spikes come that are stamped k, 0 <= k <= 200; those of the first step are stamped ``first``."""
    return np.concatenate([np.zeros(first), RATES.at(DT * np.arange(201 - first) + 1e-9)])


def poisson(counts: np.ndarray, mean: np.ndarray) -> bool:
    """Whether counts in steps are those of a Poisson process: none where there are none, and few far off."""
    off = (counts - mean)[mean > 0] / np.sqrt(mean[mean > 0])
    return not counts[mean == 0].any() and np.abs(off).max() < 5 and abs((off**2).mean() - 1) < 5 * np.sqrt(2 / off.size)


@pytest.mark.parametrize("delay", [None, 0.5])
@pytest.mark.parametrize("each", [False, True])
def test_rates_of_sources(delay: float | None, each: bool) -> None:
    """With and without a source that leads; and slices of five steps."""
    n = 4000
    rate = Steps(RATES.times, np.outer(RATES.values, np.repeat([0.5, 1.5], n // 2))) if each else RATES
    net = Network(dt=DT, seed=4)
    x, e = net.population("x", Poisson(rate=rate), n), net.population("e", LIF(), 1)
    net.project(x, e, AllToAll(), weight=0.0, delay=delay, receptor=Exponential(tau=2.0))
    net.probe("x")
    run = net.build("nest").run(0.1).run(4.9).run(15.0)
    spikes = run["x"].spikes
    assert "x: inhomogeneous_poisson_generator, parrot_neuron" in run.describe().splitlines()
    for part, of in ((0.5, spikes.ids < n // 2), (1.5, spikes.ids >= n // 2)):
        counts = np.bincount(np.rint(spikes.times[of] / DT).astype(int), minlength=201)
        assert poisson(counts, expected() * (part if each else 1.0) * n / 2 * DT * 1e-3)


def test_rates_that_are_set_between_the_steps() -> None:
    """NEST hears late of them; they hold until the next of the steps, and not at all where that is nearer."""
    net, n = Network(dt=DT, seed=5), 2000
    x, e = net.population("x", Poisson(rate=Steps([2.0, 8.0, 9.0], [500.0, 0.0, 300.0])), n), net.population("e", LIF(), 1)
    net.project(x, e, AllToAll(), weight=0.0, delay=0.5, receptor=Exponential(tau=2.0))
    net.probe("x")
    run = net.build("nest").run(4.0)
    assert run._backend.source_params(0)["rate"].tolist() == [500.0] * n
    run["x"].set(rate=np.repeat([0.0, 1000.0], n // 2))
    assert run._backend.source_params(0)["rate"].tolist() == [0.0] * (n // 2) + [1000.0] * (n // 2)
    run.run(4.8)
    run["x"].set(rate=5000.0)  # 0.2 ms before the last of the steps, and NEST hears 0.5 ms later
    run.run(5.0)
    assert run._backend.source_params(0)["rate"].tolist() == [300.0] * n
    counts = np.histogram2d(run["x"].spikes.ids, run["x"].spikes.times, [[0, n / 2, n], [0.05, 2.05, 4.55, 8.05, 9.05, 13.85]])[
        0
    ]
    mean = (
        np.array([[0.0, 500.0, 0.0, 0.0, 300.0], [0.0, 500.0, 1000.0, 0.0, 300.0]]) * [2.0, 2.5, 3.5, 1.0, 4.8] * n / 2 * 1e-3
    )
    assert not counts[mean == 0].any()
    assert np.abs((counts - mean)[mean > 0] / np.sqrt(mean[mean > 0])).max() < 4.5
    said = "population 'x' (inhomogeneous_poisson_generator): "
    assert different(net) == [
        f"{said}two spikes of a cell may fall into one step", f"{said}a rate that is set while it runs acts 5 steps later"
    ]  # fmt: skip


@pytest.mark.parametrize("each", [False, True])
def test_rates_from_outside(each: bool) -> None:
    """Of cells without a leak the potential counts the events; those of a step are there at its end."""
    n = 400
    rate = Steps(RATES.times, np.outer(RATES.values, np.repeat([10.0, 30.0], n // 2))) if each else RATES
    net = Network(dt=DT, seed=6)
    e = net.population("e", LIF(tau_m=1e9, v_rest=0.0, v_r=-1.0, v_th=1e6), n, init={"v": 0.0})
    net.background(e, rate=rate, weight=1.0, receptor=Delta(), name="out")
    net.probe("e", "v", every=DT)
    run = net.build("nest").run(20.0)
    assert "out: inhomogeneous_poisson_generator" in run.describe().splitlines()
    events = np.diff(np.rint(run["e"].samples("v").values), axis=0, prepend=0.0)
    for part, of in ((10.0, slice(None, n // 2)), (30.0, slice(n // 2, None))):
        assert poisson(events[:, of].sum(axis=1), expected()[1:] * (part if each else 1.0) * n / 2 * DT * 1e-3)


# correlated trains -------------------------------------------------------------------------------------------------------


def test_trains_that_copy_a_hidden_one() -> None:
    """Rate, correlation and variance; then with others that are set."""
    n, rate, c, duration = 60, 400.0, 0.3, 2000.0
    for delay, steps in ((1.0, 10), (None, 1)):
        net = Network(dt=DT, seed=3)
        x, e = net.population("x", CorrelatedPoisson(rate=rate, correlation=c), n), net.population("e", LIF(), 1)
        net.project(x, e, AllToAll(), weight=0.0, delay=delay, receptor=Exponential(tau=2.0))
        net.probe("x")
        run = net.build("nest").run(duration)
        assert run["x"].rate() == pytest.approx(rate, rel=5 / np.sqrt(rate / c * duration * 1e-3))
        spikes = run["x"].spikes
        counts = np.histogram2d(spikes.ids, spikes.times, [np.arange(n + 1), np.arange(0.0, duration + 1.0)])[0]
        assert np.corrcoef(counts)[~np.eye(n, dtype=bool)].mean() == pytest.approx(c, abs=0.03)
        assert counts.var() / counts.mean() == pytest.approx(1.0, abs=0.05)
        run["x"].set(rate=100.0, correlation=1.0)
        run.run(1.2)  # until NEST has heard of it
        before = run["x"].counts
        now = run.run(200.0)["x"].counts - before
        assert np.ptp(now) == 0 and now[0] == pytest.approx(20.0, abs=5 * np.sqrt(20))
        said = "population 'x' (mip_generator): "
        assert [line for line in different(net) if line.startswith(said)] == [
            f"{said}a hidden spike is copied with the correlation itself, for two spikes of a cell may fall into one step",
            f"{said}a rate that is set while it runs acts {steps + 2} steps later",
        ]


@pytest.mark.parametrize("delay", [None, 0.7])
def test_trains_that_copy_begin_at_once(delay: float | None) -> None:
    """Of many sources the first spikes are stamped dt, and are as many as later; nothing else that is random begins later."""
    net = Network(dt=DT, seed=8)
    e, f = net.population("e", LIF(), 1), net.population("f", LIF(v_th=0.0), 4000)
    for k in range(200):
        x = net.population(f"x{k}", CorrelatedPoisson(rate=500.0, correlation=1.0), 1)
        net.project(x, e, AllToAll(), weight=0.0, delay=delay, receptor=Exponential(tau=2.0))
        net.probe(x)
    y = net.population("y", Poisson(rate=1000.0), 500)
    net.project(y, e, AllToAll(), weight=0.0, delay=delay, receptor=Exponential(tau=2.0))
    net.background(f, rate=5000.0, weight=1.0, receptor=Exponential(tau=2.0))
    net.probe(y)
    run = net.build("nest").run(0.1)
    # an event acts from the start of the step on
    assert (run["f"]["v"] > -70.0).mean() == pytest.approx(1 - np.exp(-0.5), abs=5 * np.sqrt(0.24 / 4000))
    run.run(3.9)
    copied = np.concatenate([run[f"x{k}"].spikes.times for k in range(200)])
    for stamps, mean in ((copied, 10.0), (run["y"].spikes.times, 50.0)):
        assert poisson(np.bincount(np.rint(stamps / DT).astype(int), minlength=41), np.repeat([0.0, mean], [1, 40]))


def test_steps_that_nest_has_not() -> None:
    net = Network(dt=DT)
    net.population("x", CorrelatedPoisson(rate=Steps([0.0], [1.0]), correlation=Steps([0.0, 2.0], [0.5, 0.1])), 2)
    said = "population 'x' (mip_generator): its {} must not be Steps, which it does not take"
    assert missing(net) == [said.format("rate"), said.format("correlation")]
