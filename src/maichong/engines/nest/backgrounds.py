"""Poisson events from outside in NEST: one generator for all cells, or one for each where rates differ."""

from __future__ import annotations

from maichong.engines.background import BackgroundPlan
from maichong.engines.courses import Course
from maichong.engines.nest.cells import Arrival
from maichong.engines.nest.kernel import Kernel
from maichong.engines.nest.live_cells import LiveCells
from maichong.engines.nest.schedules import schedule, to_each


def generator_of(entry: BackgroundPlan) -> str:
    """NEST's model."""
    return "inhomogeneous_poisson_generator" if isinstance(entry.rate, Course) else "poisson_generator"


def add_background(entry: BackgroundPlan, arrival: Arrival, target: LiveCells, kernel: Kernel) -> None:
    """Make the generators and connect them: each of their targets gets events of its own, but one of them has one rate."""
    about = {"start": kernel.pause * kernel.dt}
    generators = kernel.nest.Create(generator_of(entry), entry.n if entry.each else 1, about)
    if isinstance(entry.rate, Course):
        schedule(generators, entry.rate, kernel, "rate")
    else:
        generators.rate = entry.rate
    spec = {"delay": (kernel.slice + arrival.later) * kernel.dt, "receptor_type": arrival.receptor}
    to_each(generators, target.nodes, entry.weight * arrival.factor, spec, kernel)
