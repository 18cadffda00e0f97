"""One source in NEST: Poisson generators through parrots, or neurons that spike as they are told."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from maichong.engines.delays import to_steps
from maichong.engines.nest.kernel import Kernel
from maichong.engines.plan import PopulationPlan
from maichong.errors import EngineError
from maichong.network import SpikeTimes


class LiveSource:
    """``nodes`` are NEST's, ``first`` is the first of their ids; they spike ``lead`` steps before our stamps."""

    def __init__(self, plan: PopulationPlan, lead: int, kernel: Kernel) -> None:
        self.plan, self.lead, self._kernel = plan, lead, kernel
        self.params = dict(plan.source_params or {})
        given = isinstance(plan.source, SpikeTimes)
        self.words = "spike_train_injector" if given else "poisson_generator, parrot_neuron"
        nest = kernel.nest
        self.nodes = nest.Create("spike_train_injector" if given else "parrot_neuron", plan.n)
        self.first = int(self.nodes[:1].tolist()[0])
        if not given:
            # a generator for each, for each may get a rate of its own; the first spike is stamped dt and not earlier
            self._generators = nest.Create("poisson_generator", plan.n, {"start": (1 - lead) * kernel.dt})
            nest.Connect(self._generators, self.nodes, "one_to_one", {"delay": kernel.slice * kernel.dt})
        self.set_source(plan.source if isinstance(plan.source, SpikeTimes) else plan.source_params or {})

    def set_source(self, params: Mapping[str, np.ndarray] | SpikeTimes) -> None:
        """Rates, or spikes, from now on; EngineError for a spike that NEST would miss."""
        if not isinstance(params, SpikeTimes):
            self.params |= params
            self._generators.set({"rate": np.broadcast_to(params["rate"], self.plan.n).tolist()})
            return
        dt, ahead = self._kernel.dt, self._kernel.ahead
        stamps = to_steps(params.times, dt).astype(np.int64) + ahead - self.lead
        if stamps.size and stamps.min() <= self._kernel.steps:
            now, first = (self._kernel.steps - ahead) * dt, (stamps.min() - ahead + self.lead) * dt
            raise EngineError(
                f"population {self.plan.name!r}", f"its spikes must come at least {1 + self.lead} steps after t = {now:g} ms",
                f"{first:g} ms", "NEST sends early what arrives without a delay",
            )  # fmt: skip
        # a neuron fires at most once in a step
        pairs = np.unique(np.stack([params.ids, stamps]), axis=1)
        bounds = np.searchsorted(pairs[0], np.arange(self.plan.n + 1))
        times = pairs[1] * dt
        self.nodes.set([{"spike_times": times[low:high]} for low, high in itertools.pairwise(bounds)])
