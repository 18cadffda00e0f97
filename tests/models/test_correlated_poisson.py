"""Trains that copy a hidden one: rates and correlations against their law (Kuhn, Aertsen & Rotter 2003)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from maichong import LIF, AllToAll, CorrelatedPoisson, Exponential, Network, Steps, Uniform, resume
from maichong.errors import MaichongError


def trains(
    engine: str, n: int, duration: float, *, dt: float = 1.0, seed: int = 1, name: str = "x", **values: Any
) -> np.ndarray:
    """Who fired when, [steps, n]."""
    net = Network(dt=dt, seed=seed)
    net.population(name, CorrelatedPoisson(**values), n)
    spikes = net.build(engine).run(duration)[name].spikes
    fired = np.zeros((round(duration / dt) + 1, n), bool)
    fired[np.rint(spikes.times / dt).astype(int), spikes.ids] = True
    assert fired.sum() == spikes.times.size
    return fired[1:]


def correlation(counts: np.ndarray, p: float, window: int = 1) -> float:
    """The mean correlation coefficient of all pairs of columns, from the variance of their sum, with what is known of one."""
    n, variance = counts.shape[1], window * p * (1 - p)
    whole = counts.sum(axis=1) - n * window * p
    return float((np.mean(whole**2) / (n * variance) - 1) / (n - 1))


@pytest.mark.parametrize(("rate", "c", "dt"), [(50.0, 0.1, 1.0), (20.0, 0.5, 0.1), (5.0, 0.01, 1.0), (400.0, 0.6, 1.0)])
@pytest.mark.parametrize("window", [1, 50])
def test_rate_and_correlation_are_exact_on_any_grid(rate: float, c: float, dt: float, window: int) -> None:
    """In counts of one step and of fifty; 50 Hz at 1 ms and 0.1, copied with 0.1 from 500 Hz, would correlate with 0.053.

    The judge's own error comes from forty stretches of time, which know nothing of each other.
    """
    n, p = 30, rate * dt / 1000.0
    steps = 40 * 50 * round(max(20, 6 / (p * 50)))
    fired = trains("events", n, steps * dt, dt=dt, rate=rate, correlation=c, seed=3).reshape(40, -1, window, n)
    found = np.array([correlation(stretch.sum(axis=1), p, window) for stretch in fired])
    assert abs(found.mean() - c) < 4 * found.std(ddof=1) / np.sqrt(40)
    # one step's count of spikes has n p (1 - p) (1 + (n - 1) c) for variance
    sd = np.sqrt(fired.size * p * (1 - p) * (1 + (n - 1) * c))
    assert abs(fired.sum() - fired.size * p) < 4 * sd


def test_a_hidden_spike_is_copied_by_binomially_many() -> None:
    """At 10 Hz and 0.1 ms, by 0.2 + 0.8 / 1000 of them; of 60 neurons nobody copies once in 700,000 times."""
    fired = trains("events", 60, 60_000.0, dt=0.1, rate=10.0, correlation=0.2)
    many = fired.sum(axis=1)
    many = many[many > 0]
    law = stats.binom(60, 0.2 + 0.8 * 0.001)
    edges = np.arange(6, 20)
    observed = np.histogram(many, [-1, *edges, 61])[0]
    expected = np.diff(law.cdf(np.array([0, *edges, 61]) - 1)) * many.size
    expected *= observed.sum() / expected.sum()
    assert stats.chisquare(observed, expected).pvalue > 1e-3
    chance = 0.001 / (0.2 + 0.8 * 0.001)
    assert stats.binomtest(many.size, len(fired), chance).pvalue > 1e-4


def test_each_train_is_poisson() -> None:
    """P(interval = k steps) = p (1 - p)^(k-1), by chi-square, of one neuron; and a step knows nothing of the one before."""
    fired = trains("events", 8, 100_000.0, rate=50.0, correlation=0.3)
    intervals, p = np.diff(np.flatnonzero(fired[:, 5])), 0.05
    observed = np.array([*((intervals == k).sum() for k in range(1, 41)), (intervals > 40).sum()])
    wanted = np.array([*(p * (1 - p) ** (k - 1) for k in range(1, 41)), (1 - p) ** 40])
    assert stats.chisquare(observed, wanted * intervals.size).pvalue > 1e-3
    after = np.corrcoef(fired[:-1].T, fired[1:].T)[:8, 8:]
    assert np.abs(after).max() < 5 / np.sqrt(len(fired))


def test_correlation_one_is_one_train(engine: str) -> None:
    fired = trains(engine, 7, 2000.0, rate=100.0, correlation=1.0)
    assert fired.any()
    assert (fired == fired[:, :1]).all()


def test_no_rate_is_silence(engine: str) -> None:
    assert not trains(engine, 7, 1000.0, rate=0.0, correlation=0.5).any()


def test_populations_and_seeds_have_hidden_trains_of_their_own() -> None:
    given = {"rate": 50.0, "correlation": 0.8}
    one = trains("events", 20, 20_000.0, **given)
    for other in (trains("events", 20, 20_000.0, name="y", **given), trains("events", 20, 20_000.0, seed=2, **given)):
        assert abs(np.corrcoef(one.mean(axis=1), other.mean(axis=1))[0, 1]) < 5 / np.sqrt(len(one))


def scene() -> Network:
    net = Network(dt=0.1, seed=6)
    rate = Steps([0, 30, 60, 60.1, 90], [100, 0, 300, 150, 20])
    x = net.population("x", CorrelatedPoisson(rate=rate, correlation=Steps([0, 45], [0.2, 0.9])), 50)
    e = net.population("e", LIF(tau_m=10.0), 30)
    net.project(x, e, AllToAll(), weight=40.0, receptor=Exponential(), delay=Uniform(0.1, 3.0))
    return net


def test_engines_threads_and_checkpoints_agree(tmp_path: Any) -> None:
    """To the bit, with rates that are scheduled and set by hand."""

    def play(run: Any, cut: float = 0.0) -> Any:
        if cut:
            run = resume(run.run(cut).save(tmp_path / "run.npz"))
        run.run(70.0 - run.t)
        run["x"].set(rate=400.0)
        return run.run(40.0)

    known = play(scene().build("reference"))
    others = [play(scene().build("events", threads=threads), cut) for threads in (1, 2) for cut in (0.0, 60.0, 63.3)]
    others.append(play(scene().build("reference"), 60.1))
    assert known["x"].counts.sum() > 300
    assert known["e"].counts.sum() > 30
    for run in others:
        for name in "xe":
            assert np.array_equal(run[name].spikes.times, known[name].spikes.times)
            assert np.array_equal(run[name].spikes.ids, known[name].spikes.ids)


def test_each_stretch_has_its_own_rate_and_correlation() -> None:
    fired = trains(
        "events", 50, 40_000.0, rate=Steps([0, 20_000], [20, 80]), correlation=Steps([0, 20_000], [0.5, 0.1]), seed=4
    )
    for part, p, c in ((fired[:20_000], 0.02, 0.5), (fired[20_000:], 0.08, 0.1)):
        assert abs(part.sum() - part.size * p) < 4 * np.sqrt(part.size * p * (1 - p) * (1 + 49 * c))
        found = np.array([correlation(stretch, p) for stretch in part.reshape(20, -1, 50)])
        assert abs(found.mean() - c) < 4 * found.std(ddof=1) / np.sqrt(20)


def a_population(**values: Any) -> Any:
    return Network(dt=0.1).population("x", CorrelatedPoisson(**values), 3)


def while_running(**values: Any) -> None:
    net = Network(dt=0.1)
    net.population("x", CorrelatedPoisson(rate=10.0), 3)
    net.build("reference")["x"].set(**values)


ABOVE = "the chance of a spike of CorrelatedPoisson in a step of 0.1 ms must be below 1"
SHARED = "must be one number for all neurons, which copy one hidden train"
BAD: dict[str, Callable[[], Any]] = {
    f"population 'x': {ABOVE} (got 2.5); use a smaller dt, or other values": lambda: a_population(rate=2500.0),
    f"population 'x': {ABOVE} (got 1); use a smaller dt, or other values": lambda: a_population(rate=Steps([0, 5], [10, 1000])),
    f"population 'x': {ABOVE} (got 10); use a smaller dt, or other values": lambda: while_running(correlation=1e-4),
    f"population 'x': {ABOVE} (got 3); use a smaller dt, or other values": lambda: while_running(rate=3000.0),
    f"population 'x', rate: {SHARED} (got [1.0, 2.0, 3.0])": lambda: while_running(rate=[1.0, 2.0, 3.0]),
    f"CorrelatedPoisson.rate: {SHARED} (got array([1., 2., 3.]))": lambda: a_population(rate=[1.0, 2.0, 3.0]),
    f"CorrelatedPoisson.rate: {SHARED} (got Uniform(low=0.0, high=2.0))": lambda: a_population(rate=Uniform(0, 2)),
    f"CorrelatedPoisson.rate: {SHARED} (got Steps(<1 times>, <values of shape (1, 3)>))": lambda: a_population(
        rate=Steps([0], [[1, 2, 3]])
    ),
    "CorrelatedPoisson.correlation: must be > 0 and <= 1 (got 0.0)": lambda: a_population(correlation=0.0),
    "CorrelatedPoisson.correlation: must be > 0 and <= 1 (got 1.1)": lambda: a_population(correlation=1.1),
    "CorrelatedPoisson.correlation, before 5 ms: must be > 0 and <= 1 (got 0.0)": lambda: a_population(
        correlation=Steps([5], [0.3])
    ),
    "CorrelatedPoisson.rate: must be >= 0 Hz (got -1.0)": lambda: a_population(rate=-1.0),
}


@pytest.mark.parametrize("sentence", BAD)
def test_correlated_trains_that_cannot_be(sentence: str) -> None:
    with pytest.raises(MaichongError) as caught:
        BAD[sentence]()
    assert str(caught.value) == sentence
