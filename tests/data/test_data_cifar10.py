"""CIFAR-10 against published digests, where MAICHONG_DATA holds it; both of its forms, and how each can be wrong."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong.data import DataSet, cifar10, load, split_validation
from maichong.data._archive import Published
from maichong.errors import DataError

HOME = os.environ.get("MAICHONG_DATA")
needs_cifar10 = pytest.mark.skipif(
    not HOME or not (Path(HOME) / "cifar10").is_dir(),
    reason="MAICHONG_DATA does not name a folder that holds cifar10",
)

BATCHES = {
    "data_batch_1": "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
    "data_batch_2": "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
    "data_batch_3": "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
    "data_batch_4": "aab85764eb3584312d3c7f65fd2fd016e36a258e",
    "data_batch_5": "26e2849e66a845b7f1e4614ae70f4889ae604628",
    "test_batch": "67eb016db431130d61cd03c7ad570b013799c88c",
}


@pytest.fixture(scope="module")
def data() -> DataSet:
    return load("cifar10")


@needs_cifar10
def test_it_is_krizhevskys_to_the_byte(data: DataSet) -> None:
    """SHA-1 of the six files in cifar-10-binary.tar.gz, as MXNet's loader lists them: a label, then the image."""
    labels = np.concatenate([data.y_train, data.y_test]).astype(np.uint8)
    images = np.concatenate([data.x_train, data.x_test]).reshape(60000, 3072)
    for k, (batch, sha1) in enumerate(BATCHES.items()):
        lot = slice(10000 * k, 10000 * (k + 1))
        records = np.column_stack([labels[lot], images[lot]])
        assert hashlib.sha1(records.tobytes()).hexdigest() == sha1, batch


@needs_cifar10
def test_counts_and_moments(data: DataSet) -> None:
    """6,000 images of each class; mean and deviation of the colours are those that everyone normalises by."""
    assert data.x_train.shape == (50000, 3, 32, 32)
    assert data.x_test.shape == (10000, 3, 32, 32)
    assert data.x_train.dtype == data.x_test.dtype == np.uint8
    assert np.bincount(data.y_train).tolist() == [5000] * 10
    assert np.bincount(data.y_test).tolist() == [1000] * 10
    share = np.array([np.bincount(data.x_train[:, colour].ravel(), minlength=256) for colour in range(3)]) / (50000 * 1024)
    level = np.arange(256) / 255
    mean = share @ level
    assert mean == pytest.approx([0.4914, 0.4822, 0.4465], abs=5e-5)
    assert np.sqrt(share @ level**2 - mean**2) == pytest.approx([0.2470, 0.2435, 0.2616], abs=5e-5)
    assert repr(data) == "DataSet('cifar10': 50000 training + 10000 test images of 3 x 32 x 32, 10 classes)"


@needs_cifar10
def test_a_validation_split_in_colour(data: DataSet) -> None:
    split = split_validation(data.take(train=1000), 100)
    assert split.x_train.shape == (900, 3, 32, 32)
    assert split.x_val.shape == (100, 3, 32, 32)


@pytest.fixture(scope="module")
def made_up() -> dict[str, np.ndarray]:
    """A batch of noise, 10,000 images, five times for training and once, turned over, for the test."""
    images = np.random.default_rng(1).integers(0, 256, (10000, 3, 32, 32), np.uint8)
    labels = (np.arange(10000) % 10).astype(np.uint8)
    return {
        "x_train": np.concatenate([images] * 5),
        "y_train": np.concatenate([labels] * 5),
        "x_test": images[::-1],
        "y_test": labels[::-1],
    }


