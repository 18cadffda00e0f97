"""Accuracy over training, beside the figure that the paper printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError
from .arrays import finite
from .canvas import axes_on, finish
from .colours import ACCENT, REFERENCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def accuracy_curve(
    images_seen: ArrayLike,
    accuracy: ArrayLike,
    *,
    ax: Axes | None = None,
    reference: float | None = None,
    reference_label: str = "paper",
) -> Axes:
    """Draw ``accuracy`` (fraction, 0 to 1) over ``images_seen`` [n_points] (count, not falling), in per cent.

    ``accuracy`` is [n_points], or [n_seeds, n_points]: then each seed is a thin line and their mean a thick
    one. ``reference`` (fraction) is drawn as a dashed line named ``reference_label``.

    Raises ParameterError for lengths that differ, NaN, or per cents where fractions are meant.

        >>> accuracy_curve([0, 1000], [0.1, 0.8], reference=0.95).get_ylabel()
        'accuracy (%)'
    """
    seen = finite("accuracy_curve.images_seen", images_seen, "n_points")
    if np.any(np.diff(seen) < 0):
        raise ParameterError("accuracy_curve.images_seen", "must not fall", None, "sort both arrays by images seen")
    seeds = np.atleast_2d(_fraction("accuracy_curve.accuracy", accuracy, "n_points", "n_seeds, n_points"))
    if seeds.shape[1] != len(seen):
        expected = f"must have one value per entry of images_seen, {len(seen):,}"
        raise ParameterError("accuracy_curve.accuracy", expected, f"{seeds.shape[1]:,}")

    goal = None
    if reference is not None:
        goal = 100 * float(_fraction("accuracy_curve.reference", reference, ""))

    ax = axes_on(ax)
    if len(seeds) > 1:
        for each in seeds:
            ax.plot(seen, 100 * each, color=ACCENT, linewidth=0.8, alpha=0.4)
    label = f"mean of {len(seeds)} seeds" if len(seeds) > 1 else "ours"
    dots = "o" if len(seen) <= 30 else ""
    mean = 100 * seeds.mean(axis=0)
    ax.plot(seen, mean, color=ACCENT, linewidth=1.8, marker=dots, markersize=3, label=label)
    if goal is not None:
        label = f"{reference_label}: {goal:.4g} %"
        ax.axhline(goal, color=REFERENCE, linewidth=1.2, linestyle=(0, (5, 3)), label=label)
        ax.legend(loc="lower right", frameon=False, fontsize=8, labelcolor="linecolor")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.grid(axis="y", color=REFERENCE, alpha=0.25, linewidth=0.6)
    ax.margins(x=0.02)
    return finish(ax, xlabel="images seen (count)", ylabel="accuracy (%)")


def _fraction(where: str, values: ArrayLike, *shapes: str) -> NDArray[np.float64]:
    array = finite(where, values, *shapes)
    wrong = array[(array < 0) | (array > 1)]
    if wrong.size:
        fix = "divide per cents by 100"
        raise ParameterError(where, "must be fractions between 0 and 1", f"{wrong.flat[0]:g}", fix)
    return array
