"""Neurons that answer with several spikes: their times against a LIF in a network, gradients against finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import LIF, AllToAll, Exponential, Network, SpikeTimes
from maichong.errors import ParameterError
from maichong.learning.timing import MultiSpikeTempotron, ReSuMe, correlation
from maichong.learning.timing.firing import respond
from maichong.learning.timing.kernels import bi_exponential, k_0
from maichong.learning.timing.membrane import Inputs
from maichong.learning.timing.multi_spike_tempotron import critical_gradient, critical_threshold
from maichong.learning.timing.resume import update


def trial(seed: int, afferents: int = 40, spikes: int = 3, duration: float = 300.0) -> tuple[np.ndarray, np.ndarray, Inputs]:
    """Weights that make a neuron fire several times, the times of the inputs, and the inputs."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0, duration, (afferents, spikes)), axis=1)
    weights = 0.08 + 0.25 * rng.standard_normal(afferents)
    return weights, times, Inputs.of(times[None], 20.0, 4.0, "test")


def test_spikes_are_those_of_a_leaky_integrate_and_fire_neuron() -> None:
    """A LIF with exponential currents, whose spikes lie between the steps: K is k_0 (tau - tau_s) / tau_s of its potential."""
    tau, ratio = 20.0, 4.0
    weights, times, _ = trial(7, duration=40.0)
    times = times.round(1)
    spikes = respond(weights, Inputs.of(times[None], tau, ratio, "test"), 1.0)
    assert len(spikes) >= 3
    net = Network(dt=0.1)
    n = len(weights)
    x = net.population("x", SpikeTimes(times.ravel(), np.repeat(np.arange(n), times.shape[1])), n)
    cell = net.population("cell", LIF(tau_m=tau, c_m=tau, v_rest=0.0, v_r=0.0, v_th=1.0, spike_times="exact"), 1)
    current = k_0(ratio) * (ratio - 1.0)
    net.project(x, cell, AllToAll(), weight=weights[:, None] * current, receptor=Exponential(tau=tau / ratio))
    net.probe(cell)
    found = net.build("reference").run(60.0)["cell"].spikes.times
    assert found == pytest.approx(spikes, abs=1e-9)


def test_v_touches_the_threshold_at_spikes_and_not_before() -> None:
    weights, times, inputs = trial(3)
    spikes = respond(weights, inputs, 1.0)
    assert len(spikes) > 3

    def v(t: float, spikes: np.ndarray) -> float:
        reset = np.exp(-(t - spikes[spikes < t]) / 20.0).sum()
        return float(weights @ bi_exponential(t - times, 20.0, 4.0).sum(axis=1) - reset)

    for k, spike in enumerate(spikes):
        assert v(spike, spikes[:k]) == pytest.approx(1.0, abs=1e-11)
        begin = spikes[k - 1] if k else 0.0
        assert all(v(t, spikes[:k]) < 1.0 for t in np.linspace(begin + 1e-9, spike - 1e-6, 200))
    assert respond(weights, inputs, 1.0, most=2) == pytest.approx(spikes[:2], abs=1e-13)


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_of_critical_thresholds_is_their_difference_quotient(seed: int) -> None:
    """For every number of spikes from 1 to 5: the recursion of Guetig 2016 against central differences.

    In 8 of these 15 cases the spike that appears is not the last one of the trial.
    """
    weights, times, inputs = trial(seed, afferents=6, spikes=6)
    h = 1e-6
    for k in range(1, 6):
        theta, found = critical_gradient(weights, inputs, times, k, tol=1e-14)
        assert theta > 0
        numeric = []
        for unit in np.eye(len(weights)):
            above, below = (critical_threshold(weights + s * h * unit, inputs, k, tol=1e-14) for s in (1, -1))
            numeric.append((above - below) / (2 * h))
        assert found == pytest.approx(np.array(numeric), rel=1e-4, abs=1e-5), (seed, k)


def test_just_below_a_critical_threshold_there_is_one_spike_more() -> None:
    weights, _, inputs = trial(2)
    for k in range(1, 6):
        theta = critical_threshold(weights, inputs, k, tol=1e-12)
        assert len(respond(weights, inputs, theta * (1 - 1e-9))) >= k
        assert len(respond(weights, inputs, theta * (1 + 1e-9))) < k
    assert critical_threshold(-np.ones(40), inputs, 1) == 0.0
    assert not critical_gradient(-np.ones(40), inputs, np.zeros((40, 1)), 1)[1].any()


