"""How many of each triad a graph has: in all, around each node, and by the types of the nodes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from math import comb, prod
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.motifs.coloured import Classes, classes, label
from maichong.motifs.graph import DirectedGraph, checked_graph, named_nodes
from maichong.motifs.triads import BACKWARD, CONNECTED, FORWARD, MAN, MUTUAL

ALONE = 200_000
"""Arcs up to which one thread is as quick as several."""
MOST_TYPES = 8
TypedTriad = tuple[str, tuple[str, str, str]]
"""A MAN name and the types of a, b and c."""

FROM_FIRST = (BACKWARD, FORWARD, MUTUAL)
"""The state of the dyad ab where a is a target, a source or both to b."""
TO_SECOND = (FORWARD, BACKWARD, MUTUAL)
"""The same of the dyad bc, and c."""


def triad_census(graph: DirectedGraph, *, threads: int | None = None) -> dict[str, int]:
    """How many of each of the sixteen triads ``graph`` has, by MAN name from "003" to "300"; exact.

    Every three nodes are one triad, so the counts add up to n (n-1) (n-2) / 6. ``threads`` is the number of processors if left out.
    O(dyads**1.5) at worst; `motifs.algebra` does the same in readable matrices.

    Raises ParameterError for what is no graph, and DataError for a graph of fewer than three nodes.

        >>> from maichong.motifs import directed_graph, triad_census
        >>> triad_census(directed_graph([0, 1, 0], [1, 2, 2]))["030T"]
        1

    P. Holland and S. Leinhardt 1970, doi:10.1086/224954. Not for graphs with arcs of several kinds: choose one kind first.
    """
    graph = checked_graph("triad_census", graph, 3)
    counts = counts_of_types(graph, np.zeros(graph.n, np.int64), 1, checked_threads("triad_census", threads))
    census = dict(zip(MAN, counts.tolist(), strict=True))
    # what has no arc goes beyond 64 bits from four million nodes on
    census["003"] = comb(graph.n, 3) - sum(count for man, count in census.items() if man != "003")
    return census


def node_census(graph: DirectedGraph) -> np.ndarray:
    """How many of each triad every node is in, int64 [n, 16], columns in the order of `MAN`; each row adds up to (n-1) (n-2) / 2.

    Raises ParameterError for what is no graph, and DataError for a graph of fewer than three nodes.

        >>> from maichong.motifs import MAN, directed_graph, node_census
        >>> node_census(directed_graph([0, 0], [1, 2], 4))[:, MAN.index("021D")].tolist()
        [1, 1, 1, 0]
    """
    from maichong.motifs import kernels  # compiles

    graph = checked_graph("node_census", graph, 3)
    one, n = classes(1), graph.n
    types = np.zeros(n, np.int64)
    rows, others, states, nodes = kernels.oriented(n, graph.starts, graph.targets)
    degrees = kernels.neighbours(n, rows, others, states, types, 1)
    closed, wedges = (np.zeros((n, len(one)), np.int64) for _ in range(2))
    kernels.triangles_of_nodes(n, rows, others, states, one.of_label, closed)
    kernels.wedges_of_nodes(n, rows, others, states, degrees, wedge_classes(1)[0], wedges)
    # a dyad and a third node: the node is in the dyad, or it is the third
    own = np.stack([degrees[:, 0] + degrees[:, 1], degrees[:, 2]], axis=1)
    dyads = np.zeros_like(closed)
    dyads[:, [MAN.index("012"), MAN.index("102")]] = own * (n - 2) + (own.sum(axis=0) // 2 - own)
    empty = np.zeros_like(closed)
    empty[:, 0] = comb(n - 1, 2)
    found = np.empty_like(closed)
    found[nodes] = one.recover(closed, wedges, dyads, empty)
    return found


@dataclass(frozen=True)
class TypedCensus:
    """Triads by the types of their nodes, such as excitatory and inhibitory.

    ``counts`` has for (MAN name, (type of a, of b, of c)) how many there are; a, b and c are those of `Triad.arcs`: b is the
    centre of an open triad, and 030T is a -> b -> c with a -> c. Of orders that are the same triad the first of ``types`` stands.
    Zeros are listed too: 104 triads for two types.
    """

    types: tuple[str, ...]
    counts: Mapping[TypedTriad, int]

    def of(self, man: str) -> dict[tuple[str, str, str], int]:
        """The counts of one MAN name by types."""
        return {types: count for (name, types), count in self.counts.items() if name == man}


def typed_census(graph: DirectedGraph, types: Sequence[str], *, threads: int | None = None) -> TypedCensus:
    """How many of each triad there are by the types of their nodes; ``types`` [n] names one for each node.

    Up to eight different types. Raises ParameterError for what is no graph and for too many types, and DataError for a graph of
    fewer than three nodes or another number of types than of nodes.

        >>> from maichong.motifs import directed_graph, typed_census
        >>> census = typed_census(directed_graph([0, 1], [1, 2]), ["E", "E", "I"])
        >>> census.counts["021C", ("E", "E", "I")]
        1
    """
    where = "typed_census"
    graph = checked_graph(where, graph, 3)
    names, of_node = checked_types(where, types, graph.n)
    counts = counts_of_types(graph, of_node, len(names), checked_threads(where, threads))
    return TypedCensus(names, dict(zip(typed_triads(names), counts.tolist(), strict=True)))


def checked_types(where: str, types: object, n: int) -> tuple[tuple[str, ...], np.ndarray]:
    """The different types, sorted, and which of them each of ``n`` nodes is, int64 [n]; raises ParameterError or DataError."""
    given = named_nodes(f"{where}.types", types, n, "the name of a type")
    names = tuple(sorted(set(given)))
    if len(names) > MOST_TYPES:
        fix = "join types to fewer"
        raise ParameterError(f"{where}.types", f"must be at most {MOST_TYPES} different types", f"{len(names)}", fix)
    place = {name: index for index, name in enumerate(names)}
    return names, np.array([place[name] for name in given], np.int64)


def typed_triads(names: Sequence[str]) -> tuple[TypedTriad, ...]:
    """The triads of the types ``names`` in the order of ``classes``, as `TypedCensus` calls them."""
    return tuple((man, (names[a], names[b], names[c])) for man, (a, b, c) in classes(len(names)).names)


def shares(census: Mapping[str, int]) -> dict[str, float]:
    """The share of each of the thirteen connected triads among all of them; all zero where there is none."""
    total = sum(census[man] for man in CONNECTED)
    return {man: census[man] / total if total else 0.0 for man in CONNECTED}


def counts_of_types(graph: DirectedGraph, types: np.ndarray, k: int, threads: int) -> np.ndarray:
    """The counts of ``classes(k)``, int64 [classes], for types [n] in 0 ... k - 1."""
    found = raw_counts(graph.n, graph.starts, graph.targets, types, k, threads if graph.arcs > ALONE else 1)
    return recovered(classes(k), *found, np.bincount(types, minlength=k))


def raw_counts(
    n: int, starts: Any, targets: Any, types: np.ndarray, k: int, threads: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The triangles, wedges and dyads of a graph by types of their nodes, as `recovered` takes them."""
    from maichong.motifs import kernels  # compiles

    rows, others, states, nodes = kernels.oriented(n, starts, targets)
    types = types[nodes]
    near = kernels.neighbours(n, rows, others, states, types, k)
    return _triangles(rows, others, states, types, k, threads), kernels.wedges(near, types, k), _dyads(near, types, k)


