"""``EquilibriumNet``: a layered net that settles: potentials that come to rest together, each pulled from below and from above."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch

from maichong.errors import EngineError, ParameterError, brief, is_one_of, listed
from maichong.spec.quantities import is_number

States = tuple[torch.Tensor, ...]
"""The potentials of all layers but the input, [batch, n] each; the last are the output."""

CLIP, SIGMOID = "clip", "sigmoid"
SQUASHES = (CLIP, SIGMOID)


class EquilibriumNet(torch.nn.Module):
    """A net of layers of ``sizes``: each weight W_l [pre, post] works in both directions, and potentials minimise an energy.

        E(s) = sum_l (|s_l|^2 / 2 - s_{l-1} W_l s_l - b_l s_l),      s_0 = x
        s_l <- squash(s_l + epsilon (s_{l-1} W_l + W_{l+1} s_{l+1} + b_l - s_l  [+ beta (y - s_l), the last layer]))

    ``net(x)`` is the output, [batch, sizes[-1]], after ``steps`` steps from potentials of 0, or from ``begin``, one tensor for each
    layer; all layers step at once. With ``squash="clip"``, onto 0..1 (the hard sigmoid of the paper), a step goes down the slope of
    E, which never rises while epsilon <= 1 / (1 + the largest singular value of the weights as one symmetric matrix).
    ``squash="sigmoid"`` is 2 / (1 + exp(-s)) - 1, and a rectifier at the output: the form of the authors of balanced tuning, which
    minimises no energy. Weights start uniform in +-sqrt(6 / (pre + post)), biases at 0.

    Raises ParameterError for fewer than two layers, an epsilon outside ]0, 1], another squash and a number of steps below 1, and
    EngineError for inputs, states or targets of the wrong shape.

    Scellier & Bengio 2017, doi:10.3389/fncom.2017.00024. Not for deep nets: steps to rest grow fast with the number of layers.

    >>> import torch
    >>> net = EquilibriumNet([4, 8, 3])
    >>> net(torch.rand(5, 4)).shape
    torch.Size([5, 3])
    """

    def __init__(self, sizes: Sequence[int], *, epsilon: float = 0.5, steps: int = 20, squash: str = CLIP) -> None:
        super().__init__()
        whole = isinstance(sizes, Sequence) and all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in sizes)
        if not whole or len(sizes) < 2:
            raise ParameterError("EquilibriumNet, sizes", "must be two numbers of neurons >= 1, or more", brief(sizes))
        if not is_number(epsilon) or not 0 < epsilon <= 1:
            raise ParameterError("EquilibriumNet, epsilon", "must be in ]0, 1]", brief(epsilon))
        if not is_one_of(squash, SQUASHES):
            raise ParameterError("EquilibriumNet, squash", "must be clip or sigmoid", brief(squash), listed(SQUASHES))
        self.sizes, self.epsilon, self.squash = tuple(sizes), float(epsilon), squash
        self.steps = steps_of("EquilibriumNet", steps)
        self.weights, self.biases = torch.nn.ParameterList(), torch.nn.ParameterList()
        for pre, post in itertools.pairwise(sizes):
            bound = (6.0 / (pre + post)) ** 0.5
            self.weights.append(torch.empty(pre, post).uniform_(-bound, bound))
            self.biases.append(torch.zeros(post))

    def forward(self, x: torch.Tensor, begin: States | None = None) -> torch.Tensor:
        """The output at rest, [batch, n]."""
        return self.settle(x, begin)[-1]

    def zeros(self, x: torch.Tensor) -> States:
        """Potentials of 0 for inputs like ``x``."""
        return tuple(x.new_zeros(len(x), n) for n in self.sizes[1:])

    @torch.no_grad()
    def heard(self, x: torch.Tensor) -> torch.Tensor:
        """What the first layer hears of its input, x W_0 + b_0, [batch, n]."""
        return torch.addmm(self.biases[0], x, self.weights[0])

    @torch.no_grad()
    def settle(
        self, x: torch.Tensor, begin: States | None = None, *, steps: int | None = None,
        target: torch.Tensor | None = None, beta: float = 0.0, heard: torch.Tensor | None = None,
    ) -> States:  # fmt: skip
        """The potentials after ``steps`` steps, the net's own number if None, the output pulled to ``target`` by ``beta``.

        ``heard`` is ``net.heard(x)``, where it is known already: what the input sends does not change from step to step.
        """
        self.check(x, begin)
        taken = self.steps if steps is None else steps_of("EquilibriumNet", steps)
        states = [s.clone() for s in (self.zeros(x) if begin is None else begin)]
        weights, biases, last = list(self.weights), list(self.biases), len(states) - 1
        back = [w.T for w in weights]
        heard = self.heard(x) if heard is None else heard
        for _ in range(taken):
            drives = []
            for k in range(last + 1):
                drive = heard if k == 0 else torch.addmm(biases[k], states[k - 1], weights[k])
                if k < last:
                    drive = torch.addmm(drive, states[k + 1], back[k + 1])
                elif target is not None and beta:
                    drive = torch.add(drive, target - states[k], alpha=beta)
                drives.append(drive)
            for k, drive in enumerate(drives):
                states[k].lerp_(drive, self.epsilon)
                self._squash(states[k], k == last)
        return tuple(states)

    def _squash(self, s: torch.Tensor, output: bool) -> None:
        if self.squash == CLIP:
            s.clamp_(0.0, 1.0)
        elif output:
            s.relu_()
        else:
            s.mul_(0.5).tanh_()  # 2 / (1 + exp(-s)) - 1

    def energy(self, x: torch.Tensor, states: States, *, target: torch.Tensor | None = None, beta: float = 0.0) -> torch.Tensor:
        """E of each sample, [batch]; with a ``target`` y, E + beta |s_L - y|^2 / 2."""
        self.check(x, states)
        found, pre = x.new_zeros(len(x)), x
        for s, w, b in zip(states, self.weights, self.biases, strict=True):
            found = found + (s * (0.5 * s - torch.addmm(b, pre, w))).sum(dim=1)
            pre = s
        return found if target is None else found + 0.5 * beta * (states[-1] - target).square().sum(dim=1)

    def check(self, x: Any, states: Any = None) -> None:
        """EngineError for inputs or potentials that are not those of this net."""
        if not isinstance(x, torch.Tensor) or x.dim() != 2 or x.shape[1] != self.sizes[0] or not x.dtype.is_floating_point:
            got = f"{x.dtype} {tuple(x.shape)}" if isinstance(x, torch.Tensor) else brief(x)
            raise EngineError(
                "EquilibriumNet, input", f"must be floating-point numbers [batch, {self.sizes[0]}]", got, "flatten images first"
            )
        if states is None:
            return
        shapes = [(len(x), n) for n in self.sizes[1:]]
        found = [tuple(getattr(s, "shape", ())) for s in states] if isinstance(states, (tuple, list)) else brief(states)
        if found != shapes:
            raise EngineError("EquilibriumNet, begin", f"must be potentials of each layer, {shapes}", brief(found))

    def extra_repr(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, epsilon={self.epsilon:g}, steps={self.steps}, squash={self.squash}"


def steps_of(where: str, steps: Any) -> int:
    """A number of steps. ParameterError for what is none."""
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ParameterError(f"{where}, steps", "must be a whole number >= 1", brief(steps))
    return steps
