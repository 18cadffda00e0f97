"""Connectors in space: probabilities against closed forms and a plain double loop, distances, weights and delays by distance."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from maichong import LIF, DistanceKernel, Exponential, Network, OneToOne, Uniform
from maichong.errors import MaichongError
from maichong.topology import DistanceProbability, grid_positions, uniform_positions


def by_hand(a: Any, b: Any, period: Any = None) -> float:
    """A distance, one axis after the other."""
    total = 0.0
    for axis, (x, y) in enumerate(zip(a, b, strict=True)):
        apart = abs(x - y)
        if period is not None:
            apart = min(apart % period[axis], period[axis] - apart % period[axis])
        total += apart**2
    return math.sqrt(total)


def drawn(connector: DistanceProbability, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return connector.pairs(len(connector.pre), len(connector.post), np.random.default_rng(seed))


FALL = {
    "constant": lambda x: 1.0,
    "gaussian": lambda x: math.exp(-x * x / 2),
    "exponential": lambda x: math.exp(-x),
    "linear": lambda x: max(0.0, 1 - x),
}


@pytest.mark.parametrize("shape", FALL)
@pytest.mark.parametrize("period", [None, (1.0, 1.5)])
def test_each_pair_has_the_probability_of_its_distance(shape: str, period: Any) -> None:
    """30 draws of a rectangle: counts by distance in ten classes against sums of the kernel over all pairs, one by one."""
    pre, post = uniform_positions(40, (1.0, 1.5), seed=1), uniform_positions(60, (1.0, 1.5), seed=2)
    kernel = DistanceKernel(shape, scale=0.3, peak=0.4, floor=0.05)
    connector = DistanceProbability(kernel, pre, post, inner=0.05, outer=0.7, period=period)
    apart = np.array([[by_hand(a, b, period) for b in post] for a in pre])
    law = np.array([[(0.05 + 0.4 * FALL[shape](d / 0.3)) * (0.05 <= d <= 0.7) for d in row] for row in apart])
    counts = np.zeros(law.shape)
    for seed in range(30):
        i, j = drawn(connector, seed)
        assert (np.diff(i * 60 + j) > 0).all()
        np.testing.assert_allclose(connector.distances(i, j), apart[i, j], rtol=1e-12)
        counts[i, j] += 1
    assert not counts[law == 0].any()
    assert connector.expected(40, 60) == pytest.approx(law.sum(), rel=1e-12)
    edges = np.quantile(apart[law > 0], np.linspace(0, 1, 11))
    group = np.clip(np.searchsorted(edges, apart) - 1, 0, 9)
    inside = law > 0
    seen, wanted, spread = (np.bincount(group[inside], what[inside], 10) for what in (counts, 30 * law, 30 * law * (1 - law)))
    assert (np.abs(seen - wanted) < 4.5 * np.sqrt(spread)).all()


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_degrees_on_a_torus_are_the_integral_of_the_kernel(dimensions: int) -> None:
    """Evenly spread neurons: the mean degree is density times peak (2 pi)^(d/2) sigma^d, and every neuron has the same."""
    n, sigma, peak = 4000, 0.04, 0.5
    places = uniform_positions(n, (1.0,) * dimensions, seed=3)
    connector = DistanceProbability(DistanceKernel("gaussian", sigma, peak), places, places, period=1.0, autapses=False)
    pre, post = drawn(connector)
    mean = (n - 1) * peak * (2 * math.pi) ** (dimensions / 2) * sigma**dimensions
    # both the positions and the synapses scatter
    assert pre.size / n == pytest.approx(mean, abs=6 * math.sqrt(mean / n) + 0.01 * mean)
    assert (pre != post).all()


def test_ball_and_doughnut_on_a_grid_count_its_points() -> None:
    """Everybody within a radius: the points of a lattice in a circle, which is Gauss's circle problem: 1, 5, 9, 13, 21, ..."""
    places = grid_positions((15, 15), spacing=0.1)
    everybody = DistanceKernel("constant")
    radii = [0.0, 0.1, 0.1 * math.sqrt(2), 0.2, 0.1 * math.sqrt(5), 0.1 * math.sqrt(8), 0.3, 0.1 * math.sqrt(10)]
    for radius, points in zip(radii, [1, 5, 9, 13, 21, 25, 29, 37], strict=True):
        ball = DistanceProbability(everybody, places, places, outer=radius, period=1.5)
        pre, _ = drawn(ball)
        assert (np.bincount(pre, minlength=225) == points).all(), radius
    ring = DistanceProbability(everybody, places, places, inner=0.2, outer=0.3, period=1.5)
    assert (np.bincount(drawn(ring)[0]) == 29 - 9).all()
    # without the torus a corner sees a quarter
    assert (drawn(DistanceProbability(everybody, places, places, outer=0.1))[0] == 0).sum() == 3


