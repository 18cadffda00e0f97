"""Predicting which motifs a region has inside (micro) from how it is connected to other regions (meso).

The question of survey reference 47 as a small model: ridge regression from a region's connections to its motif profile. What it is
worth is measured on regions that it has not seen, beside the mean profile of the others, and beside shuffled regions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import DataError, ParameterError, brief
from maichong.motifs.census import shares, triad_census
from maichong.motifs.graph import DirectedGraph, checked_graph, directed_graph, named_nodes
from maichong.motifs.triads import CONNECTED

ALPHAS = tuple(10.0**k for k in range(-3, 5))
"""Strengths of the penalty, of which each training set chooses one by leaving out one region after the other."""


@dataclass(frozen=True, eq=False)
class Regions:
    """Regions of a network: ``meso`` [regions, 2 regions] and ``profiles`` [regions, 13].

    ``meso`` holds the share of a region's arcs to the outside that goes to each region, and the share of those from the outside
    that comes from each. ``profiles`` are the shares of the connected triads inside.
    """

    names: tuple[str, ...]
    meso: np.ndarray
    profiles: np.ndarray


@dataclass(frozen=True, eq=False)
class Validation:
    """How well profiles of regions that were left out are predicted.

    ``predicted`` [regions, motifs] was made for each region by a model that did not see it. ``r2`` is 1 - error / error of the mean
    profile of the training regions: 0 is no better than the mean, below 0 worse; ``r2_by_motif`` [motifs] is that of each. ``p`` is
    the chance of such an r2 when regions and profiles are shuffled, (1 + how many are as good) / (1 + shuffles).
    """

    predicted: np.ndarray
    r2: float
    r2_by_motif: np.ndarray
    p: float


def regions_of(graph: DirectedGraph, regions: Sequence[str]) -> Regions:
    """The connections between regions and the motifs within them; ``regions`` [n] names one for each node.

    Raises DataError for another number of names than of nodes, fewer than three regions, and a region without three nodes or
    without a connected triad: it has no profile.
    """
    where = "regions_of"
    graph = checked_graph(where, graph, 3)
    names, of = np.unique(named_nodes(f"{where}.regions", regions, graph.n, "the name of a region"), return_inverse=True)
    if len(names) < 3:
        raise DataError(f"{where}.regions", "must be three or more regions", f"{len(names)}")
    sources, targets = graph.sources, graph.targets
    between = np.zeros((len(names), len(names)))
    np.add.at(between, (of[sources], of[targets]), 1.0)
    np.fill_diagonal(between, 0.0)
    sent, got = between.sum(axis=1, keepdims=True), between.sum(axis=0, keepdims=True)
    meso = np.hstack([between / np.maximum(sent, 1.0), (between / np.maximum(got, 1.0)).T])
    profiles = np.zeros((len(names), len(CONNECTED)))
    for region, name in enumerate(names):
        inside = np.flatnonzero(of == region)
        number = np.full(graph.n, -1)
        number[inside] = np.arange(len(inside))
        kept = (of[sources] == region) & (of[targets] == region)
        if len(inside) < 3:
            raise DataError(f"{where}, {name}", "must have three nodes or more", f"{len(inside)}", "leave it out")
        found = shares(triad_census(directed_graph(number[sources[kept]], number[targets[kept]], len(inside))))
        if not any(found.values()):
            raise DataError(f"{where}, {name}", "must have a connected triad inside", "none", "leave it out")
        profiles[region] = [found[man] for man in CONNECTED]
    return Regions(tuple(names.tolist()), meso, profiles)


def profile_model(meso: Any, profiles: Any) -> Any:
    """The model of all regions: a scikit-learn estimator whose ``predict`` takes ``meso`` [regions, features].

    Ridge regression with a penalty chosen among ALPHAS by leave-one-out. Columns keep their unit: one that is all but constant in
    the regions at hand would, scaled up, rule over one that is not. Bring columns of different units to one scale before.
    Raises DataError for what are no numbers of these shapes. Say how good it is by `cross_validated`, never by its own regions.
    """
    x, y = _checked("profile_model", meso, profiles)
    return _ridge().fit(x, y)


def cross_validated(meso: Any, profiles: Any, *, folds: int = 5, shuffles: int = 100, seed: int = 0) -> Validation:
    """Predict the profile of each region by a model of the regions in other folds; the penalty is chosen without it too.

    ``meso`` [regions, features] and ``profiles`` [regions, motifs] may be shares, z-scores or anything that is a number. With as
    many ``folds`` as regions one is left out at a time.

    Raises DataError for what are no numbers of these shapes, ParameterError for bad numbers of folds, shuffles or seed.

        >>> rng = np.random.default_rng(0)
        >>> meso = rng.normal(size=(40, 3))
        >>> cross_validated(meso, meso @ rng.normal(size=(3, 13)), shuffles=20).r2 > 0.99
        True

    Not for a handful of regions: with six, as in the hippocampus, no model can be told from luck.
    """
    where = "cross_validated"
    x, y = _checked(where, meso, profiles)
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= len(x):
        raise ParameterError(f"{where}.folds", f"must be a whole number between 2 and {len(x)}, the regions", brief(folds))
    if isinstance(shuffles, bool) or not isinstance(shuffles, int) or not 1 <= shuffles <= 10**6:
        raise ParameterError(f"{where}.shuffles", "must be a whole number between 1 and 1,000,000", brief(shuffles))
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ParameterError(f"{where}.seed", "must be a whole number >= 0", brief(seed))
    rng = np.random.default_rng(seed)
    parts = np.array_split(rng.permutation(len(x)), folds)
    predicted, mean = _left_out(x, y, parts)
    r2 = _r2(y, predicted, mean)
    as_good = 0
    for _ in range(shuffles):
        shuffled = y[rng.permutation(len(y))]
        as_good += float(_r2(shuffled, *_left_out(x, shuffled, parts))) >= r2
    each = np.array([_r2(y[:, k], predicted[:, k], mean[:, k]) for k in range(y.shape[1])])
    return Validation(predicted, r2, each, (1 + as_good) / (1 + shuffles))


def _left_out(x: np.ndarray, y: np.ndarray, parts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """For each region the prediction and the mean profile of the others' folds."""
    predicted, mean = np.empty_like(y), np.empty_like(y)
    for part in parts:
        others = np.setdiff1d(np.arange(len(x)), part)
        predicted[part] = _ridge().fit(x[others], y[others]).predict(x[part])
        mean[part] = y[others].mean(axis=0)
    return predicted, mean


