"""The reference engine: readable NumPy, the judge of all others.

It does what the plan says in the most direct way: every synapse has traces of its own, every trace decays in every step,
spikes wait in a table of who fired when. Nothing is shared with the fast engines but the plan and the models' functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from maichong import interrupts, random
from maichong.engines.delays import given_stamps
from maichong.engines.event_by_event import Arrivals, through_step
from maichong.engines.gaps import pulled
from maichong.engines.integration import ONE, TABLEAUS, Propagator
from maichong.engines.located import located_step
from maichong.engines.noise import normal
from maichong.engines.plan import Plan, PopulationPlan, ProjectionPlan, spike_traces
from maichong.engines.release import BOUND
from maichong.engines.system import GAP, evaluate
from maichong.network import SpikeTimes
from maichong.spec import NEAREST, RuleModel, SourceModel
from maichong.spec.reading import arguments

NEVER = np.iinfo(np.int64).max


class Reference:
    """The state of one network; ``advance`` carries it on, step by step, through the plan's schedule."""

    name = "reference"
    can_save = True

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.step = 0
        self.learning = True
        self.populations = [_Population(entry, plan) for entry in plan.populations]
        self.projections = [_Projection(entry, plan) for entry in plan.projections]
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
            projection.apply("on_pre", arrived)
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
        for trace, _, tau in projection.traces:
            projection.values[trace.name] *= np.exp(-self.plan.dt / tau)

    def _learn(self, index: int) -> None:
        projection = self.projections[index]
        if not self.learning:
            return
        target = self.populations[projection.plan.post_population]
        seen = (self.step + 1 - projection.dendritic) % len(target.fired)
        projection.apply("on_post", target.fired[seen, projection.post])
        projection.apply("on_step", np.ones(projection.pre.size, bool))

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

    def weights_of(self, index: int, synapses: np.ndarray | None) -> Callable[[], np.ndarray]:
        """What reads the weights of some synapses of a projection, all where None, again and again."""
        weight = self.projections[index].weight
        return lambda: weight.copy() if synapses is None else weight[synapses]

    def set_weights(self, index: int, weights: np.ndarray) -> None:
        self.projections[index].weight[:] = weights

    def signal(self, name: str, value: float) -> None:
        """Let all rules act that wait for the signal ``name``."""
        for projection in self.projections if self.learning else ():
            projection.on_signal(name, value)

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


