"""TD(lambda) against values worked out by hand, Monte Carlo, and the closed form of the random walk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong.errors import ParameterError
from maichong.plasticity.macro.td_lambda import TDLambda

HALF = [0.5] * 5


@pytest.mark.parametrize(
    ("lam", "after"),
    [(0.0, [0.5, 0.5, 0.5, 0.5, 0.55]), (0.9, [0.5, 0.5, 0.5405, 0.545, 0.55]), (1.0, [0.5, 0.5, 0.55, 0.55, 0.55])],
)
def test_one_walk_to_the_right(lam: float, after: list[float]) -> None:
    """C, D, E, +1 with alpha = 0.1: only the last prediction error, 0.5, is none, and it goes back by lam per state."""
    np.testing.assert_allclose(TDLambda(0.1, 1.0, lam).episode(HALF, [2, 3, 4], [0, 0, 1]), after, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("trace", "marks"),
    [("accumulating", (0.9**4 + 0.9**2, 0.9**3 + 0.9)), ("replacing", (0.9**2, 0.9)), ("survey_reward_trace", (0.0, 0.0))],
)
def test_a_walk_that_comes_back(trace: str, marks: tuple[float, float]) -> None:
    """C, D, C, D, E, +1: C and D stand with what their visits left; accumulating gives the figures 0.573305 and 0.58145."""
    found = TDLambda(0.1, 1.0, 0.9, trace).episode(HALF, [2, 3, 2, 3, 4], [0, 0, 0, 0, 1])
    np.testing.assert_allclose(found, [0.5, 0.5, *(0.5 + 0.05 * mark for mark in marks), 0.55], atol=1e-15)
    if trace == "accumulating":
        np.testing.assert_allclose(found[2:4], [0.573305, 0.58145], atol=1e-12)


def walk(rng: np.random.Generator) -> tuple[list[int], list[float]]:
    """A random walk on five states from the middle one; leaving it on the right brings 1."""
    at, states = 2, []
    while 0 <= at < 5:
        states.append(at)
        at += 1 if rng.random() < 0.5 else -1
    return states, [0.0] * (len(states) - 1) + [float(at == 5)]


@pytest.mark.parametrize("trace", ["accumulating", "replacing"])
def test_td_1_is_monte_carlo(trace: str) -> None:
    """Accumulating traces are every-visit, replacing traces first-visit Monte Carlo, with a discount too."""
    rng = np.random.default_rng(3)
    gamma, alpha = 0.9, 0.05
    for _ in range(20):
        states, rewards = walk(rng)
        rewards = list(rng.normal(size=len(rewards)))
        values = rng.normal(size=5)
        expected = values.copy()
        for k, state in enumerate(states):
            if trace == "accumulating" or state not in states[:k]:
                later = sum(gamma**n * reward for n, reward in enumerate(rewards[k:]))
                expected[state] += alpha * (later - values[state])
        if trace == "replacing" and len(set(states)) < len(states):
            continue  # a replaced trace is that of the last visit: first-visit holds where each state is seen once
        found = TDLambda(alpha, gamma, 1.0, trace).episode(values, states, rewards, online=False)
        np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("lam", [0.0, 0.8, 1.0])
def test_the_random_walk_s_values_are_k_over_6(lam: float) -> None:
    """Each walk comes with its mirror image, so that neither end is luckier than the other."""
    rng = np.random.default_rng(1)
    values, mean = np.full(5, 0.5), np.zeros(5)
    rule = TDLambda(0.02, 1.0, lam)
    for k in range(800):
        states, rewards = walk(rng)
        values = rule.episode(values, states, rewards)
        mirrored = [4 - state for state in states]
        values = rule.episode(values, mirrored, [0.0] * (len(states) - 1) + [1.0 - rewards[-1]])
        mean += values / 600 if k >= 200 else 0.0
    np.testing.assert_allclose(mean, np.arange(1, 6) / 6, atol=0.03)


def test_the_survey_s_trace_teaches_rewarded_states_alone() -> None:
    values = np.full(5, 0.5)
    rule = TDLambda(0.1, 1.0, 0.9, "survey_reward_trace")
    for _ in range(50):
        values = rule.episode(values, [2, 3, 4], [0, 0, 1])
    assert values[4] > 0.99
    np.testing.assert_array_equal(values[:4], 0.5)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: TDLambda(alpha=0.0), "TDLambda.alpha: must be a number > 0 (got 0.0)"),
        (lambda: TDLambda(gamma=1.1), "TDLambda.gamma: must lie in 0..1 (got 1.1)"),
        (lambda: TDLambda(lam=-0.1), "TDLambda.lam: must lie in 0..1 (got -0.1)"),
        (
            lambda: TDLambda(trace="replace"),
            "TDLambda.trace: must be one of accumulating, replacing, survey_reward_trace (got 'replace'); "
            "did you mean 'replacing'?",
        ),
        (lambda: TDLambda().begin([]), "TDLambda, values: must be finite numbers, one for each state (got [])"),
        (lambda: TDLambda().episode(HALF, [5], [0.0]), "TDLambda, state: must be the number of a state, 0..4 (got 5)"),
        (lambda: TDLambda().episode(HALF, [1, 7], [0, 0]), "TDLambda, after: must be the number of a state, 0..4 (got 7)"),
        (
            lambda: TDLambda().episode(HALF, [1, 2], [0.0]),
            "TDLambda.episode: needs states and as many rewards, one at least (got [1, 2])",
        ),
        (lambda: TDLambda().episode(HALF, [1], [float("nan")]), "TDLambda, reward: must be one finite number (got nan)"),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == said
