"""Null networks: what they keep, that all networks of the same degrees are equally likely, and the z-scores they give."""

from __future__ import annotations

import itertools
import os

import numpy as np
import pytest
from scipy import stats

from maichong.data import load
from maichong.errors import ParameterError
from maichong.motifs import CONNECTED, MAN, DirectedGraph, directed_graph, graph_of_matrix, null_censuses, rewired, significance
from maichong.motifs.census import triad_census

needs_networks = pytest.mark.skipif(
    not os.path.isdir(os.path.expanduser(os.environ.get("MAICHONG_DATA", "~/nowhere")) + "/networks"),
    reason="MAICHONG_DATA does not hold the networks",
)


def network(name: str) -> DirectedGraph:
    arcs = load("networks", network=name)
    ends = (np.searchsorted(arcs.nodes, each) for each in (arcs.sources, arcs.targets))
    return directed_graph(*ends, len(arcs.nodes), names=arcs.nodes)


def mutual_degrees(graph: DirectedGraph) -> list[int]:
    a = graph.matrix().toarray()
    return (a * a.T).sum(axis=1).tolist()


def some(n: int = 60, p: float = 0.12, seed: int = 1) -> DirectedGraph:
    rng = np.random.default_rng(seed)
    matrix = rng.random((n, n)) < p
    return graph_of_matrix(np.where(rng.random((n, n)) < 0.4, matrix | matrix.T, matrix))


@pytest.mark.parametrize("null", ["degree", "degree-mutual"])
def test_degrees_stay_and_mutual_pairs_where_they_are_held(null: str) -> None:
    graph = some()
    new = rewired(graph, null, seed=3, quality=10)
    assert new.out_degrees.tolist() == graph.out_degrees.tolist()
    assert new.in_degrees.tolist() == graph.in_degrees.tolist()
    assert (mutual_degrees(new) == mutual_degrees(graph)) == (null == "degree-mutual")
    assert not np.array_equal(new.matrix().toarray(), graph.matrix().toarray())
    assert new.dropped == type(new.dropped)()  # no arc to itself, none twice


def test_the_table_for_many_nodes_does_what_the_bits_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """More nodes than rows of bits are kept for: the same network with nodes that nobody joins behind it."""
    graph = some()
    large = directed_graph(graph.sources, graph.targets, 20_000)
    for null in ("degree", "degree-mutual"):
        small_, large_ = rewired(graph, null, quality=30), rewired(large, null, quality=30)
        assert np.array_equal(small_.sources, large_.sources) and np.array_equal(small_.targets, large_.targets)


@pytest.mark.parametrize("null", ["degree", "degree-mutual"])
def test_all_networks_of_these_degrees_are_equally_likely(null: str) -> None:
    """All graphs of five nodes and six arcs are listed; those of one graph's degrees are drawn 1,200 times."""
    start = np.array([[0, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 1, 0, 1], [0, 0, 0, 1, 0]])
    arcs = np.array([(i, j) for i in range(5) for j in range(5) if i != j])
    chosen = arcs[np.array(list(itertools.combinations(range(20), 6)))]
    listed = np.zeros((len(chosen), 5, 5), np.int64)
    listed[np.arange(len(chosen))[:, None], chosen[..., 0], chosen[..., 1]] = 1
    pairs = listed * listed.transpose(0, 2, 1)
    same = (listed.sum(axis=1) == start.sum(axis=0)).all(axis=1) & (listed.sum(axis=2) == start.sum(axis=1)).all(axis=1)
    if null == "degree-mutual":
        same &= (pairs.sum(axis=1) == (start * start.T).sum(axis=0)).all(axis=1)
    drawn = {found.tobytes(): 0 for found in listed[same]}
    assert len(drawn) >= 6
    graph = graph_of_matrix(start)
    for seed in range(1200):
        drawn[rewired(graph, null, quality=15, seed=seed).matrix().toarray().tobytes()] += 1
    assert stats.chisquare(list(drawn.values())).pvalue > 1e-3


def test_threads_and_order_make_no_difference() -> None:
    graph = some()
    one = null_censuses(graph, nulls=20, quality=5, seed=4, threads=1)
    assert np.array_equal(one, null_censuses(graph, nulls=20, quality=5, seed=4, threads=2))
    assert np.array_equal(one[:10], null_censuses(graph, nulls=10, quality=5, seed=4))
    assert not np.array_equal(one, null_censuses(graph, nulls=20, quality=5, seed=5))
    # the first is that of the network itself
    first = triad_census(rewired(graph, quality=5, seed=4))
    assert one[0].tolist() == [first[man] for man in MAN]


