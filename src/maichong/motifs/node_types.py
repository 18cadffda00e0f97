"""Types of nodes from files, such as excitatory and inhibitory: one ``node,type`` a line."""

from __future__ import annotations

import os
from pathlib import Path

from maichong.errors import DataError, brief, did_you_mean
from maichong.motifs.edge_list import opened, rows_of
from maichong.motifs.graph import DirectedGraph, checked_graph

FORM = "node,type"


def read_types(path: str | os.PathLike[str], graph: DirectedGraph) -> list[str]:
    """The type of each node of ``graph``, in the order of its nodes, from a text file with one ``node,type`` a line.

    The file is as those of `read_edge_list`: UTF-8, separated by commas, tabs or semicolons; empty lines, and lines that begin
    with # before the first node, are passed over. A first line that names the columns (node and type in any order, other columns
    are passed over) is a heading. Nodes without names are known by their numbers.

    Raises DataError, which names the line, for what is not of this form, a node that the graph has not or that has two types, and
    for a node of the graph without a type; ParameterError for what is no graph.
    """
    try:
        where = str(Path(path))
    except TypeError:
        raise DataError("read_types", "must get the path of a file", brief(path)) from None
    graph = checked_graph("read_types", graph)
    names = graph.names or tuple(map(str, range(graph.n)))
    known, types, lines = set(names), dict[str, str](), dict[str, int]()
    columns = None
    with opened(path, where, FORM) as file:
        for k, (line, row) in enumerate(rows_of(file)):
            cells = [cell.strip() for cell in row]
            heading = [cell.casefold() for cell in cells]
            if k == 0 and "node" in heading and "type" in heading:
                columns = heading.index("node"), heading.index("type")
                continue
            here = f"{where}, line {line}"
            node, kind = (cells[column] if column < len(cells) else "" for column in columns or (0, 1))
            if not node or not kind or (columns is None and len(cells) > 2):
                fix = "name the columns in a first line: node, type" if len(cells) > 2 else None
                raise DataError(here, f"must be {FORM}", brief(",".join(cells)), fix)
            if node not in known:
                raise DataError(here, "must name a node of the network", brief(node), did_you_mean(node, names))
            if types.setdefault(node, kind) != kind:
                came = f"{brief(kind)}, but {brief(types[node])} in line {lines[node]}"
                raise DataError(here, f"must give {brief(node)} one type", came)
            lines.setdefault(node, line)
    without = [name for name in names if name not in types]
    if without:
        more = (
            f" and {len(without) - 1:,} others"
            if len(without) > 2
            else f" and {brief(without[1])}"
            if len(without) == 2
            else ""
        )
        raise DataError(where, f"must give each of {graph.n:,} nodes a type", f"none for {brief(without[0])}{more}")
    return [types[name] for name in names]
