"""What a network will take, before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.engines.background import MOST_EVENTS, how_many
from maichong.engines.events.engine import check_precision
from maichong.engines.events.layout import forecast, padded
from maichong.engines.integration import choose
from maichong.engines.off_grid import HALVINGS, off_grid_of
from maichong.engines.plan import draft_projection, noises_of, ports_of
from maichong.engines.projection_plan import ProjectionPlan, late_reads, traces_on
from maichong.engines.system import compose
from maichong.errors import EngineError
from maichong.network import Background, Network, Population, SpikeTimes
from maichong.random import STEPS
from maichong.spec import NEAREST, Configured, Distribution, Escape, NeuronModel, ReceptorModel, RuleModel, Steps

KERNELS = 38 * 2**20
"""What the compiled kernels of a network take in memory, as measured: 36 to 40 MiB."""

COMPILING = 80 * 2**20
"""What compiling them takes at the first time, at most: TraubMiles' 80 MiB, 20 for simpler cells."""


@dataclass(frozen=True)
class Share:
    """The forecast of one population, projection or input from outside: its name, its number of neurons or synapses, its bytes.

    ``traces`` is the part of the bytes that a projection's rule and late arrivals keep beside the synapses.
    """

    name: str
    kind: str
    number: float
    bytes: float
    traces: float = 0.0


def shares(network: Network, precision: str = "float64", procedural: Sequence[str] = ()) -> list[Share]:
    """The forecast for the engine "events", part by part; of the ``procedural`` projections no synapse is stored."""
    check_precision(precision)
    found = [Share(p.name, "population", p.n, _population_bytes(network, p, precision)) for p in network.populations.values()]
    for projection in network.projections.values():
        entry = draft_projection(network, projection)
        layout, size = forecast(entry, precision)
        if projection.name in procedural:
            layout, size = "procedural", entry.n_pre * 8.0
        traces = _trace_bytes(entry, layout, precision)
        number = projection.connector.expected(entry.n_pre, entry.n_post)
        found.append(Share(projection.name, layout, number, size + traces, traces))
    for background in network.backgrounds.values():
        n = network.populations[background.target].n
        found.append(Share(background.name, "background", n, _background_bytes(background, n, network.dt, precision)))
    for noise in network.noises.values():
        n, real = network.populations[noise.target].n, np.dtype(precision).itemsize
        # the random words of four steps, the current, and those of its three numbers that differ from neuron to neuron
        each = [isinstance(value, Distribution) or np.ndim(value) > 0 for value in (noise.mean, noise.sigma, noise.tau)]
        arrays = 1 + each[0] + (each[1] or each[2]) + each[2]
        found.append(Share(noise.name, "noise", n, padded(n) * (STEPS * 4.0 + arrays * real)))
    for gap in network.gaps.values():
        number = gap.connector.expected(network.populations[gap.a].n, network.populations[gap.b].n)
        found.append(Share(gap.name, "gap junctions", number, number * 2 * (4.0 + np.dtype(precision).itemsize)))
    return found


def process_peak(needed: float) -> float:
    """The most that this process will hold, in bytes, when it has built and run a network that takes ``needed``."""
    import psutil

    return psutil.Process().memory_info().rss + KERNELS + needed


def check_fits(network: Network, precision: str, procedural: Sequence[str] = ()) -> None:
    """EngineError, with the forecast, where a build would need more memory than is free."""
    import psutil

    needed, free = sum(share.bytes for share in shares(network, precision, procedural)), psutil.virtual_memory().available
    if needed > free:
        other = "precision='float32', " if precision == "float64" else ""
        raise EngineError(
            "build", f"needs {_size(needed)} of memory, and {_size(free)} are free", fix=f"use {other}fewer synapses or "
            "procedural=True; print(net.summary()) says what takes how much",
        )  # fmt: skip


def _trace_bytes(entry: ProjectionPlan, layout: str, precision: str) -> float:
    real, room = np.dtype(precision).itemsize, entry.likely_delays[1] + 2
    pre, post = traces_on(entry.spike_rule, "pre"), traces_on(entry.spike_rule, "post")
    late, release = layout == "delayed", entry.release
    total = 0.0
    if release:
        # for each source its states, and what its spikes of the last steps release; of pulses also what leaves
        depth, ways = _depth(entry.likely_longest + release.pulse), 2 if release.pulse else 1
        total += entry.n_pre * ((len(release.kept) + 1) * 8.0 + depth * ways * len(release.amounts) * real)
    # where dendrites differ, what each trace was like in the last steps
    kept = 1 + (_depth(entry.likely_dendritic[1]) if entry.dendritic is None else 0)
    total += len(post) * padded(entry.n_post) * real * kept + late * entry.n_post * 9.0
    if pre and not late and entry.likely_delays[0] == 1:
        total += len(pre) * padded(entry.n_pre) * real
    elif pre or (entry.spike_rule and late):
        kept = sum(pairing != NEAREST for _, pairing in pre)
        total += entry.n_pre * (room * (4.0 + 8.0 * kept) + 8.0)
    if entry.spike_rule and isinstance(entry.spike_rule.model, RuleModel):
        model = entry.spike_rule.model
        for steps in late_reads(entry.spike_rule, entry.dt).values():
            total += padded(entry.n_post) * real * (1 << steps.bit_length())
        each = len(model.states) * real + (4.0 if model.elapse else 0.0)  # the states, and the step until which they are known
        total += entry.projection.connector.expected(entry.n_pre, entry.n_post) * each
    return total


