"""The benchmark networks are those of the field: numbers of cells and synapses, weights, external rates, scaling."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from maichong.bench.networks import benchmarks, hpc, microcircuit
from maichong.bench.networks.benchmark import Benchmark, described, family_of, given, restored, values
from maichong.bench.networks.potentials import alpha_peak, exponential_peak
from maichong.engines import plan

ALL = benchmarks()
NEURONS = {
    "coba-4000": 4_000, "coba-20000": 20_000, "coba-100000": 100_000, "cuba-4000": 4_000, "cuba-20000": 20_000,
    "cuba-100000": 100_000, "cobahh": 4_000, "brunel-delta": 12_500, "brunel-alpha": 12_500, "hpc": 11_250,
    # NEST's example at 0.1: its recorders follow neuron 7717
    "microcircuit-0.1": 7_717, "microcircuit-0.2": 15_435, "microcircuit": 77_169,
}  # fmt: skip
SYNAPSES = {
    "coba-4000": 320_000, "coba-20000": 1_600_000, "coba-100000": 8_000_000, "cuba-4000": 320_000, "cuba-20000": 1_600_000,
    "cuba-100000": 8_000_000, "cobahh": 320_000, "brunel-delta": 15_625_000, "brunel-alpha": 15_625_000, "hpc": 126_562_500,
}  # fmt: skip


@pytest.mark.parametrize("benchmark", ALL.values(), ids=lambda entry: entry.name)
def test_every_network_has_its_numbers(benchmark: Benchmark) -> None:
    constants = benchmark.constants
    assert sum(constants.sizes.values()) == NEURONS[benchmark.name]
    if benchmark.name in SYNAPSES:
        assert constants.synapses == SYNAPSES[benchmark.name]
    network = family_of(benchmark.family).network(constants, 7)
    assert {name: population.n for name, population in network.populations.items()} == constants.sizes
    assert network.dt == constants.dt
    assert network.seed == 7
    sizes = network.populations
    found = sum(p.connector.expected(sizes[p.pre].n, sizes[p.post].n) for p in network.projections.values())
    assert found == constants.synapses
    assert {probe.what for probe in network.probes} == {"counts"}
    assert benchmark.spans.keys() == {"maichong", "brian2", "nest"}


@pytest.mark.parametrize("benchmark", ALL.values(), ids=lambda entry: entry.name)
def test_constants_survive_json_and_each_says_what_it_is(benchmark: Benchmark) -> None:
    data = json.loads(json.dumps(values(benchmark.constants)))
    assert restored(benchmark.family, data) == benchmark.constants
    assert {"dt", "sizes", "synapses"} <= data.keys()
    rows = described(benchmark.constants)
    assert [name for name, _, _ in rows] == list(given(benchmark.constants))
    assert all(meaning for _, _, meaning in rows)


def test_hpc_has_its_plastic_synapses() -> None:
    network = hpc.network(ALL["hpc"].constants, 1)
    (plastic,) = [p for p in network.projections.values() if p.plasticity]
    assert (plastic.pre, plastic.post) == ("exc", "exc")
    assert plastic.connector.expected(9_000, 9_000) == 81_000_000
    assert not plastic.connector.autapses  # type: ignore[attr-defined]
    assert (plastic.delay, plastic.dendritic_delay) == (None, 1.5)


def test_in_degrees_are_what_a_build_makes() -> None:
    constants = dataclasses.replace(ALL["coba-4000"].constants, n_exc=400, n_inh=100)
    entry = plan(family_of("coba_cuba").network(constants, 1)).projections[0]
    pre, post = entry.pairs()
    assert (np.bincount(post) == 64).all()
    assert np.bincount(pre).std() > 4  # out-degrees are random


# potentials --------------------------------------------------------------------------------------------------------------


def voltage(current: Any, tau_m: float, c_m: float, until: float = 30.0) -> tuple[float, float]:
    """The peak of the voltage of a leaky cell and its time, by summing the current against the membrane's response."""
    h = 1e-4
    t = np.arange(0.0, until, h)
    moved = np.cumsum(current(t) * np.exp(t / tau_m)) * h * np.exp(-t / tau_m) / c_m
    return float(moved.max()), float(t[moved.argmax()])


