"""Dale's principle: the synapses of a population keep one sign, whatever its rules do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maichong import LIF, AllToAll, Delta, Exponential, Network, Normal, PairSTDP, Poisson, SpikeTimes, Uniform
from maichong.errors import MaichongError

FREE = {"w_min": -1.0, "w_max": 1.0}


def net_of(sign: str | None, weight: Any, receptor: Any = None, rule: Any = ()) -> Network:
    net = Network(dt=1.0, seed=2)
    pre = net.population("pre", SpikeTimes([43.0, 79.0], [0, 1]), 2, sign=sign)
    post = net.population("post", LIF(), 3, drive=700.0)
    net.project(pre, post, AllToAll(), weight=weight, receptor=receptor or Exponential(), plasticity=rule, name="learns")
    return net


@given(st.integers(0, 2**31), st.sampled_from([1, -1]))
@settings(max_examples=8, deadline=None)
def test_no_update_crosses_zero(seed: int, sign: int) -> None:
    """Some ten thousand random updates: arrivals and postsynaptic spikes at 40 synapses, by steps that cross zero at once."""
    rng = np.random.default_rng(seed)
    net = Network(dt=1.0, seed=3)
    spikes = SpikeTimes(rng.integers(1, 2000, 250), rng.integers(0, 2, 250))
    pre = net.population("pre", spikes, 2, sign="excitatory" if sign > 0 else "inhibitory")
    post = net.population("post", LIF(t_ref=2.0), 20, drive=np.linspace(500.0, 900.0, 20))
    low, high = sorted((0.0, sign * 1.0))
    rule = PairSTDP(a_plus=0.3, a_minus=0.35, **FREE)
    net.project(pre, post, AllToAll(), weight=Uniform(low, high), receptor=Exponential(), plasticity=rule, name="learns")
    run = net.build("events")
    for _ in range(10):
        assert (run.run(200.0).weights("learns") * sign >= 0).all()


def test_without_a_sign_the_same_rule_crosses_zero() -> None:
    for sign, crosses in ((None, True), ("excitatory", False)):
        run = net_of(sign, 0.01, rule=PairSTDP(a_plus=0.0, a_minus=0.5, **FREE)).build("reference").run(100.0)
        assert (run.weights("learns") < 0).any() == crosses


def test_a_conductance_is_positive_from_both() -> None:
    assert net_of("inhibitory", 0.5, Exponential(e_rev=-80.0)).build("reference").plan.projections[0].bounds == (0.0, np.inf)


def test_the_sign_is_written_down() -> None:
    net = net_of("inhibitory", -0.5)
    again = Network.from_dict(net.to_dict())
    assert again == net
    assert (again.populations["pre"].sign, again.projections["learns"].keeps) == ("inhibitory", -1)


REFUSED = {
    "a matrix": (
        lambda: net_of("excitatory", [[1.0, 2.0, -3.0], [1.0, 1.0, 1.0]]),
        "projection 'learns', weight: must be >= 0: pre keeps Dale's principle (got -3); give one that fits, or the population no "
        "sign",
    ),
    "a distribution": (
        lambda: net_of("inhibitory", Normal(-1.0, 0.5)), "weight: must be <= 0: pre keeps Dale's principle (got inf)"),
    "a negative conductance": (lambda: net_of("inhibitory", -1.0, Exponential(e_rev=-80.0)), "must be >= 0"),
    "a jump": (lambda: net_of("inhibitory", 1.0, Delta()), "must be <= 0: pre keeps"),
    "a word": (
        lambda: net_of("inhibitary", 1.0),
        "population 'pre', sign: must be 'excitatory', 'inhibitory' or None (got 'inhibitary'); did you mean 'inhibitory'?",
    ),
    "a later change": (
        lambda: net_of("excitatory", 1.0).build("reference").set_weights("learns", -1.0), "weight"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_a_violation_is_refused(fault: str) -> None:
    make, sentence = REFUSED[fault]
    with pytest.raises(MaichongError) as error:
        make()
    assert sentence in str(error.value)


def test_sources_have_signs_too() -> None:
    net = Network(dt=1.0)
    net.population("noise", Poisson(rate=10.0), 2, sign="inhibitory")
    net.population("cells", LIF(), 2)
    assert net.project("noise", "cells", AllToAll(), weight=-1.0, receptor=Exponential()).keeps == -1
