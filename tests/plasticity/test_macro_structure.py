"""Structural plasticity: growth curves and calcium in closed form, and what no rewiring may change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maichong.errors import ParameterError
from maichong.plasticity.macro.growth import GrowthCurve, calcium_after, matched, restructured
from maichong.plasticity.macro.prune_and_regrow import PruneAndRegrow
from maichong.plasticity.macro.wiring import Wiring


def test_growth_curves() -> None:
    """A gaussian curve is 0 at eta and eps and nu half way between; all are 0 at eps."""
    gaussian = GrowthCurve("gaussian", nu=1.0, eta=0.1, eps=0.7).rate([0.0, 0.1, 0.4, 0.7, 1.0])
    np.testing.assert_allclose(gaussian, [-0.416735, 0.0, 1.0, 0.0, -0.875], atol=5e-7)
    linear = GrowthCurve("linear", nu=2.0, eps=0.5)
    np.testing.assert_allclose(linear.rate([0.0, 0.5, 1.0]), [2.0, 0.0, -2.0], atol=1e-15)
    sigmoid = GrowthCurve("sigmoid", nu=3.0, eps=0.5, psi=0.2)
    ca = np.linspace(-1.0, 2.0, 7)
    np.testing.assert_allclose(sigmoid.rate(ca), 3.0 * (2.0 / (1.0 + np.exp((ca - 0.5) / 0.2)) - 1.0), atol=1e-14)
    np.testing.assert_allclose(GrowthCurve("sigmoid", psi=1e-6).rate([0.0, 1e6]), [1e-4, -1e-4])


def test_elements_grow_along_a_line_and_never_fall_below_none() -> None:
    curve = GrowthCurve("linear", nu=1e-3, eps=0.5)
    z = np.array([1.0, 1.0, 1.0])
    for _ in range(1000):
        z = curve.grown(z, [0.25, 0.5, 1.5], 1.0)
    np.testing.assert_allclose(z, [1.5, 1.0, 0.0], atol=1e-12)


def test_calcium_is_a_sum_of_exponentials_however_time_is_cut() -> None:
    rng = np.random.default_rng(1)
    times, ids = np.sort(rng.uniform(0, 1000.0, 200)), rng.integers(0, 4, 200)
    cells = np.arange(4)
    expected = 0.3 * np.exp(-1000.0 / 300.0) + np.array([0.1 * np.exp((times[ids == k] - 1000.0) / 300.0).sum() for k in cells])
    once = calcium_after(np.full(4, 0.3), times, ids, 0.0, 1000.0, tau=300.0, beta=0.1)
    parts = np.full(4, 0.3)
    for begin in range(0, 1000, 50):
        parts = calcium_after(parts, times, ids, begin, begin + 50, tau=300.0, beta=0.1)
    np.testing.assert_allclose(once, expected, rtol=1e-12)
    np.testing.assert_allclose(parts, expected, rtol=1e-12)


def test_matching_uses_whole_elements_once_and_makes_no_autapse() -> None:
    rng = np.random.default_rng(2)
    for _ in range(300):
        n = int(rng.integers(1, 7))
        axonal, dendritic = rng.integers(0, 4, n), rng.integers(0, 4, n)
        pre, post = matched(axonal, dendritic, rng)
        assert (pre != post).all()
        assert (np.bincount(pre, minlength=n) <= axonal).all()
        assert (np.bincount(post, minlength=n) <= dendritic).all()
        assert pre.size <= min(axonal.sum(), dendritic.sum())
        free = axonal - np.bincount(pre, minlength=n), dendritic - np.bincount(post, minlength=n)
        if axonal.sum() <= dendritic.sum():
            # an axon stays free only where all free dendrites are of its own neuron, and no pair could trade
            for k in np.flatnonzero(free[0]):
                assert free[1].sum() == free[1][k]
        pre, post = matched(axonal, dendritic, rng, autapses=True)
        assert pre.size == min(axonal.sum(), dendritic.sum())


def test_matching_is_uniform() -> None:
    """Each of the 2 matchings of three neurons without an autapse is as likely as the other; chi-square, 1 degree of freedom."""
    rng = np.random.default_rng(5)
    one = np.ones(3, np.int64)
    targets = []
    for _ in range(2000):
        pre, post = matched(one, one, rng)
        if pre.size == 3:
            targets.append(int(post[pre == 0][0]))
    counts = np.bincount(targets, minlength=3)[1:]
    assert len(targets) > 1500
    assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() < 10.8  # p = 0.001


def test_neurons_bind_what_they_have_and_let_go_what_they_lost() -> None:
    rng = np.random.default_rng(1)
    empty = Wiring([], [], [], n_pre=20, n_post=20, autapses=False)
    z = np.full(20, 5.9)
    grown = restructured(empty, z, z, 0.5, rng)
    assert 95 <= grown.pre.size <= 100
    assert (np.bincount(grown.pre, minlength=20) <= 5).all()
    assert (grown.origin == -1).all() and (grown.weight == 0.5).all()
    shrunk = restructured(grown, np.where(np.arange(20) < 10, 1.0, 5.9), z, 0.5, rng)
    assert (np.bincount(shrunk.pre, minlength=20)[:10] <= 1).all()
    old = shrunk.origin >= 0
    np.testing.assert_array_equal(grown.pre[shrunk.origin[old]], shrunk.pre[old])
    np.testing.assert_array_equal(grown.post[shrunk.origin[old]], shrunk.post[old])
    assert restructured(grown, np.zeros(20), z, 0.5, rng).pre.size == 0


def test_calcium_settles_where_growth_ends() -> None:
    """Closed loop, rate = 2 Hz per input: each neuron gets as many inputs as bring its calcium, tau beta rate, to eps."""
    rng = np.random.default_rng(4)
    curve = GrowthCurve("linear", nu=5e-3, eps=0.4)
    z_axon, z = np.full(30, 40.0), np.zeros(30)
    wiring = Wiring([], [], [], n_pre=30, n_post=30, autapses=False)
    for _ in range(600):
        calcium = 10_000.0 * 2e-3 * 2e-3 * np.bincount(wiring.post, minlength=30)  # 0.04 per input
        z = curve.grown(z, calcium, 10.0)
        wiring = restructured(wiring, z_axon, z, 1.0, rng)
    np.testing.assert_allclose(np.bincount(wiring.post, minlength=30), 10, atol=1)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.booleans(), st.floats(0.0, 0.4), st.sampled_from([0.0, 25.0]))
def test_edge_count_and_signs_outlive_500_random_updates(
    seed: int, n: int, square: bool, theta: float, patience: float
) -> None:
    """20 examples of 500 updates make 10,000: no synapse is lost, none crosses 0, no pair has two, no neuron meets itself."""
    rng = np.random.default_rng(seed)
    n_post = n if square else n + 3
    signs = np.where(rng.random(n) < 0.8, 1.0, -1.0)
    pairs = np.flatnonzero((rng.random(n * n_post) < 0.4) & ~(square & (np.arange(n * n_post) % (n + 1) == 0)))
    pre, post = pairs // n_post, pairs % n_post
    wiring = Wiring(pre, post, signs[pre] * rng.random(pre.size), n_pre=n, n_post=n_post, autapses=not square, signs=signs)
    rule, weak = PruneAndRegrow(theta=theta, w_0=0.4, patience=patience), np.zeros(pre.size)
    for _ in range(500):
        weight = signs[wiring.pre] * np.maximum(0.0, np.abs(wiring.weight) + rng.normal(0.0, 0.2, wiring.pre.size))
        moved = Wiring(
            wiring.pre, wiring.post, weight, n_pre=n, n_post=n_post, autapses=not square, signs=signs, origin=wiring.origin
        )
        wiring, weak = rule.step(moved, weak, 10.0, rng)
        assert wiring.pre.size == pre.size == weak.size
        assert (signs[wiring.pre] * wiring.weight >= 0).all()
        assert np.unique(wiring.pre * n_post + wiring.post).size == pre.size
        assert not square or (wiring.pre != wiring.post).all()


def test_a_synapse_goes_after_it_was_weak_for_long_enough() -> None:
    rng = np.random.default_rng(1)
    wiring = Wiring([0, 0, 1], [0, 1, 2], [0.01, 0.5, -0.02], n_pre=2, n_post=40, signs=[1, -1])
    rule, weak = PruneAndRegrow(theta=0.05, patience=30.0, w_0=0.2), np.zeros(3)
    for _ in range(2):
        wiring, weak = rule.step(wiring, weak, 10.0, rng)
    np.testing.assert_array_equal(weak, [20.0, 0.0, 20.0])
    np.testing.assert_array_equal(wiring.origin, [0, 1, 2])
    wiring, weak = rule.step(wiring, weak, 10.0, rng)
    np.testing.assert_array_equal(wiring.origin, [1, -1, -1])
    np.testing.assert_array_equal(np.abs(wiring.weight), [0.5, 0.2, 0.2])
    np.testing.assert_array_equal(weak, 0.0)


def test_new_synapses_are_drawn_from_all_vacant_pairs_alike() -> None:
    """One synapse moves among 9 vacant pairs of 3 x 4 with 2 strong synapses and itself: chi-square, 9 degrees of freedom."""
    rng = np.random.default_rng(3)
    wiring = Wiring([0, 1, 2], [1, 3, 0], [1.0, 1.0, 0.0], n_pre=3, n_post=4)
    counts = np.zeros(12)
    for _ in range(3000):
        changed, _ = PruneAndRegrow(theta=0.1, w_0=0.2).step(wiring, np.zeros(3), 1.0, rng)
        counts[changed.pre[-1] * 4 + changed.post[-1]] += 1
    assert counts[1] == counts[7] == 0
    vacant = np.delete(counts, [1, 7])
    assert ((vacant - 300.0) ** 2 / 300.0).sum() < 27.9  # p = 0.001


EMPTY = Wiring([], [], [], n_pre=2, n_post=2)
FULL = Wiring([0, 0, 1, 1], [0, 1, 0, 1], [0.0] * 4, n_pre=2, n_post=2, autapses=False)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: GrowthCurve("gauss"),
            "GrowthCurve.shape: must be one of linear, gaussian, sigmoid (got 'gauss'); did you mean 'gaussian'?",
        ),
        (lambda: GrowthCurve(eps=0.0), "GrowthCurve.eps: must be a finite number > 0 (got 0.0)"),
        (lambda: GrowthCurve(nu="fast"), "GrowthCurve.nu: must be a finite number (got 'fast')"),
        (lambda: GrowthCurve(eta=0.7), "GrowthCurve.eta: must be < eps = 0.7 (got 0.7)"),
        (lambda: calcium_after([0.0], [], [], 0.0, 1.0, tau=0.0), "calcium_after, tau: must be > 0 ms (got 0.0)"),
        (lambda: calcium_after([0.0], [], [], 2.0, 1.0), "calcium_after, end: must not lie before begin = 2 ms (got 1 ms)"),
        (
            lambda: calcium_after([0.0], [0.5], [1], 0.0, 1.0),
            "calcium_after, ids: must name a neuron, 0..0, for each spike (got [1])",
        ),
        (
            lambda: restructured(EMPTY, [1.0], [1.0, 1.0], 1.0, np.random.default_rng(1)),
            "restructured, axonal: must be 2 finite numbers >= 0 (got shape (1,))",
        ),
        (
            lambda: restructured(EMPTY, [1.0, 1.0], [1.0, -1.0], 1.0, np.random.default_rng(1)),
            "restructured, dendritic: must be 2 finite numbers >= 0 (got shape (2,))",
        ),
        (lambda: PruneAndRegrow(theta=-1.0), "PruneAndRegrow.theta: must be a number >= 0 (got -1.0)"),
        (
            lambda: PruneAndRegrow(theta=0.2, w_0=0.1),
            "PruneAndRegrow.w_0: must be >= theta = 0.2, or it is weak at once (got 0.1)",
        ),
        (
            lambda: PruneAndRegrow().step(FULL, [0.0], 1.0, np.random.default_rng(1)),
            "PruneAndRegrow.step, weak: must be 4 times in ms (got shape (1,))",
        ),
        (
            lambda: PruneAndRegrow().step(FULL, np.zeros(4), -1.0, np.random.default_rng(1)),
            "PruneAndRegrow.step, elapsed: must be >= 0 ms (got -1.0)",
        ),
        (
            lambda: PruneAndRegrow().step(FULL, np.zeros(4), 1.0, np.random.default_rng(1)),
            "PruneAndRegrow.step: needs 4 pairs without a synapse (got 2); begin with fewer synapses",
        ),
        (lambda: Wiring([0], [2], [1.0], n_pre=1, n_post=2), "Wiring.post: must be a list of neurons, 0..1 (got [2])"),
        (
            lambda: Wiring([0], [0, 1], [1.0], n_pre=1, n_post=2),
            "Wiring: needs a pre, a post and a finite weight for each synapse (got 1 pre, 2 post)",
        ),
        (
            lambda: Wiring([0], [0], [1.0], n_pre=1, n_post=2, autapses=False),
            "Wiring.autapses: can be False only where both ends are one population (got 1 and 2)",
        ),
        (
            lambda: Wiring([0], [0], [1.0], n_pre=1, n_post=2, signs=[2]),
            "Wiring.signs: must be 1 numbers, each +1, -1 or 0 (got [2])",
        ),
        (
            lambda: Wiring([0, 1], [0, 0], [1.0, 0.5], n_pre=2, n_post=2, signs=[1, -1]),
            "Wiring, weight of neuron 1: must be <= 0: that neuron is inhibitory (got 0.5)",
        ),
        (
            lambda: Wiring([0], [0], [-1.0], n_pre=1, n_post=2, signs=[1]),
            "Wiring, weight of neuron 0: must be >= 0: that neuron is excitatory (got -1)",
        ),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == said
