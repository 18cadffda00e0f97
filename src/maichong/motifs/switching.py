"""Compiled null networks: arcs exchange their targets until nothing is left but the degrees. Imported where something is drawn.

One try draws two arcs A -> B and C -> D and makes A -> D and C -> B of them, unless that would make an arc from a node to itself
or one that is there already. A mutual pair may be held together: then it only exchanges partners with another pair, and no exchange
of single arcs makes or breaks one. Tries that are refused count, so that all networks the exchanges reach are equally likely
(Rao, Jana & Bandyopadhyay 1996; Milo et al. 2003, arXiv:cond-mat/0312028).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from maichong.random_compiled import SHIFT, philox

FEW_NODES = 16384
"""Up to so many nodes the arcs are bits, 32 MB at most: several times as fast as hashing."""
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
NONE = np.int64(-1)
STREAM = np.uint64(0x6D6F7469)
"""A stream of random numbers of our own: "moti"."""
LOW = np.uint64(2**32 - 1)


@njit(error_model="numpy", forceinline=True)
def _home(table, key):
    return ((np.uint64(key) * GOLDEN) >> np.uint64(20)) & np.uint64(len(table) - 1)


@njit(error_model="numpy")
def _slot(table, key):
    """Where ``key`` is in a hash table, or the empty place where it would be."""
    mask, at = np.uint64(len(table) - 1), _home(table, key)
    while table[at] != NONE and table[at] != key:
        at = (at + np.uint64(1)) & mask
    return at


@njit(error_model="numpy")
def _holds(table, key):
    return table[_slot(table, key)] == key


@njit(error_model="numpy")
def _put_in(table, key):
    table[_slot(table, key)] = key


@njit(error_model="numpy", forceinline=True)
def _has(table, dense, key):
    if dense:
        return (table[key >> 6] >> (key & 63)) & 1 != 0
    return _holds(table, key)


@njit(error_model="numpy", forceinline=True)
def _add(table, dense, key):
    if dense:
        table[key >> 6] |= np.int64(1) << (key & 63)
    else:
        _put_in(table, key)


@njit(error_model="numpy", forceinline=True)
def _remove(table, dense, key):
    if dense:
        table[key >> 6] &= ~(np.int64(1) << (key & 63))
    else:
        _take_out(table, key)


@njit(error_model="numpy")
def _take_out(table, key):
    """Take ``key`` out of a hash table and move up what was pushed on by it, so that no search stops short."""
    mask = np.uint64(len(table) - 1)
    hole = _slot(table, key)
    at = hole
    while True:
        table[hole] = NONE
        while True:
            at = (at + np.uint64(1)) & mask
            if table[at] == NONE:
                return
            # what lies here may fill the hole, if the hole is not before its home
            if ((at - _home(table, table[at])) & mask) >= ((at - hole) & mask):
                break
        table[hole] = table[at]
        hole = at


@njit(error_model="numpy")
def _table(n, arcs):
    """Room for arcs as numbers source * n + target: a bit for each pair of nodes where these are few, a hash table else."""
    if n <= FEW_NODES:
        return np.zeros(((n * n) >> 6) + 1, np.int64), True
    size = 8
    while size < 3 * arcs:
        size *= 2
    return np.full(size, NONE, np.int64), False


@njit(error_model="numpy", cache=True, nogil=True)
def switched(n, singles, pairs, held, tries, null, seed_low, seed_high):
    """Switch ``singles`` [arcs, 2] and mutual ``pairs`` [pairs, 2], int32, in place; returns how many exchanges were made.

    ``null`` numbers the null networks of a seed. ``held``: pairs are held together, and singles make none; otherwise ``pairs`` must
    be empty.
    """
    alone, together = np.int64(len(singles)), np.int64(len(pairs))
    arcs = alone + 2 * together
    if arcs < 2:
        return 0
    table, dense = _table(np.int64(n), arcs)
    wide = np.int64(n)
    for k in range(alone):
        _add(table, dense, singles[k, 0] * wide + singles[k, 1])
    for k in range(together):
        for key in (pairs[k, 0] * wide + pairs[k, 1], pairs[k, 1] * wide + pairs[k, 0]):
            _add(table, dense, key)
    k0, k1, me = np.uint64(seed_low), np.uint64(seed_high), np.uint64(null)
    made = 0
    w2 = w3 = np.uint64(0)
    for t in range(tries):
        if t & 1:
            w0, w1 = w2, w3
        else:  # four words do for two tries
            w0, w1, w2, w3 = philox(np.uint64(t) & LOW, np.uint64(t) >> SHIFT, me, STREAM, k0, k1)
        i = np.int64((w0 * np.uint64(arcs)) >> SHIFT)
        if i < alone:
            j = np.int64((w1 * np.uint64(alone)) >> SHIFT)
            a, b, c, d = np.int64(singles[i, 0]), np.int64(singles[i, 1]), np.int64(singles[j, 0]), np.int64(singles[j, 1])
            if a in (c, d) or b in (c, d):
                continue
            if _has(table, dense, a * wide + d) or _has(table, dense, c * wide + b):
                continue
            if held and (_has(table, dense, d * wide + a) or _has(table, dense, b * wide + c)):
                continue
            _remove(table, dense, a * wide + b)
            _remove(table, dense, c * wide + d)
            for key in (a * wide + d, c * wide + b):
                _add(table, dense, key)
            singles[i, 1], singles[j, 1] = d, b
        else:
            i = (i - alone) >> 1
            j = np.int64((w1 * np.uint64(together)) >> SHIFT)
            # either end of the other pair, so that all partners can be had
            turned = np.int64(w1 & np.uint64(1))
            a, b, c, d = (
                np.int64(pairs[i, 0]),
                np.int64(pairs[i, 1]),
                np.int64(pairs[j, turned]),
                np.int64(pairs[j, 1 - turned]),
            )
            if i == j or a in (c, d) or b in (c, d):
                continue
            if _has(table, dense, a * wide + d) or _has(table, dense, d * wide + a):
                continue
            if _has(table, dense, c * wide + b) or _has(table, dense, b * wide + c):
                continue
            for key in (a * wide + b, b * wide + a, c * wide + d, d * wide + c):
                _remove(table, dense, key)
            for key in (a * wide + d, d * wide + a, c * wide + b, b * wide + c):
                _add(table, dense, key)
            pairs[i, 1] = d
            pairs[j, 0], pairs[j, 1] = c, b
        made += 1
    return made
