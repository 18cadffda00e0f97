"""What users do to layers: copy and save them, look first and train then, patch and nest them."""

from __future__ import annotations

import copy
import io

import pytest
import torch

from maichong import LIF, Exponential
from maichong.engines.events import emit
from maichong.errors import EngineError
from maichong.nn import Linear, MeanRate, Recurrent, Repeat, Sequential, Spiking

NEURON = LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0)


def test_copies_and_files_of_a_net_that_ran():
    net = Sequential(Linear(4, 3), Spiking(NEURON), Recurrent(3, NEURON))
    x = 3 * torch.rand(5, 2, 4)
    expected = net(x)
    torch.testing.assert_close(copy.deepcopy(net)(x), expected)
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    torch.testing.assert_close(torch.load(file, weights_only=False)(x), expected)


def test_a_first_look_in_inference_mode_leaves_training_possible():
    layer, x = Spiking(NEURON), 3 * torch.rand(5, 2, 3)
    with torch.inference_mode():
        layer(x)
    x.requires_grad_()
    layer(x).sum().backward()
    assert x.grad is not None


def test_second_derivatives_are_refused_by_kernels():
    weight = torch.rand(2, 3, requires_grad=True)
    x = torch.rand(5, 2, 2, requires_grad=True)
    with pytest.raises(EngineError, match="no second derivatives"):
        torch.autograd.grad(Spiking(NEURON)(3 * x @ weight).sum(), x, create_graph=True)
    (gradient,) = torch.autograd.grad(Spiking(NEURON, engine="plain")(3 * x @ weight).sum(), x, create_graph=True)
    gradient.square().sum().backward()
    assert weight.grad.abs().sum() > 0


def test_plain_nets_inside_a_net():
    torch.manual_seed(1)
    inner = Sequential(torch.nn.Linear(4, 3), Sequential(torch.nn.ReLU(), torch.nn.Unflatten(1, (3, 1)), torch.nn.Flatten()))
    flat = [inner[0], *inner[1]]
    x = torch.rand(5, 4)
    rest = [Spiking(NEURON), MeanRate()]
    torch.testing.assert_close(Sequential(Repeat(6), inner, *rest)(x), Sequential(Repeat(6), *flat, *rest)(x))
    torch.testing.assert_close(Sequential(inner, Repeat(6), *rest)(x), Sequential(*flat, Repeat(6), *rest)(x))


def test_a_layer_whose_forward_was_replaced_is_called():
    layer = torch.nn.Linear(4, 3)
    layer.forward = lambda x: torch.full((*x.shape[:-1], 3), 7.0)
    assert (Sequential(layer)(torch.rand(2, 5, 4)) == 7.0).all()


def test_states_begin_on_the_device_of_the_input():
    layer = Spiking(NEURON, receptor=Exponential(tau=5.0))
    begun = layer.begin(torch.ones(3, 2, 1, device="meta"))
    assert {value.device.type for value in begun.states.values()} == {"meta"}


def test_the_state_of_a_recurrent_layer_holds_one_step():
    layer, x = Recurrent(4, NEURON), torch.rand(50, 2, 4)
    _, state = layer(x, layer.begin(x))
    assert state.spikes.untyped_storage().nbytes() == 2 * 4 * 4


def test_a_kernel_whose_compilation_was_interrupted_is_compiled_again(monkeypatch, tmp_path):
    monkeypatch.setenv("MAICHONG_CACHE", str(tmp_path))
    text = emit.KernelText("Nothing", "float32", (emit.Argument("x", "float32[]"),), ("x[0] = F(3.25)",))
    right = emit.IMPORTS
    monkeypatch.setattr(emit, "IMPORTS", "raise KeyboardInterrupt\n" + right)
    with pytest.raises(KeyboardInterrupt):
        emit.compiled(text)
    with pytest.raises(KeyboardInterrupt):  # and no half-made module
        emit.compiled(text)
