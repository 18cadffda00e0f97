"""How a projection lies in memory: a matrix, a matrix with delays, or rows sorted by delay.

``matrix``: every pair has a weight (or all share one number), all delays are equal; no index is stored.
``delayed``: a matrix whose synapses differ in delay. A spike visits its row once, when it is sent, and lays each weight into
the ``inbox`` of the step in which it arrives (0.4 ns a synapse here; visiting 20 short groups as they arrive cost 1.0).
``late``: rows of synapses that differ in delay and never change. A spike visits its row once, when it is sent, and lays each
weight into the inbox that all such projections onto a receptor share: short rows have few synapses of each delay, and to look
for those of each delay as it comes due costs more than they do.
``rows``: for each pre the targets sorted by delay, with the offset of each delay; indices as narrow as they fit. Plastic rows
also have, for each post, where its incoming synapses lie. A spike visits each group of its row when it arrives. Where targets
are parted among threads, each part has rows of its own, one part after the other in the same arrays.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from maichong.engines.projection_plan import ProjectionPlan
from maichong.spec import RuleModel
from maichong.spec.reading import arguments
from maichong.spec.symbolic import expressions, symbol


@dataclass(frozen=True)
class Layout:
    """The arrays of a projection; ``shared`` says that one weight stands for all, and no rule changes it, ``relative`` that each
    part counts its targets from the first of its own."""

    kind: str
    delays: np.ndarray
    weight: np.ndarray
    shared: bool = False
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    relative: bool = False

    @property
    def bytes(self) -> int:
        """The memory that it takes."""
        return self.weight.nbytes + sum(array.nbytes for array in self.arrays.values())


BLOCK = 32
"""Neurons that sleep and wake together, and what arrays are padded to: the loops that LLVM makes of two 512-bit vectors."""


def padded(n: int) -> int:
    """``n`` rounded up to whole SIMD blocks: arrays of this length leave nothing to a scalar remainder loop."""
    return -(-n // BLOCK) * BLOCK


def narrow(largest: int) -> np.dtype:
    """The narrowest unsigned type that holds ``largest``."""
    return np.dtype(np.uint16) if largest < 2**16 else np.dtype(np.uint32)


def narrow_delay(longest: int) -> np.dtype:
    """The narrowest unsigned type that holds a delay in steps."""
    return np.dtype(np.uint8) if longest < 2**8 else np.dtype(np.uint16)


def asks(entry: ProjectionPlan, role: str) -> tuple[str, ...]:
    """What the spike rule's function ``role`` asks for; nothing where it has none."""
    rule = entry.spike_rule
    function = rule.model.functions().get(role) if rule else None
    return arguments(function) if function else ()


def inert(entry: ProjectionPlan, role: str, side: str) -> bool:
    """Whether ``role`` leaves a weight as it is where the traces of ``side`` are zero: then only live traces need a visit."""
    rule = entry.spike_rule
    function = rule.model.functions().get(role) if rule else None
    if rule is None or function is None or not isinstance(rule.model, RuleModel):
        return True
    if rule.model.states or rule.model.elapse:
        return False
    zero = {trace.name: 0 for trace in rule.model.traces if trace.on == side}
    return expressions(function, zero)[0].equals(symbol("w")) is True


def needs_columns(entry: ProjectionPlan) -> bool:
    """Whether a postsynaptic spike must find its incoming synapses."""
    rule = entry.spike_rule
    return rule is not None and isinstance(rule.model, RuleModel) and rule.model.on_post is not None


def kind_of(entry: ProjectionPlan, longest: Callable[[], int], *, spread: bool) -> str:
    """Which layout suits a projection; ``spread`` says that its delays differ, ``longest`` gives the longest if it matters."""
    if entry.dense and not spread and entry.dendritic is not None:
        return "matrix"
    if entry.exact:
        return "rows"  # a spike is delivered in the step within which it arrives
    rule = entry.spike_rule.model if entry.spike_rule else None
    lingers = rule is not None and bool(rule.states or rule.functions().keys() & {"on_step", "elapse"})
    sparse_visits = inert(entry, "on_pre", "post") and not lingers
    small = max(entry.n_pre, entry.n_post) < 2**28 and longest() < 256
    plain = entry.release is None and entry.dendritic == 0
    if entry.connector == "all_to_all" and small and sparse_visits and plain:
        return "delayed"
    return "late" if spread and not entry.rules else "rows"


