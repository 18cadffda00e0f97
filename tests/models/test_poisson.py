"""The Poisson source: a spike in a step with p = 1 - exp(-rate dt), independently (equations.md 4)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from maichong import LIF, AllToAll, Delta, Network, Poisson
from maichong.errors import ParameterError

MANY = 300


def trains(
    engine: str, rate: object, n: int, duration: float, *, dt: float = 1.0, seed: int = 1, name: str = "p"
) -> np.ndarray:
    """Who fired when, [steps, n]."""
    net = Network(dt=dt, seed=seed)
    net.population(name, Poisson(rate=rate), n)
    spikes = net.build(engine).run(duration)[name].spikes
    fired = np.zeros((round(duration / dt) + 1, n), bool)
    fired[np.rint(spikes.times / dt).astype(int), spikes.ids] = True
    assert fired.sum() == spikes.times.size
    assert not fired[0].any()
    return fired[1:]


def within(count: int, chance: float, trials: int) -> bool:
    """Whether a binomial count is where it is but once in 10,000 times."""
    return stats.binomtest(count, trials, chance).pvalue > 1e-4


@pytest.mark.parametrize(("rate", "dt"), [(100.0, 1.0), (5.0, 1.0), (100.0, 0.125), (2000.0, 1.0)])
def test_the_chance_of_a_spike_in_a_step(engine: str, rate: float, dt: float) -> None:
    """1 - e^(-rate dt): .0951625820 at 100 Hz and 1 ms [N]; .8647 at 2000 Hz, where rate dt alone would be 2."""
    chance = -np.expm1(-rate * dt / 1000.0)
    if (rate, dt) == (100.0, 1.0):
        assert chance == pytest.approx(0.0951625820, abs=5e-11)
    fired = trains(engine, rate, MANY, 1000 * dt, dt=dt)
    assert within(int(fired.sum()), chance, fired.size)
    # as likely in the first step as in the last
    assert within(int(fired[:20].sum()), chance, fired[:20].size)
    assert within(int(fired[-20:].sum()), chance, fired[-20:].size)


def test_intervals_are_geometric(engine: str) -> None:
    """P(interval = k steps) = p (1 - p)^(k-1), by chi-square; so successive steps know nothing of each other."""
    fired = trains(engine, 50.0, MANY, 1000.0)
    p = -np.expm1(-0.05)
    # intervals that begin early enough to end within the run, however long they are
    intervals = np.concatenate([np.diff(np.flatnonzero(train))[np.flatnonzero(train)[:-1] < 300] for train in fired.T])
    assert intervals.size > 3000
    observed = np.array([*((intervals == k).sum() for k in range(1, 41)), (intervals > 40).sum()])
    wanted = np.array([*(p * (1 - p) ** (k - 1) for k in range(1, 41)), (1 - p) ** 40])
    assert stats.chisquare(observed, wanted * intervals.size).pvalue > 1e-4


def test_the_fano_factor_of_counts(engine: str) -> None:
    """1 +- 3 / sqrt(n) [N]; at a dt of 1/8 ms and 10 Hz the binomial's 1 - p is within 0.0013 of 1."""
    counts = trains(engine, 10.0, 2000, 250.0, dt=0.125).sum(axis=0)
    fano = counts.var(ddof=1) / counts.mean()
    assert abs(fano - 1) < 3 / np.sqrt(counts.size)


def test_the_rate_of_one_train_is_never_exact() -> None:
    """The relative standard deviation of a rate decoded over T is 1 / sqrt(r T), here 1 / sqrt(20), less a factor (1 - p)^(1/2)."""
    counts = trains("events", 20.0, 4000, 1000.0).sum(axis=0)
    assert counts.std() / counts.mean() == pytest.approx(np.exp(-0.01) / np.sqrt(20), rel=4 / np.sqrt(2 * 4000))


def test_each_neuron_has_its_own_rate(engine: str) -> None:
    """0 Hz is silence."""
    rates = np.repeat([0.0, 5.0, 50.0], 200)
    fired = trains(engine, rates, 600, 1000.0)
    assert not fired[:, :200].any()
    for low, rate in ((200, 5.0), (400, 50.0)):
        block = fired[:, low : low + 200]
        assert within(int(block.sum()), -np.expm1(-rate / 1000), block.size)


