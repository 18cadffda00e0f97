"""Arrays that begin where a line of the cache does.

A register of 512 bits that lies across two lines is read as two. NumPy's arrays begin at any multiple of 16 bytes and numba's of
32, so that most had all their registers across two lines: the sums of weights of a training step of 784-1000-10 took 10.8 ms so,
and 7.0 ms from the begin of a line (Zen 4, two threads). Torch's tensors begin at one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from maichong.engines.events.memory import LINE

SLACK = 16
"""Numbers that an array must be longer than what is wanted of it."""


@register_jitable
def lined(array):
    """``array`` [n + SLACK] from its first number that begins a line, of 4 or 8 bytes each."""
    return array[(LINE - array.ctypes.data % LINE) % LINE // array.itemsize :]


def empty(n: int, kind: Any) -> np.ndarray:
    """An array [n] that begins at a line, its numbers anything."""
    found: np.ndarray = lined(np.empty(n + SLACK, kind))[:n]
    return found
