"""Compiled search for a network with wanted shares of triads. Imported where it is used, and nowhere else.

Rows of bits hold who sends to whom, so that the triads on one dyad, the only ones that it can change, are counted by a few
instructions for 64 third nodes at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from maichong.random_compiled import LOW, SHIFT, philox

STREAM = np.uint64(0x74726961)
"""A stream of random numbers of our own: "tria"."""
ONE = np.uint64(1)


def _population_count(typing: Any, word: Any) -> Any:
    """How many bits of a uint64 are set; numba has no function for this instruction."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), emit


ones: Any = intrinsic(_population_count)


@njit(error_model="numpy", forceinline=True)
def _bit(rows, u, v):
    return (rows[u, v >> 6] >> np.uint64(v & 63)) & ONE


@njit(error_model="numpy", forceinline=True)
def _flip(out, into, u, v):
    out[u, v >> 6] ^= ONE << np.uint64(v & 63)
    into[v, u >> 6] ^= ONE << np.uint64(u & 63)


@njit(error_model="numpy")
def turn(n, out, into, u, v, of_code, counts):
    """Make the arc u -> v, or take it away, and correct ``counts`` [16] for the n - 2 triads on that dyad."""
    found = np.zeros((4, 4), np.int64)
    for k in range(out.shape[1]):
        ou, iu, ov, iv = out[u, k], into[u, k], out[v, k], into[v, k]
        skip = np.uint64(0)
        if u >> 6 == k:
            skip |= ONE << np.uint64(u & 63)
        if v >> 6 == k:
            skip |= ONE << np.uint64(v & 63)
        if (ou | iu) == 0 and (ov | iv) == 0:
            continue
        u1, u2, u3 = ou & ~iu & ~skip, iu & ~ou & ~skip, ou & iu & ~skip
        v1, v2, v3 = ov & ~iv & ~skip, iv & ~ov & ~skip, ov & iv & ~skip
        u0, v0 = ~(u1 | u2 | u3), ~(v1 | v2 | v3)
        found[1, 0] += ones(u1 & v0)
        found[1, 1] += ones(u1 & v1)
        found[1, 2] += ones(u1 & v2)
        found[1, 3] += ones(u1 & v3)
        found[2, 0] += ones(u2 & v0)
        found[2, 1] += ones(u2 & v1)
        found[2, 2] += ones(u2 & v2)
        found[2, 3] += ones(u2 & v3)
        found[3, 0] += ones(u3 & v0)
        found[3, 1] += ones(u3 & v1)
        found[3, 2] += ones(u3 & v2)
        found[3, 3] += ones(u3 & v3)
        found[0, 1] += ones(u0 & v1)
        found[0, 2] += ones(u0 & v2)
        found[0, 3] += ones(u0 & v3)
    found[0, 0] = n - 2 - found.sum()
    before = np.int64(_bit(out, u, v) | _bit(into, u, v) << ONE)
    after = before ^ 1
    for i in range(4):
        for j in range(4):
            rest = i << 2 | j << 4
            counts[of_code[before | rest]] -= found[i, j]
            counts[of_code[after | rest]] += found[i, j]
    _flip(out, into, u, v)


@njit(error_model="numpy")
def distance(counts, wanted):
    """Total variation between the shares of the connected triads, ``counts`` from place 3 on, and those wanted [13]."""
    total = 0.0
    for k in range(13):
        total += counts[3 + k]
    if total == 0.0:
        return 1.0
    apart = 0.0
    for k in range(13):
        apart += abs(counts[3 + k] / total - wanted[k])
    return 0.5 * apart


@njit(error_model="numpy", forceinline=True)
def _below(word, n):
    return np.int64((word * np.uint64(n)) >> SHIFT)


@njit(error_model="numpy", forceinline=True)
def _turned(word):
    """A word whose high bits are the low ones of ``word``: of a number below thousands they say nothing."""
    return (word << np.uint64(16) | word >> np.uint64(16)) & LOW


@njit(error_model="numpy")
def _neighbour(out, into, node, word):
    """A node that ``node`` is joined to, found from a random place on; -1 if it has none."""
    wide = out.shape[1]
    begin = _below(word, 64 * wide)
    for k in range(wide + 1):
        at = (begin >> 6) + k
        if at >= wide:
            at -= wide
        row = out[node, at] | into[node, at]
        if k == 0:
            row &= ~((ONE << np.uint64(begin & 63)) - ONE)
        if row:
            return at * 64 + np.int64(ones((row & -row) - ONE))
    return np.int64(-1)


