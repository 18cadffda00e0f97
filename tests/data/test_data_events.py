"""Events and their frames: a plain loop and tonic say what is right, one sentence says what is wrong."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maichong.data import DataSet, Events, EventSet, events_to_frames, load, split_validation
from maichong.errors import DataError, ParameterError

TWO = {"x": [0, 3, 1], "y": [0, 1, 1], "p": [1, 0, 1], "t_us": [10, 20, 5], "offsets": [0, 2, 3], "height": 2, "width": 4}


def random_events(seed: int, n: int = 5, height: int = 6, width: int = 9, most: int = 80) -> Events:
    """Recordings of 2 to ``most`` events, the first of an odd start, many at equal times."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, most, n)
    times = [np.sort(rng.integers(0, 400, k)) + rng.integers(0, 1000) for k in lengths]
    for t in times:
        t[-1] += 50
    total = lengths.sum()
    return Events(
        x=rng.integers(0, width, total),
        y=rng.integers(0, height, total),
        p=rng.integers(0, 2, total),
        t_us=np.concatenate(times),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        height=height,
        width=width,
    )


def test_columns_get_their_types_and_recordings_those_of_tonic() -> None:
    events = Events(**TWO)
    assert (events.x.dtype, events.y.dtype, events.p.dtype, events.t_us.dtype) == (np.uint8, np.uint8, np.uint8, np.int32)
    assert Events(**TWO | {"width": 640}).x.dtype == np.uint16
    assert events.shape == (2, 2, 4)
    assert repr(events) == "Events(2 recordings of 2 x 4, 3 events)"
    assert events[0].dtype == np.dtype([("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", np.bool_)])
    assert [tuple(map(int, e)) for e in events[-2]] == [(0, 0, 10, 1), (3, 1, 20, 0)]
    assert [len(recording) for recording in events] == [2, 1]
    with pytest.raises(IndexError):
        events[2]
    with pytest.raises(dataclasses.FrozenInstanceError):
        events.x = None


@pytest.mark.parametrize(
    "key", [slice(1, 4), slice(None, None, -2), [3], [4, 0, 0], np.array([True, False, True, True, False]), np.array([2, 3])]
)
def test_a_choice_of_recordings(key: Any) -> None:
    events = random_events(0)
    wanted = [events[int(i)] for i in np.arange(5)[key]]
    chosen = events[key]
    assert len(chosen) == len(wanted)
    for mine, right in zip(chosen, wanted, strict=True):
        assert np.array_equal(mine, right)


def test_neighbours_are_views() -> None:
    events = random_events(0)
    assert np.shares_memory(events[1:3].t_us, events.t_us)


def test_recordings_of_tonic_make_events() -> None:
    events = random_events(3)
    again = Events.of(list(events), height=6, width=9)
    for field in dataclasses.fields(Events):
        assert np.array_equal(getattr(again, field.name), getattr(events, field.name))


