"""Statistics of spike trains: what Elephant computes, on the arrays that a run gives.

Elephant is the field's library for this (Denker et al. 2018, doi:10.12751/incf.ni2018.0019); it is the extra ``analysis`` and
loads on first use. What is here turns times in ms into its trains and its answers into plain arrays.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from maichong.analysis.dynamics import number
from maichong.errors import MaichongError, ParameterError, brief, did_you_mean, is_one_of

Trains = Sequence[Any]
"""One array of spike times in ms for each neuron or trial."""

INTERVAL_MEASURES = ("cv", "cv2", "lv", "lvr")


def trains_of(spikes: Any, n: int) -> list[np.ndarray]:
    """The spikes of a run, ``run["e"].spikes`` (times and ids), as one rising array of times (ms) for each of ``n`` neurons.

    >>> import numpy as np
    >>> from maichong.analysis import trains_of
    >>> from maichong.engines.recording import Spikes
    >>> [train.tolist() for train in trains_of(Spikes(np.array([1.0, 2.0, 4.0]), np.array([1, 0, 1])), 3)]
    [[2.0], [1.0, 4.0], []]
    """
    if not (hasattr(spikes, "times") and hasattr(spikes, "ids")):
        raise ParameterError("trains_of", 'must get recorded spikes, run["e"].spikes', brief(spikes))
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ParameterError("trains_of, n", "must be the number of neurons, a whole number >= 1", brief(n))
    times, ids = np.asarray(spikes.times, np.float64), np.asarray(spikes.ids)
    if ids.size and ids.max() >= n:
        raise ParameterError("trains_of, n", f"must be above the ids, which go up to {ids.max()}", n)
    order = np.lexsort((times, ids))
    bounds = np.searchsorted(ids[order], np.arange(n + 1))
    return [times[order[low:high]] for low, high in itertools.pairwise(bounds)]


def firing_rates(trains: Trains, start: Any, stop: Any) -> np.ndarray:
    """The mean rate of each train between ``start`` and ``stop`` ms, in Hz [trains]."""
    statistics = _elephant("firing_rates", "statistics")
    made = _neo("firing_rates", trains, start, stop)[1]
    return np.array([float(statistics.mean_firing_rate(train).rescale("Hz")) for train in made])


def irregularity(trains: Trains, measure: str = "cv") -> np.ndarray:
    """How irregular the intervals of each train are, [trains]; NaN where there are too few spikes. A Poisson process has 1.

    ``cv``: the coefficient of variation; ``cv2``: the mean of 2 |T' - T| / (T' + T) over successive intervals, which slow changes
    of the rate leave alone (Holt et al. 1996, doi:10.1152/jn.1996.75.5.1806); ``lv``, ``lvr``: the local variation, and the one
    corrected for 5 ms of refractoriness (Shinomoto et al. 2009, doi:10.1371/journal.pcbi.1000433).
    """
    if not is_one_of(measure, INTERVAL_MEASURES):
        raise ParameterError("irregularity, measure", "is unknown", brief(measure), did_you_mean(measure, INTERVAL_MEASURES))
    statistics = _elephant("irregularity", "statistics")
    import quantities as pq

    least = 2 if measure == "cv" else 3
    found = np.full(len(trains), np.nan)
    for k, train in enumerate(_checked("irregularity", trains)):
        if train.size > least:
            intervals = np.diff(train) * pq.ms
            found[k] = statistics.lvr(intervals) if measure == "lvr" else getattr(statistics, measure)(intervals)
    return found


def fano_factor(trains: Trains, start: Any, stop: Any) -> float:
    """The variance of the numbers of spikes over their mean, across ``trains`` (trials) between ``start`` and ``stop`` ms."""
    statistics = _elephant("fano_factor", "statistics")
    return float(statistics.fanofactor(_neo("fano_factor", trains, start, stop)[1]))


def synchrony(trains: Trains, start: Any, stop: Any, min_bin: Any = 10.0) -> float:
    """Spike-contrast: 0 for trains without common times, 1 for equal ones; no bin width has to be chosen, down to ``min_bin`` ms.

    Ciba et al. 2018, doi:10.1016/j.jneumeth.2017.09.008. NaN where fewer than two trains have a spike.
    """
    module = _elephant("synchrony", "spike_train_synchrony")
    ms, made = _neo("synchrony", trains, start, stop)
    fire = [train for train in made if len(train)]
    if len(fire) < 2:
        return float("nan")
    return float(module.spike_contrast(fire, min_bin=number("synchrony, min_bin", min_bin, "ms") * ms))


def correlation(trains: Trains, start: Any, stop: Any, bin_size: Any = 5.0) -> np.ndarray:
    """Pearson's correlation of the counts in bins of ``bin_size`` ms, [trains, trains]; NaN for a train that never fires."""
    module, conversion = _elephant("correlation", "spike_train_correlation"), _elephant("correlation", "conversion")
    ms, made = _neo("correlation", trains, start, stop)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of trains that never fire, whose NaN tells the same
        binned = conversion.BinnedSpikeTrain(made, bin_size=number("correlation, bin_size", bin_size, "ms") * ms)
        return np.atleast_2d(np.asarray(module.correlation_coefficient(binned), np.float64))


