"""One population while it runs: its arrays and its kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from maichong.engines.courses import merged
from maichong.engines.delays import given_stamps
from maichong.engines.events import drives, inboxes, monitors, populations, sources
from maichong.engines.events.emit import Kernel, KernelText
from maichong.engines.events.layout import BLOCK, Layout, padded
from maichong.engines.events.live_off_grid import LiveOffGrid, check_exact
from maichong.engines.events.memory import LINE, Parted, apart, zeros
from maichong.engines.events.together import edges
from maichong.engines.events.words import word_values
from maichong.engines.plan import Plan
from maichong.engines.population_plan import PopulationPlan
from maichong.engines.projection_plan import ProjectionPlan
from maichong.engines.system import GAP, Port
from maichong.errors import CheckpointError, EngineError
from maichong.network import SpikeTimes

CALENDAR = 1 << 12
"""Days of a source's calendar of next spikes."""

FEW_INPUTS = 4
"""Neurons with fewer synapses than this, on average, are mostly at rest: their population may sleep."""


def sleeps(plan: Plan, index: int) -> bool:
    """Whether it pays to pass over blocks of a population that are at rest."""
    population = plan.populations[index]
    if population.off_grid or (population.system and population.system.hazard):
        return False
    synapses = sum(
        entry.projection.connector.expected(entry.n_pre, entry.n_post)
        for entry in plan.projections
        if entry.post_population == index
    )
    if any(entry.population == index for entry in (*plan.backgrounds, *plan.noises)) or index in plan.coupling.populations:
        return False
    return population.system is not None and not population.system.learned and synapses < FEW_INPUTS * population.n


