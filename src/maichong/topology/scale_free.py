"""Scale-free graphs: neurons join one after the other, most often those that many have joined before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief, did_you_mean, is_one_of
from maichong.spec.quantities import is_number
from maichong.topology.connectors import Connector, Pairs, check_same_size, in_order
from maichong.topology.random_connectors import check_flag

HUBS = ("in", "out")
MOST = 2.0**53
"""More attractiveness than this and no degree ever counts."""


@dataclass(frozen=True, eq=False)
class PreferentialAttachment(Connector):
    """Each new neuron projects to ``m`` different older ones, with a chance as in-degree + ``attractiveness``.

    Neurons join by index, the first ``m`` of them without arcs: m (n - m) synapses in all, none to a neuron itself, and old
    neurons are the hubs. In-degrees fall off as a power law of exponent 2 + attractiveness / m. By default the attractiveness is
    m, which is Barabasi and Albert's rule (a chance as the degree in both directions together) with exponent 3. ``hubs="out"``
    turns every arc round, so that hubs have many targets.

    Raises ParameterError for an ``m`` that is no whole number >= 1, an attractiveness that is not > 0 or unknown hubs;
    NetworkError for populations of different sizes or of ``m`` neurons or fewer.

    Not where out-degrees too must be broad: see ScaleFree.

    Source: Price 1976, doi:10.1002/asi.4630270505; Barabasi & Albert 1999, doi:10.1126/science.286.5439.509; the exponent:
    Dorogovtsev, Mendes & Samukhin 2000, doi:10.1103/PhysRevLett.85.4633.

    >>> import numpy as np
    >>> pre, post = PreferentialAttachment(m=2).pairs(1000, 1000, np.random.default_rng(0))
    >>> pre.size, bool(np.bincount(post).max() > 30)
    (1996, True)
    """

    m: int
    attractiveness: float | None = None
    hubs: str = "in"
    kind: ClassVar[str] = "preferential_attachment"
    drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if isinstance(self.m, bool) or not isinstance(self.m, (int, np.integer)) or not 1 <= self.m < 2**31:
            raise ParameterError("PreferentialAttachment.m", "must be a whole number >= 1", brief(self.m))
        object.__setattr__(self, "m", int(self.m))
        given = self.m if self.attractiveness is None else self.attractiveness
        if not is_number(given) or not 0 < given <= MOST:
            raise ParameterError("PreferentialAttachment.attractiveness", "must be a number > 0", brief(given))
        object.__setattr__(self, "attractiveness", float(given))
        if not is_one_of(self.hubs, HUBS):
            fix = did_you_mean(self.hubs, HUBS)
            raise ParameterError("PreferentialAttachment.hubs", "must be 'in' or 'out'", brief(self.hubs), fix)

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        check_same_size(self, n_pre, n_post, where)
        if self.m >= n_pre:
            raise NetworkError(where, f"PreferentialAttachment with m = {self.m} needs more than {self.m} neurons", n_pre)

    def expected(self, n_pre: int, n_post: int) -> float:
        return float(self.m) * (n_pre - self.m)

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        from maichong.topology.growth_kernels import attach  # compiles

        seed = int(rng.integers(2**63))
        newer, older = np.repeat(np.arange(self.m, n_pre), self.m), np.empty((n_pre - self.m) * self.m, np.int64)
        attach(n_pre, self.m, self.attractiveness, seed & 0xFFFFFFFF, seed >> 32, older)
        pre, post = (newer, older) if self.hubs == "in" else (older, newer)
        return in_order(pre, post, n_post)


@dataclass(frozen=True, eq=False)
class ScaleFree(Connector):
    """A directed graph whose in- and out-degrees both fall off as power laws, grown from a ring of three arc by arc.

    With probability ``alpha`` an arc goes from a new neuron to an old one, with ``beta`` between two old ones, with ``gamma`` from
    an old one to a new one, until all neurons are there; alpha + beta + gamma = 1. An old source is chosen with a chance as its
    out-degree + ``delta_out``, an old target as its in-degree + ``delta_in``. Neurons join by index: old ones are the hubs.

        P(in-degree = k)  ~ k^-x,  x = 1 + (1 + delta_in (alpha + gamma)) / (alpha + beta)
        P(out-degree = k) ~ k^-x,  x = 1 + (1 + delta_out (alpha + gamma)) / (beta + gamma)

    A mean of 3 + (n - 3) / (alpha + gamma) synapses. The model has pairs with several arcs and arcs from a neuron to itself;
    ``multapses=False`` and ``autapses=False`` drop those, which leaves fewer arcs, of hubs above all.

    Raises ParameterError for probabilities that do not sum to 1, alpha + gamma = 0 or a delta < 0; NetworkError for populations of
    different sizes or of fewer than three neurons.

    Source: Bollobas, Borgs, Chayes & Riordan 2003, doi:10.5555/644108.644133; the defaults are NetworkX's.

    >>> import numpy as np
    >>> round(ScaleFree().expected(3003, 3003))  # 3 + 3000 / 0.46
    6525
    """

    alpha: float = 0.41
    beta: float = 0.54
    gamma: float = 0.05
    delta_in: float = 0.2
    delta_out: float = 0.0
    autapses: bool = True
    multapses: bool = True
    kind: ClassVar[str] = "scale_free"
    drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "gamma", "delta_in", "delta_out"):
            value = getattr(self, name)
            if not is_number(value) or not 0 <= value <= MOST:
                raise ParameterError(f"ScaleFree.{name}", "must be a number >= 0", brief(value))
            object.__setattr__(self, name, float(value))
        total = self.alpha + self.beta + self.gamma
        if abs(total - 1) > 1e-9:
            raise ParameterError("ScaleFree", "alpha + beta + gamma must be 1", f"{total:g}")
        if self.alpha + self.gamma == 0:
            raise ParameterError("ScaleFree", "alpha + gamma must be > 0, or no neuron ever joins", "0")
        for flag in ("autapses", "multapses"):
            object.__setattr__(self, flag, check_flag(getattr(self, flag), f"ScaleFree.{flag}"))

    @property
    def counted(self) -> bool:
        return False

    @property
    def distinct(self) -> bool:
        return not self.multapses

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        check_same_size(self, n_pre, n_post, where)
        if n_pre < 3:
            raise NetworkError(where, "ScaleFree grows from a ring of three, and needs three neurons or more", n_pre)

    def expected(self, n_pre: int, n_post: int) -> float:
        """The mean number of arcs, those that are dropped among them."""
        return 3 + (n_pre - 3) / (self.alpha + self.gamma)

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        from maichong.topology.growth_kernels import grow  # compiles

        joining, joins = n_pre - 3, self.alpha + self.gamma
        between = int(rng.negative_binomial(joining, joins)) if joining else 0
        # the last step is one at which a neuron joins; the others stand in any order
        news = np.where(rng.random(joining) < self.alpha / joins, 0, 2).astype(np.int8)
        steps = np.concatenate([rng.permutation(np.concatenate([news[1:], np.ones(between, np.int8)])), news[:1]])
        pre, post = (np.empty(3 + steps.size, np.int64) for _ in range(2))
        pre[:3], post[:3] = (0, 1, 2), (1, 2, 0)
        seed = int(rng.integers(2**63))
        grow(steps, self.delta_in, self.delta_out, seed & 0xFFFFFFFF, seed >> 32, pre, post)
        kept = np.ones(pre.size, bool) if self.autapses else pre != post
        pre, post = in_order(pre[kept], post[kept], n_post)
        if self.multapses:
            return pre, post
        first = np.ones(pre.size, bool)
        first[1:] = (pre[1:] != pre[:-1]) | (post[1:] != post[:-1])
        return pre[first], post[first]
