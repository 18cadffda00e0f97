"""What every emitted kernel stands on: pointers, the driver of the step loop, and a float32 exponential that vectorises.

A kernel is compiled once per model and template and knows nothing of a network. Its arguments lie in a *frame*, an int64 array
of numbers and addresses; the driver walks a table of (kernel, frame) through the steps. So a new network of known models
compiles nothing.
"""

from __future__ import annotations

import os
import platform

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
def select(typingctx, condition, a, b):
    """a where the condition holds, else b; both are worked out, as they are in a loop that is vectorised."""
    kind = typingctx.unify_types(a, b)

    def codegen(context, builder, signature, args):
        a_, b_ = (context.cast(builder, value, given, kind) for value, given in zip(args[1:], signature.args[1:], strict=True))
        return builder.select(context.is_true(builder, signature.args[0], args[0]), a_, b_)

    return kind(condition, a, b), codegen


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


@intrinsic
def _split(typingctx, x):
    """A positive float32 as m 2**k with m in [sqrt(1/2), sqrt(2)): m, and k as float32."""

    def codegen(context, builder, signature, args):
        word = ir.IntType(32)
        bits = builder.bitcast(args[0], word)
        k = builder.ashr(builder.sub(bits, ir.Constant(word, 0x3F3504F3)), ir.Constant(word, 23))
        m = builder.bitcast(builder.sub(bits, builder.shl(k, ir.Constant(word, 23))), ir.FloatType())
        return context.make_tuple(builder, signature.return_type, (m, builder.sitofp(k, ir.FloatType())))

    return types.UniTuple(types.float32, 2)(types.float32), codegen


@njit(error_model="numpy", forceinline=True, fastmath={"contract"})
def log32(x):
    """The natural logarithm of a positive float32 to 1e-7: with r = m - 1, r - r^2 / 2 + r^3 p(r) + k ln 2.

    p has the smallest relative error on [sqrt(1/2) - 1, sqrt(2) - 1]: Moshier's Cephes library, logf.
    """
    m, k = _split(x)  # pyright: ignore[reportCallIssue]
    r = m - F(1.0)
    p = F(7.0376836292e-2) * r - F(1.1514610310e-1)
    p = p * r + F(1.1676998740e-1)
    p = p * r - F(1.2420140846e-1)
    p = p * r + F(1.4249322787e-1)
    p = p * r - F(1.6668057665e-1)
    p = p * r + F(2.0000714765e-1)
    p = p * r - F(2.4999993993e-1)
    p = p * r + F(3.3333331174e-1)
    square = r * r
    return (p * (r * square) - F(2.12194440e-4) * k - F(0.5) * square) + r + F(0.693359375) * k


@njit(error_model="numpy", forceinline=True, fastmath={"contract"})
def pow32(x, y):
    """x ** y in float32, to 1e-7 |y ln x|: unlike the library's it vectorises. NaN for x < 0."""
    found = exp32(y * log32(x))  # pyright: ignore[reportCallIssue]
    at_zero = F(0.0) if y > F(0.0) else (F(1.0) if y == F(0.0) else F(np.inf))
    found = found if x > F(1e-37) else at_zero
    return found if x >= F(0.0) else F(np.nan)


@intrinsic
def _split64(typingctx, x):
    """A positive, normal float64 as m 2**k with m in [sqrt(1/2), sqrt(2)): m, and k as float64."""

    def codegen(context, builder, signature, args):
        word, real = ir.IntType(64), ir.DoubleType()
        bits = builder.bitcast(args[0], word)
        k = builder.ashr(builder.sub(bits, ir.Constant(word, 0x3FE6A09E667F3BCD)), ir.Constant(word, 52))
        m = builder.bitcast(builder.sub(bits, builder.shl(k, ir.Constant(word, 52))), real)
        # small integers as float64 without a conversion, which AVX2 lacks: the low bits of 1.5 * 2**52 + k are k
        shifted = builder.bitcast(builder.add(k, ir.Constant(word, 0x4338000000000000)), real)
        return context.make_tuple(builder, signature.return_type, (m, builder.fsub(shifted, ir.Constant(real, 1.5 * 2.0**52))))

    return types.UniTuple(types.float64, 2)(types.float64), codegen


