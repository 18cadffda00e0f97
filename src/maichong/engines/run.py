"""A running network: carry it on, look at it, change it, save it, resume it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from maichong import files
from maichong.engines.delays import to_steps
from maichong.engines.plan import Plan, ProjectionPlan
from maichong.engines.recording import Records, Samples, Spikes, joined
from maichong.errors import CheckpointError, NetworkError, ParameterError, brief, did_you_mean, is_one_of
from maichong.network import Network, Population, Probe, SpikeTimes
from maichong.parts import MOST_STEPS, whole_steps
from maichong.spec import Configured, SourceModel, weight_unit
from maichong.spec.quantities import in_unit

FORMAT = 1
LOOK_S = 0.05
"""Wall time, roughly, between two looks at Ctrl-C and the progress bar."""


class Backend(Protocol):
    """What an engine does for a run; see :class:`maichong.engines.reference.Reference` for what each word means."""

    name: str
    plan: Plan
    step: int
    learning: bool

    def advance(self, steps: int) -> int: ...
    def records(self, index: int) -> Records: ...
    def counts(self, index: int) -> np.ndarray: ...
    def get_state(self, index: int, name: str) -> np.ndarray: ...
    def set_state(self, index: int, name: str, values: np.ndarray) -> None: ...
    def set_drive(self, index: int, name: str, values: np.ndarray) -> None: ...
    def set_source(self, index: int, params: Mapping[str, np.ndarray] | SpikeTimes) -> None: ...
    def get_weights(self, index: int) -> np.ndarray: ...
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
    def plan(self) -> Plan:
        """The plan that the engine follows; ``print(run.plan.describe())``."""
        return self._backend.plan

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
        Raises ParameterError for a duration that is no finite number >= 0; warns where membranes diverged.
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
        while done < steps:
            begun = time.perf_counter()
            did = self._backend.advance(min(self._chunk, steps - done))
            done += did
            took = time.perf_counter() - begun
            if did == self._chunk:
                # as many steps as fit the wall time between two looks, found by doubling and halving
                self._chunk = max(1, did * 2 if took < LOOK_S / 2 else did // 2 if took > LOOK_S else did)
            if progress:
                progress(done * dt)
        self._check_finite()
        return self

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
        """Send a signal through the network: rules that wait for ``name`` act now (WeightNormalisation: "sample")."""
        waiting = {rule.model.signal for p in self.plan.projections for rule in p.rules if getattr(rule.model, "signal", None)}  # type: ignore[union-attr]
        if not is_one_of(name, waiting):
            raise NetworkError("signal", f"no rule waits for {brief(name)}", fix=did_you_mean(name, waiting))
        number = in_unit(value, "", f"signal {name!r}")
        if not isinstance(number, float) or not np.isfinite(number):
            raise ParameterError(f"signal {name!r}", "must carry one finite number", brief(value))
        self._backend.signal(name, number)

    def recorded(self, probe: Probe) -> Spikes | Samples:
        """What one probe saw: Spikes, or Samples of a state; for networks with several probes on one state."""
        for index, known in enumerate(self.plan.probes):
            if isinstance(probe, Probe) and known == probe and probe.what != "counts":
                stamps, values = joined(self._backend.records(index))
                times = stamps * self.plan.dt
                return Spikes(times, values.astype(np.int64)) if probe.what == "spikes" else Samples(times, values)
        raise NetworkError("run", "has no recording of this probe", brief(probe))

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
        """The synapses of a projection as lists: pre, post, weight, delay (ms), sorted by pre, then post."""
        entry, index = self._projection(projection)
        pre, post = entry.pairs()
        delay = np.broadcast_to(entry.delays(), pre.shape) * self.plan.dt
        return {"pre": pre, "post": post, "weight": self._backend.get_weights(index), "delay": delay}

    def set_weights(self, projection: str, weights: Any) -> None:
        """Set the weights of a projection: one number, one per synapse in the order of ``synapses``, or a matrix [pre, post]."""
        entry, index = self._projection(projection)
        where = f"projection {projection!r}, weight"
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
            raise ParameterError(where, f"must lie between {low:g} and {high:g}, the bounds of its rules", f"{worst:g}")
        self._backend.set_weights(index, np.broadcast_to(values, (entry.size,)))

    def snapshot(self) -> dict[str, np.ndarray]:
        """The whole state as arrays by name, a copy; what was recorded is not part of it."""
        return self._backend.snapshot()

    def restore(self, state: Mapping[str, np.ndarray]) -> Run:
        """Put a ``snapshot`` back: of this run, or of one on the same engine whose network differs in its probes only."""
        self._check_state_arrays(state, "restore")
        self._backend.restore(state)
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
        data = {
            "format": FORMAT, "engine": self.engine, "options": self._options, "network": self.network.to_dict(),
            "notes": dict(notes or {}),
        }  # fmt: skip
        arrays = {f"state/{name}": values for name, values in self._backend.snapshot().items()}
        for index in range(len(self.plan.probes)):
            stamps, values = joined(self._backend.records(index))
            arrays |= {f"record/{index}/stamps": stamps, f"record/{index}/values": values}
        return files.write_bundle(path, data, arrays)

    def _restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        state = {key[6:]: value for key, value in arrays.items() if key.startswith("state/")}
        self._check_state_arrays(state, "resume")
        self._backend.restore(state)
        for index in range(len(self.plan.probes)):
            self._backend.records(index)[:] = [(arrays[f"record/{index}/stamps"], arrays[f"record/{index}/values"])]

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


class View:
    """One population of a run."""

    def __init__(self, run: Run, index: int) -> None:
        self._run, self._index = run, index

    @property
    def _population(self) -> Population:
        return list(self._run.network.populations.values())[self._index]

    @property
    def counts(self) -> np.ndarray:
        """Spikes of each neuron since t = 0, int64 [n]; a copy."""
        return self._run._backend.counts(self._index).copy()

    @property
    def spikes(self) -> Spikes:
        """The recorded spikes; NetworkError where no probe records them."""
        return cast(Spikes, self._run.recorded(self._probe("spikes")))

    def rate(self) -> float:
        """The mean rate in Hz since t = 0, over neurons and time."""
        t = self._run.t
        return float(self.counts.mean() / t * 1000.0) if t else 0.0

    def samples(self, state: str) -> Samples:
        """A recorded state; NetworkError where no probe records it."""
        return cast(Samples, self._run.recorded(self._probe(state)))

    def _probe(self, what: str) -> Probe:
        name = self._population.name
        for probe in self._run.plan.probes:
            if probe.population == name and is_one_of(what, (probe.what,)):
                return probe
        said = what if isinstance(what, str) else brief(what)
        raise NetworkError(
            f"population {name!r}", f"its {said} were not recorded", fix=f"add net.probe({name!r}, {brief(what)}) before build"
        )

    def __getitem__(self, state: str) -> np.ndarray:
        """A state as it is now, float64 [n]."""
        self._unit(state)
        return self._run._backend.get_state(self._index, state)

    def __setitem__(self, state: str, values: Any) -> None:
        """Set a state: one number or one per neuron."""
        self._run._backend.set_state(self._index, state, self._per_neuron(values, state, self._unit(state)))

    def drive(self, values: Any, input: str | None = None) -> None:
        """Set the injected input from now on: one number or one per neuron, in the input's unit."""
        model = self._population.model
        inputs = {i.name: i.unit for i in model.model.inputs} if self._population.is_neuron else {}  # type: ignore[union-attr]
        if not inputs:
            raise NetworkError(f"population {self._population.name!r}", "has no input to drive")
        name = next(iter(inputs)) if input is None else input
        if not is_one_of(name, inputs):
            raise NetworkError(
                f"population {self._population.name!r}", f"has no input {brief(name)}", fix=did_you_mean(name, inputs)
            )
        self._run._backend.set_drive(self._index, name, self._per_neuron(values, name, inputs[name]))

    def set(self, **params: Any) -> None:
        """Set a source's parameters from now on, ``run["x"].set(rate=rates)``: one number or one per neuron."""
        model = self._population.model
        if not isinstance(model, Configured) or not isinstance(model.model, SourceModel):
            raise NetworkError(f"population {self._population.name!r}", "only the parameters of a source can be set")
        accepted = {}
        for name, value in params.items():
            known = {param.name: param for param in model.model.params}
            if name not in known:
                raise ParameterError(model.model.name, f"has no parameter {brief(name)}", fix=did_you_mean(name, known))
            checked = known[name].accept(value, model.model.name)
            accepted[name] = self._per_neuron(checked, name, known[name].unit)
        self._run._backend.set_source(self._index, accepted)

    def set_spikes(self, times: Any, ids: Any) -> None:
        """Give a source of SpikeTimes its spikes from now on, at ``times`` ms of the run's own clock, all of them after ``t``."""
        if not isinstance(self._population.model, SpikeTimes):
            raise NetworkError(f"population {self._population.name!r}", "was not made from SpikeTimes")
        spikes = SpikeTimes(times, ids)
        where, dt = f"population {self._population.name!r}", self._run.plan.dt
        spikes.check(self._population.n, dt, where)
        if spikes.times.size and to_steps(spikes.times.min(), dt) <= to_steps(self._run.t, dt):
            raise ParameterError(
                where, f"its spikes must come after t = {self._run.t:g} ms", f"{spikes.times.min():g} ms",
                "give the times on the run's own clock, as run.t + times",
            )  # fmt: skip
        self._run._backend.set_source(self._index, spikes)

    def _unit(self, state: str) -> str:
        """The unit of a state: of the neuron, of its intrinsic rules, or, with the suffix of its port, of a receptor."""
        population = self._population
        known: dict[str, str] = {}
        system = self._run.plan.populations[self._index].system
        if system and isinstance(population.model, Configured):
            for port in system.ports:
                of_weight = {"weight": weight_unit(port.receptor)}
                known |= {f"{s.name}{port.suffix}": of_weight.get(s.unit, s.unit) for s in port.receptor.model.states}
            owners = (population.model, *population.plasticity)
            known |= {entry.name: entry.unit for owner in owners for entry in owner.model.states}
        if not is_one_of(state, known):
            raise NetworkError(
                f"population {population.name!r}", f"has no state {brief(state)}", fix=did_you_mean(state, known)
            )
        return known[state]

    def _per_neuron(self, values: Any, name: str, unit: str) -> np.ndarray:
        where = f"population {self._population.name!r}, {name}"
        array = np.asarray(in_unit(values, unit, where))
        n = self._population.n
        if array.ndim and array.shape != (n,):
            raise NetworkError(where, f"must be one number or {n}, one per neuron", array.shape)
        if not np.isfinite(array).all():
            raise ParameterError(where, "must be finite", "NaN or infinity")
        return np.broadcast_to(array, (n,)).astype(np.float64)


def resume(path: str | Path, models: Any = ()) -> Run:
    """The run that ``Run.save`` wrote, to be carried on bit for bit; models of your own are given in ``models``.

    Raises CheckpointError where the file is damaged or holds something else.
    """
    import importlib

    data, arrays = files.read_bundle(path)
    if not isinstance(data, dict) or not {"network", "engine", "options", "notes"} <= data.keys():
        raise CheckpointError(str(path), "must be a saved run", "a file of another kind")
    if not isinstance(data["options"], dict) or not isinstance(data["notes"], dict):
        raise CheckpointError(str(path), "must be a saved run", "options or notes that are none")
    if data.get("format") != FORMAT:
        raise CheckpointError(str(path), f"must be of format {FORMAT}", brief(data.get("format")))
    network = Network.from_dict(data["network"], models)
    run = importlib.import_module("maichong.engines").build(network, data["engine"], **data["options"])
    try:
        run._restore(arrays)
        run.notes = data["notes"]
    except (KeyError, ValueError) as error:
        raise CheckpointError(str(path), "must fit the network that it holds", str(error)) from None
    return run
