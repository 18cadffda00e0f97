"""Projections whose synapses are drawn again at each spike: the same network, to the bit, in no memory; and what cannot be so."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AllToAll,
    Delta,
    Exponential,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    MaichongError,
    Network,
    Normal,
    PairSTDP,
    Poisson,
    Uniform,
)

CURRENT = Exponential(tau=5.0)


SPARSE = FixedProbability(0.2)


def network(connector: Any = SPARSE, n: int = 150, **values: Any) -> Network:
    net = Network(dt=0.1, seed=3)
    noise = net.population("noise", Poisson(rate=400.0), 150)
    cells = net.population("cells", LIF(), n, init={"v": Uniform(-70, -55)})
    net.project(noise, cells, FixedProbability(0.2), weight=60.0, delay=1.0, receptor=CURRENT)
    net.project(cells, cells, connector, name="studied", **{"weight": 20.0, "delay": 1.5, "receptor": CURRENT, **values})
    return net


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"weight": Normal(20.0, 7.0, low=0.0)},
        {"connector": FixedOutDegree(30, autapses=False), "weight": Uniform(0, 40)},
        {"connector": FixedTotalNumber(4000), "weight": 15.0, "delay": None},
        {"connector": FixedOutDegree(30, multapses=False), "weight": 0.1, "receptor": Delta()},
    ],
    ids=["one weight", "weights", "out-degree", "total number", "jumps"],
)
def test_what_is_drawn_again_is_what_would_have_been_stored(values: dict[str, Any], threads: int, precision: str) -> None:
    stored = network(**values).build("events", precision=precision, threads=1).run(60.0)
    drawn = network(**values).build("events", precision=precision, threads=threads, procedural="studied").run(60.0)
    assert 100 < stored["cells"].spikes.ids.size < 20_000
    assert np.array_equal(stored["cells"].spikes.ids, drawn["cells"].spikes.ids)
    assert np.array_equal(stored["cells"]["v"], drawn["cells"]["v"])
    weights = stored.synapses("studied")["weight"]
    assert drawn.synapses("studied")["weight"] == pytest.approx(weights, rel=1e-6)


def test_a_thousand_million_synapses_take_no_memory() -> None:
    net = network(FixedOutDegree(10_000), n=100_000, weight=Uniform(0, 0.01))
    begun = time.perf_counter()
    run = net.build("events", precision="float32", procedural=True).run(1.0)
    assert time.perf_counter() - begun < 20.0
    owned = sum(array.nbytes for p in run._backend.projections for array in p.layout.arrays.values())
    assert owned < 2**21


def test_what_does_not_fit_is_refused_before_anything_is_drawn() -> None:
    net = Network()
    cells = net.population("cells", LIF(), 1_000_000)
    net.project(cells, cells, AllToAll(), weight=Uniform(0, 1), receptor=CURRENT)
    begun = time.perf_counter()
    with pytest.raises(MaichongError) as caught:
        net.build("events")
    assert time.perf_counter() - begun < 2.0
    said = str(caught.value)
    assert said.startswith("build: needs 7450.6 GiB of memory, and ")
    assert said.endswith(
        "are free; use precision='float32', fewer synapses or procedural=True; print(net.summary()) says what takes how much"
    )


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"connector": AllToAll()}, "AllToAll is not random; a dense one with one weight takes no memory anyway"),
        (
            {"connector": FixedInDegree(5)},
            "in FixedInDegree targets draw their sources; use FixedOutDegree or FixedProbability",
        ),
        ({"plasticity": PairSTDP(w_max=100.0)}, "its weights learn, and must be kept"),
        ({"delay": Uniform(1, 2)}, "its delays differ, so that a row would be drawn for each of them; use one delay"),
        ({"weight": np.ones((150, 150))}, "its weights are given one by one"),
    ],
)
def test_what_cannot_be_drawn_again(values: dict[str, Any], why: str) -> None:
    with pytest.raises(MaichongError) as caught:
        network(**values).build("events", procedural=["studied"])
    assert str(caught.value) == f"build, procedural, projection 'studied': cannot be drawn at each spike: {why}"
    network(**values).build("events", procedural=True)


@pytest.mark.parametrize(
    ("procedural", "message"),
    [
        ("studed", "build, procedural: there is no projection 'studed'; did you mean 'studied'?"),
        (3, "build, procedural: must be True, False or the names of projections (got 3)"),
        ([3], "build, procedural: must be True, False or the names of projections (got [3])"),
    ],
)
def test_names_that_are_none(procedural: Any, message: str) -> None:
    with pytest.raises(MaichongError) as caught:
        network().build("events", procedural=procedural)
    assert str(caught.value) == message


def test_weights_that_are_drawn_cannot_be_set() -> None:
    run = network(weight=Uniform(0, 1)).build("events", procedural=True)
    with pytest.raises(MaichongError) as caught:
        run.set_weights("studied", 1.0)
    assert str(caught.value) == (
        "projection 'studied', weight: is drawn again at each spike, and cannot be set; build without procedural"
    )
