"""One projection in NEST: its connections, and their weights in the order of the plan.

NEST's delay lies behind the synapse, on the dendrite. Where nothing is learned that is the same as before it. Where something is,
a source sends through one parrot for each of its delays, so that what lies on the axon lies before the synapse in NEST too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from maichong.engines.nest.drawn import AsDrawn, as_parameter, told
from maichong.engines.nest.kernel import Kernel
from maichong.engines.nest.live_cells import LiveCells
from maichong.engines.nest.live_source import LiveSource
from maichong.engines.nest.synapses import Synapse
from maichong.engines.projection_plan import ProjectionPlan
from maichong.errors import EngineError

NONE = np.zeros(0, np.int64)


class LiveProjection:
    """``name`` is that of the projection's own copy of its NEST model, by which its connections are found again.

    With a ``rule`` NEST has drawn them, and ``plan`` tells what; else they are those of the plan.
    """

    def __init__(
        self, plan: ProjectionPlan, synapse: Synapse, ends: tuple[LiveCells | LiveSource, LiveCells], kernel: Kernel, name: str,
        rule: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.plan, self.synapse, self._kernel, self._name = plan, synapse, kernel, name
        self._source, self._target = ends
        self._relay, self._relayed, self._relay_steps = 0, NONE, NONE
        self._connections: Any = None
        self._order = NONE
        shared = {key: float(value) for key, value in synapse.values.items() if np.ndim(value) == 0}
        if "Wmax" in shared:
            shared["weight"] = shared["Wmax"]  # a weight must have the sign of its bound, also where it is the default
        kernel.nest.CopyModel(synapse.model, name, shared)
        if rule is not None:
            self._draw(rule)
        elif plan.size:
            self._hand_over()

    @property
    def drawn(self) -> bool:
        """Whether NEST drew it."""
        return isinstance(self.plan.projection.connector, AsDrawn)

    @property
    def words(self) -> str:
        """What it is in NEST, and who drew it."""
        parrots = f" from {self._relayed.size:,} parrots" if self._relayed.size else ""
        whose = "drawn by NEST" if self.drawn else "as in the plan"
        return f"{self.synapse.model}{parrots}, {self.plan.size:,} synapses {whose}"

    # connecting ----------------------------------------------------------------------------------------------------------

    def _hand_over(self) -> None:
        synapses = self.plan.synapses()
        pre, post = synapses.pre, synapses.post
        steps = np.broadcast_to(synapses.delay.astype(np.int64) + self.synapse.extra, pre.shape)
        senders = pre + self._source.first
        if self.synapse.plastic:
            before = steps - self.synapse.behind
            late = before > 0
            pairs, which = np.unique(np.stack([pre[late], before[late]]), axis=1, return_inverse=True)
            self._make_relays(*pairs)
            senders[late] = self._relay + which.ravel()
            steps = np.broadcast_to(self._dendritic() + self.synapse.behind, pre.shape)
        weights = np.broadcast_to(self._written(synapses.weight, post), pre.shape).astype(np.float64)
        spec = {"synapse_model": self._name, "weight": weights, "delay": steps * self._kernel.dt}
        spec |= {key: value[post] for key, value in self.synapse.values.items() if np.ndim(value)}
        if self.synapse.arrival.receptor:
            spec["receptor_type"] = np.full(pre.size, self.synapse.arrival.receptor)
        self._kernel.nest.Connect(senders, post + self._target.first, "one_to_one", spec)

    def _make_relays(self, pre: np.ndarray, steps: np.ndarray) -> None:
        """Parrots that send for ``pre``, so many ``steps`` later."""
        if not pre.size:
            return
        nest, dt = self._kernel.nest, self._kernel.dt
        parrots = nest.Create("parrot_neuron", pre.size)
        self._relay, self._relayed, self._relay_steps = int(parrots[:1].tolist()[0]), pre, steps
        spec = {"synapse_model": "static_synapse", "weight": np.ones(pre.size), "delay": steps * dt}
        nest.Connect(pre + self._source.first, self._relay + np.arange(pre.size), "one_to_one", spec)

    def _dendritic(self) -> np.ndarray:
        """Our dendritic delays in steps, as far as a rule sees them, int64 [1] or [synapses]."""
        return self.plan.dendritic_delays().astype(np.int64) if self.plan.sees_dendrites else np.zeros(1, np.int64)

    def _draw(self, rule: Mapping[str, Any]) -> None:
        entry, nest, dt = self.plan, self._kernel.nest, self._kernel.dt
        given, senders = entry.projection.delay, self._source.nodes
        more = (self.synapse.extra + entry.shift) * dt
        delay = more if given is None else as_parameter(nest, given, plus=more)
        if self.synapse.plastic:
            delay = float(self._dendritic()[0] + self.synapse.behind) * dt
            if before := entry.longest + self.synapse.before:
                self._make_relays(np.arange(entry.n_pre), np.full(entry.n_pre, before))
                senders = nest.NodeCollection(range(self._relay, self._relay + entry.n_pre))
        weight = as_parameter(nest, entry.projection.weight, float(self.synapse.arrival.factor))
        spec = {"synapse_model": self._name, "weight": weight, "delay": delay, "receptor_type": self.synapse.arrival.receptor}
        made = -nest.num_connections
        nest.Connect(senders, self._target.nodes, dict(rule), spec)
        made += nest.num_connections
        self.plan = told(entry, made, self._pairs, self._delays)

    # what stands there ---------------------------------------------------------------------------------------------------

    def find(self) -> None:
        """Find all synapses in NEST, once they have come to rest, and the order of the plan among them."""
        if self._connections is not None:
            return
        self._connections = self._kernel.check().GetConnections(synapse_model=self._name)
        pre, post, steps, dendritic, weights = self._seen()
        self._order = np.lexsort((weights, dendritic, steps, post, pre))
        if self.drawn or not self.plan.doubled:
            return
        # where a pair has several, those of one delay and weight are alike
        synapses = self.plan.synapses()
        weights = self._written(synapses.weight, synapses.post)
        keys = weights, self._dendritic(), synapses.delay, synapses.post, synapses.pre
        ours = np.lexsort(tuple(np.broadcast_to(key, synapses.pre.shape) for key in keys))
        self._order[ours] = self._order.copy()

    def _seen(self) -> tuple[np.ndarray, ...]:
        """pre, post, our two delays in steps and NEST's weight of all synapses, in NEST's order."""
        keys = ["source", "target", "delay", "weight"]
        seen = self._connections.get(keys)
        source, target, delay, weight = (np.atleast_1d(np.asarray(seen[key])) if seen else NONE for key in keys)
        pre, post = source - self._source.first, target - self._target.first
        steps = np.rint(delay / self._kernel.dt).astype(np.int64)
        if not self.synapse.plastic:
            return pre, post, steps - self.synapse.extra, np.zeros_like(steps), weight
        dendritic, steps = steps - self.synapse.behind, np.full(steps.shape, -self.synapse.before)
        if self._relayed.size:
            late = source >= self._relay
            parrot = source[late] - self._relay
            pre[late] = self._relayed[parrot]
            steps[late] += self._relay_steps[parrot]
        return pre, post, steps, dendritic, weight

    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        self.find()
        pre, post, *_ = self._seen()
        return pre[self._order], post[self._order]

    def _delays(self) -> np.ndarray:
        self.find()
        return (self._seen()[2][self._order] - self.plan.shift) * self._kernel.dt

    # weights -------------------------------------------------------------------------------------------------------------

    def _written(self, weights: np.ndarray, post: np.ndarray) -> np.ndarray:
        """Weights of ours as they stand in NEST."""
        factor = self.synapse.arrival.factor
        return weights * (factor[post] if isinstance(factor, np.ndarray) else factor)

    def weights_of(self, synapses: np.ndarray | None) -> Callable[[], np.ndarray]:
        """What reads the weights of some synapses, or of all, in the order of the plan, float64."""
        if synapses is not None and synapses.max(initial=-1) >= self.plan.size:
            most = f"NEST drew {self.plan.size} synapses, and their indices end below that"
            raise EngineError(f"probe on {self.plan.name!r}", most, int(synapses.max()))
        chosen: Any = slice(None) if synapses is None else synapses
        found: list[Any] = []

        def read() -> np.ndarray:
            nest = self._kernel.check()
            if not found:
                self.find()
                some = [self._connections._datum[place] for place in self._order[chosen]]
                one = self._written(np.ones(self.plan.size), self.plan.pairs()[1])
                found[:] = nest.SynapseCollection(some or None), one[chosen]
            connections, one = found
            return np.atleast_1d(np.asarray(connections.get("weight"), np.float64)) / one

        return read

    def set_weights(self, weights: np.ndarray) -> None:
        """Set all weights; EngineError where NEST would take a conductance for an inhibitory one."""
        self._kernel.check()
        if self._target.cells.row.conducts and weights.min(initial=0.0) < 0:
            raise EngineError(
                f"projection {self.plan.name!r}, weight", "NEST's conductances must be >= 0", f"{weights.min():g}"
            )
        self.find()
        if weights.size:
            placed = np.empty(weights.size)
            placed[self._order] = self._written(weights, self.plan.pairs()[1])
            self._connections.set({"weight": placed.tolist()})
