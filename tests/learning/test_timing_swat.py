"""SWAT: sums over pairs against all pairs one by one, the window's heights, where rates settle, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong.errors import ParameterError
from maichong.learning.timing import SWAT
from maichong.learning.timing.swat import Cell, answers, pairings, window_heights


def test_the_heights_of_the_window() -> None:
    """A silent neuron has LTP alone, one at c_0 as much of both, and one at 3 c_0 a tenth of LTP."""
    plus, minus = window_heights(np.array([0.0, 50.0, 150.0]), 50.0, 0.2)
    assert plus == pytest.approx([0.2, 0.1, 0.02])
    assert minus == pytest.approx([0.0, 0.1, 0.18])


def spikes(rate: float, phase: float, steps: int) -> list[int]:
    """The steps in which a regular train has its spikes."""
    total = np.floor(phase + rate / 1000.0 * np.arange(steps + 1) + 1e-12)
    return np.flatnonzero(np.diff(total)).tolist()


def test_pairings_are_those_of_all_pairs() -> None:
    """The output neuron as the definition has it, in plain Python; input spikes at the beginning of a step, output at its end."""
    rates, phases, weights = np.array([[31.3, 57.1, 12.7]]), np.array([[0.33, 0.71, 0.05]]), np.array([[0.5, 0.7, 0.2]])
    cell, tau, steps, teacher = Cell(), 20.0, 300, 1.1
    causal, acausal, counts = pairings(weights, rates, phases, teacher, steps, cell, tau)
    inputs = [spikes(rate, phase, steps) for rate, phase in zip(rates[0], phases[0], strict=True)]
    v, th, output = 0.0, 1.0, []
    for step in range(steps):
        v += sum(w for w, train in zip(weights[0], inputs, strict=True) if step in train)
        v = v * np.exp(-1 / 20) + teacher * (1 - np.exp(-1 / 20))
        th = 1.0 + (th - 1.0) * np.exp(-1 / 10)
        if v >= th:
            output.append(step + 1)
            v, th = 0.0, 2.0 * th
    assert counts[0] == len(output) > 5
    for k, train in enumerate(inputs):
        pairs = [post - pre for pre in train for post in output]
        assert causal[0, k] == pytest.approx(sum(np.exp(-dt / tau) for dt in pairs if dt > 0), rel=1e-10)
        assert acausal[0, k] == pytest.approx(sum(np.exp(dt / tau) for dt in pairs if dt <= 0), rel=1e-10)


def test_the_training_neuron_settles_near_c_0_for_every_class() -> None:
    """One with twice the input of the other, and both from the rate that the teacher alone gives, which is half of c_0."""
    x = np.repeat([[40.0, 40.0, 0.0, 0.0], [0.0, 0.0, 20.0, 20.0]], 4, axis=0)
    learner = SWAT(c_0=40.0, epochs=30, amplitude=0.01).fit(x, np.repeat([0, 1], 4))
    assert learner.rates_[0] == pytest.approx(learner.rates_[0].mean(), rel=0.01)  # the teacher's alone
    assert learner.rates_[-1] == pytest.approx([40.0, 40.0], rel=0.1)
    assert learner.predict(x).tolist() == [0] * 4 + [1] * 4


def test_answers_count_the_spikes_of_every_class() -> None:
    weights = np.array([[0.8, 0.0], [0.0, 0.0]])
    counts, total = answers(weights, np.array([[100.0, 50.0]]), np.zeros((1, 2)), 1000, Cell())
    assert counts[0, 0] > 10
    assert counts[0, 1] == 0
    assert total == pytest.approx(np.array([[80.0, 0.0]]), abs=0.81)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SWAT(c_0=0), "SWAT.c_0: must be a number > 0 (got 0)"),
        (lambda: SWAT(cell=Cell(rise=0.5)), "SWAT.cell.rise: must be a number >= 1 (got 0.5)"),
        (lambda: SWAT().fit([[1.0]], [1]), "SWAT.fit, y: must have two classes or more (got 1)"),
        (lambda: SWAT().fit([1.0], [1]), "SWAT.fit, x: must be rates in Hz, [samples, inputs] (got [1.0])"),
        (
            lambda: SWAT().fit([[-1.0], [2000.0]], [0, 1]),
            "SWAT.fit, x: must lie between 0 and 1000 Hz, one spike a step (got -1 to 2000 Hz)",
        ),
        (
            lambda: SWAT(epochs=1).fit([[1.0], [2.0]], [0, 1]).predict([[1.0, 2.0]]),
            "SWAT, x: must have 1 inputs, as in fit (got 2)",
        ),
        (lambda: SWAT().predict([[1.0]]), "SWAT: has learned nothing yet; call fit first"),
    ],
)
def test_what_swat_refuses(make: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value) == message
