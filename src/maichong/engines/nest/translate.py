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

from maichong.encoding.poisson import Poisson
from maichong.engines.courses import Course
from maichong.engines.delays import to_steps
from maichong.engines.nest.cells import Arrival, Cells, cells_of
from maichong.engines.nest.synapses import Synapse, synapse_of
from maichong.engines.plan import BackgroundPlan, Plan, PopulationPlan, ProjectionPlan
from maichong.network import SpikeTimes
from maichong.spec import Distribution

LONGEST_SLICE = 20
"""Steps after which longer slices hardly make NEST faster, while generators answer later to a rate that is set."""
TICS = 1000
"""The least number of NEST's tics in a ms, which is NEST's own default."""


@dataclass(frozen=True)
class Translation:
    """The parts of a plan in its order (None: a source, or missing), and what is missing or differs, one line each.

    ``leads`` are the steps by which each population is ahead of our clock; no delay is shorter than ``slice`` steps.
    """

    cells: tuple[Cells | None, ...]
    leads: tuple[int, ...]
    synapses: tuple[Synapse | None, ...]
    slice: int
    missing: tuple[str, ...]
    different: tuple[str, ...]

    def arrival(self, plan: Plan, entry: ProjectionPlan | BackgroundPlan) -> Arrival | None:
        """How the weights of a projection or a background stand in NEST."""
        return _arrival(plan, self.cells, entry)


def translate(plan: Plan) -> Translation:
    """The whole plan; nothing is refused here."""
    missing, different = [*_countless(plan.dt), *_kept_back(plan)], []
    cells = tuple(_cells(entry, plan, missing, different) for entry in plan.populations)
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
    slice_ = _slice(plan, synapses)
    different += _sources_different(plan, leads, slice_)
    return Translation(cells, leads, synapses, slice_, tuple(missing), tuple(different))


def tics_per_ms(dt: float) -> int:
    """How many tics of NEST's make a ms, so that a step is a whole number of them."""
    parts = Fraction(dt).limit_denominator(10**6).denominator
    return parts * -(-TICS // parts)


def _countless(dt: float) -> Iterator[str]:
    tics = dt * tics_per_ms(dt)
    if abs(tics - round(tics)) > 1e-12 * tics or round(tics) < 1:
        yield f"network: dt = {dt!r} ms is no whole number of parts of a ms, in which NEST counts"


def _kept_back(plan: Plan) -> Iterator[str]:
    """What this engine does not hand over."""
    network = plan.network
    kept = [f"population {entry.name!r}: Steps of {name}" for entry in plan.populations for name in entry.courses]
    kept += [f"population {entry.name!r}: exact spike times" for entry in plan.populations if entry.exact]
    kept += [f"background {entry.name!r}: Steps of its rate" for entry in plan.backgrounds if isinstance(entry.rate, Course)]
    kept += [f"noise {name!r}: noise currents" for name in network.noises]
    kept += [f"gap junctions {name!r}: gap junctions" for name in network.gaps]
    kept += [f"projection {name!r}: short-term rules" for name, p in network.projections.items() if p.short_term]
    kept += [f"projection {entry.name!r}: dendritic delays" for entry in plan.projections if entry.longest_dendritic]
    return (f"{words} are not handed over to NEST" for words in kept)


def _arrival(plan: Plan, cells: Sequence[Cells | None], entry: ProjectionPlan | BackgroundPlan) -> Arrival | None:
    index = entry.post_population if isinstance(entry, ProjectionPlan) else entry.population
    target, system = cells[index], plan.populations[index].system
    return target.arrivals[system.ports.index(entry.port)] if target and system else None


def _lead(index: int, plan: Plan, arrivals: Sequence[Arrival | None]) -> int:
    """1 for a source that sends something without a delay to where NEST has nothing without."""
    if plan.populations[index].system:
        return 0
    sent = (pair for pair in zip(plan.projections, arrivals, strict=True) if pair[0].pre_population == index)
    return int(any(entry.projection.delay is None and arrival and not arrival.later for entry, arrival in sent))


def _slice(plan: Plan, synapses: Sequence[Synapse | None]) -> int:
    """The shortest delay; one step where something is learned, and where states are recorded, which come a slice late."""
    if any(probe.what not in ("spikes", "counts") for probe in plan.probes):
        return 1
    pairs = [pair for pair in zip(plan.projections, synapses, strict=True) if pair[0].size]
    steps = [1 if synapse.plastic else _shortest(entry) + synapse.extra for entry, synapse in pairs if synapse]
    return max(1, min([*steps, LONGEST_SLICE])) if steps else 1


def _shortest(entry: ProjectionPlan) -> int:
    """Our shortest delay in steps; of a distribution, the shortest that can come."""
    value = entry.projection.delay
    lowest = value.bounds()[0] if isinstance(value, Distribution) else 0.0 if value is None else np.min(value)
    return int(to_steps(lowest, entry.dt))


def _cells(entry: PopulationPlan, plan: Plan, missing: list[str], different: list[str]) -> Cells | None:
    if entry.system:
        return cells_of(entry, plan, missing, different)
    if entry.source and not isinstance(entry.source, SpikeTimes) and entry.source.model is not Poisson:
        missing.append(f"population {entry.name!r}: NEST has no {entry.source.model.name}")
    return None


def _sources_different(plan: Plan, leads: Sequence[int], late: int) -> Iterator[str]:
    for entry, lead in zip(plan.populations, leads, strict=True):
        if isinstance(entry.source, SpikeTimes) and lead:
            yield f"population {entry.name!r}: spikes that are given while it runs must be at least 2 steps ahead"
        elif entry.source and not isinstance(entry.source, SpikeTimes):
            yield f"population {entry.name!r} (poisson_generator): two spikes of a cell may fall into one step"
            steps = "1 step" if late + lead == 1 else f"{late + lead} steps"
            yield f"population {entry.name!r} (poisson_generator): a rate that is set while it runs acts {steps} later"
