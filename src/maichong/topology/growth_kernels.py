"""Graphs that grow arc by arc, new ones where old ones are: compiled on first use."""

from __future__ import annotations

import numpy as np
from numba import njit

from maichong.random_compiled import SHIFT, philox, unit


@njit(error_model="numpy", nogil=True, inline="always")
def _rich(ends, arcs, nodes, extra, u, word):
    """One of ``nodes``, as likely as it has arcs among the first ``arcs`` of ``ends``, plus ``extra`` for each."""
    if u * (arcs + extra * nodes) < arcs:
        return ends[np.int64((word * np.uint64(arcs)) >> SHIFT)]
    return np.int64((word * np.uint64(nodes)) >> SHIFT)


@njit(error_model="numpy", cache=True, nogil=True)
def attach(n, m, attractiveness, seed_low, seed_high, targets):
    """Write to ``targets`` [(n - m) m] to which m different nodes, of those before it, each of the nodes m ... n - 1 is joined."""
    low, high, counter = np.uint64(seed_low), np.uint64(seed_high), np.uint64(0)
    arcs = 0
    for node in range(m, n):
        have = 0
        while have < m:
            r0, r1, word, _ = philox(counter & np.uint64(0xFFFFFFFF), counter >> SHIFT, np.uint64(0), np.uint64(0), low, high)
            counter += np.uint64(1)
            found = _rich(targets, arcs, node, attractiveness, unit(r0, r1), word)
            new = True
            for q in range(have):
                new &= targets[arcs + q] != found
            if new:
                targets[arcs + have] = found
                have += 1
        arcs += m


@njit(error_model="numpy", cache=True, nogil=True)
def grow(steps, delta_in, delta_out, seed_low, seed_high, sources, targets):
    """Write an arc for each of ``steps``: 0 from a new node, 1 between old ones, 2 onto a new node; the first three are given."""
    low, high = np.uint64(seed_low), np.uint64(seed_high)
    nodes = 3
    for k in range(steps.size):
        arcs = 3 + k
        first = philox(np.uint64(k) & np.uint64(0xFFFFFFFF), np.uint64(k) >> SHIFT, np.uint64(0), np.uint64(0), low, high)
        second = philox(np.uint64(k) & np.uint64(0xFFFFFFFF), np.uint64(k) >> SHIFT, np.uint64(1), np.uint64(0), low, high)
        source = target = np.int64(nodes)
        if steps[k] != 0:
            source = _rich(sources, arcs, nodes, delta_out, unit(first[0], first[1]), first[2])
        if steps[k] != 2:
            target = _rich(targets, arcs, nodes, delta_in, unit(second[0], second[1]), second[2])
        sources[arcs], targets[arcs] = source, target
        nodes += steps[k] != 1
