"""The kernel of a scheduled drive: each part of a population takes its own over when a value begins."""

from __future__ import annotations

from maichong.engines.events.emit import Argument, KernelText
from maichong.engines.events.layout import BLOCK
from maichong.engines.events.lower import Writer
from maichong.engines.events.sources import begins


def drive_kernel(precision: str, *, each: bool, wakes: bool) -> KernelText:
    """The kernel of one drive; ``each`` says that its values differ from neuron to neuron, ``wakes`` that neurons may sleep."""
    w = Writer(precision)
    begins(w)
    w.line(f"for j in range(U(first), U({'min(last, n)' if each else 'last'})):")
    w.line(f"    drive[j] = F(values[{'U(at * n) + j' if each else 'at'}])")
    if wakes:
        w.line(f"for block in range(first // {BLOCK}, last // {BLOCK}):")
        w.line("    awake[block] = 1")
    return KernelText(
        title="Scheduled changes of a drive",
        precision=precision,
        arguments=(
            Argument("n", "int"), Argument("first", "int"), Argument("last", "int"), Argument("stamps", "int64[]"),
            Argument("values", "float64[]"), Argument("drive", f"{precision}[]"),
            *([Argument("awake", "uint8[]")] if wakes else []),
        ),
        body=tuple(w.lines),
    )  # fmt: skip
