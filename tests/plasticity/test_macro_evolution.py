"""CMA-ES through our door: functions whose minimum is known, a neuron whose drive has a closed form, and what is refused."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
from scipy.optimize import rosen

from maichong import LIF, Network
from maichong.errors import MaichongError, ParameterError
from maichong.plasticity.macro.evolution import evolve


def test_rosenbrock_s_valley_is_followed_to_its_end() -> None:
    found = evolve(rosen, [-1.2, 1.0, -1.2, 1.0], 0.5, seed=3, target=1e-10)
    assert found.value <= 1e-10
    np.testing.assert_allclose(found.x, 1.0, atol=1e-4)
    assert found.curve.min() == found.value == rosen(found.x)
    assert found.evaluations == found.curve.size * 8  # 4 + floor(3 ln 4)


def test_a_seed_fixes_the_search_and_numpy_s_own_random_numbers_stay_theirs() -> None:
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    one, other, third = (evolve(rosen, [0.0, 0.0], 0.5, seed=seed, generations=20) for seed in (1, 1, 2))
    np.testing.assert_array_equal(np.random.random(3), expected)  # noqa: NPY002
    np.testing.assert_array_equal(one.curve, other.curve)
    assert not np.array_equal(one.curve, third.curve)


def test_bounds_hold_and_the_best_of_a_slope_lies_on_one() -> None:
    seen = []

    def slope(x: np.ndarray) -> float:
        seen.append(x)
        return float(x.sum())

    found = evolve(slope, [0.5, 0.5, 0.5], 0.3, bounds=(0.0, 1.0), generations=60, population=12)
    assert 0.0 <= np.min(seen) <= np.max(seen) <= 1.0
    np.testing.assert_allclose(found.x, 0.0, atol=1e-3)


def test_drives_of_spiking_neurons_are_found_whose_closed_form_gives_the_rates() -> None:
    """Two LIF neurons are to fire at 40 and 80 Hz: T = tau ln(RI / (RI - (v_th - v_rest)))."""
    tau, goal = 20.0, np.array([40.0, 80.0])
    cell = LIF(tau_m=tau, c_m=200.0, v_rest=0.0, v_r=0.0, v_th=15.0)

    def miss(x: np.ndarray) -> float:
        net = Network(dt=0.25)
        net.population("cells", cell, 2, drive=200.0 + 50.0 * x)
        times = net.build("reference").run(100.0)["cells"].spikes
        rates = []
        for k in range(2):
            mine = times.times[times.ids == k]
            rates.append(1000.0 * (mine.size - 1) / (mine[-1] - mine[0]) if mine.size > 1 else 0.0)
        return float(((np.array(rates) - goal) ** 2).sum())

    assert cells_rate(evolve(miss, [0.0, 0.0], 1.0, seed=2, target=0.5, generations=12).x, tau) == pytest.approx(goal, rel=0.03)


def cells_rate(x: np.ndarray, tau: float) -> np.ndarray:
    infinity = (200.0 + 50.0 * x) * tau / 200.0
    return 1000.0 / (tau * np.log(infinity / (infinity - 15.0)))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: evolve(rosen, [1.0], 0.5), "evolve, x0: must be two finite numbers or more (got [1.0])"),
        (lambda: evolve(rosen, [1.0, 2.0], 0.0), "evolve, sigma: must be a number > 0 (got 0.0)"),
        (lambda: evolve(rosen, [1.0, 2.0], 0.5, seed=-1), "evolve, seed: must be a whole number >= 0 (got -1)"),
        (lambda: evolve(rosen, [1.0, 2.0], 0.5, generations=0), "evolve, generations: must be a whole number >= 1 (got 0)"),
        (lambda: evolve(rosen, [1.0, 2.0], 0.5, population=1), "evolve, population: must be a whole number >= 2 (got 1)"),
        (lambda: evolve(rosen, [1.0, 2.0], 0.5, target="low"), "evolve, target: must be a number, or None (got 'low')"),
        (
            lambda: evolve(rosen, [1.0, 2.0], 0.5, bounds=(1.0, 0.0)),
            "evolve, bounds: must be a pair (low, high) with low < high, or None for no bound (got (1.0, 0.0))",
        ),
        (lambda: evolve(rosen, [1.0, 2.0], 0.5, bounds=(0.0, 1.5)), "evolve, x0: must lie within the bounds (got [1.0, 2.0])"),
        (
            lambda: evolve(lambda x: math.nan, [1.0, 2.0], 0.5),
            "evolve, objective: must give one number (got nan); give math.inf for what cannot be judged",
        ),
        (
            lambda: evolve(lambda x: x, [1.0, 2.0], 0.5),
            None,
        ),
    ],
)
def test_what_cannot_be(call: Any, said: str | None) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert said is None or str(caught.value) == said


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cma", None)
    with pytest.raises(MaichongError) as caught:
        evolve(rosen, [1.0, 2.0], 0.5)
    assert str(caught.value) == 'evolve: needs the package cma; pip install "maichong[evolve]"'
