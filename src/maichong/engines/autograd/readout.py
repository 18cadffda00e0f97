"""Neurons and a narrow layer behind them as one operation: spikes are heard where they are fired, and not written to memory.

What comes out is small, and so is what comes back; a training step of 784-1000-10 saves six passes over a tensor of spikes. Of
neurons that hear each other spikes are kept, for the gradient of the weights between them, but read by nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from maichong.engines.autograd.fused import Kernels, array, gradients_of, planes, results_of, run, run_back, shared_of
from maichong.engines.autograd.once import once
from maichong.engines.autograd.readout_lines import MOST
from maichong.engines.autograd.sparse import packed, readable
from maichong.engines.events.memory import zeros


def suits(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> bool:
    """Whether a layer of ``weight`` [n, width] may stand inside the kernel of neurons that get ``x`` [time, batch, width]."""
    fits = x.dim() == 3 and 0 < weight.shape[0] <= MOST and weight.shape[1] == x.shape[2]
    return fits and readable(x, weight, bias)


class FusedReadout(torch.autograd.Function):
    """(kernels, threads, current, weight, bias, wait, *states, *numbers) -> (sums, *last states, last wait), where the sums are
    spikes @ weight.T + bias: weight [n, width], sums [steps, rows, n]."""

    @staticmethod
    def forward(
        ctx: Any, kernels: Kernels, threads: int, current: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None,
        wait: torch.Tensor, *given: torch.Tensor,
    ) -> Any:  # fmt: skip
        states = kernels.cell.system.states
        begin, numbers = given[: len(states)], given[len(states) :]
        steps, rows, width = current.shape
        sums = current.new_empty(steps, rows, weight.shape[0])
        end, end_wait = [torch.empty_like(state) for state in begin], torch.empty_like(wait)
        shared = shared_of(kernels, current, wait, begin, numbers) | results_of(kernels, (), end, end_wait)
        work = planes(rows, width, threads)
        run(kernels.forward, shared | forward_of(weight, bias, sums), work, [{}] * len(work))
        ctx.kernels, ctx.threads = kernels, threads
        ctx.save_for_backward(current, weight, wait, *given)
        ctx.mark_non_differentiable(end_wait)
        return (sums, *end, end_wait)

    @staticmethod
    @once
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        kernels: Kernels = ctx.kernels
        states = kernels.cell.system.states
        current, weight, wait, *given = ctx.saved_tensors
        begin, numbers = given[: len(states)], given[len(states) :]
        _steps, rows, width = current.shape
        g_begin = [torch.empty_like(state) for state in begin]
        shared = shared_of(kernels, current, wait, begin, numbers) | gradients_of(kernels, gradients[1:], g_begin)
        g_current = torch.empty_like(current) if kernels.shape.input_gradient else None
        if g_current is not None:
            shared["g_in"] = array(g_current)
        work = planes(rows, width, ctx.threads)
        own = rooms_of(weight, len(work))
        g_numbers = run_back(kernels, shared | backward_of(weight, gradients[0]), work, numbers, current, own)
        g_bias = gradients[0].sum(dim=(0, 1)) if ctx.needs_input_grad[4] else None
        return (None, None, g_current, of_weight(weight, own), g_bias, None, *g_begin, *g_numbers)


def forward_of(weight: torch.Tensor, bias: torch.Tensor | None, sums: torch.Tensor) -> dict[str, Any]:
    """What a forward kernel gets of the layer."""
    read = packed(weight)
    start = zeros(MOST, read.dtype)
    if bias is not None:
        start[: len(bias)] = bias.detach().numpy()
    return {"n_read": weight.shape[0], "read": read, "start_read": start, "out_read": array(sums)}


def backward_of(weight: torch.Tensor, gradient: torch.Tensor) -> dict[str, Any]:
    """What a backward kernel gets of the layer, and of the gradient of its sums."""
    return {"n_read": weight.shape[0], "read": packed(weight.t()), "g_read": array(gradient.contiguous())}


def rooms_of(weight: torch.Tensor, parts: int) -> list[dict[str, np.ndarray]]:
    """Where each part of the work adds up the gradient of the weights: [width, 64]."""
    return [{"g_matrix": array(weight.new_zeros(weight.shape[1] * MOST))} for _ in range(parts)]


def of_weight(weight: torch.Tensor, own: Sequence[Mapping[str, np.ndarray]]) -> torch.Tensor:
    """The gradient of the weights, from what all parts found."""
    n, width = weight.shape
    total = sum(torch.from_numpy(mine["g_matrix"]) for mine in own)
    assert isinstance(total, torch.Tensor)
    return total.reshape(width, MOST)[:, :n].t().contiguous()
