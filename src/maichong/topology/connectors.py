"""Who connects to whom: each connector names the pairs (pre, post) of one projection.

A connector is inert. ``pairs`` is called when a network is built and returns the pairs sorted by pre, then post; ``expected``
tells their number beforehand, for the memory forecast.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief, did_you_mean, is_one_of
from maichong.spec.quantities import is_number, whole_numbers

Pairs = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Connector:
    """Pairs of pre- and postsynaptic neurons; the subclasses say which."""

    kind: ClassVar[str] = ""

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        """Raise NetworkError where the connector does not fit populations of these sizes."""

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        """The pairs, int64 arrays pre and post, sorted by pre, then post."""
        raise NotImplementedError

    def expected(self, n_pre: int, n_post: int) -> float:
        """The expected number of pairs."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready data; arrays stay arrays."""
        return {"connector": self.kind, **{f.name: getattr(self, f.name) for f in dataclasses.fields(self)}}

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        return all(np.array_equal(getattr(self, field.name), getattr(other, field.name)) for field in dataclasses.fields(self))

    def __hash__(self) -> int:
        return hash(self.kind)


@dataclass(frozen=True, eq=False)
class AllToAll(Connector):
    """Every pre to every post."""

    kind: ClassVar[str] = "all_to_all"

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        return np.repeat(np.arange(n_pre), n_post), np.tile(np.arange(n_post), n_pre)

    def expected(self, n_pre: int, n_post: int) -> float:
        return float(n_pre) * n_post


@dataclass(frozen=True, eq=False)
class AllButSelf(Connector):
    """Every pre to every post except the one of the same index: lateral inhibition by everyone but myself."""

    kind: ClassVar[str] = "all_but_self"

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        _same_size(self, n_pre, n_post, where)

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        pre = np.repeat(np.arange(n_pre), max(n_post - 1, 0))
        post = np.tile(np.arange(max(n_post - 1, 0)), n_pre)
        return pre, post + (post >= pre)

    def expected(self, n_pre: int, n_post: int) -> float:
        return float(n_pre) * (n_post - 1)


@dataclass(frozen=True, eq=False)
class OneToOne(Connector):
    """Each pre to the post of the same index."""

    kind: ClassVar[str] = "one_to_one"

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        _same_size(self, n_pre, n_post, where)

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        return np.arange(n_pre), np.arange(n_post)

    def expected(self, n_pre: int, n_post: int) -> float:
        return float(n_pre)


@dataclass(frozen=True, eq=False)
class FixedProbability(Connector):
    """Each pair with probability ``p``, independently; ``autapses=False`` leaves out pairs of the same index.

    Leave ``autapses`` at True between different populations, where equal indices mean nothing.
    """

    p: float
    autapses: bool = True
    kind: ClassVar[str] = "fixed_probability"

    def __post_init__(self) -> None:
        if not is_number(self.p) or not 0 <= self.p <= 1:
            raise ParameterError("FixedProbability.p", "must be a probability between 0 and 1", brief(self.p))
        if not isinstance(self.autapses, (bool, np.bool_)):
            raise ParameterError("FixedProbability.autapses", "must be True or False", brief(self.autapses))
        object.__setattr__(self, "p", float(self.p))
        object.__setattr__(self, "autapses", bool(self.autapses))

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        total = n_pre * n_post
        chosen = np.arange(total) if self.p == 1 else _bernoulli_positions(total, self.p, rng)
        pre, post = chosen // n_post, chosen % n_post
        if not self.autapses:
            keep = pre != post
            pre, post = pre[keep], post[keep]
        return pre, post

    def expected(self, n_pre: int, n_post: int) -> float:
        return self.p * (float(n_pre) * n_post - (0 if self.autapses else min(n_pre, n_post)))


def _bernoulli_positions(total: int, p: float, rng: np.random.Generator) -> np.ndarray:
    """The positions of the successes among ``total`` trials: gaps are geometric, so that failures cost nothing."""
    if p == 0 or total == 0:
        return np.zeros(0, np.int64)
    found: list[np.ndarray] = []
    last = -1
    while last < total:
        expected = (total - last) * p
        gaps = rng.geometric(p, int(expected + 4 * np.sqrt(expected) + 16))
        # what lies beyond the last trial is dropped before it is added up: such sums do not fit 64 bits
        gaps = np.minimum(gaps[: np.searchsorted(np.cumsum(gaps, dtype=np.float64), total - last) + 1], total - last)
        positions = last + np.cumsum(gaps)
        found.append(positions)
        last = int(positions[-1])
    positions = np.concatenate(found)
    return positions[: np.searchsorted(positions, total)]


@dataclass(frozen=True, eq=False)
class ExplicitList(Connector):
    """The pairs ``(pre[k], post[k])``, in any order; a pair may stand more than once."""

    pre: np.ndarray
    post: np.ndarray
    kind: ClassVar[str] = "explicit_list"

    def __post_init__(self) -> None:
        for name in ("pre", "post"):
            given = getattr(self, name)
            whole = whole_numbers(given)
            if whole is None:
                raise ParameterError(f"ExplicitList.{name}", "must be a list of whole numbers", brief(given))
            object.__setattr__(self, name, whole)
        if self.pre.shape != self.post.shape:
            raise ParameterError("ExplicitList", "pre and post must be equally long", f"{self.pre.size} and {self.post.size}")

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        for name, array, n in (("pre", self.pre, n_pre), ("post", self.post, n_post)):
            if array.size and (array.min() < 0 or array.max() >= n):
                bad = int(array[(array < 0) | (array >= n)][0])
                raise NetworkError(where, f"{name} indices must be between 0 and {n - 1}", bad)

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        return self.pre, self.post

    def expected(self, n_pre: int, n_post: int) -> float:
        return float(self.pre.size)


def _same_size(connector: Connector, n_pre: int, n_post: int, where: str) -> None:
    if n_pre != n_post:
        raise NetworkError(
            where, f"{type(connector).__name__} needs populations of equal size", f"{n_pre} and {n_post}", "use AllToAll()"
        )


KINDS: dict[str, type[Connector]] = {cls.kind: cls for cls in (AllToAll, AllButSelf, OneToOne, FixedProbability, ExplicitList)}


def from_dict(data: dict[str, Any]) -> Connector:
    """The connector that ``to_dict`` wrote."""
    values = dict(data)
    kind = values.pop("connector")
    if not is_one_of(kind, KINDS):
        raise ParameterError("connector", "must be a known kind", brief(kind), did_you_mean(kind, KINDS))
    return KINDS[kind](**values)
