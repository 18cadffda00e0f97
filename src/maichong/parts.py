"""The parts of a network as plain data: populations, projections, given spikes; how they are checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief, did_you_mean, is_one_of
from maichong.spec import (
    Configured,
    Distribution,
    IntrinsicModel,
    NeuronModel,
    SourceModel,
)
from maichong.spec.quantities import in_unit, whole_numbers
from maichong.spec.steps import MOST_STEPS, Steps, off_grid
from maichong.topology import Connector


def whole_steps(ms: float, dt: float) -> int | None:
    """``ms`` in steps of ``dt``, None where that is no whole number: see ``off_grid``."""
    return None if off_grid(ms, dt) else round(ms / dt)


def stamped(ms: Any, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Times off the grid: the end of the step that each lies in, as a stamp in steps, int64, and how many ms before it, in [0, dt].

    What is a whole number of steps but for the rounding of a double is one.
    """
    times = np.asarray(ms, np.float64)
    near = np.rint(times / dt)
    whole = np.abs(near * dt - times) <= 4 * np.spacing(times)
    stamps = np.where(whole, near, np.ceil(times / dt))
    return stamps.astype(np.int64), np.where(whole, 0.0, np.clip(stamps * dt - times, 0.0, dt))


@dataclass(frozen=True, eq=False)
class SpikeTimes:
    """Given spikes: neuron ``ids[k]`` of a source fires at ``times[k]`` ms.

    Times are rounded to the grid of dt; a neuron fires at most once in a step, so those of its times that fall on one step
    become one spike. ``exact`` ones keep their times, for targets with exact spike times; for all else they are stamped at the
    end of their step.
    """

    times: np.ndarray
    ids: np.ndarray
    exact: bool = False

    def __post_init__(self) -> None:
        times = np.atleast_1d(in_unit(self.times, "ms", "SpikeTimes.times"))
        ids = np.atleast_1d(in_unit(self.ids, "", "SpikeTimes.ids"))
        if times.shape != ids.shape or times.ndim != 1:
            raise ParameterError("SpikeTimes", "times and ids must be equally long lists", f"{times.shape} and {ids.shape}")
        if not np.isfinite(times).all() or (times < 0).any():
            raise ParameterError("SpikeTimes.times", "must be finite and >= 0 ms")
        if (times >= 2**53).any():
            raise ParameterError("SpikeTimes.times", "must be below 2**53 ms", f"{times.max():g}")
        whole = whole_numbers(ids)
        if whole is None or (whole < 0).any():
            raise ParameterError("SpikeTimes.ids", "must be whole numbers >= 0")
        if not isinstance(self.exact, (bool, np.bool_)):
            raise ParameterError("SpikeTimes.exact", "must be True or False", brief(self.exact))
        times.setflags(write=False)
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "ids", whole)
        object.__setattr__(self, "exact", bool(self.exact))

    def check(self, n: int, dt: float, where: str) -> None:
        """Raise where a source of ``n`` cells, on a grid of ``dt`` ms, cannot fire so."""
        if self.ids.size and self.ids.max() >= n:
            raise NetworkError(where, f"spike ids must be below {n}", int(self.ids.max()))
        if self.times.size and self.times.max() / dt >= MOST_STEPS:
            raise ParameterError(where, f"spike times must be below 2**62 steps of {dt:g} ms", f"{self.times.max():g} ms")
        if self.exact:
            pairs, counts = np.unique(np.stack([stamped(self.times, dt)[0], self.ids]), axis=1, return_counts=True)
            if (counts > 1).any():
                stamp, neuron = pairs[:, np.argmax(counts > 1)]
                twice = f"neuron {neuron} may fire once in a step of {dt:g} ms where spike times are exact"
                raise ParameterError(where, twice, f"two spikes by {stamp * dt:g} ms", "use a smaller dt")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SpikeTimes) or self.exact != other.exact:
            return False
        return np.array_equal(self.times, other.times) and np.array_equal(self.ids, other.ids)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Population:
    """``n`` neurons, or sources, of one model.

    ``init`` sets states at the start, ``drive`` the input; both one number, one per neuron or a distribution, a drive also Steps.
    ``plasticity`` holds intrinsic rules such as HomeostaticThreshold; ``sign`` is "excitatory" or "inhibitory" where all synapses
    of a neuron have one sign (Dale's principle), else None.
    """

    name: str
    model: Configured | SpikeTimes
    n: int
    init: Mapping[str, Any] = field(default_factory=dict)
    drive: Mapping[str, Any] = field(default_factory=dict)
    plasticity: tuple[Configured, ...] = ()
    sign: str | None = None

    @property
    def is_neuron(self) -> bool:
        """Whether the population integrates input (False: a source)."""
        return isinstance(self.model, Configured) and isinstance(self.model.model, NeuronModel)

    @property
    def exact(self) -> bool:
        """Whether its spikes keep their times off the grid."""
        return self.model.exact if isinstance(self.model, SpikeTimes) else self.model.options.get("spike_times") == "exact"


