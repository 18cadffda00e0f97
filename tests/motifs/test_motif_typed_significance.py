"""Triads of typed nodes beside null models: all threes one by one, all graphs of four nodes, and blocks that explain themselves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from test_motif_nulls import some

from maichong.errors import DataError, ParameterError
from maichong.motifs import (
    CONNECTED,
    MAN,
    DirectedGraph,
    directed_graph,
    expected_census,
    graph_of_matrix,
    rewired,
    significance,
    typed_significance,
)
from maichong.motifs.expected import of_types
from maichong.motifs.triads import TRIADS

TYPES = ["E", "E", "I", "E", "I"]


def by_hand(graph: DirectedGraph, types: list[str]) -> dict[tuple[str, tuple[str, str, str]], int]:
    """Each three in each order beside each triad's arcs; of orders that fit, the first by types."""
    a, found = graph.matrix().toarray(), {}
    for three in itertools.combinations(range(graph.n), 3):
        fits = []
        for order in itertools.permutations(three):
            arcs = {"abc"[i] + "abc"[j] for i, j in itertools.permutations(range(3), 2) if a[order[i], order[j]]}
            fits += [(triad.man, tuple(types[node] for node in order)) for triad in TRIADS if set(triad.arcs) == arcs]
        key = min(fits)
        found[key] = found.get(key, 0) + 1
    return found


def test_counts_by_hand_and_nulls_by_hand() -> None:
    graph, types = some(20, 0.15, 3), (TYPES * 4)
    found = typed_significance(graph, types, "degree", 8, quality=5, seed=6, threads=1)
    assert {key: count for key, count in found.census.items() if count} == by_hand(graph, types)
    # the first null network is that of `rewired`: the same nodes have the same types there
    first = by_hand(rewired(graph, "degree", quality=5, seed=6), types)
    two = typed_significance(graph, types, "degree", 2, quality=5, seed=6, threads=1)
    spread = {key: two.std[key] / np.sqrt(2) for key in two.mean}
    assert all(abs(two.mean[key] - first.get(key, 0)) == pytest.approx(spread[key]) for key in two.mean)
    key = ("021C", ("E", "E", "I"))
    assert found.z[key] == pytest.approx((found.census[key] - found.mean[key]) / found.std[key])
    assert {man for man, _ in found.profile} == set(CONNECTED)
    assert sum(value**2 for value in found.profile.values()) == pytest.approx(1.0)


def test_one_type_is_no_type() -> None:
    graph = some(30)
    for null in ("none", "degree-mutual"):
        typed = typed_significance(graph, ["x"] * 30, null, 20, quality=5, seed=2)
        plain = significance(graph, null, 20, quality=5, seed=2)
        assert typed.z == {(man, ("x", "x", "x")): pytest.approx(z) for man, z in plain.z.items()}
        assert typed.p_more == (plain.p_more and {(man, ("x", "x", "x")): p for man, p in plain.p_more.items()})
    # a graph whose types are as dense between each other as within: "types" and "none" are one
    assert typed_significance(graph, ["x"] * 30, "types").std == typed_significance(graph, ["x"] * 30, "none").std


def test_sums_over_types_are_the_triads() -> None:
    graph = some(30)
    found = typed_significance(graph, TYPES * 6, "none")
    mean, _ = expected_census(graph.n, graph.arcs)
    for k, man in enumerate(MAN):
        assert sum(value for (name, _), value in found.mean.items() if name == man) == pytest.approx(mean[k])


def test_chance_in_closed_form_is_that_of_all_graphs_of_four_nodes() -> None:
    """All 2^12 graphs on nodes E, E, I, I with the chance of their arcs: mean and deviation of each of 104 counts."""
    types, chances = ["E", "E", "I", "I"], np.array([[0.2, 0.5], [0.7, 0.1]])
    places = [(i, j) for i in range(4) for j in range(4) if i != j]
    sums: dict[tuple[str, tuple[str, ...]], list[float]] = {}
    for bits in itertools.product((0, 1), repeat=12):
        matrix, weight = np.zeros((4, 4), int), 1.0
        for (i, j), bit in zip(places, bits, strict=True):
            p = chances["EI".index(types[i]), "EI".index(types[j])]
            matrix[i, j], weight = bit, weight * (p if bit else 1 - p)
        for key, count in by_hand(graph_of_matrix(matrix), types).items():
            one = sums.setdefault(key, [0.0, 0.0])
            one[0], one[1] = one[0] + weight * count, one[1] + weight * count**2
    mean, std = of_types(np.array([2, 2]), chances)
    keys = list(typed_significance(some(4), types, "none").census)
    assert len(keys) == 104 == len(mean)
    for key, told, deviation in zip(keys, mean, std, strict=True):
        first, second = sums.get(key, (0.0, 0.0))
        assert told == pytest.approx(first, abs=1e-12), key
        assert deviation**2 == pytest.approx(second - first**2, abs=1e-10), key


def test_blocks_stand_out_of_the_degrees_and_not_of_their_own_densities() -> None:
    """E to E often, else seldom: triads of three E are many by chance alone, and as many as the densities make."""
    rng, p = np.random.default_rng(0), np.array([[0.2, 0.03], [0.03, 0.03]])
    of, key = np.repeat([0, 1], 30), ("021C", ("E", "E", "E"))
    scores = []
    for _ in range(60):
        graph = graph_of_matrix((rng.random((60, 60)) < p[of][:, of]) & ~np.eye(60, dtype=bool))
        types = np.array(["E", "I"])[of].tolist()
        scores.append([typed_significance(graph, types, null).z[key] for null in ("none", "types")])
    alone, blocks = np.array(scores).T
    assert alone.min() > 5
    # the density is taken from the graph itself, so z spreads less than 1
    assert abs(blocks.mean()) < 0.4 and blocks.std() < 1.2


@pytest.mark.parametrize(
    ("types", "options", "error", "message"),
    [
        (
            TYPES,
            {"null": "type"},
            ParameterError,
            r"null: must be one of none, degree, degree-mutual, types .*did you mean 'types'\?",
        ),
        (TYPES[:4], {}, DataError, "types: must be the name of a type for each of 5 nodes"),
        (list("abcde"), {"nulls": 1}, ParameterError, "typed_significance.nulls: must be a whole number between 2 and"),
        (TYPES, {"seed": -1}, ParameterError, "typed_significance.seed: must be a whole number from 0"),
        (TYPES, {"quality": 0}, ParameterError, "typed_significance.quality: must be a number of tries"),
    ],
)
def test_bad_options_are_refused(types: list[str], options: dict[str, object], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        typed_significance(directed_graph([0, 1], [1, 2], 5), types, **{"nulls": 2, **options})
    with pytest.raises(ParameterError, match="must be at most 8 different types"):
        typed_significance(some(9), list("abcdefghi"))
