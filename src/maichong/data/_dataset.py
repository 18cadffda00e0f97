"""What a data set is: images and labels in splits, with the words that say where they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from maichong.data._checks import count, images, is_int, labels
from maichong.errors import DataError, brief

_MOST_CLASSES = 2**31 - 1  # more than any data set has, and every one of them exact in float64


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DataSet:
    """Labelled grey images in a training split, a test split and, once carved out, a validation split.

    Images are uint8 [N, height, width] in 0..255, labels int64 [N] in 0..n_classes-1. Arrays of another
    number type are converted where every value is whole and in range, so nothing is ever rounded or wrapped.
    ``x_val`` and ``y_val`` are None until `split_validation` makes them: settings are chosen on them, the
    test split is read once.

    Raises DataError for an empty split, images and labels of different lengths, images of another shape than
    [N, h, w] or of different sizes in two splits, and values that are not finite, not whole or out of range.

        >>> image = np.zeros((1, 2, 2))
        >>> tiny = DataSet(name="tiny", x_train=image, y_train=[1], x_test=image, y_test=[0], n_classes=2)
        >>> tiny.x_train.dtype.name, tiny.y_train.dtype.name
        ('uint8', 'int64')

    Not for events, sound or colour: those have other axes and deserve a class of their own.
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
        for field in ("name", "source", "licence", "citation"):
            if not isinstance(text := getattr(self, field), str):
                raise DataError(f"DataSet.{field}", "must be text", brief(text))
        if not is_int(self.n_classes) or not 1 <= self.n_classes <= _MOST_CLASSES:
            expected = f"must be a whole number in 1..{_MOST_CLASSES}"
            raise DataError("DataSet.n_classes", expected, brief(self.n_classes))
        if (self.x_val is None) != (self.y_val is None):
            raise DataError("DataSet.x_val", "must come with y_val", "one of the two", "give both or neither")
        sizes = {}
        for split in ("train", "test") if self.x_val is None else ("train", "test", "val"):
            x = images(f"DataSet.x_{split}", getattr(self, f"x_{split}"))
            y = labels(f"DataSet.y_{split}", getattr(self, f"y_{split}"), self.n_classes)
            if len(x) != len(y):
                raise DataError(
                    f"DataSet.y_{split}",
                    f"must have {len(x)} labels, one for each image of x_{split}",
                    f"{len(y)} labels",
                    "cut images and labels at the same place",
                )
            sizes[split] = x.shape[1:]
            if sizes[split] != sizes["train"]:
                came, wanted = (" x ".join(map(str, sizes[s])) for s in (split, "train"))
                expected = f"must have images of {wanted} pixels, as in x_train"
                raise DataError(f"DataSet.x_{split}", expected, came, "resize one of the two")
            # A frozen dataclass lets its own constructor normalise what it was given in no other way.
            object.__setattr__(self, f"x_{split}", x)
            object.__setattr__(self, f"y_{split}", y)

    def take(self, train: int | None = None, test: int | None = None) -> DataSet:
        """The first ``train`` training and the first ``test`` test images (None: all), for a quick run.

        The arrays are views, the validation split stays whole. Raises ParameterError where there are not so
        many.

            >>> from maichong.data import load
            >>> load("digits").take(train=100).x_train.shape
            (100, 8, 8)
        """
        n_train, n_test = len(self.x_train), len(self.x_test)
        train = n_train if train is None else count("DataSet.take(train)", train, n_train)
        test = n_test if test is None else count("DataSet.take(test)", test, n_test)
        return replace(
            self,
            x_train=self.x_train[:train],
            y_train=self.y_train[:train],
            x_test=self.x_test[:test],
            y_test=self.y_test[:test],
        )

    def __repr__(self) -> str:
        height, width = self.x_train.shape[1:]
        val = "" if self.x_val is None else f"{len(self.x_val)} validation + "
        counts = f"{len(self.x_train)} training + {val}{len(self.x_test)} test"
        return f"DataSet({self.name!r}: {counts} images of {height} x {width}, {self.n_classes} classes)"
