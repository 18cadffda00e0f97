"""Nonsense in every argument: a sentence of maichong comes out, and never somebody else's traceback."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from maichong import motifs, plots
from maichong.errors import MaichongError
from maichong.motifs import directed_graph

GRAPH = directed_graph([0, 1, 2, 3, 0], [1, 2, 0, 0, 2])
NONSENSE = [
    None, True, "", "abc", b"12", 0, -1, 1.5, 2**70, 10**400, math.nan, math.inf, 1j, [], [1, "a"], [[1, 2], [3]], {}, {"a": 1},
    {1, 2}, range(3), np.array([]), np.zeros((2, 2)), np.full(3, np.nan), np.array("x"), np.array([None]), object(), int,
    "x" * 2000, np.datetime64("1970-01-05"), np.ma.masked,
]  # fmt: skip
WANTED = {"030T": 1.0}
PLACES: dict[str, Callable[[Any], Any]] = {
    "directed_graph.sources": lambda bad: directed_graph(bad, [1, 2, 0]),
    "directed_graph.targets": lambda bad: directed_graph([1, 2, 0], bad),
    "directed_graph.n": lambda bad: directed_graph([0], [1], bad),
    "directed_graph.weights": lambda bad: directed_graph([0], [1], weights=bad),
    "graph_of_matrix": motifs.graph_of_matrix,
    "triad_census": motifs.triad_census,
    "triad_census.threads": lambda bad: motifs.triad_census(GRAPH, threads=bad),
    "node_census": motifs.node_census,
    "typed_census.types": lambda bad: motifs.typed_census(GRAPH, bad),
    "rewired.null": lambda bad: motifs.rewired(GRAPH, bad),
    "rewired.quality": lambda bad: motifs.rewired(GRAPH, quality=bad),
    "rewired.seed": lambda bad: motifs.rewired(GRAPH, seed=bad),
    "null_censuses.nulls": lambda bad: motifs.null_censuses(GRAPH, nulls=bad),
    "significance.null": lambda bad: motifs.significance(GRAPH, bad, 2),
    "expected_census.n": lambda bad: motifs.expected_census(bad, 3),
    "expected_census.arcs": lambda bad: motifs.expected_census(5, bad),
    "four_node_census": motifs.four_node_census,
    "four_node_census.share": lambda bad: motifs.four_node_census(GRAPH, share=bad),
    "four_node_census.repeats": lambda bad: motifs.four_node_census(GRAPH, share=0.5, repeats=bad),
    "four_node_significance": lambda bad: motifs.four_node_significance(bad, nulls=2),
    "four_node_significance.share": lambda bad: motifs.four_node_significance(GRAPH, nulls=2, share=bad),
    "share_of.samples": lambda bad: motifs.share_of(GRAPH, bad),
    "typed_significance": lambda bad: motifs.typed_significance(bad, ["E"], nulls=2),
    "typed_significance.types": lambda bad: motifs.typed_significance(GRAPH, bad, nulls=2),
    "typed_significance.null": lambda bad: motifs.typed_significance(GRAPH, ["E"] * 4, bad, 2),
    "expected_four_node_census.arcs": lambda bad: motifs.expected_four_node_census(5, bad),
    "generate.n": lambda bad: motifs.generate(bad, 5, WANTED),
    "generate.arcs": lambda bad: motifs.generate(6, bad, WANTED, moves=5),
    "generate.wanted": lambda bad: motifs.generate(6, 5, bad),
    "generate.wanted[030T]": lambda bad: motifs.generate(6, 5, {"030T": bad}, moves=5),
    "generate.start": lambda bad: motifs.generate(6, 5, WANTED, start=bad),
    "generate.moves": lambda bad: motifs.generate(6, 5, WANTED, moves=bad),
    "generate.tolerance": lambda bad: motifs.generate(6, 5, WANTED, tolerance=bad, moves=5),
    "reshaped": lambda bad: motifs.reshaped(bad, WANTED),
    "cross_validated.meso": lambda bad: motifs.cross_validated(bad, np.eye(4)),
    "cross_validated.profiles": lambda bad: motifs.cross_validated(np.eye(4), bad),
    "regions_of.regions": lambda bad: motifs.regions_of(GRAPH, bad),
    "read_edge_list": motifs.read_edge_list,
    "motif_profile.profiles": lambda bad: plots.motif_profile(bad, ["030T"]),
    "motif_profile.names": lambda bad: plots.motif_profile([0.5, 0.1], bad),
    "motif_profile.pictures": lambda bad: plots.motif_profile([0.5, 0.1], ["030T", "201"], pictures=bad),
}


@pytest.mark.parametrize("place", PLACES)
def test_nonsense_is_refused_in_one_sentence_or_taken(place: str) -> None:
    refused = 0
    for bad in NONSENSE:
        said = ""
        try:
            PLACES[place](bad)
        except MaichongError as error:
            said = str(error)
        refused += bool(said)
        assert "\n" not in said and len(said) < 500, (place, bad)
    assert refused > len(NONSENSE) / 2
