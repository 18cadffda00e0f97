"""The kernels of inboxes: what the "late" layout lays down when spikes are sent, and each neuron takes up when it is due.

An inbox is a ring of rows, one for each step to come, as wide as the population; all late projections onto a state share it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from maichong.engines.events.emit import Argument, KernelText
from maichong.engines.events.layout import BLOCK
from maichong.engines.events.lower import Writer

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder


def deliver(b: Builder, word: str = "amount") -> KernelText:
    """Lay the weights of the spikes just sent, or of the pulses just over, into the inboxes of the steps in which they arrive."""
    w = Writer(b.precision)
    _weight_of_all(b, w)
    b.released(w, b.spikes(w, "pre", _sent(b, word, "step"), "i"), word)
    _row(b, w)
    w.line(f"at = U((step + np.int64({b.array('late')}[s])) & mask) * U(stride) + U({b.array('target')}[s])")
    _lay(b, w)
    return b.text("Deliver", w)


def refill(b: Builder) -> KernelText:
    """After weights were changed from outside: what is in flight is laid down again, into inboxes that are empty."""
    w = Writer(b.precision)
    _weight_of_all(b, w)
    delays = b.array("delays", "int64")
    for word in ("amount", "last") if b.pulses else ("amount",):
        depth = w.indent
        w.line(f"for sent in range(step - {delays}[{delays}.size - 1], step):")
        w.indent += 1
        b.released(w, b.spikes(w, "pre", _sent(b, word, "sent"), "i"), word)
        _row(b, w)
        w.line(f"arrival = sent + np.int64({b.array('late')}[s])")
        w.line("if arrival < step: continue")
        w.line(f"at = U(arrival & mask) * U(stride) + U({b.array('target')}[s])")
        _lay(b, w)
        w.indent = depth
    return b.text("Refill", w)


def _sent(b: Builder, word: str, now: str) -> str:
    """The stamp of the spikes whose weights, or ends of pulses, leave their sources ``now``."""
    return f"{now} - {b.integer('pulse')}" if word == "last" else now


def _weight_of_all(b: Builder, w: Writer) -> None:
    w.line(f"mask = {b.integer('inbox_depth')} - 1")
    w.line(f"stride = {b.integer('inbox_width')}")
    if b.shape.shared:
        w.line(f"w = {b.array('weight')}[0] if {b.array('weight')}.size > 0 else F(0.0)")


def _row(b: Builder, w: Writer) -> None:
    start = b.array("start", "int64")
    w.line(f"for s in range(U({start}[i]), U({start}[i + 1])):")
    w.indent += 1
    if not b.shape.shared:
        w.line(f"w = {b.array('weight')}[s]")


def _lay(b: Builder, w: Writer) -> None:
    for state in b.shape.jumps:
        w.line(f"{b.array(f'inbox_{state}')}[at] += {b.jump(state)}")


def collect(precision: str, *, wakes: bool) -> KernelText:
    """The kernel by which neurons take up what is due in this step."""
    return KernelText(
        title="Take what is due from an inbox",
        precision=precision,
        arguments=(
            Argument("first", "int"), Argument("last", "int"), Argument("depth", "int"), Argument("stride", "int"),
            Argument("inbox", f"{precision}[]"), Argument("state", f"{precision}[]"),
            *([Argument("awake", "uint8[]")] if wakes else []),
        ),
        body=(
            "row = U((step & (depth - 1)) * stride)",
            "for j in range(U(first), U(last)):",
            "    due = inbox[row + j]",
            "    inbox[row + j] = F(0.0)",
            "    state[j] += due",
            *([f"    if due != F(0.0): awake[j >> U({BLOCK.bit_length() - 1})] = 1"] if wakes else []),
        ),
    )  # fmt: skip
