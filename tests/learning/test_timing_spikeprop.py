"""SpikeProp: spike times against the definition of v, gradients against finite differences, optimisers by hand, XOR."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from maichong.errors import ParameterError
from maichong.learning.timing import GradientDescent, QuickProp, RProp, SpikeProp
from maichong.learning.timing.spikeprop import Synapses, first_spikes, gradient, on_grid

SYNAPSES = Synapses(np.arange(1.0, 17.0), 7.0, 50.0, 40.0, 0.5)
XOR = np.array([[0.0, 0.0, 0.0], [0.0, 6.0, 0.0], [6.0, 0.0, 0.0], [6.0, 6.0, 0.0]])
WANTED = np.array([[16.0], [10.0], [10.0], [16.0]])


def net(seed: int, samples: int = 3, outputs: int = 2) -> tuple[Any, np.ndarray, np.ndarray]:
    """Weights of both layers, input times, one of them silent, and targets; every neuron fires."""
    rng = np.random.default_rng(seed)
    weights = (10 * rng.random((4, 16, 3)), rng.uniform(-1.0, 9.0, (3, 16, outputs)))
    times = rng.uniform(0, 8, (samples, 4))
    times[0, 1] = np.inf
    return weights, times, rng.uniform(8, 20, (samples, outputs))


def test_spikes_are_where_v_first_reaches_the_threshold() -> None:
    (weights, _), times, _ = net(1)
    found, _ = first_spikes(weights, times, on_grid(times, SYNAPSES), SYNAPSES)

    def v(t: float, sample: int, unit: int) -> float:
        s = np.maximum(0.0, t - times[sample][:, None] - SYNAPSES.delays) / 7.0
        return float((weights[:, :, unit] * s * np.exp(1 - s)).sum())

    for sample in range(3):
        for unit in range(3):
            grid = np.arange(0, 40, 0.01)
            over = np.flatnonzero([v(t, sample, unit) >= 50.0 for t in grid])[0]
            known = brentq(lambda t, s=sample, u=unit: v(t, s, u) - 50.0, grid[over - 1], grid[over], xtol=1e-13)
            assert found[sample, unit] == pytest.approx(known, abs=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_the_gradient_is_the_difference_quotient_of_the_error(seed: int) -> None:
    weights, times, targets = net(seed)
    kept = on_grid(times, SYNAPSES)
    energy, output, found = gradient(weights, times, kept, targets, SYNAPSES)
    assert np.isfinite(output).all()
    assert energy == pytest.approx(0.5 * ((output - targets) ** 2).sum(), rel=1e-15)
    rng = np.random.default_rng(seed)
    for layer in (0, 1):
        for _ in range(15):
            place = tuple(rng.integers(n) for n in weights[layer].shape)
            errors = []
            for h in (1e-4, -1e-4):
                moved = [w.copy() for w in weights]
                moved[layer][place] += h
                errors.append(gradient((moved[0], moved[1]), times, kept, targets, SYNAPSES)[0])
            assert found[layer][place] == pytest.approx((errors[0] - errors[1]) / 2e-4, rel=1e-5, abs=1e-7)


def test_a_silent_output_is_made_to_fire() -> None:
    times = np.array([[0.0]])
    learner = SpikeProp(hidden=2, inhibitory=0, gain=0.9, epochs=200, optimiser="rprop").fit(times, [[15.0]])
    assert learner.errors_[0] == (40.0 - 15.0) ** 2
    assert learner.errors_[-1] < 1.0
    assert learner.predict([[0.0]])[0, 0] == pytest.approx(15.0, abs=1.0)
    assert learner.predict([[np.inf]])[0, 0] == np.inf


@pytest.mark.parametrize("optimiser", ["gradient", "quickprop", "rprop"])
def test_xor_is_learned(optimiser: str) -> None:
    learner = SpikeProp(optimiser=optimiser, epochs=500, seed=2).fit(XOR, WANTED)
    assert learner.errors_[-1] < 1.0
    assert ((learner.predict(XOR) - WANTED) ** 2).sum() < 1.0


def test_signs_stay_where_they_are_not_mixed() -> None:
    learner = SpikeProp(optimiser="rprop", epochs=30, mixed=False).fit(XOR, WANTED)
    first, last = learner.weights_
    assert (first >= 0).all() and (first == 0).any()
    assert (last[:4] >= 0).all() and (last[4] <= 0).all()


def test_gradient_descent_goes_down() -> None:
    assert GradientDescent(0.5).step(np.array([2.0, -1.0]), None)[0].tolist() == [-1.0, 0.5]


def test_quickprop_finds_the_minimum_of_a_parabola() -> None:
    """g = 3 (w - 2): the second step is the secant's, which is exact; a third slope of 0 changes nothing."""
    rule, w, memory = QuickProp(rate=0.2), np.array([0.0]), None
    change, memory = rule.step(3 * (w - 2), memory)
    assert change[0] == pytest.approx(1.2)
    w = w + change
    change, memory = rule.step(3 * (w - 2), memory)
    assert change[0] == pytest.approx(0.8 + 0.2 * 2.4)  # the secant's step, and the gradient's, as the sign is the same
    # of another sign: the secant's alone, back to the minimum
    change, _ = rule.step(3 * (w + change - 2), memory)
    assert (w + 1.28 + change)[0] == pytest.approx(2.0)


