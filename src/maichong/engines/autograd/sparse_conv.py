"""Convolutions of spikes that read what is not 0 alone.

A convolution is, at each place, a sum of the weights' rows of those channels that spiked in its window; the weights' gradient is,
for each channel and each of a window's places, a sum of the gradients' rows where the channel spiked. Both are ``row_sums`` on
lists of spikes, which are made image by image in a core's cache. 32 -> 64 channels of 3 x 3 on 512 images of 14 x 14, 30 % not 0,
two threads of a Zen 4: the weights' gradient takes 18 ms and oneDNN's 28; at 10 %, 13, and forward 14 ms where the dense one takes
20 at any share.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch

from maichong.engines.autograd.once import once
from maichong.engines.autograd.row_sums import WIDE
from maichong.engines.autograd.shapes import imports
from maichong.engines.autograd.sparse import WORTH, readable, run_shares, shares
from maichong.engines.events.emit import Argument, KernelText
from maichong.engines.events.memory import zeros

SPARSE, GRADIENT = 0.15, 0.35
"""The shares of numbers that are not 0 above which a dense convolution, and its weights' gradient, are no slower."""

SAMPLE = 8
"""One image in so many is looked at."""

FULL = 0.75
"""How much of the last block of 64 channels must be used."""

Sides = tuple[int, int]


def conv2d(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, padding: Sides) -> torch.Tensor:
    """The convolution of ``x`` [images, channels, h, w] with ``weight`` [out, channels, kh, kw] at a stride of 1, as
    ``torch.nn.functional.conv2d``, faster where ``x`` is mostly 0. Sums are added up in another order than by a dense one."""
    if _worth(x, weight, bias):
        some = x.detach()[::SAMPLE]
        share = int(torch.count_nonzero(some)) / some.numel()
        if share <= (GRADIENT if torch.is_grad_enabled() and weight.requires_grad else SPARSE):
            return SparseConv.apply(x, weight, bias, padding, share <= SPARSE)  # type: ignore[return-value]
    return torch.nn.functional.conv2d(x, weight, bias, padding=padding)


