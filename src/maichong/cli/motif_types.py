"""``motifs --types``: triads by the types of their nodes, such as excitatory and inhibitory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.cli import motif_ranking as ranking
from maichong.cli import motifs
from maichong.cli.tables import put

if TYPE_CHECKING:
    from maichong.motifs import DirectedGraph

KINDS = {"e": "excitatory", "exc": "excitatory", "excitatory": "excitatory", "+": "excitatory"}
KINDS |= {"i": "inhibitory", "inh": "inhibitory", "inhibitory": "inhibitory", "-": "inhibitory"}
"""What types are drawn as; others are told by their names alone."""
PRINTED = 4
"""Types up to which the arcs between them fit in a line."""


def run_types(file: Path, graph: DirectedGraph, options: Mapping[str, Any], types: Path, target: Path) -> dict[str, Any]:
    """Compare the typed triads with their null model, print and draw; returns what goes to JSON."""
    from maichong.motifs import CONNECTED, TRIADS, read_types, typed_significance
    from maichong.motifs.census import checked_types
    from maichong.motifs.typed_significance import arcs_of_types

    of_nodes = read_types(types, graph)
    names, places = checked_types("motifs", of_nodes, graph.n)
    options = motifs.settled(graph, options)
    found, seconds = motifs.timed(
        lambda tell: typed_significance(graph, of_nodes, **options, tell=tell), options["nulls"]
    )  # fmt: skip
    arcs = arcs_of_types(graph, places, len(names))
    sizes = Counter(of_nodes)
    motifs.put_network(file.name, graph)
    line = f"types: {', '.join(f'{sizes[name]:,} {name}' for name in names)}"
    if len(names) <= PRINTED:
        between = [f"{s}>{t} {arcs[i, j]:,}" for i, s in enumerate(names) for j, t in enumerate(names)]
        line += f"; arcs: {', '.join(between)}"
    put(line)
    put()
    triads = {triad.man: triad for triad in TRIADS}
    ranking.put_ranking(
        found,
        {
            "triad": lambda motif: motif[0], "arcs": lambda motif: motifs.arrows(triads[motif[0]].arcs),
            "a b c": lambda motif: " ".join(motif[1]),
        },
    )  # fmt: skip
    motifs.put_null(found, options, seconds)
    kept = {
        "types": "kept: the type of each node and, in the mean, the arcs from each type to each; not the degrees",
        "none": "kept: the type of each node and, in the mean, the number of arcs; not how many go from type to type",
    }
    by_degrees = (
        "kept: the type of each node, and its degrees; not how many arcs go from type to type (--null types keeps these)"
    )
    put(kept.get(found.null, by_degrees), style="dim")
    put("profile: z / |z| over the connected triads by types; a>b an arc, a=b a mutual pair; b is the centre", style="dim")
    motifs.put_p(found)
    pictures = dict(zip(CONNECTED, motifs.pictures(), strict=True))

    def picture(motif: tuple[str, tuple[str, str, str]]) -> np.ndarray:
        return pictures[motif[0]]

    ranking.draw(
        target, f"{file.name} by types", found, lambda motif: f"{motif[0]}\n{' '.join(name[:3] for name in motif[1])}", picture,
        lambda motif: [KINDS.get(name.casefold(), "other") for name in motif[1]],
    )  # fmt: skip
    return {
        **motifs.circumstances(found, options, seconds), "types": {name: sizes[name] for name in names},
        "arcs_between_types": {s: dict(zip(names, row, strict=True)) for s, row in zip(names, arcs.tolist(), strict=True)},
        "triads": ranking.records(found, lambda motif: {"triad": motif[0], "types": list(motif[1])}),
    }  # fmt: skip
