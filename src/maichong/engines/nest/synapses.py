"""A projection in NEST's words, and what is missing there or different."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.engines.delays import to_steps
from maichong.engines.nest.cells import Arrival, Cells
from maichong.engines.nest.rules import TABLE, RuleRow
from maichong.engines.nest.short_term import TABLE as SHORT_TERM
from maichong.engines.nest.short_term import ShortTermRow
from maichong.engines.nest.tables import holds, worked_out
from maichong.engines.projection_plan import ProjectionPlan
from maichong.spec import Configured, Distribution


@dataclass(frozen=True)
class Synapse:
    """The NEST model of a projection's synapses, how their weights arrive, and by how many steps the source leads.

    ``values`` are the model's parameters. Where a rule changes the weights (``plastic``), NEST's delay lies behind the synapse, and
    is ``behind`` steps longer than our dendritic one; the rest lies before it.
    """

    model: str
    arrival: Arrival
    lead: int
    values: Mapping[str, Any] = field(default_factory=dict)
    plastic: bool = False
    behind: int = 0

    @property
    def extra(self) -> int:
        """Steps by which NEST's whole delay is longer than ours."""
        return self.arrival.later + self.lead

    @property
    def before(self) -> int:
        """Steps by which NEST's delay before a plastic synapse is longer than ours."""
        return self.extra - self.behind


def synapse_of(
    entry: ProjectionPlan, target: Cells | None, arrival: Arrival | None, lead: int, missing: list[str], different: list[str]
) -> Synapse | None:
    """The projection in NEST's words, None where its target is missing; the lists get what is missing and what differs."""
    where = f"projection {entry.name!r}"
    found, short_term = _rule(entry, where, missing), _short_term(entry, where, missing)
    if target is None or arrival is None:
        return None
    if shortest(entry) + arrival.later + lead < 1:
        missing.append(f"{where}: it has no delay, and NEST's shortest is one step; delay={entry.dt:g} would be that")
    if target.row.conducts and _lowest(entry) < 0:
        missing.append(f"{where}: its conductances must be >= 0")
    if short_term and found:
        missing.append(f"{where}: NEST has no synapse with both {short_term.rule.name} and {found[0].model.name}")
    if short_term:
        assert entry.release
        return Synapse(short_term.nest, arrival, lead, worked_out(short_term.values, entry.release.params))
    if found is None:
        return Synapse("static_synapse", arrival, lead)
    return _plastic(entry, found, target, Synapse(found[1].nest, arrival, lead), missing, different)


def _plastic(
    entry: ProjectionPlan, found: tuple[Configured, RuleRow], target: Cells, synapse: Synapse, missing: list[str],
    different: list[str],
) -> Synapse:  # fmt: skip
    """``synapse`` with its parameters, and with what of NEST's delay lies behind it."""
    where, arrival, (rule, row) = f"projection {entry.name!r}", synapse.arrival, found
    behind = 1 if arrival.later or not entry.longest_dendritic else 0
    if entry.longest_dendritic and not behind + shortest_dendritic(entry):
        missing.append(f"{where}: its dendritic delays must all be one step or longer, which is NEST's shortest, or all 0")
    steps = 2 * behind - arrival.later
    symbols = {**rule.values, "early": steps * entry.dt, "factor": np.abs(arrival.factor)}
    for name, value in worked_out(row.cell, symbols).items():
        if target.values.setdefault(name, value) != value:
            missing.append(f"{where}: its {name} must be that of the other projections, for NEST keeps one for each target")
    where = f"{where} ({row.nest})"
    if row.one_for_all and np.ndim(arrival.factor):
        missing.append(f"{where}: its cells must share a tau_m, for NEST keeps one lambda for all synapses")
    elif row.one_for_all and arrival.factor < 0:
        missing.append(f"{where}: its conductances must be the more excitatory ones, for NEST's weights must be >= 0")
    if steps:
        few = "1 step" if steps == 1 else f"{steps} steps"
        different.append(f"{where}: a postsynaptic spike less than {few} before an arrival counts as after it")
    different.append(f"{where}: a postsynaptic spike changes the weight when the next spike arrives")
    different.append(f"{where}: a spike is sent with the weight after its own depression")
    different += [f"{where}: {words}" for words in row.differs]
    values = worked_out(row.values, symbols)
    values |= {name: values[name] * (arrival.factor if name == "Wmax" else np.abs(arrival.factor)) for name in row.in_weight}
    return dataclasses.replace(synapse, values=values, plastic=True, behind=behind)


def shortest(entry: ProjectionPlan) -> int:
    """The shortest way from a source to a soma in steps; of distributions, the shortest that can come."""
    return _least(entry.projection.delay, entry.dt) + shortest_dendritic(entry)


def shortest_dendritic(entry: ProjectionPlan) -> int:
    """The shortest dendritic delay in steps, also where no rule sees it; of a distribution, the shortest that can come."""
    return _least(entry.projection.dendritic_delay, entry.dt)


def _least(value: Any, dt: float) -> int:
    if value is None or not np.size(value):
        return 0
    return int(to_steps(value.bounds()[0] if isinstance(value, Distribution) else np.min(value), dt))


def shortest_of_nest(entry: ProjectionPlan, synapse: Synapse) -> int:
    """The shortest of the delays that NEST is given, in steps."""
    if not synapse.plastic:
        return shortest(entry) + synapse.extra
    before, behind = _least(entry.projection.delay, entry.dt) + synapse.before, shortest_dendritic(entry) + synapse.behind
    return behind if entry.longest + synapse.before == 0 else min(max(before, 1), behind)


def _lowest(entry: ProjectionPlan) -> float:
    """The smallest weight, or 0; drawn only where the distribution does not say."""
    value = entry.projection.weight
    if isinstance(value, Distribution) and value.bounds()[0] >= 0:
        return 0.0
    return float(entry.weights().min(initial=0.0))


def _short_term(entry: ProjectionPlan, where: str, missing: list[str]) -> ShortTermRow | None:
    """The short-term rule that NEST has, if the projection has one."""
    rule = entry.projection.short_term
    if rule is None:
        return None
    known = [row for row in SHORT_TERM if row.rule is rule.model]
    rows = [row for row in known if row.options.items() <= rule.options.items()]
    if not rows:
        missing.append(f"{where}: NEST has no {rule.model.name}{_chosen(rule, known)}")
        return None
    lacking: list[str] = []
    for row in rows:
        lacking = [f"{where} ({row.nest}): {words}" for words, need in row.needs.items() if not holds(need, rule.values)]
        if not lacking:
            return row
    missing += lacking  # of the last, which has the most parameters
    return None


def _chosen(rule: Configured, rows: Sequence[Any]) -> str:
    """The options with which NEST lacks a rule, in words, where it has the rule as such."""
    return "".join(f" with {name}={value!r}" for name, value in rule.options.items()) if rows else ""


def _rule(entry: ProjectionPlan, where: str, missing: list[str]) -> tuple[Configured, RuleRow] | None:
    """The rule that NEST has, if the projection has one."""
    found = None
    for rule in entry.rules:
        rows = [row for row in TABLE if row.rule is rule.model]
        row = next((row for row in rows if row.options.items() <= rule.options.items()), None)
        if row is None:
            missing.append(f"{where}: NEST has no {rule.model.name}{_chosen(rule, rows)}")
            continue
        lacking = [f"{where} ({row.nest}): {words}" for words, need in row.needs.items() if not holds(need, rule.values)]
        missing += lacking
        found = found if lacking else (rule, row)
    return found
