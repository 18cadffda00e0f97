"""Arrays on cache lines of their own: where two threads write to one line, it travels between their cores at every step."""

from __future__ import annotations

from typing import Any

import numpy as np

LINE = 64
"""Bytes of a cache line."""


def zeros(n: int, dtype: Any) -> np.ndarray:
    """``n`` zeros that begin a cache line and share none with another array."""
    kind = np.dtype(dtype)
    size = -(-n * kind.itemsize // LINE) * LINE
    raw = np.zeros(size + LINE, np.uint8)
    begin = -raw.ctypes.data % LINE
    return raw[begin : begin + n * kind.itemsize].view(kind)


def apart(values: np.ndarray) -> np.ndarray:
    """A copy of a one-dimensional array on cache lines of its own."""
    found = zeros(values.size, values.dtype)
    found[:] = values
    return found
