"""What papers whose nets settle share: a net with spiking neurons before it, rates of learning by layer, images in rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from maichong.neurons.lif import LIF
from maichong.spec import Configured

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module
    from torch.optim import Optimizer


def network(
    sizes: Sequence[int], *, epsilon: float, equilibrium: int, steps: int, squash: str = "clip", tau_m: float = 2.0,
    v_th: float = 1.0, short_term: Configured | None = None,
) -> Module:  # fmt: skip
    """An ``EquilibriumNet`` that settles for ``equilibrium`` steps, and its spiking neurons, for ``steps`` of 1 ms.

    The neurons come to a potential of as many mV as their input has pA.
    """
    from maichong.learning import EquilibriumNet, Potentials

    net = EquilibriumNet(sizes, epsilon=epsilon, steps=equilibrium, squash=squash)
    cell = LIF(tau_m=tau_m, c_m=tau_m, v_rest=0.0, v_th=v_th, v_r=0.0)
    net.potentials = Potentials(cell, steps, short_term=short_term)
    return net


def descent(net: Any, rates: Sequence[float]) -> Optimizer:
    """Plain gradient descent, with a rate of learning for each layer of weights and biases."""
    from torch.optim import SGD

    layers = zip(net.weights, net.biases, rates, strict=True)
    return SGD([{"params": [weight, bias], "lr": rate} for weight, bias, rate in layers])


def falling(lr: float, falls: float, layers: int) -> list[float]:
    """Rates that are ``falls`` times as large from one layer to the next."""
    return [lr * falls**k for k in range(layers)]


def rows(x: Tensor, training: bool) -> Tensor:
    """Pixels 0..255 -> 0..1, each image in one row."""
    return x.flatten(1).float() / 255


def answers(net: Any, x: Tensor) -> Tensor:
    """The outputs at rest, from the potentials of the spiking neurons on."""
    return net(x, net.potentials(net, x))
