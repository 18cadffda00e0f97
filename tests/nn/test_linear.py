"""``Linear``: the products of torch, where most inputs are 0 by adding rows of weights."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from maichong.nn import Linear  # noqa: E402


def inputs(rows: int, width: int, active: float, seed: int = 1, *, graded: bool = False) -> Any:
    generator = torch.Generator().manual_seed(seed)
    x = (torch.rand(rows, width, generator=generator) < active).float()
    return x * torch.rand(rows, width, generator=generator) if graded else x


def is_sparse(y: Any) -> bool:
    node = y.grad_fn
    while node is not None:
        if "SparseLinear" in type(node).__name__:
            return True
        node = next((inner for inner, _ in node.next_functions if inner is not None), None)
    return False


CASES = {
    "spikes": (inputs(640, 784, 0.1), 300),
    "few outputs": (inputs(900, 100, 0.05), 17),
    "graded": (inputs(640, 500, 0.1, graded=True), 128),
    "silent": (torch.zeros(700, 100), 40),
    "odd sizes": (inputs(331, 397, 0.2), 259),
}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_products_and_gradients_are_those_of_torch(name: str, bias: bool) -> None:
    data, outputs = CASES[name]
    torch.manual_seed(1)
    layer = Linear(data.shape[1], outputs, bias=bias)
    found = []

    def exact(x: Any) -> Any:
        return torch.nn.functional.linear(x.double(), layer.weight.double(), layer.bias.double() if bias else None)

    for function in (layer, exact):
        x = data.clone().requires_grad_()
        layer.zero_grad()
        y = function(x)
        weights = torch.rand(y.shape, generator=torch.Generator().manual_seed(2))
        (y * weights).sum().backward()
        gradients = [parameter.grad.clone() for parameter in layer.parameters()]
        found.append([y.detach().double(), x.grad.double(), *(gradient.double() for gradient in gradients)])
        if function is layer:
            assert is_sparse(y)
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5 * float(b.abs().max()))


def test_time_and_batch_stay_in_front() -> None:
    layer = Linear(200, 64)
    x = inputs(500, 200, 0.1)
    y = layer(x.reshape(25, 20, 200))
    assert y.shape == (25, 20, 64)
    torch.testing.assert_close(y.reshape(500, 64), layer(x))


@pytest.mark.parametrize(
    "x", [torch.rand(640, 200), inputs(10, 200, 0.1), inputs(640, 200, 0.1).double()], ids=["dense", "small", "float64"]
)
def test_what_is_no_gain_is_torch(x: Any) -> None:
    layer = Linear(200, 64).to(x.dtype)
    y = layer(x)
    assert not is_sparse(y)
    assert torch.equal(y, torch.nn.functional.linear(x, layer.weight, layer.bias))


def test_any_number_of_threads_gives_the_same_bits() -> None:
    x, torch_threads, found = inputs(640, 784, 0.1), torch.get_num_threads(), []
    layer = Linear(784, 300)
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            layer.zero_grad()
            y = layer(x)
            y.square().sum().backward()
            found.append((y.detach(), layer.weight.grad.clone()))
    finally:
        torch.set_num_threads(torch_threads)
    for y, gradient in found[1:]:
        assert torch.equal(y, found[0][0])
        assert torch.equal(gradient, found[0][1])


def test_a_checkpoint_is_one_of_torch() -> None:
    layer, other = Linear(20, 5), torch.nn.Linear(20, 5)
    other.load_state_dict(layer.state_dict())
    x = torch.rand(3, 20)
    assert torch.equal(layer(x), other(x))