def test_quickprop_s_growth_is_bounded() -> None:
    """A slope that hardly falls, or grows, asks for 1.75 of the last change."""
    rule = QuickProp(rate=0.1)
    _, memory = rule.step(np.array([1.0, 1.0]), None)
    change, _ = rule.step(np.array([0.99, 2.0]), memory)
    assert change == pytest.approx([-1.75 * 0.1 - 0.099, -1.75 * 0.1 - 0.2])


def test_rprop_by_hand() -> None:
    """Signs +, +, -, -, -: 0.1, then 1.3 of it, a rest, then half, and 1.3 of that."""
    rule, memory, made = RProp(first=0.1), None, []
    for slope in (5.0, 0.1, -7.0, -7.0, -1.0):
        change, memory = rule.step(np.array([slope]), memory)
        made.append(float(change[0]))
    assert made == pytest.approx([-0.1, -0.13, 0.0, 0.065, 0.0845])
    rule, memory = RProp(first=0.9, largest=1.0), None
    for _ in range(3):
        change, memory = rule.step(np.array([1.0]), memory)
    assert change[0] == -1.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: SpikeProp(optimiser="rpop"),
            "SpikeProp.optimiser: must be an optimiser or the name of one (got 'rpop'); did you mean 'rprop'?",
        ),
        (
            lambda: SpikeProp(optimiser=3),
            "SpikeProp.optimiser: must be an optimiser or the name of one (got 3); known: gradient, quickprop, rprop",
        ),
        (lambda: RProp(up=0.9), "RProp.up: must be a number > 1 (got 0.9)"),
        (lambda: RProp(down=1.0), "RProp.down: must be a number > 0 and < 1 (got 1.0)"),
        (lambda: QuickProp(growth=1.0), "QuickProp.growth: must be a number > 1 (got 1.0)"),
        (lambda: GradientDescent(rate=float("nan")), "GradientDescent.rate: must be a number > 0 (got nan)"),
        (lambda: SpikeProp(delays=(-1.0,)), "SpikeProp.delays: must be a tuple of delays in ms, >= 0 (got (-1.0,))"),
        (lambda: SpikeProp(inhibitory=5), "SpikeProp.inhibitory: must be below hidden, 5 (got 5)"),
        (
            lambda: SpikeProp().fit(XOR, [16.0, 10.0, 10.0, 16.0]),
            "SpikeProp.fit, y: must be finite times in ms, [4, outputs] (got [16.0, 10.0, 10.0, 16.0])",
        ),
        (
            lambda: SpikeProp().fit(XOR, WANTED + 30.0),
            "SpikeProp.fit, y: must lie in the window, 40 ms (got 46); choose a longer window",
        ),
        (
            lambda: SpikeProp().fit(XOR - 1.0, WANTED),
            "SpikeProp.fit, x: must be >= 0 ms (got -1); shift all times alike",
        ),
        (
            lambda: SpikeProp().fit(np.zeros((4, 3, 2)), WANTED),
            "SpikeProp.fit, x: must be one spike of each input, [samples, inputs] (got shape (4, 3, 2))",
        ),
        (lambda: SpikeProp().predict(XOR), "SpikeProp: has learned nothing yet; call fit first"),
    ],
)
def test_what_spikeprop_refuses(make: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value) == message
