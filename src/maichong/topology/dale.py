"""Dale's principle in a list of synapses: which neurons are excitatory, which inhibitory, and the four sets of synapses between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import DataError, brief
from maichong.spec.quantities import whole_numbers
from maichong.topology.edges import Edges


@dataclass(frozen=True, eq=False)
class Signed:
    """Neurons parted by the sign of their synapses: indices of the whole, and the synapses between the parts.

    ``parts`` maps "EE", "EI" (from excitatory to inhibitory), "IE" and "II" to Edges, whose indices count within the populations.
    """

    excitatory: np.ndarray
    inhibitory: np.ndarray
    parts: Mapping[str, Edges]

    @property
    def ratio(self) -> float:
        """Excitatory neurons for each inhibitory one; infinite where there are none of these."""
        return self.excitatory.size / self.inhibitory.size if self.inhibitory.size else np.inf


def by_sign(edges: Edges, inhibitory: Any = None) -> Signed:
    """Part neurons by the sign of what they send: all of a neuron's weights are >= 0, or all <= 0 (Dale's principle).

    Neurons without weights but 0 count as excitatory. ``inhibitory``, a list of indices, says instead which neurons inhibit; then
    weights are magnitudes, >= 0, and those of these neurons turn negative.

        signed = by_sign(read_edges("wiring.csv"))
        e = net.population("e", LIF(), signed.excitatory.size, sign="excitatory")
        i = net.population("i", LIF(), signed.inhibitory.size, sign="inhibitory")
        net.project(i, e, signed.parts["IE"].connector, weight=signed.parts["IE"].weight, receptor=Exponential())

    Raises DataError for edges between two populations, edges without weights, a neuron with weights of both signs, and, with
    ``inhibitory``, indices that are none or a weight < 0.

    Source: Eccles, Fatt & Koketsu 1954, doi:10.1113/jphysiol.1954.sp005226.

    >>> from scipy.sparse import csr_array
    >>> from maichong.topology import from_sparse
    >>> signed = by_sign(from_sparse(csr_array([[0.0, 2.0, 1.0], [1.0, 0.0, 0.0], [-3.0, 0.0, 0.0]])))
    >>> signed.inhibitory, signed.parts["IE"].weight, signed.ratio
    (array([2]), array([-3.]), 2.0)
    """
    if not isinstance(edges, Edges):
        raise DataError("by_sign", "needs Edges, as read_edges, from_sparse and from_networkx give them", brief(edges))
    if edges.n_pre != edges.n_post:
        raise DataError("by_sign", "needs edges within one population", f"from {edges.n_pre} to {edges.n_post} neurons")
    if edges.weight is None:
        raise DataError("by_sign", "needs edges with weights", fix="give weights, whose signs say what a neuron is")
    weight, inhibits = edges.weight, np.zeros(edges.n_pre, bool)
    if inhibitory is None:
        inhibits[edges.pre[weight < 0]] = True
        against = inhibits[edges.pre] & (weight > 0)
        if against.any():
            said = "has weights of both signs, against Dale's principle"
            raise DataError(f"by_sign, neuron {_name(edges, int(edges.pre[against][0]))}", said, fix=f"{_mixed(edges)} do")
    else:
        chosen = whole_numbers(inhibitory)
        if chosen is None or not ((chosen >= 0) & (chosen < edges.n_pre)).all():
            raise DataError("by_sign, inhibitory", f"must be indices between 0 and {edges.n_pre - 1}", brief(inhibitory))
        if (weight < 0).any():
            raise DataError("by_sign", "weights must be >= 0 where inhibitory neurons are given", f"{float(weight.min()):g}")
        inhibits[chosen] = True
        weight = np.where(inhibits[edges.pre], -weight, weight)
    groups = {"E": np.flatnonzero(~inhibits), "I": np.flatnonzero(inhibits)}
    place = np.zeros(edges.n_pre, np.int64)
    for found in groups.values():
        place[found] = np.arange(found.size)
    parts = {}
    for source in "EI":
        for target in "EI":
            here = (inhibits[edges.pre] == (source == "I")) & (inhibits[edges.post] == (target == "I"))
            parts[source + target] = Edges(
                place[edges.pre[here]], place[edges.post[here]], groups[source].size, groups[target].size, weight[here],
                None if edges.delay is None else edges.delay[here], _names(edges, groups[source]), _names(edges, groups[target]),
            )  # fmt: skip
    return Signed(groups["E"], groups["I"], parts)


def _name(edges: Edges, neuron: int) -> str:
    return str(neuron) if edges.names_pre is None else brief(edges.names_pre[neuron])


def _names(edges: Edges, neurons: np.ndarray) -> list[str] | None:
    known = edges.names_pre
    return None if known is None else [str(known[int(neuron)]) for neuron in neurons]


def _mixed(edges: Edges) -> str:
    """How many neurons have weights of both signs."""
    assert edges.weight is not None
    negative, positive = (np.unique(edges.pre[chosen]) for chosen in (edges.weight < 0, edges.weight > 0))
    return f"{np.intersect1d(negative, positive).size} of {edges.n_pre}"
