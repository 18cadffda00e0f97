"""STDP in a layer: the weights are those of the simulator with the same rule and spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from digits import NEURON, data

from maichong import LIF, AllToAll, Exponential, Network, PairSTDP, SpikeTimes, Steps, TripletSTDP
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
    net.project(
        "in", "out", AllToAll(), weight=start[pre, post], receptor=Exponential(tau=5.0), delay=dt, plasticity=rule, name="p"
    )
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
    expected = np.asarray(simulated.weights("p")).reshape(m, n).T
    assert np.abs(expected - start.T).max() > 0.01
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-6)


SLOW = PairSTDP(a_plus=1e-4, a_minus=1.5e-4, w_min=-1.0, w_max=1.0)
"""Without competition all neurons of a layer drift to the same weights: slow enough for the readout to learn from them."""


def layered() -> Sequential:
    torch.manual_seed(0)
    net = Sequential(
        Bernoulli(12), torch.nn.Linear(64, 60), Spiking(NEURON), torch.nn.Linear(60, 10), Spiking(NEURON),
        MeanRate(),
    )  # fmt: skip
    with torch.no_grad():
        net[1].weight.uniform_(-0.3, 0.3)
    return net


def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(5 * output, target)


def test_a_layer_learns_by_stdp_and_the_readout_by_gradients() -> None:
    torch.set_num_threads(1)
    pixels, labels = data()
    net = layered()
    learner = Learner(net, loss, {"2": STDP(SLOW)})
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    first, bias = net[1].weight.clone(), net[1].bias.clone()
    torch.manual_seed(1)
    for _ in range(3):
        for rows in torch.randperm(1400).split(50):
            optimiser.zero_grad()
            learner.learn(pixels[rows], labels[rows])
            optimiser.step()
    assert net[1].weight.grad is None and torch.equal(net[1].bias, bias)
    assert (net[1].weight - first).abs().max() > 1e-3
    assert net[1].weight.abs().max() <= 1
    with torch.no_grad():
        assert float((net(pixels[1400:]).argmax(1) == labels[1400:]).float().mean()) > 0.6


def test_a_net_that_gradients_trained_is_fine_tuned_by_stdp() -> None:
    """Small changes by coincidences keep what gradients taught, and the readout goes on beside them."""
    torch.set_num_threads(1)
    pixels, labels = data()
    net = layered()

    def accuracy() -> float:
        torch.manual_seed(3)
        with torch.no_grad():
            return float((net(pixels[1400:]).argmax(1) == labels[1400:]).float().mean())

    def train(rules: Any, epochs: int) -> None:
        learner, optimiser = Learner(net, loss, rules), torch.optim.Adam(net.parameters(), 1e-2)
        torch.manual_seed(1)
        for _ in range(epochs):
            for rows in torch.randperm(1400).split(50):
                optimiser.zero_grad()
                learner.learn(pixels[rows], labels[rows])
                optimiser.step()

    train(BPTT(), 4)
    taught, before = accuracy(), net[1].weight.detach().clone()
    assert taught > 0.85
    low, high = float(before.min()) - 0.1, float(before.max()) + 0.1
    train({"2": STDP(PairSTDP(a_plus=1e-4, a_minus=1e-4, w_min=low, w_max=high))}, 1)
    change = (net[1].weight.detach() - before).abs()
    assert change.max() > 1e-3
    now = net[1].weight.detach()
    assert low <= float(now.min())
    assert float(now.max()) <= high
    assert accuracy() > taught - 0.03


def test_the_batch_is_averaged_and_pieces_make_the_same_change() -> None:
    net = layered()
    pixels, labels = data()
    timed = Sequential(*list(net)[1:])
    x = (torch.rand(12, 6, 64, generator=torch.Generator().manual_seed(1)) < pixels[:6]).float()
    rule = PairSTDP(a_plus=1e-6, a_minus=1e-6, w_min=-1.0)
    changes = [Learner(timed, loss, STDP(rule), window=w).assign(x, labels[:6]).changes["0.weight"] for w in (None, 5)]
    assert torch.equal(*changes)
    # additive and far from bounds: the change of a batch is the mean of those of its samples
    with torch.no_grad():
        z = net[2](net[1](x.flatten(0, 1)).unflatten(0, (12, 6)))
    weight = net[1].weight.detach().double()
    each = [run(rule, weight, x[:, [k]].double(), z[:, [k]].double(), 1.0) - weight for k in range(6)]
    whole = run(rule, weight, x.double(), z.double(), 1.0) - weight
    assert whole.abs().max() > 1e-7
    torch.testing.assert_close(whole, torch.stack(each).mean(0), rtol=1e-6, atol=1e-13)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: STDP(3), ParameterError, "STDP, rule: must be a rule that acts at spikes"),
        (lambda: STDP(LIF()), ParameterError, "STDP, rule: must be a rule that acts at spikes"),
        (lambda: Learner(layered(), loss, {"4": STDP(PairSTDP())}), ParameterError, "is of the output block"),
        (lambda: Learner(Sequential(Spiking(NEURON), torch.nn.Linear(3, 3)), loss, STDP(PairSTDP())), EngineError,
         "learns in blocks of one Linear layer"),
        (lambda: Learner(Sequential(*layered()[:5], *layered()[3:]), loss, {"4": STDP(PairSTDP())}), ParameterError,
         "gets no gradient through layer 4"),
        (lambda: Learner(layered()[1:], loss, STDP(PairSTDP())).assign(torch.rand(4, 1, 64), torch.tensor([0])), EngineError,
         "inputs: must be spikes"),
        (lambda: Learner(layered(), loss, STDP(PairSTDP())).assign(torch.rand(4, 64), torch.arange(4)), EngineError,
         "its weights must lie in 0 to 1"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


def test_default_rules_leave_the_rest_to_bptt() -> None:
    assert Learner(layered(), loss, {"1": STDP(PairSTDP())}).rules["4"] == BPTT()
