"""SWAT, synaptic weight association training: STDP whose window a BCM threshold scales maps classes onto weights.

    theta = (c / c_0)^2;      A_+ = A / (1 + theta),      A_- = A - A_+
    dw = A_+ exp(-dt / tau) for dt = t_post - t_pre > 0,      -A_- exp(dt / tau) for dt < 0,  summed over all pairs

A training neuron is shown the samples of one class after another, and fires by its inputs and a teacher's current; c is its
mean rate over the samples of a class in the epoch before. While it fires less than at c_0 weights grow, most where inputs are
most active; as it fires more, A_- takes over, and the weights stay. What it has learned of a class goes to that class's output
neuron, and the output neuron with most spikes names the class of a sample.

The neuron is leaky integrate-and-fire, reset to 0, with a threshold that each spike multiplies by ``rise`` and that decays back
to v_th = 1, as a refractory period. Weights change at the end of an epoch, so that all samples of one run side by side.

Source: Wade, McDaid, Santos & Sayers 2010, doi:10.1109/TNN.2010.2074212.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.learning.timing.settings import check_fitted, check_range, check_whole
from maichong.learning.timing.trains import labels


@dataclass(frozen=True)
class Cell:
    """The neuron: time constants and the step in ms, currents in units of the threshold."""

    tau_m: float = 20.0
    rise: float = 2.0
    tau_th: float = 10.0
    dt: float = 1.0


def window_heights(c: np.ndarray, c_0: float, a: float) -> tuple[np.ndarray, np.ndarray]:
    """A_+ and A_- after an epoch with the mean rates ``c`` (Hz)."""
    plus = a / (1.0 + (c / c_0) ** 2)
    return plus, a - plus


def pairings(
    weights: np.ndarray, rates: np.ndarray, phases: np.ndarray, teacher: float, steps: int, cell: Cell, tau: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums over pairs of spikes of exp(-abs(dt) / tau), dt > 0 and dt < 0, [samples, inputs] each, and output spikes [samples].

    ``weights`` and ``rates`` (Hz) [samples, inputs]: input trains are regular, and begin at ``phases`` of their interval.
    An input arrives at the beginning of a step, an output spike stands at its end.
    """
    leak, th_leak, forget = (math.exp(-cell.dt / t) for t in (cell.tau_m, cell.tau_th, tau))
    phase, per_step = phases.copy(), rates * (cell.dt / 1000.0)
    causal, acausal, x = np.zeros_like(rates), np.zeros_like(rates), np.zeros_like(rates)
    v, y, th, counts = (np.full(len(rates), value) for value in (0.0, 0.0, 1.0, 0.0))
    for _ in range(steps):
        phase += per_step
        arrives = phase >= 1.0
        phase -= arrives
        acausal += arrives * y[:, None]
        x += arrives
        v = (v + (weights * arrives).sum(axis=1)) * leak + teacher * (1.0 - leak)
        x *= forget
        y *= forget
        th = 1.0 + (th - 1.0) * th_leak
        fires = v >= th
        if fires.any():
            causal[fires] += x[fires]
            y += fires
            counts += fires
            th[fires] *= cell.rise
            v[fires] = 0.0
    return causal, acausal, counts


def answers(
    weights: np.ndarray, rates: np.ndarray, phases: np.ndarray, steps: int, cell: Cell
) -> tuple[np.ndarray, np.ndarray]:
    """Spikes and summed input of each output neuron, [samples, classes] each; ``weights`` [classes, inputs]."""
    leak, th_leak = math.exp(-cell.dt / cell.tau_m), math.exp(-cell.dt / cell.tau_th)
    phase, per_step = phases.copy(), rates * (cell.dt / 1000.0)
    shape = (len(rates), len(weights))
    v, th, counts, total = np.zeros(shape), np.ones(shape), np.zeros(shape), np.zeros(shape)
    for _ in range(steps):
        phase += per_step
        arrives = phase >= 1.0
        phase -= arrives
        given = arrives @ weights.T
        total += given
        v = (v + given) * leak
        th = 1.0 + (th - 1.0) * th_leak
        fires = v >= th
        counts += fires
        th[fires] *= cell.rise
        v[fires] = 0.0
    return counts, total


