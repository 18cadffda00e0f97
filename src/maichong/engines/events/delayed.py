"""The kernels of the "delayed" layout: a dense projection whose synapses differ in delay.

A spike visits its row once, when it is sent, and lays each weight into the inbox of the step in which it arrives. Where a weight
changes meanwhile, what is on its way to it is amended, so that a spike acts with the weight at its arrival, as in the other
layouts. ``on_pre`` acts at arrival: those arrivals that will find live traces are entered in a calendar when they are sent, or when
the target comes alive; the others would change nothing.

The inbox is a ring of rows, one for each step to come. A synapse knows its delay (8 bits) or, where 16 bits hold it, its place in
the inbox relative to the row of now, which saves a look into a table at every synapse that a spike visits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from maichong.engines.events import synaptic
from maichong.engines.events.emit import KernelText
from maichong.engines.events.layout import BLOCK
from maichong.engines.events.lower import Writer

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder


def deliver(b: Builder) -> KernelText:
    """Lay the spikes just sent into the inboxes, empty that of this step, let ``on_pre`` act on what arrived."""
    w = Writer(b.precision)
    inbox, n, late, weight = b.array("inbox"), b.integer("n_post"), b.array("late"), b.array("weight")
    width, stride = b.integer("width"), b.integer("stride")
    w.line(f"mask = {inbox}.size // {stride} - 1")
    w.line(f"row = U((step & mask) * {stride})")
    if placed(b):
        w.line(f"ring = U({inbox}.size - 1)")
        place = f"(U({late}[line + to]) + row) & ring"
    else:
        row_of = b.array("row_of", "uint32")
        w.line("for d in range(mask + 1):")
        w.line(f"    {row_of}[d] = ((step + d) & mask) * {stride}")
        place = f"U({row_of}[{late}[line + to]]) + to"
    b.spikes(w, "pre", "step", "i")
    w.line(f"line = U(i * {n})")
    w.line(f"for to in range(U({n})):")
    w.line(f"    {inbox}[{place}] += {weight}[line + to]")
    if b.rule:
        b.remember(w)
    if b.asks("on_pre"):
        alive, _, many = live(b)
        w.line(f"for a in range({many}[0]):")
        w.indent += 1
        w.line(f"j = {alive}[a]")
        enter(b, w, "step")
        w.indent -= 1
    b.close(w)
    w.line(f"for j in range(U({width})):")
    w.indent += 1
    for state in b.shape.jumps:
        jump = f"{b.number(f'jump_{state}')} * {inbox}[row + j]" if b.shape.scaled else f"{inbox}[row + j]"
        to = b.array(f"to_{state}")
        w.line(f"{to}[j] += {jump}")
    if b.shape.wakes:
        w.line(f"if {inbox}[row + j] != F(0.0): {b.array('awake', 'uint8')}[j >> U({BLOCK.bit_length() - 1})] = 1")
    w.line(f"{inbox}[row + j] = F(0.0)")
    w.indent -= 1
    if b.asks("on_pre"):
        _arrivals(b, w)
    return b.text("Deliver", w)


def placed(b: Builder) -> bool:
    """Whether synapses know their places in the inbox."""
    return dict(b.shape.types)["late"] == "uint16"


def delay_of(b: Builder, synapse: str) -> str:
    """The text of a synapse's delay in steps."""
    late = b.array("late")
    return f"(np.int64({late}[{synapse}]) >> {b.integer('turn')})" if placed(b) else f"np.int64({late}[{synapse}])"


def enter(b: Builder, w: Writer, sent: str) -> None:
    """Note in the calendar that the spike sent by i at ``sent`` will find the traces of j live when it arrives."""
    due, count = b.array("due", "uint64"), b.array("due_count", "int64")
    w.line(f"synapse = U(i * {b.integer('n_post')} + j)")
    w.line(f"wait = {delay_of(b, 'synapse')}")
    w.line(f"day = U(({sent} + wait) & mask)")
    w.line(f"entry = {count}[day]")
    w.line(f"{count}[day] = entry + 1")
    w.line(f"room = {due}.size // (mask + 1)")
    # one word holds the pair and its delay: 28 bits, 28 bits and 8
    w.line(f"if entry < room: {due}[day * U(room) + U(entry)] = (U(i) << U(36)) | (U(j) << U(8)) | U(wait)")


