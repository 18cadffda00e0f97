"""Graphs of other libraries as synapses: SciPy's sparse matrices and NetworkX's graphs."""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.errors import DataError, brief
from maichong.topology.edges import Edges


def from_sparse(matrix: Any) -> Edges:
    """The stored entries of a SciPy sparse matrix or array [pre, post] as synapses, their values as weights.

    An entry that is stored is a synapse even where it is 0; entries that a COO matrix has twice are two synapses. A matrix of
    bool has no weights. Nothing is made dense.

    Raises DataError for what is no sparse matrix of two axes or holds other than real numbers.

    >>> from scipy.sparse import csr_array
    >>> edges = from_sparse(csr_array([[0.0, 2.0], [0.5, 0.0]]))
    >>> edges.pre, edges.post, edges.weight
    (array([0, 1]), array([1, 0]), array([2. , 0.5]))
    """
    from scipy import sparse

    if not sparse.issparse(matrix) or len(matrix.shape) != 2:
        fix = "use scipy.sparse.csr_array(...)" if isinstance(matrix, np.ndarray) else None
        raise DataError("from_sparse", "needs a SciPy sparse matrix [pre, post]", brief(matrix), fix)
    if matrix.dtype.kind not in "biuf":
        raise DataError("from_sparse", "the entries must be real numbers", str(matrix.dtype))
    entries = sparse.coo_array(matrix)
    pre, post = (np.asarray(index, np.int64) for index in entries.coords)
    weight = None if matrix.dtype.kind == "b" else entries.data.astype(np.float64)
    return Edges(pre, post, int(matrix.shape[0]), int(matrix.shape[1]), weight)


def from_networkx(graph: Any, *, weight: str | None = "weight", delay: str | None = "delay") -> Edges:
    """The edges of a NetworkX graph as synapses; nodes are numbered in the graph's order, ``names_pre`` says which is which.

    An edge of an undirected graph is two synapses, one each way (one where it joins a node to itself); parallel edges of a
    multigraph are so many synapses. ``weight`` and ``delay`` are the names of the attributes to read, which all edges have or
    none; None reads nothing.

    Raises DataError for what is no graph and attributes that some edges lack or that are no numbers.
    """
    if isinstance(graph, type) or not all(hasattr(graph, what) for what in ("is_directed", "nodes", "edges")):
        raise DataError("from_networkx", "needs a NetworkX graph", brief(graph))
    index = {node: k for k, node in enumerate(graph.nodes)}
    edges = [(index[a], index[b], data) for a, b, data in graph.edges(data=True)]
    if not graph.is_directed():
        edges += [(b, a, data) for a, b, data in edges if a != b]
    read = {"weight": weight, "delay": delay}
    numbers = {what: _attribute(edges, name) for what, name in read.items() if name is not None}
    pre, post = (np.array([edge[end] for edge in edges], np.int64) for end in (0, 1))
    names = [str(node) for node in index]
    return Edges(pre, post, len(index), len(index), **numbers, names_pre=names, names_post=names)


def _attribute(edges: list[tuple[int, int, dict[str, Any]]], name: str) -> np.ndarray | None:
    """One attribute of all edges; None where no edge has it."""
    values = [data.get(name) for _, _, data in edges]
    if all(value is None for value in values):
        return None
    if any(value is None for value in values):
        lacking = sum(value is None for value in values)
        raise DataError("from_networkx", f"all edges must have the attribute {name!r}, or none", f"{lacking} without")
    try:
        return np.array(values, np.float64)
    except (TypeError, ValueError):
        raise DataError("from_networkx", f"the attribute {name!r} must be a number") from None
