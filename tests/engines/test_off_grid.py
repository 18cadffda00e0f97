"""Spikes off the grid in both engines: they agree, threads and checkpoints keep every bit, recordings hold the times."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AllButSelf,
    AllToAll,
    Delta,
    ExplicitList,
    Exponential,
    FixedProbability,
    Izhikevich,
    MaichongError,
    Network,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    TraubMiles,
    TsodyksMarkram,
    Uniform,
    open_recording,
    resume,
)
from maichong.errors import EngineError, NetworkError, ParameterError
from maichong.synapses.first_order import GABA_A

N, CURRENT = 70, Exponential(tau=2.0)

PARTS: dict[str, dict[str, Any]] = {
    "rows": {"connector": FixedProbability(0.2), "weight": Uniform(-30, 60), "delay": Uniform(0.5, 4.0)},
    "rows of one delay": {"connector": FixedProbability(0.2), "weight": 40.0, "delay": 0.5},
    "matrix": {"connector": AllToAll(), "weight": Uniform(-10, 15), "delay": 1.5},
    "all but self": {"connector": AllButSelf(), "weight": -4.0, "delay": 1.0},
    "jumps": {"connector": FixedProbability(0.2), "weight": Uniform(-0.5, 0.8), "delay": Uniform(0.5, 4.0), "receptor": Delta()},
    "short-term": {
        "connector": FixedProbability(0.3), "weight": 90.0, "delay": 1.0, "short_term": TsodyksMarkram(tau_d=50.0),
    },
    "learns": {
        "connector": FixedProbability(0.3), "weight": Uniform(10, 50), "delay": Uniform(0.5, 4.0),
        "plasticity": PairSTDP(w_max=60.0, a_plus=0.05, a_minus=0.06),
    },
    "learns as a matrix": {
        "connector": AllToAll(), "weight": Uniform(2, 10), "delay": 1.5,
        "plasticity": PairSTDP(w_max=12.0, a_plus=0.05, a_minus=0.06),
    },
}  # fmt: skip


def network(name: str, n: int = N, **values: Any) -> Network:
    """Driven cells that act on each other off the grid, with noise on the grid, given spikes off it and Poisson jumps."""
    rng = np.random.default_rng(5)
    net = Network(dt=0.5, seed=5)
    neuron = LIF(t_ref=rng.uniform(0.5, 3.0, n), spike_times="exact", **values)
    start, drive = rng.uniform(-70, -56, n), rng.uniform(360, 600, n)
    cells = net.population("cells", neuron, n, drive=drive, init={"v": start})
    noise = net.population("noise", Poisson(rate=30.0), 20)
    given = net.population("given", SpikeTimes(rng.permutation(np.linspace(0, 60, 60)), np.arange(60), exact=True), 60)
    grid = net.population("grid", LIF(), 10)
    net.project(noise, cells, FixedProbability(0.2), weight=60.0, delay=Uniform(0.5, 2.0), receptor=CURRENT)
    net.project(given, cells, FixedProbability(0.2), weight=1.0, delay=1.0, receptor=Delta())
    net.project(cells, grid, FixedProbability(0.5), weight=60.0, delay=Uniform(0.5, 2.0), receptor=CURRENT)
    net.project(cells, cells, name="studied", **{"receptor": CURRENT, **PARTS[name]})
    net.background(cells, rate=200.0, weight=0.2, receptor=Delta())
    net.probe("cells")
    net.probe("grid")
    net.probe("cells", "v", every=2.0, cells=[3, 0])
    return net


def by_neuron(spikes: Any) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((spikes.times, spikes.ids))
    return spikes.ids[order], spikes.times[order]


def agree(net: Network, duration: float, *, least: int = 30, **options: Any) -> tuple[Any, Any]:
    """Run on both engines, with learning off at the end, and compare."""
    runs = net.build("reference"), net.build("events", **options)
    for run in runs:
        run.run(duration)
        run.learning = False
        run.run(duration / 4)
    one, other = runs
    for name in net.populations:
        if name in ("cells", "grid"):
            (ids, times), (same, found) = by_neuron(one[name].spikes), by_neuron(other[name].spikes)
            assert np.array_equal(ids, same)
            np.testing.assert_allclose(found, times, rtol=0, atol=1e-10)
        assert np.array_equal(one[name].counts, other[name].counts)
    for state in one.plan.populations[0].system.states:
        np.testing.assert_allclose(other["cells"][state], one["cells"][state], rtol=0, atol=1e-9)
    np.testing.assert_allclose(other.synapses("studied")["weight"], one.synapses("studied")["weight"], rtol=0, atol=1e-10)
    assert len(one["cells"].spikes) > least
    return runs


# the engines agree ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PARTS)
def test_engines_agree(name: str) -> None:
    _, run = agree(network(name, n=40), 16.0)
    if "learns" in name:
        assert np.abs(run.synapses("studied")["weight"] - run.plan.projections[3].weights()).max() > 0.1


def test_synapses_that_are_drawn_at_each_spike_agree() -> None:
    net = network("rows of one delay", n=40)
    _, run = agree(net, 16.0, procedural="studied")
    stored = net.build("events").run(20.0)
    assert np.array_equal(stored["cells"].spikes.times, run["cells"].spikes.times)


def test_cells_that_are_not_alike_agree() -> None:
    """Time constants that differ, so that each cell goes from event to event; rests that do, and all arrivals do the same."""
    rng = np.random.default_rng(1)
    agree(network("rows", n=40, tau_m=rng.uniform(8, 12, 40), c_m=rng.uniform(200, 300, 40)), 16.0)
    agree(network("rows", n=40, v_rest=rng.uniform(-71, -69, 40)), 16.0)


def test_a_burst_of_all_cells_at_once_agrees() -> None:
    """Equal cells fire together and reach each other together, by every synapse there is, within one step."""
    net = Network(dt=0.5, seed=1)
    cells = net.population("cells", LIF(t_ref=1.0, spike_times="exact"), 40, drive=800.0)
    net.project(cells, cells, AllToAll(), weight=2.0, delay=1.0, receptor=CURRENT, name="studied")
    net.project(cells, cells, AllToAll(), weight=0.01, delay=1.0, receptor=Delta())
    _, run = agree(net, 24.0, least=150)
    times = run["cells"].spikes.times.reshape(-1, 40)
    assert np.ptp(times, axis=1).max() < 1e-10


# to the last bit -----------------------------------------------------------------------------------------------------------


def everything(run: Any) -> dict[str, np.ndarray]:
    spikes, v = run["cells"].spikes, run["cells"].samples("v")
    return {"times": spikes.times, "ids": spikes.ids, "v": v.values, **run.snapshot()}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for key, values in one.items():
        assert np.array_equal(values, other[key]), key


@pytest.mark.parametrize("name", ["rows", "matrix", "jumps", "learns"])
def test_any_number_of_threads_gives_the_same_bits(name: str) -> None:
    one, two, three = (everything(network(name).build("events", threads=k).run(40.0)) for k in (1, 2, 3))
    assert one["times"].size > 100
    same(one, two)
    same(one, three)


@pytest.mark.parametrize("name", ["short-term", "learns"])
def test_a_run_is_resumed_bit_for_bit(engine: str, name: str, tmp_path: Path) -> None:
    whole = network(name).build(engine).run(12.0)
    half = network(name).build(engine).run(6.5)
    half.save(tmp_path / "half.npz")
    same(everything(resume(tmp_path / "half.npz").run(5.5)), everything(whole))
    if engine == "events":
        other = network(name).build(engine, threads=3).restore(half.snapshot()).run(5.5)
        same(other.snapshot(), whole.snapshot())


def test_damaged_times_are_told_and_not_run(engine: str) -> None:
    run = network("rows").build("events").run(5.0)
    for key in ("cells/ring_before", "cells/before_until", "given/given_before"):
        state = run.snapshot()
        state[key] = state[key].copy()
        state[key][0] = np.nan
        with pytest.raises(MaichongError, match=f"{key}: must lie between 0 and 0.5 ms"):
            run.restore(state)
    state = run.snapshot()
    state["given/ring"], state["given/ring_count"] = np.zeros_like(state["given/ring"]), state["given/ring_count"] + 2
    with pytest.raises(MaichongError, match="given/ring: must hold each neuron once for a stamp, in order"):
        run.restore(state)


# what is recorded ----------------------------------------------------------------------------------------------------------


def test_recordings_hold_exact_times_in_order(engine: str, tmp_path: Path) -> None:
    from maichong.exchange import from_neo, to_neo

    net = network("rows")
    for start, stop in ((5.0, 12.5), (12.5, 20.0)):
        net.probe("cells", start=start, stop=stop, cells=range(0, N, 2))
    run = net.build(engine).run(20.0)
    spikes = run["cells"].spikes
    assert (np.diff(spikes.times) >= 0).all()
    assert (np.abs(spikes.times / 0.5 - np.rint(spikes.times / 0.5)) > 1e-6).mean() > 0.8
    parts = [run.recorded(probe) for probe in net.probes[-2:]]
    even = spikes.ids % 2 == 0
    for (start, stop), part in zip(((5.0, 12.5), (12.5, 20.0)), parts, strict=True):
        chosen = even & (spikes.times > start) & (spikes.times <= stop)
        assert np.array_equal(part.times, spikes.times[chosen])
        assert np.array_equal(part.ids, spikes.ids[chosen])
    streamed = network("rows").build(engine).stream(tmp_path / "s").run(8.0).run(12.0)
    read = open_recording(tmp_path / "s")["cells"].spikes
    assert np.array_equal(read.times, spikes.times)
    assert np.array_equal(streamed["cells"].spikes.ids, spikes.ids)
    trains = to_neo(run).segments[0].spiketrains[:N]
    assert np.array_equal(trains[7].magnitude, spikes.of(7))
    back = from_neo(list(trains), exact=True)
    assert back.exact
    assert np.array_equal(np.sort(back.times), spikes.times)


def test_a_spike_at_the_start_of_a_step_belongs_to_the_interval_before(engine: str) -> None:
    """A jump on the grid, at 2 ms, fires at 2 ms; it is stamped with the step's end, and recorded where start < t <= stop."""
    net = Network(dt=0.5)
    source = net.population("s", SpikeTimes([1.0], [0]), 1)
    n = net.population("n", LIF(spike_times="exact", t_ref=1.0), 1)
    net.project(source, n, AllToAll(), weight=20.0, delay=1.0, receptor=Delta())
    before, after = net.probe(n, start=1.0, stop=2.0), net.probe(n, start=2.0, stop=3.0)
    run = net.build(engine).run(4.0)
    assert run.recorded(before).times.tolist() == [2.0]
    assert run.recorded(after).times.size == 0


