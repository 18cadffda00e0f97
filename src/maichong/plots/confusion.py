"""Confusion matrix: how often each class was taken for each other one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError
from .arrays import one_each, whole
from .canvas import axes_on, finish
from .colours import ACCENT, INK, ramp

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WRITTEN = 25  # more classes leave no room for numbers: colour alone tells


def confusion(matrix: ArrayLike, *, class_names: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """Draw ``matrix`` [true class, decided class] of counts.

    Each cell holds its count and, below, its share of the row in per cent, which the colour shows too (the
    image's array). A class without an example leaves its row empty. The title gives the share on the
    diagonal.

    Raises ParameterError for a matrix that is not square, not of counts, or empty of examples.

        >>> confusion([[9, 1], [0, 10]], class_names=["cat", "dog"]).get_title(loc="left")
        '19 of 20 right (95.0 %)'
    """
    counts = whole("confusion.matrix", matrix, "true class, decided class", fix="pass counts, not shares")
    n = len(counts)
    if counts.shape != (n, n):
        fix = "one row and one column per class"
        raise ParameterError("confusion.matrix", "must be square", f"shape {counts.shape}", fix)
    given = range(n) if class_names is None else class_names
    names = [str(name) for name in one_each("confusion.class_names", given, n, "classes")]
    total, right = int(counts.sum()), int(np.trace(counts))
    if total == 0:
        fix = "was anything tested?"
        raise ParameterError("confusion.matrix", "must count at least one example", "only zeros", fix)
    rows = counts.sum(axis=1, keepdims=True)
    percent = 100 * counts / np.maximum(rows, 1)

    side = float(np.clip(0.36 * n + 1.1, 4.6, 9.2))
    ax = axes_on(ax, (side, 0.92 * side))
    image = ax.imshow(percent, cmap=ramp(ACCENT), vmin=0, vmax=100, interpolation="nearest")
    bar = None
    if n <= _WRITTEN:
        for row, column in zip(*np.nonzero(counts), strict=True):
            _cell(ax, row, column, int(counts[row, column]), float(percent[row, column]), n)
    else:
        bar = ax.figure.colorbar(image, ax=ax, fraction=0.04, pad=0.02, label="share of the row (%)")
        bar.outline.set_visible(False)
    every = range(0, n, -(-n // _WRITTEN))
    upright = n * max(len(names[k]) for k in every) <= 60
    ax.set_xticks(every, [names[k] for k in every], rotation=0 if upright else 90)
    ax.set_yticks(every, [names[k] for k in every])
    ax.spines[:].set_visible(False)
    title = f"{right:,} of {total:,} right ({100 * right / total:.1f} %)"
    ylabel = "true class (count, % of row)" if n <= _WRITTEN else "true class"
    return finish(ax, xlabel="decided class", ylabel=ylabel, title=title, bar=bar)


def _cell(ax: Axes, row: int, column: int, count: int, percent: float, n: int) -> None:
    size = float(np.clip(60 / n, 3.5, 9.0))
    style: dict[str, Any] = {"ha": "center", "color": "white" if percent > 50 else INK}
    ax.text(column, row, f"{count:,}", va="bottom", fontsize=1.25 * size, **style)
    ax.text(column, row + 0.06, f"{percent:.1f} %", va="top", fontsize=size, alpha=0.85, **style)
