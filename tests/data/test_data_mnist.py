"""MNIST against published facts, where MAICHONG_DATA holds it, and every way its file can be wrong."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from maichong.data import DataSet, load, mnist
from maichong.errors import DataError

HOME = os.environ.get("MAICHONG_DATA")
needs_mnist = pytest.mark.skipif(
    not HOME or not (Path(HOME) / "mnist" / "mnist.npz").is_file(),
    reason="MAICHONG_DATA does not name a folder that holds mnist/mnist.npz",
)


@pytest.fixture(scope="module")
def data() -> DataSet:
    return load("mnist")


@needs_mnist
def test_counts_of_the_classes(data: DataSet) -> None:
    """Known from LeCun's labels files."""
    train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert data.x_train.shape == (60000, 28, 28)
    assert data.x_test.shape == (10000, 28, 28)
    assert np.bincount(data.y_train).tolist() == train
    assert np.bincount(data.y_test).tolist() == test
    assert data.y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


@needs_mnist
def test_mean_and_deviation_of_the_pixels(data: DataSet) -> None:
    """The constants of PyTorch's MNIST example: 0.1307 and 0.3081 of full scale."""
    assert data.x_train.mean() == pytest.approx(33.3184, abs=5e-5)
    assert data.x_train.std() == pytest.approx(78.567, abs=1e-3)
    assert data.x_train.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert data.x_train.std() / 255 == pytest.approx(0.3081, abs=5e-5)


@needs_mnist
@pytest.mark.parametrize(
    ("field", "md5"),
    [
        ("x_train", "6bbc9ace898e44ae57da46a324031adb"),
        ("y_train", "a25bea736e30d166cdddb491f175f624"),
        ("x_test", "2646ac647ad5339dbf082846283269ea"),
        ("y_test", "27ae3e4e09519cfbb04c329615203637"),
    ],
)
def test_it_is_lecuns_to_the_byte(data: DataSet, field: str, md5: str) -> None:
    """MD5 of the four unpacked IDX files, as many projects list them: a header, then the bytes."""
    array = getattr(data, field).astype(np.uint8)
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    assert hashlib.md5(header + array.tobytes()).hexdigest() == md5


def write_npz(folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / "mnist" / "mnist.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, **arrays)
    return path


def refusal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `load` says about the file in ``folder``."""
    monkeypatch.setenv("MAICHONG_DATA", str(folder))
    with pytest.raises(DataError) as caught:
        load("mnist")
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder / "mnist" / "mnist.npz") in message
    assert message.endswith("; correct MAICHONG_DATA, or unset it to download the file, or use data 'digits'")
    return message


EMPTY = np.zeros(0, np.uint8)


def test_a_missing_file(tmp_path, monkeypatch) -> None:
    assert "which MAICHONG_DATA promises (got no such file)" in refusal(tmp_path, monkeypatch)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off", b"\x93NUMPY\x01\x00", b"\x80\x04."])
def test_a_damaged_file(tmp_path, monkeypatch, content: bytes) -> None:
    write_npz(tmp_path, x_train=EMPTY).write_bytes(content)
    message = refusal(tmp_path, monkeypatch)
    assert message.startswith("data.mnist: must read the arrays x_train, y_train, x_test, y_test from the npz file")
    assert "(got a damaged file: " in message


def test_a_truncated_file(tmp_path, monkeypatch) -> None:
    path = write_npz(tmp_path, x_train=np.zeros((50, 28, 28), np.uint8))
    path.write_bytes(path.read_bytes()[:20000])
    assert "(got a damaged file: BadZipFile)" in refusal(tmp_path, monkeypatch)


def test_a_flipped_bit_in_the_archive(tmp_path, monkeypatch) -> None:
    path = write_npz(tmp_path, x_train=np.zeros((50, 28, 28), np.uint8))
    content = bytearray(path.read_bytes())
    content[20000] ^= 1
    path.write_bytes(content)
    assert "(got a damaged file: BadZipFile)" in refusal(tmp_path, monkeypatch)


def test_a_file_without_an_array(tmp_path, monkeypatch) -> None:
    write_npz(tmp_path, x_train=EMPTY, y_train=EMPTY, images=EMPTY)
    assert "(got a file without x_test, y_test)" in refusal(tmp_path, monkeypatch)


def test_a_pickle_is_never_opened(tmp_path, monkeypatch) -> None:
    class Trap:
        def __reduce__(self) -> tuple:
            return (Path(tmp_path / "sprung").touch, ())

    trap = np.array([Trap()], dtype=object)
    write_npz(tmp_path, x_train=trap, y_train=trap, x_test=trap, y_test=trap)
    assert "(got a damaged file: ValueError)" in refusal(tmp_path, monkeypatch)
    assert not (tmp_path / "sprung").exists()


def test_arrays_of_another_shape_or_type(tmp_path, monkeypatch) -> None:
    write_npz(tmp_path, x_train=EMPTY.astype(float), y_train=EMPTY, x_test=EMPTY, y_test=EMPTY)
    message = refusal(tmp_path, monkeypatch)
    assert "must be uint8 of shape (60000, 28, 28) (got float64 of shape (0,))" in message


def test_arrays_with_other_bytes(tmp_path, monkeypatch) -> None:
    shapes = {key: published.shape for key, published in mnist.ARCHIVE.arrays.items()}
    write_npz(tmp_path, **{key: np.zeros(shape, np.uint8) for key, shape in shapes.items()})
    message = refusal(tmp_path, monkeypatch)
    assert message.startswith("data.mnist: x_train of ")
    zeros = hashlib.sha256(bytes(60000 * 28 * 28)).hexdigest()
    assert f"SHA-256 {mnist.ARCHIVE.arrays['x_train'].sha256} (got {zeros})" in message
