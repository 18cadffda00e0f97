"""The event-driven engine: emitted Numba kernels, walked through the steps by one compiled driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from maichong.engines.events import monitors, populations, projections
from maichong.engines.events.emit import Kernel, KernelText
from maichong.engines.events.layout import BLOCK, Layout, build, padded, places
from maichong.engines.events.runtime import LEARNING, STEP, STOP, drive
from maichong.engines.plan import Plan, PopulationPlan, ProjectionPlan
from maichong.errors import EngineError
from maichong.network import Probe, SpikeTimes
from maichong.spec import NEAREST, RuleModel

PRECISIONS = ("float64", "float32")
LAST_STEP = 2**31 - 2**20
BUFFER = 1 << 16
LONG_AGO = -(2**30)
CALENDAR = 1 << 12


class Events:
    """The state of one network in plain arrays; see :class:`maichong.engines.reference.Reference` for the words.

    ``precision`` is "float64", which agrees with the reference, or "float32", which is faster and lighter.
    """

    name = "events"

    def __init__(self, plan: Plan, precision: str = "float64") -> None:
        if precision not in PRECISIONS:
            raise EngineError("build, precision", f"must be one of {', '.join(map(repr, PRECISIONS))}", repr(precision))
        self.plan = plan
        self.control = np.array([0, 1, 0], np.int64)
        self.populations = [
            _Population(entry, plan, precision, self.control, sleeps=_sleeps(plan, k)) for k, entry in enumerate(plan.populations)
        ]
        self.projections = [
            _Projection(
                entry, self.populations[entry.pre_population], self.populations[entry.post_population], precision, self.control
            )
            for entry in plan.projections
        ]
        self.probes = [
            _Probe(probe, self.populations[plan.index(probe.population)], plan.dt, self.control) for probe in plan.probes
        ]
        self._schedule()

    def _schedule(self) -> None:
        """The table of kernels and frames that the driver walks, in the plan's order."""
        kernels: list[Kernel] = []
        for operation in self.plan.schedule:
            owner = getattr(self, f"{operation.kind}s")[operation.index]
            kernels += owner.kernels.get(operation.phase, [])
        self._kernels = kernels
        self._addresses = np.array([kernel.address for kernel in kernels], np.int64)
        self._frames = np.array([kernel.frame.ctypes.data for kernel in kernels], np.int64)

    @property
    def step(self) -> int:
        """Steps done since t = 0."""
        return int(self.control[STEP])

    @property
    def learning(self) -> bool:
        return bool(self.control[LEARNING])

    @learning.setter
    def learning(self, value: bool) -> None:
        self.control[LEARNING] = int(value)

    def advance(self, steps: int) -> int:
        """Do up to ``steps`` steps, fewer where a recording must be emptied; return their number."""
        last = self.step + steps
        if last > LAST_STEP:
            raise EngineError("run", f"one run may last {LAST_STEP} steps", last, "save its weights and start a new one")
        self.control[STOP] = 0
        first = last - steps
        reached = drive(self._addresses, self._frames, first, last, self.control)
        if self.control[STOP]:
            for probe in self.probes:
                probe.empty()
        return reached - first

    def records(self, index: int) -> list[tuple[np.ndarray, np.ndarray]]:
        self.probes[index].empty()
        return self.probes[index].taken

    def counts(self, index: int) -> np.ndarray:
        return self.populations[index].arrays["counts"]

    def get_state(self, index: int, name: str) -> np.ndarray:
        return self.populations[index].state(name).astype(np.float64)

    def set_state(self, index: int, name: str, values: np.ndarray) -> None:
        self.populations[index].state(name)[:] = values
        self.populations[index].wake()

    def set_drive(self, index: int, name: str, values: np.ndarray) -> None:
        self.populations[index].state(f"drive_{name}")[:] = values
        self.populations[index].wake()

    def set_source(self, index: int, params: Mapping[str, np.ndarray] | SpikeTimes) -> None:
        if self.populations[index].set_source(params, self.step):
            self._schedule()

    def get_weights(self, index: int) -> np.ndarray:
        return self.projections[index].get_weights()

    def set_weights(self, index: int, weights: np.ndarray) -> None:
        if self.projections[index].layout.shared:
            # one number stood for all; from now on each synapse has its own
            raise EngineError(
                f"projection {self.projections[index].plan.name!r}", "has one weight for all synapses on this engine",
                fix="give the weights as an array when the network is described",
            )  # fmt: skip
        self.projections[index].set_weights(weights, self.step)

    def signal(self, name: str, value: float) -> None:
        if self.learning:
            for projection in self.projections:
                projection.on_signal(name, value, self.step)

    def _owners(self) -> list[tuple[str, dict[str, np.ndarray]]]:
        return [(owner.plan.name, owner.changing()) for owner in (*self.populations, *self.projections)]

    def snapshot(self) -> dict[str, np.ndarray]:
        """All that changes, as arrays by name; a copy."""
        arrays = {"control": self.control}
        for name, owned in self._owners():
            arrays |= {f"{name}/{key}": value for key, value in owned.items()}
        return {key: np.array(value) for key, value in arrays.items()}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Continue from what ``snapshot`` gave."""
        for population in self.populations:
            population.before_restore(arrays)
        self._schedule()
        self.control[:] = arrays["control"]
        for name, owned in self._owners():
            for key, value in owned.items():
                value[...] = arrays[f"{name}/{key}"]
        for population in self.populations:
            population.wake()


FEW_INPUTS = 4
"""Neurons with fewer synapses than this, on average, are mostly at rest: their population may sleep."""


def _sleeps(plan: Plan, index: int) -> bool:
    """Whether it pays to pass over blocks of a population that are at rest."""
    population = plan.populations[index]
    synapses = sum(
        entry.projection.connector.expected(entry.n_pre, entry.n_post)
        for entry in plan.projections
        if entry.post_population == index
    )
    return population.system is not None and not population.system.learned and synapses < FEW_INPUTS * population.n


class _Population:
    """The arrays and the kernel of one population."""

    def __init__(
        self, plan: PopulationPlan, whole: Plan, precision: str, control: np.ndarray, *, sleeps: bool
    ) -> None:
        self.plan, self.whole, self.precision = plan, whole, precision
        self.awake = np.ones(padded(plan.n) // BLOCK, np.uint8) if sleeps else None
        n, depth = plan.n, 1 << int(plan.max_delay + 1).bit_length()
        self.numbers = {"n": n, "width": padded(n), "depth": depth}
        self.arrays: dict[str, np.ndarray] = {
            "ring": np.zeros(depth * n, np.int32), "ring_count": np.zeros(depth, np.int32), "counts": np.zeros(n, np.int64),
        }  # fmt: skip
        self.kernels: dict[str, list[Kernel]] = {}
        if plan.system:
            self._neurons(control)
        else:
            self._source(plan.source)

    def _neurons(self, control: np.ndarray) -> None:
        plan = self.plan
        assert plan.system and plan.integration and plan.start is not None and plan.drive is not None
        assert plan.refractory is not None
        if plan.integration.method == "ode":
            raise EngineError(
                f"population {plan.name!r}", "the integrator 'ode' runs on the engine 'reference' alone",
                fix="use 'rk4', or build('reference')",
            )  # fmt: skip
        real = np.dtype(self.precision)
        slow = populations.slow_states(plan.system, plan.integration) if self.precision == "float32" else ()
        for name, values in plan.start.items():
            self.arrays[name] = self._padded(values, np.float64 if name in slow else real)
        for name, values in plan.drive.items():
            self.arrays[f"drive_{name}"] = self._padded(values, real)
        # the padding is refractory for ever, so it never fires
        self.arrays["until"] = np.zeros(self.numbers["width"], np.int32)
        self.arrays["until"][plan.n :] = np.iinfo(np.int32).max
        text, numbers = populations.neuron_kernel(
            plan, self.precision, self.whole.dt, sleeps=self.awake is not None
        )
        kinds = {argument.name: argument.kind for argument in text.arguments}
        values: dict[str, Any] = {
            name: self._padded(value, kinds[name].removesuffix("[]")) if isinstance(value, np.ndarray) else value
            for name, value in numbers.items()
        }
        values |= {
            **{f"single_{name}": np.zeros(self.numbers["width"], np.float32) for name in slow},
            "flags": np.zeros(self.numbers["width"], np.uint8), "refractory": plan.refractory.astype(np.int32),
            "control": control, "awake": self.awake,
        }  # fmt: skip
        self.kernels = {"advance": [Kernel(text, {**self.numbers, **self._named(), **values})]}

    def _named(self) -> dict[str, np.ndarray]:
        """The arrays as a neuron's kernel calls them: a model's own symbols carry a prefix, so that they hide nothing."""
        system = self.plan.system
        own = (*system.states, *system.drives.values()) if system else ()
        return {f"s_{name}" if name in own else name: array for name, array in self.arrays.items()}

    def _padded(self, values: np.ndarray, kind: Any) -> np.ndarray:
        return np.concatenate([values, np.repeat(values[-1:], self.numbers["width"] - self.plan.n)]).astype(kind)

    def _source(self, source: Any) -> None:
        plan, seed = self.plan, self.whole.network.seed
        if isinstance(source, SpikeTimes):
            self._give(source, -1)
            first = self.arrays["given_ids"][self.arrays["given_stamps"] == 0]
            self.arrays["ring"][: first.size] = first
            self.arrays["ring_count"][0] = first.size
            self.arrays["counts"][first] += 1
            return
        assert plan.source_params is not None
        self.arrays |= {name: np.array(values, np.float64) for name, values in plan.source_params.items()}
        self.arrays |= {
            "due_at": np.zeros(plan.n, np.int64), "link": np.zeros(plan.n, np.int32), "chains": np.zeros(CALENDAR, np.int32),
        }  # fmt: skip
        numbers = {"stream": plan.stream, "seed_low": seed & 0xFFFFFFFF, "seed_high": seed >> 32, "dt": self.whole.dt}
        self._changed = np.ones(plan.n, np.uint8)
        params = {f"par_{name}": self.arrays[name] for name in plan.source_params}
        values = {**self.numbers, **self.arrays, **params, **numbers, "changed": self._changed}
        self.kernels = {"advance": [Kernel(populations.source_kernel(plan), values)]}
        self._redraw = Kernel(populations.redraw_kernel(plan), values)
        self._redraw.once(0)

    def _give(self, spikes: SpikeTimes, step: int) -> None:
        stamps = np.floor(spikes.times / self.whole.dt + 0.5).astype(np.int64)
        pairs = np.unique(np.stack([stamps, spikes.ids], axis=1), axis=0) if stamps.size else np.zeros((0, 2), np.int64)
        self._set_given(np.ascontiguousarray(pairs[:, 0]), pairs[:, 1].astype(np.int32))
        self.arrays["given_at"][0] = np.searchsorted(self.arrays["given_stamps"], step, side="right")

    def _set_given(self, stamps: np.ndarray, ids: np.ndarray) -> None:
        self.arrays |= {"given_stamps": stamps, "given_ids": ids, "given_at": np.zeros(1, np.int64)}
        given = {"stamps": stamps, "ids": ids, "at": self.arrays["given_at"]}
        self.kernels = {"advance": [Kernel(monitors.GIVEN, {**self.numbers, **self.arrays, **given})]}

    def set_source(self, params: Mapping[str, np.ndarray] | SpikeTimes, step: int) -> bool:
        """Change what drives a source; True where its kernel is another one now."""
        if isinstance(params, SpikeTimes):
            self._give(params, step)
            return True
        self._changed[:] = 0
        for name, values in params.items():
            self._changed |= self.arrays[name] != values
            self.arrays[name][:] = values
        self._redraw.once(step)
        return False

    def before_restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Given spikes may have been exchanged for others, of another number."""
        if "given_at" in self.arrays:
            self._set_given(arrays[f"{self.plan.name}/given_stamps"].copy(), arrays[f"{self.plan.name}/given_ids"].copy())

    def wake(self) -> None:
        """A state was changed from outside: nobody may be passed over."""
        if self.awake is not None:
            self.awake[:] = 1

    def state(self, name: str) -> np.ndarray:
        """The array of a state; a view without the padding."""
        return self.arrays[self.symbol(name)][: self.plan.n]

    def symbol(self, name: str) -> str:
        """The symbol of a state, which an intrinsic rule's carries with a suffix."""
        return name if name in self.arrays else next(key for key in self.arrays if key.startswith(f"{name}_h"))

    def changing(self) -> dict[str, np.ndarray]:
        return self.arrays