def test_closed_triads_alone_are_free() -> None:
    """equations.md 5.2: with degrees and mutual pairs kept, each open count follows from the closed ones."""
    counts = null_censuses(some(), nulls=30, quality=10)
    c = {man: counts[:, k] for k, man in enumerate(MAN)}
    for kept in (
        c["021D"] + c["030T"] + c["120D"], c["021U"] + c["030T"] + c["120U"], c["021C"] + c["030T"] + 3 * c["030C"] + c["120C"],
        c["201"] + c["210"] + 3 * c["300"], c["111D"] + 2 * c["120D"] + c["120C"] + c["210"],
        c["111U"] + 2 * c["120U"] + c["120C"] + c["210"],
    ):  # fmt: skip
        assert len(set(kept.tolist())) == 1
    assert len(set(c["030T"].tolist())) > 1


def test_z_profile_and_ranks() -> None:
    graph = some()
    found = significance(graph, "degree", 50, quality=5, seed=6, threads=1)
    drawn = null_censuses(graph, "degree", 50, quality=5, seed=6)
    k = MAN.index("030T")
    assert found.z["030T"] == pytest.approx((found.census["030T"] - drawn[:, k].mean()) / drawn[:, k].std(ddof=1))
    assert sum(found.profile[man] ** 2 for man in CONNECTED) == pytest.approx(1.0)
    assert found.p_more is not None and found.p_fewer is not None
    assert found.p_more["030T"] == (1 + np.count_nonzero(drawn[:, k] >= found.census["030T"])) / 51
    assert found.p_fewer["030T"] == (1 + np.count_nonzero(drawn[:, k] <= found.census["030T"])) / 51


def test_what_says_nothing_gets_no_z() -> None:
    """A ring has one network of its degrees for each order: all triads alike; and counts below two are flagged."""
    found = significance(directed_graph([0, 1, 2], [1, 2, 0]), nulls=10)
    assert set(found.z.values()) == {0.0} == set(found.profile.values())
    assert set(found.flagged) == set(MAN)
    alone = significance(some(), "none")
    assert (alone.nulls, alone.p_more, alone.p_fewer, alone.flagged) == (0, None, None, {})


@needs_networks
@pytest.mark.parametrize(
    ("name", "null", "expected"),
    [
        ("macaque_fve30", "degree-mutual", {"300": 6.0, "120D": 5.2, "201": -6.9, "030T": -0.04}),
        ("macaque_fve30", "degree", {"300": 17.6, "201": 12.4, "030T": -5.5}),
        ("macaque47", "degree-mutual", {"300": 12.3, "201": -15.5, "210": 5.7}),
        # equations.md has this for version 1.1, which has two loops more; Shen-Orr et al. 2002 have about 10
        ("ecoli_shenorr2002", "degree", {"030T": 10.9}),
    ],
)
def test_published_z_scores(name: str, null: str, expected: dict[str, float]) -> None:
    """equations.md 5.3 and 5.4, from 200 networks: the null model decides the sign of 201.

    A deviation of 200 draws is known to 5 %, their mean to 7 % of it: three times what that makes of z is the tolerance.
    """
    found = significance(network(name), null, 1000, quality=10, seed=7)
    for man, z in expected.items():
        assert found.z[man] == pytest.approx(z, abs=3 * np.hypot(0.05 * z, 0.07)), man
    if name == "macaque47":
        assert found.profile["300"] == pytest.approx(0.50, abs=0.03)
        assert found.profile["201"] == pytest.approx(-0.63, abs=0.03)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"null": "degrees"}, r"null: must be one of none, degree, degree-mutual .*did you mean 'degree'\?"),
        ({"null": "none"}, "must be a null model with networks to draw .*expected_census knows"),
        ({"nulls": 1}, "nulls: must be a whole number between 2 and"),
        ({"nulls": True}, "nulls: must be a whole number between 2 and"),
        ({"quality": 0}, "quality: must be a number of tries for each arc"),
        ({"seed": -1}, "seed: must be a whole number from 0"),
        ({"threads": 1.5}, "threads: must be a whole number between"),
    ],
)
def test_bad_options_are_one_sentence(options: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        null_censuses(some(), **{"nulls": 2, **options})
