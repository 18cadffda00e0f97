"""A published .npz archive: where it may lie, and the proof that its arrays are the published ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maichong.data._source import PublicFile, locate
from maichong.errors import DataError


@dataclass(frozen=True)
class Published:
    """Shape, dtype and SHA-256 of an array as it was published; the digest is over its bytes in C order."""

    shape: tuple[int, ...]
    dtype: str
    sha256: str


@dataclass(frozen=True)
class Archive:
    """A public .npz file and what is in it. ``urls`` serve the same bytes, the first is asked first."""

    folder: str  # under $MAICHONG_DATA
    file: str  # name there and in the cache folder
    urls: tuple[str, ...]
    sha256: str  # of the file behind the urls
    arrays: Mapping[str, Published]


def read(archive: Archive, where: str, cache: str | Path | None = None) -> dict[str, np.ndarray]:
    """The arrays of ``archive``: from $MAICHONG_DATA where that is set, else from ``cache`` or the network.

    A file in $MAICHONG_DATA may be packed differently from the public one, so the arrays themselves are
    compared, wherever they come from. Raises DataError where the file is missing, cannot be had, cannot be
    read or holds other arrays.
    """
    inside, checksum = f"{archive.folder}/{archive.file}", f"sha256:{archive.sha256}"
    path, fix = locate(PublicFile(inside, archive.urls, checksum, cached=archive.file), where, cache)
    arrays = load_npz(path, archive.arrays, where, fix)
    check_arrays(arrays, archive.arrays, where, path, fix)
    return arrays


def check_arrays(
    arrays: Mapping[str, np.ndarray], published: Mapping[str, Published], where: str, origin: object, fix: str
) -> None:
    """Raise DataError where one of ``arrays``, which came from ``origin``, is not the one that was published."""
    for key, wanted in published.items():
        check_array(arrays[key], wanted, f"{where}: {key} of {origin}", fix)


def check_array(array: np.ndarray, published: Published, where: str, fix: str) -> None:
    """Raise DataError where ``array`` is not, to the bit, the one that was published."""
    expected = f"must be {published.dtype} of shape {published.shape}"
    if (array.shape, array.dtype.name) != (published.shape, published.dtype):
        raise DataError(where, expected, f"{array.dtype} of shape {array.shape}", fix)
    digest = hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).hexdigest()
    if digest != published.sha256:
        raise DataError(where, f"must have bytes with the SHA-256 {published.sha256}", digest, fix)


def load_npz(path: Path, keys: Iterable[str], where: str, fix: str) -> dict[str, np.ndarray]:
    """The arrays ``keys`` of an .npz file; nothing is unpickled. Raises DataError where it has not all of them."""
    keys = tuple(keys)
    expected = f"must read the arrays {', '.join(keys)} from the npz file {path}"
    try:
        # Opened here, because NumPy leaves a file that is no archive open.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as npz:
            held = npz.files
            arrays = {key: npz[key] for key in keys if key in held}
    # A damaged archive fails in a dozen ways inside zipfile, zlib and NumPy's header parser.
    except Exception as error:
        raise DataError(where, expected, f"a damaged file: {type(error).__name__}", fix) from error
    if missing := sorted(set(keys) - set(arrays)):
        raise DataError(where, expected, f"a file without {', '.join(missing)}", fix)
    return arrays
