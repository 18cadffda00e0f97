"""Products of spikes with weights that read what is not 0 alone: a dense layer behind spikes, forward and backward.

Most neurons are silent in most steps. A product with spikes is a sum of the weights' rows of those that fired, and the weights'
gradient a sum of the rows of gradients in which a neuron fired: one kernel does both. Blocks of 64 columns are copied together
first, so that what is read at random stays in a core's cache. At 13 % of spikes both take a third of the dense product's time
(784 -> 1000, 3,200 rows, Zen 4), and what is kept for the gradient is a list of spikes and no tensor of zeros.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch._C._functorch import is_functorch_wrapped_tensor  # pyright: ignore[reportMissingImports]

from maichong.engines.autograd.lined import empty
from maichong.engines.autograd.once import once
from maichong.engines.autograd.row_sums import SPARE, WIDE
from maichong.engines.autograd.sparse_lines import CHUNK, KERNELS, kernel
from maichong.engines.autograd.team import together
from maichong.engines.events.emit import Kernel, KernelText
from maichong.engines.events.memory import zeros

SPARSE = 0.25
"""The share of numbers that are not 0 above which a dense product is no slower."""

WORTH = 1 << 24
"""Multiplications below which lists cost more than they save."""

NEAR = 48 << 10
"""Bytes of a block of weights whose rows are added up together: half again a first cache. Less of them at once would lie in it
whole, and cost more by the ends of more and shorter sums (24, 32, 48 and 200 KiB: 6.1, 5.8, 5.9, 7.0 ms)."""


NOTHING = {"int": 0} | {kind: np.zeros(0, kind) for kind in ("uint8", "int32", "int64", "float32", "float64")}


def linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """x @ weight.T + bias, as ``torch.nn.functional.linear``, faster where ``x`` is mostly 0.

    x [..., in], weight [out, in], bias [out] -> [..., out], float32 or float64. Sums are added up in another order than by a dense
    product, so the result differs from it in the last digits; it is the same for any number of threads.
    """
    if not _worth(x, weight, bias):
        return torch.nn.functional.linear(x, weight, bias)
    lists = lists_of(x) if weight.shape[0] >= WIDE else None
    product = SparseLinear.apply(lists, x, weight, bias) if lists else DenseLinear.apply(x, weight, bias)
    return product  # type: ignore[return-value]


def _worth(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> bool:
    return (
        x.dim() >= 2 and x.shape[-1] == weight.shape[1] and x.numel() * weight.shape[0] >= WORTH and readable(x, weight, bias)
    )


def readable(x: torch.Tensor, *others: torch.Tensor | None) -> bool:
    """Whether kernels can read such tensors: real memory of a CPU, in float32 or float64, all alike, and nobody who traces them."""
    tensors = [x, *(entry for entry in others if entry is not None)]
    return (
        all(entry.device.type == "cpu" and entry.dtype == x.dtype for entry in tensors)
        and x.dtype in (torch.float32, torch.float64)
        and x.is_contiguous()
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and not any(is_functorch_wrapped_tensor(entry) for entry in tensors)
    )


@dataclass(frozen=True)
class Lists:
    """What of a matrix [rows, width] is not 0: its places and values, those of a row together; no values where all are 1.

    ``bounds`` [rows, parts + 1] says where those of each part of ``near`` columns of a row begin, and where the row ends; rows need
    not lie one after the other.
    """

    rows: int
    width: int
    near: int
    bounds: np.ndarray
    index: np.ndarray
    value: np.ndarray | None


def lists_of(x: torch.Tensor) -> Lists | None:
    """The lists of ``x``, or None where too much of it is not 0."""
    width = x.shape[-1]
    rows = x.numel() // width
    flat = x.detach().reshape(-1).numpy()
    most = int(SPARSE * x.numel())
    # each thread has room for all that may be found and a row more, of which it touches what it fills; whole registers are written
    work = shares(rows)
    rooms = np.cumsum([0, *(min(most, (b - a) * width) + width + SPARE for a, b in work)])
    near = NEAR // (WIDE * flat.itemsize)
    bounds = np.empty((rows, -(-width // near) + 1), np.int64)
    index, value = np.empty(rooms[-1], np.int32), np.empty(rooms[-1], flat.dtype)
    found = np.zeros((len(work), 2), np.int64)
    given = {
        "x": flat, "bounds": bounds.reshape(-1), "index": index, "value": value, "width": width, "near": near, "most": most,
    }  # fmt: skip
    own = [{"room": int(room), "found": found[k]} for k, room in enumerate(rooms[:-1])]
    _run("note", flat.dtype, given, work, own)
    many, odd = found.sum(axis=0)
    if many > most:
        return None
    # what lies between the threads' parts was never touched, and is no memory
    return Lists(rows, width, near, bounds, index, value if odd else None)


def dense_of(lists: Lists, dtype: np.dtype) -> torch.Tensor:
    """The matrix [rows, width] of which lists tell."""
    many = lists.bounds[:, -1] - lists.bounds[:, 0]
    of = np.repeat(lists.bounds[:, 0] - np.cumsum(many) + many, many) + np.arange(many.sum())
    found = np.zeros((lists.rows, lists.width), dtype)
    found[np.repeat(np.arange(lists.rows), many), lists.index[of]] = 1.0 if lists.value is None else lists.value[of]
    return torch.from_numpy(found)


class DenseLinear(torch.autograd.Function):
    """(x, weight, bias) -> x @ weight.T + bias; torch's own takes x.T @ gradient, which is eight times slower where n is small."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        return torch.nn.functional.linear(x, weight, bias)

    @staticmethod
    @once
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (gradient,) = gradients
        x, weight = ctx.saved_tensors
        flat = gradient.reshape(-1, gradient.shape[-1])
        of_x = (flat @ weight).reshape(x.shape) if ctx.needs_input_grad[0] else None
        of_weight = flat.t() @ x.reshape(-1, x.shape[-1]) if ctx.needs_input_grad[1] else None
        return of_x, of_weight, flat.sum(dim=0) if ctx.needs_input_grad[2] else None


