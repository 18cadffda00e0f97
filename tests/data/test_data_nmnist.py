"""N-MNIST against its published files and MNIST, where MAICHONG_DATA holds them; made-up archives for the rest."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong.data import EventSet, events_to_frames, load, nmnist, split_validation
from maichong.data._archive import Published
from maichong.errors import DataError, ParameterError

HOME = Path(os.environ.get("MAICHONG_DATA", "nowhere"))
needs_nmnist = pytest.mark.skipif(
    not (HOME / "nmnist_small" / "nmnist_small.npz").is_file(),
    reason="MAICHONG_DATA does not name a folder that holds nmnist_small/nmnist_small.npz",
)
needs_mnist = pytest.mark.skipif(not (HOME / "mnist" / "mnist.npz").is_file(), reason="MAICHONG_DATA holds no MNIST")


@pytest.fixture(scope="module")
def data() -> EventSet:
    return load("nmnist", small=True)


@needs_nmnist
def test_a_recording_is_the_published_one(data: EventSet) -> None:
    """Train/0/00002.bin of the published archive has 5,028 events, and these are the first ten."""
    assert repr(data) == "EventSet('nmnist': 1000 training + 100 test recordings of 34 x 34, 10 classes)"
    recording = data.x_train[1]
    assert data.y_train[1] == 0
    assert len(recording) == 5028
    assert recording["x"][:10].tolist() == [10, 33, 12, 33, 14, 16, 7, 1, 16, 18]
    assert recording["y"][:10].tolist() == [30, 20, 27, 3, 23, 10, 30, 28, 11, 19]
    assert recording["p"][:10].tolist() == [1, 1, 1, 1, 0, 0, 1, 1, 0, 1]
    assert recording["t"][:10].tolist() == [937, 1030, 1052, 2078, 2383, 3189, 4003, 4975, 6609, 6678]


@needs_nmnist
@needs_mnist
def test_recordings_are_the_images_of_mnist_in_order(data: EventSet) -> None:
    mnist = load("mnist")
    assert data.y_train.tolist() == mnist.y_train[:1000].tolist()
    assert data.y_test.tolist() == mnist.y_test[:100].tolist()


@needs_nmnist
@needs_mnist
def test_the_camera_saw_the_digit_upright(data: EventSet) -> None:
    """Edges make events, so that events lie where the image is; not where it is on its side or upside down."""
    image = np.zeros((100, 34, 34))
    image[:, 3:31, 3:31] = load("mnist").x_test[:100]
    seen = events_to_frames(data.x_test, bins=1).sum(axis=(1, 2)).astype(float)

    def likeness(turned: np.ndarray) -> float:
        pairs = zip(seen, turned, strict=True)
        return float(np.mean([np.corrcoef(s.ravel(), t.ravel())[0, 1] for s, t in pairs]))

    upright = likeness(image)
    others = [likeness(turn) for turn in (image.transpose(0, 2, 1), image[:, ::-1], image[:, :, ::-1])]
    assert upright > max(others) + 0.1, (upright, others)


@needs_nmnist
def test_three_saccades_of_a_hundred_milliseconds(data: EventSet) -> None:
    """Orchard et al. 2015, section 2.2: three saccades, 300 ms in all."""
    last = data.x_train.t_us[data.x_train.offsets[1:] - 1]
    assert np.median(last) == pytest.approx(305e3, rel=0.03)
    assert (np.diff(data.x_train[7]["t"]) >= 0).all()


@needs_nmnist
def test_a_validation_split_of_recordings(data: EventSet) -> None:
    split = split_validation(data, 100, seed=2)
    assert repr(split) == "EventSet('nmnist': 900 training + 100 validation + 100 test recordings of 34 x 34, 10 classes)"
    assert len(split.x_train.x) + len(split.x_val.x) == len(data.x_train.x)
    assert np.bincount(split.y_val, minlength=10).tolist() == pytest.approx(np.bincount(data.y_train) / 10, abs=1)


RECORDINGS = {
    # t in us, x, y, p; numbered as in the archive
    "train": {1: (5, [(7, 3, 33, 1), (2**22 + 1, 33, 0, 0)]), 2: (0, [(20, 1, 2, 0)]), 3: (4, [(1, 0, 0, 1), (1, 9, 8, 0)])},
    "test": {1: (7, [(300_000, 16, 17, 1)]), 2: (2, [(65_536, 5, 6, 0)])},
}


def event(t: int, x: int, y: int, p: int) -> bytes:
    """Bits 39-32 column, 31-24 row, 23 polarity, 22-0 time: the format as Orchard's page describes it."""
    return (x << 32 | y << 24 | p << 23 | t).to_bytes(5, "big")


