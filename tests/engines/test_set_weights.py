"""Weights that are set from outside act as if they had been declared so, on every engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AllButSelf,
    AllToAll,
    ExplicitList,
    Exponential,
    FixedProbability,
    Network,
    OneToOne,
    SpikeTimes,
    Uniform,
    resume,
)
from maichong.errors import NetworkError

EACH_ENGINE = pytest.mark.parametrize("engine", ["reference", "events"])
N = 4


def network(connector: Any, weight: Any, delay: Any = None) -> Network:
    net = Network(dt=0.1, seed=1)
    net.population("given", SpikeTimes(np.arange(1.0, 21.0), np.arange(20) % N), N)
    net.population("cells", LIF(), N)
    net.project("given", "cells", connector, weight=weight, delay=delay, receptor=Exponential(), name="p")
    return net


@EACH_ENGINE
@pytest.mark.parametrize("delay", [None, 1.0, Uniform(0.5, 2.0)], ids=["no delay", "one delay", "delays"])
@pytest.mark.parametrize(
    "connector",
    [AllToAll(), AllButSelf(), OneToOne(), FixedProbability(0.5), FixedProbability(0.0), ExplicitList([0, 0], [1, 1])],
    ids=["all", "all but self", "one", "some", "none", "twice"],
)
def test_one_number_set_for_all_acts_as_if_declared(engine: str, connector: Any, delay: Any, tmp_path: Any) -> None:
    declared = network(connector, 200.0, delay).build(engine).run(20.0)
    run = network(connector, 1.0, delay).build(engine)
    run.set_weights("p", 200.0)
    before = run.snapshot()
    resumed = resume(run.save(tmp_path / "run.npz"))
    run.run(3.0).set_weights("p", 1.0)
    run.restore(before)
    for other in (run, resumed):
        assert np.array_equal(other.run(20.0)["cells"]["v"], declared["cells"]["v"])
        assert np.array_equal(other.synapses("p")["weight"], declared.synapses("p")["weight"])


@EACH_ENGINE
def test_a_matrix_shows_each_pair_once(engine: str) -> None:
    run = network(ExplicitList([0, 0, 1], [1, 1, 2]), [1.0, 2.0, 3.0]).build(engine)
    for call in (lambda: run.weights("p"), lambda: run.set_weights("p", np.ones((N, N)))):
        with pytest.raises(NetworkError) as caught:
            call()
        assert str(caught.value) == (
            "projection 'p', weight: a matrix has one entry for each pair, and a pair stands twice here; "
            "use a list in the order of synapses('p')"
        )
    run.set_weights("p", 10 * run.synapses("p")["weight"])
    assert run.synapses("p")["weight"].tolist() == [10.0, 20.0, 30.0]
    once = network(ExplicitList([1, 0], [2, 1]), [3.0, 1.0]).build(engine)
    once.set_weights("p", 2 * once.weights("p"))
    assert once.synapses("p")["weight"].tolist() == [2.0, 6.0]