@dataclass(frozen=True)
class Projection:
    """Synapses from one population onto another, all with one receptor and the same rules.

    ``weight`` (in the receptor's unit) and ``delay`` (ms, >= dt) are one number, one per synapse, a matrix [pre, post] (what
    it says where there is no synapse does not count) or a distribution. A spike stamped t acts from t + delay on; without a
    delay (None), from t on. ``dendritic_delay`` (ms, >= 0) is added to it on the way to the soma, and is the time that a spike of
    the target takes back to the synapse. ``input`` names the input of the target that receives the current; ``short_term`` says
    which part of the weight a spike releases. ``keeps`` is 1 or -1 where all weights have this sign, whatever rules do, else 0.
    """

    name: str
    pre: str
    post: str
    connector: Connector
    weight: Any
    delay: Any
    receptor: Configured
    plasticity: tuple[Configured, ...] = ()
    input: str | None = None
    short_term: Configured | None = None
    dendritic_delay: Any = None
    keeps: int = 0


@dataclass(frozen=True)
class Background:
    """Poisson events from outside onto ``target``: independent for each neuron, at ``rate`` Hz, each of ``weight``.

    Both are one number, one for each neuron or a distribution, the rate also Steps. In one step a neuron may receive many.
    """

    name: str
    target: str
    rate: Any
    weight: Any
    receptor: Configured
    input: str | None = None


@dataclass(frozen=True)
class Noise:
    """A noise current onto an ``input`` of ``target``: dI = (mean - I) / tau dt + sigma sqrt(2 / tau) dW, for each neuron its own.

    ``mean`` and ``sigma`` are in the input's unit, ``tau`` in ms; each is one number, one for each neuron or a distribution. Where
    ``tau`` is the number 0 it is white noise, I dt = mean dt + sigma dW, and ``sigma`` in the input's unit times sqrt(ms).
    """

    name: str
    target: str
    mean: Any
    sigma: Any
    tau: Any
    input: str

    @property
    def white(self) -> bool:
        """Whether it is white."""
        return is_white(self.tau)


@dataclass(frozen=True)
class GapJunctions:
    """Electrical coupling of neurons of ``a`` and ``b``: each pair of ``connector`` by ``conductance`` nS, in both directions."""

    name: str
    a: str
    b: str
    connector: Connector
    conductance: Any


def is_white(tau: Any) -> bool:
    """Whether noise of this time constant is white: of the number 0, for then the unit of its sigma is another."""
    return isinstance(tau, float) and tau == 0.0


def check_name(name: object, where: str) -> None:
    """Raise NetworkError where ``name`` is no text that a message can show and a file can hold."""
    if not isinstance(name, str) or not name or name.encode(errors="ignore").decode() != name:
        raise NetworkError(where, "needs a name", brief(name))


