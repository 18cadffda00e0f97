"""What a network will take, before anything is built."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maichong.engines.events.engine import check_precision
from maichong.engines.events.layout import forecast, padded
from maichong.engines.plan import draft_projection
from maichong.network import Network, Population, SpikeTimes
from maichong.spec import Configured, NeuronModel


@dataclass(frozen=True)
class Share:
    """The forecast of one population or projection: its name, its number of neurons or synapses, and its bytes."""

    name: str
    kind: str
    number: float
    bytes: float


def shares(network: Network, precision: str = "float64") -> list[Share]:
    """The forecast for the engine "events", part by part."""
    check_precision(precision)
    found = [Share(p.name, "population", p.n, _population_bytes(network, p, precision)) for p in network.populations.values()]
    for projection in network.projections.values():
        entry = draft_projection(network, projection)
        layout, size = forecast(entry, precision)
        found.append(Share(projection.name, layout, projection.connector.expected(entry.n_pre, entry.n_post), size))
    return found


def _population_bytes(network: Network, population: Population, precision: str) -> float:
    real = np.dtype(precision).itemsize
    outgoing = [draft_projection(network, p).longest for p in network.projections.values() if p.pre == population.name]
    depth = 1 << int(max(outgoing, default=0) + 1).bit_length()
    ring = depth * population.n * 4
    model = population.model
    if isinstance(model, SpikeTimes):
        return ring + model.times.size * 12.0
    assert isinstance(model, Configured)
    if not isinstance(model.model, NeuronModel):
        return ring + population.n * (24.0 + 8 * len(model.values))
    receptors = {id(p.receptor): p.receptor for p in network.projections.values() if p.post == population.name}
    states = len(model.model.states) + len(model.model.inputs)
    states += sum(len(receptor.model.states) for receptor in receptors.values())
    states += sum(2 * len(rule.model.states) for rule in population.plasticity)
    arrays = sum(isinstance(value, np.ndarray) for value in model.values.values())
    return ring + padded(population.n) * ((states + arrays) * real + 13.0) + population.n * 8.0


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
    total = sum(share.bytes for share in found.values())
    neurons = sum(population.n for population in network.populations.values())
    synapses = sum(share.number for (is_population, _), share in found.items() if not is_population)
    lines += ["", f"{neurons:,} neurons, {synapses:,.0f} synapses; forecast for {precision}: {_size(total)}"]
    return "\n".join(lines)


def _size(number: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"
