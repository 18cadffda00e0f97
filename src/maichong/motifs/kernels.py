"""Compiled counting of triads. Compiled on first use, so this file is imported where something is counted and nowhere else.

Nodes are numbered anew by their degree, and a dyad is kept at its lower end only. No row is then longer than the square root of
twice the dyads, so all triangles are found in O(dyads**1.5), each once (Latapy 2008, doi:10.1016/j.tcs.2008.07.017), in 5 bytes a
dyad and one mark a node.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from maichong.motifs.triads import BACKWARD, FORWARD, MUTUAL

OUT, IN, BOTH = 0, 1, 2
"""What a neighbour is to a node: target, source, or both."""


@njit(error_model="numpy", cache=True, nogil=True)
def sorted_arcs(n, sources, targets):
    """Arcs as starts [n + 1] and targets, sorted in each row; repeated arcs come once. Two passes of a counting sort."""
    arcs = len(sources)
    by_target = np.zeros(n + 1, np.int64)
    starts = np.zeros(n + 1, np.int64)
    for k in range(arcs):
        by_target[targets[k] + 1] += 1
        starts[sources[k] + 1] += 1
    for v in range(n):
        by_target[v + 1] += by_target[v]
        starts[v + 1] += starts[v]
    first = by_target.copy()
    listed = np.empty(arcs, np.int32)
    for k in range(arcs):
        v = targets[k]
        listed[first[v]] = sources[k]
        first[v] += 1
    ends = starts[:n].copy()
    found = np.empty(arcs, np.int32)
    for v in range(n):
        for k in range(by_target[v], by_target[v + 1]):
            u = listed[k]
            if ends[u] == starts[u] or found[ends[u] - 1] != v:
                found[ends[u]] = v
                ends[u] += 1
    return _closed_up(n, starts, ends, found)


@njit(error_model="numpy", cache=True, nogil=True)
def _closed_up(n, starts, ends, rows):
    """Rows that end at ``ends`` without the gaps behind them."""
    at = 0
    for u in range(n):
        begin = starts[u]
        starts[u] = at
        for k in range(begin, ends[u]):
            rows[at] = rows[k]
            at += 1
    starts[n] = at
    return starts, rows[:at].copy() if at < len(rows) else rows


@njit(error_model="numpy", cache=True, nogil=True)
def oriented(n, starts, targets):
    """The dyads of a graph, each in the row of its end of lower degree.

    Returns starts [n + 1], the other ends (sorted in each row) and the states of the dyads, all by the new numbers, and which node
    each number stands for, int32 [n].
    """
    degrees = np.zeros(n, np.int64)
    for u in range(n):
        for k in range(starts[u], starts[u + 1]):
            degrees[u] += 1
            degrees[targets[k]] += 1
    nodes, number = _by_degree(n, degrees)

    by_high = np.zeros(n + 1, np.int64)
    rows = np.zeros(n + 1, np.int64)
    for u in range(n):
        for k in range(starts[u], starts[u + 1]):
            a, b = number[u], number[targets[k]]
            by_high[max(a, b) + 1] += 1
            rows[min(a, b) + 1] += 1
    for v in range(n):
        by_high[v + 1] += by_high[v]
        rows[v + 1] += rows[v]
    first = by_high.copy()
    low, way = np.empty(len(targets), np.int32), np.empty(len(targets), np.uint8)
    for u in range(n):
        for k in range(starts[u], starts[u + 1]):
            a, b = number[u], number[targets[k]]
            at = first[max(a, b)]
            first[max(a, b)] += 1
            low[at] = min(a, b)
            way[at] = FORWARD if a < b else BACKWARD

    ends = rows[:n].copy()
    others, states = np.empty(len(targets), np.int32), np.empty(len(targets), np.uint8)
    for v in range(n):
        for k in range(by_high[v], by_high[v + 1]):
            u = low[k]
            if ends[u] > rows[u] and others[ends[u] - 1] == v:
                states[ends[u] - 1] |= way[k]
            else:
                others[ends[u]] = v
                states[ends[u]] = way[k]
                ends[u] += 1
    at = 0
    for u in range(n):
        begin = rows[u]
        rows[u] = at
        for k in range(begin, ends[u]):
            others[at] = others[k]
            states[at] = states[k]
            at += 1
    rows[n] = at
    return rows, others[:at], states[:at], nodes


@njit(error_model="numpy", cache=True, nogil=True)
def _by_degree(n, degrees):
    """The nodes in the order of their degrees, and the place of each."""
    most = 0
    for v in range(n):
        most = max(most, degrees[v])
    first = np.zeros(most + 2, np.int64)
    for v in range(n):
        first[degrees[v] + 1] += 1
    for d in range(most + 1):
        first[d + 1] += first[d]
    nodes, number = np.empty(n, np.int32), np.empty(n, np.int32)
    for v in range(n):
        at = first[degrees[v]]
        first[degrees[v]] += 1
        nodes[at] = v
        number[v] = at
    return nodes, number


@njit(error_model="numpy", cache=True, nogil=True)
def _ways(state):
    """What a dyad's end is to the node in whose row it stands, and the other way round."""
    if state == BACKWARD:
        return IN, OUT
    if state == MUTUAL:
        return BOTH, BOTH
    return OUT, IN


