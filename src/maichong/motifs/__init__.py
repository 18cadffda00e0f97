"""Motifs: which small networks a directed network is made of, beside chance, and networks made of wanted ones.

    >>> from maichong.motifs import directed_graph, significance, triad_census
    >>> ring = directed_graph([0, 1, 2, 0, 1], [1, 2, 3, 2, 3])
    >>> triad_census(ring)["030T"]
    2

A graph is arrays of arcs (`directed_graph`, `graph_of_matrix`, `read_edge_list`). Of it the sixteen triads are counted, in all
(`triad_census`), around each node (`node_census`) and by types of nodes (`typed_census`), or the motifs of four nodes
(`four_node_census`); `significance` compares triads with null models (`rewired`, `null_censuses`, `expected_census`),
`typed_significance` and `four_node_significance` the others.
`generate` and `reshaped` make networks with wanted shares of triads. `cross_validated` asks whether a region's motifs can be
told from its connections. Masks of motifs over recurrent layers are in `maichong.nn`.
"""

from maichong.motifs.census import TypedCensus, node_census, shares, triad_census, typed_census
from maichong.motifs.edge_list import read_edge_list
from maichong.motifs.expected import expected_census, expected_four_node_census
from maichong.motifs.four_node_significance import four_node_significance
from maichong.motifs.four_nodes import FourNodeCensus, four_node_census, four_node_motifs, share_of
from maichong.motifs.generating import Generated, generate, reshaped
from maichong.motifs.graph import DirectedGraph, Dropped, directed_graph, graph_of_matrix
from maichong.motifs.node_types import read_types
from maichong.motifs.nulls import NULLS, null_censuses, rewired
from maichong.motifs.prediction import Regions, Validation, cross_validated, profile_model, regions_of
from maichong.motifs.significance import Significance, profile, significance
from maichong.motifs.triads import CONNECTED, MAN, TRIADS, Triad
from maichong.motifs.typed_significance import TYPED_NULLS, typed_significance

__all__ = [
    "CONNECTED", "MAN", "NULLS", "TRIADS", "TYPED_NULLS", "DirectedGraph", "Dropped", "FourNodeCensus", "Generated", "Regions",
    "Significance", "Triad", "TypedCensus", "Validation", "cross_validated", "directed_graph", "expected_census",
    "expected_four_node_census", "four_node_census", "four_node_motifs", "four_node_significance", "generate", "graph_of_matrix",
    "node_census", "null_censuses", "profile", "profile_model", "read_edge_list", "read_types", "regions_of", "reshaped", "rewired",
    "share_of", "shares", "significance", "triad_census", "typed_census", "typed_significance",
]  # fmt: skip
