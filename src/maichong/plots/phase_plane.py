"""Phase plane of two states: nullclines, fixed points, and a trajectory through them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError
from .arrays import finite, rising
from .canvas import axes_on, finish
from .colours import ACCENT, EXCITATION, INHIBITION, INK, INPUT
from .traces import label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SQUARE = (4.6, 4.2)


def phase_plane(
    nullclines: Mapping[str, ArrayLike],
    *,
    xlabel: str,
    ylabel: str,
    ax: Axes | None = None,
    points: Iterable[tuple[float, float, str]] = (),
    trajectory: ArrayLike | None = None,
    field: ArrayLike | None = None,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
) -> Axes:
    """Draw two ``nullclines``, from name to [2, n_points] (x, y; NaN where a curve breaks), dashed.

    ``points`` are the fixed points as (x, y, kind): filled where the kind says "stable", open where not. ``trajectory`` is
    [2, n_samples], NaN where a reset makes it jump. ``field`` is [4, ny, nx] (x, y, dx/dt, dy/dt) and gives arrows that tell the
    direction alone.

    Raises ParameterError for arrays that are not of these shapes or infinite, for empty labels and limits that do not rise.

        >>> ax = phase_plane({"v": [[0, 1], [1, 0]], "w": [[0, 1], [0, 1]]}, points=[(0.5, 0.5, "stable node")],
        ...                  xlabel="v (mV)", ylabel="w (pA)")
        >>> [text.get_text() for text in ax.get_legend().get_texts()]
        ['v nullcline', 'w nullcline', 'stable node']
    """
    if not isinstance(nullclines, Mapping) or not nullclines:
        got = type(nullclines).__name__
        raise ParameterError("phase_plane.nullclines", "must be a mapping from name to (x, y)", got)
    lines = {name: _curve(f"phase_plane.nullclines[{name!r}]", curve) for name, curve in nullclines.items()}
    label_of(xlabel, "phase_plane.xlabel", "v (mV)")
    label_of(ylabel, "phase_plane.ylabel", "u (mV/ms)")
    known = _points(points)
    path = None if trajectory is None else _curve("phase_plane.trajectory", trajectory)
    arrows = None if field is None else _field(field)
    limits = [
        None if lim is None else rising(f"phase_plane.{name}", lim, "low, high")
        for name, lim in (("xlim", xlim), ("ylim", ylim))
    ]

    ax = axes_on(ax, SQUARE)
    if arrows is not None:
        _draw_field(ax, arrows, limits)
    for (name, (x, y)), colour in zip(lines.items(), (EXCITATION, INHIBITION, INPUT), strict=False):
        ax.plot(x, y, color=colour, linewidth=1.4, linestyle=(0, (5, 2)), label=f"{name} nullcline")
    if path is not None:
        ax.plot(*path, color=ACCENT, linewidth=1.0, label="trajectory", zorder=2.5)
    shown: set[str] = set()
    for x, y, kind in known:
        style = {"markerfacecolor": INK if kind.startswith("stable") else "white", "markeredgecolor": INK}
        label = kind if kind not in shown else None
        ax.plot([x], [y], linestyle="none", marker="o", markersize=5.5, markeredgewidth=1.2, label=label, zorder=3, **style)
        shown.add(kind)
    if limits[0]:
        ax.set_xlim(*limits[0])
    if limits[1]:
        ax.set_ylim(*limits[1])
    ax.legend(loc="best", frameon=True, framealpha=0.8, edgecolor="none", fontsize=7)
    return finish(ax, xlabel=xlabel, ylabel=ylabel)


def _draw_field(ax: Axes, arrows: NDArray[np.float64], limits: list[tuple[float, float] | None]) -> None:
    x, y, dx, dy = arrows
    # a direction on paper: each axis is measured in its own length
    across = np.ptp(limits[0] or (x.min(), x.max())) or 1.0
    along = np.ptp(limits[1] or (y.min(), y.max())) or 1.0
    u, w = dx / across, dy / along
    size = np.hypot(u, w)
    size[size == 0] = 1.0
    ax.quiver(
        x,
        y,
        u / size,
        w / size,
        color=INPUT,
        alpha=0.55,
        angles="uv",
        scale=32,
        width=0.0025,
        headwidth=4,
        pivot="mid",
        zorder=1,
    )


def _curve(where: str, given: ArrayLike) -> NDArray[np.float64]:
    """[2, n], where NaN breaks the curve."""
    try:
        array = np.asarray(given, np.float64)
    except (TypeError, ValueError, RuntimeError):
        raise ParameterError(where, "must be numbers [2, n_points]", type(given).__name__) from None
    if array.ndim != 2 or array.shape[0] != 2 or not array.size:
        raise ParameterError(where, "must be numbers [2, n_points]", f"shape {array.shape}")
    if np.isinf(array).any() or np.isnan(array).all():
        raise ParameterError(
            where, "must be finite, or NaN where it breaks", "infinite, or nothing but NaN", "did the run diverge?"
        )
    return array


def _field(given: ArrayLike) -> NDArray[np.float64]:
    array = finite("phase_plane.field", given, "4, ny, nx")
    if array.shape[0] != 4:
        raise ParameterError("phase_plane.field", "must be x, y, dx/dt and dy/dt, [4, ny, nx]", f"shape {array.shape}")
    return array


def _points(given: Iterable[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    where, expected = "phase_plane.points", "must be a list of (x, y, kind)"
    if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
        raise ParameterError(where, expected, type(given).__name__)
    known = []
    for k, point in enumerate(given):
        if not isinstance(point, tuple | list) or len(point) != 3 or not isinstance(point[2], str):
            raise ParameterError(f"{where}[{k}]", expected, type(point).__name__)
        x, y = (float(finite(f"{where}[{k}]", part, "")) for part in point[:2])
        known.append((x, y, point[2]))
    return known