def _triangles(rows: Any, others: Any, states: Any, types: np.ndarray, k: int, threads: int) -> np.ndarray:
    from maichong.motifs import kernels  # compiles

    n = len(types)

    def part(first: int, last: int) -> np.ndarray:
        counts = np.zeros(64 * k**3, np.int64)
        kernels.triangles(rows, others, states, types, k, first, last, np.zeros(n, np.uint8), counts)
        return counts

    if threads == 1:
        return part(0, n)
    # more parts than threads, of as many dyads each: rows of hubs cost more, and nobody knows which
    bounds = np.searchsorted(rows, np.linspace(0, rows[-1], 8 * threads + 1)[1:-1]).tolist()
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(part, [0, *bounds], [*bounds, n]), start=np.zeros(64 * k**3, np.int64))


def _dyads(near: np.ndarray, types: np.ndarray, k: int) -> np.ndarray:
    """Arcs that nobody answers and mutual pairs by the types of their ends, int64 [2, k, k]: of the source, of the target."""
    found = np.zeros((2, k, k), np.int64)
    np.add.at(found[0], types, near[:, :k])
    np.add.at(found[1], types, near[:, 2 * k :])
    # each end has counted a pair: of two types in [s, t] and [t, s], of one type twice
    found[1] = np.triu(found[1]) - np.diag(np.diag(found[1]) // 2)
    return found


def recovered(kinds: Classes, triangles: np.ndarray, wedges: np.ndarray, dyads: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The counts of all classes, int64 [..., classes], from what the kernels found.

    That is ``triangles`` [..., 64 k**3], ``wedges`` [..., k, 3 k, 3 k] and ``dyads`` [..., 2, k, k]; ``sizes`` [k] counts the nodes
    of each type.
    """
    k, lead = kinds.types, triangles.shape[:-1]
    closed, open_, single, empty = (np.zeros((*lead, len(kinds)), np.int64) for _ in range(4))
    of_wedge = wedge_classes(k)
    upper = np.triu(np.ones((3 * k, 3 * k), bool))
    # NumPy's stubs do not know the dots
    np.add.at(closed, (..., kinds.of_label), triangles)  # pyright: ignore[reportArgumentType]
    np.add.at(open_, (..., of_wedge[:, upper]), wedges[..., upper])  # pyright: ignore[reportArgumentType]
    for state, kind in ((FORWARD, 0), (MUTUAL, 1)):
        for s in range(k):
            for t in range(k):
                for third in range(k):
                    at = kinds.of_label[label(state, (s, t, third), k)]
                    single[..., at] += dyads[..., kind, s, t] * (sizes[third] - (third == s) - (third == t))
    for a in range(k):
        for b in range(a, k):
            for c in range(b, k):
                threes = prod(comb(int(sizes[t]), (a, b, c).count(t)) for t in {a, b, c})
                # wraps round from four million nodes on; triad_census counts these in whole numbers
                empty[..., kinds.of_label[label(0, (a, b, c), k)]] = np.uint64(threes % 2**64).astype(np.int64)
    return kinds.recover(closed, open_, single, empty)


@cache
def wedge_classes(k: int) -> np.ndarray:
    """The class of a wedge by the type of its centre and what both ends are to it, int64 [k, 3 k, 3 k]."""
    kinds, found = classes(k), np.empty((k, 3 * k, 3 * k), np.int64)
    for centre in range(k):
        for i in range(3 * k):
            for j in range(3 * k):
                code = FROM_FIRST[i // k] | TO_SECOND[j // k] << 4
                found[centre, i, j] = kinds.of_label[label(code, (i % k, centre, j % k), k)]
    return found


def checked_threads(where: str, threads: int | None) -> int:
    """How many threads to use; as many as there are processors if None."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= 1024:
        raise ParameterError(f"{where}.threads", "must be a whole number between 1 and 1024", brief(threads))
    return threads
