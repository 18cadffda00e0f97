"""One cell under a current in time: what its membrane does, and when it fires."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.network import Network
from maichong.spec import Configured, NeuronModel, Steps
from maichong.spec.model import names
from maichong.spec.patterns import Pattern


@dataclass(frozen=True, eq=False)
class Course:
    """A cell in time: ``states`` by name and ``current``, as they are at ``times`` (ms), [samples]; and its ``spikes`` (ms)."""

    name: str
    times: np.ndarray
    states: Mapping[str, np.ndarray]
    current: np.ndarray
    spikes: np.ndarray


def course(
    neuron: Configured,
    current: float | Steps,
    duration: float,
    *,
    dt: float = 0.1,
    init: Mapping[str, float] | None = None,
    engine: str = "reference",
    name: str = "",
    **options: Any,
) -> Course:
    """Run one cell of ``neuron`` under ``current`` (a number or Steps) for ``duration`` ms and record all its states.

    ``init`` are the states at the start, ``options`` those of the engine.

    >>> from maichong import LIF
    >>> from maichong.analysis import course
    >>> [float(t) for t in course(LIF(), 1000.0, 10.0).spikes.round(6)]
    [4.8, 9.6]
    """
    if not isinstance(neuron, Configured) or not isinstance(neuron.model, NeuronModel):
        raise ParameterError("course", "must get a neuron, such as Izhikevich(a=0.02)", brief(neuron))
    net = Network(dt=dt)
    cell = net.population("cell", neuron, 1, drive=current, init=dict(init or {}))
    net.probe(cell)
    for state in names(neuron.model.states):
        net.probe(cell, state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        run = net.build(engine, **options).run(duration)
    view = run["cell"]
    states = {state: view.samples(state).values[:, 0] for state in names(neuron.model.states)}
    times = view.samples(neuron.model.membrane).times
    given = current.at(times - dt / 2) if isinstance(current, Steps) else np.full(times.shape, float(current))
    return Course(name, times, states, given, view.spikes.times)


def run_pattern(model: NeuronModel, pattern: Pattern, *, engine: str = "reference", **options: Any) -> Course:
    """Run a firing pattern that ``model`` declares (``model.patterns``), as :func:`course` does.

    Spikes and samples are stamped at the end of their steps, where a published loop may call them by the beginning.

    >>> from maichong import Izhikevich
    >>> from maichong.analysis import run_pattern
    >>> run_pattern(Izhikevich, Izhikevich.patterns[0]).spikes.size
    5
    """
    if not isinstance(model, NeuronModel) or not isinstance(pattern, Pattern):
        got = f"{brief(model)} and {brief(pattern)}"
        raise ParameterError("run_pattern", "must get a neuron model and one of its patterns", got)
    return course(
        model(**pattern.values), pattern.drive(), pattern.steps * pattern.dt, dt=pattern.dt, init=pattern.init, engine=engine,
        name=pattern.name, **options,
    )  # fmt: skip
