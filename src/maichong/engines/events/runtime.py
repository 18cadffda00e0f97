"""What every emitted kernel stands on: pointers, the driver of the step loop, and a float32 exponential that vectorises.

A kernel is compiled once per model and template and knows nothing of a network. Its arguments lie in a *frame*, an int64 array
of numbers and addresses; the driver walks a table of (kernel, frame) through the steps. So a new network of known models
compiles nothing.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

F = np.float32


@intrinsic
def pointer(typingctx, address):
    """An integer address as a pointer, for carray."""

    def codegen(context, builder, signature, args):
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), codegen


@intrinsic
def call_kernel(typingctx, address, frame, step):
    """Call the compiled kernel at ``address`` with its frame and the step."""

    def codegen(context, builder, signature, args):
        word = ir.IntType(64)
        kernel = builder.inttoptr(args[0], ir.FunctionType(ir.VoidType(), [word, word]).as_pointer())
        builder.call(kernel, [args[1], args[2]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen


@intrinsic
def _scale(typingctx, shifted):
    """2**k as float32, from k + 1.5 * 2**23: the low bits of that sum are k, moved into the exponent."""

    def codegen(context, builder, signature, args):
        word = ir.IntType(32)
        bits = builder.shl(builder.bitcast(args[0], word), ir.Constant(word, 23))
        return builder.bitcast(builder.add(bits, ir.Constant(word, 0x3F800000)), ir.FloatType())

    return types.float32(types.float32), codegen


@njit(error_model="numpy", forceinline=True, fastmath={"contract"})
def _reduced(x):
    """exp(x) = scale (1 + q): ``scale`` a power of two, ``q`` small; x is clamped to [-87, 88].

    The polynomial 1 + r + c2 r^2 + ... + c6 r^6 has the smallest relative error on [-ln 2 / 2, ln 2 / 2] (1.9e-9); its first two
    coefficients are exactly 1, so that small arguments keep their precision.
    """
    x = x if x > F(-87.0) else F(-87.0)
    x = x if x < F(88.0) else F(88.0)
    shifted = x * F(1.4426950408889634) + F(12582912.0)
    k = shifted - F(12582912.0)
    r = x - k * F(0.693359375)
    r = r + k * F(2.12194440e-4)
    p = F(0.0013836794532835484)
    p = p * r + F(0.008374856784939766)
    p = p * r + F(0.041668228805065155)
    p = p * r + F(0.16666419804096222)
    p = p * r + F(0.49999991059303284)
    return _scale(shifted), p * (r * r) + r  # pyright: ignore[reportCallIssue]


@njit(error_model="numpy", forceinline=True, fastmath={"contract"})
def exp32(x):
    """exp in float32 to 1e-7: PyPI's Numba cannot vectorise np.exp, but this it can."""
    scale, q = _reduced(x)  # pyright: ignore[reportGeneralTypeIssues]
    return scale * q + scale


@njit(error_model="numpy", forceinline=True, fastmath={"contract"})
def expm1_32(x):
    """exp(x) - 1 in float32 to 2e-7, also where x is small."""
    scale, q = _reduced(x)  # pyright: ignore[reportGeneralTypeIssues]
    return scale * q + (scale - F(1.0))


STOP, LEARNING, STEP = 0, 1, 2
"""Places in the control array that all kernels of a run share."""


@njit("int64(int64[::1], int64[::1], int64, int64, int64[::1])", error_model="numpy", nogil=True, cache=True)
def drive(kernels, frames, first, last, control):
    """Run all kernels, in order, for the steps first ... last - 1; stop early after a step that asked for it.

    The step reached is returned and kept in ``control``, so that an interrupt between here and Python loses nothing.
    """
    for step in range(first, last):
        for k in range(kernels.size):
            call_kernel(kernels[k], frames[k], step)  # pyright: ignore[reportCallIssue]
        control[STEP] = step + 1
        if control[STOP]:
            return step + 1
    return last
