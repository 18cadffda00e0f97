"""Spoken digits against what is published of them, where MAICHONG_DATA holds them; their three splits; recordings that are none."""

from __future__ import annotations

import io
import os
import wave
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong.data import SoundSet, fsdd, load
from maichong.errors import DataError, ParameterError

HOME = os.environ.get("MAICHONG_DATA")
needs_fsdd = pytest.mark.skipif(
    not HOME or not (Path(HOME) / "fsdd/fsdd.npz").is_file(), reason="MAICHONG_DATA does not hold FSDD"
)


def wav(samples: Any, channels: int = 1, rate: int = 8000) -> bytes:
    """A WAV file as Python's own writer makes it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(np.asarray(samples, "<i2").tobytes())
    return file.getvalue()


def packed(files: dict[str, bytes]) -> bytes:
    """A zip as the server packs it: all in one folder, and files that are no recordings beside them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in {"README.md": b"# FSDD", "recordings/.gitignore": b"", **files}.items():
            archive.writestr(f"free-spoken-digit-dataset-1.0.10/{name}", content)
    return file.getvalue()


@needs_fsdd
def test_the_published_counts_and_the_three_splits() -> None:
    """3,000 = 10 digits x 6 speakers x 50; the test is recordings 0 to 4, one tenth; a speaker is a sixth."""
    data = load("fsdd")
    assert repr(data) == "SoundSet('fsdd': 3000 recordings of 6 speakers, 10 classes, 8000 Hz)"
    assert data.speakers == ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
    pairs = data.y * 6 + data.speaker
    assert (np.bincount(pairs) == 50).all()
    train, test = data.official()
    assert (len(train), len(test)) == (2700, 300) and (np.bincount(pairs[test]) == 5).all()
    train, test = data.drawn()
    assert (len(train), len(test)) == (2100, 900) and (np.bincount(data.y[test]) == 90).all()
    for k, speaker in enumerate(data.speakers):
        train, test = data.without(speaker)
        assert len(test) == 500 and set(data.speaker[test]) == {k} and k not in data.speaker[train]


