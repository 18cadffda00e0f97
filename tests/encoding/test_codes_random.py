"""Poisson and Bernoulli spikes: the chances, the statistics, and one set of draws whatever form is asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from maichong import random
from maichong.encoding import PoissonRate, poisson_rate
from maichong.errors import ParameterError


def test_the_chance_of_a_step() -> None:
    assert PoissonRate(rate=100.0).chances(1.0) == pytest.approx(0.0951625820, abs=5e-11)
    assert PoissonRate(rate=1000.0, law="bernoulli").chances([0.0, 0.3, 1.0]) == pytest.approx([0.0, 0.3, 1.0], abs=1e-15)


def test_draws_are_those_of_the_counter_based_generator() -> None:
    from maichong.encoding._draws import STREAM

    x = np.random.default_rng(1).random(1500)  # more than a block
    code = PoissonRate(rate=1000.0, law="bernoulli", steps=7, seed=2**40 + 17)
    limits = np.rint(x * 2.0**32)
    rows = [random.word_of_step(2**40 + 17, STREAM, t, np.arange(x.size)) < limits for t in range(7)]
    assert (code.dense(x) == np.array(rows)).all()


def test_dense_and_sparse_are_one_and_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(2).random((3, 5, 7))
    x[x < 0.3] = 0.0
    code = PoissonRate(rate=300.0, steps=50, seed=9)
    whole = code.encode(x)
    assert (whole.dense() == code.dense(x)).all()
    out = np.full((50, *x.shape), 7, np.uint8)
    assert code.dense(x, out) is out and (out == code.dense(x)).all()
    assert (code.dense(x[0]) == code.dense(x)[:, 0]).all()
    monkeypatch.setattr(poisson_rate, "CHUNK", 500)  # several pieces of few steps
    assert code.encode(x) == whole
    assert code.encode(x) != PoissonRate(rate=300.0, steps=50, seed=10).encode(x)
    assert not PoissonRate(seed=1).encode(np.zeros(9)).times.size


@pytest.mark.parametrize("law", ["poisson", "bernoulli"])
def test_certainty_and_impossibility(law: str) -> None:
    code = PoissonRate(rate=1000.0, law=law, steps=4000)
    counts = code.encode([0.0, 1.0]).counts()
    assert counts[0] == 0
    assert counts[1] == 4000 if law == "bernoulli" else counts[1] == pytest.approx(4000 * (1 - math.exp(-1)), abs=122)


def test_counts_are_poissons() -> None:
    """Fano 1 +- 3 / sqrt(n); mean p N; relative sd of the rate 1 / sqrt(r T)."""
    n, rate, steps, dt = 20000, 50.0, 2000, 0.1
    counts = PoissonRate(rate=rate, steps=steps, dt=dt, seed=4).encode(np.ones(n)).counts()
    p = 1 - math.exp(-rate * dt / 1000)
    assert counts.mean() == pytest.approx(p * steps, abs=4 * math.sqrt(p * steps / n))
    assert counts.var() / counts.mean() == pytest.approx(1.0, abs=3 / math.sqrt(n))
    x = PoissonRate(rate=rate, steps=steps, dt=dt).decode(
        PoissonRate(rate=rate, steps=steps, dt=dt, seed=4).encode(np.full(n, 0.2))
    )
    assert x.std() / x.mean() == pytest.approx(1 / math.sqrt(0.2 * rate * steps * dt / 1000), rel=0.03)
    # steps and trains are independent of each other
    dense = PoissonRate(rate=1000.0, law="bernoulli", steps=400, seed=6).dense(np.full(400, 0.5)).astype(float) - 0.5
    for shifted in (dense[1:] * dense[:-1], dense[4:] * dense[:-4], dense[:, 1:] * dense[:, :-1]):
        assert abs(shifted.mean()) < 5 * 0.25 / math.sqrt(shifted.size)


def test_decoding_is_the_likeliest_rate() -> None:
    code = PoissonRate(rate=200.0, steps=5000)
    x = np.linspace(0.05, 1.0, 30)
    found = code.decode(code.encode(x))
    assert np.abs(found - x).max() < 5 * math.sqrt(1.0 / (200.0 * 5.0))


def test_what_is_refused() -> None:
    with pytest.raises(ParameterError) as caught:
        PoissonRate(rate=2000.0, law="bernoulli")
    assert str(caught.value) == (
        "PoissonRate.rate: must be at most 1000 / dt Hz where a chance is rate dt (got 2 a step); "
        "use a smaller dt, or law='poisson'"
    )
    with pytest.raises(ParameterError, match=r"^PoissonRate.dense: must make at most 2\*\*31 numbers"):
        PoissonRate(steps=2**30).dense([0.1, 0.2, 0.3])
    with pytest.raises(ParameterError) as caught:
        PoissonRate(steps=5).dense([0.1, 0.2], np.zeros((5, 2)))
    assert str(caught.value) == "PoissonRate.dense, out: must be a contiguous array, uint8 (5, 2) (got float64 (5, 2))"
    with pytest.raises(ParameterError, match=r"^PoissonRate.law: must be one of 'poisson', 'bernoulli' \(got 'posson'\)"):
        PoissonRate(law="posson")
    with pytest.raises(ParameterError, match=r"^PoissonRate.seed: must be a whole number >= 0 \(got -1\)"):
        PoissonRate(seed=-1)
