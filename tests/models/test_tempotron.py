"""The tempotron against its closed form (equations.md 1.10): the height of potentials, one spike, and what it shunts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from maichong import Delta, ExplicitList, Network, SpikeTimes, Tempotron
from maichong.errors import ParameterError

ENGINES = pytest.mark.parametrize("engine", ["reference", pytest.param("events", marks=pytest.mark.slow)])
"""Both, but what compiles kernels of its own is the slow suite's, which checks this model on every engine."""


def kernel(t: Any, tau: float = 15.0, ratio: float = 4.0) -> Any:
    k_0 = ratio ** (ratio / (ratio - 1)) / (ratio - 1)
    return np.where(t > 0, k_0 * (np.exp(-t / tau) - np.exp(-t * ratio / tau)), 0.0)


def pattern(model: Any, weights: list[float], times: list[float], dt: float = 0.1) -> Network:
    """One tempotron, and an afferent for each weight that fires once."""
    n = len(weights)
    net = Network(dt=dt)
    x = net.population("x", SpikeTimes(times, range(n)), n)
    cell = net.population("cell", model, 1)
    net.project(x, cell, ExplicitList(range(n), [0] * n), weight=weights, receptor=Delta())
    net.probe(cell, "v", every=dt)
    net.probe(cell)
    return net


@ENGINES
def test_a_weight_is_the_height_of_its_potential(engine: str) -> None:
    """V_0 = 2.116534735957599; K peaks at 1 after 6.931471806 ms; any weight, any time constants."""
    found = minimize_scalar(lambda t: -kernel(t), bounds=(1.0, 20.0), options={"xatol": 1e-10})
    assert kernel(1.0) / (np.exp(-1 / 15.0) - np.exp(-4 / 15.0)) == pytest.approx(2.116534735957599, rel=1e-15)
    assert (found.x, -found.fun) == (pytest.approx(6.931471806, abs=1e-6), pytest.approx(1.0, abs=1e-12))
    for w, tau, ratio in ((1.0, 15.0, 4.0), (-3.0, 20.0, 1.0 + 1e-6), (5.0, 7.0, 11.0)):
        model = Tempotron(v_rest=0.0, v_th=1e6, tau=tau, ratio=ratio)
        v = pattern(model, [w], [2.0], 0.05).build(engine).run(60.0)["cell"].samples("v").values[:, 0]
        t = np.arange(1, 1201) * 0.05 - 2.0
        known = kernel(t, tau, ratio) if ratio > 1.1 else np.where(t > 0, t / tau * np.exp(1 - t / tau), 0.0)  # alpha's
        assert v == pytest.approx(w * known, abs=1e-12 if ratio > 1.1 else 1e-5)
        assert np.abs(v).max() == pytest.approx(abs(w), rel=1e-4), "the peak lies up to half a step off the grid"


def test_two_arrivals() -> None:
    """Weights 0.6 and 0.8 at 10 and 20 ms: 1.21440035 at 25.557 ms."""
    both = minimize_scalar(lambda t: -(0.6 * kernel(t - 10.0) + 0.8 * kernel(t - 20.0)), bounds=(20.0, 40.0))
    assert (-both.fun, both.x) == (pytest.approx(1.21440035, abs=5e-9), pytest.approx(25.557, abs=5e-4))
    run = pattern(Tempotron(v_rest=0.0, v_th=1e6), [0.6, 0.8], [10.0, 20.0], 0.01).build("reference").run(30.0)
    v = run["cell"].samples("v").values[:, 0]
    assert v.max() == pytest.approx(1.21440035, abs=3e-7)  # 0.02 / ms^2 (0.005 ms)^2 / 2 off the grid
    assert 0.01 * (v.argmax() + 1) == pytest.approx(25.557, abs=0.0055)


@ENGINES
def test_one_spike_and_then_it_shunts(engine: str) -> None:
    """Threshold 1: after the spike nothing that comes counts, and v falls back with tau; the next trial begins anew."""
    model = Tempotron(v_rest=0.0, v_th=1.0, t_ref=100.0)
    late = [10.0, 20.0, 23.0, 40.0, 60.0, 130.0, 140.0]
    run = pattern(model, [0.6, 0.8, 5.0, 50.0, 50.0, 0.6, 0.8], late).build(engine).run(170.0)
    (first, second), v = run["cell"].spikes.times, run["cell"].samples("v").values[:, 0]
    t = np.arange(1, 1701) * 0.1
    before = 0.6 * kernel(t - 10.0) + 0.8 * kernel(t - 20.0)
    assert first == t[np.argmax(before >= 1.0)] < 23.0
    up_to = t <= first + 1e-9
    assert v[up_to] == pytest.approx(before[up_to], abs=1e-12)
    shut = (t > first - 1e-9) & (t < 130.0)
    peak = before[up_to][-1]
    assert v[shut] == pytest.approx(peak * np.exp(-(t[shut] - first) / 15.0), abs=1e-12)
    # 130 and 140 ms lie after the pause: the same pattern again, but for what is left of v
    assert second == pytest.approx(first + 120.0, abs=0.1 + 1e-9)


def test_a_whole_trial_by_default() -> None:
    assert Tempotron()["t_ref"] == 500.0
    run = pattern(Tempotron(), [30.0] * 5, [10.0, 50.0, 100.0, 200.0, 400.0], 0.5).build("reference").run(500.0)
    assert run["cell"].counts.tolist() == [1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ratio": 1.0}, "Tempotron.ratio: must be > 1 (got 1.0)"),
        ({"t_ref": -1.0}, "Tempotron.t_ref: must be >= 0 ms (got -1.0)"),
    ],
)
def test_what_cannot_be(values: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Tempotron(**values)
    assert str(caught.value) == message
