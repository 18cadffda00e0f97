"""Arrays that grow on the disk: ``.npy`` files to whose end rows are added, read by ``numpy.load`` at any moment.

Rows are written behind those that the file's head knows, and the head is written last. So a process that is killed, or a disk
that is full, leaves the rows that were whole before; and to go back to an earlier number of rows is to write the head.
"""

from __future__ import annotations

import io
import math
import os
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maichong.errors import RecordingError

HEAD = 128
"""Bytes before the first row: NumPy pads its heads so that the number of rows can grow in place."""


@dataclass
class Growing:
    """An array [rows, ...] in the file ``path``; ``rows`` counts those that are whole."""

    path: Path
    dtype: np.dtype
    width: tuple[int, ...]
    rows: int = 0

    @classmethod
    def create(cls, path: Path, dtype: str, width: tuple[int, ...] = ()) -> Growing:
        """A new file without rows; OSError where there is one or none can be."""
        made = cls(path, np.dtype(dtype), width)
        with open(path, "xb") as file:
            file.write(made._head())
        return made

    @classmethod
    def open(cls, path: Path) -> Growing:
        """The file that ``create`` made; RecordingError where it is damaged or of another kind."""
        array = read(path)
        return cls(path, array.dtype, array.shape[1:], array.shape[0])

    def read(self, rows: int | None = None) -> np.ndarray:
        """The first ``rows`` rows, all by default; mapped, so that only what is looked at takes memory."""
        return read(self.path)[: self.rows if rows is None else rows]

    def _head(self) -> bytes:
        text = io.BytesIO()
        shape = (self.rows, *self.width)
        descr = np.lib.format.dtype_to_descr(self.dtype)
        np.lib.format.write_array_header_1_0(text, {"descr": descr, "fortran_order": False, "shape": shape})
        head = text.getvalue()
        assert len(head) == HEAD, "NumPy's padding of heads has changed"
        return head

    def _end(self) -> int:
        return HEAD + self.rows * math.prod(self.width) * self.dtype.itemsize

    def _put_behind(self, values: np.ndarray) -> None:
        self._write(self._end(), np.ascontiguousarray(values, self.dtype).tobytes())

    def _put_head(self) -> None:
        self._write(0, self._head())

    def _write(self, place: int, data: bytes) -> None:
        with open(self.path, "r+b", buffering=0) as file:
            file.seek(place)
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]

    def go_back(self, rows: int) -> None:
        """Keep the first ``rows`` rows only. The file stays as long as it is: somebody may have mapped what goes."""
        self.rows = rows
        self._put_head()

    def overwrite(self, values: np.ndarray) -> None:
        """Put ``values`` over the first rows."""
        self._write(HEAD, np.ascontiguousarray(values, self.dtype).tobytes())

    def sync(self) -> None:
        """Have all rows on the disk itself."""
        with open(self.path, "r+b") as file:
            os.fsync(file.fileno())


def append(pairs: Iterable[tuple[Growing, np.ndarray]]) -> None:
    """Add rows to several arrays: to all of them or, with OSError, to none."""
    pairs = [(array, values) for array, values in pairs if values.size]
    before = [array.rows for array, _ in pairs]
    try:
        for array, values in pairs:
            array._put_behind(values)
        for array, values in pairs:
            array.rows += len(values)
            array._put_head()
    except BaseException:
        for (array, _), rows in zip(pairs, before, strict=True):
            array.go_back(rows)
            os.truncate(array.path, array._end())
        raise


def read(path: Path) -> np.ndarray:
    """A ``.npy`` file, mapped; RecordingError, in one sentence, where it cannot be read."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray) or not array.ndim:
            raise ValueError("an array of no rows")
        return np.asarray(array)
    except OSError as error:
        raise RecordingError(str(path), "must be a file that can be read", error.strerror) from None
    except (ValueError, EOFError, TypeError, SyntaxError, AttributeError, tokenize.TokenError) as error:
        raise RecordingError(str(path), "must be a whole .npy file", str(error)) from None
