"""Traces: what a state does in time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError
from .arrays import finite, one_each
from .canvas import WIDE, axes_on, finish
from .colours import ACCENT, EXCITATION, INHIBITION, INPUT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (ACCENT, EXCITATION, INHIBITION, INPUT)


def traces(
    times: ArrayLike,
    values: ArrayLike,
    *,
    ylabel: str,
    ax: Axes | None = None,
    labels: Iterable[object] | None = None,
    spikes: ArrayLike | None = None,
    peak: float | None = None,
) -> Axes:
    """Draw ``values`` [n_samples], or [n_samples, n_traces], over ``times`` (ms) [n_samples]; ``ylabel`` names them with the unit.

    ``labels`` has one name for each trace. A model that is reset at its threshold has no spikes in its samples: ``spikes`` (ms) of
    the one trace are drawn up to ``peak``.

    Raises ParameterError for lengths that differ, NaN, an empty label, and spikes for several traces.

        >>> traces([0, 1, 2], [-70, -60, -70], spikes=[2.0], peak=30, ylabel="membrane (mV)").get_xlabel()
        'time (ms)'
    """
    when = finite("traces.times", times, "n_samples")
    what = finite("traces.values", values, "n_samples", "n_samples, n_traces")
    if len(what) != len(when):
        raise ParameterError("traces.values", f"must have one sample per time, {len(when):,}", f"{len(what):,}")
    label_of(ylabel, "traces.ylabel", "membrane (mV)")
    columns = what.reshape(len(what), -1)
    names = one_each("traces.labels", labels, columns.shape[1], "traces") if labels is not None else None
    x, y = when, columns
    if (spikes is None) != (peak is None):
        raise ParameterError("traces.spikes", "must come with the peak that they are drawn up to", fix="give both")
    if spikes is not None and peak is not None:
        if columns.shape[1] != 1:
            raise ParameterError("traces.spikes", "belong to one trace", f"{columns.shape[1]} traces", "draw it by itself")
        x, line = with_spikes(when, columns[:, 0], _times("traces.spikes", spikes), float(finite("traces.peak", peak, "")))
        y = line[:, None]

    ax = axes_on(ax, WIDE)
    for k in range(y.shape[1]):
        ax.plot(x, y[:, k], color=COLOURS[k % len(COLOURS)], linewidth=1.0, label=str(names[k]) if names else None)
    if names:
        ax.legend(loc="best", frameon=False, fontsize=8, labelcolor="linecolor")
    ax.margins(x=0.01)
    return finish(ax, xlabel="time (ms)", ylabel=ylabel)


def with_spikes(
    times: NDArray[np.float64], values: NDArray[np.float64], spikes: NDArray[np.float64], peak: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The trace with a point at ``peak`` put in at each spike, before the sample that it left."""
    at = np.searchsorted(times, spikes - 1e-9)
    return np.insert(times, at, spikes), np.insert(values, at, peak)


def label_of(text: object, where: str, example: str) -> str:
    """``text`` if it names something."""
    if not isinstance(text, str) or not text.strip():
        raise ParameterError(where, "must name the quantity and its unit", repr(text)[:60], f"such as {example!r}")
    return text


def _times(where: str, values: ArrayLike) -> NDArray[np.float64]:
    if isinstance(values, list | tuple | np.ndarray) and len(values) == 0:
        return np.empty(0)
    return finite(where, values, "n_spikes")
