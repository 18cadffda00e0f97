"""States that are kept for the way back give the gradients that going through the steps again does, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from maichong import LIF, Izhikevich
from maichong.engines.autograd import fused
from maichong.errors import ParameterError
from maichong.nn import Recurrent, Sequential, Spiking

NEURON = {"tau_m": 2.0, "c_m": 2.0, "v_rest": 0.0, "v_th": 1.0, "v_r": 0.0}
WAITING = LIF(**NEURON, t_ref=1.0)


def gradients(layer: torch.nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    x = x.clone().requires_grad_()
    y = layer(x)
    torch.manual_seed(1)
    (y * torch.randn_like(y)).sum().backward()
    return [y.detach(), x.grad, *(value.grad for value in layer.parameters())]  # type: ignore[list-item]


@pytest.mark.parametrize("kind", ["lif", "izhikevich", "recurrent", "pooled"])
def test_gradients_are_the_same_to_the_bit(kind):
    torch.manual_seed(0)
    x = 2.5 * torch.rand(9, 3, 20)

    def net(*, recompute: bool) -> torch.nn.Module:
        torch.manual_seed(2)
        if kind == "izhikevich":
            return Spiking(Izhikevich(), dt=0.5, recompute=recompute)
        if kind == "recurrent":
            return Recurrent(20, WAITING, trainable=("tau_m",), recompute=recompute)
        layer = Spiking(WAITING, trainable=("tau_m",), recompute=recompute)
        return layer if kind == "lif" else Sequential(layer, torch.nn.AvgPool2d(2))

    x = 8 * x if kind == "izhikevich" else x.reshape(9, 3, 1, 4, 5).repeat(1, 1, 2, 1, 2) if kind == "pooled" else x
    again, kept = gradients(net(recompute=True), x), gradients(net(recompute=False), x)
    assert kind == "izhikevich" or again[0].any()
    for one, other in zip(again, kept, strict=True):
        assert torch.equal(one, other)


def test_what_is_kept_and_when(monkeypatch):
    made = []
    before = fused.kept_of
    monkeypatch.setattr(fused, "kept_of", lambda *given: made.append(before(*given)) or made[-1])
    x = torch.rand(4, 2, 5, requires_grad=True)
    Spiking(WAITING)(x)
    Spiking(WAITING, recompute=False)(x)
    with torch.no_grad():
        Spiking(WAITING, recompute=False)(x)
    names = [sorted(kept) for kept in made]
    assert names == [[], ["kept_v", "kept_wait"], []]
    assert made[1]["kept_v"].numel() == x.numel()
    # a step begins where the one before ended
    v = Spiking(WAITING, outputs="v")(x)
    assert np.allclose(made[1]["kept_v"].reshape(x.shape)[1:].numpy(), v[:-1].detach().numpy())


def test_what_recompute_may_be():
    with pytest.raises(ParameterError, match="Spiking, recompute: must be True or False"):
        Spiking(WAITING, recompute="no")  # type: ignore[arg-type]