class _Projection:
    """The layout, the traces and the kernels of one projection."""

    def __init__(
        self, plan: ProjectionPlan, pre: _Population, post: _Population, precision: str, control: np.ndarray
    ) -> None:
        self.plan, self.precision = plan, precision
        self.layout: Layout = build(plan, precision)
        self.state: dict[str, np.ndarray] = {}
        self.scratch: dict[str, np.ndarray] = {}
        rule = plan.spike_rule
        shape = projections.shape_of(plan, self.layout, wakes=post.awake is not None)
        room = int(self.layout.delays[-1]) + 2
        delayed = self.layout.kind == "delayed"
        if projections.traces_on(rule, "pre") or (rule and delayed):
            self.state |= {"seen": np.full(plan.n_pre * room, LONG_AGO, np.int32), "seen_head": np.zeros(plan.n_pre, np.int32)}
            self.state["last_seen"] = np.full(plan.n_pre, LONG_AGO, np.int32)
            for trace, pairing in projections.traces_on(rule, "pre"):
                if pairing != NEAREST:
                    self.state[f"kept_{trace.name}"] = np.zeros(plan.n_pre * room)
        for trace, _ in projections.traces_on(rule, "post"):
            self.state[f"trace_{trace.name}"] = np.zeros(padded(plan.n_post), precision)
        if delayed:
            calendar = ("inbox", "due", "due_count")
            self.state |= {name: array for name, array in self.layout.arrays.items() if name in calendar}
            self.state |= {
                "live": np.zeros(plan.n_post, np.int32), "is_live": np.zeros(plan.n_post, np.uint8),
                "live_count": np.zeros(1, np.int64), "died": np.full(plan.n_post, LONG_AGO, np.int32),
            }  # fmt: skip
            self.scratch["first"] = np.zeros(self.layout.arrays["inbox"].size // padded(plan.n_post), np.uint32)
        self.values: dict[str, Any] = {
            "n_pre": plan.n_pre, "n_post": plan.n_post, "width": padded(plan.n_post), "seen_room": room, "dt": plan.dt,
            "pre_ring": pre.arrays["ring"], "pre_count": pre.arrays["ring_count"], "pre_depth": pre.numbers["depth"],
            "post_ring": post.arrays["ring"], "post_count": post.arrays["ring_count"], "post_depth": post.numbers["depth"],
            "until": post.arrays["until"], "control": control, "lowest": plan.bounds[0], "highest": plan.bounds[1], "awake": post.awake, "delays": self.layout.delays,
            "weight": self.layout.weight, **self.layout.arrays, **self.state, **self.scratch, **projections.rule_values(rule, plan.dt, precision),
        }  # fmt: skip
        if rule:
            self.values["horizon"] = int(self.values["forgotten"] / plan.dt) + room
        for state, jump in plan.port.jumps:
            self.values |= {f"to_{state}": post.arrays[state], f"jump_{state}": jump}
        builder = projections.Builder(shape, rule, precision)
        self.kernels = {"deliver": [self._kernel(builder.deliver())]}
        if rule:
            self.kernels["jump"] = [self._kernel(builder.jump())]
            self.kernels["decay"] = self._some(builder.decay())
            self.kernels["learn"] = self._some(builder.learn()) + self._some(builder.each_step())
        refill = builder.refill()
        self._refill = self._kernel(refill) if refill else None
        self._signals: list[tuple[str, Kernel]] = []
        for own in plan.rules:
            if isinstance(own.model, RuleModel) and own.model.on_signal and own.model.signal:
                self.values |= projections.rule_values(own, plan.dt, precision)
                self.values |= {"sums": np.zeros(plan.n_post, precision), "signal": np.zeros(1, precision)}
                text = projections.Builder(shape, own, precision).on_signal()
                self._signals.append((own.model.signal, self._kernel(text)))

    def _kernel(self, text: KernelText) -> Kernel:
        return Kernel(text, self.values)

    def _some(self, text: KernelText | None) -> list[Kernel]:
        return [self._kernel(text)] if text else []

    def on_signal(self, name: str, value: float, step: int) -> None:
        for signal, kernel in self._signals:
            if signal == name:
                self.values["signal"][0] = value
                kernel.once(step)
                self._settle(step)

    def get_weights(self) -> np.ndarray:
        weight = np.broadcast_to(self.layout.weight, (self.plan.size,)) if self.layout.shared else self.layout.weight
        where = None if self.layout.shared else places(self.plan, self.layout)
        return (weight if where is None else weight[where]).astype(np.float64)

    def set_weights(self, weights: np.ndarray, step: int) -> None:
        where = places(self.plan, self.layout)
        self.layout.weight[slice(None) if where is None else where] = weights
        self._settle(step)

    def _settle(self, step: int) -> None:
        if self._refill:
            self._refill.once(step)

    def changing(self) -> dict[str, np.ndarray]:
        return {**self.state, **({} if self.layout.shared else {"weight": self.layout.weight})}


class _Probe:
    """The buffer and the kernel of one recording."""

    def __init__(self, probe: Probe, population: _Population, dt: float, control: np.ndarray) -> None:
        n = population.plan.n
        self.taken: list[tuple[np.ndarray, np.ndarray]] = []
        self.kernels: dict[str, list[Kernel]] = {}
        self.width = 0
        if probe.what == "counts":
            return
        cells = np.arange(n) if probe.cells is None else np.array(probe.cells, np.int64)
        self.fill = np.zeros(1, np.int64)
        shared = {"fill": self.fill, "control": control}
        if probe.what == "spikes":
            wanted = np.zeros(n, np.uint8)
            wanted[cells] = 1
            self.stamps, self.values = np.zeros(max(BUFFER, 2 * n), np.int64), np.zeros(max(BUFFER, 2 * n), np.int32)
            ring = {name: population.arrays[name] for name in ("ring", "ring_count")}
            kernel = Kernel(
                monitors.SPIKES,
                {**population.numbers, **ring, **shared, "wanted": wanted, "stamps": self.stamps, "ids": self.values},
            )
            first = population.arrays["ring"][: population.arrays["ring_count"][0]]
            if first.size:
                self.taken.append((np.zeros(np.isin(first, cells).sum(), np.int64), first[np.isin(first, cells)].copy()))
        else:
            assert probe.every is not None
            self.width = cells.size
            rows = max(4, BUFFER // cells.size)
            self.stamps, self.values = np.zeros(rows, np.int64), np.zeros(rows * cells.size)
            state = population.state(probe.what)
            kernel = Kernel(
                monitors.samples(str(state.dtype)),
                {**shared, "state": population.arrays[population.symbol(probe.what)], "every": round(probe.every / dt), "cells": cells, "stamps": self.stamps,
                 "values": self.values},
            )  # fmt: skip
        self.kernels = {"record": [kernel]}

    def empty(self) -> None:
        """Move what the buffer holds out of it."""
        if not self.kernels or not self.fill[0]:
            return
        k = int(self.fill[0])
        values = self.values[: k * self.width].reshape(k, self.width) if self.width else self.values[:k]
        self.taken.append((self.stamps[:k].copy(), values.copy()))
        self.fill[0] = 0


__all__ = ["Events"]
