"""``motifs --per-node``: in how many of each triad every node is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maichong.cli.tables import put, table_of

if TYPE_CHECKING:
    from maichong.motifs import DirectedGraph

ROWS = 20
"""Nodes of the table."""


def run_nodes(graph: DirectedGraph) -> dict[str, dict[str, int]]:
    """Print the nodes that are in most connected triads; returns the counts of all, by name and MAN name."""
    from maichong.motifs import CONNECTED, MAN, node_census

    found = node_census(graph)
    names = graph.names or tuple(map(str, range(graph.n)))
    connected = found[:, [MAN.index(man) for man in CONNECTED]]
    total = connected.sum(axis=1)
    table = table_of("node", "triads", *CONNECTED, padding=(0, 1), pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for node in np.argsort(-total, kind="stable")[:ROWS].tolist():
        table.add_row(names[node], f"{total[node]:,}", *(f"{count:,}" for count in connected[node].tolist()))
    put()
    put(table)
    more = f"; the {ROWS} nodes of {graph.n:,} that are in most, --json has all" if graph.n > ROWS else ""
    put(f"connected triads that a node is in, at whatever place{more}", style="dim")
    return {name: dict(zip(MAN, row, strict=True)) for name, row in zip(names, found.tolist(), strict=True)}
