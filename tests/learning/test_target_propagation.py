"""Targets and inverses against the paper's formulas, by torch's autograd on the layers one by one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from digits import NEURON, data, layered, mse

from maichong.errors import EngineError, ParameterError
from maichong.learning import BPTT, DirectFeedbackAlignment, Learner, TargetPropagation, alignment
from maichong.nn import MeanRate, Repeat, Sequential, Spiking

F64 = torch.float64


def net() -> Sequential:
    module = layered(6, 8, 5, 3, steps=7, engine="plain").double()
    with torch.no_grad():
        for k in (1, 3, 5):  # so that all layers fire
            module[k].weight.mul_(3.0)
            module[k].bias.add_(0.6)
    return module


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return torch.rand(4, 6, generator=generator, dtype=F64) * 2, torch.randint(3, (4,), generator=generator)


def square(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (output - torch.nn.functional.one_hot(target, 3)).square().sum(dim=1).mean()


def blocks(module: Sequential) -> list[Sequential]:
    return [Sequential(module[k], module[k + 1]) for k in (1, 3, 5)]


@pytest.mark.parametrize("difference", [True, False])
def test_each_layer_has_the_gradient_of_its_distance_from_its_target(difference: bool) -> None:
    module, (x, y) = net(), batch()
    rule = TargetPropagation(step=0.4, noise=0.2, difference=difference)
    learner = Learner(module, square, rule)
    inverse = learner.inverses["4"]
    assert (inverse.in_features, inverse.out_features) == (5, 8)
    torch.manual_seed(9)
    found = learner.assign(x, y)
    torch.manual_seed(9)
    noise = 0.2 * torch.randn(4, 8, dtype=F64)

    one, two, three = blocks(module)
    z1 = one(x.expand(7, 4, 6))
    z2 = two(z1.detach())
    start = z2.detach().requires_grad_()
    loss = square(three(start).mean(dim=0), y)
    loss.backward()
    h1, h2 = z1.detach().mean(dim=0), z2.detach().mean(dim=0)
    t2 = h2 - 0.4 * 4 * start.grad.sum(dim=0)
    with torch.no_grad():
        t1 = torch.sigmoid(inverse(t2)) + (h1 - torch.sigmoid(inverse(h2)) if difference else 0)
    (z1.mean(dim=0) - t1).square().sum(dim=1).mean().backward()
    (z2.mean(dim=0) - t2).square().sum(dim=1).mean().backward()
    noisy = z1.detach() + noise
    guess = torch.sigmoid(inverse(two(noisy).mean(dim=0).detach()))
    (guess - noisy.mean(dim=0)).square().sum(dim=1).mean().backward()

    assert torch.equal(found.loss, loss.detach())
    expected = {name: p.grad for name, p in module.named_parameters()}
    expected |= {f"inverses.4.{name}": p.grad for name, p in inverse.named_parameters()}
    assert found.gradients.keys() == expected.keys()
    for name, value in expected.items():
        assert (value != 0).any(), name
        torch.testing.assert_close(found.gradients[name], value, rtol=1e-9, atol=1e-14)


def silent(output: torch.Tensor, target: Any) -> torch.Tensor:
    return 0.0 * output.sum()


def test_no_error_at_the_top_teaches_nothing() -> None:
    """Of the difference rule: the target of every layer is what it does, exactly. Plain inverses have errors of their own."""
    module, (x, y) = net(), batch()
    found = Learner(module, silent, TargetPropagation()).assign(x, y)
    for name, _ in module.named_parameters():
        assert (found.gradients[name] == 0).all(), name
    assert (found.gradients["inverses.4.weight"] != 0).any()
    plain = Learner(module, silent, TargetPropagation(difference=False)).assign(x, y)
    assert (plain.gradients["1.weight"] != 0).any()


def test_one_hidden_layer_needs_no_inverse() -> None:
    """Its gradient is 2 step times that of the loss, averaged over time where it reaches the spikes."""
    module = layered(6, 8, 3, steps=1, engine="plain").double()
    with torch.no_grad():
        module[1].weight.mul_(3.0)
        module[3].bias.add_(0.4)
    x, y = batch()
    learner = Learner(module, square, TargetPropagation(step=0.25))
    assert not list(learner.inverses.parameters())
    found, true = learner.assign(x, y), Learner(module, square).assign(x, y)
    assert (true.gradients["1.weight"] != 0).any()
    for name, value in true.gradients.items():
        torch.testing.assert_close(found.gradients[name], value * (0.5 if name.startswith("1.") else 1.0))


def test_below_it_other_rules_learn_from_what_it_says() -> None:
    """BPTT in the first block goes on from the second one's distance from its target."""
    module, (x, y) = net(), batch()
    found = Learner(module, square, {"4": TargetPropagation(step=0.4)}).assign(x, y)
    one, two, three = blocks(module)
    z2 = two(one(x.expand(7, 4, 6)))
    start = z2.detach().requires_grad_()
    square(three(start).mean(dim=0), y).backward()
    wanted = z2.detach().mean(dim=0) - 0.4 * 4 * start.grad.sum(dim=0)
    (z2.mean(dim=0) - wanted).square().sum(dim=1).mean().backward()
    for name, p in module.named_parameters():
        torch.testing.assert_close(found.gradients[name], p.grad, rtol=1e-9, atol=1e-14)


