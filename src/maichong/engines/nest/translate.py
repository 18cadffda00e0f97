"""A plan in NEST's words, and what is lost on the way; nothing here needs NEST.

NEST begins some steps before t = 0, while cells hold still, so that generators have their first spikes under way by then. A
source may lead: it spikes one step earlier in NEST, so that what it sends without a delay still arrives at its own stamp, through
NEST's shortest delay, one step. By the shortest of all delays NEST cuts time into slices: the longer, the faster it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from maichong.engines.nest.cells import Arrival, Cells, cells_of
from maichong.engines.nest.sources import SourceRow, row_of
from maichong.engines.nest.synapses import Synapse, shortest, shortest_of_nest, synapse_of
from maichong.engines.plan import BackgroundPlan, Plan
from maichong.engines.population_plan import PopulationPlan
from maichong.engines.projection_plan import ProjectionPlan
from maichong.network import SpikeTimes

LONGEST_SLICE = 20
"""Steps after which longer slices hardly make NEST faster, while generators answer later to a rate that is set."""
TICS = 1000
"""The least number of NEST's tics in a ms, which is NEST's own default."""


@dataclass(frozen=True)
class Translation:
    """The parts of a plan in its order (None: a source, or missing), and what is missing or differs, one line each.

    ``leads`` are the steps by which each population is ahead of our clock; no delay is shorter than ``slice`` steps, and the
    generators ``pause`` for so many before they begin.
    """

    cells: tuple[Cells | None, ...]
    sources: tuple[SourceRow | None, ...]
    leads: tuple[int, ...]
    synapses: tuple[Synapse | None, ...]
    slice: int
    pause: int
    missing: tuple[str, ...]
    different: tuple[str, ...]

    def arrival(self, plan: Plan, entry: ProjectionPlan | BackgroundPlan) -> Arrival | None:
        """How the weights of a projection or a background stand in NEST."""
        return _arrival(plan, self.cells, entry)


def translate(plan: Plan) -> Translation:
    """The whole plan; nothing is refused here."""
    missing, different = list(_countless(plan.dt)), []
    sources = tuple(row_of(entry, missing) for entry in plan.populations)
    cells = tuple(cells_of(entry, plan, missing, different) if entry.system else None for entry in plan.populations)
    arrivals = [_arrival(plan, cells, entry) for entry in plan.projections]
    leads = tuple(_lead(k, plan, arrivals) for k in range(len(cells)))
    synapses = tuple(
        synapse_of(entry, cells[entry.post_population], arrival, leads[entry.pre_population], missing, different)
        for entry, arrival in zip(plan.projections, arrivals, strict=True)
    )
    for background in plan.backgrounds:
        target = cells[background.population]
        if target and target.row.conducts and np.min(background.weight) < 0:
            missing.append(f"background {background.name!r}: its conductances must be >= 0")
    why = "exact spike times are not handed over to NEST's _ps models; use spike_times='grid'"
    missing += [f"population {entry.name!r}: {why}" for entry in plan.populations if entry.exact]
    why = "NEST has no Ornstein-Uhlenbeck currents, for its noise_generator has no time constant"
    white = "white noise is not handed over to NEST's noise_generator"
    missing += [f"noise {entry.name!r}: {white if entry.white else why}" for entry in plan.noises]
    slice_ = _slice(plan, synapses)
    # a generator that others share is silent for a whole slice
    pause = slice_ if any(row and row.shared for row in sources) else 0
    for entry, row, lead in zip(plan.populations, sources, leads, strict=True):
        different += _source_different(entry, row, lead, slice_)
    if plan.coupling.pulls:
        different.append("gap junctions: a step is tried until potentials agree to 1e-4 mV, which are cubic within it")
    return Translation(cells, sources, leads, synapses, slice_, pause, tuple(missing), tuple(different))


def tics_per_ms(dt: float) -> int:
    """How many tics of NEST's make a ms, so that a step is a whole number of them."""
    parts = Fraction(dt).limit_denominator(10**6).denominator
    return parts * -(-TICS // parts)


def _countless(dt: float) -> Iterator[str]:
    tics = dt * tics_per_ms(dt)
    if abs(tics - round(tics)) > 1e-12 * tics or round(tics) < 1:
        yield f"network: dt = {dt!r} ms is no whole number of parts of a ms, in which NEST counts"


def _arrival(plan: Plan, cells: Sequence[Cells | None], entry: ProjectionPlan | BackgroundPlan) -> Arrival | None:
    index = entry.post_population if isinstance(entry, ProjectionPlan) else entry.population
    target, system = cells[index], plan.populations[index].system
    return target.arrivals[system.ports.index(entry.port)] if target and system else None


def _lead(index: int, plan: Plan, arrivals: Sequence[Arrival | None]) -> int:
    """1 for a source that sends something without a delay to where NEST has nothing without."""
    if plan.populations[index].system:
        return 0
    sent = (pair for pair in zip(plan.projections, arrivals, strict=True) if pair[0].pre_population == index)
    return int(any(arrival and shortest(entry) + arrival.later < 1 for entry, arrival in sent))


def _slice(plan: Plan, synapses: Sequence[Synapse | None]) -> int:
    """The shortest delay; one step where states are recorded, which come a slice late, and where gap junctions are solved."""
    if plan.coupling.pulls or any(probe.what not in ("spikes", "counts") for probe in plan.probes):
        return 1
    pairs = [pair for pair in zip(plan.projections, synapses, strict=True) if pair[0].size]
    steps = [shortest_of_nest(entry, synapse) for entry, synapse in pairs if synapse]
    return max(1, min([*steps, LONGEST_SLICE])) if steps else 1


def _source_different(entry: PopulationPlan, row: SourceRow | None, lead: int, slice_: int) -> Iterator[str]:
    where = f"population {entry.name!r}"
    if isinstance(entry.source, SpikeTimes) and lead:
        yield f"{where}: spikes that are given while it runs must be at least 2 steps ahead"
    elif row:
        where = f"{where} ({row.scheduled if entry.courses else row.nest})"
        yield from (f"{where}: {words}" for words in row.differs)
        late = slice_ + (2 if row.shared else lead)
        yield f"{where}: a rate that is set while it runs acts {'1 step' if late == 1 else f'{late} steps'} later"
