"""What changes in steps of time, in NEST: currents by its step_current_generator, rates by its inhomogeneous_poisson_generator.

Both give what they have been given for a time T through their delay, so that a current is felt, and an event arrives, at T plus the
delay. They know no T in the past.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.engines.courses import Course
from maichong.engines.nest.kernel import Kernel


def schedule(generators: Any, course: Course, kernel: Kernel, what: str, later: int = 0) -> None:
    """Give ``generators``, one for all or one for each neuron, a course that is felt from its stamps on, or ``later`` steps later.

    ``what`` is "amplitude" or "rate".
    """
    times, values = (course.stamps + kernel.ahead - kernel.slice + later) * kernel.dt, course.values.astype(np.float64)
    about = [{f"{what}_times": times, f"{what}_values": row} for row in (values.T if course.each else values[None])]
    generators.set(about if course.each else about[0])


def add_currents(course: Course, nodes: Any, weights: np.ndarray | float, kernel: Kernel) -> None:
    """Inject a course into ``nodes``, times ``weights``, one for all or one for each."""
    generators = kernel.nest.Create("step_current_generator", len(nodes) if course.each else 1)
    schedule(generators, course, kernel, "amplitude")
    to_each(generators, nodes, weights, {"delay": kernel.slice * kernel.dt}, kernel)


def to_each(generators: Any, nodes: Any, weights: np.ndarray | float, spec: dict[str, Any], kernel: Kernel) -> None:
    """Connect one generator to all of the ``nodes``, or each to its own, with ``weights``, one for all or one for each."""
    rule, shape = ("one_to_one", (-1,)) if len(generators) > 1 else ("all_to_all", (-1, 1))
    each = np.broadcast_to(weights, len(nodes)).reshape(shape)
    kernel.nest.Connect(generators, nodes, rule, {**spec, "weight": each})
