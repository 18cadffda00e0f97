"""Motifs of four nodes by looking at all fours, and samples that are unbiased."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from test_motif_triads import smallest

from maichong.errors import MaichongError
from maichong.motifs import directed_graph, four_node_census, graph_of_matrix
from maichong.motifs.four_nodes import NAMES


@pytest.mark.parametrize(("n", "p"), [(12, 0.15), (10, 0.45), (18, 0.08)])
def test_all_fours_looked_at_one_by_one(n: int, p: float) -> None:
    rng = np.random.default_rng(n)
    matrix = (rng.random((n, n)) < p).astype(int)
    np.fill_diagonal(matrix, 0)
    graph, expected = nx.from_numpy_array(matrix, create_using=nx.DiGraph), dict[int, int]()
    for four in itertools.combinations(range(n), 4):
        if nx.is_weakly_connected(graph.subgraph(four)):
            number = smallest(matrix[np.ix_(four, four)])
            expected[number] = expected.get(number, 0) + 1
    found = four_node_census(graph_of_matrix(matrix))
    assert found.counts == expected
    assert found.visited == sum(expected.values()) and found.std_error is None


def test_known_motifs() -> None:
    assert four_node_census(directed_graph([0, 0, 1, 1], [2, 3, 2, 3])).counts == {204: 1}
    assert four_node_census(directed_graph([0, 0, 1, 2], [1, 2, 3, 3])).counts == {904: 1}
    assert NAMES == {204: "bi-fan", 904: "bi-parallel"}


def test_a_sample_is_unbiased_and_knows_its_error() -> None:
    """Of a random graph with 40,000 fours: the deviations from the exact counts are those that are told, within chance."""
    rng = np.random.default_rng(5)
    graph = directed_graph(rng.integers(0, 120, 700), rng.integers(0, 120, 700), 120)
    exact = four_node_census(graph, threads=1)
    part = four_node_census(graph, share=0.05, repeats=60, seed=3, threads=1)
    assert part.visited == pytest.approx(0.05 * 60 * exact.visited, rel=0.05)
    assert part.std_error is not None
    frequent = [number for number, count in exact.counts.items() if count > 1000]
    z = [(part.counts[number] - exact.counts[number]) / part.std_error[number] for number in frequent]
    assert len(z) >= 8
    assert max(map(abs, z)) < 4.5
    assert part == four_node_census(graph, share=0.05, repeats=60, seed=3, threads=3)
    assert part != four_node_census(graph, share=0.05, repeats=60, seed=4, threads=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"share": 0}, "four_node_census.share: must be a share > 0 and at most 1"),
        ({"share": "all"}, "four_node_census.share: must be a share"),
        ({"repeats": 1}, "four_node_census.repeats: must be a whole number between 2 and"),
        ({"seed": 1.5}, "four_node_census.seed: must be a whole number"),
        ({"threads": 0}, "four_node_census.threads: must be a whole number"),
    ],
)
def test_bad_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(MaichongError, match=message):
        four_node_census(directed_graph([0], [1], 4), **options)
    with pytest.raises(MaichongError, match="needs a graph of at least 4 nodes"):
        four_node_census(directed_graph([0], [1], 3))
