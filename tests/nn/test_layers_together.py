"""All layers in one net: state is carried over parts of a run, gradients reach every parameter, in float32 and float64."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from maichong import LIF  # noqa: E402
from maichong.nn import (  # noqa: E402
    Delay,
    FirstSpike,
    LastPotential,
    Lateral,
    LateralInhibition,
    MaxPotential,
    MeanRate,
    Pool2d,
    PopulationVote,
    Recurrent,
    Sequential,
    Spiking,
    ThresholdBatchNorm,
    dale,
)  # fmt: skip

NEURON = LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0)


def net(*readouts: Any, **values: Any) -> Sequential:
    torch.manual_seed(1)
    values = {"engine": "plain", **values}
    linear = dale(torch.nn.Linear(16, 6), 0.8)
    with torch.no_grad():
        linear.parametrizations.weight.original.mul_(8)  # or what is behind it stays silent
    return Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1),
        ThresholdBatchNorm(4, v_th=2.0),
        Lateral(torch.nn.Conv2d(4, 4, 5, padding=2, groups=4, bias=False), NEURON, engine="plain"),
        Pool2d(2, by="first_spike"),
        Delay((4, 4, 4), 1.3, trainable=True, longest=4.0),
        Pool2d(2, by="rate"),
        torch.nn.Flatten(),
        linear,
        Delay(6, [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]),
        Recurrent(6, NEURON, excitatory=0.5, engine="plain"),
        torch.nn.Linear(6, 6),
        Lateral(LateralInhibition(0.5), NEURON, **values),
        *readouts,
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_run_in_parts_is_the_run(dtype: Any) -> None:
    model = net(outputs="v").to(dtype).eval()
    x = 4 * torch.rand(12, 2, 1, 8, 8, dtype=dtype)
    state, parts = model.begin(), []
    for part in x.split([1, 6, 5]):
        y, state = model(part, state)
        parts.append(y)
    assert y.dtype == dtype
    assert set(state) == {"2", "3", "4", "5", "8", "9", "11"}
    torch.testing.assert_close(torch.cat(parts), model(x))
    assert not torch.allclose(torch.cat([model(part) for part in x.split([1, 6, 5])]), model(x))


@pytest.mark.parametrize(
    ("readout", "output", "classes"),
    [
        (MeanRate(), "spikes", 6), (PopulationVote(3), "spikes", 3), (FirstSpike(), "spikes", 6), (LastPotential(), "v", 6),
        (MaxPotential(), "v", 6),
    ],
)  # fmt: skip
def test_gradients_reach_every_parameter(readout: Any, output: str, classes: int) -> None:
    model = net(readout, outputs=output).double()
    x = (4 * torch.rand(12, 3, 1, 8, 8, dtype=torch.float64)).requires_grad_()
    y = model(x)
    assert y.shape == (3, classes)
    torch.nn.functional.cross_entropy(y, torch.tensor([0, 1, 2])).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name
    assert x.grad.any()


def test_a_checkpoint_holds_all_of_it() -> None:
    model, other = net(MeanRate()), net(MeanRate())
    x = 4 * torch.rand(6, 2, 1, 8, 8)
    model(x)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.1)
    other.load_state_dict(model.state_dict())
    assert torch.equal(other.eval()(x), model.eval()(x))


def test_a_layer_of_neurons_without_spikes_is_read_out() -> None:
    leaky = LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0, reset="none")
    x = torch.rand(5, 2, 3)
    v = Spiking(leaky, outputs="v", engine="plain")(x)
    assert torch.equal(Sequential(Spiking(leaky, outputs="v", engine="plain"), MaxPotential())(x), v.amax(dim=0))
