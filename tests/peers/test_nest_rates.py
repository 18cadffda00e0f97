"""Random sources and events from outside, on NEST: rates change in the same steps as ours, and trains share as many spikes."""

from __future__ import annotations

import numpy as np
import pytest

from maichong import LIF, AllToAll, CorrelatedPoisson, Delta, Exponential, Network, Poisson, Steps
from maichong.engines.nest import different, missing

DT = 0.1
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
    run = net.build("nest").run(3.0)
    assert run._backend.source_params(0)["rate"].tolist() == [500.0] * n
    run["x"].set(rate=700.0)
    run.run(1.0)
    run["x"].set(rate=np.repeat([0.0, 1000.0], n // 2))
    assert run._backend.source_params(0)["rate"].tolist() == [0.0] * (n // 2) + [1000.0] * (n // 2)
    run.run(4.8)
    run["x"].set(rate=5000.0)  # 0.2 ms before the last of the steps, and NEST hears 0.5 ms later
    run.run(5.0)
    assert run._backend.source_params(0)["rate"].tolist() == [300.0] * n
    edges = np.array([0.0, 2.0, 3.5, 4.5, 8.0, 9.0, 13.8])
    counts = np.histogram2d(run["x"].spikes.ids, run["x"].spikes.times, [[0, n / 2, n], edges + DT / 2])[0]
    mean = np.array([[0, 500, 700, 0, 0, 300], [0, 500, 700, 1000, 0, 300]]) * np.diff(edges) * n / 2 * 1e-3
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
