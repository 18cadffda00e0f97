"""Building rows from random lines: counted, then placed, by kernels that draw each line twice and keep no list of pairs.

The synapses of a projection lie in one flat array, part by part (each part owns a range of targets), in each part row by row,
in each row by delay, then by target. The first kernel counts how many lie in each place of that order; the second draws the
same lines again and puts target and weight where they belong. Lines are independent, so several threads build at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from maichong.engines.events.emit import Argument, Kernel, KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.events.together import in_threads
from maichong.engines.projection_plan import ProjectionPlan
from maichong.engines.streams import stream_of
from maichong.spec import Distribution
from maichong.spec.reading import arguments
from maichong.topology import RandomConnector

EXTRA = """
from maichong.random_compiled import philox, unit
from maichong.topology.lines import draw_line
"""


def wire(
    entry: ProjectionPlan,
    real: np.dtype,
    edges: Sequence[int],
    index: np.dtype,
    narrow: Any,
    late: np.dtype | None,
    *,
    relative: bool,
) -> dict[str, np.ndarray]:
    """The arrays target, weight, start and delays of a projection whose connector draws line by line; and offset, or late.

    ``edges`` are the first targets of the parts and the end of the last, ``index`` the type of a target, ``narrow`` gives the
    narrowest type for a number, ``late`` is the type of a synapse's own delay, None where rows are sorted by delay; ``relative``
    targets are counted from the first one of their part.
    """
    connector, projection = entry.streamed, entry.projection
    assert connector is not None
    n_lines, n_partners = connector.lines(entry.n_pre, entry.n_post)
    parts, spread = len(edges) - 1, entry.delay is None and late is None
    lowest = entry.shortest if spread else 0
    groups = entry.longest - lowest + 1 if spread else 1
    counts = np.zeros((parts, entry.n_pre, groups), np.uint32)
    numbers: dict[str, Any] = {
        "n_pre": entry.n_pre, "n_lines": n_lines, "n_partners": n_partners, "degrees": entry.degrees,
        "edges": np.array(edges, np.int64), "parts": parts, "groups": groups, "lowest": lowest, "shift": entry.shift,
        "dt": entry.dt,
        "pairs_stream": stream_of(entry.name, "pairs"), "values_stream": stream_of(entry.name, "values"),
        "seed_low": entry.seed & 0xFFFFFFFF, "seed_high": entry.seed >> 32, "counts": counts.reshape(-1),
    }  # fmt: skip
    numbers |= drawn_numbers(entry)
    types = {"counts": counts.dtype, "target": index, "weight": real} | ({"late": late} if late else {})
    _run(_text(entry, connector, "count", types, relative=relative), numbers, connector, edges, n_lines)
    used = np.flatnonzero(counts.any(axis=(0, 1))) if spread else np.zeros(1, np.int64)
    if not used.size:
        used = np.zeros(1, np.int64)
    kept = counts[:, :, used]
    ends = np.cumsum(kept, axis=2, dtype=np.int64)
    start = np.zeros((parts, entry.n_pre + 1), np.int64)
    lengths = ends[:, :, -1]
    flat = np.cumsum(lengths.reshape(-1)).reshape(parts, entry.n_pre)
    start[:, 1:] = flat
    start[1:, 0] = flat[:-1, -1]
    # while synapses are placed, entry g + 1 is where the next one of delay g goes; in the end, where those of delay g end
    table = narrow(int(lengths.max(initial=0)) + 1)
    offset = np.zeros((parts, entry.n_pre, used.size + 1), table)
    offset[:, :, 2:] = ends[:, :, :-1]
    where = np.zeros(groups, np.int64)
    where[used] = np.arange(used.size)
    size = int(flat[-1, -1]) if flat.size else 0
    delays = used + lowest if spread else np.array([entry.delay or 0], np.int64)
    arrays = {"target": np.empty(size, index), "start": start.reshape(-1), "offset": offset.reshape(-1), "delays": delays}
    arrays["weight"] = np.array([entry.weight], real) if entry.weight is not None else np.empty(size, real)
    if entry.weight is None and not isinstance(projection.weight, Distribution):
        arrays["weight"][:] = projection.weight
    if late:
        arrays["late"] = np.empty(size, late)
    given = {**numbers, **arrays, "where": where, "columns": used.size + 1}
    _run(_text(entry, connector, "place", types | {"offset": table}, relative=relative), given, connector, edges, n_lines)
    if late:
        arrays["delays"] = np.array([entry.shortest, arrays["late"].max(initial=entry.shortest)], np.int64)
    if used.size == 1:
        del arrays["offset"]
    return arrays


def drawn_numbers(entry: ProjectionPlan) -> dict[str, float]:
    """The numbers of the distributions from which weights and delays are drawn, as kernels call them."""
    numbers: dict[str, float] = {}
    for role, value in (("weight", entry.projection.weight), ("delay", entry.projection.delay)):
        if isinstance(value, Distribution):
            low, high = value.bounds()
            numbers |= {f"{role}_{name}": number for name, number in {**value.numbers(), "least": low, "most": high}.items()}
    return numbers


def _run(text: KernelText, values: Mapping[str, Any], connector: RandomConnector, edges: Sequence[int], n_lines: int) -> None:
    """Run a kernel over all lines: each thread has rows of its own, or, where targets draw, the targets of its part."""
    parts = len(edges) - 1
    bounds = [min(edge, n_lines) if connector.side == "post" else n_lines * k // parts for k, edge in enumerate(edges)]
    n, longest = int(values["n_partners"]), int(values["degrees"].max(initial=0))
    kernels = []
    for first, last in itertools.pairwise(bounds):
        scratch = {"marks": np.zeros(n, np.int32), "out": np.zeros(max(n, longest), np.int32)}
        kernels.append(Kernel(text, {**values, **scratch, "first": first, "last": last}))
    in_threads([kernel.once for kernel in kernels], 0)


def _text(
    entry: ProjectionPlan, connector: RandomConnector, task: str, types: Mapping[str, np.dtype], *, relative: bool
) -> KernelText:
    projection, places, late = entry.projection, task == "place", "late" in types
    spread = entry.delay is None and not late
    by_pre = connector.side == "pre"
    drawn = isinstance(projection.weight, Distribution) and places
    used = {"int": ["first", "last", "n_pre", "n_partners", "parts", "pairs_stream", "seed_low", "seed_high"]}
    w = Writer("float64")
    w.line("for line in range(first, last):")
    w.indent += 1
    w.line("k = degrees[line]")
    but_self = "line" if connector.but_self else "-1"
    w.line(
        f"draw_line(line, n_partners, k, {connector.distinct}, {but_self}, {by_pre}, marks, out, pairs_stream, seed_low, seed_high)"
    )
    w.line("for q in range(k):")
    w.indent += 1
    w.line("i, j = line, np.int64(out[q])" if by_pre else "i, j = np.int64(out[q]), line")
    w.line("part = 0")
    w.line("for edge in range(1, parts):")
    w.line("    part += j >= edges[edge]")
    floats: list[str] = []
    if spread or drawn or (late and places):
        w.line("r0, r1, r2, r3 = philox(U(q), U(line), U(0), U(values_stream), U(seed_low), U(seed_high))")
        used["int"].append("values_stream")
    group = "0"
    if spread or (late and places):
        assert isinstance(projection.delay, Distribution)
        value = write_value(w, projection.delay, "delay", "unit(r2, r3)", floats)
        w.line(f"steps = np.int64(np.floor({value} / dt + 0.5 + 1e-9)) + shift")
        floats.append("dt")
        used["int"].append("shift")
    if spread:
        w.line("group = steps - lowest")
        used["int"] += ["lowest"]
        group = "group"
    if task == "count":
        used["int"] += ["groups"]
        w.line(f"counts[(part * n_pre + i) * groups + {group}] += 1")
    else:
        used["int"] += ["columns"]
        w.line(f"cell = (part * n_pre + i) * columns + {'where[group]' if spread else '0'} + 1")
        w.line("at = start[part * (n_pre + 1) + i] + np.int64(offset[cell])")
        w.line("offset[cell] += 1")
        w.line("target[at] = j - edges[part]" if relative else "target[at] = j")
        if late:
            w.line("late[at] = steps")
        if drawn:
            w.line(f"weight[at] = {write_value(w, projection.weight, 'weight', 'unit(r0, r1)', floats)}")
    arrays = [("degrees", "int64"), ("edges", "int64"), ("marks", "int32"), ("out", "int32")]
    if task == "count":
        arrays += [("counts", str(types["counts"]))]
    else:
        arrays += [
            ("start", "int64"),
            *((name, str(types[name])) for name in ("offset", "target", *(["late"] if late else []))),
        ]
        arrays += [("where", "int64")] if spread else []
        arrays += [("weight", str(types["weight"]))] if drawn else []
    return KernelText(
        title=f"Wire: {task} {type(connector).__name__}",
        precision="float64",
        arguments=(
            *(Argument(name, "int") for name in used["int"]),
            *(Argument(name, "float64") for name in dict.fromkeys(floats)),
            *(Argument(name, f"{kind}[]") for name, kind in arrays),
        ),
        body=tuple(w.lines),
        origins=tuple(w.origins),
        extra=EXTRA,
    )


def write_value(w: Writer, value: Distribution, role: str, u: str, floats: list[str]) -> str:
    """The text of a distribution's value for the even random number ``u``."""
    w.line(f"u_{role} = {u}")
    quantile = type(value).quantile
    names = [name for name in arguments(quantile) if name != "u"]
    floats += [f"{role}_{name}" for name in (*names, "least", "most")]
    args = [f"u_{role}" if name == "u" else f"{role}_{name}" for name in arguments(quantile)]
    drawn = w.keep(w.inline(quantile, args)[0], role)
    return w.keep(f"min(max({drawn}, {role}_least), {role}_most)", role)
