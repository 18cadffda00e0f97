"""The verb ``bench``: a row for each tool, the ratios, and what says whether it was the same work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.text import Text

from maichong import files
from maichong.cli.catalogue import constants_table
from maichong.cli.tables import put, table_of
from maichong.errors import ParameterError


def run_bench(name: str, against: str, json: Path | None, *, threads: str | None = None, net: str = "", **options: Any) -> int:
    """Run a benchmark and print what came of it; 1 where a peer failed."""
    from maichong import bench

    outcome = bench.run(name, _words(against), threads=_numbers(threads), nets=_words(net), tell=_tell, **options)
    if json:
        files.write_json(json, outcome)
    if "nets" in outcome:
        from maichong.cli import deep_benchmark

        return deep_benchmark.put_outcome(outcome)
    put(Text(outcome["network"], style="bold"))
    if "constants" in outcome:
        _print_network(outcome)
    elif "duration_ms" in outcome:
        _print_rules(outcome)
    elif "batches" in outcome:
        _print_encoding(outcome)
    else:
        _print_training(outcome)
    return int(bool(outcome.get("failures")))


def _words(given: str) -> list[str]:
    return [word.strip() for word in given.split(",") if word.strip()]


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _numbers(threads: str | None) -> list[int]:
    try:
        return [int(number) for number in threads.split(",")] if threads is not None else []
    except ValueError:
        raise ParameterError("bench, --threads", "must be whole numbers by commas, such as 1,2", repr(threads)) from None


def _print_network(outcome: dict[str, Any]) -> None:
    from maichong.bench.networks import benchmarks

    put(constants_table(benchmarks()[outcome["name"]]))
    put()
    _print_rows(outcome)
    put()
    _print_rates(outcome)
    for tool, ratio in outcome["ratios"].items():
        put(Text(f"maichong is {ratio:.1f} x as fast as {tool}, the best row of each", style="bold"))
    for warning in outcome["warnings"]:
        put(warning, style="yellow")
    for failure in outcome["failures"]:
        put(failure, style="red")


def _print_rows(outcome: dict[str, Any]) -> None:
    headings = ("threads", "compile s", "build s", "s per bio s", "ours / theirs", "peak MiB", "B per synapse", "rate Hz")
    table = table_of("tool", *headings, padding=(0, 1), collapse_padding=True, pad_edge=False)  # for 80 columns
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    ours = min(row["realtime_factor"] for row in outcome["rows"] if row["tool"] == "maichong")
    for row in outcome["rows"]:
        factor = row["realtime_factor"]
        table.add_row(
            f"{row['tool']} {row['precision']}", str(row["threads"]), "" if row["compile_s"] is None else f"{row['compile_s']:.1f}",
            f"{row['build_s']:.2f}", f"{factor:.3g}", "" if row["tool"] == "maichong" else f"{factor / ours:.1f} x",
            f"{row['peak_rss_mib']:,.0f}", f"{row['bytes_per_synapse']:.1f}", f"{row['rate_hz']:.2f}",
        )  # fmt: skip
    put(table)
    put(
        "s per bio s: wall seconds for a second of biological time; ours / theirs: as speeds, our fastest row to each",
        style="dim",
    )
    told: dict[str, list[str]] = {}
    for row in outcome["rows"]:
        spans = f"{row['synapses']:,} synapses; {len(row['spans_s'])} x {row['biological_ms']:g} ms"
        told.setdefault(f"{row['tool']} {row['version']}", []).extend([spans, *row["notes"]])
    put(f"each after {outcome['warmup_ms']:g} ms of warm-up:", style="dim")
    for tool, notes in told.items():
        put(f"{tool}: {'; '.join(dict.fromkeys(notes))}", style="dim")


def _print_rates(outcome: dict[str, Any]) -> None:
    """Rates by population, of the first row of each tool, and how the mean differs from ours."""
    rows = list({row["tool"]: row for row in reversed(outcome["rows"])}.values())[::-1]
    published = outcome["published"]
    table = table_of("rate, Hz", *(["published"] if published else []), *(row["tool"] for row in rows), padding=(0, 1))
    for column in table.columns[1:]:
        column.justify = "right"
    for name in rows[0]["rates_hz"]:
        known = [f"{published[name]:.2f}"] if published else []
        table.add_row(Text(name), *known, *(f"{row['rates_hz'][name]:.2f}" for row in rows))
    differences = ["" if row["rate_difference"] is None else f"{100 * row['rate_difference']:+.1f} %" for row in rows[1:]]
    table.add_row("mean, to ours", *([""] if published else []), "", *differences)
    put(table)
    if published:
        put(f"published: {outcome['publication']}", style="dim")


def _print_training(outcome: dict[str, Any]) -> None:
    table = table_of("tool", "version", "images/s", "build s", "spikes/image", "peak MiB", "ours / theirs", "no delays")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in outcome["rows"]:
        ratios = (outcome[key].get(row["tool"]) for key in ("ratios", "ratios_without_delays"))
        table.add_row(
            row["tool"], row["version"], f"{row['images_per_s']:.1f}", f"{row['build_s']:.1f}", f"{row['spikes_per_image']:.1f}",
            f"{row['peak_rss_mib'] or 0:.0f}", *(f"{ratio:.1f} x" if ratio else "" for ratio in ratios),
        )  # fmt: skip
    put(table)
    for row in outcome["rows"]:
        for note in row["notes"]:
            put(f"{row['tool']}: {note}", style="dim")


def _print_rules(outcome: dict[str, Any]) -> None:
    table = table_of("rule", "s per bio s", "to none", "visits / s", "ns per visit")
    for column in table.columns[1:]:
        column.justify = "right"
    seconds = outcome["duration_ms"] / 1000.0
    for row in outcome["rows"]:
        cost = "" if row["ns_per_visit"] is None else f"{row['ns_per_visit']:.2f}"
        factor, visits = row["realtime_factor"], row["visits"] / seconds
        table.add_row(row["rule"], f"{factor:.3g}", f"{row['ratio']:.2f} x", f"{visits:,.0f}" if visits else "", cost)
    put(table)
    sources, cells = outcome["rows"][0]["spikes"]
    spikes = f"{sources / seconds:,.0f} spikes of sources and {cells / seconds:,.0f} of cells a second"
    put(f"{spikes}; one thread, float32", style="dim")


def _print_encoding(outcome: dict[str, Any]) -> None:
    table = table_of("tool", "way", "white, Hz", "G draws / s", "median", "spikes / image", "ns / spike")
    for column in table.columns[2:]:
        column.justify = "right"
    for row in outcome["rows"]:
        rates = (f"{row[key] / 1e9:.3f}" for key in ("draws_per_s", "draws_per_s_median"))
        spikes, cost = f"{row['spikes_per_image']:,.0f}", f"{row['ns_per_spike']:.1f}"
        table.add_row(row["tool"], row["way"], f"{row['rate_hz']:g}", *rates, spikes, cost)
    put(table)
    for tool, by_rate in outcome["ratios"].items():
        ratios = " and ".join(f"{ratio:.1f} x at {rate} Hz" for rate, ratio in by_rate.items())
        put(Text(f"maichong draws as fast as {tool} {ratios}, dense, its best way", style="bold"))
    put(f"batches of {outcome['batch']} images, {outcome['steps']} steps; one thread", style="dim")
