"""Motifs of four nodes: all connected sub-networks of four, or an unbiased sample of them.

There are 199 ways in which four nodes can hang together. Each is known by its mfinder number: the smallest number that the sixteen
entries of its adjacency matrix spell in binary, entry (i, j) being bit 4 i + j; 204 is the bi-fan, 904 the bi-parallel.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.motifs.census import checked_threads
from maichong.motifs.graph import DirectedGraph, checked_graph
from maichong.motifs.nulls import checked_seed

NAMES = {204: "bi-fan", 904: "bi-parallel"}
PAIRS = tuple(combinations(range(4), 2))
"""The dyads of four nodes in the order of their digits in a code to base 4."""


@dataclass(frozen=True)
class FourNodeCensus:
    """Connected sub-networks of four nodes by mfinder number, those that were met.

    ``counts`` are exact whole numbers, or estimates where only a share was visited; ``std_error`` are then their standard errors,
    from independent repetitions, and None otherwise. ``visited`` is how many sub-networks were looked at.
    """

    counts: dict[int, float]
    std_error: dict[int, float] | None
    visited: int


def four_node_census(
    graph: DirectedGraph, *, share: float = 1.0, repeats: int = 8, seed: int = 0, threads: int | None = None
) -> FourNodeCensus:
    """How many of each motif of four nodes ``graph`` has; with ``share`` < 1 about that share of the sub-networks is visited.

    ESU grows every connected set of nodes once, from its lowest node. RAND-ESU follows a branch with a chance only (here the root
    of ``share`` at the third node and at the fourth), so that every sub-network is met with the same chance ``share`` and
    met / share is unbiased (Wernicke 2006, doi:10.1109/TCBB.2006.51). It is done ``repeats`` times, each anew: the mean is the
    estimate. A share of 1 is exact and done once. The same for any number of ``threads``.

    Raises ParameterError for a share outside (0, 1], a bad number of repeats or seed, DataError for a graph of fewer than four
    nodes.

        >>> from maichong.motifs import directed_graph, four_node_census
        >>> four_node_census(directed_graph([0, 0, 1, 1], [2, 3, 2, 3])).counts
        {204: 1}

    Not for dense graphs in full: there are of the order of n d^3 sub-networks for degrees d.
    """
    from maichong.motifs.esu import visit  # compiles

    where = "four_node_census"
    graph = checked_graph(where, graph, 4)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise ParameterError(f"{where}.share", "must be a share > 0 and at most 1", brief(share))
    if isinstance(repeats, bool) or not isinstance(repeats, int) or not 2 <= repeats <= 10_000:
        raise ParameterError(f"{where}.repeats", "must be a whole number between 2 and 10,000", brief(repeats))
    low, high = checked_seed(where, seed)
    threads = checked_threads(where, threads)
    a = graph.matrix()
    near = (a + 2 * a.T).tocsr()
    near.sort_indices()
    states = near.data.astype(np.uint8)
    branch = float(np.sqrt(share))
    times = 1 if share == 1 else repeats
    parts = [(time, first) for time in range(times) for first in range(8 * threads)]

    def part(of: tuple[int, int]) -> np.ndarray:
        found = np.zeros(4096, np.int64)
        # every so many-th root: hubs lie together in many files
        visit(graph.n, near.indptr, near.indices, states, of[1], 8 * threads, branch, of[0], low, high, found)
        return found

    met = np.zeros((times, 4096), np.int64)
    with ThreadPoolExecutor(threads) as pool:
        for (time, _), found in zip(parts, pool.map(part, parts), strict=True):
            met[time] += found
    ids = motif_of_code()
    met_of = {number: met[:, ids == number].sum(axis=1) for number in np.unique(ids[met.any(axis=0)]).tolist()}
    if share == 1:
        return FourNodeCensus({number: int(of[0]) for number, of in met_of.items()}, None, int(met.sum()))
    mean = {number: float(of.mean()) / share for number, of in met_of.items()}
    error = {number: float(of.std(ddof=1)) / share / float(np.sqrt(times)) for number, of in met_of.items()}
    return FourNodeCensus(mean, error, int(met.sum()))


@cache
def motif_of_code() -> np.ndarray:
    """The mfinder number of each of the 4096 codes, int64: the states of the six dyads as digits to base 4."""
    matrices = np.zeros((4096, 4, 4), np.int64)
    for k, (i, j) in enumerate(PAIRS):
        state = np.arange(4096) >> 2 * k & 3
        matrices[:, i, j], matrices[:, j, i] = state & 1, state >> 1
    bits = 1 << np.arange(16)
    orders = [matrices[:, order][:, :, order].reshape(4096, 16) @ bits for order in map(list, permutations(range(4)))]
    return np.min(orders, axis=0)
