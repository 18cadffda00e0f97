"""Times on the grid of steps, and what can be told of random delays before they are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.parts import SpikeTimes, stamped
from maichong.spec import Distribution

LONGEST = 2**15
"""Delays must be shorter than so many steps: they are kept as int16."""


def to_steps(ms: Any, dt: float) -> Any:
    """Times in steps, rounded half up; a half that floating point made a little less is still a half."""
    return np.floor(np.asarray(ms, np.float64) / dt + 0.5 + 1e-9)


def given_stamps(spikes: SpikeTimes, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """The stamps of given spikes, int64, and how many ms each comes before its stamp: 0 but where its time is exact."""
    if spikes.exact:
        return stamped(spikes.times, dt)
    return to_steps(spikes.times, dt).astype(np.int64), np.zeros(spikes.times.size)


def likely(delay: Distribution, n: float, dt: float) -> tuple[int, int]:
    """How many different delays ``n`` draws will meet, and the longest, in steps: the numbers to expect; nothing is drawn."""
    if not n:
        return 1, 0
    low, high = (min(bound / dt, LONGEST) for bound in delay.bounds())
    last = 1
    while last < high and n * (1 - delay.cdf(np.array([last * dt]))[0]) > 1e-3:
        last *= 2
    # below[k]: the probability of fewer than first + k steps
    first = int(to_steps(low, 1.0))
    below = delay.cdf((np.arange(first, int(min(last, high)) + 3) - 0.5) * dt)
    with np.errstate(divide="ignore"):
        met = -np.expm1(n * np.log1p(-np.diff(below)))
    return max(1, round(float(met.sum()))), round(first + float((1 - below[1:] ** n).sum()))
