"""Counts of triads against NetworkX, by hand, in closed form, and against published counts of real networks."""

from __future__ import annotations

import itertools
import os
from math import comb

import networkx as nx
import numpy as np
import pytest

from maichong.data import load
from maichong.errors import DataError, MaichongError, ParameterError
from maichong.motifs import (
    CONNECTED,
    MAN,
    DirectedGraph,
    directed_graph,
    expected_census,
    graph_of_matrix,
    node_census,
    shares,
    triad_census,
    typed_census,
)
from maichong.motifs.algebra import triad_census_by_algebra

needs_networks = pytest.mark.skipif(
    not os.path.isdir(os.path.expanduser(os.environ.get("MAICHONG_DATA", "~/nowhere")) + "/networks"),
    reason="MAICHONG_DATA does not hold the networks",
)


def random_matrix(n: int, p: float, seed: int) -> np.ndarray:
    """Arcs by chance, with as many mutual pairs again."""
    rng = np.random.default_rng(seed)
    found = rng.random((n, n)) < p / 2
    found |= found.T & (rng.random((n, n)) < 0.7) | (rng.random((n, n)) < p / 2)
    np.fill_diagonal(found, False)
    return found.astype(int)


def network(name: str) -> DirectedGraph:
    arcs = load("networks", network=name)
    ends = (np.searchsorted(arcs.nodes, each) for each in (arcs.sources, arcs.targets))
    return directed_graph(*ends, len(arcs.nodes), names=arcs.nodes)


@pytest.mark.parametrize(
    ("n", "p", "seed"), [(3, 0.5, 1), (5, 0.5, 2), (30, 0.05, 3), (40, 0.3, 4), (25, 0.95, 5), (200, 0.02, 6)]
)
def test_networkx_counts_the_same(n: int, p: float, seed: int) -> None:
    matrix = random_matrix(n, p, seed)
    expected = nx.triadic_census(nx.from_numpy_array(matrix, create_using=nx.DiGraph))
    graph = graph_of_matrix(matrix)
    assert triad_census(graph) == triad_census_by_algebra(graph) == expected
    assert tuple(triad_census(graph)) == MAN


def test_threads_count_the_same() -> None:
    rng = np.random.default_rng(7)
    # hubs
    graph = directed_graph(*(np.minimum(rng.pareto(1.2, 300_000) * 40, 2999).astype(np.int64) for _ in range(2)), 3000)
    from maichong.motifs import census

    types = np.arange(graph.n) % 2
    one, three = (census.raw_counts(graph.n, graph.starts, graph.targets, types, 2, threads) for threads in (1, 3))
    assert all(np.array_equal(a, b) for a, b in zip(one, three, strict=True))


def test_each_node_and_each_type_by_looking_at_all_threes() -> None:
    n, types = 14, "EEIEIEEIEEEIEI"
    matrix = random_matrix(n, 0.3, 8)
    drawn = nx.from_numpy_array(matrix, create_using=nx.DiGraph)
    by_node = np.zeros((n, len(MAN)), int)
    by_type: dict[tuple[str, str], int] = {}
    for three in itertools.combinations(range(n), 3):
        (man,) = [name for name, count in nx.triadic_census(drawn.subgraph(three)).items() if count]
        by_node[list(three), MAN.index(man)] += 1
        key = man, "".join(sorted(types[node] for node in three))
        by_type[key] = by_type.get(key, 0) + 1
    graph = graph_of_matrix(matrix)
    assert np.array_equal(node_census(graph), by_node)
    assert (by_node.sum(axis=1) == comb(n - 1, 2)).all()
    found: dict[tuple[str, str], int] = {}
    for (man, of), count in typed_census(graph, list(types)).counts.items():
        key = man, "".join(sorted(of))
        found[key] = found.get(key, 0) + count
    assert {key: count for key, count in found.items() if count} == by_type


def test_types_are_told_at_their_places() -> None:
    """E -> I -> E with E -> E: a feed-forward loop whose middle neuron inhibits."""
    census = typed_census(directed_graph([0, 1, 0], [1, 2, 2]), ["E", "I", "E"])
    assert {key for key, count in census.counts.items() if count} == {("030T", ("E", "I", "E"))}
    # the centre of an open triad stands in the middle, the ends in the order of their names
    census = typed_census(directed_graph([0, 0], [1, 2]), ["I", "I", "E"])
    assert census.of("021D") == {types: int(types == ("E", "I", "I")) for types in census.of("021D")}
    assert census.types == ("E", "I") and len(census.counts) == 104


def test_circulant_and_tournament() -> None:
    """equations.md 5.4: i -> i+1, i+2 mod 7 has 021C 21, 030T 7, 012 7; the transitive tournament of six nodes has 030T 20."""
    ring = triad_census(directed_graph(np.repeat(np.arange(7), 2), (np.repeat(np.arange(7), 2) + np.tile([1, 2], 7)) % 7))
    assert {man: count for man, count in ring.items() if count} == {"021C": 21, "030T": 7, "012": 7}
    tournament = triad_census(graph_of_matrix(np.triu(np.ones((6, 6)), 1)))
    assert {man: count for man, count in tournament.items() if count} == {"030T": 20}


def test_a_graph_of_four_million_nodes_is_counted_in_whole_numbers() -> None:
    """C(n, 3) is beyond 64 bits."""
    n = 4_000_000
    census = triad_census(directed_graph([0], [1], n))
    assert census["012"] == n - 2
    assert sum(census.values()) == comb(n, 3) > 2**63


