"""The fused path of a recurrent layer: all steps of neurons that hear each other's spikes of the step before, as one operation.

Rows of a batch know nothing of each other, so a thread takes its rows through all steps. What a step's spikes send is a sum of
the weights of those that fired; back in time, what arrives at the spikes is a product with all weights, of four rows at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from maichong.engines.autograd.fused import (
    Kernels,
    apart,
    array,
    given_kept,
    gradients_of,
    kept_of,
    results_of,
    run,
    run_back,
    shared_of,
)  # fmt: skip
from maichong.engines.autograd.once import once
from maichong.engines.autograd.readout import backward_of, forward_of, of_weight, rooms_of
from maichong.engines.autograd.row_sums import ROWS, SPARE
from maichong.engines.autograd.shapes import SPIKES
from maichong.engines.autograd.sparse import SPARSE, Lists, dense_of, lists_of, packed, paired, weight_gradient


class FusedRecurrent(torch.autograd.Function):
    """(kernels, threads, current, weight, read, bias, wait, *states, *numbers) -> (*outputs, *last states, last wait); spikes are
    among the outputs, and ``weight`` [n, n] leads from columns to rows.

    With ``read`` [m, n], a narrow layer's weights, its sums spikes @ read.T + bias come out in place of the outputs.
    """

    @staticmethod
    def forward(
        ctx: Any, kernels: Kernels, threads: int, current: torch.Tensor, weight: torch.Tensor, read: torch.Tensor | None,
        bias: torch.Tensor | None, wait: torch.Tensor, *given: torch.Tensor,
    ) -> Any:  # fmt: skip
        shape, states = kernels.shape, kernels.cell.system.states
        begin, numbers = given[: len(states)], given[len(states) :]
        steps, rows, width = current.shape
        outputs = [torch.empty_like(current) for _ in shape.outputs]
        total = torch.empty_like(current)
        end, end_wait = [torch.empty_like(state) for state in begin], torch.empty_like(wait)
        shared = shared_of(kernels, current, wait, begin, numbers) | results_of(kernels, outputs, end, end_wait)
        kept = kept_of(kernels, current)
        shared |= {"out_total": array(total), "matrix": packed(weight), **given_kept(kept)}
        work = _parts(rows, width, threads)
        own: list[dict[str, Any]] = [{}] * len(work)
        if read is not None:
            outputs = [current.new_empty(steps, rows, len(read))]
            noted, own = _room(steps, rows, width, work, notes=weight.requires_grad)
            shared |= forward_of(read, bias, outputs[0]) | noted
            run(kernels.forward, shared, work, own)
            spikes = _noted(noted, own) if weight.requires_grad else ()
        else:
            run(kernels.forward, shared, work, own)
            spikes = (outputs[shape.outputs.index(SPIKES)],)
        ctx.kernels, ctx.threads, ctx.kept, ctx.heard = kernels, threads, tuple(kept), len(spikes)
        ctx.save_for_backward(total, weight, read, wait, *spikes, *given, *kept.values())
        ctx.mark_non_differentiable(end_wait)
        return (*outputs, *end, end_wait)

    @staticmethod
    @once
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        kernels: Kernels = ctx.kernels
        states = kernels.cell.system.states
        total, weight, read, wait, *given = ctx.saved_tensors
        spikes, (given, kept) = given[: ctx.heard], apart(given[ctx.heard :], ctx.kept)
        begin, numbers = given[: len(states)], given[len(states) :]
        _steps, rows, width = total.shape
        work = _parts(rows, width, ctx.threads)
        g_begin, g_current = [torch.empty_like(state) for state in begin], torch.empty_like(total)
        shared = shared_of(kernels, total, wait, begin, numbers) | kept
        shared |= gradients_of(kernels, gradients if read is None else gradients[1:], g_begin)
        shared |= {"g_in": array(g_current), "matrix": (paired if kernels.shape.halves else packed)(weight.t())}
        own = [] if read is None else rooms_of(read, len(work))
        if read is not None:
            shared |= backward_of(read, gradients[0])
        g_numbers = run_back(kernels, shared, work, numbers, total, own)
        g_weight = _of_weight(*spikes, gradient=g_current) if ctx.needs_input_grad[3] else None
        g_read = None if read is None else of_weight(read, own)
        g_bias = gradients[0].sum(dim=(0, 1)) if ctx.needs_input_grad[5] else None
        return None, None, g_current, g_weight, g_read, g_bias, None, *g_begin, *g_numbers


def _room(
    steps: int, rows: int, width: int, work: Sequence[tuple[int, int, int, int]], *, notes: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Room for the lists of all rows in all steps, should all neurons fire, or of one row each where nobody wants them again: for
    all parts of the work, and where each has its own. The system gives memory for what is written alone."""
    rooms = np.cumsum([0, *(((b - a) * steps if notes else 1) * width + SPARE for a, b, _, _ in work)])
    shared = {
        "noted": np.empty(rooms[-1], np.int32), "bounds": np.zeros(2 * steps * rows if notes else 0, np.int64), "notes": int(notes),
    }  # fmt: skip
    return shared, [{"room": int(room)} for room in rooms[:-1]]


def _noted(shared: Mapping[str, Any], own: Sequence[Mapping[str, Any]]) -> tuple[torch.Tensor, torch.Tensor]:
    """The lists and their bounds, close together."""
    bounds, rooms = shared["bounds"].reshape(-1, 2), np.array([mine["room"] for mine in own])
    of = np.searchsorted(rooms, bounds[:, 0], side="right") - 1
    many = np.bincount(of, bounds[:, 1] - bounds[:, 0], len(rooms)).astype(np.int64)
    begun = np.cumsum([0, *many])
    bounds -= (rooms - begun[:-1])[of][:, None]
    spans = [shared["noted"][room : room + count] for room, count in zip(rooms, many, strict=True)]
    return torch.from_numpy(np.concatenate(spans)), torch.from_numpy(bounds)


def _of_weight(spikes: torch.Tensor, bounds: torch.Tensor | None = None, *, gradient: torch.Tensor) -> torch.Tensor:
    """The gradient of the weights, from the gradient of the currents one step later and spikes, all or, with ``bounds``, lists of
    those that fired."""
    steps, rows, width = gradient.shape
    if steps == 1:
        return gradient.new_zeros(width, width)
    after = gradient[1:].reshape(-1, width)
    if bounds is None:
        before = spikes[:-1].reshape(-1, width)
        lists = lists_of(before)
        return weight_gradient(lists, after) if lists else after.t() @ before
    index = spikes.numpy()
    lists = Lists(len(after), width, width, bounds[:-rows].numpy(), index, None)
    if len(index) < SPARSE * gradient.numel():
        return weight_gradient(lists, after)
    return after.t() @ dense_of(lists, gradient.numpy().dtype)


def _parts(rows: int, width: int, threads: int) -> list[tuple[int, int, int, int]]:
    """How threads share the rows: in groups of as many as one product takes."""
    groups = -(-rows // ROWS)
    threads = max(1, min(threads, groups))
    edges = [min(groups * k // threads * ROWS, rows) for k in range(threads + 1)]
    return [(a, b, 0, width) for a, b in itertools.pairwise(edges) if a < b]
