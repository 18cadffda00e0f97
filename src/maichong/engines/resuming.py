"""Runs that were saved, carried on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maichong import files
from maichong.engines.run import FORMAT, Run
from maichong.errors import CheckpointError, RecordingError, brief
from maichong.network import Network


def resume(path: str | Path, models: Any = (), stream: str | Path | None = None) -> Run:
    """The run that ``Run.save`` wrote, to be carried on bit for bit; models of your own are given in ``models``.

    A run that streamed goes on in its folder, looked for where it lay beside the checkpoint, else where it was; ``stream`` says
    where it lies now. Raises CheckpointError where the file is damaged or holds something else, RecordingError where the
    recording that it continues is not there.
    """
    import importlib

    data, arrays = files.read_bundle(path)
    if not isinstance(data, dict) or not {"network", "engine", "options", "notes", "stream"} <= data.keys():
        raise CheckpointError(str(path), "must be a saved run", "a file of another kind")
    if not isinstance(data["options"], dict) or not isinstance(data["notes"], dict):
        raise CheckpointError(str(path), "must be a saved run", "options or notes that are none")
    if data.get("format") != FORMAT:
        raise CheckpointError(str(path), f"must be of format {FORMAT}", brief(data.get("format")))
    if stream is not None and data["stream"] is None:
        raise CheckpointError(str(path), "is of a run that does not stream", fix="leave stream out")
    network = Network.from_dict(data["network"], models)
    run = importlib.import_module("maichong.engines").build(network, data["engine"], **data["options"])
    try:
        run._restore(arrays, data["stream"], _folder(data["stream"], files.as_path(path), stream))
        run.notes = data["notes"]
    except RecordingError:
        raise
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointError(str(path), "must fit the network that it holds", str(error)) from None
    return run


def _folder(stream: Mapping[str, Any] | None, path: Path, given: str | Path | None) -> Path | None:
    """Where the recording of a checkpoint lies."""
    if stream is None:
        return None
    if given is not None:
        return files.as_path(given)
    # a folder that was moved or copied as a whole holds its own recording
    beside, before = path.parent / stream["beside"], Path(stream["folder"])
    return beside if os.path.isdir(beside) else before
