"""What rules read of their targets' states, as they are or as they were some steps ago: rings of the last steps, in the kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from maichong.engines.events.emit import KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.events.synaptic import WHEN
from maichong.engines.population_plan import PopulationPlan
from maichong.engines.projection_plan import ProjectionPlan
from maichong.spec import RuleModel

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder


def seen(entry: ProjectionPlan, target: PopulationPlan) -> dict[str, str]:
    """The states of the target that the rules of a projection read, by what the rules call them."""
    models = [rule.model for rule in entry.rules if isinstance(rule.model, RuleModel)]
    found = {read.name: read.name for model in models for read in model.reads}
    if target.system and any(model.asks("v") for model in models):
        found["v"] = target.system.membrane
    return found


def values(late: Mapping[str, int]) -> dict[str, int]:
    """How many steps ago each of these was what is read, and the form of its ring."""
    found = {f"late_{name}": steps for name, steps in late.items()}
    return found | {f"mask_{name}": (1 << steps.bit_length()) - 1 for name, steps in late.items()}


def text(b: Builder, name: str, role: str) -> str:
    """The text of what ``role`` reads by this name of the target j."""
    if name in _late(b):
        stamp = f"({WHEN[role]} - {b.integer(f'late_{name}')}) & {b.integer(f'mask_{name}')}"
        return f"F({b.array(f'past_{name}')}[({stamp}) * {b.integer('width')} + j])"
    return f"F({b.array(f'seen_{name}', dict(b.shape.seen)[name])}[j])"


def keep(b: Builder) -> KernelText | None:
    """At each step's end, what will be read later."""
    w = Writer(b.precision)
    for name in _late(b):
        past, now = b.array(f"past_{name}"), b.array(f"seen_{name}", dict(b.shape.seen)[name])
        w.line(f"row = U(((step + 1) & {b.integer(f'mask_{name}')}) * {b.integer('width')})")
        w.line(f"for j in range(U({b.integer('first')}), U({b.integer('padded_last')})):")
        w.line(f"    {past}[row + j] = F({now}[j])")
    return b.text("Keep", w) if w.lines else None


def _late(b: Builder) -> list[str]:
    return [read.name for read in b.model.reads if read.delay] if isinstance(b.model, RuleModel) else []