@pytest.mark.parametrize(
    ("tau_m", "tau_syn", "c_m"), [(20.0, 0.5, 250.0), (10.0, 0.32582722403722841, 250.0), (15.0, 5.0, 100.0)]
)
def test_the_peak_after_an_alpha_current(tau_m: float, tau_syn: float, c_m: float) -> None:
    peak, _ = voltage(lambda t: t / tau_syn * np.exp(1 - t / tau_syn), tau_m, c_m)
    assert alpha_peak(tau_m, tau_syn, c_m) == pytest.approx(peak, rel=1e-3)


def test_the_peak_after_an_exponential_current() -> None:
    peak, _ = voltage(lambda t: np.exp(-t / 0.5), 10.0, 250.0)
    assert exponential_peak(10.0, 0.5, 250.0) == pytest.approx(peak, rel=1e-3)


def test_the_voltage_of_hpc_peaks_when_its_script_says() -> None:
    c = ALL["hpc"].constants
    _, when = voltage(lambda t: t / c.tau_syn * np.exp(1 - t / c.tau_syn), c.tau_m, c.c_m)
    assert when == pytest.approx(1.700759, abs=2e-4)


def test_external_rates() -> None:
    """Brunel: 20 kHz of 0.1 mV. Alpha currents pass the same charge: 2 x threshold of steady voltage."""
    delta, alpha = ALL["brunel-delta"].constants, ALL["brunel-alpha"].constants
    assert (delta.k_exc * delta.rate_ext, delta.w_exc, delta.w_inh) == (pytest.approx(20_000.0), 0.1, -0.5)
    charge = alpha.w_exc * np.e * alpha.tau_syn  # pA ms
    steady = 1e-3 * alpha.k_exc * alpha.rate_ext * charge * alpha.tau_m / alpha.c_m
    assert steady == pytest.approx(2 * 20.0)


# the microcircuit ----------------------------------------------------------------------------------------------------------


def test_the_microcircuit_in_full() -> None:
    c = ALL["microcircuit"].constants
    assert c.synapses == pytest.approx(3e8, rel=0.005)
    assert c.w_ext == pytest.approx(87.81, abs=0.005)  # pA, of 0.15 mV: the paper's table 5
    assert c.weights[0][2] == 2 * c.w_ext  # L23E from L4E
    assert c.weights[3][1] == -4 * c.w_ext
    assert c.drive == (0.0,) * 8
    # Potjans & Diesmann's in-degree of L4E from L4I, as later papers count it
    assert c.numbers[2][3] / c.sizes["L4E"] == pytest.approx(795, abs=1)
    assert ALL["microcircuit"].published == {
        "L23E": 0.86, "L23I": 2.80, "L4E": 4.45, "L4I": 5.93, "L5E": 7.59, "L5I": 8.64, "L6E": 1.09, "L6I": 7.88,
    }  # fmt: skip


@pytest.mark.parametrize("scale", [0.1, 0.2, 0.5])
def test_scaling_keeps_the_mean_and_the_variance_of_the_input(scale: float) -> None:
    full, small = (dataclasses.replace(microcircuit.Constants(), scale=s) for s in (1.0, scale))

    def moments(c: microcircuit.Constants) -> tuple[np.ndarray, np.ndarray]:
        """Mean (pA) and variance (up to a factor) of the input of each population when all fire as in the full model."""
        sizes, rates = np.array(list(c.sizes.values())), np.array(c.rate_full)
        degrees, weights = np.array(c.numbers) / sizes[:, None], np.array(c.weights)
        outside = np.array(c.rates_ext)
        mean = 1e-3 * c.tau_syn * ((degrees * weights) @ rates + c.w_ext * outside) + np.array(c.drive)
        return mean, (degrees * weights**2) @ rates + c.w_ext**2 * outside

    for found, wanted in zip(moments(small), moments(full), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0.01)
