"""Meta-dynamic neurons: clusters that are there are found, types are given out, and the net equals the paper's recursion."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from recursions import Step, same_training

from maichong.zoo.meta_neurons_2020 import PUBLISHED, Settings, assigned, centres, discovered_types, network

TYPES = {pair: np.array(found) for pair, found in PUBLISHED.items()}


def test_the_net_is_that_of_the_paper() -> None:
    torch.manual_seed(1)
    cells = assigned(TYPES, (12, 10), seed=1)
    net = network(Settings(hidden=12, steps=6), 784, cells, learned=False).double()
    weights = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
    for layer in weights:
        layer.weight.data *= 3

    def forward(x: torch.Tensor) -> torch.Tensor:
        states = [[torch.zeros(3, n).double(), torch.full((3, n), 0.08).double(), torch.zeros(3, n).double()] for n in (12, 10)]
        total = 0
        for _ in range(6):
            x_l = x.flatten(1)
            for k, layer in enumerate(weights):
                a, b, c, d = (torch.tensor(cells[k][name]) for name in "abcd")
                v, u, s = states[k]
                v, u = v * (1 - s) + c * s, u + d * s
                v, u = v + (v**2 - v - u + torch.sigmoid(layer(x_l))), u + a * (b * v - u)
                x_l = Step.apply(v - 0.5)
                states[k] = [v, u, x_l]
            total = total + x_l
        return total / 6

    x, y = torch.rand(3, 1, 28, 28, dtype=torch.float64), torch.rand(3, 10, dtype=torch.float64)
    same_training(net, forward, x, y)


@pytest.mark.parametrize("k", [1, 3])
def test_clusters_that_are_there_are_found(k: int) -> None:
    rng = np.random.default_rng(3)
    means = np.array([(0.06, 0.2), (0.3, -0.1), (-0.3, 0.1)])[:k]
    points = np.concatenate([rng.normal(mean, 0.01, (100, 2)) for mean in means])
    found = centres(points, 0.5 if k == 1 else 0.25)
    assert found.shape == (k, 2)
    np.testing.assert_allclose(found[np.argsort(found[:, 0])], means[np.argsort(means[:, 0])], atol=0.005)


def test_neurons_that_are_all_alike_are_of_one_type() -> None:
    assert centres(np.full((20, 2), 0.3), 0.5) == pytest.approx(np.full((1, 2), 0.3))


def test_neurons_are_of_the_types_that_there_are() -> None:
    cells = assigned(TYPES, (500, 10), seed=1)
    assert [len(of["a"]) for of in cells] == [500, 10]
    assert set(zip(cells[0]["c"], cells[0]["d"], strict=True)) == set(PUBLISHED["cd"])
    assert set(zip(cells[0]["a"], cells[0]["b"], strict=True)) == set(PUBLISHED["ab"])
    assert not np.array_equal(cells[0]["c"], assigned(TYPES, (500, 10), seed=2)[0]["c"])


def test_the_types_of_a_net_are_those_of_its_neurons() -> None:
    cells = [{"a": np.full(n, 0.1), "b": np.full(n, 0.2), "c": np.full(n, -0.1), "d": np.full(n, 0.05)} for n in (8, 10)]
    found = discovered_types(network(Settings(hidden=8), 784, cells, learned=True), 0.5)
    np.testing.assert_allclose(found["ab"], [[0.1, 0.2]], rtol=1e-6)
    np.testing.assert_allclose(found["cd"], [[-0.1, 0.05]], rtol=1e-6)
