"""Network -> flat arrays and an ordered schedule: the only place where the order within a step is defined.

A step k takes the network from t_k = k dt to t_{k+1}:

1. ``release``: what the spikes stamped t_k release at the synapses of their source is worked out, where that is not the weight;
   ``deliver``: spikes that arrive at t_k act on their receptors, with the weight as it is; then the rules' ``on_pre``;
   ``background``: so do the Poisson events from outside that fall into the step;
2. ``jump``: the traces of the spikes that arrived, or were fired, at t_k jump: after they were read;
3. ``couple``: what gap junctions will see of other membranes over the step is found by trying it;
   ``advance``: sources and neurons go on to t_{k+1}: integrate, hold the refractory, test the threshold, reset; a spike is
   stamped t_{k+1}; a population with exact spike times goes through the step from event to event; ``noise``: so do noise
   currents, which were held until now;
4. ``decay``: traces go on to t_{k+1};
5. ``learn``: ``on_post`` for the spikes stamped t_{k+1}, with traces that do not know them yet; then ``on_step``;
6. ``record``;
7. ``change``: what is scheduled for t_{k+1} begins: drives and the parameters of sources. What the user sets by hand at t_{k+1}
   comes after, and holds until the next scheduled change. The rates of backgrounds are looked up when they are used.

A dendritic delay D puts the soma D after the synapse: what arrives at a synapse at t acts on the membrane from t + D on, and rules
see a spike of the target D after its stamp.

Where spike times are exact a spike has a stamp, the end of its step, and a time, so many ms *before* it. All that lives on the
grid knows the stamp: rules, short-term plasticity, targets on the grid. Where the spike times of both ends are exact, ``deliver``
takes what arrives within this step, at its time + delay in (t_k, t_{k+1}], so with the stamp t_{k+1} - delay: after the rules'
``on_pre``, which is for what arrived before.

So an event that arrives at t acts from t on, a spike stamped t with delay d arrives at t + d (as in NEST and Brian2), one without
a delay at its own stamp (as in Brian2: the step that noticed it is over, so there is no loop), and pre and post at the same
instant both read old traces.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.engines.background import BackgroundPlan, check_rate
from maichong.engines.courses import Course
from maichong.engines.gaps import Coupling, Junctions, conductances, coupling, pulls
from maichong.engines.integration import choose
from maichong.engines.noise import NoisePlan, normal
from maichong.engines.off_grid import off_grid_of
from maichong.engines.population_plan import PopulationPlan
from maichong.engines.projection_plan import ProjectionPlan
from maichong.engines.streams import generator, stream_of
from maichong.engines.system import Port, System, compose
from maichong.errors import EngineError, NetworkError, ParameterError, brief
from maichong.network import Background, GapJunctions, Network, Noise, Population, Probe, Projection, SpikeTimes
from maichong.probes import COUNTS, SPIKES
from maichong.spec import Configured, Distribution, RuleModel, SourceModel, State, Steps
from maichong.spec.reading import arguments
from maichong.spec.soundness import refuse_mixed_units
from maichong.states import Place, full_name
from maichong.synapses.delta import Delta

ORDER = ("release", "deliver", "background", "jump", "couple", "advance", "noise", "decay", "learn", "record", "change")
"""The phases of a step, in order."""


@dataclass(frozen=True)
class Operation:
    """One item of the schedule: what to do (a word of ORDER) with which population, projection or probe."""

    phase: str
    kind: str
    index: int


@dataclass(frozen=True)
class Plan:
    """A network ready to be run by any engine.

    ``probes`` are recorded by the engine, ``weight_probes`` by the run, between two steps.
    """

    network: Network
    dt: float
    populations: tuple[PopulationPlan, ...]
    projections: tuple[ProjectionPlan, ...]
    backgrounds: tuple[BackgroundPlan, ...]
    probes: tuple[Probe, ...]
    schedule: tuple[Operation, ...]
    weight_probes: tuple[Probe, ...] = ()
    coupling: Coupling = field(default_factory=Coupling)
    noises: tuple[NoisePlan, ...] = ()

    def noise_starts(self, population: str) -> dict[str, np.ndarray]:
        """What the noise currents of a population are at t = 0, float64 [n], by the symbol of each."""
        return {entry.symbol: entry.start for entry in self.noises if entry.target == population}

    def index(self, population: str) -> int:
        """The place of the population called so."""
        return next(k for k, entry in enumerate(self.populations) if entry.name == population)

    @property
    def clocks(self) -> dict[str, int]:
        """The steps between two ticks of each clock that rules act by."""
        ticking = {
            entry.clock(rule): float(rule[rule.model.every])
            for entry in self.projections
            for rule in entry.rules
            if isinstance(rule.model, RuleModel) and rule.model.every
        }
        return {name: round(period / self.dt) for name, period in ticking.items() if name}

    def describe(self) -> str:
        """The schedule and the integration of each population in words: what is exact and what is not."""
        lines = [f"dt {self.dt:g} ms; within a step: {' -> '.join(ORDER)}"]
        for entry in self.populations:
            what = entry.integration.describe(entry.system) if entry.system and entry.integration else "source"
            drive = "drive of " if entry.system else ""
            scheduled = "".join(f"; {course.describe(drive + name)}" for name, course in entry.courses.items())
            lines.append(f"{entry.name}: {what}{';' if entry.system else ','} {self._spikes(entry)}{scheduled}")
        for entry in self.projections:
            late = f"delays up to {entry.longest * self.dt:g} ms, rounded to the grid" if entry.longest else "no delay"
            if entry.longest_dendritic:
                late += f", on dendrites up to {entry.longest_dendritic * self.dt:g} ms more"
            lines.append(f"{entry.name}: {entry.size:,} synapses, {late}{self._arrivals(entry)}")
        for entry in (*self.backgrounds, *self.noises):
            lines.append(entry.describe())
        if self.coupling.pulls:
            number = sum(pull.g.size for pull in self.coupling.pulls) // 2
            lines.append(
                f"gap junctions: {number:,}, solved inside the step by {self.coupling.tries} tries of it, order two in dt"
            )
        return "\n".join(lines)

    def _spikes(self, entry: PopulationPlan) -> str:
        if entry.system and entry.system.hazard:
            return "spikes by chance, drawn once a step"
        if not entry.off_grid:
            return "spike times exact" if entry.exact else "spikes on the grid"
        mine = [p for p in self.projections if self.populations[p.post_population] is entry]
        exact, others = ([self.populations[p.pre_population].name for p in mine if p.exact == kind] for kind in (True, False))
        others += [b.name for b in self.backgrounds if self.populations[b.population] is entry]
        words = "spike times exact, also of crossings that fall back within a step"
        for names, where in ((exact, "exact"), (others, "on the grid")):
            if names:
                words += f"; arrivals {where} from {', '.join(dict.fromkeys(names))}"
        return words

    def _arrivals(self, entry: ProjectionPlan) -> str:
        if not self.populations[entry.pre_population].exact:
            return ""
        words = "; arrivals at exact times" if entry.exact else "; arrivals on the grid, from the stamp of a spike on"
        seen = [what for what, there in (("rules", entry.rules), ("short-term plasticity", entry.release)) if there]
        return f"{words}; {' and '.join(seen)} by stamps" if seen else words


def plan(network: Network) -> Plan:
    """Draw what is random, settle who connects to whom, choose the integrators and order the step."""
    if not network.populations:
        raise NetworkError("network", "needs at least one population", fix="add one with net.population(...)")
    order = list(network.populations)
    ports = {name: ports_of(network, name) for name in order}
    port_of = {p.name: ports[p.post].index((p.receptor, p.input)) for p in network.projections.values()}
    port_of |= {b.name: ports[b.target].index((b.receptor, b.input)) for b in network.backgrounds.values()}
    longest = dict.fromkeys(order, 0)
    drafts = []
    for projection in network.projections.values():
        draft = draft_projection(network, projection)
        pulse = draft.release.pulse if draft.release else 0
        longest[projection.pre] = max(longest[projection.pre], draft.longest + pulse)
        longest[projection.post] = max(longest[projection.post], draft.longest_dendritic)
        drafts.append(draft)
    rows = pulls(network, lambda gap: _junctions(network, gap))
    populations = tuple(
        _population(network, network.populations[name], ports[name], longest[name], conductances(rows, k))
        for k, name in enumerate(order)
    )
    coupled = coupling(rows, {k: entry.system for k, entry in enumerate(populations)}, network.dt, order)
    projections = []
    for draft in drafts:
        system = populations[draft.post_population].system
        assert system is not None
        projections.append(dataclasses.replace(draft, port=system.ports[port_of[draft.name]]))
    probes = tuple(probe for probe in network.probes if probe.projection is None)
    if not network.probes:
        probes = tuple(Probe(name) for name in order)
    for probe in probes:
        where, said = f"probe on {probe.population!r}", f"{brief(probe.what)} cannot be recorded"
        # what it was put on may have been taken away
        full_name(probe.what, populations[order.index(probe.population)].places, where, said, (SPIKES, COUNTS))
    backgrounds = tuple(_background(network, entry, populations, port_of[entry.name]) for entry in network.backgrounds.values())
    noises = tuple(_noise(network, entry, populations) for entry in network.noises.values())
    schedule = _schedule(populations, projections, backgrounds, noises, probes, coupled)
    recorded = (probes, schedule, _weight_probes(network, projections))
    return Plan(network, network.dt, populations, tuple(projections), backgrounds, *recorded, coupled, noises)


def _junctions(network: Network, gap: GapJunctions) -> Junctions:
    """The pairs of gap junctions and their conductances, drawn as those of a projection are."""
    drawn = draft_projection(network, Projection(gap.name, gap.a, gap.b, gap.connector, gap.conductance, None, Delta()))
    i, j = drawn.pairs()
    return i, j, np.broadcast_to(drawn.weights(), i.shape)


def _background(network: Network, entry: Background, populations: Sequence[PopulationPlan], port: int) -> BackgroundPlan:
    index = list(network.populations).index(entry.target)
    target, draw, where = populations[index], _drawer(network, entry.name), f"background {entry.name!r}"
    assert target.system
    rate, weight = (draw(value, what, target.n) for value, what in ((entry.rate, "rate"), (entry.weight, "weight")))
    if isinstance(rate, Steps):
        rate = Course.of(rate, network.dt)
    check_rate(rate, network.dt, where)
    stream = stream_of(entry.name, "background")
    return BackgroundPlan(entry.name, index, target.system.ports[port], target.n, stream, rate, weight, network.dt)


def _noise(network: Network, entry: Noise, populations: Sequence[PopulationPlan]) -> NoisePlan:
    index, draw = list(network.populations).index(entry.target), _drawer(network, entry.name)
    target = populations[index]
    assert target.system
    mean, sigma, tau = (draw(getattr(entry, what), what, target.n) for what in ("mean", "sigma", "tau"))
    stream, dt = stream_of(entry.name, "noise"), network.dt
    if entry.white:
        pull, kick = 1.0, sigma / np.sqrt(dt)
    else:
        pull, kick = -np.expm1(-dt / tau), sigma * np.sqrt(-np.expm1(-2.0 * dt / tau))
    start = mean + (kick if entry.white else sigma) * normal(network.seed, stream, 0, target.n)
    symbol = target.system.noises[entry.name]
    return NoisePlan(
        entry.name, index, entry.target, entry.input, symbol, target.n, stream, mean, pull, kick, start, entry.white
    )


def _weight_probes(network: Network, projections: list[ProjectionPlan]) -> tuple[Probe, ...]:
    probes = tuple(probe for probe in network.probes if probe.projection is not None)
    entries = {entry.name: entry for entry in projections}
    for probe in probes:
        assert probe.projection is not None
        if probe.synapses and max(probe.synapses) >= entries[probe.projection].size:
            most = f"synapses must be indices between 0 and {entries[probe.projection].size - 1}"
            raise NetworkError(f"probe on {probe.projection!r}", most, max(probe.synapses))
    return probes


def ports_of(network: Network, population: str) -> list[tuple[Configured, str | None]]:
    """The receptors of a population, each with the input that its current goes to: one for all projections that agree."""
    arriving = [(p.post, (p.receptor, p.input)) for p in network.projections.values()]
    arriving += [(b.target, (b.receptor, b.input)) for b in network.backgrounds.values()]
    return list(dict.fromkeys(port for target, port in arriving if target == population))


def noises_of(network: Network, population: str) -> dict[str, str]:
    """The noise currents of a population: the input that takes each."""
    return {noise.name: noise.input for noise in network.noises.values() if noise.target == population}


def draft_projection(network: Network, projection: Projection) -> ProjectionPlan:
    """A projection's plan before its target is composed: enough to count and to forecast; nothing is drawn."""
    for part in (*projection.plasticity, *([projection.short_term] if projection.short_term else ())):
        refuse_mixed_units(part.model)
    order = list(network.populations)
    return ProjectionPlan(
        projection.name, order.index(projection.pre), order.index(projection.post), projection,
        Port(projection.receptor, projection.input, "", ()), network.populations[projection.pre].n,
        network.populations[projection.post].n, network.dt, network.seed,
        network.populations[projection.pre].exact and network.populations[projection.post].exact,
    )  # fmt: skip


