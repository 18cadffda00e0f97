"""``motifs --gallery``: networks of genes, neurons, areas, friends and words beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.text import Text

from maichong import files
from maichong.cli import motifs
from maichong.cli.tables import put, table_of
from maichong.errors import DataError

if TYPE_CHECKING:
    from maichong.motifs import DirectedGraph, Significance

GALLERY = (
    ("E. coli, genes", ("ecoli_shenorr2002",)),
    ("C. elegans, neurons", ("celegans_varshney2011_chem", "celegans_white1986_chem")),
    ("macaque, areas", ("macaque47", "macaque_modha242")),
    ("mouse, regions", ("mouse_oh2014_ipsi_p0.01", "mouse_rubinov112")),
    ("hippocampus, types of neurons", ("hippocampome_v1",)),
    ("friendships of boys", ("social_coleman_fall",)),
    ("English, words", ("wordadj_english_tinyshakespeare",)),
    ("Spanish, words", ("wordadj_spanish_fortunes",)),
)
"""What is shown, and the networks of which the first that can be had stands for it."""


def run_gallery(options: Mapping[str, Any], out: Path | None, json: Path | None) -> None:
    """Count each network, print its profile, say how alike they are, and draw them on one page."""
    shown: list[tuple[str, str, DirectedGraph, Significance[str], dict[str, Any], float]] = []
    for title, networks in GALLERY:
        known = first_of(networks)
        if known is None:
            continue
        name, graph = known
        settled = motifs.settled(graph, options)
        found, seconds = motifs.measured(graph, settled)
        motifs.put_network(f"{title} ({name})", graph)
        shown.append((title, name, graph, found, settled, seconds))
        put()
    if not shown:
        raise DataError(
            "motifs --gallery", "finds no network", fix="set MAICHONG_DATA to a folder with networks, or check the network"
        )
    titles, profiles = [title for title, *_ in shown], [found.profile for *_, found, _, _ in shown]
    put_profiles(titles, profiles)
    put()
    likeness = np.atleast_2d(np.corrcoef([list(profile.values()) for profile in profiles]))
    put_likeness(titles, likeness)
    put()
    null = shown[0][3].null
    put(
        f"null: {null}; profile: z / |z| over the thirteen connected triads; likeness: correlation of two profiles", style="dim"
    )
    for title, _, _, found, settled, seconds in shown:
        if found.nulls:
            put(f"{title}: {found.nulls:,} nulls, {settled['quality']:g} tries for each arc, {seconds:.1f} s", style="dim")
    target = out or Path("motif-gallery.png")
    draw(target, null, titles, profiles)
    put(f"drawn: {target}")
    if json:
        networks = {
            name: {"title": title, **motifs.described(graph), **motifs.outcome(found, settled, seconds)}
            for title, name, graph, found, settled, seconds in shown
        }
        files.write_json(json, {"null": null, "networks": networks, "likeness": likeness})


def first_of(networks: tuple[str, ...]) -> tuple[str, DirectedGraph] | None:
    """The first of ``networks`` that can be had, as a graph; None, with a sentence, where none can."""
    from maichong.data import load
    from maichong.motifs import directed_graph

    reason = ""
    for name in networks:
        try:
            arcs = load("networks", network=name)
        except DataError as error:
            reason = reason or str(error)
            continue
        nodes = arcs.nodes
        sources, targets = (np.searchsorted(nodes, each) for each in (arcs.sources, arcs.targets))
        return name, directed_graph(sources, targets, len(nodes), weights=arcs.weights, names=nodes)
    put(f"not shown: {reason}", style="yellow")
    return None


def put_profiles(titles: list[str], profiles: list[dict[str, float]]) -> None:
    """A row for each triad, a column for each network."""
    from maichong.motifs import TRIADS

    table = table_of("triad", "arcs", *titles, padding=(0, 1))
    for column in table.columns[2:]:
        column.justify = "right"
    for triad in TRIADS[3:]:
        values = [profile[triad.man] for profile in profiles]
        styled = [Text(f"{value:+.2f}", style="red" if value > 0.2 else "blue" if value < -0.2 else "") for value in values]
        table.add_row(triad.man, motifs.arrows(triad.arcs), *styled)
    put(table)


def put_likeness(titles: list[str], likeness: np.ndarray) -> None:
    """The correlation of each two profiles."""
    table = table_of("likeness", *[str(k + 1) for k in range(len(titles))], padding=(0, 1))
    for column in table.columns[1:]:
        column.justify = "right"
    for k, title in enumerate(titles):
        table.add_row(f"{k + 1} {title}", *(f"{value:+.2f}" for value in likeness[k, : k + 1]))
    put(table)


def draw(target: Path, null: str, titles: list[str], profiles: list[dict[str, float]]) -> None:
    """Write a page with a panel for each network to ``target``."""
    from maichong import plots
    from maichong.motifs import CONNECTED

    def panel(profile: dict[str, float]) -> Any:
        values = [profile[man] for man in CONNECTED]
        return lambda ax: plots.motif_profile(values, CONNECTED, pictures=motifs.pictures(), ax=ax)

    drawings = [
        plots.Drawing(title, "", panel(profile), wide=False, height=2.6)
        for title, profile in zip(titles, profiles, strict=True)
    ]
    motifs.save(plots.page(f"Motifs of three nodes, beside the null model {null}", drawings, width=14.0), target)
