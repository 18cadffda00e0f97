"""The kernels that move data only: given spikes go in, spikes and states are recorded.

A recording has a buffer of fixed size; when the next step might not fit, the kernel asks the driver to stop, so that the
buffer can be emptied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maichong.engines.events.emit import Argument, Kernel, KernelText
from maichong.network import Probe

if TYPE_CHECKING:
    from maichong.engines.events.live_population import LivePopulation

BUFFER = 1 << 16
"""Entries of a recording's buffer."""

GIVEN = KernelText(
    title="One step of a source with given spikes",
    precision="float64",
    arguments=(
        Argument("n", "int"),
        Argument("depth", "int"),
        Argument("stamps", "int64[]"),
        Argument("ids", "int32[]"),
        Argument("at", "int64[]"),
        Argument("ring", "int32[]"),
        Argument("ring_count", "int32[]"),
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
)

SPIKES = KernelText(
    title="Record the spikes of a step",
    precision="float64",
    arguments=(
        Argument("n", "int"),
        Argument("depth", "int"),
        Argument("ring", "int32[]"),
        Argument("ring_count", "int32[]"),
        Argument("wanted", "uint8[]"),
        Argument("stamps", "int64[]"),
        Argument("ids", "int32[]"),
        Argument("fill", "int64[]"),
        Argument("control", "int64[]"),
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
)


def samples(precision: str) -> KernelText:
    """The kernel that records a state of the given precision every so many steps."""
    return KernelText(
        title="Record a state",
        precision="float64",
        arguments=(
            Argument("state", f"{precision}[]"),
            Argument("every", "int"),
            Argument("cells", "int64[]"),
            Argument("stamps", "int64[]"),
            Argument("values", "float64[]"),
            Argument("fill", "int64[]"),
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
    )


class LiveProbe:
    """The buffer and the kernel of one recording."""

    def __init__(self, probe: Probe, population: LivePopulation, dt: float, control: np.ndarray) -> None:
        n = population.plan.n
        self.taken: list[tuple[np.ndarray, np.ndarray]] = []
        self.kernels: dict[str, list[Kernel]] = {}
        self.width = 0
        if probe.what == "counts":
            return
        cells = np.arange(n) if probe.cells is None else np.array(probe.cells, np.int64)
        self.fill = np.zeros(1, np.int64)
        shared = {"fill": self.fill, "control": control}
        if probe.what == "spikes":
            wanted = np.zeros(n, np.uint8)
            wanted[cells] = 1
            self.stamps, self.values = np.zeros(max(BUFFER, 2 * n), np.int64), np.zeros(max(BUFFER, 2 * n), np.int32)
            ring = {name: population.arrays[name] for name in ("ring", "ring_count")}
            kernel = Kernel(
                SPIKES,
                {**population.numbers, **ring, **shared, "wanted": wanted, "stamps": self.stamps, "ids": self.values},
            )
            first = population.arrays["ring"][: population.arrays["ring_count"][0]]
            if first.size:
                self.taken.append((np.zeros(np.isin(first, cells).sum(), np.int64), first[np.isin(first, cells)].copy()))
        else:
            assert probe.every is not None
            self.width = cells.size
            rows = max(4, BUFFER // cells.size)
            self.stamps, self.values = np.zeros(rows, np.int64), np.zeros(rows * cells.size)
            state = population.state(probe.what)
            kernel = Kernel(
                samples(str(state.dtype)),
                {
                    **shared,
                    "state": population.arrays[population.symbol(probe.what)],
                    "every": round(probe.every / dt),
                    "cells": cells,
                    "stamps": self.stamps,
                    "values": self.values,
                },
            )
        self.kernels = {"record": [kernel]}

    def empty(self) -> None:
        """Move what the buffer holds out of it."""
        if not self.kernels or not self.fill[0]:
            return
        k = int(self.fill[0])
        values = self.values[: k * self.width].reshape(k, self.width) if self.width else self.values[:k]
        self.taken.append((self.stamps[:k].copy(), values.copy()))
        self.fill[0] = 0
