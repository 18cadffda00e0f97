"""Fashion-MNIST: articles of clothing, 28 x 28 pixels in grey, 60,000 for training and 10,000 for the test.

Made to take the place of MNIST where that is too easy: the same sizes, splits and file format. Its classes are 0
T-shirt or top, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle boot.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from maichong.data._archive import Published, check_array
from maichong.data._dataset import DataSet
from maichong.data._idx import read_idx
from maichong.data._source import PublicFile, at_home, locate

SOURCE = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
LICENCE = "MIT (Zalando SE)"
CITATION = (
    "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking machine learning "
    "algorithms, 2017. arXiv:1708.07747"
)

# The repository of the authors holds the same files.
_MIRROR = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
_FILES = {
    "x_train": ("train-images-idx3-ubyte.gz", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    "y_train": ("train-labels-idx1-ubyte.gz", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    "x_test": ("t10k-images-idx3-ubyte.gz", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    "y_test": ("t10k-labels-idx1-ubyte.gz", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
}
FILES = {
    key: PublicFile(f"fashion_mnist/{file}", (SOURCE + file, _MIRROR + file), f"sha256:{sha256}")
    for key, (file, sha256) in _FILES.items()
}
ARRAYS = {
    "x_train": Published((60000, 28, 28), "uint8", "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012"),
    "y_train": Published((60000,), "uint8", "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7"),
    "x_test": Published((10000, 28, 28), "uint8", "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a"),
    "y_test": Published((10000,), "uint8", "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9"),
}
PACKAGE, PACKAGED = "dataset-fashion-mnist", Path("/usr/share/datasets/fashion-mnist")
"""A package of Debian, and where it puts the files."""


def load(*, cache: str | Path | None = None) -> DataSet:
    """60,000 training and 10,000 test images, uint8 [N, 28, 28], in the published order.

    Read from $MAICHONG_DATA/fashion_mnist where that holds the four files, or from Debian's package
    dataset-fashion-mnist where that is installed. Otherwise downloaded once (31 MB) into ``cache``, by default the
    user's cache folder; where MAICHONG_DATA is set nothing is downloaded. Raises DataError where a file is missing,
    cannot be fetched, is damaged or is not Fashion-MNIST.
    """
    x_train, y_train, x_test, y_test = (_read(key, cache) for key in ("x_train", "y_train", "x_test", "y_test"))
    return DataSet(
        name="fashion_mnist",
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        source=SOURCE,
        licence=LICENCE,
        citation=CITATION,
    )


def _read(key: str, cache: str | Path | None) -> np.ndarray:
    where, file = "data.fashion_mnist", FILES[key]
    home, packaged = at_home(file.path), PACKAGED / Path(file.path).name
    if packaged.is_file() and not (home and home.is_file()):
        path, fix = packaged, f"install Debian's package {PACKAGE} again, or remove it to download the file"
    else:
        path, fix = locate(file, where, cache)
    array = read_idx(path, where, fix)
    check_array(array, ARRAYS[key], f"{where}: {key} of {path}", fix)
    return array