def test_given_spikes_are_exchanged_while_it_runs(engine: str) -> None:
    net = Network(dt=0.5)
    source = net.population("s", SpikeTimes([0.0, 1.3], [1, 0], exact=True), 2)
    n = net.population("n", LIF(spike_times="exact", t_ref=1.0), 2)
    net.project(source, n, OneToOne(), weight=20.0, delay=0.5, receptor=Delta())
    net.probe("s")
    net.probe("n")
    run = net.build(engine).run(3.0)
    run["s"].set_spikes([3.0001, 4.2], [0, 1])
    run.run(3.0)
    np.testing.assert_allclose(run["s"].spikes.times, [0.0, 1.3, 3.0001, 4.2], rtol=0, atol=1e-15)
    np.testing.assert_allclose(run["n"].spikes.times, [0.5, 1.8, 3.5001, 4.7], rtol=0, atol=1e-15)
    with pytest.raises(ParameterError, match="must come after t = 6 ms"):
        run["s"].set_spikes([6.0], [0])


# what lives on the grid ------------------------------------------------------------------------------------------------------


def test_targets_on_the_grid_and_rules_see_stamps(engine: str) -> None:
    """Spikes off the grid do to cells and weights on it what spikes at the ends of their steps do."""
    rng = np.random.default_rng(2)
    times, ids = np.sort(rng.uniform(0, 40, 60)), np.arange(60) % 20
    found = []
    for exact in (True, False):
        net = Network(dt=0.5, seed=1)
        x = net.population("x", SpikeTimes(times if exact else np.ceil(times / 0.5) * 0.5, ids, exact), 20)
        n = net.population("n", LIF(), 5, drive=350.0)
        rule = PairSTDP(w_max=200.0, a_plus=0.1)
        net.project(x, n, AllToAll(), weight=90.0, delay=1.5, receptor=CURRENT, plasticity=rule, name="w")
        found.append(net.build(engine).run(50.0))
    assert np.array_equal(found[0]["n"].spikes.times, found[1]["n"].spikes.times)
    assert np.array_equal(found[0].weights("w"), found[1].weights("w"))
    assert found[0]["n"].counts.sum() > 5
    assert np.array_equal(found[0]["x"].spikes.times, times)


