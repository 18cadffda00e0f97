"""NEST and maichong fire the same spikes in the same steps: cells that NEST propagates exactly, with the same synapses.

One network has them all: sources with spikes at t = 0 and several in a step, inputs without a delay, delays that differ, weights of
both signs, cells whose parameters differ, a time constant of a current that is the membrane's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AdaptiveLIF,
    AllButSelf,
    AllToAll,
    Alpha,
    Delta,
    ExplicitList,
    Exponential,
    FixedProbability,
    Izhikevich,
    Network,
    Normal,
    OneToOne,
    SpikeTimes,
    Uniform,
)
from maichong.neurons.traub_miles import TraubMiles

DT = 0.1
N = 8
MODELS = {
    "exp": "iaf_psc_exp", "alpha": "iaf_psc_alpha", "delta": "iaf_psc_delta", "exps": "iaf_psc_exp_multisynapse",
    "alphas": "iaf_psc_alpha_multisynapse", "adaptive": "gif_psc_exp_multisynapse", "driven": "iaf_psc_delta",
}  # fmt: skip
COMPILED = ("exp", "alpha", "delta")
"""What runs on the compiled engine too: each model that it has not met takes it seconds."""


def given(n: int, until: float, number: int, seed: int = 1) -> SpikeTimes:
    """Spikes on and off the grid, the first ones at t = 0."""
    rng = np.random.default_rng(seed)
    times = np.concatenate([np.zeros(n // 2), rng.uniform(0, until, number)])
    return SpikeTimes(times, np.concatenate([np.arange(n // 2), rng.integers(0, n, number)]))


def currents(chosen: Any = MODELS) -> Network:
    """Every NEST model with currents or jumps, all of them driven from outside and by each other."""
    net = Network(dt=DT, seed=5)
    x = net.population("x", given(12, 150.0, 900), 12)
    tau_m = np.linspace(8.0, 22.0, N)
    lif = LIF(tau_m=tau_m, c_m=200.0, t_ref=np.linspace(0.0, 2.45, N))  # rounded up to the grid
    own = LIF(tau_m=10.0, t_ref=2.0)
    made = {
        "exp": {"model": lif, "drive": np.linspace(100, 300, N), "init": {"v": Uniform(-70, -56)}},
        "alpha": {"model": lif, "drive": 150.0},
        "delta": {"model": lif, "drive": 100.0, "init": {"v": np.linspace(-75, -60, N)}},
        "exps": {"model": own, "drive": 200.0},
        "alphas": {"model": own, "drive": 200.0},
        "adaptive": {"model": AdaptiveLIF(tau_a=50.0, t_ref=2.0), "drive": np.linspace(300, 500, N)},
        "driven": {"model": own, "drive": np.linspace(370, 900, N)},
    }
    cells = {name: net.population(name, n=N, **made[name]) for name in chosen}
    inputs = {
        "exp": (Exponential(tau=3.0), 150.0), "alpha": (Alpha(tau=2.0), 120.0), "delta": (Delta(), 1.5),
        "exps": (Exponential(tau=2.0), 120.0), "alphas": (Alpha(tau=1.5), 100.0), "adaptive": (Exponential(tau=4.0), 100.0),
    }  # fmt: skip
    for name in inputs.keys() & cells.keys():
        receptor, weight = inputs[name]
        net.project(x, cells[name], FixedProbability(0.6), weight=Uniform(0.3 * weight, weight), receptor=receptor)
        late = Uniform(0.1, 4.0)
        net.project(cells[name], cells[name], AllButSelf(), weight=-0.1 * weight, delay=late, receptor=receptor)
    if "exps" in cells:
        # another time constant, the membrane's own; delays as a list, and a pair that stands twice
        pairs, slow = ExplicitList([0, 3, 3, 7, 1], [2, 1, 1, 0, 7]), [3.0, 0.1, 2.5, 1.0, 0.7]
        net.project("exp", "exps", pairs, weight=[200, 150, -50, 90, 80], delay=slow, receptor=Exponential(tau=10.0))
    if "alphas" in cells:
        net.project("delta", "alphas", AllToAll(), weight=Normal(0, 20), delay=1.3, receptor=Alpha(tau=10.0))
    net.project("delta", "exp", OneToOne(), weight=80.0, delay=0.4, receptor=Exponential(tau=3.0))
    for name in (*cells, "x"):
        net.probe(name)
    for name in cells:
        net.probe(name, "v", every=0.5, cells=[5, 0])
    if "adaptive" in cells:
        net.probe("adaptive", "a", every=DT)
    return net


@pytest.fixture(scope="module")
def runs() -> dict[str, Any]:
    """The same network on three engines; NEST's in pieces, which must not matter."""
    made = {"reference": currents().build("reference").run(150.0), "events": currents(COMPILED).build("events").run(150.0)}
    made["nest"] = currents().build("nest").run(0.1).run(30.3).run(119.6)
    return made


@pytest.mark.parametrize(
    ("engine", "population"), [*(("reference", name) for name in (*MODELS, "x")), *(("events", name) for name in COMPILED)]
)
def test_the_same_spikes_in_the_same_steps(runs: dict[str, Any], engine: str, population: str) -> None:
    ours, theirs = runs[engine][population].spikes, runs["nest"][population].spikes
    assert np.array_equal(np.rint(ours.times / DT), np.rint(theirs.times / DT))
    assert np.array_equal(ours.ids, theirs.ids)
    assert len(ours) > 20
    assert np.array_equal(runs[engine][population].counts, runs["nest"][population].counts)


