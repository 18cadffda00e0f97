"""IDX, the format of MNIST's files: an array of bytes behind a header that says its shape."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from maichong.errors import DataError


def read_idx(path: Path, where: str, fix: str) -> np.ndarray:
    """The unsigned bytes in the IDX file ``path``, gzipped or not; raises DataError, which ends in ``fix``.

    The header is two zero bytes, the type (8: unsigned bytes), the number of axes and their lengths in four bytes
    each, the first byte the greatest (http://yann.lecun.com/exdb/mnist).
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        kind, axes = struct.unpack(">3sB", content[:4])
        shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
        if kind != b"\0\0\x08":
            raise ValueError
        return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape).copy()
    # A damaged file fails in gzip, zlib, struct or NumPy.
    except Exception as error:
        expected = f"must read unsigned bytes from the IDX file {path}"
        raise DataError(where, expected, f"a damaged file: {type(error).__name__}", fix) from error
