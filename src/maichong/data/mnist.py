"""MNIST: handwritten digits of 28 x 28 pixels, 60,000 for training and 10,000 for the test.

The file is the one that Keras publishes. Its arrays hold the bytes of the four IDX files of LeCun's page, in
their order.
"""

from __future__ import annotations

from pathlib import Path

from maichong.data._archive import Archive, Published, read
from maichong.data._dataset import DataSet

SOURCE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
LICENCE = "CC BY-SA 3.0 (Y. LeCun and C. Cortes)"
CITATION = (
    "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to document recognition, "
    "Proceedings of the IEEE 86(11):2278-2324, 1998. doi:10.1109/5.726791"
)

ARCHIVE = Archive(
    folder="mnist",
    file="mnist.npz",
    # The second is where Keras kept the file before: its source named the same MD5 for both.
    urls=(SOURCE, "https://s3.amazonaws.com/img-datasets/mnist.npz"),
    sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    arrays={
        "x_train": Published((60000, 28, 28), "uint8", "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757"),
        "y_train": Published((60000,), "uint8", "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"),
        "x_test": Published((10000, 28, 28), "uint8", "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"),
        "y_test": Published((10000,), "uint8", "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"),
    },
)


def load(*, cache: str | Path | None = None) -> DataSet:
    """60,000 training and 10,000 test images, uint8 [N, 28, 28], of the digits 0..9, in the published order.

    Read from $MAICHONG_DATA/mnist/mnist.npz where that variable is set, otherwise downloaded once (11 MB)
    into ``cache``, by default the user's cache folder. Raises DataError where the file is missing,
    cannot be fetched, is damaged or is not MNIST.
    """
    arrays = read(ARCHIVE, "data.mnist", cache)
    return DataSet(
        name="mnist",
        x_train=arrays["x_train"],
        y_train=arrays["y_train"],
        x_test=arrays["x_test"],
        y_test=arrays["y_test"],
        source=SOURCE,
        licence=LICENCE,
        citation=CITATION,
    )