@njit(error_model="numpy", cache=True, nogil=True)
def anneal(n, sources, targets, out, into, counts, of_code, wanted, moves, hot, cold, close, degrees, seed_low, seed_high):
    """Move arcs until the shares of triads are ``wanted``, or for ``moves`` tries; returns the distance and how many were made.

    A move takes an arc away and puts one elsewhere: half of the time anywhere, else where it closes a triad or answers an arc,
    because chance alone hardly ever does. With ``degrees`` two arcs exchange their targets instead. A move that makes the
    distance larger by x is kept with the chance exp(-x / T), with T from ``hot`` to ``cold`` in even ratios. Arrays are changed in
    place; ``close`` is the distance at which it ends.
    """
    arcs = len(sources)
    k0, k1 = np.uint64(seed_low), np.uint64(seed_high)
    here, made = distance(counts, wanted), 0
    kept = counts.copy()
    turned, steps = np.empty((4, 2), np.int64), 4 if degrees else 2
    for move in range(moves):
        if here <= close:
            break
        low, high = np.uint64(move) & LOW, np.uint64(move) >> SHIFT
        w0, w1, w2, w3 = philox(low, high, np.uint64(0), STREAM, k0, k1)
        i = _below(w0, arcs)
        a, b = np.int64(sources[i]), np.int64(targets[i])
        kept[:] = counts
        if degrees:
            j = _below(w1, arcs)
            c, d = np.int64(sources[j]), np.int64(targets[j])
            if a in (c, d) or b in (c, d) or _bit(out, a, d) or _bit(out, c, b):
                continue
        else:
            j = i
            c, d = _below(w1, n), _below(w2, n)
            kind = w3 & np.uint64(7)
            if kind >= 4:
                c = np.int64(sources[_below(w1, arcs)])
                if kind == 7:
                    d = np.int64(targets[_below(w1, arcs)])
                else:
                    middle = _neighbour(out, into, c, w2)
                    d = _neighbour(out, into, middle, _turned(w2)) if middle >= 0 else c
                if kind >= 6:
                    c, d = d, c
            if c == d or d < 0 or _bit(out, c, d):
                continue
        # one call in a loop: turn() is long, and would be compiled in every place
        turned[0, 0], turned[0, 1], turned[1, 0], turned[1, 1] = a, b, c, d
        turned[2, 0], turned[2, 1], turned[3, 0], turned[3, 1] = a, d, c, b
        for k in range(steps):
            turn(n, out, into, turned[k, 0], turned[k, 1], of_code, counts)
        there = distance(counts, wanted)
        worse = there - here
        if worse > 0.0:
            t = hot * (cold / hot) ** (move / moves)
            if (w3 >> np.uint64(3)) * 2.0**-29 >= np.exp(-worse / t):
                counts[:] = kept
                for k in range(steps):
                    _flip(out, into, turned[k, 0], turned[k, 1])
                continue
        here = there
        made += 1
        if degrees:
            targets[i], targets[j] = d, b
        else:
            sources[i], targets[i] = c, d
    return here, made


@njit(error_model="numpy", cache=True, nogil=True)
def place(
    n, arcs, motifs, chances, group, in_order, skew_out, skew_in, seed_low, seed_high, stream, out, into, sources, targets
):
    """Put motifs on triples of nodes until there are ``arcs``; fills ``sources``, ``targets`` and the rows of bits.

    ``motifs`` [13, 3, 3] are adjacency matrices, ``chances`` [13] how often each is drawn. The nodes of a triple are of one group
    of ``group`` neighbours, any one or, ``in_order``, one after the other until it is full. A node that sends more than it gets
    in its motif is drawn with the weight rank**-skew_out, one that gets more with rank**-skew_in (ranks run against each other):
    large skews make hubs. Arcs that are there already are passed over.
    """
    k0, k1 = np.uint64(seed_low), np.uint64(seed_high)
    have = 0
    nodes = np.zeros(3, np.int64)
    tries = 0
    while have < arcs:
        w0, w1, w2, w3 = philox(np.uint64(tries), np.uint64(1), np.uint64(stream), STREAM, k0, k1)
        tries += 1
        # where motifs find no room any more, arcs go anywhere
        alone = tries > 4 * arcs
        m, left = 0, w0 * 2.0**-32
        while m < 12 and left >= chances[m]:
            left -= chances[m]
            m += 1
        first = (_below(_turned(w0), n) // group) * group
        if in_order:
            first = min(have // (group * (group - 1)), n // group - 1) * group
        size = min(group, n - first)
        if alone:
            first, size = 0, n
        if size < 3:
            continue
        draws = (w1 * 2.0**-32, w2 * 2.0**-32, w3 * 2.0**-32)
        for p in range(3):
            balance = 0
            for q in range(3):
                balance += motifs[m, p, q] - motifs[m, q, p]
            u = draws[p]
            if balance > 0 and skew_out > 0.0 and not alone:
                nodes[p] = first + _ranked(u, size, skew_out)
            elif balance < 0 and skew_in > 0.0 and not alone:
                nodes[p] = first + size - 1 - _ranked(u, size, skew_in)
            else:
                nodes[p] = first + min(np.int64(u * size), size - 1)
        if nodes[0] == nodes[1] or nodes[0] == nodes[2] or nodes[1] == nodes[2]:
            continue
        for p in range(3):
            for q in range(3):
                u, v = nodes[p], nodes[q]
                wanted = motifs[m, p, q] or (alone and p == 0 and q == 1)
                if wanted and have < arcs and not _bit(out, u, v):
                    _flip(out, into, u, v)
                    sources[have], targets[have] = u, v
                    have += 1


@njit(error_model="numpy", forceinline=True)
def _ranked(u, size, skew):
    """A rank in 0 ... size - 1 with about the weight (1 + rank)**-skew, from a uniform number."""
    if abs(skew - 1.0) < 1e-9:
        x = (size + 1.0) ** u
    else:
        x = (1.0 + u * ((size + 1.0) ** (1.0 - skew) - 1.0)) ** (1.0 / (1.0 - skew))
    return min(np.int64(x) - 1, size - 1)
