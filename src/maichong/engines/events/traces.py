"""The kernels of traces: they jump at spikes, after they were read, and decay from step to step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maichong.engines.events import delayed
from maichong.engines.events.emit import KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.events.projections import NOTHING
from maichong.spec import NEAREST

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder


def jump(b: Builder) -> KernelText | None:
    """Traces jump at the spikes of this instant, after they were read."""
    w = Writer(b.precision)
    if b.post:
        own = b.shape.layout != "delayed"
        b.spikes(w, "post", b.seen("step"), "j", own=own)
        for trace, pairing in b.post:
            name = b.array(f"trace_{trace.name}")
            w.line(f"{name}[j] = F(1.0)" if pairing == NEAREST else f"{name}[j] += F(1.0)")
        if b.keeps_list:
            live, place, many = delayed.live(b)
            w.line(f"if {place}[j] == 0:")
            w.indent += 1
            w.line(f"{live}[{many}[0]] = j")
            w.line(f"{place}[j] = 1")
            w.line(f"{many}[0] += 1")
            # spikes in flight that were sent while it was not alive
            delays = b.array("delays", "int64")
            w.line(f"mask = {b.array('due_count', 'int64')}.size - 1")
            w.line(f"longest = {delays}[{delays}.size - 1]")
            w.line(f"for sent in range(max(step - longest + 1, {b.array('died', 'int32')}[j]), step + 1):")
            w.indent += 1
            b.spikes(w, "pre", "sent", "i")
            w.line(f"synapse = i * {b.integer('n_post')} + j")
            w.line(f"if sent + {delayed.delay_of(b, 'synapse')} > step:")
            w.indent += 1
            delayed.enter(b, w, "sent")
            w.indent -= 3
            b.close(w)
        b.close(w, own=own)
    if b.pre and b.shape.uniform:
        # all synapses of a source see its spikes at once, and share its traces
        b.spikes(w, "pre", f"step - {b.array('delays', 'int64')}[0]", "i")
        for trace, pairing in b.pre:
            name = b.array(f"trace_{trace.name}")
            w.line(f"{name}[i] = F(1.0)" if pairing == NEAREST else f"{name}[i] += F(1.0)")
    elif b.pre and b.shape.layout != "delayed":
        b.spikes(w, "pre", "step", "i")
        b.remember(w)
    return b.text("Jump", w) if w.lines else None


def decay(b: Builder) -> KernelText | None:
    """Traces that are kept for each neuron go on by one step; what can no longer matter becomes zero."""
    if not b.post and not b.shape.uniform:
        return None
    w = Writer(b.precision)
    least = w.literal(NOTHING[b.precision])
    for trace, _ in (*b.post, *(b.pre if b.shape.uniform else ())):
        name, factor = b.array(f"trace_{trace.name}"), b.number(f"decay_{trace.name}")
        if trace.on == "post":
            w.line(f"for j in range(U({b.integer('first')}), U({b.integer('padded_last')})):")
        else:
            w.line(f"for j in range(U({name}.size)):")
        w.line(f"    x = {name}[j] * {factor}")
        w.line(f"    {name}[j] = x if x > {least} else F(0.0)")
        if trace.on == "post" and b.shape.dendrites == "each":
            # as it is at the next step's beginning, before it jumps: read there by synapses further out
            row = f"((step + 1) & {b.integer('past_mask')}) * {b.integer('width')}"
            w.line(f"    {b.array(f'past_{trace.name}')}[U({row}) + j] = {name}[j]")
    if b.keeps_list:
        live, place, many = delayed.live(b)
        w.line("k = 0")
        w.line(f"while k < {many}[0]:")
        w.line(f"    j = {live}[k]")
        w.line(f"    if {' + '.join(b.post_traces('on_pre', 'j').values())} == F(0.0):")
        w.line(f"        {many}[0] -= 1")
        w.line(f"        {live}[k] = {live}[{many}[0]]")
        w.line(f"        {place}[j] = 0")
        w.line(f"        {b.array('died', 'int32')}[j] = step + 1")
        w.line("    else:")
        w.line("        k += 1")
    return b.text("Decay", w) if w.lines else None