def archive(split: str, **extra: bytes) -> bytes:
    buffer = io.BytesIO()
    folder = split.capitalize()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{folder}/", b"")
        for number, (label, events) in reversed(RECORDINGS[split].items()):
            file.writestr(f"{folder}/{label}/{number:05}.bin", b"".join(event(*e) for e in events))
            file.writestr(f"__MACOSX/{folder}/{label}/._{number:05}.bin", b"not a recording")
        for name, content in extra.items():
            file.writestr(name, content)
    return buffer.getvalue()


def promise(monkeypatch: pytest.MonkeyPatch, contents: dict[str, bytes], url: str = "") -> None:
    """Let nmnist.py expect ``contents`` in its archives."""
    files = {
        split: replace(file, urls=(f"{url}{split}",), checksum=f"md5:{hashlib.md5(contents[split]).hexdigest()}")
        for split, file in nmnist.FILES.items()
    }
    monkeypatch.setattr(nmnist, "FILES", files)
    monkeypatch.setattr(nmnist, "COUNTS", {split: len(of) for split, of in RECORDINGS.items()})
    monkeypatch.setattr(nmnist, "SMALL_COUNTS", {"train": 2, "test": 1})


def listed(recording: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(map(int, e)) for e in recording[["t", "x", "y", "p"]]]


def assert_whole(data: EventSet) -> None:
    for split, recordings in RECORDINGS.items():
        x, y = getattr(data, f"x_{split}"), getattr(data, f"y_{split}")
        assert y.tolist() == [label for label, _ in recordings.values()]
        assert [listed(r) for r in x] == [events for _, events in recordings.values()]


def test_the_archives_are_downloaded_once(web: Any, tmp_path, monkeypatch) -> None:
    web.files |= {split: archive(split) for split in RECORDINGS}
    promise(monkeypatch, web.files, web.url)
    for _ in range(2):
        assert_whole(load("nmnist", cache=tmp_path))
    assert sorted(p.name for p in (tmp_path / "nmnist").iterdir()) == ["Test.zip", "Train.zip"]
    assert web.asked == ["train", "test"]
    small = load("nmnist", small=True, cache=tmp_path)
    assert small.y_train.tolist() == [5, 0]
    assert listed(small.x_test[0]) == RECORDINGS["test"][1][1]


def test_another_checksum_than_the_published(web: Any, tmp_path, monkeypatch) -> None:
    promise(monkeypatch, {split: archive(split) for split in RECORDINGS}, web.url)
    web.files["train"] = b"<html>"
    with pytest.raises(DataError) as caught:
        load("nmnist", cache=tmp_path)
    digest = nmnist.FILES["train"].checksum.removeprefix("md5:")
    assert str(caught.value) == (
        f"data.nmnist: must fetch Train.zip with the MD5 {digest} into {tmp_path / 'nmnist'} "
        f"(got a file with another checksum from {web.url}train); check the network, set MAICHONG_DATA to a folder that holds "
        "nmnist/Train.zip, or load it with small=True from a folder that holds nmnist_small/nmnist_small.npz"
    )
    assert list((tmp_path / "nmnist").iterdir()) == []


def put(folder: Path, contents: dict[str, bytes]) -> None:
    folder.mkdir()
    for split, content in contents.items():
        (folder / f"{split.capitalize()}.zip").write_bytes(content)


def refusal(**options: Any) -> str:
    with pytest.raises(DataError) as caught:
        load("nmnist", **options)
    message = str(caught.value)
    assert message.startswith("data.nmnist: must ")
    assert "\n" not in message
    return message


def test_the_archives_may_lie_in_the_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
    contents = {split: archive(split) for split in RECORDINGS}
    promise(monkeypatch, contents)
    missing = (
        f"must find {tmp_path / 'nmnist' / 'Train.zip'}, which MAICHONG_DATA promises (got no such file); correct MAICHONG_DATA"
    )
    assert missing in refusal()
    assert missing in refusal(small=True)
    put(tmp_path / "nmnist", contents)
    assert_whole(load("nmnist"))
    assert len(load("nmnist", small=True).x_train) == 2
    (tmp_path / "nmnist" / "Test.zip").write_bytes(b"another")
    wanted = f"must find MD5 {nmnist.FILES['test'].checksum[4:]} in {tmp_path / 'nmnist' / 'Test.zip'} (got "
    assert wanted in refusal()


