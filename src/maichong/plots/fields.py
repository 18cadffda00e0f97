"""Receptive fields: the weights onto each neuron as a little picture, all on one sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError
from .arrays import count, finite, one_each, pair, rising, whole
from .canvas import WIDE, axes_on, finish
from .colours import EXCITATION, INHIBITION, INK, ramp, signed
from .wording import several

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

_GAP = 1  # pixels between two fields
_SHARPEST = 1_200  # wider sheets are smoothed when drawn smaller; narrower ones keep every pixel


def receptive_fields(
    weights: ArrayLike,
    *,
    shape: tuple[int, int],
    labels: Sequence[object] | None = None,
    ax: Axes | None = None,
    show: int | Sequence[int] = 400,
    unit: str = "dimensionless",
    limits: tuple[float, float] | None = None,
) -> Axes:
    """Draw ``weights`` [n_inputs, n_neurons] as one picture of ``shape`` (rows, columns) per neuron.

    ``labels`` [n_neurons] (a class, say) stand to the left of each field; None and negative ones show as a
    dash. ``show`` is how many neurons to draw, counted from 0, or which ones (indices); the title says so
    when some are left out. The colour bar spans ``limits``, by default from 0 to the largest weight, in
    ``unit``; where signs are mixed it is symmetric about 0. What lies between the fields is masked in the
    image's array.

    Raises ParameterError for a shape that does not fit, NaN, or an index that is not there.

        >>> import numpy as np
        >>> ax = receptive_fields(np.eye(4), shape=(2, 2), unit="nS")
        >>> ax.figure.axes[1].get_ylabel()
        'weight (nS)'

    Not for convolution kernels with several channels, nor for weights without a layout in the plane.
    """
    w_PQ = finite("receptive_fields.weights", weights, "n_inputs, n_neurons")
    n_inputs, n_neurons = w_PQ.shape
    rows, columns = _shape(shape, n_inputs)
    chosen, title = _chosen(show, n_neurons)
    names = None if labels is None else one_each("receptive_fields.labels", labels, n_neurons, "neurons")

    fields_NHW = w_PQ[:, chosen].T.reshape(-1, rows, columns)
    margin = 0 if names is None else max(2, round(0.3 * columns))
    across = _columns(len(chosen))
    sheet, corners = _sheet(fields_NHW, across, margin)
    low, high, colours = _scale(fields_NHW, limits)

    ax = axes_on(ax, (WIDE[0], max(1.2, 0.9 * WIDE[0] * sheet.shape[0] / sheet.shape[1]) + 0.3))
    smooth = "none" if max(sheet.shape) <= _SHARPEST else "auto"
    image = ax.imshow(sheet, cmap=colours, vmin=low, vmax=high, interpolation=smooth)
    if names is not None:
        tall = ax.get_window_extent().height / ax.figure.dpi * 72 * rows / sheet.shape[0]  # points per field
        style = {"ha": "right", "va": "center", "color": INK, "fontsize": float(np.clip(0.32 * tall, 2, 9))}
        for neuron, (top, left) in zip(chosen, corners, strict=True):
            ax.text(left - 1, top + rows / 2, _name(names[neuron]), **style)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.03, pad=0.015, aspect=30, label=f"weight ({unit})")
    bar.outline.set_visible(False)
    return finish(ax, title=title, bar=bar)


def _shape(shape: tuple[int, int], n_inputs: int) -> tuple[int, int]:
    where = "receptive_fields.shape"
    rows, columns = (count(where, side) for side in pair(where, shape, "rows, columns"))
    if rows * columns != n_inputs:
        fix = "weights are [n_inputs, n_neurons]; are they transposed?"
        got = f"{rows} x {columns} = {rows * columns:,}"
        raise ParameterError(where, f"must hold the {n_inputs:,} inputs of weights", got, fix)
    return rows, columns


def _chosen(show: int | Sequence[int], n_neurons: int) -> tuple[NDArray[np.int64], str]:
    where = "receptive_fields.show"
    neurons = several(n_neurons, "neuron")
    if isinstance(show, float | int | np.number):
        first = count(where, show)
        return np.arange(min(first, n_neurons)), neurons if first >= n_neurons else f"first {first:,} of {neurons}"
    chosen = whole(where, show, "n_shown")
    if chosen.max() >= n_neurons:
        raise ParameterError(where, f"must be indices below {n_neurons:,}", int(chosen.max()))
    return chosen, f"{len(chosen):,} chosen of {neurons}"


def _columns(n: int) -> int:
    """Fields per row: about 1.6 times as many as rows, and no ragged last row where a divisor allows it."""
    ideal = math.sqrt(1.6 * n)
    whole_rows = [c for c in range(1, n + 1) if n % c == 0 and 0.7 * ideal <= c <= 1.4 * ideal]
    return min(whole_rows, key=lambda c: abs(c - ideal), default=math.ceil(ideal))


def _sheet(fields_NHW: NDArray[np.float64], across: int, margin: int) -> tuple[np.ma.MaskedArray, list[tuple[int, int]]]:
    """Lay the fields out row by row; return the masked sheet and the (top, left) pixel of each field."""
    n, rows, columns = fields_NHW.shape
    step_y, step_x = rows + _GAP, columns + _GAP + margin
    sheet = np.full((math.ceil(n / across) * step_y - _GAP, across * step_x - _GAP), np.nan)
    corners = [(k // across * step_y, k % across * step_x + margin) for k in range(n)]
    for field, (top, left) in zip(fields_NHW, corners, strict=True):
        sheet[top : top + rows, left : left + columns] = field
    return np.ma.masked_invalid(sheet), corners


def _scale(fields, limits: tuple[float, float] | None) -> tuple[float, float, Colormap]:
    if limits is not None:
        low, high = rising("receptive_fields.limits", limits, "low, high")
    else:
        low, high = float(min(fields.min(), 0.0)), float(max(fields.max(), 0.0))
        high = 1.0 if low == high else high  # all weights are zero
    if low < 0 < high:
        largest = max(-low, high)
        return -largest, largest, signed()
    return (low, high, ramp(INHIBITION).reversed()) if low < 0 else (low, high, ramp(EXCITATION))


def _name(label: object) -> str:
    unassigned = label is None or (isinstance(label, int | np.integer) and label < 0)
    return "–" if unassigned else str(label)