# what is said ----------------------------------------------------------------------------------------------------------------


def test_the_plan_says_what_is_exact() -> None:
    said = network("learns").build("reference").plan.describe().splitlines()
    assert (
        "cells: v, g_p0 exact; spike times exact, also of crossings that fall back within a step; arrivals exact from "
        "given, cells; arrivals on the grid from noise, background->cells"
    ) in said
    assert "noise: source, spikes on the grid" in said
    assert "given: source, spike times exact" in said
    assert any(
        re.fullmatch(r"studied: .* rounded to the grid; arrivals at exact times; rules by stamps", line) for line in said
    )
    assert any(re.fullmatch(r"cells->grid: .*; arrivals on the grid, from the stamp of a spike on", line) for line in said)


def test_the_forecast_is_what_a_build_takes() -> None:
    from maichong.engines.forecast import shares

    for values in ({}, {"tau_m": np.linspace(8, 12, 150), "c_m": np.linspace(200, 300, 150)}):
        net = network("rows", n=150, **values)
        forecast = next(share.bytes for share in shares(net) if share.name == "cells")
        live = net.build("events", threads=1)._backend.populations[0]
        arrays = [*live.arrays.values(), *live.own.of[0].values(), *live.off_grid.landings.values()]
        arrays += [live.off_grid.tables.grow, live.off_grid.tables.bend]
        arrays += [array for name, array in live.off_grid.logs[0].values.items() if name != "order"]
        taken = sum(array.nbytes for array in arrays)
        assert forecast == pytest.approx(taken, rel=0.1)


