"""What a directed graph is here: distinct arcs between different nodes, and a record of what was left out to get there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.errors import DataError, ParameterError, brief

MOST_NODES = 2**31 - 1


@dataclass(frozen=True)
class Dropped:
    """What a graph of motifs has no place for, counted: arcs from a node to itself, repeated arcs, arcs of weight zero."""

    self_loops: int = 0
    repeated_arcs: int = 0
    zero_weights: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class DirectedGraph:
    """Nodes 0 ... n-1 and their arcs, as a compressed sparse row matrix without values.

    The targets of node u are ``targets[starts[u] : starts[u + 1]]``, sorted, int32; ``starts`` is int64 [n + 1]. ``names`` are
    those of the nodes, empty where they have none. ``dropped`` counts what was left out when `directed_graph` made it.

        >>> graph = directed_graph([0, 1, 2, 2], [1, 2, 0, 2])
        >>> graph
        DirectedGraph(3 nodes, 3 arcs, 0 mutual pairs)
        >>> graph.dropped.self_loops
        1
    """

    n: int
    starts: np.ndarray
    targets: np.ndarray
    names: tuple[str, ...] = ()
    dropped: Dropped = field(default_factory=Dropped)

    @property
    def arcs(self) -> int:
        """How many arcs there are."""
        return len(self.targets)

    @property
    def sources(self) -> np.ndarray:
        """The source of each arc, int32 [arcs], in the order of ``targets``."""
        return np.repeat(np.arange(self.n, dtype=np.int32), np.diff(self.starts))

    @property
    def out_degrees(self) -> np.ndarray:
        """int64 [n]"""
        return np.diff(self.starts)

    @property
    def in_degrees(self) -> np.ndarray:
        """int64 [n]"""
        return np.bincount(self.targets, minlength=self.n)

    @property
    def isolated(self) -> np.ndarray:
        """The nodes without an arc, int64."""
        return np.flatnonzero((self.out_degrees == 0) & (self.in_degrees == 0))

    @property
    def mutual_pairs(self) -> int:
        """How many pairs of nodes have arcs both ways."""
        both = self.matrix()
        return int(both.multiply(both.T).nnz) // 2

    @property
    def undirected(self) -> bool:
        """Whether every arc has one that goes back: an undirected graph, written both ways."""
        return self.arcs > 0 and 2 * self.mutual_pairs == self.arcs

    def matrix(self) -> Any:
        """The adjacency matrix, W[source, target], as a SciPy CSR array of int64 ones."""
        from scipy.sparse import csr_array

        return csr_array((np.ones(self.arcs, np.int64), self.targets, self.starts), shape=(self.n, self.n))

    def __repr__(self) -> str:
        return f"DirectedGraph({self.n:,} nodes, {self.arcs:,} arcs, {self.mutual_pairs:,} mutual pairs)"


def directed_graph(
    sources: Any, targets: Any, n: int | None = None, *, weights: Any = None, names: Sequence[str] = ()
) -> DirectedGraph:
    """The graph of the arcs sources[k] -> targets[k], whole numbers [arcs] in 0 ... n-1.

    ``n`` is the largest number plus one if left out (or as many as ``names``); give it where nodes without arcs come last. Arcs
    from a node to itself, arcs that were there before and, where ``weights`` are given, arcs of weight zero are left out and
    counted in ``dropped``. Nodes without arcs stay: they belong to triads too.

    Raises DataError for arrays that are no such numbers, or of different lengths, and ParameterError for a bad ``n``.

        >>> directed_graph([0, 0, 1], [1, 1, 0], 3).dropped.repeated_arcs
        1
    """
    where = "directed_graph"
    pre, post = _nodes(f"{where}.sources", sources), _nodes(f"{where}.targets", targets)
    if len(pre) != len(post):
        raise DataError(where, "must have one target for each source", f"{len(pre)} sources and {len(post)} targets")
    least = int(max(pre.max(initial=-1), post.max(initial=-1))) + 1
    n = _number_of_nodes(where, n, least, len(names))
    if names and len(names) != n:
        raise DataError(f"{where}.names", f"must have a name for each of {n} nodes", f"{len(names)} names")
    loops = pre == post
    gone = loops
    zero = 0
    if weights is not None:
        absent = _weights(f"{where}.weights", weights, len(pre)) == 0
        zero = int(np.count_nonzero(absent & ~loops))
        gone = loops | absent
    if gone.any():
        pre, post = pre[~gone], post[~gone]
    from maichong.motifs.kernels import sorted_arcs  # compiles

    starts, found = sorted_arcs(n, pre.astype(np.int32, copy=False), post.astype(np.int32, copy=False))
    dropped = Dropped(int(np.count_nonzero(loops)), len(pre) - len(found), zero)
    return DirectedGraph(n, starts, found, tuple(names), dropped)


def graph_of_matrix(matrix: Any, names: Sequence[str] = ()) -> DirectedGraph:
    """The graph of a square matrix W[source, target], dense or of SciPy: an arc where the entry is not zero.

    Raises DataError where it is not square or holds no numbers.

        >>> graph_of_matrix(np.eye(4, k=1)).arcs
        3
    """
    from scipy.sparse import coo_array, issparse

    if not issparse(matrix):
        try:
            matrix = np.asarray(matrix)
        except Exception:  # foreign objects fail in as many ways as there are types
            raise DataError("graph_of_matrix", "must be a square matrix of numbers", brief(matrix)) from None
        if matrix.ndim != 2 or matrix.dtype.kind not in "buif":
            raise DataError("graph_of_matrix", "must be a square matrix of numbers", brief(matrix))
        if not np.isfinite(matrix).all():
            raise DataError("graph_of_matrix", "must be finite", "NaN or infinity", "write 0 where there is no arc")
    if matrix.shape[0] != matrix.shape[1]:
        raise DataError("graph_of_matrix", "must be square", f"shape {matrix.shape}")
    entries = coo_array(matrix)
    return directed_graph(entries.row, entries.col, matrix.shape[0], weights=entries.data, names=names)


def checked_graph(where: str, graph: object, least: int = 1) -> DirectedGraph:
    """``graph``, if it is one of at least ``least`` nodes; raises ParameterError or DataError."""
    if not isinstance(graph, DirectedGraph):
        raise ParameterError(where, "must get a DirectedGraph", brief(graph), "make one with directed_graph(sources, targets)")
    if graph.n < least:
        raise DataError(where, f"needs a graph of at least {least} nodes", f"{graph.n} node{'' if graph.n == 1 else 's'}")
    return graph


def named_nodes(where: str, names: object, n: int, what: str) -> list[str]:
    """``names`` as a list with ``what``, a text, for each of ``n`` nodes; raises DataError."""
    try:
        listed = [] if isinstance(names, str) else list(names)  # pyright: ignore[reportArgumentType]
    except TypeError:
        listed = []
    if not listed or not all(isinstance(name, str) for name in listed):
        raise DataError(where, f"must be {what} for each of {n} nodes, as text", brief(names))
    if len(listed) != n:
        raise DataError(where, f"must be {what} for each of {n} nodes", f"{len(listed)} names")
    return [str(name) for name in listed]


def _nodes(where: str, values: Any) -> np.ndarray:
    try:
        array = np.asarray(values)
    except Exception:  # ragged lists and foreign objects
        raise DataError(where, "must be whole numbers [arcs]", brief(values)) from None
    if array.ndim == 1 and array.size == 0:
        return np.zeros(0, np.int64)
    if array.ndim != 1 or array.dtype.kind not in "ui":
        raise DataError(
            where, "must be whole numbers [arcs]", f"{array.dtype} of shape {array.shape}", "number the nodes from 0"
        )
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= MOST_NODES:
        raise DataError(where, f"must be between 0 and {MOST_NODES - 1}", f"{low if low < 0 else high}")
    return array


def _weights(where: str, values: Any, arcs: int) -> np.ndarray:
    try:
        array = np.asarray(values)
    except Exception:  # ragged lists and foreign objects
        raise DataError(where, "must be numbers [arcs]", brief(values)) from None
    if array.shape != (arcs,) or array.dtype.kind not in "buif":
        raise DataError(where, f"must be {arcs} numbers, one for each arc", f"{array.dtype} of shape {array.shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DataError(where, "must be finite", "NaN or infinity")
    return array


def _number_of_nodes(where: str, n: int | None, least: int, names: int) -> int:
    if n is None:
        return max(least, names)
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not least <= n < MOST_NODES:
        raise ParameterError(f"{where}.n", f"must be a whole number from {least}, one more than the largest node", brief(n))
    return int(n)
