"""The fused kernels of a recurrent layer do what a loop over its steps does."""

from __future__ import annotations

import pytest
import torch

from maichong import LIF
from maichong.nn import Recurrent

NEURON = {"tau_m": 2.0, "c_m": 2.0, "v_rest": 0.0, "v_th": 1.0, "v_r": 0.0}


def learned(n: int, batch: int, engine: str, threads: int, **options: object) -> list[torch.Tensor]:
    """Outputs, and gradients of all that has one."""
    torch.manual_seed(n)
    neuron = LIF(**NEURON, t_ref=float(options.pop("t_ref", 0.0)))
    layer = Recurrent(n, neuron, engine=engine, outputs=("spikes", "v"), **options).double()
    layer.weight.data *= 3
    x = (2.5 * torch.rand(17, batch, n, dtype=torch.float64)).requires_grad_()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        (spikes, v), state = layer(x, layer.begin(x))
        assert 0.05 < float(spikes.detach().mean()) < 0.7
        (again, w), _ = layer(x, state)
        ((spikes * torch.randn_like(spikes)).sum() + (v * torch.randn_like(v)).sum() + (again * w).square().sum()).backward()
    finally:
        torch.set_num_threads(before)
    return [spikes, v, again, w, x.grad, *(value.grad for value in layer.parameters())]


@pytest.mark.parametrize(("n", "batch"), [(5, 3), (64, 4), (70, 6), (130, 9)])
@pytest.mark.parametrize("threads", [1, 2])
def test_values_and_gradients_are_those_of_the_loop(n, batch, threads):
    options = {"trainable": ("tau_m", "v_th"), "t_ref": 1.0}
    ours, loop = (learned(n, batch, engine, threads, **options) for engine in ("fused", "plain"))
    assert len(ours) == 8
    for mine, theirs in zip(ours, loop, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


def test_what_is_detached_and_a_surrogate_that_is_0():
    options = {"detach_reset": True, "surrogate": "rectangle"}
    for mine, theirs in zip(learned(70, 5, "fused", 2, **options), learned(70, 5, "plain", 1, **options), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


def test_float32_and_a_single_step():
    torch.manual_seed(3)
    layer = Recurrent(70, LIF(**NEURON), engine="fused")
    loop = Recurrent(70, LIF(**NEURON), engine="plain")
    loop.load_state_dict(layer.state_dict())
    for steps in (1, 9):
        x = 2.5 * torch.rand(steps, 5, 70)
        found = []
        for net in (layer, loop):
            net.weight.grad = None
            spikes = net(x)
            spikes.mean(dim=0).square().sum().backward()
            found.append((spikes.detach(), net.weight.grad))
        torch.testing.assert_close(found[0][0], found[1][0])
        torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-4, atol=1e-5)
