"""Signals as changes: two trains for each, one for what falls (0) and one for what rises (1), and the level that they add up to."""

from __future__ import annotations

import numpy as np

from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError

MOST_AT_ONCE = 2**16
"""Events of a train that may fall into one sample: more are a threshold that was mistaken."""


def events_of(changes: np.ndarray, owner: str) -> np.ndarray:
    """Whole steps, float64, as int64; ParameterError, about the threshold of ``owner``, past MOST_AT_ONCE of them."""
    most = float(np.abs(changes).max(initial=0.0))
    if not most <= MOST_AT_ONCE:
        expected, fix = f"must let a change be at most {MOST_AT_ONCE:,} events", "use a larger threshold, or scale the signal"
        raise ParameterError(f"{owner}.threshold", expected, f"{most:g}", fix)
    return changes.astype(np.int64)


def trains_of(changes: np.ndarray, dt: float) -> SpikeTrains:
    """The trains [2, *shape] of whole numbers of steps up or down, ``changes`` [samples, *shape]."""
    both = np.stack([np.maximum(-changes, 0), np.maximum(changes, 0)], axis=1)
    return SpikeTrains.of_dense(both, dt)


def level_of(trains: SpikeTrains) -> np.ndarray:
    """How many steps up are left at each sample after those down, int64 [samples, *shape], from trains [2, *shape]."""
    half = trains.n // 2
    ups = trains.ids >= half
    rows, ids = trains.rows, trains.ids - half * ups
    level = np.zeros(trains.steps * half, np.int64)
    np.add.at(level, rows * half + ids, np.where(ups, 1, -1))
    return np.cumsum(level.reshape(trains.steps, *trains.shape[1:]), axis=0)
