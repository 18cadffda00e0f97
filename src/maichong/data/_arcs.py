"""What a data set of a network is: who sends to whom, and how much."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from maichong.errors import DataError


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ArcList:
    """Arcs of a directed network by the names of their ends.

    ``sources`` and ``targets`` are text [arcs], ``weights`` float64 [arcs] in the unit that ``remark`` tells. ``types`` has the
    type of a node, such as E or I, by its name, where that is known. Arcs from a node to itself are kept as they were published.

        >>> ArcList(name="tiny", sources=["a", "b"], targets=["b", "c"], weights=[1.0, 2.0])
        ArcList('tiny': 2 arcs between 3 nodes)
    """

    name: str
    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    types: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""
    source: str = ""
    licence: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        ends = [np.asarray(each, dtype=np.str_) for each in (self.sources, self.targets)]
        weights = np.asarray(self.weights, np.float64)
        if any(each.ndim != 1 for each in (*ends, weights)) or len({len(ends[0]), len(ends[1]), len(weights)}) != 1:
            lengths = ", ".join(str(np.shape(each)) for each in (*ends, weights))
            raise DataError("ArcList", "must have one source, target and weight for each arc", f"shapes {lengths}")
        if not np.isfinite(weights).all():
            raise DataError("ArcList.weights", "must be finite", "NaN or infinity")
        # a frozen dataclass lets its own constructor normalise what it was given in no other way
        for key, value in (("sources", ends[0]), ("targets", ends[1]), ("weights", weights)):
            object.__setattr__(self, key, value)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of all nodes that have an arc, in alphabetical order."""
        return tuple(np.unique(np.concatenate([self.sources, self.targets])).tolist())

    def digest(self) -> str:
        """SHA-256 over the lines ``source,target,weight`` (nine digits) in order: the same however a file lists its arcs."""
        arcs = zip(self.sources.tolist(), self.targets.tolist(), self.weights.tolist(), strict=True)
        lines = sorted(f"{source},{target},{weight:.9g}\n" for source, target, weight in arcs)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def __repr__(self) -> str:
        return f"ArcList({self.name!r}: {len(self.sources):,} arcs between {len(self.nodes):,} nodes)"
