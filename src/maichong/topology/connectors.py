"""Who connects to whom: each connector names the pairs (pre, post) of one projection.

A connector is inert. ``pairs`` is called when a network is built and returns the pairs sorted by pre, then post; ``expected``
tells their number beforehand, for the memory forecast.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief
from maichong.spec.distributions import Distribution
from maichong.spec.quantities import whole_numbers

Pairs = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Connector:
    """Pairs of pre- and postsynaptic neurons; the subclasses say which."""

    kind: ClassVar[str] = ""
    drawn: ClassVar[bool] = False
    """Whether the pairs are random, so that nobody knows them before a build."""

    @property
    def counted(self) -> bool:
        """Whether ``expected`` is the number of pairs itself and not its mean."""
        return True

    @property
    def distinct(self) -> bool:
        """Whether a pair has one synapse at most."""
        return True

    spatial: ClassVar[bool] = False
    """Whether neurons have places, so that a pair has a distance."""

    def distances(self, pre: np.ndarray, post: np.ndarray) -> np.ndarray:
        """How far apart the two ends of each pair are, float64; of spatial connectors."""
        raise NotImplementedError

    def likely_distances(self) -> tuple[np.ndarray, np.ndarray]:
        """Some distances and how many pairs to expect at each, float64 [n] both; of spatial connectors. Nothing is drawn."""
        raise NotImplementedError

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
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        written = {name: value.to_dict() if isinstance(value, Distribution) else value for name, value in values.items()}
        return {"connector": self.kind, **written}

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
        check_same_size(self, n_pre, n_post, where, "use AllToAll()")

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
        check_same_size(self, n_pre, n_post, where, "use AllToAll()")

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        return np.arange(n_pre), np.arange(n_post)

    def expected(self, n_pre: int, n_post: int) -> float:
        return float(n_pre)


@dataclass(frozen=True, eq=False)
class ExplicitList(Connector):
    """The pairs ``(pre[k], post[k])``, in any order; a pair may stand more than once."""

    pre: np.ndarray
    post: np.ndarray
    kind: ClassVar[str] = "explicit_list"

    @property
    def distinct(self) -> bool:
        return False

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


def in_order(pre: np.ndarray, post: np.ndarray, n_post: int) -> Pairs:
    """Pairs sorted by pre, then post, as one number each: several times faster than sorting by two keys."""
    keys = pre * np.int64(n_post) + post
    keys.sort()
    first = keys // np.int64(max(n_post, 1))
    return first, keys - first * n_post


def check_same_size(connector: Connector, n_pre: int, n_post: int, where: str, fix: str | None = None) -> None:
    """NetworkError where the two populations have not as many neurons each."""
    if n_pre != n_post:
        expected = f"{type(connector).__name__} needs populations of equal size"
        raise NetworkError(where, expected, f"{n_pre} and {n_post}", fix)
