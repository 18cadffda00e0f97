"""``maichong motifs`` with --size 4, --types and --per-node: tables, pictures, JSON and sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from networkx.algorithms.isomorphism import DiGraphMatcher

from maichong.motifs import MAN, four_node_motifs
from maichong.motifs.four_nodes import matrix_of


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nx.DiGraph:
    """25 nodes and 120 arcs in net.csv, their types in types.csv: the first five are I, the others E."""
    monkeypatch.chdir(tmp_path)
    graph = nx.gnm_random_graph(25, 120, seed=2, directed=True)
    Path("net.csv").write_text("".join(f"n{u},n{v}\n" for u, v in graph.edges))
    Path("types.csv").write_text("node,type\n" + "".join(f"n{k},{'I' if k < 5 else 'E'}\n" for k in graph.nodes))
    return graph


QUICK = ("--nulls", "20", "--quality", "5", "--json", "out.json")


def read() -> dict[str, Any]:
    return json.loads(Path("out.json").read_text())


@pytest.mark.parametrize("null", ["none", "degree", "degree-mutual"])
def test_four_nodes(maichong: Any, net: nx.DiGraph, null: str) -> None:
    ended = maichong("motifs", "net.csv", "--size", "4", "--null", null, *QUICK)
    assert ended.code == 0, ended.err
    assert "199 kinds of connected motifs" in ended.out
    assert "the null model does not keep triads" in ended.out and "estimates" not in ended.out
    assert Path("net-motifs.png").stat().st_size > 10_000
    found = read()
    assert (found["size"], found["share"], found["null"], found["nulls"]) == (4, 1.0, null, 0 if null == "none" else 20)
    rows = {row["mfinder"]: row for row in found["motifs"]}
    assert tuple(rows) == four_node_motifs()
    assert (rows[204]["name"], rows[204]["arcs"], rows[30]["arcs"]) == ("bi-fan", "a>c a>d b>c b>d", "a=b a>c a>d")
    for motif in (76, 204, 280, 408):
        small = nx.from_numpy_array(matrix_of(motif), create_using=nx.DiGraph)
        copies = sum(1 for _ in DiGraphMatcher(net, small).subgraph_isomorphisms_iter())
        assert rows[motif]["count"] == copies / sum(1 for _ in DiGraphMatcher(small, small).isomorphisms_iter())
    assert rows[76]["z"] == pytest.approx((rows[76]["count"] - rows[76]["mean"]) / rows[76]["std"])
    assert (rows[76]["p_more"] is None) == (null == "none")
    assert sum(row["profile"] ** 2 for row in rows.values()) == pytest.approx(1.0)


def test_four_nodes_sampled(maichong: Any, net: nx.DiGraph) -> None:
    ended = maichong("motifs", "net.csv", "--size", "4", "--samples", "800", *QUICK)
    assert ended.code == 0, ended.err
    assert "counts are estimates from 8 samples" in ended.out and "error" in ended.out
    found = read()
    assert 0 < found["share"] < 0.1 and found["repeats"] == 8
    estimated = sum(row["count"] for row in found["motifs"])
    assert estimated * found["share"] * 8 == pytest.approx(800, rel=0.2)
    assert all(row["std_error"] >= 0 for row in found["motifs"])
    # fewer nulls where nothing else is said
    assert maichong("motifs", "net.csv", "--size", "4", "--samples", "800", "--quality", "2", "--json", "out.json").code == 0
    assert read()["nulls"] == 100


@pytest.mark.parametrize("null", ["none", "degree", "types"])
def test_types_of_nodes(maichong: Any, net: nx.DiGraph, null: str) -> None:
    ended = maichong("motifs", "net.csv", "--types", "types.csv", "--null", null, *QUICK)
    assert ended.code == 0, ended.err
    assert "types: 20 E, 5 I; arcs: E>E " in ended.out
    assert "kept: the type of each node" in ended.out and "86 kinds of connected motifs" in ended.out
    assert Path("net-motifs.png").stat().st_size > 10_000
    found = read()
    between = {s + t: 0 for s in "EI" for t in "EI"}
    for u, v in net.edges:
        between["EI"[u < 5] + "EI"[v < 5]] += 1
    assert {s + t: found["arcs_between_types"][s][t] for s in "EI" for t in "EI"} == between
    assert found["types"] == {"E": 20, "I": 5}
    assert len(found["triads"]) == 104
    census = nx.triadic_census(net)
    for man in MAN:
        assert sum(row["count"] for row in found["triads"] if row["triad"] == man) == census[man]
    loops = [
        c
        for c in nx.simple_cycles(net, length_bound=3)
        if len(c) == 3 and not any(net.has_edge(c[i], c[i - 1]) for i in range(3))
    ]
    kinds = [sum(node < 5 for node in loop) for loop in loops]
    for row in found["triads"]:
        if row["triad"] == "030C":
            assert row["count"] == kinds.count(row["types"].count("I"))


def test_each_node(maichong: Any, net: nx.DiGraph) -> None:
    ended = maichong("motifs", "net.csv", "--per-node", "--types", "types.csv", *QUICK)
    assert ended.code == 0, ended.err
    assert "connected triads that a node is in" in ended.out and "the 20 nodes of 25 that are in most" in ended.out
    found = read()["per_node"]
    assert len(found) == 25
    census = nx.triadic_census(net)
    for man in MAN:
        assert sum(row[man] for row in found.values()) == 3 * census[man]
    # without a node the triads that it is in are gone
    rest = nx.triadic_census(net.subgraph(set(net) - {7}))
    assert {man: census[man] - rest[man] for man in MAN} == found["n7"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--size", "5"), "motifs, --size: must be 3 or 4, the nodes of a motif (got 5)"),
        (
            ("--samples", "10"),
            "motifs, --samples: is for motifs of four nodes, as triads are always counted in full; add --size 4",
        ),
        (("--size", "4", "--samples", "0"), "motifs, --samples: must be between 1 and 1,000,000,000,000 (got 0)"),
        (("--size", "4", "--types", "types.csv"), "motifs, --types: is for triads (got --size 4); leave out --types or --size"),
        (("--size", "4", "--per-node"), "motifs, --per-node: is for triads (got --size 4); leave out --per-node or --size"),
        (("--null", "types"), "motifs.null: must be one of none, degree, degree-mutual (got 'types')"),
        (
            ("--types", "types.csv", "--null", "type"),
            "motifs.null: must be one of none, degree, degree-mutual, types (got 'type')",
        ),
        (("--types", "nothing.csv"), "nothing.csv: must be a file that can be read"),
        (("--types", "short.csv"), "short.csv: must give each of 25 nodes a type (got none for"),
        (("--types", "other.csv"), "other.csv, line 1: must name a node of the network (got 'm1')"),
        (("--types", "many.csv"), "motifs.types: must be at most 8 different types (got 25)"),
    ],
)
def test_options_that_do_not_go(maichong: Any, net: nx.DiGraph, options: tuple[str, ...], sentence: str) -> None:
    Path("short.csv").write_text("n1,E\n")
    Path("other.csv").write_text("m1,E\n")
    Path("many.csv").write_text("".join(f"n{k},t{k}\n" for k in range(25)))
    assert maichong("motifs", "net.csv", *options).sentence.startswith(sentence)
    assert not list(Path().glob("*.png"))


@pytest.mark.parametrize("options", [("--size", "4"), ("--types", "types.csv"), ("--per-node",)])
def test_the_gallery_has_triads_alone(maichong: Any, net: nx.DiGraph, options: tuple[str, ...]) -> None:
    assert maichong("motifs", "--gallery", *options).sentence.startswith(
        "motifs, --gallery: shows the triads of its networks (got --"
    )


def test_three_nodes_are_too_few_for_four(maichong: Any, net: nx.DiGraph) -> None:
    Path("net.csv").write_text("a,b\nb,c\n")
    sentence = maichong("motifs", "net.csv", "--size", "4").sentence
    assert sentence == "net.csv: must name four nodes or more: a motif of --size 4 has four (got 3 nodes)"


def test_a_network_in_which_nothing_stands_out(maichong: Any, net: nx.DiGraph) -> None:
    Path("net.csv").write_text("a,b\nb,c\nc,d\nd,a\n")
    ended = maichong("motifs", "net.csv", "--size", "4", *QUICK)
    assert ended.code == 0, ended.err
    assert "199 kinds of connected motifs: 1 occur, 0 have a z" in ended.out
    assert np.count_nonzero([row["profile"] for row in read()["motifs"]]) == 0
