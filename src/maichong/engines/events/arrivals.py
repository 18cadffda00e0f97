"""The kernels of projections whose spikes arrive at exact times, off the grid.

A spike is delivered in the step within which it arrives. What it has come to by the end of that step, and how far it may lift a
membrane until then, is worked out once for all of its targets; a synapse multiplies that by its weight, and notes the arrival in
the log of its target's part, for those neurons that must go from event to event. Where neurons are not alike, all that something
arrives for must, and the log is all there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from maichong.engines.events.emit import KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.events.off_grid import LOG, TABLES, Tables
from maichong.engines.off_grid import HALVINGS

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder


@dataclass(frozen=True)
class Landing:
    """What of a target decides the text of a kernel: the ``states`` that an arrival comes to reach, none where neurons are not
    alike; how they ``grow``, as (state, source, place in a row of the table); their places in a row of bounds; those that count for
    the ``excess`` over the threshold; and how long both rows are."""

    states: tuple[str, ...]
    grow: tuple[tuple[str, str, int], ...]
    bend: tuple[tuple[str, int], ...]
    excess: tuple[str, ...]
    rows: tuple[int, int]


def landing_of(tables: Tables, jumps: tuple[str, ...]) -> Landing:
    """The landing of what jumps these states."""
    off = tables.off
    if not off.alike:
        return Landing((), (), (), (), (0, 0))
    jumped = [off.states.index(state) for state in jumps]
    states = tuple(state for k, state in enumerate(off.states) if off.coupled[k, jumped].any())
    grow = tuple((row, column, k) for k, (row, column) in enumerate(tables.terms) if {row, column} <= set(states))
    bend = tuple((state, off.states.index(state)) for state in states)
    excess = tuple(state for state, slope in zip(off.states, off.slopes[0], strict=True) if slope and state in states)
    return Landing(states, grow, bend, excess, (len(tables.terms), len(off.states)))


def slopes(tables: Tables) -> dict[str, float]:
    """How the excess over the threshold goes with each state, as kernels call it."""
    return {f"slope_{state}": float(slope) for state, slope in zip(tables.states, tables.off.slopes[0], strict=True)}


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
    for argument in (*TABLES, *LOG):
        b.used[argument.name] = argument.kind
    w.line("entry, event = log_fill[0], event_fill[0]")


def end(w: Writer) -> None:
    """After the last spike."""
    w.line("log_fill[0], event_fill[0] = entry, event")


def aim(b: Builder, w: Writer) -> None:
    """What the spike at place q of its ring will have done by the step's end to a target of weight 1, as y_<state>; up to ``up`` it
    may lift the excess over the threshold until then, and ``down`` is the same for a weight of -1."""
    landing = b.shape.landing
    assert landing
    w.line(f"before = {b.array('pre_before', 'float64')}[q]")
    w.line(f"event_before[event], event_port[event] = before, {b.integer('port')}")
    w.line("this_event = np.int32(event)")
    w.line("event += 1")
    if not landing.states:
        return
    for state in landing.states:
        w.line(f"y_{state} = {b.number(f'jump_{state}') if state in b.shape.jumps else '0.0'}")
    w.line(f"now = {_excess(b, landing)}")
    w.line("up, down = max(now, 0.0), max(-now, 0.0)")
    w.line("units = before * scale")
    w.line("whole = np.int64(units)")
    w.line(f"for level in range({HALVINGS + 2}):")
    w.indent += 1
    # the last is what is left of the finest part
    w.line(f"piece = 1.0 if level <= {HALVINGS} else units - whole")
    w.line(f"if level <= {HALVINGS} and (whole >> ({HALVINGS} - level)) & 1 == 0: continue")
    w.line(f"at = min(level, {HALVINGS}) * kinds")
    for state in landing.states:
        terms = [f"grow[at * {landing.rows[0]} + {k}] * y_{source}" for row, source, k in landing.grow if row == state]
        w.line(f"d_{state} = piece * ({' + '.join(terms)})")
    bends = [f"bend[at * {landing.rows[1]} + {k}] * abs(d_{state})" for state, k in landing.bend]
    w.line(f"bent = {' + '.join(bends)}")
    for state in landing.states:
        w.line(f"y_{state} += d_{state}")
    w.line("then = now")
    w.line(f"now = {_excess(b, landing)}")
    w.line("up, down = max(up, max(then, now) + bent), max(down, max(-then, -now) + bent)")
    w.indent -= 1


def _excess(b: Builder, landing: Landing) -> str:
    return " + ".join(f"{b.number(f'slope_{state}')} * y_{state}" for state in landing.excess) or "0.0"


def land(b: Builder, w: Writer) -> None:
    """The arrival at a synapse of weight w onto neuron j."""
    landing = b.shape.landing
    assert landing
    amounts = [name for _, name in b.shape.amounts]
    w.line(f"arriving = w * part_{amounts[0]}" if amounts else "arriving = w")
    for state in landing.states:
        w.line(f"{b.array(f'plus_{state}')}[j] += arriving * y_{state}")
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
