"""The census of a large random graph, in a process of its own so that its memory can be told."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path


def main() -> None:
    """Draw the arcs, count the triads and write what was measured."""
    parser = argparse.ArgumentParser()
    for name in ("nodes", "arcs", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--json", type=Path, required=True)
    given = parser.parse_args()

    import numpy as np

    from maichong.motifs import MAN, directed_graph, expected_census, triad_census
    from maichong.zoo.machine import peak_rss_mib

    begun = time.perf_counter()
    triad_census(directed_graph([0], [1], 3), threads=1)  # so that all is compiled, or read
    first_s = time.perf_counter() - begun
    rng = np.random.default_rng(1)
    sources, targets = (rng.integers(0, given.nodes, given.arcs, dtype=np.int32) for _ in range(2))
    begun = time.perf_counter()
    graph = directed_graph(sources, targets, given.nodes)
    built = time.perf_counter()
    census = triad_census(graph, threads=given.threads)
    counted = time.perf_counter()
    mean, std = expected_census(graph.n, graph.arcs)
    # where chance makes a handful of a triad or more, how far from what it should be; the number of arcs is the expected one
    frequent = [k for k, man in enumerate(MAN) if mean[k] > 5 and man not in ("003", "012")]
    row = {
        "first_s": first_s, "graph_s": built - begun, "census_s": counted - built, "arcs": graph.arcs,
        "peak_rss_mib": peak_rss_mib(), "largest_z": max(abs(census[MAN[k]] - float(mean[k])) / float(std[k]) for k in frequent),
    }  # fmt: skip
    given.json.write_text(json.dumps(row))


if __name__ == "__main__":
    main()
