"""Distances between neurons, straight or around a torus, and who is near whom without looking at everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

MOST_AT_ONCE = 2**21
"""Pairs that are looked at together: bounds the memory that is taken."""
LEAST = 4
"""The least number of sources that stand for all, however many targets there are."""


@dataclass(frozen=True, eq=False)
class Space:
    """Two sets of points, ``pre`` and ``post`` [n, axes], and the ``period`` of each axis, 0 where it does not close."""

    pre: np.ndarray
    post: np.ndarray
    period: np.ndarray

    def distances(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """The Euclidean distances of the points pre[i] from post[j], float64; on a closed axis the shortest way counts."""
        from maichong.topology.pair_kernels import measure  # compiles

        out = np.empty(i.size)
        measure(self.pre, self.post, i, j, self.period, out)
        return out

    def sampled(self, pairs: int = 2**20) -> np.ndarray:
        """The distances from some sources to all targets, float64 [sources, targets]: from all where pairs are few, else from one
        of each stretch of the list, by chance: evenly chosen ones would stand at the border of a grid, or in one of its columns."""
        n_pre, n_post = len(self.pre), len(self.post)
        number = min(n_pre, max(LEAST, pairs // max(n_post, 1)))
        edges = np.arange(number + 1) * n_pre // max(number, 1)
        chosen = np.random.default_rng(0).integers(edges[:-1], edges[1:])
        found = self.distances(np.repeat(chosen, n_post), np.tile(np.arange(n_post), number))
        return found.reshape(number, n_post)

    def neighbours(self, radius: float, per_source: float) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """All pairs at most ``radius`` apart, as arrays of sources, targets and distances, block by block of the sources.

        A k-d tree finds them, so that what is far apart costs nothing; ``per_source`` is how many a source has about.
        """
        from scipy.spatial import KDTree

        there = KDTree(self._wrapped(self.post), boxsize=self.period)
        block = max(1, int(MOST_AT_ONCE / max(per_source, 1.0)))
        for start in range(0, len(self.pre), block):
            here = KDTree(self._wrapped(self.pre[start : start + block]), boxsize=self.period)
            # the tree rounds in its own way: a little more is asked for, and the one formula of distances decides
            found = here.sparse_distance_matrix(there, radius * (1 + 1e-9) + 1e-300, output_type="ndarray")
            i, j = found["i"].astype(np.int64) + start, found["j"].astype(np.int64)
            apart = self.distances(i, j)
            near = apart <= radius
            yield i[near], j[near], apart[near]

    def _wrapped(self, points: np.ndarray) -> np.ndarray:
        """The points inside the box [0, period) of the axes that close."""
        closed = self.period > 0
        inside = np.where(closed, points % np.where(closed, self.period, 1.0), points)
        # of a tiny negative number the remainder is the period itself, by rounding
        return np.where(closed & (inside >= self.period), 0.0, inside)
