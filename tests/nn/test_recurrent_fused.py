"""The fused kernels of a recurrent layer do what a loop over its steps does."""

from __future__ import annotations

import pytest
import torch

from maichong import LIF
from maichong.engines.autograd import bfloat16
from maichong.nn import Recurrent, Spiking

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


@pytest.fixture
def medium():
    """Torch's switch for products in bfloat16."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    yield
    torch.set_float32_matmul_precision(before)


def grads_of(spikes: torch.Tensor, *leaves: torch.Tensor) -> list[torch.Tensor]:
    """The spikes and what the leaves got."""
    return [spikes.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]


def gradients(n: int, engine: str, weight: torch.Tensor, threads: int = 1) -> list[torch.Tensor]:
    """The gradients of input and weights, float32."""
    torch.manual_seed(n)
    layer = Recurrent(n, LIF(**NEURON), engine=engine)
    layer.weight.data = weight.clone()
    x = (2.5 * torch.rand(11, 6, n)).requires_grad_()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    spikes = layer(x)
    (spikes * torch.randn_like(spikes)).sum().backward()
    torch.set_num_threads(before)
    return grads_of(spikes, x, layer.weight)


@pytest.mark.skipif(not bfloat16.able(), reason="this CPU has no products of bfloat16")
@pytest.mark.parametrize("n", [5, 64, 71, 130])
def test_products_back_in_time_are_those_of_bfloat16(n, medium):
    """With the plain layer as reference whose gradient, and only that, meets weights and gradients rounded to bfloat16."""
    torch.manual_seed(n)
    weight = torch.randn(n, n) * (3.0 / n**0.5)

    class Rounded(torch.autograd.Function):
        @staticmethod
        def forward(ctx, spikes, weight):
            ctx.save_for_backward(spikes, weight)
            return spikes @ weight.t()

        @staticmethod
        def backward(ctx, *grad_outputs):
            (g,), (spikes, weight) = grad_outputs, ctx.saved_tensors
            near = (g.bfloat16().double() @ weight.bfloat16().double()).float()
            return near, g.t() @ spikes

    def loop() -> list[torch.Tensor]:
        torch.manual_seed(n)
        cell = Spiking(LIF(**NEURON), engine="plain")
        mine = weight.clone().requires_grad_()
        _ = Recurrent(n, LIF(**NEURON))  # draws what the layer's begin draws
        x = (2.5 * torch.rand(11, 6, n)).requires_grad_()
        state, heard, out = None, torch.zeros(6, n), []
        for t in range(11):
            begin = cell.begin(x[:1]) if state is None else state
            spikes, state = cell((x[t] + heard)[None], begin)
            out.append(spikes[0])
            heard = Rounded.apply(spikes[0], mine)
        spikes = torch.stack(out)
        torch.set_float32_matmul_precision("highest")
        (spikes * torch.randn_like(spikes)).sum().backward()
        torch.set_float32_matmul_precision("medium")
        return grads_of(spikes, x, mine)

    ours, theirs = gradients(n, "fused", weight), loop()
    assert 0.05 < float(ours[0].mean()) < 0.7
    torch.testing.assert_close(ours[0], theirs[0])
    for mine, wanted in zip(ours[1:], theirs[1:], strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-3, atol=1e-4)
    for mine, again in zip(ours, gradients(n, "fused", weight, threads=2), strict=True):
        torch.testing.assert_close(mine, again, rtol=0, atol=0)


@pytest.mark.skipif(not bfloat16.able(), reason="this CPU has no products of bfloat16")
def test_bfloat16_is_near_float32_and_only_where_asked(medium):
    torch.manual_seed(7)
    weight = torch.randn(96, 96) * 0.3
    rounded = gradients(96, "fused", weight)
    torch.set_float32_matmul_precision("high")
    whole = gradients(96, "fused", weight)
    torch.testing.assert_close(whole[1:], gradients(96, "plain", weight)[1:], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(rounded[0], whole[0], rtol=0, atol=0)
    for mine, wanted in zip(rounded[1:], whole[1:], strict=True):
        error = float((mine - wanted).norm() / wanted.norm())
        assert 0 < error < 2**-8
