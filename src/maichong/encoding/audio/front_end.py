"""What front ends share: a sound that is checked, and levels in dB below the loudest as 0..1."""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.encoding.fields import numbers
from maichong.errors import ParameterError, brief

LOUDEST = 1e100
"""The largest sample: the power of a window of larger ones may be more than a double holds."""


def sound_of(where: str, sound: Any, least: int) -> np.ndarray:
    """``sound`` [samples] as float64; ParameterError for less than ``least`` samples, several channels, NaN."""
    array = numbers(sound)
    if array is None or array.ndim != 1:
        got = brief(sound) if array is None else f"shape {array.shape}"
        raise ParameterError(where, "must get a sound of one channel, numbers [samples]", got)
    if array.size < least:
        raise ParameterError(where, f"must get a sound of at least {least} samples, a window", array.size)
    if not np.isfinite(array).all():
        raise ParameterError(where, "must get finite samples", "NaN or infinity")
    if (loudest := float(max(array.max(), -array.min()))) > LOUDEST:
        raise ParameterError(
            where, f"must get samples up to {LOUDEST:g}, whose powers are numbers", f"{loudest:g}", "scale them to -1..1"
        )
    return array


def check_band(owner: str, rate: float, low: float, high: float | None) -> float:
    """The upper edge of the band, half the sampling rate if none was given; ParameterError where it is no band."""
    top = rate / 2.0 if high is None else high
    if not low < top <= rate / 2.0:
        expected = f"must be above low = {low:g} Hz and at most {rate / 2.0:g} Hz, half the sampling rate"
        raise ParameterError(f"{owner}.high", expected, f"{top:g} Hz")
    return top


def levels(power: np.ndarray, range_db: float) -> np.ndarray:
    """Powers as 0..1: 1 is the loudest of all, 0 what is ``range_db`` dB below it, or more. Silence is 0."""
    top = float(power.max())
    if top <= 0.0:
        return np.zeros(power.shape)
    with np.errstate(divide="ignore"):
        decibels = 10.0 * np.log10(power / top)
    return np.clip(1.0 + decibels / range_db, 0.0, 1.0)