def _background_bytes(background: Background, n: int, dt: float, precision: str) -> float:
    """The random words of four steps, the thresholds, and the weights where they differ; the network's own Steps are not copied."""
    rate = background.rate
    if isinstance(rate, Distribution):
        each, highest = True, float(rate.values(np.array([1 - 1e-9]))[0])
    elif isinstance(rate, Steps):
        each, highest = rate.values.ndim == 2, rate.bounds()[1]
    else:
        each, highest = np.ndim(rate) == 1, float(np.max(rate))
    rows = how_many(min(highest, MOST_EVENTS / dt * 1e3), dt)
    total = STEPS * 4.0 * padded(n)
    if isinstance(background.weight, Distribution) or np.ndim(background.weight):
        total += padded(n) * np.dtype(precision).itemsize
    if isinstance(rate, Steps):
        total += 8.0 * rate.times.size + (24.0 * padded(n) if each else 4.0 * rows * np.unique(rate.values).size)
    return total + 4.0 * rows * (padded(n) if each else 1)


def _depth(steps: int) -> int:
    """The length of a ring that holds what is at most so many steps old."""
    return 1 << int(steps + 1).bit_length()


def _population_bytes(network: Network, population: Population, precision: str) -> float:
    real = np.dtype(precision).itemsize
    drafts = [draft_projection(network, p) for p in network.projections.values() if p.pre == population.name]
    outgoing = [entry.likely_longest + (entry.release.pulse if entry.release else 0) for entry in drafts]
    incoming = [draft_projection(network, p) for p in network.projections.values() if p.post == population.name]
    outgoing += [entry.likely_dendritic[1] for entry in incoming]
    # who fired, and, where spike times are exact, how long before the stamp
    ring = _depth(max(outgoing, default=0)) * population.n * (12 if population.exact else 4)
    model = population.model
    if isinstance(model, SpikeTimes):
        return ring + model.times.size * (20.0 if model.exact else 12.0)
    assert isinstance(model, Configured)
    # times in steps, and, of a source, which values begin then; the values themselves are the network's own
    ring += sum(
        16.0 * value.times.size for value in (*model.values.values(), *population.drive.values()) if isinstance(value, Steps)
    )
    ring += sum(_inbox_bytes(network, population, precision, kind) for kind in ("inbox", "dendrite"))
    if not isinstance(model.model, NeuronModel):
        trains = 1 if getattr(model.model, "copy", None) else population.n
        return ring + population.n * 8.0 + trains * (16.0 + 8 * len(model.values))
    ports = ports_of(network, population.name)
    states = len(model.model.states) + len(model.model.inputs) + sum(len(receptor.model.states) for receptor, _ in ports)
    # what moves slowly is kept in float64 beside a copy in float32
    slow = sum(len(rule.model.states) for rule in population.plasticity) * (12.0 if precision == "float32" else real)
    arrays = _arrays(network, population) + 4 * _coupled(network, population)  # what gap junctions see, and three potentials
    ring += _off_grid_bytes(network, population) if population.exact else 0.0
    if isinstance(model.options.get("escape"), Escape):
        ring += padded(population.n) * STEPS * 4.0  # random words
    return ring + padded(population.n) * ((states + arrays) * real + slow + 9.0) + population.n * 8.0


def _off_grid_bytes(network: Network, population: Population) -> float:
    """What exact spike times take: tables for each kind of neuron, sums of arrivals, a log with room for one at each synapse."""

    def different(value: Any, what: str) -> Any:
        return np.arange(1.0, population.n + 1.0) if isinstance(value, Distribution) else value

    where = f"population {population.name!r}"
    system = compose(population, ports_of(network, population.name), different, noises=noises_of(network, population.name))
    assert isinstance(population.model, Configured)
    t_ref = np.broadcast_to(different(population.model.values["t_ref"], "t_ref"), (population.n,))
    off = off_grid_of(system, choose(system, network.dt, where), t_ref, network.dt, where)
    states, kinds = len(off.states), len(off.matrix)
    total = (HALVINGS + 1) * kinds * (off.coupled[:states].sum() + states) * 8.0 + kinds * states * 8.0
    total += padded(population.n) * (8.0 + (states * 8.0 if kinds > 1 else 0.0)) + population.n * 16.0
    arriving = [draft_projection(network, p) for p in network.projections.values() if p.post == population.name]
    arriving = [entry for entry in arriving if entry.exact]
    if arriving:
        total += padded(population.n) * (4.0 + (8.0 * (states + 1) if off.alike else 0.0))
        synapses = sum(entry.projection.connector.expected(entry.n_pre, entry.n_post) for entry in arriving)
        total += synapses * 16.0 + sum(entry.n_pre * entry.likely_delays[0] for entry in arriving) * 12.0
    return total