def _schedule(
    populations: tuple[PopulationPlan, ...],
    projections: list[ProjectionPlan],
    backgrounds: tuple[BackgroundPlan, ...],
    noises: tuple[NoisePlan, ...],
    probes: tuple[Probe, ...],
    coupled: Coupling,
) -> tuple[Operation, ...]:
    learning = [k for k, entry in enumerate(projections) if entry.spike_rule]
    phases = {
        "release": [("projection", k) for k, entry in enumerate(projections) if entry.release],
        "deliver": [("projection", k) for k in range(len(projections))],
        "background": [("background", k) for k in range(len(backgrounds))],
        "jump": [("projection", k) for k in learning],
        "couple": [("coupling", 0)] if coupled.pulls else [],
        "advance": [("population", k) for k in range(len(populations))],
        "noise": [("noise", k) for k in range(len(noises))],
        "decay": [("projection", k) for k in learning],
        "learn": [("projection", k) for k in learning],
        "record": [("probe", k) for k in range(len(probes))],
        "change": [("population", k) for k, entry in enumerate(populations) if entry.courses],
    }
    return tuple(Operation(phase, kind, k) for phase in ORDER for kind, k in phases[phase])


def _drawer(network: Network, owner: str) -> Callable[..., Any]:
    def draw(value: Any, what: str, n: int | None = None) -> Any:
        if isinstance(value, Distribution):
            return value.draw(generator(network.seed, owner, what), n or network.populations[owner].n)
        return value

    return draw


