"""Random connectors: how many partners each neuron has; who they are is drawn line by line (``maichong.topology.lines``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief
from maichong.spec.quantities import is_number
from maichong.topology.connectors import Connector, Pairs


@dataclass(frozen=True, eq=False)
class RandomConnector(Connector):
    """Partners drawn at random for one neuron after the other; the subclasses say how many.

    ``side`` says whose: with "pre" each source draws its targets, with "post" each target its sources. ``distinct``: no pair has
    more than one synapse.
    """

    side: ClassVar[str] = "pre"
    drawn: ClassVar[bool] = True

    @property
    def distinct(self) -> bool:
        """Whether a pair has one synapse at most."""
        raise NotImplementedError

    @property
    def but_self(self) -> bool:
        """Whether a neuron is never its own partner."""
        return not getattr(self, "autapses", True)

    def degrees(self, n_lines: int, n_partners: int, rng: np.random.Generator) -> np.ndarray:
        """How many partners each neuron draws, int64 [n_lines]."""
        raise NotImplementedError

    def choices(self, n_lines: int, n_partners: int) -> np.ndarray:
        """Among how many each neuron chooses, int64 [n_lines]."""
        return n_partners - (self.but_self & (np.arange(n_lines) < n_partners)).astype(np.int64)

    def lines(self, n_pre: int, n_post: int) -> tuple[int, int]:
        """How many neurons draw, and how many may be drawn."""
        return (n_pre, n_post) if self.side == "pre" else (n_post, n_pre)

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        seed = int(rng.integers(2**63))
        n_lines, n = self.lines(n_pre, n_post)
        lines, partners = self.listed(self.degrees(n_lines, n, rng), n, 0, seed)
        if self.side == "pre":
            return lines, partners
        order = np.lexsort((lines, partners))
        return partners[order], lines[order]

    def listed(self, degrees: np.ndarray, n_partners: int, stream: int, seed: int) -> Pairs:
        """The line and the partner of every synapse, int64, line by line; rows are sorted, columns as they were drawn."""
        from maichong.topology.lines import list_lines  # compiles

        lines, partners = np.empty(int(degrees.sum()), np.int64), np.empty(int(degrees.sum()), np.int64)
        options = self.distinct, self.but_self, self.side == "pre"
        marks, out = np.zeros(n_partners, np.int32), np.zeros(max(n_partners, int(degrees.max(initial=0))), np.int32)
        list_lines(degrees, n_partners, *options, stream, seed & 0xFFFFFFFF, seed >> 32, marks, out, lines, partners)
        return lines, partners


def check_flag(value: object, where: str) -> bool:
    """``value``; ParameterError where it is neither True nor False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ParameterError(where, "must be True or False", brief(value))
    return bool(value)


@dataclass(frozen=True, eq=False)
class FixedProbability(RandomConnector):
    """Each pair with probability ``p``, independently; ``autapses=False`` leaves out pairs of the same index.

    Leave ``autapses`` at True between different populations, where equal indices mean nothing.
    """

    p: float
    autapses: bool = True
    kind: ClassVar[str] = "fixed_probability"

    def __post_init__(self) -> None:
        if not is_number(self.p) or not 0 <= self.p <= 1:
            raise ParameterError("FixedProbability.p", "must be a probability between 0 and 1", brief(self.p))
        object.__setattr__(self, "p", float(self.p))
        object.__setattr__(self, "autapses", check_flag(self.autapses, "FixedProbability.autapses"))

    @property
    def counted(self) -> bool:
        return False

    @property
    def distinct(self) -> bool:
        return True

    def degrees(self, n_lines: int, n_partners: int, rng: np.random.Generator) -> np.ndarray:
        return rng.binomial(self.choices(n_lines, n_partners), self.p).astype(np.int64)

    def expected(self, n_pre: int, n_post: int) -> float:
        return self.p * (float(n_pre) * n_post - (0 if self.autapses else min(n_pre, n_post)))


