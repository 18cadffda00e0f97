"""Projections without synapses in memory: each time a spike arrives, its row is drawn again from the counters it was drawn from.

For networks that do not fit. A row costs some 15 ns a synapse and visit, with drawn weights 30, instead of one; each thread draws
whole rows and keeps its own targets. The synapses are those that would have been stored, to the bit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.engines.events import arrivals
from maichong.engines.events.emit import KernelText
from maichong.engines.events.layout import BLOCK, Layout
from maichong.engines.events.lower import Writer
from maichong.engines.events.wiring import EXTRA, drawn_numbers, write_value
from maichong.engines.projection_plan import ProjectionPlan
from maichong.engines.streams import stream_of
from maichong.errors import EngineError, brief, did_you_mean
from maichong.network import Network, Projection
from maichong.spec import Distribution
from maichong.topology import RandomConnector

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder


def chosen(network: Network, procedural: object) -> tuple[str, ...]:
    """The projections to be drawn at each spike: those named, or, for True, all that can be.

    Raises EngineError for names that are none, and for a projection that cannot be drawn so.
    """
    if isinstance(procedural, (bool, np.bool_)):
        return tuple(name for name, p in network.projections.items() if procedural and not obstacle(p))
    names = (procedural,) if isinstance(procedural, str) else procedural
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise EngineError("build, procedural", "must be True, False or the names of projections", brief(procedural))
    for name in names:
        if name not in network.projections:
            raise EngineError(
                "build, procedural", f"there is no projection {brief(name)}", fix=did_you_mean(name, network.projections)
            )
        why = obstacle(network.projections[name])
        if why:
            raise EngineError(f"build, procedural, projection {name!r}", f"cannot be drawn at each spike: {why}")
    return tuple(names)


def obstacle(projection: Projection) -> str:
    """Why a projection's rows cannot be drawn again when a spike arrives; nothing where they can."""
    connector, delay = projection.connector, projection.delay
    if not isinstance(connector, RandomConnector):
        return f"{type(connector).__name__} is not random; a dense one with one weight takes no memory anyway"
    if connector.side != "pre":
        return f"in {type(connector).__name__} targets draw their sources; use FixedOutDegree or FixedProbability"
    if projection.plasticity:
        return "its weights learn, and must be kept"
    if np.ndim(projection.weight) and not isinstance(projection.weight, Distribution):
        return "its weights are given one by one"
    if isinstance(delay, Distribution) or np.ndim(delay):
        return "its delays differ, so that a row would be drawn for each of them; use one delay"
    return ""


def layout(entry: ProjectionPlan, real: np.dtype) -> Layout:
    """What is kept of a procedural projection: how many synapses each row has."""
    weight = np.zeros(0, real) if entry.weight is None else np.array([entry.weight], real)
    delays = np.array([entry.delay or 0], np.int64)
    return Layout("procedural", delays, weight, entry.weight is not None, {"degrees": entry.degrees})


def values(entry: ProjectionPlan) -> dict[str, Any]:
    """The numbers of a procedural projection's kernel."""
    longest = int(entry.degrees.max(initial=0))
    return {
        "n_partners": entry.n_post, "pairs_stream": stream_of(entry.name, "pairs"), "marks": np.zeros(entry.n_post, np.int32),
        "values_stream": stream_of(entry.name, "values"), "seed_low": entry.seed & 0xFFFFFFFF, "seed_high": entry.seed >> 32,
        "out": np.zeros(max(entry.n_post, longest), np.int32), **drawn_numbers(entry),
    }  # fmt: skip


def deliver(b: Builder, entry: ProjectionPlan, word: str = "amount") -> KernelText:
    """Spikes that arrive now, or pulses that are over, act on their receptors, through rows that are drawn for them."""
    connector, weight = entry.projection.connector, entry.projection.weight
    assert isinstance(connector, RandomConnector)
    w = Writer("float64")
    pulse = f" - {b.integer('pulse')}" if word == "last" else ""
    exact = b.shape.landing is not None
    if exact:
        arrivals.begin(b, w)
    sent = b.sent(f"{b.array('delays', 'int64')}[0]{pulse}", exact=exact)
    b.released(w, b.spikes(w, "pre", sent, "line"), word, "line")
    if exact:
        arrivals.aim(b, w)
    w.line(f"k = {b.array('degrees', 'int64')}[line]")
    for name in ("n_partners", "pairs_stream", "seed_low", "seed_high", "first", "last"):
        b.integer(name)
    marks, out, but_self = b.array("marks", "int32"), b.array("out", "int32"), "line" if connector.but_self else "-1"
    streams = "pairs_stream, seed_low, seed_high"
    w.line(f"draw_line(line, n_partners, k, {connector.distinct}, {but_self}, True, {marks}, {out}, {streams})")
    if b.shape.shared:
        w.line(f"w = {b.array('weight')}[0]")
    w.line(f"for q in range(np.searchsorted({out}[:k], first), np.searchsorted({out}[:k], last)):")
    w.indent += 1
    w.line(f"j = {out}[q]")
    if not b.shape.shared:
        assert isinstance(weight, Distribution)
        w.line(f"r0, r1, _, _ = philox(U(q), U(line), U(0), U({b.integer('values_stream')}), U(seed_low), U(seed_high))")
        floats: list[str] = []
        w.line(f"w = np.{b.precision}({write_value(w, weight, 'weight', 'unit(r0, r1)', floats)})")
        for name in dict.fromkeys(floats):
            b.number(name, "float64")
    if exact:
        arrivals.land(b, w)
        w.indent = 0
        arrivals.end(w)
    for state in () if exact else b.shape.jumps:
        w.line(f"{b.array(f'to_{state}')}[j] += {b.jump(state)}")
    if b.shape.wakes:
        w.line(f"{b.array('awake', 'uint8')}[j >> {BLOCK.bit_length() - 1}] = 1")
    # values are drawn in float64, as they are for synapses that are stored
    return dataclasses.replace(b.text(f"Deliver through {type(connector).__name__}", w), precision="float64", extra=EXTRA)
