"""What a code makes of values: those that went in and those that came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError
from .arrays import finite
from .canvas import axes_on, finish
from .colours import ACCENT, INK, INPUT, ramp

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def coded(
    original: ArrayLike, decoded: ArrayLike, *, xlabel: str = "value (index)", step: float = 1.0, ax: Axes | None = None
) -> Axes:
    """Draw ``original`` and ``decoded`` values of one shape: [n] as two lines, [rows, columns] as two pictures side by side.

    Lines have ``step`` from value to value in the unit of ``xlabel``. Both pictures have the shades of the original's range.

    Raises ParameterError for other shapes, or two that differ, and for NaN.

        >>> coded([0.1, 0.5, 0.9], [0.0, 0.5, 1.0]).get_ylabel()
        'value (1)'
    """
    before = finite("coded.original", original, "n", "rows, columns")
    after = finite("coded.decoded", decoded, "n", "rows, columns")
    if before.shape != after.shape:
        raise ParameterError("coded.decoded", f"must have the shape of original, {before.shape}", f"{after.shape}")
    gap = float(finite("coded.step", step, ""))
    ax = axes_on(ax)
    if before.ndim == 1:
        places = gap * np.arange(len(before))
        ax.plot(places, before, color=INPUT, linewidth=1.6, alpha=0.7, label="values")
        ax.plot(places, after, color=ACCENT, linewidth=0.9, label="decoded")
        ax.legend(loc="upper right", frameon=False, fontsize=8, labelcolor="linecolor")
        ax.margins(x=0.01)
        return finish(ax, xlabel=xlabel, ylabel="value (1)")
    between = np.full((len(before), max(1, before.shape[1] // 14)), np.nan)
    low, high = float(before.min()), float(before.max())
    ax.imshow(np.hstack([before, between, after]), cmap=ramp(INK), vmin=low, vmax=high, interpolation="none", aspect="auto")
    width = before.shape[1]
    ax.set_xticks([(width - 1) / 2, width + between.shape[1] + (width - 1) / 2], ["values", "decoded"])
    ax.set_yticks([])
    return finish(ax)
