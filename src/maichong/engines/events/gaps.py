"""The kernels of gap junctions: see :mod:`maichong.engines.gaps`. Rounds of kernels, all threads wait for each other between two.

Round 0 notes where the membranes are. Each further round lets every neuron sum what it sees of the others, and try the step with
it; after the last only the sum is taken, and the step is made. Tries are written to two arrays in turn, for others still read
the last one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.engines.events import populations
from maichong.engines.events.emit import Argument, Kernel, KernelText
from maichong.engines.events.memory import zeros
from maichong.engines.gaps import Coupling
from maichong.engines.system import GAP

if TYPE_CHECKING:
    from maichong.engines.events.live_population import LivePopulation


def begin(precision: str, *, jumped: bool, held: bool) -> KernelText:
    """The kernel that notes where the membranes are when the jumps of this step have been taken."""
    taken = "pending[j]" if not held else "(pending[j] if until[j] <= step else F(0.0))"
    return KernelText(
        title="Membranes before the step",
        precision=precision,
        arguments=(
            Argument("first", "int"), Argument("last", "int"), Argument("v", f"{precision}[]"),
            *((Argument("pending", f"{precision}[]"), Argument("until", "int32[]")) if jumped else ()),
            Argument("before", f"{precision}[]"), Argument("after", f"{precision}[]"),
        ),
        body=(
            "for j in range(U(first), U(last)):",
            f"    x = v[j] + {taken}" if jumped else "    x = v[j]",
            "    before[j] = x",
            "    after[j] = x",
        ),
    )  # fmt: skip


def pull(precision: str, *, more: bool) -> KernelText:
    """The kernel that sums what each neuron sees of another population's membranes; ``more`` adds to what is there."""
    return KernelText(
        title="What gap junctions see",
        precision=precision,
        arguments=(
            Argument("first", "int"), Argument("last", "int"), Argument("start", "int64[]"), Argument("source", "int32[]"),
            Argument("g", f"{precision}[]"), Argument("before", f"{precision}[]"), Argument("after", f"{precision}[]"),
            Argument("pulls", f"{precision}[]"),
        ),
        body=(
            "for j in range(first, last):",
            "    seen = F(0.0)",
            "    for k in range(U(start[j]), U(start[j + 1])):",
            "        i = source[k]",
            "        seen += g[k] * (before[i] + after[i])",
            f"    pulls[j] {'+=' if more else '='} F(0.5) * seen",
        ),
    )  # fmt: skip


class LiveCoupling:
    """The kernels of all gap junctions, ``rounds``: for each round and part, in order."""

    def __init__(self, plan: Coupling, live: list[LivePopulation], threads: int) -> None:
        coupled = {k: live[k] for k in plan.populations}
        width = {k: population.width for k, population in coupled.items()}
        kinds = {k: population.precision for k, population in coupled.items()}
        before = {k: zeros(width[k], kinds[k]) for k in coupled}
        after = [{k: zeros(width[k], kinds[k]) for k in coupled} for _ in range(2)]
        self.rounds: list[list[list[Kernel]]] = [[[] for _ in range(threads)] for _ in range(plan.tries + 2)]
        for k, population in coupled.items():
            self._note(self.rounds[0], population, before[k], after[0][k])
        for round_, kernels in enumerate(self.rounds[1:]):
            now, then = after[round_ % 2], after[1 - round_ % 2]
            known: set[int] = set()
            for entry in plan.pulls:
                population = coupled[entry.population]
                text = pull(population.precision, more=entry.population in known)
                known.add(entry.population)
                values = {
                    "start": entry.start, "source": entry.source, "g": entry.g.astype(population.precision),
                    "before": before[entry.other], "after": now[entry.other],
                }  # fmt: skip
                for part in population.owners():
                    first, last = population.begins[part : part + 2]
                    pulls = population.own.of[part][f"drive_{GAP}"]
                    kernels[part].append(Kernel(text, {**values, "pulls": pulls, "first": first, "last": last}))
            if round_ < plan.tries:
                for k, population in coupled.items():
                    for part, kernel in population.trials(then[k]):
                        kernels[part].append(kernel)

    @staticmethod
    def _note(kernels: list[list[Kernel]], population: LivePopulation, before: np.ndarray, after: np.ndarray) -> None:
        system = population.plan.system
        assert system
        text = begin(population.precision, jumped=populations.jumped(system), held=system.holds)
        for part in population.owners():
            own = population.own.of[part]
            values: dict[str, Any] = {
                **own, "v": own[system.membrane], "before": before, "after": after,
                "first": population.edges[part], "last": population.edges[part + 1],
            }  # fmt: skip
            kernels[part].append(Kernel(text, values))
