"""Convolutions of spikes: values and gradients are those of the dense one."""

from __future__ import annotations

import pytest
import torch

from maichong.engines.autograd import sparse_conv
from maichong.nn import Conv2d, Sequential


@pytest.mark.parametrize(
    ("channels", "out", "sides", "kernel", "padding"),
    [
        (5, 64, (7, 9), (3, 3), (1, 1)),
        (3, 50, (6, 5), (3, 2), (0, 1)),
        (2, 130, (6, 6), (1, 1), (0, 0)),
        (4, 60, (5, 8), (5, 3), (2, 0)),
    ],
)
@pytest.mark.parametrize(("threads", "share"), [(1, 0.08), (2, 0.08), (2, 0.25)])
def test_values_and_gradients_are_those_of_the_dense_one(monkeypatch, channels, out, sides, kernel, padding, threads, share):
    monkeypatch.setattr(sparse_conv, "WORTH", 0)
    monkeypatch.setattr(sparse_conv, "FULL", 0.0)
    monkeypatch.setattr(sparse_conv, "SAMPLE", 1)
    torch.manual_seed(out)
    shape = (7, channels, *sides)
    # graded values, as means over spikes have them
    x = (torch.rand(shape) < share).double() * torch.randint(1, 5, shape) / 4
    weight, bias = torch.randn(out, channels, *kernel, dtype=x.dtype), torch.randn(out, dtype=x.dtype)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    found = []
    try:
        for product in (sparse_conv.conv2d, torch.nn.functional.conv2d):
            given = [entry.clone().requires_grad_() for entry in (x, weight, bias)]
            y = product(*given, padding=padding)
            assert type(y.grad_fn).__name__.startswith("Sparse" if product is sparse_conv.conv2d else "Conv")
            upstream = torch.randn(y.shape, dtype=y.dtype, generator=torch.Generator().manual_seed(1))
            y.backward(upstream)
            found.append([y.detach(), *(entry.grad for entry in given)])
    finally:
        torch.set_num_threads(before)
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11)


def test_what_is_not_sparse_or_of_another_form_is_left_to_torch(monkeypatch):
    monkeypatch.setattr(sparse_conv, "WORTH", 10_000)
    weight = torch.randn(64, 3, 3, 3)
    spikes = (torch.rand(4, 3, 8, 8) < 0.1).float()

    def is_sparse(x: torch.Tensor, weight: torch.Tensor) -> bool:
        return "Sparse" in type(sparse_conv.conv2d(x, weight.requires_grad_(), None, (1, 1)).grad_fn).__name__

    assert is_sparse(spikes, weight)
    assert not is_sparse(torch.rand(4, 3, 8, 8), weight)
    assert not is_sparse(spikes[:, :, :1, :1].contiguous(), weight)
    assert not is_sparse(spikes, torch.randn(40, 3, 3, 3))
    assert not is_sparse(spikes.double().transpose(2, 3), weight.detach().double())


@pytest.mark.parametrize("kind", [Conv2d, torch.nn.Conv2d])
def test_layers_in_a_net(monkeypatch, kind):
    monkeypatch.setattr(sparse_conv, "WORTH", 0)
    torch.manual_seed(3)
    x = (torch.rand(2, 3, 2, 6, 6) < 0.2).float()
    ours_for = [{"padding": 1}, {"padding": "same"}, {"padding": "valid"}]
    torchs_for = [{"stride": 2}, {"dilation": 2}, {"groups": 2}, {"padding": 1, "padding_mode": "circular"}]
    for options in (*ours_for, *torchs_for):
        layer = kind(2, 64, 3, **options)
        y = Sequential(layer)(x)
        expected = torch.nn.Conv2d.forward(layer, x.flatten(0, 1))
        torch.testing.assert_close(y.flatten(0, 1), expected, rtol=1e-5, atol=1e-5)
        node = y.grad_fn
        while not type(node).__name__.startswith(("SparseConv", "Convolution")):
            node = node.next_functions[0][0]
        assert ("Sparse" in type(node).__name__) == (options in ours_for), options
