"""Thinning: which of many pairs are there, by a random number of each pair; compiled on first use."""

from __future__ import annotations

import numpy as np
from numba import njit

from maichong.random_compiled import philox, unit


@njit(error_model="numpy", cache=True, nogil=True)
def thinned(pre, post, chance, seed_low, seed_high, there):
    """Write to ``there`` whether each pair is kept, with its own ``chance``: a pure function of the seed and the pair."""
    low, high = np.uint64(seed_low), np.uint64(seed_high)
    for k in range(pre.size):
        r0, r1, _, _ = philox(np.uint64(post[k]), np.uint64(pre[k]), np.uint64(0), np.uint64(0), low, high)
        there[k] = unit(r0, r1) < chance[k]
