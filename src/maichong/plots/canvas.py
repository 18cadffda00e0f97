"""Where a drawing goes: the axes that were given, or new ones on a figure that needs no display."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .colours import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar

WIDE = (9.2, 3.6)  # inches; fills a report's column
HALF = (4.6, 3.3)  # two stand side by side
THEMED = "maichong-themed"  # mark of a figure that is drawn in INK on nothing, so that a page may recolour it


def axes_on(ax: Axes | None, size: tuple[float, float] = HALF) -> Axes:
    """Return ``ax``, or new axes on a new figure of ``size`` (inches)."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    figure.set_gid(THEMED)
    ax = figure.add_subplot(facecolor="none")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def finish(ax: Axes, *, xlabel: str = "", ylabel: str = "", title: str = "", bar: Colorbar | None = None) -> Axes:
    """Write the labels; on a figure of ours also set ink and sizes (somebody else's style is left alone)."""
    themed = ax.figure.get_gid() == THEMED
    style = {"color": INK, "fontsize": 9} if themed else {}
    ax.set_xlabel(xlabel, **style)
    ax.set_ylabel(ylabel, **style)
    if title:
        ax.set_title(title, loc="left", **style)
    if themed:
        for part in [ax] if bar is None else [ax, bar.ax]:
            part.tick_params(colors=INK, labelsize=8, width=0.7, length=3)
            part.yaxis.label.set(**style)
            for spine in part.spines.values():
                spine.set(color=INK, linewidth=0.7)
    return ax
