"""Recording, reading and setting any state: of receptors by the projections and backgrounds they belong to, of noise currents."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from small_network import said

from maichong import (
    LIF,
    AllToAll,
    Alpha,
    Delta,
    Exponential,
    Network,
    Poisson,
    SpikeTimes,
    open_recording,
    resume,
)
from maichong.errors import NetworkError
from maichong.spec import Configured, Input, Param, State, neuron

FAST, SLOW, OPEN = Exponential(tau=5.0), Exponential(tau=20.0), Exponential(tau=20.0, e_rev=0.0)
ENGINES = pytest.mark.parametrize(
    ("engine", "options", "slow"), [("reference", {}, OPEN), ("events", {"threads": 2}, SLOW)], ids=["reference", "events"]
)


def network(slow: Configured = OPEN) -> Network:
    """x and y share a receptor of e, open has another, outside a third; f has one of its own and a current."""
    net = Network(dt=0.1, seed=4)
    x = net.population("x", SpikeTimes([1.0, 3.0], [0, 1]), 2)
    y = net.population("y", SpikeTimes([2.0], [0]), 2)
    e = net.population("e", LIF(), 40)
    f = net.population("f", LIF(), 40)
    net.project(x, e, AllToAll(), weight=3.0, receptor=FAST, delay=1.0)
    net.project(y, e, AllToAll(), weight=4.0, receptor=FAST)
    net.project(x, e, AllToAll(), weight=2.0, receptor=slow, name="open")
    net.project(x, e, AllToAll(), weight=2.0, receptor=Delta(), name="jump")
    net.background(e, rate=5000.0, weight=1.0, receptor=Alpha(tau=2.0), name="outside")
    net.project(x, f, AllToAll(), weight=6.0, receptor=FAST, delay=0.5)
    net.noise(f, sigma=20.0, tau=5.0)
    return net


def after(times: np.ndarray, spikes: dict[float, float], tau: float) -> np.ndarray:
    """What is left of jumps at given times, at the end of each step."""
    return sum(w * np.exp(-(times - at) / tau) * (times > at + 1e-6) for at, w in spikes.items())  # type: ignore[return-value]


@ENGINES
def test_the_state_of_a_receptor_is_what_arrived_and_decayed(engine: str, options: dict[str, Any], slow: Configured) -> None:
    net = network(slow)
    net.probe("e", "x->e.g", cells=[39, 0])
    net.probe("e", "open.g", every=0.5)
    net.probe("f", "g")
    run = net.build(engine, **options).run(30.0)
    g = run["e"].samples("x->e.g")
    # both projections onto the receptor act on the one state; a spike stamped t acts from t + delay on
    assert g.values == pytest.approx(np.stack([after(g.times, {2.0: 3.0 + 4.0, 4.0: 3.0}, 5.0)] * 2, axis=1), rel=1e-10)
    g = run["e"].samples("open.g")
    assert g.times[:2].tolist() == [0.5, 1.0]
    assert g.values[:, 7] == pytest.approx(after(g.times, {1.0: 2.0, 3.0: 2.0}, 20.0), rel=1e-10)
    g = run["f"].samples("g")
    assert g.values[:, 0] == pytest.approx(after(g.times, {1.5: 6.0, 3.5: 6.0}, 5.0), rel=1e-10)


@ENGINES
def test_what_is_recorded_is_what_is_read(engine: str, options: dict[str, Any], slow: Configured) -> None:
    names = ("v", "x->e.g", "y->e.g", "open.g", "outside.g", "outside.y")
    net = network(slow)
    for name in names:
        net.probe("e", name, every=1.0)
    net.probe("f", "i", every=1.0)
    run = net.build(engine, **options)
    for _ in range(5):
        run.run(1.0)
        for name in names:
            assert np.array_equal(run["e"].samples(name).values[-1], run["e"][name])
        assert np.array_equal(run["f"].samples("noise->f.i").values[-1], run["f"]["i"])
    assert np.array_equal(run["e"]["x->e.g"], run["e"]["y->e.g"])
    assert run["e"]["outside.y"].std() > 0 and run["f"]["i"].std() > 0


@ENGINES
def test_a_state_that_is_set_goes_on_from_there(engine: str, options: dict[str, Any], slow: Configured) -> None:
    run = network(slow).build(engine, **options).run(10.0)
    run["e"]["y->e.g"] = np.arange(40.0)
    run["e"]["open.g"] = "2 pA" if slow is SLOW else "2000 pS"
    run["f"]["noise->f.i"] = 1e6
    run.run(0.1)
    assert run["e"]["x->e.g"] == pytest.approx(np.arange(40.0) * np.exp(-0.1 / 5.0), rel=1e-10)
    assert run["e"]["open.g"] == pytest.approx(2.0 * np.exp(-0.1 / 20.0), rel=1e-10)
    assert run["f"]["noise->f.i"] == pytest.approx(1e6 * np.exp(-0.1 / 5.0), rel=1e-4)
    assert (run["f"].counts == 1).all(), "the current was held through the step"
    with pytest.raises(NetworkError, match="must be one number or 40, one per neuron"):
        run["e"]["open.g"] = [1.0, 2.0]


def test_units_are_those_of_weights() -> None:
    net = network()
    units = {name: place.unit for name, place in net.states("e").items()}
    assert units == {
        "v": "mV", "x->e.g": "pA", "y->e.g": "pA", "open.g": "nS", "outside.g": "pA", "outside.y": "pA/ms",
    }  # fmt: skip
    assert {name: place.unit for name, place in net.states("f").items()} == {"v": "mV", "x->f.g": "pA", "noise->f.i": "pA"}
    assert net.states("x") == {}


def test_streams_and_neo_know_names_and_units(tmp_path: Any) -> None:
    pytest.importorskip("neo")
    from maichong.exchange import to_neo

    net = network(SLOW)
    net.probe("e", "open.g", every=1.0)
    net.probe("e", "outside.y", every=1.0, cells=[3])
    net.probe("f", "noise->f.i", every=1.0)
    kept = net.build("events").run(12.0)
    run = net.build("events").stream(tmp_path / "s").run(5.0)
    resume(run.save(tmp_path / "run.npz")).run(7.0)
    read = open_recording(tmp_path / "s")
    for population, name, short in (("e", "open.g", "open.g"), ("e", "outside.y", "y"), ("f", "noise->f.i", "i")):
        assert np.array_equal(read[population].samples(short).values, kept[population].samples(name).values)
    index = json.loads((tmp_path / "s" / "recording.json").read_text())
    assert [(track["what"], track["unit"]) for track in index["tracks"]] == [
        ("open.g", "pA"), ("outside.y", "pA/ms"), ("noise->f.i", "pA"),
    ]  # fmt: skip
    assert (tmp_path / "s" / "2-f-noise-_f.i.values.npy").exists()
    signals = to_neo(read).segments[0].analogsignals
    assert [str(signal.units.dimensionality) for signal in signals] == ["pA", "pA/ms", "pA"]
    assert [signal.annotations["state"] for signal in signals] == ["open.g", "outside.y", "noise->f.i"]


def test_probes_survive_files_and_changes(tmp_path: Any) -> None:
    net = network()
    assert net.probe("f", "g").what == "x->f.g", "in full, so that a later projection makes no difference"
    net.probe("e", "y->e.g", cells=[1])
    for name in ("net.json", "net.npz"):
        assert Network.load(net.save(tmp_path / name)) == net
    net.project("y", "f", AllToAll(), weight=1.0, receptor=SLOW)
    peak = 6.0 * (np.exp(-2.0 / 5.0) + 1.0) * np.exp(-0.1 / 5.0)
    assert net.build("reference").run(5.0)["f"].samples("x->f.g").values.max() == pytest.approx(peak)
    del net.projections["y->e"]
    sentence = "probe on 'e': 'y->e.g' cannot be recorded; did you mean 'x->e.g'? known: counts, open.g, outside.g, outside.y, "
    assert said(NetworkError, lambda: net.build("reference")) == f"{sentence}spikes, v, x->e.g"


def leak(v, g, i, tau):
    return (i - v) / tau, -g / tau


def fires(v):
    return v - 20.0


def back(g):
    return 0.0, g


def test_a_state_of_the_neuron_s_own_comes_first() -> None:
    cell = neuron(
        "Gated", params=[Param("tau", 10.0, "ms", "time constant", above=0)], inputs=[Input("i", "", "drive")],
        states=[State("v", 0.0, "", "membrane", membrane=True), State("g", 1.0, "", "gate")], flow=leak, fires=fires, reset=back,
    )  # fmt: skip
    net = Network(dt=0.1)
    net.population("c", cell(), 2)
    net.background("c", rate=0.0, weight=1.0, receptor=Exponential(), name="b")
    net.probe("c", "g")
    net.probe("c", "b.g")
    run = net.build("reference").run(1.0)
    assert run["c"]["g"] == pytest.approx(np.exp(-0.1))
    assert np.array_equal(run["c"].samples("g").values[-1], run["c"]["g"])
    assert (run["c"]["b.g"] == 0.0).all()


KNOWN = "known: counts, open.g, outside.g, outside.y, spikes, v, x->e.g, y->e.g"
BAD: dict[str, Any] = {
    "probe on 'e': 'g' is the name of 3 states; give one of x->e.g, open.g, outside.g": lambda net: net.probe("e", "g"),
    f"probe on 'e': 'h' cannot be recorded; {KNOWN}": lambda net: net.probe("e", "h"),
    f"probe on 'e': 'x->e.h' cannot be recorded; did you mean 'x->e.g'? {KNOWN}": lambda net: net.probe("e", "x->e.h"),
    f"probe on 'e': 'jump.v' cannot be recorded; {KNOWN}": lambda net: net.probe("e", "jump.v"),
    "probe on 'x': 'x->e.g' cannot be recorded; known: counts, spikes": lambda net: net.probe("x", "x->e.g"),
    "probe on 'f': 'x->e.g' cannot be recorded; did you mean 'x->f.g'? known: counts, noise->f.i, spikes, v, x->f.g": lambda net: (
        net.probe("f", "x->e.g")
    ),
    "population 'e': 'g' is the name of 3 states; give one of x->e.g, open.g, outside.g": lambda net: net.build("reference")[
        "e"
    ]["g"],
    "population 'f': has no state 'h'; known: noise->f.i, v, x->f.g": lambda net: net.build("reference")["f"]["h"],
    "population 'e': its x->e.g were not recorded; add net.probe('e', 'x->e.g') before build": lambda net: net.build(
        "reference"
    )["e"].samples("x->e.g"),
}


@pytest.mark.parametrize("sentence", BAD)
def test_states_that_are_not_there(sentence: str) -> None:
    net = network()
    assert said(NetworkError, lambda: BAD[sentence](net)) == sentence
    assert net.probes == []


def test_recordings_of_one_short_name() -> None:
    net = network()
    net.probe("e", "open.g")
    net.probe("e", "outside.g")
    run = net.build("reference").run(1.0)
    assert said(NetworkError, lambda: run["e"].samples("g")) == (
        "population 'e': g of 2 things was recorded; give one of open.g, outside.g"
    )


def test_sources_are_not_read() -> None:
    net = Network()
    net.population("x", Poisson(rate=10.0), 2)
    assert said(NetworkError, lambda: net.build("reference")["x"]["v"]) == "population 'x': has no state 'v'"
