"""What NEST records: the spikes of every population, and states where a probe asks for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maichong.engines.nest.kernel import Kernel
from maichong.engines.nest.live_cells import LiveCells
from maichong.engines.nest.live_source import LiveSource
from maichong.engines.recording import Records
from maichong.probes import Probe


class SpikeRecorder:
    """The spikes of a population, up to our own time: those of a source that leads are held back until then."""

    def __init__(self, population: LiveCells | LiveSource, kernel: Kernel) -> None:
        self._population, self._shift = population, kernel.ahead - population.lead
        self.counts = np.zeros(population.plan.n, np.int64)
        self._node = kernel.nest.Create("spike_recorder", 1, {"time_in_steps": True})
        kernel.nest.Connect(population.nodes, self._node, "all_to_all", {"delay": kernel.slice * kernel.dt})
        self._early = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def take(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Stamps and cells of the spikes since the last time, in order."""
        seen = self._node.get("events")
        self._node.n_events = 0
        stamps = np.asarray(seen["times"]).astype(np.int64) - self._shift
        ids = np.asarray(seen["senders"]).astype(np.int64) - self._population.first
        stamps, ids = (np.concatenate(pair) for pair in zip(self._early, (stamps, ids), strict=True))
        order = np.lexsort((ids, stamps))
        stamps, ids = stamps[order], ids[order]
        now = np.searchsorted(stamps, step, "right")
        self._early = stamps[now:], ids[now:]
        self.counts += np.bincount(ids[:now], minlength=self.counts.size)
        return stamps[:now], ids[:now]


class SpikeProbe:
    """What a probe keeps of the spikes of its population."""

    def __init__(self, probe: Probe, dt: float) -> None:
        self.records: Records = []
        self._cells = probe.cells
        self._first, self._last = probe.interval(dt)

    def see(self, stamps: np.ndarray, ids: np.ndarray) -> None:
        """Take from the spikes what the probe asks for."""
        kept = (stamps > self._first) & (stamps <= self._last)
        if self._cells is not None:
            kept &= np.isin(ids, self._cells)
        if kept.any():
            self.records.append((stamps[kept], ids[kept]))


class StateProbe:
    """A multimeter on one state. The sample of the present moment is read from the cells, for NEST hands it over a step late."""

    def __init__(self, probe: Probe, cells: LiveCells, kernel: Kernel) -> None:
        self.records: Records = []
        self._probe, self._population, self._ahead = probe, cells, kernel.ahead
        self._first, self._last = probe.interval(kernel.dt)
        self._every, self._seen = probe.steps(kernel.dt), 0
        self._cells = np.arange(cells.plan.n) if probe.cells is None else np.array(probe.cells)
        self._names = cells.shown(probe.what)
        about = {"record_from": list(self._names), "interval": self._every * kernel.dt, "offset": kernel.ahead * kernel.dt}
        self._node = kernel.nest.Create("multimeter", 1, {**about, "time_in_steps": True})
        chosen = cells.nodes if probe.cells is None else cells.nodes[sorted(probe.cells)]
        kernel.nest.Connect(self._node, chosen, "all_to_all", {"delay": kernel.dt})

    def take(self, step: int) -> None:
        """The samples since the last time, up to ``step``."""
        seen = self._node.get("events")
        self._node.n_events = 0
        stamps = np.asarray(seen["times"]).astype(np.int64) - self._ahead
        ids = np.asarray(seen["senders"]).astype(np.int64) - self._population.first
        new = np.flatnonzero(stamps > self._seen)
        order = new[np.lexsort((ids[new], stamps[new]))]
        rows = stamps[order].reshape(-1, self._cells.size)[:, 0]
        sort, sampled_shape = np.argsort(self._cells), (rows.size, self._cells.size)
        values = {name: np.asarray(seen[name])[order].reshape(sampled_shape) for name in self._names}
        sampled = np.empty(sampled_shape)
        sampled[:, sort] = self._population.of_shown(self._probe.what, values, self._cells[sort])
        self._keep(rows, sampled)
        if step % self._every == 0 and step > max(self._seen, rows[-1] if rows.size else 0):
            self._keep(np.array([step]), self._population.get_state(self._probe.what)[None, self._cells])

    def _keep(self, stamps: np.ndarray, values: np.ndarray) -> None:
        self._seen = max(self._seen, int(stamps[-1])) if stamps.size else self._seen
        kept = (stamps > self._first) & (stamps <= self._last) & (stamps > 0)
        if kept.any():
            self.records.append((stamps[kept], values[kept]))


def probes_of(
    probes: Sequence[Probe], index: dict[str, int], populations: Sequence[LiveCells | LiveSource], kernel: Kernel
) -> list[SpikeProbe | StateProbe | None]:
    """A keeper for each probe, None where counts are asked for, which every run keeps."""
    found: list[SpikeProbe | StateProbe | None] = []
    for probe in probes:
        population = populations[index[probe.population]]
        if probe.what == "spikes":
            found.append(SpikeProbe(probe, kernel.dt))
        elif probe.what == "counts":
            found.append(None)
        else:
            assert isinstance(population, LiveCells)
            found.append(StateProbe(probe, population, kernel))
    return found
