"""What is recorded when: intervals, subsets of cells, weights of synapses; the judge is the run read step by step."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from small_network import said

from maichong import (
    LIF,
    AllToAll,
    Delta,
    Exponential,
    FixedProbability,
    Network,
    PairSTDP,
    Poisson,
    SpikeTimes,
    Uniform,
    WeightNormalisation,
)
from maichong.errors import MaichongError

ENGINES = pytest.mark.parametrize("engine", ["reference", "events"])


def learning() -> Network:
    net = Network(dt=0.5, seed=7)
    x = net.population("x", Poisson(rate=60.0), 8)
    given = net.population("given", SpikeTimes([0.0, 0.0, 10.0, 10.5, 20.0], [0, 2, 1, 2, 0]), 3)
    e = net.population("e", LIF(c_m=100.0), 6, drive=300.0)
    rules = [PairSTDP(a_plus=0.05, a_minus=0.04, w_max=5.0), WeightNormalisation(total=10.0)]
    net.project(
        x, e, AllToAll(), weight=Uniform(0, 2), delay=Uniform(0.5, 4), receptor=Exponential(tau=5.0), plasticity=rules, name="w"
    )
    net.project(given, e, FixedProbability(0.5), weight=1.0, receptor=Delta(), name="sparse")
    return net


@ENGINES
def test_recorded_weights_are_those_of_the_run_at_that_moment(engine: str) -> None:
    net = learning()
    all_of_them = net.probe_weights("w", every="5 ms")
    some = net.probe_weights(net.projections["w"], every=7.5, synapses=[40, 3], start=15.0, stop=45.0)
    run = net.build(engine).run(60.0)
    stepped = learning().build(engine)
    seen = {}
    while stepped.t < 60.0:
        stepped.run(0.5)
        seen[stepped.t] = stepped.weights("w").reshape(-1)
    every, few = run.recorded(all_of_them), run.recorded(some)
    assert every.times.tolist() == [5.0 * k for k in range(1, 13)]
    assert few.times.tolist() == [22.5, 30.0, 37.5, 45.0], "multiples of every, after start and up to stop"
    assert np.array_equal(every.values, [seen[t] for t in every.times])
    assert np.array_equal(few.values, [seen[t][[40, 3]] for t in few.times])
    assert np.array_equal(run.weight_samples("w").values, every.values)
    assert np.unique(every.values[:, 0]).size > 3, "they learn"


def test_both_engines_record_the_same_weights() -> None:
    seen = []
    for engine in ("reference", "events"):
        net = learning()
        net.probe_weights("w", every=2.0)
        run = net.build(engine).run(20.0)
        run.signal("sample")
        seen.append(run.run(20.0).weight_samples("w").values)
    np.testing.assert_allclose(seen[0], seen[1], rtol=1e-9)


@ENGINES
@pytest.mark.parametrize(("start", "stop"), [(None, None), (0.0, None), (10.0, 20.0), ("0.01 s", None), (None, 10.0)])
def test_an_interval_is_a_part_of_the_whole(engine: str, start: Any, stop: Any) -> None:
    """What is stamped after start and up to stop; spikes given at t = 0 are there where no start is said."""
    net, whole = learning(), learning()
    for name in ("x", "given"):
        net.probe(name, start=start, stop=stop, cells=[0, 2])
        whole.probe(name)
    net.probe("e", "v", every=2.0, cells=[5, 1], start=start, stop=stop)
    whole.probe("e", "v")
    run, full = net.build(engine).run(30.0), whole.build(engine).run(30.0)
    low = {None: -1.0, "0.01 s": 10.0}.get(start, start)
    high = 30.0 if stop is None else stop
    for name in ("x", "given"):
        spikes, every = run[name].spikes, full[name].spikes
        kept = (every.times > low) & (every.times <= high) & np.isin(every.ids, [0, 2])
        assert np.array_equal(spikes.times, every.times[kept])
        assert np.array_equal(spikes.ids, every.ids[kept])
    v, every = run["e"].samples("v"), full["e"].samples("v")
    kept = (every.times > low) & (every.times <= high) & (every.times % 2.0 == 0)
    assert np.array_equal(v.times, every.times[kept])
    assert np.array_equal(v.values, every.values[kept][:, [5, 1]])
    assert v.times.size > 3


def test_probes_survive_files(tmp_path: Any) -> None:
    net = learning()
    net.probe_weights("w", every=5.0, synapses=range(3), start=1.0, stop=20.0)
    net.probe("e", "v", every=1.0, start=3.0)
    net.probe("x", stop=5.0)
    for name in ("net.json", "net.npz"):
        assert Network.load(net.save(tmp_path / name)).probes == net.probes
    json.dumps(net.to_dict()["probes"])


def test_an_interval_without_samples_is_empty() -> None:
    net = learning()
    net.probe("e", "v", cells=[0, 1], start=100.0)
    net.probe_weights("w", every=1.0, stop=0.5, synapses=[1, 2, 3])
    run = net.build("reference").run(5.0)
    assert run["e"].samples("v").values.shape == (0, 2)
    assert run.weight_samples("w").values.shape == (0, 3)


REFUSED = {
    "probe on 'w', every: must say how often the weights are sampled, in ms (got nothing); e.g. every=100.0": lambda net: (
        net.probe_weights("w", every=None)
    ),
    "probe on 'w', every: must be a whole number of steps of 0.5 ms (got 0.7)": lambda net: net.probe_weights("w", every=0.7),
    "probe on 'w': synapses must be indices between 0 and 47 (got [48])": lambda net: net.probe_weights(
        "w", every=1.0, synapses=[48]
    ),
    "probe on 'w': synapses must name each synapse once (got [1, 1])": lambda net: net.probe_weights(
        "w", every=1.0, synapses=[1, 1]
    ),
    "network: has no projection 'v'; known: sparse, w": lambda net: net.probe_weights("v", every=1.0),
    "probe on 'sparse': synapses must be indices >= 0 (got [-1])": lambda net: net.probe_weights(
        "sparse", every=1.0, synapses=[-1]
    ),
    "probe on 'e': 'weights' cannot be recorded; use net.probe_weights(projection, every=...)": lambda net: net.probe(
        "e", "weights"
    ),
    "probe on 'e', start: must be a number >= 0 ms, below 2**62 steps (got -1)": lambda net: net.probe("e", "v", start=-1),
    "probe on 'e', stop: must be a number >= 0 ms, below 2**62 steps (got nan)": lambda net: net.probe("e", stop=float("nan")),
    "probe on 'e', start: must be a whole number of steps of 0.5 ms (got 0.2)": lambda net: net.probe("e", start=0.2),
    "probe on 'e', stop: must be after start = 10 ms (got 10)": lambda net: net.probe("e", start=10, stop=10),
    "probe on 'e', stop: must be after 0 ms (got 0)": lambda net: net.probe("e", stop=0),
    "probe on 'e': counts have no interval; record the spikes": lambda net: net.probe("e", "counts", stop=5.0),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_be_recorded_is_refused(sentence: str) -> None:
    net = learning()
    assert said(MaichongError, lambda: REFUSED[sentence](net)) == sentence
    assert net.probes == []


def test_a_synapse_that_is_not_drawn_is_refused_at_building() -> None:
    net = learning()
    net.probe_weights("sparse", every=1.0, synapses=[18])
    size = learning().build("reference").synapses("sparse")["pre"].size
    sentence = f"probe on 'sparse': synapses must be indices between 0 and {size - 1} (got 18)"
    assert said(MaichongError, lambda: net.build("reference")) == sentence


def test_weights_that_were_not_recorded_are_refused() -> None:
    run = learning().build("reference")
    sentence = "projection 'w': its weights were not recorded; add net.probe_weights('w', every=...) before build"
    assert said(MaichongError, lambda: run.weight_samples("w")) == sentence
    assert said(MaichongError, lambda: run.weight_samples("v")) == "run: has no projection 'v'; known: sparse, w"