def exact(model: Any = LIF, **values: Any) -> Any:
    return model(spike_times="exact", **values)


def lone(model: Any, **options: Any) -> Network:
    net = Network(dt=0.5)
    net.population("n", model, 2, **options)
    return net


def test_a_network_with_spikes_off_the_grid_is_saved(tmp_path: Path) -> None:
    net = network("rows")
    for name in ("net.json", "net.npz"):
        assert Network.load(net.save(tmp_path / name)) == net
    assert net.populations["given"].model != SpikeTimes(*(net.populations["given"].model.__dict__[k] for k in ("times", "ids")))
    assert repr(exact()) == "LIF(spike_times='exact')"


def said(kind: type[MaichongError], act: Any) -> str:
    with pytest.raises(kind) as caught:
        act()
    return str(caught.value)


CANNOT = "population 'n': cannot have exact spike times: "


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (exact(Izhikevich), "the flow of v, u is not linear"),
        (exact(TraubMiles), "the flow of v, m, h, n is not linear"),
        (exact(LIF, integrator="rk4"), "v is stepped by 'rk4'"),
        (exact(LIF, integrator="ode"), "v is stepped by 'ode'"),
        (exact(LIF, reset="none"), "with neither a reset nor a refractory period it would fire without end"),
    ],
    ids=str,
)
def test_what_cannot_have_exact_spike_times(engine: str, model: Any, reason: str) -> None:
    message = f"{CANNOT}{reason}; use spike_times='grid'"
    assert said(EngineError, lambda: lone(model).build(engine)) == message


