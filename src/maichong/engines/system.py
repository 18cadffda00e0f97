"""One population as one dynamical system: the neuron, its receptors and its intrinsic rules put together.

The parts stay the plain functions of their files. What is built here is a list of calls: which function, which symbols go in,
which come out. An engine evaluates, reads or writes down that list in its own way; nobody repeats an equation.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.errors import EngineError
from maichong.network import Population
from maichong.spec import Configured, Escape, IntrinsicModel, NeuronModel, ReceptorModel
from maichong.spec.escape import HAZARDS
from maichong.spec.model import Function, names
from maichong.spec.reading import arguments
from maichong.spec.receptor_model import unblocked
from maichong.spec.soundness import refuse_mixed_units, refuse_unsound


def ohmic(g, v, e_rev):
    """The current through a conductance g at the voltage v."""
    return g * (e_rev - v)


def coupling(pull, g_gap, v):
    """The current through gap junctions of g_gap in all: ``pull`` is the sum of conductances times the others' potentials."""
    return pull - g_gap * v


def plus(a, b):
    """The sum of two currents."""
    return a + b


def keep_excess(v_reset, excess):
    """A soft reset: what was above the threshold stays."""
    return v_reset + excess


GAP = "gap"
"""The drive by which the others' potentials come in through gap junctions; an engine works it out anew in each step."""


@dataclass(frozen=True)
class Call:
    """``results = function(*args)``, all by symbol."""

    function: Function
    args: tuple[str, ...]
    results: tuple[str, ...]


def evaluate(calls: Sequence[Call], env: dict[str, Any], reading: Callable[[Function], Function] | None = None) -> None:
    """Run the calls on ``env``, adding their results; ``reading`` may exchange each function for its like."""
    for call in calls:
        function = reading(call.function) if reading else call.function
        value = function(*(env[name] for name in call.args))
        values = value if isinstance(value, tuple) else (value,)
        env.update(zip(call.results, values, strict=True))


@dataclass(frozen=True)
class Port:
    """One receptor of a population: all projections with an equal receptor on the same input share it."""

    receptor: Configured
    input: str | None
    suffix: str
    jumps: tuple[tuple[str, float], ...]
    """(state, jump per unit weight) at the arrival of a spike."""
    gated: bool = False
    """Whether what arrives while the target is refractory is lost: a jump of a membrane that is held."""


@dataclass(frozen=True)
class System:
    """A population's states, parameters and calls.

    ``derivative`` gives ``d_<state>`` for each state, ``fires`` gives ``excess``, ``reset`` gives ``reset_<state>`` for the
    states that a spike changes, ``recover`` ``recovered_<state>`` for those that the end of the
    refractory period changes. ``noises`` names the symbol of each noise current. ``learned`` are the states of intrinsic rules:
    they move only while learning. ``crossing`` says that the flow makes the whole spike, which is noticed where ``excess`` rises
    through 0; ``holds``, that the membrane stands still while it is refractory. ``hazard`` gives ``hazard`` from ``excess``, of
    neurons with escape noise: these fire by chance.
    """

    neuron: Configured
    membrane: str
    own: tuple[str, ...]
    states: tuple[str, ...]
    learned: tuple[str, ...]
    params: Mapping[str, float | np.ndarray]
    drives: Mapping[str, str]
    ports: tuple[Port, ...]
    derivative: tuple[Call, ...]
    fires: tuple[Call, ...]
    reset: tuple[Call, ...]
    recover: tuple[Call, ...]
    crossing: bool
    holds: bool
    noises: Mapping[str, str] = field(default_factory=dict)
    hazard: tuple[Call, ...] = ()

    @property
    def held(self) -> tuple[str, ...]:
        """The symbols of what stays as it is within a step: drives and noise currents."""
        return (*self.drives.values(), *self.noises.values())

    def symbols(self) -> tuple[str, ...]:
        """All symbols that have a value before a step."""
        return (*self.states, *self.params, *self.held)

    def symbol(self, name: str) -> str:
        """The symbol of a state or drive; that of an intrinsic rule's state carries a suffix."""
        return next((symbol for symbol in self.learned if _bare(symbol) == name), name)