def test_archives_that_hold_other_things(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
    good = {split: archive(split) for split in RECORDINGS}
    for contents, came in (
        (good | {"train": good["test"]}, "must read recordings 1 to 3 from {Train.zip} (got 2 recordings)"),
        (good | {"test": archive("test", **{"Test/3/00004.bin": b""})}, "1 to 2 from {Test.zip} (got 3 recordings)"),
        (good | {"train": b"no archive"}, "from {Train.zip} (got a damaged file: BadZipFile)"),
        (good | {"train": good["train"][:200]}, "from {Train.zip} (got a damaged file: BadZipFile)"),
    ):
        promise(monkeypatch, contents)
        put(tmp_path / "nmnist", contents)
        for name in ("Train.zip", "Test.zip"):
            came = came.replace(f"{{{name}}}", str(tmp_path / "nmnist" / name))
        assert came in refusal()
        for file in (tmp_path / "nmnist").iterdir():
            file.unlink()
        (tmp_path / "nmnist").rmdir()


def test_the_small_file_is_proved(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
    arrays = {}
    for split, (label, events) in {s: RECORDINGS[s][1] for s in RECORDINGS}.items():
        t, x, y, p = map(list, zip(*events, strict=True))
        columns = {"x": x, "y": y, "p": p, "t_us": t, "offsets": [0, len(t)], "label": [label]}
        arrays |= {f"{split}_{column}": np.array(values) for column, values in columns.items()}
    pins = {k: Published(a.shape, a.dtype.name, hashlib.sha256(a.tobytes()).hexdigest()) for k, a in arrays.items()}
    monkeypatch.setattr(nmnist, "SMALL", pins)
    (tmp_path / "nmnist_small").mkdir()
    path = tmp_path / "nmnist_small" / "nmnist_small.npz"
    np.savez(path, **arrays)
    data = load("nmnist", small=True)
    assert listed(data.x_train[0]) == RECORDINGS["train"][1][1]
    assert data.y_test.tolist() == [7]
    np.savez(path, **arrays | {"test_t_us": arrays["test_t_us"] + 1})
    assert refusal_of_an_array(f"data.nmnist: test_t_us of {path}: must have bytes with the SHA-256 ")
    del arrays["test_label"]
    np.savez(path, **arrays)
    assert "(got a file without test_label); correct MAICHONG_DATA" in refusal(small=True)


def refusal_of_an_array(start: str) -> bool:
    with pytest.raises(DataError) as caught:
        load("nmnist", small=True)
    return str(caught.value).startswith(start)


def test_small_is_yes_or_no() -> None:
    with pytest.raises(ParameterError, match=r"data.nmnist\(small\): must be True or False \(got 'yes'\)"):
        load("nmnist", small="yes")


def test_overflows_of_the_clock_and_events_out_of_order() -> None:
    """Each row of 240 adds 2**13 us to all that follows, as in Orchard's reader (eventvision.py)."""
    stream = [(5, 1, 2, 1), (0, 0, 240, 0), (3, 4, 5, 0), (0, 0, 240, 1), (1, 6, 7, 1)]
    x, y, p, t = nmnist.decode(b"".join(event(*e) for e in stream))
    assert t.tolist() == [5, 8192 + 3, 2 * 8192 + 1]
    assert (x.tolist(), y.tolist(), p.tolist()) == ([1, 4, 6], [2, 5, 7], [1, 0, 1])
    x, _, _, t = nmnist.decode(event(9, 1, 2, 1) + event(4, 3, 3, 0) + event(9, 2, 2, 1))
    assert (t.tolist(), x.tolist()) == ([4, 9, 9], [3, 1, 2])
    assert [column.size for column in nmnist.decode(b"")] == [0, 0, 0, 0]


def test_the_sources_are_the_published_ones() -> None:
    """Files of doi:10.17632/468j46mzdv.1, with the checksums in tonic's and SpikingJelly's loaders."""
    assert nmnist.FILES["train"].checksum == "md5:20959b8e626244a1b502305a9e6e2031"
    assert nmnist.FILES["test"].checksum == "md5:69ca8762b2fe404d9b9bad1103e97832"
    assert all(url.startswith("https://data.mendeley.com/") for file in nmnist.FILES.values() for url in file.urls)
