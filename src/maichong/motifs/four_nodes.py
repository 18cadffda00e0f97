"""Motifs of four nodes: all connected sub-networks of four, or an unbiased sample of them.

There are 199 ways in which four nodes can hang together. Each is known by its mfinder number: the smallest number that the sixteen
entries of its adjacency matrix spell in binary, entry (i, j) being bit 4 i + j; 204 is the bi-fan, 904 the bi-parallel.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.motifs.census import checked_threads
from maichong.motifs.graph import DirectedGraph, checked_graph
from maichong.motifs.nulls import checked_seed

NAMES = {204: "bi-fan", 904: "bi-parallel"}
PAIRS = tuple(combinations(range(4), 2))
"""The dyads of four nodes in the order of their digits in a code to base 4."""
REPEATS = 8
"""Independent samples, whose spread tells the error of their mean."""
PILOT = 10_000
"""Sub-networks, about and at most, that are looked at to learn how many there are."""
PILOT_STREAM = 2**31
"""The repetition that they count as: of random numbers that no other one draws."""


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
    graph: DirectedGraph, *, share: float = 1.0, repeats: int = REPEATS, seed: int = 0, threads: int | None = None
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
    where = "four_node_census"
    graph = checked_graph(where, graph, 4)
    share, times = checked_share(where, share, repeats)
    met = met_in_parts(graph, share, times, checked_seed(where, seed), checked_threads(where, threads))
    occur = np.flatnonzero(met.any(axis=0))
    of = {four_node_motifs()[k]: met[:, k] for k in occur.tolist()}
    if share == 1:
        return FourNodeCensus({number: int(each[0]) for number, each in of.items()}, None, int(met.sum()))
    mean = {number: float(each.mean()) / share for number, each in of.items()}
    error = {number: float(each.std(ddof=1)) / share / float(np.sqrt(times)) for number, each in of.items()}
    return FourNodeCensus(mean, error, int(met.sum()))


def share_of(graph: DirectedGraph, samples: int, *, repeats: int = REPEATS, seed: int = 0) -> float:
    """The ``share`` with which `four_node_census` visits about so many ``samples`` in all; 1 if there are no more than these.

    How many sub-networks there are is estimated from a few thousand of them, to some percent.

    Raises ParameterError for a number of samples that is none, a bad number of repeats or seed, DataError for a graph of fewer than
    four nodes.

        >>> from maichong.motifs import directed_graph, share_of
        >>> share_of(directed_graph([0, 0, 1, 1], [2, 3, 2, 3]), 100)
        1.0
    """
    where = "share_of"
    graph = checked_graph(where, graph, 4)
    if isinstance(samples, bool) or not isinstance(samples, int | np.integer) or not 1 <= samples <= 10**12:
        raise ParameterError(f"{where}.samples", "must be a whole number of sub-networks between 1 and 10**12", brief(samples))
    key = checked_seed(where, seed)
    _, times = checked_share(where, 0.5, repeats)
    # four nodes that hang together have a tree of three dyads, a path or a star, and at most sixteen of them
    a = graph.matrix()
    both = ((a + a.T) > 0).astype(np.int64)
    d = both.sum(axis=1)
    paths = float((d - 1) @ (both @ (d - 1))) / 2 - float((both @ both).multiply(both).sum()) / 2
    trees = paths + float((d * (d - 1.0) * (d - 2.0)).sum()) / 6
    if trees <= samples:
        return 1.0
    pilot = min(1.0, PILOT / trees)
    there = (
        float(met_of_arcs(graph.n, graph.starts, graph.targets, pilot, range(PILOT_STREAM, PILOT_STREAM + 1), key).sum())
        / pilot
    )
    return 1.0 if there <= samples else samples / times / there


def met_in_parts(graph: DirectedGraph, share: float, times: int, key: tuple[int, int], threads: int) -> np.ndarray:
    """How many of each of `four_node_motifs` are met, int64 [times, 199], by several threads."""
    from maichong.motifs.esu import visit  # compiles

    near = _neighbours(graph.n, graph.starts, graph.targets)
    step = 8 * threads
    parts = [(time, first) for time in range(times) for first in range(step)]

    def part(of: tuple[int, int]) -> np.ndarray:
        found = np.zeros(4096, np.int64)
        # every so many-th root: hubs lie together in many files
        visit(graph.n, *near, of[1], step, float(np.sqrt(share)), of[0], *key, found)
        return found

    met = np.zeros((times, 4096), np.int64)
    with ThreadPoolExecutor(threads) as pool:
        for (time, _), found in zip(parts, pool.map(part, parts), strict=True):
            met[time] += found
    return by_motif(met)


def met_of_arcs(n: int, starts: Any, targets: Any, share: float, times: range, key: tuple[int, int]) -> np.ndarray:
    """The same of a graph of these arcs, in one thread and with the streams ``times``."""
    from maichong.motifs.esu import visit  # compiles

    near, met = _neighbours(n, starts, targets), np.zeros((len(times), 4096), np.int64)
    for found, time in zip(met, times, strict=True):
        visit(n, *near, 0, 1, float(np.sqrt(share)), time, *key, found)
    return by_motif(met)


def _neighbours(n: int, starts: Any, targets: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts, the neighbours of each node and the states of the dyads, as `esu.visit` takes them."""
    from scipy.sparse import csr_array

    a = csr_array((np.ones(len(targets), np.int64), targets, starts), shape=(n, n))
    near = (a + 2 * a.T).tocsr()
    near.sort_indices()
    return near.indptr, near.indices, near.data.astype(np.uint8)


