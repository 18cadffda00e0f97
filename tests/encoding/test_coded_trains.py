"""Spike trains: the sparse and the dense form are one, and nonsense is refused in a sentence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from maichong import LIF, Network, SpikeTimes
from maichong.encoding import LinearLatency, SpikeTrains
from maichong.encoding.decoders import filtered, first_to_spike, population_vector, ranks, rates
from maichong.errors import ParameterError
from maichong.plots import raster


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, max_side=5), elements=st.integers(0, 3)))
@settings(max_examples=60, deadline=None)
def test_dense_to_sparse_and_back(dense: np.ndarray) -> None:
    trains = SpikeTrains.of_dense(dense, dt=0.5)
    assert (trains.dense() == dense).all()
    assert trains.shape == dense.shape[1:]
    assert (trains.counts() == dense.sum(axis=0)).all()
    first = np.where(dense.any(axis=0), 0.5 * (dense > 0).argmax(axis=0), np.inf)
    assert (trains.first() == first).all()
    assert (np.diff(trains.times) >= 0).all()


def test_spikes_are_put_in_order_and_exact_times_stay() -> None:
    trains = SpikeTrains([3.25, 0.5, 3.25], [0, 2, 1], (3,), steps=5)
    assert (trains.times.tolist(), trains.ids.tolist()) == ([0.5, 3.25, 3.25], [2, 0, 1])
    assert trains.on_grid().times.tolist() == [0.0, 3.0, 3.0]
    assert trains == SpikeTrains([0.5, 3.25, 3.25], [2, 0, 1], (3,), steps=5)
    assert trains != trains.on_grid()


def test_bits_are_those_that_name_the_steps() -> None:
    assert SpikeTrains([0.0, 1.0, 2.0], [0, 0, 0], (1,), steps=10).bits() == pytest.approx(
        math.log2(math.comb(10, 3)), abs=1e-9
    )
    assert SpikeTrains([0.0, 0.0], [0, 0], (1,), steps=10).bits() == pytest.approx(math.log2(math.comb(11, 2)), abs=1e-9)
    assert SpikeTrains([], [], (4,), steps=10).bits() == 0.0


def test_they_drive_networks_and_are_drawn() -> None:
    trains = LinearLatency(t_max=20.0).encode([0.5, 1.0, 0.1])
    net = Network(dt=1.0)
    x = net.population("x", SpikeTimes(trains.times + 1.0, trains.ids), trains.n)
    net.population("e", LIF(), 1)
    net.probe(x)
    seen = net.build("reference").run(30.0)["x"].spikes
    assert (seen.times.tolist(), seen.ids.tolist()) == ([1.0, 11.0, 19.0], [1, 0, 2])
    assert raster(trains.times, trains.ids, sizes=3).get_xlabel() == "time (ms)"


def test_decoders() -> None:
    trains = SpikeTrains([1.0, 2.0, 2.0, 6.0], [1, 0, 5, 5], (2, 3), steps=10)
    assert rates(trains).tolist() == [[100.0, 100.0, 0.0], [0.0, 0.0, 200.0]]
    assert first_to_spike(trains).tolist() == [1, 2]
    assert first_to_spike(SpikeTrains([3.0, 3.0], [1, 0], (3,), steps=5)) == 0
    assert first_to_spike(SpikeTrains([], [], (3,), steps=5)) == -1
    assert ranks(trains).tolist() == [[1, 0, -1], [-1, -1, 0]]
    angles = np.array([0.0, 2.0, 4.0]) * np.pi / 3
    axes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = population_vector(trains, axes)
    assert found[0] == pytest.approx(axes[:2].mean(axis=0)) and found[1] == pytest.approx(axes[2])
    assert np.isnan(population_vector(SpikeTrains([], [], (3,), steps=5), axes)).all()
    course = filtered(trains, tau=5.0)
    assert course.shape == (10, 2, 3)
    assert course[9, 1, 2] == pytest.approx(math.exp(-7 / 5) + math.exp(-3 / 5))


def test_filtered_trains_are_as_far_apart_as_van_rossum_says() -> None:
    """D^2 = 1 / tau int (f - g)^2 dt = 1 - exp(-delta / tau) for one spike each: equations.md 4, delta = 5, tau = 10."""
    dt, tau = 0.01, 10.0
    trains = SpikeTrains([1.0, 6.0], [0, 1], (2,), steps=30000, dt=dt)
    f, g = filtered(trains, tau).T
    # between two samples both decay: the integral of a step is known
    step = -math.expm1(-2 * dt / tau) * tau / 2
    assert ((f - g) ** 2).sum() * step / tau == pytest.approx(0.3934693, abs=5e-8)


GOOD: dict[str, Any] = {"times": [1.0], "ids": [0], "shape": (2,), "steps": 5}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SpikeTrains(**GOOD | {"shape": 2}), "SpikeTrains.shape: must be sizes of axes, such as (28, 28) (got 2)"),
        (lambda: SpikeTrains(**GOOD | {"steps": 0}), "SpikeTrains.steps: must be a whole number >= 1 and below 2**31 (got 0)"),
        (lambda: SpikeTrains(**GOOD | {"dt": 0}), "SpikeTrains.dt: must be > 0 ms (got 0)"),
        (
            lambda: SpikeTrains(**GOOD | {"shape": (2**16, 2**16)}),
            "SpikeTrains.shape: must have fewer than 2**31 trains (got (65536, 65536))",
        ),
        (
            lambda: SpikeTrains(**GOOD | {"ids": [0, 1]}),
            "SpikeTrains: times and ids must be equally long lists, ids whole numbers (got shapes (1,) and (2,))",
        ),
        (
            lambda: SpikeTrains(**GOOD | {"ids": [0.5]}),
            "SpikeTrains: times and ids must be equally long lists, ids whole numbers (got shapes (1,) and (1,))",
        ),
        (lambda: SpikeTrains(**GOOD | {"ids": [2]}), "SpikeTrains.ids: must be 0 to 1, the trains of (2,) (got 2)"),
        (
            lambda: SpikeTrains(**GOOD | {"times": [5.0]}),
            "SpikeTrains.times: must be from 0 to 4 ms, the 5 steps of 1 ms (got 5 to 5 ms)",
        ),
        (
            lambda: SpikeTrains(**GOOD | {"times": [float("nan")]}),
            "SpikeTrains.times: must be from 0 to 4 ms, the 5 steps of 1 ms (got nan to nan ms)",
        ),
        (lambda: SpikeTrains.of_dense("ab"), "SpikeTrains.of_dense: must get numbers of spikes [steps, ...] (got 'ab')"),
        (lambda: SpikeTrains.of_dense([1], dt="x"), "SpikeTrains.dt: must be > 0 ms (got 'x')"),
        (
            lambda: SpikeTrains.of_latencies("ab", 5),
            "SpikeTrains.of_latencies: must get times in ms, infinity for silence (got 'ab')",
        ),
        (
            lambda: SpikeTrains.of_latencies([np.nan, 1.0], 5),
            "SpikeTrains.of_latencies: must get times in ms, infinity for silence (got NaN)",
        ),
        (
            lambda: SpikeTrains.of_latencies([-np.inf], 5),
            "SpikeTrains.times: must be from 0 to 4 ms, the 5 steps of 1 ms (got -inf to -inf ms)",
        ),
        (lambda: SpikeTrains.of_dense([0.5]), "SpikeTrains.of_dense: must get numbers of spikes, 0, 1, 2, ... (got [0.5])"),
        (
            lambda: SpikeTrains(**GOOD | {"steps": 2**30, "shape": (4,)}).dense(),
            "SpikeTrains.dense: must hold at most 2**31 numbers (got 1073741824 steps of 4 trains); "
            "encode a part of the values at a time",
        ),
        (
            lambda: SpikeTrains([0.0] * 256, [0] * 256, (1,), 1).dense(),
            "SpikeTrains.dense: must have at most 255 spikes of a train in a step (got 256)",
        ),
        (
            lambda: rates([1.0]),
            "rates: must get SpikeTrains (got [1.0]); wrap arrays in SpikeTrains.of_dense or SpikeTrains.of_latencies",
        ),
        (lambda: ranks(SpikeTrains([], [], (), 1)), "ranks: must get trains [..., m] (got shape ())"),
        (lambda: filtered(SpikeTrains(**GOOD), 0), "filtered, tau: must be a number > 0 ms (got 0)"),
        (
            lambda: population_vector(SpikeTrains(**GOOD), [1.0]),
            "population_vector, preferred: must be finite numbers [2] or [2, axes] (got [1.0])",
        ),
    ],
)
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value) == message