@pytest.fixture
def pins(made_up: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {k: Published(a.shape, "uint8", hashlib.sha256(a.tobytes()).hexdigest()) for k, a in made_up.items()}
    monkeypatch.setattr(cifar10, "ARRAYS", arrays)


@pytest.fixture(scope="module")
def archive(made_up: dict[str, np.ndarray]) -> bytes:
    """The batches as in the published archive, in an order of its own and with files that are no batches."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=0) as tar:
        put(tar, "cifar-10-batches-bin/readme.html", b"<html>")
        for batch in reversed(cifar10.BATCHES):
            split = "test" if batch == "test_batch" else "train"
            x, y = made_up[f"x_{split}"][:10000], made_up[f"y_{split}"][:10000]
            records = b"".join(bytes([label]) + image.tobytes() for label, image in zip(y, x, strict=True))
            put(tar, f"cifar-10-batches-bin/{batch}.bin", records)
        put(tar, "cifar-10-batches-bin/batches.meta.txt", b"airplane\n")
    return buffer.getvalue()


def put(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def assert_same(data: DataSet, made_up: dict[str, np.ndarray]) -> None:
    for key, array in made_up.items():
        assert np.array_equal(getattr(data, key), array), key


def test_the_archive_is_downloaded_once(web: Any, pins: None, made_up: Any, archive: bytes, tmp_path, monkeypatch) -> None:
    web.files["good"] = archive
    checksum = f"sha256:{hashlib.sha256(archive).hexdigest()}"
    monkeypatch.setattr(cifar10, "FILE", replace(cifar10.FILE, urls=(f"{web.url}good",), checksum=checksum))
    assert_same(load("cifar10", cache=tmp_path), made_up)
    load("cifar10", cache=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["cifar-10-binary.tar.gz"]
    assert web.asked == ["good"]


def test_the_archive_may_lie_in_the_folder(pins: None, made_up: Any, archive: bytes, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
    (tmp_path / "cifar10").mkdir()
    (tmp_path / "cifar10" / "cifar-10-binary.tar.gz").write_bytes(archive)
    assert_same(load("cifar10"), made_up)


def write_mosaics(folder: Path, made_up: dict[str, np.ndarray]) -> None:
    """Each batch as one picture: image number 100 r + c stands at row r, column c. BMP, for speed; Pillow looks inside."""
    from PIL import Image

    folder.mkdir()
    np.savez(folder / "labels.npz", y_train=made_up["y_train"], y_test=made_up["y_test"])
    for names, images in (([f"train{k}" for k in range(1, 6)], made_up["x_train"]), (["test"], made_up["x_test"])):
        picture = np.empty((3200, 3200, 3), np.uint8)
        for k, image in enumerate(images[:10000]):
            row, column = 32 * (k // 100), 32 * (k % 100)
            picture[row : row + 32, column : column + 32] = np.dstack(list(image))
        for name in names:
            Image.fromarray(picture).save(folder / f"{name}.webp", format="BMP")


def test_mosaics_give_the_same_arrays_and_every_way_to_break_them(pins: None, made_up: Any, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
    folder = tmp_path / "cifar10"
    write_mosaics(folder, made_up)
    assert_same(load("cifar10"), made_up)
    read = f"data.cifar10: must read 100 x 100 images from {folder / 'test.webp'} "
    assert "must be uint8 of shape (50000,) (got uint8 of shape (3,))" in refusal(
        lambda: np.savez(folder / "labels.npz", y_train=np.zeros(3, np.uint8), y_test=made_up["y_test"])
    )
    assert "(got a file without y_test)" in refusal(lambda: np.savez(folder / "labels.npz", y_train=made_up["y_train"]))
    np.savez(folder / "labels.npz", y_train=made_up["y_train"], y_test=made_up["y_test"])
    assert refusal(lambda: (folder / "test.webp").write_bytes(b"RIFF")).startswith(f"{read}(got a damaged file: ")
    assert refusal((folder / "test.webp").unlink).startswith(f"{read}(got no such file)")
    (folder / "test.webp").write_bytes((folder / "train1.webp").read_bytes())
    assert refusal(lambda: None).startswith(f"data.cifar10: x_test of {folder}: must have bytes with the SHA-256 ")


def refusal(harm: Any, end: str = "; correct MAICHONG_DATA, or unset it to download the file") -> str:
    """What `load` says once ``harm`` is done."""
    harm()
    with pytest.raises(DataError) as caught:
        load("cifar10")
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(end)
    return message


def test_a_damaged_archive(archive: bytes, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
    path = tmp_path / "cifar10" / "cifar-10-binary.tar.gz"
    end = "; correct MAICHONG_DATA, or unset it to download the file, or use data 'digits'"
    path.parent.mkdir()
    assert f"must find {path}, which MAICHONG_DATA promises (got no such file)" in refusal(lambda: None, end)
    read = "data.cifar10: must read data_batch_1, data_batch_2, data_batch_3, data_batch_4, data_batch_5, test_batch from "
    for content in (b"", b"no archive", archive[: len(archive) // 2]):
        message = refusal(lambda content=content: path.write_bytes(content), end)
        assert message.startswith(read)
        assert "(got a damaged file: " in message
    with tarfile.open(path, "w:gz") as tar:
        put(tar, "cifar-10-batches-bin/test_batch.bin", bytes(3073))
        put(tar, "../test_batch.bin", b"not asked for")
    came = "(got a file without data_batch_1, data_batch_2, data_batch_3, data_batch_4, data_batch_5)"
    assert came in refusal(lambda: None, end)
    with tarfile.open(path, "w:gz") as tar:
        put(tar, "cifar-10-batches-bin/test_batch.bin", b"cut off")
    assert "(got a damaged file: ValueError)" in refusal(lambda: None, end)


def test_without_pillow(tmp_path, monkeypatch) -> None:
    import sys

    monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
    monkeypatch.setitem(sys.modules, "PIL", None)
    (tmp_path / "cifar10").mkdir()
    np.savez(tmp_path / "cifar10" / "labels.npz", y_train=np.zeros(1), y_test=np.zeros(1))
    message = refusal(lambda: None, "; pip install pillow, or unset MAICHONG_DATA to download the file")
    assert message.startswith(f"data.cifar10: needs Pillow to read {tmp_path / 'cifar10' / 'train1.webp'};")


def test_the_pins_are_the_published_ones() -> None:
    """The URL stands on Krizhevsky's page; the SHA-256 belongs to the MD5 that stands beside it."""
    assert cifar10.FILE.urls == ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",)
    assert cifar10.FILE.checksum == "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
