"""The evolving network of rank-order neurons: by hand on three inputs, on Iris, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import StratifiedKFold

from maichong.errors import ParameterError
from maichong.plasticity.macro.rank_order import ESNN, Recogniser


def test_iris_in_ten_folds_three_times() -> None:
    """Kasabov's group reports 95 to 97 % for tuned networks; 94 % are asked for here, on samples that were not learned."""
    x, y = load_iris(return_X_y=True)
    scores = []
    for seed in range(3):
        for train, test in StratifiedKFold(10, shuffle=True, random_state=seed).split(x, y):
            scores.append(ESNN().fit(x[train], y[train]).score(x[test], y[test]))
    assert np.mean(scores) >= 0.94


def test_weights_and_threshold_of_one_sample() -> None:
    """The nearest field fires first; w = mod^order and theta = c sum mod^(2 order)."""
    net = ESNN(mod=0.5, c=0.6, fields=5)
    # fields of a feature in 0..1 are centred at -1/6, 1/6, 1/2, 5/6, 7/6
    found = net.fit([[0.0], [0.55], [1.0]], [0, 1, 2])
    orders = [[0, 1, 2, 3, 4], [4, 2, 0, 1, 3], [4, 3, 2, 0, 1]]
    np.testing.assert_array_equal(found.weights, 0.5 ** np.array(orders))
    np.testing.assert_allclose(found.thresholds, 0.6 * sum(0.25**k for k in range(5)))
    np.testing.assert_array_equal(found.labels, [0, 1, 2])


def test_samples_that_are_near_are_one_neuron_the_mean_of_both() -> None:
    net = ESNN(mod=0.5, fields=5, sim=100.0)
    found = net.fit([[0.0], [0.55], [1.0], [0.02]], ["a", "a", "b", "a"])
    np.testing.assert_array_equal(found.labels, ["a", "b"])
    np.testing.assert_array_equal(found.stands_for, [3, 1])
    orders = np.array([[0, 1, 2, 3, 4], [4, 2, 0, 1, 3], [1, 0, 2, 3, 4]])
    np.testing.assert_allclose(found.weights[0], (0.5**orders).mean(axis=0))
    assert len(ESNN(sim=0.0).fit([[0.0], [0.55], [0.55]], [0, 0, 0]).labels) == 3


def test_the_neuron_that_reaches_its_threshold_first_names_the_class() -> None:
    """Step by step, for each neuron and each spike; ties by the excess, silence by the share of the threshold."""
    rng = np.random.default_rng(2)
    net = ESNN(mod=0.8, c=0.7, fields=4)
    weights = 0.8 ** rng.permuted(np.tile(np.arange(8), (6, 1)), axis=1)
    for share in (0.5, 0.9, 5.0):
        thresholds = share * (weights**2).sum(axis=1) * rng.uniform(0.8, 1.2, 6)
        made = Recogniser(net, weights, thresholds, np.arange(6), np.ones(6, int), np.zeros(2), np.ones(2))
        x = rng.random((40, 2))
        for sample, answer in zip(net.orders(x, made.low, made.high), made.predict(x), strict=True):
            u, winner = np.zeros(6), None
            for k in range(8):
                (source,) = np.flatnonzero(sample == k)
                u = u + weights[:, source] * 0.8**k
                if winner is None and (u >= thresholds).any():
                    winner = max(np.flatnonzero(u >= thresholds), key=lambda n: u[n] - thresholds[n])
            assert answer == (np.argmax(u / thresholds) if winner is None else winner)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ESNN(mod=1.0), "ESNN.mod: must lie between 0 and 1 (got 1.0)"),
        (lambda: ESNN(c=0.0), "ESNN.c: must lie between 0 and 1 (got 0.0)"),
        (lambda: ESNN(sim=-0.1), "ESNN.sim: must be a number >= 0 (got -0.1)"),
        (lambda: ESNN(beta=0.0), "ESNN.beta: must be a number > 0 (got 0.0)"),
        (lambda: ESNN(fields=2), "ESNN.fields: must be a whole number >= 3 (got 2)"),
        (lambda: ESNN().fit([1.0, 2.0], [0, 1]), "ESNN.fit, x: must be finite numbers, [samples, features] (got shape (2,))"),
        (
            lambda: ESNN().fit([[1.0], [np.nan]], [0, 1]),
            "ESNN.fit, x: must be finite numbers, [samples, features] (got shape (2, 1))",
        ),
        (lambda: ESNN().fit([[1.0], [2.0]], [0]), "ESNN.fit, y: must name the class of each of 2 samples (got shape (1,))"),
        (
            lambda: ESNN().fit([[1.0], [2.0]], [0, 1]).predict([[1.0, 2.0]]),
            "ESNN.predict, x: must have 1 features, as in training (got 2)",
        ),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == said
