"""Of many motifs those that stand out the most, as a table, a drawing and JSON: motifs of four nodes, triads by types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.cli import motifs
from maichong.cli.tables import put, table_of

if TYPE_CHECKING:
    from maichong.motifs import Significance
    from maichong.motifs.significance import Motif

ROWS = 30
"""Of the table."""
DRAWN = 16
"""Motifs side by side in the drawing."""


def foremost(found: Significance[Motif], most: int) -> list[Motif]:
    """The connected motifs of the largest z, up or down, at most so many; from the most frequent to the rarest."""
    judged = [motif for motif in found.profile if motif not in found.flagged]
    chosen = sorted(judged, key=lambda motif: -abs(found.z[motif]))[:most]
    return sorted(chosen, key=lambda motif: -found.z[motif])


def put_ranking(found: Significance[Motif], named: Mapping[str, Callable[[Motif], str]]) -> None:
    """The motifs that stand out, with the columns ``named`` first, and how many are not shown."""
    shown = foremost(found, ROWS)
    error, drawn = found.std_error, found.p_more is not None
    more = [*(["error"] if error is not None else []), "null mean", "sd", "z", *(["p"] if drawn else []), "profile"]
    table = table_of(*named, "count", *more, padding=(0, 1), collapse_padding=True, pad_edge=False)
    for column in table.columns[len(named) : -1]:
        column.justify = "right"
    for column in (*table.columns[: len(named)], table.columns[-1]):
        column.no_wrap = True
    for motif in shown:
        cells = [name(motif) for name in named.values()] + [f"{found.census[motif]:,.0f}"]
        cells += [f"{error[motif]:,.0f}"] if error is not None else []
        cells += [f"{found.mean[motif]:,.1f}", f"{found.std[motif]:,.2f}", f"{found.z[motif]:.2f}"]
        cells += [f"{smaller_p(found, motif):.3g}"] if drawn else []
        table.add_row(*cells, motifs.bar(found.profile[motif]))
    put(table)
    judged = sum(motif not in found.flagged for motif in found.profile)
    occur = sum(found.census[motif] > 0 for motif in found.profile)
    put()
    kinds = f"{len(found.profile)} kinds of connected motifs: {occur} occur, {judged} have a z"
    put(f"{kinds}; shown {'are all of these' if judged <= ROWS else f'are the {ROWS} of the largest'}", style="dim")


def smaller_p(found: Significance[Motif], motif: Motif) -> float:
    """The chance by rank, of the two the smaller."""
    assert found.p_more is not None and found.p_fewer is not None
    return min(found.p_more[motif], found.p_fewer[motif])


def records(found: Significance[Motif], named: Callable[[Motif], dict[str, Any]]) -> list[dict[str, Any]]:
    """All motifs, connected or not, for JSON: what ``named`` says of each, and what was found."""
    columns = {
        "count": found.census, "std_error": found.std_error, "mean": found.mean, "std": found.std, "z": found.z,
        "profile": found.profile, "ratio": found.ratio, "p_more": found.p_more, "p_fewer": found.p_fewer,
        "flagged": found.flagged,
    }  # fmt: skip
    return [
        {**named(motif), **{name: None if values is None else values.get(motif) for name, values in columns.items()}}
        for motif in found.census
    ]


def draw(
    target: Path, title: str, found: Significance[Motif], names: Callable[[Motif], str], matrix: Callable[[Motif], np.ndarray],
    kinds: Callable[[Motif], Sequence[str]] | None = None,
) -> None:  # fmt: skip
    """Write the profile of the motifs that stand out to a picture file."""
    from maichong import plots

    shown = foremost(found, DRAWN)
    if not shown:  # nothing stands out, so what occurs is shown
        shown = sorted(found.profile, key=lambda motif: -found.census[motif])[:DRAWN]
    values = [found.profile[motif] for motif in shown]
    coloured = [kinds(motif) for motif in shown] if kinds else ()
    pictures = np.stack([matrix(motif) for motif in shown])
    ax = plots.motif_profile(values, [names(motif) for motif in shown], pictures=pictures, kinds=coloured)
    ax.set_title(f"{title}, beside {motifs.BESIDE[found.null]}", loc="left", fontsize=9)
    motifs.save(ax.figure, target)
