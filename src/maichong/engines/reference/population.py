"""One population on the engine "reference"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from maichong import random
from maichong.engines.delays import given_stamps
from maichong.engines.event_by_event import Arrivals, through_step
from maichong.engines.located import located_step
from maichong.engines.plan import Plan
from maichong.engines.population_plan import PopulationPlan
from maichong.engines.stepping import Stepper
from maichong.engines.system import evaluate
from maichong.network import SpikeTimes
from maichong.spec import SourceModel
from maichong.spec.escape import chance
from maichong.spec.reading import arguments

NEVER = np.iinfo(np.int64).max


class LivePopulation:
    """The arrays of one population, and what a step does to them."""

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
            assert plan.start is not None and plan.drive is not None and plan.integration
            self._step = Stepper(plan.system, plan.integration, self.dt)
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
        begin = self._hazard(env)
        new = self._step(self.env)
        for name in system.states:
            if name in system.learned and not learning:
                continue
            env[name] = np.where(held, env[name], new[name]) if name == system.membrane and system.holds else new[name]
        scratch = dict(env)
        evaluate(system.fires, scratch)
        above = np.broadcast_to(scratch["excess"], held.shape) >= 0
        if system.hazard:
            word = random.word_of_step(self.seed, self.plan.escape_stream, step + 1, np.arange(self.plan.n))
            above = (word + 0.5) * 2.0**-32 <= chance(begin, self._hazard(env), self.dt)
        fired = ~held & above
        if system.crossing:
            self.until[above] = np.maximum(self.until[above], step + 2)  # not before it has been below
        evaluate(system.reset, scratch)
        for name in system.states:
            if f"reset_{name}" in scratch and (learning or name not in system.learned):
                env[name] = np.where(fired, scratch[f"reset_{name}"], env[name])
        self.until[fired] = step + 1 + self.plan.refractory[fired]
        if system.recover:
            over, scratch = (held | fired) & (self.until == step + 1), dict(env)
            evaluate(system.recover, scratch)
            env.update({name: np.where(over, scratch[f"recovered_{name}"], env[name]) for name in system.own})
        return np.flatnonzero(fired)

    def _hazard(self, env: Mapping[str, Any]) -> np.ndarray | None:
        """The rate at which each neuron would fire now, in 1/ms, of neurons with escape noise."""
        assert self.plan.system
        if not self.plan.system.hazard:
            return None
        scratch = dict(env)
        evaluate((*self.plan.system.fires, *self.plan.system.hazard), scratch)
        return scratch["hazard"]

    @property
    def membrane(self) -> np.ndarray:
        """The array of the membrane potential."""
        assert self.plan.system
        return self.env[self.plan.system.membrane]

    def tried(self, step: int) -> np.ndarray:
        """Where the membrane would be after the step, before any reset; nothing changes."""
        assert self.plan.system
        held = (step < self.until) & self.plan.system.holds
        return np.where(held, self.membrane, self._step(self.env)[self.plan.system.membrane])
