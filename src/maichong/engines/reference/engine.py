"""The reference engine: readable NumPy, the judge of all others.

It does what the plan says in the most direct way: every synapse has traces of its own, every trace decays in every step,
spikes wait in a table of who fired when. Nothing is shared with the fast engines but the plan and the models' functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from maichong import interrupts
from maichong.engines.gaps import pulled
from maichong.engines.noise import normal
from maichong.engines.plan import Plan
from maichong.engines.reference.population import LivePopulation
from maichong.engines.reference.projection import LiveProjection
from maichong.engines.system import GAP
from maichong.network import SpikeTimes
from maichong.spec import NEAREST


class Reference:
    """The state of one network; ``advance`` carries it on, step by step, through the plan's schedule."""

    name = "reference"
    can_save = True

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.step = 0
        self.learning = True
        self.populations = [LivePopulation(entry, plan) for entry in plan.populations]
        self.projections = [LiveProjection(entry, plan) for entry in plan.projections]
        self._records: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in plan.probes]
        for population in self.populations:
            population.emit_first()
        self._record_spikes(0)

    def describe(self) -> str:
        """What this engine is, in a line."""
        return "reference: plain NumPy in float64, one thread"

    def advance(self, steps: int) -> int:
        """Do ``steps`` steps and return their number; Ctrl-C is heard between two of them."""
        # what overflows ends as infinity or NaN, as in the kernels: the run says who has diverged
        with interrupts.deferred(unless_watched=True) as interrupted, np.errstate(all="ignore"):
            for _ in range(steps):
                # what a rule sees of a target is what it was before anything of this step arrived
                self._begun = [dict(population.env) for population in self.populations]
                for operation in self.plan.schedule:
                    getattr(self, f"_{operation.phase}")(operation.index)
                self.step += 1
                if interrupted():
                    break
        if interrupted():
            raise KeyboardInterrupt
        return steps

    def _release(self, index: int) -> None:
        projection = self.projections[index]
        source = self.populations[projection.plan.pre_population]
        projection.send(self.step, source.fired)

    def _deliver(self, index: int) -> None:
        projection = self.projections[index]
        entry = projection.plan
        source, target = self.populations[entry.pre_population], self.populations[entry.post_population]
        arrived = source.fired[(self.step - projection.delay) % len(source.fired), projection.pre]
        projection.arrived = arrived
        pulse = entry.release.pulse if entry.release else 0
        over = source.fired[(self.step - projection.delay - pulse) % len(source.fired), projection.pre]
        free = target.until <= self.step if entry.port.gated else True  # the refractory membrane takes no jump
        for state, jump in () if entry.exact else entry.port.jumps:
            due = projection.due[state]
            projection.lay(due, arrived, jump * projection.released(state, self.step, arrived), self.step)
            if pulse:
                projection.lay(due, over, jump * projection.released(state, self.step - pulse, over, ending=True), self.step)
            now = due[self.step % len(due)]
            target.env[state] = target.env[state] + np.where(free, now, 0.0)
            now[:] = 0.0
        if self.learning:
            projection.apply("on_pre", arrived, self._begun[entry.post_population], self.step)
        if entry.exact:
            target.arrivals.append(projection.within(self.step, source.fired, source.before))

    def _background(self, index: int) -> None:
        entry = self.plan.backgrounds[index]
        target = self.populations[entry.population]
        weight = entry.weight * entry.counts(self.plan.network.seed, self.step)
        if entry.port.gated:
            weight = np.where(target.until <= self.step, weight, 0.0)
        for state, jump in entry.port.jumps:
            target.env[state] = target.env[state] + jump * weight

    def _jump(self, index: int) -> None:
        projection = self.projections[index]
        target = self.populations[projection.plan.post_population]
        posted = target.fired[(self.step - projection.dendritic) % len(target.fired), projection.post]
        for trace, pairing, _ in projection.traces:
            spiked = projection.arrived if trace.on == "pre" else posted
            values = projection.values[trace.name]
            values[spiked] = 1.0 if pairing == NEAREST else values[spiked] + 1.0

    def _couple(self, _: int) -> None:
        """Try the step until the potentials that gap junctions see over it, the means of its ends, agree."""
        coupling = self.plan.coupling
        coupled = {k: self.populations[k] for k in coupling.populations}
        begin = {k: population.membrane.copy() for k, population in coupled.items()}
        end = begin
        for left in range(coupling.tries, -1, -1):
            for k, population in coupled.items():
                seen = [pulled(p, (begin[p.other] + end[p.other]) / 2) for p in coupling.pulls if p.population == k]
                population.env[f"drive_{GAP}"] = np.sum(seen, axis=0)
            if left:
                end = {k: population.tried(self.step) for k, population in coupled.items()}

    def _advance(self, index: int) -> None:
        self.populations[index].advance(self.step, self.learning)

    def _noise(self, index: int) -> None:
        entry = self.plan.noises[index]
        env = self.populations[entry.population].env
        current, z = env[entry.symbol], normal(self.plan.network.seed, entry.stream, self.step + 1, entry.n)
        env[entry.symbol] = current + entry.pull * (entry.mean - current) + entry.kick * z

    def _decay(self, index: int) -> None:
        projection = self.projections[index]
        if self.learning:
            projection.elapse(self.plan.dt)
        projection.fade()

    def _learn(self, index: int) -> None:
        projection = self.projections[index]
        target = self.populations[projection.plan.post_population]
        projection.note(target.env, self.step + 1)
        if not self.learning:
            return
        seen = (self.step + 1 - projection.dendritic) % len(target.fired)
        projection.apply("on_post", target.fired[seen, projection.post], target.env, self.step + 1)
        now, source = self.step + 1, self.populations[projection.plan.pre_population]
        projection.active = {
            "s_pre": source.fired[(now - projection.delay) % len(source.fired), projection.pre].astype(np.float64),
            "s_post": target.fired[seen, projection.post].astype(np.float64),
        }
        projection.apply("on_step", np.ones(projection.pre.size, bool), target.env, self.step + 1)

    def _record(self, index: int) -> None:
        probe = self.plan.probes[index]
        population = self.populations[self.plan.index(probe.population)]
        stamp = self.step + 1
        first, last = probe.interval(self.plan.dt)
        if probe.what == "spikes":
            self._record_spikes(stamp, index)
        elif probe.every is not None and stamp % probe.steps(self.plan.dt) == 0 and first < stamp <= last:
            values = population.state(probe.what)
            chosen = values[list(probe.cells)] if probe.cells else values.copy()
            self._records[index].append((np.array([stamp]), chosen[None]))

    def _change(self, index: int) -> None:
        self.populations[index].change(self.step + 1)

    def _record_spikes(self, stamp: int, only: int | None = None) -> None:
        for index, probe in enumerate(self.plan.probes):
            first, last = probe.interval(self.plan.dt)
            if probe.what == "spikes" and only in (None, index):
                population = self.populations[self.plan.index(probe.population)]
                ids = np.flatnonzero(population.fired[stamp % len(population.fired)])
                if probe.cells is not None:
                    ids = ids[np.isin(ids, probe.cells)]
                times = np.full(ids.size, stamp)
                if population.plan.exact:
                    times = times - population.before[stamp % len(population.fired), ids] / self.plan.dt
                recorded = (first < times) & (times <= last)
                if recorded.any():
                    self._records[index].append((times[recorded], ids[recorded]))

    # what a run may ask for and change -------------------------------------------------------------------------------

    def records(self, index: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """What probe ``index`` saw, in pieces: stamps and spiking cells [spikes], or stamps [samples] and values
        [samples, cells]. The list is the engine's own: the caller may join its pieces."""
        return self._records[index]

    def counts(self, index: int) -> np.ndarray:
        """Spikes of each neuron since the start, int64 [n]."""
        return self.populations[index].counts

    def get_state(self, index: int, name: str) -> np.ndarray:
        """A state of a population, float64 [n]."""
        return self.populations[index].state(name).copy()

    def set_state(self, index: int, name: str, values: np.ndarray) -> None:
        self.populations[index].state(name)[:] = values

    def set_drive(self, index: int, name: str, values: np.ndarray) -> None:
        self.populations[index].env[f"drive_{name}"] = np.array(values, np.float64)

    def set_source(self, index: int, params: Mapping[str, np.ndarray] | SpikeTimes) -> None:
        self.populations[index].set_source(params, self.step)

    def source_params(self, index: int) -> Mapping[str, np.ndarray]:
        """The parameters of a source as they are now, float64 [trains] each."""
        return self.populations[index].params

    def get_weights(self, index: int) -> np.ndarray:
        """The weights of a projection in the plan's order, float64 [synapses]."""
        return self.projections[index].weight.copy()

    def synapse_state(self, index: int, name: str) -> np.ndarray:
        """What each synapse of a projection keeps by this name, in the plan's order, float64 [synapses]."""
        return self.projections[index].states[name].copy()

    def weights_of(self, index: int, synapses: np.ndarray | None) -> Callable[[], np.ndarray]:
        """What reads the weights of some synapses of a projection, all where None, again and again."""
        weight = self.projections[index].weight
        return lambda: weight.copy() if synapses is None else weight[synapses]

    def set_weights(self, index: int, weights: np.ndarray) -> None:
        self.projections[index].begin(weights)

    def signal(self, name: str, value: float) -> None:
        """Let all rules act that wait for the signal ``name``."""
        for projection in self.projections if self.learning else ():
            projection.on_signal(name, value, self.populations[projection.plan.post_population].env, self.step)

    def snapshot(self) -> dict[str, np.ndarray]:
        """All that changes, as arrays by name."""
        arrays = {"step": np.asarray(self.step), "learning": np.asarray(self.learning)}
        for owner in (*self.populations, *self.projections):
            arrays |= {f"{owner.plan.name}/{key}": value for key, value in owner.arrays().items()}
        return {key: np.array(value) for key, value in arrays.items()}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Continue from what ``snapshot`` gave."""
        self.step, self.learning = int(arrays["step"]), bool(arrays["learning"])
        for owner in (*self.populations, *self.projections):
            prefix = f"{owner.plan.name}/"
            owner.restore({key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)})

    def check_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Nothing here is used as a place in memory unchecked: NumPy looks at each index itself."""