@dataclass
class SWAT:
    """Tells classes apart by the rates of many inputs, as a population code gives them.

    ``fit(x, y)`` takes rates in Hz, [samples, inputs], and labels [samples]; ``predict(x)`` gives labels, ``decision_function(x)``
    spikes of each class's output neuron, [samples, classes]; where two have as many, the one with more input wins. ``weights_``
    [classes, inputs] are in units of the threshold, ``rates_`` what the training neuron fired at in each epoch, [epochs, classes]
    in Hz. Raises ParameterError for what is no such data, and for settings out of bounds.

        >>> x = np.repeat([[40.0, 40.0, 5.0, 5.0], [5.0, 5.0, 40.0, 40.0]], 3, axis=0)
        >>> SWAT().fit(x, ["a", "a", "a", "b", "b", "b"]).predict(x[2:4]).tolist()
        ['a', 'b']

    Not for what is in the times of input spikes: see TempotronClassifier.
    """

    c_0: float = 50.0  # Hz, at which A_+ = A_-
    amplitude: float = 0.002  # A
    tau: float = 20.0  # ms, of both sides of the window
    teacher: float = 1.2  # current, which takes v to this part of the threshold while learning
    w_0: float = 0.0  # weights at the start
    epochs: int = 20
    present_ms: float = 500.0
    cell: Cell = Cell()
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("SWAT", self, above=0, names=("c_0", "amplitude", "tau", "present_ms"))
        check_range("SWAT", self, low=0, names=("teacher", "w_0"))
        check_whole("SWAT", self, 1, ("epochs",))
        check_whole("SWAT", self, 0, ("seed",))
        check_range("SWAT.cell", self.cell, above=0, names=("tau_m", "tau_th", "dt"))
        check_range("SWAT.cell", self.cell, low=1, names=("rise",))

    @property
    def _steps(self) -> int:
        return max(1, round(self.present_ms / self.cell.dt))

    def fit(self, x: Any, y: Any) -> SWAT:
        """Learn the labels y of rates x."""
        rates = _rates("SWAT.fit, x", x, self.cell.dt)
        y = labels("SWAT.fit, y", y, len(rates))
        self.classes_, of = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ParameterError("SWAT.fit, y", "must have two classes or more", f"{len(self.classes_)}")
        mean = (of == np.arange(len(self.classes_))[:, None]) / np.bincount(of)[:, None]  # over the samples of each class
        rng = np.random.default_rng(self.seed)
        weights = np.full((len(self.classes_), rates.shape[1]), self.w_0)
        c = np.zeros(len(weights))
        course = []
        for _ in range(self.epochs):
            plus, minus = window_heights(c, self.c_0, self.amplitude)
            causal, acausal, counts = pairings(
                weights[of], rates, rng.random(rates.shape), self.teacher, self._steps, self.cell, self.tau
            )
            weights = np.maximum(0.0, weights + plus[:, None] * (mean @ causal) - minus[:, None] * (mean @ acausal))
            c = mean @ counts * (1000.0 / (self._steps * self.cell.dt))
            course.append(c)
        self.weights_, self.rates_ = weights, np.array(course)
        return self

    def decision_function(self, x: Any) -> np.ndarray:
        """Spikes of each class's output neuron, [samples, classes]."""
        return self._answers(x)[0]

    def predict(self, x: Any) -> np.ndarray:
        """The label of each sample."""
        counts, total = self._answers(x)
        return self.classes_[(counts + total / (1.0 + total.max())).argmax(axis=1)]

    def _answers(self, x: Any) -> tuple[np.ndarray, np.ndarray]:
        check_fitted("SWAT", self)
        rates = _rates("SWAT, x", x, self.cell.dt, self.weights_.shape[1])
        phases = np.random.default_rng([self.seed, 1]).random(rates.shape)
        return answers(self.weights_, rates, phases, self._steps, self.cell)


def _rates(where: str, x: Any, dt: float, inputs: int | None = None) -> np.ndarray:
    """``x`` as float64 [samples, inputs]."""
    try:
        rates = np.array(x, np.float64)
    except (TypeError, ValueError):
        rates = np.empty((0, 0))
    if rates.ndim != 2 or not rates.size:
        raise ParameterError(where, "must be rates in Hz, [samples, inputs]", brief(x))
    if inputs is not None and rates.shape[1] != inputs:
        raise ParameterError(where, f"must have {inputs} inputs, as in fit", f"{rates.shape[1]}")
    most = 1000.0 / dt
    if not ((rates >= 0) & (rates <= most)).all():
        expected = f"must lie between 0 and {most:g} Hz, one spike a step"
        raise ParameterError(where, expected, f"{rates.min():g} to {rates.max():g} Hz")
    return rates
