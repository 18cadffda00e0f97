"""Nets of layers: what ``Sequential`` gives equals the same layers called by hand, step by step."""

import pytest
import torch

from maichong import LIF
from maichong.errors import EngineError, ParameterError
from maichong.nn import Bernoulli, MeanRate, Repeat, Sequential, Spiking

NEURON = LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0)


def test_layers_of_torch_run_on_each_step():
    torch.manual_seed(1)
    conv, linear = torch.nn.Conv2d(1, 2, 3), torch.nn.Linear(2 * 3 * 3, 4)
    net = Sequential(conv, Spiking(NEURON), torch.nn.AvgPool2d(2), torch.nn.Flatten(), linear, Spiking(NEURON))
    x = 4 * torch.rand(5, 3, 1, 8, 8)
    spikes = Spiking(NEURON)(torch.stack([conv(now) for now in x]))
    pooled = torch.stack([torch.nn.functional.avg_pool2d(now, 2).flatten(1) for now in spikes])
    expected = Spiking(NEURON)(torch.stack([linear(now) for now in pooled]))
    assert spikes.sum() > 0
    torch.testing.assert_close(net(x), expected)


def test_time_begins_and_ends_inside_a_net():
    torch.manual_seed(2)
    linear = torch.nn.Linear(4, 3)
    net = Sequential(linear, Repeat(6), Spiking(NEURON), MeanRate())
    x = 3 * torch.rand(2, 4)
    expected = Spiking(NEURON)(linear(x).expand(6, 2, 3)).mean(dim=0)
    torch.testing.assert_close(net(x), expected)
    assert net.time is None
    assert Sequential(Spiking(NEURON)).time == "keeps"
    assert Sequential(Spiking(NEURON), MeanRate()).time == "ends"
    assert Sequential(Repeat(2), Spiking(NEURON)).time == "begins"


def test_state_is_carried_on():
    torch.manual_seed(3)
    net = Sequential(Spiking(NEURON), torch.nn.Linear(3, 3), Sequential(Spiking(NEURON), torch.nn.Linear(3, 2)))
    x = 3 * torch.rand(10, 2, 3)
    first, state = net(x[:4], net.begin())
    second, _ = net(x[4:], state)
    torch.testing.assert_close(torch.cat([first, second]), net(x))


def test_bernoulli_spikes_have_the_intensity_as_their_rate():
    torch.manual_seed(4)
    chances = torch.tensor([0.0, 0.2, 0.7, 1.0])
    spikes = Bernoulli(20_000)(chances[None])
    assert set(spikes.unique().tolist()) == {0.0, 1.0}
    rates = spikes.mean(dim=(0, 1))
    # five standard deviations of a mean of 20,000
    assert ((rates - chances).abs() <= 5 * (chances * (1 - chances) / 20_000).sqrt()).all()
    again = [Bernoulli(5, torch.Generator().manual_seed(7))(torch.full((2, 3), 0.5)) for _ in range(2)]
    assert torch.equal(*again)


@pytest.mark.parametrize("steps", [0, -1, 2.0, True, "8"])
@pytest.mark.parametrize("kind", [Repeat, Bernoulli])
def test_steps_that_are_none(kind, steps):
    with pytest.raises(ParameterError, match="steps: must be a whole number >= 1"):
        kind(steps)


@pytest.mark.parametrize(
    ("layers", "x", "message"),
    [
        ([Spiking(NEURON)], torch.ones(3), "time axis is missing"),
        ([Spiking(NEURON)], torch.ones(2, 3, dtype=torch.int64), "floating-point"),
        ([MeanRate(), Spiking(NEURON)], torch.ones(4, 2, 3), r"layer 1: Spiking cannot stand here.*no time axis"),
        ([Repeat(2), Repeat(2)], torch.ones(2, 3), r"layer 1: Repeat cannot stand here.*time axis already"),
        ([Spiking(NEURON), Repeat(2)], torch.ones(2, 3), r"layer 0: Spiking cannot stand here"),
    ],
)
def test_time_axes_that_do_not_fit(layers, x, message):
    with pytest.raises(EngineError, match=message):
        Sequential(*layers)(x)


def test_a_state_that_is_none():
    with pytest.raises(EngineError, match=r"net\.begin\(\)"):
        Sequential(Spiking(NEURON))(torch.ones(2, 1, 3), state=[1])
