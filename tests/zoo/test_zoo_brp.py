"""Reward propagation in the paper's net against what the paper writes down, in plain torch: each layer's gradient of its own."""

from __future__ import annotations

import pytest
import torch
from recursions import Layer
from torch.nn.functional import avg_pool2d, mse_loss, one_hot

from maichong.zoo.brp_2021 import Settings, heard, learner


@pytest.mark.parametrize("centred", [False, True])
def test_each_layer_has_the_gradient_of_its_own_spikes_times_a_random_projection_of_the_class(centred: bool) -> None:
    torch.manual_seed(1)
    found = learner(Settings(channels=3, hidden=20, steps=4, window=1.0), 1, 28, seed=5).double()
    net = found.net
    conv, dense, last = (layer for layer in net if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)))
    for layer in (conv, dense, last):  # so that all layers fire
        layer.weight.data *= 3
    x, y = torch.rand(6, 1, 28, 28, dtype=torch.float64), torch.tensor([0, 3, 9, 1, 2, 2])
    loss, rates = found.learn(x, heard(y, 10, centred, x))
    gradients = {name: weight.grad.clone() for name, weight in net.named_parameters()}
    net.zero_grad()

    first, second, third = Layer(), Layer(), Layer()
    hidden, deep, out = [], [], []
    for _ in range(4):
        hidden.append(first(conv(x)))
        deep.append(second(dense(avg_pool2d(hidden[-1].detach(), 2).flatten(1))))
        out.append(third(last(deep[-1].detach())))
    matrices = found.feedback.matrices
    classes = one_hot(y, 10).double()
    assert {tuple(matrix.shape) for matrix in matrices.values()} == {(10, 3 * 28 * 28), (10, 20)}
    for spikes in (hidden, deep):
        (matrix,) = (m for m in matrices.values() if m.shape[1] == spikes[0][0].numel())
        signal = ((classes - 0.1 if centred else classes) @ matrix).reshape(spikes[0].shape)
        sum((step * signal).sum() for step in spikes).backward()
    expected = torch.stack(out).mean(dim=0)
    mse_loss(expected, classes).backward()

    torch.testing.assert_close(rates, expected.detach(), rtol=1e-12, atol=1e-12)
    assert 0 < expected.mean() < 1
    torch.testing.assert_close(loss, mse_loss(expected, classes).detach())
    for name, weight in net.named_parameters():
        assert weight.grad.abs().max() > 0, name
        torch.testing.assert_close(gradients[name], weight.grad, rtol=1e-8, atol=1e-9 * weight.grad.abs().max().item())


def test_with_backpropagation_the_first_layer_learns_from_the_error() -> None:
    """The same net, and the gradients of autograd through all of it."""
    torch.manual_seed(2)
    found = learner(Settings(channels=3, hidden=20, steps=4, rule="bptt", window=1.0), 1, 28, seed=5).double()
    for layer in found.net:
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):
            layer.weight.data *= 3
    x, y = torch.rand(6, 1, 28, 28, dtype=torch.float64), torch.tensor([0, 3, 9, 1, 2, 2])
    found.learn(x, heard(y, 10, False, x))
    gradients = {name: weight.grad.clone() for name, weight in found.net.named_parameters()}
    found.net.zero_grad()
    mse_loss(found.net(x), one_hot(y, 10).double()).backward()
    for name, weight in found.net.named_parameters():
        torch.testing.assert_close(gradients[name], weight.grad, rtol=1e-9, atol=1e-12)
