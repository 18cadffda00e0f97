"""Motifs of four nodes beside null models: NetworkX, all graphs of five nodes, Milo et al. 2002, and chance that says nothing."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from networkx.algorithms.isomorphism import DiGraphMatcher
from test_motif_nulls import needs_networks, network, some

from maichong.errors import DataError, ParameterError
from maichong.motifs import (
    directed_graph,
    expected_four_node_census,
    four_node_census,
    four_node_motifs,
    four_node_significance,
    graph_of_matrix,
    rewired,
    share_of,
)
from maichong.motifs.four_nodes import by_motif, matrix_of


def test_there_are_199_motifs_of_four_nodes() -> None:
    """Harary & Palmer 1973: 199 weakly connected directed graphs on four nodes; NetworkX tells them all apart."""
    motifs = four_node_motifs()
    graphs = [nx.from_numpy_array(matrix_of(motif), create_using=nx.DiGraph) for motif in motifs]
    assert len(motifs) == 199 and all(nx.is_weakly_connected(graph) for graph in graphs)
    keys = [tuple(sorted(zip(*(dict(d).values() for d in (g.in_degree(), g.out_degree())), strict=True))) for g in graphs]
    for a, b in itertools.combinations(range(199), 2):
        assert keys[a] != keys[b] or not nx.is_isomorphic(graphs[a], graphs[b])


def test_subgraph_isomorphisms_of_networkx() -> None:
    graph = some(22, 0.1, 4)
    found = four_node_census(graph).counts
    whole = nx.from_numpy_array(graph.matrix().toarray(), create_using=nx.DiGraph)
    assert len(found) > 30
    for motif in [*sorted(found, key=lambda motif: -found[motif])[:12], 14, 204, 904, 31710]:
        small = nx.from_numpy_array(matrix_of(motif), create_using=nx.DiGraph)
        copies = sum(1 for _ in DiGraphMatcher(whole, small).subgraph_isomorphisms_iter())
        same = sum(1 for _ in DiGraphMatcher(small, small).isomorphisms_iter())
        assert found.get(motif, 0) == copies / same, motif


def test_chance_in_closed_form_is_that_of_all_graphs_of_five_nodes() -> None:
    """Every one of the 2^20 graphs on five nodes with its chance: mean and deviation of each count."""
    n, arcs = 5, 7
    p = arcs / (n * (n - 1))
    places = [(i, j) for i in range(n) for j in range(n) if i != j]
    graphs = np.arange(2 ** len(places), dtype=np.int32)
    bits = {place: (graphs >> k & 1).astype(np.int16) for k, place in enumerate(places)}
    ones = sum(bits.values())
    weight = p**ones * (1 - p) ** (len(places) - ones)
    mean, square = np.zeros(199), np.zeros(199)
    codes = []
    for four in itertools.combinations(range(n), 4):
        pairs = list(itertools.combinations(four, 2))
        codes.append(sum((bits[i, j] + 2 * bits[j, i]).astype(np.int16) << 2 * k for k, (i, j) in enumerate(pairs)))
    of_code = by_motif(np.eye(4096, dtype=np.int64)).argmax(axis=1)
    connected = by_motif(np.eye(4096, dtype=np.int64)).sum(axis=1) > 0
    classes = [np.where(connected[code], of_code[code], 199) for code in codes]
    # a count's mean square is that of all ordered pairs of fours that are both of the class
    for first, second in itertools.product(classes, repeat=2):
        both = first == second
        square += np.bincount(first[both], weight[both], 200)[:199]
    for one in classes:
        mean += np.bincount(one, weight, 200)[:199]
    told_mean, told_std = expected_four_node_census(n, arcs)
    assert told_mean == pytest.approx(mean, rel=1e-9)
    assert told_std**2 == pytest.approx(square - mean**2, rel=1e-7, abs=1e-13)


def test_z_of_random_graphs_is_standard() -> None:
    """z of frequent motifs in networks of chance beside chance alone: mean 0 and deviation 1, exact or sampled."""
    n, p, rng = 40, 0.08, np.random.default_rng(0)
    mean, _ = expected_four_node_census(n, p * n * (n - 1))
    frequent = np.array(four_node_motifs())[mean > 40].tolist()
    z = []
    for _ in range(300):
        counts = four_node_census(graph_of_matrix((rng.random((n, n)) < p) & ~np.eye(n, dtype=bool)), threads=1).counts
        z.append([counts.get(motif, 0) for motif in frequent])
    told, std = (each[mean > 40] for each in expected_four_node_census(n, p * n * (n - 1)))
    scores = (np.array(z) - told) / std
    assert len(frequent) >= 8
    assert np.abs(scores.mean(axis=0)).max() < 4 / np.sqrt(300)
    assert scores.std(axis=0) == pytest.approx(np.ones(len(frequent)), abs=0.25)


def test_a_graph_from_its_own_null_model_has_small_z_and_even_ranks() -> None:
    start, z, ranks = some(30, 0.1, 2), [], []
    for seed in range(30):
        graph = rewired(start, "degree", quality=20, seed=1000 + seed)
        found = four_node_significance(graph, "degree", 60, quality=10, seed=seed, threads=1, share=1.0 if seed % 2 else 0.3)
        frequent = [motif for motif, mean in found.mean.items() if mean > 50]
        z.append([found.z[motif] for motif in frequent[:4]])
        assert found.p_more is not None
        ranks.append(found.p_more[frequent[0]])
    scores = np.array(z)
    assert np.abs(scores.mean(axis=0)).max() < 4 / np.sqrt(30)
    assert 0.6 < scores.std() < 1.5
    assert 0.25 < np.mean(ranks) < 0.75 and min(ranks) < 0.25 and max(ranks) > 0.75


@needs_networks
def test_bi_fans_of_milo_2002() -> None:
    """Table 1 of Milo et al. 2002, E. coli: 203 bi-fans, 47 +- 12 in networks that keep the triads too, z = 13."""
    found = four_node_significance(network("ecoli_shenorr2002"), "degree", 200, quality=10, seed=1)
    assert found.census[204] == 203
    assert 47 - 12 < found.mean[204] < 47 + 2 * 12
    assert found.z[204] > 8
    assert found.p_more is not None and found.p_more[204] == 1 / 201
    assert sum(value**2 for value in found.profile.values()) == pytest.approx(1.0)
    # Milo et al. 2004, the subgraph ratio profile with epsilon = 4; fewer than two here and there count as none
    n, m = (np.array(list(each.values())) for each in (found.census, found.mean))
    delta = np.where((n < 2) & (m < 2), 0.0, (n - m) / (n + m + 4))
    assert list(found.ratio.values()) == pytest.approx((delta / np.linalg.norm(delta)).tolist())


def test_a_sample_says_what_all_say_less_sharply() -> None:
    """Bi-fans laid into a random network; the estimate keeps within its error, and rank and sign are those of the whole."""
    rng = np.random.default_rng(3)
    pairs = [rng.integers(0, 100, (40, 2)) for _ in range(2)]
    sources = np.concatenate([rng.integers(0, 100, 100), np.repeat(pairs[0], 2, axis=1).ravel()])
    targets = np.concatenate([rng.integers(0, 100, 100), np.tile(pairs[1], 2).ravel()])
    graph = directed_graph(sources, targets, 100)
    whole = four_node_significance(graph, nulls=60, quality=10, seed=2, threads=1)
    part = four_node_significance(graph, nulls=60, quality=10, seed=2, threads=1, share=0.06)
    assert whole.std_error is None and part.std_error is not None
    assert whole.z[204] > 5 and 2 < part.z[204] < whole.z[204]
    assert abs(part.census[204] - whole.census[204]) < 4 * part.std_error[204]
    assert part.mean[204] == pytest.approx(whole.mean[204], abs=4 * part.std[204] / np.sqrt(60))
    assert part == four_node_significance(graph, nulls=60, quality=10, seed=2, threads=3, share=0.06)
    chance = four_node_significance(graph, "none", share=0.06, seed=2)
    assert (chance.nulls, chance.p_more) == (0, None)
    assert chance.std[204] > four_node_significance(graph, "none", seed=2).std[204]


def test_a_share_for_so_many_samples() -> None:
    graph = some(60, 0.12, 1)
    there = four_node_census(graph).visited
    for samples in (2_000, 20_000):
        visited = four_node_census(graph, share=share_of(graph, samples), threads=1).visited
        assert visited == pytest.approx(samples, rel=0.15)
    assert share_of(graph, there * 2) == 1.0
    assert share_of(directed_graph([0], [1], 4), 1) == 1.0
    hub = directed_graph(np.zeros(400, np.int64), np.arange(1, 401))  # C(400, 3) stars
    assert four_node_census(hub, share=share_of(hub, 5_000), threads=1).visited == pytest.approx(5_000, rel=0.2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"null": "chance"}, "four_node_significance.null: must be one of none, degree, degree-mutual"),
        ({"nulls": 1}, "four_node_significance.nulls: must be a whole number between 2 and"),
        ({"share": 0}, "four_node_significance.share: must be a share"),
        ({"repeats": 1}, "four_node_significance.repeats: must be a whole number between 2 and"),
        ({"quality": 0}, "four_node_significance.quality: must be a number of tries"),
        ({"seed": -1}, "four_node_significance.seed: must be a whole number"),
    ],
)
def test_bad_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        four_node_significance(some(10), **{"nulls": 2, **options})  # pyright: ignore[reportArgumentType]
    with pytest.raises(DataError, match="needs a graph of at least 4 nodes"):
        four_node_significance(directed_graph([0], [1], 3))
    with pytest.raises(ParameterError, match=r"share_of\.samples: must be a whole number of sub-networks"):
        share_of(some(10), 0)
    with pytest.raises(ParameterError, match=r"expected_four_node_census\.n: must be a whole number of nodes from 4"):
        expected_four_node_census(3, 2)
