"""Breast Cancer Wisconsin (original): 683 tumours by nine scores of their cells from 1 to 10, benign or malignant.

This is the data set of 1992, which networks of spiking neurons are compared on, not the one with 30 measures of images that
scikit-learn carries. 16 of its 699 rows lack a score and are left out. It has no split of its own.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from maichong.data._archive import Published, check_array
from maichong.data._source import PublicFile, locate
from maichong.data._table import Table
from maichong.errors import DataError

SOURCE = "https://archive.ics.uci.edu/dataset/15"
LICENCE = "CC BY 4.0"
CITATION = (
    "W. Wolberg and O. Mangasarian, Multisurface method of pattern separation for medical diagnosis applied to breast cytology, "
    "PNAS 87, 1990. doi:10.1073/pnas.87.23.9193"
)

FILE = PublicFile(
    path="breast_cancer_wisconsin/breast-cancer-wisconsin.data",
    urls=("https://archive.ics.uci.edu/ml/machine-learning-databases/breast-cancer-wisconsin/breast-cancer-wisconsin.data",),
    checksum="sha256:402c585309c399237740f635ef9919dc512cca12cbeb20de5e563a4593f22b64",
    instead="use data 'iris'",
)
FEATURES = (
    "clump thickness", "uniformity of cell size", "uniformity of cell shape", "marginal adhesion", "single epithelial cell size",
    "bare nuclei", "bland chromatin", "normal nucleoli", "mitoses",
)  # fmt: skip
SCORES = Published((683, 10), "uint8", "053357e7e3a0de625f63ba3057c6e2f4878fb64e4759c6b59683911aea6967d3")
"""Of the rows that are whole: nine scores and the class, 2 for benign and 4 for malignant."""


def load(*, cache: str | Path | None = None) -> Table:
    """683 samples, float64 [683, 9], scores from 1 to 10; class 0 is benign (444), 1 malignant (239).

    Read from $MAICHONG_DATA/breast_cancer_wisconsin/breast-cancer-wisconsin.data where that variable is set, with a header or
    without, otherwise downloaded once (20 kB) into ``cache``, by default the user's cache folder. Raises DataError where the file
    is missing, cannot be fetched, is damaged or is not the published one.
    """
    where = "data.breast_cancer_wisconsin"
    path, fix = locate(FILE, where, cache)
    try:
        rows = list(csv.reader(path.read_text(encoding="ascii").splitlines()))
        whole = [row[1:] for row in rows if row and row[0].isdigit() and "?" not in row]
        scores = np.array(whole, np.uint8)
    except (ValueError, OverflowError) as error:
        raise DataError(where, f"must read scores from {path}", f"a damaged file: {type(error).__name__}", fix) from error
    check_array(scores, SCORES, f"{where}: scores of {path}", fix)
    return Table(
        name="breast_cancer_wisconsin",
        x=scores[:, :9],
        y=scores[:, 9] // 4,
        features=FEATURES,
        classes=("benign", "malignant"),
        source=SOURCE,
        licence=LICENCE,
        citation=CITATION,
    )