class LivePopulation:
    """The arrays and the kernel of one population: all that changes is in ``arrays`` and in ``own``.

    ``sleeps``: blocks of neurons at rest are passed over; ``shared``: one thread may write to the neurons of another.
    """

    def __init__(
        self, plan: PopulationPlan, whole: Plan, precision: str, control: np.ndarray, *, threads: int, sleeps: bool,
        shared: bool = False,
    ) -> None:  # fmt: skip
        self.plan, self.whole, self.precision = plan, whole, precision
        self.serial = plan.system is None
        """Whether one thread does it all."""
        self.edges = [0, padded(plan.n)] if self.serial else edges(plan.n, threads)
        self.parts = len(self.edges) - 1
        self.begins = np.minimum(self.edges, plan.n)
        """The first neuron of each part, and the number of all."""
        n, depth = plan.n, 1 << int(plan.max_delay + 1).bit_length()
        self.numbers = {"n": n, "depth": depth}
        self.apart = max(depth, LINE // 4)
        """How far the counts of two parts lie apart: each part's are on cache lines of its own."""
        self.arrays: dict[str, np.ndarray] = {
            "ring": zeros(depth * n, np.int32), "ring_count": zeros(self.parts * self.apart, np.int32),
        }  # fmt: skip
        """What all parts read, or of what there is but one part."""
        self.own = Parted(self.edges, shared=shared)
        """What each neuron has of its own."""
        self.own.add("counts", np.int64)
        blocks = padded(plan.n) // BLOCK
        self.awake = [np.ones(blocks, np.uint8) for _ in range(self.parts)] if sleeps else None
        """Of each part, the blocks that are not at rest."""
        if self.awake and shared:
            self.awake = [self.awake[0]] * self.parts
        self.kernels: list[dict[str, list[Kernel]]] = [{} for _ in range(self.parts)]
        """The kernels of each part by phase."""
        self.refills: list[Kernel] = []
        """What lays down again all that is on its way to the inboxes."""
        self.off_grid: LiveOffGrid | None = None
        self._flat: dict[str, float] | None = None
        """The drives that are one number for all, and that number."""
        if plan.system:
            self._neurons(control)
        else:
            self._source(plan.source)

    @property
    def width(self) -> int:
        """The length of arrays that are padded to whole blocks."""
        return padded(self.plan.n)

    def arrivals(self, part: int, port: Port, state: str) -> np.ndarray:
        """The array of a part that takes what arrives at ``port`` for ``state``."""
        return self.own.of[part][_taker(port, state)]

    def awake_of(self, part: int) -> np.ndarray | None:
        """The blocks of a part that are not at rest, where that is known."""
        return self.awake[part] if self.awake else None

    def open_inboxes(self, kind: str, longest: Mapping[str, int]) -> None:
        """Have rings for what is on its way to these states for up to so many steps: to the synapses ("inbox"), or beyond them
        ("dendrite")."""
        for state, steps in longest.items():
            depth = 1 << steps.bit_length()
            precision = str(self.own.of[0][state].dtype)
            self.own.add(f"{kind}_{state}", precision, depth)
            text = inboxes.collect(precision, wakes=self.awake is not None)
            for part in self.owners():
                own = self.own.of[part]
                values = {
                    "depth": depth, "stride": self.width, "inbox": own[f"{kind}_{state}"], "state": own[state],
                    "awake": self.awake_of(part), "first": self.edges[part], "last": self.edges[part + 1],
                }  # fmt: skip
                self.kernels[part].setdefault("collect", []).append(Kernel(text, values))

    def inbox(self, part: int, kind: str, port: Port, state: str) -> dict[str, Any]:
        """The ring of a part and kind for what arrives at ``port`` for ``state``, and its form, as a kernel calls them."""
        array = self.own.of[part][f"{kind}_{_taker(port, state)}"]
        return {f"{kind}_{state}": array, f"{kind}_depth": array.size // self.width, f"{kind}_width": self.width}

    def refill(self, step: int) -> None:
        """Weights were changed from outside: lay down again what is in flight."""
        for name in self.own:
            if name.startswith("inbox_"):
                self.own[name] = 0
        for kernel in self.refills:
            kernel.once(step)

    def owners(self) -> list[int]:
        """The parts that own neurons."""
        return [part for part in range(self.parts) if self.begins[part] < self.begins[part + 1]]

    def emitted(self, stamp: int) -> np.ndarray:
        """Who has a spike stamped so, of the last stamps that are kept."""
        return self._emitted("ring", stamp)

    def _emitted(self, ring: str, stamp: int) -> np.ndarray:
        slot = stamp & (self.numbers["depth"] - 1)
        row = self.arrays[ring].reshape(-1, self.plan.n)[slot]
        counts = self._ring_counts()[:, slot]
        return np.concatenate([row[at : at + count] for at, count in zip(self.begins, counts, strict=False)])

    def _ring_counts(self) -> np.ndarray:
        """How many spikes of each stamp are in the ring, [parts, depth]; a view."""
        return self.arrays["ring_count"].reshape(self.parts, self.apart)[:, : self.numbers["depth"]]

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
        for name, start in plan.start.items():
            self.own.fill(name, self.padded(start, np.float64 if name in slow else real))
        for name, drive in plan.drive.items():
            self.own.fill(f"drive_{name}", self.padded(drive, real))
        for name, start in self.whole.noise_starts(plan.name).items():
            self.own.fill(name, self.padded(start, real))
        # the padding is refractory for ever, so it never fires
        self.own.fill("until", np.where(np.arange(self.width) < plan.n, 0, np.iinfo(np.int32).max).astype(np.int32))
        if populations.jumped(plan.system):
            self.own.add("pending", real)
        if plan.off_grid:
            self.off_grid = LiveOffGrid(self)  # its kernels must know what arrives: see ``open``
            return
        self._words = word_values(plan.escape_stream, self.whole.network.seed, self.edges) if plan.system.hazard else None
        self._fixed = {"refractory": plan.refractory.astype(np.int32), "control": control, "dt": self.whole.dt}
        scratch = Parted(self.edges)
        for name in slow:
            scratch.add(f"single_{name}", np.float32)
        scratch.add("flags", np.uint8)
        for mine in scratch.of:
            mine["flag_words"] = mine["flags"].view(np.uint64)
        self._scratch = scratch.of
        for part in self.owners():
            self.kernels[part] = {"change": self.scheduled(part)}
        self._settle()

    def _settle(self) -> bool:
        """See to it that the kernels of a step know the drives as they are: those that are one number for all as that number.

        True where they are other kernels now.
        """
        plan, flat = self.plan, {}
        if self.off_grid:
            return False
        assert plan.system and plan.drive is not None
        if GAP not in plan.system.drives:
            drives = {f"drive_{name}": self.state(f"drive_{name}") for name in plan.drive if name not in plan.courses}
            flat = {name: float(values[0]) for name, values in drives.items() if (values == values[0]).all()}
        if self._flat is not None and flat.keys() == self._flat.keys():
            for kernel in (kernel for part in self.owners() for kernel in self.kernels[part]["advance"]):
                for name, value in flat.items():
                    kernel.kept[f"s_{name}"][0] = value
            return False
        self._flat = flat
        text, self._values = self._text()
        for part in self.owners():
            self.kernels[part]["advance"] = [self._advance(text, part)]
        return True

    def scheduled(self, part: int) -> list[Kernel]:
        """The kernels that change one part's scheduled drives."""
        found = []
        for name, course in self.plan.courses.items():
            values = {
                "n": self.plan.n, "first": self.edges[part], "last": self.edges[part + 1], "stamps": course.stamps,
                "values": course.values.reshape(-1), "drive": self.own.of[part][f"drive_{name}"],
                "awake": self.awake_of(part),
            }  # fmt: skip
            text = drives.drive_kernel(self.precision, each=course.each, wakes=self.awake is not None)
            found.append(Kernel(text, values))
        return found

    def _text(self, *, trial: bool = False) -> tuple[KernelText, dict[str, Any]]:
        """The kernel of a step, or of a try of it, and its numbers, those of each cell padded."""
        text, numbers = populations.neuron_kernel(
            self.plan, self.precision, sleeps=self.awake is not None and not trial, trial=trial, flat=self._flat or ()
        )
        kinds = {argument.name: argument.kind for argument in text.arguments}
        return text, {
            name: self.padded(value, kinds[name].removesuffix("[]")) if isinstance(value, np.ndarray) else value
            for name, value in numbers.items()
        }

    def of_part(self, part: int) -> dict[str, Any]:
        """The arrays, and which of the neurons are those of ``part``, as a kernel calls them: a model's own symbols carry a prefix,
        so that they hide nothing."""
        system = self.plan.system
        symbols = (*system.states, *system.held) if system else ()
        own = {f"s_{name}" if name in symbols else name: array for name, array in self.own.of[part].items()}
        mine = {"part": part, "apart": self.apart, "first": self.edges[part], "last": self.edges[part + 1]}
        return {**self.numbers, **self.arrays, **own, **mine}

    def _advance(self, text: KernelText, part: int, **more: np.ndarray) -> Kernel:
        values = {**self._values, **self._fixed, **self._scratch[part], "awake": self.awake_of(part)}
        values |= {f"s_{name}": value for name, value in (self._flat or {}).items()}
        values |= self._words[part] if self._words else {}
        return Kernel(text, {**self.of_part(part), **values, **more})

    def trials(self, tried: np.ndarray) -> list[tuple[int, Kernel]]:
        """The kernels, and their parts, that try the step and write to ``tried`` where the membranes would be."""
        text, _ = self._text(trial=True)
        return [(part, self._advance(text, part, tried=tried)) for part in self.owners()]

    def padded(self, values: np.ndarray, kind: Any) -> np.ndarray:
        """One value for each neuron, and the last one again for the padding, as an array of ``kind``."""
        return apart(np.concatenate([values, np.repeat(values[-1:], self.width - self.plan.n)]).astype(kind))

    def _source(self, source: Any) -> None:
        plan, seed = self.plan, self.whole.network.seed
        if isinstance(source, SpikeTimes):
            if source.exact:
                self.arrays["ring_before"] = np.zeros(self.arrays["ring"].size)
            self._give(source, -1)
            first = self.arrays["given_ids"][self.arrays["given_stamps"] == 0]
            self.arrays["ring"][: first.size] = first
            self.arrays["ring_count"][0] = first.size
            self.own.of[0]["counts"][first] += 1
            return
        assert plan.source_params is not None
        self.arrays |= {name: np.array(values, np.float64) for name, values in plan.source_params.items()}
        self.arrays["due_at"] = np.zeros(plan.trains, np.int64)
        if not plan.copies:
            self.arrays |= {"link": np.zeros(plan.n, np.int32), "chains": np.zeros(CALENDAR, np.int32)}
        numbers = {"stream": plan.stream, "seed_low": seed & 0xFFFFFFFF, "seed_high": seed >> 32, "dt": self.whole.dt}
        numbers |= {"trains": plan.trains, "copies": plan.copy_stream}
        self._changed = np.ones(plan.trains, np.uint8)
        params = {f"par_{name}": self.arrays[name] for name in plan.source_params}
        values = {**self.numbers, **self.arrays, **self.own.of[0], **params, **numbers, "changed": self._changed}
        self.kernels = [{"advance": [Kernel(sources.source_kernel(plan), values)]}]
        if plan.courses:
            stamps, rows = merged(plan.courses)
            values |= {"stamps": stamps, **{f"rows_{name}": row for name, row in rows.items()}}
            values |= {f"values_{name}": course.values.reshape(-1) for name, course in plan.courses.items()}
            self.kernels[0]["change"] = [Kernel(sources.change_kernel(plan), values)]
        self._redraw = Kernel(sources.redraw_kernel(plan), values)
        self._redraw.once(0)

    def _give(self, spikes: SpikeTimes, step: int) -> None:
        stamps, before = given_stamps(spikes, self.whole.dt)
        pairs, chosen = np.zeros((0, 2), np.int64), np.zeros(0, np.int64)
        if stamps.size:
            pairs, chosen = np.unique(np.stack([stamps, spikes.ids], axis=1), axis=0, return_index=True)
        self._set_given(np.ascontiguousarray(pairs[:, 0]), pairs[:, 1].astype(np.int32), before[chosen])
        self.arrays["given_at"][0] = np.searchsorted(self.arrays["given_stamps"], step, side="right")

    def _set_given(self, stamps: np.ndarray, ids: np.ndarray, before: np.ndarray) -> None:
        self.arrays |= {"given_stamps": stamps, "given_ids": ids, "given_at": np.zeros(1, np.int64)}
        if self.plan.exact:
            self.arrays["given_before"] = before
        given = {"stamps": stamps, "ids": ids, "at": self.arrays["given_at"]}
        text = monitors.given(exact=self.plan.exact)
        self.kernels = [{"advance": [Kernel(text, {**self.numbers, **self.arrays, **self.own.of[0], **given})]}]

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

    def source_params(self) -> dict[str, np.ndarray]:
        """The parameters of a source as they are now, [trains] each."""
        return {name: self.arrays[name] for name in self.plan.source_params or ()}

    def before_restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Given spikes may have been exchanged for others, of another number."""
        if "given_at" in self.arrays:
            found = (arrays.get(f"{self.plan.name}/given_{key}", np.zeros(0)).copy() for key in ("stamps", "ids", "before"))
            self._set_given(*found)

    def places(self) -> dict[str, tuple[int, int]]:
        """The arrays that a kernel uses as places in memory, with the bounds [low, high) of what may stand there."""
        n = self.plan.n
        known = {"ring": (0, n), "ring_count": (0, n + 1), "link": (-1, n), "chains": (-1, n), "given_ids": (0, n)}
        known["given_at"] = (0, 2**62)
        return {key: bounds for key, bounds in known.items() if key in self.arrays}

    def check(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Given spikes must be in order, each once, and a source's chains hold each neuron at most once.

        Rows of the ring would overflow otherwise, and a chain that leads back to itself would be walked for ever.
        """
        if self.plan.exact:
            check_exact(self.plan.name, arrays, self.plan.n, self.whole.dt)
        if "given_at" in self.arrays:
            stamps, ids = (arrays[f"{self.plan.name}/given_{key}"] for key in ("stamps", "ids"))
            if self.plan.exact and arrays[f"{self.plan.name}/given_before"].size != stamps.size:
                raise CheckpointError(f"{self.plan.name}/given_before", "must hold a time for each spike", "damaged numbers")
            if stamps.size != ids.size or not ((np.diff(stamps) > 0) | ((np.diff(stamps) == 0) & (np.diff(ids) > 0))).all():
                raise CheckpointError(f"{self.plan.name}/given_stamps", "must be in order, each spike once", "damaged numbers")
        if "chains" not in self.arrays:
            return
        link, now = (arrays[f"{self.plan.name}/{key}"] for key in ("link", "chains"))
        met = np.zeros(self.plan.n, np.int64)
        while (now := now[now >= 0]).size:
            np.add.at(met, now, 1)
            if met[now].max() > 1:
                raise CheckpointError(f"{self.plan.name}/chains", "must hold each neuron once", "damaged numbers")
            now = link[now]

    def wake(self) -> None:
        """A state was changed from outside: nobody may be passed over."""
        if self.awake is not None:
            for blocks in self.awake:
                blocks[:] = 1

    def counts(self) -> np.ndarray:
        """The number of spikes of each neuron so far."""
        return self.own["counts"][: self.plan.n]

    def state(self, name: str) -> np.ndarray:
        """The values of a state or drive, without the padding."""
        return self.own[self.symbol(name)][: self.plan.n]

    def change(self, name: str, values: np.ndarray) -> bool:
        """Give a state or drive other values from outside; True where the kernels are other ones now."""
        self.own[self.symbol(name)] = np.broadcast_to(values, (self.plan.n,))
        self.wake()
        return name.startswith("drive_") and self._settle()

    def symbol(self, name: str) -> str:
        """The name of the array of a state or drive."""
        return self.plan.symbol(name)

    def frozen(self) -> dict[str, np.ndarray]:
        """All that changes, the same for any number of threads: the spikes of a stamp in one piece, and nothing old behind them."""
        counts = self._ring_counts().sum(axis=0, dtype=np.int32)
        ring = np.zeros((counts.size, self.plan.n), np.int32)
        before = np.zeros(ring.shape if self.plan.exact else (0,))
        for slot in np.flatnonzero(counts):
            ids = self.emitted(int(slot))
            ring[slot, : ids.size] = ids
            if self.plan.exact:
                before[slot, : ids.size] = self._emitted("ring_before", int(slot))
        more = {"ring_before": before.reshape(-1)} if self.plan.exact else {}
        own = {name: self.own[name] for name in self.own} | {"counts": self.counts()}
        return self.arrays | own | {"ring": ring.reshape(-1), "ring_count": counts} | more

    def thaw(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Continue from what ``frozen`` gave."""
        for key, value in self.arrays.items():
            if key not in ("ring", "ring_count", "ring_before"):
                value[...] = arrays[key]
        for key in self.own:
            self.own[key] = arrays[key]
        counts = self._ring_counts()
        for slot, count in enumerate(arrays["ring_count"]):
            bounds = np.searchsorted(arrays["ring"].reshape(-1, self.plan.n)[slot, :count], self.begins)
            counts[:, slot] = np.diff(bounds)
            for key in ("ring", "ring_before") if self.plan.exact else ("ring",):
                mine, given = (rings[key].reshape(-1, self.plan.n)[slot] for rings in (self.arrays, arrays))
                for part, at in enumerate(self.begins[:-1]):
                    mine[at : at + counts[part, slot]] = given[bounds[part] : bounds[part + 1]]
        if self.off_grid:
            self.off_grid.twice[:] = 0
        if self.plan.system:
            self._settle()
        self.wake()


def inbox_lengths(kind: str, population: int, projections: Sequence[tuple[ProjectionPlan, Layout]]) -> dict[str, int]:
    """For which states of a population arrivals are on their way, and for how many steps they may be: see ``open_inboxes``."""
    longest: dict[str, int] = {}
    for entry, layout in projections:
        late = kind == "inbox" and layout.kind == "late"
        steps = int(layout.delays[-1]) if late else entry.longest_dendritic if kind == "dendrite" else 0
        if entry.post_population == population and (late or steps):
            for state, _ in entry.port.jumps:
                taker = _taker(entry.port, state)
                longest[taker] = max(longest.get(taker, 0), steps)
    return longest


def _taker(port: Port, state: str) -> str:
    """The array that takes what arrives at ``port`` for ``state``: jumps of the membrane wait until it takes them itself."""
    return "pending" if port.receptor.model.states == () else state
