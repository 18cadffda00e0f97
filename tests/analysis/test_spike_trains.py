"""Statistics of spike trains against their definitions and closed forms, on arrays in ms."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from maichong import LIF, Network
from maichong.analysis import (
    correlation,
    fano_factor,
    firing_rates,
    irregularity,
    synchrony,
    trains_of,
    van_rossum_distance,
    victor_purpura_distance,
)
from maichong.errors import MaichongError


def test_trains_of_a_run() -> None:
    net = Network(dt=0.1)
    net.population("e", LIF(), 3, drive=[0.0, 400.0, 1000.0])
    run = net.build("reference").run(200.0)
    trains = trains_of(run["e"].spikes, 3)
    assert [train.size for train in trains] == run["e"].counts.tolist()
    assert all((train == run["e"].spikes.of(k)).all() for k, train in enumerate(trains))
    assert firing_rates(trains, 0.0, 200.0) == pytest.approx(run["e"].counts / 0.2)


def test_irregularity() -> None:
    """By the definitions: intervals 10, 20, 10, 40."""
    train, d = np.array([0.0, 10.0, 30.0, 40.0, 80.0]), np.array([10.0, 20.0, 10.0, 40.0])
    a, b = d[:-1], d[1:]
    assert irregularity([train])[0] == pytest.approx(d.std() / d.mean())
    assert irregularity([train], "cv2")[0] == pytest.approx(np.mean(2 * np.abs(b - a) / (a + b)))
    assert irregularity([train], "lv")[0] == pytest.approx(3 * np.mean(((a - b) / (a + b)) ** 2))
    lvr = 3 * np.mean((1 - 4 * a * b / (a + b) ** 2) * (1 + 4 * 5.0 / (a + b)))
    assert irregularity([train], "lvr")[0] == pytest.approx(lvr)
    draw = np.random.default_rng(1)
    poisson = [np.cumsum(draw.exponential(10.0, 20_000))]
    for measure in ("cv", "cv2", "lv"):
        assert irregularity(poisson, measure)[0] == pytest.approx(1.0, abs=0.03)
    assert np.isnan(irregularity([[], [1.0], [1.0, 2.0]])).all()


def test_fano_factor() -> None:
    """Variance over mean of the counts; 1 for a Poisson process."""
    assert fano_factor([[1.0, 2.0], [3.0], [1.0, 5.0, 9.0]], 0.0, 10.0) == pytest.approx((2 / 3) / 2)
    draw = np.random.default_rng(2)
    trials = [np.sort(draw.uniform(0, 100, draw.poisson(20))) for _ in range(1000)]
    assert fano_factor(trials, 0.0, 100.0) == pytest.approx(1.0, abs=0.15)


def test_synchrony_and_correlation() -> None:
    draw = np.random.default_rng(3)
    apart = [np.sort(draw.uniform(0, 1000, 20)) for _ in range(5)]
    assert synchrony([apart[0]] * 5, 0.0, 1000.0) == pytest.approx(1.0)
    assert synchrony(apart, 0.0, 1000.0) < 0.5
    assert np.isnan(synchrony([apart[0], []], 0.0, 1000.0))
    found = correlation([apart[0], apart[0], apart[1], []], 0.0, 1000.0, bin_size=10.0)
    counts = [np.histogram(train, np.arange(0, 1001, 10))[0] for train in apart[:2]]
    assert found[0, 1] == pytest.approx(1.0)
    assert found[0, 2] == pytest.approx(np.corrcoef(counts)[0, 1])
    assert np.isnan(found[0, 3])


def test_distances() -> None:
    """Two spikes delta apart: Victor-Purpura min(q delta, 2), van Rossum sqrt(2 (1 - exp(-delta / tau))) where one spike has 1."""
    trains = [[10.0], [14.0], [60.0], []]
    purpura = victor_purpura_distance(trains, 0.0, 100.0, cost=0.1)
    assert purpura[0] == pytest.approx([0.0, 0.4, 2.0, 1.0])
    rossum = van_rossum_distance(trains, 0.0, 100.0, tau=20.0)
    assert rossum[0, 3] == pytest.approx(1.0)
    assert rossum[0, 1] == pytest.approx(np.sqrt(2 * (1 - np.exp(-4 / 20))))
    assert (rossum == rossum.T).all()


def test_without_elephant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "elephant.statistics", None)
    with pytest.raises(MaichongError) as error:
        firing_rates([[1.0]], 0.0, 10.0)
    assert str(error.value) == 'firing_rates: needs the package elephant; pip install "maichong[analysis]"'


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: trains_of([1.0], 3), 'trains_of: must get recorded spikes, run["e"].spikes (got [1.0])'),
        (lambda: irregularity([[1.0]], "cv3"), "irregularity, measure: is unknown (got 'cv3'); did you mean 'cv"),
        (lambda: irregularity([1.0]), "irregularity, trains[0]: must be a list of rising, finite times in ms (got 1.0); split"),
        (lambda: irregularity("x"), "irregularity, trains: must be a list of arrays"),
        (lambda: firing_rates([["x"]], 0, 10), "firing_rates, trains[0]: must be numbers in ms"),
        (lambda: fano_factor([[1.0]], 5, 1), "fano_factor, start: must lie before stop (got 5 and 1 ms)"),
        (lambda: synchrony([[2.0, 1.0]], 0, 5), "synchrony, trains[0]: must be a list of rising"),
    ],
)
def test_messages(call: object, sentence: str) -> None:
    with pytest.raises(MaichongError) as error:
        call()  # type: ignore[operator]
    assert str(error.value).startswith(sentence)
