"""Drawing the lines of random connectors: the partners of one neuron after the other, from counter-based random numbers.

A line is a row (all targets of one neuron) or a column (all sources of one). Draw number q of a line is a pure function of the
network's seed, the projection and the line, so lines can be drawn in any order, by any thread, and again: nothing but what is
wanted is ever stored. Compiled on first use, so this file is imported where something is drawn and nowhere else.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from maichong.random_compiled import SHIFT, philox

SWEEP = 32
"""Where more than one in so many is chosen, marking and passing over all of them is faster than sorting."""


@njit(error_model="numpy", cache=True, nogil=True)
def draw_line(line, n, k, distinct, without, ordered, marks, out, stream, seed_low, seed_high):
    """Write ``k`` of the numbers 0 ... n - 1 to ``out``, each as likely as the others, and once at most if ``distinct``.

    The number ``without`` (-1: none) is never chosen, ``ordered`` sorts. ``marks`` is an int32 array of length n, all zero before
    and after.
    """
    choices = n - 1 if 0 <= without < n else n
    inverted = distinct and 2 * k > choices
    wanted = choices - k if inverted else k
    swept = ordered and SWEEP * wanted > choices
    marked = distinct or swept
    have, counter = 0, np.uint64(0)
    while have < wanted:
        words = philox(counter, np.uint64(line), np.uint64(0), np.uint64(stream), np.uint64(seed_low), np.uint64(seed_high))
        counter += np.uint64(1)
        for word in words:
            # an integer below ``choices``: the high word of the product
            found = np.int64((word * np.uint64(choices)) >> SHIFT)
            if have < wanted and not (distinct and marks[found] > 0):
                if marked:
                    marks[found] += 1
                out[have] = found
                have += 1
    if inverted or swept:
        at = 0
        for found in range(choices):
            times = marks[found]
            if inverted:
                times = 1 - times
            for _ in range(times):
                out[at] = found
                at += 1
            marks[found] = 0
    else:
        if marked:
            for q in range(k):
                marks[out[q]] = 0
        if ordered:
            out[:k].sort()
    if choices < n:
        for q in range(k):
            if out[q] >= without:
                out[q] += 1


@njit(error_model="numpy", cache=True, nogil=True)
def list_lines(degrees, n, distinct, but_self, ordered, stream, seed_low, seed_high, marks, out, lines, partners):
    """Write all pairs: the line and the partner of each synapse, line by line; ``marks`` and ``out`` are those of ``draw_line``."""
    at = 0
    for line in range(degrees.size):
        k = degrees[line]
        draw_line(line, n, k, distinct, line if but_self else -1, ordered, marks, out, stream, seed_low, seed_high)
        for q in range(k):
            lines[at + q] = line
            partners[at + q] = out[q]
        at += k
