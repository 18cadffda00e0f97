"""One population of a run: its states, drives, rates and recordings, seen and set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from maichong.engines.delays import given_stamps, to_steps
from maichong.engines.recording import Samples, Spikes, probe_for
from maichong.errors import NetworkError, ParameterError, brief, did_you_mean, is_one_of
from maichong.network import Population, Probe, SpikeTimes
from maichong.spec import Configured, SourceModel
from maichong.spec.quantities import in_unit
from maichong.states import full_name

if TYPE_CHECKING:
    from maichong.engines.run import Run


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
        return probe_for(self._run.plan.probes, self._population.name, what)

    def __getitem__(self, state: str) -> np.ndarray:
        """A state as it is now, float64 [n]; by its name, as ``net.probe`` takes it."""
        return self._run._backend.get_state(self._index, self._place(state)[0])

    def __setitem__(self, state: str, values: Any) -> None:
        """Set a state: one number or one per neuron."""
        name, unit = self._place(state)
        self._run._backend.set_state(self._index, name, self._per_neuron(values, name, unit))

    def drive(self, values: Any, input: str | None = None) -> None:
        """Set the injected input from now on: one number or one per neuron, in the input's unit.

        Where Steps are scheduled, what is set holds until the next of their times.
        """
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
        """Set a source's parameters from now on, ``run["x"].set(rate=rates)``: one number or one per neuron.

        Where Steps are scheduled, what is set holds until the next of their times.
        """
        entry = self._run.plan.populations[self._index]
        model = self._population.model
        if not isinstance(model, Configured) or not isinstance(model.model, SourceModel):
            raise NetworkError(f"population {self._population.name!r}", "only the parameters of a source can be set")
        accepted = {}
        for name, value in params.items():
            known = {param.name: param for param in model.model.params}
            if name not in known:
                raise ParameterError(model.model.name, f"has no parameter {brief(name)}", fix=did_you_mean(name, known))
            checked = known[name].accept(value, model.model.name)
            each = self._per_neuron(checked, name, known[name].unit)
            if (each[entry.trains :] != each[0]).any():
                where = f"population {entry.name!r}, {name}"
                raise NetworkError(where, "must be one number for all neurons, which copy one hidden train", brief(value))
            accepted[name] = each[: entry.trains]
        now = {**self._run._backend.source_params(self._index), **accepted}
        model.model.check_chance(now, self._run.plan.dt, f"population {entry.name!r}")
        self._run._backend.set_source(self._index, accepted)

    def set_spikes(self, times: Any, ids: Any) -> None:
        """Give a source of SpikeTimes its spikes from now on, at ``times`` ms of the run's own clock, all of them after ``t``."""
        if not isinstance(self._population.model, SpikeTimes):
            raise NetworkError(f"population {self._population.name!r}", "was not made from SpikeTimes")
        spikes = SpikeTimes(times, ids, self._population.exact)
        where, dt = f"population {self._population.name!r}", self._run.plan.dt
        spikes.check(self._population.n, dt, where)
        if spikes.times.size and given_stamps(spikes, dt)[0].min() <= to_steps(self._run.t, dt):
            raise ParameterError(
                where, f"its spikes must come after t = {self._run.t:g} ms", f"{spikes.times.min():g} ms",
                "give the times on the run's own clock, as run.t + times",
            )  # fmt: skip
        self._run._backend.set_source(self._index, spikes)

    def _place(self, state: str) -> tuple[str, str]:
        """The full name of a state, and its unit; the symbol of a receptor's state, which plans and snapshots show, is one too."""
        entry = self._run.plan.populations[self._index]
        symbols = {symbol: entry.places[name] for name, symbol in entry.names.items()}
        if not is_one_of(state, symbols):
            state = full_name(state, entry.places, f"population {entry.name!r}", f"has no state {brief(state)}")
        return state, (entry.places.get(state) or symbols[state]).unit

    def _per_neuron(self, values: Any, name: str, unit: str) -> np.ndarray:
        where = f"population {self._population.name!r}, {name}"
        array = np.asarray(in_unit(values, unit, where))
        n = self._population.n
        if array.ndim and array.shape != (n,):
            raise NetworkError(where, f"must be one number or {n}, one per neuron", array.shape)
        if not np.isfinite(array).all():
            raise ParameterError(where, "must be finite", "NaN or infinity")
        return np.broadcast_to(array, (n,)).astype(np.float64)
