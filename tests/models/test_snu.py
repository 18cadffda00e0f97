"""The spiking neural unit against the recursion of its paper, as a layer and in the simulator."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from maichong import LIF, SNU, Network
from maichong.nn import Spiking, Surrogate


class Step(torch.autograd.Function):
    """The paper's h: a step, with the slope of tanh going back."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= 0).to(u.dtype)

    @staticmethod
    def backward(ctx, gradient):
        (u,) = ctx.saved_tensors
        return gradient * (1 - torch.tanh(u) ** 2)


def recursion(x: torch.Tensor, d: float, b: torch.Tensor, slope: float) -> tuple[torch.Tensor, torch.Tensor]:
    """s[t] = g(x[t] + d s[t-1] (1 - y[t-1])), y[t] = h(s[t] - b), written plainly; y and what s is after a spike."""
    s, y = torch.zeros_like(x[0]), torch.zeros_like(x[0])
    spikes, states = [], []
    for now in x:
        s = torch.nn.functional.leaky_relu(now + d * s * (1 - y), slope)
        y = Step.apply(s - b)
        spikes.append(y)
        states.append(s * (1 - y))
    return torch.stack(spikes), torch.stack(states)


@pytest.mark.parametrize("slope", [0.0, 0.1])
@pytest.mark.parametrize("engine", ["plain", "fused"])
def test_a_layer_is_the_recursion_of_the_paper(engine: str, slope: float) -> None:
    """Outputs to the bit, gradients of inputs and thresholds to rounding."""
    torch.manual_seed(1)
    x = (torch.randn(12, 4, 5, dtype=torch.float64) * 0.8 + 0.3).requires_grad_()
    b = torch.linspace(0.6, 1.2, 5).double().requires_grad_()  # of single precision, in which a layer begins its parameters
    how = {"surrogate": Surrogate("tanh"), "trainable": ("b",), "outputs": ("spikes", "s"), "engine": engine}
    layer = Spiking(SNU(d=0.8, slope=slope, b=b.detach().numpy(), integrator="euler"), **how).double()
    weights = torch.randn(12, 4, 5, dtype=torch.float64)
    found, expected = layer(x), recursion(x, 0.8, b, slope)
    torch.testing.assert_close(found[0], expected[0], rtol=0, atol=0)
    torch.testing.assert_close(found[1], expected[1], rtol=1e-12, atol=1e-12)
    assert 0.1 < expected[0].mean() < 0.9
    gradients = []
    for y, s in (found, expected):
        ((y + 0.3 * s) * weights).sum().backward()
        gradients.append((x.grad.clone(), (b if y is expected[0] else layer.par_b).grad.clone()))
        x.grad = None
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-12)


def test_in_the_simulator_it_is_the_same_unit() -> None:
    """A constant drive of 0.4 with d = 0.8: s = 0.4 (1 - 0.8^n) / 0.2 reaches 1 after ln 0.5 / ln 0.8 = 3.1: every 4 steps."""
    net = Network(dt=1.0, seed=1)
    net.population("unit", SNU(d=0.8, integrator="euler"), 1, drive=0.4)
    for engine in ("reference", "events"):
        times = net.build(engine).run(20.0)["unit"].spikes.times
        assert times.tolist() == [4.0, 8.0, 12.0, 16.0, 20.0], engine


def test_without_a_rectifier_it_is_a_leaky_neuron() -> None:
    """slope = 1: tau ds/dt = -(1 - d) s + (tau / c_m) i, a LIF with tau_m = tau / (1 - d)."""
    runs = []
    for cell in (SNU(slope=1.0, d=0.9, integrator="rk4"), LIF(tau_m=10.0, c_m=1.0, v_rest=0.0, v_r=0.0, v_th=1.0)):
        net = Network(dt=0.01, seed=1)
        net.population("unit", cell, 3, drive=np.array([-0.3, 0.09, 0.15]))
        run = net.build("reference").run(100.0)
        runs.append((run["unit"]["s" if cell.model.name == "SNU" else "v"], run["unit"].spikes))
    np.testing.assert_allclose(runs[0][0], runs[1][0], rtol=1e-6, atol=1e-9)
    assert len(runs[0][1].times) > 5
    np.testing.assert_allclose(runs[0][1].times, runs[1][1].times, atol=0.011)


def test_the_units_own_numbers(engine: str) -> None:
    """l = .8, Wx = .3, b = -1: s = .3, .54, .732, .8856, 1.00848; the first spike is at step 5, s_6 = .3 (equations.md 1.13)."""
    net = Network(dt=1.0)
    net.population("unit", SNU(d=0.8, b=1.0, slope=0.0, integrator="euler"), 1, drive=0.3)
    net.probe("unit")
    net.probe("unit", "s")
    run = net.build(engine).run(9.0)
    assert run["unit"].spikes.times.tolist() == [5.0]
    # the spike has taken 1.00848 away
    assert run["unit"].samples("s").values[:6, 0] == pytest.approx([0.3, 0.54, 0.732, 0.8856, 0.0, 0.3], abs=1e-12)
    assert SNU.flow(s=0.8856, i=0.3, d=0.8, tau=1.0, c_m=1.0, slope=0.0) + 0.8856 == pytest.approx(1.00848, abs=1e-12)


def test_it_never_falls_below_zero() -> None:
    """g = ReLU: under inhibition s stays at 0, where a leaky neuron would follow it."""
    net = Network(dt=1.0)
    net.population("unit", SNU(integrator="euler"), 1, drive=-0.3)
    assert net.build("reference").run(5.0)["unit"]["s"][0] == 0.0
