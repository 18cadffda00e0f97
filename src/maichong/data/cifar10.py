"""CIFAR-10: photographs of 32 x 32 pixels in colour, 50,000 for training and 10,000 for the test.

The ten classes, with 6,000 images each, are 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse,
8 ship, 9 truck. The file is the "binary version" of Krizhevsky's page, which holds the bytes of the Python version
without its pickles.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np

from maichong.data._archive import Published, check_arrays, load_npz
from maichong.data._dataset import DataSet
from maichong.data._source import PublicFile, at_home, locate
from maichong.errors import DataError

SOURCE = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
LICENCE = "none is stated: cite the report"
CITATION = (
    "A. Krizhevsky, Learning multiple layers of features from tiny images, technical report, University of Toronto, "
    "2009. https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf"
)

FILE = PublicFile(
    path="cifar10/cifar-10-binary.tar.gz",
    urls=(SOURCE,),
    # The page lists its MD5, c32a1d4ab5d03f1284b67883e8d87530; this is what others pin, MLDatasets.jl for one.
    checksum="sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    cached="cifar-10-binary.tar.gz",
)
BATCHES = (*(f"data_batch_{k}" for k in (1, 2, 3, 4, 5)), "test_batch")
ARRAYS = {
    "x_train": Published((50000, 3, 32, 32), "uint8", "9d5c2eddadb0deff02c14c350c0385aab7b1d5ff1edfeb4997c8dc8644960111"),
    "y_train": Published((50000,), "uint8", "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253"),
    "x_test": Published((10000, 3, 32, 32), "uint8", "177777c33ba79825320efa646ad04a94bdc3c80e4ebe3bd21724f8cdfd4b9d56"),
    "y_test": Published((10000,), "uint8", "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5"),
}


def load(*, cache: str | Path | None = None) -> DataSet:
    """50,000 training and 10,000 test images, uint8 [N, 3, 32, 32] (red, green, blue), in the published order.

    Read from $MAICHONG_DATA/cifar10 where that variable is set: from cifar-10-binary.tar.gz, or from lossless WebP
    mosaics of 100 x 100 images (train1.webp to train5.webp, test.webp) beside labels.npz, which Pillow reads.
    Otherwise downloaded once (170 MB) into ``cache``, by default the user's cache folder. Raises DataError where a
    file is missing, cannot be fetched, is damaged or is not CIFAR-10.
    """
    where = "data.cifar10"
    labels = at_home("cifar10/labels.npz")
    if labels is not None and labels.is_file():
        origin, fix = labels.parent, "correct MAICHONG_DATA, or unset it to download the file"
        arrays = _from_mosaics(origin, where, fix)
    else:
        origin, fix = locate(FILE, where, cache)
        arrays = _from_batches(origin, where, fix)
    check_arrays(arrays, ARRAYS, where, origin, fix)
    return DataSet(
        name="cifar10",
        x_train=arrays["x_train"],
        y_train=arrays["y_train"],
        x_test=arrays["x_test"],
        y_test=arrays["y_test"],
        source=SOURCE,
        licence=LICENCE,
        citation=CITATION,
    )


def _from_batches(path: Path, where: str, fix: str) -> dict[str, np.ndarray]:
    """The arrays of the published archive. A batch holds records of 1 + 3 x 32 x 32 bytes: the label, then the image."""
    wanted = {f"cifar-10-batches-bin/{batch}.bin": batch for batch in BATCHES}
    found: dict[str, np.ndarray] = {}
    expected = f"must read {', '.join(BATCHES)} from {path}"
    try:
        with tarfile.open(path, "r:gz") as tar:
            for member in tar:
                if (batch := wanted.get(member.name)) and (file := tar.extractfile(member)):
                    found[batch] = np.frombuffer(file.read(), np.uint8).reshape(-1, 1 + 3 * 32 * 32)
    # A damaged archive fails in tarfile, gzip, zlib or NumPy.
    except Exception as error:
        raise DataError(where, expected, f"a damaged file: {type(error).__name__}", fix) from error
    if missing := [batch for batch in BATCHES if batch not in found]:
        raise DataError(where, expected, f"a file without {', '.join(missing)}", fix)
    *train, test = (found[batch] for batch in BATCHES)
    records = {"train": np.concatenate(train), "test": test}
    images = {f"x_{split}": of[:, 1:].reshape(-1, 3, 32, 32) for split, of in records.items()}
    return images | {f"y_{split}": of[:, 0].copy() for split, of in records.items()}


def _from_mosaics(folder: Path, where: str, fix: str) -> dict[str, np.ndarray]:
    """The arrays of a folder of mosaics: each batch one picture, its images in rows of a hundred."""
    arrays = load_npz(folder / "labels.npz", ("y_train", "y_test"), where, fix)
    arrays["x_train"] = np.concatenate([_mosaic(folder / f"train{k}.webp", where, fix) for k in (1, 2, 3, 4, 5)])
    arrays["x_test"] = _mosaic(folder / "test.webp", where, fix)
    return arrays


def _mosaic(path: Path, where: str, fix: str) -> np.ndarray:
    """The images [10000, 3, 32, 32] of one mosaic."""
    try:
        from PIL import Image
    except ImportError:
        fix = "pip install pillow, or unset MAICHONG_DATA to download the file"
        raise DataError(where, f"needs Pillow to read {path}", fix=fix) from None
    try:
        with Image.open(path) as picture:
            tiles = np.asarray(picture.convert("RGB")).reshape(100, 32, 100, 32, 3)
    # Pillow and its decoders fail in many ways, a mosaic of another size in NumPy.
    except Exception as error:
        came = "no such file" if isinstance(error, FileNotFoundError) else f"a damaged file: {type(error).__name__}"
        raise DataError(where, f"must read 100 x 100 images from {path}", came, fix) from error
    return tiles.transpose(0, 2, 4, 1, 3).reshape(10000, 3, 32, 32)