def chosen_kind(entry: ProjectionPlan) -> str:
    """Which layout a projection will have."""
    return kind_of(entry, lambda: entry.longest, spread=entry.delay is None)


def forecast(entry: ProjectionPlan, precision: str) -> tuple[str, float]:
    """The layout that ``build`` will choose and the bytes that it will take, from expected numbers: nothing is drawn."""
    real = np.dtype(precision).itemsize
    size = entry.projection.connector.expected(entry.n_pre, entry.n_post)
    groups, longest = entry.likely_delays
    kind = kind_of(entry, lambda: entry.likely_longest, spread=groups > 1)
    weights = 0.0 if entry.weight is not None else size * real
    if kind == "matrix":
        return kind, weights
    if kind == "delayed":
        depth, stride, late = inbox_form(longest, entry.n_post)
        calendar = depth * (calendar_room(entry.n_post) * 8 + 8) if asks(entry, "on_pre") else 0.0
        return kind, weights + size * late.itemsize + depth * stride * real + calendar
    index = narrow(entry.n_post).itemsize
    if kind == "late":
        return kind, weights + size * (index + narrow_delay(longest).itemsize) + entry.n_pre * 8
    width = narrow(int(size / max(entry.n_pre, 1)) + 1).itemsize
    table = entry.n_pre * (groups + 1) * width if groups > 1 else 0.0
    columns = 0.0
    if needs_columns(entry):
        columns = size * (narrow(entry.n_pre).itemsize + width + (groups > 1)) + entry.n_post * 8
    if entry.dendritic is None:
        ends, last = entry.likely_dendritic
        columns += size * narrow_delay(last).itemsize + (entry.n_post * 8 * (ends - 1) if columns else 0)
    return kind, weights + size * index + table + entry.n_pre * 8 + columns