def test_of_many_neurons_the_forecast_is_not_that_of_the_border() -> None:
    """sum over all pairs of exp(-d^2 / 2 s^2) on a square grid is the square of the sum along one axis."""
    side, places = 300, grid_positions((300, 300))
    along = np.exp(-0.5 * ((np.arange(side)[:, None] - np.arange(side)) / 2.0) ** 2).sum()
    connector = DistanceProbability(DistanceKernel("gaussian", 2.0, 0.5), places, places)
    assert connector.expected(side**2, side**2) == pytest.approx(0.5 * along**2, rel=0.05)
    apart, number = connector.likely_distances()
    assert (number * apart).sum() / number.sum() == pytest.approx(2.0 * math.sqrt(math.pi / 2), rel=0.05)  # of Rayleigh's law


def test_far_pairs_are_drawn_too_and_the_radius_of_the_search_does_not_show() -> None:
    """A floor far beyond the kernel: distances of synapses in 20 classes against the sums over all pairs (chi-squared)."""
    n = 1500
    places = uniform_positions(n, (1.0, 1.0), seed=5)
    connector = DistanceProbability(DistanceKernel("exponential", 0.03, 0.6, 0.004), places, places, autapses=False)
    apart = np.hypot(*(places[:, None, axis] - places[None, :, axis] for axis in (0, 1)))
    law = (0.004 + 0.6 * np.exp(-apart / 0.03)) * ~np.eye(n, dtype=bool)
    assert 0 < connector._forecast[1] < 0.5, "pairs near and far must both be looked for"
    pre, post = drawn(connector)
    assert (np.diff(pre * n + post) > 0).all()
    edges = np.quantile(apart[pre, post], np.linspace(0, 1, 21))
    edges[0], edges[-1] = -1.0, 2.0
    seen = np.histogram(apart[pre, post], edges)[0]
    wanted = np.histogram(apart, edges, weights=law)[0]
    assert abs(pre.size - law.sum()) < 4.5 * math.sqrt((law * (1 - law)).sum())
    assert chisquare(seen, wanted * seen.sum() / wanted.sum()).pvalue > 1e-4


def test_positions_off_the_box_and_below_zero_are_on_the_torus() -> None:
    places = uniform_positions(50, (1.0, 1.0), seed=1)
    moved = places + np.array([[-3.0, 7.0]])
    kernel = DistanceKernel("constant")
    first, second = (drawn(DistanceProbability(kernel, p, p, outer=0.2, period=1.0)) for p in (places, moved))
    np.testing.assert_array_equal(first, second)
    edge = np.array([[-1e-18, 0.0], [0.0, 0.0]])
    assert len(drawn(DistanceProbability(kernel, edge, edge, outer=0.2, period=1.0))[0]) == 4


def test_nobody_and_one() -> None:
    nobody = np.zeros((0, 2))
    assert not drawn(DistanceProbability(DistanceKernel("constant"), nobody, nobody))[0].size
    assert DistanceProbability(DistanceKernel("constant"), nobody, nobody).expected(0, 0) == 0
    one = np.zeros((1, 2))
    assert drawn(DistanceProbability(DistanceKernel("constant"), one, one))[0].size == 1
    assert not drawn(DistanceProbability(DistanceKernel("constant"), one, one, autapses=False))[0].size
    assert not drawn(DistanceProbability(DistanceKernel("constant", peak=0.0), one, one))[0].size


@pytest.mark.parametrize("engine", ["reference", "events"])
def test_weights_and_delays_go_by_distance(engine: str) -> None:
    net = Network(dt=0.1, seed=3)
    places = grid_positions((6, 6), spacing=50.0)
    cells = net.population("cells", LIF(), 36)
    connector = DistanceProbability(DistanceKernel("gaussian", 100.0, 0.8), places, places, period=300.0, autapses=False)
    net.project(
        cells, cells, connector, receptor=Exponential(), weight=DistanceKernel("exponential", 80.0, peak=-3.0, floor=1.0),
        delay=DistanceKernel("proportional", scale=200.0, floor=0.5),
    )  # fmt: skip
    found = net.build(engine).synapses("cells->cells")
    apart = [by_hand(places[i], places[j], (300.0, 300.0)) for i, j in zip(found["pre"], found["post"], strict=True)]
    assert len(apart) > 100
    np.testing.assert_allclose(found["weight"], [1 - 3 * math.exp(-d / 80) for d in apart], rtol=1e-12)
    np.testing.assert_allclose(found["delay"], [math.floor(10 * (0.5 + d / 200) + 0.5 + 1e-9) / 10 for d in apart], rtol=1e-12)


