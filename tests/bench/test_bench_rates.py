"""The benchmark networks fire as they do in NEST 3.10, which ran them from the same constants through the peers' script.

Its rates are means over seeds 1 to 5; a tolerance is three times what one run of ours and that mean differ by from seed to seed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from maichong.bench.networks import benchmarks
from maichong.bench.networks.benchmark import family_of

SMALL_HPC = {"n_exc": 3600, "n_inh": 900, "k_exc": 900, "k_inh": 225}


def rates(name: str, warmup_ms: float, span_ms: float, **changes: Any) -> dict[str, float]:
    """Hz by population, after a warm-up, in single precision."""
    benchmark = benchmarks()[name]
    constants = replace(benchmark.constants, **changes)
    run = family_of(benchmark.family).network(constants, 1).build("events", precision="float32", threads=1).run(warmup_ms)
    early = {name: run[name].counts.mean() for name in constants.sizes}
    run.run(span_ms)
    return {name: 1e3 * float(run[name].counts.mean() - early[name]) / span_ms for name in constants.sizes}


WANTED: dict[str, tuple[float, float, dict[str, Any], dict[str, tuple[float, float]]]] = {
    # 21 Hz with in-degrees that differ from cell to cell
    "coba-4000": (200.0, 4000.0, {}, {"exc": (16.52, 0.8), "inh": (16.49, 0.6)}),
    "cuba-4000": (200.0, 4000.0, {}, {"exc": (5.12, 0.2), "inh": (5.15, 0.1)}),
    # 26 Hz by exponential Euler
    "cobahh": (200.0, 1000.0, {}, {"exc": (31.2, 3.0), "inh": (31.0, 1.5)}),
    "brunel-delta": (100.0, 300.0, {}, {"exc": (32.04, 0.7), "inh": (32.13, 0.6)}),
    "brunel-alpha": (100.0, 300.0, {}, {"exc": (28.87, 0.8), "inh": (28.87, 0.7)}),
    "hpc": (50.0, 250.0, SMALL_HPC, {"exc": (41.1, 2.2), "inh": (40.9, 1.5)}),
    "microcircuit-0.1": (
        200.0, 2000.0, {},
        {"L23E": (0.467, 0.08), "L23I": (2.10, 0.2), "L4E": (3.97, 0.2), "L4I": (5.02, 0.12), "L5E": (6.64, 1.2),
         "L5I": (7.74, 0.25), "L6E": (0.867, 0.12), "L6I": (7.03, 0.2)},
    ),
}  # fmt: skip
"""Warm-up and span in ms, changed constants, and the rate of each population with its tolerance, in Hz."""


@pytest.mark.parametrize("name", WANTED)
def test_rates_are_those_of_nest(name: str) -> None:
    warmup_ms, span_ms, changes, wanted = WANTED[name]
    found = rates(name, warmup_ms, span_ms, **changes)
    assert found.keys() == wanted.keys()
    for population, (rate, tolerance) in wanted.items():
        assert found[population] == pytest.approx(rate, abs=tolerance), population


def test_the_trap_of_random_in_degrees() -> None:
    """What fixed in-degrees are for: with random ones of the same mean COBA fires at 21 Hz and more."""
    from maichong import FixedProbability, Network
    from maichong.bench.networks import coba_cuba

    described = coba_cuba.network(coba_cuba.Constants(), 1).to_dict()
    for projection in described["projections"]:
        projection["connector"] = FixedProbability(0.02).to_dict()
    run = Network.from_dict(described).build("events", precision="float32", threads=1).run(1000.0)
    assert 19.5 < run["exc"].rate() < 24.0
