"""The evolving network of rank-order neurons: by hand, step by step, on Iris, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import StratifiedKFold

from maichong.encoding.gaussian_receptive_fields import GaussianReceptiveFields
from maichong.errors import ParameterError
from maichong.plasticity.macro.rank_order import ESNN, Recogniser


def test_iris_in_ten_folds_three_times() -> None:
    """Kasabov's group reports 95 to 97 % for tuned networks; 94 % are asked for here, on samples that were not learned.

    The number of fields was chosen on other folds (seeds 100 and 101)."""
    x, y = load_iris(return_X_y=True)
    scores = []
    for seed in range(3):
        for train, test in StratifiedKFold(10, shuffle=True, random_state=seed).split(x, y):
            low, high = x[train].min(axis=0), x[train].max(axis=0)
            fields = GaussianReceptiveFields(m=12, low=low, high=high, threshold=0.0, rounded=False)
            found = ESNN().fit(fields.latencies(x[train]).reshape(len(train), -1), y[train])
            scores.append(found.score(fields.latencies(x[test]).reshape(len(test), -1), y[test]))
    assert np.mean(scores) >= 0.94


def test_weights_and_thresholds_are_powers_of_the_order() -> None:
    """w = mod^order and theta = c sum mod^(2 order); equal times count by number, silence is no spike."""
    found = ESNN(mod=0.5, c=0.6).fit([[3.0, 1.0, 2.0], [1.0, 1.0, 0.5], [np.inf, 4.0, 2.0]], ["a", "b", "c"])
    np.testing.assert_array_equal(found.weights, [[0.25, 1.0, 0.5], [0.5, 0.25, 1.0], [0.0, 0.5, 1.0]])
    np.testing.assert_allclose(found.thresholds, 0.6 * np.array([1.3125, 1.3125, 1.25]))
    np.testing.assert_array_equal(found.labels, ["a", "b", "c"])


def test_samples_that_are_near_are_one_neuron_the_mean_of_both() -> None:
    times = [[0.0, 1.0, 2.0], [2.0, 1.0, 0.0], [1.0, 0.0, 2.0], [0.0, 2.0, 1.0]]
    found = ESNN(mod=0.5, sim=100.0).fit(times, ["a", "a", "b", "a"])
    np.testing.assert_array_equal(found.labels, ["a", "b"])
    np.testing.assert_array_equal(found.stands_for, [3, 1])
    orders = np.array([[0, 1, 2], [2, 1, 0], [0, 2, 1]])
    np.testing.assert_allclose(found.weights[0], (0.5**orders).mean(axis=0))
    assert len(ESNN(sim=0.0).fit([[0.0, 1.0], [0.0, 1.0]], [0, 0]).labels) == 2


def test_the_neuron_that_reaches_its_threshold_first_names_the_class() -> None:
    """Step by step, for each neuron and each spike; ties by the excess, silence by the share of the threshold."""
    rng = np.random.default_rng(2)
    weights = 0.8 ** rng.permuted(np.tile(np.arange(8), (6, 1)), axis=1)
    for share in (0.5, 0.9, 5.0):
        thresholds = share * (weights**2).sum(axis=1) * rng.uniform(0.8, 1.2, 6)
        made = Recogniser(0.8, weights, thresholds, np.arange(6), np.ones(6, int))
        times = np.where(rng.random((40, 8)) < 0.2, np.inf, rng.random((40, 8)))
        for sample, answer in zip(times, made.predict(times), strict=True):
            u, winner, seen = np.zeros(6), None, 0
            while np.isfinite(sample).any():
                source = int(sample.argmin())
                sample[source] = np.inf
                u = u + weights[:, source] * 0.8**seen
                seen += 1
                if winner is None and (u >= thresholds).any():
                    winner = max(np.flatnonzero(u >= thresholds), key=lambda n: u[n] - thresholds[n])
            assert answer == (np.argmax(u / thresholds) if winner is None else winner)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ESNN(mod=1.0), "ESNN.mod: must lie between 0 and 1 (got 1.0)"),
        (lambda: ESNN(c=0.0), "ESNN.c: must lie between 0 and 1 (got 0.0)"),
        (lambda: ESNN(sim=-0.1), "ESNN.sim: must be a number >= 0 (got -0.1)"),
        (
            lambda: ESNN().fit([1.0, 2.0], [0, 1]),
            "ESNN.fit, times: must be spike times, [samples, inputs], infinity for silence (got shape (2,))",
        ),
        (
            lambda: ESNN().fit([[1.0], [np.nan]], [0, 1]),
            "ESNN.fit, times: must be spike times, [samples, inputs], infinity for silence (got shape (2, 1))",
        ),
        (lambda: ESNN().fit([[1.0], [2.0]], [0]), "ESNN.fit, y: must name the class of each of 2 samples (got shape (1,))"),
        (
            lambda: ESNN().fit([[1.0], [np.inf]], [0, 1]),
            "ESNN.fit, times[1]: must have a spike (got silence); leave the sample out",
        ),
        (
            lambda: ESNN().fit([[1.0], [2.0]], [0, 1]).predict([[1.0, 2.0]]),
            "ESNN.predict, times: must be of 1 inputs, as in training (got 2)",
        ),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == said
