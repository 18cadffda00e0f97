"""Between two runs: the synapses of a projection taken out as a list, changed by a rule of structure, and put back.

    wiring = wiring_of(run, "e->e")
    run = rewired(run, "e->e", restructured(wiring, axonal, dendritic, weight=0.5, rng=rng))

The run goes on where it was: membranes, receptors, traces and spikes on their way are those of before.
"""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np

from maichong.engines import Run, build
from maichong.errors import NetworkError, ParameterError, brief
from maichong.plasticity.macro.wiring import Wiring
from maichong.spec.quantities import is_number
from maichong.topology import ExplicitList


def wiring_of(run: Run, projection: str, signs: Any = None) -> Wiring:
    """The synapses of a projection of a run, in the order of ``run.synapses``; ``signs`` as Wiring takes them.

    Raises NetworkError for an unknown projection, ParameterError for weights against their signs.
    """
    listed = run.synapses(projection)
    known = run.network.projections[projection]
    n_pre, n_post = (run.network.populations[end].n for end in (known.pre, known.post))
    return Wiring(
        listed["pre"], listed["post"], listed["weight"],
        n_pre=n_pre, n_post=n_post, autapses=known.pre != known.post, signs=signs,
    )  # fmt: skip


def rewired(run: Run, projection: str, wiring: Wiring, *, delay: float | None = None) -> Run:
    """A run with the synapses of ``wiring`` in place of the projection's own, at the time and in the state of ``run``.

    Synapses that came from the projection keep their delay and what rules keep for them; new ones get ``delay`` ms, or the one
    that all others have, and begin anew (so do the traces of all where there are as many synapses as neurons). Spikes on their way
    arrive at the new synapses. Recordings begin anew: read those of ``run`` first. ``run`` itself stays as it is.

    Raises NetworkError for an unknown projection, a wiring of other populations and dendritic delays that differ; ParameterError
    where delays differ and ``delay`` is left out, or where it is longer than the longest before.

    >>> import numpy as np
    >>> from maichong import LIF, Delta, FixedProbability, Network
    >>> from maichong.plasticity.macro.prune_and_regrow import PruneAndRegrow
    >>> from maichong.rewiring import rewired, wiring_of
    >>> net = Network(dt=0.1, seed=1)
    >>> e = net.population("e", LIF(), 50, drive=400.0)
    >>> _ = net.project(e, e, FixedProbability(0.1), weight=0.01, delay=1.0, receptor=Delta())
    >>> run = net.build("reference").run(20.0)
    >>> wiring = wiring_of(run, "e->e")
    >>> changed, _ = PruneAndRegrow(theta=0.05, w_0=0.1).step(wiring, np.zeros(wiring.pre.size), 20.0, np.random.default_rng(1))
    >>> later = rewired(run, "e->e", changed)
    >>> later.t, later.synapses("e->e")["weight"].size == wiring.pre.size
    (20.0, True)
    """
    listed = run.synapses(projection)
    known = run.network.projections[projection]
    where = f"rewired, projection {projection!r}"
    sizes = tuple(run.network.populations[end].n for end in (known.pre, known.post))
    if (wiring.n_pre, wiring.n_post) != sizes:
        raise NetworkError(
            where, f"needs a wiring between {sizes[0]} and {sizes[1]} neurons", f"{wiring.n_pre} and {wiring.n_post}"
        )
    if known.dendritic_delay is not None and np.ndim(known.dendritic_delay):
        raise NetworkError(where, "must have one dendritic delay for all synapses, or none")
    old = wiring.origin >= 0
    if old.any() and wiring.origin.max() >= listed["pre"].size:
        raise NetworkError(where, "needs a wiring that came from this run", "synapses that it does not have", "use wiring_of")
    changed = dataclasses.replace(
        known,
        connector=ExplicitList(wiring.pre, wiring.post),
        weight=wiring.weight,
        delay=_delays(known.delay, listed, wiring, delay, where),
    )
    network = copy.copy(run.network)  # all that it holds is inert
    network.projections = {**network.projections, projection: changed}
    later = build(network, run.engine, **run.options)
    if changed.plasticity:  # weights beyond the bounds of rules are refused
        later.set_weights(projection, later.synapses(projection)["weight"])
    return later.restore(_carried(run, later.snapshot(), projection, wiring, where))


def _delays(given: Any, listed: dict[str, np.ndarray], wiring: Wiring, delay: float | None, where: str) -> Any:
    """The delays of a wiring in ms: the projection's own, where that is one number or none, else a list."""
    if given is None or (np.ndim(given) == 0 and is_number(given)):
        if delay is not None and delay != given:
            raise ParameterError(f"{where}, delay", "must be left out where all synapses share one", brief(delay))
        return given
    new = wiring.origin < 0
    if delay is None:
        if new.any() and np.unique(listed["delay"]).size != 1:
            raise ParameterError(f"{where}, delay", "must be given for new synapses, as those of the others differ")
        delay = float(listed["delay"][0])
    if listed["delay"].size and delay > listed["delay"].max():
        raise ParameterError(f"{where}, delay", f"must be <= {listed['delay'].max():g} ms, the longest so far", brief(delay))
    return np.where(new, delay, listed["delay"][np.where(new, 0, wiring.origin)])


def _carried(run: Run, fresh: dict[str, np.ndarray], projection: str, wiring: Wiring, where: str) -> dict[str, np.ndarray]:
    """The state of ``run`` for a network with the synapses of ``wiring``, where ``fresh`` says what new synapses begin with."""
    synapses, carried = run.synapses(projection)["pre"].size, dict(fresh)
    # a plan sorts synapses by pre, then post
    origin = wiring.origin[np.lexsort((wiring.post, wiring.pre))]
    old = origin >= 0
    for key, value in run.snapshot().items():
        own = key.startswith(f"{projection}/")
        if own and (key == f"{projection}/weight" or key not in fresh):
            continue
        if own and value.shape == (synapses,) and fresh[key].shape == origin.shape:
            if synapses not in (wiring.n_pre, wiring.n_post):  # else it may be one for each neuron
                carried[key] = fresh[key].copy()
                carried[key][old] = value[origin[old]]
        elif value.shape == fresh[key].shape or "/given_" in key:
            carried[key] = value
        elif not own:
            fix = "give all synapses one delay"
            raise NetworkError(where, "must keep its longest delay, or spikes on their way are lost", fix=fix)
    return carried
