"""The lines of a kernel that go over blocks of neurons, and over the neurons of a block."""

from __future__ import annotations

from collections.abc import Sequence

from maichong.engines.autograd.row_sums import ROWS
from maichong.engines.autograd.row_sums import WIDE as COLUMNS
from maichong.engines.autograd.shapes import ROOM, WIDE, Shape
from maichong.engines.events.lower import Writer


def begin(w: Writer, shape: Shape, arrays: Sequence[tuple[str, str, str]]) -> None:
    """The loop over blocks; the block's own ``arrays``, (name, kind, how many times as long as a block), are made before it.

    A block is up to 256 neurons of a row, fewer where much is kept of each step, or, where these hear each other, all those of up
    to four rows.
    """
    size = 4 if shape.precision == "float32" else 8
    kept = size * sum("steps" in times for _, _, times in arrays)
    wide = f"min(max({ROOM} // (steps * {kept}) // {COLUMNS}, 1) * {COLUMNS}, {WIDE})" if kept else str(WIDE)
    if shape.recurrent:
        w.line(f"blocks = (width + {COLUMNS - 1}) // {COLUMNS}")
        w.line("many = U(width)")
        w.line(f"padded = blocks * {COLUMNS}")
        w.line(f"stride = {ROWS} * padded")
        w.line("weights = U(matrix.ctypes.data)")
        w.line(f"size = U({size})")
    elif shape.pool > 1:
        pool = shape.pool
        w.line(f"lines = max({wide} // ({pool} * span), 1) * {pool}")
        w.line("stride = lines * span")
        w.line(f"across = U(span // {pool})")
    else:
        w.line(f"stride = {wide}")
    for name, kind, times in arrays:
        w.line(f"{name} = lined(np.zeros({times} * stride + SLACK, np.{kind}))")
    if shape.recurrent:
        w.line(f"for begin in range(first, last, {ROWS}):")
        w.indent = 1
        w.line(f"group = min({ROWS}, last - begin)")
    else:
        w.line("for row in range(first, last):")
        w.line("    for begin in range(low, high, stride):")
        w.indent = 2
        w.line("many = U(min(stride, high - begin))")
        w.line("cell = U(row * width + begin)")
        w.line("column = U(begin)")
        w.line("near = U(0)")


def each(w: Writer, shape: Shape, timed: bool) -> int:
    """The loop over the neurons of a block, in step ``t`` where ``timed``; returns by how much it is indented."""
    if shape.recurrent:
        w.line("for r in range(group):")
        w.indent += 1
        w.line("cell = U((begin + r) * width)")
        w.line("near = U(r * padded)")
        w.line("column = U(0)")
    if timed:
        w.line("at = U(t * rows * width) + cell")
        w.line("own = U(t * stride) + near")
    w.line("for k in range(many):")
    w.indent += 1
    return 1 + shape.recurrent
