"""``doctor``: nets that were broken on purpose are told how, following the advice heals them, and nothing of a model changes."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from maichong import LIF, Izhikevich  # noqa: E402
from maichong.errors import EngineError, ParameterError  # noqa: E402
from maichong.nn import Bernoulli, MeanRate, Recurrent, Sequential, Spiking, Surrogate, doctor  # noqa: E402

UNIT = {"tau_m": 2.0, "c_m": 2.0, "v_rest": 0.0, "v_th": 1.0, "v_r": 0.0}


def spiking(width: float = 1.0, **values: Any) -> Spiking:
    return Spiking(LIF(**UNIT, **values), surrogate=Surrogate("triangle", width), engine="plain")


def linear(n: int, m: int, strength: float) -> torch.nn.Linear:
    """Positive weights, so that inputs of mean 1/2 give currents near ``strength``; 1 takes a neuron to its threshold."""
    layer = torch.nn.Linear(n, m, bias=False)
    with torch.no_grad():
        layer.weight.copy_(4 * strength / n * torch.rand(m, n, generator=torch.Generator().manual_seed(m)))
    return layer


def net(*strengths: float, width: float = 1.0) -> Sequential:
    sizes = [20, *([30] * len(strengths))]
    pairs = [(linear(n, m, s), spiking(width)) for n, m, s in zip(sizes, sizes[1:], strengths, strict=False)]
    return Sequential(*(layer for both in pairs for layer in both), MeanRate())


def batch(steps: int = 12) -> torch.Tensor:
    return torch.rand(steps, 8, 20, generator=torch.Generator().manual_seed(1))


def follow(model: Any, advice: str) -> None:
    """Multiply the parameters that the advice names by the number that it names."""
    names, number = re.search(r"multiply (.*) by about ([\d.e+-]+\d)", advice).groups()
    with torch.no_grad():
        for name in names.split(" and "):
            model.get_parameter(name).mul_(float(number))


def test_a_healthy_net_gets_no_advice():
    found = doctor(net(1.5, 2.5, 2.5), batch())
    assert found.advice == ()
    assert found.healthy
    assert str(found).endswith("Nothing to change.")
    assert [row.layer for row in found.rows] == ["1", "3", "5"]
    assert found.rows[-1].ratio == 1.0


def test_rates_distances_and_slopes_are_those_of_a_run_by_hand():
    model, x = net(1.5, width=0.7), batch()
    (row,) = doctor(model, x).rows
    current = x @ model[0].weight.detach().T
    v, decay = torch.zeros(8, 30), torch.exp(torch.tensor(-0.5))
    spikes, distances = [], []
    for now in current:
        v = now + (v - now) * decay
        distances.append((v - 1).abs())
        spikes.append(v >= 1)
        v = torch.where(v >= 1, 0.0, v)
    fired, u = torch.stack(spikes), torch.stack(distances)
    assert row.rate == pytest.approx(float(fired.float().mean()))
    assert row.dead == pytest.approx(float((fired.sum((0, 1)) == 0).float().mean()))
    assert row.near == pytest.approx(float((u <= 0.35).float().mean()), abs=1e-3)
    assert row.slope == pytest.approx(float(((1 - u / 0.7).clamp(min=0) / 0.7).mean()), rel=1e-4)
    assert row.distance == pytest.approx(float(u.flatten(1).median(1).values.median()) / 0.7, rel=1e-4)


def test_the_gradient_is_that_of_the_loss():
    model, x, y = net(1.5, 2.5), batch(), torch.arange(8)
    found = doctor(model, (x, y), loss=torch.nn.functional.cross_entropy)
    torch.nn.functional.cross_entropy(model(x), y).backward()
    for row, layer in zip(found.rows, (model[0], model[2]), strict=True):
        assert row.gradient == pytest.approx(float(layer.weight.grad.square().mean().sqrt()), rel=1e-4)
    assert found.rows[0].ratio == pytest.approx(found.rows[0].gradient / found.rows[1].gradient)


@pytest.mark.parametrize("strengths", [(0.1, 2.5), (1.5, 0.01), (1e-3, 2.5)])
def test_following_the_advice_wakes_a_dead_layer(strengths: tuple[float, ...]):
    model, x = net(*strengths), batch()
    dead = strengths.index(min(strengths))
    found = doctor(model, x)
    assert found.rows[dead].dead == 1.0
    assert found.rows[dead].rate == 0.0
    (advice,) = [text for text in found.advice if "never fire" in text]
    assert advice.startswith(f"layer '{2 * dead + 1}': 100 % of its neurons never fire")
    follow(model, advice)
    assert doctor(model, x).rows[dead].dead < 0.5
    # the way to the threshold is what the membrane says: a current near ``strength`` held on for 12 steps
    way = float(re.search(r"take them ([\d.]+) of the way", advice).group(1))
    assert way == pytest.approx(min(strengths), abs=0.1) if dead == 0 else way < 0.05


def test_inhibited_neurons_are_told_what_current_they_lack():
    model, x = net(1.5), batch()
    with torch.no_grad():
        model[0].weight.neg_()
    (advice,) = doctor(model, x).advice
    lacking = float(re.search(r"add about ([\d.]+) to their input", advice).group(1))
    model[0].bias = torch.nn.Parameter(torch.full((30,), lacking))
    assert doctor(model, x).rows[0].dead < 0.5


def test_following_the_advice_calms_a_saturated_layer():
    model, x = net(30.0, 2.5), batch()
    found = doctor(model, x)
    assert found.rows[0].saturated == 1.0
    assert found.rows[0].rate == pytest.approx(1.0)
    assert found.advice[0].startswith("layer '1': 100 % of its neurons fire in every step that they can: multiply 0.weight by")
    follow(model, found.advice[0])
    after = doctor(model, x).rows[0]
    assert after.saturated < 0.5
    assert after.dead < 0.5


def test_refractory_neurons_are_saturated_at_a_lower_rate():
    model = Sequential(linear(20, 30, 30.0), spiking(t_ref=2.0), MeanRate())
    (row,) = doctor(model, batch()).rows
    assert row.saturated == 1.0
    assert row.rate == pytest.approx(1 / 3)


def test_a_surrogate_that_is_too_narrow_is_widened():
    model, x = net(1.5, 2.5, width=0.002), batch()
    found = doctor(model, x)
    (first, *_) = [text for text in found.advice if "surrogate's width" in text]
    width = float(re.search(r"Surrogate\('triangle', ([\d.]+)\) in place of the width 0.002", first).group(1))
    healed = doctor(net(1.5, 2.5, width=width), x)
    assert healed.rows[0].near > 0.3 > 0.05 > found.rows[0].near
    assert healed.healthy


def test_inputs_that_overshoot_are_told_apart_from_narrow_surrogates():
    model, x = net(1.5), batch()
    with torch.no_grad():  # as many neurons driven far down as far up
        model[0].weight.mul_(200.0 * torch.tensor([1.0, -1.0, 1.0]).repeat(10)[:, None])
    found = doctor(model, x)
    assert found.rows[0].saturated == pytest.approx(2 / 3)
    follow(model, found.advice[0])
    assert doctor(model, x).rows[0].saturated < 0.5


def test_vanishing_gradients_are_told():
    model, x = net(1.5, 2.5, 2.5, 2.5), batch()
    model[3].surrogate = Surrogate("superspike", 1e-4)  # of a height that does not make up for its width
    found = doctor(model, x)
    assert found.rows[0].ratio < 1e-3
    (advice,) = [text for text in found.advice if "vanish" in text]
    assert "the steepest fall is at layer '3'" in advice
    width = float(re.search(r"widen the surrogate of layer '3' to ([\d.]+)", advice).group(1))
    model[3].surrogate = Surrogate("superspike", width)
    assert doctor(model, x).healthy


def test_exploding_gradients_are_told():
    model, x = net(1.5, 2.5, 2.5), batch()

    class Steep(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return 1e5 * g

    model[4].register_forward_pre_hook(lambda module, args: (Steep.apply(args[0]),))
    (advice,) = [text for text in doctor(model, x).advice if "explode" in text]
    assert "the steepest rise is at layer '3'" in advice


def test_a_cut_graph_is_told():
    model, x = net(1.5, 2.5), batch()
    model[2].register_forward_pre_hook(lambda module, args: (args[0].detach(),))
    assert doctor(model, x).advice == (
        "layer '1': no gradient at all arrives at its weights: nothing between them and the loss may be detached, or lie beyond "
        "its surrogate's reach",
    )


def test_broken_weights_and_steps_that_run_away_are_told():
    model, x = net(1.5, 2.5), batch()
    with torch.no_grad():
        model[2].weight[0, 0] = torch.nan
    found = doctor(model, x)
    assert found.rows[1].bad > 0
    assert found.rows[1].rate is None
    assert found.advice == (
        "layer '3': 2.weight hold numbers that are NaN or infinite: go back to earlier weights, and train at a lower rate",
    )
    wild = torch.nn.Sequential(Spiking(Izhikevich(v_peak=1e30), engine="plain"))
    (advice,) = doctor(wild, 1e6 * torch.ones(99, 1, 3)).advice
    assert advice.startswith(
        "layer '0': its states ran away: use steps shorter than dt = 1 ms, or multiply its input by about 0.1"
    )


def test_batch_norms_scale_the_input_of_the_layer_behind_them():
    model = Sequential(linear(20, 30, 1.0), torch.nn.BatchNorm1d(30), spiking(), MeanRate())
    with torch.no_grad():
        model[1].weight.fill_(1e-3)
        model[1].bias.fill_(0.01)
    found = doctor(model, batch())
    assert "multiply 1.weight and 1.bias by about" in found.advice[0]
    follow(model, found.advice[0])
    assert doctor(model, batch()).rows[0].dead < 0.5


def test_recurrent_layers_and_any_module_are_seen():
    class Mine(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inward, self.cells, self.outward = (
                linear(20, 30, 0.1),
                Recurrent(30, LIF(**UNIT), engine="plain"),
                linear(30, 3, 1),
            )

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, str]:
            return self.outward(self.cells(self.inward(x))).mean(0), "more"

    model, x = Mine(), batch()
    found = doctor(model, x)
    assert [row.layer for row in found.rows] == ["cells"]
    assert "multiply inward.weight by about" in found.advice[0]
    follow(model, found.advice[0])
    awake = doctor(model, x)
    assert awake.rows[0].dead < 0.5
    seen = []
    model.cells.register_forward_hook(lambda module, args, out: seen.append(out))
    model(x)
    assert awake.rows[0].rate == pytest.approx(float(seen[0].detach().mean()))


@pytest.mark.parametrize("train", [True, False])
def test_nothing_of_the_model_changes(train: bool):
    generator = torch.Generator().manual_seed(3)
    model = Sequential(
        linear(20, 30, 3.0), torch.nn.BatchNorm1d(30), torch.nn.Dropout(0.5), torch.nn.Sigmoid(), Bernoulli(5, generator),
        Recurrent(30, LIF(**UNIT), engine="plain", trainable=("tau_m",)), torch.nn.Linear(30, 3), MeanRate(),
    )  # fmt: skip
    model.train(train)
    x = torch.rand(8, 20)
    model(x).sum().backward()
    before = copy.deepcopy({name: value for name, value in model.state_dict().items() if isinstance(value, torch.Tensor)})
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    assert {"5.weight", "6.weight"} < set(gradients)
    state, own = torch.get_rng_state(), generator.get_state()
    doctor(model, x)
    after = model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    now = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert set(now) == set(gradients)
    assert all(torch.equal(value, now[name]) for name, value in gradients.items())
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(own, generator.get_state())
    assert all(module.training == train for module in model.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_it_works_where_gradients_are_off_and_says_the_same_twice():
    model, x = net(1.5, 2.5), batch()
    with torch.no_grad():
        assert doctor(model, x) == doctor(model, x)


def test_a_program_reads_it_as_json():
    found = json.loads(json.dumps(doctor(net(0.1), batch()).to_dict()))
    assert not found["healthy"]
    assert found["rows"][0]["dead"] == 1.0
    assert len(found["advice"]) >= 1


WRONG: dict[str, tuple[Any, str]] = {
    "no module": (lambda: doctor("net", batch()), "doctor, model: must be a module of torch"),
    "no spiking layer": (lambda: doctor(torch.nn.Linear(20, 3), batch()), "has no spiking layer (got Linear)"),
    "no tensor": (lambda: doctor(net(1.0), [1.0]), "must be the net's input, a tensor, or (input, target)"),
    "nan": (lambda: doctor(net(1.0), torch.full((3, 2, 20), torch.nan)), "must be finite (got 120 NaN or infinite of 120)"),
    "features": (lambda: doctor(net(1.0), torch.ones(3, 2, 7)), "does not go through the model"),
    "no time": (lambda: doctor(net(1.0), torch.ones(20)), "the time axis is missing"),
    "loss": (lambda: doctor(net(1.0), batch(), loss=lambda out: out), "doctor, loss: must return one number"),
    "output": (lambda: doctor(torch.nn.Sequential(spiking(), Odd()), batch()), "must return a tensor, or a tuple that begins with"),
    "not run": (lambda: doctor(Idle(), batch()), "its spiking layers did not run on this batch"),
}  # fmt: skip


class Odd(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> str:
        return "spikes"


class Idle(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cells = spiking()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


@pytest.mark.parametrize("name", WRONG)
def test_bad_calls_are_named(name: str):
    call, expected = WRONG[name]
    with pytest.raises((EngineError, ParameterError)) as caught:
        call()
    assert expected in str(caught.value)
