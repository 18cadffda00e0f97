"""A population with exact spike times while it runs: its tables, its log of arrivals, its kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.engines.events import off_grid
from maichong.engines.events.arrivals import Landing, Log, landing_of
from maichong.engines.events.emit import Kernel
from maichong.engines.events.layout import Layout
from maichong.engines.off_grid import fires_twice
from maichong.engines.projection_plan import ProjectionPlan
from maichong.errors import CheckpointError, EngineError

if TYPE_CHECKING:
    from maichong.engines.events.live_population import LivePopulation


class LiveOffGrid:
    """What a LivePopulation has beside its states where its spike times are exact; nothing of it outlasts a step."""

    def __init__(self, population: LivePopulation) -> None:
        plan = population.plan
        assert plan.off_grid
        if population.precision != "float64":
            raise EngineError(
                f"population {plan.name!r}", "has exact spike times, which float32 cannot hold",
                fix="build with precision='float64', or use spike_times='grid'",
            )  # fmt: skip
        self.population, self.tables = population, off_grid.Tables(plan.off_grid)
        population.own.add("before_until", np.float64)
        population.arrays["ring_before"] = np.zeros(population.arrays["ring"].size)
        self.twice = np.zeros(2, np.int64)
        self.landings: dict[str, Any] = {}
        self.logs: list[Log] = []

    def open(self, incoming: Sequence[tuple[ProjectionPlan, Layout]], control: np.ndarray) -> None:
        """Make room for what arrives off the grid, and the kernels; ``incoming`` are the projections by which it does."""
        population, tables = self.population, self.tables
        plan, width = population.plan, population.width
        assert plan.off_grid and plan.system
        if incoming:
            self.logs = [self._log(incoming, part) for part in range(population.parts)]
            self.landings = {"head": np.full(width, -1, np.int32)}
            if plan.off_grid.alike:
                self.landings |= {f"plus_{state}": np.zeros(width) for state in tables.states} | {"reach": np.zeros(width)}
        text, numbers = off_grid.neuron_kernel(plan, tables, visited=bool(incoming))
        flags = np.zeros(width, np.uint8)
        values: dict[str, Any] = {
            **tables.values(), **self.landings, "flags": flags, "flag_words": flags.view(np.uint64), "twice": self.twice,
            "kind": plan.off_grid.kind, "pause": plan.off_grid.pause.astype(np.int32), "control": control,
            "pause_before": plan.off_grid.pause_before,
            **{name: population.padded(x, np.float64) if isinstance(x, np.ndarray) else x for name, x in numbers.items()},
        }  # fmt: skip
        for part in population.owners():
            mine = self.logs[part].values if incoming else {}
            population.kernels[part]["advance"] = [Kernel(text, {**population.of_part(part), **values, **mine})]
            population.kernels[part]["change"] = population.scheduled(part)

    def _log(self, incoming: Sequence[tuple[ProjectionPlan, Layout]], part: int) -> Log:
        synapses = 0
        for entry, layout in incoming:
            first, last = self.population.begins[part : part + 2]
            if layout.kind == "matrix":
                synapses += entry.n_pre * int(last - first)
            elif layout.kind == "rows":
                ends = layout.arrays["start"].reshape(-1, entry.n_pre + 1)[part]
                synapses += int(ends[-1] - ends[0])
            else:
                synapses += entry.size
        if synapses >= 2**31:
            where = f"population {self.population.plan.name!r}"
            most = "may have at most 2**31 synapses onto one thread's neurons where spike times are exact"
            raise EngineError(where, most, synapses, "use more threads, or spike_times='grid'")
        return Log(synapses, sum(entry.n_pre * layout.delays.size for entry, layout in incoming))

    def landing(self, entry: ProjectionPlan) -> tuple[Landing, dict[str, Any]]:
        """How the spikes of a projection land on this target, and what its kernels have to know of it."""
        system = self.population.plan.system
        assert system
        landing, values, states = landing_of(self.tables, dict(entry.port.jumps))
        values |= {f"plus_{k}": self.landings[f"plus_{state}"] for k, state in enumerate(states)}
        return landing, {**self.landings, **values, "port": system.ports.index(entry.port)}

    def check(self) -> None:
        """EngineError where a neuron fired twice in a step."""
        if self.twice[0]:
            raise fires_twice(self.population.plan.name, int(self.twice[1]), int(self.twice[0]) - 1, self.tables.off.dt)


def check_exact(name: str, arrays: Mapping[str, np.ndarray], n: int, dt: float) -> None:
    """CheckpointError where a time before a stamp is none, for a kernel would never come to the end of its step; and where a
    neuron fires twice in a step, for which the log of its targets has no room."""
    for key in ("ring_before", "before_until", "given_before"):
        values = arrays.get(f"{name}/{key}", np.zeros(0))
        if not ((values >= 0) & (values <= dt)).all():
            raise CheckpointError(f"{name}/{key}", f"must lie between 0 and {dt:g} ms", "damaged numbers")
    ring, counts = arrays[f"{name}/ring"].reshape(-1, n), arrays[f"{name}/ring_count"]
    for ids, count in zip(ring, counts, strict=True):
        if (np.diff(ids[:count]) <= 0).any():
            raise CheckpointError(f"{name}/ring", "must hold each neuron once for a stamp, in order", "damaged numbers")
