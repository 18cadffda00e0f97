"""The kernels of Poisson input from outside: random words for four steps at once, then a count and an addition for each neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.engines.background import LARGEST, BackgroundPlan
from maichong.engines.courses import Course
from maichong.engines.events.emit import Argument, Kernel, KernelText
from maichong.engines.events.memory import apart, zeros
from maichong.engines.events.words import EXTRA, WORDS, drawn_words, word_values

if TYPE_CHECKING:
    from maichong.engines.events.live_population import LivePopulation


def background_kernel(
    precision: str, states: tuple[str, ...], many: int, *, each: bool, course: bool, each_weight: bool
) -> KernelText:
    """The kernel for ``many`` thresholds; ``each`` says that they differ from neuron to neuron, ``course`` that a table holds
    those of all rates that are scheduled."""
    limits = [f"limits[{f'U({k} * width) + j' if each else f'base + U({k})'}]" for k in range(many)]
    known = [] if each else [f"limit_{k} = {limit}" for k, limit in enumerate(limits)]
    asked = limits if each else [f"limit_{k}" for k in range(many)]
    base = "U(index[np.searchsorted(stamps, step + 1)] * many)" if course else "U(0)"
    return KernelText(
        title="Poisson input from outside",
        precision=precision,
        arguments=(
            *WORDS, Argument("weight", precision + ("[]" if each_weight else "")), Argument("limits", "uint32[]"),
            *([Argument("many", "int"), Argument("stamps", "int64[]"), Argument("index", "int64[]")] if course else []),
            *(Argument(f"{kind}_{state}", precision + end) for state in states for kind, end in (("to", "[]"), ("jump", ""))),
        ),
        body=(
            *drawn_words("step"),
            *([] if each else [f"base = {base}", *known]),
            "for j in range(U(first), U(last)):",
            "    r = words[row + j]",
            f"    r = r if r < np.uint32({LARGEST}) else np.uint32({LARGEST})",
            "    n = np.int32(0)",
            *(f"    n = np.int32(n + np.int32(r >= {limit}))" for limit in asked),
            f"    w = F(n) * {'weight[j]' if each_weight else 'weight'}",
            *(f"    to_{state}[j] += jump_{state} * w" for state in states),
        ),
        extra=EXTRA,
    )  # fmt: skip


LIMITS = KernelText(
    title="The thresholds of Poisson input whose rates are scheduled for each neuron",
    precision="float64",
    arguments=(
        Argument("n", "int"), Argument("first", "int"), Argument("last", "int"), Argument("width", "int"), Argument("many", "int"),
        Argument("dt", "float64"), Argument("stamps", "int64[]"), Argument("values", "float64[]"), Argument("now", "int64[]"),
        *(Argument(name, "float64[]") for name in ("mean", "part", "below")), Argument("limits", "uint32[]"),
    ),
    body=(
        "at = np.searchsorted(stamps, step + 1)",
        "if at == now[0]:",
        "    return",
        "now[0] = at",
        "row, scale = max(at - 1, 0) * n, 1e-3 if at > 0 else 0.0",
        "for j in range(U(first), U(min(last, n))):",
        "    mean[j] = values[U(row) + j] * dt * scale",
        "for j in range(U(first), U(min(last, n))):",
        "    part[j] = np.exp(-mean[j])",
        "    below[j] = part[j]",
        "for k in range(many):",
        "    inverse = 1.0 / (k + 1.0)",
        "    for j in range(U(first), U(min(last, n))):",
        "        limit = np.rint(below[j] * 4294967296.0)",
        "        limits[U(k * width) + j] = np.uint32(limit if limit < 4294967295.0 else 4294967295.0)",
        "        part[j] = part[j] * (mean[j] * inverse)",
        "        below[j] = below[j] + part[j]",
    ),
)  # fmt: skip


class LiveBackground:
    """The kernels of one Poisson input, one for each part of its target; it has no state but the step."""

    serial = False

    def __init__(self, plan: BackgroundPlan, target: LivePopulation, seed: int) -> None:
        self.plan = plan
        precision, width = target.precision, target.width
        weight = target.padded(plan.weight, precision) if isinstance(plan.weight, np.ndarray) else plan.weight
        course = plan.rate if isinstance(plan.rate, Course) else None
        each = plan.each
        values: dict[str, Any] = {"weight": weight, "many": plan.many, "dt": plan.dt}
        if course and course.each:
            # nothing for the padding
            values["limits"] = np.full(plan.many * width, 2**32 - 1, np.uint32)
            values |= {"n": plan.n, "stamps": course.stamps, "values": course.values.reshape(-1)}
        elif course:
            table, index = plan.table()
            values |= {"limits": table.reshape(-1), "index": index, "stamps": course.stamps}
        else:
            limits = plan.limits(0)
            rows = [target.padded(row, "uint32") for row in limits] if each else [limits]
            values["limits"] = np.concatenate([np.zeros(0, np.uint32), *rows])
        states = []
        for state, jump in plan.port.jumps:
            states.append(state)
            values[f"jump_{state}"] = jump
        text = background_kernel(
            precision, tuple(states), plan.many, each=each, course=course is not None and not each,
            each_weight=isinstance(weight, np.ndarray),
        )  # fmt: skip
        self.kernels: list[dict[str, list[Kernel]]] = [{} for _ in range(target.parts)]
        words = word_values(plan.stream, seed, target.edges)
        for part in target.owners():
            mine = words[part] | {f"to_{state}": target.arrivals(part, plan.port, state) for state in states}
            if course and course.each:
                mine["now"] = apart(np.full(1, -1, np.int64))
                mine |= {name: zeros(width, np.float64) for name in ("mean", "part", "below")}
            texts = [*([LIMITS] if course and each else []), text]
            self.kernels[part] = {"background": [Kernel(text, values | mine) for text in texts]}
