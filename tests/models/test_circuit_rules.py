"""Rules of circuits that work on whole layers: self-backpropagation and intrinsic plasticity."""

from __future__ import annotations

import numpy as np
import pytest

from maichong.errors import ParameterError
from maichong.plasticity.meso.intrinsic_plasticity import IntrinsicPlasticity
from maichong.plasticity.meso.self_backpropagation import spread, survey
from maichong.plasticity.micro.rank_order_stdp import convergence, learn, winners

FIRST, LAST = np.array([[0.1, -0.2], [0.3, 0.4]]), np.array([[0.2, -0.1], [-0.3, 0.5]])


def test_changes_spread_as_in_the_authors_code() -> None:
    """equations.md 3.11, by the authors' formulas: two layers, the first one from the pre-lateral changes of the second."""
    first, last = spread([FIRST, LAST])
    np.testing.assert_allclose(last, [[0.21142857, -0.10375], [-0.33375, 0.57142857]], atol=5e-9)
    np.testing.assert_allclose(first, [[0.10395073, -0.23022222], [0.33435219, 0.46419708]], atol=5e-9)


def test_changes_keep_their_signs_and_zeros() -> None:
    rng = np.random.default_rng(4)
    for _ in range(100):
        layers = [np.where(rng.random(size) < 0.3, 0.0, rng.normal(size=size)) for size in ((5, 4), (4, 3), (3, 2))]
        for before, after in zip(layers, spread(layers), strict=True):
            assert (np.sign(after) == np.sign(before)).all()
            assert (np.abs(after) >= np.abs(before) - 1e-12).all()


def test_nothing_comes_back_from_a_layer_that_does_not_change() -> None:
    alone = spread([FIRST, np.zeros((2, 2))])[0]
    up, down = np.maximum(FIRST, 0), np.minimum(FIRST, 0)
    lateral = spread([FIRST])[0]
    rises, falls = np.maximum(lateral, 0), np.minimum(lateral, 0)
    np.testing.assert_allclose(alone, (rises + up) / 2 + (2 * falls + down) / 3, atol=1e-12)


def test_the_surveys_form() -> None:
    np.testing.assert_allclose(survey(LAST), [0.03, 0.07], atol=1e-12)


def test_layers_must_fit() -> None:
    with pytest.raises(ParameterError, match="layer 1 must have the 2 neurons of the layer before as its rows"):
        spread([FIRST, np.zeros((3, 2))])
    with pytest.raises(ParameterError, match=r"layer 0 must be a matrix of finite numbers \[pre, post\]"):
        spread([np.array([[np.nan]])])


def test_activity_becomes_exponential() -> None:
    """equations.md 3.12: normal inputs, mu = 0.2, eta = 0.001: a mean of 0.196 within 0.01, a deviation of 0.189."""
    rng = np.random.default_rng(7)
    cells = IntrinsicPlasticity(np.ones(20), np.zeros(20))
    for x in rng.normal(size=(20_000, 20)):
        cells = cells.step(x)
    y = cells.answers(rng.normal(size=(50_000, 20)))
    assert y.mean() == pytest.approx(0.196, abs=0.01)
    assert y.std() == pytest.approx(0.189, abs=0.01)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"a": [-1.0], "b": [0.0]}, "IntrinsicPlasticity, a: must be positive gains"),
        ({"a": [1.0], "b": [0.0], "mu": 1.5}, "IntrinsicPlasticity, mu: must lie between 0 and 1"),
        ({"a": [1.0], "b": [0.0], "eta": 0.0}, "IntrinsicPlasticity, eta: must be > 0"),
    ],
)
def test_bad_values_are_refused(given: dict, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        IntrinsicPlasticity(**given)


def test_winners_one_after_the_other() -> None:
    """Map 0 wins at (0, 0), the earliest; map 1 is silenced near it, and wins at (0, 3); map 2 comes last, with what is left."""
    times = np.full((3, 1, 4), np.inf)
    times[0, 0, :] = [1.0, 2.0, 2.0, 2.0]
    times[1, 0, :] = [1.0, 1.0, 3.0, 3.0]
    times[2, 0, :] = [9.0, 9.0, 9.0, 9.0]
    potentials = np.ones((3, 1, 4))
    potentials[0, 0, 0], potentials[1, 0, 3] = 5.0, 2.0
    assert winners(times, potentials, k=9, radius=1) == [(0, 0, 0), (1, 0, 3)]
    assert winners(times, potentials, k=1, radius=1) == [(0, 0, 0)]
    assert winners(times, potentials, k=9, radius=0) == [(0, 0, 0), (1, 0, 1), (2, 0, 2)]
    assert winners(np.full((2, 2, 2), np.inf), np.zeros((2, 2, 2)), k=3, radius=0) == []


def test_order_alone_teaches() -> None:
    """w (1 - w) = 0.21: + 0.004 of it for what came in time, - 0.003 for what came late or never; weights end at 0 and 1."""
    weight = np.full(4, 0.3)
    changed = learn(weight, np.array([0.0, 5.0, 5.1, np.inf]), when=5.0)
    np.testing.assert_allclose(changed - 0.3, 0.21 * np.array([0.004, 0.004, -0.003, -0.003]), atol=1e-15)
    for _ in range(6000):
        weight = learn(weight, np.array([0.0, 5.0, 5.1, np.inf]), when=5.0)
    np.testing.assert_allclose(weight, [1, 1, 0, 0], atol=1e-3)
    assert convergence(weight) < 0.01 < convergence(np.full(4, 0.3))


def test_rank_order_refuses_what_does_not_fit() -> None:
    with pytest.raises(ParameterError, match="winners: times and potentials must be"):
        winners(np.zeros((2, 2)), np.zeros((2, 2)), 1, 1)
    with pytest.raises(ParameterError, match="winners: k and radius must be >= 0"):
        winners(np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), -1, 1)
    with pytest.raises(ParameterError, match="rank-order STDP, weight: must lie within 0 to 1"):
        learn(np.array([1.5]), np.array([0.0]), 1.0)
    with pytest.raises(ParameterError, match=r"rank-order STDP: the times must be \[1\], as the weights"):
        learn(np.array([0.5]), np.zeros(2), 1.0)
