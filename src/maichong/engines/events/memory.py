"""Where arrays lie: threads that write to one cache line, or of which one fetches ahead what the other writes, wait for each other.

Measured with twelve arrays of 4,000 float32 numbers that two threads sweep, each its half: 2.2 us a step where the halves lie
behind each other, as a core fetches some of what lies behind its half before it stops, and 1.2 us where they do not. The same
sweep by one thread takes 2 us, but 12 us where all arrays begin at the same place of a page, as large ones from the system do:
they compete for the same sets of the cache.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

LINE = 64
"""Bytes of a cache line."""
PAGE = 4096
STRIDE = 5 * LINE
"""How far into its page the next array begins than the last: few arrays are swept at once, and so none meet."""

_turns = itertools.count()


def zeros(n: int, dtype: Any) -> np.ndarray:
    """``n`` zeros that begin a cache line, share none with another array, and begin elsewhere in their page than arrays before."""
    kind = np.dtype(dtype)
    size = -(-n * kind.itemsize // LINE) * LINE
    raw = np.zeros(size + 2 * PAGE, np.uint8)
    begin = -raw.ctypes.data % PAGE + next(_turns) * STRIDE % PAGE
    return raw[begin : begin + n * kind.itemsize].view(kind)


def apart(values: np.ndarray) -> np.ndarray:
    """A copy of a one-dimensional array on cache lines of its own."""
    found = zeros(values.size, values.dtype)
    found[:] = values
    return found


class Parted:
    """Arrays of neurons by name, of which each part of the neurons has its own section, far from the others.

    Every part has arrays of full length, so that all count alike, and uses what lies between its ``edges``; the system gives memory
    to pages that are used. Arrays may have several rows, each as wide as the population.
    """

    def __init__(self, edges: Sequence[int], *, shared: bool = False) -> None:
        self.edges = edges
        one: dict[str, np.ndarray] = {}
        self.of = [one if shared else {} for _ in edges[1:]]
        """The arrays of each part, of which it uses its section; the same for all where they are ``shared``."""

    def __contains__(self, name: str) -> bool:
        return name in self.of[0]

    def __iter__(self) -> Any:
        return iter(self.of[0])

    def add(self, name: str, dtype: Any, rows: int = 1) -> None:
        """A new array of zeros."""
        for part, mine in enumerate(self.of):
            if part == 0 or mine is not self.of[0]:
                mine[name] = zeros(rows * self.edges[-1], dtype)

    def fill(self, name: str, values: np.ndarray) -> None:
        """A new array that holds ``values``, for each neuron and the padding."""
        self.add(name, values.dtype)
        self[name] = values

    def __getitem__(self, name: str) -> np.ndarray:
        """An array as a whole; a copy where it is in several pieces."""
        if self.of[-1] is self.of[0]:
            return self.of[0][name]
        found = np.empty_like(self.of[0][name])
        for part, mine in enumerate(self.of):
            self._section(found, part)[...] = self._section(mine[name], part)
        return found

    def __setitem__(self, name: str, values: Any) -> None:
        """Change an array: a number, one value for each neuron with or without the padding, or all rows."""
        values = np.asarray(values)
        if values.ndim and values.size < self.edges[-1]:
            values = np.concatenate([values, self[name][values.size : self.edges[-1]]])
        for part, mine in enumerate(self.of):
            self._section(mine[name], part)[...] = self._section(values, part) if values.ndim else values

    def _section(self, array: np.ndarray, part: int) -> np.ndarray:
        return array.reshape(-1, self.edges[-1])[:, self.edges[part] : self.edges[part + 1]]
