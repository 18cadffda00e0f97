"""What the papers of the zoo write down, in plain torch: what their layers are judged by."""

from __future__ import annotations

from collections.abc import Callable

import torch


class Step(torch.autograd.Function):
    """A step, with a rectangle of half width 0.5 and height 1 going back."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= 0).to(u.dtype)

    @staticmethod
    def backward(ctx, gradient):
        (u,) = ctx.saved_tensors
        return gradient * (u.abs() < 0.5)


class Layer:
    """u = d u (1 - s) + I [+ lateral(s)], s = 1[u >= th], with d = 0.2 and th = 0.5 (Wu et al. 2018, eqs. 1 to 3)."""

    def __init__(self, lateral: Callable[[torch.Tensor], torch.Tensor] | None = None) -> None:
        self.u = self.s = None
        self.lateral = lateral

    def __call__(self, current: torch.Tensor) -> torch.Tensor:
        u = torch.zeros_like(current) if self.u is None else self.u
        s = torch.zeros_like(current) if self.s is None else self.s
        heard = 0 if self.lateral is None else self.lateral(s)
        self.u = 0.2 * u * (1 - s) + current + heard
        self.s = Step.apply(self.u - 0.5)
        return self.s


def same_training(
    net: torch.nn.Module, forward: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, y: torch.Tensor
) -> None:
    """A net's outputs and the gradients of all its weights equal those of a plain ``forward`` with the same weights."""
    found, gradients = [], []
    for function in (net, forward):
        net.zero_grad()
        outputs = function(x)
        ((outputs - y) ** 2).sum().backward()
        found.append(outputs.detach())
        gradients.append({name: weight.grad.clone() for name, weight in net.named_parameters()})
    assert 0 < found[1].mean() < 1
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=1e-12)
    for name, expected in gradients[1].items():
        largest = expected.abs().max().item()
        assert largest > 0, name
        # sums of terms that cancel have the rounding of the terms
        torch.testing.assert_close(
            gradients[0][name], expected, rtol=1e-8, atol=1e-9 * largest, msg=lambda text, name=name: f"{name}: {text}"
        )
