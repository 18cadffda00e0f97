"""Currents that change in steps of time: NEST's act in the same steps as ours, in every model that is handed over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AdaptiveLIF,
    AllToAll,
    Alpha,
    Delta,
    Exponential,
    Izhikevich,
    Network,
    SpikeTimes,
    Steps,
)
from maichong.engines.nest import missing
from maichong.neurons.traub_miles import TraubMiles
from maichong.synapses.bi_exponential import BiExponential

DT, N = 0.1, 4
OPEN = {"e_rev": 0.0}
# cell, receptors, within how many mV
CELLS = {
    "exp": (LIF(tau_m=[8.0, 10.0, 12.0, 14.0], t_ref=2.0), [Exponential(tau=2.0)], 1e-9),
    "exps": (LIF(t_ref=2.0), [Exponential(tau=2.0), Exponential(tau=5.0)], 1e-9),
    "alpha": (LIF(t_ref=2.0), [Alpha(tau=2.0)], 1e-9),
    "alphas": (LIF(t_ref=2.0), [Alpha(tau=2.0), Alpha(tau=5.0)], 1e-9),
    "delta": (LIF(t_ref=2.0), [Delta()], 1e-9),
    "adaptive": (AdaptiveLIF(t_ref=2.0), [Exponential(tau=2.0)], 1e-9),
    "izhikevich": (Izhikevich(integrator="euler", c_m=[1.0, 2.0, 1.0, 4.0]), [], 1e-9),
    "cond exp": (LIF(t_ref=2.0, integrator="rk4"), [Exponential(tau=2.0, **OPEN)], 1e-3),
    "cond alpha": (LIF(t_ref=2.0, integrator="rk4"), [Alpha(tau=2.0, **OPEN)], 1e-3),
    "cond beta": (LIF(t_ref=2.0, integrator="rk4"), [BiExponential(**OPEN)], 1e-2),
    "cond exps": (LIF(t_ref=2.0, integrator="rk4"), [Exponential(tau=tau, **OPEN) for tau in (1.0, 2.0, 3.0)], 1e-3),
    "cond alphas": (LIF(t_ref=2.0, integrator="rk4"), [Alpha(tau=tau, **OPEN) for tau in (1.0, 2.0, 3.0)], 1e-3),
    "cond betas": (LIF(t_ref=2.0, integrator="rk4"), [BiExponential(tau_rise=r, **OPEN) for r in (0.3, 0.5, 1.0)], 1e-3),
}  # fmt: skip
TIMES = [0.0, 10.0, 10.1, 30.0, 47.3]
ALL, EACH = Steps(TIMES, [300.0, 900.0, 0.0, 500.0, -100.0]), np.outer([1, 3, 0, 2, 1], [200, 250, 300, 350])


def driven(name: str, drive: Any) -> Network:
    net = Network(dt=DT, seed=1)
    cell, receptors, _ = CELLS[name]
    x, e = net.population("x", SpikeTimes([5.0], [0]), 1), net.population("e", cell, N, drive=drive)
    for receptor in receptors:
        net.project(x, e, AllToAll(), weight=0.5, delay=1.0, receptor=receptor)
    net.probe(e)
    net.probe(e, "v", every=DT)
    return net


def near(net: Network, within: float) -> Any:
    """Run both, and set a drive by hand, once before the next of its Steps and once after all of them."""
    runs = []
    for engine in ("reference", "nest"):
        run = net.build(engine).run(25.0)
        run["e"].drive([100.0, 200.0, 350.0, 900.0] if "izhikevich" not in str(net.populations["e"].model) else 20.0)
        run.run(3.0).run(21.0)
        run["e"].drive(0.0)
        runs.append(run.run(11.0)["e"])
    ours, theirs = runs
    assert np.array_equal(np.rint(ours.spikes.times / DT), np.rint(theirs.spikes.times / DT))
    assert np.array_equal(ours.spikes.ids, theirs.spikes.ids) and len(ours.spikes) > 3
    away = np.abs(ours.samples("v").values - theirs.samples("v").values)
    away[np.rint(ours.spikes.times / DT).astype(int) - 1, ours.spikes.ids] = 0.0  # some of NEST's reset in the next step
    assert away.max() < within
    return ours


@pytest.mark.parametrize("name", CELLS)
def test_the_same_currents_in_the_same_steps(name: str) -> None:
    """Every other one with a current for each cell."""
    part, each = 0.05 if name == "izhikevich" else 1.0, list(CELLS).index(name) % 2
    drive = Steps(TIMES, part * EACH) if each else Steps(ALL.times, part * ALL.values)
    net = driven(name, drive)
    assert missing(net) == []
    near(net, CELLS[name][2])


@pytest.mark.parametrize("dt", [1 / 3, 0.5])
def test_currents_where_slices_are_long(dt: float) -> None:
    """No state is recorded here, so that NEST goes several steps at once; the first of the Steps comes late."""
    net = Network(dt=dt, seed=1)
    drive = Steps(dt * np.array([3, 50, 51, 133]), np.array([700.0, 300.0, 2000.0, 400.0]))
    x = net.population("x", SpikeTimes([0.0, 9 * dt], [0, 0]), 1)
    e = net.population("e", LIF(t_ref=2.0, v_th=[-55.0, -54.0, -50.0]), 3, drive=drive)
    net.project(x, e, AllToAll(), weight=300.0, delay=5 * dt, receptor=Exponential(tau=2.0))
    net.probe(e)
    seen = []
    for engine in ("reference", "nest"):
        run = net.build(engine)
        run["e"].drive(900.0)  # until the first of the Steps
        run = run.run(60 * dt)
        run["e"].drive([0.0, 900.0, 400.0])
        run.run(140 * dt)
        seen.append((np.rint(run["e"].spikes.times / dt), run["e"].spikes.ids, run["e"]["v"]))
    assert len(seen[0][0]) > 8
    assert all(np.allclose(ours, theirs, rtol=1e-12) for ours, theirs in zip(*seen, strict=True))
    said = net.build("nest").describe().splitlines()
    assert "e: iaf_psc_exp, step_current_generator" in said


def test_traub_miles_in_steps_below_its_threshold() -> None:
    net = Network(dt=0.05)
    net.population("e", TraubMiles(t_ref=3.0), 3, drive=Steps([0, 5, 12], [[-300] * 3, [-400, -500, -600], [-300] * 3]))
    net.probe("e", "v", every=0.1)
    ours, theirs = (net.build(engine).run(25.0)["e"].samples("v").values for engine in ("reference", "nest"))
    assert np.ptp(ours) > 5.0
    assert np.abs(ours - theirs).max() < 0.01
