"""Each rule's gradient against the formula of its paper, by torch's autograd on a net that is written out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from digits import NEURON, layered, mse, trained

from maichong import LIF
from maichong.errors import CheckpointError, EngineError, ParameterError
from maichong.learning import (
    BPTT,
    DirectFeedbackAlignment,
    DirectRandomTarget,
    FeedbackAlignment,
    Learner,
    RewardPropagation,
)
from maichong.nn import MeanRate, Recurrent, Repeat, Sequential, Spiking

DECAY = float(torch.exp(torch.tensor(-0.5, dtype=torch.float64)))


def batch(rows: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return torch.rand(rows, 6, generator=generator, dtype=torch.float64) * 2, torch.randint(3, (rows,), generator=generator)


def net(steps: int = 7) -> Sequential:
    module = layered(6, 8, 5, 3, steps=steps, engine="plain").double()
    with torch.no_grad():
        for k in (1, 3, 5):  # so that all layers fire
            module[k].weight.mul_(3.0)
            module[k].bias.add_(0.6)
    return module


def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    hot = target if target.dim() == 2 else torch.nn.functional.one_hot(target, 3).to(output.dtype)
    return torch.nn.functional.mse_loss(output, hot)


class Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(u)
        return (u >= 0).to(u.dtype)

    @staticmethod
    def backward(ctx: Any, *g: torch.Tensor) -> torch.Tensor:
        (u,) = ctx.saved_tensors
        return g[0] * (u.abs() < 0.5)


def lif(current: torch.Tensor) -> torch.Tensor:
    """The neurons of these nets by hand: v' = d v + (1 - d) i, a spike at 0.5 sets v to 0."""
    v, spikes = torch.zeros_like(current[0]), []
    for now in current:
        v = DECAY * v + (1 - DECAY) * now
        s = Step.apply(v - 0.5)
        v = v * (1 - s)
        spikes.append(s)
    return torch.stack(spikes)


def by_hand(module: Sequential, x: torch.Tensor, steps: int = 7) -> list[torch.Tensor]:
    """Spikes of the three layers, each behind a cut: leaves of their own where a rule puts its signal."""
    one, two, three = (module[k] for k in (1, 3, 5))
    a = lif(one(x.expand(steps, *x.shape)))
    b = lif(two(a.detach()))
    c = lif(three(b.detach()))
    return [a, b, c]