def _inbox_bytes(network: Network, population: Population, precision: str, kind: str) -> float:
    """The rings of what is on its way to the population's receptors: where delays differ, or on dendrites."""
    longest: dict[object, int] = {}
    for projection in network.projections.values():
        entry = draft_projection(network, projection)
        late = kind == "inbox" and forecast(entry, precision)[0] == "late"
        steps = entry.likely_longest if late else entry.likely_dendritic[1] if kind == "dendrite" else 0
        if projection.post == population.name and (late or steps):
            port = projection.receptor, projection.input
            longest[port] = max(longest.get(port, 0), steps)
    # one ring for each state that a spike jumps
    rows = sum((1 << steps.bit_length()) * _jumped(receptor) for (receptor, _), steps in longest.items())  # type: ignore[misc]
    return rows * padded(population.n) * np.dtype(precision).itemsize


def _jumped(receptor: Configured) -> int:
    model = receptor.model
    assert isinstance(model, ReceptorModel)
    return 1 if model.jumps_membrane else len(model.jumping)


def _coupled(network: Network, population: Population) -> bool:
    return any(population.name in (gap.a, gap.b) for gap in network.gaps.values())


def _arrays(network: Network, population: Population) -> int:
    """How many parameters and coefficients of its propagator differ from cell to cell, found on two cells of its like."""

    def two(value: Any, what: str) -> Any:
        return np.ones(2) if isinstance(value, Distribution) else np.resize(value, 2) if np.ndim(value) else value

    assert isinstance(population.model, Configured)
    given = [value for part in (population.model, *population.plasticity) for value in part.values.values()]
    coupled = _coupled(network, population)
    if not coupled and not any(isinstance(value, (np.ndarray, Distribution)) for value in given):
        return 0
    ports, g_gap = ports_of(network, population.name), np.ones(2) if coupled else None
    system = compose(population, ports, two, g_gap, noises_of(network, population.name))
    integration = choose(system, network.dt, f"population {population.name!r}")
    tables = [*integration.exact.values(), *(row for stage in integration.stages.values() for row in stage.values())]
    return sum(np.ndim(value) > 0 for row in (system.params, *tables) for value in row.values())


def summary(network: Network, precision: str = "float64") -> str:
    """The network in words: who, how many, connected how, and the memory that a build on "events" will take."""
    found = {(share.kind == "population", share.name): share for share in shares(network, precision)}
    lines = [f"Network: dt {network.dt:g} ms, seed {network.seed}", "", "populations"]
    for population in network.populations.values():
        share = found[True, population.name]
        model = population.model
        what = f"{model.times.size:,} given spikes" if isinstance(model, SpikeTimes) else repr(model)
        rules = "".join(f" + {rule!r}" for rule in population.plasticity)
        lines.append(f"  {population.name:<12} {population.n:>10,}  {what}{rules}  {_size(share.bytes)}")
    if network.projections:
        lines += ["", "projections"]
    for projection in network.projections.values():
        share = found[False, projection.name]
        rules = "".join(f" + {rule!r}" for rule in projection.plasticity)
        each = f", {share.bytes / share.number:.1f} B a synapse" if share.number else ""
        lines.append(
            f"  {projection.name:<12} {share.number:>10,.0f}  {projection.pre} -> {projection.post}, "
            f"{type(projection.connector).__name__}, {projection.receptor!r}{rules}  {_size(share.bytes)} as {share.kind}{each}"
        )
    if network.gaps:
        lines += ["", "gap junctions"]
    for gap in network.gaps.values():
        share = found[False, gap.name]
        lines.append(
            f"  {gap.name:<12} {share.number:>10,.0f}  {gap.a} = {gap.b}, {type(gap.connector).__name__}  {_size(share.bytes)}"
        )
    if network.backgrounds or network.noises:
        lines += ["", "inputs"]
    for background in network.backgrounds.values():
        share = found[False, background.name]
        what = f"Poisson events onto {background.target}, {background.receptor!r}"
        lines.append(f"  {background.name:<12} {share.number:>10,.0f}  {what}  {_size(share.bytes)}")
    for noise in network.noises.values():
        share = found[False, noise.name]
        lines.append(f"  {noise.name:<12} {share.number:>10,.0f}  noise current onto {noise.target}  {_size(share.bytes)}")
    total = sum(share.bytes for share in found.values())
    neurons = sum(population.n for population in network.populations.values())
    synapses = sum(found[False, name].number for name in network.projections)
    lines += ["", f"{neurons:,} neurons, {synapses:,.0f} synapses; forecast for {precision}: {_size(total)}"]
    peak, more = _size(process_peak(total)), _size(COMPILING)
    lines.append(f"this process, when it has built and run it: {peak}, and up to {more} more where kernels are compiled first")
    return "\n".join(lines)


def _size(number: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"