def _population(
    network: Network,
    population: Population,
    ports: list[tuple[Configured, str | None]],
    max_delay: int,
    g_gap: np.ndarray | None,
) -> PopulationPlan:
    draw = _drawer(network, population.name)
    n, stream = population.n, stream_of(population.name, "spikes")
    model = population.model
    if isinstance(model, SpikeTimes):
        return PopulationPlan(population.name, n, stream, max_delay, source=model)
    given = model.values if isinstance(model.model, SourceModel) else population.drive
    courses = {name: Course.of(value, network.dt) for name, value in given.items() if isinstance(value, Steps)}

    def begin(name: str, value: Any, what: str) -> np.ndarray:
        """What a parameter of a source, or a drive, is at t = 0."""
        first = courses[name].at(0) if name in courses else draw(value, what)
        return np.broadcast_to(first, (1 if getattr(model.model, "copy", None) else n,)).astype(np.float64)

    if isinstance(model.model, SourceModel):
        refuse_mixed_units(model.model)
        params = {name: begin(name, value, name) for name, value in model.values.items()}
        return PopulationPlan(
            population.name, n, stream, max_delay, source=model, source_params=params, courses=courses
        )  # fmt: skip
    system = compose(population, ports, draw, g_gap, noises_of(network, population.name))
    integration = choose(system, network.dt, f"population {population.name!r}")
    if g_gap is not None and integration.method == "ode":
        where = f"population {population.name!r}"
        raise EngineError(where, "the integrator 'ode' knows no gap junctions", fix="use 'rk4' or 'auto'")
    t_ref = np.broadcast_to(draw(model.values["t_ref"], "t_ref"), (n,))
    # a refractory period is a whole number of steps, rounded up; its end is an int32 in the kernels
    if t_ref.max() / network.dt >= 2**30:
        where = f"population {population.name!r}, t_ref"
        raise ParameterError(where, f"must be below 2**30 steps of {network.dt:g} ms", f"{t_ref.max():g} ms")
    refractory = np.ceil(t_ref / network.dt - 1e-9).astype(np.int64)
    exact = off_grid_of(system, integration, t_ref, network.dt, f"population {population.name!r}") if population.exact else None
    if system.crossing:
        refractory = np.maximum(refractory, 1)  # what is still above in the next step has not risen through the threshold
    drive = {name: begin(name, population.drive.get(name, 0.0), f"drive {name}") for name in system.drives}
    places = network.states(population)
    names = {name: _name(name, place, system, ports) for name, place in places.items()}
    return PopulationPlan(
        population.name, n, stream, max_delay, system, integration, _start(population, system, draw), drive, refractory,
        courses=courses, places=places, names=names, off_grid=exact,
    )  # fmt: skip


