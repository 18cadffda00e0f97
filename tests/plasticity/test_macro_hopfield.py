"""Hopfield networks: energies worked out elsewhere, recall that never climbs, and the capacity of the textbook."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong.errors import ParameterError
from maichong.plasticity.macro.hopfield import energy, hebbian_weights, recall

PATTERNS = np.random.default_rng(0).choice([-1, 1], (5, 100))


def test_energies_of_five_patterns_which_are_fixed_points() -> None:
    w = hebbian_weights(PATTERNS)
    np.testing.assert_allclose([energy(w, p) for p in PATTERNS], [-49.04, -48.38, -49.52, -48.32, -49.28], atol=1e-9)
    for pattern in PATTERNS:
        np.testing.assert_array_equal(recall(w, pattern), pattern)


def test_recall_goes_downhill_to_the_pattern() -> None:
    rng = np.random.default_rng(1)
    w = hebbian_weights(PATTERNS)
    for pattern in PATTERNS:
        state = np.where(rng.random(100) < 0.2, -pattern, pattern)
        levels = [energy(w, recall(w, state, seed=3, sweeps=sweeps)) for sweeps in range(5)]
        assert levels[0] == energy(w, state)
        assert (np.diff(levels) <= 1e-12).all()
        np.testing.assert_array_equal(recall(w, state), pattern)


def test_a_threshold_costs_what_the_energy_says() -> None:
    w = hebbian_weights(PATTERNS)
    theta = np.linspace(-1, 1, 100)
    assert energy(w, PATTERNS[0], theta) - energy(w, PATTERNS[0]) == pytest.approx(theta @ PATTERNS[0])
    np.testing.assert_array_equal(recall(w, PATTERNS[0], 1000.0), -1)
    np.testing.assert_array_equal(recall(np.zeros((3, 3)), [1, -1, 1]), [1, -1, 1])


def test_capacity_lies_between_a_tenth_and_a_quarter_of_the_neurons() -> None:
    """Amit et al.: patterns are recalled with few errors below 0.138 N, and lost above."""
    rng = np.random.default_rng(2)
    n, overlaps = 300, {}
    for load in (0.1, 0.25):
        patterns = rng.choice([-1, 1], (int(load * n), n))
        w = hebbian_weights(patterns)
        overlaps[load] = np.mean([recall(w, p, sweeps=20) @ p / n for p in patterns[:6]])
    assert overlaps[0.1] >= 0.97
    assert overlaps[0.25] < 0.7


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: hebbian_weights([[1, 0]]), "hebbian_weights, patterns: must be +1 and -1, [patterns, neurons] (got [[1, 0]])"),
        (
            lambda: energy(np.ones((2, 2)), [1, 1]),
            "energy, w: must be symmetric, [N, N], with a zero diagonal (got shape (2, 2))",
        ),
        (lambda: recall(np.zeros((2, 2)), [1, 2]), "recall, state: must be 2 numbers, each +1 or -1 (got [1, 2])"),
        (lambda: recall(np.zeros((2, 2)), [1]), "recall, state: must be 2 numbers, each +1 or -1 (got [1])"),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == said
