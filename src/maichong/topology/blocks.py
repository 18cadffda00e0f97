"""Blocks: a probability for each pair of groups of neurons, and layers as one case of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief
from maichong.spec.quantities import in_unit, is_number, whole_numbers
from maichong.topology.connectors import Connector, Pairs, in_order
from maichong.topology.random_connectors import FixedProbability, check_flag


@dataclass(frozen=True, eq=False)
class Blocks(Connector):
    """The stochastic block model: a pair of neurons of the groups a and b is joined with probability p[a, b], independently.

    ``pre`` and ``post`` hold the sizes of the groups, which follow each other by index; ``p`` is [groups of pre, groups of post].
    A mean of sum p[a, b] pre[a] post[b] pairs. ``autapses=False`` leaves out pairs of the same index.

    Raises ParameterError for sizes that are no whole numbers >= 0 and a matrix of another shape or of what are no probabilities;
    NetworkError where the sizes do not sum to the population's.

    Source: Holland, Laskey & Leinhardt 1983, doi:10.1016/0378-8733(83)90021-7.

    >>> Blocks([[0.5, 0.1], [0.1, 0.5]], [40, 60], [40, 60]).expected(100, 100)
    3080.0
    """

    p: np.ndarray
    pre: np.ndarray
    post: np.ndarray
    autapses: bool = True
    kind: ClassVar[str] = "blocks"
    drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for end in ("pre", "post"):
            given = getattr(self, end)
            sizes = whole_numbers(given)
            if sizes is None or (sizes < 0).any() or not sizes.size:
                raise ParameterError(f"Blocks.{end}", "must be a list of whole numbers >= 0, the sizes of groups", brief(given))
            object.__setattr__(self, end, sizes)
        p, shape = np.array(in_unit(self.p, "", "Blocks.p")), (self.pre.size, self.post.size)
        if p.shape != shape:
            raise ParameterError(
                "Blocks.p", f"must have the shape {list(shape)}, groups of pre and of post", f"{list(p.shape)}"
            )
        if not ((p >= 0) & (p <= 1)).all():
            bad = float(p[~((p >= 0) & (p <= 1))][0])
            raise ParameterError("Blocks.p", "must hold probabilities between 0 and 1", f"{bad:g}")
        p.setflags(write=False)
        object.__setattr__(self, "p", p)
        object.__setattr__(self, "autapses", check_flag(self.autapses, "Blocks.autapses"))

    @property
    def counted(self) -> bool:
        return False

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        for end, n in (("pre", n_pre), ("post", n_post)):
            if (total := int(getattr(self, end).sum())) != n:
                raise NetworkError(where, f"the groups of Blocks.{end} must have {n} neurons in all", total)

    def expected(self, n_pre: int, n_post: int) -> float:
        mean = float(self.pre @ self.p @ self.post)
        if self.autapses:
            return mean
        n = min(n_pre, n_post)
        groups = [np.repeat(np.arange(sizes.size), sizes)[:n] for sizes in (self.pre, self.post)]
        return mean - float(self.p[groups[0], groups[1]].sum())

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        starts = [np.concatenate([[0], np.cumsum(sizes)]) for sizes in (self.pre, self.post)]
        found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
        for a, b in zip(*np.nonzero(self.p), strict=True):
            i, j = FixedProbability(float(self.p[a, b])).pairs(int(self.pre[a]), int(self.post[b]), rng)
            found.append((i + starts[0][a], j + starts[1][b]))
        pre, post = (np.concatenate([part[end] for part in found]) for end in (0, 1))
        if not self.autapses:
            pre, post = pre[pre != post], post[pre != post]
        return in_order(pre, post, n_post)


def layered(
    sizes: Any, *, forward: float, backward: float = 0.0, lateral: float = 0.0, skip: float = 0.0, autapses: bool = False
) -> Blocks:
    """Layers within one population, of these ``sizes``, as Blocks: a chain of layers such as a synfire chain.

    A neuron projects to one of the next layer with the probability ``forward``, of the layer before with ``backward``, of its own
    with ``lateral`` (never to itself, unless ``autapses``), and of every layer further on than the next with ``skip``.

    Raises ParameterError for sizes that are no whole numbers and what is no probability.

    Not for layers of different neurons or synapses: make each a population, and project from one to the next.

    >>> layered([10, 10, 10], forward=1.0).expected(30, 30)
    200.0
    """
    for name, value in (("forward", forward), ("backward", backward), ("lateral", lateral), ("skip", skip)):
        if not is_number(value) or not 0 <= value <= 1:
            raise ParameterError(f"layered, {name}", "must be a probability between 0 and 1", brief(value))
    groups = whole_numbers(sizes)
    if groups is None or not groups.size:
        raise ParameterError("layered, sizes", "must be a list of whole numbers >= 0, the sizes of layers", brief(sizes))
    ahead = np.arange(groups.size)[None, :] - np.arange(groups.size)[:, None]
    p = np.select([ahead == 1, ahead == -1, ahead == 0, ahead > 1], [forward, backward, lateral, skip], 0.0)
    return Blocks(p, groups, groups, autapses)
