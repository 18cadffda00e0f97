"""A published .npz archive: where it may lie, and the proof that its arrays are the published ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maichong.data._download import download
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
    if home := os.environ.get("MAICHONG_DATA"):
        path = Path(os.path.expanduser(home)) / archive.folder / archive.file
        fix = "correct MAICHONG_DATA, or unset it to download the file, or use data 'digits'"
        if not path.is_file():
            raise DataError(where, f"must find {path}, which MAICHONG_DATA promises", "no such file", fix)
    else:
        holds = f"{archive.folder}/{archive.file}"
        otherwise = f"set MAICHONG_DATA to a folder that holds {holds}, or use data 'digits'"
        path = download(archive.urls, archive.sha256, archive.file, where, otherwise, cache)
        fix = f"delete it to download it again, {otherwise}"
    arrays = _load_npz(path, archive.arrays, where, fix)
    for key, published in archive.arrays.items():
        check_array(arrays[key], published, f"{where}: {key} of {path}", fix)
    return arrays


def check_array(array: np.ndarray, published: Published, where: str, fix: str) -> None:
    """Raise DataError where ``array`` is not, to the bit, the one that was published."""
    expected = f"must be {published.dtype} of shape {published.shape}"
    if (array.shape, array.dtype.name) != (published.shape, published.dtype):
        raise DataError(where, expected, f"{array.dtype} of shape {array.shape}", fix)
    digest = hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).hexdigest()
    if digest != published.sha256:
        raise DataError(where, f"must have bytes with the SHA-256 {published.sha256}", digest, fix)


def _load_npz(path: Path, keys: Mapping[str, Published], where: str, fix: str) -> dict[str, np.ndarray]:
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
