"""Nonsense in every argument of the public API: a sentence of maichong comes out, and never somebody else's traceback.

Each place is given fixed values of each group, and then what hypothesis thinks of. What is accepted is built and run for a step,
so that nothing accepted in silence crashes later. A TypeError is right where Python itself refuses the call.
"""

from __future__ import annotations

import functools
import math
import os
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pint
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import maichong
from maichong import (
    LIF,
    AllToAll,
    CorrelatedPoisson,
    Escape,
    ExplicitList,
    Exponential,
    FixedProbability,
    LogNormal,
    Network,
    Normal,
    PairSTDP,
    Poisson,
    SpikeTimes,
    Steps,
    Uniform,
    WeightNormalisation,
    data,
    open_recording,
    resume,
)
from maichong.errors import MaichongError
from maichong.exchange import from_neo, to_neo
from maichong.network_file import checked_duration
from maichong.simulation import simulate
from maichong.spec import registry
from maichong.zoo import protocol

LONGEST = 400
HOME = Path(maichong.__file__).parent
NAN, INF = float("nan"), float("inf")

GROUPS: dict[str, list[Any]] = {
    "nothing": [None, Ellipsis, NotImplemented],
    "flags": [True, False, np.True_],
    "text": ["", "abc", "nan", "inf", "1e999", "20 ms", "5 mV", "1/0 ms", "a\nb", "\0", "µs", "v"],
    "bytes": [b"", b"12", bytearray(b"1"), memoryview(b"ab")],
    "numbers": [0, -1, 1.5, 2**62, -(2**63), 1e308, -1e308, 5e-324, NAN, INF, -INF, np.float32(0.5), np.int8(-3)],
    "huge numbers": [2**63, 10**400, -(10**400), [10**400]],
    "complex": [1j, complex(NAN, 1), np.array([1j]), np.array(1 + 2j)],
    "lists": [[], [1], (1, 2), [1, "a"], [None], [NAN], [[1, 2], [3, 4]], [[1, 2], [3]], [[[1]]], range(3), {1, 2}],
    "mappings": [{}, {"a": 1}, {1: 2}, {"v": 1.0}],
    "arrays": [
        np.array([]),
        np.zeros((2, 2)),
        np.zeros((1, 1, 1)),
        np.full(3, NAN),
        np.array("x"),
        np.array([None]),
        np.ones(3),
    ],
    "dates and masks": [np.datetime64("1970-01-05"), np.ma.masked],
    "objects": [object(), int, lambda: 0, math],
    "long values": ["x" * 2000, list(range(2000)), ["x"] * 500, np.full((30, 30), "x"), {k: k for k in range(500)}],
    "quantities": [pint.Quantity(20, "ms"), pint.UnitRegistry().Quantity([1, 2], "s"), pint.Quantity(20, "kg")],
    "parts": [
        LIF,
        LIF(),
        Exponential(),
        PairSTDP(),
        AllToAll(),
        Uniform(0, 1),
        Normal(),
        SpikeTimes([], []),
        Steps([0], [1]),
        Network(),
    ],
}

NUMBERS = st.floats() | st.integers(-(2**62), 2**62)
SCALARS = NUMBERS | st.text(max_size=8) | st.none() | st.booleans()
RANDOM: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=30),
    "bytes": st.binary(max_size=10),
    "numbers": NUMBERS,
    "complex": st.complex_numbers(),
    "lists": st.lists(SCALARS, max_size=4) | st.lists(st.lists(NUMBERS, max_size=3), max_size=3) | st.tuples(SCALARS),
    "mappings": st.dictionaries(st.text(max_size=5), SCALARS, max_size=3),
    "arrays": hnp.arrays(st.sampled_from([np.float64, np.int64]), hnp.array_shapes(max_dims=3, max_side=3)),
}


def some() -> Network:
    net = Network(dt=0.1, seed=1)
    net.population("a", LIF(), 3)
    net.population("b", LIF(), 2)
    net.population("s", Poisson(rate=10.0), 2)
    net.population("t", SpikeTimes([1.0], [0]), 2)
    return net


def population(**changed: Any) -> Network:
    net = Network()
    net.population(**{"name": "a", "model": LIF(), "n": 2, **changed})
    return net


def project(**changed: Any) -> Network:
    net = some()
    net.project(**{"pre": "s", "post": "a", "connector": AllToAll(), "weight": 0.5, "receptor": Exponential(), **changed})
    return net


def probe(**changed: Any) -> Network:
    net = some()
    net.probe(**{"population": "a", "what": "v", **changed})
    return net