@dataclass(frozen=True, eq=False)
class _FixedDegree(RandomConnector):
    k: int
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        name = type(self).__name__
        if isinstance(self.k, bool) or not isinstance(self.k, (int, np.integer)) or not 0 <= self.k < 2**31:
            raise ParameterError(f"{name}.k", "must be a whole number >= 0", brief(self.k))
        object.__setattr__(self, "k", int(self.k))
        for flag in ("autapses", "multapses"):
            object.__setattr__(self, flag, check_flag(getattr(self, flag), f"{name}.{flag}"))

    @property
    def distinct(self) -> bool:
        return not self.multapses

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        n_lines, n = self.lines(n_pre, n_post)
        most = int(self.choices(n_lines, n).min())
        if self.k > most and (self.distinct or not most):
            partners = "targets" if self.side == "pre" else "sources"
            needs = f"{self.k} different ones" if self.distinct else "one"
            fix = "allow multapses, or take fewer" if most else "allow autapses"
            raise NetworkError(where, f"{type(self).__name__} finds {most} {partners} for a neuron, and needs {needs}", fix=fix)

    def degrees(self, n_lines: int, n_partners: int, rng: np.random.Generator) -> np.ndarray:
        return np.full(n_lines, self.k, np.int64)


@dataclass(frozen=True, eq=False)
class FixedInDegree(_FixedDegree):
    """Each target draws ``k`` sources; a source may be drawn more than once (``multapses``), and a neuron itself (``autapses``)."""

    side: ClassVar[str] = "post"
    kind: ClassVar[str] = "fixed_in_degree"

    def expected(self, n_pre: int, n_post: int) -> float:
        return float(self.k) * n_post


@dataclass(frozen=True, eq=False)
class FixedOutDegree(_FixedDegree):
    """Each source draws ``k`` targets; a target may be drawn more than once (``multapses``), and a neuron itself (``autapses``)."""

    kind: ClassVar[str] = "fixed_out_degree"

    def expected(self, n_pre: int, n_post: int) -> float:
        return float(self.k) * n_pre


@dataclass(frozen=True, eq=False)
class FixedTotalNumber(RandomConnector):
    """``n`` synapses in all, source and target of each drawn independently: a pair may have several, as in NEST's rule.

    With ``multapses=False`` it is ``n`` different pairs, every set of so many as likely as any other.
    """

    n: int
    autapses: bool = True
    multapses: bool = True
    kind: ClassVar[str] = "fixed_total_number"

    def __post_init__(self) -> None:
        if isinstance(self.n, bool) or not isinstance(self.n, (int, np.integer)) or not 0 <= self.n < 2**40:
            raise ParameterError("FixedTotalNumber.n", "must be a whole number >= 0", brief(self.n))
        object.__setattr__(self, "n", int(self.n))
        for flag in ("autapses", "multapses"):
            object.__setattr__(self, flag, check_flag(getattr(self, flag), f"FixedTotalNumber.{flag}"))

    @property
    def distinct(self) -> bool:
        return not self.multapses

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        if self.n and not self.choices(n_pre, n_post).any():
            raise NetworkError(where, "FixedTotalNumber finds no pair of different neurons", fix="allow autapses")
        if self.distinct and self.n > (most := int(self.choices(n_pre, n_post).sum())):
            raise NetworkError(
                where,
                f"FixedTotalNumber finds {most} pairs, and needs {self.n} different ones",
                fix="allow multapses, or take fewer",
            )

    def degrees(self, n_lines: int, n_partners: int, rng: np.random.Generator) -> np.ndarray:
        if not self.n:
            return np.zeros(n_lines, np.int64)
        choices = self.choices(n_lines, n_partners)
        if self.distinct:
            return _of_different_pairs(self.n, choices, rng)
        return rng.multinomial(self.n, choices / choices.sum()).astype(np.int64)

    def expected(self, n_pre: int, n_post: int) -> float:
        return float(self.n)


def _of_different_pairs(n: int, choices: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How many of ``n`` different pairs, evenly drawn from all, stand in each line.

    Lines are binomial at first. Given their sum every set of pairs is as likely as any other, and it stays so when pairs are added
    or taken away evenly, until there are ``n``: of the order of sqrt(n).
    """
    degrees = rng.binomial(choices, n / choices.sum()).astype(np.int64)
    missing = n - int(degrees.sum())
    places = np.cumsum(choices - degrees if missing > 0 else degrees)
    chosen = rng.choice(int(places[-1]), abs(missing), replace=False)
    return degrees + np.sign(missing) * np.bincount(np.searchsorted(places, chosen, side="right"), minlength=choices.size)
