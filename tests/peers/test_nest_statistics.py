"""Where random numbers are NEST's own, NEST and maichong agree within statistical error: rates, irregularity, correlations.

The network is Brunel's (2000, doi:10.1023/A:1008925309027) in small, with currents: 1,000 cells in the irregular state, driven by
Poisson events from outside. Elephant measures it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from elephant.conversion import BinnedSpikeTrain
from elephant.spike_train_correlation import correlation_coefficient
from elephant.statistics import cv, isi
from scipy.stats import ttest_ind

from maichong import LIF, AllToAll, Delta, Exponential, FixedInDegree, Network, OneToOne, Poisson
from maichong.exchange import to_neo

pytestmark = [  # Elephant's own
    pytest.mark.filterwarnings("ignore:The 'copy' argument in Quantity"),
    pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Binning discarded"),
]

SEEDS, WARM, TIME = range(1, 17), 100.0, 900.0  # ms


def balanced(seed: int = 1) -> Network:
    net = Network(dt=0.1, seed=seed)
    cell = LIF(tau_m=20.0, c_m=250.0, v_rest=-70.0, v_r=-60.0, v_th=-50.0, t_ref=2.0)
    e, i = net.population("e", cell, 800), net.population("i", cell, 200)
    receptor = Exponential(tau=0.5)
    for source, number, weight in ((e, 80, 200.0), (i, 20, -1100.0)):
        for target in (e, i):
            net.project(source, target, FixedInDegree(number), weight=weight, delay=1.5, receptor=receptor)
    for target in (e, i):
        net.background(target, rate=2600.0, weight=200.0, receptor=receptor)
    net.probe(e, start=WARM)
    net.probe(i, start=WARM)
    return net


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, np.ndarray]]:
    """By engine, what each of several networks with connections and random numbers of its own does."""
    engines = {"events": {}, "nest": {}, "nest drawn": {"connectivity": "nest"}}
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, given in engines.items():
        runs = [statistics(balanced(seed).build(name.split()[0], **given).run(WARM + TIME)) for seed in SEEDS]
        found[name] = {key: np.array([run[key] for run in runs]) for key in runs[0]}
    return found


def statistics(run: Any) -> dict[str, float]:
    """Rates in Hz, the mean CV of the intervals, and the mean correlation of the counts of 120 cells in 5 ms."""
    rates = {f"rate {name}": run[name].spikes.times.size / run[name].counts.size / TIME * 1000.0 for name in "ei"}
    trains = to_neo(run).segments[0].spiketrains
    matrix = correlation_coefficient(BinnedSpikeTrain(trains[:120], bin_size=_ms(5.0)))
    np.fill_diagonal(matrix, np.nan)
    irregular = np.mean([cv(isi(train)) for train in trains if train.size > 5])
    return {**rates, "irregularity": float(irregular), "correlation": float(np.nanmean(matrix))}


def _ms(time: float) -> Any:
    import quantities as pq

    return time * pq.ms


@pytest.mark.parametrize("engine", ["nest", "nest drawn"])
def test_rates_irregularity_and_correlations_of_a_balanced_network(measured: dict[str, Any], engine: str) -> None:
    """Welch's t over networks: cells of one network share what fluctuates, so that they are no independent samples of it.

    Sixteen networks bound what may differ to about 0.6 Hz, 0.015 in the CV and 0.009 in the correlation.
    """
    ours, theirs = measured["events"], measured[engine]
    for key in ours:
        assert ttest_ind(ours[key], theirs[key], equal_var=False).pvalue > 1e-4, key
    assert 5.0 < theirs["rate e"].mean() < 50.0
    assert 5.0 < theirs["rate i"].mean() < 50.0
    assert 0.5 < theirs["irregularity"].mean() < 1.0
    assert 0.01 < theirs["correlation"].mean() < 0.05


@pytest.mark.parametrize("engine", ["events", "nest"])
def test_the_first_two_moments_of_a_driven_membrane(engine: str) -> None:
    """Campbell's theorem for jumps: mean r w tau, variance r w^2 tau / 2; from a background, and from a source."""
    rate, w, tau, n = 4000.0, 0.2, 10.0, 4000
    net = Network(dt=0.1, seed=3)
    far = LIF(tau_m=tau, v_rest=0.0, v_r=-1.0, v_th=1e6)
    a, b, x = net.population("a", far, n), net.population("b", far, n), net.population("x", Poisson(rate=100.0), 40)
    net.background(a, rate=np.full(n, rate), weight=w, receptor=Delta())
    net.project(x, b, AllToAll(), weight=w, delay=1.0, receptor=Delta())
    run = net.build(engine).run(100.0)
    mean, variance = rate * w * tau * 1e-3, rate * w * w * tau / 2 * 1e-3
    v = run["a"]["v"]
    assert v.mean() == pytest.approx(mean * np.exp(-0.005), abs=5 * np.sqrt(variance / n))  # half a step old at the mean
    assert v.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / n))
    assert np.ptp(run["b"]["v"]) < 1e-9  # all of them have the same forty inputs
    assert run["b"]["v"][0] == pytest.approx(mean, abs=5 * np.sqrt(variance))
    assert run["x"].rate() == pytest.approx(100.0, rel=5 / np.sqrt(40 * 100.0 * 0.1))


