"""STDP in a layer: the weights are those of the simulator with the same rule and spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from digits import NEURON, data

from maichong import LIF, AllToAll, Network, PairSTDP, SpikeTimes, Steps, TripletSTDP
from maichong.errors import EngineError, ParameterError
from maichong.learning import BPTT, STDP, Learner
from maichong.learning.stdp import run
from maichong.nn import Bernoulli, MeanRate, Sequential, Spiking
from maichong.plasticity.micro.diehl_cook import DiehlCook

RULES = [
    PairSTDP(a_plus=0.03, a_minus=0.04),
    PairSTDP(a_plus=0.03, a_minus=0.04, mu_plus=0.5, mu_minus=1.0, pairing="nearest"),
    TripletSTDP(a2_plus=5e-3, a3_minus=2e-3, a3_plus=0.05),
    DiehlCook(eta_pre=0.02),
]


@pytest.mark.parametrize("rule", RULES, ids=["pair", "nearest", "triplet", "diehl-cook"])
def test_the_weights_are_those_of_the_simulator(rule: Any) -> None:
    rng = np.random.default_rng(1)
    steps, m, n, dt = 120, 4, 3, 1.0
    when, who = np.nonzero(rng.random((steps, m)) < 0.15)
    start = rng.uniform(0.2, 0.8, (m, n))
    net = Network(dt=dt)
    net.population("in", SpikeTimes(when * dt, who), m)
    drive = np.repeat(rng.uniform(0.0, 1200.0, (steps // 4, n)), 4, axis=0)
    net.population("out", LIF(), n, drive=Steps(np.arange(steps) * dt, drive))
    pre, post = np.divmod(np.arange(m * n), n)
    net.project("in", "out", AllToAll(), weight=start[pre, post], delay=dt, plasticity=rule, name="p")
    for name in ("in", "out"):
        net.probe(name, "spikes")
    simulated = net.build("reference")
    result = simulated.run(steps * dt)
    stamps = {name: np.rint(result[name].spikes.times / dt).astype(int) for name in ("in", "out")}
    x, z = torch.zeros(steps, 1, m, dtype=torch.float64), torch.zeros(steps, 1, n, dtype=torch.float64)
    keep = stamps["in"] + 1 < steps  # what arrives within the run
    x[stamps["in"][keep] + 1, 0, result["in"].spikes.ids[keep]] = 1
    z[stamps["out"] - 1, 0, result["out"].spikes.ids] = 1
    assert x.sum() > 30 and z.sum() > 20
    found = run(rule, torch.tensor(start.T), x, z, dt)
    expected = np.asarray(simulated["p"].weights()).reshape(m, n).T
    assert np.abs(expected - start.T).max() > 0.01
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-6)
