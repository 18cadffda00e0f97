"""What an event camera gives: one event where and when a pixel got brighter or darker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from maichong.data._checks import is_int, whole_numbers
from maichong.errors import DataError, brief

RECORDING = np.dtype([("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", np.bool_)])
"""One recording as a structured array, the fields and types of tonic: column, row, time in us, brighter."""

_LONGEST = np.iinfo(np.int32).max  # us: 35 minutes


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Events:
    """Recordings of one event camera, end to end: ``offsets[i]`` to ``offsets[i + 1]`` are the events of recording i.

    ``events[i]`` is recording i, a structured array with the fields of `RECORDING`; a slice, a mask or a list of
    indices gives `Events` again. Columns ``x`` and rows ``y`` count from the upper left corner, ``p`` is 1 where a
    pixel got brighter and 0 where it got darker, ``t_us`` are microseconds (int32) and never fall in a recording.
    ``shape`` is that of as many grey images, [N, height, width].

    Raises DataError for columns of different lengths, values that are not whole or out of range, times that fall and
    offsets that do not cut the events into recordings.

        >>> events = Events(x=[0, 3, 1], y=[0, 1, 1], p=[1, 0, 1], t_us=[10, 20, 5], offsets=[0, 2, 3], height=2, width=4)
        >>> len(events), events[0]["t"].tolist(), events[1:].x.tolist()
        (2, [10, 20], [1])
    """

    x: np.ndarray
    y: np.ndarray
    p: np.ndarray
    t_us: np.ndarray
    offsets: np.ndarray
    height: int
    width: int

    def __post_init__(self) -> None:
        for side in ("height", "width"):
            if not is_int(pixels := getattr(self, side)) or not 1 <= pixels <= np.iinfo(np.int16).max:
                raise DataError(f"Events.{side}", "must be a whole number in 1..32767", brief(pixels))
        p = self.p.astype(np.uint8) if isinstance(self.p, np.ndarray) and self.p.dtype == np.bool_ else self.p
        columns = {
            "x": (self.x, self.width - 1, "give the sensor's width"),
            "y": (self.y, self.height - 1, "give the sensor's height"),
            "p": (p, 1, "1 is brighter, 0 darker"),
            "t_us": (self.t_us, _LONGEST, None),
        }
        for field, (given, high, fix) in columns.items():
            dtype = np.int32 if field == "t_us" else np.min_scalar_type(high)
            column = whole_numbers(f"Events.{field}", given, "one number for each event", high, dtype, fix)
            _settle(self, field, column)
            if len(column) != len(self.x):
                expected, came = f"must have {len(self.x)} numbers, as x has", f"{len(column)}"
                raise DataError(f"Events.{field}", expected, came, "cut all at one place")
        offsets = whole_numbers("Events.offsets", self.offsets, "offsets [N + 1]", len(self.x), np.int64)
        if len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != len(self.x) or (np.diff(offsets) < 0).any():
            raise DataError(
                "Events.offsets", f"must rise from 0 to {len(self.x)}, the number of events", brief(offsets.tolist())
            )
        _settle(self, "offsets", offsets)
        falls = np.flatnonzero(self.t_us[1:] < self.t_us[:-1]) + 1
        if (inside := falls[~np.isin(falls, offsets)]).size:
            at = int(inside[0])
            came = f"{self.t_us[at]} us after {self.t_us[at - 1]} us in recording {np.searchsorted(offsets, at) - 1}"
            raise DataError("Events.t_us", "must not fall within a recording", came, "sort the events of each by time")

    @staticmethod
    def of(recordings: Sequence[np.ndarray], height: int = 34, width: int = 34) -> Events:
        """`Events` from structured arrays with the fields x, y, t (us) and p, such as tonic's; raises DataError."""
        columns: dict[str, list[np.ndarray]] = {"x": [], "y": [], "t": [], "p": []}
        if not isinstance(recordings, Sequence) or len(recordings) == 0:
            raise DataError("Events.of", "must get a list of recordings", brief(recordings))
        for k, recording in enumerate(recordings):
            names = getattr(getattr(recording, "dtype", None), "names", None) or ()
            missing = sorted(set(columns) - set(names))
            if missing or recording.ndim != 1:
                expected = f"must be a structured array [events] with the fields x, y, t, p as recording {k}"
                raise DataError(
                    "Events.of", expected, f"none of {', '.join(missing)}" if names and missing else brief(recording)
                )
            for field, parts in columns.items():
                parts.append(recording[field])
        x, y, t, p = (np.concatenate(parts) for parts in columns.values())
        offsets = np.cumsum([0, *map(len, columns["t"])])
        return Events(x=x, y=y, p=p, t_us=t, offsets=offsets, height=height, width=width)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of recordings, height and width."""
        return len(self), self.height, self.width

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, key: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, key: slice | np.ndarray | Sequence[int]) -> Events: ...
    def __getitem__(self, key: Any) -> np.ndarray | Events:
        chosen = np.arange(len(self))[key]
        if chosen.ndim == 0:
            lot = slice(self.offsets[chosen], self.offsets[chosen + 1])
            recording = np.empty(lot.stop - lot.start, RECORDING)
            recording["x"], recording["y"], recording["t"], recording["p"] = (
                self.x[lot],
                self.y[lot],
                self.t_us[lot],
                self.p[lot],
            )
            return recording
        if chosen.ndim > 1 or chosen.size == 0:
            raise DataError("Events[...]", "must choose one recording or more", brief(key))
        ends = self.offsets[1:][chosen]
        starts = self.offsets[:-1][chosen]
        if (np.diff(chosen) == 1).all():
            lots = [slice(starts[0], ends[-1])]
        else:
            lots = [slice(a, b) for a, b in zip(starts, ends, strict=True)]
        x, y, p, t_us = (
            column[lots[0]] if len(lots) == 1 else np.concatenate([column[lot] for lot in lots])
            for column in (self.x, self.y, self.p, self.t_us)
        )
        offsets = np.cumsum(np.concatenate([[0], ends - starts]))
        return Events(x=x, y=y, p=p, t_us=t_us, offsets=offsets, height=self.height, width=self.width)

    def __repr__(self) -> str:
        return f"Events({len(self)} recordings of {self.height} x {self.width}, {len(self.x)} events)"


def _settle(events: Events, field: str, values: np.ndarray) -> None:
    # A frozen dataclass lets its own constructor normalise what it was given in no other way.
    object.__setattr__(events, field, values)
