"""Motifs."""
from maichong.motifs.census import node_census, shares, triad_census, typed_census, TypedCensus
from maichong.motifs.graph import DirectedGraph, directed_graph, graph_of_matrix
from maichong.motifs.triads import CONNECTED, MAN, TRIADS, Triad
