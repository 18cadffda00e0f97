"""Bernoulli draws by the billion: a counter-based random word for each value and step, compared with a limit, compiled.

The counter is (place of the value, group of four steps), the key the seed: a draw is the same whatever else is drawn with it, and
whichever form is asked for. Chances are exact to 2^-32. Numba is imported here, so import this where it is used.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from maichong.random import STEPS
from maichong.random_compiled import LOW, SHIFT, philox

STREAM = 0x656E636F
"""Sets these draws apart from those of networks with the same seed."""

U = np.uint64
BLOCK = U(1024)
"""Places whose words are drawn before they are compared: both loops stay in the nearest cache, and each is SIMD code."""


ALWAYS = np.uint32(0xFFFFFFFF)
"""The limit of what spikes in every step."""


# unsigned indices and flat arrays: signed ones may be negative, and LLVM then gives up the vectors (0.3 in place of 2 draws / ns)
@njit(error_model="numpy", nogil=True, cache=True)
def draw(limits, places, stride, begin, steps, key, stream, out):
    """Set out[(t - begin) * stride + j] to 1 where the word of place j in step t is below its limit, else to 0.

    limits and places are uint32 [places]; ``begin`` is a multiple of four; out is uint8, flat, for ``steps`` rows of ``stride``.
    """
    k0, k1, n, end = key & LOW, key >> SHIFT, U(limits.size), U(steps)
    words = np.empty(U(STEPS) * BLOCK, np.uint32)
    for row in range(U(0), end, U(STEPS)):
        group = (U(begin) + row) // U(STEPS)
        for low in range(U(0), n, BLOCK):
            many = min(n - low, BLOCK)
            for j in range(U(0), many):
                r0, r1, r2, r3 = philox(U(places[low + j]), group, U(0), U(stream), k0, k1)
                words[j] = np.uint32(r0)
                words[j + BLOCK] = np.uint32(r1)
                words[j + U(2) * BLOCK] = np.uint32(r2)
                words[j + U(3) * BLOCK] = np.uint32(r3)
            for k in range(U(0), min(U(STEPS), end - row)):
                base, at = (row + k) * U(stride) + low, k * BLOCK
                for j in range(U(0), many):
                    limit = limits[low + j]
                    out[base + j] = np.uint8((words[at + j] < limit) | (limit == ALWAYS))


@njit(error_model="numpy", nogil=True, cache=True)
def collect(eights, width, places, begin, dt, found, times, ids):
    """Write the time and the place of each 1 among ``eights``: rows of draws, eight bytes in a word, ``width`` words in a row.

    They are written from ``found`` on, the number of those that are there.
    """
    found, row_begins, now = U(found), U(0), U(begin)
    while row_begins < U(eights.size):
        time = dt * np.float64(now)
        for w in range(U(0), U(width)):
            rest, at = eights[row_begins + w], w * U(8)
            while rest != U(0):
                if rest & U(255):
                    times[found] = time
                    ids[found] = np.int64(places[at])
                    found += U(1)
                rest >>= U(8)
                at += U(1)
        row_begins += U(width)
        now += U(1)