def test_counts_are_learned() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, 300, (8, 40, 2)), np.arange(8) % 4
    learner = MultiSpikeTempotron(rate=0.01, epochs=300).fit(x, y)
    assert learner.errors_[0] > 4
    assert learner.predict(x).tolist() == y.tolist()
    assert [len(train) for train in learner.spikes(x)] == y.tolist()


def test_resume_by_hand() -> None:
    """Two inputs at 0 and 10, and at 4 ms; desired at 5 and 12, output at 12 and 20 ms: the spikes at 12 ms cancel.

    The double integral of the rule, on a grid of 1 us, says the same.
    """
    times, desired, output = np.array([[0.0, 10.0], [4.0, np.inf]]), np.array([5.0, 12.0, np.inf]), np.array([12.0, 20.0])
    a, amplitude, tau = 0.3, 2.0, 7.0
    e = np.exp
    by_hand = [2.0 * (e(-5 / 7) - e(-20 / 7) - e(-10 / 7)), 2.0 * (e(-1 / 7) - e(-16 / 7))]
    assert update(times, desired, output, a, amplitude, tau) == pytest.approx(by_hand, rel=1e-14)
    more = update(times, desired, output[:1], a, amplitude, tau)
    assert more == pytest.approx([a + 2.0 * e(-5 / 7), a + 2.0 * e(-1 / 7)], rel=1e-14)
    dt = 1e-3
    grid = np.arange(0, 30, dt)
    for row, expected in zip(times, by_hand, strict=True):
        trace = sum(np.where(grid > s, amplitude * e(-np.maximum(grid - s, 0) / tau), 0.0) for s in row if np.isfinite(s))
        density = np.zeros_like(grid)
        np.add.at(density, np.rint(np.array([5.0, 12.0]) / dt).astype(int), 1 / dt)
        np.add.at(density, np.rint(output / dt).astype(int), -1 / dt)
        assert (density * (a + trace)).sum() * dt == pytest.approx(expected, abs=1e-9)


def test_an_input_at_the_same_instant_counts_for_nothing() -> None:
    assert update(np.array([[5.0]]), np.array([5.0]), np.array([]), 0.0, 1.0, 7.0) == [0.0]


def test_the_correlation_is_that_of_trains_convolved_with_a_gaussian() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.uniform(20, 80, 7), rng.uniform(20, 80, 5)
    t = np.arange(0, 100, 0.01)
    f, g = (np.exp(-((t[:, None] - train) ** 2) / (2 * 3.0**2)).sum(axis=1) for train in (one, other))
    assert correlation(one, other, 3.0) == pytest.approx(f @ g / np.sqrt((f @ f) * (g @ g)), rel=1e-9)
    assert correlation(one, one[::-1], 3.0) == pytest.approx(1.0, rel=1e-12)
    none = np.array([np.inf])
    assert (correlation(one, none, 3.0), correlation(none, none, 3.0)) == (0.0, 1.0)


def test_a_train_is_learned() -> None:
    rng = np.random.default_rng(6)
    x = rng.uniform(0, 200, (1, 200, 1))
    y = np.array([[30.0, 70.0, 85.0, 120.0, 150.0, 190.0]])
    learner = ReSuMe(epochs=100, seed=1).fit(x, y)
    assert learner.correlations_[0] < 0.7
    assert learner.score(x, y) == max(learner.correlations_) > 0.95
    assert len(learner.predict(x)[0]) == 6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MultiSpikeTempotron(ratio=1.0), "MultiSpikeTempotron.ratio: must be a number > 1 (got 1.0)"),
        (lambda: MultiSpikeTempotron(tol="small"), "MultiSpikeTempotron.tol: must be a number > 0 (got 'small')"),
        (
            lambda: MultiSpikeTempotron().fit([[1.0]], [0.5]),
            "MultiSpikeTempotron.fit, y: must be numbers of spikes, whole and >= 0 (got float64)",
        ),
        (lambda: MultiSpikeTempotron().predict([[1.0]]), "MultiSpikeTempotron: has learned nothing yet; call fit first"),
        (lambda: ReSuMe(tau=-1.0), "ReSuMe.tau: must be a number > 0 (got -1.0)"),
        (
            lambda: ReSuMe().fit([[1.0]], [3.0]),
            "ReSuMe.fit, y: must be desired times in ms, [1, spikes] (got shape (1,)); fill shorter trains up with inf",
        ),
        (
            lambda: ReSuMe().fit([[1.0]], [[np.nan]]),
            "ReSuMe.fit, y: must be finite, or inf where there is no spike (got NaN)",
        ),
    ],
)
def test_what_spiking_learners_refuse(make: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value) == message
