"""A gallery of firing patterns: one small panel each, the membrane above and the current below, as in Izhikevich's figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError
from .arrays import count, finite
from .canvas import axes_on, finish
from .colours import ACCENT, INK, INPUT
from .traces import _times, with_spikes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Panel = tuple[str, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def gallery(
    panels: Iterable[tuple[str, ArrayLike, ArrayLike, ArrayLike, ArrayLike]],
    *,
    peak: float,
    columns: int = 4,
    bar: float = 20.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw one panel for each of ``panels``: (name, times (ms), membrane (mV), current, spikes (ms)); all but spikes [n_samples].

    Spikes are drawn up to ``peak`` (mV). All panels share the height of the membrane; each has its own time, told by a bar of
    ``bar`` ms, and its own scale of the current. Doing without axes is the habit of such figures.

    Raises ParameterError for panels that are not of this form, lengths that differ, NaN, and no panel at all.

    Izhikevich 2004, doi:10.1109/TNN.2004.832719, figure 1.

        >>> len(gallery([("tonic", [0, 1, 2], [-70, -60, -65], [0, 5, 5], [2.0])], peak=30).child_axes)
        1
    """
    if not isinstance(panels, Iterable) or isinstance(panels, str | Mapping):
        raise ParameterError(
            "gallery.panels", "must be a list of (name, times, membrane, current, spikes)", type(panels).__name__
        )
    top = float(finite("gallery.peak", peak, ""))
    across = count("gallery.columns", columns)
    length = float(finite("gallery.bar", bar, ""))
    if length <= 0:
        raise ParameterError("gallery.bar", "must be > 0 ms", f"{length:g}")
    drawn = [_panel(k, panel, top) for k, panel in enumerate(panels)]
    if not drawn:
        raise ParameterError("gallery.panels", "must hold a panel", "none")

    across = min(across, len(drawn))
    down = -(-len(drawn) // across)
    ax = axes_on(ax, (2.3 * across, 1.55 * down + 0.2))
    ax.set_axis_off()
    low = min(float(v.min()) for _, _, v, _ in drawn)
    for k, panel in enumerate(drawn):
        row, column = divmod(k, across)
        box = [(column + 0.04) / across, 1 - (row + 0.96) / down, 0.92 / across, 0.92 / down]
        _draw(ax.inset_axes(box), panel, low, top, length)
    return finish(ax)


def _draw(ax: Axes, panel: _Panel, low: float, top: float, bar: float) -> None:
    name, when, membrane, current = panel
    ax.set_axis_off()
    tall = top - low
    ax.plot(when, membrane, color=ACCENT, linewidth=0.8)
    span = float(np.ptp(current)) or 1.0
    floor = low - 0.34 * tall
    # the current is a staircase on the grid, and repeats its sample where a spike was put in
    ax.plot(when, floor + 0.16 * tall * (current - current.min()) / span, color=INPUT, linewidth=0.9, drawstyle="steps-pre")
    end, at = float(when[-1]), floor - 0.11 * tall
    ax.plot([end - bar, end], [at, at], color=INK, linewidth=1.2, solid_capstyle="butt")
    ax.text(end, at - 0.03 * tall, f"{bar:g} ms", ha="right", va="top", fontsize=5.5, color=INK)
    ax.set_title(name, fontsize=7.5, color=INK, pad=1.5)
    ax.set_xlim(float(when[0]), end)
    ax.set_ylim(floor - 0.28 * tall, top + 0.04 * tall)


def _panel(k: int, panel: Any, peak: float) -> _Panel:
    where = f"gallery.panels[{k}]"
    if not isinstance(panel, tuple | list) or len(panel) != 5 or not isinstance(panel[0], str):
        raise ParameterError(where, "must be (name, times, membrane, current, spikes)", type(panel).__name__)
    name, *parts, given = panel
    when, membrane, current = (finite(where, part, "n_samples") for part in parts)
    if not len(when) == len(membrane) == len(current):
        raise ParameterError(where, "must have one sample per time", f"{len(when)}, {len(membrane)} and {len(current)}")
    spikes = _times(where, given)
    _, drive = with_spikes(when, current, spikes, np.nan)
    x, y = with_spikes(when, membrane, spikes, peak)
    held = np.where(np.isnan(drive))[0]
    following = np.append(drive[1:], drive[-1])
    drive[held] = np.where(np.isnan(following[held]), current[-1], following[held])
    return name, x, y, drive
