"""The kernel of ``on_post``: a postsynaptic spike changes the weights of its column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maichong.engines.events import delayed, synaptic
from maichong.engines.events.emit import KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.events.prefetch import SIZES
from maichong.engines.events.projections import WIDE

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder


def learn(b: Builder) -> KernelText | None:
    """Postsynaptic spikes of this step's end change their incoming weights."""
    if not b.asks("on_post"):
        return None
    w = Writer(b.precision)
    b.integer("n_pre")
    w.line(f"if {b.array('control', 'int64')}[LEARNING] == 0:")
    w.line("    return")
    w.line("now = step + 1")
    weight = b.array("weight")
    column = "j"
    if b.shape.dendrites == "each":
        # columns are parted by dendritic delays: each part sees other spikes
        w.line(f"for end in range({b.array('dends', 'int64')}.size):")
        w.indent += 1
        column = "j * dends.size + end"
        b.spikes(w, "post", "now - dends[end]", "j", own=True)
    else:
        b.spikes(w, "post", b.seen("now"), "j", own=b.shape.layout != "delayed")
    env = {}
    for name, text in b.post_traces("on_post", "j", "now", "").items():
        if b.shape.dendrites == "each":
            text = text.replace(b.dendrite(""), "dends[end]")
        env[name] = w.keep(text, f"here_{name}")
    env |= synaptic.signal_env(b, w, b.asks("on_post"), "now")
    late = None
    if b.shape.layout != "rows":
        w.line(f"for i in range({b.integer('n_pre')}):")
        w.indent += 1
        if b.shape.butself:
            w.line("if i == j: continue")
        _skip_silent(b, w, "i")
        w.line(f"s = i * {b.integer('n_post')} + j")
        delay = f"{b.array('delays', 'int64')}[0]"
        if b.shape.layout == "delayed":
            late = delay = "late_here"
            w.line(f"late_here = {delayed.delay_of(b, 's')}")
        env |= b.pre_traces(w, "on_post", "i", delay, "now", skip=b.shape.quiet)
    elif b.shape.uniform and not b.lingers and not set(b.asks("on_post")) & {name for name, _ in b.shape.seen}:
        _in_blocks(b, w, env, column)
        return b.text("Learn", w)
    else:
        columns, pre, place = b.array("column", "int64"), b.array("column_pre"), b.array("column_place")
        w.line(f"for c in range({columns}[{column}], {columns}[{column} + 1]):")
        w.indent += 1
        w.line(f"i = {pre}[c]")
        _skip_silent(b, w, "i")
        w.line(f"s = {b.array('start', 'int64')}[i] + {place}[c]")
        group = f"{b.array('column_group')}[c]" if b.shape.groups else "0"
        delay = f"{b.array('delays', 'int64')}[{group}]"
        env |= b.pre_traces(w, "on_post", "i", delay, "now", skip=b.shape.quiet)
    w.line(f"w = {weight}[s]")
    b.change(w, "on_post", "s", env, late)
    return b.text("Learn", w)


def _in_blocks(b: Builder, w: Writer, env: dict[str, str], column: str) -> None:
    """Gather a block of a column's weights and traces, change them together, put them back.

    The weights of a column lie a row apart, so each waits for main memory: a loop that only gathers has many on their way at
    once, and one that only computes is SIMD code. Asked for a block ahead they come while the last one is computed: half the time.
    """
    columns, pre, place = b.array("column", "int64"), b.array("column_pre"), b.array("column_place")
    start, weight = b.array("start", "int64"), b.array("weight")
    at, old = b.array("block_at", "int64"), b.array("block_w")
    asked = [trace.name for trace, _ in b.pre if trace.name in b.asks("on_post")]
    w.line(f"for begin in range({columns}[{column}], {columns}[{column} + 1], {WIDE}):")
    w.indent += 1
    w.line(f"many = min({WIDE}, {columns}[{column} + 1] - begin)")
    w.line("for k in range(U(many)):")
    w.line(f"    i = {pre}[U(begin) + k]")
    w.line(f"    s = U({start}[i]) + U({place}[U(begin) + k])")
    w.line(f"    {at}[k] = s")
    w.line(f"    {old}[k] = {weight}[s]")
    for name in asked:
        w.line(f"    {b.array(f'block_{name}')}[k] = {b.array(f'trace_{name}')}[i]")
    # while this block is computed, the weights of the next are on their way
    w.line(f"ahead = begin + {WIDE}")
    w.line(f"for c in range(ahead, min(ahead + {WIDE}, {columns}[{column} + 1])):")
    size = SIZES[b.precision]
    w.line(f"    prefetch({weight}.ctypes.data + (U({start}[{pre}[c]]) + U({place}[c])) * U({size}))")
    w.line(f"for k in range(U({WIDE})):")
    w.indent += 1
    w.line(f"w = {old}[k]")
    here = {name: w.keep(f"{b.array(f'block_{name}')}[k] + F(0.0)", f"x_{name}") for name in asked}
    b.new_weight(w, "on_post", "w", env | here, f"{old}[k]")
    w.indent -= 1
    w.line("for k in range(U(many)):")
    w.line(f"    {weight}[{at}[k]] = {old}[k]")
    w.indent -= 1


def _skip_silent(b: Builder, w: Writer, source: str) -> None:
    """Pass over a source that has not spiked for so long that the rule would change nothing."""
    if b.shape.quiet and b.pre and not b.shape.uniform:
        w.line(f"if step - {b.array('last_seen', 'int32')}[{source}] > {b.integer('horizon')}: continue")
