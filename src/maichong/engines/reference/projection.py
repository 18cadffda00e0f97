"""One projection on the engine "reference"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from maichong.engines.event_by_event import Arrivals
from maichong.engines.plan import Plan
from maichong.engines.projection_plan import ProjectionPlan, late_reads, signal_traces, spike_traces
from maichong.engines.release import BOUND
from maichong.engines.system import evaluate
from maichong.spec import RuleModel
from maichong.spec.model import names
from maichong.spec.reading import arguments
from maichong.spec.rule_model import follows_weight, synapse_start


class LiveProjection:
    """The synapses of one projection, each with what its rules remember of it, and what a step does to them."""

    def __init__(self, plan: ProjectionPlan, whole: Plan) -> None:
        self.plan = plan
        synapses = plan.synapses()
        self.pre, self.post = synapses.pre, synapses.post
        self.n_post = plan.n_post
        self.weight = np.array(np.broadcast_to(synapses.weight, self.pre.shape), np.float64)
        self.delay = np.broadcast_to(synapses.delay, self.pre.shape).astype(np.int64)
        dendritic = plan.dendritic_delays() if plan.sees_dendrites else np.zeros(1, np.int64)
        self.dendritic = np.broadcast_to(dendritic, self.pre.shape).astype(np.int64)
        # what is on its way from the synapses to the soma, by the step of its arrival
        self.due = {state: np.zeros((plan.longest_dendritic + 1, plan.n_post)) for state, _ in plan.port.jumps}
        self.traces = spike_traces(plan.spike_rule) if plan.spike_rule else ()
        self.values = {trace.name: np.zeros(self.pre.size) for trace, _, _ in self.traces}
        self.states = synapse_start(plan.spike_rule, self.weight) if plan.spike_rule else {}
        self.modulators = {trace.name: np.zeros(()) for trace, _ in signal_traces(plan.spike_rule)}
        target = whole.populations[plan.post_population]
        assert target.system and target.start is not None
        self.membrane = target.system.membrane
        self.late = late_reads(plan.spike_rule, plan.dt)
        # what the target was like in the last steps, by the stamp, [stamps, n_post]; before it began, as it began
        self.past = {name: np.tile(target.start[name], (late + 1, 1)) for name, late in self.late.items()}
        self.elapse(0.0)  # a weight that follows from the synapse's states does so from the start
        self.arrived = np.zeros(self.pre.size, bool)
        self.active: dict[str, np.ndarray] = {}
        """Of each synapse, whether a spike arrives and whether the target fires now: what a rule may know in each step."""
        self.sources: dict[str, np.ndarray] = {}
        self.amounts: dict[str, np.ndarray] = {}
        release = plan.release
        if release:
            # of each source: its states, when they were worked out, and what its spikes of the last steps release
            n, depth = plan.n_pre, whole.populations[plan.pre_population].max_delay + 2
            self.sources = {name: np.full(n, release.start.get(name, 0.0)) for name in release.kept}
            self.sources["since"] = np.zeros(n)
            ends = ("amount", "last") if release.pulse else ("amount",)
            self.amounts = {f"{end} {name}": np.zeros((depth, n)) for end in ends for name in release.amounts}

    def begin(self, weight: np.ndarray) -> None:
        """Begin anew with these weights, and with what of synapses' states follows from them."""
        self.weight[:] = weight
        rule = self.plan.spike_rule
        if rule and (following := follows_weight(rule)):
            started = synapse_start(rule, self.weight)
            self.states |= {name: started[name] for name in following}
            self.elapse(0.0)

    def arrays(self) -> dict[str, np.ndarray]:
        traces = {f"trace {name}": values for name, values in self.values.items()}
        sources = {f"source {name}": values for name, values in self.sources.items()}
        due = {f"due {state}": values for state, values in self.due.items()}
        own = {f"synapse {name}": values for name, values in self.states.items()}
        own |= {f"signal {name}": value for name, value in self.modulators.items()}
        past = {f"past {name}": values for name, values in self.past.items()}
        return {"weight": self.weight, **own, **traces, **past, **sources, **self.amounts, **due}

    def lay(self, due: np.ndarray, chosen: np.ndarray, parts: np.ndarray | float, step: int) -> None:
        """Lay ``parts`` of the weights of the ``chosen`` synapses where the soma finds them."""
        np.add.at(due, ((step + self.dendritic[chosen]) % len(due), self.post[chosen]), self.weight[chosen] * parts)

    def send(self, step: int, fired: np.ndarray) -> None:
        """Work out what the spikes stamped ``step`` release, and the pulses that end now."""
        release = self.plan.release
        assert release
        depth = len(fired)
        if release.pulse:
            sent = step - release.pulse
            over = fired[sent % depth] & (self.sources["since"] == sent)  # no spike since has prolonged it
            known = self._elapsed(over, step)
            evaluate(release.leave, known)
            self.sources[BOUND][over] = 0.0
            for name in release.amounts:
                self.amounts[f"last {name}"][sent % depth] = 0.0
                self.amounts[f"last {name}"][sent % depth, over] = known[f"last_{name}"]
        spiked = fired[step % depth]
        known = self._elapsed(spiked, step)
        evaluate(release.send, known)
        for name in release.states:
            self.sources[name][spiked] = known.get(f"next_{name}", known[name])
        if release.pulse:
            self.sources[BOUND][spiked] = 1.0
        for name in release.amounts:
            self.amounts[f"amount {name}"][step % depth, spiked] = known[f"amount_{name}"]

    def _elapsed(self, chosen: np.ndarray, step: int) -> dict[str, Any]:
        """The states of the ``chosen`` sources as they are now."""
        release = self.plan.release
        assert release
        known: dict[str, Any] = {**release.params, "w": np.ones(int(chosen.sum()))}
        known |= {name: self.sources[name][chosen] for name in release.kept}
        known["lag"] = (step - self.sources["since"][chosen]) * self.plan.dt
        evaluate((release.elapse,), known)
        self.sources["since"][chosen] = step
        for name in release.states:
            self.sources[name][chosen] = known[name]
        return known

    def released(self, state: str, step: int, chosen: np.ndarray, *, ending: bool = False) -> np.ndarray | float:
        """What multiplies the weights of the ``chosen`` synapses, whose spikes arrive at ``step``, for ``state`` of the target."""
        release = self.plan.release
        if not release:
            return 1.0
        kept = self.amounts[f"{'last' if ending else 'amount'} {release.amount(state, self.plan.port)}"]
        return kept[(step - self.delay[chosen]) % len(kept), self.pre[chosen]]

    def within(self, step: int, fired: np.ndarray, before: np.ndarray) -> Arrivals:
        """The spikes that arrive within ``step``, each at its own time."""
        sent = (step + 1 - self.delay) % len(fired)
        come = fired[sent, self.pre]
        weight = self.weight[come] * self.released(self.plan.port.jumps[0][0], step + 1, come)
        return Arrivals(self.plan.port, self.post[come], weight, before[sent, self.pre][come])

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        for key, value in self.arrays().items():
            value[...] = arrays[key]

    def note(self, target: Mapping[str, np.ndarray], stamp: int) -> None:
        """Keep what the rule will read of the targets some time after ``stamp``."""
        for name, past in self.past.items():
            past[stamp % len(past)] = target[name]

    def apply(self, role: str, chosen: np.ndarray, target: Mapping[str, np.ndarray], stamp: int) -> None:
        """Let the spike rule's function ``role`` set the ``chosen`` weights; ``target`` has the targets' states, [n_post]."""
        rule = self.plan.spike_rule
        function = rule.model.functions().get(role) if rule else None
        if rule is None or function is None or not chosen.any():
            return
        known = {name: values[chosen] for name, values in self.values.items()}
        self._write(rule, function, chosen, known | self._around(chosen, target, stamp))

    def elapse(self, lag: float) -> None:
        """So many ms in which nothing happens, for all synapses."""
        rule = self.plan.spike_rule
        if rule and isinstance(rule.model, RuleModel) and rule.model.elapse:
            everywhere = np.ones(self.pre.size, bool)
            self._write(rule, rule.model.elapse, everywhere, {"lag": lag, **self.states, **self.modulators})

    def fade(self) -> None:
        """The traces go on by a step."""
        for trace, _, tau in self.traces:
            self.values[trace.name] *= np.exp(-self.plan.dt / tau)
        for trace, tau in signal_traces(self.plan.spike_rule):
            self.modulators[trace.name] *= np.exp(-self.plan.dt / tau)

    def on_signal(self, name: str, value: float, target: Mapping[str, np.ndarray], stamp: int) -> None:
        everywhere = np.ones(self.pre.size, bool)
        for rule in self.plan.rules:
            if isinstance(rule.model, RuleModel) and rule.model.on_signal and self.plan.clock(rule) == name:
                self._write(rule, rule.model.on_signal, everywhere, {"signal": value} | self._around(everywhere, target, stamp))
        for trace, _ in signal_traces(self.plan.spike_rule):
            self.modulators[trace.name] += value if trace.on == name else 0.0

    def _around(self, chosen: np.ndarray, target: Mapping[str, np.ndarray], stamp: int) -> dict[str, Any]:
        """What a rule may know of the ``chosen`` synapses besides their weights and traces."""
        own, post = {name: values[chosen] for name, values in self.states.items()}, self.post[chosen]
        read = {read.name for rule in self.plan.rules if isinstance(rule.model, RuleModel) for read in rule.model.reads}
        seen = {name: target[name][post] for name in read - self.past.keys()}
        seen |= {name: past[(stamp - self.late[name]) % len(past), post] for name, past in self.past.items()}
        return {**own, **self.modulators, **self.active, **seen, "v": target[self.membrane][post], "dt": self.plan.dt}

    def _write(self, rule: Any, function: Callable[..., Any], chosen: np.ndarray, known: dict[str, Any]) -> None:
        asked = arguments(function)
        known |= {"w": self.weight[chosen], **rule.values}
        if "w_sum" in asked:
            known["w_sum"] = np.bincount(self.post, self.weight, self.n_post)[self.post[chosen]]
        if "w_squares" in asked:
            known["w_squares"] = np.bincount(self.post, self.weight**2, self.n_post)[self.post[chosen]]
        if "w_sum_pre" in asked:
            known["w_sum_pre"] = np.bincount(self.pre, self.weight)[self.pre[chosen]]
        results = function(*(known[name] for name in asked))
        weight, *states = results if isinstance(results, tuple) else (results,)
        self.weight[chosen] = np.clip(weight, *self.plan.bounds)
        for name, values in zip(names(rule.model.states), states, strict=True):
            self.states[name][chosen] = values
