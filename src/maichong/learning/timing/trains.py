"""Spike trains as arrays of times, [trials, afferents, spikes] in ms, infinity where there is no spike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief


def padded(trials: Sequence[Sequence[Any]]) -> np.ndarray:
    """Lists of spike times, one list for each afferent of each trial, as float64 [trials, afferents, spikes], padded by infinity.

    >>> padded([[[1.0, 5.0], []], [[2.0], [3.0]]])[0].tolist()
    [[1.0, 5.0], [inf, inf]]
    """
    counts = [len(afferents) for afferents in trials]
    if not counts or min(counts) != max(counts) or not counts[0]:
        got = f"{min(counts)} to {max(counts)}" if counts else "no trial"
        raise ParameterError("padded", "every trial must have the same number of afferents, at least one", got)
    most = max(1, max(len(times) for afferents in trials for times in afferents))
    made = np.full((len(counts), counts[0], most), np.inf)
    for trial, afferents in zip(made, trials, strict=True):
        for row, times in zip(trial, afferents, strict=True):
            row[: len(times)] = times
    return spike_times("padded", made)


def spike_times(where: str, x: Any, afferents: int | None = None) -> np.ndarray:
    """``x`` as float64 [trials, afferents, spikes]; [trials, afferents] stands for one spike each. Raises ParameterError.

    ``afferents``: how many there must be.
    """
    what = "must be times in ms, [trials, afferents] or [trials, afferents, spikes]"
    try:
        times = np.array(x, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ParameterError(where, what, brief(x), "padded(lists) makes them of lists") from None
    if times.ndim == 2:
        times = times[:, :, None]
    if times.ndim != 3 or not times.size:
        raise ParameterError(where, what, f"shape {np.shape(x)}", "padded(lists) makes them of lists")
    if np.isnan(times).any() or (times == -np.inf).any():
        raise ParameterError(where, "must be finite, or inf where there is no spike", "NaN or -inf")
    if afferents is not None and times.shape[1] != afferents:
        fix = "fit and predict take the same afferents"
        raise ParameterError(where, f"must have {afferents} afferents, as in fit", f"{times.shape[1]}", fix)
    return times


def labels(where: str, y: Any, trials: int) -> np.ndarray:
    """``y`` as an array [trials]; raises ParameterError."""
    array = np.asarray(y)
    if array.shape != (trials,):
        raise ParameterError(where, f"must have one label for each of {trials} trials", f"shape {array.shape}")
    return array
