"""The kernels of projections whose spikes arrive at exact times, off the grid.

A spike is delivered in the step within which it arrives. What it has come to by the end of that step, and how far it may lift a
membrane until then, is worked out once for all of its targets; a synapse multiplies that by its weight, and notes the arrival in
the log of its target's part, for those neurons that must go from event to event. Where neurons are not alike, all that something
arrives for must, and the log is all there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.engines.events.emit import KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.events.off_grid import LOG, Tables
from maichong.engines.off_grid import HALVINGS

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder


@dataclass(frozen=True)
class Landing:
    """What of a target decides the text of a kernel: of the ``states`` that an arrival comes to reach, numbered, which ``jump``,
    how they ``grow``, as pairs (state, source), and which count for the ``excess`` over the threshold. Where neurons are not
    alike there are none."""

    states: int
    jump: tuple[int, ...]
    grow: tuple[tuple[int, int], ...]
    excess: tuple[int, ...]


def landing_of(tables: Tables, jumps: Mapping[str, float]) -> tuple[Landing, dict[str, Any], tuple[str, ...]]:
    """The landing of what jumps these states so; the numbers of its kernel; and the names of the states that it reaches."""
    off, n = tables.off, len(tables.off.states)
    if not off.alike:
        return Landing(0, (), (), ()), {}, ()
    jumped = [off.states.index(state) for state in jumps]
    reach = [k for k in range(n) if off.coupled[k, jumped].any()]
    names = tuple(off.states[k] for k in reach)
    terms = [k for k, (row, column) in enumerate(tables.terms) if row in names and column in names]
    pairs = tuple((names.index(tables.terms[k][0]), names.index(tables.terms[k][1])) for k in terms)
    slopes = [float(off.slopes[0, k]) for k in reach]
    jump, excess = (
        tuple(k for k, there in enumerate(chosen) if there) for chosen in ([name in jumps for name in names], slopes)
    )
    values: dict[str, Any] = {f"jump_{k}": jumps[names[k]] for k in jump} | {f"slope_{k}": slopes[k] for k in excess}
    values |= {"grow": tables.grow[:, 0, terms].reshape(-1), "bend": tables.bend[:, 0, reach].reshape(-1)}
    return Landing(len(names), jump, pairs, excess), values | {"scale": tables.scale}, names


def deliver(b: Builder) -> KernelText:
    """Spikes that arrive within this step, by the rows that are stored."""
    w = Writer(b.precision)
    begin(b, w)
    w.line(f"for g in range({b.array('delays', 'int64')}.size):")
    w.indent += 1
    b.released(w, b.spikes(w, "pre", b.sent("delays[g]", exact=True), "i"), "amount")
    aim(b, w)
    b.row(w, {}, learn=False)
    w.indent = 0
    end(w)
    return b.text("Deliver off the grid", w)


def begin(b: Builder, w: Writer) -> None:
    """Before the first spike: where the log goes on."""
    for argument in LOG:
        b.used[argument.name] = argument.kind
    w.line("entry, event = log_fill[0], event_fill[0]")


def end(w: Writer) -> None:
    """After the last spike."""
    w.line("log_fill[0], event_fill[0] = entry, event")


def aim(b: Builder, w: Writer) -> None:
    """What the spike at place q of its ring will have done by the step's end to a target of weight 1, as y_<number>; up to ``up``
    it may lift the excess over the threshold until then, and ``down`` is the same for a weight of -1."""
    landing = b.shape.landing
    assert landing
    w.line(f"before = {b.array('pre_before', 'float64')}[q]")
    w.line(f"event_before[event], event_port[event] = before, {b.integer('port')}")
    w.line("this_event = np.int32(event)")
    w.line("event += 1")
    if not landing.states:
        return
    states = range(landing.states)
    for k in states:
        w.line(f"y_{k} = {b.number(f'jump_{k}') if k in landing.jump else '0.0'}")
    w.line(f"now = {_excess(b, landing)}")
    w.line("up, down = max(now, 0.0), max(-now, 0.0)")
    w.line(f"units = before * {b.number('scale')}")
    w.line("whole = np.int64(units)")
    w.line(f"for level in range({HALVINGS + 2}):")
    w.indent += 1
    # the last is what is left of the finest part
    w.line(f"piece = 1.0 if level <= {HALVINGS} else units - whole")
    w.line(f"if level <= {HALVINGS} and (whole >> ({HALVINGS} - level)) & 1 == 0: continue")
    w.line(f"at, to = min(level, {HALVINGS}) * {len(landing.grow)}, min(level, {HALVINGS}) * {landing.states}")
    grow, bend = b.array("grow", "float64"), b.array("bend", "float64")
    for k in states:
        terms = [f"{grow}[at + {place}] * y_{source}" for place, (row, source) in enumerate(landing.grow) if row == k]
        w.line(f"d_{k} = piece * ({' + '.join(terms)})")
    w.line(f"bent = {' + '.join(f'{bend}[to + {k}] * abs(d_{k})' for k in states)}")
    for k in states:
        w.line(f"y_{k} += d_{k}")
    w.line("then = now")
    w.line(f"now = {_excess(b, landing)}")
    w.line("up, down = max(up, max(then, now) + bent), max(down, max(-then, -now) + bent)")
    w.indent -= 1


def _excess(b: Builder, landing: Landing) -> str:
    return " + ".join(f"{b.number(f'slope_{k}')} * y_{k}" for k in landing.excess) or "0.0"


def land(b: Builder, w: Writer) -> None:
    """The arrival at a synapse of weight w onto neuron j."""
    landing = b.shape.landing
    assert landing
    amounts = [name for _, name in b.shape.amounts]
    w.line(f"arriving = w * part_{amounts[0]}" if amounts else "arriving = w")
    for k in range(landing.states):
        w.line(f"{b.array(f'plus_{k}')}[j] += arriving * y_{k}")
    if landing.states:
        w.line(f"{b.array('reach')}[j] += arriving * up if arriving > 0.0 else -arriving * down")
    w.line("log_weight[entry], log_event[entry], log_next[entry] = arriving, this_event, head[j]")
    w.line("head[j] = entry")
    w.line("entry += 1")


class Log:
    """The arrivals of a step for one part of a population: room for one at every synapse, of which the system gives what is used.

    A source fires once in a step at most, so that it cannot overflow.
    """

    def __init__(self, synapses: int, spikes: int) -> None:
        self.values = {
            "log_next": np.empty(synapses, np.int32), "log_event": np.empty(synapses, np.int32), "log_weight": np.empty(synapses),
            "log_fill": np.zeros(1, np.int64), "event_before": np.empty(spikes), "event_port": np.empty(spikes, np.int32),
            "event_fill": np.zeros(1, np.int64), "order": np.empty(synapses, np.int32),
        }  # fmt: skip