def calendar_room(n_post: int) -> int:
    """Entries of one day of the calendar of live arrivals."""
    return max(256, n_post // 2)


def inbox_form(longest: int, n_post: int) -> tuple[int, int, np.dtype]:
    """The rows of the inbox, the length of one in memory, and what a synapse stores: its place (uint16) or its delay (uint8)."""
    depth, width = 1 << int(longest + 1).bit_length(), padded(n_post)
    stride = 1 << (width - 1).bit_length()
    return (depth, stride, np.dtype(np.uint16)) if depth * stride <= 2**16 else (depth, width, np.dtype(np.uint8))


def build(entry: ProjectionPlan, precision: str, edges: Sequence[int]) -> Layout:
    """Lay a projection out; ``edges`` are the first targets of the parts, and the end of the last one."""
    real, kind = np.dtype(precision), chosen_kind(entry)
    if kind == "matrix":
        return _matrix(entry, real)
    if kind == "delayed":
        return _delayed(entry, real)
    if entry.streamed:
        from maichong.engines.events.wiring import wire

        late = narrow_delay(entry.longest) if kind == "late" else None
        # counted from the first of their part, targets may be narrower
        widest = max(b - a for a, b in itertools.pairwise(edges))
        relative = not entry.rules and not entry.exact and narrow(widest).itemsize < narrow(entry.n_post).itemsize
        index = narrow(widest if relative else entry.n_post)
        arrays = wire(entry, real, edges, index, narrow, late, relative=relative)
    else:
        arrays, relative = _listed(entry, real, edges, late=kind == "late"), False
    delays, weight = arrays.pop("delays"), arrays.pop("weight")
    if needs_columns(entry):
        arrays |= _columns(entry, arrays, len(edges) - 1, delays.size)
    return Layout(kind, delays, weight, entry.weight is not None, arrays, relative)


def _listed(entry: ProjectionPlan, real: np.dtype, edges: Sequence[int], *, late: bool) -> dict[str, np.ndarray]:
    """The rows of synapses that are given as lists."""
    parts = len(edges) - 1
    synapses = entry.synapses()
    pre, post = synapses.pre, synapses.post
    delays = np.unique(synapses.delay) if pre.size else np.array([0])
    groups = 1 if late else delays.size
    group = np.zeros(pre.size, np.int64) if late else np.searchsorted(delays, np.broadcast_to(synapses.delay, pre.shape))
    part = np.searchsorted(np.array(edges[1:-1]), post, side="right")
    order = np.lexsort((post, group, pre, part)) if groups > 1 or parts > 1 else slice(None)
    pre, post, group, part = pre[order], post[order], group[order], part[order]
    waits = synapses.delay[order].astype(narrow_delay(int(delays[-1]))) if late else None
    dend = None
    if entry.dendritic is None:
        dend = np.broadcast_to(entry.dendritic_delays(), synapses.pre.shape).astype(narrow_delay(entry.longest_dendritic))[
            order
        ]
    weight = synapses.weight.astype(real)
    if entry.weight is None:
        weight = np.array(np.broadcast_to(weight, order.shape if isinstance(order, np.ndarray) else pre.shape))[order]
    # the place, relative to the row's start, where each delay begins
    cells = parts * entry.n_pre
    counts = np.bincount((part * entry.n_pre + pre) * groups + group, minlength=cells * groups).reshape(cells, groups)
    offsets = np.zeros((cells, groups + 1), np.int64)
    np.cumsum(counts, axis=1, out=offsets[:, 1:])
    start = np.zeros((parts, entry.n_pre + 1), np.int64)
    ends = np.cumsum(offsets[:, -1]).reshape(parts, entry.n_pre)
    start[:, 1:] = ends
    start[1:, 0] = ends[:-1, -1]
    arrays = {"target": post.astype(narrow(entry.n_post)), "start": start.reshape(-1)}
    if waits is not None:
        arrays["late"] = waits
    if dend is not None:
        arrays |= {"dend": dend, "dends": np.unique(dend).astype(np.int64) if dend.size else np.zeros(1, np.int64)}
    if groups > 1:
        arrays["offset"] = offsets.astype(narrow(int(offsets[:, -1].max(initial=0)) + 1)).reshape(-1)
    return {**arrays, "weight": weight, "delays": delays.astype(np.int64)}


def _columns(entry: ProjectionPlan, rows: Mapping[str, np.ndarray], parts: int, groups: int) -> dict[str, np.ndarray]:
    """Where the incoming synapses of each post lie: their sources, their places in the rows, their delays.

    Where dendritic delays differ, a column is parted by them.
    """
    from maichong.engines.events.columns import columns_kernel, count_kernel
    from maichong.engines.events.emit import Kernel

    target, start = rows["target"], rows["start"]
    ends = rows["dends"] if "dends" in rows else np.zeros(1, np.int64)
    which = np.zeros(int(ends[-1]) + 1, np.int64)
    which[ends] = np.arange(ends.size)
    sorted_by = {"which": which, "ends": ends.size}
    column = np.zeros(entry.n_post * ends.size + 1, np.int64)
    dend = str(rows["dend"].dtype) if "dend" in rows else None
    Kernel(count_kernel(str(target.dtype), dend), {**rows, "counts": column[1:], **sorted_by}).once(0)
    np.cumsum(column, out=column)
    longest = int(np.diff(start.reshape(parts, -1), axis=1).max(initial=0))
    found = {
        "column": column,
        "column_pre": np.empty(target.size, narrow(entry.n_pre)),
        "column_place": np.empty(target.size, narrow(longest + 1)),
    }
    if groups > 1:
        found["column_group"] = np.empty(target.size, np.uint8 if groups <= 256 else np.uint16)
    types = {name: str(array.dtype) for name, array in {**rows, **found}.items()}
    numbers = {"n_pre": entry.n_pre, "parts": parts, "groups": groups, "cursor": column[:-1].copy(), **sorted_by}
    Kernel(columns_kernel(types, several=groups > 1), {**rows, **found, **numbers}).once(0)
    return found


def in_one_part(layout: Layout, parts: int, n_pre: int) -> np.ndarray | None:
    """Where the synapses of one part alone, in its order, lie in a layout of several parts; None where the order is the same."""
    if parts == 1 or layout.kind not in ("rows", "late"):
        return None
    start = layout.arrays["start"].reshape(parts, n_pre + 1)
    groups = layout.delays.size if layout.kind == "rows" else 1
    begin = start[:, :-1, None]
    length = np.diff(start, axis=1)[:, :, None]
    if groups > 1:
        offset = layout.arrays["offset"].reshape(parts, n_pre, groups + 1).astype(np.int64)
        begin, length = begin + offset[:, :, :-1], np.diff(offset, axis=2)
    # parts hold ascending ranges of targets: behind each other, delay by delay, they make the row of one part
    begin, length = begin.transpose(1, 2, 0).reshape(-1), length.transpose(1, 2, 0).reshape(-1)
    return np.repeat(begin - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))


