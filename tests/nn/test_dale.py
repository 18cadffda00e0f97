"""Dale's principle: signs stay through any training, and the gradient is that of the weight that is used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from maichong import LIF  # noqa: E402
from maichong.errors import ParameterError  # noqa: E402
from maichong.nn import Recurrent, dale  # noqa: E402

UNIT = {"tau_m": 2.0, "c_m": 2.0, "v_rest": 0.0, "v_th": 1.0, "v_r": 0.0}


def signs_hold(weight: Any, excitatory: Any) -> bool:
    return bool((weight[:, excitatory] >= 0).all() and (weight[:, ~excitatory] <= 0).all())


def test_a_linear_keeps_its_magnitudes() -> None:
    linear = torch.nn.Linear(10, 7)
    before, bias = linear.weight.detach().clone(), linear.bias.detach().clone()
    assert dale(linear, 0.75) is linear
    # 7.5 of 10 are 8
    assert signs_hold(linear.weight, torch.arange(10) < 8)
    assert torch.equal(linear.weight.abs(), before.abs())
    assert torch.equal(linear.bias, bias)


@pytest.mark.parametrize("flags", [[True, False, True, True, False, True], np.array([1, 0, 1, 1, 0, 1], bool)])
def test_signs_hold_through_large_steps_of_adam(flags: Any) -> None:
    torch.manual_seed(1)
    excitatory = torch.tensor([True, False, True, True, False, True])
    linear, net = dale(torch.nn.Linear(6, 6), flags), Recurrent(6, LIF(**UNIT), excitatory=flags, engine="plain")
    before = net.weight.detach().clone()
    optimiser = torch.optim.Adam([*linear.parameters(), *net.parameters()], lr=0.5, weight_decay=0.01)
    for step in range(100):
        optimiser.zero_grad()
        # what is wanted changes, so that weights are pushed both ways
        wanted = torch.rand(5, 4, 6, generator=torch.Generator().manual_seed(step))
        (net(linear(torch.rand(5, 4, 6))) - wanted).square().sum().backward()
        optimiser.step()
        assert signs_hold(linear.weight, excitatory)
        assert signs_hold(net.weight, excitatory)
    assert (net.weight - before).abs().max() > 0.5


def test_the_gradient_is_that_of_finite_differences() -> None:
    torch.manual_seed(2)
    linear = dale(torch.nn.Linear(4, 3).double(), 0.5)
    raw = linear.parametrizations.weight.original
    with torch.no_grad():
        raw[0, 0] = -raw[0, 0]  # reflected weights count too
    x = torch.rand(5, 4, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(linear(x).square().sum(), raw)
    for place in np.ndindex(3, 4):
        ends = []
        for step in (1e-6, -1e-6):
            with torch.no_grad():
                raw[place] += step
                ends.append(float(linear(x).square().sum()))
                raw[place] -= step
        assert gradient[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6, abs=1e-8)


def test_a_recurrent_layer_uses_the_weight_it_shows_and_its_checkpoint_keeps_the_signs() -> None:
    torch.manual_seed(3)
    net = Recurrent(10, LIF(**UNIT), excitatory=0.8, engine="plain")
    assert signs_hold(net.weight, torch.arange(10) < 8)
    free = Recurrent(10, LIF(**UNIT), engine="plain")
    with torch.no_grad():
        free.weight.copy_(net.weight)
    x = 2 * torch.rand(12, 2, 10)
    assert net(x).sum() > 0
    assert torch.equal(net(x), free(x))
    other = Recurrent(10, LIF(**UNIT), excitatory=[False] * 10, engine="plain")
    other.load_state_dict(net.state_dict())
    assert torch.equal(other.weight, net.weight)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dale(torch.nn.Conv2d(1, 1, 1)), r"dale: takes a torch.nn.Linear \(got Conv2d\)"),
        (lambda: dale(dale(torch.nn.Linear(2, 2))), r"dale: takes a Linear with a weight of its own"),
        (lambda: dale(torch.nn.Linear(2, 2), 1.5), r"dale, excitatory: must be a fraction in 0..1"),
        (lambda: dale(torch.nn.Linear(2, 2), float("nan")), r"dale, excitatory: must be a fraction"),
        (lambda: dale(torch.nn.Linear(2, 2), [1, 0]), r"2 flags, True or False \(got int64, shape \(2,\)\)"),
        (lambda: dale(torch.nn.Linear(2, 2), [True] * 3), r"2 flags, True or False \(got bool, shape \(3,\)\)"),
        (lambda: dale(torch.nn.Linear(2, 2), True), r"2 flags, True or False \(got True\)"),
        (lambda: Recurrent(3, LIF(), excitatory="most"), r"Recurrent, excitatory: .*\(got 'most'\)"),
    ],
)
def test_what_is_wrong_is_named(call: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()


def test_a_weight_of_the_wrong_sign_is_refused() -> None:
    linear = dale(torch.nn.Linear(3, 2), [True, False, True])
    linear.weight = torch.tensor([[1.0, -1.0, 0.0], [1.0, 0.0, 2.0]])
    assert linear.weight[1].tolist() == [1, 0, 2]
    with pytest.raises(ParameterError, match=r"weight\[1, 1\]: must be <= 0: that neuron is inhibitory \(got 0.5\)"):
        linear.weight = torch.tensor([[1.0, -1.0, 0.0], [1.0, 0.5, 2.0]])


def test_both_engines_give_the_same_gradients() -> None:
    x, found = 2 * torch.rand(12, 2, 6, dtype=torch.float64), []
    for engine in ("fused", "plain"):
        torch.manual_seed(4)
        net = Recurrent(6, LIF(**UNIT), excitatory=0.5, engine=engine).double()
        spikes = net(x)
        (spikes * torch.linspace(0, 1, 12, dtype=x.dtype)[:, None, None]).sum().backward()
        found.append((spikes, net.parametrizations.weight.original.grad))
    assert found[0][1].any()
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)