def _r2(y: np.ndarray, predicted: np.ndarray, mean: np.ndarray) -> float:
    best = float(((y - mean) ** 2).sum())
    return 1.0 - float(((y - predicted) ** 2).sum()) / best if best else 0.0


def _ridge() -> Any:
    from sklearn.linear_model import RidgeCV

    return RidgeCV(alphas=ALPHAS)


def _checked(where: str, meso: Any, profiles: Any) -> tuple[np.ndarray, np.ndarray]:
    x, y = _matrix(f"{where}.meso", meso), _matrix(f"{where}.profiles", profiles)
    if len(x) != len(y):
        raise DataError(where, "must get as many profiles as regions", f"{len(x)} regions and {len(y)} profiles")
    if len(x) < 4:
        raise DataError(f"{where}.meso", "must have four regions or more", f"{len(x)}")
    return x, y


def _matrix(where: str, values: Any) -> np.ndarray:
    try:
        array = np.asarray(values)
    except Exception:  # ragged lists and foreign objects fail in as many ways as there are types
        raise DataError(where, "must be numbers [regions, columns]", brief(values)) from None
    if array.ndim != 2 or array.dtype.kind not in "uif" or not array.size:
        raise DataError(where, "must be numbers [regions, columns]", f"{array.dtype} of shape {array.shape}")
    if not np.isfinite(array).all():
        raise DataError(where, "must be finite", "NaN or infinity", "leave out regions without a profile")
    return array.astype(np.float64)
