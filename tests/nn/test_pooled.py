"""Means over squares of spikes inside the kernel of the neurons: values and gradients are those of the two layers apart."""

from __future__ import annotations

import pytest
import torch

from maichong import LIF
from maichong.errors import EngineError
from maichong.nn import Pool2d, Sequential, Spiking

NEURON = {"tau_m": 2.0, "c_m": 2.0, "v_rest": 0.0, "v_th": 1.0, "v_r": 0.0}


@pytest.mark.parametrize(("side", "height", "span"), [(2, 6, 4), (2, 70, 34), (3, 9, 12), (4, 8, 8)])
@pytest.mark.parametrize("threads", [1, 2])
def test_values_and_gradients(side, height, span, threads):
    torch.manual_seed(side)
    x = (2.5 * torch.rand(5, 2, 3, height, span, dtype=torch.float64)).requires_grad_()
    upstream = torch.randn(5, 2, 3, height // side, span // side, dtype=torch.float64)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    found = []
    try:
        for apart in (False, True):
            layer = Spiking(LIF(**NEURON, t_ref=1.0), trainable=("tau_m",)).double()
            if apart:
                y = torch.nn.functional.avg_pool2d(layer(x).flatten(0, 1), side).unflatten(0, x.shape[:2])
            else:
                y = layer.pooled(x, side)
            x.grad = None
            (y * upstream).sum().backward()
            found.append((y.detach(), x.grad, *(value.grad for value in layer.parameters())))
    finally:
        torch.set_num_threads(before)
    assert found[0][0].mean() > 0.05
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("pool", [torch.nn.AvgPool2d(2), Pool2d(2)])
def test_a_net_pools_inside_and_keeps_its_state(pool):
    torch.manual_seed(5)
    x = 2.5 * torch.rand(6, 2, 3, 8, 8)
    net = Sequential(Spiking(LIF(**NEURON)), pool, torch.nn.Flatten(), torch.nn.Linear(48, 4))
    apart = Sequential(Spiking(LIF(**NEURON)), torch.nn.Identity(), pool, torch.nn.Flatten(), net[3])
    torch.testing.assert_close(net(x), apart(x))
    first, state = net(x[:2], net.begin())
    second, _ = net(x[2:], state)
    torch.testing.assert_close(torch.cat([first, second]), apart(x))
    heard = []
    pool.register_forward_hook(lambda module, given, found: heard.append(found.shape))
    torch.testing.assert_close(net(x), apart(x))
    assert len(heard) == 2


def test_neurons_that_differ_and_the_plain_engine_pool_apart():
    x = 2.5 * torch.rand(4, 2, 1, 4, 4)
    expected = torch.nn.functional.avg_pool2d(Spiking(LIF(**NEURON))(x).flatten(0, 1), 2).unflatten(0, (4, 2))
    torch.testing.assert_close(Spiking(LIF(**NEURON), engine="plain").pooled(x, 2), expected)
    each = Spiking(LIF(**{**NEURON, "v_th": torch.ones(16).numpy()}))
    torch.testing.assert_close(each.pooled(x, 2), expected)


def test_squares_that_do_not_fit():
    with pytest.raises(EngineError, match="h and w multiples of 3"):
        Spiking(LIF(**NEURON)).pooled(torch.ones(2, 1, 1, 4, 6), 3)
    with pytest.raises(EngineError, match="of spikes"):
        Spiking(LIF(**NEURON), outputs="v").pooled(torch.ones(2, 1, 1, 4, 4), 2)
