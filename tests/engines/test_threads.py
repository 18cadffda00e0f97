"""Threads change the speed and not a bit of the result: spikes, states, weights, checkpoints, for 1, 2, 3 and 4 of them."""

from __future__ import annotations

import signal
import threading
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
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    HomeostaticThreshold,
    MaichongError,
    Network,
    Normal,
    OneToOne,
    OutgoingNormalisation,
    PairSTDP,
    Poisson,
    SpikeTimes,
    TripletSTDP,
    TsodyksMarkram,
    Uniform,
    WeightNormalisation,
    resume,
)

CURRENT, OPEN = Exponential(tau=5.0), Exponential(tau=3.0, e_rev=0.0)
RNG = np.random.default_rng(4)
LISTED = ExplicitList(RNG.integers(0, 150, 2000), RNG.integers(0, 150, 2000))

PARTS: dict[str, dict[str, Any]] = {
    "in-degree": {"connector": FixedInDegree(20), "weight": Uniform(0, 90), "delay": Uniform(0.1, 3.0)},
    "in-degree, one delay": {"connector": FixedInDegree(20), "weight": 60.0, "delay": 1.5},
    "total number": {"connector": FixedTotalNumber(4000), "weight": Normal(60, 10, low=0), "delay": Normal(1.5, 0.7, low=0.1)},
    "probability": {"connector": FixedProbability(0.2), "weight": 60.0, "delay": Uniform(0.1, 2.0)},
    "no delay": {"connector": FixedProbability(0.2), "weight": 60.0},
    "listed": {"connector": LISTED, "weight": np.linspace(0, 90, 2000), "delay": np.linspace(0.1, 4, 2000)},
    "matrix": {"connector": AllToAll(), "weight": Uniform(0, 8), "delay": 1.0},
    "all but self": {"connector": AllButSelf(), "weight": -1.0, "delay": 0.5},
    "one to one": {"connector": OneToOne(), "weight": 50.0},
    "jumps": {"connector": FixedProbability(0.1), "weight": 0.3, "delay": 1.0, "receptor": Delta()},
    "late": {"connector": AllToAll(), "weight": Uniform(0, 8), "delay": Uniform(0.1, 3.0)},
    "open": {"connector": FixedInDegree(20), "weight": Uniform(0, 1), "delay": 1.0, "receptor": OPEN},
    "plastic rows": {
        "connector": FixedInDegree(20), "weight": Uniform(10, 70), "delay": Uniform(0.1, 3.0),
        "plasticity": (TripletSTDP(w_max=100.0), WeightNormalisation(total=900.0, w_max=100.0)),
    },
    "plastic rows by sources": {
        "connector": FixedInDegree(20), "weight": Uniform(10, 70), "delay": Uniform(0.1, 3.0),
        "plasticity": (TripletSTDP(w_max=100.0), OutgoingNormalisation(total=900.0, w_max=100.0)),
    },
    "plastic rows, one delay": {
        "connector": FixedProbability(0.2), "weight": 50.0, "delay": 1.5, "plasticity": PairSTDP(w_max=100.0),
    },
    "plastic matrix": {"connector": AllToAll(), "weight": 5.0, "delay": 1.5, "plasticity": PairSTDP(w_max=10.0)},
    "plastic late": {
        "connector": AllToAll(), "weight": Uniform(0, 8), "delay": Uniform(0.1, 3.0), "plasticity": PairSTDP(w_max=10.0),
    },
}  # fmt: skip


def network(name: str) -> Network:
    """Noise on 150 cells that excite each other through the studied projection, and a few others beside."""
    net = Network(dt=0.1, seed=3)
    noise = net.population("noise", Poisson(rate=400.0), 150)
    e = net.population("e", LIF(), 150, init={"v": Uniform(-70, -55)}, plasticity=HomeostaticThreshold())
    few = net.population("few", LIF(tau_m=8.0), 5)
    net.project(noise, e, FixedProbability(0.2), weight=120.0, delay=1.0, receptor=CURRENT)
    net.project(e, few, FixedProbability(0.3), weight=30.0, delay=Uniform(0.1, 1.0), receptor=CURRENT)
    net.project(few, e, AllToAll(), weight=-3.0, delay=0.3, receptor=CURRENT)
    net.project(e, e, name="studied", **{"receptor": CURRENT, **PARTS[name]})
    net.probe(e)
    net.probe(few)
    net.probe(e, "v", every=0.5, cells=[149, 0, 77])
    return net


def everything(run: Any) -> dict[str, np.ndarray]:
    spikes, v = run["e"].spikes, run["e"].samples("v")
    found = {"times": spikes.times, "ids": spikes.ids, "few": run["few"].spikes.times, "v": v.values, "at": v.times}
    return found | {"weights": run.synapses("studied")["weight"]} | run.snapshot()


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for key, values in one.items():
        assert np.array_equal(values, other[key]), key


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", PARTS)
def test_any_number_of_threads_gives_the_same_bits(name: str, precision: str) -> None:
    def result(threads: int) -> dict[str, np.ndarray]:
        run = network(name).build("events", precision=precision, threads=threads)
        run.run(40.0)
        if name in ("plastic rows", "plastic rows by sources"):
            run.signal("sample")
        return everything(run.run(20.0))

    one = result(1)
    assert 100 < one["ids"].size < 20_000
    for threads in (2, 3) if precision == "float64" else (4,):
        same(one, result(threads))


def sourced(source: Any, delay: Any, short_term: Any = None) -> Network:
    """Cells that a source drives through a projection whose spikes are read in the very step in which they are stamped."""
    net = Network(dt=0.1, seed=3)
    noise = net.population("noise", source, 150)
    e = net.population("e", LIF(), 150)
    net.project(
        noise, e, FixedProbability(0.2), weight=120.0, delay=delay, receptor=CURRENT, short_term=short_term, name="studied"
    )
    net.project(e, e, FixedProbability(0.1), weight=20.0, delay=0.3, receptor=CURRENT)
    net.probe(e)
    net.probe(noise)
    return net


