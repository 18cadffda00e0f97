"""NEST's kernel: there is one in a process, so it belongs to the run that was built last."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from typing import Any

from maichong.engines.nest.translate import tics_per_ms
from maichong.errors import EngineError

OLDEST = (3, 10)
"""The oldest NEST whose conventions the tables know."""

_owner: Kernel | None = None


def load() -> Any:
    """The module nest, without its greeting; EngineError where it is not installed, or too old."""
    try:
        with _unheard():
            nest: Any = importlib.import_module("nest")
    except ImportError:
        raise EngineError("build, engine 'nest'", "needs NEST", fix='pip install "maichong[nest]"') from None
    oldest = ".".join(map(str, OLDEST))
    if tuple(map(int, nest.__version__.split(".")[:2])) < OLDEST:
        fix = 'pip install "maichong[nest]"'
        raise EngineError("build, engine 'nest'", f"needs NEST {oldest} or newer", nest.__version__, fix)
    return nest


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """NEST greets where this word is not in the environment, and reads the command line for words of its own."""
    given, added = sys.argv, "PYNEST_QUIET" not in os.environ
    sys.argv = sys.argv[:1]
    os.environ.setdefault("PYNEST_QUIET", "1")
    try:
        yield
    finally:
        sys.argv = given
        if added:
            del os.environ["PYNEST_QUIET"]


class Kernel:
    """The kernel in the hands of one run, emptied of what was in it; ``steps`` are those that it has done.

    Generators send through a delay of one ``slice``, in steps. Their first spikes are stamped two steps after NEST's start, so that
    our t = 0 is ``ahead`` steps after it; they ``pause`` for so many more where others need a longer time. Steps are
    tried again where cells are ``coupled``.
    """

    def __init__(self, dt: float, seed: int, threads: int, slice: int, pause: int = 0, coupled: bool = False) -> None:
        global _owner
        self.nest, self.dt, self.slice, self.pause, self.ahead, self.steps = load(), dt, slice, pause, slice + 2 + pause, 0
        _owner = self
        self.nest.verbosity = self.nest.VerbosityLevel.QUIET  # what goes wrong is raised
        self.nest.ResetKernel()
        tics = tics_per_ms(dt)
        self.nest.set(tics_per_ms=tics, resolution=round(dt * tics) / tics, local_num_threads=threads)
        self.nest.use_wfr = coupled
        if coupled:
            self.nest.wfr_comm_interval = slice * dt
        self.nest.rng_seed = seed % (2**32 - 1) + 1  # a whole number from 1 on

    @property
    def now(self) -> int:
        """Our own time in steps."""
        return self.steps - self.ahead

    def check(self) -> Any:
        """The module nest, where the kernel still holds this run; EngineError otherwise."""
        if _owner is not self:
            raise EngineError(
                "run, engine 'nest'", "this run has lost NEST's kernel, of which a process has one, to a later build",
                fix="finish with one run before you build the next, or use one process for each",
            )  # fmt: skip
        if abs(self.nest.biological_time / self.dt - self.steps) > 0.5:
            raise EngineError(
                "run, engine 'nest'", "NEST's kernel must be left to the run",
                f"its clock at {self.nest.biological_time:g} instead of {self.steps * self.dt:g} ms", "build the network again",
            )  # fmt: skip
        return self.nest

    def simulate(self, steps: int) -> None:
        """Do so many steps."""
        with self.telling("run, engine 'nest'"):
            self.check().Simulate(steps * self.dt)
        self.steps += steps

    @contextlib.contextmanager
    def telling(self, where: str) -> Iterator[None]:
        """Within, what NEST refuses is an EngineError with NEST's words."""
        try:
            yield
        except self.nest.NESTError as error:
            raise EngineError(where, "NEST refuses", str(error) or type(error).__name__) from None
