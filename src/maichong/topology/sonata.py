"""SONATA: the edges of a network in an HDF5 file, with what edges of one type share in a table beside it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from maichong.errors import DataError, brief, did_you_mean, is_one_of, listed
from maichong.files import as_path
from maichong.topology.edges import Edges

ENDS = ("source_node_id", "target_node_id")


def read_sonata(
    path: str | Path,
    types: str | Path | None = None,
    *,
    population: str | None = None,
    weight: str = "syn_weight",
    delay: str = "delay",
) -> Edges:
    """One population of edges of a SONATA file, with the attributes ``weight`` and ``delay`` (ms) of its groups or edge types.

    ``types`` is the table of edge types that belongs to the file. An attribute of an edge's group goes before one of its type, as
    the specification says; one that no edge has is None. A file without edge_group_id and edge_group_index has one group, 0. An
    edge with ``nsyns`` is so many synapses. ``population`` may be left out where the file holds one.

    Needs h5py (``pip install "maichong[exchange]"``). Raises DataError for a file or a table that cannot be read or is no SONATA,
    an unknown population, and an attribute that some edges have and some lack.

    Not for the nodes: what cells are belongs to models that SONATA names and does not define.

    Source: Dai et al. 2020, doi:10.1371/journal.pcbi.1007696.
    """
    try:
        import h5py
    except ImportError:
        raise DataError("read_sonata", "needs h5py, which is not installed", fix='pip install "maichong[exchange]"') from None
    file = as_path(path)
    table = _read_types(as_path(types)) if types is not None else {}
    try:
        with h5py.File(file, "r") as root:
            edges = _chosen(root, population, str(file))
            where = f"{file}, /edges/{edges.name.rsplit('/', 1)[-1]}"
            pre, post = (_dataset(edges, name, where) for name in ENDS)
            kind = _dataset(edges, "edge_type_id", where)
            group, place = _groups(edges, pre.size, where)
            others = {"target_node_id": post, "edge_type_id": kind, "edge_group_id": group, "edge_group_index": place}
            for name, other in others.items():
                if other.shape != pre.shape:
                    raise DataError(where, f"{name} must be as long as source_node_id, {pre.size}", other.size)
            for name, end in zip(ENDS, (pre, post), strict=True):
                if (end < 0).any():
                    raise DataError(where, f"{name} must be >= 0", int(end.min()))
            ids, wanted = (kind, group, place), (weight, delay, "nsyns")
            numbers = {name: _attribute(edges, name, ids, table, where) for name in wanted}
            n_pre, n_post = _size(edges, "source_to_target", pre), _size(edges, "target_to_source", post)
    except OSError as error:
        raise DataError(str(file), "must be an HDF5 file that can be read", str(error).splitlines()[0]) from None
    times = numbers["nsyns"]
    repeat = np.ones(pre.size, np.int64) if times is None else times.astype(np.int64)
    if times is not None and ((times < 0) | (repeat != times)).any():
        bad = times[(times < 0) | (repeat != times)][0]
        raise DataError(where, "nsyns must be whole numbers >= 0", f"{bad:g}")
    known = [value if value is None else np.repeat(value, repeat) for value in (numbers[weight], numbers[delay])]
    return Edges(np.repeat(pre, repeat), np.repeat(post, repeat), n_pre, n_post, known[0], known[1])


def _chosen(root: Any, population: str | None, where: str) -> Any:
    """The group of one population of edges."""
    if not hasattr(root.get("edges"), "keys"):
        raise DataError(where, "has no group /edges, and so no edges", fix=listed(root) if len(root) else "it is empty")
    names = list(root["edges"])
    if population is None and len(names) != 1:
        fix = f"give population=..., {listed(names)}" if names else None
        raise DataError(where, f"holds {len(names)} populations of edges", fix=fix)
    if population is not None and not is_one_of(population, names):
        raise DataError(where, "has no such population of edges", brief(population), did_you_mean(population, names))
    chosen = root["edges"][population or names[0]]
    if not hasattr(chosen, "keys"):
        raise DataError(where, f"/edges/{population or names[0]} must be a group, a population of edges", brief(chosen))
    return chosen


def _groups(edges: Any, n: int, where: str) -> tuple[np.ndarray, np.ndarray]:
    """The group of each edge and its place there: in a file of one group, edge after edge, where it names neither."""
    if not any(name in edges for name in ("edge_group_id", "edge_group_index")) and "1" not in edges:
        return np.zeros(n, np.int64), np.arange(n)
    group, place = (_dataset(edges, f"edge_group_{name}", where) for name in ("id", "index"))
    return group, place


def _dataset(edges: Any, name: str, where: str) -> np.ndarray:
    if name not in edges:
        raise DataError(where, f"must have a dataset {name!r}", fix=listed(edges))
    found = np.asarray(edges[name])
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise DataError(where, f"{name} must be a list of whole numbers", f"{found.dtype} {list(found.shape)}")
    return found.astype(np.int64)


def _attribute(
    edges: Any, name: str, ids: tuple[np.ndarray, np.ndarray, np.ndarray], table: dict[int, dict[str, str]], where: str
) -> np.ndarray | None:
    """An attribute of every edge, from its group or else its type; None where no edge has it."""
    kind, group, place = ids
    values = np.full(kind.size, np.nan)
    for one in np.unique(kind):
        text = table.get(int(one), {}).get(name)
        if text is None or text in ("", "NULL", "NaN"):
            continue
        try:
            values[kind == one] = float(text)
        except ValueError:
            raise DataError(f"{where}, edge type {one}", f"its {name} must be a number", brief(text)) from None
    for one in np.unique(group):
        found = edges.get(f"{one}/{name}")
        if found is not None:
            if getattr(found, "ndim", 0) != 1 or found.dtype.kind not in "iuf":
                raise DataError(where, f"{one}/{name} must be a list of numbers", brief(found))
            here, stored = group == one, np.asarray(found, np.float64)
            bad = place[here][(place[here] < 0) | (place[here] >= stored.size)]
            if bad.size:
                raise DataError(where, f"edge_group_index must lie below {stored.size} in group {one}", int(bad[0]))
            values[here] = stored[place[here]]
    missing = np.isnan(values)
    if missing.all():
        return None
    if missing.any():
        raise DataError(where, f"all edges must have the attribute {name!r}, or none", f"{int(missing.sum())} without")
    return values


def _size(edges: Any, way: str, ends: np.ndarray) -> int:
    """The number of nodes at one end: that of the index, where the file has one, or one more than the largest id."""
    ranges = edges.get(f"indices/{way}/node_id_to_range")
    least = int(ends.max(initial=-1)) + 1
    return least if ranges is None else max(least, int(ranges.shape[0]))


def _read_types(path: Path) -> dict[int, dict[str, str]]:
    """The table of edge types: columns parted by blanks, one of them edge_type_id."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream, delimiter=" ", skipinitialspace=True))
    except OSError as error:
        raise DataError(str(path), "must be a file that can be read", error.strerror) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(str(path), "must be a table in UTF-8", str(error)) from None
    except ValueError as error:  # a path that no system takes
        raise DataError(str(path), "must be a file that can be read", str(error)) from None
    try:
        return {int(row["edge_type_id"]): {name: text for name, text in row.items() if name} for row in rows}
    except (KeyError, TypeError, ValueError):
        fix = "columns are parted by blanks"
        raise DataError(str(path), "must have a column edge_type_id of whole numbers", fix=fix) from None
