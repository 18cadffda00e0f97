"""Synapses that others have listed: CSV, SciPy, NetworkX, SONATA; and what is refused of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import networkx as nx
import numpy as np
import pytest
from scipy import sparse

from maichong import LIF, Exponential, Network
from maichong.errors import MaichongError
from maichong.topology import Edges, from_networkx, from_sparse, read_edges, read_sonata


def listed(edges: Edges) -> list[tuple[Any, ...]]:
    """The synapses, sorted, with weights and delays where there are."""
    columns = [edges.pre, edges.post, *(known for known in (edges.weight, edges.delay) if known is not None)]
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# ------------------------------------------------------------------------------------------------ CSV


def test_indices_stand_as_they_are(tmp_path: Path) -> None:
    edges = read_edges(written(tmp_path / "a.csv", "Target, source,weight\n3,0,1.5\n\n0,2,-2e-1\n3,0,1\n"))
    assert listed(edges) == [(0, 3, 1.0), (0, 3, 1.5), (2, 0, -0.2)]
    assert (edges.n_pre, edges.n_post, edges.names_pre, edges.delay) == (4, 4, None, None)
    assert repr(edges) == "<Edges: 3 from 4 to 4 nodes, weight>"


def test_names_are_numbered_as_they_come_or_as_given(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "source,target,delay,kind\nAVAL,PVCR,1.5,chemical\nPVCR,1,2,gap\n")
    edges = read_edges(path)
    assert listed(edges) == [(0, 1, 1.5), (1, 2, 2.0)] and edges.names_pre == ["AVAL", "PVCR", "1"]
    edges = read_edges(path, nodes=["1", "alone", "PVCR", "AVAL"])
    assert listed(edges) == [(2, 0, 2.0), (3, 2, 1.5)] and edges.n_pre == 4


def test_a_table_without_synapses_is_one(tmp_path: Path) -> None:
    edges = read_edges(written(tmp_path / "a.csv", "source,target,weight\n"))
    assert len(edges) == edges.n_pre == 0 and edges.weight is not None


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_columns_are_parted_as_the_first_line_shows_and_comments_passed_over(tmp_path: Path, delimiter: str) -> None:
    lines = ("# made, by hand", "source,target,weight", "", "#0,1,9", "0,1,1.5", "1,0,2.5")
    path = written(tmp_path / "a.csv", "\n".join(line.replace(",", delimiter) for line in lines))
    assert listed(read_edges(path)) == [(0, 1, 1.5), (1, 0, 2.5)]
    path = written(tmp_path / "b.csv", path.read_text() + f"\n1{delimiter}0{delimiter}x\n")
    with pytest.raises(MaichongError, match="line 7: its weight must be a number"):
        read_edges(path)


def test_ids_too_long_for_indices_are_names(tmp_path: Path) -> None:
    ids = ["720575940621039145", "720575940628857210"]
    edges = read_edges(written(tmp_path / "a.csv", "source,target\n" + ",".join(ids) + "\n"))
    assert listed(edges) == [(0, 1)] and edges.names_pre == ids


def test_networkx_reads_the_same_from_the_same_file(tmp_path: Path) -> None:
    made = nx.gnp_random_graph(40, 0.1, seed=3, directed=True)
    path = written(tmp_path / "a.csv", "source,target\n" + "".join(f"{a},{b}\n" for a, b in made.edges))
    assert listed(read_edges(path)) == sorted(made.edges)


# ------------------------------------------------------------------------------------------------ SciPy and NetworkX


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr"])
def test_sparse_matrices_of_all_forms(form: str) -> None:
    dense = np.array([[0.0, 1.5, 0.0], [-2.0, 0.0, 0.25]])
    edges = from_sparse(sparse.coo_array(dense).asformat(form))
    assert listed(edges) == [(0, 1, 1.5), (1, 0, -2.0), (1, 2, 0.25)]
    assert (edges.n_pre, edges.n_post) == (2, 3)


def test_stored_zeros_and_doubled_entries_are_synapses_and_flags_have_no_weights() -> None:
    assert listed(from_sparse(sparse.coo_array(([0.0, 1.0, 2.0], ([0, 1, 1], [0, 1, 1]))))) == [
        (0, 0, 0.0),
        (1, 1, 1.0),
        (1, 1, 2.0),
    ]
    assert from_sparse(sparse.csr_array(np.eye(2, dtype=bool))).weight is None
    assert listed(from_sparse(sparse.csr_matrix(np.eye(2, dtype=np.int8)))) == [(0, 0, 1.0), (1, 1, 1.0)]


def test_a_directed_graph_keeps_its_order_and_attributes() -> None:
    made = nx.DiGraph()
    made.add_nodes_from(["c", "a", "b"])
    made.add_edge("a", "b", weight=2.0, delay=1.5, w=7)
    made.add_edge("b", "b", weight=3, delay=0.5, w=8)
    edges = from_networkx(made)
    assert listed(edges) == [(1, 2, 2.0, 1.5), (2, 2, 3.0, 0.5)] and edges.names_post == ["c", "a", "b"]
    assert listed(from_networkx(made, weight="w", delay=None)) == [(1, 2, 7.0), (2, 2, 8.0)]
    np.testing.assert_array_equal(
        nx.to_numpy_array(made), sparse.coo_array((edges.weight, (edges.pre, edges.post)), shape=(3, 3)).toarray()
    )


def test_undirected_edges_go_both_ways_and_parallel_ones_each() -> None:
    made = nx.Graph([(0, 1), (1, 1)])
    assert listed(from_networkx(made)) == [(0, 1), (1, 0), (1, 1)]
    many = nx.MultiDiGraph([(0, 1), (0, 1), (1, 0)])
    assert listed(from_networkx(many)) == [(0, 1), (0, 1), (1, 0)]
    assert len(from_networkx(nx.Graph())) == 0


def test_what_was_read_is_what_a_network_has() -> None:
    rng = np.random.default_rng(1)
    matrix = sparse.random_array((30, 30), density=0.1, rng=rng, format="csr")
    edges = from_sparse(matrix)
    net = Network(dt=0.1)
    cells = net.population("cells", LIF(), edges.n_pre)
    net.project(cells, cells, edges.connector, weight=edges.weight, receptor=Exponential())
    np.testing.assert_array_equal(np.nan_to_num(net.build("reference").weights("cells->cells")), matrix.toarray())


# ------------------------------------------------------------------------------------------------ SONATA


def sonata(path: Path, *, without: str | None = None, **more: Any) -> Path:
    """An edges file by the specification: two groups of attributes, three types, an index of the sources."""
    with h5py.File(path, "w") as root:
        root.attrs["magic"], root.attrs["version"] = np.uint32(0x0A7A), [np.uint32(0), np.uint32(1)]
        edges = root.create_group("edges/lgn_to_v1")
        for name, values in {
            "source_node_id": [0, 1, 1, 3, 2], "target_node_id": [4, 0, 0, 2, 1], "edge_type_id": [100, 101, 101, 102, 100],
            "edge_group_id": [0, 1, 1, 0, 0], "edge_group_index": [0, 0, 1, 1, 2], **more,
        }.items():  # fmt: skip
            if name != without:
                edges[name] = np.array(values)
        for end, population in (("source_node_id", "lgn"), ("target_node_id", "v1")):
            if end != without:
                edges[end].attrs["node_population"] = population
        edges["0/syn_weight"] = [1.0, 2.0, 3.0]
        edges["0/delay"] = np.array([0.5, 1.0, 1.5], np.float32)
        edges["1/syn_weight"] = [-1.0, -2.0]
        edges["indices/source_to_target/node_id_to_range"] = np.zeros((7, 2), int)
        edges["indices/source_to_target/range_to_edge_id"] = np.zeros((0, 2), int)
    return path


TYPES = (
    "edge_type_id target_query delay model_template\n100 'pop==\"e\"' NULL static\n101 NULL 2.5 static\n102 NULL 9.0 static\n"
)


def test_sonata_takes_attributes_from_groups_and_else_from_types(tmp_path: Path) -> None:
    edges = read_sonata(sonata(tmp_path / "edges.h5"), written(tmp_path / "types.csv", TYPES))
    assert list(zip(edges.pre, edges.post, strict=True)) == [(0, 4), (1, 0), (1, 0), (3, 2), (2, 1)]
    np.testing.assert_array_equal(edges.weight, [1.0, -1.0, -2.0, 2.0, 3.0])
    np.testing.assert_array_equal(edges.delay, [0.5, 2.5, 2.5, 1.0, 1.5])
    # the index tells of nodes without edges
    assert (edges.n_pre, edges.n_post) == (7, 5)


def test_libsonata_reads_the_same(tmp_path: Path) -> None:
    libsonata = pytest.importorskip("libsonata")
    rng = np.random.default_rng(2)
    path = tmp_path / "edges.h5"
    with h5py.File(path, "w") as root:
        edges = root.create_group("edges/e_to_e")
        for name in ("source_node_id", "target_node_id"):
            edges[name] = rng.integers(0, 50, 300).astype(np.uint64)
            edges[name].attrs["node_population"] = "e"
        edges["edge_type_id"], edges["edge_group_id"] = np.full(300, 7), np.zeros(300, int)
        edges["edge_group_index"] = np.arange(300)
        edges["0/syn_weight"], edges["0/delay"] = rng.random(300), rng.uniform(1, 5, 300)
    ours = read_sonata(path)  # before libsonata, which keeps the file open
    theirs = libsonata.EdgeStorage(str(path)).open_population("e_to_e")
    everything = theirs.select_all()
    np.testing.assert_array_equal(ours.pre, theirs.source_nodes(everything))
    np.testing.assert_array_equal(ours.post, theirs.target_nodes(everything))
    np.testing.assert_array_equal(ours.weight, theirs.get_attribute("syn_weight", everything))
    np.testing.assert_array_equal(ours.delay, theirs.get_attribute("delay", everything))


def test_sonata_edges_of_several_synapses_are_so_many(tmp_path: Path) -> None:
    types = "edge_type_id nsyns delay\n100 1 1\n101 3 2\n102 0 3\n"
    edges = read_sonata(sonata(tmp_path / "edges.h5"), written(tmp_path / "types.csv", types))
    assert listed(edges) == [(0, 4, 1.0, 0.5), *[(1, 0, -2.0, 2.0)] * 3, *[(1, 0, -1.0, 2.0)] * 3, (2, 1, 3.0, 1.5)]


def test_sonata_of_one_group_need_not_name_it(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "edges.h5", "w") as root:
        edges = root.create_group("edges/one")
        edges["source_node_id"], edges["target_node_id"], edges["edge_type_id"] = [0, 1], [1, 0], [-1, -1]
        edges["0/syn_weight"] = [1.5, 2.5]
    assert listed(read_sonata(tmp_path / "edges.h5")) == [(0, 1, 1.5), (1, 0, 2.5)]


def test_sonata_without_weights_has_none(tmp_path: Path) -> None:
    edges = read_sonata(sonata(tmp_path / "edges.h5"), weight="conductance", delay="axonal")
    assert edges.weight is None and edges.delay is None and len(edges) == 5


# ------------------------------------------------------------------------------------------------ what is refused


def refused(folder: Path) -> list[tuple[Any, str]]:
    csv, nothing, noise = folder / "a.csv", folder / "none.csv", folder / "noise.h5"
    noise.write_bytes(b"\x89\xff no file of any kind")
    two = sonata(folder / "two.h5")
    with h5py.File(two, "a") as root:
        root.create_group("edges/second")
    empty = folder / "empty.h5"
    h5py.File(empty, "w").close()
    flat, flatter = folder / "flat.h5", folder / "flatter.h5"
    for path, name in ((flat, "edges"), (flatter, "edges/one")):
        with h5py.File(path, "w") as root:
            root[name] = 3
    types = folder / "types.csv"
    in_edges = "/edges/lgn_to_v1"
    partly = nx.DiGraph([(0, 1), (1, 2)])
    partly.edges[0, 1]["weight"] = 1.0
    wordy = nx.DiGraph()
    wordy.add_edge(0, 1, weight="strong")
    return [
        (lambda: read_edges(nothing), f"{nothing}: must be a file that can be read (got No such file or directory)"),
        (
            lambda: read_edges(written(csv, "from,target\n")),
            f"{csv}: its first line must name a column 'source' (got from,target)",
        ),
        (lambda: read_edges(written(csv, "")), f"{csv}: its first line must name a column 'source' (got nothing)"),
        (lambda: read_edges(written(csv, "source,target\n1\n")), f"{csv}, line 2: must have a target (got 1)"),
        (
            lambda: read_edges(written(csv, "source,target,weight\n1,2,x\n")),
            f"{csv}, line 2: its weight must be a number (got 'x')",
        ),
        (
            lambda: read_edges(written(csv, "source,target\na,b\n"), nodes=["a"]),
            f"{csv}: has a node that is not among the nodes given (got 'b')",
        ),
        (
            lambda: read_edges(written(csv, "source,target\n0,1\n-1,2\n")),
            f"{csv}: nodes that are numbers must be whole and >= 0 (got '-1'); "
            "write indices, or give what nodes are called, nodes=[...]",
        ),
        (
            lambda: read_edges(written(csv, "source,target\n2.0,1.0\n1.0,2.0\n")),
            f"{csv}: nodes that are numbers must be whole and >= 0 (got '2.0'); "
            "write indices, or give what nodes are called, nodes=[...]",
        ),
        (
            lambda: read_edges(written(csv, "source,target,weight\n1,2,nan\n")),
            f"{csv}, line 2: its weight must be a number (got 'nan')",
        ),
        (
            lambda: read_edges(written(csv, "source,target,target\n1,2,3\n")),
            f"{csv}: must have one column 'target' (got 2)",
        ),
        (
            lambda: read_edges(written(csv, "source target\n1 2\n")),
            f"{csv}: its first line must name a column 'source' (got source target); "
            "columns are parted by commas, semicolons or tabs",
        ),
        (lambda: read_edges(csv, nodes=["a", "b", "a", "c"]), "read_edges, nodes: must have each name once (got 'a')"),
        (
            lambda: read_edges(csv, nodes=5),  # type: ignore[arg-type]
            "read_edges, nodes: must be a list of names, in the order of their indices (got 5)",
        ),
        (
            lambda: read_edges(noise),
            f"{noise}: must be a CSV file in UTF-8 (got 'utf-8' codec can't decode byte 0x89 in position 0: invalid start byte)",
        ),
        (
            lambda: from_sparse(np.ones(2)),
            "from_sparse: needs a SciPy sparse matrix [pre, post] (got array([1., 1.])); use scipy.sparse.csr_array(...)",
        ),
        (
            lambda: from_sparse(sparse.csr_array(np.eye(2) * 1j)),
            "from_sparse: the entries must be real numbers (got complex128)",
        ),
        (lambda: from_networkx([(0, 1)]), "from_networkx: needs a NetworkX graph (got [(0, 1)])"),
        (
            lambda: from_networkx(nx.DiGraph),
            "from_networkx: needs a NetworkX graph (got <class 'networkx.classes.digraph.DiGraph'>)",
        ),
        (lambda: from_networkx(partly), "from_networkx: all edges must have the attribute 'weight', or none (got 1 without)"),
        (lambda: from_networkx(wordy), "from_networkx: the attribute 'weight' must be a number"),
        (lambda: read_sonata(empty), f"{empty}: has no group /edges, and so no edges; it is empty"),
        (
            lambda: read_sonata(two),
            f"{two}: holds 2 populations of edges; give population=..., known: lgn_to_v1, second",
        ),
        (
            lambda: read_sonata(two, population="lgn_to_v2"),
            f"{two}: has no such population of edges (got 'lgn_to_v2'); did you mean 'lgn_to_v1'?",
        ),
        (
            lambda: read_sonata(sonata(folder / "b.h5", without="edge_type_id")),
            f"{folder / 'b.h5'}, {in_edges}: must have a dataset 'edge_type_id'; "
            "known: 0, 1, edge_group_id, edge_group_index, indices, source_node_id, target_node_id",
        ),
        (
            lambda: read_sonata(sonata(folder / "c.h5", source_node_id=[0.5] * 5)),
            f"{folder / 'c.h5'}, {in_edges}: source_node_id must be a list of whole numbers (got float64 [5])",
        ),
        (
            lambda: read_sonata(sonata(folder / "d.h5", target_node_id=[0, 1])),
            f"{folder / 'd.h5'}, {in_edges}: target_node_id must be as long as source_node_id, 5 (got 2)",
        ),
        (
            lambda: read_sonata(sonata(folder / "e.h5", edge_group_index=[0, 0, 1, 1, 3])),
            f"{folder / 'e.h5'}, {in_edges}: edge_group_index must lie below 3 in group 0 (got 3)",
        ),
        (
            lambda: read_sonata(sonata(folder / "f.h5")),
            f"{folder / 'f.h5'}, {in_edges}: all edges must have the attribute 'delay', or none (got 2 without)",
        ),
        (
            lambda: read_sonata(sonata(folder / "g.h5"), written(types, "edge_type_id delay\n101 long\n")),
            f"{folder / 'g.h5'}, {in_edges}, edge type 101: its delay must be a number (got 'long')",
        ),
        (
            lambda: read_sonata(sonata(folder / "g.h5"), written(types, "type delay\n101 1\n")),
            f"{types}: must have a column edge_type_id of whole numbers; columns are parted by blanks",
        ),
        (
            lambda: read_sonata(
                sonata(folder / "g.h5"), written(types, "edge_type_id nsyns delay\n101 -1 1\n100 1 1\n102 1 1\n")
            ),
            f"{folder / 'g.h5'}, {in_edges}: nsyns must be whole numbers >= 0 (got -1)",
        ),
        (
            lambda: read_sonata(
                sonata(folder / "g.h5"), written(types, "edge_type_id nsyns delay\n101 2.5 1\n100 1 1\n102 1 1\n")
            ),
            f"{folder / 'g.h5'}, {in_edges}: nsyns must be whole numbers >= 0 (got 2.5)",
        ),
        (
            lambda: read_sonata(sonata(folder / "h.h5", source_node_id=[0, -1, 0, 0, 0])),
            f"{folder / 'h.h5'}, {in_edges}: source_node_id must be >= 0 (got -1)",
        ),
        (
            lambda: read_sonata(sonata(folder / "i.h5", edge_group_index=[0, -1, 1, 1, 2])),
            f"{folder / 'i.h5'}, {in_edges}: edge_group_index must lie below 2 in group 1 (got -1)",
        ),
        (
            lambda: read_sonata(sonata(folder / "j.h5", **{"1/strength": [b"a", b"b"]}), weight="strength"),
            f"{folder / 'j.h5'}, {in_edges}: 1/strength must be a list of numbers "
            '(got <HDF5 dataset "strength": shape (2,), type "|S1">)',
        ),
        (
            lambda: read_sonata(sonata(folder / "j.h5", **{"1/strength": [[1.0], [2.0]]}), weight="strength"),
            f"{folder / 'j.h5'}, {in_edges}: 1/strength must be a list of numbers "
            '(got <HDF5 dataset "strength": shape (2, 1), type "<f8">)',
        ),
        (lambda: read_sonata(flat), f"{flat}: has no group /edges, and so no edges; known: edges"),
        (
            lambda: read_sonata(flatter),
            f'{flatter}: /edges/one must be a group, a population of edges (got <HDF5 dataset "one": shape (), type "<i8">)',
        ),
        (lambda: read_sonata(two, nothing), f"{nothing}: must be a file that can be read (got No such file or directory)"),
        (
            lambda: read_sonata(two, noise),
            f"{noise}: must be a table in UTF-8 (got 'utf-8' codec can't decode byte 0x89 in position 0: invalid start byte)",
        ),
    ]


def test_what_readers_refuse(tmp_path: Path) -> None:
    for make, message in refused(tmp_path):
        with pytest.raises(MaichongError) as caught:
            make()
        # a long path is shortened where the place is told
        told = str(caught.value)
        assert told == message or told.split(": ", 1)[1] == message.split(": ", 1)[1], told


def test_no_hdf5_file_is_told_in_one_sentence(tmp_path: Path) -> None:
    path = written(tmp_path / "edges.h5", "source,target\n")
    with pytest.raises(MaichongError) as caught:
        read_sonata(path)
    assert str(caught.value).startswith(f"{path}: must be an HDF5 file that can be read (got ")
    assert "\n" not in str(caught.value)


def test_without_h5py_the_reader_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(MaichongError) as caught:
        read_sonata("edges.h5")
    assert str(caught.value) == 'read_sonata: needs h5py, which is not installed; pip install "maichong[exchange]"'