def test_parts_that_stand_in_the_way(engine: str) -> None:
    net = lone(exact())
    net.project(net.population("x", Poisson(), 2), "n", OneToOne(), weight=1.0, receptor=Exponential(e_rev=0.0))
    reason = "Exponential is a conductance, so that the flow of v is not linear"
    assert said(EngineError, lambda: net.build(engine)) == f"{CANNOT}{reason}; use spike_times='grid'"
    net = lone(exact())
    net.gap_junctions("n", "n", AllToAll(), conductance=1.0)
    reason = "its gap junctions are solved step by step"
    assert said(EngineError, lambda: net.build(engine)) == f"{CANNOT}{reason}; use spike_times='grid'"


def test_models_that_stand_in_the_way() -> None:
    from maichong.spec import Input, Param, State, intrinsic_rule, neuron

    def flow(v, w, i):
        return i - v, v - w

    def straight(v):
        return v - 1.0

    def curved(v, w):
        return v * w - 1.0

    def reset(w):
        return 0.0, w

    def slide(v, w, i):
        return i - v, -w

    params, inputs = [Param("gain", 1.0, "", "nothing")], [Input("i", "", "drive")]
    states = [State("v", 0.0, "", "membrane", membrane=True), State("w", 0.0, "", "recovery")]

    def made(**functions: Any) -> Any:
        return neuron("Made", params=params, states=states, inputs=inputs, reset=reset, **functions)

    coupled = made(flow=flow, fires=straight)
    reason = "w follows the membrane, which t_ref holds"
    assert said(EngineError, lambda: lone(exact(coupled, t_ref=1.0)).build()) == f"{CANNOT}{reason}; use spike_times='grid'"
    lone(exact(coupled)).build("reference").run(2.0)  # never held
    reason = "its threshold is not linear in its states"
    bent = made(flow=slide, fires=curved)
    assert said(EngineError, lambda: lone(exact(bent)).build()) == f"{CANNOT}{reason}; use spike_times='grid'"

    def driven(v, i, gain):
        return i + gain - v

    def lift(value, push):
        return value + push

    def fade(push, tau):
        return -push / tau

    def jump(push):
        return push + 1.0

    def land():
        return 0.0

    single = neuron("Single", params=params, states=states[:1], inputs=inputs, flow=driven, fires=straight, reset=land)
    rule = intrinsic_rule(
        "Push", scope="synapse", target="gain", params=[Param("tau", 9.0, "ms", "decay", above=0)],
        states=[State("push", 0.0, "", "push")], flow=fade, on_spike=jump, modulate=lift,
    )  # fmt: skip
    reason = "an intrinsic rule acts on its flow, which stands still where learning is off"
    message = said(EngineError, lambda: lone(exact(single), plasticity=rule()).build())
    assert message == f"{CANNOT}{reason}; use spike_times='grid'"


def test_projections_that_cannot_be_off_the_grid() -> None:
    net = lone(exact())
    x = net.population("x", SpikeTimes([1.0], [0], exact=True), 2)
    both = "the spike times of both its ends are exact"

    def project(**values: Any) -> Any:
        return lambda: net.project(x, "n", OneToOne(), **{"weight": 1.0, "receptor": CURRENT, **values})

    where = "projection 'x->n': "
    assert said(NetworkError, project()) == f"{where}must have a delay of at least dt = 0.5 ms where {both}; give delay=..."
    rules = project(delay=1.0, dendritic_delay=1.0, plasticity=PairSTDP())
    assert (
        said(NetworkError, rules) == f"{where}has a dendritic delay that its rule sees, and {both}; leave dendritic_delay out"
    )
    pulses = project(delay=1.0, receptor=GABA_A())
    assert said(NetworkError, pulses) == (
        f"{where}counts the pulses of GABA_A on the grid, and {both}; use Exponential, Alpha or BiExponential"
    )
    project(delay=1.0, dendritic_delay=1.0)()  # one delay, where no rule tells them apart


