"""Which pattern a measured spike train shows: tonic, phasic, bursting, ..., by thresholds that stand here in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.analysis.dynamics import number
from maichong.errors import ParameterError, brief

STOPPED = 3.0
"""A train has stopped if the silence after its last spike is longer than so many of its longest interval."""
GAP = 2.5
"""Intervals fall into short and long ones where two that follow each other in size differ by this factor."""
REGULAR_PAUSES = 0.5
"""The pauses of a burster have a coefficient of variation below this; else the train is irregular."""
IN_BURSTS = 0.75
"""At least this share of a burster's spikes stand in bursts of two or more."""
INITIAL = 3
"""An initial burst has at least so many spikes: a doublet is no burst."""
SETTLED = 1.2
"""After an initial burst the last interval is at most so many times the first long one; else the train adapts."""
ADAPTS = 1.3
"""Intervals that grow by this factor or more, and do not shrink in between, adapt; those that shrink so accelerate."""
SLACK = 1.1
"""An interval that is shorter than the one before by less than this factor counts as no shorter."""
TRANSIENT = 2
"""So many first intervals do not count for adaptation in a train of five spikes or more: many tonic cells start with a doublet."""
IRREGULAR = 0.4
"""Mean local variation (CV2) above which a train of six spikes or more is irregular; 1 is a Poisson process."""
LATE = 2.5
"""A train is delayed if its latency exceeds so many median intervals; that of a burster, half a median pause."""
LATE_BURST = 0.5


@dataclass(frozen=True)
class FiringPattern:
    """What a train shows: its ``kind``, whether it is ``delayed``, and what that rests on.

    ``latency`` (ms) is the time of the first spike after the stimulus began, ``rate`` (Hz) the inverse of the mean interval,
    ``cv2`` the mean local variation of the intervals, ``adaptation`` the last interval over the first, ``bursts`` the number of
    spikes in each group between two pauses. NaN where there are too few spikes.
    """

    kind: str
    delayed: bool
    latency: float
    rate: float
    cv2: float
    adaptation: float
    bursts: tuple[int, ...]


def firing_pattern(times: Any, begin: Any, end: Any) -> FiringPattern:
    """Classify the spikes at ``times`` (ms, rising) under a stimulus from ``begin`` to ``end`` ms; spikes outside do not count.

    In this order:

    - ``silent``: no spike; ``phasic``: one;
    - ``phasic bursting``: several, then silence for more than three times the longest interval;
    - ``bursting``: intervals of two sizes (a factor of 2.5 apart), three spikes of four in groups of two or more, at least two such
      groups, and pauses between them that are alike (CV < 0.5);
    - ``mixed mode``: an initial burst of three or more, then single spikes whose intervals do not go on growing (by 1.2);
    - ``adapting`` and ``accelerating``: intervals that grow, or shrink, by 1.3 or more and never turn back (by more than 1.1); the
      first two are left out, since an initial doublet is no adaptation, where there are four or more;
    - ``irregular``: a CV2 above 0.4 over five intervals or more;
    - ``tonic``: what is left.

    ``delayed`` says that the first spike took longer than 2.5 median intervals, or than half a pause between bursts.

    Raises ParameterError for times that do not rise, or an end that is not after begin.

    >>> from maichong.analysis import firing_pattern
    >>> firing_pattern([20.0, 22.8, 27.3, 67.0, 99.3, 131.5], 16.0, 160.0).kind
    'mixed mode'

    The thresholds are ours, set to tell apart the patterns of Izhikevich 2004, doi:10.1109/TNN.2004.832719, and of Naud et al.
    2008, doi:10.1007/s00422-008-0264-7. CV2: Holt et al. 1996, doi:10.1152/jn.1996.75.5.1806. Not for populations, nor for stimuli
    that change: a ramp makes any neuron accelerate.
    """
    low, high = number("firing_pattern, begin", begin, "ms"), number("firing_pattern, end", end, "ms")
    if not low < high:
        raise ParameterError("firing_pattern, begin", "must lie before end", f"{low:g} and {high:g} ms")
    spikes = _rising(times)
    spikes = spikes[(spikes >= low) & (spikes <= high)]
    if spikes.size < 2:
        latency = float(spikes[0] - low) if spikes.size else np.nan
        return FiringPattern("phasic" if spikes.size else "silent", False, latency, np.nan, np.nan, np.nan, (1,) * spikes.size)
    intervals = np.diff(spikes)
    long = _pauses(intervals)
    groups = np.diff(np.concatenate([[0], np.flatnonzero(long) + 1, [spikes.size]]))
    cv2 = float(np.mean(2 * np.abs(np.diff(intervals)) / (intervals[1:] + intervals[:-1]))) if intervals.size > 1 else np.nan
    kind = _kind(intervals, long, groups, cv2, high - spikes[-1])
    latency = float(spikes[0] - low)
    late = LATE_BURST * np.median(intervals[long]) if kind == "bursting" else LATE * np.median(intervals)
    return FiringPattern(
        kind, bool(latency > late), latency, 1000.0 / float(intervals.mean()), cv2, float(intervals[-1] / intervals[0]),
        tuple(map(int, groups)),
    )  # fmt: skip


def _rising(times: Any) -> np.ndarray:
    try:
        spikes = np.asarray(times, np.float64)
    except (TypeError, ValueError):
        raise ParameterError("firing_pattern, times", "must be numbers in ms", brief(times)) from None
    if spikes.ndim != 1 or not np.isfinite(spikes).all() or (np.diff(spikes) <= 0).any():
        raise ParameterError("firing_pattern, times", "must be a list of rising, finite times in ms", brief(times))
    return spikes


def _pauses(intervals: np.ndarray) -> np.ndarray:
    """Which intervals are long, where there are two sizes of them."""
    if intervals.size < 3:
        return np.zeros(intervals.size, bool)
    ordered = np.sort(intervals)
    ratios = ordered[1:] / ordered[:-1]
    widest = int(np.argmax(ratios))
    if ratios[widest] < GAP:
        return np.zeros(intervals.size, bool)
    return intervals > np.sqrt(ordered[widest] * ordered[widest + 1])


def _kind(intervals: np.ndarray, long: np.ndarray, groups: np.ndarray, cv2: float, after: float) -> str:
    if after > STOPPED * intervals.max():
        return "phasic bursting"
    if long.any():
        pauses = intervals[long]
        grouped = groups[groups > 1]
        alike = pauses.std() < REGULAR_PAUSES * pauses.mean()
        if grouped.size > 1 and grouped.sum() >= IN_BURSTS * groups.sum() and alike:
            return "bursting"
        if groups[0] >= INITIAL and (groups[1:] == 1).all() and pauses[-1] <= SETTLED * pauses[0]:
            return "mixed mode"
    settled = intervals[TRANSIENT:] if intervals.size > TRANSIENT + 1 else intervals
    growth = settled[1:] / settled[:-1]
    total = settled[-1] / settled[0]
    if total >= ADAPTS and (growth > 1 / SLACK).all():
        return "adapting"
    if total <= 1 / ADAPTS and (growth < SLACK).all():
        return "accelerating"
    return "irregular" if intervals.size > 4 and cv2 > IRREGULAR else "tonic"
