"""A benchmark network in maichong and its peers, one after the other, and what the rows say together."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maichong import files
from maichong.bench.environments import SCRIPTS, interpreter
from maichong.bench.networks.benchmark import Benchmark, Span, given, values
from maichong.bench.process import measured
from maichong.engines.events.together import cores
from maichong.errors import MaichongError

PEERS: Mapping[str, str] = {"brian2": "brian2_run.py", "nest": "nest_run.py"}
"""The peers of benchmark networks: the script that an interpreter of their own runs."""

SEED = 1


@dataclass(frozen=True)
class Job:
    """One row to measure: a tool, its threads (None: its own choice) and its precision."""

    tool: str
    threads: int | None
    precision: str

    @property
    def label(self) -> str:
        """The row in words."""
        many = "" if self.threads is None else f", {self.threads} thread{'s' if self.threads > 1 else ''}"
        return f"{self.tool} {self.precision}{many}"


def jobs(benchmark: Benchmark, against: Sequence[str], threads: Sequence[int]) -> list[Job]:
    """The rows of a comparison: ours in each precision, with the threads that were asked for or those that it chooses.

    Brian2 runs in the same precisions, as either may be its faster one; NEST has but one. Without ``threads`` NEST runs on all
    cores, Brian2 on one too, since its threads often cost more than they give.
    """
    found = [Job("maichong", n, precision) for precision in benchmark.precisions for n in (threads or (None,))]
    for peer in against:
        usual = (1, cores()) if peer == "brian2" else (cores(),)
        precisions = benchmark.precisions if peer == "brian2" else ("float64",)
        found += [Job(peer, n, precision) for precision in precisions for n in dict.fromkeys(threads or usual)]
    return found


def compare(
    benchmark: Benchmark,
    against: Sequence[str] = (),
    *,
    threads: Sequence[int] = (),
    duration: float | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run a benchmark network here and in the peers; ``duration`` (ms) replaces the span of all tools.

    Returns ``network`` and its ``constants``, ``rows``, ``ratios`` (ours over theirs, the best of each: above 1 we are faster),
    ``warnings`` where rates say that it was not the same work, ``failures`` of peers, and ``published`` rates. A row holds
    tool, version, threads, precision, compile_s, build_s, sim_s (the median of spans_s, each for biological_ms),
    realtime_factor (wall seconds for a second of biological time), synapses, bytes_per_synapse (what the resident memory grew
    by while it was built), peak_rss_mib, rate_hz, rates_hz by population, rate_difference (to our first row) and notes.
    """
    rows: list[dict[str, Any]] = []
    failures = []
    for job in jobs(benchmark, against, threads):
        span = benchmark.spans[job.tool] if duration is None else Span(duration, benchmark.spans[job.tool].repeats)
        try:
            with tempfile.TemporaryDirectory(prefix="maichong-bench-") as folder:
                row = row_of(_measured(benchmark, job, span, Path(folder), tell), job, benchmark, span)
        except MaichongError as error:
            if job.tool == "maichong":
                raise
            failures.append(f"{job.label}: {error}")
            tell(failures[-1])
            continue
        row["rate_difference"] = _difference(row["rate_hz"], (rows or [row])[0]["rate_hz"])
        rows.append(row)
        tell(f"{job.label}: {row['realtime_factor']:.3g} s for a biological second, {row['rate_hz']:.2f} Hz")
    return {
        "network": benchmark.title,
        "name": benchmark.name,
        "constants": given(benchmark.constants),
        "warmup_ms": benchmark.warmup_ms,
        "rows": rows,
        "ratios": ratios(rows),
        "warnings": warnings(rows, benchmark.alike),
        "failures": failures,
        "published": dict(benchmark.published),
        "publication": benchmark.publication,
    }


def row_of(raw: Mapping[str, Any], job: Job, benchmark: Benchmark, span: Span) -> dict[str, Any]:
    """The row of a tool, from what its script counted and timed."""
    sizes, seconds, took = benchmark.constants.sizes, 1e-3 * span.ms * span.repeats, statistics.median(raw["spans_s"])
    return {
        "tool": job.tool,
        "version": raw["version"],
        "threads": raw["threads"],
        "precision": job.precision,
        "compile_s": raw["compile_s"],
        "build_s": raw["build_s"],
        "sim_s": took,
        "spans_s": raw["spans_s"],
        "biological_ms": span.ms,
        "realtime_factor": 1e3 * took / span.ms,
        "synapses": raw["synapses"],
        "bytes_per_synapse": (raw["built_mib"] - raw["before_mib"]) * 2**20 / raw["synapses"],
        "peak_rss_mib": raw["peak_rss_mib"],
        "rate_hz": sum(raw["spikes"].values()) / sum(sizes.values()) / seconds,
        "rates_hz": {name: raw["spikes"][name] / n / seconds for name, n in sizes.items()},
        "notes": raw["notes"],
    }


def ratios(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """For each peer the real-time factor of its best row over that of our best: above 1 we are faster."""
    best: dict[str, float] = {}
    for row in rows:
        best[row["tool"]] = min(row["realtime_factor"], best.get(row["tool"], float("inf")))
    return {tool: factor / best["maichong"] for tool, factor in best.items() if tool != "maichong"}


def warnings(rows: Sequence[Mapping[str, Any]], alike: float) -> list[str]:
    """What to say of rows whose mean rate differs from that of the first by more than ``alike``."""
    found = []
    for row in rows[1:]:
        difference, label = row["rate_difference"], Job(row["tool"], row["threads"], row["precision"]).label
        if difference is None or abs(difference) > alike:
            against = f"{row['rate_hz']:.2f} Hz against {rows[0]['rate_hz']:.2f} Hz"
            found.append(f"not the same work: {label} fires at {against} in {rows[0]['tool']} {rows[0]['precision']}")
    return found


def _difference(rate: float, reference: float) -> float | None:
    return rate / reference - 1.0 if reference else None if rate else 0.0


def _measured(benchmark: Benchmark, job: Job, span: Span, folder: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """What a process of its own measured."""
    task = {
        "family": benchmark.family, "constants": values(benchmark.constants), "seed": SEED, "threads": job.threads,
        "precision": job.precision, "warmup_ms": benchmark.warmup_ms, "span_ms": span.ms, "repeats": span.repeats,
        "folder": str(folder),
    }  # fmt: skip
    path, out, held = folder / "task.json", folder / "row.json", job.threads or cores()
    files.write_json(path, task)
    if job.tool != "maichong":
        python = interpreter(job.tool, tell)
        tell(job.label)
        foreign = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        command = [python, str(SCRIPTS / PEERS[job.tool]), "--task", str(path)]
        return measured(command, out, held, job.tool, foreign)
    tell(job.label)
    command = [sys.executable, "-m", "maichong.bench.own_network", "--task", str(path)]
    # where kernels are not in the cache yet, a first process compiles them
    files.write_json(path, {**task, "warmup_ms": 100 * benchmark.constants.dt, "repeats": 0})
    cold = measured(command, out, held, job.tool)
    files.write_json(path, task)
    row = measured(command, out, held, job.tool)
    return {**row, "compile_s": max(0.0, cold["build_s"] - row["build_s"]) if cold["compiled"] else 0.0}
