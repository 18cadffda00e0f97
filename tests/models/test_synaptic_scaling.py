"""Synaptic scaling by its closed forms: exact between spikes, logistic where the rate follows the weight, ratios kept.

That both engines agree is checked with all registered models.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import LIF, AllToAll, Delta, Exponential, Network, OneToOne, SpikeTimes, SynapticScaling


def scaled(rule: Any, posts: list[float], weights: list[float], duration: float) -> np.ndarray:
    """The weights of silent inputs onto a cell that fires at ``posts``, which must be above 1 ms."""
    net = Network(dt=1.0)
    pre = net.population("pre", SpikeTimes([], []), len(weights))
    teacher = net.population("teacher", SpikeTimes([t - 1.0 for t in posts], [0] * len(posts)), 1)
    cell = net.population("post", LIF(), 1)
    net.project(pre, cell, AllToAll(), weight=np.array(weights)[:, None], receptor=Exponential(), plasticity=rule, name="w")
    net.project(teacher, cell, OneToOne(), weight=100.0, receptor=Delta())
    run = net.build("reference").run(duration)
    assert run["post"].counts[0] == len(posts)
    return run.weights("w")[:, 0]


def test_scaling_is_exact_between_spikes() -> None:
    """log w / w0 = beta (T / interval - sum over spikes of 1 - exp(-(T - t) / tau)), and ratios of weights stay."""
    rule = SynapticScaling(beta=0.3, interval=50.0, tau=80.0)
    posts, end = [20.0, 25.0, 140.0], 200.0
    found = scaled(rule, posts, [0.2, 0.5, 3.0], end)
    factor = np.exp(0.3 * (end / 50.0 - sum(1 - np.exp(-(end - t) / 80.0) for t in posts)))
    assert found == pytest.approx(np.array([0.2, 0.5, 3.0]) * factor, rel=1e-12)


def test_a_silent_neuron_s_weights_grow_exponentially() -> None:
    found = scaled(SynapticScaling(beta=0.1, interval=100.0), [], [0.5], 1000.0)
    assert found == pytest.approx([0.5 * np.exp(0.1 * 10)], rel=1e-12)


def test_weights_go_logistically_to_the_target_rate() -> None:
    """An integrator of one input: w mV each ms, 20 mV to a spike, so r = k w with k = 1 / 20. The course from .1 is logistic, and
    ends at w* = 1 / (k interval) = 2; spikes of 20 mV make it coarse, and tau makes it late, by some per cent."""
    net = Network(dt=1.0)
    times = np.arange(1.0, 2000.0)
    pre = net.population("pre", SpikeTimes(times, np.zeros(times.size, int)), 1)
    cell = net.population("post", LIF(tau_m=1e9, v_rest=0.0, v_r=0.0, v_th=20.0, reset="soft"), 1)
    rule = SynapticScaling(beta=0.02, interval=10.0, tau=12.0)
    net.project(pre, cell, AllToAll(), weight=0.1, receptor=Delta(), plasticity=rule, name="w")
    run = net.build("reference")
    for t in (500.0, 1500.0, 2000.0):
        run.run(t - run.t)
        exact = 2.0 / (1.0 + (2.0 / 0.1 - 1.0) * np.exp(-0.02 * t / 10.0))
        assert run.weights("w")[0, 0] == pytest.approx(exact, rel=0.05)
