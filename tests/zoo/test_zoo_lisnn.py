"""LISNN's net against the recursion that the paper writes down, in plain torch: rates and all gradients."""

from __future__ import annotations

import pytest
import torch
from recursions import Layer, same_training
from torch.nn.functional import avg_pool2d

from maichong.zoo.lisnn_2020 import Settings, network


@pytest.mark.parametrize("lateral", [True, False])
def test_the_net_is_that_of_the_paper(lateral: bool) -> None:
    torch.manual_seed(1)
    net = network(Settings(channels=3, hidden=12, steps=4, lateral=lateral)).double()
    convs = [layer for layer in net if isinstance(layer, torch.nn.Conv2d)]
    dense = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
    heard = [layer.connection if lateral else None for layer in net if hasattr(layer, "connection") or layer is None]
    heard = heard or [None, None]
    for layer in (*convs, *dense):  # so that all layers fire
        layer.weight.data *= 4
    if lateral:
        assert [tuple(layer.weight.shape) for layer in heard] == [(3, 1, 5, 5)] * 2

    def forward(x: torch.Tensor) -> torch.Tensor:
        first, second, third, last = Layer(heard[0]), Layer(heard[1]), Layer(), Layer()
        total = 0
        for _ in range(4):
            hidden = avg_pool2d(first(convs[0](x)), 2)
            hidden = avg_pool2d(second(convs[1](hidden)), 2).flatten(1)
            total = total + last(dense[1](third(dense[0](hidden))))
        return total / 4

    x, y = torch.rand(3, 1, 28, 28, dtype=torch.float64), torch.rand(3, 10, dtype=torch.float64)
    same_training(net, forward, x, y)
