"""EIF against its quadrature and its rheobase (equations.md 1.6), and as AdEx without adaptation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from solving import solve

from maichong import EIF, AdEx, Network

ISI = 16.21605122  # [N], by quadrature
CELL = EIF(c_m=20.0, g_leak=1.0, e_leak=-65.0, v_t=-50.0, delta_t=2.0, v_r=-60.0, v_peak=0.0)


def test_the_judge_itself() -> None:
    """The interval is the integral of tau dv / (-(v - E_L) + delta exp((v - V_T) / delta) + RI) from reset to peak."""
    found = quad(
        lambda v: 20.0 / (-(v + 65.0) + 2.0 * np.exp((v + 50.0) / 2.0) + 30.0), -60.0, 0.0, points=[-45.0], epsabs=1e-12
    )
    assert found[0] == pytest.approx(ISI, abs=1e-8)


def test_the_interval_is_the_quadrature() -> None:
    spikes = solve(CELL, 60.0, 30.0, {"v": -60.0}, rtol=1e-12, atol=1e-12).spikes
    assert spikes == pytest.approx(ISI * np.arange(1, 4), abs=1e-7)


def test_engines_stamp_it() -> None:
    """Located spikes are stamped at the end of their step; the step itself, RK4, is late by less than a step a spike."""
    for integrator, dt, late in (("ode", 1.0, 0.0), ("auto", 0.1, 0.1)):
        net = Network(dt=dt)
        net.population("n", CELL.replace(integrator=integrator), 1, drive=30.0, init={"v": -60.0})
        net.probe("n")
        times = net.build("reference").run(60.0)["n"].spikes.times
        exact = np.ceil(ISI * np.arange(1, 4) / dt) * dt
        assert times.size == 3
        assert (times >= exact - 1e-9).all()
        assert (times - exact <= late * np.arange(1, 4) + 1e-9).all()


@pytest.mark.parametrize(("current", "fires"), [(545.9, False), (546.1, True)])
def test_the_rheobase(current: float, fires: bool) -> None:
    """g_leak (v_t - e_leak - delta_t) = 546 pA [N]; the passage just above it takes pi tau sqrt(2 delta g / (I - I_r)) ms or so."""
    assert (solve(EIF(), 2500.0, current).spikes.size > 0) == fires


def test_it_is_adex_without_adaptation() -> None:
    times, potentials = [], []
    for model in (EIF(t_ref=2.0), AdEx(a=0.0, b=0.0, t_ref=2.0)):
        net = Network(dt=0.1)
        net.population("n", model, 3, drive=[500.0, 700.0, 1500.0])
        net.probe("n")
        net.probe("n", "v")
        run = net.build("reference").run(50.0)
        times.append(run["n"].spikes.times)
        potentials.append(run["n"].samples("v").values)
    assert times[0].size > 5
    assert np.array_equal(times[0], times[1])
    assert np.array_equal(potentials[0], potentials[1])


def test_a_step_that_overshoots_stays_finite() -> None:
    """A huge current at a coarse step: beyond v_peak the flow is held, so nothing overflows, also in single precision."""
    net = Network(dt=1.0)
    net.population("n", EIF(), 2, drive=[1e4, 1e7])
    net.probe("n", "v")
    assert np.isfinite(net.build("reference").run(50.0)["n"].samples("v").values).all()
