"""SRM0: a LIF up to its first spike, and after it the closed form of kernels that go through the spike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

from maichong import LIF, SRM0, Delta, Escape, Exponential, Network, OneToOne, SpikeTimes

ENGINES = pytest.mark.parametrize("engine", ["reference", pytest.param("events", marks=pytest.mark.slow)])
"""Both, but what compiles kernels of its own is the slow suite's, which checks this model on every engine."""


def epsp(s: Any, w: float = 100.0, tau_m: float = 10.0, tau_s: float = 2.0, c_m: float = 250.0) -> Any:
    """The potential that one arrival of an exponential current leaves after ``s`` ms."""
    return np.where(s > 0, w / c_m / (1 / tau_s - 1 / tau_m) * (np.exp(-s / tau_m) - np.exp(-s / tau_s)), 0.0)


@ENGINES
def test_before_a_spike_it_is_a_leaky_cell(engine: str) -> None:
    """An arrival of 100 pA gives 0.53499224 mV after 4.02359478 ms; both cells take that, kicks and a drive alike, to 1e-12."""
    found = minimize_scalar(lambda s: -epsp(s), bounds=(1.0, 10.0), options={"xatol": 1e-11})
    assert (found.x, -found.fun) == (pytest.approx(4.02359478, abs=1e-6), pytest.approx(0.53499224, abs=5e-9))
    net = Network(dt=0.1)
    x = net.population("x", SpikeTimes([1.0, 3.0, 9.0], [0, 0, 0]), 1)
    kicks = net.population("kicks", SpikeTimes([5.0], [0]), 1)
    for name, model in (("srm", SRM0(tau_eta=4.0)), ("leaky", LIF())):
        cells = net.population(name, model, 1, drive=200.0)
        net.project(x, cells, OneToOne(), weight=100.0, receptor=Exponential(tau=2.0))
        net.project(kicks, cells, OneToOne(), weight=2.0, receptor=Delta(), name=f"kicks of {name}")
        net.probe(name, "v", every=0.1)
    run = net.build(engine).run(30.0)
    t, v = np.arange(1, 301) * 0.1, {name: run[name].samples("v").values[:, 0] for name in ("srm", "leaky")}
    known = -70.0 - 8.0 * np.expm1(-t / 10.0) + sum(epsp(t - s) for s in (1.0, 3.0, 9.0))
    known += np.where(t > 5.05, 2.0 * np.exp(-(t - 5.0) / 10.0), 0.0)  # at 5 ms itself it has not arrived
    assert v["srm"] == pytest.approx(v["leaky"], abs=1e-12)
    assert v["srm"] == pytest.approx(known, abs=1e-11)


@pytest.mark.parametrize("tau_eta", [4.0, 10.0])
def test_after_a_spike_the_kernels_go_on(tau_eta: float) -> None:
    """v = h + eta, where no spike has touched h; a LIF has forgotten what came before its spike."""
    net = Network(dt=0.1)
    x = net.population("x", SpikeTimes([1.0, 3.0, 9.0], [0, 0, 0]), 1)
    cells = {"srm": SRM0(tau_eta=tau_eta, v_th=-62.0, eta_0=10.0), "leaky": LIF(v_th=-62.0, v_r=-80.0)}
    for name, model in cells.items():
        net.population(name, model, 1)
        net.project(x, name, OneToOne(), weight=2000.0, receptor=Exponential(tau=2.0))
        net.probe(name, "v", every=0.1)
        net.probe(name)
    run = net.build("reference").run(30.0)
    t, arrivals = np.arange(1, 301) * 0.1, (1.0, 3.0, 9.0)
    h = -70.0 + sum(epsp(t - s, 2000.0) for s in arrivals)
    spikes = run["srm"].spikes.times
    assert spikes.size >= 2
    last = np.array([spikes[spikes <= now + 1e-9].max(initial=-np.inf) for now in t])
    v = run["srm"].samples("v").values[:, 0]
    assert v == pytest.approx(h - 10.0 * np.exp(-(t - last) / tau_eta), abs=1e-11)
    assert (v[t < spikes[0] - 1e-9] < -62.0).all(), "it fires at the first point of the grid that is above"
    # the LIF starts afresh at its spike: of the current that flows then, and comes later, but of no potential
    first = run["leaky"].spikes.times[0]
    assert first == spikes[0]
    after = (t > first + 1e-9) & (t < 8.0)
    left = sum(2000.0 * np.exp(-(first - s) / 2.0) for s in arrivals if s < first)
    known = -70.0 - 10.0 * np.exp(-(t - first) / 10.0) + epsp(t - first, left)
    known += sum(epsp(t - s, 2000.0) for s in arrivals if s > first)
    leaky = run["leaky"].samples("v").values[:, 0]
    one = after & (t < run["leaky"].spikes.times[1] - 1e-9) if run["leaky"].counts[0] > 1 else after
    assert leaky[one] == pytest.approx(known[one], abs=1e-11)
    assert np.abs(leaky - v)[one].max() > 1.0


def test_regular_firing() -> None:
    """At a steady h its interval is tau_eta ln(eta_0 / (h - v_th)), whatever dt is, where spike times are exact."""
    net = Network(dt=0.5)
    net.population("cells", SRM0(tau_eta=7.0, spike_times="exact"), 1, drive=500.0, init={"v": -55.5})
    net.probe("cells")
    times = net.build("reference").run(300.0)["cells"].spikes.times
    assert np.diff(times)[-5:] == pytest.approx(7.0 * np.log(15.0 / 5.0), abs=1e-9)
    first = brentq(lambda t: -50.0 - 5.5 * np.exp(-t / 10.0) + 55.0, 0.0, 50.0)
    assert times[0] == pytest.approx(first, abs=1e-9)


def test_escape_noise_makes_it_the_stochastic_model() -> None:
    """From spike to spike the hazard is that of a steady h less eta alone: a renewal process, its survivors by quadrature."""
    n, dt = 3000, 0.5
    net = Network(dt=dt, seed=9)
    noise = Escape(rho_0=0.1, delta_u=4.0)
    net.population("cells", SRM0(escape=noise), n, drive=250.0, init={"v": -75.0, "eta": -15.0})
    run = net.build("reference").run(12.0)

    def rho(t: float) -> float:
        # h goes from -60 towards -60: begun at the state of a spike at a steady h
        return 0.1 * np.exp((-60.0 - 15.0 * np.exp(-t / 10.0) + 55.0) / 4.0)

    silent = np.mean(run["cells"].counts == 0)
    survivors = np.exp(-quad(rho, 0.0, 12.0)[0])
    assert abs(silent - survivors) < 4 * np.sqrt(survivors * (1 - survivors) / n)