def test_chance_alone_in_closed_form() -> None:
    """equations.md 5.4, n = 100, p = 0.1: the mean; its deviation by 1,500 random graphs."""
    mean, std = expected_census(100, 990)
    for man, expected in {"021C": 6365.482, "030T": 707.276, "030C": 235.759, "201": 39.293, "300": 0.1617}.items():
        assert mean[MAN.index(man)] == pytest.approx(expected, abs=6e-4 if man != "300" else 6e-5)
    assert mean.sum() == pytest.approx(comb(100, 3), rel=1e-12)
    n, p = 12, 0.25
    mean, std = expected_census(n, p * n * (n - 1))
    rng = np.random.default_rng(9)
    drawn = []
    for _ in range(1500):
        matrix = rng.random((n, n)) < p
        np.fill_diagonal(matrix, False)
        drawn.append(list(triad_census(graph_of_matrix(matrix), threads=1).values()))
    found = np.array(drawn, float)
    # a deviation of 1,500 draws is known to about 2 %, more for counts that are rare and skewed
    assert np.all(np.abs(found.mean(axis=0) - mean) < 4.5 * std / np.sqrt(1500))
    assert np.allclose(found.std(axis=0), std, rtol=0.15)


KNOWN = {
    "macaque_fve30": (30, 311, 121, {
        "021D": 30, "021C": 58, "111U": 227, "021U": 58, "030T": 18, "120U": 49, "111D": 216, "201": 410, "030C": 3, "120C": 37,
        "120D": 40, "210": 170, "300": 170}),
    "macaque47": (47, 505, 192, {
        "021D": 95, "021C": 189, "111U": 484, "021U": 133, "030T": 41, "120U": 51, "111D": 587, "201": 721, "030C": 6, "120C": 64,
        "120D": 101, "210": 339, "300": 288}),
    "cat52_cortex": (52, 818, 303, {"030T": 94, "201": 1262, "300": 669}),
    # counted by f3m in the files of Shen-Orr et al. 2002, and 40 feed-forward loops in their paper
    "ecoli_shenorr2002": (424, 519, 0, {"021D": 4760, "021U": 226, "021C": 162, "030T": 40, "030C": 0, "300": 0}),
}  # fmt: skip
"""equations.md 5.4."""


@needs_networks
@pytest.mark.parametrize("name", KNOWN)
def test_published_counts(name: str) -> None:
    graph = network(name)
    nodes, arcs, pairs, counts = KNOWN[name]
    assert (graph.n, graph.arcs, graph.mutual_pairs) == (nodes, arcs, pairs)
    census = triad_census(graph)
    assert {man: census[man] for man in counts} == counts
    assert sum(shares(census).values()) == pytest.approx(1.0)


def test_what_is_left_out_is_counted() -> None:
    graph = directed_graph([0, 0, 0, 1, 2, 3], [1, 1, 0, 0, 1, 4], 6, weights=[1, 1, 1, 1, 0, 2])
    assert (graph.arcs, graph.mutual_pairs, graph.isolated.tolist()) == (3, 1, [2, 5])
    assert (graph.dropped.self_loops, graph.dropped.repeated_arcs, graph.dropped.zero_weights) == (1, 1, 1)
    assert not graph.undirected
    assert graph_of_matrix(np.ones((4, 4))).undirected
    assert shares(dict.fromkeys(CONNECTED, 0)) == dict.fromkeys(CONNECTED, 0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: triad_census(directed_graph([], [], 1)), r"triad_census: needs a graph of at least 3 nodes \(got 1 node\)"),
        (lambda: node_census(directed_graph([0], [1])), r"node_census: needs a graph of at least 3 nodes \(got 2 nodes\)"),
        (lambda: triad_census(np.eye(3)), r"triad_census: must get a DirectedGraph .*make one with directed_graph"),
        (lambda: triad_census(directed_graph([0], [1], 3), threads=0), "triad_census.threads: must be a whole number between"),
        (lambda: typed_census(directed_graph([0], [1], 3), ["E"]), r"types: must be the name of a type .* \(got 1 names\)"),
        (lambda: typed_census(directed_graph([0], [1], 3), "EEI"), r"each of 3 nodes, as text \(got 'EEI'\)"),
        (lambda: typed_census(directed_graph([0], [1], 9), list("abcdefghi")), "must be at most 8 different types"),
        (lambda: directed_graph([0, 1], [1]), r"must have one target for each source \(got 2 sources and 1 targets\)"),
        (lambda: directed_graph([0.5], [1]), "directed_graph.sources: must be whole numbers"),
        (lambda: directed_graph([[0], [1, 2]], [1]), "directed_graph.sources: must be whole numbers"),
        (lambda: directed_graph([-1], [1]), r"directed_graph.sources: must be between 0 and .* \(got -1\)"),
        (lambda: directed_graph([0], [7], 5), r"directed_graph.n: must be a whole number from 8"),
        (lambda: directed_graph([0], [1], names=["a"]), "directed_graph.names: must have a name for each of 2 nodes"),
        (lambda: directed_graph([0], [1], weights=[1, 2]), "directed_graph.weights: must be 1 numbers"),
        (lambda: directed_graph([0], [1], weights=[np.nan]), "directed_graph.weights: must be finite"),
        (lambda: graph_of_matrix([[1, 2]]), r"graph_of_matrix: must be square \(got shape \(1, 2\)\)"),
        (lambda: graph_of_matrix([["a"]]), "graph_of_matrix: must be a square matrix of numbers"),
        (lambda: graph_of_matrix([[np.nan]]), "graph_of_matrix: must be finite"),
        (lambda: expected_census(2, 1), "expected_census.n: must be a whole number of nodes from 3"),
        (lambda: expected_census(3, 7), "expected_census.arcs: must be between 0 and 6"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(call, message: str) -> None:
    with pytest.raises(MaichongError, match=message) as caught:
        call()
    assert isinstance(caught.value, DataError | ParameterError)
    assert "\n" not in str(caught.value)
