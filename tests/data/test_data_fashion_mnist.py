"""Fashion-MNIST against published facts, where it is at hand; its three places, and every way its files can be wrong."""

from __future__ import annotations

import gzip
import hashlib
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong.data import fashion_mnist, load
from maichong.data._archive import Published
from maichong.data._source import at_home
from maichong.errors import DataError


def found(key: str) -> Path | None:
    """The real file of ``key`` on this machine."""
    file = fashion_mnist.FILES[key]
    for path in (at_home(file.path), fashion_mnist.PACKAGED / Path(file.path).name):
        if path is not None and path.is_file():
            return path
    return None


needs_fashion_mnist = pytest.mark.skipif(
    not all(map(found, fashion_mnist.FILES)),
    reason="neither MAICHONG_DATA nor Debian's package dataset-fashion-mnist holds Fashion-MNIST",
)


@needs_fashion_mnist
def test_published_facts() -> None:
    """6,000 + 1,000 of each class; the first labels of the authors' README; mean and deviation that everyone uses."""
    data = load("fashion_mnist")
    assert data.x_train.shape == (60000, 28, 28)
    assert data.x_test.shape == (10000, 28, 28)
    assert np.bincount(data.y_train).tolist() == [6000] * 10
    assert np.bincount(data.y_test).tolist() == [1000] * 10
    assert data.y_train[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert data.y_test[:10].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]
    assert data.x_train.mean() / 255 == pytest.approx(0.2860, abs=5e-5)
    assert data.x_train.std() / 255 == pytest.approx(0.3530, abs=5e-5)


@needs_fashion_mnist
@pytest.mark.parametrize(
    ("field", "md5"),
    [
        ("x_train", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
        ("y_train", "9018921c3c673c538a1fc5bad174d6f9"),
        ("x_test", "8181f5470baa50b63fa0f6fddb340f0a"),
        ("y_test", "15d484375f8d13e6eb1aabb0c3f46965"),
    ],
)
def test_it_is_zalandos_to_the_byte(field: str, md5: str) -> None:
    """MD5 of the four unpacked files, as several projects list them; Debian packs the same bytes anew."""
    assert hashlib.md5(idx(getattr(load("fashion_mnist"), field).astype(np.uint8))).hexdigest() == md5


ARRAYS = {
    "x_train": np.arange(96, dtype=np.uint8).reshape(6, 4, 4),
    "y_train": np.arange(6, dtype=np.uint8),
    "x_test": np.full((2, 4, 4), 200, np.uint8),
    "y_test": np.array([7, 8], np.uint8),
}


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def served(web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Small arrays in place of the real ones, served by ``web``; no package is installed."""
    files = {}
    for key, file in fashion_mnist.FILES.items():
        name = Path(file.path).name
        web.files[name] = gzip.compress(idx(ARRAYS[key]), mtime=0)
        checksum = f"sha256:{hashlib.sha256(web.files[name]).hexdigest()}"
        files[key] = replace(file, urls=(f"{web.url}{name}", f"{web.url}mirror/{name}"), checksum=checksum)
    monkeypatch.setattr(fashion_mnist, "FILES", files)
    pins = {k: Published(a.shape, "uint8", hashlib.sha256(a.tobytes()).hexdigest()) for k, a in ARRAYS.items()}
    monkeypatch.setattr(fashion_mnist, "ARRAYS", pins)
    monkeypatch.setattr(fashion_mnist, "PACKAGED", tmp_path / "packaged")
    return web


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def assert_same(data: Any) -> None:
    for key, array in ARRAYS.items():
        assert np.array_equal(getattr(data, key), array)


def test_each_file_is_downloaded_once(served: Any, tmp_path) -> None:
    for _ in range(2):
        assert_same(load("fashion_mnist", cache=tmp_path))
    names = sorted(Path(file.path).name for file in fashion_mnist.FILES.values())
    assert sorted(p.name for p in (tmp_path / "fashion_mnist").iterdir()) == names
    assert sorted(served.asked) == names


def test_what_arrived_is_not_fetched_again(served: Any, tmp_path) -> None:
    """A download that broke off goes on with the file at which it did."""
    gone = served.files.pop("t10k-images-idx3-ubyte.gz")
    with pytest.raises(DataError, match=r"must fetch t10k-images-idx3-ubyte.gz with the SHA-256 .* HTTP status 404"):
        load("fashion_mnist", cache=tmp_path)
    served.files["t10k-images-idx3-ubyte.gz"] = gone
    assert_same(load("fashion_mnist", cache=tmp_path))
    asked = ["train-images", "train-labels", "t10k-images", "t10k-images", "t10k-images", "t10k-labels"]
    assert [name.split("-idx")[0] for name in served.asked] == asked


def test_the_package_is_used_where_it_is_installed(served: Any, tmp_path) -> None:
    put(fashion_mnist.PACKAGED, served.files)
    assert_same(load("fashion_mnist", cache=tmp_path))
    assert served.asked == []


def test_the_folder_comes_first_then_the_package_and_never_the_network(served: Any, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"must find .*fashion_mnist.train-images-idx3-ubyte.gz, which MAICHONG_DATA promises"):
        load("fashion_mnist")
    put(fashion_mnist.PACKAGED, served.files)
    assert_same(load("fashion_mnist"))
    put(tmp_path / "fashion_mnist", served.files | {"t10k-labels-idx1-ubyte.gz": b"damaged"})
    with pytest.raises(DataError, match=r"from the IDX file .*fashion_mnist.t10k-labels-idx1-ubyte.gz \(got a damaged"):
        load("fashion_mnist")
    assert served.asked == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x1f\x8b cut off",
        b"\0\0\x08",
        b"\0\0\x08\x03\0\0\0\x02",
        idx(ARRAYS["y_test"])[:-1],
        idx(ARRAYS["y_test"]) + b"\0",
        idx(ARRAYS["y_test"], kind=9),
        gzip.compress(idx(ARRAYS["y_test"]), mtime=0)[:-6],
    ],
)
def test_a_damaged_file(served: Any, content: bytes) -> None:
    put(fashion_mnist.PACKAGED, served.files | {"t10k-labels-idx1-ubyte.gz": content})
    with pytest.raises(DataError) as caught:
        load("fashion_mnist")
    message, path = str(caught.value), fashion_mnist.PACKAGED / "t10k-labels-idx1-ubyte.gz"
    assert message.startswith(f"data.fashion_mnist: must read unsigned bytes from the IDX file {path} (got a damaged file: ")
    assert message.endswith("; install Debian's package dataset-fashion-mnist again, or remove it to download the file")
    assert "\n" not in message


def test_a_file_that_is_not_compressed_and_one_that_is_another(served: Any) -> None:
    plain = idx(ARRAYS["y_test"])
    put(fashion_mnist.PACKAGED, served.files | {"t10k-labels-idx1-ubyte.gz": plain})
    assert_same(load("fashion_mnist"))
    (fashion_mnist.PACKAGED / "t10k-labels-idx1-ubyte.gz").write_bytes(idx(ARRAYS["y_test"] - 1))
    with pytest.raises(DataError, match=r"data.fashion_mnist: y_test of .* must have bytes with the SHA-256"):
        load("fashion_mnist")


def test_the_sources_are_the_published_ones() -> None:
    urls = [url for file in fashion_mnist.FILES.values() for url in file.urls]
    assert "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz" in urls
    assert len(set(urls)) == 8
