"""The events engine does what the reference does: same spikes, same weights, whatever happens in mid-run."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AdaptiveLIF,
    AllButSelf,
    AllToAll,
    Delta,
    DiehlCook,
    Exponential,
    FixedProbability,
    Izhikevich,
    Network,
    OneToOne,
    PairSTDP,
    Poisson,
    PowerLawSTDP,
    SpikeTimes,
    TripletSTDP,
    Uniform,
    WeightNormalisation,
)

Script = Callable[[Any], None]


def spikes_of(run: Any, population: str) -> np.ndarray:
    """[spikes, 2]: time and neuron, as they were recorded: in order of time, then of neurons."""
    spikes = run[population].spikes
    return np.stack([spikes.times, spikes.ids], axis=1)


def agree(net: Network, script: list[Script], least: int = 50) -> Any:
    """Play the script on both engines, compare after every action, and return the run on events."""
    reference, events = net.build("reference"), net.build("events")
    for action in script:
        for run in (reference, events):
            action(run)
        assert reference.t == pytest.approx(events.t)
        for name, population in net.populations.items():
            assert np.array_equal(spikes_of(reference, name), spikes_of(events, name)), f"{name} at {events.t}"
            assert np.array_equal(reference[name].counts, events[name].counts)
            if population.is_neuron:
                for state in [s for entry in reference.plan.populations if entry.name == name for s in entry.system.states]:
                    np.testing.assert_allclose(events[name][state], reference[name][state], rtol=1e-9, atol=1e-9)
        for name in net.projections:
            np.testing.assert_allclose(events.weights(name), reference.weights(name), rtol=0, atol=1e-10)
    assert sum(run.size for run in (spikes_of(events, name) for name in net.populations)) / 2 > least
    return events


def carry_on(duration: float) -> Script:
    return lambda run: run.run(duration)


def learning(on: bool) -> Script:
    return lambda run: setattr(run, "learning", on)


# neurons and receptors ---------------------------------------------------------------------------------------------------


def recurrent(seed: int, *, strength: float) -> Network:
    """Excitatory and inhibitory conductances, a current and jumps, with random delays, on one population."""
    net = Network(dt=0.1, seed=seed)
    rng = np.random.default_rng(seed)
    n = 80
    cells = net.population(
        "cells", LIF(c_m=rng.uniform(150, 300, n), t_ref=rng.uniform(0.0, 3.0, n)), n,
        drive=rng.uniform(0, 450, n), init={"v": rng.uniform(-70, -55, n)},
    )  # fmt: skip
    noise = net.population("noise", Poisson(rate=rng.uniform(0, 100, 30)), 30)
    connect = FixedProbability(0.2)
    net.project(
        noise, cells, connect, weight=Uniform(0, 20 * strength), delay=Uniform(0.1, 3.0), receptor=Exponential(e_rev=0.0)
    )
    net.project(cells, cells, connect, weight=2.0 * strength, delay=Uniform(0.1, 3.0), receptor=Exponential(e_rev=0.0))
    net.project(cells, cells, connect, weight=Uniform(0, 9.0), delay=0.7, receptor=Exponential(tau=10.0, e_rev=-80.0))
    net.project(noise, cells, AllToAll(), weight=40.0 * strength, delay=1.5, receptor=Exponential(tau=3.0))
    net.project(cells, cells, AllButSelf(), weight=-0.2, receptor=Delta())
    return net


@pytest.mark.parametrize("seed", [1, 3])
def test_mixed_currents_and_conductances(seed: int) -> None:
    drive = np.random.default_rng(seed).uniform(100, 500, 80)
    script = [
        carry_on(60.0),
        lambda run: run["cells"].drive(drive),
        carry_on(60.0),
        lambda run: run["noise"].set(rate=150.0),
        carry_on(30.0),
    ]
    agree(recurrent(seed, strength=seed / 2), script, least=300)


@pytest.mark.parametrize("model", ["AdaptiveLIF", "Izhikevich"])
def test_other_neurons_under_noise(model: str) -> None:
    net, n = Network(dt=0.1, seed=7), 70
    rng = np.random.default_rng(7)
    if model == "AdaptiveLIF":
        neuron, drive, weight = AdaptiveLIF(delta_a=rng.uniform(0, 3, n), t_ref=1.0), rng.uniform(150, 600, n), 60.0
    else:
        neuron = Izhikevich(a=rng.uniform(0.02, 0.1, n), d=rng.uniform(2, 8, n))
        drive, weight = rng.uniform(0, 15, n), 2.0
    cells = net.population("cells", neuron, n, drive=drive)
    noise = net.population("noise", Poisson(rate=40.0), 20)
    net.project(
        noise, cells, FixedProbability(0.5), weight=Uniform(0, weight), delay=Uniform(0.1, 2.0), receptor=Exponential(tau=5.0)
    )
    script = [carry_on(80.0), lambda run: run["cells"].drive(drive[::-1].copy()), carry_on(80.0)]
    agree(net, script, least=200)


@pytest.mark.parametrize("reset", ["soft", "none"])
def test_resets(reset: str) -> None:
    net = Network(dt=0.1, seed=1)
    net.population("n", LIF(reset=reset, t_ref=np.linspace(0, 2, 10)), 10, drive=np.linspace(350, 4000, 10))
    agree(net, [carry_on(50.0)])


def test_a_population_that_is_mostly_at_rest() -> None:
    """300 cells, few of which are ever hit: what is passed over while nothing moves must be there when something does."""
    net = Network(dt=0.1, seed=1)
    rng = np.random.default_rng(1)
    n = 300
    times, ids = rng.uniform(0, 600, 80), rng.integers(0, n, 80)
    source = net.population("s", SpikeTimes(times, ids), n)
    cells = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=15.0, t_ref=np.where(np.arange(n) % 3, 2.0, 30.0)), n)
    net.project(source, cells, OneToOne(), weight=np.where(np.arange(n) % 2, 20.0, 5.0), delay=0.1, receptor=Delta())
    net.probe("n")
    net.probe("s")
    late = np.zeros(n)
    late[[5, 130]] = 500.0
    voltage = np.zeros(n)
    voltage[[77, 250]] = [14.0, 16.0]

    def set_voltage(run: Any) -> None:
        run["n"]["v"] = voltage

    script = [
        carry_on(250.0), lambda run: run["n"].drive(late), carry_on(100.0), lambda run: run["n"].drive(0.0), carry_on(500.0),
        set_voltage, carry_on(30.0), lambda run: run["s"].set_spikes(np.array([900.0, 905.0, 890.0]), np.array([7, 7, 299])),
        carry_on(60.0), lambda run: run.restore(run.snapshot()), carry_on(40.0),
    ]  # fmt: skip
    agree(net, script, least=60)


# plastic projections -----------------------------------------------------------------------------------------------------

RULES = {
    "pair": lambda: [PairSTDP(a_plus=0.03, a_minus=0.04, w_max=4.0), WeightNormalisation(total=20.0)],
    "nearest": lambda: [PairSTDP(a_plus=0.03, a_minus=0.04, w_max=4.0, pairing="nearest"), WeightNormalisation(total=20.0)],
    "diehl cook": lambda: [DiehlCook(eta_pre=0.02, eta_post=0.05, w_max=4.0), WeightNormalisation(total=20.0)],
    "triplet": lambda: [TripletSTDP(a3_minus=1e-3, w_max=4.0), WeightNormalisation(total=20.0)],
    "power law": lambda: [PowerLawSTDP(eta_pre=0.01, w_max=4.0), WeightNormalisation(total=20.0)],
}


def plastic(
    rules: list[Any],
    where: str,
    *,
    pre_rate: float,
    drive: float,
    seed: int = 3,
    n_pre: int = 40,
    n_post: int = 70,
    delay: Any = None,
) -> Network:
    """Poisson sources onto driven cells that a teacher makes fire now and then."""
    rng = np.random.default_rng(seed)
    net = Network(dt=0.5, seed=seed)
    if where == "all but self":
        n_pre = n_post
    connector, usual = {
        "one delay": (AllToAll(), 1.5),
        "many delays": (AllToAll(), Uniform(0.5, 9.0)),
        "rows": (FixedProbability(0.5), Uniform(0.5, 6.0)),
        "rows with one delay": (FixedProbability(0.5), 2.0),
        "all but self": (AllButSelf(), 1.0),
    }[where]
    pre = net.population("pre", Poisson(rate=rng.uniform(0.5, 1.5, n_pre) * pre_rate), n_pre)
    times = 0.5 * rng.integers(2, 600, 2 * n_post)
    teacher = net.population("teacher", SpikeTimes(times, rng.integers(0, n_post, times.size)), n_post)
    cells = net.population("post", LIF(c_m=100.0, t_ref=2.0), n_post, drive=drive * rng.uniform(0.5, 1.5, n_post))
    net.project(
        pre,
        cells,
        connector,
        weight=Uniform(0.0, 1.0),
        delay=usual if delay is None else delay,
        receptor=Exponential(tau=5.0),
        plasticity=rules,
        name="w",
    )
    net.project(teacher, cells, OneToOne(), weight=100.0, receptor=Delta())
    return net


def exchange_weights(run: Any) -> None:
    w = run.weights("w")
    run.set_weights("w", np.where(np.isnan(w), 0.0, w[:, ::-1] if not np.isnan(w).any() else 0.7 * w))


EVENTFUL: list[Script] = [
    carry_on(40.0),
    lambda run: run.signal("sample"),  # spikes are in flight
    carry_on(20.0),
    learning(False),
    carry_on(15.5),
    exchange_weights,
    carry_on(10.0),
    learning(True),
    carry_on(20.0),
    exchange_weights,
    carry_on(4.0),
    lambda run: run.signal("sample"),
    lambda run: run["post"].drive(np.linspace(0, 400, 70)),
    carry_on(30.0),
]

PLACES = ("one delay", "many delays", "rows", "rows with one delay", "all but self")
QUIET, BUSY = {"pre_rate": 8.0, "drive": 60.0}, {"pre_rate": 120.0, "drive": 280.0}


@pytest.mark.parametrize("activity", [QUIET, BUSY], ids=["quiet", "busy"])
@pytest.mark.parametrize(
    ("rule", "where"),
    [
        *(("pair", where) for where in PLACES),
        *((rule, "one delay") for rule in RULES if rule != "pair"),
        ("triplet", "many delays"),
    ],
)
def test_plasticity_through_an_eventful_run(rule: str, where: str, activity: dict[str, float]) -> None:
    agree(plastic(RULES[rule](), where, **activity), EVENTFUL)


@pytest.mark.parametrize("pre_rate", [50.0, 75.0, 240.0])
def test_more_arrivals_than_the_calendar_of_delays_has_room_for(pre_rate: float) -> None:
    """Many spikes find many live traces: on none, on some or on all of the days there are more entries than there is room."""
    net = plastic(RULES["pair"](), "many delays", pre_rate=pre_rate, drive=260.0, n_pre=60, n_post=110)
    events = agree(net, [carry_on(25.0), learning(False), carry_on(6.0), learning(True), carry_on(30.0)], least=300)
    due = events._backend.projections[0].state["due_count"]
    entries = []
    for _ in range(60):
        entries.append(int(due[round(events.t / events.plan.dt) % due.size]))  # for the step to come
        events.run(0.5)
    assert (min(entries) > 256) == (pre_rate == 240.0)
    assert (max(entries) > 256) == (pre_rate > 50.0)


@pytest.mark.parametrize("longest", [127.0, 127.5, 128.0])
def test_delays_up_to_the_longest_that_an_inbox_holds(longest: float) -> None:
    """254 and 255 steps, and one more, which goes another way."""
    rng = np.random.default_rng(0)
    delay = 0.5 * rng.integers(1, round(longest / 0.5) + 1, (40, 70))
    delay[3, 4] = longest
    net = plastic(RULES["pair"](), "one delay", **BUSY, delay=delay)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # not run where the layout is wrong: it would take the test process with it
        net.build("events")
    agree(net, [carry_on(100.0), exchange_weights, carry_on(100.0)])


def test_one_spike_in_every_step_at_every_synapse() -> None:
    """The densest there is: all sources fire in every step, all cells in most."""
    n, steps = 20, 60
    for delay in (0.5, Uniform(0.5, 9.0)):
        net = Network(dt=0.5, seed=1)
        every = np.repeat(0.5 * np.arange(steps), n)
        pre = net.population("pre", SpikeTimes(every, np.tile(np.arange(n), steps)), n)
        teacher = net.population("teacher", SpikeTimes(every, np.tile(np.arange(n), steps)), n)
        cells = net.population("post", LIF(), n)
        net.project(
            pre,
            cells,
            AllToAll(),
            weight=0.5,
            delay=delay,
            receptor=Exponential(tau=5.0),
            plasticity=RULES["pair"]()[0],
            name="w",
        )
        net.project(teacher, cells, OneToOne(), weight=100.0, receptor=Delta())
        agree(net, [carry_on(10.0), exchange_weights, carry_on(20.0)], least=1000)
