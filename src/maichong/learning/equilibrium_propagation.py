"""Equilibrium propagation: what a weak pull on the output does to a net at rest says which way each weight should go.

A free phase brings the net to rest at s^0, a nudged one, in which the output is pulled to the target y by beta, to s^beta. With
C = |s_L - y|^2 / 2, the batch's mean, and i before j:

| update | change of W | |
|---|---|---|
| contrastive | (s_i^beta s_j^beta - s_i^0 s_j^0) / beta | -> -dC/dW as beta -> 0, whatever the sign of beta |
| voltage | s_i^0 (s_j^beta - s_j^0) / beta | what is before, times the change of potential behind: STDP as of Bengio et al. |

Biases change by (s_j^beta - s_j^0) / beta in both. The error of the contrastive one is O(beta), and O(beta^2) when it is averaged
over both signs. They are ContrastiveHebb and PostsynapticDifferential of `maichong.plasticity`, between two phases and as products
of matrices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch

from maichong.errors import ParameterError, brief, is_one_of, listed
from maichong.learning.equilibrium import EquilibriumNet, States, steps_of
from maichong.learning.rules import one_hot
from maichong.spec.quantities import is_number

CONTRASTIVE, VOLTAGE = "contrastive", "voltage"
UPDATES = (CONTRASTIVE, VOLTAGE)
RANDOM, POSITIVE, BOTH = "random", "positive", "both"
SIGNS = (RANDOM, POSITIVE, BOTH)


@dataclass(frozen=True)
class Phases:
    """What the net did with a batch: at rest, and for each beta at rest under a pull of that strength; its loss, one number."""

    free: States
    nudged: tuple[tuple[float, States], ...]
    loss: torch.Tensor


@dataclass(frozen=True)
class EquilibriumPropagation:
    """Equilibrium propagation in an ``EquilibriumNet``: a nudged phase of ``steps`` steps with a pull of ``beta``.

    The ``sign`` of beta is drawn for each batch ("random", from torch's generator, so that errors of order beta cancel over
    batches), or "positive", or "both", two nudged phases for each batch. ``update`` is "contrastive" or "voltage", the table above.

    ``learn(net, x, target)`` adds the gradients to the parameters' ``grad``, for any optimiser of torch, and returns the loss and
    the net's potentials at rest, of which the last are the output; ``phases`` and ``gradients`` are its two halves. ``target`` is
    classes [batch], or a tensor [batch, outputs]. ``begin`` are the potentials that the free phase starts from, for instance those
    at which the same samples came to rest before, which ``Particles`` keeps; ``heard`` is ``net.heard(x)`` where it is known.

    Raises ParameterError for a beta of 0, a number of steps below 1, and other signs or updates; EngineError for another target.

    Scellier & Bengio 2017, doi:10.3389/fncom.2017.00024; the voltage form: Bengio et al. 2017, doi:10.1162/NECO_a_00934, and Zhang
    et al. 2018 (AAAI). Not where rest is not reached: the updates are then those of another net.

    >>> import torch
    >>> net, rule = EquilibriumNet([4, 8, 3]), EquilibriumPropagation()
    >>> optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    >>> optimiser.zero_grad()
    >>> loss, states = rule.learn(net, torch.rand(5, 4), torch.tensor([0, 1, 2, 0, 1]))
    >>> optimiser.step()
    """

    beta: float = 0.5
    steps: int = 4
    sign: str = RANDOM
    update: str = CONTRASTIVE

    def __post_init__(self) -> None:
        if not is_number(self.beta) or not math.isfinite(self.beta) or self.beta == 0:
            raise ParameterError("EquilibriumPropagation, beta", "must be a number other than 0", brief(self.beta))
        steps_of("EquilibriumPropagation", self.steps)
        for name, value, choices in (("sign", self.sign, SIGNS), ("update", self.update, UPDATES)):
            if not is_one_of(value, choices):
                raise ParameterError(f"EquilibriumPropagation, {name}", "must be a name of one", brief(value), listed(choices))

    def learn(
        self, net: EquilibriumNet, x: torch.Tensor, target: Any, begin: States | None = None, heard: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, States]:
        """Add the gradients of a batch to ``grad``; the loss, and the potentials at rest, before any of them is used."""
        found = self.phases(net, x, target, begin, heard)
        parameters = dict(net.named_parameters())
        for name, value in self.gradients(x, found).items():
            parameter = parameters[name]
            parameter.grad = value if parameter.grad is None else parameter.grad + value
        return found.loss, found.free

    @torch.no_grad()
    def phases(
        self, net: EquilibriumNet, x: torch.Tensor, target: Any, begin: States | None = None, heard: torch.Tensor | None = None
    ) -> Phases:
        """The free phase, and a nudged one for each beta."""
        if not isinstance(net, EquilibriumNet):
            raise ParameterError("EquilibriumPropagation, net", "must be an EquilibriumNet", brief(net))
        net.check(x)
        heard = net.heard(x) if heard is None else heard
        free = net.settle(x, begin, heard=heard)
        hot = one_hot(target, net.sizes[-1], x, len(x), "EquilibriumPropagation, target")
        betas = [self.beta, -self.beta] if self.sign == BOTH else [self.beta]
        if self.sign == RANDOM and float(torch.rand(())) < 0.5:
            betas = [-self.beta]
        nudged = tuple((b, net.settle(x, free, steps=self.steps, target=hot, beta=b, heard=heard)) for b in betas)
        return Phases(free, nudged, 0.5 * (free[-1] - hot).square().sum(dim=1).mean())

    @torch.no_grad()
    def gradients(self, x: torch.Tensor, phases: Phases) -> dict[str, torch.Tensor]:
        """The loss's gradient as the rule has it, by parameter: less the change that it wants."""
        found: dict[str, torch.Tensor] = {}
        free = (x, *phases.free)
        for beta, states in phases.nudged:
            nudged = (x, *states)
            share = -1.0 / (beta * len(x) * len(phases.nudged))
            for k, (post, moved) in enumerate(zip(free[1:], nudged[1:], strict=True)):
                change = (moved - post).mul_(share)
                _add(found, f"biases.{k}", change.sum(dim=0))
                if self.update == VOLTAGE or k == 0:
                    _add(found, f"weights.{k}", free[k].T @ change)
                else:
                    # a' b' - a b = a' (b' - b) + (a' - a) b
                    before = torch.addmm(nudged[k].T @ change, (nudged[k] - free[k]).T, post, alpha=share)
                    _add(found, f"weights.{k}", before)
        return found


def _add(found: dict[str, torch.Tensor], name: str, value: torch.Tensor) -> None:
    found[name] = found[name] + value if name in found else value
