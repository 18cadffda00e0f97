"""From events to frames: how often each pixel got brighter or darker in each span of time."""

from __future__ import annotations

import numpy as np

from maichong.data._checks import is_int
from maichong.data._events import Events
from maichong.errors import DataError, ParameterError, brief

_MOST = np.iinfo(np.int16).max
_CELLS = 2**18  # counted at once: 2 MB of int64, which stay in the cache


def events_to_frames(
    events: Events | np.ndarray,
    *,
    bins: int | None = None,
    window_us: int | None = None,
    size: tuple[int, int] | None = None,
) -> np.ndarray:
    """Counts of events, int16 [T, 2, height, width] for one recording and [N, T, 2, height, width] for `Events`.

    The axis of length 2 is the polarity: darker, brighter. An event at time t falls into frame
    floor((t - t_first) / window), where t_first is the first event of its recording and the window is either

    * ``window_us``, in whole microseconds: as many frames as whole windows fit before the last event, at least one.
      Among several recordings the shorter ones end in empty frames.
    * or the span from the first to the last event in ``bins`` parts, rounded down to whole microseconds: T = bins.

    Events after the last frame are left out: those of the last, incomplete window, or of the last few microseconds.
    This is what ToFrame(time_window=...) and ToFrame(n_time_bins=...) of tonic do.

    A single recording, a structured array with the fields x, y, t (us) and p, does not know the sensor's ``size``,
    (height, width): by default 34 x 34, as in N-MNIST. Raises ParameterError where not exactly one of ``bins`` and
    ``window_us`` is given, is no whole number >= 1 or makes more bins than a recording has microseconds, and DataError
    for what are no events.

        >>> events = Events(x=[0, 3, 1], y=[0, 1, 1], p=[1, 0, 1], t_us=[10, 19, 35], offsets=[0, 3], height=2, width=4)
        >>> events_to_frames(events, window_us=10).shape
        (1, 2, 2, 2, 4)
        >>> events_to_frames(events, window_us=10).sum(axis=(0, 2, 3, 4)).tolist()
        [2, 0]
    """
    if (bins is None) == (window_us is None):
        came = "neither" if bins is None else "both"
        raise ParameterError("events_to_frames", "must get either bins or window_us", came)
    name, value = ("window_us", window_us) if bins is None else ("bins", bins)
    if not is_int(value) or not 1 <= value <= np.iinfo(np.int32).max:
        raise ParameterError(
            f"events_to_frames({name})", f"must be a whole number in 1..{np.iinfo(np.int32).max}", brief(value)
        )
    several = _several(events, size)
    lengths = np.diff(several.offsets)
    first, last = np.zeros((2, len(several)), np.int64)
    heard = lengths > 0
    first[heard] = several.t_us[several.offsets[:-1][heard]]
    last[heard] = several.t_us[several.offsets[1:][heard] - 1]
    if bins is None:
        window = np.full(len(several), value)
        frames = np.maximum((last - first) // value, 1)
    else:
        window = (last - first) // value
        frames = np.full(len(several), value)
        if (window < 1).any():
            short = int(window.argmin())
            came = f"{value} bins for the {last[short] - first[short]} us of recording {short}"
            raise ParameterError("events_to_frames(bins)", "must leave a microsecond for each bin", came, "take fewer bins")
    counts = _count(several, lengths, first, window, frames)
    return counts if several is events else counts[0]


def _several(events: object, size: object) -> Events:
    """``events`` as `Events`, a single recording as one of them."""
    if size is not None and (not isinstance(size, tuple) or len(size) != 2):
        raise ParameterError("events_to_frames(size)", "must be (height, width)", brief(size))
    if isinstance(events, Events):
        if size not in (None, (events.height, events.width)):
            expected = f"must be that of the events, ({events.height}, {events.width})"
            raise ParameterError("events_to_frames(size)", expected, brief(size), "leave it out")
        return events
    if not isinstance(events, np.ndarray):
        raise DataError("events_to_frames", "must get Events or one recording, a structured array", brief(events))
    height, width = size or (34, 34)
    return Events.of([events], height, width)


def _count(events: Events, lengths: np.ndarray, first: np.ndarray, window: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Counts [N, T, 2, height, width]; as many recordings at once as `_CELLS` allows."""
    t, pixels = int(frames.max()), events.height * events.width
    counts = np.zeros((len(events), t, 2, events.height, events.width), np.int16)
    block = max(1, _CELLS // (t * 2 * pixels))
    for a in range(0, len(events), block):
        b = min(a + block, len(events))
        lot = slice(events.offsets[a], events.offsets[b])
        # what belongs to a recording, for each of its events
        each = lengths[a:b]
        number, start, span, most = (np.repeat(of, each) for of in (np.arange(b - a), first[a:b], window[a:b], frames[a:b]))
        frame = (events.t_us[lot] - start) // span
        cell = (
            ((number * t + frame) * 2 + events.p[lot]) * pixels + events.y[lot].astype(np.int64) * events.width + events.x[lot]
        )
        found = np.bincount(cell[frame < most], minlength=(b - a) * t * 2 * pixels)
        if found.max() > _MOST:
            expected = f"must count at most {_MOST} events of a pixel in a frame"
            raise ParameterError("events_to_frames", expected, str(found.max()), "take more bins or a shorter window")
        counts[a:b] = found.reshape(counts[a:b].shape)
    return counts
