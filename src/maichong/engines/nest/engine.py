"""The engine "nest": the network handed to NEST, its clock and its recordings translated back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from maichong import interrupts
from maichong.engines.nest.backgrounds import add_background, generator_of
from maichong.engines.nest.couplings import couple
from maichong.engines.nest.drawn import rule_of
from maichong.engines.nest.kernel import Kernel, load
from maichong.engines.nest.live_cells import LiveCells
from maichong.engines.nest.live_projection import LiveProjection
from maichong.engines.nest.live_source import LiveSource
from maichong.engines.nest.recorders import SpikeProbe, SpikeRecorder, StateProbe, probes_of
from maichong.engines.nest.translate import Translation, translate
from maichong.engines.plan import Plan, plan
from maichong.engines.recording import Records
from maichong.errors import EngineError, brief, is_one_of
from maichong.network import Network, SpikeTimes

CONNECTIVITIES = ("ours", "nest")


def missing(network: Network) -> list[str]:
    """What NEST lacks for this network, one line each; empty where it has all. Needs no NEST."""
    return list(translate(plan(network)).missing)


def different(network: Network) -> list[str]:
    """What is only nearly the same on NEST, one line each. Needs no NEST."""
    return list(translate(plan(network)).different)


class Nest:
    """One network in NEST's kernel; see :class:`maichong.engines.reference.Reference` for the words.

    ``connectivity`` is "ours", which hands every synapse over with its weight and delay, or "nest", which lets NEST draw what is
    random by its own rules: other synapses with the same distribution, and large networks are built much faster. ``threads`` is
    NEST's number of threads. A process has one kernel: a build takes it from the run before.
    """

    name = "nest"
    can_save = False

    @staticmethod
    def foresee(network: Network, connectivity: object = "ours", threads: object = 1) -> None:
        """Raise EngineError for options that are none, and where there is no NEST: before anything is drawn."""
        if not is_one_of(connectivity, CONNECTIVITIES):
            expected = f"must be one of {', '.join(map(repr, CONNECTIVITIES))}"
            raise EngineError("build, connectivity", expected, brief(connectivity))
        whole = isinstance(threads, (int, np.integer)) and not isinstance(threads, bool)
        if not whole or not 1 <= threads < 2**10:  # type: ignore[operator]
            raise EngineError("build, threads", "must be a whole number >= 1", brief(threads))
        load()

    def __init__(self, plan: Plan, connectivity: str = "ours", threads: int = 1) -> None:
        self.translation = translate(plan)
        self.plan, self.step, self.threads = plan, 0, int(threads)
        if self.translation.missing:
            number = len(self.translation.missing)
            lacks = f"NEST lacks {number} {'thing' if number == 1 else 'things'} of this network"
            raise EngineError("build, engine 'nest'", lacks, details=self.translation.missing)
        slice_, pause, coupled = self.translation.slice, self.translation.pause, bool(plan.coupling.pulls)
        self._kernel = Kernel(plan.dt, plan.network.seed, self.threads, slice_, pause, coupled)
        with self._kernel.telling("build, engine 'nest'"):
            self._make(plan, self.translation, connectivity)

    def _make(self, plan: Plan, translation: Translation, connectivity: str) -> None:
        kernel = self._kernel
        parts = zip(plan.populations, translation.cells, translation.sources, translation.leads, strict=True)
        self.populations = [
            LiveCells(entry, cells, kernel) if cells else LiveSource(entry, row, lead, kernel)
            for entry, cells, row, lead in parts
        ]
        self.projections = []
        for k, (entry, synapse) in enumerate(zip(plan.projections, translation.synapses, strict=True)):
            target = self.populations[entry.post_population]
            assert synapse and isinstance(target, LiveCells)
            rule = rule_of(entry, synapse, target.cells.row.conducts) if connectivity == "nest" else None
            ends = self.populations[entry.pre_population], target
            self.projections.append(LiveProjection(entry, synapse, ends, kernel, f"projection_{k}", rule))
        self.plan = dataclasses.replace(plan, projections=tuple(projection.plan for projection in self.projections))
        for entry in plan.backgrounds:
            arrival, target = translation.arrival(plan, entry), self.populations[entry.population]
            assert arrival and isinstance(target, LiveCells)
            add_background(entry, arrival, target, kernel)
        couple(plan.coupling, self.populations, kernel)
        index = {entry.name: k for k, entry in enumerate(plan.populations)}
        self._probes = probes_of(plan.probes, index, self.populations, kernel)
        self._probed = [index[probe.population] for probe in plan.probes]
        self._recorders = [SpikeRecorder(population, kernel) for population in self.populations]
        kernel.simulate(kernel.ahead)
        for population in self.populations:
            if isinstance(population, LiveCells):
                population.begin()
        for projection in self.projections:
            if projection.synapse.plastic and not projection.drawn and projection.plan.doubled:
                projection.find()  # while weights still tell synapses of one pair apart
        self._collect()

    @property
    def learning(self) -> bool:
        return True

    @learning.setter
    def learning(self, value: bool) -> None:
        if not value and any(projection.synapse.plastic for projection in self.projections):
            raise EngineError(
                "run.learning", "NEST's plasticity cannot be switched off", fix="build the network without its rules to test it"
            )

    def describe(self) -> str:
        """NEST's version, which of its models stand for what, who drew the synapses, and what is only nearly the same."""
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        lines = [
            f"nest: NEST {self._kernel.nest.__version__}, {threads}; NEST's own models and random numbers instead of the above"
        ]
        lines += [f"{part.plan.name}: {part.words}" for part in (*self.populations, *self.projections)]
        lines += [f"{entry.name}: {generator_of(entry)}" for entry in self.plan.backgrounds]
        if pulls := self.plan.coupling.pulls:
            lines.append(f"gap junctions: gap_junction, {sum(pull.g.size for pull in pulls):,} connections, one each way")
        return "\n".join([*lines, *(f"differs: {line}" for line in self.translation.different)])

    def advance(self, steps: int) -> int:
        """Do ``steps`` steps and return their number, or fewer where a drive that was set by hand gives way to its Steps; Ctrl-C is
        heard when they are done."""
        driven = [population for population in self.populations if isinstance(population, LiveCells)]
        steps = min([steps, *(population.ends - self.step for population in driven if population.ends is not None)])
        with interrupts.deferred(unless_watched=True) as interrupted:
            self._kernel.simulate(steps)
            self.step += steps
            self._collect()
            for population in driven:
                if population.ends == self.step:
                    population.end_drive()
        if interrupted():
            raise KeyboardInterrupt
        return steps

    def _collect(self) -> None:
        spikes = [recorder.take(self.step) for recorder in self._recorders]
        for probe, population in zip(self._probes, self._probed, strict=True):
            if isinstance(probe, SpikeProbe):
                probe.see(*spikes[population])
            elif isinstance(probe, StateProbe):
                probe.take(self.step)

    def records(self, index: int) -> Records:
        probe = self._probes[index]
        return probe.records if probe else []

    def counts(self, index: int) -> np.ndarray:
        return self._recorders[index].counts

    def _cells(self, index: int) -> LiveCells:
        self._kernel.check()
        population = self.populations[index]
        assert isinstance(population, LiveCells)
        return population

    def get_state(self, index: int, name: str) -> np.ndarray:
        return self._cells(index).get_state(name)

    def set_state(self, index: int, name: str, values: np.ndarray) -> None:
        self._cells(index).set_state(name, values)

    def set_drive(self, index: int, name: str, values: np.ndarray) -> None:
        self._cells(index).set_drive(name, values)

    def set_source(self, index: int, params: Mapping[str, np.ndarray] | SpikeTimes) -> None:
        self._kernel.check()
        population = self.populations[index]
        assert isinstance(population, LiveSource)
        population.set_source(params)

    def source_params(self, index: int) -> Mapping[str, np.ndarray]:
        population = self.populations[index]
        assert isinstance(population, LiveSource)
        return population.params

    def get_weights(self, index: int) -> np.ndarray:
        return self.projections[index].weights_of(None)()

    def weights_of(self, index: int, synapses: np.ndarray | None) -> Callable[[], np.ndarray]:
        return self.projections[index].weights_of(synapses)

    def set_weights(self, index: int, weights: np.ndarray) -> None:
        self.projections[index].set_weights(weights)

    def signal(self, name: str, value: float) -> None:
        raise EngineError(f"signal {name!r}", "NEST's synapses hear no signals", fix="use the engine 'events'")

    def snapshot(self) -> dict[str, np.ndarray]:
        raise EngineError(
            "run, engine 'nest'", "NEST cannot save or restore its state", fix="keep recordings by run.stream(folder), or use "
            "the engine 'events'",
        )  # fmt: skip

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.snapshot()

    def check_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.snapshot()
