"""Motifs timed: the census of triads beside NetworkX's, a million nodes, null networks of C. elegans, a wanted distribution."""

from __future__ import annotations

import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from maichong.bench.process import measured
from maichong.errors import DataError, EngineError

NAME = "motifs"
TITLE = "The census of triads beside NetworkX, a million nodes, null networks, a wanted distribution"

NODES, ARCS = 10_000, 100_000
"""Of the random graph that NetworkX counts too."""
LARGE = (1_000_000, 10_000_000)
NULLS = 1000
WANTED_NODES, WANTED_ARCS = 1000, 19_980
"""A density of 2 %."""
REPEATS = 5
NEURONS, SYNAPSES = 279, 2194


def compare(threads: int = 2, *, large: bool = True, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Time everything, on ``threads`` threads where there are several; NetworkX and ours count the same graph in this process.

    Returns ``network`` and ``rows``: what, seconds (ours, the median of spans_s), first_s (of the first call in this process: it
    compiles, or reads what was compiled), against_s and ratio where NetworkX did it too, and facts in ``found``. ``large`` False
    leaves out the million nodes. Raises EngineError where NetworkX is not installed.
    """
    if importlib.util.find_spec("networkx") is None:
        raise EngineError("bench motifs", "needs NetworkX, which it is compared with", "none", "pip install networkx")
    rows = [_census(tell), *([_large(threads, tell)] if large else [])]
    rows += [_nulls(null, threads, tell) for null in ("degree", "degree-mutual")]
    rows.append(_wanted(tell))
    return {"network": TITLE, "threads": threads, "rows": rows}


def _census(tell: Callable[[str], None]) -> dict[str, Any]:
    import networkx

    from maichong.motifs import directed_graph, triad_census

    tell(f"census of {NODES:,} nodes and {ARCS:,} arcs")
    drawn = networkx.gnm_random_graph(NODES, ARCS, seed=1, directed=True)
    ends = np.array(drawn.edges).T
    first, _ = _timed(lambda: triad_census(directed_graph(ends[0], ends[1], NODES), threads=1))
    ours = [_timed(lambda: triad_census(directed_graph(ends[0], ends[1], NODES), threads=1)) for _ in range(REPEATS)]
    tell("the same by NetworkX")
    theirs, counts = _timed(lambda: networkx.triadic_census(drawn))
    if counts != ours[0][1]:
        raise EngineError("bench motifs", "must count what NetworkX counts", f"{ours[0][1]} and {counts}")
    spans = [seconds for seconds, _ in ours]
    return {
        "what": f"census, {NODES:,} nodes, {ARCS:,} arcs, one thread", **_seconds(spans, first),
        "against": f"networkx {networkx.__version__}", "against_s": theirs, "ratio": theirs / statistics.median(spans),
        "found": {"equal counts": True},
    }  # fmt: skip


def _large(threads: int, tell: Callable[[str], None]) -> dict[str, Any]:
    nodes, arcs = LARGE
    tell(f"census of {nodes:,} nodes and {arcs:,} arcs, in a process of its own")
    with tempfile.TemporaryDirectory(prefix="maichong-bench-") as folder:
        out = Path(folder) / "row.json"
        command = [
            sys.executable,
            "-m",
            "maichong.bench.own_motifs",
            "--nodes",
            str(nodes),
            "--arcs",
            str(arcs),
            "--threads",
            str(threads),
        ]
        row = measured(command, out, threads, "motifs")
    return {
        "what": f"census, {nodes:,} nodes, {arcs:,} arcs", **_seconds([row["graph_s"] + row["census_s"]], row["first_s"]),
        "peak_rss_mib": row["peak_rss_mib"], "found": {key: row[key] for key in ("graph_s", "census_s", "arcs", "largest_z")},
    }  # fmt: skip


def _nulls(null: str, threads: int, tell: Callable[[str], None]) -> dict[str, Any]:
    from maichong.motifs import null_censuses

    name, graph = _worm()
    tell(f"{NULLS:,} {null} null networks of {name}")
    first, _ = _timed(lambda: null_censuses(graph, null, 2, threads=threads))
    before = time.process_time()
    seconds, _ = _timed(lambda: null_censuses(graph, null, NULLS, threads=threads))
    spent = time.process_time() - before
    tries = 1.5 * 100 * graph.arcs * NULLS
    return {
        "what": f"{NULLS:,} {null} nulls of {name}, {graph.n} nodes, {graph.arcs:,} arcs", **_seconds([seconds], first),
        "found": {"tries for each arc": "100 to 200", "processor seconds": spent, "ns per try": 1e9 * spent / tries},
    }  # fmt: skip


def _worm() -> tuple[str, Any]:
    """C. elegans where it can be had, else a random graph of its size."""
    from maichong.data import load
    from maichong.motifs import directed_graph

    try:
        arcs = load("networks", network="celegans_varshney2011_chem")
    except DataError:
        rng = np.random.default_rng(1)
        chosen = rng.choice(NEURONS * (NEURONS - 1), SYNAPSES, replace=False)
        sources, rest = np.divmod(chosen, NEURONS - 1)
        return "a random graph (MAICHONG_DATA holds no C. elegans)", directed_graph(sources, rest + (rest >= sources), NEURONS)
    ends = [np.searchsorted(arcs.nodes, each) for each in (arcs.sources, arcs.targets)]
    return "C. elegans", directed_graph(ends[0], ends[1], len(arcs.nodes))


def _wanted(tell: Callable[[str], None]) -> dict[str, Any]:
    from maichong.motifs import generate, shares, triad_census

    name, graph = _worm()
    tell(f"a network of {WANTED_NODES:,} nodes with the triads of {name}")
    wanted = shares(triad_census(graph))
    first, _ = _timed(lambda: generate(20, 60, wanted, moves=10))
    seconds, made = _timed(lambda: generate(WANTED_NODES, WANTED_ARCS, wanted, seed=1))
    return {
        "what": f"the triads of {name} at {WANTED_NODES:,} nodes, {WANTED_ARCS:,} arcs", **_seconds([seconds], first),
        "found": {"total variation": made.distance, "reached": made.reached, "bound": made.least},
    }  # fmt: skip


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = call()
    return time.perf_counter() - begun, found


def _seconds(spans: list[float], first: float) -> dict[str, Any]:
    return {"seconds": statistics.median(spans), "spans_s": [round(span, 6) for span in spans], "first_s": first}