@needs_fsdd
def test_the_published_zip_is_downloaded_once_and_every_sample_proved(
    web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The zip is packed from the recordings by Python's own writers; one sample that differs is refused."""
    monkeypatch.setenv("MAICHONG_DATA", str(HOME))
    data = load("fsdd")
    monkeypatch.delenv("MAICHONG_DATA")
    index = np.load(Path(str(HOME)) / "fsdd/fsdd.npz")["index"]
    names = [f"{data.y[k]}_{data.speakers[data.speaker[k]]}_{index[k]}.wav" for k in range(len(data))]
    files = {f"recordings/{name}": wav(data[k]) for k, name in enumerate(names)}
    web.files["v1.0.10.zip"] = packed(files)
    monkeypatch.setattr(fsdd, "FILE", replace(fsdd.FILE, urls=(web.url + "v1.0.10.zip",)))
    for _ in range(2):
        again = load("fsdd", cache=tmp_path / "one")
        assert np.array_equal(again.samples, data.samples) and np.array_equal(again.tested, data.tested)
    assert web.asked == ["v1.0.10.zip"]
    changed = data[7].copy()
    changed[0] += 1
    web.files["v1.0.10.zip"] = packed({**files, f"recordings/{names[7]}": wav(changed)})
    with pytest.raises(
        DataError, match=r"data\.fsdd: samples of .* must have bytes with the SHA-256 .* delete it to download it again"
    ):
        load("fsdd", cache=tmp_path / "other")


def test_a_zip_becomes_recordings_in_the_order_of_their_names(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    files = {
        "recordings/1_ann_10.wav": wav([7]),
        "recordings/1_ann_2.wav": wav([8, 9]),
        "recordings/0_bob_0.wav": wav([-1, -2]),
    }
    path.write_bytes(packed(files))
    arrays = fsdd.unpack(path, "here", "mend it")
    assert arrays["samples"].tolist() == [-1, -2, 7, 8, 9] and arrays["offsets"].tolist() == [0, 2, 3, 5]
    assert [arrays[key].tolist() for key in ("label", "speaker", "index")] == [[0, 1, 1], ["bob", "ann", "ann"], [0, 10, 2]]


@pytest.mark.parametrize(
    ("content", "came"),
    [
        (b"no zip", "BadZipFile"),
        (packed({}), "ValueError"),
        (packed({"recordings/1_ann_1.wav": b"no sound"}), "Error"),
        (packed({"recordings/1_ann_1.wav": wav([1, 2], channels=2)}), "ValueError"),
        (packed({"recordings/1_ann_1.wav": wav([1, 2], rate=16000)}), "ValueError"),
    ],
)
def test_a_damaged_zip(content: bytes, came: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / fsdd.FILE.path
    path.parent.mkdir()
    path.write_bytes(content)
    monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
    with pytest.raises(DataError) as caught:
        load("fsdd")
    assert str(caught.value).startswith(f"data.fsdd: must read recordings from {path} (got a damaged file: {came}); correct")


def test_a_zip_that_nobody_serves(web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fsdd, "FILE", replace(fsdd.FILE, urls=(web.url + "v1.0.10.zip",)))
    with pytest.raises(DataError) as caught:
        load("fsdd", cache=tmp_path)
    expected = f"data.fsdd: must fetch free-spoken-digit-dataset-1.0.10.zip into {tmp_path / 'fsdd'} (got HTTP status 404 from"
    assert str(caught.value).startswith(expected)


def tiny(**changed: Any) -> SoundSet:
    """Four recordings of one sample each, two of each class, two by each speaker."""
    given = {
        "name": "tiny", "samples": np.arange(4, dtype=np.int16), "offsets": [0, 1, 2, 3, 4], "y": [0, 0, 1, 1],
        "speaker": [0, 1, 0, 1], "speakers": ("ann", "bob"), "tested": [True, False, False, False], "rate": 8000, "n_classes": 2,
    }  # fmt: skip
    return SoundSet(**{**given, **changed})


def test_splits_part_the_recordings() -> None:
    sounds = tiny()
    assert sounds[-1].tolist() == [3]
    with pytest.raises(IndexError):
        sounds[4]
    for train, test in (
        sounds.official(),
        sounds.drawn(0.5),
        sounds.without("bob"),
        sounds.held_back(sounds.without("ann"), 1),
    ):
        assert not set(train) & set(test) and len(train) and len(test)
    assert [part.tolist() for part in sounds.official()] == [[1, 2, 3], [0]]
    assert [part.tolist() for part in sounds.without("bob")] == [[0, 2], [1, 3]]
    held = sounds.held_back(sounds.official(), 1)
    assert sorted([*held.train, *held.test]) == [1, 2, 3]
    assert np.bincount(sounds.y[sounds.drawn(0.5).test]).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"samples": [1, 2]}, "SoundSet.samples: must be int16 [samples] (got [1, 2])"),
        ({"rate": 0}, "SoundSet.rate: must be a whole number of Hz >= 1 (got 0)"),
        (
            {"offsets": [0, 1, 1, 3, 4]},
            "SoundSet.offsets: must rise from 0 to 4, the number of samples, and no recording be empty",
        ),
        ({"y": [0, 1]}, "SoundSet.y: must have 4 entries, one a recording (got 2)"),
        ({"speaker": [0, 1, 2, 0]}, "SoundSet.speaker: must be whole numbers in 0..1 (got values from 0 to 2)"),
        ({"tested": [0, 1, 0, 0]}, "SoundSet.tested: must be True or False for each recording (got [0, 1, 0, 0])"),
    ],
)
def test_recordings_that_are_none(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        tiny(**changed)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.without("anne"), "SoundSet.without(speaker): must name a speaker (got 'anne'); did you mean 'ann'?"),
        (lambda s: s.drawn(1.0), "SoundSet.drawn(test): must be a part of 4 recordings, between 0 and 1 (got 1.0)"),
        (lambda s: s.drawn(seed=-1), "SoundSet.drawn(seed): must be a whole number >= 0 (got -1)"),
        (lambda s: s.held_back(s.official(), 3), "SoundSet.held_back(n): must be a whole number in 1..2 (got 3)"),
    ],
)
def test_splits_that_are_none(ask: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        ask(tiny())
    assert str(caught.value) == message