def van_rossum_distance(trains: Trains, start: Any, stop: Any, tau: Any = 10.0) -> np.ndarray:
    """The distance between trains filtered by exponentials of ``tau`` ms, [trains, trains]; one spike more or less costs 1.

    van Rossum 2001, doi:10.1162/089976601300014321, in Elephant's normalisation, in which an extra spike has the distance 1.
    """
    module = _elephant("van_rossum_distance", "spike_train_dissimilarity")
    ms, made = _neo("van_rossum_distance", trains, start, stop)
    return np.asarray(module.van_rossum_distance(made, time_constant=number("van_rossum_distance, tau", tau, "ms") * ms))


def victor_purpura_distance(trains: Trains, start: Any, stop: Any, cost: Any = 0.1) -> np.ndarray:
    """What it costs at least to turn one train into another, [trains, trains]: 1 per spike, or ``cost`` (1/ms) per ms of a shift.

    Victor & Purpura 1996, doi:10.1152/jn.1996.76.2.1310.
    """
    module = _elephant("victor_purpura_distance", "spike_train_dissimilarity")
    ms, made = _neo("victor_purpura_distance", trains, start, stop)
    return np.asarray(module.victor_purpura_distance(made, number("victor_purpura_distance, cost", cost, "1/ms") / ms))


def _elephant(where: str, module: str) -> Any:
    import importlib

    try:
        return importlib.import_module(f"elephant.{module}")
    except ImportError:
        raise MaichongError(where, "needs the package elephant", fix='pip install "maichong[analysis]"') from None


def _checked(where: str, trains: Any) -> list[np.ndarray]:
    if isinstance(trains, (str, bytes)) or not isinstance(trains, Sequence) or not len(trains):
        raise ParameterError(f"{where}, trains", "must be a list of arrays of times in ms, one for each neuron", brief(trains))
    found = []
    for k, train in enumerate(trains):
        try:
            times = np.asarray(train, np.float64)
        except (TypeError, ValueError):
            raise ParameterError(f"{where}, trains[{k}]", "must be numbers in ms", brief(train)) from None
        if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) < 0).any():
            fix = 'split spikes by trains_of(run["e"].spikes, n)' if times.ndim != 1 else None
            raise ParameterError(f"{where}, trains[{k}]", "must be a list of rising, finite times in ms", brief(train), fix)
        found.append(times)
    return found


def _neo(where: str, trains: Any, start: Any, stop: Any) -> tuple[Any, list[Any]]:
    """The unit ms, and Neo's trains of what lies between ``start`` and ``stop``."""
    import neo
    import quantities as pq

    low, high = number(f"{where}, start", start, "ms"), number(f"{where}, stop", stop, "ms")
    if not low < high:
        raise ParameterError(f"{where}, start", "must lie before stop", f"{low:g} and {high:g} ms")
    inside = [train[(train >= low) & (train <= high)] for train in _checked(where, trains)]
    return pq.ms, [neo.SpikeTrain(times, units="ms", t_start=low * pq.ms, t_stop=high * pq.ms) for times in inside]
