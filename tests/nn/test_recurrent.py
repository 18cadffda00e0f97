"""``Recurrent``: neurons that hear each other's spikes one step later."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from maichong import LIF  # noqa: E402
from maichong.errors import EngineError, ParameterError  # noqa: E402
from maichong.nn import Recurrent, Spiking  # noqa: E402

UNIT = {"tau_m": 2.0, "c_m": 2.0, "v_rest": 0.0, "v_th": 1.0, "v_r": 0.0}


def layer(engine: str = "auto", **values: Any) -> Recurrent:
    torch.manual_seed(1)
    return Recurrent(6, LIF(**UNIT, t_ref=1.0), engine=engine, **values).double()


def currents(steps: int = 30) -> Any:
    return torch.rand(steps, 2, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64) * 2


def test_each_step_hears_the_spikes_of_the_one_before() -> None:
    net, x = layer(), currents()
    spikes = net(x)
    assert spikes.sum() > 20
    # by the definition: the same neurons, driven with what they must have heard
    heard = x.clone()
    heard[1:] += spikes[:-1] @ net.weight.t()
    assert torch.equal(Spiking(LIF(**UNIT, t_ref=1.0)).double()(heard.detach()), spikes)
    assert not torch.equal(Spiking(LIF(**UNIT, t_ref=1.0)).double()(x), spikes)


def test_both_paths_give_the_same_gradients() -> None:
    found = []
    for engine in ("fused", "plain"):
        net, x = layer(engine, outputs=("spikes", "v"), trainable=("tau_m",)), currents().requires_grad_()
        spikes, v = net(x)
        (spikes.sum() + (v * v).sum()).backward()
        found.append([spikes, v, x.grad, *(parameter.grad for parameter in net.parameters())])
    assert len(found[0]) == 5
    for a, b in zip(*found, strict=True):
        assert (a != 0).any()
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def test_the_weight_learns_along_finite_differences() -> None:
    net = Recurrent(3, LIF(**{**UNIT, "v_th": 0.5}, reset="none"), outputs="v", surrogate="straight_through").double()
    # spikes that do not change with small changes of the weight: the gradient through them is the surrogate's alone
    x = torch.tensor([[[0.9, 0.1, 2.0]], [[0.2, 0.3, 0.1]]], dtype=torch.float64)
    v = net(x)
    (gradient,) = torch.autograd.grad(v[1].sum(), net.weight)
    spikes = (v[0, 0] >= 0.5).double()
    e = torch.exp(torch.tensor(-0.5, dtype=torch.float64))
    torch.testing.assert_close(gradient, ((1 - e) * spikes).expand(3, 3))


def test_a_run_in_two_halves_is_the_run() -> None:
    net, x = layer(), currents()
    whole = net(x)
    first, state = net(x[:11], net.begin(x))
    second, _ = net(x[11:], state)
    assert torch.equal(torch.cat([first, second]), whole)
    assert not state.detach().spikes.requires_grad


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: Recurrent(0, LIF()), "must be a positive whole number"),
        (lambda: layer()(currents()[..., :5]), "must be [time, batch, 6]"),
        (lambda: layer()(torch.ones(3)), "the time axis is missing"),
        (lambda: layer()(currents(), 3), "must be a RecurrentState"),
    ],
)
def test_bad_inputs_are_named(call: Any, expected: str) -> None:
    with pytest.raises((EngineError, ParameterError)) as caught:
        call()
    assert expected in str(caught.value)
