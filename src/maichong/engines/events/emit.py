"""Kernel files: written once per content, named by a hash, compiled by Numba and cached on disk.

A file holds one kernel. Its name is a hash of its text and of the versions that compile it, so that stale machine code cannot
be served; it is written atomically, so that two processes may emit at once. Delete the folder at any time.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import platform
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maichong.engines.events.compiling import quickly
from maichong.engines.events.runtime import CONTROL, drive
from maichong.errors import EngineError
from maichong.files import write_bytes

HEADER = '''"""{title}

Emitted by maichong; the equations come from:
{origins}
"""
'''

IMPORTS = """
import numpy as np
from numba import cfunc

from maichong.engines.events.frame import array_at, number_at, word_at
from maichong.engines.events.runtime import LEARNING, STOP, exp32, expm1_32, log1p64, log64, pow32, prefetch, select
{extra}
F = np.{precision}
U = np.uint64  # an unsigned index needs no test for being negative
"""


@dataclass(frozen=True)
class Argument:
    """One argument of a kernel: an array ("float32[]"), a number read at each call ("float32") or an "int" kept in the frame."""

    name: str
    kind: str


@dataclass(frozen=True)
class KernelText:
    """A kernel before it is compiled: the body of a function of ``step`` and its arguments, and what it needs."""

    title: str
    precision: str
    arguments: tuple[Argument, ...]
    body: tuple[str, ...]
    origins: tuple[str, ...] = ()
    extra: str = ""

    def source(self) -> str:
        """The whole file: what it is and where its equations come from, then the code."""
        origins = "\n".join(f"    {origin}" for origin in self.origins) or "    nowhere: it moves data only"
        return HEADER.format(title=self.title, origins=origins) + self.code()

    def code(self) -> str:
        """What is compiled; kernels of equal code are one kernel, whatever they are called."""
        fast = 'fastmath={"contract", "arcp", "nsz"}, ' if self.precision == "float32" else ""
        lines, slot = [], 0
        for argument in self.arguments:
            if argument.kind == "int":
                value = f"word_at(frame, {slot})"
            elif argument.kind.endswith("[]"):
                value = f"array_at(frame, {slot}, np.{argument.kind[:-2]})"
            else:
                value = f"number_at(frame, {slot}, np.{argument.kind})"
            slot += 2 if argument.kind.endswith("[]") else 1
            lines.append(f"{argument.name} = {value}")
        # one function and not two, for each takes half a second to compile
        text = "\n".join(f"    {line}" if line else "" for line in (*lines, *self.body))
        return (
            f"{IMPORTS.format(extra=self.extra, precision=self.precision)}\n\n"
            f'@cfunc("void(int64, int64)", {fast}error_model="numpy", cache=True)\ndef kernel(frame, step):\n'
            f"{text}\n"
        )


def cache_folder() -> Path:
    """Where emitted kernels live: ``MAICHONG_CACHE``, or the user's cache folder."""
    given = os.environ.get("MAICHONG_CACHE")
    if given:
        return Path(given) / "kernels"
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("maichong")) / "kernels"


@functools.cache
def _versions() -> str:
    import llvmlite
    import numba

    from maichong import random, random_compiled
    from maichong.engines.events import earliest, frame, gauss, runtime
    from maichong.topology import lines

    modules = (random, random_compiled, lines, frame, runtime, gauss, earliest)
    own = hashlib.sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in modules)).hexdigest()
    parts = (numba.__version__, llvmlite.__version__, np.__version__, platform.python_version(), own, CHECKS)
    return " ".join((*parts, platform.machine(), str(numba.config.CPU_NAME)))  # type: ignore[attr-defined]


CHECKS = "--runtime-memory-check-threshold=128"
"""How many pairs of arrays LLVM may test for overlaps before a loop that it vectorises; of eight, its default, a step of two states
with its gradients has more, and would stay scalar."""


@functools.cache
def _allow_checks() -> None:
    from llvmlite import binding

    binding.set_option("maichong", CHECKS)


_compiling = threading.RLock()


@functools.cache
def compiled(text: KernelText) -> Any:
    """The compiled kernel of a text: emitted, or found on disk, and loaded; by one thread at a time."""
    with _compiling:
        return _compiled(text)


def _compiled(text: KernelText) -> Any:
    _allow_checks()
    name = "maichong_kernel_" + hashlib.sha256(f"{_versions()}\n{text.code()}".encode()).hexdigest()[:24]
    if name not in sys.modules:
        path = cache_folder() / f"{name}.py"
        if not path.exists():
            write_bytes(path, text.source().encode())
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise EngineError(str(path), "must be a kernel file that can be loaded", fix="delete the cache folder")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            with quickly():
                spec.loader.exec_module(module)
        except BaseException:
            # Ctrl-C while it compiles: half a module is none
            del sys.modules[name]
            raise
    return sys.modules[name].kernel


_NOBODY = np.zeros(CONTROL, np.int64)


class Kernel:
    """A compiled kernel with its arguments in place."""

    def __init__(self, text: KernelText, values: Mapping[str, Any]) -> None:
        self.text = text
        self._function = compiled(text)
        self.address = int(self._function.address)
        self.kept: dict[str, np.ndarray] = {}
        self.frame = self._fill(text.arguments, values)
        self._table = np.array([self.address], np.int64), np.array([self.frame.ctypes.data], np.int64)

    def once(self, step: int) -> None:
        """Call the kernel alone, for one step."""
        drive(*self._table, step, step + 1, _NOBODY)

    def _fill(self, arguments: Sequence[Argument], values: Mapping[str, Any]) -> np.ndarray:
        words: list[int] = []
        for argument in arguments:
            value = values[argument.name]
            if argument.kind == "int":
                words.append(int(value))
                continue
            wanted = np.dtype(argument.kind.removesuffix("[]"))
            if argument.kind.endswith("[]"):
                if not isinstance(value, np.ndarray) or value.dtype != wanted or not value.flags.c_contiguous:
                    raise EngineError(f"{self.text.title}, {argument.name}", f"must be a contiguous array of {wanted}")
                array = value
                words += [array.ctypes.data, array.size]
            else:
                array = np.array([value], wanted)
                words.append(array.ctypes.data)
            self.kept[argument.name] = array  # the frame holds an address only
        return np.array(words or [0], np.int64)