def test_poisson_sources_begin_at_once_and_are_independent() -> None:
    """Whether or not something leaves them without a delay; the first spike is stamped dt."""
    for delay in (None, 1.0):
        net = Network(dt=0.1, seed=1)
        x, e = net.population("x", Poisson(rate=1000.0), 2000), net.population("e", LIF(), 1)
        net.project(x, e, AllToAll(), weight=0.0, delay=delay, receptor=Exponential(tau=2.0))
        net.probe("x")
        run = net.build("nest").run(10.0)
        counts = np.bincount(np.rint(run["x"].spikes.times / 0.1).astype(int), minlength=101)
        assert counts[0] == 0
        assert counts[1:].mean() == pytest.approx(200.0, abs=5 * np.sqrt(200.0 / 100))
        assert counts[1] == pytest.approx(200.0, abs=5 * np.sqrt(200.0))
        each = run["x"].counts
        assert each.var() / each.mean() == pytest.approx(1.0, abs=5 * np.sqrt(2 / 2000))


def test_events_from_outside_reach_their_own_receptor() -> None:
    """The mean membrane is r w tau tau_m / c_m for currents, and that of a conductance r w tau for inhibition."""
    net, n = Network(dt=0.1, seed=2), 500
    cells = LIF(tau_m=10.0, c_m=250.0, v_rest=0.0, v_r=-1.0, v_th=1e6)
    e, f = net.population("e", cells, n), net.population("f", cells, n)
    x = net.population("x", Poisson(), 1)
    fast, slow = Exponential(tau=1.0), Exponential(tau=5.0)
    into, out = Exponential(tau=5.0, e_rev=0.0), Exponential(tau=5.0, e_rev=-80.0)
    for target, first, second in ((e, fast, slow), (f, into, out)):
        net.project(x, target, AllToAll(), weight=0.0, delay=1.0, receptor=first)
        net.background(target, rate=2000.0, weight=4.0, receptor=second)
    run = net.build("nest").run(100.0)
    assert run["e"]["v"].mean() == pytest.approx(2.0 * 4.0 * 5.0 * 10.0 / 250.0, rel=0.02)
    conductance = 2.0 * 4.0 * 5.0  # nS, beside a leak of 25
    assert run["f"]["v"].mean() == pytest.approx(-80.0 * conductance / (conductance + 25.0), rel=0.02)


def test_a_background_begins_at_once() -> None:
    """Its first events act from t = 0 on, as ours do."""
    net = Network(dt=0.1, seed=1)
    e = net.population("e", LIF(tau_m=10.0, v_th=0.0), 2000)
    f = net.population("f", LIF(tau_m=10.0, v_th=0.0, c_m=1.0), 2000)
    net.background(e, rate=5000.0, weight=1.0, receptor=Delta())
    net.background(f, rate=5000.0, weight=np.full(2000, 1.0), receptor=Exponential(tau=5.0))
    net.project(e, f, OneToOne(), weight=0.0, delay=1.5, receptor=Exponential(tau=5.0))  # a slice of 15 steps
    run = net.build("nest").run(0.1)
    first = (run["e"]["v"] + 70.0) / np.exp(-0.01)
    assert np.allclose(first, np.rint(first), atol=1e-9)  # numbers of events
    assert first.mean() == pytest.approx(0.5, abs=5 * np.sqrt(0.5 / 2000))
    assert run["f"]["v"].max() > -70.0