def compose(
    population: Population,
    ports: Sequence[tuple[Configured, str | None]],
    draw: Callable[..., Any],
    g_gap: np.ndarray | None = None,
    noises: Mapping[str, str] | None = None,
) -> System:
    """Put the population's neuron, receptors, noise currents and intrinsic rules together.

    ``draw(value, what)`` settles distributions; ``g_gap`` is what each neuron's gap junctions conduct in all, None where it has
    none; ``noises`` maps the name of each noise current to the input that takes it.
    """
    neuron = population.model
    assert isinstance(neuron, Configured) and isinstance(neuron.model, NeuronModel)
    model = neuron.model
    refuse_unsound(model, by_chance=isinstance(neuron.options.get("escape"), Escape))
    membrane, holds = model.membrane, model.holds and model.reset is not None
    own = names(model.states)
    states: list[str] = list(own)
    learned: list[str] = []
    params: dict[str, float | np.ndarray] = {
        name: draw(value, name) for name, value in neuron.values.items() if name != "t_ref"
    }
    drives = {entry.name: f"drive_{entry.name}" for entry in model.inputs}
    outputs, sums, flows = [], [], []

    totals = dict(drives)
    if g_gap is not None:
        params["g_gap"] = g_gap
        first, drives[GAP] = model.inputs[0].name, f"drive_{GAP}"
        sums += [
            Call(coupling, (drives[GAP], "g_gap", membrane), ("current_gap",)),
            Call(plus, (totals[first], "current_gap"), (f"{drives[first]}_{GAP}",)),
        ]
        totals[first] = f"{drives[first]}_{GAP}"
    built: list[Port] = []
    for k, (receptor, target) in enumerate(ports):
        part = receptor.model
        assert isinstance(part, ReceptorModel)
        refuse_mixed_units(part)
        suffix = f"_p{k}"
        local = {name: name + suffix for name in (*names(part.params), *names(part.states))}
        params |= {name + suffix: float(value) for name, value in receptor.values.items() if value is not None}  # type: ignore[arg-type]
        gated = part.jumps_membrane and holds
        built.append(Port(receptor, target, suffix, _jumps(receptor, membrane, suffix), gated))
        if part.jumps_membrane or part.flow is None or part.output is None:
            continue
        assert target is not None
        seen = model.potential(target)
        states += [name + suffix for name in names(part.states)]
        bind = {**local, "v": seen}
        outputs.append(_call(part.output, bind, (f"out{suffix}",)))
        current = f"out{suffix}"
        if receptor.values.get("mg") is not None:
            outputs.append(Call(unblocked, (current, seen, f"mg{suffix}"), (f"open{suffix}",)))
            current = f"open{suffix}"
        if receptor.values.get("e_rev") is not None:
            outputs.append(Call(ohmic, (current, seen, f"e_rev{suffix}"), (f"current{suffix}",)))
            current = f"current{suffix}"
        total = f"{drives[target]}{suffix}"
        sums.append(Call(plus, (totals[target], current), (total,)))
        totals[target] = total
        flows.append(_call(part.flow, local, tuple(f"d_{name}{suffix}" for name in names(part.states))))

    currents: dict[str, str] = {}
    for k, (name, target) in enumerate((noises or {}).items(), len(ports)):
        currents[name] = f"{target}_p{k}"  # numbered on from the receptors, whose states are called so
        total = f"{drives[target]}_p{k}"
        sums.append(Call(plus, (totals[target], currents[name]), (total,)))
        totals[target] = total

    effective = {name: name for name in names(model.params)}
    modulations, jumps = [], []
    for k, rule in enumerate(population.plasticity):
        part = rule.model
        assert isinstance(part, IntrinsicModel)
        refuse_mixed_units(part, model.param(part.target).unit)
        suffix = f"_h{k}"
        local = {name: name + suffix for name in (*names(part.params), *names(part.states))}
        params |= {name + suffix: draw(value, name) for name, value in rule.values.items()}
        mine = [name + suffix for name in names(part.states)]
        states += mine
        learned += mine
        result = f"{part.target}{suffix}"
        modulations.append(_call(part.modulate, {**local, "value": effective[part.target]}, (result,)))
        effective[part.target] = result
        flows.append(_call(part.flow, local, tuple(f"d_{name}" for name in mine)))
        jumps.append(_call(part.on_spike, local, tuple(f"reset_{name}" for name in mine)))

    _check_joined(population.name, states, (*states, *drives.values(), *currents.values(), "one"))
    bind = {**{name: name for name in own}, **effective, **totals}
    flows.insert(0, _call(model.flow, bind, tuple(f"d_{name}" for name in own)))
    fires = _call(model.fires, bind, ("excess",))
    hazard: tuple[Call, ...] = ()
    if isinstance(escape := neuron.options.get("escape"), Escape):
        params |= {"escape_rho_0": escape.rho_0, "escape_delta_u": escape.delta_u}
        hazard = (Call(HAZARDS[escape.hazard], ("excess", "escape_rho_0", "escape_delta_u"), ("hazard",)),)
    reset: list[Call] = []
    recover: list[Call] = []
    if model.reset and neuron.options["reset"] != "none":
        soft = neuron.options["reset"] == "soft"
        landing = f"hard_{membrane}" if soft else f"reset_{membrane}"
        results = tuple(landing if name == membrane else f"reset_{name}" for name in own)
        reset = [*_needed(modulations, model.reset), _call(model.reset, bind, results)]
        if soft:
            reset += [Call(keep_excess, (landing, "excess"), (f"reset_{membrane}",))]
        if model.recover:
            results = tuple(f"recovered_{name}" for name in own)
            recover = [*_needed(modulations, model.recover), _call(model.recover, bind, results)]
    return System(
        neuron=neuron,
        membrane=membrane,
        own=own,
        states=tuple(states),
        learned=tuple(learned),
        params=params,
        drives=drives,
        ports=tuple(built),
        derivative=(*outputs, *sums, *_needed(modulations, model.flow), *flows),
        fires=(*_needed(modulations, model.fires), fires),
        reset=(*reset, *jumps),
        recover=tuple(recover),
        crossing=model.reset is None,
        holds=holds,
        noises=currents,
        hazard=hazard,
    )


