"""What is worked out for millions of pairs one by one: how far apart they are, which of them are there. Compiled on first use."""

from __future__ import annotations

import numpy as np
from numba import njit

from maichong.random_compiled import philox, unit


@njit(error_model="numpy", cache=True, nogil=True)
def measure(a, b, pre, post, period, out):
    """Write to ``out`` the Euclidean distance of a[pre[k]] from b[post[k]]; around axes whose period is > 0 the shortest way."""
    for k in range(pre.size):
        total = 0.0
        for axis in range(period.size):
            apart, length = abs(a[pre[k], axis] - b[post[k], axis]), period[axis]
            if length > 0.0:
                if apart > length:
                    apart %= length
                apart = min(apart, length - apart)
            total += apart * apart
        out[k] = np.sqrt(total)


@njit(error_model="numpy", cache=True, nogil=True)
def thin(pre, post, chance, seed_low, seed_high, there):
    """Write to ``there`` whether each pair is kept, with its own ``chance``: a pure function of the seed and the pair."""
    low, high = np.uint64(seed_low), np.uint64(seed_high)
    for k in range(pre.size):
        r0, r1, _, _ = philox(np.uint64(post[k]), np.uint64(pre[k]), np.uint64(0), np.uint64(0), low, high)
        there[k] = unit(r0, r1) < chance[k]
