"""Neuron-dynamics code: a value is the current into a neuron, whichever of the catalogue, and its spikes are the code.

    I = offset + k x        held from 0 to duration; spikes lie on the grid of dt

Decoding goes back from the number of spikes, through what the same neuron answers to 257 values from 0 to 1: the mean of those with
as many spikes, or what lies between. Values under which the neuron stays silent, or fires as often, cannot be told apart.

Source: Zhang & Xu 2021, section 2.3; for LIF neurons Gerstner & Kistler 2002, "Spiking Neuron Models".

Not where a formula is meant: the latency of a LIF neuron is LIFLatency; nor for neurons that fire less where the current is larger,
whose counts mean two values.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.encoding.code import Code
from maichong.encoding.fields import number, other
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError, brief, is_one_of
from maichong.spec import Configured, NeuronModel, registry
from maichong.spec.steps import off_grid

LEVELS = 257
"""Values that the table of answers has."""


@dataclass(frozen=True)
class NeuronDynamics(Code):
    """A ``neuron`` such as LIF(), Izhikevich(a=0.02) or "AdEx" for each value in 0..1, under a constant current.

    The current is in the unit of its first input; that of 0 is where LIF() begins to fire, if nothing else is said. The reference
    engine steps all at once. Raises ParameterError for what is no neuron, or has no input.

    >>> from maichong import LIF
    >>> NeuronDynamics(LIF(tau_m=10.0), offset=0.0, k=1000.0, duration=20.0).encode([0.0, 1.0]).times.round(1).tolist()
    [4.8, 9.6, 14.4, 19.2]
    """

    neuron: Any = field(default=None, metadata=other("a neuron with values, or its name; LIF() if none"))
    k: float = number(700.0, "", "current for a value of 1, beyond the offset")
    offset: float = number(300.0, "", "current for a value of 0")
    duration: float = number(100.0, "ms", "how long the current is held", above=0.0)
    dt: float = number(0.1, "ms", "step", above=0.0)

    def check(self) -> None:
        neuron = self.neuron if self.neuron is not None else "LIF"
        if is_one_of(neuron, registry.models()):
            neuron = registry.find(neuron)
        neuron = neuron() if isinstance(neuron, NeuronModel) else neuron
        if not isinstance(neuron, Configured) or not isinstance(neuron.model, NeuronModel) or not neuron.model.inputs:
            raise ParameterError(
                "NeuronDynamics.neuron", "must be a neuron that has an input, such as LIF()", brief(self.neuron)
            )
        object.__setattr__(self, "neuron", neuron)
        if off_grid(self.duration, self.dt):
            expected = f"must be a whole number of steps of {self.dt:g} ms"
            raise ParameterError("NeuronDynamics.duration", expected, f"{self.duration:g} ms")

    def encode(self, values: Any) -> SpikeTrains:
        from maichong.network import Network  # above this package, but for this code alone: see pyproject.toml

        x = self.taken(values)
        net = Network(dt=self.dt)
        cells = net.population("cells", self.neuron, x.size, drive=self.offset + self.k * x.reshape(-1))
        net.probe(cells)
        spikes = net.build("reference").run(self.duration)["cells"].spikes
        # stamped at the end of their steps, 1 ... duration / dt
        return SpikeTrains(spikes.times, spikes.ids, x.shape, round(self.duration / self.dt) + 1, self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        counts = self.given(trains).counts()
        values, answers = _answers(self)
        known, which = np.unique(answers, return_inverse=True)
        means = np.bincount(which, values) / np.bincount(which)
        return np.interp(counts, known, means)


@functools.lru_cache(maxsize=32)
def _answers(code: NeuronDynamics) -> tuple[np.ndarray, np.ndarray]:
    """Values from 0 to 1, and how often the neuron fires under each."""
    values = np.linspace(0.0, 1.0, LEVELS)
    return values, code.encode(values).counts()
