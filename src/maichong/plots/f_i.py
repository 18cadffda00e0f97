"""f-I curve: how fast a neuron fires under a constant current."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError
from .arrays import finite
from .canvas import axes_on, finish
from .colours import ACCENT, REFERENCE
from .traces import label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


TALLEST = 2.5
"""First rates above so many of the steady ones leave the picture: a short first interval would flatten all the rest."""


def f_i(
    currents: ArrayLike,
    rates: ArrayLike,
    *,
    ax: Axes | None = None,
    first_rates: ArrayLike | None = None,
    onset: float | None = None,
    xlabel: str = "current (pA)",
) -> Axes:
    """Draw ``rates`` (Hz) over ``currents``, both [n_currents]; NaN leaves a gap.

    ``first_rates`` (Hz), of the first interval, are drawn thin, up to 2.5 times the highest steady rate: the neuron adapts where
    they lie above. ``onset`` is marked by a dashed line.

    Raises ParameterError for lengths that differ, infinite or negative rates, and an empty label.

        >>> f_i([0, 400, 500], [0, 34, 63], onset=375).get_ylabel()
        'rate (Hz)'
    """
    given = finite("f_i.currents", currents, "n_currents")
    steady = _rates("f_i.rates", rates, len(given))
    first = None if first_rates is None else _rates("f_i.first_rates", first_rates, len(given))
    at = None if onset is None else float(finite("f_i.onset", onset, ""))
    label_of(xlabel, "f_i.xlabel", "current (pA)")

    ax = axes_on(ax)
    order = np.argsort(given)
    dots = "o" if len(given) <= 30 else ""
    if first is not None:
        ax.plot(given[order], first[order], color=REFERENCE, linewidth=0.9, label="first interval")
    ax.plot(given[order], steady[order], color=ACCENT, linewidth=1.6, marker=dots, markersize=3, label="steady")
    if at is not None:
        ax.axvline(at, color=REFERENCE, linewidth=0.9, linestyle=(0, (4, 2)), label=f"onset {at:.4g}")
    if first is not None or at is not None:
        ax.legend(loc="best", frameon=False, fontsize=8, labelcolor="linecolor")
    most = np.nanmax(steady) if np.isfinite(steady).any() else 0.0
    tall = first is not None and most > 0 and np.nanmax(first) > TALLEST * most
    ax.set_ylim(0.0, TALLEST * most if tall else None)
    ax.margins(x=0.02)
    return finish(ax, xlabel=xlabel, ylabel="rate (Hz)")


def _rates(where: str, values: ArrayLike, n: int) -> NDArray[np.float64]:
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError, RuntimeError):
        raise ParameterError(where, "must be numbers in Hz [n_currents]", type(values).__name__) from None
    if array.shape != (n,):
        raise ParameterError(where, f"must have one value per current, {n:,}", f"shape {array.shape}")
    if np.isinf(array).any() or (array < 0).any():
        raise ParameterError(where, "must be finite and >= 0, or NaN for a gap", "infinite or negative rates")
    return array
