"""Distances between neurons, straight or around a torus, and who is near whom without looking at everybody."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

MOST_AT_ONCE = 2**22
"""Pairs that are looked at together: bounds the memory that is taken."""


def distances(a: np.ndarray, b: np.ndarray, period: np.ndarray | None = None) -> np.ndarray:
    """The Euclidean distances of the points ``a`` [..., axes] from ``b`` [..., axes], float64 [...].

    With a ``period`` [axes] space is a torus, and the shortest way counts.
    """
    apart = np.abs(a - b)
    if period is not None:
        apart %= period
        apart = np.minimum(apart, period - apart)
    return np.sqrt((apart * apart).sum(axis=-1))


def neighbours(
    pre: np.ndarray, post: np.ndarray, radius: float, period: np.ndarray | None, per_source: float
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """All pairs at most ``radius`` apart, as arrays of sources, targets and distances, block by block of the sources.

    A k-d tree finds them, so that what is far apart costs nothing; ``per_source`` is how many a source has about.
    """
    from scipy.spatial import cKDTree

    if not pre.size or not post.size:
        return
    box = None if period is None else period
    there = cKDTree(_wrapped(post, period), boxsize=box)
    block = max(1, int(MOST_AT_ONCE / max(per_source, 1.0)))
    for start in range(0, len(pre), block):
        here = cKDTree(_wrapped(pre[start : start + block], period), boxsize=box)
        # the tree rounds in its own way: a little more is asked for, and the one formula above decides
        found = here.sparse_distance_matrix(there, radius * (1 + 1e-9) + 1e-300, output_type="ndarray")
        i, j = found["i"].astype(np.int64) + start, found["j"].astype(np.int64)
        apart = distances(pre[i], post[j], period)
        near = apart <= radius
        yield i[near], j[near], apart[near]


def sampled(pre: np.ndarray, post: np.ndarray, period: np.ndarray | None, pairs: int = 2**20) -> np.ndarray:
    """The distances from evenly chosen sources to all targets, float64 [sources, targets]: from all where pairs are few."""
    number = min(len(pre), max(1, pairs // max(len(post), 1)))
    chosen = np.linspace(0, len(pre) - 1, number).round().astype(np.int64)
    return np.stack([distances(pre[i], post, period) for i in chosen]) if len(pre) else np.zeros((0, len(post)))


def _wrapped(points: np.ndarray, period: np.ndarray | None) -> np.ndarray:
    """The points inside the box [0, period)."""
    if period is None:
        return points
    inside = points % period
    # of a tiny negative number the remainder is the period itself, by rounding
    return np.where(inside >= period, 0.0, inside)
