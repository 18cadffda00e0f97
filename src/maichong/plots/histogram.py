"""Histogram: how a rate, threshold or weight is spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError
from .arrays import count, finite
from .canvas import axes_on, finish
from .colours import INK, colour_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_BINS = 80


def histogram(
    values: ArrayLike,
    *,
    xlabel: str,
    ax: Axes | None = None,
    bins: int | None = None,
    counted: str = "neurons",
    kind: str = "other",
) -> Axes:
    """Draw how many of ``values`` (any shape) fall into each bin, and their median as a dashed line.

    ``xlabel`` names the quantity with its unit (``"rate (Hz)"``), ``counted`` what is counted; ``kind``
    sets the colour (excitatory, inhibitory, input, other). Without ``bins`` their number follows from the
    spread, up to 80.

    Raises ParameterError for empty or non-finite values and for an empty label.

        >>> histogram([1.0, 2.0, 2.5], xlabel="rate (Hz)").get_ylabel()
        'neurons (count)'
    """
    array = finite("histogram.values", values).ravel()
    if not str(xlabel).strip():
        fix = "such as 'rate (Hz)'"
        raise ParameterError("histogram.xlabel", "must name the quantity and its unit", repr(xlabel), fix)
    colour = colour_of("histogram.kind", kind)
    n_bins = _bins(array) if bins is None else count("histogram.bins", bins)
    counts, edges = np.histogram(array, bins=n_bins)

    from matplotlib.ticker import MaxNLocator

    ax = axes_on(ax)
    ax.stairs(counts, edges, fill=True, color=colour, alpha=0.85)
    median = float(np.median(array))
    ax.axvline(median, color=INK, linewidth=1.0, linestyle=(0, (4, 2)))
    ax.margins(x=0.02)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    title = f"median {median:.3g} (dashed), {array.size:,} {counted}"
    return finish(ax, xlabel=xlabel, ylabel=f"{counted} (count)", title=title)


def _bins(values: np.ndarray) -> int:
    """Bins of Freedman and Diaconis' width (doi:10.1007/BF01025868), at least Sturges' number, at most 80."""
    spread = float(values.max() - values.min())
    if spread == 0:
        return 1
    quarter, three_quarters = np.percentile(values, [25, 75])
    width = 2 * (three_quarters - quarter) / np.cbrt(values.size)
    sturges = int(np.ceil(np.log2(values.size))) + 1
    return int(np.clip(np.ceil(spread / width) if width > 0 else 0, sturges, _MOST_BINS))
