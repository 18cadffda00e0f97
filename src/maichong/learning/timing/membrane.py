"""A membrane that sums weighted potentials K, in closed form from spike to spike.

After the m-th of a trial's input spikes, at t_m, and until the next one

    v(t) = A_m exp(-(t - t_m) / tau) - B_m exp(-ratio (t - t_m) / tau)
    A_m = k_0 sum_(k <= m) w_k exp(-(t_m - t_k) / tau),      B_m the same with tau / ratio

The sums are cumulative ones of w_k exp(t_k / tau). Where v rises at first and A_m > 0 it has one maximum, at z = A_m / (ratio B_m):

    t - t_m = -tau ln z / (ratio - 1),      v = A_m (1 - 1 / ratio) z^(1 / (ratio - 1))

so that maxima are exact, and no time step has to be chosen. v is in the weights' unit, and from the resting potential.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maichong.errors import ParameterError
from maichong.learning.timing.kernels import k_0

LONGEST = 700.0
"""exp(700) is about the largest float64: how many of the shorter time constants a trial may span."""


@dataclass(frozen=True)
class Inputs:
    """The input spikes of trials in their order, [trials, spikes] each; ``of`` makes them.

    Trials with fewer spikes than others are filled up by spikes of a silent afferent, number ``n``, at the time of their last one:
    they add nothing to v.
    """

    times: np.ndarray
    afferents: np.ndarray
    slow: np.ndarray  # exp((t - the first t) / tau)
    fast: np.ndarray
    reach: np.ndarray  # z of a maximum that falls on the next spike
    n: int
    tau: float
    ratio: float

    @classmethod
    def of(cls, x: np.ndarray, tau: float, ratio: float, where: str) -> Inputs:
        """Those of times [trials, afferents, spikes]. Raises ParameterError for a trial that is too long for float64."""
        trials, n, each = x.shape
        flat = x.reshape(trials, n * each)
        order = np.argsort(flat, axis=1, kind="stable")
        times = np.take_along_axis(flat, order, axis=1)
        most = max(1, int(np.isfinite(times).sum(axis=1).max()))
        times, afferents = times[:, :most].copy(), order[:, :most] // each
        there = np.isfinite(times)
        last = np.where(there, times, -np.inf).max(axis=1, initial=-np.inf)
        times = np.where(there, times, np.where(np.isfinite(last), last, 0.0)[:, None])
        since = (times - times[:, :1]) / tau
        if since.size and ratio * since.max() > LONGEST:
            longest = LONGEST * tau / ratio
            raise ParameterError(
                where, f"a trial may span {LONGEST:g} synaptic time constants, {longest:g} ms", f"{since.max() * tau:g} ms",
                "cut trials into shorter ones",
            )  # fmt: skip
        gaps = np.diff(times, axis=1, append=np.inf)
        reach = np.exp(-(ratio - 1.0) / tau * gaps)
        return cls(times, np.where(there, afferents, n), np.exp(since), np.exp(ratio * since), reach, n, tau, ratio)

    def take(self, trials: np.ndarray | slice) -> Inputs:
        """Some of the trials, in the order of the indices ``trials``; a slice copies nothing."""
        times, afferents, slow, fast, reach = (
            array[trials] for array in (self.times, self.afferents, self.slow, self.fast, self.reach)
        )
        return Inputs(times, afferents, slow, fast, reach, self.n, self.tau, self.ratio)


def sums(weights: np.ndarray, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    """A and B, [trials, spikes] each, of weights [trials, afferents], or [afferents] for all trials."""
    rows = np.broadcast_to(weights, (len(inputs.times), inputs.n))
    silent = np.zeros((len(rows), 1))
    each = k_0(inputs.ratio) * np.take_along_axis(np.concatenate([rows, silent], axis=1), inputs.afferents, axis=1)
    slow, fast = (np.cumsum(each * grown, axis=1) / grown for grown in (inputs.slow, inputs.fast))
    return slow, fast


def maxima(slow: np.ndarray, fast: np.ndarray, reach: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """The largest v from each spike up to the next, and ln z, 0 where that is at the spike itself: arrays of one shape.

    ``reach``: z of a maximum that falls on the next spike, exp(-(ratio - 1) gap / tau). A v that still rises at the next spike
    has its value there.
    """
    highest, log_z = slow - fast, np.zeros_like(slow)
    between = (slow > 0) & (slow < ratio * fast) & (slow > ratio * fast * reach)
    a = slow[between]
    found = np.log(a / (ratio * fast[between]))
    log_z[between] = found
    highest[between] = a * (1.0 - 1.0 / ratio) * np.exp(found / (ratio - 1.0))
    return highest, log_z


def peaks(weights: np.ndarray, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    """The largest v of each trial, and when it is reached: the earliest time, where there are several; [trials] each."""
    highest, log_z = maxima(*sums(weights, inputs), inputs.reach, inputs.ratio)
    at = highest.argmax(axis=1)[:, None]
    height, found, begin = (np.take_along_axis(array, at, axis=1)[:, 0] for array in (highest, log_z, inputs.times))
    return height, begin - inputs.tau / (inputs.ratio - 1.0) * found
