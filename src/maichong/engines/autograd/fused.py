"""The fused path: a cell's kernels as one operation that torch differentiates."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from maichong.engines.autograd.cell import Cell
from maichong.engines.autograd.heap import keep_large_blocks
from maichong.engines.autograd.kernels import Emitter
from maichong.engines.autograd.once import once
from maichong.engines.autograd.shapes import Shape
from maichong.engines.autograd.team import together
from maichong.engines.events.emit import Kernel, KernelText
from maichong.engines.events.layout import BLOCK

WORTH = 1 << 14
"""Steps of neurons that are worth a thread."""


class Kernels:
    """The pair of kernels of a cell for one shape; the backward one is written when it is asked for."""

    def __init__(self, cell: Cell, shape: Shape, numbers: Sequence[str]) -> None:
        self.cell, self.shape = cell, shape
        self._emitter = Emitter(cell, shape, numbers)
        self.waits, self.numbers = self._emitter.waits, self._emitter.numbers
        keep_large_blocks()

    @functools.cached_property
    def forward(self) -> KernelText:
        return self._emitter.forward()

    @functools.cached_property
    def backward(self) -> KernelText:
        return self._emitter.backward()


def parts(rows: int, width: int, steps: int, threads: int) -> list[tuple[int, int, int, int]]:
    """How threads share the work: (first row, last row, first neuron, last neuron) of each."""
    threads = max(1, min(threads, rows * width * steps // WORTH))
    if rows >= threads:
        edges = [rows * k // threads for k in range(threads + 1)]
        return [(a, b, 0, width) for a, b in itertools.pairwise(edges)]
    units = -(-width // BLOCK)
    edges = [min(units * k // threads * BLOCK, width) for k in range(threads)] + [width]
    return [(0, rows, a, b) for a, b in itertools.pairwise(edges) if a < b]


def planes(rows: int, width: int, threads: int) -> list[tuple[int, int, int, int]]:
    """The same where each row is an image, which one thread has."""
    threads = max(1, min(threads, rows))
    edges = [rows * k // threads for k in range(threads + 1)]
    return [(a, b, 0, width) for a, b in itertools.pairwise(edges)]


def run(
    text: KernelText, shared: Mapping[str, Any], work: Sequence[tuple[int, int, int, int]], own: Sequence[Mapping[str, Any]]
) -> None:
    """Run a kernel over all parts of the work, each in a thread, with what each has of its ``own``."""

    def part(place: tuple[int, int, int, int], mine: Mapping[str, Any]) -> Kernel:
        first, last, low, high = place
        return Kernel(text, {**shared, **mine, "first": first, "last": last, "low": low, "high": high})

    together([part(place, mine) for place, mine in zip(work, own, strict=True)])


def array(tensor: torch.Tensor) -> np.ndarray:
    """A tensor's own memory as a flat array."""
    return tensor.detach().reshape(-1).numpy()


