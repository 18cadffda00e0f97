"""Turn what a drawing is given into checked arrays, or say in one sentence what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError


def finite(where: str, values: ArrayLike, *shapes: str, fix: str | None = None) -> NDArray[np.float64]:
    """Return ``values`` as finite floats, at least one, of one of ``shapes`` (any, if none is given).

    A shape names its axes: ``"n_seeds, n_points"``. Raises ParameterError, which names ``where`` and, for
    what is not an array of that shape, offers ``fix``.
    """
    expected = " or ".join(f"[{shape}]" for shape in shapes)
    expected = f"an array {expected}" if expected else "an array"
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError):  # ragged lists; tensors that need a gradient
        raise ParameterError(where, f"must be {expected}", type(values).__name__, fix) from None
    if array.dtype.kind not in "buif":
        raise ParameterError(where, f"must be {expected} of numbers", f"dtype {array.dtype}", fix)
    if shapes and array.ndim not in [_axes(shape) for shape in shapes]:
        raise ParameterError(where, f"must be {expected}", f"shape {array.shape}", fix)
    if array.size == 0:
        raise ParameterError(where, "must not be empty", f"shape {array.shape}", "is there a result to draw?")
    array = array.astype(np.float64)
    bad = int(np.count_nonzero(~np.isfinite(array)))
    if bad:
        got = f"{bad:,} of {array.size:,} NaN or infinite"
        raise ParameterError(where, "must be finite numbers", got, "did the run diverge?")
    return array


def whole(where: str, values: ArrayLike, *shapes: str, fix: str | None = None) -> NDArray[np.int64]:
    """As :func:`finite`, for counts and indices: whole numbers from 0 up."""
    array = finite(where, values, *shapes, fix=fix)
    wrong = array[(array < 0) | (array != np.floor(array))]
    if wrong.size:
        raise ParameterError(where, "must be whole numbers >= 0", f"{wrong.flat[0]:g}", fix)
    return array.astype(np.int64)


def count(where: str, value: ArrayLike) -> int:
    """Return ``value`` as a whole number from 1 up."""
    number = int(whole(where, value, "", fix="pass one whole number"))
    if number < 1:
        raise ParameterError(where, "must be a whole number >= 1", number)
    return number


def pair(where: str, values: ArrayLike, names: str) -> tuple[float, float]:
    """Return ``values`` as two finite numbers, called ``names``."""
    fix = f"give ({names})"
    array = finite(where, values, "2 numbers", fix=fix)
    if array.size != 2:
        raise ParameterError(where, "must be 2 numbers", array.size, fix)
    return float(array[0]), float(array[1])


def rising(where: str, values: ArrayLike, names: str) -> tuple[float, float]:
    """As :func:`pair`, the first below the second."""
    low, high = pair(where, values, names)
    if not low < high:
        raise ParameterError(where, f"must be ({names}), the first below the second", f"{low:g}, {high:g}")
    return low, high


def one_each(where: str, names: Iterable[object], n: int, thing: str) -> list[object]:
    """Return ``names`` as a list with one entry for each of the ``n`` ``thing``."""
    try:
        listed = list(names)
    except TypeError:  # no iterable, or an array without axes, which says it is one
        listed = None
    if listed is None or len(listed) != n:
        got = type(names).__name__ if listed is None else f"{len(listed):,}"
        raise ParameterError(where, f"must have one entry for each of the {n:,} {thing}", got)
    return listed


def _axes(shape: str) -> int:
    return len(shape.split(", ")) if shape else 0
