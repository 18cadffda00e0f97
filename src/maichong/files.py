"""Files of JSON and plain arrays: written whole or not at all, and never unpickled.

A bundle is one ``.npz`` file: arrays, and under the key ``json`` the text that says what they mean. Whatever is read is data;
no file can make code run.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from maichong.errors import CheckpointError, brief

Path_ = str | os.PathLike[str]


_DAMAGE = (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What NumPy and zipfile raise over files that are damaged or of another kind."""


def as_path(path: Path_) -> Path:
    """``path`` as a Path; CheckpointError where it is none."""
    try:
        return Path(os.fspath(path))
    except TypeError:
        raise CheckpointError("path", "must be text or a pathlib.Path", brief(path)) from None


def write_bytes(path: Path_, data: bytes) -> Path:
    """Write ``data`` to ``path`` atomically: a crash leaves the old file or the new one, never a part.

    Raises CheckpointError where the folder cannot be written to or the disk is full.
    """
    path = as_path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, ValueError) as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        reason = getattr(error, "strerror", None) or str(error)
        raise CheckpointError(str(path), "must be a place that can be written to", reason, "choose another folder") from None
    return path


def write_json(path: Path_, data: Any) -> Path:
    """Write ``data`` as indented JSON, atomically; arrays become lists."""
    with _writable(path):
        text = json.dumps(data, indent=2, default=_plain, allow_nan=False, ensure_ascii=False)
        lines = (text + "\n").encode()
    return write_bytes(path, lines)


def read_json(path: Path_) -> Any:
    """What a JSON file holds; CheckpointError, in one sentence, where it cannot be read."""
    try:
        return json.loads(as_path(path).read_bytes())
    except OSError as error:
        raise CheckpointError(str(path), "must be a file that can be read", error.strerror) from None
    except (ValueError, RecursionError) as error:
        raise CheckpointError(str(path), "must be JSON", str(error)) from None


def write_bundle(path: Path_, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> Path:
    """Write ``data`` (arrays anywhere inside are taken out) and further ``arrays`` into one file, atomically."""
    collected = dict(arrays or {})
    buffer = io.BytesIO()
    with _writable(path):
        text = json.dumps(_take_out(data, collected, ""), allow_nan=False)
        np.savez(buffer, json=np.frombuffer(text.encode(), np.uint8), **collected)  # pyright: ignore[reportArgumentType]
    return write_bytes(path, buffer.getvalue())


@contextlib.contextmanager
def _writable(path: Path_) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError, RecursionError) as error:
        expected = "must be given data that JSON can hold, and plain arrays"
        raise CheckpointError(str(as_path(path)), expected, str(error)) from None


def read_bundle(path: Path_) -> tuple[Any, dict[str, np.ndarray]]:
    """The data, arrays put back inside, and the further arrays that ``write_bundle`` wrote.

    Raises CheckpointError where the file is missing, damaged or of another kind.
    """
    path = as_path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        text = arrays.pop("json").tobytes().decode()
        data = _put_back(json.loads(text), arrays)
    except FileNotFoundError:
        raise CheckpointError(str(path), "must be a file that exists") from None
    except _DAMAGE as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if "pickle" in reason:
            reason = "a pickle, which is never loaded"
        raise CheckpointError(
            str(path), "must be a whole file that maichong wrote", reason, "use the last good one or start anew"
        ) from None
    return data, arrays


def _plain(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _take_out(value: Any, arrays: dict[str, np.ndarray], where: str) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject or isinstance(value, np.ma.MaskedArray):
            raise TypeError(f"an array of {value.dtype}s" if value.dtype.hasobject else "a masked array")
        arrays[where] = value
        return {"$array": where}
    if isinstance(value, Mapping):
        return {key: _take_out(item, arrays, f"{where}/{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_take_out(item, arrays, f"{where}/{k}") for k, item in enumerate(value)]
    return value.item() if isinstance(value, np.generic) else value


def _put_back(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$array"}:
            return arrays.pop(value["$array"])
        return {key: _put_back(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        return [_put_back(item, arrays) for item in value]
    return value