@njit(error_model="numpy", cache=True, nogil=True)
def neighbours(n, rows, others, states, types, k):
    """How many neighbours of each kind and type every node has, int64 [n, 3 k]: targets, sources, both; types [n] below k."""
    counts = np.zeros((n, 3 * k), np.int64)
    for u in range(n):
        for at in range(rows[u], rows[u + 1]):
            v = others[at]
            seen, back = _ways(states[at])
            counts[u, seen * k + types[v]] += 1
            counts[v, back * k + types[u]] += 1
    return counts


@njit(error_model="numpy", cache=True, nogil=True)
def wedges(counts, types, k):
    """Pairs of neighbours by the type of the centre and what both are to it, int64 [k, 3 k, 3 k], in the upper triangle."""
    found = np.zeros((k, 3 * k, 3 * k), np.int64)
    for v in range(len(counts)):
        t = types[v]
        for i in range(3 * k):
            found[t, i, i] += counts[v, i] * (counts[v, i] - 1) // 2
            for j in range(i + 1, 3 * k):
                found[t, i, j] += counts[v, i] * counts[v, j]
    return found


@njit(error_model="numpy", cache=True, nogil=True)
def triangles(rows, others, states, types, k, first, last, marks, counts):
    """Add the triangles whose lowest node is in first ... last - 1 to ``counts`` [64 k**3], by code and types of the nodes.

    ``marks`` is uint8 [n], all zero before and after.
    """
    for a in range(first, last):
        for at in range(rows[a], rows[a + 1]):
            marks[others[at]] = states[at]
        for at in range(rows[a], rows[a + 1]):
            b, ab = others[at], states[at]
            for there in range(rows[b], rows[b + 1]):
                c = others[there]
                if marks[c]:
                    code = ab | marks[c] << 2 | states[there] << 4
                    counts[((code * k + types[a]) * k + types[b]) * k + types[c]] += 1
        for at in range(rows[a], rows[a + 1]):
            marks[others[at]] = 0


@njit(error_model="numpy", cache=True, nogil=True)
def triangles_of_nodes(n, rows, others, states, of_code, counts):
    """Add each triangle to ``counts`` [n, classes] of its three nodes, at the class ``of_code`` [64] of its code."""
    marks = np.zeros(n, np.uint8)
    for a in range(n):
        for at in range(rows[a], rows[a + 1]):
            marks[others[at]] = states[at]
        for at in range(rows[a], rows[a + 1]):
            b, ab = others[at], states[at]
            for there in range(rows[b], rows[b + 1]):
                c = others[there]
                if marks[c]:
                    found = of_code[ab | marks[c] << 2 | states[there] << 4]
                    counts[a, found] += 1
                    counts[b, found] += 1
                    counts[c, found] += 1
        for at in range(rows[a], rows[a + 1]):
            marks[others[at]] = 0


@njit(error_model="numpy", cache=True, nogil=True)
def wedges_of_nodes(n, rows, others, states, degrees, of_pair, counts):
    """Add the wedges, open or closed, that each node is in to ``counts`` [n, classes]; ``of_pair`` [3, 3] is their class.

    ``degrees`` [n, 3] counts targets, sources and both.
    """
    for v in range(n):
        for i in range(3):
            counts[v, of_pair[i, i]] += degrees[v, i] * (degrees[v, i] - 1) // 2
            for j in range(i + 1, 3):
                counts[v, of_pair[i, j]] += degrees[v, i] * degrees[v, j]
    for u in range(n):
        for at in range(rows[u], rows[u + 1]):
            v = others[at]
            seen, back = _ways(states[at])
            for kind in range(3):
                # u at the end of a wedge whose centre is v, and the other way round
                counts[u, of_pair[back, kind]] += degrees[v, kind] - (kind == back)
                counts[v, of_pair[seen, kind]] += degrees[u, kind] - (kind == seen)