def _check_joined(population: str, states: Sequence[str], sources: Sequence[str]) -> None:
    """EngineError where the names of two propagator coefficients, state_source, would be one."""
    known: dict[str, tuple[str, str]] = {}
    for state, source in itertools.product(states, sources):
        other = known.setdefault(f"{state}_{source}", (state, source))
        if other != (state, source):
            raise EngineError(
                f"population {population!r}",
                f"the names of its states {', '.join(map(repr, other))} and {state!r}, {source!r} join to one, "
                f"{state}_{source}, which a kernel could not tell apart",
                fix="choose another name for one of them",
            )


def _needed(modulations: Sequence[Call], function: Function) -> Sequence[Call]:
    """The modulations that ``function`` sees: those of parameters that it asks for."""
    asked = arguments(function)
    return [call for call in modulations if _bare(call.results[0]) in asked]


def _bare(symbol: str) -> str:
    """The declared name of what ``compose`` has given the suffix of an intrinsic rule."""
    return symbol.rpartition("_h")[0]


def _call(function: Function, bind: Mapping[str, str], results: tuple[str, ...]) -> Call:
    return Call(function, tuple(bind[name] for name in arguments(function)), results)


def _jumps(receptor: Configured, membrane: str, suffix: str) -> tuple[tuple[str, float], ...]:
    """The jump of each state at the arrival of a unit weight; the jumps are linear in the weight by contract."""
    part = receptor.model
    assert isinstance(part, ReceptorModel)
    if part.source:
        # what jumps hangs on the source: see engines/release.py
        return tuple((name + suffix, 1.0) for name in part.jumping)
    values = {**receptor.values, "w": 1.0}
    result = part.arrive(*(values[name] for name in arguments(part.arrive)))
    amounts = result if isinstance(result, tuple) else (result,)
    targets = [membrane] if part.jumps_membrane else [name + suffix for name in names(part.states)]
    return tuple((state, float(amount)) for state, amount in zip(targets, amounts, strict=True) if float(amount) != 0.0)