def gradients(module: Sequential, roots: list[torch.Tensor], signals: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    names, parameters = zip(*module.named_parameters(), strict=True)
    return dict(zip(names, torch.autograd.grad(roots, parameters, signals), strict=True))


def agree(found: Any, expected: Any) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert (value != 0).any(), name
        torch.testing.assert_close(found[name], value, rtol=1e-10, atol=1e-14)


def output_signal(c: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """dL/dy for the mean squared error of the rate y, and dL/dc for the last spikes c."""
    y = c.mean(0)
    error = 2 * (y - torch.nn.functional.one_hot(target, 3)) / y.numel()
    return error, (error / len(c)).expand_as(c)


def test_bptt_is_the_gradient_of_the_loss() -> None:
    module, (x, target) = net(), batch()
    found = Learner(module, loss).assign(x, target)
    expected = loss(module(x), target)
    expected.backward()
    assert torch.equal(found.loss, expected)
    agree(found.gradients, {name: p.grad for name, p in module.named_parameters()})


def test_bptt_follows_finite_differences() -> None:
    # potentials without a reset are smooth in the weights
    neurons = Spiking(LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=0.5, v_r=0.0, reset="none"), outputs="v", engine="plain")
    module = Sequential(Repeat(5), torch.nn.Linear(3, 4), neurons, torch.nn.Linear(4, 2), MeanRate()).double()
    x = torch.rand(2, 3, dtype=torch.float64) * 0.1
    square = lambda output, target: ((output - target) ** 2).mean()  # noqa: E731
    found = Learner(module, square).assign(x, 1.0).gradients["1.weight"]
    for place in ((0, 0), (2, 1), (3, 2)):
        values = []
        for h in (1e-5, -1e-5):
            with torch.no_grad():
                module[1].weight[place] += h
                values.append(float(square(module(x), 1.0)))
                module[1].weight[place] -= h
        assert float(found[place]) == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("mean", [False, True])
def test_random_targets_are_projected_onto_every_step(mean: bool) -> None:
    module, (x, target) = net(), batch()
    learner = Learner(module, loss, RewardPropagation(scale=0.7, mean=mean), seed=5)
    found = learner.assign(x, target)
    a, b, c = by_hand(module, x)
    matrices = [learner.feedback.matrices[f"{name}.signal"] for name in "24"]
    assert [m.shape for m in matrices] == [(3, 8), (3, 5)]
    hot = torch.nn.functional.one_hot(target, 3).double()
    share = 0.7 / (4 * 7 if mean else 1)
    signals = [(share * hot @ m).expand_as(z) for m, z in zip(matrices, (a, b), strict=True)]
    agree(found.gradients, gradients(module, [a, b, c], [*signals, output_signal(c, target)[1]]))
    agree(learner.assign(x, hot).gradients, found.gradients)


def test_direct_feedback_brings_the_error_of_the_output() -> None:
    module, (x, target) = net(), batch()
    learner = Learner(module, loss, DirectFeedbackAlignment(scale=-2.0))
    found = learner.assign(x, target)
    a, b, c = by_hand(module, x)
    error, last = output_signal(c, target)
    signals = [
        (-2.0 * error @ learner.feedback.matrices[f"{name}.signal"] / 7).expand_as(z) for name, z in (("2", a), ("4", b))
    ]
    agree(found.gradients, gradients(module, [a, b, c], [*signals, last]))


def test_the_error_of_an_output_in_time_comes_step_by_step() -> None:
    module, (x, _) = net(), batch()
    timed = Sequential(*module[:-1])
    learner = Learner(timed, lambda z, y: ((z - y) ** 2).sum(), DirectFeedbackAlignment())
    wanted = (torch.rand(7, 4, 3, generator=torch.Generator().manual_seed(2)) < 0.5).double()
    found = learner.assign(x, wanted)
    a, b, c = by_hand(module, x)
    error = 2 * (c - wanted)
    signals = [error.detach() @ learner.feedback.matrices[f"{name}.signal"] for name in "24"]
    agree(found.gradients, gradients(module, [a, b, c], [*signals, error.detach()]))


def test_feedback_alignment_goes_down_through_random_weights() -> None:
    module, (x, target) = net(), batch()
    learner = Learner(module, loss, FeedbackAlignment(scale=1.5))
    found = learner.assign(x, target)
    a, b, c = by_hand(module, x)
    # delta of each layer's input current, and down through B in place of the weight
    two, three = (1.5 * learner.feedback.matrices[f"{name}.weight"] for name in "35")
    assert two.shape == module[3].weight.shape
    current_c = module[5](b.detach()).detach().requires_grad_()
    (delta_c,) = torch.autograd.grad(lif(current_c), current_c, output_signal(c, target)[1])
    current_b = module[3](a.detach()).detach().requires_grad_()
    (delta_b,) = torch.autograd.grad(lif(current_b), current_b, delta_c @ three)
    agree(found.gradients, gradients(module, [a, b, c], [delta_b @ two, delta_c @ three, output_signal(c, target)[1]]))


def test_feedback_alignment_with_the_weights_themselves_is_bptt() -> None:
    torch.manual_seed(1)
    module = Sequential(
        Repeat(4), torch.nn.Conv2d(1, 2, 3, padding="same", padding_mode="circular"), Spiking(NEURON, engine="plain"),
        torch.nn.AvgPool2d(2), torch.nn.Conv2d(2, 3, 3, stride=2, padding=1), Spiking(NEURON, engine="plain"),
        torch.nn.Flatten(), torch.nn.Linear(12, 3), MeanRate(),
    ).double()  # fmt: skip
    with torch.no_grad():
        module[4].weight.mul_(4.0).abs_()
    x = 3 * torch.rand(2, 1, 8, 8, dtype=torch.float64)
    target = torch.tensor([0, 2])
    learner = Learner(module, torch.nn.functional.cross_entropy, FeedbackAlignment())
    random = learner.assign(x, target).gradients
    true = Learner(module, torch.nn.functional.cross_entropy).assign(x, target).gradients
    assert set(learner.feedback.matrices) == {"4.weight", "7.weight"}
    assert not torch.allclose(random["1.weight"], true["1.weight"])
    learner.feedback.load({"4.weight": module[4].weight, "7.weight": module[7].weight})
    agree(learner.assign(x, target).gradients, true)


def test_rules_mix_block_by_block() -> None:
    module, (x, target) = net(), batch()
    learner = Learner(module, loss, {"1": RewardPropagation()})
    assert [type(rule).__name__ for rule in learner.rules.values()] == ["DirectRandomTarget", "BPTT", "BPTT"]
    found = learner.assign(x, target).gradients
    true = Learner(module, loss).assign(x, target).gradients
    whole = Learner(module, loss, RewardPropagation()).assign(x, target).gradients
    agree({n: found[n] for n in found if n[0] != "1"}, {n: true[n] for n in found if n[0] != "1"})
    agree({n: found[n] for n in found if n[0] == "1"}, {n: whole[n] for n in found if n[0] == "1"})


def test_a_linear_readout_behind_the_rate_is_the_output_block() -> None:
    torch.manual_seed(0)
    module = Sequential(
        Repeat(4), torch.nn.Linear(6, 5), Spiking(NEURON, engine="plain"), MeanRate(), torch.nn.Linear(5, 3)
    ).double()
    x, target = batch()
    learner = Learner(module, torch.nn.functional.cross_entropy, DirectFeedbackAlignment())
    found = learner.assign(x, target).gradients
    assert set(found) == {"1.weight", "1.bias", "4.weight", "4.bias"}
    true = Learner(module, torch.nn.functional.cross_entropy).assign(x, target).gradients
    agree({n: found[n] for n in ("4.weight", "4.bias")}, {n: true[n] for n in ("4.weight", "4.bias")})
    assert not torch.allclose(found["1.weight"], true["1.weight"])


def test_learn_adds_to_the_gradients() -> None:
    module, (x, target) = net(), batch()
    learner = Learner(module, loss, DirectFeedbackAlignment())
    once = learner.assign(x, target)
    for _ in range(2):
        value, output = learner.learn(x, target)
    assert torch.equal(value, once.loss) and torch.equal(output, once.output) and torch.equal(output, learner(x))
    for name, parameter in module.named_parameters():
        torch.testing.assert_close(parameter.grad, 2 * once.gradients[name])
    module[1].weight.requires_grad_(False)
    assert "1.weight" not in learner.assign(x, target).gradients


def test_random_matrices_are_kept() -> None:
    module, (x, target) = net(), batch()
    learner = Learner(module, loss, {"2": FeedbackAlignment(), "4": RewardPropagation()}, seed=1)
    first = learner.assign(x, target).gradients
    agree(learner.assign(x, target).gradients, first)
    other = Learner(module, loss, {"2": FeedbackAlignment(), "4": RewardPropagation()}, seed=2)
    assert not torch.equal(other.assign(x, target).gradients["1.weight"], first["1.weight"])
    other.load_state_dict(learner.state_dict())
    agree(other.assign(x, target).gradients, first)
    again = Learner(module, loss, {"2": FeedbackAlignment(), "4": RewardPropagation()}, seed=1)
    agree(again.assign(x, target).gradients, first)
    bound = (6 / 5) ** 0.5
    matrix = learner.feedback.matrices["4.signal"]
    assert matrix.dtype == torch.float64 and 0.5 * bound < matrix.abs().max() <= bound
    with pytest.raises(CheckpointError, match="must be of the rules"):
        Learner(module, loss).load_state_dict(learner.state_dict())


@pytest.mark.parametrize(
    ("rule", "hidden", "least"),
    [(BPTT(), (100,), 0.93), (FeedbackAlignment(), (100, 100), 0.9), (DirectFeedbackAlignment(), (100, 100), 0.9),
     (RewardPropagation(), (100,), 0.88)],
)  # fmt: skip
def test_digits_are_learned(rule: Any, hidden: tuple[int, ...], least: float) -> None:
    assert trained(Learner(layered(64, *hidden, 10), mse, rule)) > least


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Learner(torch.nn.Sequential(), loss), ParameterError, "net: must be a maichong.nn.Sequential"),
        (lambda: Learner(Sequential(torch.nn.Linear(1, 1)), loss), ParameterError, "must have a layer of spiking neurons"),
        (lambda: Learner(net(), 3), ParameterError, "loss: must be a function of"),
        (lambda: Learner(net(), loss, window=0), ParameterError, "window: must be a whole number of steps"),
        (lambda: Learner(net(), loss, seed=-1), ParameterError, "seed: must be a whole number >= 0"),
        (lambda: Learner(net(), loss, BPTT), ParameterError, "call it: BPTT()"),
        (lambda: Learner(net(), loss, {"7": "dfa"}), ParameterError, "must be rules, such as BPTT()"),
        (lambda: Learner(net(), loss, {"9": BPTT()}), ParameterError, "must name layers of the net (got '9')"),
        (lambda: Learner(net(), loss, {"1": BPTT(), "2": RewardPropagation()}), ParameterError, "are one block"),
        (lambda: Learner(net(), loss, {"5": RewardPropagation()}), ParameterError, "layer 6: is of the output block"),
        (lambda: Learner(Sequential(Spiking(NEURON), MeanRate(), torch.nn.Linear(2, 2)), loss, {"2": RewardPropagation()}),
         ParameterError, "layer 2: is of the output block"),
        (lambda: FeedbackAlignment(scale=0), ParameterError, "FeedbackAlignment, scale: must be a number other than 0"),
        (lambda: DirectFeedbackAlignment(scale=float("nan")), ParameterError, "scale: must be a number"),
        (lambda: DirectRandomTarget(mean=1), ParameterError, "mean: must be True or False"),
        (lambda: Learner(net(), lambda y, t: y).assign(*batch()), EngineError, "loss: must return one number"),
        (lambda: Learner(net(), lambda y, t: y.sum(), DirectRandomTarget()).assign(batch()[0], 3), EngineError, "classes [4]"),
        (lambda: Learner(Sequential(torch.nn.Linear(6, 6), Spiking(NEURON), Spiking(NEURON)), loss, FeedbackAlignment()),
         EngineError, "needs a Linear or Conv layer above"),
        (lambda: Learner(Sequential(Spiking(NEURON), Sequential(torch.nn.Linear(6, 6), Spiking(NEURON))), loss,
         FeedbackAlignment()), EngineError, "replaces the weights of Linear and Conv layers"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


def test_inputs_of_another_size_do_not_fit_the_random_matrices() -> None:
    pool = torch.nn.AdaptiveAvgPool1d(1)
    module = Sequential(
        torch.nn.Conv1d(1, 2, 3), Spiking(NEURON, engine="plain"), pool, torch.nn.Flatten(), torch.nn.Linear(2, 3), MeanRate()
    )
    learner = Learner(module, torch.nn.functional.cross_entropy, RewardPropagation())
    learner.assign(torch.rand(3, 2, 1, 9), torch.tensor([0, 1]))
    with pytest.raises(EngineError, match=r"must fit the random matrix 1\.signal"):
        learner.assign(torch.rand(3, 2, 1, 10), torch.tensor([0, 1]))


class Counted(torch.nn.Module):
    """A layer that counts how many steps a call gets."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(len(x))
        return x


RULES = [BPTT(), FeedbackAlignment(), DirectFeedbackAlignment(), RewardPropagation(mean=True)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_a_window_of_the_whole_run_changes_nothing(rule: Any) -> None:
    module, (x, target) = net(), batch()
    whole = Learner(module, loss, rule).assign(x, target)
    wide = Learner(module, loss, rule, window=7).assign(x, target)
    assert torch.equal(whole.output, wide.output)
    agree(wide.gradients, whole.gradients)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_a_window_cuts_time_and_nothing_else(rule: Any) -> None:
    # neurons without memory: no gradient passes from step to step, so that there is nothing to cut
    torch.manual_seed(0)
    short = LIF(tau_m=0.01, c_m=0.01, v_rest=0.0, v_th=0.5, v_r=0.0)
    layers = [torch.nn.Linear(6, 8), Repeat(7), Spiking(short, engine="plain"), torch.nn.Dropout(0.3), torch.nn.Linear(8, 3)]
    module = Sequential(*layers, Spiking(short, engine="plain"), MeanRate()).double()
    x, target = batch()
    found = []
    for window in (None, 2):
        torch.manual_seed(3)
        # a drawn number for each row and feature, in the same order whatever the pieces
        found.append(Learner(module, loss, rule, window=window).assign(x, target))
    assert torch.equal(found[0].output, found[1].output)
    agree(found[1].gradients, found[0].gradients)


def test_a_window_is_a_run_with_detached_states() -> None:
    module, (x, target) = net(), batch()
    counted = Counted()
    timed = Sequential(*(layer for k, layer in enumerate(module) if k not in (0, 7)))
    state, parts = timed.begin(), []
    for piece in x.expand(7, *x.shape).split(3):
        spikes, state = timed(piece, state)
        state = {name: value.detach() for name, value in state.items()}
        parts.append(spikes)
    loss(torch.cat(parts).mean(0), target).backward()
    expected = {name: p.grad for name, p in module.named_parameters()}
    seen = Sequential(*list(module)[:3], counted, *list(module)[3:])
    assert [name for name, _ in seen.named_parameters()][2] == "4.weight"
    found = Learner(seen, loss, window=3).assign(x, target).gradients
    agree({f"{'1135'[(int(n[0]) // 2)] if n[0] != '1' else 1}.{n[2:]}": g for n, g in found.items()}, expected)
    # 3 steps x 4 rows at most, in the first run and in the second
    assert counted.seen == [12, 12, 4] * 2
    assert not torch.allclose(Learner(module, loss).assign(x, target).gradients["1.weight"], expected["1.weight"])


def test_recurrent_neurons_learn_under_any_rule() -> None:
    torch.manual_seed(0)
    module = Sequential(
        Repeat(6), torch.nn.Linear(6, 8), Recurrent(8, NEURON, engine="plain"), torch.nn.Linear(8, 3), MeanRate()
    ).double()
    x, target = batch()
    found = Learner(module, torch.nn.functional.cross_entropy, RewardPropagation()).assign(x, target).gradients
    assert (found["2.weight"] != 0).any()


def test_a_checkpoint_holds_each_weight_once() -> None:
    module = net()
    names = Learner(module, loss, {"2": FeedbackAlignment()}).state_dict().keys()
    assert names == {f"net.{name}" for name in module.state_dict()} | {"_extra_state"}


def test_running_means_move_once_for_each_piece() -> None:
    """As in pieces run by hand, one after another: momentum 0.1, from 0."""
    module, (x, target) = net(), batch()
    norm = torch.nn.BatchNorm1d(8).double()
    layers = [*module[:2], norm, *module[2:]]
    steps = layers[0].steps
    Learner(Sequential(*layers), loss, window=3).learn(x, target)
    means, expected = [], torch.zeros(8, dtype=torch.float64)
    currents = module[1](x).detach().expand(steps, *x.shape[:1], 8)
    for piece in currents.split(3):
        means.append(piece.flatten(0, 1).mean(dim=0))
        expected = 0.9 * expected + 0.1 * means[-1]
    assert int(norm.num_batches_tracked) == len(means) == 3
    torch.testing.assert_close(norm.running_mean, expected)