def _worth(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> bool:
    out = weight.shape[0]
    return (
        x.dim() == 4
        and x.shape[1] == weight.shape[1]
        and out >= FULL * WIDE * -(-out // WIDE)
        and x.numel() * out * weight.shape[2] * weight.shape[3] >= WORTH
        and readable(x, weight, bias)
    )


class SparseConv(torch.autograd.Function):
    """(x, weight, bias, padding, whether forward too reads spikes alone) -> their convolution."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, padding: Sides, sparse: bool
    ) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        ctx.padding = padding
        if not sparse:
            return torch.nn.functional.conv2d(x, weight, bias, padding=padding)
        given = _sizes(x, weight, padding)
        out = x.new_empty(x.shape[0], weight.shape[0], given["high_out"], given["wide_out"])
        blocks = -(-weight.shape[0] // WIDE)
        start = zeros(blocks * WIDE, given["x"].dtype)
        if bias is not None:
            start[: weight.shape[0]] = bias.detach().numpy()
        given |= {"weight": _rows_of(weight), "start": start, "out": out.reshape(-1).numpy()}
        run_shares(_kernel("forward", x.dtype), given, shares(x.shape[0]))
        return out

    @staticmethod
    @once
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, weight = ctx.saved_tensors
        gradient = gradients[0].contiguous()
        of_x = of_weight = of_bias = None
        if ctx.needs_input_grad[0]:
            pads, ones = list(ctx.padding), [1, 1]
            mask = [True, False, False]
            of_x, _, _ = torch.ops.aten.convolution_backward(
                gradient, x, weight, None, ones, pads, ones, False, [0, 0], 1, mask
            )
        if ctx.needs_input_grad[1]:
            of_weight = _weight_gradient(x, weight, gradient, ctx.padding)
        if ctx.needs_input_grad[2]:
            of_bias = gradient.sum(dim=(0, 2, 3))
        return of_x, of_weight, of_bias, None, None


def _weight_gradient(x: torch.Tensor, weight: torch.Tensor, gradient: torch.Tensor, padding: Sides) -> torch.Tensor:
    out, channels, high, wide = weight.shape
    blocks = -(-out // WIDE)
    work = shares(x.shape[0])
    given = _sizes(x, weight, padding) | {"gradient": gradient.reshape(-1).numpy()}
    sums = x.new_zeros(len(work), blocks, high, wide, channels, WIDE)
    own = [{"sums": part.reshape(-1).numpy()} for part in sums]
    run_shares(_kernel("backward", x.dtype), given, work, own)
    total = sums.sum(dim=0).permute(0, 4, 3, 1, 2).reshape(blocks * WIDE, channels, high, wide)
    return total[:out].contiguous()


def _rows_of(weight: torch.Tensor) -> np.ndarray:
    """``weight`` [out, channels, kh, kw] as [blocks of out, kh, kw, channels, 64]."""
    out = weight.shape[0]
    blocks = -(-out // WIDE)
    whole = torch.nn.functional.pad(weight.detach(), (0, 0, 0, 0, 0, 0, 0, blocks * WIDE - out))
    return whole.unflatten(0, (blocks, WIDE)).permute(0, 3, 4, 2, 1).contiguous().reshape(-1).numpy()


def _sizes(x: torch.Tensor, weight: torch.Tensor, padding: Sides) -> dict[str, Any]:
    (_, channels, high, wide), (out, _, high_k, wide_k) = x.shape, weight.shape
    return {
        "x": x.detach().reshape(-1).numpy(), "channels": channels, "high": high, "wide": wide, "out_channels": out,
        "high_k": high_k, "wide_k": wide_k, "pad_y": padding[0], "pad_x": padding[1],
        "high_out": high + 2 * padding[0] - high_k + 1, "wide_out": wide + 2 * padding[1] - wide_k + 1,
    }  # fmt: skip


BODIES = {
    "forward": f"""
size = U(SIZE)
high_p, wide_p = high + 2 * pad_y, wide + 2 * pad_x
index = np.empty(channels * high * wide + 1, np.int32)
value = np.empty(channels * high * wide + 1, F)
first = np.zeros(high_p * wide_p + 1, np.int64)
places = high_out * wide_out
found = lined(np.empty(places * {WIDE} + SLACK, F))
indices, values, results = U(index.ctypes.data), U(value.ctypes.data), U(found.ctypes.data)
for image in range(low, up):
    own = U(image * channels * high * wide)
    # what of the image is not 0, place by place: index = (column of the padded image) x channels + channel
    k = 0
    for y in range(high_p):
        inside = pad_y <= y < pad_y + high
        for c in range(wide_p):
            first[U(y * wide_p + c)] = k
            if inside and pad_x <= c < pad_x + wide:
                at = own + U((y - pad_y) * wide + c - pad_x)
                for channel in range(channels):
                    now = x[at + U(channel * high * wide)]
                    index[U(k)] = c * channels + channel
                    value[U(k)] = now
                    k += np.int64(now != F(0.0))
    first[U(high_p * wide_p)] = k
    for block in range((out_channels + {WIDE - 1}) // {WIDE}):
        begin = U(start.ctypes.data) + U(block * {WIDE}) * size
        for y in range(high_out):
            for c in range(wide_out):
                to = results + U((y * wide_out + c) * {WIDE}) * size
                here = begin
                for dy in range(high_k):
                    # rows of the window's line dy, counted from the window's left edge, which is column c of the image
                    rows = U(weight.ctypes.data) + U(((block * high_k + dy) * wide_k - c) * channels * {WIDE}) * size
                    left = (y + dy) * wide_p + c
                    row_sums(rows, indices, values, first[U(left)], first[U(left + wide_k)], here, to)
                    here = to
        many = min({WIDE}, out_channels - block * {WIDE})
        to = (image * out_channels + block * {WIDE}) * places
        whole, square = (many // LANES * LANES, places // LANES * LANES)
        for j in range(0, whole, LANES):
            for place in range(0, square, LANES):
                turn(
                    results + U(place * {WIDE} + j) * size, {WIDE},
                    U(out.ctypes.data) + U(to + j * places + place) * size, places,
                )
        for j in range(many):
            for place in range(square if j < whole else 0, places):
                out[U(to + j * places + place)] = found[U(place * {WIDE} + j)]
""",
    "backward": f"""
size = U(SIZE)
high_p, wide_p = high + 2 * pad_y, wide + 2 * pad_x
high_g, wide_g = high_p + high_k - 1, wide_p + wide_k - 1
index = np.empty(high * wide + 1, np.int32)
value = np.empty(high * wide + 1, F)
near = lined(np.zeros(high_g * wide_g * {WIDE} + SLACK, F))
places = high_out * wide_out
turned = lined(np.zeros(places * {WIDE} + SLACK, F))
square = places // LANES * LANES
indices, values = U(index.ctypes.data), U(value.ctypes.data)
for block in range((out_channels + {WIDE - 1}) // {WIDE}):
    many = min({WIDE}, out_channels - block * {WIDE})
    whole = many // LANES * LANES
    for k in range(high_g * wide_g * {WIDE}):
        near[U(k)] = F(0.0)
    for k in range(places * {WIDE}):
        turned[U(k)] = F(0.0)
    for image in range(low, up):
        # the gradient of the image, its channels together, in the middle of zeros
        of = (image * out_channels + block * {WIDE}) * places
        for j in range(0, whole, LANES):
            for place in range(0, square, LANES):
                turn(
                    U(gradient.ctypes.data) + U(of + j * places + place) * size, places,
                    U(turned.ctypes.data) + U(place * {WIDE} + j) * size, {WIDE},
                )
        for j in range(many):
            for place in range(square if j < whole else 0, places):
                turned[U(place * {WIDE} + j)] = gradient[U(of + j * places + place)]
        for y in range(high_out):
            to = U(((y + high_k - 1) * wide_g + wide_k - 1) * {WIDE})
            line = U(y * wide_out * {WIDE})
            for k in range(U(wide_out * {WIDE})):
                near[to + k] = turned[line + k]
        for channel in range(channels):
            own = U((image * channels + channel) * high * wide)
            k = 0
            for y in range(high):
                for c in range(wide):
                    now = x[own + U(y * wide + c)]
                    index[U(k)] = (y + pad_y) * wide_g + c + pad_x
                    value[U(k)] = now
                    k += np.int64(now != F(0.0))
            if k > 0:
                for dy in range(high_k):
                    for dx in range(wide_k):
                        shift = (high_k - 1 - dy) * wide_g + wide_k - 1 - dx
                        rows = U(near.ctypes.data) + U(shift * {WIDE}) * size
                        place = ((block * high_k + dy) * wide_k + dx) * channels + channel
                        to = U(sums.ctypes.data) + U(place * {WIDE}) * size
                        row_sums(rows, indices, values, 0, k, to, to)
""",
}

INTEGERS = (
    "channels", "high", "wide", "out_channels", "high_k", "wide_k", "pad_y", "pad_x", "high_out", "wide_out", "low", "up",
)  # fmt: skip
NUMBERS = {"forward": ("x", "weight", "start", "out"), "backward": ("x", "gradient", "sums")}


@functools.cache
def _kernel(name: str, kind: torch.dtype) -> KernelText:
    precision = str(kind).removeprefix("torch.")
    size = int(precision.removeprefix("float")) // 8
    body = BODIES[name].strip("\n").replace("SIZE", str(size)).replace("LANES", str(64 // size))
    return KernelText(
        title=f"Sparse convolution, {name}", precision=precision,
        arguments=(
            *(Argument(entry, "int") for entry in INTEGERS),
            *(Argument(entry, f"{precision}[]") for entry in NUMBERS[name]),
        ),
        body=tuple(body.splitlines()), extra=imports(precision),
    )  # fmt: skip
