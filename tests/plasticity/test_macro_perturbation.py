"""Perturbations against gradients in closed form, their variances against theory, and a spiking neuron that learns by noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import LIF, Network
from maichong.errors import ParameterError
from maichong.plasticity.macro.perturbation import node_perturbation, weight_perturbation


def test_weight_perturbation_is_the_gradient_on_average() -> None:
    """A quadratic loss, whose antithetic estimate has no bias at any sigma; its variance is |g|^2 + g_i^2."""
    rng = np.random.default_rng(1)
    a = rng.normal(size=(4, 4))
    w = rng.normal(size=4)
    gradient = (a + a.T) @ w
    found = np.stack([weight_perturbation(lambda v: float(v @ a @ v), w, 0.7, rng) for _ in range(4000)])
    error = np.sqrt((gradient @ gradient + gradient**2) / 4000)
    assert (np.abs(found.mean(axis=0) - gradient) < 4 * error).all()
    np.testing.assert_allclose(found.var(axis=0), gradient @ gradient + gradient**2, rtol=0.2)


def test_node_perturbation_is_the_gradient_on_average() -> None:
    """y = x W, L = |y - goal|^2 / 2: dL/dW = x (y - goal)^T."""
    rng = np.random.default_rng(2)
    x, w, goal = rng.normal(size=5), rng.normal(size=(5, 3)), rng.normal(size=3)
    error = x @ w - goal
    found = node_perturbation(lambda xi: float(((error + xi) ** 2).sum() / 2), x, 3, 1e-3, rng, trials=6000)
    np.testing.assert_allclose(found, np.outer(x, error), atol=5 * np.abs(x).max() * np.linalg.norm(error) * np.sqrt(2 / 6000))


@pytest.mark.slow
def test_a_spiking_neuron_comes_to_its_rate_by_noise_on_its_input() -> None:
    """No gradient passes a spike count; trial and error finds the drive that the closed form of the f-I curve gives for 60 Hz."""
    cell = LIF(tau_m=20.0, c_m=200.0, v_rest=0.0, v_r=0.0, v_th=15.0)

    def loss(noise: np.ndarray) -> float:
        net = Network(dt=0.25)
        net.population("cells", cell, 1, drive=drive + 20.0 * noise)
        times = net.build("reference").run(100.0)["cells"].spikes.times
        return float((1000.0 / np.diff(times).mean() - 60.0) ** 2) if times.size > 1 else 3600.0

    rng, drive = np.random.default_rng(3), 200.0
    for _ in range(25):
        drive = drive - 0.003 * 20.0 * float(node_perturbation(loss, [1.0], 1, 0.5, rng)[0, 0])
    infinity = drive * 20.0 / 200.0
    assert 1000.0 / (20.0 * np.log(infinity / (infinity - 15.0))) == pytest.approx(60.0, abs=4.0)


RNG = np.random.default_rng(1)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: weight_perturbation(float, [1.0], 0.0, RNG), "weight_perturbation, sigma: must be a number > 0 (got 0.0)"),
        (
            lambda: weight_perturbation(lambda w: 0.0, [1.0], 0.1, RNG, trials=0),
            "weight_perturbation, trials: must be a whole number >= 1 (got 0)",
        ),
        (
            lambda: weight_perturbation(lambda w: np.inf, [1.0], 0.1, RNG),
            "weight_perturbation, loss: must give one finite number (got inf)",
        ),
        (
            lambda: node_perturbation(lambda xi: 0.0, [[1.0]], 1, 0.1, RNG),
            "node_perturbation, x: must be one number for each presynaptic neuron (got shape (1, 1))",
        ),
        (
            lambda: node_perturbation(lambda xi: 0.0, [1.0], 1, -1.0, RNG),
            "node_perturbation, sigma: must be a number > 0 (got -1.0)",
        ),
        (
            lambda: node_perturbation(lambda xi: None, [1.0], 1, 0.1, RNG),
            "node_perturbation, loss: must give one finite number (got None)",
        ),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == said
