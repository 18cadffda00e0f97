"""The verb ``motifs``: which motifs a network has more of than chance, as a table, a drawing and JSON; here its triads."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.text import Text

from maichong import files
from maichong.cli.progress import telling
from maichong.cli.tables import put, table_of
from maichong.errors import DataError, MaichongError, ParameterError

if TYPE_CHECKING:
    from maichong.motifs import DirectedGraph, Significance
    from maichong.motifs.significance import Motif

SUFFIXES = (".png", ".svg", ".pdf")
NULLS = 1000
LARGE = 20_000
"""Arcs above which so many nulls would take many minutes."""
BESIDE = {
    "none": "chance alone", "types": "chance by types", "degree": "degrees", "degree-mutual": "degrees and mutual pairs",
}  # fmt: skip
"""What a drawing says of the null model."""
BAR = 8
"""Cells of a full bar of the profile, on either side of zero."""


def run_motifs(
    file: Path | None, *, size: int, samples: int | None, types: Path | None, per_node: bool, null: str, nulls: int | None,
    quality: float | None, seed: int, gallery: bool, out: Path | None, json: Path | None,
) -> None:  # fmt: skip
    """The motifs of one file, or of the networks of the gallery."""
    from maichong.motifs import TYPED_NULLS
    from maichong.motifs import nulls as models

    check_together(size, samples, types, per_node, gallery)
    models.checked_null("motifs", null, models.NULLS if types is None else TYPED_NULLS)
    if nulls is not None:
        models.checked_nulls("motifs", nulls)
    if quality is not None:
        models.checked_quality("motifs", quality)
    options = {"null": null, "nulls": nulls, "quality": quality, "seed": seed}
    if out is not None and out.suffix.lower() not in SUFFIXES:
        raise ParameterError("--out", f"must end in {', '.join(SUFFIXES)}", out.name, f"try {out.with_suffix('.png').name}")
    if gallery == (file is not None):
        fix = "leave out one of them" if gallery else "name a file of source,target lines, or ask for --gallery"
        raise ParameterError("motifs", "takes a FILE, or --gallery", "both" if gallery else "neither", fix)
    if gallery:
        from maichong.cli import motif_gallery

        motif_gallery.run_gallery(options, out, json)
        return
    assert file is not None
    graph = read(file, size)
    target = out or Path(f"{file.stem}-motifs.png")
    if size == 4:
        from maichong.cli import motif_four_nodes

        found = motif_four_nodes.run_four_nodes(file, graph, options, samples, target)
    elif types is not None:
        from maichong.cli import motif_types

        found = motif_types.run_types(file, graph, options, types, target)
    else:
        found = run_triads(file, graph, options, target)
    if per_node:
        from maichong.cli import motif_nodes

        found["per_node"] = motif_nodes.run_nodes(graph)
    put(f"drawn: {target}")
    if json:
        files.write_json(json, {"file": str(file), **described(graph), "size": size, **found})


def check_together(size: int, samples: int | None, types: Path | None, per_node: bool, gallery: bool) -> None:
    """Raise ParameterError for options that do not go together."""
    if size not in (3, 4):
        raise ParameterError("motifs, --size", "must be 3 or 4, the nodes of a motif", size)
    if samples is not None and size != 4:
        raise ParameterError(
            "motifs, --samples", "is for motifs of four nodes, as triads are always counted in full", fix="add --size 4"
        )
    for name, given in (("--types", types is not None), ("--per-node", per_node)):
        if given and size == 4:
            raise ParameterError(f"motifs, {name}", "is for triads", "--size 4", f"leave out {name} or --size")
    for name, given in (("--size 4", size == 4), ("--types", types is not None), ("--per-node", per_node)):
        if given and gallery:
            raise ParameterError(
                "motifs, --gallery", "shows the triads of its networks", name, f"leave out {name}, or name a FILE"
            )


def read(file: Path, size: int) -> DirectedGraph:
    """The graph of ``file``; raises DataError where it is too small for motifs of ``size`` nodes."""
    from maichong.motifs import read_edge_list

    graph = read_edge_list(file)
    if graph.n < size:
        came = f"{graph.n} node{'' if graph.n == 1 else 's'}"
        number, what = ("three", "a triad") if size == 3 else ("four", "a motif of --size 4")
        raise DataError(str(file), f"must name {number} nodes or more: {what} has {number}", came)
    return graph


def run_triads(file: Path, graph: DirectedGraph, options: Mapping[str, Any], target: Path) -> dict[str, Any]:
    """Compare the triads with their null model, print and draw; returns what goes to JSON."""
    options = settled(graph, options)
    found, seconds = measured(graph, options)
    put_network(file.name, graph)
    put()
    put_table(found)
    put()
    put_footnotes(found, options, seconds)
    draw(target, file.name, [(file.stem, found)])
    return outcome(found, options, seconds)


def settled(graph: DirectedGraph, options: Mapping[str, Any]) -> dict[str, Any]:
    """``options`` with what was left out: 1000 nulls of 100 tries for each arc, a tenth of both for large networks."""
    from maichong.motifs.nulls import QUALITY

    share = 10 if graph.arcs > LARGE else 1
    given = {key: value for key, value in options.items() if value is not None}
    return {"nulls": NULLS // share, "quality": QUALITY / share, **given}


def measured(graph: DirectedGraph, options: Mapping[str, Any]) -> tuple[Significance[str], float]:
    """The significance of the triads of ``graph`` and the seconds it took, with progress on stderr."""
    from maichong.motifs import significance

    return timed(lambda tell: significance(graph, **options, tell=tell), options["nulls"])


def timed(run: Callable[[Callable[[int], None]], Significance[Motif]], nulls: int) -> tuple[Significance[Motif], float]:
    """What ``run`` finds and the seconds it took; how many of the ``nulls`` are done goes to stderr."""
    begun = time.perf_counter()
    with telling("counting; compiling what is not yet in the cache") as tell:
        found = run(lambda done: tell(stage="nulls", done=done, total=nulls))
    return found, time.perf_counter() - begun


def described(graph: DirectedGraph) -> dict[str, Any]:
    """What the graph is and what was left out, for JSON."""
    dropped = graph.dropped
    return {
        "nodes": graph.n, "arcs": graph.arcs, "mutual_pairs": graph.mutual_pairs, "undirected": graph.undirected,
        "density": graph.arcs / (graph.n * (graph.n - 1)), "isolated_nodes": len(graph.isolated),
        "dropped": {"self_loops": dropped.self_loops, "repeated_arcs": dropped.repeated_arcs, "zero_weights": dropped.zero_weights},
    }  # fmt: skip


def outcome(found: Significance[str], options: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """What was found, for JSON; everything by MAN name."""
    return {
        **circumstances(found, options, seconds), "census": found.census, "z": found.z, "profile": found.profile,
        "ratio": found.ratio, "mean": found.mean, "std": found.std, "p_more": found.p_more, "p_fewer": found.p_fewer,
        "flagged": found.flagged,
    }  # fmt: skip


def circumstances(found: Significance[Any], options: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """How it was found, for JSON."""
    from maichong import __version__

    return {
        "null": found.null, "nulls": found.nulls, "quality": options["quality"], "seed": options["seed"], "seconds": seconds,
        "version": __version__,
    }  # fmt: skip


def put_network(name: str, graph: DirectedGraph) -> None:
    """What the network is, and what was left out, in words."""
    density = f"density {100 * graph.arcs / (graph.n * (graph.n - 1)):.3g} %"
    facts = counted(graph.n, "node"), counted(graph.arcs, "arc"), counted(graph.mutual_pairs, "mutual pair"), density
    put(Text(f"{name}: {', '.join(facts)}", style="bold"))
    dropped = graph.dropped
    kinds = (
        ("self-loop", dropped.self_loops),
        ("repeated arc", dropped.repeated_arcs),
        ("arc of weight zero", dropped.zero_weights),
    )
    left_out = [counted(number, kind) for kind, number in kinds if number]
    if left_out:
        put(f"left out: {', '.join(left_out)}", style="yellow")
    isolated = graph.isolated
    if len(isolated):
        some = ", ".join(graph.names[node] if graph.names else str(node) for node in isolated[:5])
        more = ", ..." if len(isolated) > 5 else ""
        put(f"{counted(len(isolated), 'node')} without an arc, counted in the triads: {some}{more}", style="yellow")
    if graph.undirected:
        put("this graph is undirected: every arc is part of a mutual pair, so only 003, 102, 201 and 300 occur", style="yellow")


def counted(number: int, noun: str) -> str:
    """``"1 arc"``, ``"2,194 arcs"``."""
    first, _, rest = noun.partition(" of ")
    plural = first if number == 1 else f"{first}s"
    return f"{number:,} {plural}{' of ' + rest if rest else ''}"


def put_table(found: Significance[str]) -> None:
    """All triads: their numbers in other books, how many there are, and beside the null model."""
    from maichong.motifs import CONNECTED, TRIADS

    drawn = found.p_more is not None
    headings = [
        "triad",
        "arcs",
        "Milo",
        "S-K",
        "mfinder",
        "count",
        "null mean",
        "sd",
        "z",
        *(["p"] if drawn else []),
        "profile",
    ]
    table = table_of(*headings, padding=(0, 1), collapse_padding=True, pad_edge=False)
    for column in table.columns[2:-1]:
        column.justify = "right"
    table.columns[0].no_wrap = table.columns[1].no_wrap = table.columns[-1].no_wrap = True
    for triad in TRIADS:
        man = triad.man
        numbers = [str(number or "") for number in (triad.milo_2002, triad.sporns_koetter, triad.mfinder)]
        z = "-" if man in found.flagged else f"{found.z[man]:.2f}"
        rank = []
        if found.p_more is not None and found.p_fewer is not None:
            rank = [f"{min(found.p_more[man], found.p_fewer[man]):.3g}"]
        shape = bar(found.profile[man]) if man in CONNECTED else Text()
        table.add_row(
            man, arrows(triad.arcs), *numbers, f"{found.census[man]:,}", f"{found.mean[man]:,.1f}", f"{found.std[man]:,.2f}", z,
            *rank, shape,
        )  # fmt: skip
    put(table)


def arrows(arcs: tuple[str, ...]) -> str:
    """Arcs as people write them: a>b, and a=b for both ways."""
    both = {arc for arc in arcs if arc[::-1] in arcs and arc[0] < arc[1]}
    return " ".join(f"{arc[0]}{'=' if arc in both else '>'}{arc[1]}" for arc in arcs if arc in both or arc[::-1] not in arcs)


def bar(value: float) -> Text:
    """A number between -1 and 1 as a bar on either side of zero, and the number."""
    long = round(abs(value) * BAR)
    left, right = ("" if value >= 0 else "█" * long), ("█" * long if value >= 0 else "")
    return Text.assemble((f"{left:>{BAR}}", "blue"), ("|", "dim"), (f"{right:<{BAR}}", "red"), f" {value:+.2f}")


def put_footnotes(found: Significance[str], options: Mapping[str, Any], seconds: float) -> None:
    """What the columns mean and which null model it was."""
    put_null(found, options, seconds)
    put("profile: z / |z| over the thirteen connected triads; a>b an arc, a=b a mutual pair; b is the centre", style="dim")
    put_p(found)
    if found.flagged:
        whys: dict[str, list[str]] = {}
        for man, why in found.flagged.items():
            whys.setdefault(why, []).append(man)
        put("; ".join(f"no z for {', '.join(mans)}: {why}" for why, mans in whys.items()), style="dim")


def put_null(found: Significance[Any], options: Mapping[str, Any], seconds: float) -> None:
    """Which null model it was."""
    meanings = {
        "none": "null: each arc by chance alone, at the density of the network; mean and sd in closed form",
        "types": "null: each arc by chance alone, at the density from its type to its type; mean and sd in closed form",
        "degree": f"null: {found.nulls:,} networks with the same in- and out-degrees; mutual pairs fall as they may",
        "degree-mutual": f"null: {found.nulls:,} networks with the same in- and out-degrees and mutual pairs of each node",
    }
    tries = f"; {options['quality']:g} tries for each arc" if found.nulls else ""
    put(f"{meanings[found.null]}{tries}; seed {options['seed']}; {seconds:.1f} s", style="dim")


def put_p(found: Significance[Any]) -> None:
    """What p means, where there is one."""
    if found.p_more is not None:
        put("p: chance of as many or more, or of as few or fewer, by rank among the nulls; the smaller one", style="dim")


def pictures() -> np.ndarray:
    """The adjacency matrices of the connected triads, [13, 3, 3]."""
    from maichong.motifs import TRIADS

    found = np.zeros((13, 3, 3))
    for k, triad in enumerate(TRIADS[3:]):
        for arc in triad.arcs:
            found[k, "abc".index(arc[0]), "abc".index(arc[1])] = 1
    return found


def draw(target: Path, title: str, networks: list[tuple[str, Significance[str]]]) -> None:
    """Write the profiles of ``networks`` to a picture file."""
    from maichong import plots
    from maichong.motifs import CONNECTED

    lines = [[found.profile[man] for man in CONNECTED] for _, found in networks]
    null = BESIDE[networks[0][1].null]
    labels = [name for name, _ in networks] if len(networks) > 1 else []
    ax = plots.motif_profile(lines, CONNECTED, labels=labels, pictures=pictures())
    ax.set_title(f"{title}, beside {null}", loc="left", fontsize=9)
    save(ax.figure, target)


def save(figure: Any, target: Path) -> None:
    """Write ``figure`` whole or not at all; raises MaichongError where it cannot be written."""
    beside = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    try:
        figure.savefig(beside, dpi=150, facecolor="white")
        os.replace(beside, target)
    except OSError as error:
        raise MaichongError(
            "--out", f"cannot write {target.name}", error.strerror or str(error), "choose another file"
        ) from error
    finally:
        beside.unlink(missing_ok=True)
