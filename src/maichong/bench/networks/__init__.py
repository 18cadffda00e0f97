"""The networks that everybody benchmarks, one family a file."""

from __future__ import annotations

from maichong.bench.networks.benchmark import Benchmark, family_of

FAMILIES = ("coba_cuba", "cobahh", "brunel", "hpc", "microcircuit")


def benchmarks() -> dict[str, Benchmark]:
    """All benchmark networks by name."""
    return {entry.name: entry for family in FAMILIES for entry in family_of(family).BENCHMARKS}
