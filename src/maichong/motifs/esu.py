"""Compiled enumeration of connected sub-networks of four nodes. Imported where it is used, and nowhere else."""

from __future__ import annotations

import numpy as np
from numba import njit

from maichong.random_compiled import LOW, SHIFT, philox, unit

STREAM = np.uint64(0x65737534)
"""A stream of random numbers of our own: "esu4"."""
MOST = 2.0**62
"""Branches passed over at once: more than there are."""


@njit(error_model="numpy", cache=True, nogil=True)
def visit(n, starts, others, states, first, step, chance, time, seed_low, seed_high, found):
    """Add the sub-networks whose lowest node is first, first + step, ... to ``found`` [4096], by code.

    ``starts``, ``others`` and ``states`` are the neighbours of each node, 1 for a target, 2 for a source, 3 for both. A branch at
    the third and the fourth node is followed with ``chance``; how many are passed over till the next is one random number. At each
    depth ``ahead`` holds the nodes that the set may still grow by: as in ESU those behind the one that joined, and those above the
    root that only this one brings.
    """
    k0, k1, stream = np.uint64(seed_low), np.uint64(seed_high), STREAM ^ np.uint64(time)
    seen, state_of = np.zeros(n, np.int32), np.zeros((3, n), np.uint8)
    ahead, size, at = np.empty((4, n), np.int32), np.zeros(4, np.int64), np.zeros(4, np.int64)
    chosen = np.zeros(3, np.int64)
    for root in range(first, n, step):
        counter, passed = np.uint64(0), np.int64(-1)
        ahead[0, 0], size[0], at[0] = root, 1, 0
        seen[root] += 1
        depth = 0
        while depth >= 0:
            if at[depth] == size[depth]:
                depth -= 1
                if depth >= 0:
                    # the node that joined at this depth leaves
                    node = chosen[depth]
                    for k in range(starts[node], starts[node + 1]):
                        state_of[depth, others[k]] = 0
                        seen[others[k]] -= 1
                continue
            if depth >= 2 and chance < 1.0:
                if passed < 0:
                    counter += np.uint64(1)
                    w0, w1, _, _ = philox(counter & LOW, counter >> SHIFT, np.uint64(root), stream, k0, k1)
                    passed = np.int64(min(np.log1p(-unit(w0, w1)) / np.log1p(-chance), MOST))
                if passed >= size[depth] - at[depth]:
                    passed -= size[depth] - at[depth]
                    at[depth] = size[depth]
                    continue
                at[depth] += passed
                passed = np.int64(-1)
            node = ahead[depth, at[depth]]
            at[depth] += 1
            if depth == 3:
                b, c = chosen[1], chosen[2]
                code = state_of[0, b] | state_of[0, c] << 2 | state_of[0, node] << 4
                code |= state_of[1, c] << 6 | state_of[1, node] << 8 | state_of[2, node] << 10
                found[code] += 1
                continue
            chosen[depth] = node
            more = size[depth] - at[depth]
            for k in range(more):
                ahead[depth + 1, k] = ahead[depth, at[depth] + k]
            for k in range(starts[node], starts[node + 1]):
                u = others[k]
                state_of[depth, u] = states[k]
                if u > root and seen[u] == 0:
                    ahead[depth + 1, more] = u
                    more += 1
                seen[u] += 1
            depth += 1
            size[depth], at[depth] = more, 0
        seen[root] -= 1