def checked_share(where: str, share: object, repeats: object) -> tuple[float, int]:
    """The share and how often it is visited: once if it is 1; raises ParameterError."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise ParameterError(f"{where}.share", "must be a share > 0 and at most 1", brief(share))
    if isinstance(repeats, bool) or not isinstance(repeats, int) or not 2 <= repeats <= 10_000:
        raise ParameterError(f"{where}.repeats", "must be a whole number between 2 and 10,000", brief(repeats))
    return float(share), 1 if share == 1 else repeats


def by_motif(codes: np.ndarray) -> np.ndarray:
    """Counts of the 4096 codes, int64 [..., 4096], as those of `four_node_motifs`, [..., 199]."""
    of = class_of_code()
    order = np.argsort(of, kind="stable")
    first = np.searchsorted(of[order], np.arange(len(four_node_motifs()) + 1))
    return np.add.reduceat(codes[..., order], first, axis=-1)[..., :-1]


@cache
def four_node_motifs() -> tuple[int, ...]:
    """The mfinder numbers of the 199 motifs of four nodes, the smallest first.

    >>> len(four_node_motifs()), four_node_motifs()[0]
    (199, 14)
    """
    return tuple(np.unique(motif_of_code()[_connected()]).tolist())


@cache
def class_of_code() -> np.ndarray:
    """The place of each of the 4096 codes in `four_node_motifs`, int64; 199 for those that do not hang together."""
    return np.where(_connected(), np.searchsorted(four_node_motifs(), motif_of_code()), len(four_node_motifs()))


def matrix_of(motif: int) -> np.ndarray:
    """The adjacency matrix that an mfinder number of four nodes spells, int64 [4, 4].

    >>> matrix_of(204)[:2, 2:].tolist()  # two nodes that both send to two others
    [[1, 1], [1, 1]]
    """
    return (motif >> np.arange(16) & 1).reshape(4, 4)


def _connected() -> np.ndarray:
    """Which of the 4096 codes hang together, bool."""
    joined = _matrices()
    joined = joined + joined.transpose(0, 2, 1) + np.eye(4, dtype=np.int64)
    return np.linalg.matrix_power(joined, 3).min(axis=(1, 2)) > 0


@cache
def motif_of_code() -> np.ndarray:
    """The mfinder number of each of the 4096 codes, int64: the states of the six dyads as digits to base 4."""
    matrices, bits = _matrices(), 1 << np.arange(16)
    orders = [matrices[:, order][:, :, order].reshape(4096, 16) @ bits for order in map(list, permutations(range(4)))]
    return np.min(orders, axis=0)


def _matrices() -> np.ndarray:
    """The adjacency matrices of the 4096 codes, int64 [4096, 4, 4]."""
    matrices = np.zeros((4096, 4, 4), np.int64)
    for k, (i, j) in enumerate(PAIRS):
        state = np.arange(4096) >> 2 * k & 3
        matrices[:, i, j], matrices[:, j, i] = state & 1, state >> 1
    return matrices