def test_junctions_take_conductances_by_distance() -> None:
    net = Network(dt=0.1)
    places = grid_positions((4,))
    cell = LIF(v_rest=0.0, v_r=0.0, v_th=1e3, tau_m=20.0, c_m=200.0)
    cells = net.population("cells", cell, 4, drive=[100.0, 0.0, 0.0, 0.0])
    chain = DistanceProbability(DistanceKernel("constant"), places, places, inner=1.0, outer=1.0)
    net.gap_junctions(cells, cells, chain, conductance=DistanceKernel("proportional", scale=0.4))
    v = net.build("reference").run(220.0)["cells"]["v"]
    # leaks of 10 nS, junctions of 2.5 nS listed both ways, so 5 nS between neighbours
    leak = 10.0 * np.eye(4) + 5.0 * (np.diag([1, 2, 2, 1]) - np.eye(4, k=1) - np.eye(4, k=-1))
    np.testing.assert_allclose(v, np.linalg.solve(leak, [100.0, 0, 0, 0]), rtol=1e-3)


def test_network_is_saved_with_its_places(tmp_path: Any) -> None:
    net = Network(dt=0.1, seed=3)
    places = grid_positions((3, 3, 3), spacing=1 / 3)
    cells = net.population("cells", LIF(), 27)
    connector = DistanceProbability(DistanceKernel("linear", 1.1, 0.7), places, places, outer=0.9, period=(1.0, 1.0, 2.0))
    net.project(
        cells, cells, connector, receptor=Exponential(), weight=DistanceKernel("gaussian", 2.0), delay=Uniform(0.2, 3.0)
    )
    for name in ("net.json", "net.npz"):
        again = Network.load(net.save(tmp_path / name))
        assert again == net
        np.testing.assert_array_equal(*(n.build("reference").synapses("cells->cells")["post"] for n in (net, again)))
    assert "DistanceProbability" in net.summary()


def test_uniform_positions_fill_the_box() -> None:
    places = uniform_positions(2000, (2.0, 3.0, 0.5), seed=1)
    assert places.shape == (2000, 3) and (places >= 0).all() and (places < [2.0, 3.0, 0.5]).all()
    np.testing.assert_allclose(places.mean(axis=0), [1.0, 1.5, 0.25], atol=4 * 3.0 / math.sqrt(12 * 2000))
    assert (uniform_positions(5, (1.0,), seed=1) == uniform_positions(5, (1.0,), seed=1)).all()


def test_grid_positions_stand_in_the_order_of_arrays() -> None:
    expected = [(2.0 * i, 0.5 * j) for i, j in itertools.product(range(2), range(3))]
    assert [tuple(place) for place in grid_positions((2, 3), spacing=(2.0, 0.5))] == expected


KERNEL, PLACES = DistanceKernel("gaussian"), np.zeros((3, 2))

