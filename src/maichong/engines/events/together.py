"""Threads of the event engine: which part of a population each owns, and running native code on several at once.

A thread owns a range of neurons: it alone writes their states, and adds what arrives for them, in the order of the sources. So
the number of parts changes nothing in the result, not in the last bit; nor does it matter which thread runs a part.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from maichong import interrupts
from maichong.engines.events.layout import BLOCK, padded
from maichong.engines.events.memory import LINE
from maichong.engines.plan import Plan
from maichong.errors import EngineError, brief

PAYS_US = 2.0
"""A step that takes one thread less than this many microseconds is over before two threads have met at its end."""

COST_NS = {"float32": (0.06, 0.4), "float64": (0.12, 4.0)}
"""What a state of a neuron costs in a step: where it is propagated exactly, and where it is not (measured with AVX-512)."""

_pools: dict[int, ThreadPoolExecutor] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)  # a child has none of its parent's threads


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_threads(plan: Plan, precision: str, threads: object) -> int:
    """The number of threads that was asked for, or, for None, the one that pays: one for small networks, else all cores.

    Raises EngineError for a number that is none.
    """
    if threads is None:
        return cores() if step_us(plan, precision) > PAYS_US else 1
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)) or not 1 <= threads <= 1024:
        raise EngineError(
            "build, threads", "must be a whole number between 1 and 1024, or None: as many as pay", brief(threads)
        )
    return int(threads)


def step_us(plan: Plan, precision: str) -> float:
    """What a step takes one thread, roughly, in microseconds: COST_NS for each state, for each background and each noise current
    of a neuron, and 1 ns for each synapse that a spike reaches, at 10 spikes a second."""
    total, (easy, hard) = 0.0, COST_NS[precision]
    for entry in plan.populations:
        if entry.system and entry.integration:
            exact = len(entry.integration.exact)
            total += entry.n * (easy * exact + hard * (len(entry.system.states) - exact)) * 1e-3
    for entry in (*plan.backgrounds, *plan.noises):
        total += entry.n * hard * 1e-3
    for entry in plan.projections:
        total += entry.projection.connector.expected(entry.n_pre, entry.n_post) * plan.dt * 10e-3 * 1e-3
    return total


def edges(n: int, parts: int) -> list[int]:
    """Where the parts of ``n`` neurons begin, and where the last ends in padded arrays: as even as can be, in units that are whole
    blocks and, of the narrowest arrays, whole cache lines."""
    width, unit = padded(n), max(BLOCK, LINE)
    return [min(width // unit * part // parts * unit if part < parts else width, width) for part in range(parts + 1)]


@functools.cache
def _system() -> Any:
    """The C library, where it can say on which core a thread runs; else None."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "sched_getcpu") else None


def _away(cores_: frozenset[int], function: Callable[..., Any], *args: Any) -> Any:
    """Call ``function`` on one of the cores given: a thread that is woken stays with its waker for milliseconds otherwise."""
    if cores_:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, cores_)  # of this thread alone
    return function(*args)


def _others() -> frozenset[int]:
    """The cores of this thread but the one it runs on; none where that cannot be told."""
    library = _system()
    return frozenset(os.sched_getaffinity(0)) - {library.sched_getcpu()} if library else frozenset()


def in_threads(functions: Sequence[Callable[..., Any]], *args: Any) -> list[Any]:
    """Call all functions at once, the first in this thread, and return what they return; Ctrl-C is heard when all are done."""
    if len(functions) == 1:
        return [functions[0](*args)]
    if len(functions) not in _pools:
        _pools[len(functions)] = ThreadPoolExecutor(len(functions) - 1, thread_name_prefix="maichong")
    pool, others = _pools[len(functions)], _others()
    with interrupts.deferred(unless_watched=True) as interrupted:
        called: list[Future[Any]] = [pool.submit(_away, others, function, *args) for function in functions[1:]]
        results = [functions[0](*args), *(future.result() for future in called)]
    if interrupted():
        raise KeyboardInterrupt
    return results
