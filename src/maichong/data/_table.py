"""What a data set of measurements is: a table of numbers, one row a sample, with a class for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maichong.data._checks import count, is_int, labels
from maichong.data._split import draw_stratified
from maichong.errors import DataError, ParameterError, brief


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Table:
    """Labelled samples of several features, without a split: those who published results on them drew their own.

    ``x`` is float64 [samples, features], ``y`` int64 [samples] in 0..n_classes-1, ``features`` and ``classes`` their names.

    Raises DataError for numbers that are not finite, and for samples, labels and names of which there are different numbers.

        >>> Table(name="tiny", x=[[1.0, 2.0], [3.0, 4.0]], y=[0, 1], features=("a", "b"), classes=("low", "high"))
        Table('tiny': 2 samples of 2 features, 2 classes)
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    features: tuple[str, ...]
    classes: tuple[str, ...]
    source: str = ""
    licence: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        x = np.asarray(self.x)
        if x.dtype.kind not in "uif" or x.ndim != 2 or not x.size or x.shape[1] != len(self.features):
            expected = f"must be numbers [samples, {len(self.features)}], a column for each of features"
            raise DataError("Table.x", expected, brief(self.x))
        if not np.isfinite(x).all():
            raise DataError("Table.x", "must be finite", "NaN or infinity", "leave out samples with missing values")
        y = labels("Table.y", self.y, len(self.classes))
        if len(y) != len(x):
            raise DataError("Table.y", f"must have {len(x)} labels, one for each sample", f"{len(y)} labels")
        # a frozen dataclass lets its own constructor normalise what it was given in no other way
        object.__setattr__(self, "x", x.astype(np.float64))
        object.__setattr__(self, "y", y)

    @property
    def n_classes(self) -> int:
        return len(self.classes)

    def draw(self, n: int, seed: int = 0) -> np.ndarray:
        """Boolean mask [samples] of ``n`` drawn samples, of each class its share: a split of one's own.

        It depends on ``seed`` alone. Raises ParameterError where ``n`` leaves no sample, or ``seed`` is no whole number >= 0.
        """
        n = count("Table.draw(n)", n, len(self.y) - 1)
        if not is_int(seed) or seed < 0:
            raise ParameterError("Table.draw(seed)", "must be a whole number >= 0", brief(seed))
        return draw_stratified(self.y, n, seed)

    def __repr__(self) -> str:
        samples, features = self.x.shape
        return f"Table({self.name!r}: {samples} samples of {features} features, {self.n_classes} classes)"