def background(**changed: Any) -> Network:
    net = some()
    net.background(**{"target": "a", "rate": 100.0, "weight": 1.0, "receptor": Exponential(), **changed})
    return net


def noise(**changed: Any) -> Network:
    net = some()
    net.noise(**{"target": "a", "sigma": 1.0, "tau": 5.0, **changed})
    return net


def probe_weights(**changed: Any) -> Network:
    net = project(name="w")
    net.probe_weights(**{"projection": "w", "every": 1.0, **changed})
    return net


@functools.cache
def kept() -> Path:
    """A run that does not stream, saved."""
    return some().build("reference").save(Path("kept.npz").absolute())


def network_of(model: Any, *, on: str = "model") -> Network:
    """A network in which a configured model stands where its kind may stand."""
    return population(model=model) if on == "model" else project(**{on: model})


def images(**changed: Any) -> Any:
    image = np.zeros((2, 2, 2))
    parts = {"name": "tiny", "x_train": image, "y_train": [0, 1], "x_test": image, "y_test": [0, 1], "n_classes": 2}
    return data.DataSet(**{**parts, **changed})


def named(data_set: Any) -> Any:
    """``data_set``, unless it stands for the default, which would be learned for a minute."""
    return "none" if data_set is None else data_set


def refused(seeds: Any) -> Any:
    """``seeds``, unless it is a number of seeds that would run for hours."""
    return 0 if isinstance(seeds, int) and seeds >= 1 else seeds


def camera(**changed: Any) -> Any:
    parts = {"x": [0, 1], "y": [1, 0], "p": [0, 1], "t_us": [0, 9], "offsets": [0, 1, 2], "height": 2, "width": 2}
    return data.Events(**{**parts, **changed})


DIGITS = data.load("digits")
Call = Callable[[Any], Any]

