"""Which triads of typed nodes, such as excitatory and inhibitory ones, a graph has more or fewer of than its null model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from maichong.motifs.census import TypedTriad, checked_threads, checked_types, counts_of_types, typed_triads
from maichong.motifs.expected import of_types
from maichong.motifs.graph import DirectedGraph, checked_graph
from maichong.motifs.nulls import NULLS, QUALITY, Arcs, censuses_of, checked_null, over_nulls
from maichong.motifs.significance import Significance, beside
from maichong.motifs.triads import CONNECTED

TYPED_NULLS = (*NULLS, "types")
"""What `typed_significance` compares with: the null models of triads, and arcs by chance as dense between types as they are."""


def typed_significance(
    graph: DirectedGraph,
    types: Sequence[str],
    null: str = "degree-mutual",
    nulls: int = 1000,
    *,
    quality: float = QUALITY,
    seed: int = 0,
    threads: int | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Significance[TypedTriad]:
    """Compare the triads of ``graph`` by the types of their nodes with ``nulls`` networks; ``types`` [n] names one for each node.

    As `significance`, with the counts of `typed_census`, by (MAN name, (type of a, of b, of c)). Each node keeps its type in every
    null model. What else is kept decides the answer:

    * "degree" and "degree-mutual": the in- and out-degree (and number of mutual pairs) of each node. How many arcs go from one type
      to another is not kept, so a triad also stands out where its types are joined more than their degrees make them.
    * "none": the number of arcs, in the mean. Each arc by chance alone; closed form.
    * "types": the number of arcs from each type to each, in the mean, and no degrees. Each arc by the chance of its types; closed
      form, no networks are drawn.

    Raises ParameterError for another null model, number, quality, seed or too many types, and DataError for a graph of fewer than
    three nodes or another number of types than of nodes.

        >>> from maichong.motifs import directed_graph, typed_significance
        >>> chain = directed_graph(range(29), range(1, 30))
        >>> found = typed_significance(chain, ["E", "E", "I"] * 10, "none")
        >>> found.census["021C", ("E", "E", "I")]
        10

    Milo et al. 2002, doi:10.1126/science.298.5594.824; Holland & Leinhardt 1976, doi:10.2307/270703.
    """
    where = "typed_significance"
    graph = checked_graph(where, graph, 3)
    null = checked_null(where, null, TYPED_NULLS)
    names, of_node = checked_types(where, types, graph.n)
    k, threads = len(names), checked_threads(where, threads)
    counts, triads = counts_of_types(graph, of_node, k, threads), typed_triads(names)
    census, connected = dict(zip(triads, counts.tolist(), strict=True)), np.isin([man for man, _ in triads], CONNECTED)
    if null in ("none", "types"):
        sizes = np.bincount(of_node, minlength=k)
        possible = np.outer(sizes, sizes) - np.diag(sizes)
        arcs = arcs_of_types(graph, of_node, k)
        if null == "none":
            arcs, possible = np.full_like(arcs, arcs.sum()), np.full_like(possible, possible.sum())
        moments = of_types(sizes, arcs / np.maximum(possible, 1))
        return beside(null, triads, connected, census, counts, moments=moments)

    def count(_: int, networks: Sequence[Arcs]) -> np.ndarray:
        return censuses_of(graph.n, networks, of_node, k)

    drawn = over_nulls(where, graph, null, nulls, count, quality=quality, seed=seed, threads=threads, tell=tell)
    return beside(null, triads, connected, census, counts, drawn)


def arcs_of_types(graph: DirectedGraph, of_node: np.ndarray, k: int) -> np.ndarray:
    """How many arcs go from each of ``k`` types to each, int64 [k, k]; ``of_node`` [n] are the types in 0 ... k - 1."""
    found = np.zeros((k, k), np.int64)
    np.add.at(found, (of_node[graph.sources], of_node[graph.targets]), 1)
    return found
