"""The engine "events": the parts of a network as plain arrays, their kernels in the plan's order, one compiled step loop."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from maichong.engines.events.background import LiveBackground
from maichong.engines.events.emit import Kernel
from maichong.engines.events.gaps import LiveCoupling
from maichong.engines.events.layout import build, chosen_kind
from maichong.engines.events.live_population import LivePopulation, inbox_lengths, sleeps
from maichong.engines.events.live_projection import LiveProjection
from maichong.engines.events.memory import zeros
from maichong.engines.events.monitors import LiveProbe
from maichong.engines.events.noise import LiveNoise
from maichong.engines.events.pace import Pace
from maichong.engines.events.prefetch import PAYS_BYTES
from maichong.engines.events.procedural import chosen, layout
from maichong.engines.events.runtime import BARRIER, CONTROL, LEARNING, STEP, STOP, drive, drive_together
from maichong.engines.events.together import choose_threads, in_threads, step_us
from maichong.engines.plan import Plan
from maichong.errors import CheckpointError, EngineError, brief, is_one_of
from maichong.network import Network, SpikeTimes

PRECISIONS = ("float64", "float32")
LAST_STEP = 2**31 - 2**20
"""Stamps are int32 in the kernels."""


def check_precision(precision: object) -> None:
    """EngineError where ``precision`` is not one of PRECISIONS."""
    if not is_one_of(precision, PRECISIONS):
        raise EngineError("build, precision", f"must be one of {', '.join(map(repr, PRECISIONS))}", brief(precision))


WORTH_A_THREAD = 32
"""Fewer steps than this are over before another thread has been called."""


class Events:
    """The state of one network in plain arrays; see :class:`maichong.engines.reference.Reference` for the words.

    ``precision`` is "float64", which agrees with the reference, or "float32", which is faster and lighter, and holds a membrane of
    60 mV to 4e-6 mV: where the drive moves it by less in a step (a dt of 0.001 ms), it is too coarse. ``threads`` changes the speed
    and not a bit of the result; None takes one for small networks, else all cores. ``procedural`` names projections whose synapses
    are not stored but drawn again at each spike (True: all that can be), for networks that do not fit.
    """

    name = "events"
    can_save = True

    @staticmethod
    def foresee(network: Network, precision: str = "float64", procedural: object = False, **_: Any) -> None:
        """Raise EngineError where a build would need more memory than is free: before anything is drawn."""
        from maichong.engines.forecast import check_fits

        check_fits(network, precision, chosen(network, procedural))

    def __init__(
        self, plan: Plan, precision: str = "float64", threads: int | None = None, procedural: bool | str | Sequence[str] = False
    ) -> None:
        check_precision(precision)
        self.plan, self.precision = plan, precision
        self.threads = choose_threads(plan, precision, threads)
        self.control = zeros(CONTROL, np.int64)
        self.control[LEARNING] = 1
        self._sync = zeros(CONTROL, np.int64)
        self._pace = Pace()
        drawn = chosen(plan.network, procedural)
        kinds = [(entry.post_population, chosen_kind(entry)) for entry in plan.projections if entry.name not in drawn]
        self.populations = [
            LivePopulation(
                entry, plan, precision, self.control, threads=self.threads, sleeps=sleeps(plan, k),
                shared=any(kind == "delayed" for target, kind in kinds if target == k),
            )
            for k, entry in enumerate(plan.populations)
        ]  # fmt: skip
        layouts = [
            (entry, layout(entry, np.dtype(precision)))
            if entry.name in drawn
            else (entry, build(entry, precision, self.populations[entry.post_population].edges))
            for entry in plan.projections
        ]
        for k, population in enumerate(self.populations):
            for kind in ("inbox", "dendrite"):
                population.open_inboxes(kind, inbox_lengths(kind, k, layouts))
            if population.off_grid:
                arriving = [(entry, found) for entry, found in layouts if entry.exact and entry.post_population == k]
                population.off_grid.open(arriving, self.control)
        asks = sum(layout.bytes for _, layout in layouts) > PAYS_BYTES
        self.projections = [
            LiveProjection(
                entry, layout, self.populations[entry.pre_population], self.populations[entry.post_population], precision,
                self.control, asks=asks,
            )
            for entry, layout in layouts
        ]  # fmt: skip
        self.backgrounds = [
            LiveBackground(entry, self.populations[entry.population], plan.network.seed) for entry in plan.backgrounds
        ]
        self.noises = [LiveNoise(entry, self.populations[entry.population], plan.network.seed) for entry in plan.noises]
        self.probes = [
            LiveProbe(probe, self.populations[plan.index(probe.population)], plan.dt, self.control) for probe in plan.probes
        ]
        self.coupling = LiveCoupling(plan.coupling, self.populations, self.threads) if plan.coupling.pulls else None
        self._schedule()

    def _schedule(self) -> None:
        """The tables of kernels and frames that the drivers walk, in the plan's order.

        What can be parted stands in the table of each thread; what cannot is done by the first thread, after a barrier and
        before the next: what arrives before the populations go on, what follows their spikes after. Sources wait for nobody, and
        others read their new spikes in the next step: they go on first, so that there is a barrier in between.
        """
        early = ("ask", "release", "deliver", "collect", "background", "jump")
        late: tuple[str, ...] = ("advance", "noise", "decay", "learn", "record", "change")
        # there is a barrier between two stages; where nothing is done by one thread alone, arrivals go on into the populations
        stages = [self._kernels(early, serial=False)]
        stages[0][0][:0] = self._kernels(("advance",), serial=True)[0]
        alone = self._kernels(early, serial=True)
        if alone[0]:
            stages += [alone, self._kernels((), serial=False)]
        for round_ in self.coupling.rounds if self.coupling else ():
            stages[-1] = _joined(stages[-1], round_)
            stages.append(self._kernels((), serial=False))
        ends = self._kernels(late[1:], serial=True)
        if any(projection.reads_now for projection in self.projections):
            # rules that read what other threads' neurons sent just now wait for them
            stages[-1] = _joined(stages[-1], self._kernels(late[:3], serial=False))
            stages.append(self._kernels((), serial=False))
            late = late[3:]
        stages[-1] = _joined(stages[-1], self._kernels(late, serial=False))
        joined = [*stages, ends]
        last = len(joined) - 1
        threads = [[] for _ in range(self.threads)]
        for k, stage in enumerate(joined):
            for mine, kernels in zip(threads, stage, strict=True):
                mine += [*kernels, *([None] if k < last else [])]
        # one thread does the parts of a stage in turn
        turns = [kernel for stage in joined for part in stage for kernel in part]
        self._together = [_table(mine) for mine in threads]
        self._alone = _table(turns)

    def _kernels(self, phases: Sequence[str], *, serial: bool) -> list[list[Kernel]]:
        """The kernels of some phases, in the plan's order, for each thread."""
        found: list[list[Kernel]] = [[] for _ in range(self.threads)]
        for phase in phases:
            owners = [getattr(self, f"{op.kind}s")[op.index] for op in self.plan.schedule if op.phase == phase]
            # rows are asked for before the first spike is delivered; what is due from inboxes arrives with the others
            owners = {"ask": self.projections, "collect": self.populations}.get(phase, owners)
            for owner in owners:
                if owner.serial == serial:
                    for part, kernels in enumerate(owner.kernels):
                        found[part] += kernels.get(phase, [])
        return found

    @property
    def step(self) -> int:
        """Steps done since t = 0."""
        return int(self.control[STEP])

    @property
    def learning(self) -> bool:
        return bool(self.control[LEARNING])

    @learning.setter
    def learning(self, value: bool) -> None:
        for index in range(len(self.projections)):
            self._settle(index)
        self.control[LEARNING] = int(value)

    def describe(self) -> str:
        """Precision and threads, and why so many, in a line."""
        many = f"{self.threads} threads, each with a range of the neurons, or one where that is faster at the moment"
        many = "1 thread" if self.threads == 1 else many
        return f"events: {self.precision}, {many}: a step takes one thread about {step_us(self.plan, self.precision):.2g} us"

    def advance(self, steps: int) -> int:
        """Do up to ``steps`` steps, fewer where a recording must be emptied; return their number."""
        last = self.step + steps
        if last > LAST_STEP:
            raise EngineError("run", f"one run may last {LAST_STEP} steps", last, "save its weights and start a new one")
        self._check()
        if self.control[STOP]:
            # an interrupt came between the driver's stop and the emptying of the buffers
            self._empty()
        first = last - steps
        reached = self._drive(first, last)
        if self.control[STOP]:
            self._empty()
        self._check()
        return reached - first

    def _check(self) -> None:
        for population in self.populations:
            if population.off_grid:
                population.off_grid.check()

    def _drive(self, first: int, last: int) -> int:
        if self.threads == 1 or last - first < WORTH_A_THREAD:
            return drive(*self._alone, first, last, self.control)
        while first < last:
            together, steps = self._pace.plan(last - first)
            begun = time.perf_counter()
            reached = (self._drive_together if together else self._drive_alone)(first, first + steps)
            self._pace.note(together, reached - first, time.perf_counter() - begun)
            first = reached
            if self.control[STOP]:
                break
        return first

    def _drive_alone(self, first: int, last: int) -> int:
        return drive(*self._alone, first, last, self.control)

    def _drive_together(self, first: int, last: int) -> int:
        self._sync[:] = 0
        jobs = [
            functools.partial(
                drive_together, *table, first, last, self.control, self._sync, self.threads, thread == 0
            )
            for thread, table in enumerate(self._together)
        ]  # fmt: skip
        return in_threads(jobs)[0]

    def _empty(self) -> None:
        for probe in self.probes:
            probe.empty()
        self.control[STOP] = 0

    def records(self, index: int) -> list[tuple[np.ndarray, np.ndarray]]:
        self.probes[index].empty()
        return self.probes[index].taken

    def counts(self, index: int) -> np.ndarray:
        return self.populations[index].counts()

    def get_state(self, index: int, name: str) -> np.ndarray:
        return self.populations[index].state(name).astype(np.float64)

    def set_state(self, index: int, name: str, values: np.ndarray) -> None:
        self.populations[index].change(name, values)

    def set_drive(self, index: int, name: str, values: np.ndarray) -> None:
        if self.populations[index].change(f"drive_{name}", values):
            self._schedule()

    def set_source(self, index: int, params: Mapping[str, np.ndarray] | SpikeTimes) -> None:
        if self.populations[index].set_source(params, self.step):
            self._schedule()

    def source_params(self, index: int) -> Mapping[str, np.ndarray]:
        return self.populations[index].source_params()

    def get_weights(self, index: int) -> np.ndarray:
        self._settle(index)
        return self.projections[index].weights_of(None)()

    def weights_of(self, index: int, synapses: np.ndarray | None) -> Callable[[], np.ndarray]:
        read = self.projections[index].weights_of(synapses)

        def settled() -> np.ndarray:
            self._settle(index)
            return read()

        return settled

    def synapse_state(self, index: int, name: str) -> np.ndarray:
        self._settle(index)
        return self.projections[index].state_of(name)

    def _settle(self, index: int) -> None:
        """Bring the synapses of a projection up to date, where they learn."""
        if self.learning:
            self.projections[index].carry_on(self.step)
        else:
            self.projections[index].skip_to(self.step)

    def set_weights(self, index: int, weights: np.ndarray) -> None:
        self._settle(index)
        self.projections[index].set_weights(weights, self.step)

    def signal(self, name: str, value: float) -> None:
        if self.learning:
            for projection in self.projections:
                projection.on_signal(name, value, self.step)

    def _owners(self) -> list[tuple[str, dict[str, np.ndarray]]]:
        return [(owner.plan.name, owner.frozen()) for owner in (*self.populations, *self.projections)]

    def snapshot(self) -> dict[str, np.ndarray]:
        """All that changes, as arrays by name; a copy."""
        # a stop is asked for by buffers that are not part of the state
        arrays = {"control": np.array([0, self.control[LEARNING], self.control[STEP]])}
        for name, owned in self._owners():
            arrays |= {f"{name}/{key}": value for key, value in owned.items()}
        return {key: np.array(value) for key, value in arrays.items()}

    def check_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Numbers that a kernel uses as places in memory must be places, and lists whole; CheckpointError otherwise."""
        for owner in (*self.populations, *self.projections):
            for key, (low, high) in owner.places().items():
                values = arrays[f"{owner.plan.name}/{key}"]
                if values.size and not low <= int(values.min()) <= int(values.max()) < high:
                    raise CheckpointError(
                        f"{owner.plan.name}/{key}", f"must lie between {low} and {high - 1}", "damaged numbers"
                    )
            owner.check(arrays)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Continue from what ``snapshot`` gave."""
        for population in self.populations:
            population.before_restore(arrays)
        self.control[[STOP, LEARNING, STEP]] = arrays["control"]
        for owner in (*self.populations, *self.projections):
            prefix = f"{owner.plan.name}/"
            owner.thaw({key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)})
        self._schedule()


def _joined(one: list[list[Kernel]], other: list[list[Kernel]]) -> list[list[Kernel]]:
    """Two stages as one: each thread goes on from its kernels of the one to those of the other."""
    return [a + b for a, b in zip(one, other, strict=True)]


def _table(kernels: Sequence[Kernel | None]) -> tuple[np.ndarray, np.ndarray]:
    """The addresses of kernels and of their frames; None is a barrier."""
    addresses = [kernel.address if kernel else BARRIER for kernel in kernels]
    frames = [kernel.frame.ctypes.data if kernel else 0 for kernel in kernels]
    return np.array(addresses, np.int64), np.array(frames, np.int64)
