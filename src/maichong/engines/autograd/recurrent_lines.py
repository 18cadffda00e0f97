"""The lines of a kernel by which the neurons of a row hear each other's spikes of the step before."""

from __future__ import annotations

from maichong.engines.autograd.row_sums import WIDE as COLUMNS
from maichong.engines.events.lower import Writer


def hear(w: Writer, index: str) -> None:
    """What the neurons of row ``r`` hear in the next step: the sum of the weights of those that fired, whose list is at
    the address ``index``."""
    w.line("heard_by = U(heard.ctypes.data) + near * size")
    w.line("for block in range(blocks):")
    w.line(f"    of, to = U(block * width * {COLUMNS}) * size, U(block * {COLUMNS}) * size")
    w.line(f"    row_adds(weights + of, {index}, 0, count, U(zeros.ctypes.data), heard_by + to)")


def hand_back(w: Writer, *, halves: bool) -> None:
    """What the currents' gradients say of the spikes of the step before; with ``halves`` by products of bfloat16, whose weights
    lie in pairs of rows."""
    if halves:
        w.line("for k in range(0, stride, 16):")
        w.line("    halve(U(g_near.ctypes.data) + U(4 * k), U(g_pairs.ctypes.data) + U(2 * k))")
        w.line("pairs = (width + 1) // 2")
    w.line("for block in range(blocks):")
    rows, product = ("pairs", "dense_sums16") if halves else ("width", "dense_sums")
    given, apart = ("g_pairs", "padded // 2") if halves else ("g_near", "padded")
    w.line(f"    of, to = U(block * {rows} * {COLUMNS}) * size, U(block * {COLUMNS}) * size")
    w.line(f"    {product}(weights + of, U({given}.ctypes.data), {apart}, {rows}, U(g_spikes.ctypes.data) + to, padded)")