class _Population:
    def __init__(self, plan: PopulationPlan, whole: Plan) -> None:
        self.plan = plan
        self.dt, self.seed = whole.dt, whole.network.seed
        self.fired = np.zeros((plan.max_delay + 2, plan.n), bool)
        self.before = np.zeros((len(self.fired) if plan.exact else 0, plan.n))
        """How many ms each spike came before its stamp; of exact spike times."""
        self.arrivals: list[Arrivals] = []
        """What arrives within the step; of exact spike times."""
        self.counts = np.zeros(plan.n, np.int64)
        self.until = np.zeros(plan.n, np.int64)
        self.before_until = np.zeros(plan.n if plan.off_grid else 0)
        self.wait = np.zeros(plan.n)  # of the integrator "ode": refractory time left, off the grid
        self.env: dict[str, Any] = {}
        self.next = np.full(plan.trains, NEVER)
        self.params: dict[str, np.ndarray] = {}
        self._give(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        if plan.system:
            assert plan.start is not None and plan.drive is not None
            self.env = {**plan.system.params, **{name: values.copy() for name, values in plan.start.items()}}
            self.env |= {f"drive_{name}": values.copy() for name, values in plan.drive.items()}
            self.env |= {name: values.copy() for name, values in whole.noise_starts(plan.name).items()}
        else:
            assert plan.source is not None
            self.set_source(plan.source if isinstance(plan.source, SpikeTimes) else plan.source_params or {}, 0)

    def arrays(self) -> dict[str, np.ndarray]:
        kept = {"fired": self.fired, "counts": self.counts, "until": self.until, "wait": self.wait, "next": self.next}
        kept |= {"given_stamps": self.given_stamps, "given_ids": self.given_ids}
        if self.plan.exact:
            kept |= {"ring_before": self.before, "before_until": self.before_until, "given_before": self.given_before}
        if self.plan.system:
            kept |= {name: self.env[name] for name in self.plan.system.states}
            kept |= {name: self.env[name] for name in self.plan.system.held}
        return kept | {f"param {name}": values for name, values in self.params.items()}

    def state(self, name: str) -> np.ndarray:
        """The array of a state."""
        return self.env[self.plan.symbol(name)]

    def set_source(self, params: Mapping[str, np.ndarray] | SpikeTimes, step: int) -> None:
        if isinstance(params, SpikeTimes):
            stamps, before = given_stamps(params, self.dt)
            self._give(stamps, params.ids, before)
            return
        changed = np.zeros(self.plan.trains, bool)
        for name, values in params.items():
            changed |= self.params[name] != values if name in self.params else True
            self.params[name] = np.array(values, np.float64)
        self._draw_next(np.flatnonzero(changed), step)  # the others keep the spike that they wait for

    def _give(self, stamps: np.ndarray, ids: np.ndarray, before: np.ndarray) -> None:
        self.given_stamps, self.given_ids, self.given_before = stamps, ids, before
        self.given: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for stamp in np.unique(stamps):
            found, first = np.unique(ids[stamps == stamp], return_index=True)
            self.given[int(stamp)] = found, before[stamps == stamp][first]

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take over the arrays of a snapshot."""
        stamps, ids = arrays["given_stamps"].copy(), arrays["given_ids"].copy()
        self._give(stamps, ids, arrays["given_before"].copy() if self.plan.exact else np.zeros(stamps.size))
        for key, value in self.arrays().items():
            value[...] = arrays[key]

    def _draw_next(self, neurons: np.ndarray, step: int) -> None:
        source = self.plan.source
        assert not isinstance(source, SpikeTimes) and source and isinstance(source.model, SourceModel)
        known: dict[str, Any] = {name: values[neurons] for name, values in self.params.items()} | {"dt": self.dt}
        known["u"] = random.uniform(self.seed, self.plan.stream, step, neurons)
        interval = source.model.interval
        with np.errstate(all="ignore"):
            steps = np.maximum(np.ceil(interval(*(known[name] for name in arguments(interval))) / self.dt), 1.0)
            self.next[neurons] = np.where(steps < 2.0**52, step + np.where(steps < 2.0**52, steps, 0).astype(np.int64), NEVER)

    def change(self, stamp: int) -> None:
        """What is scheduled for ``stamp`` begins."""
        due = {name: course.at(stamp) for name, course in self.plan.courses.items() if course.begins(stamp)}
        values = {name: np.broadcast_to(value, (self.plan.trains,)).astype(np.float64) for name, value in due.items()}
        if self.plan.system:
            self.env |= {self.plan.system.drives[name]: drive for name, drive in values.items()}
        elif values:
            self.set_source(values, stamp)

    def emit_first(self) -> None:
        """Given spikes at t = 0 are there before the first step."""
        self._fire_given(0)

    def _fire_given(self, stamp: int) -> None:
        self._fire(*self.given.get(stamp, (np.zeros(0, np.int64), np.zeros(0))), stamp=stamp)

    def _fire(self, ids: np.ndarray, before: np.ndarray | float = 0.0, *, stamp: int) -> None:
        row = self.fired[stamp % len(self.fired)]
        row[:] = False
        row[ids] = True
        if self.plan.exact:
            self.before[stamp % len(self.fired), ids] = before
        self.counts[ids] += 1

    def advance(self, step: int, learning: bool) -> None:
        if self.plan.off_grid:
            held = self.until, self.before_until
            fired, before = through_step(self.plan, self.env, *held, self.arrivals, step, self.dt, learning)
            self.arrivals.clear()
            self._fire(np.flatnonzero(fired), before[fired], stamp=step + 1)
        elif self.plan.system:
            self._fire(self._integrate(step, learning), stamp=step + 1)
        elif isinstance(self.plan.source, SpikeTimes):
            self._fire_given(step + 1)
        else:
            trains = np.flatnonzero(self.next == step + 1)
            self._fire(self._copied(step + 1) if self.plan.copies and trains.size else trains, stamp=step + 1)
            if trains.size:
                self._draw_next(trains, step + 1)

    def _copied(self, stamp: int) -> np.ndarray:
        """The neurons that copy the spike of the hidden train stamped ``stamp``."""
        assert self.plan.copies
        known = {name: values[0] for name, values in self.params.items()} | {"dt": self.dt}
        chance = self.plan.copies(*(known[name] for name in arguments(self.plan.copies)))
        word = random.words(self.seed, self.plan.copy_stream, stamp, np.arange(self.plan.n))[0]
        return np.flatnonzero(word < chance * 2.0**32)

    def _integrate(self, step: int, learning: bool) -> np.ndarray:
        system, integration = self.plan.system, self.plan.integration
        assert system and integration and self.plan.refractory is not None
        env = self.env
        held = step < self.until
        if integration.method == "ode":
            pause = self.plan.refractory * self.dt
            states, fired, self.wait[:] = located_step(system, env, self.wait, pause, self.dt, learning)
            env.update(states)
            self.until = step + 1 + np.ceil(self.wait / self.dt - 1e-9).astype(np.int64)
            return np.flatnonzero(fired)
        new = self._stepped()
        for name in system.states:
            if name in system.learned and not learning:
                continue
            env[name] = np.where(held, env[name], new[name]) if name == system.membrane and not system.crossing else new[name]
        scratch = dict(env)
        evaluate(system.fires, scratch)
        above = np.broadcast_to(scratch["excess"], held.shape) >= 0
        fired = ~held & above
        if system.crossing:
            self.until[above] = np.maximum(self.until[above], step + 2)  # not before it has been below
        evaluate(system.reset, scratch)
        for name in system.states:
            if f"reset_{name}" in scratch and (learning or name not in system.learned):
                env[name] = np.where(fired, scratch[f"reset_{name}"], env[name])
        self.until[fired] = step + 1 + self.plan.refractory[fired]
        return np.flatnonzero(fired)

    @property
    def membrane(self) -> np.ndarray:
        """The array of the membrane potential."""
        assert self.plan.system
        return self.env[self.plan.system.membrane]

    def tried(self, step: int) -> np.ndarray:
        """Where the membrane would be after the step, before any reset; nothing changes."""
        assert self.plan.system
        held = (step < self.until) & (not self.plan.system.crossing)
        return np.where(held, self.membrane, self._stepped()[self.plan.system.membrane])

    def _stepped(self) -> dict[str, np.ndarray]:
        system, integration, dt = self.plan.system, self.plan.integration, self.dt
        assert system and integration
        old = {name: self.env[name] for name in system.states}
        exact = self._propagate(integration.exact)
        others = [name for name in system.states if name not in integration.exact]
        if not others:
            return exact
        if integration.groups:
            now = {}
            for k, (group, part) in enumerate(integration.groups):
                later = exact if 0 < k == len(integration.groups) - 1 else {}
                now |= {name: self._exponential(name, now | later, part * dt) for name in group}
            return exact | now
        if integration.scheme:
            now = dict(old)
            for name, fraction in integration.scheme:
                now[name] = now[name] + fraction * dt * self._derivative(now)[name]
            return {**now, **exact}
        tableau = TABLEAUS[integration.method]
        slopes: list[dict[str, np.ndarray]] = []
        for node, row in zip(tableau.nodes, tableau.matrix, strict=True):
            inner = {name: old[name] + dt * sum(a * k[name] for a, k in zip(row, slopes, strict=True)) for name in others}
            passed = self._propagate(integration.stages[node]) if node else {}
            slopes.append(self._derivative({**old, **inner, **passed}))
        return exact | {
            name: old[name] + dt * sum(b * k[name] for b, k in zip(tableau.weights, slopes, strict=True)) for name in others
        }

    def _propagate(self, propagator: Propagator) -> dict[str, np.ndarray]:
        return {
            state: sum(c * (1.0 if name == ONE else self.env[name]) for name, c in coefficients.items())
            for state, coefficients in propagator.items()
        }  # type: ignore[return-value]

    def _derivative(self, states: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        assert self.plan.system
        env = {**self.env, **states}
        evaluate(self.plan.system.derivative, env)
        return {name: env[f"d_{name}"] for name in self.plan.system.states}

    def _exponential(self, name: str, now: Mapping[str, np.ndarray], h: float) -> np.ndarray:
        """x' = a x + b over ``h`` ms, the others held as in ``now`` or as they were: a and b from the flow at x = 1 and x = 0."""
        b = self._derivative({**now, name: np.zeros(self.plan.n)})[name]
        a = self._derivative({**now, name: np.ones(self.plan.n)})[name] - b
        x, z = now.get(name, self.env[name]), a * h
        return np.where(z == 0, x + b * h, x * np.exp(z) + b * np.where(z == 0, 0, np.expm1(z) / a))


class _Projection:
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
        self.arrived = np.zeros(self.pre.size, bool)
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

    def arrays(self) -> dict[str, np.ndarray]:
        traces = {f"trace {name}": values for name, values in self.values.items()}
        sources = {f"source {name}": values for name, values in self.sources.items()}
        due = {f"due {state}": values for state, values in self.due.items()}
        return {"weight": self.weight, **traces, **sources, **self.amounts, **due}

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

    def apply(self, role: str, chosen: np.ndarray) -> None:
        """Let the spike rule's function ``role`` set the ``chosen`` weights."""
        rule = self.plan.spike_rule
        function = rule.model.functions().get(role) if rule else None
        if rule is None or function is None or not chosen.any():
            return
        known = {name: values[chosen] for name, values in self.values.items()}
        self._write(rule, function, chosen, known)

    def on_signal(self, name: str, value: float) -> None:
        for rule in self.plan.rules:
            if isinstance(rule.model, RuleModel) and rule.model.on_signal and rule.model.signal == name:
                self._write(rule, rule.model.on_signal, np.ones(self.pre.size, bool), {"signal": value})

    def _write(self, rule: Any, function: Callable[..., Any], chosen: np.ndarray, known: dict[str, Any]) -> None:
        asked = arguments(function)
        known |= {"w": self.weight[chosen], **rule.values}
        if "w_sum" in asked:
            known["w_sum"] = np.bincount(self.post, self.weight, self.n_post)[self.post[chosen]]
        self.weight[chosen] = np.clip(function(*(known[name] for name in asked)), *self.plan.bounds)
