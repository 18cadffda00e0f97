"""Who changes which weights and thresholds of a network, and when: the table of its rules, in the order in which they act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from maichong.engines.plan import Plan
from maichong.engines.projection_plan import ProjectionPlan
from maichong.spec import Configured, IntrinsicModel, RuleModel

WHEN = {
    "on_pre": "presynaptic spikes, as they arrive", "elapse": "as time passes", "on_post": "postsynaptic spikes",
    "on_step": "every step",
}  # fmt: skip
"""When a role acts, in words, in the plan's order."""


@dataclass(frozen=True)
class PlasticityRow:
    """One rule: what it ``writes``, ``when``, what its ``scope`` lets it know, and the ``signals`` that it follows."""

    rule: str
    of: str
    writes: str
    when: tuple[str, ...]
    scope: str
    signals: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlasticityTable:
    """The rules of a network; ``print`` shows them, ``to_rows`` gives them as JSON-ready data."""

    rows: tuple[PlasticityRow, ...]

    def to_rows(self) -> list[dict[str, Any]]:
        """A mapping for each rule."""
        return [asdict(row) for row in self.rows]

    def __str__(self) -> str:
        if not self.rows:
            return "no rules: nothing of this network learns"
        lines = [("rule", "of", "writes", "when", "scope", "signals")]
        for row in self.rows:
            lines.append((row.rule, row.of, row.writes, "; ".join(row.when), row.scope, ", ".join(row.signals)))
        widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
        return "\n".join(
            "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )


def table_of(plan: Plan) -> PlasticityTable:
    """The table of a plan's rules: those of projections, then those of neurons."""
    return PlasticityTable((*_weights(plan), *_neurons(plan)))


def _weights(plan: Plan) -> Iterator[PlasticityRow]:
    for entry in plan.projections:
        for rule in entry.rules:
            model = rule.model
            assert isinstance(model, RuleModel)
            yield PlasticityRow(_named(rule), entry.name, "weights", _when(entry, rule), model.scope, model.signals)


def _when(entry: ProjectionPlan, rule: Configured) -> tuple[str, ...]:
    model = rule.model
    assert isinstance(model, RuleModel)
    acts = model.functions()
    found = [words for role, words in WHEN.items() if role in acts]
    if "on_signal" in acts:
        clock = entry.clock(rule)
        found.append(str(clock) if model.every else f"the signal {clock!r}")
    return tuple(found)


def _neurons(plan: Plan) -> Iterator[PlasticityRow]:
    for population in plan.network.populations.values():
        for rule in population.plasticity:
            model = rule.model
            assert isinstance(model, IntrinsicModel)
            yield PlasticityRow(_named(rule), population.name, model.target, ("its own spikes", "as time passes"), model.scope)


def _named(rule: Configured) -> str:
    """``"Sum(PairSTDP, TripletSTDP)"`` of rules that were put together."""
    parts = rule.model.parts if isinstance(rule.model, RuleModel) else ()
    return f"{parts[0]}({', '.join(parts[1:])})" if parts else rule.model.name
