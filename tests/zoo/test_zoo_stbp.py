"""STBP's nets against the recursion that the paper writes down, in plain torch: rates and all gradients."""

from __future__ import annotations

import pytest
import torch
from recursions import Layer, same_training
from torch.nn.functional import avg_pool2d

from maichong.zoo.stbp_2018 import Settings, loss, network


def test_the_convolutional_net_is_that_of_the_paper() -> None:
    torch.manual_seed(1)
    net = network(Settings(steps=4)).double()
    weights = [layer for layer in net if list(layer.children()) == [] and list(layer.parameters())]
    assert [tuple(layer.weight.shape) for layer in weights] == [(15, 1, 5, 5), (40, 15, 5, 5), (300, 640), (10, 300)]
    for layer in weights:  # so that all layers fire
        layer.weight.data *= 2

    def forward(x: torch.Tensor) -> torch.Tensor:
        first, second, third, last = (Layer() for _ in range(4))
        total = 0
        for _ in range(4):
            hidden = avg_pool2d(first(weights[0](x)), 2)
            hidden = avg_pool2d(second(weights[1](hidden)), 2).flatten(1)
            total = total + last(weights[3](third(weights[2](hidden))))
        return total / 4

    x, y = torch.rand(3, 1, 28, 28, dtype=torch.float64), torch.rand(3, 10, dtype=torch.float64)
    same_training(net, forward, x, y)


def test_the_fully_connected_net_with_random_spikes() -> None:
    torch.manual_seed(2)
    net = network(Settings(net="mlp", coding="bernoulli", steps=5)).double()
    weights = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
    for layer in weights:
        layer.weight.data *= 2

    def forward(x: torch.Tensor) -> torch.Tensor:
        first, last = Layer(), Layer()
        torch.manual_seed(3)
        chances = torch.rand(5, *x.shape, dtype=x.dtype)
        return sum(last(weights[1](first(weights[0]((now < x).double().flatten(1))))) for now in chances) / 5

    def seeded(x: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(3)
        return net(x)

    seeded.zero_grad, seeded.named_parameters = net.zero_grad, net.named_parameters
    x, y = torch.rand(3, 1, 28, 28, dtype=torch.float64), torch.rand(3, 10, dtype=torch.float64)
    same_training(seeded, forward, x, y)


def test_the_loss_is_the_squared_distance_from_the_class() -> None:
    rates = torch.tensor([[0.5, 0.0, 1.0], [0.0, 1.0, 0.0]])
    assert loss(rates, torch.tensor([2, 0])).item() == pytest.approx((0.25 + 2.0) / 2)