def settle_drive(model: Configured | SpikeTimes, drive: Any, where: str) -> dict[str, Any]:
    if drive is None:
        return {}
    inputs = input_names(model)
    if not inputs:
        raise NetworkError(where, "its model has no input to drive", brief(drive))
    by_name = dict(drive) if isinstance(drive, Mapping) else {inputs[0]: drive}
    for name in by_name:
        if not is_one_of(name, inputs):
            raise NetworkError(where, f"has no input {brief(name)}", fix=did_you_mean(name, inputs))
    return by_name


def input_names(model: Configured | SpikeTimes) -> tuple[str, ...]:
    if isinstance(model, Configured) and isinstance(model.model, NeuronModel):
        return tuple(entry.name for entry in model.model.inputs)
    return ()


def takes_current(model: Configured | SpikeTimes) -> bool:
    """Whether the first input of a model is a current in pA."""
    inputs = model.model.inputs if isinstance(model, Configured) and isinstance(model.model, NeuronModel) else ()
    return bool(inputs) and inputs[0].unit == "pA"


def takes_at_membrane(model: Configured | SpikeTimes) -> bool:
    """Whether the first input of a neuron comes in at its membrane, and not at a dendrite."""
    if not isinstance(model, Configured) or not isinstance(model.model, NeuronModel):
        return False
    return model.model.potential(model.model.inputs[0].name) == model.model.membrane


def check_population(population: Population, dt: float, where: str) -> None:
    """Check shapes and units of whatever is given per neuron, and times; what is given is replaced by plain numbers."""
    model, n = population.model, population.n
    if isinstance(model, SpikeTimes):
        if population.init or population.plasticity:
            raise NetworkError(where, "given spikes have neither states nor plasticity")
        return
    for rule in population.plasticity:
        assert isinstance(rule.model, IntrinsicModel)
        targets = [param.name for param in model.model.params]
        if rule.model.target not in targets:
            raise NetworkError(where, f"{rule.model.name} modulates {rule.model.target!r}, which {model.model.name} lacks")
    if isinstance(model.model, SourceModel):
        model.model.check_chance(model.values, dt, where)
    for owner in (model, *population.plasticity):
        for name, value in owner.values.items():
            if isinstance(value, np.ndarray) and value.shape != (n,):
                raise NetworkError(where, f"{name} must be one number or {n}, one per neuron", value.size)
            if isinstance(value, Steps):
                value.check(n, dt, f"{where}, {name}")
    states = [state.name for owner in (model, *population.plasticity) for state in owner.model.states]
    for name in states:
        if states.count(name) > 1:
            raise NetworkError(where, f"two of its parts have a state {name!r}", fix="declare one with another name")
    units = {state.name: state.unit for owner in (model, *population.plasticity) for state in owner.model.states}
    _accept(population.init, units, n, f"{where}, init")  # type: ignore[arg-type]
    if isinstance(model.model, NeuronModel):
        inputs = {entry.name: entry.unit for entry in model.model.inputs}
        _accept(population.drive, inputs, n, f"{where}, drive", dt)  # type: ignore[arg-type]


def _accept(values: dict[str, Any], units: Mapping[str, str], n: int, where: str, dt: float | None = None) -> None:
    """Check what is given by name; with ``dt`` it may change in time."""
    for name, value in values.items():
        if not is_one_of(name, units):
            raise NetworkError(where, f"there is no {brief(name)}", fix=did_you_mean(name, units))
        if isinstance(value, Distribution):
            if value.of_pairs:
                said = f"{name} is one value per neuron, and a DistanceKernel gives one per synapse"
                raise NetworkError(where, said, brief(value))
            continue
        if isinstance(value, Steps) and dt is not None:
            values[name] = value.in_unit(units[name], f"{where}[{name!r}]")
            values[name].check(n, dt, f"{where}[{name!r}]")
            continue
        number = in_unit(value, units[name], f"{where}[{name!r}]")
        array = np.asarray(number)
        if array.ndim and array.shape != (n,):
            raise NetworkError(where, f"{name} must be one number or {n}, one per neuron", array.shape)
        if not np.isfinite(array).all():
            raise ParameterError(f"{where}[{name!r}]", "must be finite", "NaN or infinity")
        values[name] = number
