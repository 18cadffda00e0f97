"""The synapses that somebody else has listed: pairs of indices, with weights and delays where they are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maichong.topology.connectors import ExplicitList


@dataclass(frozen=True, eq=False)
class Edges:
    """Synapses read from a file or a graph: ``pre[k]`` to ``post[k]``, of ``weight[k]`` and ``delay[k]`` (ms), None where unknown.

    ``n_pre`` and ``n_post`` are the least sizes of the populations; ``names_pre`` and ``names_post`` are what the nodes are called
    where they have names, by index. Weights are in the file's own unit: scale them to what the receptor takes.

        edges = read_edges("wiring.csv")
        cells = net.population("cells", LIF(), edges.n_pre)
        net.project(cells, cells, edges.connector, weight=0.5 * edges.weight, delay=edges.delay, receptor=Exponential())
    """

    pre: np.ndarray
    post: np.ndarray
    n_pre: int
    n_post: int
    weight: np.ndarray | None = None
    delay: np.ndarray | None = None
    names_pre: Sequence[str] | None = None
    names_post: Sequence[str] | None = None

    @property
    def connector(self) -> ExplicitList:
        """The pairs as a connector; ``weight`` and ``delay`` are in its order."""
        return ExplicitList(self.pre, self.post)

    def __len__(self) -> int:
        return self.pre.size

    def __repr__(self) -> str:
        known = [name for name in ("weight", "delay") if getattr(self, name) is not None]
        return (
            f"<Edges: {len(self):,} from {self.n_pre:,} to {self.n_post:,} nodes{', ' if known else ''}{' and '.join(known)}>"
        )
