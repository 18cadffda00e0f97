"""The meta-dynamic neuron against the recursion of its paper, outputs and the gradients of its four parameters."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from maichong import MetaNeuron, Network
from maichong.nn import Spiking, Surrogate


class Step(torch.autograd.Function):
    """A step, with a rectangle of half width 0.5 going back."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= 0).to(u.dtype)

    @staticmethod
    def backward(ctx, gradient):
        (u,) = ctx.saved_tensors
        return gradient * (u.abs() < 0.5)


def recursion(i: torch.Tensor, a, b, c, d) -> torch.Tensor:
    """Reset of the last spike, then both changes from the old values, written plainly."""
    v, u, s = torch.zeros_like(i[0]), torch.full_like(i[0], 0.08), torch.zeros_like(i[0])
    spikes = []
    for now in i:
        v, u = v * (1 - s) + c * s, u + d * s
        v, u = v + (v**2 - v - u + now), u + a * (b * v - u)
        s = Step.apply(v - 0.5)
        spikes.append(s)
    return torch.stack(spikes)


@pytest.mark.parametrize("engine", ["plain", "fused"])
def test_a_layer_is_the_recursion_of_the_paper(engine: str) -> None:
    torch.manual_seed(2)
    current = torch.sigmoid(torch.randn(20, 3, 4, dtype=torch.float64)).requires_grad_()
    start = {"a": 0.06, "b": 0.22, "c": -0.06, "d": 0.05}
    params = {
        # numbers of single precision, in which a layer begins its parameters
        name: (value * torch.linspace(0.5, 1.5, 4)).double().requires_grad_()
        for name, value in start.items()
    }
    cell = MetaNeuron(integrator="euler", **{name: value.detach().numpy() for name, value in params.items()})
    layer = Spiking(cell, surrogate=Surrogate("rectangle"), trainable=tuple(params), engine=engine).double()
    weights = torch.randn(20, 3, 4, dtype=torch.float64)
    found, expected = layer(current), recursion(current, **params)
    assert torch.equal(found, expected)
    assert 0.1 < expected.mean() < 0.9
    (found * weights).sum().backward()
    mine = [current.grad.clone(), *(getattr(layer, f"par_{name}").grad for name in params)]
    current.grad = None
    (expected * weights).sum().backward()
    for ours, theirs in zip(mine, [current.grad, *(value.grad for value in params.values())], strict=True):
        assert theirs.abs().max() > 0
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_the_recovery_falls_to_where_its_input_holds_it() -> None:
    """Below threshold v' = u' = 0 at u = b v and k2 v^2 - (k1 + b) v + i = 0: the smaller root, which Euler's map keeps too."""
    net = Network(dt=1.0, seed=1)
    net.population("cells", MetaNeuron(integrator="euler"), 1, drive=0.2)
    run = net.build("reference").run(2000.0)
    v = (1.2 - np.sqrt(1.2**2 - 4 * 0.2)) / 2
    assert run["cells"].counts.sum() == 0
    assert run["cells"]["v"][0] == pytest.approx(v, rel=1e-9)
    assert run["cells"]["u"][0] == pytest.approx(0.2 * v, rel=1e-9)


SPIKES = "11101010010001000001"
"""The first twenty steps at I = 0.8 with the parameters at their defaults (equations.md 1.12 [N])."""


def test_the_spikes_of_the_papers_loop(engine: str) -> None:
    """The loop written plainly gives the string, and so do the engines."""
    v, u, s, found = 0.0, 0.08, 0, ""
    for _ in range(20):
        v, u = v * (1 - s), u + 0.08 * s
        v, u = v + v * v - v - u + 0.8, u + 0.02 * (0.2 * v - u)
        s = int(v > 0.5)
        found += str(s)
    assert found == SPIKES
    net = Network(dt=1.0)
    net.population("cell", MetaNeuron(integrator="euler"), 1, drive=0.8)
    times = net.build(engine).run(20.0)["cell"].spikes.times
    assert "".join("1" if k in times.tolist() else "0" for k in range(1, 21)) == SPIKES
