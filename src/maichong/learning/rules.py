"""How credit gets to the neurons of a block: through the weights above it, through random ones, or straight from output or target.

With z the spikes of a block in step t, e = dL/dy the error at the net's output y, and g = dL/dz as it is used:

| rule | g |
|---|---|
| BPTT | W^T delta: the gradient that arrives from the block above |
| FeedbackAlignment | B delta: the same with a fixed random B in place of each weight W^T above |
| DirectFeedbackAlignment | B e: the error of the output |
| DirectRandomTarget, RewardPropagation | B y*: the target alone |
| TargetPropagation | 2 (h - t): how far mean rates h are from a target of their own |

From z down to the block's weights the gradient is that of its own neurons, back through their own time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from maichong.errors import EngineError, ParameterError, brief
from maichong.spec.quantities import is_number

TRUE, RANDOM, NONE = "true", "random", "none"


@dataclass(frozen=True)
class Seen:
    """What a rule that takes no gradient from above may know.

    ``error`` is dL/dy in each step, [steps or 1, batch, outputs]; ``target`` as it was given; ``spikes`` those of the block, [time,
    batch, ...]; ``steps`` of the whole run; ``draw(rows)`` the block's random matrix, [rows, n features]; ``target_rates`` the
    target of the block's own mean rates, [batch, ...], where targets are propagated.
    """

    error: torch.Tensor
    target: Any
    spikes: torch.Tensor
    steps: int
    draw: Callable[[int], torch.Tensor]
    target_rates: torch.Tensor | None = None


class Rule(Protocol):
    """What the learner asks of a rule: what brings gradients down to its block, and what does where nothing does."""

    @property
    def weights(self) -> str:
        """What brings gradients down: "true" weights above, "random" ones for them, or "none", and ``signal`` stands for them."""
        ...

    def signal(self, seen: Seen) -> torch.Tensor | None:
        """dL/dz as the rule has it, to be broadcast to the spikes; None: the block gets no gradient."""
        ...


def check_scale(where: str, value: Any) -> None:
    if not is_number(value) or not math.isfinite(value) or value == 0:
        raise ParameterError(f"{where}, scale", "must be a number other than 0", brief(value))


@dataclass(frozen=True)
class BPTT:
    """Backpropagation through time with surrogate gradients: the gradient of the loss.

    Wu et al. 2018, doi:10.3389/fnins.2018.00331; Neftci, Mostafa & Zenke 2019, doi:10.1109/MSP.2019.2931595. Truncated
    backpropagation is the learner's ``window``. Not for runs so long that the states of all steps find no room: set a window.
    """

    @property
    def weights(self) -> str:
        return TRUE

    def signal(self, seen: Seen) -> torch.Tensor | None:
        return None


@dataclass(frozen=True)
class FeedbackAlignment:
    """Feedback alignment: the error comes down through fixed random weights, ``scale`` times Kaiming-uniform ones.

    Those of the Linear and Conv layers of the block above; what else stands there, as a pooling, passes its own gradient on.
    Raises ParameterError for a scale of 0, and EngineError in a learner where no such layer stands above.

    Lillicrap, Cownden, Tweed & Akerman 2016, doi:10.1038/ncomms13276. Not for deep convolution nets, where it falls far behind.
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        check_scale("FeedbackAlignment", self.scale)

    @property
    def weights(self) -> str:
        return RANDOM

    def signal(self, seen: Seen) -> torch.Tensor | None:
        return None


@dataclass(frozen=True)
class DirectFeedbackAlignment:
    """Direct feedback alignment: dL/dz = ``scale`` B e, from the output to every block at once, B Kaiming-uniform.

    e = dL/dy in each step; where a readout such as MeanRate ends time, e is the gradient of the output over the number of steps,
    so that a sum over time weighs it once. Nøkland 2016, arXiv:1609.01596. Not for convolutions: see the paper's table 2.
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        check_scale("DirectFeedbackAlignment", self.scale)

    @property
    def weights(self) -> str:
        return NONE

    def signal(self, seen: Seen) -> torch.Tensor | None:
        matrix = seen.draw(seen.error.shape[-1])
        return self.scale * (seen.error @ matrix).reshape(*seen.error.shape[:2], *seen.spikes.shape[2:])


@dataclass(frozen=True)
class DirectRandomTarget:
    """Direct random target projection: dL/dz = ``scale`` B y*, the target alone, in every step; B Kaiming-uniform.

    y* is the one-hot vector of a class, or the target as it is where it is a tensor [batch, outputs]. In a spiking net it is the
    reward propagation (BRP) of Zhang, Jia, Cheng & Xu. As in the authors' code, the signal is divided neither by batch nor steps,
    while the output's gradient is: Adam does not see it, and for other optimisers ``mean=True`` divides by both.

    Frenkel, Lefebvre & Bol 2021, doi:10.3389/fnins.2021.629892; Zhang, Jia, Cheng & Xu 2021, arXiv:2010.04434. Not where the last
    percent counts: no block learns what the one above it needs.
    """

    scale: float = 1.0
    mean: bool = False

    def __post_init__(self) -> None:
        check_scale("DirectRandomTarget", self.scale)
        if not isinstance(self.mean, bool):
            raise ParameterError("DirectRandomTarget, mean", "must be True or False", brief(self.mean))

    @property
    def weights(self) -> str:
        return NONE

    def signal(self, seen: Seen) -> torch.Tensor | None:
        hot = one_hot(seen.target, seen.error.shape[-1], seen.spikes, seen.spikes.shape[1], "DirectRandomTarget, target")
        share = 1 / (len(hot) * seen.steps) if self.mean else 1.0
        projected = (self.scale * share) * (hot @ seen.draw(hot.shape[-1]))
        return projected.reshape(1, *seen.spikes.shape[1:])


RewardPropagation = DirectRandomTarget
"""Its name in a spiking net: brain-inspired reward propagation (BRP)."""


def one_hot(target: Any, classes: int, like: torch.Tensor, batch: int, where: str) -> torch.Tensor:
    """A target of ``batch`` samples as [batch, classes] of the kind of ``like``; an error is about ``where``."""
    if isinstance(target, torch.Tensor):
        if target.shape == (batch, classes):
            return target.to(dtype=like.dtype, device=like.device)
        if target.shape == (batch,) and not target.dtype.is_floating_point and not target.dtype.is_complex:
            return torch.nn.functional.one_hot(target.long(), classes).to(dtype=like.dtype, device=like.device)
    got = tuple(target.shape) if isinstance(target, torch.Tensor) else brief(target)
    raise EngineError(
        where, f"must be classes [{batch}], or a tensor [{batch}, {classes}]", got,
        "one target goes to each sample",
    )  # fmt: skip
