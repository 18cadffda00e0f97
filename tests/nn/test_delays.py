"""``Delay``: shifts by whole steps, learned ones by interpolation; gradients against finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from maichong import LIF, Exponential, Network, OneToOne, SpikeTimes  # noqa: E402
from maichong.errors import EngineError, ParameterError, UnitError  # noqa: E402
from maichong.nn import Delay, Sequential, Spiking  # noqa: E402


def inputs(steps: int = 12, *shape: int) -> Any:
    return torch.rand(steps, 2, *(shape or (4,)), generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_each_neuron_hands_on_what_came_its_delay_ago() -> None:
    x, steps = inputs(), [0, 1, 5, 20]
    y = Delay(4, [0.5 * n for n in steps], dt=0.5)(x)
    for n, late in enumerate(steps):
        for t in range(12):
            assert torch.equal(y[t, :, n], x[t - late, :, n] if t >= late else torch.zeros(2, dtype=x.dtype))
    one = Delay(4, "1.5 ms", dt=0.5)(x)
    assert torch.equal(one[3:], x[:-3])
    assert not one[:3].any()
    # by channel
    maps = inputs(9, 2, 3, 3)
    y = Delay((2, 3, 3), np.array([1.0, 4.0]).reshape(2, 1, 1))(maps)
    assert torch.equal(y[1:, :, 0], maps[:-1, :, 0])
    assert torch.equal(y[4:, :, 1], maps[:-4, :, 1])


def test_halves_are_rounded_up() -> None:
    # 0.35 / 0.1 is 3.4999999999999996, and 2.5 would be 2 where halves go to even numbers
    assert Delay(4, [0.35, 0.34, 0.25, 0.05], dt=0.1).whole.tolist() == [4, 3, 3, 1]


def test_spikes_arrive_when_those_of_the_simulator_do() -> None:
    dt, steps, delays = 0.1, 60, np.array([0.1, 0.35, 0.25, 2.0])
    net = Network(dt=dt)
    source = net.population("source", SpikeTimes(np.full(4, 1.0), np.arange(4)), 4)
    cells = net.population("cells", LIF(), 4)
    net.project(source, cells, OneToOne(), weight=50.0, delay=delays, receptor=Exponential(tau=2.0))
    net.probe("cells", "v", every=dt)
    run = net.build("reference")
    run.run(steps * dt)
    spikes = torch.zeros(steps, 1, 4, dtype=torch.float64)
    spikes[9] = 50.0  # the end of step 9 is 1.0 ms
    neurons = Spiking(LIF(), dt=dt, receptor=Exponential(tau=2.0), outputs="v", engine="plain")
    # a layer hears what is fired at the end of a step in that step: one less than no delay
    v = Sequential(Delay(4, delays + dt, dt=dt), neurons).double()(spikes)
    assert v.std() > 0
    np.testing.assert_allclose(v[:, 0].numpy(), run["cells"].samples("v").values, rtol=1e-9, atol=1e-9)


def test_learned_delays_interpolate() -> None:
    x = inputs()
    at = Delay(4, [0.0, 1.25, 2.0, 3.5], trainable=True, longest=3.5).double()
    y, padded = at(x), torch.cat([torch.zeros(5, 2, 4, dtype=x.dtype), x])
    for n, d in enumerate([0.0, 1.25, 2.0, 3.5]):
        k, share = int(d), d - int(d)
        torch.testing.assert_close(
            y[:, :, n], (1 - share) * padded[5 - k : 17 - k, :, n] + share * padded[4 - k : 16 - k, :, n]
        )
    whole = [3.0, 0.0, 2.0, 1.0]
    torch.testing.assert_close(Delay(4, whole, trainable=True, longest=3.0).double()(x), Delay(4, whole)(x))


@pytest.mark.parametrize("delay", [1.3, [0.4, 1.3, 2.6, 3.7]])
def test_gradients_are_those_of_finite_differences(delay: Any) -> None:
    layer, x = Delay(4, delay, dt=0.5, trainable=True, longest=4.0).double(), inputs().requires_grad_()
    weights = inputs(12, 4).flip(0)
    given = layer.delay.detach().clone()

    def loss() -> Any:
        return (weights * layer(x)).square().sum()

    raw = layer.parametrizations.delay.original
    assert raw.shape == np.shape(delay)
    gradient, to_x = torch.autograd.grad(loss(), [raw, x])
    for place in np.ndindex(*np.shape(delay)):
        ends = []
        for step in (1e-6, -1e-6):
            moved = given.clone()
            moved[place] += step
            layer.delay = moved
            ends.append(float(loss().detach()))
        layer.delay = given
        assert abs(gradient[place]) > 1e-3
        assert gradient[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)
    assert torch.autograd.gradcheck(layer, (x,))
    assert to_x.any()


def test_a_delay_is_found_again() -> None:
    t = torch.arange(80.0)[:, None, None]
    x = torch.exp(-0.5 * ((t - 20) / 5) ** 2).expand(80, 1, 3)
    layer, wanted = Delay(3, [6.0, 10.0, 0.0], trainable=True, longest=10.0), Delay(3, [2.0, 7.0, 4.0])(x)
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.2)
    for _ in range(200):
        optimiser.zero_grad()
        (layer(x) - wanted).square().sum().backward()
        optimiser.step()
    torch.testing.assert_close(layer.delay.detach(), torch.tensor([2.0, 7.0, 4.0]), rtol=0, atol=0.02)


def test_learned_delays_stay_within_bounds_and_come_back() -> None:
    layer = Delay(2, [0.1, 4.9], trainable=True, longest=5.0)
    optimiser = torch.optim.SGD(layer.parameters(), lr=1.0)
    for sign in (1.0, -1.0):
        for _ in range(40):
            optimiser.zero_grad()
            # pushed outwards at first, then inwards
            (sign * 0.3 * (layer.delay[0] - layer.delay[1])).backward()
            optimiser.step()
            assert ((layer.delay >= 0) & (layer.delay <= 5)).all()
        at_the_ends = (layer.delay - torch.tensor([0.0, 5.0])).abs().max() < 0.35
        assert at_the_ends == (sign > 0)


@pytest.mark.parametrize(
    "layer", [Delay(4, 3.0), Delay(4, [0.0, 1.0, 5.0, 2.0]), Delay(4, 0), Delay(4, 2.5, trainable=True, longest=4)]
)
def test_a_run_in_parts_is_the_run(layer: Any) -> None:
    x = inputs().requires_grad_()
    state, parts = layer.begin(x), []
    for part in x.split([1, 2, 6, 3]):
        y, state = layer(part, state)
        parts.append(y)
    whole = layer(x)
    assert torch.equal(torch.cat(parts), whole)
    weights = inputs().flip(1)
    for a, b in zip(*(torch.autograd.grad((weights * y).sum(), x) for y in (torch.cat(parts), whole)), strict=True):
        assert torch.equal(a, b)


def assign(delay: Any) -> None:
    Delay(2, 1.0, trainable=True, longest=2.0).delay = delay


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Delay(0, 1.0), r"Delay, shape: must be a positive whole number or a tuple of such \(got 0\)"),
        (lambda: Delay((), 1.0), r"Delay, shape"),
        (lambda: Delay((3, True), 1.0), r"Delay, shape"),
        (lambda: Delay(3, -1.0), r"Delay, delay: must be in 0..32767 ms \(got -1.0\)"),
        (lambda: Delay(3, float("nan")), r"Delay, delay: must be in"),
        (lambda: Delay(3, 1e9), r"Delay, delay: must be in 0..32767 ms"),
        (lambda: Delay(3, None), r"Delay, delay: must be a number in ms"),
        (lambda: Delay(3, "3 mV"), r"Delay, delay: must be in ms"),
        (lambda: Delay(3, [1.0, 2.0]), r"Delay, delay: must be one number or fit the shape \(3,\) \(got shape \(2,\)\)"),
        (lambda: Delay(1, [1.0, 2.0]), r"Delay, delay: must be one number or fit the shape \(1,\)"),
        (lambda: Delay(3, 1.0, dt=0), r"Delay, dt: must be a positive number of ms"),
        (lambda: Delay(3, 1.0, trainable="yes"), r"Delay, trainable: must be True or False"),
        (lambda: Delay(3, 1.0, trainable=True), r"Delay, longest: must be given where delays are learned"),
        (lambda: Delay(3, 1.0, longest=-2), r"Delay, longest: must be in ms, positive and at most 32767"),
        (lambda: Delay(3, 3.0, longest=2.0), r"Delay, delay: must be in 0..2 ms"),
        (lambda: assign(torch.tensor(3.0)), r"Delay, delay: must be in 0..2 ms \(got 3.0\)"),
        (lambda: Delay(3, 1.0)(inputs()), r"Delay, input: must be \[time, batch, 3\] \(got \(12, 2, 4\)\)"),
        (lambda: Delay(4, 1.0)(torch.ones(3)), r"time axis is missing"),
        (lambda: Delay(4, 1.0)(inputs(), torch.zeros(2, 2, 4)), r"Delay, state: must be the past inputs, \(1, 2, 4\)"),
        (lambda: Delay(4, 1.0)(inputs(), 1), r"Delay, state: must be the past inputs"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(call: Any, message: str) -> None:
    with pytest.raises((EngineError, ParameterError, UnitError), match=message):
        call()