def test_both_engines_fire_alike() -> None:
    rates = np.linspace(0.0, 300.0, 40)
    assert np.array_equal(trains("reference", rates, 40, 2000.0, dt=0.5), trains("events", rates, 40, 2000.0, dt=0.5))


def test_trains_beyond_the_calendar() -> None:
    """At a few spikes in a minute the waits are many times longer than the 4096 steps that the fast engine's calendar holds."""
    slow = trains("events", 0.05, 300, 60_000.0)
    assert np.array_equal(slow[:3000], trains("reference", 0.05, 300, 3000.0))
    assert within(int(slow.sum()), -np.expm1(-0.05 / 1000), slow.size)


def test_neurons_populations_and_seeds_are_independent() -> None:
    """Chance coincidences alone: of two neurons, of equal neurons in two populations, of one neuron under two seeds."""
    fired = trains("events", 100.0, 200, 2000.0)
    other = trains("events", 100.0, 200, 2000.0, name="q")
    reseeded = trains("events", 100.0, 200, 2000.0, seed=2)
    p = -np.expm1(-0.1)
    for a, b in ((fired[:, :100], fired[:, 100:]), (fired, other), (fired, reseeded), (fired[:-1], fired[1:])):
        assert within(int((a & b).sum()), p * p, a.size)


def test_a_source_does_not_care_what_else_the_network_holds() -> None:
    """Its stream is keyed by its name."""
    net = Network(dt=1.0, seed=1)
    net.population("before", Poisson(rate=30.0), 7)
    p = net.population("p", Poisson(rate=100.0), 50)
    net.project(p, net.population("n", LIF(), 3), AllToAll(), weight=1.0, receptor=Delta())
    spikes = net.build("events").run(300.0)["p"].spikes
    alone = trains("events", 100.0, 50, 300.0)
    found = np.zeros_like(alone)
    found[np.rint(spikes.times).astype(int) - 1, spikes.ids] = True
    assert np.array_equal(found, alone)


def test_a_rate_that_changes_in_mid_run(engine: str) -> None:
    """Each stretch has its own chance, from its first step on; both engines agree and an unchanged neuron is undisturbed."""
    n, stretches = 400, [(20.0, 300.0), (200.0, 300.0), (0.0, 100.0), (60.0, 300.0)]
    net = Network(dt=1.0, seed=4)
    net.population("p", Poisson(rate=20.0), n)
    run = net.build(engine)
    steady = trains(engine, 20.0, n, 1000.0, seed=4)[:, :50]
    for rate, duration in stretches:
        rates = np.full(n, rate)
        rates[:50] = 20.0
        run["p"].set(rate=rates)
        run.run(duration)
    spikes = run["p"].spikes
    fired = np.zeros((1000, n), bool)
    fired[np.rint(spikes.times).astype(int) - 1, spikes.ids] = True
    assert np.array_equal(fired[:, :50], steady)
    begin = 0
    for rate, duration in stretches:
        part = fired[begin : begin + round(duration), 50:]
        chance = -np.expm1(-rate / 1000)
        assert within(int(part.sum()), chance, part.size)
        assert within(int(part[:10].sum()), chance, part[:10].size)
        begin += round(duration)


def test_a_rate_that_changes_in_every_step() -> None:
    """Drawn anew each time, a spike still comes with p = 1 - exp(-rate dt) in each step: the process has no memory."""
    runs = []
    for engine in ("reference", "events"):
        net = Network(dt=1.0, seed=9)
        net.population("p", Poisson(rate=0.0), 400)
        run = net.build(engine)
        rates = 100.0 + 80.0 * np.sin(np.arange(400) / 20.0)
        for rate in rates:
            run["p"].set(rate=rate)
            run.run(1.0)
        runs.append(run["p"].counts)
    assert np.array_equal(*runs)
    p = -np.expm1(-rates / 1000.0)
    mean, sd = 400 * p.sum(), np.sqrt(400 * (p * (1 - p)).sum())
    assert abs(runs[0].sum() - mean) < 4 * sd


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"Poisson.rate: must be >= 0 Hz \(got -1.0\)"):
        Poisson(rate=-1.0)
