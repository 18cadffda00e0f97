"""The kernel of Poisson input from outside: random words for four steps at once, then a count and an addition for each neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.engines.background import STEPS, BackgroundPlan
from maichong.engines.events.emit import Argument, Kernel, KernelText

if TYPE_CHECKING:
    from maichong.engines.events.live_population import LivePopulation

EXTRA = """
from maichong.random_compiled import LOW, SHIFT, philox
"""


def background_kernel(precision: str, states: tuple[str, ...], many: int, each: str, *, each_weight: bool) -> KernelText:
    """The kernel for ``many`` thresholds; ``each`` is "[]" where they differ from neuron to neuron."""
    count = [f"        n = np.int32(n + np.int32(r >= limit_{k}{'[j]' if each else ''}))" for k in range(many)]
    weight = "weight[j]" if each_weight else "weight"
    return KernelText(
        title="Poisson input from outside",
        precision=precision,
        arguments=(
            Argument("first", "int"), Argument("last", "int"), Argument("width", "int"), Argument("stream", "int"),
            Argument("seed_low", "int"), Argument("seed_high", "int"), Argument("drawn", "int64[]"), Argument("words", "uint32[]"),
            Argument("weight", precision + ("[]" if each_weight else "")),
            *(Argument(f"limit_{k}", f"uint32{each}") for k in range(many)),
            *(Argument(f"{kind}_{state}", precision + end) for state in states for kind, end in (("to", "[]"), ("jump", ""))),
        ),
        body=(
            f"block = step // {STEPS}",
            "if drawn[0] != block:",
            "    drawn[0] = block",
            "    low, high = U(block) & LOW, U(block) >> SHIFT",
            "    for j in range(U(first), U(last)):",
            "        r0, r1, r2, r3 = philox(j, low, high, U(stream), U(seed_low), U(seed_high))",
            *(f"        words[j + U({k} * width)] = np.uint32(r{k})" for k in range(STEPS)),
            f"row = U((step % {STEPS}) * width)",
            "for j in range(U(first), U(last)):",
            "    r = words[row + j]",
            "    n = np.int32(0)",
            *(line[4:] for line in count),
            f"    w = F(n) * {weight}",
            *(f"    to_{state}[j] += jump_{state} * w" for state in states),
        ),
        extra=EXTRA,
    )  # fmt: skip


class LiveBackground:
    """The kernels of one Poisson input, one for each part of its target; it has no state but the step."""

    serial = False

    def __init__(self, plan: BackgroundPlan, target: LivePopulation, seed: int) -> None:
        self.plan = plan
        precision, width = target.precision, target.width
        varied = plan.thresholds.ndim == 2
        weight = target.padded(plan.weight, precision) if isinstance(plan.weight, np.ndarray) else plan.weight
        values: dict[str, Any] = {
            "width": width, "stream": plan.stream, "seed_low": seed & 0xFFFFFFFF, "seed_high": seed >> 32,
            "words": np.zeros(STEPS * width, np.uint32), "weight": weight,
        }  # fmt: skip
        for k, limit in enumerate(plan.thresholds):
            values[f"limit_{k}"] = target.padded(limit, "uint32") if varied else limit
        states = []
        for state, jump in plan.port.jumps:
            states.append(state)
            values |= {f"to_{state}": target.arrivals(plan.port, state), f"jump_{state}": jump}
        text = background_kernel(
            precision, tuple(states), len(plan.thresholds), "[]" if varied else "", each_weight=isinstance(weight, np.ndarray)
        )
        self.kernels: list[dict[str, list[Kernel]]] = [{} for _ in range(target.parts)]
        for part in target.owners():
            mine = {"first": target.edges[part], "last": target.edges[part + 1], "drawn": np.full(1, -1, np.int64)}
            self.kernels[part] = {"background": [Kernel(text, values | mine)]}
