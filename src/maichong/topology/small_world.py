"""Small worlds: a ring whose arcs are partly laid anew at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief
from maichong.spec.quantities import is_number
from maichong.topology.connectors import Connector, Pairs, check_same_size


@dataclass(frozen=True, eq=False)
class SmallWorld(Connector):
    """Watts and Strogatz's ring with directed arcs: each neuron to its ``k`` nearest, each arc laid anew with probability ``p``.

    On a ring of n neurons each projects to k / 2 neighbours on either side. An arc that is laid anew keeps its source and takes a
    target drawn evenly from those that the source does not reach yet, never itself: out-degrees stay k. The two arcs between
    neighbours are laid anew independently, so that for p > 0 the graph is not symmetric.

    With p = 0 the clustering is 3 (k - 2) / (4 (k - 1)) and paths have a mean length of about n / (2 k); small p shortens paths
    while clustering falls as (1 - p)^3 only.

    Raises ParameterError for a ``k`` that is no even whole number >= 0 or a ``p`` outside 0 to 1; NetworkError for populations of
    different sizes, or too few neurons for ``k`` neighbours.

    Not where distances in a plane or in space matter: see DistanceProbability.

    Source: Watts & Strogatz 1998, doi:10.1038/30918; clustering by p: Barrat & Weigt 2000, doi:10.1007/s100510050067.

    >>> import numpy as np
    >>> pre, post = SmallWorld(k=2, p=0.0).pairs(4, 4, np.random.default_rng(0))
    >>> post.reshape(4, 2).tolist()
    [[1, 3], [0, 2], [1, 3], [0, 2]]
    """

    k: int
    p: float
    kind: ClassVar[str] = "small_world"
    drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not isinstance(self.k, (int, np.integer)) or not 0 <= self.k < 2**31 or self.k % 2:
            raise ParameterError("SmallWorld.k", "must be an even whole number >= 0", brief(self.k))
        if not is_number(self.p) or not 0 <= self.p <= 1:
            raise ParameterError("SmallWorld.p", "must be a probability between 0 and 1", brief(self.p))
        object.__setattr__(self, "k", int(self.k))
        object.__setattr__(self, "p", float(self.p))

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        check_same_size(self, n_pre, n_post, where)
        if self.k >= n_pre:
            raise NetworkError(
                where, f"SmallWorld with k = {self.k} needs more than {self.k} neurons", n_pre, "take a smaller k"
            )

    def expected(self, n_pre: int, n_post: int) -> float:
        return float(self.k) * n_pre

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        n, half = n_pre, self.k // 2
        sources = np.arange(n)
        steps = np.concatenate([np.arange(1, half + 1), -np.arange(1, half + 1)])
        targets = (sources[:, None] + steps) % n
        free = n - 1 - self.k
        for column in range(self.k if free else 0):
            rows = np.flatnonzero(rng.random(n) < self.p)
            # the r-th of the free ones: r, and one more for each taken one that comes before it
            taken = np.sort(np.column_stack([targets[rows], sources[rows]]), axis=1)
            chosen = rng.integers(free, size=rows.size)
            targets[rows, column] = chosen + (taken - np.arange(self.k + 1) <= chosen[:, None]).sum(axis=1)
        return np.repeat(sources, self.k), np.sort(targets, axis=1).reshape(-1)
