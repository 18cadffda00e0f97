"""Competition in a network of spikes: the first k spikes silence all cells until inhibition is gone, and the next round begins.

A counter cell hears every spike, and each is 1 to it: it fires at the k-th. Its spike inhibits all cells, two steps after the k-th:
cells that fire within them win too. A cell that fires twice before others have fired once counts twice; a refractory period
(``t_ref``) as long as the cells are apart prevents that.

Cells with escape noise (``Escape``) make it soft: who is first is drawn from the softmax of their potentials, of the temperature
``delta_u``; without noise the cell that is driven most wins.

Source: Nessler, Pfeiffer, Buesing & Maass 2013, doi:10.1371/journal.pcbi.1003037 (the first spike wins, and noise makes it soft);
Maass 2000, doi:10.1162/089976600300014827 (k winners).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.errors import NetworkError, brief
from maichong.network import Network, Population
from maichong.spec import Configured
from maichong.topology import AllToAll


def winner_take_all(
    net: Network, cells: Population | str, *, k: int = 1, inhibition: Any = 1000.0, receptor: Configured | None = None,
    name: str | None = None,
) -> Population:  # fmt: skip
    """Let the first ``k`` spikes of ``cells`` silence all of them; returns the counter cell, whose spikes end the rounds.

    ``inhibition`` is the strength, a positive number in the unit of the weights of ``receptor``: a current in pA for the default,
    ``Exponential(tau=10)``, whose time constant says how long a round's end lasts. With a receptor that has a reversal potential it
    is a conductance, which pulls there. Projections are called ``name`` (by default the name of the cells) and what they do.

    Raises NetworkError for a k that is no whole number from 1 to the number of cells, and an inhibition that is not positive.

        e = net.population("e", LIF(), 10, drive=currents)
        winners = winner_take_all(net, e, k=2)
    """
    from maichong.neurons.integrate_and_fire import IF
    from maichong.synapses.delta import Delta
    from maichong.synapses.exponential import Exponential

    label = cells.name if isinstance(cells, Population) else cells
    population = net.populations.get(label) if isinstance(label, str) else None
    where = "winner_take_all"
    if population is None or not population.is_neuron:
        raise NetworkError(where, "needs neurons of the network to compete", brief(cells))
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= population.n:
        raise NetworkError(f"{where}, k", f"must be a whole number from 1 to {population.n}, the number of cells", brief(k))
    if isinstance(inhibition, bool) or not isinstance(inhibition, (int, float)) or not 0 < inhibition < float("inf"):
        raise NetworkError(f"{where}, inhibition", "must be a positive number", brief(inhibition))
    name = label if name is None else name
    receptor = Exponential(tau=10.0) if receptor is None else receptor
    weight = float(inhibition) if receptor.values.get("e_rev") is not None else -float(inhibition)
    counter = net.population(f"{name} counter", IF(v_th=float(k) - 0.5, v_r=0.0, v_0=0.0), 1)
    net.project(label, counter, AllToAll(), weight=1.0, receptor=Delta(), name=f"{name} counted")
    net.project(counter, label, AllToAll(), weight=weight, receptor=receptor, delay=net.dt, name=f"{name} silenced")
    return counter
