"""Who connects to whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.spec.model import from_data
from maichong.topology.connectors import AllButSelf, AllToAll, Connector, ExplicitList, OneToOne
from maichong.topology.positions import grid_positions, uniform_positions
from maichong.topology.random_connectors import (
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    RandomConnector,
)
from maichong.topology.spatial_connectors import DistanceProbability

KINDS: dict[str, type[Connector]] = {
    cls.kind: cls
    for cls in (
        AllToAll, AllButSelf, OneToOne, ExplicitList, FixedProbability, FixedInDegree, FixedOutDegree, FixedTotalNumber,
        DistanceProbability,
    )
}  # fmt: skip


def from_dict(data: Mapping[str, Any]) -> Connector:
    """The connector that ``to_dict`` wrote."""
    values = {name: from_data(value) for name, value in data.items()}
    kind = values.pop("connector")
    if not is_one_of(kind, KINDS):
        raise ParameterError("connector", "must be a known kind", brief(kind), did_you_mean(kind, KINDS))
    return KINDS[kind](**values)


__all__ = [
    "AllButSelf",
    "AllToAll",
    "Connector",
    "DistanceProbability",
    "ExplicitList",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FixedTotalNumber",
    "OneToOne",
    "RandomConnector",
    "from_dict",
    "grid_positions",
    "uniform_positions",
]
