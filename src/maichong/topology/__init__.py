"""Who connects to whom."""

from maichong.topology.connectors import AllButSelf, AllToAll, Connector, ExplicitList, FixedProbability, OneToOne

__all__ = ["AllButSelf", "AllToAll", "Connector", "ExplicitList", "FixedProbability", "OneToOne"]
