"""The kernels that move data only: given spikes go in, spikes and states are recorded.

A recording has a buffer of fixed size; when the next step might not fit, the kernel asks the driver to stop, so that the
buffer can be emptied.
"""

from __future__ import annotations

from maichong.engines.events.emit import Argument, KernelText

GIVEN = KernelText(
    title="One step of a source with given spikes",
    precision="float64",
    arguments=(
        Argument("n", "int"), Argument("depth", "int"), Argument("stamps", "int64[]"), Argument("ids", "int32[]"),
        Argument("at", "int64[]"), Argument("ring", "int32[]"), Argument("ring_count", "int32[]"),
        Argument("counts", "int64[]"),
    ),
    body=(
        "now = step + 1",
        "slot = now & (depth - 1)",
        "count = 0",
        "p = at[0]",
        "while p < stamps.size and stamps[p] <= now:",
        "    if stamps[p] == now:",
        "        ring[slot * n + count] = ids[p]",
        "        counts[ids[p]] += 1",
        "        count += 1",
        "    p += 1",
        "at[0] = p",
        "ring_count[slot] = count",
    ),
)  # fmt: skip

SPIKES = KernelText(
    title="Record the spikes of a step",
    precision="float64",
    arguments=(
        Argument("n", "int"), Argument("depth", "int"), Argument("ring", "int32[]"), Argument("ring_count", "int32[]"),
        Argument("wanted", "uint8[]"), Argument("stamps", "int64[]"), Argument("ids", "int32[]"),
        Argument("fill", "int64[]"), Argument("control", "int64[]"),
    ),
    body=(
        "slot = (step + 1) & (depth - 1)",
        "k = fill[0]",
        "for q in range(ring_count[slot]):",
        "    j = ring[slot * n + q]",
        "    if wanted[j]:",
        "        stamps[k] = step + 1",
        "        ids[k] = j",
        "        k += 1",
        "fill[0] = k",
        "if k + n > stamps.size:",
        "    control[STOP] = 1",
    ),
)  # fmt: skip


def samples(precision: str) -> KernelText:
    """The kernel that records a state of the given precision every so many steps."""
    return KernelText(
        title="Record a state",
        precision="float64",
        arguments=(
            Argument("state", f"{precision}[]"), Argument("every", "int"), Argument("cells", "int64[]"),
            Argument("stamps", "int64[]"), Argument("values", "float64[]"), Argument("fill", "int64[]"),
            Argument("control", "int64[]"),
        ),
        body=(
            "if (step + 1) % every != 0:",
            "    return",
            "k = fill[0]",
            "stamps[k] = step + 1",
            "for q in range(cells.size):",
            "    values[k * cells.size + q] = state[cells[q]]",
            "fill[0] = k + 1",
            "if k + 2 > stamps.size:",
            "    control[STOP] = 1",
        ),
    )  # fmt: skip
