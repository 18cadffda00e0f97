"""The verb ``motifs``: a table for people, a picture, JSON, and a sentence for files that are none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from maichong.motifs import CONNECTED, MAN, Significance, significance
from maichong.motifs.graph import DirectedGraph


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """40 nodes and 200 arcs; one arc comes twice, one leads back to its node, one node has none."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    chosen = rng.choice(40 * 39, 200, replace=False)
    sources, rest = np.divmod(chosen, 39)
    lines = [f"n{u},n{v},1" for u, v in zip(sources, rest + (rest >= sources), strict=True)]
    path = tmp_path / "net.csv"
    path.write_text("\n".join(["source,target,weight", *lines, lines[0], "n3,n3,1", "alone,alone,1"]) + "\n")
    return path


@pytest.mark.parametrize("null", ["none", "degree", "degree-mutual"])
def test_table_picture_and_json(maichong: Any, net: Path, null: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if null != "degree-mutual":  # one picture is enough
        monkeypatch.setattr("maichong.cli.motifs.draw", lambda target, *_: target.write_bytes(b"0" * 20_000))
    ended = maichong("motifs", str(net), "--null", null, "--nulls", "20", "--quality", "5", "--json", "out.json")
    assert ended.code == 0, ended.err
    assert "left out: 2 self-loops, 1 repeated arc" in ended.out
    assert "1 node without an arc, counted in the triads: alone" in ended.out
    assert (
        f"null: {'each arc by chance alone' if null == 'none' else '20 networks with the same in- and out-degrees'}"
        in ended.out
    )
    assert (net.parent / "net-motifs.png").stat().st_size > 10_000
    found = json.loads(Path("out.json").read_text())
    assert (found["nodes"], found["arcs"], found["isolated_nodes"], found["null"]) == (41, 200, 1, null)
    assert found["dropped"] == {"self_loops": 2, "repeated_arcs": 1, "zero_weights": 0}
    arcs = [line.split(",")[:2] for line in net.read_text().splitlines()[1:]]
    graph = nx.DiGraph([arc for arc in arcs if arc[0] != arc[1]])
    graph.add_node("alone")
    assert found["census"] == nx.triadic_census(graph)
    assert tuple(found["census"]) == tuple(found["z"]) == MAN
    assert tuple(found["profile"]) == CONNECTED
    assert sum(value**2 for value in found["profile"].values()) == pytest.approx(1.0)
    assert (found["p_more"] is None) == (null == "none")


def test_an_undirected_file_is_named(maichong: Any, net: Path) -> None:
    net.write_text("a,b\nb,a\nb,c\nc,b\nc,a\na,c\nc,d\nd,c\n")
    ended = maichong("motifs", "net.csv", "--nulls", "5", "--out", "here.svg", "--json", "out.json")
    assert ended.code == 0, ended.err
    assert "this graph is undirected: every arc is part of a mutual pair" in ended.out
    assert json.loads(Path("out.json").read_text())["undirected"] is True
    assert Path("here.svg").exists() and not Path("net-motifs.png").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", r"net.csv: must hold arcs, one source,target[,weight] a line (got no line with one)"),
        ("a,a\n", "net.csv: must name three nodes or more: a triad has three (got 1 node)"),
        ("a,b\n", "net.csv: must name three nodes or more: a triad has three (got 2 nodes)"),
        ("a,b,1\nb,c,x\n", "net.csv, line 2: must have a finite number as its weight (got 'x')"),
    ],
)
def test_files_that_are_none(maichong: Any, net: Path, text: str, sentence: str) -> None:
    net.write_text(text)
    assert maichong("motifs", "net.csv").sentence == sentence
    assert not list(net.parent.glob("*.png"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "motifs: takes a FILE, or --gallery (got neither)"),
        (("net.csv", "--gallery"), "motifs: takes a FILE, or --gallery (got both)"),
        (("net.csv", "--null", "degrees"), "motifs.null: must be one of none, degree, degree-mutual (got 'degrees')"),
        (("net.csv", "--nulls", "1"), "motifs.nulls: must be a whole number between 2 and 1,000,000 (got 1)"),
        (("net.csv", "--quality", "0"), "motifs.quality: must be a number of tries for each arc"),
        (("net.csv", "--out", "net.txt"), "--out: must end in .png, .svg, .pdf (got net.txt)"),
        (("none.csv",), "none.csv: must be a file that can be read (got No such file or directory)"),
        (("net.csv", "--seed", "-1"), "null_censuses.seed: must be a whole number from 0"),
    ],
)
def test_bad_options(maichong: Any, net: Path, options: tuple[str, ...], sentence: str) -> None:
    assert maichong("motifs", *options).sentence.startswith(sentence)


def test_large_networks_get_a_tenth_unless_asked(net: Path) -> None:
    from maichong.cli.motifs import settled

    def of(arcs: int) -> DirectedGraph:
        return DirectedGraph(2, np.array([0, arcs, arcs]), np.zeros(arcs, np.int32))

    nothing = {"null": "degree", "nulls": None, "quality": None, "seed": 0}
    assert settled(of(20_000), nothing) == {"null": "degree", "nulls": 1000, "quality": 100.0, "seed": 0}
    assert settled(of(20_001), nothing) == {"null": "degree", "nulls": 100, "quality": 10.0, "seed": 0}
    assert settled(of(20_001), nothing | {"nulls": 7})["nulls"] == 7


@pytest.mark.skipif(
    not os.path.isdir(os.environ.get("MAICHONG_DATA", "nowhere") + "/networks"),
    reason="MAICHONG_DATA does not hold the networks",
)
def test_the_gallery(maichong: Any, net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words against neurons, as in Milo et al. 2004: their profiles mirror each other; neurons and friends are alike."""
    from maichong.cli import motif_gallery, motifs

    def few(graph: DirectedGraph, options: dict[str, Any]) -> tuple[Significance, float]:
        return significance(graph, options["null"], 20, quality=3.0, threads=1), 0.0

    monkeypatch.setattr(motifs, "measured", few)
    wanted = ("ecoli_shenorr2002", "celegans_varshney2011_chem", "social_coleman_fall", "wordadj_spanish_fortunes")
    monkeypatch.setattr(motif_gallery, "GALLERY", [entry for entry in motif_gallery.GALLERY if entry[1][0] in wanted])
    ended = maichong("motifs", "--gallery", "--out", "gallery.png", "--json", "gallery.json")
    assert ended.code == 0, ended.err
    found = json.loads(Path("gallery.json").read_text())
    assert tuple(found["networks"]) == wanted
    likeness = np.array(found["likeness"])
    assert likeness[1, 2] > 0.6 and likeness[1, 3] < -0.4
    assert Path("gallery.png").stat().st_size > 20_000


def test_a_gallery_without_networks_says_so(maichong: Any, net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAICHONG_DATA", str(net.parent))
    ended = maichong("motifs", "--gallery")
    assert ended.sentence.startswith("motifs --gallery: finds no network; set MAICHONG_DATA to a folder with networks")
    assert "not shown: data.networks: must find" in ended.out