RECORDING = Events(**TWO)[0]
REFUSED = [
    ({"height": 0}, "Events.height: must be a whole number in 1..32767 (got 0)"),
    ({"width": 2.0}, "Events.width: must be a whole number in 1..32767 (got 2.0)"),
    ({"width": 3}, "Events.x: must be whole numbers in 0..2 (got values from 0 to 3); give the sensor's width"),
    ({"height": 1}, "Events.y: must be whole numbers in 0..0 (got values from 0 to 1); give the sensor's height"),
    ({"p": [-1, 1, 1]}, "Events.p: must be whole numbers in 0..1 (got values from -1 to 1); 1 is brighter, 0 darker"),
    ({"x": [[0, 3, 1]]}, "Events.x: must be one number for each event (got shape (1, 3)); flatten them"),
    ({"x": []}, "Events.x: must be one number for each event, not empty (got shape (0,)); check the file or the filter"),
    ({"y": [0, 1]}, "Events.y: must have 3 numbers, as x has (got 2); cut all at one place"),
    ({"t_us": [1, 2, 3.5]}, "Events.t_us: must be whole numbers in 0..2147483647 (got for one, 3.5)"),
    ({"t_us": [1, 2, 2**31]}, "Events.t_us: must be whole numbers in 0..2147483647 (got values from 1 to 2.14748e+09)"),
    (
        {"t_us": [3, 2, 9]},
        "Events.t_us: must not fall within a recording (got 2 us after 3 us in recording 0); sort the events of each by time",
    ),
    (
        {"offsets": [0, 3], "t_us": [1, 5, 4]},
        "Events.t_us: must not fall within a recording (got 4 us after 5 us in recording 0)",
    ),
    ({"offsets": [0, 2]}, "Events.offsets: must rise from 0 to 3, the number of events (got [0, 2])"),
    ({"offsets": [0, 3, 2, 3]}, "Events.offsets: must rise from 0 to 3, the number of events (got [0, 3, 2, 3])"),
    ({"offsets": [1, 3]}, "Events.offsets: must rise from 0 to 3, the number of events (got [1, 3])"),
    ({"offsets": [0]}, "Events.offsets: must rise from 0 to 3, the number of events (got [0])"),
    ({"offsets": None}, "Events.offsets: must be numbers that form offsets [N + 1] (got NoneType"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_one_sentence_for_wrong_events(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError) as caught:
        Events(**TWO | changes)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_one_sentence_for_wrong_recordings() -> None:
    for wrong, message in (
        ([], r"Events.of: must get a list of recordings \(got \[\]\)"),
        (RECORDING, r"Events.of: must get a list of recordings"),
        ([RECORDING, 3], r"must be a structured array \[events\] with the fields x, y, t, p as recording 1 \(got 3\)"),
        ([RECORDING[:, None]], r"must be a structured array \[events\] with the fields x, y, t, p as recording 0"),
        ([RECORDING[["x", "y", "t"]]], r"as recording 0 \(got none of p\)"),
    ):
        with pytest.raises(DataError, match=message):
            Events.of(wrong)
    with pytest.raises(DataError, match=r"Events\[...\]: must choose one recording or more \(got slice\(7, 8, None\)\)"):
        Events(**TWO)[7:8]


def loop(recording: np.ndarray, height: int, width: int, frames: int, window: int) -> np.ndarray:
    """The definition, event by event."""
    counts = np.zeros((frames, 2, height, width), int)
    for x, y, t, p in recording:
        frame = int(t - recording["t"][0]) // window
        if frame < frames:
            counts[frame, int(p), y, x] += 1
    return counts


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 600))
def test_frames_are_what_a_loop_counts(seed: int, bins: int, window: int) -> None:
    events = random_events(seed, n=4)
    spans = [int(r["t"][-1] - r["t"][0]) for r in events]
    by_bins = events_to_frames(events, bins=bins)
    by_window = events_to_frames(events, window_us=window)
    assert by_bins.dtype == by_window.dtype == np.int16
    assert by_bins.shape == (4, bins, 2, 6, 9)
    assert by_window.shape == (4, max(max(spans) // window, 1), 2, 6, 9)
    for k, (recording, span) in enumerate(zip(events, spans, strict=True)):
        assert np.array_equal(by_bins[k], loop(recording, 6, 9, bins, span // bins))
        frames = max(span // window, 1)
        assert np.array_equal(by_window[k, :frames], loop(recording, 6, 9, frames, window))
        assert not by_window[k, frames:].any()
        assert np.array_equal(events_to_frames(recording, bins=bins, size=(6, 9)), by_bins[k])
        assert np.array_equal(events_to_frames(recording, window_us=window, size=(6, 9)), by_window[k, :frames])


def test_many_recordings_are_counted_in_blocks(monkeypatch) -> None:
    from maichong.data import _frames

    events = random_events(5, n=23)
    whole = events_to_frames(events, bins=4)
    for cells in (1, 4 * 2 * 6 * 9 * 5):
        monkeypatch.setattr(_frames, "_CELLS", cells)
        assert np.array_equal(events_to_frames(events, bins=4), whole)


def test_a_recording_without_events() -> None:
    events = Events(**TWO | {"offsets": [0, 2, 2, 3, 3]})
    assert len(events[1]) == 0
    frames = events_to_frames(events, window_us=10)
    assert frames.sum(axis=(1, 2, 3, 4)).tolist() == [1, 0, 1, 0]
    with pytest.raises(ParameterError, match=r"got 1 bins for the 0 us of recording 1"):
        events_to_frames(events, bins=1)


HOME = Path(os.environ.get("MAICHONG_DATA", "nowhere"))


def test_frames_are_those_of_tonic() -> None:
    """ToFrame of tonic, on made-up events and, where they are at hand, on a hundred recordings of N-MNIST."""
    transforms = pytest.importorskip("tonic.transforms", reason="tonic judges this test where it is installed")
    sets = [random_events(seed, n=20, height=34, width=34, most=400) for seed in range(5)]
    if (HOME / "nmnist_small" / "nmnist_small.npz").is_file():
        sets.append(load("nmnist", small=True).x_test)
    for events in sets:
        for bins in (1, 3, 10, 16):
            theirs = transforms.ToFrame(sensor_size=(34, 34, 2), n_time_bins=bins)
            ours = events_to_frames(events, bins=bins)
            for mine, recording in zip(ours, events, strict=True):
                assert np.array_equal(mine, theirs(recording))
        for window in (97, 1000, 30_000):
            theirs = transforms.ToFrame(sensor_size=(34, 34, 2), time_window=window)
            ours = events_to_frames(events, window_us=window)
            for mine, recording in zip(ours, events, strict=True):
                right = theirs(recording)
                assert np.array_equal(mine[: len(right)], right)
                assert not mine[len(right) :].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "events_to_frames: must get either bins or window_us (got neither)"),
        ({"bins": 2, "window_us": 3}, "events_to_frames: must get either bins or window_us (got both)"),
        ({"bins": 0}, "events_to_frames(bins): must be a whole number in 1..2147483647 (got 0)"),
        ({"bins": True}, "events_to_frames(bins): must be a whole number in 1..2147483647 (got True)"),
        ({"window_us": 10.0}, "events_to_frames(window_us): must be a whole number in 1..2147483647 (got 10.0)"),
        (
            {"bins": 11},
            "events_to_frames(bins): must leave a microsecond for each bin (got 11 bins for the 10 us of recording 0); "
            "take fewer bins",
        ),
        ({"bins": 2, "size": 34}, "events_to_frames(size): must be (height, width) (got 34)"),
    ],
)
def test_one_sentence_for_wrong_frames(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        events_to_frames(RECORDING, **arguments)
    assert str(caught.value) == message


def test_frames_of_something_else() -> None:
    for wrong in (None, [RECORDING], "nmnist", 3):
        with pytest.raises(DataError, match="events_to_frames: must get Events or one recording, a structured array"):
            events_to_frames(wrong, bins=2)
    with pytest.raises(DataError, match="fields x, y, t, p as recording 0"):
        events_to_frames(np.zeros(3), bins=2)
    with pytest.raises(DataError, match=r"Events.x: must be whole numbers in 0..2 .*; give the sensor's width"):
        events_to_frames(RECORDING, bins=2, size=(3, 3))
    with pytest.raises(ParameterError, match=r"events_to_frames\(size\): must be that of the events, \(2, 4\)"):
        events_to_frames(Events(**TWO), window_us=2, size=(4, 2))


def test_too_many_events_for_a_frame() -> None:
    zeros = np.zeros(40000, int)
    events = Events(x=zeros, y=zeros, p=zeros, t_us=np.arange(40000), offsets=[0, 40000], height=1, width=1)
    assert events_to_frames(events, bins=2).tolist() == [[[[[19999]], [[0]]], [[[19999]], [[0]]]]]
    with pytest.raises(ParameterError, match=r"at most 32767 events of a pixel in a frame \(got 39999\); take more bins"):
        events_to_frames(events, bins=1)


def event_set(**changes: Any) -> EventSet:
    events = random_events(1, n=6)
    right = {"name": "tiny", "x_train": events, "y_train": [0, 1, 0, 1, 0, 1], "x_test": events[:2], "y_test": [3, 4]}
    return EventSet(**right | changes)


def test_an_event_set_is_cut_and_split_as_images_are() -> None:
    data = event_set()
    assert repr(data) == "EventSet('tiny': 6 training + 2 test recordings of 6 x 9, 10 classes)"
    assert data.y_train.dtype == np.int64
    part = data.take(train=3, test=1)
    assert (len(part.x_train), len(part.y_train), len(part.x_test)) == (3, 3, 1)
    split = split_validation(data, 2)
    assert sorted(split.y_val.tolist()) == [0, 1]
    kept = [r.tobytes() for r in (*split.x_train, *split.x_val)]
    assert sorted(kept) == sorted(r.tobytes() for r in data.x_train)
    with pytest.raises(ParameterError, match=r"EventSet.take\(test\): must be a whole number in 1..2 \(got 3\)"):
        data.take(test=3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.x_train = None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"x_train": np.zeros((6, 6, 9))},
            "EventSet.x_train: must be Events (got array([[[0., 0., 0.",
        ),
        (
            {"y_test": [0]},
            "EventSet.y_test: must have 2 labels, one for each recording of x_test (got 1 labels); "
            "cut recordings and labels at the same place",
        ),
        (
            {"x_test": random_events(1, n=2, width=8)},
            "EventSet.x_test: must have recordings of 6 x 9 pixels, as in x_train (got 6 x 8)",
        ),
        ({"name": 3}, "EventSet.name: must be text (got 3)"),
        ({"y_train": [0, 1, 0, 1, 0, 10]}, "EventSet.y_train: must be whole numbers in 0..9 (got values from 0 to 10)"),
    ],
)
def test_one_sentence_for_a_wrong_event_set(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        event_set(**changes)
    assert str(caught.value).startswith(message)


def test_events_are_no_images() -> None:
    with pytest.raises(DataError, match=r"DataSet.x_train: must be "):
        DataSet(name="tiny", x_train=random_events(1, n=2), y_train=[0, 1], x_test=np.zeros((1, 6, 9)), y_test=[0])
