"""The spikes of a neuron that sums potentials K and steps back by its threshold at each spike, in closed form.

    v(t) = sum_i w_i sum_f K(t - t_if) - v_th sum_(t_s < t) exp(-(t - t_s) / tau);      v >= v_th: spike

This is a leaky integrate-and-fire neuron at rest at 0, with exponential synaptic currents that its spikes leave alone, reset to 0
and no refractory period: that of the multi-spike tempotron and, here, of ReSuMe.

Source: Guetig 2016, doi:10.1126/science.aab4113.
"""

from __future__ import annotations

import math

import numpy as np

from maichong.learning.timing.membrane import Inputs, maxima, sums

SOLVED = 1e-13
"""ms within which the time of a spike is found, beside four units in its last place."""


def respond(weights: np.ndarray, trial: Inputs, v_th: float, most: int | None = None) -> np.ndarray:
    """The spikes, ms, of a neuron with ``weights`` [afferents] in one trial, the first ``most`` of them."""
    slow, fast = sums(weights, trial)
    return Course(slow[0], fast[0], trial, v_th).spikes(most)


class Course:
    """v over one trial as its own spikes change it: the sums A and B, and the times since which they hold, [input spikes]."""

    def __init__(self, slow: np.ndarray, fast: np.ndarray, trial: Inputs, v_th: float) -> None:
        self.slow, self.fast, self.times, self.reach = slow.copy(), fast.copy(), trial.times[0].copy(), trial.reach[0].copy()
        self.tau, self.ratio, self.v_th = trial.tau, trial.ratio, v_th
        self.now = 0  # the interval between input spikes up to which v is known

    def spikes(self, most: int | None = None) -> np.ndarray:
        """The next spikes, at most ``most``, in ms."""
        found: list[float] = []
        while (most is None or len(found) < most) and (rise := self.rise()):
            found.append(self.spike(*rise))
        return np.array(found)

    def rise(self) -> tuple[int, float] | None:
        """Where v next reaches the threshold: the interval, and how long v rises in it, ms; None where it never does."""
        highest, _ = maxima(self.slow[self.now :], self.fast[self.now :], self.reach[self.now :], self.ratio)
        over = np.flatnonzero(highest >= self.v_th)
        if not over.size:
            return None
        k = self.now + int(over[0])
        if k > self.now and self.slow[k] - self.fast[k] >= self.v_th:
            k -= 1  # it did so before the k-th input spike
        gap = self.times[k + 1] - self.times[k] if k + 1 < len(self.times) else math.inf
        slow, fast = self.slow[k], self.ratio * self.fast[k]
        if 0 < slow < fast:
            gap = min(gap, -self.tau / (self.ratio - 1.0) * math.log(slow / fast))
        return k, gap

    def spike(self, k: int, until: float) -> float:
        """Spike where v reaches the threshold in the k-th interval, in which it rises for ``until`` ms; when that is."""
        wait = self._crossing(self.slow[k], self.fast[k], until)
        spike = self.times[k] + wait
        self.slow[k] = self.slow[k] * math.exp(-wait / self.tau) - self.v_th
        self.fast[k] *= math.exp(-self.ratio * wait / self.tau)
        self.slow[k + 1 :] -= self.v_th * np.exp(-(self.times[k + 1 :] - spike) / self.tau)
        self.times[k] = spike
        gap = self.times[k + 1] - spike if k + 1 < len(self.times) else math.inf
        self.reach[k] = math.exp(-(self.ratio - 1.0) / self.tau * gap)
        self.now = k
        return float(spike)

    def _crossing(self, slow: float, fast: float, until: float) -> float:
        from scipy.optimize import brentq

        def above(wait: float) -> float:
            return slow * math.exp(-wait / self.tau) - fast * math.exp(-self.ratio * wait / self.tau) - self.v_th

        if above(until) <= 0:  # v touches the threshold, or reaches it by the rounding of a sum
            return until
        return brentq(above, 0.0, until, xtol=SOLVED)  # pyright: ignore[reportReturnType]
