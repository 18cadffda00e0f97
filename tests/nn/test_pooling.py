"""``Pool2d``: against a loop over steps and windows that does what the papers say, and against torch's pooling."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from maichong.errors import EngineError, ParameterError  # noqa: E402
from maichong.nn import Pool2d  # noqa: E402
from maichong.nn.pooling import PoolState  # noqa: E402


def spikes(steps: int = 12, size: int = 6, chance: float = 0.2, dtype: Any = torch.float64) -> Any:
    return (torch.rand(steps, 2, 3, size, size, generator=torch.Generator().manual_seed(1)) < chance).to(dtype)


def by_hand(x: Any, by: str, size: int, stride: int, padding: int, decay: float = 1.0) -> tuple[Any, Any]:
    """The neuron of each window that each step lets through, found one window and one step at a time; also how often it was."""
    steps, rows, channels, height, width = x.shape
    high, wide = ((n + 2 * padding - size) // stride + 1 for n in (height, width))
    out, let_through = torch.zeros(steps, rows, channels, high, wide, dtype=x.dtype), torch.zeros_like(x)
    for b in range(rows):
        for c in range(channels):
            for i in range(high):
                for j in range(wide):
                    window = [
                        (row, column)
                        for row in range(i * stride - padding, i * stride - padding + size)
                        for column in range(j * stride - padding, j * stride - padding + size)
                        if 0 <= row < height and 0 <= column < width
                    ]
                    count, winner = dict.fromkeys(window, 0.0), window[0]
                    decided = False
                    for t in range(steps):
                        now = {place: float(x[t, b, c, *place]) for place in window}
                        count = {place: decay * count[place] + now[place] for place in window}
                        if by == "rate":
                            winner = next(place for place in window if count[place] == max(count.values()))
                        elif not decided and any(now.values()):
                            winner, decided = next(place for place in window if now[place]), True
                        out[t, b, c, i, j] = now[winner]
                        let_through[t, b, c, *winner] += 1
    return out, let_through


@pytest.mark.parametrize(("size", "stride", "padding"), [(2, 2, 0), (3, 2, 1), (3, 1, 1)])
@pytest.mark.parametrize("by", ["rate", "first_spike"])
def test_the_neuron_that_is_let_through_and_its_gradient(by: str, size: int, stride: int, padding: int) -> None:
    x = spikes().requires_grad_()
    expected, let_through = by_hand(x.detach(), by, size, stride, padding)
    out = Pool2d(size, by, stride, padding)(x)
    assert torch.equal(out, expected)
    assert 0 < out.mean() < Pool2d(size, "max", stride, padding)(x).mean()
    (gradient,) = torch.autograd.grad(out.sum(), x)
    assert torch.equal(gradient, let_through)


def test_a_trace_that_decays_follows_the_rates_of_now() -> None:
    x = spikes()
    out = Pool2d(2, "rate", tau=2.0, dt=0.5)(x)
    expected, _ = by_hand(x, "rate", 2, 2, 0, decay=float(torch.exp(torch.tensor(-0.25, dtype=torch.float64))))
    assert torch.equal(out, expected)
    assert not torch.equal(out, Pool2d(2, "rate")(x))
    # one neuron is fast at first, another one later
    x = torch.zeros(40, 1, 1, 1, 2)
    x[:20, ..., 0], x[20:30, ..., 1] = 1, 1
    assert Pool2d((1, 2), "rate")(x)[20:30].sum() == 0
    assert Pool2d((1, 2), "rate", tau=3.0)(x)[20:30].sum() >= 7


def test_mean_and_max_are_those_of_torch() -> None:
    x = spikes(chance=0.5)
    frames = x.flatten(0, 1)
    for by, layer in {"mean": torch.nn.AvgPool2d(3, 2, 1), "max": torch.nn.MaxPool2d(3, 2, 1)}.items():
        expected = layer(frames).unflatten(0, x.shape[:2])
        assert torch.equal(Pool2d(3, by, stride=2, padding=1)(x), expected)
    assert torch.equal(Pool2d(2, "max")(x), (torch.nn.functional.avg_pool2d(frames, 2) > 0).double().unflatten(0, x.shape[:2]))


@pytest.mark.parametrize(
    "values", [{"by": "mean"}, {"by": "max"}, {"by": "rate"}, {"by": "rate", "tau": 3.0}, {"by": "first_spike"}]
)
def test_a_run_in_parts_is_the_run(values: dict[str, Any]) -> None:
    net, x = Pool2d(2, **values), spikes(chance=0.1)
    state, parts = net.begin(x), []
    for part in x.split([1, 4, 7]):
        out, state = net(part, state.detach())
        parts.append(out)
    assert torch.equal(torch.cat(parts), net(x))


def test_counts_do_not_end_at_what_a_short_float_holds() -> None:
    x = torch.zeros(600, 1, 1, 1, 2, dtype=torch.bfloat16)
    x[..., 1] = 1
    x[:258, ..., 0] = 1
    # 258 spikes each, then the second alone; in bfloat16 both counts would stop at 256
    assert Pool2d((1, 2), "rate")(x)[258:].sum(dtype=torch.float32) == 342


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Pool2d(2, "maximum"), r"Pool2d, by: must be a way of pooling.*did you mean 'max'"),
        (lambda: Pool2d(0), r"Pool2d, kernel: must be a whole number >= 1 or two of them \(got 0\)"),
        (lambda: Pool2d((2, 2, 2)), r"Pool2d, kernel"),
        (lambda: Pool2d(True), r"Pool2d, kernel"),
        (lambda: Pool2d(2, stride=0.5), r"Pool2d, stride"),
        (lambda: Pool2d(2, padding=-1), r"Pool2d, padding: must be a whole number >= 0"),
        (lambda: Pool2d(2, padding=2), r"Pool2d, padding: must be at most half of the kernel"),
        (lambda: Pool2d(2, tau=2.0), r"Pool2d, tau: is the decay of what by='rate' counts"),
        (lambda: Pool2d(2, "rate", tau=0), r"Pool2d, tau: must be a positive number of ms"),
        (lambda: Pool2d(2, "rate", dt="1"), r"Pool2d, dt: must be a positive number of ms"),
        (lambda: Pool2d(2)(torch.ones(2, 3, 4)), r"must be \[time, batch, channels, h, w\]"),
        (lambda: Pool2d(2)(torch.ones(2, 3, 4, 4, 4).int()), r"must hold floating-point numbers"),
        (lambda: Pool2d(7)(spikes()), r"must be at least as large as the kernel"),
        (lambda: Pool2d(2, "rate")(spikes(), PoolState(None)), r"must be a PoolState of a layer like this"),
        (lambda: Pool2d(2, "rate")(spikes(), 3), r"must be a PoolState of a layer like this"),
        (lambda: Pool2d(2, "rate")(spikes(), PoolState(torch.zeros(1))), r"must have the shape \(2, 3, 6, 6\) of a step"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(call: Any, message: str) -> None:
    with pytest.raises((EngineError, ParameterError), match=message):
        call()
