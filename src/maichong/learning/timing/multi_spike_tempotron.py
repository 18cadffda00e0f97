"""The multi-spike tempotron: how many spikes a neuron answers with is learned from that number alone (aggregate labels).

theta_k is the largest threshold with which a trial evokes k spikes. A neuron that gave o of d spikes learns

    dw = rate grad theta_(o + 1) where o < d,      dw = -rate grad theta_o where o > d

At theta* = theta_k, v just touches the threshold at t*, where a spike appears. With V_0 the sum of potentials and
F(t) = V_0(t) / C(t), C(t) = 1 + sum_(t_s < t) exp(-(t - t_s) / tau), each earlier spike t_j and t* itself have F = theta*:

    a_x = 1 - sum_(j < x) a_j / F'_j dF_x/dt_j,      b_x = dF_x/dw - sum_(j < x) b_j / F'_j dF_x/dt_j,      grad theta* = b_* / a_*

t* is the first spike that exists just below theta* and not just above it, which need not be the trial's last: later ones count for
nothing.

Source: Guetig 2016, doi:10.1126/science.aab4113.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError
from maichong.learning.timing.firing import Course, respond
from maichong.learning.timing.kernels import bi_exponential, bi_exponential_slope
from maichong.learning.timing.membrane import Inputs, maxima, sums
from maichong.learning.timing.settings import check_fitted, check_range, check_whole
from maichong.learning.timing.trains import labels, spike_times

SAME = 1e-3
"""A spike just below theta* is that just above it where they are nearer than this part of tau."""


def critical_threshold(weights: np.ndarray, trial: Inputs, k: int, tol: float = 1e-9) -> float:
    """theta_k, the largest threshold with which the trial evokes k spikes, within ``tol`` of itself; 0 where none is found."""
    low, high = _bracket(weights, trial, k, tol)
    return 0.5 * (low + high)


def _bracket(weights: np.ndarray, trial: Inputs, k: int, tol: float) -> tuple[float, float]:
    """A threshold that evokes k spikes at least, and one that is hardly higher and evokes fewer; (0, 0) where v never rises."""
    slow, fast = (array[0] for array in sums(weights, trial))

    def enough(theta: float) -> bool:
        return len(Course(slow, fast, trial, theta).spikes(k)) >= k

    top = float(maxima(slow, fast, trial.reach[0], trial.ratio)[0].max())
    if top <= 0:
        return 0.0, 0.0
    low, high = top, 2.0 * top
    while not enough(low):
        low, high = 0.5 * low, low
        if low < 1e-6 * top:  # so small a threshold is reached again at once, for ever
            return 0.0, 0.0
    while high - low > tol * high:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if enough(middle) else (low, middle)
    return low, high


def critical_gradient(
    weights: np.ndarray, trial: Inputs, times: np.ndarray, k: int, tol: float = 1e-9
) -> tuple[float, np.ndarray]:
    """theta_k and its gradient, [afferents]; zeros where there is no such threshold.

    ``times`` [afferents, spikes]: the trial's input spikes; ``tol``: how near theta_k is found, as a part of itself.
    """
    low, high = _bracket(weights, trial, k, tol)
    if low == 0:
        return 0.0, np.zeros_like(weights)
    below, above = respond(weights, trial, low, k), respond(weights, trial, high, k)
    n = min(len(below), len(above))
    differ = np.abs(below[:n] - above[:n]) > SAME * trial.tau
    first = int(differ.argmax()) if differ.any() else n
    slow, fast = (array[0] for array in sums(weights, trial))
    course = Course(slow, fast, trial, low)
    spikes = course.spikes(first)
    rise = course.rise()
    if rise is None:  # by rounding alone: one spike fewer than the same threshold gave before
        return low, np.zeros_like(weights)
    touched = course.times[rise[0]] + rise[1]
    return low, _gradient(weights, times, np.append(spikes, touched), trial.tau, trial.ratio)


def _gradient(weights: np.ndarray, times: np.ndarray, spikes: np.ndarray, tau: float, ratio: float) -> np.ndarray:
    """grad theta* of ``spikes`` t_1 ... t_m, t*, by the recursion for a and b."""
    since = spikes[:, None, None] - times
    potentials = bi_exponential(since, tau, ratio).sum(axis=2)  # dV_0/dw [spikes, afferents]
    v_0, slope = potentials @ weights, bi_exponential_slope(since, tau, ratio).sum(axis=2) @ weights
    decayed = np.tril(np.exp(-np.maximum(spikes[:, None] - spikes, 0.0) / tau), -1)
    total = decayed.sum(axis=1)
    c = 1.0 + total
    speed = (c * slope + v_0 * total / tau) / c**2  # F'
    by_spike = -(v_0 / c**2)[:, None] * decayed / tau  # dF_x/dt_j
    a, b = np.empty(len(spikes)), np.empty_like(potentials)
    for x in range(len(spikes)):
        share = by_spike[x, :x] / speed[:x]
        a[x] = 1.0 - share @ a[:x]
        b[x] = potentials[x] / c[x] - share @ b[:x]
    return b[-1] / a[-1]


@dataclass
class MultiSpikeTempotron:
    """Learns to answer each trial with a given number of spikes, and so to find what in the trial they stand for.

    ``fit(x, y)`` takes times in ms, [trials, afferents] or [trials, afferents, spikes], infinity where there is no spike, and
    counts [trials]; ``predict(x)`` gives counts, ``spikes(x)`` the spikes themselves, a list of arrays in ms. Weights are in
    units of the threshold, ``weights_`` [afferents]. Raises ParameterError for what is no such data, and for settings out of
    bounds.

        >>> rng = np.random.default_rng(1)
        >>> x = np.sort(rng.uniform(0, 300, (6, 30, 1)))
        >>> MultiSpikeTempotron(rate=0.02, epochs=300).fit(x, [0, 1, 2, 3, 1, 0]).predict(x).tolist()
        [0, 1, 2, 3, 1, 0]

    Not where the times of spikes are given: see ReSuMe.
    """

    tau: float = 20.0  # ms
    ratio: float = 4.0  # of tau to the synapses' time constant
    rate: float = 1e-3
    momentum: float = 0.0
    epochs: int = 100
    spread: float = 0.05  # standard deviation of the weights at the start
    tol: float = 1e-6  # how near critical thresholds are found, as a part of themselves
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("MultiSpikeTempotron", self, above=0, names=("tau", "rate", "tol"))
        check_range("MultiSpikeTempotron", self, above=1, names=("ratio",))
        check_range("MultiSpikeTempotron", self, low=0, below=1, names=("momentum",))
        check_range("MultiSpikeTempotron", self, low=0, names=("spread",))
        check_whole("MultiSpikeTempotron", self, 1, ("epochs",))
        check_whole("MultiSpikeTempotron", self, 0, ("seed",))

    def fit(self, x: Any, y: Any) -> MultiSpikeTempotron:
        """Learn the counts y, shown in random order, until an epoch has no error or ``epochs`` are over."""
        times = spike_times("MultiSpikeTempotron.fit, x", x)
        wanted = labels("MultiSpikeTempotron.fit, y", y, len(times))
        if wanted.dtype.kind not in "iu" or (wanted < 0).any():
            raise ParameterError("MultiSpikeTempotron.fit, y", "must be numbers of spikes, whole and >= 0", str(wanted.dtype))
        inputs = self._inputs(times, "fit")
        trials = [inputs.take(np.array([k])) for k in range(len(times))]
        rng = np.random.default_rng(self.seed)
        weights = self.spread * rng.standard_normal(times.shape[1])
        change = np.zeros_like(weights)
        self.errors_: list[int] = []  # spikes too many and too few, of each epoch
        for _ in range(self.epochs):
            errors = 0
            for k in rng.permutation(len(times)):
                given = len(respond(weights, trials[k], 1.0))
                errors += abs(given - int(wanted[k]))
                if given != wanted[k]:
                    more = given < wanted[k]
                    _, gradient = critical_gradient(weights, trials[k], times[k], given + int(more), self.tol)
                    change = (self.rate if more else -self.rate) * gradient + self.momentum * change
                    weights += change
            self.errors_.append(errors)
            if not errors:
                break
        self.weights_ = weights
        return self

    def spikes(self, x: Any) -> list[np.ndarray]:
        """The spikes with which each trial is answered, ms."""
        check_fitted("MultiSpikeTempotron", self)
        inputs = self._inputs(spike_times("MultiSpikeTempotron, x", x, len(self.weights_)), "predict")
        return [respond(self.weights_, inputs.take(np.array([k])), 1.0) for k in range(len(inputs.times))]

    def predict(self, x: Any) -> np.ndarray:
        """How many spikes each trial is answered with, int64 [trials]."""
        return np.array([len(train) for train in self.spikes(x)], np.int64)

    def _inputs(self, times: np.ndarray, method: str) -> Inputs:
        return Inputs.of(times, self.tau, self.ratio, f"MultiSpikeTempotron.{method}, x")
