"""Curiosity: samples that a net still gets wrong are novel, and it looks at those more often than at what bores it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from maichong.errors import EngineError, ParameterError, brief
from maichong.spec.quantities import is_number


@dataclass(frozen=True)
class Curiosity:
    """Novelty-gated choice of samples: an epoch of all, ``novel`` epochs of those that are novel, and so on from the start.

        n <- memory n + (1 - memory) |y - o|^2 / 2;      n <- boredom n, where the answer was right

    A sample is novel while n > ``threshold``; all are at first. It goes with any net and any rule, as it sees outputs alone:
    novelty goes in and comes out, [samples], and so it is saved and resumed as any tensor is. An answer whose largest output is
    another class's has an error of 1/4 at least, so that it stays novel for thresholds below (1 - memory) / 4.

    Raises ParameterError for constants outside their bounds, EngineError for tensors that do not fit each other.

    Shi, Zhang & Zeng 2020, doi:10.3389/fncom.2020.00007, whose order of epochs this is; the constants of novelty are ours, as the
    paper's were not at hand. Not for labels that are wrong: what can never be learned stays novel for good.

    >>> import torch
    >>> curiosity = Curiosity()
    >>> novelty = curiosity.begin(100)
    >>> rows = curiosity.choose(novelty, epoch=1)
    >>> outputs, y = torch.rand(len(rows), 3), torch.randint(3, (len(rows),))
    >>> novelty = curiosity.looked(novelty, rows, outputs, torch.nn.functional.one_hot(y, 3))
    """

    threshold: float = 0.1
    memory: float = 0.5
    boredom: float = 0.9
    novel: int = 5

    def __post_init__(self) -> None:
        if not is_number(self.threshold) or not self.threshold >= 0:
            raise ParameterError("Curiosity, threshold", "must be >= 0", brief(self.threshold))
        if not is_number(self.memory) or not 0 <= self.memory < 1:
            raise ParameterError("Curiosity, memory", "must be in [0, 1[", brief(self.memory))
        if not is_number(self.boredom) or not 0 <= self.boredom <= 1:
            raise ParameterError("Curiosity, boredom", "must be in 0..1", brief(self.boredom))
        if isinstance(self.novel, bool) or not isinstance(self.novel, int) or self.novel < 0:
            raise ParameterError("Curiosity, novel", "must be a whole number of epochs >= 0", brief(self.novel))

    def begin(self, n: int) -> torch.Tensor:
        """The novelty of ``n`` samples that nobody has seen: without bound."""
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ParameterError("Curiosity, n", "must be a whole number of samples >= 1", brief(n))
        return torch.full((n,), torch.inf)

    def all_shown(self, epoch: int) -> bool:
        """Whether ``epoch``, counted from 0, shows all samples."""
        if isinstance(epoch, bool) or not isinstance(epoch, int) or epoch < 0:
            raise ParameterError("Curiosity, epoch", "must be a whole number >= 0", brief(epoch))
        return epoch % (self.novel + 1) == 0

    def choose(self, novelty: torch.Tensor, epoch: int) -> torch.Tensor:
        """The rows of the samples that ``epoch`` shows, in their order; all, where none is novel."""
        rows = torch.arange(len(novelty))
        novel = rows[novelty > self.threshold]
        return rows if self.all_shown(epoch) or not len(novel) else novel

    def looked(self, novelty: torch.Tensor, rows: torch.Tensor, outputs: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The novelty after samples ``rows`` [batch] gave ``outputs``, in place of ``target``, [batch, classes] both."""
        if outputs.dim() != 2 or outputs.shape != target.shape or len(rows) != len(outputs):
            got = f"{len(rows)} rows, {tuple(outputs.shape)} and {tuple(target.shape)}"
            raise EngineError("Curiosity, outputs", "must be [batch, classes], as the target is, for a batch of rows", got)
        error = 0.5 * (outputs - target).square().sum(dim=1).to(novelty.dtype)
        old = novelty[rows]
        # a first look has nothing to remember
        new = torch.where(old.isinf(), error, self.memory * old + (1 - self.memory) * error)
        right = outputs.argmax(dim=1) == target.argmax(dim=1)
        found = novelty.clone()
        found[rows] = torch.where(right, self.boredom * new, new)
        return found
