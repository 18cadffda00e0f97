"""What the algorithms share that undo a filter: where the filter fits what is left of the signal they spike, and take it away.

decoding:  s = spikes * h        encoding:  at i, if h fits s[i : i + n]:  spike,  s[i : i + n] -= h
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from maichong.encoding.fields import numbers
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError, brief

ROUNDING = 1e-9
"""What fits but for so much, the rounding of doubles that were taken away, fits."""
LENGTH, CUTOFF = 20, 0.1
"""The low-pass filter where none is given: samples, and cutoff as a share of half the sampling rate."""


def taps_of(given: Any, owner: str) -> tuple[float, ...]:
    """The filter h: what was given, else SciPy's low-pass filter of LENGTH and CUTOFF; ParameterError for what is none."""
    if given is None:
        from scipy.signal import firwin

        given = firwin(LENGTH, CUTOFF)
    taps = numbers(given)
    if taps is None or taps.ndim != 1 or not taps.size or not np.isfinite(taps).all() or not taps.sum() > 0:
        raise ParameterError(
            f"{owner}.taps", "must be finite numbers with a sum > 0, such as scipy.signal.firwin(20, 0.1)", brief(given)
        )
    return tuple(taps.tolist())


def deconvolve(
    signal: np.ndarray, taps: tuple[float, ...], fits: Callable[[np.ndarray, np.ndarray], Any], dt: float
) -> SpikeTrains:
    """The spikes of ``signal`` [samples, *shape]; ``fits`` tells of what is left [n, trains] and of h [n, 1] which trains spike.

    Near the end n is what is left of the signal.
    """
    left = signal.reshape(len(signal), -1).copy()
    h, spikes = np.array(taps)[:, None], np.zeros(left.shape, bool)
    for i in range(len(left)):
        part = left[i : i + len(h)]
        spikes[i] = fits(part, h[: len(part)])
        part -= h[: len(part)] * spikes[i]
    return SpikeTrains.of_dense(spikes.reshape(signal.shape), dt)


def convolved(trains: SpikeTrains, taps: tuple[float, ...]) -> np.ndarray:
    """What the filter makes of the spikes: float64 [steps, *shape], without what comes after the last step."""
    from scipy.signal import fftconvolve

    spikes = trains.dense().astype(np.float64)
    h = np.array(taps).reshape(-1, *[1] * (spikes.ndim - 1))
    return fftconvolve(spikes, h, axes=0)[: trains.steps]