def test_digits_are_learned_and_first_layers_step_where_the_gradient_does() -> None:
    module = layered(64, 80, 50, 10, steps=6)
    learner = Learner(module, mse, TargetPropagation())
    torch.manual_seed(1)
    pixels, labels = data()
    optimiser = torch.optim.Adam(learner.parameters(), lr=3e-3)
    for _ in range(8):
        for rows in torch.randperm(1400).split(50):
            optimiser.zero_grad()
            learner.learn(pixels[rows], labels[rows])
            optimiser.step()
    with torch.no_grad():
        right = (learner(pixels[1400:]).argmax(1) == labels[1400:]).float().mean()
    assert float(right) > 0.85
    assert alignment(learner, pixels[:200], labels[:200])["1.weight"] < 80


def test_inverses_are_saved_with_the_learner() -> None:
    module, (x, y) = net(), batch()
    learner = Learner(module, square, TargetPropagation())
    assert {"inverses.4.weight", "inverses.4.bias"} <= set(learner.state_dict())
    learner.learn(x, y)
    assert learner.inverses["4"].weight.grad is not None
    again = Learner(net(), square, TargetPropagation())
    again.load_state_dict(learner.state_dict())
    assert torch.equal(again.inverses["4"].weight, learner.inverses["4"].weight)


def wide() -> Sequential:
    cells = lambda: Spiking(NEURON, engine="plain")  # noqa: E731
    return Sequential(
        Repeat(2), torch.nn.Linear(6, 8), cells(), torch.nn.Conv1d(1, 1, 1), cells(), torch.nn.Linear(8, 3), cells(), MeanRate()
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: TargetPropagation(step=0.0), "TargetPropagation, step: must be a number > 0 (got 0.0)"),
        (lambda: TargetPropagation(noise=-1.0), "TargetPropagation, noise: must be a number > 0 (got -1.0)"),
        (lambda: TargetPropagation(difference=1), "TargetPropagation, difference: must be True or False (got 1)"),  # type: ignore[arg-type]
        (
            lambda: Learner(net(), square, {"2": TargetPropagation(), "4": BPTT()}),
            "Learner, layer 2: gets no target from layer 4 (got BPTT()); propagate targets in all hidden layers above it",
        ),
        (
            lambda: Learner(net(), square, {"2": TargetPropagation(), "4": DirectFeedbackAlignment()}),
            "Learner, layer 2: gets no target from layer 4 (got DirectFeedbackAlignment(scale=1.0)); "
            "propagate targets in all hidden layers above it",
        ),
        (
            lambda: Learner(net(), square, TargetPropagation(), window=3),
            "Learner, window: must be None where targets are propagated: they are rates of whole runs (got 3)",
        ),
        (
            lambda: Learner(wide(), square, TargetPropagation()),
            "TargetPropagation, layer 4: has an inverse where it is one Linear layer and neurons (got Conv1d, Spiking)",
        ),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == said


def test_a_layer_that_does_not_hear_all_of_the_one_below() -> None:
    cells = lambda: Spiking(NEURON, engine="plain")  # noqa: E731
    pooled = Sequential(
        Repeat(2), torch.nn.Linear(6, 8), cells(), torch.nn.AvgPool1d(2), torch.nn.Linear(4, 5), cells(), torch.nn.Linear(5, 3),
        cells(), MeanRate(),
    )  # fmt: skip
    with pytest.raises(EngineError) as caught:
        Learner(pooled, square, TargetPropagation()).assign(torch.rand(4, 6), torch.tensor([0, 1, 2, 0]))
    assert str(caught.value) == (
        "TargetPropagation, layer 5: must hear every neuron of the layer below, once (got 8 neurons, 4 inputs)"
    )
