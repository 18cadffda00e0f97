"""``motifs --size 4``: which motifs of four nodes a network has more of than chance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maichong.cli import motif_ranking as ranking
from maichong.cli import motifs
from maichong.cli.tables import put
from maichong.errors import ParameterError

if TYPE_CHECKING:
    from maichong.motifs import DirectedGraph

SAMPLES = 1_000_000
"""Sub-networks that are looked at if nothing else is said; all of them where there are no more."""
MOST_SAMPLES = 10**12
NULLS_OF_SAMPLES = 100
"""Where the sub-networks are sampled: a thousand would take many minutes."""


def run_four_nodes(
    file: Path, graph: DirectedGraph, options: Mapping[str, Any], samples: int | None, target: Path
) -> dict[str, Any]:
    """Compare the motifs with their null model, print and draw; returns what goes to JSON."""
    from maichong.motifs import four_node_significance, share_of
    from maichong.motifs.four_nodes import NAMES, REPEATS, matrix_of

    if samples is not None and not 1 <= samples <= MOST_SAMPLES:
        raise ParameterError("motifs, --samples", f"must be between 1 and {MOST_SAMPLES:,}", samples)
    share = share_of(graph, samples or SAMPLES, seed=options["seed"])
    if share < 1 and options["nulls"] is None:
        options = {**options, "nulls": NULLS_OF_SAMPLES}
    options = motifs.settled(graph, options)
    found, seconds = motifs.timed(
        lambda tell: four_node_significance(graph, **options, share=share, tell=tell), options["nulls"]
    )  # fmt: skip
    motifs.put_network(file.name, graph)
    put()

    def arrows(motif: int) -> str:
        matrix = matrix_of(motif)
        return motifs.arrows(tuple("abcd"[i] + "abcd"[j] for i in range(4) for j in range(4) if matrix[i, j]))

    ranking.put_ranking(found, {"mfinder": str, "name": lambda motif: NAMES.get(motif, ""), "arcs": arrows})
    if share < 1:
        put(
            f"counts are estimates from {REPEATS} samples, each of {100 * share:.3g} % of the sub-networks of four nodes; error: "
            "from their spread; null networks are sampled alike, so sd holds that error too",
            style="dim",
        )
    motifs.put_null(found, options, seconds)
    put("the null model does not keep triads: a motif of four may stand out for the triads in it", style="dim")
    put(f"profile: z / |z| over the {len(found.profile)} motifs; a>b an arc, a=b a mutual pair", style="dim")
    motifs.put_p(found)
    ranking.draw(target, f"{file.name}, four nodes", found, lambda motif: NAMES.get(motif, str(motif)), matrix_of)
    rows = ranking.records(found, lambda motif: {"mfinder": motif, "name": NAMES.get(motif), "arcs": arrows(motif)})
    return {
        **motifs.circumstances(found, options, seconds), "share": share, "repeats": REPEATS if share < 1 else 1, "motifs": rows,
    }  # fmt: skip
