"""One source in NEST: generators through parrots, or neurons that spike as they are told."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from maichong.engines.courses import Course
from maichong.engines.delays import to_steps
from maichong.engines.nest.kernel import Kernel
from maichong.engines.nest.schedules import schedule
from maichong.engines.nest.sources import SourceRow
from maichong.engines.nest.tables import worked_out
from maichong.engines.population_plan import PopulationPlan
from maichong.errors import EngineError
from maichong.network import SpikeTimes


class LiveSource:
    """``nodes`` are NEST's, ``first`` is the first of their ids; they spike ``lead`` steps before our stamps.

    ``row`` is None where spikes are given.
    """

    def __init__(self, plan: PopulationPlan, row: SourceRow | None, lead: int, kernel: Kernel) -> None:
        self.plan, self.lead, self._row, self._kernel = plan, lead, row, kernel
        self._params = dict(plan.source_params or {})
        self._course, self._seen = plan.courses.get("rate"), -1
        self.nodes = kernel.nest.Create("parrot_neuron" if row else "spike_train_injector", plan.n)
        self.first = int(self.nodes[:1].tolist()[0])
        self.words, self._generators = "spike_train_injector", None
        if row is None:
            assert isinstance(plan.source, SpikeTimes)
            self._give(plan.source)
            return
        self.words = f"{row.scheduled if self._course else row.nest}, parrot_neuron"
        # one serves all where it can; else one for each, for each may get a rate of its own
        self._make(row, 1 if row.shared or (self._course and not self._course.each) else plan.n)
        if self._course:
            schedule(self._generators, self._course, kernel, "rate", 1 - lead)
        else:
            self._set()

    def _make(self, row: SourceRow, number: int) -> None:
        """So many generators, connected: their first spike is stamped dt and not earlier."""
        nest, kernel = self._kernel.nest, self._kernel
        if row.shared:  # it is silent for a whole slice from NEST's start
            start, delay = 0, kernel.ahead - kernel.slice - self.lead
        else:
            start, delay = kernel.pause + 1 - self.lead, kernel.slice
        model = row.scheduled if self._course else row.nest
        self._generators = nest.Create(model, number, {"start": start * kernel.dt})
        nest.Connect(self._generators, self.nodes, "one_to_one" if number > 1 else "all_to_all", {"delay": delay * kernel.dt})

    @property
    def params(self) -> Mapping[str, np.ndarray]:
        """The parameters of a source as they are now, float64 [trains] each."""
        if self._course and (row := self._course.row(self._kernel.now)) > self._seen:
            self._seen, self._params["rate"] = row, np.broadcast_to(self._course.values[row], self.plan.n).copy()
        return self._params

    def set_source(self, params: Mapping[str, np.ndarray] | SpikeTimes) -> None:
        """Rates, or spikes, from now on; EngineError for a spike that NEST would miss."""
        if isinstance(params, SpikeTimes):
            self._give(params)
            return
        self._params = {**self.params, **params}
        if self._course:
            self._reschedule(self._course)
        else:
            self._set()

    def _set(self) -> None:
        assert self._row and self._generators is not None
        values = worked_out(self._row.values, self._params)
        self._generators.set({name: np.broadcast_to(each, len(self._generators)).tolist() for name, each in values.items()})

    def _reschedule(self, course: Course) -> None:
        """Let what was set hold until the next of the steps, or not at all where that comes before NEST can hear of it."""
        heard = self._kernel.now + self._kernel.slice + self.lead
        left = course.stamps > self._kernel.now
        if (course.stamps[left] <= heard).any():
            return
        assert self._row and self._generators is not None
        rate = self._params["rate"]
        if len(self._generators) < self.plan.n and np.ptp(rate):
            # what served all falls silent
            schedule(self._generators, Course(np.array([heard]), np.zeros(1)), self._kernel, "rate", 1 - self.lead)
            self._make(self._row, self.plan.n)
        n = len(self._generators)
        rates = np.concatenate([rate[None, :n], np.broadcast_to(course.values.T, (n, left.size)).T[left]])
        now = Course(np.concatenate([[heard], course.stamps[left]]), rates)
        schedule(self._generators, now, self._kernel, "rate", 1 - self.lead)

    def _give(self, spikes: SpikeTimes) -> None:
        dt, ahead = self._kernel.dt, self._kernel.ahead
        stamps = to_steps(spikes.times, dt).astype(np.int64) + ahead - self.lead
        if stamps.size and stamps.min() <= self._kernel.steps:
            now, first = self._kernel.now * dt, (stamps.min() - ahead + self.lead) * dt
            raise EngineError(
                f"population {self.plan.name!r}", f"its spikes must come at least {1 + self.lead} steps after t = {now:g} ms",
                f"{first:g} ms", "NEST sends early what arrives without a delay",
            )  # fmt: skip
        # a neuron fires at most once in a step
        pairs = np.unique(np.stack([spikes.ids, stamps]), axis=1)
        bounds = np.searchsorted(pairs[0], np.arange(self.plan.n + 1))
        times = pairs[1] * dt
        self.nodes.set([{"spike_times": times[low:high]} for low, high in itertools.pairwise(bounds)])
