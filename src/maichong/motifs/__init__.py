"""Motifs."""
from maichong.motifs.census import node_census, shares, triad_census, typed_census, TypedCensus
from maichong.motifs.graph import DirectedGraph, directed_graph, graph_of_matrix
from maichong.motifs.triads import CONNECTED, MAN, TRIADS, Triad
from maichong.motifs.nulls import NULLS, expected_census, null_censuses, rewired
from maichong.motifs.significance import Significance, profile, significance
from maichong.motifs.edge_list import read_edge_list
from maichong.motifs.four_nodes import FourNodeCensus, four_node_census
from maichong.motifs.generating import Generated, generate, reshaped
