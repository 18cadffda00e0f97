"""``Lateral``: neurons that hear the layer's spikes of the step before through any connection; Recurrent is a case of it."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from maichong import LIF  # noqa: E402
from maichong.errors import EngineError, ParameterError  # noqa: E402
from maichong.nn import Lateral, LateralInhibition, Recurrent, RecurrentState, Spiking  # noqa: E402

UNIT = {"tau_m": 2.0, "c_m": 2.0, "v_rest": 0.0, "v_th": 1.0, "v_r": 0.0}


def neighbours() -> Any:
    torch.manual_seed(1)
    return torch.nn.Conv2d(3, 3, 5, padding=2, groups=3).double()


def images(steps: int = 12) -> Any:
    return 2 * torch.rand(steps, 2, 3, 6, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def test_each_step_hears_its_neighbours_of_the_step_before() -> None:
    net, x = Lateral(neighbours(), LIF(**UNIT), engine="plain"), images()
    spikes = net(x)
    # by the definition: the same neurons, driven with what they must have heard; of no spikes the bias alone is heard
    before = torch.cat([torch.zeros_like(spikes[:1]), spikes[:-1]])
    heard = x + torch.stack([neighbours()(step) for step in before])
    assert torch.equal(Spiking(LIF(**UNIT), engine="plain")(heard.detach()), spikes)
    assert not torch.equal(Spiking(LIF(**UNIT), engine="plain")(x), spikes)


def test_membranes_and_gradients_are_those_of_the_equations() -> None:
    # LISNN's membrane with a hard reset, u = decay u (1 - s) + input + lateral(s), written out in torch
    conv, decay = neighbours(), float(torch.exp(torch.tensor(-0.5, dtype=torch.float64)))
    net = Lateral(conv, LIF(**UNIT), surrogate="rectangle", outputs=("v", "spikes"), detach_reset=True, engine="plain").double()
    x = images(5).requires_grad_()
    v, spikes = net(x)
    loss = (spikes * torch.linspace(0, 1, spikes.numel(), dtype=x.dtype).reshape(spikes.shape)).sum()
    mine = torch.autograd.grad(loss, [x, conv.weight, conv.bias])

    u, s = torch.zeros_like(x[0]), torch.zeros_like(x[0])
    trains, membranes = [], []
    for now in x:
        u = decay * u + (1 - decay) * (now + conv(s))
        box = ((u - 1).abs() < 0.5).double().detach()
        s = (u >= 1).double() + box * (u - u.detach())
        u = u * (1 - (u >= 1).double())
        trains.append(s)
        membranes.append(u)
    expected = torch.stack(trains)
    torch.testing.assert_close(spikes, expected)
    torch.testing.assert_close(v, torch.stack(membranes))
    loss = (expected * torch.linspace(0, 1, spikes.numel(), dtype=x.dtype).reshape(spikes.shape)).sum()
    for a, b in zip(mine, torch.autograd.grad(loss, [x, conv.weight, conv.bias]), strict=True):
        assert (a != 0).any()
        torch.testing.assert_close(a, b)


def test_recurrent_is_lateral_with_a_dense_connection() -> None:
    torch.manual_seed(3)
    recurrent, linear = Recurrent(6, LIF(**UNIT), engine="plain"), torch.nn.Linear(6, 6, bias=False)
    with torch.no_grad():
        linear.weight.copy_(recurrent.weight)
    x = 2 * torch.rand(15, 2, 6)
    assert torch.equal(recurrent(x), Lateral(linear, LIF(**UNIT), engine="plain")(x))


def test_both_engines_agree_and_a_run_in_two_halves_is_the_run() -> None:
    x = images()
    whole = Lateral(neighbours(), LIF(**UNIT), engine="plain")(x)
    net = Lateral(neighbours(), LIF(**UNIT), engine="fused")
    first, state = net(x[:5], net.begin(x))
    second, state = net(x[5:], state.detach())
    assert torch.equal(torch.cat([first, second]), whole)
    assert not state.detach().spikes.requires_grad


def test_inhibition_takes_from_all_others() -> None:
    spikes = torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    assert LateralInhibition(2.0)(spikes).tolist() == [[-2, -4, -2, -4], [0, 0, 0, 0]]
    maps = (torch.rand(2, 3, 4, 4) < 0.5).float()
    for among, alike in {"layer": torch.ones(48, 48), "channels": torch.eye(16).repeat(3, 3)}.items():
        weight = -1.5 * (alike - torch.eye(48))
        torch.testing.assert_close(LateralInhibition(1.5, among)(maps).flatten(1), maps.flatten(1) @ weight.t())


def test_the_neuron_with_most_drive_silences_the_others() -> None:
    # the second spikes in the first step, all others later
    drive = torch.tensor([1.2, 2.6, 1.3, 1.1]).expand(40, 1, 4)
    free = Spiking(LIF(**UNIT), engine="plain")(drive).sum(dim=0)[0]
    rivals = Lateral(LateralInhibition(20.0), LIF(**UNIT), engine="plain")(drive).sum(dim=0)[0]
    assert (free > 0).all()
    assert rivals[1] == free[1]
    assert rivals[[0, 2, 3]].sum() == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Lateral(lambda spikes: spikes, LIF()), r"Lateral, connection: must be a torch module"),
        (lambda: Lateral(Spiking(LIF()), LIF()), r"Lateral, connection: must take \[batch, \.\.\.\], one step.*got Spiking"),
        (
            lambda: Lateral(torch.nn.Conv2d(3, 3, 3).double(), LIF(**UNIT), engine="plain")(images()),
            r"must give the shape \(2, 3, 6, 6\) that it takes \(got \(2, 3, 4, 4\)\); a convolution needs padding",
        ),
        (lambda: Lateral(neighbours(), LIF())(torch.ones(3)), r"time axis is missing"),
        (lambda: Lateral(neighbours(), LIF())(images(), 3), r"Lateral, state: must be a RecurrentState"),
        (
            lambda: Lateral(neighbours(), LIF())(images(), RecurrentState(Spiking(LIF()).begin(images()), torch.zeros(2, 3))),
            r"Lateral, state: must have the shape \(2, 3, 6, 6\) of a step",
        ),
        (lambda: Lateral(neighbours(), LIF(), outputs="w"), r"Spiking, outputs: must name spikes or states"),
        (lambda: LateralInhibition(-1.0), r"LateralInhibition, strength: must be a finite number >= 0"),
        (lambda: LateralInhibition(float("inf")), r"LateralInhibition, strength"),
        (lambda: LateralInhibition(1.0, "channel"), r"LateralInhibition, among: .*did you mean 'channels'"),
    ],
)
def test_what_is_wrong_is_named(call: Any, message: str) -> None:
    with pytest.raises((EngineError, ParameterError), match=message):
        call()
