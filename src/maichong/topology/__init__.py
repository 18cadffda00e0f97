"""Who connects to whom: connectors, where neurons are, and synapses that others have listed.

* by rule: AllToAll, AllButSelf, OneToOne, Convolution, ExplicitList;
* at random: FixedProbability, FixedInDegree, FixedOutDegree, FixedTotalNumber, Blocks and ``layered``, SmallWorld,
  PreferentialAttachment, ScaleFree;
* in space: DistanceProbability, with ``grid_positions`` or ``uniform_positions`` and a DistanceKernel, which also gives weights and
  delays by distance;
* from others: ``read_edges`` (CSV), ``from_sparse`` (SciPy), ``from_networkx``, ``read_sonata``; ``by_sign`` parts what they give
  into excitatory and inhibitory neurons.

The reservoir of a liquid state machine is ``maichong.liquid``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.spec.model import from_data
from maichong.topology.blocks import Blocks, layered
from maichong.topology.connectors import AllButSelf, AllToAll, Connector, ExplicitList, OneToOne
from maichong.topology.convolution import Convolution
from maichong.topology.dale import Signed, by_sign
from maichong.topology.edge_lists import read_edges
from maichong.topology.edges import Edges
from maichong.topology.graphs import from_networkx, from_sparse
from maichong.topology.positions import grid_positions, uniform_positions
from maichong.topology.random_connectors import (
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    RandomConnector,
)
from maichong.topology.scale_free import PreferentialAttachment, ScaleFree
from maichong.topology.small_world import SmallWorld
from maichong.topology.sonata import read_sonata
from maichong.topology.spatial_connectors import DistanceProbability

KINDS: dict[str, type[Connector]] = {
    cls.kind: cls
    for cls in (
        AllToAll, AllButSelf, OneToOne, ExplicitList, FixedProbability, FixedInDegree, FixedOutDegree, FixedTotalNumber,
        DistanceProbability, SmallWorld, PreferentialAttachment, ScaleFree, Blocks, Convolution,
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
    "Blocks",
    "Connector",
    "Convolution",
    "DistanceProbability",
    "Edges",
    "ExplicitList",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FixedTotalNumber",
    "OneToOne",
    "PreferentialAttachment",
    "RandomConnector",
    "ScaleFree",
    "Signed",
    "SmallWorld",
    "by_sign",
    "from_dict",
    "from_networkx",
    "from_sparse",
    "grid_positions",
    "layered",
    "read_edges",
    "read_sonata",
    "uniform_positions",
]
