"""A running network: carry it on, look at it, change it, save it, resume it."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from maichong import files, interrupts
from maichong.engines.plan import Plan
from maichong.engines.plasticity_table import PlasticityTable, table_of
from maichong.engines.projection_plan import ProjectionPlan, synapse_states
from maichong.engines.recorder import Recorder
from maichong.engines.recording import Recording, Records, Samples, Spikes, weights_probe
from maichong.engines.view import View
from maichong.errors import CheckpointError, NetworkError, ParameterError, brief, did_you_mean, is_one_of
from maichong.network import Network, Population, Probe, SpikeTimes
from maichong.parts import MOST_STEPS, whole_steps
from maichong.spec import ReceptorModel, weight_unit
from maichong.spec.quantities import in_unit

FORMAT = 1
LOOK_S = 0.05
"""Wall time, roughly, between two looks at Ctrl-C and the progress bar."""


class Backend(Protocol):
    """What an engine does for a run; see :class:`maichong.engines.reference.Reference` for what each word means."""

    name: str
    can_save: bool
    plan: Plan
    step: int
    learning: bool

    def describe(self) -> str: ...
    def advance(self, steps: int) -> int: ...
    def records(self, index: int) -> Records: ...
    def counts(self, index: int) -> np.ndarray: ...
    def get_state(self, index: int, name: str) -> np.ndarray: ...
    def set_state(self, index: int, name: str, values: np.ndarray) -> None: ...
    def set_drive(self, index: int, name: str, values: np.ndarray) -> None: ...
    def set_source(self, index: int, params: Mapping[str, np.ndarray] | SpikeTimes) -> None: ...
    def source_params(self, index: int) -> Mapping[str, np.ndarray]: ...
    def get_weights(self, index: int) -> np.ndarray: ...
    def weights_of(self, index: int, synapses: np.ndarray | None) -> Callable[[], np.ndarray]: ...
    def synapse_state(self, index: int, name: str) -> np.ndarray: ...
    def set_weights(self, index: int, weights: np.ndarray) -> None: ...
    def signal(self, name: str, value: float) -> None: ...
    def snapshot(self) -> dict[str, np.ndarray]: ...
    def restore(self, arrays: Mapping[str, np.ndarray]) -> None: ...
    def check_state(self, arrays: Mapping[str, np.ndarray]) -> None: ...


class Run:
    """A network on an engine, at the time ``t`` ms. Obtained from ``Network.build`` or ``resume``."""

    def __init__(self, backend: Backend, options: Mapping[str, Any]) -> None:
        self._backend = backend
        self._options = dict(options)
        self._chunk = 64
        self._diverged: set[str] = set()
        self._recorder = Recorder(backend)
        self._clocks = backend.plan.clocks
        self._ticked = backend.step
        self.notes: dict[str, Any] = {}

    @property
    def network(self) -> Network:
        """The network that runs."""
        return self._backend.plan.network

    @property
    def engine(self) -> str:
        """The engine's name."""
        return self._backend.name

    @property
    def options(self) -> dict[str, Any]:
        """The options that the engine was built with, such as ``precision``; a copy."""
        return dict(self._options)

    @property
    def can_save(self) -> bool:
        """Whether the engine can write its state down: ``save``, ``snapshot`` and ``restore`` work."""
        return self._backend.can_save

    @property
    def plan(self) -> Plan:
        """The plan that the engine follows; ``print(run.plan.describe())``."""
        return self._backend.plan

    def describe(self) -> str:
        """The plan in words, what is exact and what is not, and how the engine goes about it."""
        return f"{self.plan.describe()}\n{self._backend.describe()}"

    def plasticity_table(self) -> PlasticityTable:
        """Who changes which weights and thresholds, and when; ``print(run.plasticity_table())``."""
        return table_of(self.plan)

    @property
    def t(self) -> float:
        """The time in ms."""
        return self._backend.step * self._backend.plan.dt

    @property
    def learning(self) -> bool:
        """Whether plasticity acts, of synapses and of neurons; set it to False to test what was trained."""
        return self._backend.learning

    @learning.setter
    def learning(self, value: bool) -> None:
        if not isinstance(value, (bool, np.bool_)):
            raise ParameterError("run.learning", "must be True or False", brief(value))
        self._backend.learning = bool(value)

    def run(self, duration: float | str, progress: Callable[[float], None] | None = None) -> Run:
        """Carry the network on by ``duration`` ms and return it; ``progress`` is called with the ms done, now and then.

        Ctrl-C stops between two steps and raises KeyboardInterrupt; the run stays whole and can be carried on or saved.
        Raises ParameterError for a duration that is no finite number >= 0, RecordingError where a run that streams finds the
        disk full (nothing is lost: make room and carry on); warns where membranes diverged.
        """
        span = in_unit(duration, "ms", "run, duration")
        if not isinstance(span, float) or not np.isfinite(span) or span < 0:
            raise ParameterError("run, duration", "must be a number >= 0 ms", brief(duration))
        dt = self._backend.plan.dt
        if span / dt >= MOST_STEPS:
            raise ParameterError("run, duration", f"must be below 2**62 steps of {dt:g} ms", f"{span:g} ms")
        steps = whole_steps(span, dt)
        if steps is None:
            raise ParameterError("run, duration", f"must be a whole number of steps of {dt:g} ms", f"{span:.12g} ms")
        done = 0
        self._recorder.look()
        while done < steps:
            begun = time.perf_counter()
            ahead = min(self._chunk, steps - done, self._recorder.until_sample() or steps, self._until_clock(steps))
            try:
                did = self._backend.advance(ahead)
            finally:
                self._tick()
            done += did
            self._recorder.look(full=did < ahead)
            took = time.perf_counter() - begun
            if did == self._chunk:
                # as many steps as fit the wall time between two looks, found by doubling and halving
                self._chunk = max(1, did * 2 if took < LOOK_S / 2 else did // 2 if took > LOOK_S else did)
            if progress:
                progress(done * dt)
        self._recorder.look(full=True)
        self._check_finite()
        return self

    def _until_clock(self, most: int) -> int:
        """The steps until a rule's clock next ticks, ``most`` where none does."""
        return min((period - self._backend.step % period for period in self._clocks.values()), default=most)

    def _tick(self) -> None:
        """Let the clocks tick that are due now, once, and wholly: also where Ctrl-C ends the run here."""
        if not self._clocks or self._backend.step == self._ticked:
            return
        with interrupts.deferred(unless_watched=True) as interrupted:
            self._ticked = self._backend.step
            for name, period in self._clocks.items():
                if self._ticked % period == 0:
                    self._backend.signal(name, 0.0)
        if interrupted():
            raise KeyboardInterrupt

    def _check_finite(self) -> None:
        """A membrane that is no number will never fire again: say so once, instead of reporting silence."""
        for index, entry in enumerate(self.plan.populations):
            if entry.name in self._diverged or not entry.system:
                continue
            lost = int((~np.isfinite(self._backend.get_state(index, entry.system.membrane))).sum())
            if lost:
                self._diverged.add(entry.name)
                what = f"{lost} of {entry.n} cells have diverged by {self.t:g} ms and are silent; use a smaller dt"
                warnings.warn(f"population {entry.name!r}, {entry.system.membrane}: {what}", RuntimeWarning, stacklevel=3)

    def signal(self, name: str, value: float = 0.0) -> None:
        """Send a signal through the network: rules that wait for ``name`` act now (WeightNormalisation: "sample").

        Raises NetworkError where no rule waits for it, and for a reward before any step, ParameterError for a value that is no
        finite number.
        """
        waiting = {name for p in self.plan.projections for rule in p.rules for name in rule.model.signals}  # type: ignore[attr-defined]
        if not is_one_of(name, waiting):
            raise NetworkError("signal", f"no rule waits for {brief(name)}", fix=did_you_mean(name, waiting))
        number = in_unit(value, "", f"signal {name!r}")
        if not isinstance(number, float) or not np.isfinite(number):
            raise ParameterError(f"signal {name!r}", "must carry one finite number", brief(value))
        paid = [rule.model for p in self.plan.projections for rule in p.rules if is_one_of(name, rule.model.rewards)]  # type: ignore[attr-defined]
        if paid and self._backend.step == 0:
            expected = f"is a reward for what the synapses of {paid[0].name} remember, which is nothing before any step"
            raise NetworkError(f"signal {name!r}", expected, fix="run the network first")
        self._backend.signal(name, number)

    def recorded(self, probe: Probe) -> Spikes | Samples:
        """What one probe saw: Spikes, or Samples of a state; for networks with several probes on one state."""
        return self._recorder.recorded(probe)

    def recording(self) -> Recording:
        """All that was recorded, with the names and units needed to read it, as ``open_recording`` gives it too."""
        return self._recorder.recording()

    def weight_samples(self, projection: str) -> Samples:
        """The recorded weights of a projection: times [samples] in ms, values [samples, synapses] in the weight's unit.

        Raises NetworkError where no probe records them.
        """
        self._projection(projection)
        return cast(Samples, self.recorded(weights_probe(self.plan.weight_probes, projection)))

    def stream(self, folder: str | Path) -> Run:
        """Write what probes see to files in ``folder`` instead of keeping it in memory, and return the run.

        The files grow while the run goes on and can be read at any moment, by ``open_recording(folder)`` or one by one by
        ``numpy.load``; ``run["e"].spikes`` and the like read them too, mapped. What was recorded before goes there first. A
        checkpoint of such a run holds no recordings but remembers how much of them there was: ``resume`` cuts off what came
        later and carries on.

        Raises RecordingError where the folder holds a recording already or cannot be written to.
        """
        self._recorder.begin(files.as_path(folder))
        return self

    def __getitem__(self, population: str | Population) -> View:
        name = population.name if isinstance(population, Population) else population
        names = list(self.network.populations)
        if not is_one_of(name, names):
            raise NetworkError("run", f"has no population {brief(name)}", fix=did_you_mean(name, names))
        return View(self, names.index(name))

    def weights(self, projection: str) -> np.ndarray:
        """The weights of a projection as a matrix [pre, post], float64; NaN where there is no synapse.

        Raises NetworkError where a pair has two synapses: ``synapses`` shows them.
        """
        entry, index = self._projection(projection)
        _check_matrix(entry)
        matrix = np.full((entry.n_pre, entry.n_post), np.nan)
        pre, post = entry.pairs()
        matrix[pre, post] = self._backend.get_weights(index)
        return matrix

    def synapses(self, projection: str) -> dict[str, np.ndarray]:
        """The synapses of a projection as lists: pre, post, weight, delay (ms), sorted by pre, then post.

        What its rule keeps for each synapse is there by its name. With dendritic delays also dendritic_delay (ms), where a rule
        sees it; else the two are one delay.
        """
        entry, index = self._projection(projection)
        pre, post = entry.pairs()
        found = {"pre": pre, "post": post, "weight": self._backend.get_weights(index)}
        found["delay"] = np.broadcast_to(entry.delays(), pre.shape) * self.plan.dt
        if entry.sees_dendrites:
            found["dendritic_delay"] = np.broadcast_to(entry.dendritic_delays(), pre.shape) * self.plan.dt
        return found | {name: self._backend.synapse_state(index, name) for name in synapse_states(entry.spike_rule)}

    def set_weights(self, projection: str, weights: Any) -> None:
        """Set the weights of a projection: one number, one per synapse in the order of ``synapses``, or a matrix [pre, post]."""
        entry, index = self._projection(projection)
        where = f"projection {projection!r}, weight"
        receptor = entry.projection.receptor.model
        if isinstance(receptor, ReceptorModel) and receptor.source:
            named = receptor.name
            raise NetworkError(
                where, f"stays as it is: {named} counts it while transmitter is there", fix="build the network anew"
            )
        values = np.asarray(in_unit(weights, weight_unit(entry.projection.receptor), where))
        if values.ndim == 2:
            _check_matrix(entry)
            if values.shape != (entry.n_pre, entry.n_post):
                raise NetworkError(where, f"a matrix must have the shape [{entry.n_pre}, {entry.n_post}]", values.shape)
            values = values[entry.pairs()]
        if entry.weight is not None and values.ndim:
            raise NetworkError(
                where, "its synapses share one weight, so one number can be set", values.shape,
                "give the weights as an array when the network is described",
            )  # fmt: skip
        if values.ndim > 1 or (values.ndim == 1 and values.size != entry.size):
            raise NetworkError(where, f"must be one number, {entry.size} numbers or a matrix [pre, post]", values.shape)
        if not np.isfinite(values).all():
            raise ParameterError(where, "must be finite", "NaN or infinity")
        low, high = entry.bounds
        if values.size and (values.min() < low or values.max() > high):
            worst = values.min() if values.min() < low else values.max()
            bounds = f"must lie between {low:g} and {high:g}, the bounds of its rules"
            if entry.projection.keeps and not entry.rules:
                bounds = (
                    f"must be {'>=' if entry.projection.keeps > 0 else '<='} 0: {entry.projection.pre} keeps Dale's principle"
                )
            raise ParameterError(where, bounds, f"{worst:g}")
        self._backend.set_weights(index, np.broadcast_to(values, (entry.size,)))

    def snapshot(self) -> dict[str, np.ndarray]:
        """The whole state as arrays by name, a copy; what was recorded is not part of it.

        Raises EngineError, as ``restore`` and ``save`` do, on an engine that cannot (``can_save``).
        """
        return self._backend.snapshot()

    def restore(self, state: Mapping[str, np.ndarray]) -> Run:
        """Put a ``snapshot`` back: of this run, or of one on the same engine whose network differs in its probes only."""
        self._check_state_arrays(state, "restore")
        self._backend.restore(state)
        self._ticked = self._backend.step
        self._recorder.restored()
        return self

    def _check_state_arrays(self, state: Mapping[str, np.ndarray], where: str) -> None:
        """Nothing is written before everything fits: names, shapes, and numbers that are used as places."""
        known = self._backend.snapshot()
        same = "must be of the same network on the same engine"
        if not isinstance(state, Mapping):
            raise CheckpointError(where, "must be what snapshot gave", brief(state))
        for name in (*known, *state):
            if not is_one_of(name, known) or name not in state:
                raise CheckpointError(where, same, f"{brief(name)} on one side only")
        for name, values in known.items():
            given = state[name]
            if not isinstance(given, np.ndarray) or not np.can_cast(given.dtype, values.dtype, "same_kind"):
                came = given.dtype if isinstance(given, np.ndarray) else brief(given)
                raise CheckpointError(where, same, f"{name!r} as {came}, not {values.dtype}")
            # given spikes may be exchanged while a run goes on, and so may their number
            free = "/given_" in name
            if given.ndim != values.ndim or (not free and given.shape != values.shape):
                raise CheckpointError(where, same, f"{name!r} of the shape {given.shape}, not {values.shape}")
        self._backend.check_state(state)

    def save(self, path: str | Path, notes: Mapping[str, Any] | None = None) -> Path:
        """Write the run to one file, atomically: the network, its whole state, what was recorded, and ``notes`` of your own
        (JSON-ready data and arrays), which ``resume`` gives back as ``run.notes``."""
        if notes is not None and not isinstance(notes, Mapping):
            raise ParameterError("save, notes", "must map names to JSON-ready data and arrays", brief(notes))
        path = files.as_path(path)
        state = self._backend.snapshot()  # first: an engine that has none says so here
        stream, recorded = self._recorder.save()
        data = {
            "format": FORMAT, "engine": self.engine, "options": self._options, "network": self.network.to_dict(),
            "notes": dict(notes or {}), "stream": stream and {**stream, "beside": os.path.relpath(stream["folder"], path.parent)},
        }  # fmt: skip
        arrays = {f"state/{name}": values for name, values in state.items()}
        return files.write_bundle(path, data, arrays | recorded)

    def _restore(self, arrays: Mapping[str, np.ndarray], stream: Mapping[str, Any] | None, folder: Path | None) -> None:
        state = {key[6:]: value for key, value in arrays.items() if key.startswith("state/")}
        self._check_state_arrays(state, "resume")
        self._backend.restore(state)
        self._ticked = self._backend.step
        if stream is None:
            self._recorder.restore(arrays)
        else:
            assert folder is not None
            self._recorder.carry_on(folder, stream)

    def _projection(self, name: str) -> tuple[Any, int]:
        known = [entry.name for entry in self.plan.projections]
        if not is_one_of(name, known):
            raise NetworkError("run", f"has no projection {brief(name)}", fix=did_you_mean(name, known))
        index = known.index(name)
        return self.plan.projections[index], index


def _check_matrix(entry: ProjectionPlan) -> None:
    if entry.doubled:
        raise NetworkError(
            f"projection {entry.name!r}, weight",
            "a matrix has one entry for each pair, and a pair stands twice here",
            fix=f"use a list in the order of synapses({entry.name!r})",
        )