DESCRIBING: dict[str, Call] = {
    "Network(dt)": lambda v: Network(dt=v),
    "Network(seed)": lambda v: Network(seed=v),
    "population(name)": lambda v: population(name=v),
    "population(model)": lambda v: population(model=v),
    "population(n)": lambda v: population(n=v),
    "population(init)": lambda v: population(init=v),
    "population(init of v)": lambda v: population(init={"v": v}),
    "population(drive)": lambda v: population(drive=v),
    "population(drive of i)": lambda v: population(drive={"i": v}),
    "population(plasticity)": lambda v: population(plasticity=v),
    "project(pre)": lambda v: project(pre=v),
    "project(post)": lambda v: project(post=v),
    "project(connector)": lambda v: project(connector=v),
    "project(weight)": lambda v: project(weight=v),
    "project(delay)": lambda v: project(delay=v),
    "project(receptor)": lambda v: project(receptor=v),
    "project(plasticity)": lambda v: project(plasticity=v),
    "project(input)": lambda v: project(input=v),
    "project(name)": lambda v: project(name=v),
    "population(drive in steps)": lambda v: population(drive=Steps([0.0, 0.1], v)),
    "Escape(rho_0)": lambda v: Escape(v, 1.0),
    "Escape(delta_u)": lambda v: LIF(escape=Escape(1.0, v)),
    "Escape(hazard)": lambda v: Escape(1.0, 1.0, v),
    "LIF(escape)": lambda v: LIF(escape=v),
    "population(drive at times)": lambda v: population(drive=Steps(v, [1.0, 2.0])),
    "population(drive, a list of one value)": lambda v: population(drive=Steps([0.0], [v])),
    "population(init in steps)": lambda v: population(init={"v": Steps([0.0], v)}),
    "Steps(both)": lambda v: population(drive=Steps(v, v)),
    "Poisson(rate in steps)": lambda v: network_of(Poisson(rate=Steps([0.1, 0.2], v))),
    "Poisson(rate at times)": lambda v: network_of(Poisson(rate=Steps(v, [1.0, 2.0]))),
    "LIF(tau_m in steps)": lambda v: network_of(LIF(tau_m=Steps([0.0], v))),
    "CorrelatedPoisson(rate)": lambda v: network_of(CorrelatedPoisson(rate=v)),
    "CorrelatedPoisson(correlation)": lambda v: network_of(CorrelatedPoisson(rate=10.0, correlation=v)),
    "background(target)": lambda v: background(target=v),
    "background(rate)": lambda v: background(rate=v),
    "background(rate in steps)": lambda v: background(rate=Steps([0.0, 0.1], v)),
    "background(weight)": lambda v: background(weight=v),
    "background(receptor)": lambda v: background(receptor=v),
    "background(input)": lambda v: background(input=v),
    "background(name)": lambda v: background(name=v),
    "noise(target)": lambda v: noise(target=v),
    "noise(sigma)": lambda v: noise(sigma=v),
    "noise(tau)": lambda v: noise(tau=v),
    "noise(mean)": lambda v: noise(mean=v),
    "noise(input)": lambda v: noise(input=v),
    "noise(name)": lambda v: noise(name=v),
    "states(population)": lambda v: some().states(v) and None,
    "probe(population)": lambda v: probe(population=v),
    "probe(what)": lambda v: probe(what=v),
    "probe(every)": lambda v: probe(every=v),
    "probe(cells)": lambda v: probe(cells=v),
    "probe(start)": lambda v: probe(start=v),
    "probe(stop)": lambda v: probe(stop=v),
    "probe_weights(projection)": lambda v: probe_weights(projection=v),
    "probe_weights(every)": lambda v: probe_weights(every=v),
    "probe_weights(synapses)": lambda v: probe_weights(synapses=v),
    "probe_weights(interval)": lambda v: probe_weights(start=v, stop=v),
    "build(engine)": lambda v: some().build(v),
    "build(precision)": lambda v: some().build("events", precision=v),
    "summary(precision)": lambda v: some().summary(precision=v),
    "Network.from_dict": lambda v: Network.from_dict(v),
    "Network.load": lambda v: Network.load(v),
    "Network.save": lambda v: some().save(v),
    "resume": lambda v: resume(v),
    "resume(stream)": lambda v: resume(kept(), stream=v) and None,
    "run.stream": lambda v: some().build("reference").stream(v) and None,
    "open_recording": lambda v: open_recording(v) and None,
    "to_neo": lambda v: to_neo(v),
    "from_neo(trains)": lambda v: from_neo(v) and None,
    "from_neo(zero)": lambda v: from_neo([], v) and None,
    "simulate(path)": lambda v: simulate(v),
    "simulate(duration)": lambda v: simulate("none.json", duration=v),
    "simulate(resume)": lambda v: simulate(resume=v),
    "simulate(checkpoint_every)": lambda v: simulate("none.json", checkpoint_every=v),
    "checked_duration": lambda v: checked_duration(v, "duration") and None,
    "LIF(tau_m)": lambda v: network_of(LIF(tau_m=v)),
    "LIF(v_th)": lambda v: network_of(LIF(v_th=v)),
    "LIF(t_ref)": lambda v: network_of(LIF(t_ref=v)),
    "LIF(reset)": lambda v: network_of(LIF(reset=v)),
    "LIF(unknown)": lambda v: LIF(**{v: 1.0}),
    "LIF()[name]": lambda v: LIF()[v],
    "LIF().replace": lambda v: LIF().replace(tau_m=v),
    "Poisson(rate)": lambda v: network_of(Poisson(rate=v)),
    "Exponential(tau)": lambda v: network_of(Exponential(tau=v), on="receptor"),
    "Exponential(e_rev)": lambda v: network_of(Exponential(e_rev=v), on="receptor"),
    "PairSTDP(a_plus)": lambda v: network_of(PairSTDP(a_plus=v), on="plasticity"),
    "PairSTDP(tau_plus)": lambda v: network_of(PairSTDP(tau_plus=v), on="plasticity"),
    "PairSTDP(mu_plus)": lambda v: network_of(PairSTDP(mu_plus=v), on="plasticity"),
    "PairSTDP(w_max)": lambda v: network_of(PairSTDP(w_max=v), on="plasticity"),
    "PairSTDP(pairing)": lambda v: network_of(PairSTDP(pairing=v), on="plasticity"),
    "registry.find": lambda v: registry.find(v),
    "FixedProbability(p)": lambda v: project(connector=FixedProbability(v)),
    "FixedProbability(autapses)": lambda v: project(connector=FixedProbability(0.5, autapses=v)),
    "ExplicitList(pre)": lambda v: project(connector=ExplicitList(v, [0])),
    "ExplicitList(post)": lambda v: project(connector=ExplicitList([0], v)),
    "ExplicitList(both)": lambda v: project(connector=ExplicitList(v, v)),
    "Uniform(low)": lambda v: project(weight=Uniform(v, 1.0)),
    "Uniform(high)": lambda v: project(weight=Uniform(0.0, v)),
    "Normal(mean)": lambda v: project(weight=Normal(v)),
    "Normal(sd)": lambda v: project(weight=Normal(0.0, v)),
    "Normal(low)": lambda v: project(weight=Normal(0.0, 1.0, low=v)),
    "Normal(high)": lambda v: Normal(0.0, 1.0, high=v),
    "LogNormal(mu)": lambda v: project(weight=LogNormal(v)),
    "LogNormal(sigma)": lambda v: project(weight=LogNormal(0.0, v)),
    "SpikeTimes(times)": lambda v: network_of(SpikeTimes(v, [0])),
    "SpikeTimes(ids)": lambda v: network_of(SpikeTimes([1.0], v)),
    "SpikeTimes(both)": lambda v: network_of(SpikeTimes(v, v)),
    "data.load": lambda v: data.load(v),
    "split_validation(dataset)": lambda v: data.split_validation(v, 10),
    "split_validation(n)": lambda v: data.split_validation(DIGITS, v),
    "split_validation(seed)": lambda v: data.split_validation(DIGITS, 10, seed=v),
    "DataSet.take": lambda v: DIGITS.take(train=v),
    "DataSet(name)": lambda v: images(name=v),
    "DataSet(x_train)": lambda v: images(x_train=v),
    "DataSet(y_train)": lambda v: images(y_train=v),
    "DataSet(n_classes)": lambda v: images(n_classes=v),
    "DataSet(x_val)": lambda v: images(x_val=v, y_val=v),
    "Events(x)": lambda v: camera(x=v),
    "Events(p)": lambda v: camera(p=v),
    "Events(t_us)": lambda v: camera(t_us=v),
    "Events(offsets)": lambda v: camera(offsets=v),
    "Events(width)": lambda v: camera(width=v),
    "Events.of": lambda v: data.Events.of(v),
    "EventSet(x_train)": lambda v: data.EventSet(name="tiny", x_train=v, y_train=[0], x_test=camera(), y_test=[0, 1]),
    "events_to_frames(events)": lambda v: data.events_to_frames(v, bins=1),
    "events_to_frames(bins)": lambda v: data.events_to_frames(camera(offsets=[0, 2]), bins=v),
    "events_to_frames(window_us)": lambda v: data.events_to_frames(camera(), window_us=v),
    "events_to_frames(size)": lambda v: data.events_to_frames(camera(offsets=[0, 2])[0], bins=1, size=v),
    "protocol.find": lambda v: protocol.find(v),
    "protocol.reproduce(data)": lambda v: protocol.reproduce("diehl-cook-2015", data=named(v), out="run"),
    "protocol.reproduce(seeds)": lambda v: protocol.reproduce("diehl-cook-2015", seeds=refused(v), out="run"),
    "protocol.reproduce(resume)": lambda v: protocol.reproduce("diehl-cook-2015", resume=v if v is not None else "none"),
}


