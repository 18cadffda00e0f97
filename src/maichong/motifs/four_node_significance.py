"""Which motifs of four nodes a graph has more or fewer of than its null model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from maichong.motifs.census import checked_threads
from maichong.motifs.expected import expected_four_node_census
from maichong.motifs.four_nodes import REPEATS, checked_share, four_node_motifs, met_in_parts, met_of_arcs
from maichong.motifs.graph import DirectedGraph, checked_graph
from maichong.motifs.nulls import QUALITY, Arcs, checked_null, checked_seed, over_nulls
from maichong.motifs.significance import Significance, beside


def four_node_significance(
    graph: DirectedGraph,
    null: str = "degree-mutual",
    nulls: int = 1000,
    *,
    share: float = 1.0,
    repeats: int = REPEATS,
    quality: float = QUALITY,
    seed: int = 0,
    threads: int | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Significance[int]:
    """Compare the motifs of four nodes of ``graph`` with ``nulls`` networks of a null model, all 199 by mfinder number.

    As `significance`, with the counts of `four_node_census`. With a ``share`` < 1 (see `share_of`) every null network is sampled
    as the graph is, the same share as often, so that the p-values by rank stay right. The deviation of the nulls then holds the
    error of sampling too, which draws z towards 0; where no networks are drawn ("none") it is added. A motif of which fewer than
    two were met has no z.

    The null models keep the degrees of nodes, not the triads: a motif of four may stand out for the triads in it. Milo et al. 2002
    keep the number of each triad too.

    Raises ParameterError for another null model, number, share, quality or seed, DataError for a graph of fewer than four nodes.

        >>> from maichong.motifs import directed_graph, four_node_significance
        >>> fans = [(6 * k + s, 6 * k + t) for k in range(5) for s in (0, 1, 2) for t in (3, 4, 5)]
        >>> found = four_node_significance(directed_graph(*zip(*fans)), nulls=100, seed=1)
        >>> found.census[204], found.z[204] > 5
        (45, True)

    Milo et al. 2002, doi:10.1126/science.298.5594.824. Not for graphs with hubs in full: choose a share.
    """
    where = "four_node_significance"
    graph = checked_graph(where, graph, 4)
    null, (share, times) = checked_null(where, null), checked_share(where, share, repeats)
    key, motifs = checked_seed(where, seed), four_node_motifs()
    each = met_in_parts(graph, share, times, key, checked_threads(where, threads))
    met, scale = each.sum(axis=0), 1.0 / (share * times)
    census = {motif: scale * count if times > 1 else count for motif, count in zip(motifs, met.tolist(), strict=True)}
    error = each.std(axis=0, ddof=1) / (share * np.sqrt(times)) if times > 1 else None
    connected = np.ones(len(motifs), bool)
    if null == "none":
        mean, std = expected_four_node_census(graph.n, graph.arcs)
        moments = mean, std if error is None else np.hypot(std, error)
        return beside(null, motifs, connected, census, met, moments=moments, scale=scale, std_error=error)

    def count(first: int, networks: Sequence[Arcs]) -> np.ndarray:
        # streams behind those of the graph, others for each null
        streams = [range(times * (1 + first + k), times * (2 + first + k)) for k in range(len(networks))]
        samples = zip(networks, streams, strict=True)
        return np.stack([met_of_arcs(graph.n, *arcs, share, of, key).sum(axis=0) for arcs, of in samples])

    # one network at a time: its sub-networks take longer than its arcs
    drawn = over_nulls(
        where, graph, null, nulls, count, quality=quality, seed=seed, threads=threads, tell=tell, part=1
    )  # fmt: skip
    return beside(null, motifs, connected, census, met, drawn, scale=scale, std_error=error)
