"""maichong's own row of a benchmark network: the same command line as the peers' scripts."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path


def main() -> None:
    """Build the network, warm it up, time it and write what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", type=Path, required=True)
    parser.add_argument("--json", type=Path, required=True)
    given = parser.parse_args()
    task = json.loads(given.task.read_text())

    from maichong import LIF, Network, __version__
    from maichong.bench.networks.benchmark import family_of, restored
    from maichong.engines.events.emit import cache_folder
    from maichong.engines.events.together import choose_threads
    from maichong.zoo.machine import peak_rss_mib, rss_mib

    constants = restored(task["family"], task["constants"])
    options = {"precision": task["precision"], "threads": task["threads"]}
    tiny = Network(dt=constants.dt)
    tiny.population("cell", LIF(), 1)
    tiny.build("events", **options)  # so that all libraries are loaded

    kernels = sum(1 for _ in cache_folder().rglob("*.nbc"))
    before = rss_mib()
    begun = time.perf_counter()
    run = family_of(task["family"]).network(constants, task["seed"]).build("events", **options)
    build_s = time.perf_counter() - begun
    built = rss_mib()

    run.run(task["warmup_ms"])
    early = {name: int(run[name].counts.sum()) for name in constants.sizes}
    spans_s = []
    for _ in range(task["repeats"]):
        begun = time.perf_counter()
        run.run(task["span_ms"])
        spans_s.append(time.perf_counter() - begun)
    spikes = {name: int(run[name].counts.sum()) - early[name] for name in constants.sizes}
    row = {
        "version": __version__,
        "threads": choose_threads(run.plan, task["precision"], task["threads"]),
        "build_s": build_s,
        "compiled": sum(1 for _ in cache_folder().rglob("*.nbc")) - kernels,
        "spans_s": spans_s,
        "spikes": spikes,
        "synapses": sum(entry.size for entry in run.plan.projections),
        "before_mib": before,
        "built_mib": built,
        "peak_rss_mib": peak_rss_mib(),
        "notes": sorted({entry.integration.describe(entry.system) for entry in run.plan.populations}),
    }
    given.json.write_text(json.dumps(row))


if __name__ == "__main__":
    main()
