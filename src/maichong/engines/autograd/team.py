"""Kernels on the threads that torch itself uses.

Torch's OpenMP keeps the threads of a parallel operation awake for a few milliseconds, spinning, so that the next one finds them.
Threads of our own beside them have half a core each: a step of training of 784-1000-10 took 49 ms so, and 33 ms where the same
team runs both (two cores, 3,200 rows). The team is reached through the library that torch is linked with; where that is not an
OpenMP of GCC's interface, threads of our own do the work.
"""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import carray, cfunc, types  # pyright: ignore[reportPrivateImportUsage]
from numba.extending import intrinsic

from maichong.engines.events.emit import Kernel
from maichong.engines.events.runtime import call_kernel, pointer
from maichong.engines.events.together import in_threads

_forked = False


def _fork() -> None:
    """A child has none of its parent's threads, and OpenMP of GCC would wait for them for ever."""
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fork)


def together(kernels: Sequence[Kernel]) -> None:
    """Run all kernels at once, on as many threads as there are, up to one for each."""
    openmp = None if _forked else _openmp()
    if len(kernels) == 1 or openmp is None:
        in_threads([functools.partial(kernel.once, 0) for kernel in kernels])
        return
    words = [len(kernels), *openmp.places]
    for kernel in kernels:
        words += [kernel.address, kernel.frame.ctypes.data]
    table = np.array(words, np.int64)
    # a team smaller than torch's would end its other threads, which it then starts anew
    threads = max(len(kernels), torch.get_num_threads())
    openmp.parallel(ctypes.c_void_p(_member.address), ctypes.c_void_p(table.ctypes.data), threads, 0)


class _OpenMP:
    """What is called of torch's library; AttributeError where it lacks something."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.parallel = library.GOMP_parallel
        self.parallel.argtypes = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint
        self.parallel.restype = None
        asked = library.omp_get_thread_num, library.omp_get_num_threads
        self.places = [ctypes.cast(function, ctypes.c_void_p).value or 0 for function in asked]


@functools.cache
def _openmp() -> _OpenMP | None:
    """The OpenMP of torch's own operations, which its library is linked with; None where there is none that we can call."""
    found = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
    try:
        return _OpenMP(ctypes.CDLL(str(found)))
    except (OSError, AttributeError):
        return None


@intrinsic
def _ask(typingctx: Any, address: Any) -> Any:
    """What the C function at ``address``, int f(void), answers."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = builder.inttoptr(args[0], ir.FunctionType(ir.IntType(32), []).as_pointer())
        return builder.sext(builder.call(function, []), ir.IntType(64))

    return types.int64(types.int64), codegen


@cfunc("void(int64)", cache=True)
def _member(table):
    """One thread of a team: its share of the kernels in the table, should there be fewer threads than were asked for."""
    head = carray(pointer(table), 3, np.int64)  # pyright: ignore[reportCallIssue]
    count, member, members = head[0], _ask(head[1]), _ask(head[2])  # pyright: ignore[reportCallIssue]
    words = carray(pointer(table), 3 + 2 * count, np.int64)  # pyright: ignore[reportCallIssue]
    for k in range(member, count, members):
        call_kernel(words[3 + 2 * k], words[4 + 2 * k], 0)  # pyright: ignore[reportCallIssue]
