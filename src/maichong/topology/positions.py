"""Where neurons are: positions in two or three dimensions (or one), as plain arrays [n, dimensions]."""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.spec.quantities import in_unit, whole_numbers

FARTHEST = 1e150
"""Squares of larger numbers are no numbers."""


def grid_positions(shape: Any, spacing: Any = 1.0) -> np.ndarray:
    """The points of a grid, float64 [n, dimensions]: 0, spacing, 2 spacing, ... on each axis, the last axis running fastest.

    ``shape`` is the number of points on each of one to three axes, ``spacing`` one number > 0 or one for each axis. With a
    ``period`` of shape times spacing the grid closes to a torus.

    Raises ParameterError for a shape of other than one to three whole numbers >= 1 or a spacing that is not > 0.

    >>> grid_positions((2, 2), spacing=10.0).tolist()
    [[0.0, 0.0], [0.0, 10.0], [10.0, 0.0], [10.0, 10.0]]
    """
    sizes = whole_numbers(shape)
    if sizes is None or not 1 <= sizes.size <= 3 or (sizes < 1).any() or float(np.prod(sizes.astype(float))) >= 2**31:
        raise ParameterError("grid_positions.shape", "must be one to three whole numbers >= 1, such as (20, 20)", brief(shape))
    steps = per_axis(spacing, sizes.size, "grid_positions.spacing")
    return np.indices(tuple(sizes)).reshape(sizes.size, -1).T * steps


def uniform_positions(n: int, extent: Any, seed: int = 0) -> np.ndarray:
    """``n`` points drawn evenly from a box of this ``extent``, float64 [n, dimensions], each coordinate in [0, extent).

    ``extent`` holds one to three lengths > 0, whose number is that of the dimensions.

    Raises ParameterError for an ``n`` or a seed that is no whole number >= 0, or an extent of other than one to three lengths > 0.

    >>> uniform_positions(1000, (2.0, 1.0), seed=1).shape
    (1000, 2)
    """
    for value, name, most in ((n, "n", 2**31), (seed, "seed", 2**63)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value < most:
            raise ParameterError(f"uniform_positions.{name}", "must be a whole number >= 0", brief(value))
    given = np.asarray(in_unit(extent, "", "uniform_positions.extent"))
    if given.ndim != 1 or not 1 <= given.size <= 3:
        raise ParameterError("uniform_positions.extent", "must be one to three lengths, such as (1.0, 1.0)", brief(extent))
    lengths = per_axis(extent, given.size, "uniform_positions.extent")
    return np.random.default_rng(seed).random((int(n), given.size)) * lengths


def per_axis(given: Any, dimensions: int, where: str) -> np.ndarray:
    """One number > 0 for each axis, from one for all or one for each; ParameterError otherwise."""
    numbers = np.asarray(in_unit(given, "", where))
    if numbers.ndim > 1 or (numbers.ndim == 1 and numbers.size != dimensions):
        raise ParameterError(where, f"must be one number or {dimensions}, one per axis", brief(given))
    if not ((numbers > 0) & (numbers <= FARTHEST)).all():
        raise ParameterError(where, "must be > 0", brief(given))
    return np.broadcast_to(numbers, (dimensions,)).copy()


def settle_positions(given: Any, where: str) -> np.ndarray:
    """Positions as a read-only float64 array [n, dimensions] of its own; ParameterError where they are none."""
    array = np.array(in_unit(given, "", where))
    if array.ndim != 2 or not 1 <= array.shape[1] <= 3:
        got = f"an array of shape {array.shape}" if array.ndim else brief(given)
        raise ParameterError(where, "must be positions [neurons, 1 to 3 axes]", got, "see grid_positions and uniform_positions")
    if not (np.abs(array) <= FARTHEST).all():
        raise ParameterError(where, f"must be numbers up to {FARTHEST:g}", f"{array[~(np.abs(array) <= FARTHEST)][0]:g}")
    array.setflags(write=False)
    return array
