"""Iris: 150 flowers of three species by four lengths in cm, carried by scikit-learn.

One species, setosa, is apart from the others; the two others overlap. It has no split of its own: halves that are drawn again and
again are customary. scikit-learn's copy is that of the paper, where UCI's file has two wrong rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.data._archive import Published, check_array
from maichong.data._table import Table

SOURCE = "scikit-learn, sklearn.datasets.load_iris; https://archive.ics.uci.edu/dataset/53"
LICENCE = "CC BY 4.0"
CITATION = (
    "R. A. Fisher, The use of multiple measurements in taxonomic problems, Annals of Eugenics 7, 1936. "
    "doi:10.1111/j.1469-1809.1936.tb02137.x"
)

MILLIMETRES = Published((150, 4), "uint8", "9f83d709ff543630793c65970cd232a7b86de6f44338e64fb2847e5b5d757634")


def load() -> Table:
    """150 samples, float64 [150, 4] in cm: sepal length and width, petal length and width; 50 of each of three species.

    Raises DataError where scikit-learn's copy is not the one that was pinned here.
    """
    from sklearn.datasets import load_iris

    bunch: Any = load_iris()
    tenths = np.rint(np.asarray(bunch.data) * 10).astype(np.uint8)
    check_array(tenths, MILLIMETRES, "data.iris: lengths of scikit-learn", "install another version of scikit-learn")
    return Table(
        name="iris",
        x=tenths / 10,
        y=np.repeat(np.arange(3), 50),
        features=("sepal length", "sepal width", "petal length", "petal width"),
        classes=("setosa", "versicolor", "virginica"),
        source=SOURCE,
        licence=LICENCE,
        citation=CITATION,
    )
