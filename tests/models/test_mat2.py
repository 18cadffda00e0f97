"""MAT2 against the numbers of NEST's test of it (equations.md 1.4), and what a membrane does that no spike holds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from maichong import LIF, MAT2, Delta, Network, OneToOne, SpikeTimes, Steps
from maichong.errors import EngineError, ParameterError


def test_nests_numbers() -> None:
    """2400 pA from 0.2 ms on: spikes at steps 11, 32, 54; at step 12, v = -48.2477 and the threshold -12.3692 mV."""
    net = Network(dt=0.1)
    net.population("n", MAT2(t_ref=2.0), 1, drive=Steps([0.0, 0.2], [0.0, 2400.0]))
    net.probe("n")
    run = net.build("reference").run(1.2)
    assert run["n"]["v"][0] == pytest.approx(-48.2477, abs=5e-5)
    assert -51.0 + run["n"]["h_1"][0] + run["n"]["h_2"][0] == pytest.approx(-12.3692, abs=5e-5)
    assert (run.run(4.8)["n"].spikes.times / 0.1).round().astype(int).tolist() == [11, 32, 54]


def test_the_membrane_is_that_of_a_leaky_cell_that_never_fires(engine: str) -> None:
    """Spikes, t_ref and all: pulses within t_ref reach it as well."""
    net = Network(dt=0.1)
    kicks = net.population("kicks", SpikeTimes([1.5, 2.0], [0, 0]), 1)
    for name, model in (("mat", MAT2(t_ref=2.0)), ("leaky", LIF(tau_m=5.0, c_m=100.0, v_th=1e6))):
        cell = net.population(name, model, 1, drive=2400.0)
        net.project(kicks, cell, OneToOne(), weight=3.0, receptor=Delta())
        net.probe(name, "v")
    run = net.build(engine).run(20.0)
    assert run["mat"].counts[0] >= 4
    v = [run[name].samples("v").values for name in ("mat", "leaky")]
    assert v[0] == pytest.approx(v[1], abs=1e-12)


def test_located_spikes_come_at_the_end_of_t_ref_at_the_earliest() -> None:
    """The threshold is again below v when the 2 ms end: there is no crossing to wait for."""
    times = {}
    for integrator in ("auto", "ode"):
        net = Network(dt=0.1)
        net.population("n", MAT2(t_ref=2.0, integrator=integrator), 1, drive=4000.0)
        net.probe("n")
        times[integrator] = net.build("reference").run(7.0)["n"].spikes.times
    assert np.diff(times["ode"])[0] == pytest.approx(2.0, abs=0.11)
    assert times["auto"].size == times["ode"].size
    assert (np.abs(times["auto"] - times["ode"]) < 0.1 * np.arange(1, times["auto"].size + 1) + 1e-9).all()


def test_exact_spike_times_without_t_ref() -> None:
    """v = -70 + 120 (1 - e^(-t / 5)) meets -51 + the parts of the threshold, whatever dt is."""
    wanted: list[float] = []
    for _ in range(4):

        def excess(t: float) -> float:
            parts = sum(37.0 * np.exp(-(t - s) / 10.0) + 2.0 * np.exp(-(t - s) / 200.0) for s in wanted)
            return -70.0 - 120.0 * np.expm1(-t / 5.0) - (-51.0 + parts)

        begin = wanted[-1] + 1e-9 if wanted else 0.0
        wanted.append(brentq(excess, begin, begin + 20.0, xtol=1e-13))
    net = Network(dt=0.5)
    net.population("n", MAT2(spike_times="exact"), 1, drive=2400.0)
    net.probe("n")
    assert net.build("reference").run(20.0)["n"].spikes.times[:4] == pytest.approx(wanted, abs=1e-9)


def test_there_is_no_excess_to_keep() -> None:
    assert "goes on" in MAT2.param("t_ref").meaning
    with pytest.raises(ParameterError, match=r"^MAT2\.reset: must be one of 'hard', 'none'"):
        MAT2(reset="soft")


def test_t_ref_rules_out_exact_spike_times() -> None:
    net = Network(dt=0.1)
    net.population("n", MAT2(t_ref=2.0, spike_times="exact"), 1)
    with pytest.raises(EngineError, match="the membrane of MAT2 goes on while it is refractory"):
        net.build("reference")
