"""A recording on the disk: one folder, for each probe two ``.npy`` files that grow, and ``recording.json``, which explains them.

    recording.json        the grid, and for each probe what it recorded, of whom, in which unit, in which files
    0-e-spikes.times.npy  float64 [spikes], ms          0-e-spikes.ids.npy    int64 [spikes]
    1-e-v.times.npy       float64 [samples], ms         1-e-v.values.npy      float64 [samples, cells]
    t.npy                 float64 [1], the ms that are recorded

Every file can be read at any moment with ``numpy.load(..., mmap_mode="r")``, also after a kill in the middle of a write. Where
that left one file of a probe longer than the other, what is missing in one does not count.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from maichong import files
from maichong.engines.recording import Recording, Samples, Spikes, Track
from maichong.errors import MaichongError, RecordingError, brief
from maichong.growing import Growing, append, read
from maichong.probes import Probe

INDEX, TIME, OWNER = "recording.json", "t.npy", "owner"
FORMAT = 1


@dataclass
class Stream:
    """The files of a run that streams: rows are added for every probe, and may be read at once.

    ``id`` tells this recording from another in the same folder; ``owner`` the one run that may write to it.
    """

    folder: Path
    id: str
    owner: str
    tracks: tuple[tuple[Growing, Growing] | None, ...]
    time: Growing

    @classmethod
    def begin(cls, folder: Path, dt: float, tracks: Sequence[Track]) -> Stream:
        """New files in ``folder``; RecordingError where it holds a recording already or cannot be written to."""
        if os.path.exists(folder / INDEX):
            raise RecordingError(str(folder), "holds a recording already", fix="choose another folder, or delete it")
        names = [_names(k, track) for k, track in enumerate(tracks)]
        index = {
            "format": FORMAT, "id": uuid.uuid4().hex, "dt": dt, "time": TIME,
            "tracks": [{**_facts(track), "files": named} for track, named in zip(tracks, names, strict=True)],
        }  # fmt: skip
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in (TIME, *(name for named in names for name in named.values())):
                (folder / name).unlink(missing_ok=True)  # of a recording that was never begun: it has no index
            time = Growing.create(folder / TIME, "<f8")
            append([(time, np.zeros(1))])
            made = [_create(folder, track, named) for track, named in zip(tracks, names, strict=True)]
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise RecordingError(str(folder), "must be a folder that can be written to", reason) from None
        files.write_json(folder / INDEX, index)
        return cls(folder, index["id"], _claim(folder), tuple(made), time)

    @classmethod
    def carry_on(cls, folder: Path, known: Mapping[str, Any], dt: float, tracks: Sequence[Track]) -> Stream:
        """The recording that a checkpoint speaks of, cut back to what it had ``known``; RecordingError where that is not there."""
        index = _index(folder)
        begun = [{**entry, "files": None} for entry in index["tracks"]]
        same = [{**_facts(track), "files": None} for track in tracks]
        if index["id"] != known["id"] or index["dt"] != dt or begun != json.loads(json.dumps(same)):
            raise RecordingError(str(folder), "must be the recording that the checkpoint continues", "another one")
        time = Growing.open(folder / index["time"])
        columns = [_columns(folder, entry) for entry in index["tracks"]]
        for column, rows in zip(columns, known["rows"], strict=True):
            for array in column or ():
                if not isinstance(rows, int) or not 0 <= rows <= array.rows:
                    expected = f"must hold the {brief(rows)} rows that the checkpoint continues"
                    raise RecordingError(str(array.path), expected, f"{array.rows} rows")
        owner = _claim(folder)  # before anything is cut off: a run that still writes there stops
        for column, rows in zip(columns, known["rows"], strict=True):
            for array in column or ():
                array.go_back(rows)
        stream = cls(folder, index["id"], owner, tuple(columns), time)
        stream._tell(known["t"])
        return stream

    def append(self, pieces: Iterable[tuple[np.ndarray, np.ndarray]], t: float) -> None:
        """Add for every probe its times and values up to ``t`` ms: all or nothing.

        Raises RecordingError where the disk is full, or where another run has taken the recording over.
        """
        try:
            if (self.folder / OWNER).read_text() != self.owner:
                raise RecordingError(str(self.folder), "is written to by another run, which was resumed from a checkpoint")
            pairs = ((array, part) for column, new in zip(self.tracks, pieces, strict=True) if column
                     for array, part in zip(column, new, strict=True))  # fmt: skip
            append(pairs)
            self._tell(t)
        except (OSError, ValueError) as error:
            if isinstance(error, MaichongError):
                raise
            reason = getattr(error, "strerror", None) or str(error)
            raise RecordingError(
                str(self.folder), "must have room for what is recorded", reason,
                f"what was recorded up to {self.t:.10g} ms is whole: make room and carry on",
            ) from None  # fmt: skip

    @property
    def t(self) -> float:
        """The time in ms up to which everything is in the files."""
        return float(self.time.read()[0])

    def data(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """What probe ``k`` saw: times in ms and values, mapped."""
        column = self.tracks[k]
        assert column is not None
        return column[0].read(), column[1].read()

    def sync(self) -> None:
        """Have everything on the disk itself, as a checkpoint needs that counts on it."""
        for array in (self.time, *(array for column in self.tracks for array in column or ())):
            array.sync()
        files.sync_folder(self.folder)

    def extent(self) -> dict[str, Any]:
        """What a checkpoint keeps: which recording it is, and how much of it there is."""
        return {"id": self.id, "rows": [column[0].rows if column else 0 for column in self.tracks], "t": self.t}

    def _tell(self, t: float) -> None:
        self.time.overwrite(np.array([t]))


def open_recording(folder: str | Path) -> Recording:
    """What a run streamed to ``folder``, also while it still runs; arrays are mapped, so that long recordings take no memory.

    Raises RecordingError where the folder holds no recording, or a damaged one.

    >>> import tempfile
    >>> from maichong import LIF, Network, open_recording
    >>> net = Network(dt=0.1)
    >>> _ = net.population("e", LIF(tau_m=10.0), 2, drive=1000.0)
    >>> folder = tempfile.mkdtemp()
    >>> _ = net.build("reference").stream(folder).run(20.0)
    >>> recording = open_recording(folder)
    >>> recording.t, recording["e"].spikes.ids[:4]
    (20.0, array([0, 1, 0, 1]))
    """
    folder = files.as_path(folder)
    index = _index(folder)
    tracks = []
    for entry in index["tracks"]:
        track = _track(entry)
        if (column := _columns(folder, entry)) is not None:
            rows = min(array.rows for array in column)
            times, values = (array.read(rows) for array in column)
            data = Spikes(times, values) if track.probe.what == "spikes" else Samples(times, values)
            tracks.append(replace(track, data=data))
    t = read(folder / index["time"])
    return Recording(float(t[0]) if t.size else 0.0, index["dt"], tuple(tracks))


def _names(k: int, track: Track) -> dict[str, str]:
    probe = track.probe
    if probe.what == "counts":
        return {}
    owner, what = (re.sub(r"[^\w.-]+", "_", text)[:60] for text in (probe.projection or probe.population, probe.what))
    second = "ids" if probe.what == "spikes" else "values"
    return {name: f"{k}-{owner}-{what}.{name}.npy" for name in ("times", second)}


def _create(folder: Path, track: Track, names: Mapping[str, str]) -> tuple[Growing, Growing] | None:
    if not names:
        return None
    times = Growing.create(folder / names["times"], "<f8")
    if "ids" in names:
        return times, Growing.create(folder / names["ids"], "<i8")
    return times, Growing.create(folder / names["values"], "<f8", (len(track.chosen),))


def _columns(folder: Path, entry: Mapping[str, Any]) -> tuple[Growing, Growing] | None:
    if not entry["files"]:
        return None
    times, values = (Growing.open(folder / name) for name in entry["files"].values())
    return times, values


def _facts(track: Track) -> dict[str, Any]:
    return {**track.probe.to_dict(), "n": track.n, "model": track.model, "unit": track.unit}


def _track(entry: Mapping[str, Any]) -> Track:
    chosen = {name: entry.get(name) and tuple(entry[name]) for name in ("cells", "synapses")}
    probe = Probe(
        entry["population"], entry["what"], entry["every"], chosen["cells"], entry["start"], entry["stop"],
        entry.get("projection"), chosen["synapses"],
    )  # fmt: skip
    nothing = Spikes(np.zeros(0), np.zeros(0, np.int64))
    return Track(probe, entry["n"], entry["model"], entry["unit"], nothing)


def _index(folder: Path) -> dict[str, Any]:
    """``recording.json``, of the right form; RecordingError otherwise."""
    path = folder / INDEX
    if not os.path.isfile(path):
        raise RecordingError(str(folder), f"must be the folder of a recording, with a file {INDEX}")
    try:
        index = files.read_json(path)
        if index["format"] != FORMAT:
            raise RecordingError(str(path), f"must be of format {FORMAT}", brief(index["format"]))
        for entry in index["tracks"]:
            _track(entry)
            dict(entry["files"])
        return {**index, "id": str(index["id"]), "dt": float(index["dt"]), "time": str(index["time"])}
    except RecordingError:
        raise
    except MaichongError as error:
        raise RecordingError(str(path), "must be what a run wrote", str(error.got)) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordingError(str(path), "must be what a run wrote", brief(error)) from None


def _claim(folder: Path) -> str:
    owner = uuid.uuid4().hex
    try:
        files.write_bytes(folder / OWNER, owner.encode())
    except MaichongError as error:
        raise RecordingError(str(folder), error.expected, error.got) from None
    return owner