def by_delay(pre: np.ndarray, group: np.ndarray, post: np.ndarray) -> np.ndarray:
    """The order of rows: by pre, then delay, then post."""
    return np.lexsort((post, group, pre))


def places(entry: ProjectionPlan, layout: Layout, parts: int) -> np.ndarray | None:
    """Where each of the plan's synapses lies in ``layout.weight``; None where the order is the same."""
    alone, parted = _places_in_one_part(entry, layout), in_one_part(layout, parts, entry.n_pre)
    if alone is None or parted is None:
        return parted if alone is None else alone
    return parted[alone]


def _places_in_one_part(entry: ProjectionPlan, layout: Layout) -> np.ndarray | None:
    if layout.kind in ("delayed", "late"):
        return None
    if layout.kind == "matrix":
        return np.flatnonzero(~np.eye(entry.n_pre, dtype=bool)) if entry.connector == "all_but_self" else None
    if layout.delays.size == 1:
        return None
    pre, post = entry.pairs()
    order = by_delay(pre, np.searchsorted(layout.delays, entry.delays()), post)
    found = np.empty_like(order)
    found[order] = np.arange(order.size)
    return found


def _matrix(entry: ProjectionPlan, real: np.dtype) -> Layout:
    delays = np.array([entry.delay], np.int64)
    if entry.weight is not None:
        return Layout("matrix", delays, np.array([entry.weight], real), shared=True)
    weight = np.array(np.broadcast_to(entry.weights().astype(real), (entry.size,)))
    if entry.connector == "all_but_self":
        # the diagonal has a place in memory and no synapse
        full = np.zeros((entry.n_pre, entry.n_post), real)
        full[~np.eye(entry.n_pre, dtype=bool)] = weight
        weight = full.reshape(-1)
    return Layout("matrix", delays, weight)


def _delayed(entry: ProjectionPlan, real: np.dtype) -> Layout:
    late = entry.delays().astype(np.uint8)
    delays = np.unique(late)
    depth, stride, kind = inbox_form(int(delays[-1]), entry.n_post)
    place = (
        late
        if kind == np.uint8
        else late.astype(kind) * kind.type(stride) + np.resize(np.arange(entry.n_post, dtype=kind), late.size)
    )
    weight = np.array(np.broadcast_to(entry.weights().astype(real), (entry.size,)))
    arrays = {"late": place, "inbox": np.zeros(depth * stride, real)}
    if asks(entry, "on_pre"):
        arrays |= {"due": np.zeros(depth * calendar_room(entry.n_post), np.uint64), "due_count": np.zeros(depth, np.int64)}
    return Layout("delayed", delays.astype(np.int64), weight, arrays=arrays)
