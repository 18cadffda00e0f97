"""What a data set of images is: images and labels in splits, with the words that say where they come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maichong.data._checks import images
from maichong.data._splits import describe, first, settle


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DataSet:
    """Labelled images in a training split, a test split and, once carved out, a validation split.

    Images are uint8 in 0..255: grey [N, height, width], in colour [N, 3, height, width], red, green, blue, the order
    of axes that torch's layers take. Labels are int64 [N] in 0..n_classes-1. Arrays of another number type are
    converted where every value is whole and in range, so nothing is ever rounded or wrapped. ``x_val`` and ``y_val``
    are None until `split_validation` makes them: settings are chosen on them, the test split is read once.

    Raises DataError for an empty split, images and labels of different lengths, images of other shapes than these or
    of different sizes in two splits, and values that are not finite, not whole or out of range.

        >>> image = np.zeros((1, 2, 2))
        >>> tiny = DataSet(name="tiny", x_train=image, y_train=[1], x_test=image, y_test=[0], n_classes=2)
        >>> tiny.x_train.dtype.name, tiny.y_train.dtype.name
        ('uint8', 'int64')

    Not for sound, which has other axes and deserves a class of its own, as events have in `EventSet`.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    x_val: np.ndarray | None = None
    y_val: np.ndarray | None = None
    n_classes: int = 10
    source: str = ""  # URL, or the package that carries the data
    licence: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        settle(self, "image", images)

    def take(self, train: int | None = None, test: int | None = None) -> DataSet:
        """The first ``train`` training and the first ``test`` test images (None: all), for a quick run.

        The arrays are views, the validation split stays whole. Raises ParameterError where there are not so
        many.

            >>> from maichong.data import load
            >>> load("digits").take(train=100).x_train.shape
            (100, 8, 8)
        """
        return first(self, train, test)

    def __repr__(self) -> str:
        return describe(self, "image")
