"""How a projection lies in memory: a matrix, a matrix with delays, or rows sorted by delay.

``matrix``: every pair has a weight (or all share one number), all delays are equal; no index is stored.
``delayed``: a matrix whose synapses differ in delay. A spike visits its row once, when it is sent, and lays each weight into
the ``inbox`` of the step in which it arrives (0.4 ns a synapse here; visiting 20 short groups as they arrive cost 1.0).
``rows``: for each pre the targets sorted by delay, with the offset of each delay; indices as narrow as they fit. Plastic rows
also have, for each post, where its incoming synapses lie. A spike visits each group of its row when it arrives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from maichong.engines.plan import ProjectionPlan
from maichong.spec import RuleModel
from maichong.spec.reading import arguments
from maichong.spec.symbolic import expressions, symbol


@dataclass(frozen=True)
class Layout:
    """The arrays of a projection; ``shared`` says that one weight stands for all, and no rule changes it."""

    kind: str
    delays: np.ndarray
    weight: np.ndarray
    shared: bool = False
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


BLOCK = 32
"""Neurons that sleep and wake together, and what arrays are padded to: the loops that LLVM makes of two 512-bit vectors."""


def padded(n: int) -> int:
    """``n`` rounded up to whole SIMD blocks: arrays of this length leave nothing to a scalar remainder loop."""
    return -(-n // BLOCK) * BLOCK


def narrow(largest: int) -> np.dtype:
    """The narrowest unsigned type that holds ``largest``."""
    return np.dtype(np.uint16) if largest < 2**16 else np.dtype(np.uint32)


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
    zero = {trace.name: 0 for trace in rule.model.traces if trace.on == side}
    return expressions(function, zero)[0].equals(symbol("w")) is True


def needs_columns(entry: ProjectionPlan) -> bool:
    """Whether a postsynaptic spike must find its incoming synapses."""
    rule = entry.spike_rule
    return rule is not None and isinstance(rule.model, RuleModel) and rule.model.on_post is not None


def kind_of(entry: ProjectionPlan, longest: Callable[[], int], *, spread: bool) -> str:
    """Which layout suits a projection; ``spread`` says that its delays differ, ``longest`` gives the longest if it matters."""
    if entry.dense and not spread:
        return "matrix"
    sparse_visits = inert(entry, "on_pre", "post") and not asks(entry, "on_step")
    small = max(entry.n_pre, entry.n_post) < 2**28
    if entry.connector == "all_to_all" and longest() < 256 and small and sparse_visits:
        return "delayed"
    return "rows"


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
    width = narrow(int(size / max(entry.n_pre, 1)) + 1).itemsize
    table = entry.n_pre * (groups + 1) * width
    columns = 0.0
    if needs_columns(entry):
        columns = size * (narrow(entry.n_pre).itemsize + width + (groups > 1)) + entry.n_post * 8
    return kind, weights + size * index + table + entry.n_pre * 8 + columns


def calendar_room(n_post: int) -> int:
    """Entries of one day of the calendar of live arrivals."""
    return max(256, n_post // 2)


def inbox_form(longest: int, n_post: int) -> tuple[int, int, np.dtype]:
    """The rows of the inbox, the length of one in memory, and what a synapse stores: its place (uint16) or its delay (uint8)."""
    depth, width = 1 << int(longest + 1).bit_length(), padded(n_post)
    stride = 1 << (width - 1).bit_length()
    return (depth, stride, np.dtype(np.uint16)) if depth * stride <= 2**16 else (depth, width, np.dtype(np.uint8))


def build(entry: ProjectionPlan, precision: str) -> Layout:
    """Lay a projection out."""
    real = np.dtype(precision)
    kind = kind_of(entry, lambda: entry.longest, spread=entry.delay is None)
    if kind == "matrix":
        return _matrix(entry, real)
    if kind == "delayed":
        return _delayed(entry, real)
    synapses = entry.synapses()
    pre, post = synapses.pre, synapses.post
    delays = np.unique(synapses.delay) if pre.size else np.array([0])
    group = np.searchsorted(delays, np.broadcast_to(synapses.delay, pre.shape))
    order = by_delay(pre, group, post) if delays.size > 1 else None
    if order is not None:
        pre, post, group = pre[order], post[order], group[order]
    weight = synapses.weight.astype(real)
    if entry.weight is None:
        weight = np.array(np.broadcast_to(weight, pre.shape))
        weight = weight if order is None else weight[order]
    groups = delays.size
    # the place, relative to the row's start, where each delay begins
    counts = np.bincount(pre * groups + group, minlength=entry.n_pre * groups).reshape(entry.n_pre, groups)
    offsets = np.zeros((entry.n_pre, groups + 1), np.int64)
    np.cumsum(counts, axis=1, out=offsets[:, 1:])
    start = np.zeros(entry.n_pre + 1, np.int64)
    np.cumsum(offsets[:, -1], out=start[1:])
    longest = int(offsets[:, -1].max(initial=0))
    arrays = {
        "target": post.astype(narrow(entry.n_post)),
        "start": start,
        "offset": offsets.astype(narrow(longest + 1)).reshape(-1),
    }
    if needs_columns(entry):
        by_post = np.argsort(post, kind="stable")
        column = np.zeros(entry.n_post + 1, np.int64)
        np.cumsum(np.bincount(post, minlength=entry.n_post), out=column[1:])
        place = np.arange(pre.size) - start[pre]
        arrays |= {
            "column": column,
            "column_pre": pre[by_post].astype(narrow(entry.n_pre)),
            "column_place": place[by_post].astype(narrow(longest + 1)),
            "column_group": group[by_post].astype(np.uint8 if groups <= 256 else np.uint16)
            if groups > 1
            else np.zeros(1, np.uint8),
        }
    return Layout("rows", delays.astype(np.int64), weight, entry.weight is not None, arrays)


def by_delay(pre: np.ndarray, group: np.ndarray, post: np.ndarray) -> np.ndarray:
    """The order of rows: by pre, then delay, then post."""
    return np.lexsort((post, group, pre))


def places(entry: ProjectionPlan, layout: Layout) -> np.ndarray | None:
    """Where each of the plan's synapses lies in ``layout.weight``; None where the order is the same."""
    if layout.kind == "delayed":
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
