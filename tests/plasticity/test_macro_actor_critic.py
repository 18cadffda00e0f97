"""The actor-critic in spikes: its eligibility is a gradient, its populations compete, and it learns which arm pays."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from maichong.errors import ParameterError
from maichong.plasticity.macro.actor_critic import (
    ActorCritic,
    Decision,
    State,
    begin,
    decide,
    learned,
    place_spikes,
    potentials,
    prediction_error,
    rested,
    step,
)

NET = ActorCritic(2, critics=6, actors=5)


def eps(s: np.ndarray, net: ActorCritic) -> np.ndarray:
    """The kernel as the paper writes it, 0 before a spike."""
    shape = np.exp(-s / net.tau_m) - np.exp(-s / net.tau_s)
    return np.where(s >= 0, net.eps_0 / (net.tau_m - net.tau_s) * shape, 0.0)


def test_potentials_are_sums_of_kernels_across_decisions() -> None:
    rng = np.random.default_rng(1)
    spikes = (rng.random((60, 4)) < 0.2).astype(float)
    state = begin(NET, 4, 0.1, rng)
    found = []
    for k in range(3):
        course, slow, fast = potentials(NET, state, spikes[20 * k : 20 * k + 20])
        state = dataclasses.replace(state, slow=slow, fast=fast)
        found.append(course)
    t = np.arange(60.0)
    expected = np.stack(
        [sum((eps(t - at, NET) for at in np.flatnonzero(spikes[:, j])), np.zeros(60)) for j in range(4)], axis=1
    )
    np.testing.assert_allclose(np.concatenate(found), expected, atol=1e-12)


def test_place_cells_fire_at_their_rates() -> None:
    rng = np.random.default_rng(2)
    rates = np.array([0.0, 0.05, 0.37])
    counts, phase = np.zeros(3), rng.random(3)
    for _ in range(50):
        spikes, phase = place_spikes(NET, phase, rates, rng)
        counts += spikes.sum(axis=0)
    np.testing.assert_allclose(counts, 1000.0 * rates, atol=1.0)
    poisson = ActorCritic(2, places="poisson", duration=20_000.0)
    spikes, _ = place_spikes(poisson, phase, rates, rng)
    expected = 20_000 * -np.expm1(-rates)
    np.testing.assert_allclose(spikes.sum(axis=0), expected, atol=4 * np.sqrt(expected.max()))


def test_the_critic_s_eligibility_is_the_gradient_of_its_expected_spikes() -> None:
    """Without a spike's after-effect neurons are independent of their past: the expected count is a sum of chances, and delta_u
    times its derivative to a weight, by finite differences, is the mean eligibility (rho dt is small)."""
    rng = np.random.default_rng(3)
    net = ActorCritic(2, critics=400, actors=1, eta_0=0.0, gamma=1.0, lam=1.0, rho_0=0.01)
    rates = np.array([0.8, 0.4, 0.0])
    state = rested(net, begin(net, 3, 0.6, rng))
    fixed = dataclasses.replace(state, phase=np.array([0.2, 0.7, 0.1]))
    course, _, _ = potentials(net, fixed, place_spikes(net, fixed.phase, rates, rng)[0])

    def expected_count(w: np.ndarray) -> float:
        return float(-np.expm1(-net.rho_0 * np.exp((course @ w - net.theta) / net.delta_u) * net.dt).sum())

    w, h = np.full(3, 0.6), 1e-5
    gradient = [(expected_count(w + h * unit) - expected_count(w - h * unit)) / (2 * h) for unit in np.eye(3)]
    mean, counts = np.zeros(3), 0.0
    for _ in range(100):
        after, decision = decide(net, fixed, rates, rng)
        mean += after.e[:400].mean(axis=0) / 100
        counts += decision.counts[:400].mean() / 100
    assert counts == pytest.approx(expected_count(w), rel=0.05)
    np.testing.assert_allclose(mean, net.delta_u * np.array(gradient), rtol=0.05, atol=1e-12)


def test_eligibility_fades_by_gamma_lambda_from_decision_to_decision() -> None:
    rng = np.random.default_rng(4)
    state, _ = decide(NET, begin(NET, 3, 0.5, rng), np.full(3, 0.5), rng)
    silent = dataclasses.replace(state, w=np.zeros_like(state.w), slow=np.zeros(3), fast=np.zeros(3))
    quiet = dataclasses.replace(NET, rho_0=1e-300)
    after, decision = decide(quiet, silent, np.zeros(3), rng)
    assert state.e.max() > 0 and not decision.counts.any()
    np.testing.assert_allclose(after.e, 0.95 * 0.8 * state.e)


def test_what_is_learned() -> None:
    """delta is that of TD; the critic moves along its eligibility, the actions share nothing but what sets them apart."""
    e = np.random.default_rng(5).random((NET.neurons, 3))
    w = np.full_like(e, 0.5)
    seen, after = Decision(0, 0.4, np.zeros(0)), Decision(1, 0.6, np.zeros(0))
    assert prediction_error(NET, seen, 0.5, after) == pytest.approx(0.5 + 0.95 * 0.6 - 0.4)
    assert prediction_error(NET, seen, 1.0, None) == pytest.approx(0.6)
    change = learned(NET, w, e, -0.3) - w
    np.testing.assert_allclose(change[:6], -0.3 * NET.eta_critic * e[:6])
    np.testing.assert_allclose(change[6:].sum(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(change[6:] - change[6], -0.3 * NET.eta_actor * (e[6:] - e[6]), atol=1e-15)
    hebbian = dataclasses.replace(NET, actor="hebbian")
    np.testing.assert_allclose((learned(hebbian, w, e, -0.3) - w)[6:], -0.3 * NET.eta_actor * e[6:])
    assert learned(NET, w, 1e9 * e, 1.0)[:6].max() == NET.w_max and learned(NET, w, 1e9 * e, -1.0)[:6].min() == NET.w_min


def test_equal_actions_are_chosen_equally_and_one_wins() -> None:
    rng = np.random.default_rng(6)
    net = ActorCritic(4, critics=1, actors=10)
    state = begin(net, 10, 0.6, rng)
    chosen, shares = np.zeros(4), []
    for _ in range(400):
        state, decision = decide(net, rested(net, state), np.full(10, 0.12), rng)
        counts = np.sort(decision.counts[1:].reshape(4, 10).sum(axis=1))
        chosen[decision.action] += 1
        shares.append(counts[-1] / max(counts.sum(), 1))
    assert ((chosen - 100.0) ** 2 / 100.0).sum() < 16.3  # chi-square, 3 degrees of freedom, p = 0.001
    assert np.mean(shares) > 0.4


@pytest.mark.parametrize(("actor", "places"), [("centred", "regular"), ("hebbian", "regular"), ("centred", "poisson")])
def test_it_learns_which_arm_pays(actor: str, places: str) -> None:
    """At one place the first action pays, at the other the second; the critic comes to expect it."""
    rng = np.random.default_rng(7)
    net = ActorCritic(2, eps_0=4.0, eta_critic=0.025, eta_actor=0.1, actor=actor, places=places)
    rates = np.repeat(np.eye(2), 25, axis=1) * 0.24
    state, right, values = begin(net, 50, 0.6, rng), [], []
    for k in range(300):
        state, decision = decide(net, rested(net, state), rates[k % 2], rng)
        right.append(decision.action == k % 2)
        values.append(decision.value)
        state, none, _ = step(net, state, decision, float(right[-1]), None, rng)
        assert none is None
    assert np.mean(right[:20]) < 0.9
    assert np.mean(right[-100:]) > 0.9
    assert np.mean(values[-100:]) == pytest.approx(np.mean(right[-100:]), abs=0.15)


def test_the_same_random_numbers_make_the_same_net() -> None:
    def run(seed: int) -> State:
        rng = np.random.default_rng(seed)
        state, decision = decide(NET, begin(NET, 4, 0.3, rng), np.full(4, 0.5), rng)
        before = state.w.copy()
        later, _, _ = step(NET, state, decision, 1.0, np.full(4, 0.2), rng)
        np.testing.assert_array_equal(state.w, before)  # state goes in and comes out
        assert not np.array_equal(later.w, before)
        frozen, _, _ = step(NET, state, decision, 1.0, np.full(4, 0.2), rng, learning=False)
        np.testing.assert_array_equal(frozen.w, before)
        return later

    one, same, other = run(1), run(1), run(2)
    np.testing.assert_array_equal(one.w, same.w)
    assert not np.array_equal(one.w, other.w)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ActorCritic(1), "ActorCritic.actions: must be a whole number >= 2 (got 1)"),
        (lambda: ActorCritic(2, critics=0), "ActorCritic.critics: must be a whole number >= 1 (got 0)"),
        (lambda: ActorCritic(2, tau_m=0.0), "ActorCritic.tau_m: must be a finite number > 0 (got 0.0)"),
        (lambda: ActorCritic(2, eta_actor=-1.0), "ActorCritic.eta_actor: must be a finite number >= 0 (got -1.0)"),
        (lambda: ActorCritic(2, theta="high"), "ActorCritic.theta: must be a finite number (got 'high')"),
        (lambda: ActorCritic(2, gamma=1.5), "ActorCritic.gamma: must lie in 0..1 (got 1.5)"),
        (lambda: ActorCritic(2, tau_s=5.0), "ActorCritic.tau_s: must differ from tau_m (got 5.0)"),
        (lambda: ActorCritic(2, w_min=1.5), "ActorCritic.w_min: must be < w_max = 1.5 (got 1.5)"),
        (lambda: ActorCritic(2, duration=0.5), "ActorCritic.duration: must be a whole number of steps of 1 ms (got 0.5)"),
        (
            lambda: ActorCritic(2, actor="hebb"),
            "ActorCritic.actor: must be one of centred, hebbian (got 'hebb'); did you mean 'hebbian'?",
        ),
        (
            lambda: ActorCritic(2, places="poison"),
            "ActorCritic.places: must be one of regular, poisson (got 'poison'); did you mean 'poisson'?",
        ),
        (
            lambda: begin(NET, 0, 0.1, np.random.default_rng(1)),
            "actor_critic.begin, places: must be a whole number >= 1 (got 0)",
        ),
        (
            lambda: begin(NET, 3, 2.0, np.random.default_rng(1)),
            "actor_critic.begin, w: must be one number or [16, 3], within 0 and 1.5 (got 2.0)",
        ),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == said
