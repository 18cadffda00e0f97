"""Where a public file lies: in the folder that $MAICHONG_DATA names, or in the cache, filled from the network."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from maichong.data._download import ALGORITHMS, download
from maichong.errors import DataError


@dataclass(frozen=True)
class PublicFile:
    """A file that anyone can download. ``urls`` serve the same bytes, the first is asked first."""

    path: str  # under $MAICHONG_DATA, with the folder of its data set
    urls: tuple[str, ...]
    checksum: str  # of the bytes behind the urls: sha256:... or md5:...; empty where only what is inside can be proved
    cached: str = ""  # path in the cache folder, where that differs
    instead: str = "use data 'digits'"  # what serves where this file cannot be had


def at_home(path: str) -> Path | None:
    """Where ``path`` lies, or would lie, in the folder that $MAICHONG_DATA names; None where it names none."""
    home = os.environ.get("MAICHONG_DATA")
    return Path(os.path.expanduser(home)) / path if home else None


def locate(file: PublicFile, where: str, cache: str | Path | None = None) -> tuple[Path, str]:
    """Path of ``file``, downloaded if need be, and what to do should it not hold what it promises.

    Where $MAICHONG_DATA is set nothing is downloaded. Raises DataError where the file is missing or cannot be had.
    """
    if path := at_home(file.path):
        fix = f"correct MAICHONG_DATA, or unset it to download the file, or {file.instead}"
        if not path.is_file():
            raise DataError(where, f"must find {path}, which MAICHONG_DATA promises", "no such file", fix)
        return path, fix
    otherwise = f"set MAICHONG_DATA to a folder that holds {file.path}, or {file.instead}"
    path = download(file.urls, file.checksum, file.cached or file.path, where, otherwise, cache)
    return path, f"delete it to download it again, {otherwise}"


def prove(path: Path, file: PublicFile, where: str, fix: str) -> None:
    """Raise DataError where ``path`` does not hold the bytes of ``file``; for files whose arrays nobody published."""
    algorithm, _, digest = file.checksum.partition(":")
    with open(path, "rb") as opened:
        found = hashlib.file_digest(opened, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
    if found != digest:
        raise DataError(where, f"must find {ALGORITHMS[algorithm]} {digest} in {path}", found, fix)
