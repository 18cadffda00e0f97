"""What a user gives as images, labels or counts: each check returns it in its one true type, or raises."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np

from maichong.errors import DataError, ParameterError, brief


def images(where: str, values: object) -> np.ndarray:
    """``values`` as uint8 [N, height, width], or [N, 3, height, width] in colour, if whole and in 0..255; raises DataError."""
    what = "images [N, height, width] or [N, 3, height, width]"
    array = _numbers(where, values, what, (3, 4), "reshape flat images")
    if array.ndim == 4 and array.shape[1] != 3:
        fix = "put the colours before the pixels, x.transpose(0, 3, 1, 2)" if array.shape[3] == 3 else None
        raise DataError(where, f"must be {what}", f"shape {array.shape}", fix)
    unit = array.dtype.kind == "f" and 0 <= array.min() <= array.max() <= 1
    return _whole(where, array, 255, np.uint8, "multiply by 255 and round" if unit else None)


def labels(where: str, values: object, n_classes: int) -> np.ndarray:
    """``values`` as int64 [N], if they are whole numbers in 0..n_classes-1; raises DataError."""
    array = _numbers(where, values, "labels [N]", (1,), "give class indices, not one-hot rows")
    top = int(array.max())
    fix = f"set n_classes={top + 1}" if n_classes <= top else None
    return _whole(where, array, int(n_classes) - 1, np.int64, fix)


def whole_numbers(
    where: str, values: object, what: str, high: int, dtype: type[np.generic] | np.dtype, fix: str | None = None
) -> np.ndarray:
    """``values``, which are ``what``, as ``dtype`` [N], if they are whole numbers in 0..high; raises DataError."""
    array = _numbers(where, values, what, (1,), "flatten them")
    return _whole(where, array, high, dtype, fix)


def count(where: str, n: object, available: int) -> int:
    """``n`` as an int, if it is a whole number in 1..available; raises ParameterError."""
    if not is_int(n) or not 1 <= n <= available:
        raise ParameterError(where, f"must be a whole number in 1..{available}", brief(n))
    return int(n)


def is_int(value: object) -> TypeGuard[int]:
    """Whether ``value`` is a Python or NumPy integer; True and False are not."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _numbers(where: str, values: object, what: str, axes: tuple[int, ...], fix: str) -> np.ndarray:
    """``values`` as an array of finite real numbers whose number of axes is in ``axes``, none of them empty."""
    try:
        array = np.asarray(values)
    # Ragged lists and foreign objects fail in as many ways as there are types.
    except Exception as error:
        raise DataError(where, f"must be numbers that form {what}", brief(values)) from error
    if array.dtype.kind not in "uif":
        came = f"{type(values).__name__} that NumPy reads as {array.dtype.name}"
        raise DataError(where, f"must be numbers that form {what}", came)
    if array.ndim not in axes:
        raise DataError(where, f"must be {what}", f"shape {array.shape}", fix)
    if array.size == 0:
        raise DataError(where, f"must be {what}, not empty", f"shape {array.shape}", "check the file or the filter")
    if array.dtype.kind == "f" and not (finite := np.isfinite(array)).all():
        raise DataError(where, "must be finite", f"{np.count_nonzero(~finite)} values that are not")
    return array


def _whole(where: str, array: np.ndarray, high: int, dtype: type[np.generic] | np.dtype, fix: str | None) -> np.ndarray:
    """``array`` as ``dtype``, if every value is a whole number in 0..high."""
    expected = f"must be whole numbers in 0..{high}"
    low, top = array.min().item(), array.max().item()  # Python numbers compare without overflow
    if low < 0 or top > high:
        raise DataError(where, expected, f"values from {low:g} to {top:g}", fix)
    if array.dtype.kind == "f" and (broken := array != np.floor(array)).any():
        raise DataError(where, expected, f"for one, {array[broken][0]:g}", fix)
    return array.astype(dtype, copy=False)
