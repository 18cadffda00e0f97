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
    w.line(f"    of_index, of_one = {index}, U(ones.ctypes.data)")
    w.line("    row_sums(weights + of, of_index, of_one, 0, count, U(zeros.ctypes.data), heard_by + to)")


def hand_back(w: Writer) -> None:
    """What the currents' gradients say of the spikes of the step before."""
    w.line("for block in range(blocks):")
    w.line(f"    of, to = U(block * width * {COLUMNS}) * size, U(block * {COLUMNS}) * size")
    w.line("    dense_sums(weights + of, U(g_near.ctypes.data), padded, width, U(g_spikes.ctypes.data) + to, padded)")