GIVEN = SpikeTimes(RNG.uniform(0.0, 200.0, 12_000), RNG.integers(0, 150, 12_000))


@pytest.mark.parametrize("source", [Poisson(rate=400.0), GIVEN], ids=["Poisson", "SpikeTimes"])
@pytest.mark.parametrize("delay", [None, 0.1, Uniform(0.1, 3.0)], ids=["none", "one step", "spread"])
@pytest.mark.parametrize("short_term", [None, TsodyksMarkram(tau_d=50.0)], ids=["plain", "depressing"])
def test_spikes_of_a_source_are_seen_by_all_threads_alike(source: Any, delay: Any, short_term: Any) -> None:
    net = sourced(source, delay, short_term)
    one = net.build("events", threads=1).run(200.0)
    assert one["e"].counts.sum() > 100
    for threads in (2, 3):
        other = net.build("events", threads=threads).run(200.0)
        assert np.array_equal(one["noise"].spikes.ids, other["noise"].spikes.ids)
        same(one.snapshot(), other.snapshot())


@pytest.mark.parametrize("name", ["in-degree", "plastic rows", "plastic rows by sources", "plastic late"])
def test_a_checkpoint_is_carried_on_by_another_number_of_threads(name: str, tmp_path: Path) -> None:
    whole = network(name).build("events", threads=2).run(60.0)
    half = network(name).build("events", threads=2).run(25.3)
    half.save(tmp_path / "half.npz")
    same(everything(resume(tmp_path / "half.npz").run(34.7)), everything(whole))
    state = half.snapshot()
    for threads in (1, 3):
        other = network(name).build("events", threads=threads).restore(state).run(34.7)
        later = everything(other)
        for key, values in other.snapshot().items():
            assert np.array_equal(values, everything(whole)[key]), key
        assert np.array_equal(later["weights"], everything(whole)["weights"])


def test_threads_agree_with_the_reference() -> None:
    net = network("in-degree")
    events, reference = net.build("events", threads=2).run(30.0), net.build("reference").run(30.0)
    assert np.array_equal(events["e"].spikes.ids, reference["e"].spikes.ids)
    assert np.array_equal(events["e"].spikes.times, reference["e"].spikes.times)


def test_more_spikes_than_a_buffer_holds_stop_all_threads_at_the_same_step() -> None:
    net = Network(dt=0.1)
    cells = net.population("cells", LIF(), 3000, drive=1e6)
    net.probe(cells)
    net.probe(cells, "v")
    one, two = (net.build("events", threads=threads).run(20.0) for threads in (1, 2))
    assert np.array_equal(one["cells"].spikes.ids, two["cells"].spikes.ids)
    assert one["cells"].spikes.ids.size == 200 * 3000
    assert np.array_equal(one["cells"].samples("v").values, two["cells"].samples("v").values)


def test_small_networks_take_one_thread_and_large_ones_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    from maichong.engines.events import together

    monkeypatch.setattr(together, "cores", lambda: 3)
    small, large = Network(), Network()
    small.population("cells", LIF(), 1000)
    large.population("cells", LIF(), 20_000)
    assert small.build("events")._backend.threads == 1
    run = large.build("events")
    assert run._backend.threads == 3
    assert "3 threads" in run.describe()
    assert "1 thread:" in small.build("events").describe()


@pytest.mark.parametrize("threads", [0, -1, 1.5, "two", True, 5000])
def test_a_number_of_threads_that_is_none(threads: Any) -> None:
    net = Network()
    net.population("cells", LIF(), 3)
    with pytest.raises(MaichongError) as caught:
        net.build("events", threads=threads)
    assert str(caught.value) == (
        f"build, threads: must be a whole number between 1 and 1024, or None: as many as pay (got {threads!r})"
    )


def test_more_threads_than_cores_give_way_to_each_other() -> None:
    """Eight threads on fewer cores: were they to spin, each step would wait for time slices of milliseconds."""
    net = Network(dt=0.1)
    net.population("cells", LIF(), 1000, drive=500.0)
    run = net.build("events", threads=8)
    alarm = threading.Timer(60.0, signal.raise_signal, [signal.SIGINT])
    alarm.start()
    run.run(100.0)
    alarm.cancel()
    assert run["cells"].counts.min() > 0


@pytest.mark.parametrize("delay", [1.5, Uniform(0.2, 3.0)], ids=["rows", "late"])
def test_targets_counted_from_the_first_of_their_part_are_the_same_targets(delay: Any) -> None:
    found = []
    for threads in (1, 2, 3):
        net = Network(dt=0.1, seed=3)
        e = net.population("e", LIF(t_ref=1.0), 70_000, drive=480.0, init={"v": Uniform(-70, -55)})
        for connector in (FixedInDegree(20), FixedOutDegree(5)):
            net.project(
                e,
                e,
                connector,
                weight=Uniform(0.1, 0.5),
                delay=delay,
                receptor=Exponential(tau=5.0),
                name=type(connector).__name__,
            )
        run = net.build("events", precision="float32", threads=threads).run(30)
        layouts = [projection.layout for projection in run._backend.projections]
        assert {(layout.relative, layout.arrays["target"].itemsize) for layout in layouts} == {
            (threads > 1, 2 if threads > 1 else 4)
        }
        found.append((run["e"].counts, run["e"]["v"]))
    assert found[0][0].sum() > 50_000
    for counts, v in found[1:]:
        np.testing.assert_array_equal(counts, found[0][0])
        np.testing.assert_array_equal(v, found[0][1])