REFUSED = [
    (lambda: DistanceKernel("gauss"), "DistanceKernel.shape: must be a known shape (got 'gauss'); did you mean 'gaussian'?"),
    (
        lambda: DistanceKernel("linear", 0.0),
        "DistanceKernel: scale must be > 0, and scale, peak and floor finite (got 0, 1, 0)",
    ),
    (lambda: DistanceKernel("linear", "2"), "DistanceKernel.scale: must be a number (got '2')"),
    (
        lambda: DistanceProbability(0.1, PLACES, PLACES),
        "DistanceProbability.kernel: must be a DistanceKernel, such as DistanceKernel('gaussian') (got 0.1)",
    ),
    (
        lambda: DistanceProbability(DistanceKernel("gaussian", 1.0, 0.9, 0.2), PLACES, PLACES),
        "DistanceProbability.kernel: must be a probability between 0 and 1 (got 0.2 to 1.1)",
    ),
    (
        lambda: DistanceProbability(DistanceKernel("proportional"), PLACES, PLACES),
        "DistanceProbability.kernel: must be a probability between 0 and 1 (got 0 to inf)",
    ),
    (
        lambda: DistanceProbability(DistanceKernel("linear", 1.0, -0.5, 0.5), PLACES, PLACES),
        "DistanceProbability.kernel: must not grow with distance "
        "(got DistanceKernel(shape='linear', scale=1.0, pea..., floor=0.5))",
    ),
    (
        lambda: DistanceProbability(KERNEL, [1.0, 2.0], PLACES),
        "DistanceProbability.pre: must be positions [neurons, 1 to 3 axes] (got an array of shape (2,)); "
        "see grid_positions and uniform_positions",
    ),
    (
        lambda: DistanceProbability(KERNEL, PLACES * np.nan, PLACES),
        "DistanceProbability.pre: must be numbers up to 1e+150 (got nan)",
    ),
    (
        lambda: DistanceProbability(KERNEL, PLACES, np.zeros((3, 3))),
        "DistanceProbability: pre and post must have the same number of axes (got 2 and 3)",
    ),
    (
        lambda: DistanceProbability(KERNEL, PLACES, PLACES, inner=2.0, outer=1.0),
        "DistanceProbability: must have 0 <= inner <= outer (got 2.0, 1.0)",
    ),
    (lambda: DistanceProbability(KERNEL, PLACES, PLACES, period=0.0), "DistanceProbability.period: must be > 0 (got 0.0)"),
    (
        lambda: DistanceProbability(KERNEL, PLACES, PLACES, period=(1.0, 1.0, 1.0)),
        "DistanceProbability.period: must be one number or 2, one per axis (got (1.0, 1.0, 1.0))",
    ),
    (
        lambda: DistanceProbability(KERNEL, PLACES, PLACES, autapses=1),
        "DistanceProbability.autapses: must be True or False (got 1)",
    ),
    (
        lambda: grid_positions((2, 0)),
        "grid_positions.shape: must be one to three whole numbers >= 1, such as (20, 20) (got (2, 0))",
    ),
    (lambda: grid_positions((2, 2), -1.0), "grid_positions.spacing: must be > 0 (got -1.0)"),
    (lambda: uniform_positions(-1, (1.0,)), "uniform_positions.n: must be a whole number >= 0 (got -1)"),
    (lambda: uniform_positions(3, 1.0), "uniform_positions.extent: must be one to three lengths, such as (1.0, 1.0) (got 1.0)"),
    (lambda: uniform_positions(3, (0.0,)), "uniform_positions.extent: must be > 0 (got (0.0,))"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_spatial_connectors_refuse(make: Any, message: str) -> None:
    with pytest.raises(MaichongError) as caught:
        make()
    assert str(caught.value) == message


def test_what_networks_refuse_of_distances() -> None:
    net = Network(dt=0.1)
    a, b = net.population("a", LIF(), 3), net.population("b", LIF(), 4)
    near = DistanceProbability(KERNEL, PLACES, PLACES)
    refused = [
        (
            lambda: net.project(a, b, near, weight=1.0, receptor=Exponential()),
            "projection 'a->b': DistanceProbability.post must hold 4 positions, one per neuron (got 3)",
        ),
        (
            lambda: net.project(a, a, OneToOne(), weight=KERNEL, receptor=Exponential()),
            "projection 'a->a', weight: goes by distance, and OneToOne knows no places of neurons; "
            "use DistanceProbability, which does",
        ),
        (
            lambda: net.project(a, a, near, weight=1.0, delay=DistanceKernel("proportional"), receptor=Exponential()),
            "projection 'a->a', delay: must be >= dt = 0.1 ms, one step (got 0 ms); "
            "use at least 0.1, as its floor, or leave the delay out: spikes then act from their own stamp on",
        ),
        (
            lambda: net.background(a, rate=KERNEL, weight=1.0, receptor=Exponential()),
            "background 'background->a', rate: is one value per neuron, and a DistanceKernel gives one per synapse "
            "(got DistanceKernel(shape='gaussian', scale=1.0, p..., floor=0.0))",
        ),
        (
            lambda: net.population("c", LIF(), 3, init={"v": KERNEL}),
            "population 'c', init: v is one value per neuron, and a DistanceKernel gives one per synapse "
            "(got DistanceKernel(shape='gaussian', scale=1.0, p..., floor=0.0))",
        ),
        (
            lambda: LIF(tau_m=KERNEL),
            "LIF.tau_m: is no value of a synapse, which is what a DistanceKernel gives "
            "(got DistanceKernel(shape='gaussian', scale=1.0, p..., floor=0.0))",
        ),
    ]
    for make, message in refused:
        with pytest.raises(MaichongError) as caught:
            make()
        assert str(caught.value) == message
