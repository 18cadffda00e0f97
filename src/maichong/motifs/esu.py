"""Compiled enumeration of connected sub-networks of four nodes. Imported where it is used, and nowhere else."""

from __future__ import annotations

import numpy as np
from numba import njit

from maichong.random_compiled import LOW, SHIFT, philox, unit

STREAM = np.uint64(0x65737534)
"""A stream of random numbers of our own: "esu4"."""


@njit(error_model="numpy", forceinline=True)
def _taken(chance, counter, root, time, k0, k1):
    w0, w1, _, _ = philox(
        np.uint64(counter) & LOW, np.uint64(counter) >> SHIFT, np.uint64(root), STREAM ^ np.uint64(time), k0, k1
    )
    return unit(w0, w1) < chance


@njit(error_model="numpy")
def _enter(node, starts, others, states, seen, state_of, root, size, ahead):
    """Let ``node`` join: note its dyads, and append the neighbours above ``root`` that nobody had to ``ahead``; its new size."""
    for at in range(starts[node], starts[node + 1]):
        u = others[at]
        state_of[u] = states[at]
        if u > root and seen[u] == 0:
            ahead[size] = u
            size += 1
        seen[u] += 1
    return size


@njit(error_model="numpy")
def _leave(node, starts, others, seen, state_of):
    for at in range(starts[node], starts[node + 1]):
        state_of[others[at]] = 0
        seen[others[at]] -= 1


@njit(error_model="numpy", cache=True, nogil=True)
def visit(n, starts, others, states, first, step, chance, time, seed_low, seed_high, found):
    """Add the sub-networks whose lowest node is first, first + step, ... to ``found`` [4096], by code.

    ``starts``, ``others`` and ``states`` are the neighbours of each node, 1 for a target, 2 for a source, 3 for both. A branch at
    the third and the fourth node is followed with ``chance``. The nodes of ``ahead`` that a set may still grow by are, as in ESU,
    those behind the one that joined and what only that one brings.
    """
    k0, k1 = np.uint64(seed_low), np.uint64(seed_high)
    seen = np.zeros(n, np.int32)
    of_a, of_b, of_c = np.zeros(n, np.uint8), np.zeros(n, np.uint8), np.zeros(n, np.uint8)
    ahead1, ahead2, ahead3 = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    all_taken = chance >= 1.0
    for a in range(first, n, step):
        counter = 0
        seen[a] += 1
        size1 = _enter(a, starts, others, states, seen, of_a, a, 0, ahead1)
        for i in range(size1):
            b = ahead1[i]
            size2 = size1 - i - 1
            ahead2[:size2] = ahead1[i + 1 : size1]
            size2 = _enter(b, starts, others, states, seen, of_b, a, size2, ahead2)
            for j in range(size2):
                counter += 1
                if not (all_taken or _taken(chance, counter, a, time, k0, k1)):
                    continue
                c = ahead2[j]
                size3 = size2 - j - 1
                ahead3[:size3] = ahead2[j + 1 : size2]
                size3 = _enter(c, starts, others, states, seen, of_c, a, size3, ahead3)
                code = of_a[b] | of_a[c] << 2 | of_b[c] << 6
                for k in range(size3):
                    counter += 1
                    if all_taken or _taken(chance, counter, a, time, k0, k1):
                        d = ahead3[k]
                        found[code | of_a[d] << 4 | of_b[d] << 8 | of_c[d] << 10] += 1
                _leave(c, starts, others, seen, of_c)
            _leave(b, starts, others, seen, of_b)
        _leave(a, starts, others, seen, of_a)
        seen[a] -= 1