def _name(name: str, place: Place, system: System, ports: Sequence[tuple[Configured, str | None]]) -> str:
    """The symbol of the state with this full name, at this place."""
    if place.port:
        return place.state + system.ports[ports.index(place.port)].suffix
    return system.noises[place.noise] if place.noise else system.symbol(name)


def _start(population: Population, system: System, draw: Callable[..., Any]) -> dict[str, np.ndarray]:
    """The initial value of each state, [n]: what the population says, else what the model declares."""
    n = population.n
    start: dict[str, np.ndarray] = {}

    def settle(part: Configured, suffix: str, given: Mapping[str, Any]) -> None:
        known: dict[str, Any] = {param.name: system.params.get(param.name + suffix) for param in part.model.params}
        for state in part.model.states:
            value = draw(given[state.name], f"init {state.name}") if state.name in given else _declared(state, known)
            known[state.name] = value
            start[state.name + suffix] = np.broadcast_to(value, (n,)).astype(np.float64)

    settle(system.neuron, "", population.init)
    for port in system.ports:
        settle(port.receptor, port.suffix, {})
    for k, rule in enumerate(population.plasticity):
        settle(rule, f"_h{k}", population.init)
    return {name: start[name] for name in system.states}


def _declared(state: State, known: Mapping[str, Any]) -> Any:
    if isinstance(state.init, str):
        return known[state.init]
    if callable(state.init):
        return state.init(*(known[name] for name in arguments(state.init)))
    return state.init
