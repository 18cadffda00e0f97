"""Fetching a public file into the user's cache folder: it arrives whole and proved, or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from maichong.errors import DataError, brief

# What requests, which pooch downloads with, calls the ways in which a transfer fails.
_FAILURES = {
    "ChunkedEncodingError": "a transfer that broke off",
    "ConnectionError": "no connection",
    "ConnectTimeout": "no answer in time",
    "ProxyError": "no connection through the proxy",
    "ReadTimeout": "no answer in time",
    "SSLError": "no trusted connection",
}


# A checksum is written as pooch reads it: the algorithm, a colon, the digest.
ALGORITHMS = {"sha256": "SHA-256", "md5": "MD5"}


def download(
    urls: Sequence[str], checksum: str, file: str, where: str, otherwise: str, cache: str | Path | None = None
) -> Path:
    """Path of ``file`` in ``cache``, fetched from the first of ``urls`` that serves bytes with ``checksum``.

    ``checksum`` is "sha256:..." or "md5:...". A file that is already there is used if its checksum is right and replaced if not.
    With an empty one what comes is taken, for the caller to prove what is in it. pooch writes to a temporary file in the same
    folder, checks it and only then renames it, so no failure leaves a part behind. ``cache`` is the user's cache folder by
    default (on Linux ~/.cache/maichong/data).
    Raises DataError, which ends in ``otherwise``, where no URL serves.
    """
    import pooch

    if cache is not None and not isinstance(cache, str | os.PathLike):
        raise DataError(where, "must have a folder as its cache", brief(cache))
    path = (Path(pooch.os_cache("maichong")) / "data" if cache is None else Path(cache)) / file
    folder, name = path.parent, path.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected = f"must have a folder {folder} to cache {name} in"
        raise DataError(where, expected, error.strerror, otherwise) from error
    failures = []
    for url in urls:
        try:
            return Path(pooch.retrieve(url, known_hash=checksum or None, fname=name, path=folder))
        # requests' errors are OSErrors; a wrong checksum is a ValueError.
        except (OSError, ValueError) as error:
            failures.append((url, error))
    came = ", ".join(f"{_reason(error)} from {url}" for url, error in failures)
    algorithm, _, digest = checksum.partition(":")
    proof = f" with the {ALGORITHMS[algorithm]} {digest}" if checksum else ""
    expected = f"must fetch {name}{proof} into {folder}"
    raise DataError(where, expected, came, f"check the network, {otherwise}") from failures[-1][1]


def _reason(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"HTTP status {status}"
    if isinstance(error, ValueError) and "hash" in str(error):
        return "a file with another checksum"
    return _FAILURES.get(type(error).__name__) or " ".join(f"{type(error).__name__} {error}".split())
