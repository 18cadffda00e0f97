"""Files of JSON and plain arrays: written whole or not at all, and never unpickled.

A bundle is one ``.npz`` file: arrays, and under the key ``json`` the text that says what they mean. Whatever is read is data;
no file can make code run.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from maichong.errors import CheckpointError, MaichongError, brief

Path_ = str | os.PathLike[str]


_DAMAGE = (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What NumPy and zipfile raise over files that are damaged or of another kind."""


def as_path(path: Path_) -> Path:
    """``path`` as a Path; CheckpointError where it is none."""
    try:
        return Path(os.fspath(path))
    except TypeError:
        raise CheckpointError("path", "must be text or a pathlib.Path", brief(path)) from None


@contextlib.contextmanager
def replacing(path: Path_) -> Iterator[BinaryIO]:
    """A file to write that takes the place of ``path`` when it is whole: whatever happens, the old file or the new one stands.

    What is written is on the disk, and so is the file's name, when this ends. Raises CheckpointError where the folder cannot be
    written to or the disk is full.
    """
    path = as_path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}") if path.name else path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except MaichongError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CheckpointError(str(path), "must be a place that can be written to", reason, "choose another folder") from None
    finally:
        if path.name:
            with contextlib.suppress(OSError, ValueError):
                os.unlink(temporary)


def sync_folder(folder: Path) -> None:
    """Have the names in ``folder`` on the disk, where the system can be asked for it."""
    with contextlib.suppress(OSError):
        place = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


def clear_parts(path: Path_) -> None:
    """Remove what a process that was killed while it wrote ``path`` has left."""
    path = as_path(path)
    for part in path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 8}"):
        part.unlink(missing_ok=True)


def write_bytes(path: Path_, data: bytes) -> Path:
    """Write ``data`` to ``path`` atomically; see :func:`replacing`."""
    with replacing(path) as file:
        file.write(data)
    return as_path(path)


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
    with _writable(path):
        text = json.dumps(_take_out(data, collected, ""), allow_nan=False)
    with replacing(path) as file, _writable(path):
        # straight into the file: a network of a billion synapses has no room for a second copy
        np.savez(file, json=np.frombuffer(text.encode(), np.uint8), **collected)  # pyright: ignore[reportArgumentType]
    return as_path(path)


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
