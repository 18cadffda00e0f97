"""Files of arcs: what they may look like, and one sentence with the line for what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from maichong.errors import DataError
from maichong.motifs import directed_graph, read_edge_list, read_types


def arcs(path: Path, text: str) -> set[tuple[str, str]]:
    path.write_text(text, encoding="utf-8")
    graph = read_edge_list(path)
    return {(graph.names[u], graph.names[v]) for u, v in zip(graph.sources, graph.targets, strict=True)}


@pytest.mark.parametrize(
    "text",
    [
        "source,target\na,b\nb,c d\n",
        "source,target,weight\na,b,1\nb,c d,-0.5\n",
        "pre,post,synapses\na,b,1\nb,c d,2\n",
        "weight,Target,note,Source\n1,b,x,a\n2,c d,y,b\n",
        "\ufeffa,b\r\nb,c d\r\n",
        "# from a paper\n\n a , b \n\nb,c d\n",
        "a\tb\t3\nb\tc d\t4\n",
        "a;b\nb;c d\n",
        'a,b\n"b","c d"\n',
    ],
)
def test_what_a_file_may_look_like(tmp_path: Path, text: str) -> None:
    assert arcs(tmp_path / "net.csv", text) == {("a", "b"), ("b", "c d")}


def test_what_has_no_place_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "net.csv"
    path.write_text("a,b,1\na,b,2\nb,b,1\nb,c,0\nlonely,\n", encoding="utf-8")
    graph = read_edge_list(path)
    assert graph.names == ("a", "b", "c", "lonely")
    assert (graph.arcs, [graph.names[node] for node in graph.isolated]) == (1, ["c", "lonely"])
    assert (graph.dropped.self_loops, graph.dropped.repeated_arcs, graph.dropped.zero_weights) == (1, 1, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"must hold arcs, one source,target\[,weight\] a line \(got no line with one\)"),
        ("source,target\n", r"must hold arcs, .* \(got no line with one\)"),
        ("a,\n", r"must hold arcs, .* \(got 1 node and no arc\)"),
        ("a,b\n,c\n", r"net.csv, line 2: must be source,target\[,weight\] \(got ',c'\)"),
        ("a b\nb c\n", r"net.csv, line 1: must be source,target.* separate source and target by a comma"),
        ("a,b,1\n\nb,c,two\n", r"net.csv, line 3: must have a finite number as its weight \(got 'two'\)"),
        ("a,b,1\nb,c,nan\n", r"net.csv, line 2: must have a finite number as its weight \(got 'nan'\)"),
        ("a,b,1,x\n", r"net.csv, line 1: must be source,target\[,weight\] \(got 4 cells\); name the columns"),
    ],
)
def test_one_sentence_for_what_is_none(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "net.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        read_edge_list(path)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"must be a file that can be read \(got No such file"):
        read_edge_list(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"caf\xe9,b\n")
    with pytest.raises(DataError, match=r"must be text in UTF-8 \(got byte 0xe9\)"):
        read_edge_list(tmp_path / "latin.csv")
    with pytest.raises(DataError, match="must get the path of a file"):
        read_edge_list(3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(DataError, match="must be a file that can be read"):
        read_edge_list(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "a,E\nb,I\nc d,E\n",
        "node,type\nc d,E\nb,I\na,E\n",
        "\ufeff# cells\nType;layer;Node\nE;2;a\nI;4;b\nE;4;c d\n\n",
        "a\tE\nb\tI\nc d\tE\na\tE\n",
    ],
)
def test_types_of_nodes_in_the_order_of_the_graph(tmp_path: Path, text: str) -> None:
    (tmp_path / "net.csv").write_text("a,b\nb,c d\n", encoding="utf-8")
    (tmp_path / "types.csv").write_text(text, encoding="utf-8")
    assert read_types(tmp_path / "types.csv", read_edge_list(tmp_path / "net.csv")) == ["E", "I", "E"]


def test_types_of_nodes_without_names(tmp_path: Path) -> None:
    (tmp_path / "types.csv").write_text("1,I\n0,E\n2,E\n", encoding="utf-8")
    assert read_types(tmp_path / "types.csv", directed_graph([0, 1], [1, 2])) == ["E", "I", "E"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,E\nb,I\nx,E\n", r"types.csv, line 3: must name a node of the network \(got 'x'\)"),
        ("a,E\nb,I\n", r"types.csv: must give each of 3 nodes a type \(got none for 'c d'\)"),
        ("a,E\n", r"types.csv: must give each of 3 nodes a type \(got none for 'b' and 'c d'\)"),
        ("", r"types.csv: must give each of 3 nodes a type \(got none for 'a' and 2 others\)"),
        ("a,E\nb,I\na,I\nc d,E\n", r"types.csv, line 3: must give 'a' one type \(got 'I', but 'E' in line 1\)"),
        ("a,E\nb\n", r"types.csv, line 2: must be node,type \(got 'b'\)"),
        ("a,E\n,I\n", r"types.csv, line 2: must be node,type \(got ',I'\)"),
        ("a,E,2\n", r"types.csv, line 1: must be node,type \(got 'a,E,2'\); name the columns in a first line: node, type"),
        ("node,type,note\na\n", r"types.csv, line 2: must be node,type \(got 'a'\)"),
    ],
)
def test_types_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "net.csv").write_text("a,b\nb,c d\n", encoding="utf-8")
    (tmp_path / "types.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_types(tmp_path / "types.csv", read_edge_list(tmp_path / "net.csv"))


def test_types_from_what_is_no_file(tmp_path: Path) -> None:
    graph = directed_graph([0, 1], [1, 2])
    with pytest.raises(DataError, match="must be a file that can be read"):
        read_types(tmp_path, graph)
    with pytest.raises(DataError, match="must get the path of a file"):
        read_types(3, graph)  # pyright: ignore[reportArgumentType]
    (tmp_path / "types.csv").write_bytes(b"0,\xff\n")
    with pytest.raises(DataError, match="must be text in UTF-8"):
        read_types(tmp_path / "types.csv", graph)
