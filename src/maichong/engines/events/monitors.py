"""The kernels that move data only: given spikes go in, spikes and states are recorded.

A recording has a buffer of fixed size; when the next step might not fit, the kernel asks the driver to stop, so that the
buffer can be emptied.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from maichong.engines.events.emit import Argument, Kernel, KernelText
from maichong.network import Probe

if TYPE_CHECKING:
    from maichong.engines.events.live_population import LivePopulation

BUFFER = 1 << 16
"""Entries of a recording's buffer."""


def given(*, exact: bool) -> KernelText:
    """The kernel of a source with given spikes; ``exact`` ones know how long before its stamp each comes."""
    more = (Argument("given_before", "float64[]"), Argument("ring_before", "float64[]")) if exact else ()
    return KernelText(
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
            *more,
        ),
        body=(
            "now = step + 1",
            "slot = now & (depth - 1)",
            "count = 0",
            "p = at[0]",
            "while p < stamps.size and stamps[p] <= now:",
            "    if stamps[p] == now:",
            "        ring[slot * n + count] = ids[p]",
            *(["        ring_before[slot * n + count] = given_before[p]"] if exact else []),
            "        counts[ids[p]] += 1",
            "        count += 1",
            "    p += 1",
            "at[0] = p",
            "ring_count[slot] = count",
        ),
    )


def spikes(*, exact: bool) -> KernelText:
    """The kernel that records the spikes of a step by their stamps, or, where they are ``exact``, by their times, in steps."""
    more = (Argument("ring_before", "float64[]"), Argument("dt", "float64")) if exact else ()
    return KernelText(
        title="Record the spikes of a step",
        precision="float64",
        arguments=(
            Argument("n", "int"),
            Argument("depth", "int"),
            Argument("parts", "int"),
            Argument("apart", "int"),
            Argument("begins", "int64[]"),
            Argument("ring", "int32[]"),
            Argument("ring_count", "int32[]"),
            Argument("wanted", "uint8[]"),
            Argument("first", "int"),
            Argument("last", "int"),
            Argument("stamps", "float64[]" if exact else "int64[]"),
            Argument("ids", "int32[]"),
            Argument("fill", "int64[]"),
            Argument("control", "int64[]"),
            *more,
        ),
        body=(
            # a spike at the very start of a step has the stamp of its end
            "if step + 1 <= first or step > last:" if exact else "if step + 1 <= first or step + 1 > last:",
            "    return",
            "slot = (step + 1) & (depth - 1)",
            "k = fill[0]",
            "for part in range(parts):",
            "    at = slot * n + begins[part]",
            "    for q in range(at, at + ring_count[part * apart + slot]):",
            "        j = ring[q]",
            *(["        time = step + 1 - ring_before[q] / dt"] if exact else []),
            "        if wanted[j] and first < time <= last:" if exact else "        if wanted[j]:",
            "            stamps[k] = time" if exact else "            stamps[k] = step + 1",
            "            ids[k] = j",
            "            k += 1",
            "fill[0] = k",
            "if k + 2 * n > stamps.size:",  # threads stop one step later
            "    control[STOP] = 1",
        ),
    )


def samples(precision: str) -> KernelText:
    """The kernel that records a state of the given precision every so many steps: of this part's cells, in their columns."""
    return KernelText(
        title="Record a state",
        precision="float64",
        arguments=(
            Argument("state", f"{precision}[]"),
            Argument("every", "int"),
            Argument("cells", "int64[]"),
            Argument("columns", "int64[]"),
            Argument("width", "int"),
            Argument("first", "int"),
            Argument("last", "int"),
            Argument("stamps", "int64[]"),
            Argument("values", "float64[]"),
            Argument("fill", "int64[]"),
            Argument("control", "int64[]"),
        ),
        body=(
            "if (step + 1) % every != 0 or step + 1 <= first or step + 1 > last:",
            "    return",
            "k = fill[0]",
            "stamps[k] = step + 1",
            "for q in range(cells.size):",
            "    values[k * width + columns[q]] = state[cells[q]]",
            "fill[0] = k + 1",
            "if k + 3 > stamps.size:",  # threads stop one step later
            "    control[STOP] = 1",
        ),
    )


class LiveProbe:
    """The buffer and the kernels of one recording: a state's each by the part that owns the cells, spikes all by one."""

    def __init__(self, probe: Probe, population: LivePopulation, dt: float, control: np.ndarray) -> None:
        n = population.plan.n
        self.taken: list[tuple[np.ndarray, np.ndarray]] = []
        self.kernels: list[dict[str, list[Kernel]]] = []
        self.serial = probe.what == "spikes"
        self.width = 0
        if probe.what == "counts":
            return
        cells = np.arange(n) if probe.cells is None else np.array(probe.cells, np.int64)
        self.fills: list[np.ndarray] = []
        if probe.what == "spikes":
            self._spikes(population, cells, probe.interval(dt), control, dt)
        else:
            when = dict(zip(("first", "last"), probe.interval(dt), strict=True)) | {"every": probe.steps(dt)}
            self._samples(population, probe.what, when, cells, control)

    def _spikes(
        self, population: LivePopulation, cells: np.ndarray, interval: tuple[int, int], control: np.ndarray, dt: float
    ) -> None:
        n, exact = population.plan.n, population.plan.exact
        wanted = np.zeros(n, np.uint8)
        wanted[cells] = 1
        size = max(BUFFER, 4 * n)
        self.stamps, self.values = np.zeros(size, np.float64 if exact else np.int64), np.zeros(size, np.int32)
        self.fills = [np.zeros(1, np.int64)]
        ring = {name: array for name, array in population.arrays.items() if name.startswith("ring")}
        after, last = interval
        buffer = {"stamps": self.stamps, "ids": self.values, "fill": self.fills[0], "control": control}
        buffer |= {"first": after, "last": last, "dt": dt}
        shape = {"parts": population.parts, "apart": population.apart, "begins": population.begins}
        kernel = Kernel(spikes(exact=exact), {**population.numbers, **ring, **buffer, **shape, "wanted": wanted})
        self.kernels = [{"record": [kernel]}]
        first = population.emitted(0)
        if first.size and after < 0:
            chosen = first[np.isin(first, cells)]
            self.taken.append((np.zeros(chosen.size, self.stamps.dtype), chosen.copy()))

    def _samples(
        self, population: LivePopulation, state: str, when: dict[str, int], cells: np.ndarray, control: np.ndarray
    ) -> None:
        self.width = cells.size
        rows = max(4, BUFFER // cells.size)
        self.stamps, self.values = np.zeros(rows, np.int64), np.zeros(rows * cells.size)
        for own, (low, high) in zip(population.own.of, itertools.pairwise(population.begins), strict=True):
            array = own[population.symbol(state)]
            columns = np.flatnonzero((cells >= low) & (cells < high))
            self.fills.append(np.zeros(1, np.int64))
            values = {
                "state": array, **when, "cells": cells[columns], "columns": columns, "width": cells.size,
                "stamps": self.stamps, "values": self.values, "fill": self.fills[-1], "control": control,
            }  # fmt: skip
            self.kernels.append({"record": [Kernel(samples(str(array.dtype)), values)]})

    def empty(self) -> None:
        """Move what the buffer holds out of it."""
        if not self.kernels or not self.fills[0][0]:
            return
        k = int(self.fills[0][0])
        values = self.values[: k * self.width].reshape(k, self.width) if self.width else self.values[:k]
        self.taken.append((self.stamps[:k].copy(), values.copy()))
        for fill in self.fills:
            fill[0] = 0
