"""The plan of one population: flat arrays of all that its neurons, or its source, begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from maichong.engines.courses import Course
from maichong.engines.integration import Integration
from maichong.engines.off_grid import OffGrid
from maichong.engines.streams import stream_of
from maichong.engines.system import System
from maichong.network import SpikeTimes
from maichong.spec import Configured, SourceModel
from maichong.spec.model import Function
from maichong.states import Place


@dataclass(frozen=True)
class PopulationPlan:
    """One population: its size, its system and start values, or what drives it as a source.

    ``start`` maps each state to float64 [n]; ``drive`` each input to float64 [n], at t = 0; ``refractory`` is in steps, [n];
    ``source_params`` maps the parameters of a source to float64 [trains]; ``courses`` hold the scheduled drives, by input, or
    parameters of a source; ``max_delay`` says for how many steps its spikes are asked for: the longest delay of its outgoing
    synapses and of pulses, and of the dendrites of those that it receives. ``places`` and ``names`` give the place and the symbol
    of each state by its full name. ``off_grid`` is there where a neuron's spike times are exact.
    """

    name: str
    n: int
    stream: int
    max_delay: int
    system: System | None = None
    integration: Integration | None = None
    start: Mapping[str, np.ndarray] | None = None
    drive: Mapping[str, np.ndarray] | None = None
    refractory: np.ndarray | None = None
    source: Configured | SpikeTimes | None = None
    source_params: Mapping[str, np.ndarray] | None = None
    courses: Mapping[str, Course] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    off_grid: OffGrid | None = None

    def symbol(self, state: str) -> str:
        """The symbol of a state that is called by its full name, or by the symbol itself."""
        return self.names.get(state, state)

    @property
    def copies(self) -> Function | None:
        """Of a source whose neurons copy one hidden train: the function that gives the probability of a copy."""
        model = self.source.model if isinstance(self.source, Configured) else None
        return model.copy if isinstance(model, SourceModel) else None

    @property
    def trains(self) -> int:
        """How many trains a source draws: one for each neuron, or a hidden one for all."""
        return 1 if self.copies else self.n

    @property
    def copy_stream(self) -> int:
        """The random stream of who copies what."""
        return stream_of(self.name, "copies")

    @property
    def escape_stream(self) -> int:
        """The random stream of who escapes the threshold, of neurons with escape noise."""
        return stream_of(self.name, "escape")

    @property
    def exact(self) -> bool:
        """Whether its spikes keep their times off the grid."""
        return self.off_grid is not None or (isinstance(self.source, SpikeTimes) and self.source.exact)
