"""A narrow layer inside the kernel of the neurons before it: values and gradients are those of plain layers apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from maichong import LIF, Exponential
from maichong.errors import EngineError
from maichong.nn import Recurrent, Sequential, Spiking, inside
from maichong.nn.inside import readout_inside

pytestmark = pytest.mark.usefixtures("small_ones_too")
NEURON = {"tau_m": 2.0, "c_m": 2.0, "v_rest": 0.0, "v_th": 1.0, "v_r": 0.0}


@pytest.fixture
def small_ones_too(monkeypatch):
    """Inputs so small that it does not pay go inside as well."""
    monkeypatch.setattr(inside, "WORTH", 1)


def cells(n: int, kind: str, engine: str, **options: object) -> torch.nn.Module:
    """Neurons with a refractory time, some parameters of which are learned; thresholds differ from neuron to neuron."""
    neuron = LIF(**{**NEURON, "v_th": np.linspace(0.8, 1.2, n)}, t_ref=1.0)
    options = {"trainable": ("tau_m", "v_th"), "engine": engine, **options}
    layer = Spiking(neuron, **options) if kind == "alone" else Recurrent(n, neuron, **options)
    return layer.double()


def learned(net: torch.nn.Module, steps: int, batch: int, n: int, drive: float = 2.5) -> list[torch.Tensor]:
    torch.manual_seed(n)
    x = (drive * torch.rand(steps, batch, n, dtype=torch.float64)).requires_grad_()
    y = net(x)
    (y * torch.randn_like(y)).sum().backward()
    return [y.detach(), x.grad, *(value.grad for value in net.parameters())]  # type: ignore[list-item]


@pytest.mark.parametrize("kind", ["alone", "recurrent"])
@pytest.mark.parametrize(("steps", "batch", "n", "m"), [(1, 1, 3, 1), (5, 3, 70, 10), (6, 9, 300, 64), (2, 4, 256, 17)])
@pytest.mark.parametrize("threads", [1, 2])
def test_values_and_gradients(kind, steps, batch, n, m, threads):
    torch.manual_seed(m)
    layer, plain = cells(n, kind, "fused"), cells(n, kind, "plain")
    plain.load_state_dict(layer.state_dict())
    readout = torch.nn.Linear(n, m, bias=m > 1).double()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert readout_inside(layer, [readout], torch.ones(steps, batch, n, dtype=torch.float64)) == (readout, 1)
        ours = learned(Sequential(layer, readout), steps, batch, n)
        readout.zero_grad()
        theirs = learned(Sequential(plain, readout), steps, batch, n)
    finally:
        torch.set_num_threads(before)
    assert len(ours) == len(theirs) == 5 + (m > 1) + (kind == "recurrent")
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("drive", "low", "high"), [(0.3, 0.0, 0.01), (2.5, 0.01, 0.25), (9.0, 0.25, 0.6)])
def test_neurons_that_hear_each_other_rarely_or_often(drive, low, high):
    """Their spikes are kept as lists, of which a dense matrix is made where they are many."""
    layer, plain = cells(70, "recurrent", "fused"), cells(70, "recurrent", "plain")
    plain.load_state_dict(layer.state_dict())
    readout = torch.nn.Linear(70, 3).double()
    ours = learned(Sequential(layer, readout), 6, 5, 70, drive)
    readout.zero_grad()
    theirs = learned(Sequential(plain, readout), 6, 5, 70, drive)
    torch.manual_seed(70)
    assert low <= plain(drive * torch.rand(6, 5, 70, dtype=torch.float64)).mean() < high
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", ["alone", "recurrent"])
def test_the_number_of_threads_changes_no_bit_of_what_comes_out(kind):
    layer, x = cells(300, kind, "fused"), 2.5 * torch.rand(6, 9, 300, dtype=torch.float64)
    net = Sequential(layer, torch.nn.Linear(300, 10).double())
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            found.append(net(x))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_a_frozen_net_that_hears_what_is_learned_before_it():
    net = Sequential(torch.nn.Linear(5, 40), Spiking(LIF(**NEURON)), torch.nn.Flatten(), torch.nn.Linear(40, 3)).double()
    apart = Sequential(net[0], net[1], torch.nn.Dropout(0.0), net[3])
    net[3].requires_grad_(requires_grad=False)
    x = 3 * torch.rand(7, 4, 5, dtype=torch.float64)
    found = []
    for each in (net, apart):
        net[0].weight.grad = None
        each(x).square().sum().backward()
        found.append(net[0].weight.grad)
    torch.testing.assert_close(found[0], found[1], rtol=1e-10, atol=1e-10)
    assert net[3].weight.grad is None
    with torch.no_grad():
        torch.testing.assert_close(net(x), apart(x), rtol=1e-12, atol=1e-12)


@pytest.mark.filterwarnings("ignore:Initializing zero-element")
def test_when_it_is_not_inside():
    layer, x = Spiking(LIF(**NEURON)), torch.rand(4, 2, 6, requires_grad=True)
    narrow = torch.nn.Linear(6, 2)
    found = (narrow, 1)
    assert readout_inside(layer, [narrow], x) == found
    assert readout_inside(layer, [torch.nn.Flatten(), torch.nn.Identity(), narrow], x) == (narrow, 3)
    assert readout_inside(layer, [torch.nn.ReLU(), narrow], x) == (None, 0)
    assert readout_inside(layer, [torch.nn.Linear(6, 65)], x) == (None, 0)
    assert readout_inside(layer, [], x) == (None, 0)
    assert readout_inside(layer, [torch.nn.Linear(7, 2)], x) == (None, 0), "torch says what is wrong"
    assert readout_inside(Spiking(LIF(**NEURON), outputs="v"), [narrow], x) == (None, 0)
    assert readout_inside(Spiking(LIF(**NEURON), engine="plain"), [narrow], x) == (None, 0)
    assert readout_inside(layer, [narrow], torch.rand(4, 2, 3, 6)) == (None, 0)
    assert readout_inside(layer, [narrow], x.double()) == (None, 0)
    with torch.autocast("cpu", torch.bfloat16):
        assert readout_inside(layer, [narrow], x) == (None, 0)
    assert readout_inside(layer, [torch.nn.Linear(6, 0)], x) == (None, 0)
    assert readout_inside(Spiking(LIF(**NEURON), recompute=False), [narrow], x) == (None, 0)
    assert readout_inside(layer, [torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(6, 2))], x) == (None, 0)
    for module in (layer, narrow):
        module.forward = module.forward
        assert readout_inside(layer, [narrow], x) == (None, 0)
        del module.forward
        handle = module.register_forward_hook(lambda *_: None)
        assert readout_inside(layer, [narrow], x) == (None, 0)
        handle.remove()
    assert readout_inside(layer, [narrow], x) == found


def test_small_inputs_do_not_pay(monkeypatch):
    monkeypatch.undo()
    layer, narrow = Spiking(LIF(**NEURON)), torch.nn.Linear(64, 2)
    with torch.no_grad():
        assert readout_inside(layer, [narrow], torch.rand(4, 2, 64)) == (None, 0)
        assert readout_inside(layer, [narrow], torch.rand(16, 16, 64)) == (narrow, 1)


def test_a_layer_that_learns_alone_has_second_derivatives():
    net = Sequential(Spiking(LIF(**NEURON)), torch.nn.Linear(6, 2))
    (first,) = torch.autograd.grad(net(2.5 * torch.rand(4, 2, 6)).square().sum(), net[1].weight, create_graph=True)
    first.sum().backward()
    assert net[1].weight.grad.abs().max() > 0


@pytest.mark.filterwarnings("ignore:Initializing zero-element")
def test_what_read_does_not_take():
    x = torch.rand(4, 2, 6)
    for layer, narrow in (
        (Spiking(LIF(**NEURON)), torch.nn.Linear(6, 65)),
        (Spiking(LIF(**NEURON)), torch.nn.Linear(6, 0)),
        (Spiking(LIF(**NEURON), engine="plain"), torch.nn.Linear(6, 2)),
        (Recurrent(6, LIF(**NEURON)), torch.nn.Linear(6, 2).double()),
    ):
        with pytest.raises(EngineError, match="Spiking, readout: must be a layer of up to 64 neurons"):
            layer.read(x, narrow)


@pytest.mark.parametrize("kind", ["alone", "recurrent"])
def test_read_goes_through_the_steps_again_whatever_the_neurons_do_otherwise(kind):
    torch.manual_seed(4)
    layer, narrow = cells(40, kind, "fused", recompute=False), torch.nn.Linear(40, 3).double()
    x, found = 2.5 * torch.rand(5, 3, 40, dtype=torch.float64), []
    for apart in (False, True):
        narrow.zero_grad()
        (narrow(layer(x)) if apart else layer.read(x, narrow)).square().sum().backward()
        found.append(narrow.weight.grad.clone())
    torch.testing.assert_close(found[0], found[1], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("options", [{"detach_reset": True}, {"receptor": Exponential(tau=5.0)}])
def test_float32_and_other_neurons(options):
    torch.manual_seed(5)
    layer, narrow = Spiking(LIF(**NEURON), **options), torch.nn.Linear(70, 10)
    x, found = (2.5 * torch.rand(7, 5, 70)).requires_grad_(), []
    upstream = torch.randn(10, 5, 7).permute(2, 1, 0)  # not contiguous
    for apart in (False, True):
        narrow.zero_grad()
        x.grad = None
        y = narrow(layer(x)) if apart else layer.read(x, narrow)
        y.backward(upstream)
        found.append([y.detach(), x.grad, narrow.weight.grad.clone(), narrow.bias.grad.clone()])
    assert found[0][2].abs().max() > 0
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_state_is_kept_apart():
    torch.manual_seed(2)
    net = Sequential(Spiking(LIF(**NEURON)), torch.nn.Linear(6, 2))
    x = 2.5 * torch.rand(6, 3, 6)
    first, state = net(x[:2], net.begin())
    second, _ = net(x[2:], state)
    torch.testing.assert_close(torch.cat([first, second]), net(x))


def test_second_derivatives_and_inputs_that_are_not_finite_are_refused():
    net = Sequential(Spiking(LIF(**NEURON)), torch.nn.Linear(6, 2))
    x = torch.rand(4, 2, 6, requires_grad=True)
    with pytest.raises(EngineError, match="derivative"):
        torch.autograd.grad(net(x).sum(), x, create_graph=True)
    with pytest.raises(EngineError, match="NaN or infinite"):
        net(torch.full((4, 2, 6), float("nan")))
