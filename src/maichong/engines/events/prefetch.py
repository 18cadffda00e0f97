"""The kernel that asks for the rows of a step's spikes before any of them is read.

Rows of a large network lie in main memory, 0.1 us away, and a step of a thousand short rows would wait for each of them in turn.
Asked for together, by one pass over all projections, they come together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from maichong.engines.events.emit import KernelText
from maichong.engines.events.lower import Writer

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder

PAYS_BYTES = 4 << 20
"""Rows that take less than this stay in the cache, all together."""

LINE = 64
"""Bytes of a cache line."""

SIZES = {"uint8": 1, "uint16": 2, "uint32": 4, "float32": 4, "float64": 8}


def ask(b: Builder) -> KernelText | None:
    """Ask for the rows that this step will visit; None where rows are not visited whole."""
    if b.shape.layout not in ("rows", "late") or b.shape.groups:
        return None
    w = Writer(b.precision)
    known = {**dict(b.shape.types), "weight": b.precision}
    names = ["target", *(["late"] if b.shape.layout == "late" else []), *([] if b.shape.shared else ["weight"])]
    exact = b.shape.landing is not None
    stamp = "step" if b.shape.layout == "late" else b.sent(f"{b.array('delays', 'int64')}[0]", exact=exact)
    start = b.array("start", "int64")
    b.spikes(w, "pre", stamp, "i")
    w.line(f"low, high = {start}[i], {start}[i + 1]")
    for name in names:
        size = SIZES[known[name]]
        w.line(f"for s in range(low, high, {LINE // size}):")
        w.line(f"    prefetch({b.array(name)}.ctypes.data + s * {size})")
    return b.text("Ask for rows", w)
