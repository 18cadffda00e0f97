"""Carving a split out of another, class by class, by a draw that is the same everywhere and for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from maichong.data._checks import brief, count, is_int
from maichong.data._dataset import DataSet
from maichong.data._eventset import EventSet
from maichong.errors import DataError, ParameterError

Set = TypeVar("Set", DataSet, EventSet)


def split_validation(dataset: Set, n: int, seed: int = 0) -> Set:
    """``dataset`` with ``n`` training images, or recordings, moved to ``x_val`` and ``y_val``.

    Settings are chosen there, not on the test split. The draw is stratified (every class gives its share of
    ``n``, rounded by largest remainder) and depends on ``seed`` alone. A draw rather than the last ``n``
    images, because files often have an order (by writer, by class, by date). Both splits keep the order of
    the file; the test split is untouched.

    Raises ParameterError where ``n`` leaves no training image or ``seed`` is not a whole number >= 0, and
    DataError where the data set has a validation split already.

        >>> from maichong.data import load
        >>> split_validation(load("digits"), 100, seed=3)
        DataSet('digits': 1337 training + 100 validation + 360 test images of 8 x 8, 10 classes)
    """
    if not isinstance(dataset, DataSet | EventSet):
        raise DataError("split_validation", "must get a data set", brief(dataset), "load one with data.load")
    if dataset.x_val is not None:
        fix = "split the data set as it was loaded"
        raise DataError("split_validation", "must get a data set without a validation split", dataset, fix)
    n = count("split_validation(n)", n, len(dataset.x_train) - 1)
    if not is_int(seed) or seed < 0:
        raise ParameterError("split_validation(seed)", "must be a whole number >= 0", brief(seed))
    drawn = draw_stratified(dataset.y_train, n, seed)
    x, y = dataset.x_train, dataset.y_train
    changes: dict[str, Any] = {"x_train": x[~drawn], "y_train": y[~drawn], "x_val": x[drawn], "y_val": y[drawn]}
    return replace(dataset, **changes)


def draw_stratified(labels: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Boolean mask [N] of ``n`` drawn items; each class gives its share, rounded by largest remainder.

    The items of a class with the smallest raw 64-bit words of PCG64(seed) are drawn. NumPy promises that the
    words of a bit generator never change (NEP 19), which it does not promise of ``Generator.permutation``.
    """
    classes, counts = np.unique(labels, return_counts=True)
    quota, remainder = np.divmod(n * counts, labels.size)
    quota[np.argsort(-remainder, kind="stable")[: n - quota.sum()]] += 1
    words = np.random.PCG64(seed).random_raw(labels.size)
    drawn = np.zeros(labels.size, dtype=bool)
    for label, share in zip(classes, quota, strict=True):
        members = np.flatnonzero(labels == label)
        drawn[members[np.argsort(words[members], kind="stable")[:share]]] = True
    return drawn
