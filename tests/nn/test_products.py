"""Products with spikes: the sums of what is not silent are those of the dense product."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from maichong.engines.autograd import sparse
from maichong.nn import Linear, Sequential


def spikes(steps: int, batch: int, n: int, rate: float, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return (torch.rand(steps, batch, n) < rate).to(dtype)


@pytest.mark.parametrize(
    ("n_in", "n_out", "rate"), [(300, 200, 0.1), (301, 67, 0.2), (700, 64, 0.0), (257, 129, 0.24), (300, 10, 0.5)]
)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("graded", [True, False])
def test_values_and_gradients_are_those_of_the_dense_product(monkeypatch, n_in, n_out, rate, threads, graded):
    monkeypatch.setattr(sparse, "WORTH", 0)
    torch.manual_seed(1)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        # graded values, as means over spikes have them, and spikes alone
        x = spikes(21, 29, n_in, rate) * (torch.randint(1, 5, (21, 29, n_in)) / 4 if graded else 1.0)
        weight, bias = torch.randn(n_out, n_in, dtype=x.dtype), torch.randn(n_out, dtype=x.dtype)
        found, upstream = [], torch.randn(21, 29, n_out, dtype=x.dtype)
        assert (sparse.lists_of(x) is not None) == (rate < 0.25)
        if 0.0 < rate < 0.25:
            assert (sparse.lists_of(x).value is None) == (not graded)
        for product in (sparse.linear, torch.nn.functional.linear):
            given = [entry.clone().requires_grad_() for entry in (x, weight, bias)]
            y = product(*given)
            y.backward(upstream)
            found.append([y.detach(), *(entry.grad for entry in given)])
        for ours, theirs in zip(*found, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    finally:
        torch.set_num_threads(before)


def test_float32_and_integers_are_exact(monkeypatch):
    """Whole numbers below 2^24 are added without rounding in any order."""
    monkeypatch.setattr(sparse, "WORTH", 0)
    x = spikes(11, 31, 500, 0.1, torch.float32)
    weight = torch.randint(-9, 9, (130, 500)).float().requires_grad_()
    y = sparse.linear(x, weight, None)
    upstream = torch.randint(-9, 9, y.shape).float()
    y.backward(upstream)
    assert torch.equal(y, x @ weight.t())
    assert torch.equal(weight.grad, torch.einsum("tbo,tbi->oi", upstream, x))


def test_the_number_of_threads_changes_nothing(monkeypatch):
    monkeypatch.setattr(sparse, "WORTH", 0)
    x, weight = spikes(20, 40, 333, 0.15, torch.float32), torch.randn(190, 333)
    found = []
    before = torch.get_num_threads()
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        learned = weight.clone().requires_grad_()
        y = sparse.linear(x, learned, None)
        y.sum(dim=0).square().sum().backward()
        found.append((y.detach().numpy().tobytes(), learned.grad.numpy().tobytes()))
    torch.set_num_threads(before)
    assert len(set(found)) == 1


def test_what_is_not_sparse_or_too_small_is_left_to_torch(monkeypatch):
    monkeypatch.setattr(sparse, "WORTH", 100_000)
    weight = torch.randn(100, 200)
    assert sparse.lists_of(torch.rand(10, 10, 200)) is None
    called = []
    monkeypatch.setattr(sparse, "lists_of", lambda x: called.append(x.shape))
    sparse.linear(spikes(2, 2, 200, 0.1, torch.float32), weight, None)
    big = spikes(50, 50, 200, 0.1, torch.float32)
    sparse.linear(big.half(), weight.half(), None)
    sparse.linear(big.transpose(0, 1), weight, None)
    assert not called
    sparse.linear(big, weight, None)
    assert called == [big.shape]


def test_layers(monkeypatch):
    monkeypatch.setattr(sparse, "WORTH", 0)
    torch.manual_seed(2)
    ours, torchs = Linear(200, 100), torch.nn.Linear(200, 100)
    torchs.load_state_dict(ours.state_dict())
    x = spikes(5, 7, 200, 0.1, torch.float32)
    expected = torch.nn.functional.linear(x, ours.weight, ours.bias)
    torch.testing.assert_close(ours(x), expected)
    torch.testing.assert_close(Sequential(torchs)(x), expected)
    heard = []
    torchs.register_forward_hook(lambda module, given, found: heard.append(found))
    torch.testing.assert_close(Sequential(torchs)(x), expected)
    assert len(heard) == 1


def test_no_spikes_at_all(monkeypatch):
    monkeypatch.setattr(sparse, "WORTH", 0)
    layer = Linear(100, 70)
    y = layer(torch.zeros(3, 4, 100))
    y.sum().backward()
    torch.testing.assert_close(y, layer.bias.expand_as(y))
    assert np.all(layer.weight.grad.numpy() == 0)


@pytest.mark.parametrize(("size", "kept"), [(1.0, 2), (0.5, 3)])
def test_lists_go_with_the_graph(monkeypatch, size, kept):
    """Places alone where all are spikes, with their values else."""
    monkeypatch.setattr(sparse, "WORTH", 0)
    y = sparse.linear(size * spikes(3, 4, 100, 0.1, torch.float32), torch.randn(70, 100, requires_grad=True), None)
    saved = y.grad_fn.saved_tensors
    assert sum(entry is not None for entry in saved) == kept
    y.sum().backward()
    with pytest.raises(RuntimeError, match="already been freed"):
        _ = y.grad_fn.saved_tensors


def test_vmap_is_left_to_torch(monkeypatch):
    monkeypatch.setattr(sparse, "WORTH", 0)
    x, weight = spikes(3, 4, 100, 0.1, torch.float32), torch.randn(70, 100)
    found = torch.func.vmap(lambda row: sparse.linear(row, weight, None))(x)
    torch.testing.assert_close(found, torch.nn.functional.linear(x, weight))


@pytest.mark.parametrize("odd", [0.5, -1.0, 2.0, float("nan"), 1.0000001])
@pytest.mark.parametrize("place", [0, 15, 40, 299, 300])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_number_that_is_no_spike_is_seen(odd, place, dtype):
    x = spikes(3, 5, 301, 0.1, dtype)
    assert sparse.lists_of(x).value is None
    x[2, 3, place] = odd
    lists = sparse.lists_of(x)
    assert lists.value is not None
    torch.testing.assert_close(sparse.dense_of(lists, x.numpy().dtype), x.reshape(15, 301), equal_nan=True)