def test_single_precision_is_refused() -> None:
    assert said(EngineError, lambda: lone(exact()).build("events", precision="float32")) == (
        "population 'n': has exact spike times, which float32 cannot hold; build with precision='float64', or use "
        "spike_times='grid'"
    )


def test_two_spikes_in_one_step_are_told(engine: str) -> None:
    """Without a refractory period 2000 pA fire every 2.5 ms or so: not on a grid of 4 ms. The run does not go on."""
    net = Network(dt=4.0)
    net.population("n", LIF(spike_times="exact"), 3, drive=[0.0, 2000.0, 0.0])
    run = net.build(engine)
    start = run.snapshot()
    message = (
        "population 'n': neuron 1 fires twice within the step of 4 ms that ends at 8 ms; use a smaller dt, or a t_ref of at "
        "least dt"
    )
    assert said(EngineError, lambda: run.run(20.0)) == message
    if engine == "events":
        assert said(EngineError, lambda: run.run(20.0)) == message
    run.restore(start).run(4.0)
    assert run["n"].counts.tolist() == [0, 1, 0]


def test_given_spikes_that_do_not_fit() -> None:
    twice = SpikeTimes([1.1, 3.0, 1.4], [0, 0, 0], exact=True)
    assert said(ParameterError, lambda: Network(dt=0.5).population("s", twice, 1)) == (
        "population 's': neuron 0 may fire once in a step of 0.5 ms where spike times are exact (got two spikes by 1.5 ms); use a "
        "smaller dt"
    )
    Network(dt=0.1).population("s", twice, 1)
    assert said(ParameterError, lambda: SpikeTimes([1.0], [0], exact="yes")) == (  # pyright: ignore[reportArgumentType]
        "SpikeTimes.exact: must be True or False (got 'yes')"
    )


@pytest.mark.parametrize("dt", [0.1, 0.3, 1.0 / 3.0, 2.0**-7])
def test_stamps_and_times_are_one(dt: float) -> None:
    """Whole steps are whole steps in spite of rounding; all other times keep their double."""
    from maichong.parts import stamped

    whole = np.arange(0, 100_000, 7)
    stamps, before = stamped(whole * dt, dt)
    assert np.array_equal(stamps, whole)
    assert not before.any()
    times = np.random.default_rng(0).uniform(0, 1e4, 1000)
    stamps, before = stamped(times, dt)
    assert ((before >= 0) & (before <= dt)).all()
    np.testing.assert_allclose(stamps * dt - before, times, rtol=0, atol=4e-12)


def test_the_order_of_many_arrivals_is_that_of_their_times() -> None:
    from maichong.engines.events.earliest import earliest_first

    rng = np.random.default_rng(3)
    for many in (0, 1, 2, 5, 300):
        before = rng.integers(0, 50, max(many, 1)) / 50.0
        following, order = np.arange(-1, many - 1, dtype=np.int32), np.zeros(many, np.int32)
        assert earliest_first(many - 1, following, np.arange(many, dtype=np.int32), before, order) == many
        assert np.array_equal(np.sort(order), np.arange(many))
        assert (np.diff(before[order]) <= 0).all()


def test_lists_may_name_a_pair_twice(engine: str) -> None:
    net = Network(dt=0.5)
    x = net.population("x", SpikeTimes([0.3], [0], exact=True), 1)
    n = net.population("n", exact(t_ref=1.0), 1)
    net.project(x, n, ExplicitList([0, 0, 0], [0, 0, 0]), weight=[4.0, 5.0, 7.0], delay=[1.0, 1.0, 1.0], receptor=Delta())
    assert net.build(engine).run(2.0)["n"].spikes.times == pytest.approx([1.3], abs=1e-15)
