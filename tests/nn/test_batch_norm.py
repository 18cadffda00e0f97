"""``ThresholdBatchNorm``: against the paper's formula written out, and against torch's BatchNorm on folded tensors."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from maichong.errors import EngineError, ParameterError  # noqa: E402
from maichong.nn import ThresholdBatchNorm  # noqa: E402


def inputs(*places: int, seed: int = 1) -> Any:
    return 3 + 2 * torch.randn(6, 4, 5, *places, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("places", [(), (3, 2)])
def test_the_formula(places: tuple[int, ...]) -> None:
    x, v_th, alpha = inputs(*places), 0.4, 2**-0.5
    layer = ThresholdBatchNorm(5, v_th, alpha=alpha).double()
    with torch.no_grad():
        layer.weight.copy_(torch.arange(1.0, 6.0))
        layer.bias.copy_(torch.arange(5.0))
    y = layer(x).detach()
    for c in range(5):
        values = x[:, :, c]
        scaled = alpha * v_th * (values - values.mean()) / (values.var(correction=0) + 1e-5).sqrt()
        torch.testing.assert_close(y[:, :, c], (c + 1.0) * scaled + c)
        # what the paper wants: N(0, (alpha v_th)^2) before weight and bias
        assert abs(float(((y[:, :, c] - c) / (c + 1)).std(correction=0)) - alpha * v_th) < 1e-5


@pytest.mark.parametrize("places", [(), (3, 2)])
def test_it_is_the_batch_norm_of_torch_times_the_threshold(places: tuple[int, ...]) -> None:
    mine = ThresholdBatchNorm(5, v_th=0.5, momentum=0.3).double()
    torchs = (torch.nn.BatchNorm2d if places else torch.nn.BatchNorm1d)(5, momentum=0.3).double()
    for seed in range(3):
        x, same = (inputs(*places, seed=seed).requires_grad_() for _ in range(2))
        y, expected = mine(x), 0.5 * torchs(same.flatten(0, 1)).unflatten(0, x.shape[:2])
        torch.testing.assert_close(y, expected)
        (y**3).sum().backward()
        (expected**3).sum().backward()
        torch.testing.assert_close(x.grad, same.grad)
    torch.testing.assert_close(mine.weight.grad, torchs.weight.grad)
    torch.testing.assert_close(mine.bias.grad, torchs.bias.grad * 2)  # its bias is not scaled
    torch.testing.assert_close(mine.running_mean, torchs.running_mean)
    torch.testing.assert_close(mine.running_var, torchs.running_var)
    mine.eval()
    torchs.eval()
    x = inputs(*places, seed=9)
    torch.testing.assert_close(mine(x), 0.5 * torchs(x.flatten(0, 1)).unflatten(0, x.shape[:2]))
    assert torch.equal(torch.cat([mine(x[:2]), mine(x[2:])]), mine(x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ThresholdBatchNorm(0), r"ThresholdBatchNorm, channels: must be a positive whole number \(got 0\)"),
        (lambda: ThresholdBatchNorm(3, v_th=0.0), r"ThresholdBatchNorm, v_th: must be a positive number"),
        (lambda: ThresholdBatchNorm(3, alpha=float("nan")), r"ThresholdBatchNorm, alpha"),
        (lambda: ThresholdBatchNorm(3, eps="x"), r"ThresholdBatchNorm, eps"),
        (lambda: ThresholdBatchNorm(3, momentum=2), r"ThresholdBatchNorm, momentum: must be a number in 0..1"),
        (lambda: ThresholdBatchNorm(3)(torch.ones(2, 2, 4)), r"must be \[time, batch, 3, \.\.\.\]"),
        (lambda: ThresholdBatchNorm(3)(torch.ones(2, 3)), r"must be \[time, batch, 3, \.\.\.\]"),
        (lambda: ThresholdBatchNorm(3)(torch.ones(1, 1, 3)), r"must hold more than one number per channel in training"),
    ],
)
def test_what_is_wrong_is_named(call: Any, message: str) -> None:
    with pytest.raises((EngineError, ParameterError), match=message):
        call()