@pytest.mark.parametrize("population", MODELS)
def test_the_same_membranes(runs: dict[str, Any], population: str) -> None:
    ours, theirs = (runs[engine][population].samples("v") for engine in ("reference", "nest"))
    assert np.array_equal(ours.times, theirs.times)
    away = np.abs(ours.values - theirs.values)
    if population == "adaptive":  # NEST resets in the step after the spike
        fired = np.isin(np.rint(ours.times / DT), np.rint(runs["nest"]["adaptive"].spikes.times / DT))
        away = away[~fired]
    assert away.max() < 1e-11


def test_the_same_threshold_between_spikes(runs: dict[str, Any]) -> None:
    ours, theirs = (runs[engine]["adaptive"].samples("a") for engine in ("reference", "nest"))
    spikes = runs["nest"]["adaptive"].spikes
    fired = np.zeros(ours.values.shape, bool)
    fired[np.rint(spikes.times / DT).astype(int) - 1, spikes.ids] = True
    assert np.abs(ours.values - theirs.values)[~fired].max() < 1e-11
    assert np.allclose((ours.values - theirs.values)[fired], 1.5)  # the jump, which NEST shows a step later


def test_each_population_is_the_model_that_the_table_says(runs: dict[str, Any]) -> None:
    said = runs["nest"].describe().splitlines()
    for population, model in MODELS.items():
        assert f"{population}: {model}" in said


def both(net: Network, duration: float, engine: str = "reference") -> tuple[Any, Any]:
    return net.build(engine).run(duration), net.build("nest").run(duration)


@pytest.mark.parametrize(("integrator", "dt"), [("euler", 0.1), ("izh2003", 0.1), ("izh2003", 1.0)])
def test_izhikevich_with_nest_s_two_integrators(integrator: str, dt: float) -> None:
    net = Network(dt=dt)
    cell = Izhikevich(integrator=integrator, a=[0.02, 0.1, 0.02, 0.02], d=[8.0, 2.0, 2.0, 4.0], c=[-65.0, -65, -50, -55])
    e = net.population("e", cell, 4, drive=[10.0, 10.0, 10.0, 12.0], init={"v": -60.0, "u": [-12.0, -10, -11, -12]})
    if integrator == "euler":
        x = net.population("x", SpikeTimes([0.0, 7.0, 20.0, 33.3, 55.0], [0, 1, 3, 2, 0]), 4)
        net.project(x, e, OneToOne(), weight=0.5, receptor=Delta())
    net.probe("e")
    for state in ("v", "u"):
        net.probe("e", state, every=dt)
    ours, theirs = both(net, 100.0)
    assert np.array_equal(np.rint(ours["e"].spikes.times / dt), np.rint(theirs["e"].spikes.times / dt))
    assert np.array_equal(ours["e"].spikes.ids, theirs["e"].spikes.ids)
    assert ours["e"].counts.min() > 1
    assert np.allclose(ours["e"].samples("u").values, theirs["e"].samples("u").values, rtol=1e-9, atol=1e-9)


def test_a_jump_past_izhikevich_s_peak_fires_a_step_earlier() -> None:
    """NEST tests the membrane when the jump has arrived, here it is stepped first; ``describe`` says so."""
    net = Network(dt=0.1)
    x, e = net.population("x", SpikeTimes([5.0], [0]), 1), net.population("e", Izhikevich(integrator="euler"), 1)
    net.project(x, e, OneToOne(), weight=120.0, delay=1.0, receptor=Delta())
    net.probe("e")
    ours, theirs = both(net, 8.0)
    assert ours["e"].spikes.times == pytest.approx([6.1])
    assert theirs["e"].spikes.times == pytest.approx([6.0])
    told = "a jump to v_peak or beyond fires at its arrival, a step earlier, and one that arrives with a spike is reset away"
    assert f"differs: population 'e' (izhikevich): {told}" in theirs.describe()


@pytest.mark.parametrize("dt", [0.5, 1 / 3, 2.0**-5, 0.05, 7.0])
def test_any_step_that_nest_can_count(dt: float) -> None:
    net = Network(dt=dt)
    x = net.population("x", given(4, 60.0 * dt, 60), 4)
    e = net.population("e", LIF(tau_m=20 * dt, c_m=500 * dt, t_ref=3 * dt), 3, drive=[200.0, 300.0, 500.0])
    net.project(x, e, AllToAll(), weight=150.0, delay=Uniform(dt, 9 * dt), receptor=Exponential(tau=4 * dt))
    net.probe("e")
    ours, theirs = both(net, 100 * dt)
    assert np.allclose(ours["e"].spikes.times, theirs["e"].spikes.times) and len(ours["e"].spikes) > 10


def test_traub_miles_fires_as_often_and_a_little_later() -> None:
    """NEST stamps where the membrane falls. At 0.02 ms both are near the solution, and follow each other."""
    net = Network(dt=0.02)
    net.population("e", TraubMiles(t_ref=3.0), 3, drive=[100.0, 300.0, 500.0], init={"v": [-60.0, -50.0, -65.0]})
    net.probe("e")
    net.probe("e", "v", every=0.1)
    net.probe("e", "n", every=0.1)
    ours, theirs = both(net, 40.0)
    assert np.array_equal(ours["e"].counts, theirs["e"].counts) and ours["e"].counts.min() > 1
    for cell in range(3):
        later = theirs["e"].spikes.of(cell) - ours["e"].spikes.of(cell)
        assert later.min() > 0.1 and later.max() < 0.6  # ms
    v, n = (np.abs(ours["e"].samples(s).values - theirs["e"].samples(s).values) for s in ("v", "n"))
    assert np.median(v) < 0.05  # mV
    assert np.median(n) < 1e-4