class Fused(torch.autograd.Function):
    """(kernels, threads, span, current, wait, *states, *numbers) -> (*outputs, *last states, last wait)."""

    @staticmethod
    def forward(
        ctx: Any, kernels: Kernels, threads: int, span: int, current: torch.Tensor, wait: torch.Tensor, *given: torch.Tensor
    ) -> Any:
        cell, shape = kernels.cell, kernels.shape
        states = cell.system.states
        begin, numbers = given[: len(states)], given[len(states) :]
        steps, rows, width = current.shape
        outputs = [current.new_empty(steps, rows, width // shape.pool**2) for _ in shape.outputs]
        end, end_wait = [torch.empty_like(state) for state in begin], torch.empty_like(wait)
        shared = shared_of(kernels, current, wait, begin, numbers) | results_of(kernels, outputs, end, end_wait)
        kept = kept_of(kernels, current)
        shared |= {"span": span, **given_kept(kept)}
        work = parts(rows, width, steps, threads) if shape.pool == 1 else planes(rows, width, threads)
        run(kernels.forward, shared, work, [{}] * len(work))
        ctx.kernels, ctx.threads, ctx.span, ctx.kept = kernels, threads, span, tuple(kept)
        ctx.save_for_backward(current, wait, *given, *kept.values())
        ctx.mark_non_differentiable(end_wait)
        return (*outputs, *end, end_wait)

    @staticmethod
    @once
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        kernels: Kernels = ctx.kernels
        cell, shape = kernels.cell, kernels.shape
        states = cell.system.states
        current, wait, *given = ctx.saved_tensors
        given, kept = apart(given, ctx.kept)
        begin, numbers = given[: len(states)], given[len(states) :]
        steps, rows, width = current.shape
        g_begin = [torch.empty_like(state) for state in begin]
        shared = shared_of(kernels, current, wait, begin, numbers) | gradients_of(kernels, gradients, g_begin)
        g_current = torch.empty_like(current) if shape.input_gradient else None
        if g_current is not None:
            shared["g_in"] = array(g_current)
        shared |= {"span": ctx.span, **kept}
        work = parts(rows, width, steps, ctx.threads) if shape.pool == 1 else planes(rows, width, ctx.threads)
        g_numbers = run_back(kernels, shared, work, numbers, current)
        return (None, None, None, g_current, None, *g_begin, *g_numbers)


def results_of(
    kernels: Kernels, outputs: Sequence[torch.Tensor], end: Sequence[torch.Tensor], end_wait: torch.Tensor
) -> dict[str, Any]:
    """Where a forward kernel puts what it finds."""
    shared = {f"out_{name}": array(out) for name, out in zip(kernels.shape.outputs, outputs, strict=True)}
    shared |= {f"end_{name}": array(value) for name, value in zip(kernels.cell.system.states, end, strict=True)}
    return shared | {"end_wait": array(end_wait)}


def kept_of(kernels: Kernels, current: torch.Tensor) -> dict[str, torch.Tensor]:
    """Room for what each step begins with, where that is kept for the way back: states, and steps left to wait."""
    if not kernels.shape.keeps:
        return {}
    kept = {f"kept_{name}": torch.empty_like(current) for name in kernels.cell.system.states}
    return kept | ({"kept_wait": torch.empty_like(current, dtype=torch.int32)} if kernels.waits else {})


def given_kept(kept: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    """The same for a kernel."""
    return {name: array(value) for name, value in kept.items()}


def apart(saved: Sequence[torch.Tensor], names: Sequence[str]) -> tuple[list[torch.Tensor], dict[str, Any]]:
    """What was saved: all but what is kept, and that, for a kernel, which is last."""
    count = len(saved) - len(names)
    return list(saved[:count]), given_kept(dict(zip(names, saved[count:], strict=True)))


def gradients_of(kernels: Kernels, upstream: Sequence[torch.Tensor], g_begin: Sequence[torch.Tensor]) -> dict[str, Any]:
    """What a backward kernel gets, the gradients of outputs, last states and last wait, and where it puts those of the first."""
    states = kernels.cell.system.states
    outputs = () if kernels.shape.readout else kernels.shape.outputs
    labels = [*(f"g_out_{name}" for name in outputs), *(f"g_end_{name}" for name in states)]
    shared = {label: array(value.contiguous()) for label, value in zip(labels, upstream[:-1], strict=True)}
    return shared | {f"g_begin_{name}": array(value) for name, value in zip(states, g_begin, strict=True)}


def run_back(
    kernels: Kernels, shared: Mapping[str, Any], work: Sequence[tuple[int, int, int, int]], numbers: Sequence[torch.Tensor],
    like: torch.Tensor, more: Sequence[Mapping[str, Any]] = (),
) -> list[torch.Tensor | None]:  # fmt: skip
    """Run a backward kernel; the gradients of a step's numbers, from what each thread adds up for each neuron. ``more`` is what
    each thread has of its own beside."""
    sums = {name: like.new_zeros(len(work), like.shape[2]) for name in kernels.shape.learned}
    own = [{f"g_par_{name}": array(total[k]) for name, total in sums.items()} for k in range(len(work))]
    run(kernels.backward, shared, work, [{**mine, **others} for mine, others in zip(own, more or own, strict=True)])
    found: list[torch.Tensor | None] = []
    for name, value in zip(kernels.numbers, numbers, strict=True):
        if name not in sums:
            found.append(None)
            continue
        total = sums[name].sum(dim=0)
        found.append((total if name in kernels.shape.each else total.sum()).reshape(value.shape))
    return found


def shared_of(
    kernels: Kernels,
    current: torch.Tensor,
    wait: torch.Tensor,
    begin: Sequence[torch.Tensor],
    numbers: Sequence[torch.Tensor],
) -> dict[str, Any]:
    """What kernels of both directions get."""
    steps, rows, width = current.shape
    cell, each = kernels.cell, kernels.shape.each
    shared: dict[str, Any] = {
        "steps": steps, "rows": rows, "width": width, "pause": cell.pause, "dt": cell.dt, "current_in": array(current),
        "begin_wait": array(wait),
    }  # fmt: skip
    shared |= {f"begin_{name}": array(value) for name, value in zip(cell.system.states, begin, strict=True)}
    for name, value in zip(kernels.numbers, numbers, strict=True):
        shared[f"par_{name}"] = array(value.contiguous()) if name in each else float(value)
    return shared