class SparseLinear(torch.autograd.Function):
    """(lists of x, x, weight, bias) -> x @ weight.T + bias."""

    @staticmethod
    def forward(ctx: Any, lists: Lists, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        # among what is saved, so that it goes with the graph
        noted = [lists.bounds, lists.index] if weight.requires_grad else []
        if noted and lists.value is not None:
            noted.append(lists.value)
        ctx.save_for_backward(weight if x.requires_grad else None, *(torch.from_numpy(entry) for entry in noted))
        ctx.sides = lists.rows, lists.width, lists.near
        n = weight.shape[0]
        matrix = packed(weight)
        start = zeros(-(-n // WIDE) * WIDE, matrix.dtype)
        if bias is not None:
            start[:n] = bias.detach().numpy()
        out = torch.empty((*x.shape[:-1], n), dtype=x.dtype)
        given = {
            "matrix": matrix, **_listed(lists), "start": start, "out": out.reshape(-1).numpy(), "width": lists.width, "n": n,
        }  # fmt: skip
        _run("product", matrix.dtype, given, shares(lists.rows))
        return out

    @staticmethod
    @once
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (gradient,) = gradients
        weight, *noted = ctx.saved_tensors
        flat = gradient.reshape(-1, gradient.shape[-1])
        of_x = (flat @ weight).reshape(*gradient.shape[:-1], -1) if ctx.needs_input_grad[1] else None
        of_weight = None
        if ctx.needs_input_grad[2]:
            bounds, index, *value = (entry.numpy() for entry in noted)
            rows, width, near = ctx.sides
            lists = Lists(rows, width, near, bounds, index, value[0] if value else None)
            of_weight = weight_gradient(lists, flat.contiguous())
        return None, of_x, of_weight, flat.sum(dim=0) if ctx.needs_input_grad[3] else None


def packed(weight: torch.Tensor) -> np.ndarray:
    """The transpose of ``weight`` [n, width] in blocks of 64 of its columns, one block after the other: [blocks, width, 64]."""
    n, width = weight.shape
    blocks = -(-n // WIDE)
    flat = weight.detach().contiguous().reshape(-1).numpy()
    matrix = empty(blocks * width * WIDE, flat.dtype)
    _run("pack", flat.dtype, {"weight": flat, "matrix": matrix, "width": width, "n": n}, shares(blocks))
    return matrix


def paired(weight: torch.Tensor) -> np.ndarray:
    """The same rounded to bfloat16, where each two rows of a block lie together, column by column: [blocks, pairs of rows, 64], as
    int32 that hold two numbers each."""
    width = weight.shape[1]
    blocks = torch.from_numpy(packed(weight)).reshape(-1, width, WIDE)
    blocks = torch.nn.functional.pad(blocks, (0, 0, 0, width % 2)).reshape(len(blocks), -1, 2, WIDE)
    found = empty(blocks.numel() // 2, np.dtype(np.int32))
    rounded = torch.from_numpy(found).view(torch.bfloat16).reshape(len(blocks), -1, WIDE, 2)
    rounded.copy_(blocks.transpose(2, 3))
    return found


def weight_gradient(lists: Lists, gradient: torch.Tensor) -> torch.Tensor:
    """gradient.T @ x, from the lists of x: gradient [rows, n] -> [n, width]."""
    rows, n = gradient.shape
    width, dtype = lists.width, gradient.numpy().dtype
    chunks = -(-rows // CHUNK)
    begun = np.cumsum([0, *np.add.reduceat(lists.bounds[:, -1] - lists.bounds[:, 0], np.arange(0, rows, CHUNK))])
    first, last = (np.empty(chunks * width, np.int64) for _ in range(2))
    given = {**_listed(lists), "width": width, "rows": rows, "n": n, "begin_by": begun, "first_by": first, "last_by": last}
    if lists.value is None:
        turn, given["near_by"] = "turn_spikes", np.empty(begun[-1], np.uint8)
    else:
        turn = "turn_lists"
        given |= {"index_by": np.empty(begun[-1], np.int32), "value_by": np.empty(begun[-1], dtype)}
    _run(turn, dtype, given, shares(chunks))
    out = torch.empty((n, width), dtype=gradient.dtype)
    given |= {"gradient": gradient.reshape(-1).numpy(), "out": out.reshape(-1).numpy()}
    _run("gradient", dtype, given, shares(-(-n // WIDE)))
    return out


def _listed(lists: Lists) -> dict[str, Any]:
    """What a kernel gets of lists."""
    given = {"index": lists.index, "bounds": lists.bounds.reshape(-1), "near": lists.near, "spikes": int(lists.value is None)}
    return given if lists.value is None else {**given, "value": lists.value}


def shares(count: int) -> list[tuple[int, int]]:
    """What each thread does of ``count`` rows, blocks, chunks or images."""
    threads = max(1, min(torch.get_num_threads(), count))
    return list(itertools.pairwise(count * k // threads for k in range(threads + 1)))


def run_shares(
    text: KernelText, given: Mapping[str, Any], work: Sequence[tuple[int, int]], own: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Run a kernel from ``low`` to ``up`` of each share, each in a thread, with what each has of its ``own``."""
    kernels = [
        Kernel(text, {**given, **mine, "low": low, "up": up})
        for (low, up), mine in itertools.zip_longest(work, own, fillvalue={})  # pyright: ignore[reportGeneralTypeIssues]
    ]
    together(kernels)


def _run(
    stage: str,
    dtype: np.dtype,
    given: Mapping[str, Any],
    work: Sequence[tuple[int, int]],
    own: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Run a stage on all shares."""
    name = next(name for name, stages in KERNELS.items() if stage in stages)
    text = kernel(name, dtype.name)
    nothing = {argument.name: NOTHING[argument.kind.removesuffix("[]")] for argument in text.arguments}
    run_shares(text, {**nothing, **given, "stage": list(KERNELS[name]).index(stage)}, work, own)