def _arrivals(b: Builder, w: Writer) -> None:
    """``on_pre`` at the synapses where a spike arrives now and the target's traces live.

    They stand in a calendar, entered when the spike was sent or when the target came alive. A day with more entries than
    the calendar has room for is done the plain way: each spike in flight asks each live target whether it arrives there now.
    """
    n = b.integer("n_post")
    delays, weight = b.array("delays", "int64"), b.array("weight")
    due, many = b.array("due", "uint64"), b.array("due_count", "int64")
    w.line("day = step & mask")
    w.line(f"room = {due}.size // (mask + 1)")
    w.line(f"entries = {many}[day]")
    w.line(f"{many}[day] = 0")
    w.line(f"if {b.array('control', 'int64')}[LEARNING] == 0:")
    w.line("    pass")
    w.line("elif entries <= room:")
    w.indent += 1
    w.line("for entry in range(U(day * room), U(day * room + entries)):")
    w.indent += 1
    w.line(f"word = {due}[entry]")
    w.line("i, j = np.int64(word >> U(36)), np.int64((word >> U(8)) & U(0xFFFFFFF))")
    w.line("late_here = np.int64(word & U(255))")
    _arrival(b, w, weight, n)
    w.indent -= 2
    w.line("else:")
    w.indent += 1
    w.line(f"for late_here in range({delays}[0], {delays}[{delays}.size - 1] + 1):")
    w.indent += 1
    b.spikes(w, "pre", "step - late_here", "i")
    alive, _, number = live(b)
    w.line(f"for a in range({number}[0]):")
    w.indent += 1
    w.line(f"j = {alive}[a]")
    w.line(f"synapse = U(i * {n} + j)")
    w.line(f"if {delay_of(b, 'synapse')} == late_here:")
    w.indent += 1
    _arrival(b, w, weight, n)
    w.indent -= 2
    b.close(w)
    w.indent -= 2


def _arrival(b: Builder, w: Writer, weight: str, n: str) -> None:
    env = b.pre_traces(w, "on_pre", "i", "late_here", "step")
    w.line(f"here = U(i * {n} + j)")
    w.line(f"w = {weight}[here]")
    known = {**env, **b.post_traces("on_pre", "j"), **synaptic.signal_env(b, w, b.asks("on_pre"), "step")}
    b.new_weight(w, "on_pre", "w", known, f"{weight}[here]", "late_here")


def amend(b: Builder, w: Writer, change: str, late: str) -> None:
    """Spikes that are on their way to synapse (i, j) will arrive with its weight as it is then: change what they carry."""
    seen, head, room = b.array("seen", "int32"), b.array("seen_head", "int32"), b.integer("seen_room")
    inbox, stride = b.array("inbox"), b.integer("stride")
    w.line(f"if {b.array('last_seen', 'int32')}[i] + {late} > step:")
    w.indent += 1
    w.line(f"sent = {head}[i]")
    w.line(f"for _ in range({room}):")
    w.line(f"    arrival = {seen}[i * {room} + sent] + {late}")
    w.line("    if arrival <= step: break")
    w.line(f"    {inbox}[(arrival & ({inbox}.size // {stride} - 1)) * {stride} + j] += {change}")
    w.line(f"    sent = sent - 1 if sent > 0 else {room} - 1")
    w.indent -= 1


def live(b: Builder) -> tuple[str, str, str]:
    """The list of neurons whose traces matter to ``on_pre``, who is on it, and their number."""
    return b.array("live", "int32"), b.array("is_live", "uint8"), b.array("live_count", "int64")


def refill(b: Builder) -> KernelText:
    """After weights were changed from outside: what is in flight is laid into the inboxes again."""
    w = Writer(b.precision)
    inbox, n, weight = b.array("inbox"), b.integer("n_post"), b.array("weight")
    delays, stride = b.array("delays", "int64"), b.integer("stride")
    w.line(f"mask = {inbox}.size // {stride} - 1")
    w.line(f"{inbox}[:] = F(0.0)")
    w.line(f"for sent in range(step - {delays}[{delays}.size - 1], step):")
    w.indent += 1
    b.spikes(w, "pre", "sent", "i")
    w.line(f"row = i * {n}")
    w.line(f"for j in range({n}):")
    w.line(f"    arrival = sent + {delay_of(b, 'row + j')}")
    w.line(f"    if arrival >= step: {inbox}[(arrival & mask) * {stride} + j] += {weight}[row + j]")
    return b.text("Refill", w)