def short(value: Any) -> Any:
    """``value``, if running for so long takes no time; else a duration that is refused."""
    return -1.0 if isinstance(value, (int, float)) and 50 < value < INF else value


RUNNING: dict[str, Callable[[Any, Any], Any]] = {
    "run(duration)": lambda run, v: run.run(short(v)) and None,
    "run[population]": lambda run, v: run[v],
    "view[state]": lambda run, v: run["a"][v],
    "view[state] =": lambda run, v: run["a"].__setitem__(v, 0.0),
    "view['v'] =": lambda run, v: run["a"].__setitem__("v", v),
    "view.drive(values)": lambda run, v: run["a"].drive(v),
    "view.drive(input)": lambda run, v: run["a"].drive(1.0, v),
    "view.drive of a source": lambda run, v: run["s"].drive(v),
    "view.set(rate)": lambda run, v: run["s"].set(rate=v),
    "view.set of one hidden train": lambda run, v: run["h"].set(rate=v),
    "view.set(correlation)": lambda run, v: run["h"].set(correlation=v),
    "view['plain.g'] =": lambda run, v: run["b"].__setitem__("plain.g", v),
    "view['noise->a.i'] =": lambda run, v: run["a"].__setitem__("noise->a.i", v),
    "view.set of cells": lambda run, v: run["a"].set(tau_m=v),
    "view.set_spikes(times)": lambda run, v: run["t"].set_spikes(v, [0]),
    "view.set_spikes(ids)": lambda run, v: run["t"].set_spikes([1.0], v),
    "view.set_spikes(both)": lambda run, v: run["t"].set_spikes(v, v),
    "view.set_spikes of cells": lambda run, v: run["a"].set_spikes(v, v),
    "view.samples": lambda run, v: run["a"].samples(v),
    "run.weights": lambda run, v: run.weights(v),
    "view.recorded": lambda run, v: run.recorded(v),
    "run.weight_samples": lambda run, v: run.weight_samples(v),
    "recording[population]": lambda run, v: run.recording()[v] and None,
    "recording.weight_samples": lambda run, v: run.recording().weight_samples(v),
    "recording.samples": lambda run, v: run.recording()["a"].samples(v),
    "run.synapses": lambda run, v: run.synapses(v),
    "run.set_weights(name)": lambda run, v: run.set_weights(v, 0.1),
    "run.set_weights(values)": lambda run, v: run.set_weights("plain", v),
    "run.set_weights of a rule": lambda run, v: run.set_weights("ruled", v),
    "run.signal(name)": lambda run, v: run.signal(v),
    "run.signal(value)": lambda run, v: run.signal("sample", v),
    "run.restore": lambda run, v: run.restore(v) and None,
    "run.save(path)": lambda run, v: run.save(v),
    "run.save(notes)": lambda run, v: run.save("run.npz", v),
    "run.save(a note)": lambda run, v: run.save("run.npz", {"note": v}),
}


