"""What a reader makes of spikes without knowing the code: rates, the winner, ranks, a population's vector, filtered trains.

Codes have a ``decode`` of their own; these are for the output of networks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.encoding.fields import numbers
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError, brief
from maichong.spec.quantities import is_number


def rates(trains: SpikeTrains) -> np.ndarray:
    """Spikes of each train over the whole time, in Hz [*shape].

    >>> rates(SpikeTrains([1.0, 3.0], [0, 0], (2,), steps=100)).tolist()
    [20.0, 0.0]
    """
    found = _trains("rates", trains)
    return found.counts() / (0.001 * found.steps * found.dt)


def first_to_spike(trains: SpikeTrains) -> np.ndarray:
    """Which train of the last axis spikes first, int64 [...]: the lowest of those that do at once, -1 where all are silent.

    >>> first_to_spike(SpikeTrains([1.0, 1.0, 3.0], [2, 1, 0], (3,), steps=5)).tolist()
    1
    """
    first = _trains("first_to_spike", trains, 1).first()
    return np.where(np.isfinite(first).any(axis=-1), first.argmin(axis=-1), -1)


def ranks(trains: SpikeTrains) -> np.ndarray:
    """The place of each train of the last axis in the order of first spikes, int64 [*shape] from 0; -1 for silence.

    Trains that spike at once come in the order of their places.

    >>> ranks(SpikeTrains([1.0, 1.0, 0.0], [2, 1, 0], (4,), steps=5)).tolist()
    [0, 1, 2, -1]
    """
    first = _trains("ranks", trains, 1).first()
    order = np.argsort(np.argsort(first, axis=-1, kind="stable"), axis=-1, kind="stable")
    return np.where(np.isfinite(first), order, -1)


def population_vector(trains: SpikeTrains, preferred: Any) -> np.ndarray:
    """The mean of what neurons prefer, by their spikes: trains [..., m], ``preferred`` [m] or [m, axes] -> [...] or [..., axes].

    NaN where none spikes. Source: Georgopoulos, Schwartz & Kettner 1986, doi:10.1126/science.3749885.

    >>> population_vector(SpikeTrains([1.0, 2.0, 3.0], [0, 1, 1], (2,), steps=5), [0.0, 3.0]).tolist()
    2.0
    """
    counts = _trains("population_vector", trains, 1).counts()
    wanted, m = numbers(preferred), counts.shape[-1]
    if wanted is None or wanted.ndim not in (1, 2) or len(wanted) != m or not np.isfinite(wanted).all():
        raise ParameterError("population_vector, preferred", f"must be finite numbers [{m}] or [{m}, axes]", brief(preferred))
    total = counts.sum(axis=-1)
    share = counts / np.where(total > 0, total, np.nan)[..., None]
    return share @ wanted


def filtered(trains: SpikeTrains, tau: float) -> np.ndarray:
    """Trains through a leaky integrator: float64 [steps, *shape], each spike adding 1 that decays with ``tau`` ms.

    >>> filtered(SpikeTrains([0.0, 1.0], [0, 0], (1,), steps=3), tau=1.0)[:, 0].round(4).tolist()
    [1.0, 1.3679, 0.5032]
    """
    found = _trains("filtered", trains)
    if not is_number(tau) or not 0 < tau < np.inf:
        raise ParameterError("filtered, tau", "must be a number > 0 ms", brief(tau))
    from scipy.signal import lfilter

    return np.asarray(lfilter([1.0], [1.0, -np.exp(-found.dt / tau)], found.dense().astype(np.float64), axis=0))


def _trains(where: str, trains: Any, axes: int = 0) -> SpikeTrains:
    if not isinstance(trains, SpikeTrains):
        fix = "wrap arrays in SpikeTrains.of_dense or SpikeTrains.of_latencies"
        raise ParameterError(where, "must get SpikeTrains", brief(trains), fix)
    if len(trains.shape) < axes or 0 in trains.shape[-axes:]:
        raise ParameterError(where, "must get trains [..., m]", f"shape {trains.shape}")
    return trains