@njit(error_model="numpy", forceinline=True)
def log64(x):
    """The natural logarithm in float64, to 1e-16 like the library's; but it vectorises.

    With r = m - 1 and s = r / (2 + r), log(1 + r) = r - r^2 / 2 + s (r^2 / 2 + p(s^2)): FreeBSD's msun library, e_log.c. Numbers
    between 0 and the smallest normal one count as that.
    """
    normal = x if x > 2.2250738585072014e-308 else 2.2250738585072014e-308
    m, k = _split64(normal)  # pyright: ignore[reportCallIssue]
    r = m - 1.0
    s = r / (2.0 + r)
    z = s * s
    p = 1.479819860511658591e-01 * z + 1.531383769920937332e-01
    p = p * z + 1.818357216161805012e-01
    p = p * z + 2.222219843214978396e-01
    p = p * z + 2.857142874366239149e-01
    p = p * z + 3.999999999940941908e-01
    p = (p * z + 6.666666666666735130e-01) * z
    half = 0.5 * r * r
    found = k * 6.93147180369123816490e-01 - ((half - (s * (half + p) + k * 1.90821492927058770002e-10)) - r)
    found = found if x < np.inf else np.inf
    at_zero = -np.inf if x == 0.0 else np.nan
    return found if x > 0.0 else at_zero


@njit(error_model="numpy", forceinline=True)
def log1p64(x):
    """log(1 + x) in float64 to 2e-16; it vectorises. The rounding of 1 + x is made good."""
    y = 1.0 + x
    lost = ((y - 1.0) - x) / y
    whole = (y > 0.0) & (y < np.inf)
    found = log64(y) - (lost if whole else 0.0)  # pyright: ignore[reportGeneralTypeIssues]
    return x if x == 0.0 else found  # with its sign


@intrinsic
def _arrive(typingctx, address):
    """Add one to the counter at ``address``, atomically; what was there before."""

    def codegen(context, builder, signature, args):
        place = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(types.int64), codegen


@intrinsic
def _look(typingctx, address):
    """The counter at ``address`` as all threads see it."""

    def codegen(context, builder, signature, args):
        place = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(types.int64), codegen


@intrinsic
def _breathe(typingctx):
    """Tell the core that this is a loop which waits."""
    hints = {"x86_64": ("llvm.x86.sse2.pause", ()), "aarch64": ("llvm.aarch64.hint", (1,))}
    hint = hints.get({"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower()))

    def codegen(context, builder, signature, args):
        if hint:
            name, numbers = hint
            word = ir.IntType(32)
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(ir.VoidType(), [word for _ in numbers]), name
            )
            builder.call(function, [ir.Constant(word, number) for number in numbers])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def _give_way(typingctx):
    """Let another thread have this core."""
    name = "SwitchToThread" if os.name == "nt" else "sched_yield"

    def codegen(context, builder, signature, args):
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(32), []), name)
        builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def prefetch(typingctx, address):
    """Ask for the cache line at ``address``, to be read soon; whether it comes changes nothing but the time."""

    def codegen(context, builder, signature, args):
        word, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        reading, near, data = (ir.Constant(word, number) for number in (0, 2, 1))
        builder.call(function, [builder.inttoptr(args[0], byte), reading, near, data])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


PATIENCE = 4000
"""Looks at a barrier, some 20 us of them, before a waiting thread gives way: with fewer free cores than threads a pure spin
would keep the one that is waited for from running."""

STOP, LEARNING, STEP, CONTROL = 0, 8, 16, 24
"""Places in the control array that all kernels of a run share, and its length: a cache line each, as one thread writes what the
others do not read."""

BARRIER = 0
"""What stands in a table of kernels where all threads wait for each other."""


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


TOGETHER = "int64(int64[::1], int64[::1], int64, int64, int64[::1], int64[::1], int64, boolean)"


@njit(TOGETHER, error_model="numpy", nogil=True, cache=True)
def drive_together(kernels, frames, first, last, control, sync, threads, chief):
    """``drive`` by one of several threads, each with a table of its own and as many barriers in it; one of them is the ``chief``.

    ``sync`` is shared and all zero at first: a counter of arrivals and, on other cache lines, the wish to stop as it stood before
    the last barrier of an even and of an odd step. All threads read the same wish, and so stop after the same step: one step later
    than asked.
    """
    counter = sync.ctypes.data
    expected, barriers = 0, 0
    for k in range(kernels.size):
        barriers += kernels[k] == BARRIER
    for step in range(first, last):
        met = 0
        for k in range(kernels.size):
            if kernels[k] != BARRIER:
                call_kernel(kernels[k], frames[k], step)  # pyright: ignore[reportCallIssue]
                continue
            met += 1
            if chief and met == barriers:
                sync[8 + 8 * (step & 1)] = control[STOP]
                control[STEP] = step + 1
            expected += threads
            _arrive(counter)  # pyright: ignore[reportCallIssue]
            looks = 0
            while _look(counter) < expected:  # pyright: ignore[reportCallIssue]
                looks += 1
                if looks < PATIENCE:
                    _breathe()  # pyright: ignore[reportCallIssue]
                else:
                    _give_way()  # pyright: ignore[reportCallIssue]
        if sync[8 + 8 * (step & 1)]:
            return step + 1
    return last