@pytest.fixture(scope="module", autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is written by accident is written into a folder of the tests."""
    here = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("nonsense"))
    yield
    os.chdir(here)


@pytest.fixture(scope="module", params=["reference", "events"])
def run(request: pytest.FixtureRequest) -> Any:
    net = some()
    net.project("a", "b", AllToAll(), weight=[0.1] * 6, receptor=Exponential(), name="plain")
    net.project("s", "b", AllToAll(), weight=0.5, receptor=Exponential(), plasticity=WeightNormalisation(), name="ruled")
    net.population("h", CorrelatedPoisson(rate=10.0), 2)
    net.noise("a", sigma=1.0, tau=5.0)
    return net.build(request.param)


LOSSES = (
    {"category": np.exceptions.ComplexWarning},
    {"category": pint.errors.UnitStrippedWarning},
    {"message": "invalid value encountered in cast"},
)
"""Warnings that say that a value was replaced by another one: here they are errors."""


def complaint(call: Call, value: Any) -> str | None:
    """What is wrong with the answer to ``call(value)``; None where it is a result or a sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for loss in LOSSES:
                warnings.filterwarnings("error", **loss)
            made = call(value)
            if isinstance(made, Network) and made.populations:
                made.build("reference").run(made.dt)
    except MaichongError as error:
        message = str(error)
        if "\n" in message:
            return f"a message of {message.count(chr(10)) + 1} lines"
        return f"a message of {len(message)} characters" if len(message) > LONGEST else None
    except TypeError as error:
        files = [Path(frame.f_code.co_filename) for frame, _ in traceback.walk_tb(error.__traceback__)]
        # where nothing of maichong was entered, Python refused the call itself
        return f"TypeError: {error}" if any(HOME in file.parents for file in files) else None
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:80]}"
    return None


def brief(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else text[:37] + "..."


def check(call: Call) -> None:
    values = [value for group in GROUPS.values() for value in group]
    complaints = {brief(value): found for value in values if (found := complaint(call, value))}
    assert not complaints


def randomly(call: Call) -> None:
    """Put to ``call`` what hypothesis thinks of; the same in every session."""

    @settings(max_examples=15, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(st.one_of(*RANDOM.values()))
    def attempt(value: Any) -> None:
        assert complaint(call, value) is None

    attempt()


WHILE_DESCRIBING = pytest.mark.parametrize("place", DESCRIBING)
WHILE_RUNNING = pytest.mark.parametrize("place", RUNNING)


@WHILE_DESCRIBING
def test_nonsense_while_describing(place: str) -> None:
    check(DESCRIBING[place])


@WHILE_DESCRIBING
def test_random_nonsense_while_describing(place: str) -> None:
    randomly(DESCRIBING[place])


@WHILE_RUNNING
def test_nonsense_while_running(place: str, run: Any) -> None:
    check(lambda value: RUNNING[place](run, value))


@WHILE_RUNNING
def test_random_nonsense_while_running(place: str, run: Any) -> None:
    randomly(lambda value: RUNNING[place](run, value))


@pytest.mark.parametrize(
    "call",
    [
        lambda: Network(0.1, 1, 2),
        lambda: Network(step=0.1),
        lambda: Network().population("a"),
        lambda: Network().population("a", LIF(), 2, plastic=()),
        lambda: some().project("a", "b", AllToAll()),
        lambda: some().probe(),
        lambda: LIF(20.0),
        lambda: FixedProbability(),
        lambda: SpikeTimes([1.0]),
    ],
)
def test_a_wrong_call_is_python_s_own_type_error(call: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match="argument"):
        call()
