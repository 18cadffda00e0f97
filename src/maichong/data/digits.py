"""Handwritten digits of 8 x 8 pixels, carried by scikit-learn: the data set that needs no download.

1,797 images by 13 writers; each pixel counts the ink in a block of 4 x 4 of a 32 x 32 bitmap. They are the
*test* part of UCI's "Optical Recognition of Handwritten Digits"; UCI's 3,823 training images, by 30 other
writers, are not in scikit-learn. So the split here is our own and the same writers stand on both sides of it:
accuracies are not comparable with those on UCI's split. Use it to see that something learns, and MNIST to say
how well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.data._archive import Published, check_array
from maichong.data._checks import images
from maichong.data._dataset import DataSet
from maichong.data._split import draw_stratified

SOURCE = "scikit-learn, sklearn.datasets.load_digits; https://archive.ics.uci.edu/dataset/80"
LICENCE = "CC BY 4.0"
CITATION = (
    "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, "
    "1998. doi:10.24432/C50P49"
)

N_TEST, SPLIT_SEED = 360, 0  # a fifth of each class, drawn once and for all

IMAGES = Published((1797, 8, 8), "uint8", "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3")
LABELS = Published((1797,), "uint8", "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0")


def load() -> DataSet:
    """1,437 training and 360 test images, uint8 [N, 8, 8], of the digits 0..9.

    The split is a fixed stratified draw, the same for everyone. Ink counts 0..16 are scaled to 0..255,
    rounded half up, which loses nothing. Raises DataError where scikit-learn's copy is not the one that was
    pinned here.
    """
    from sklearn.datasets import load_digits

    bunch: Any = load_digits()
    ink, labels = images("data.digits", bunch.images), bunch.target.astype(np.uint8)
    for what, array, published in (("images", ink, IMAGES), ("labels", labels, LABELS)):
        where = f"data.digits: {what} of scikit-learn"
        check_array(array, published, where, "install another version of scikit-learn")
    grey = ((ink.astype(np.int64) * 255 + 8) // 16).astype(np.uint8)
    test = draw_stratified(labels, N_TEST, SPLIT_SEED)
    return DataSet(
        name="digits",
        x_train=grey[~test],
        y_train=labels[~test],
        x_test=grey[test],
        y_test=labels[test],
        source=SOURCE,
        licence=LICENCE,
        citation=CITATION,
    )
