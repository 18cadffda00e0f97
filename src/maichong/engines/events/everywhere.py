"""The kernels that visit every synapse of a projection: at each step, or when a signal is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from maichong.engines.events import synaptic
from maichong.engines.events.emit import KernelText
from maichong.engines.events.lower import Writer

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder


def each_step(b: Builder) -> KernelText | None:
    """``on_step`` visits every synapse."""
    if not b.asks("on_step"):
        return None
    w = Writer(b.precision)
    w.line(f"if {b.array('control', 'int64')}[LEARNING] == 0:")
    w.line("    return")
    w.line("now = step + 1")
    env = {}
    for side, who in (("pre", "i"), ("post", "j")):
        if f"s_{side}" in b.asks("on_step"):
            active = b.array(f"s_{side}")
            w.line(f"{active}[:] = F(0.0)")
            stamp = f"now - {b.array('delays', 'int64')}[0]" if side == "pre" else b.seen("now")
            own = side == "post" and b.shape.layout != "delayed"
            b.spikes(w, side, stamp, who, own=own)
            w.line(f"{active}[{who}] = F(1.0)")
            b.close(w, own=own)
            env[f"s_{side}"] = f"{active}[{who}]"
    _everywhere(b, w, "on_step", env)
    return b.text("Every step", w)


def add_up(b: Builder) -> KernelText | None:
    """Add to ``sums_pre`` what leaves each neuron, where the rule's ``on_signal`` asks for it: of all parts of the targets, before
    any of them changes. A sum for each delay, within which targets ascend, so that any number of parts adds in one order."""
    if "w_sum_pre" not in b.asks("on_signal"):
        return None
    w = Writer(b.precision)
    sums, n = b.array("sums_pre"), b.integer("n_pre")

    def add(place: str) -> None:
        at = f"{_group(b, w)} * {n} + i" if _grouped(b) else "i"
        w.line(f"{sums}[{at}] += {b.array('weight')}[{place}]")

    visit(b, w, add)
    return b.text("Outgoing weights", w)


def _grouped(b: Builder) -> bool:
    """Whether a row holds its synapses delay by delay."""
    return bool(b.shape.groups) and b.shape.layout == "rows"


def _group(b: Builder, w: Writer) -> str:
    """The number of the delay of synapse ``s``, from where its place falls among the row's offsets."""
    w.line("g = 0")
    w.line(f"while s - row >= {b.array('offset')}[i * ({b.array('delays', 'int64')}.size + 1) + g + 1]: g += 1")
    return "g"


INCOMING = {"w_sum": ("sums", "w"), "w_squares": ("squares", "w * w")}
"""What a rule may ask for of the weights onto a neuron: the array that holds it, and what each of them adds."""


def on_signal(b: Builder) -> KernelText:
    """The rule's ``on_signal`` visits every synapse; ``sums`` holds the incoming weight of each neuron, ``squares`` that of the
    weights' squares, ``totals`` the outgoing weight, of which ``sums_pre`` has that by each delay."""
    w = Writer(b.precision)
    w.line("now = step")
    env = {"signal": b.array("signal") + "[0]"} if "signal" in b.asks("on_signal") else {}
    incoming = {b.array(array): factor for name, (array, factor) in INCOMING.items() if name in b.asks("on_signal")}
    if incoming:

        def add(place: str) -> None:
            w.line(f"w = {b.array('weight')}[{place}]")
            for sums, factor in incoming.items():
                w.line(f"{sums}[j] += {factor}")

        for sums in incoming:
            w.line(f"{sums}[:] = F(0.0)")
        visit(b, w, add)
        env |= {name: f"{b.array(array)}[j]" for name, (array, _) in INCOMING.items() if name in b.asks("on_signal")}
    if "w_sum_pre" in b.asks("on_signal"):
        totals, sums, n = b.array("totals"), b.array("sums_pre"), b.integer("n_pre")
        w.line(f"for i in range({n}):")
        w.line(f"    {totals}[i] = {sums}[i]")
        w.line(f"    for g in range(1, {sums}.size // {n}):")
        w.line(f"        {totals}[i] += {sums}[g * {n} + i]")
        env["w_sum_pre"] = f"{totals}[i]"
    _everywhere(b, w, "on_signal", env)
    return b.text("Signal", w)


def _everywhere(b: Builder, w: Writer, role: str, env: dict[str, str]) -> None:
    weight = b.array("weight")

    def change(place: str) -> None:
        delay = f"{b.array('delays', 'int64')}[0]"
        if _grouped(b) and role != "on_signal":
            delay = f"delays[{_group(b, w)}]"
        known = {**env, **b.pre_traces(w, role, "i", delay, "now"), **b.post_traces(role, "j", "now", place)}
        known |= synaptic.signal_env(b, w, b.asks(role), "now")
        w.line(f"w = {weight}[{place}]")
        b.change(w, role, place, known)

    visit(b, w, change)


def visit(b: Builder, w: Writer, act: Callable[[str], None]) -> None:
    """Open loops over all synapses and let ``act(place)`` write what happens at each."""
    w.line(f"for i in range({b.integer('n_pre')}):")
    w.indent += 1
    if b.shape.layout != "rows":
        n = b.integer("n_post")
        w.line(f"row = i * {n}")
        w.line(f"for j in range({b.integer('first')}, {b.integer('last')}):")
        w.indent += 1
        if b.shape.butself:
            w.line("if i == j: continue")
        act("row + j")
    else:
        start = b.array("start", "int64")
        w.line(f"row = {start}[i]")
        w.line(f"for s in range(row, {start}[i + 1]):")
        w.indent += 1
        w.line(f"j = {b.array('target')}[s]")
        act("s")
    w.indent -= 2
