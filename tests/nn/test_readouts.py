"""Readouts: values by definition, and the derivative of a first spike by what each spike's coming or going would change."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from maichong import LIF  # noqa: E402
from maichong.errors import EngineError, ParameterError  # noqa: E402
from maichong.nn import FirstSpike, LastPotential, MaxPotential, PopulationVote, Sequential, Spiking  # noqa: E402


def latency(train: tuple[float, ...]) -> int:
    return next((k for k, spike in enumerate(train, start=1) if spike), len(train) + 1)


def test_first_spikes_of_all_trains_and_what_each_spike_would_change() -> None:
    trains = list(itertools.product((0.0, 1.0), repeat=5))
    x = torch.tensor(trains, dtype=torch.float64).t().reshape(5, 1, 32).requires_grad_()
    value = FirstSpike(dt=0.5)(x)
    assert value[0].tolist() == [-0.5 * latency(train) for train in trains]
    (gradient,) = torch.autograd.grad(value.sum(), x)
    for n, train in enumerate(trains):
        for k in range(5):
            without, with_it = ((*train[:k], spike, *train[k + 1 :]) for spike in (0.0, 1.0))
            assert gradient[k, 0, n] == 0.5 * (latency(without) - latency(with_it))


def test_the_first_spike_decides_and_silence_comes_last() -> None:
    x = torch.zeros(10, 1, 4)
    x[3, 0, 1], x[3, 0, 2], x[9, 0, 3] = 1, 1, 1
    value = FirstSpike()(x)[0]
    assert value.tolist() == [-11, -4, -4, -10]
    assert value.argmax() == 1
    assert value.argmin() == 0
    assert FirstSpike()(torch.zeros(3, 1, 4))[0].argmax() == 0


def test_a_net_learns_to_spike_earlier() -> None:
    torch.manual_seed(1)
    net = Sequential(torch.nn.Linear(3, 2), Spiking(LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0)), FirstSpike())
    x, wanted = torch.ones(20, 4, 3), torch.tensor([0, 0, 0, 0])
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[0.1, 0.1, 0.1], [0.5, 0.5, 0.5]]))
        net[0].bias.zero_()
    assert (net(x).argmax(dim=1) == 1).all()
    optimiser = torch.optim.Adam(net.parameters(), lr=0.05)
    for _ in range(30):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(x) / 5, wanted).backward()
        optimiser.step()
    assert (net(x).argmax(dim=1) == 0).all()


def test_potentials_last_and_largest() -> None:
    v = torch.tensor([[1.0, -4.0], [3.0, -2.0], [2.0, -3.0]])[:, None].requires_grad_()
    assert LastPotential()(v).tolist() == [[2, -3]]
    largest = MaxPotential()(v)
    assert largest.tolist() == [[3, -2]]
    (gradient,) = torch.autograd.grad(largest.sum(), v)
    assert gradient[:, 0].tolist() == [[0, 0], [1, 1], [0, 0]]


def test_groups_vote_by_their_mean_rate() -> None:
    x = torch.zeros(4, 1, 6)
    x[:, 0, 0], x[0, 0, 2], x[:2, 0, 4:] = 1, 1, 1
    assert PopulationVote(3)(x).tolist() == [[0.5, 1 / 8, 0.5]]
    rand = torch.rand(7, 2, 12)
    expected = torch.stack([rand[:, :, 3 * c : 3 * c + 3].mean(dim=(0, 2)) for c in range(4)], dim=1)
    torch.testing.assert_close(PopulationVote(4)(rand), expected)


@pytest.mark.parametrize("kind", [FirstSpike, LastPotential, MaxPotential, lambda: PopulationVote(1)])
def test_readouts_take_tensors_in_time(kind: Any) -> None:
    with pytest.raises(EngineError, match="time axis is missing"):
        kind()(torch.ones(3))
    with pytest.raises(EngineError, match=r"must be a tensor \[time, batch, \.\.\.\]"):
        kind()((torch.ones(3, 1, 1), torch.ones(3, 1, 1)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PopulationVote(0), r"PopulationVote, classes: must be a whole number >= 1"),
        (lambda: PopulationVote(2.0), r"PopulationVote, classes"),
        (lambda: PopulationVote(3)(torch.ones(2, 1, 10)), r"must be \[time, batch, a multiple of 3\]"),
        (lambda: PopulationVote(3)(torch.ones(2, 1, 3, 3)), r"must be \[time, batch, a multiple of 3\]"),
        (lambda: FirstSpike(dt=0), r"FirstSpike, dt: must be a positive number of ms"),
        (lambda: FirstSpike(dt=float("inf")), r"FirstSpike, dt"),
    ],
)
def test_what_is_wrong_is_named(call: Any, message: str) -> None:
    with pytest.raises((EngineError, ParameterError), match=message):
        call()
