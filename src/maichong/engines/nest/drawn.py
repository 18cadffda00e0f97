"""Projections that NEST draws by its own rules, ``connectivity="nest"``: which they are, and how a plan tells of them after.

NEST draws what is random in the projection, its pairs, weights and delays: others than ours, with the same distribution. What no
rule of NEST's can draw is handed over, pair by pair.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from maichong.engines.nest.synapses import Synapse
from maichong.engines.projection_plan import ProjectionPlan
from maichong.spec import Distribution, LogNormal, Normal, Uniform
from maichong.topology import (
    AllButSelf,
    AllToAll,
    Connector,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    OneToOne,
)
from maichong.topology.connectors import Pairs

RULES: dict[type[Connector], Callable[[Any], dict[str, Any]]] = {
    AllToAll: lambda _: {"rule": "all_to_all"},
    AllButSelf: lambda _: {"rule": "all_to_all", "allow_autapses": False},
    OneToOne: lambda _: {"rule": "one_to_one"},
    FixedProbability: lambda c: {"rule": "pairwise_bernoulli", "p": c.p, "allow_autapses": c.autapses},
    FixedInDegree: lambda c: {
        "rule": "fixed_indegree", "indegree": c.k, "allow_autapses": c.autapses, "allow_multapses": c.multapses,
    },
    FixedOutDegree: lambda c: {
        "rule": "fixed_outdegree", "outdegree": c.k, "allow_autapses": c.autapses, "allow_multapses": c.multapses,
    },
    FixedTotalNumber: lambda c: {"rule": "fixed_total_number", "N": c.n, "allow_autapses": c.autapses},
}  # fmt: skip
"""The rules of connectors; ours and NEST's mean the same by each."""

DRAWN: dict[type[Distribution], Callable[[Any, Any], Any]] = {
    Uniform: lambda nest, d: nest.random.uniform(d.low, d.high),
    Normal: lambda nest, d: nest.random.normal(d.mean, d.sd),
    LogNormal: lambda nest, d: nest.random.lognormal(d.mu, d.sigma),
}


def rule_of(entry: ProjectionPlan, synapse: Synapse, conducts: bool) -> dict[str, Any] | None:
    """NEST's rule for a projection, None where it must be handed over."""
    connector, weight, delay = (getattr(entry.projection, name) for name in ("connector", "weight", "delay"))
    make, dendritic = RULES.get(type(connector)), entry.projection.dendritic_delay
    if make is None or isinstance(dendritic, Distribution):
        return None
    if isinstance(connector, FixedTotalNumber) and connector.distinct:
        return None  # NEST has no rule for it
    if any(np.ndim(value) for value in (weight, delay, dendritic) if not isinstance(value, Distribution)):
        return None
    drawn = [value for value in (weight, delay) if isinstance(value, Distribution)]
    # NEST refuses what does not spread
    unknown = any(type(value) not in DRAWN or not np.ptp(value.values(np.array([0.25, 0.5]))) for value in drawn)
    if unknown or np.ndim(synapse.arrival.factor) or (synapse.plastic and isinstance(delay, Distribution)):
        return None
    if conducts and isinstance(weight, Distribution) and weight.bounds()[0] < 0:
        return None  # what we have drawn is known not to be negative
    rule = make(connector)
    # NEST leaves out autapses of nodes, ours are of indices; and parrots that send for cells are other nodes
    direct = entry.pre_population == entry.post_population and not (synapse.plastic and entry.longest + synapse.before)
    return rule if rule.get("allow_autapses", True) or direct else None


def as_parameter(nest: Any, value: Any, factor: float = 1.0, plus: float = 0.0) -> Any:
    """A number, or a distribution as NEST draws it, times ``factor`` and ``plus`` something."""
    if not isinstance(value, Distribution):
        return float(value) * factor + plus
    drawn, (low, high) = DRAWN[type(value)](nest, value), value.bounds()
    if not isinstance(value, Uniform) and np.isfinite([low, high]).any():
        drawn = nest.math.redraw(drawn, low, high)
    return drawn * factor + plus


@dataclass(frozen=True, eq=False)
class AsDrawn(Connector):
    """The pairs that NEST drew, ``number`` of them, asked for when they are wanted."""

    number: int
    read: Callable[[], Pairs]
    kind: ClassVar[str] = "explicit_list"

    @property
    def distinct(self) -> bool:
        return False

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        return self.read()

    def expected(self, n_pre: int, n_post: int) -> float:
        return float(self.number)


class DelaysAsDrawn(Distribution):
    """The delays in ms that NEST drew for the pairs, asked for when they are wanted."""

    def __init__(self, drawn: Distribution, read: Callable[[], np.ndarray]) -> None:
        object.__setattr__(self, "_drawn", drawn)
        object.__setattr__(self, "_read", read)

    def draw(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return self._read()  # type: ignore[attr-defined]

    def bounds(self) -> tuple[float, float]:
        return self._drawn.bounds()  # type: ignore[attr-defined]


def told(entry: ProjectionPlan, number: int, pairs: Callable[[], Pairs], delays: Callable[[], np.ndarray]) -> ProjectionPlan:
    """The plan of a projection as NEST drew it."""
    given = entry.projection.delay
    delay = DelaysAsDrawn(given, delays) if isinstance(given, Distribution) else given
    projection = dataclasses.replace(entry.projection, connector=AsDrawn(number, pairs), delay=delay)
    return dataclasses.replace(entry, projection=projection)
