"""Bifurcation diagram: where the steady states lie, and which of them are stable, over the current."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError
from .arrays import finite
from .canvas import axes_on, finish
from .colours import ACCENT, EXCITATION, INHIBITION, INPUT
from .traces import label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKS = {"saddle-node": ("s", EXCITATION), "Hopf": ("o", INHIBITION), "Neimark-Sacker": ("D", INHIBITION)}


def bifurcation_diagram(
    branches: Iterable[tuple[ArrayLike, ArrayLike, ArrayLike]],
    *,
    ylabel: str,
    xlabel: str = "current (pA)",
    ax: Axes | None = None,
    points: Iterable[tuple[float, float, str]] = (),
) -> Axes:
    """Draw ``branches`` of steady states, each (current, state, stable), all [n_points]: stable ones full, unstable ones dashed.

    ``points`` are the bifurcations as (current, state, kind).

    Raises ParameterError for arrays that do not match or hold NaN, and for empty labels.

        >>> ax = bifurcation_diagram([([0, 1, 0], [-70, -60, -50], [True, True, False])],
        ...                          points=[(1, -60, "saddle-node")], ylabel="v (mV)")
        >>> [text.get_text() for text in ax.get_legend().get_texts()]
        ['stable', 'unstable', 'saddle-node at 1']
    """
    curves = [_branch(k, branch) for k, branch in enumerate(_listed("bifurcation_diagram.branches", branches))]
    if not curves:
        raise ParameterError("bifurcation_diagram.branches", "must hold a branch", "none", "is there a steady state?")
    label_of(ylabel, "bifurcation_diagram.ylabel", "v (mV)")
    label_of(xlabel, "bifurcation_diagram.xlabel", "current (pA)")
    marks = [_point(k, point) for k, point in enumerate(_listed("bifurcation_diagram.points", points))]

    ax = axes_on(ax)
    labelled: set[bool] = set()
    for current, state, stable in curves:
        ends = np.flatnonzero(np.diff(stable.astype(int))) + 1
        for low, high in zip([0, *ends], [*ends, len(current)], strict=True):
            good = bool(stable[low])
            style: dict[str, Any] = {"color": ACCENT, "linewidth": 1.8} if good else {"color": INPUT, "linewidth": 1.2}
            if not good:
                style["linestyle"] = (0, (4, 2))
            label = None if good in labelled else ("stable" if good else "unstable")
            labelled.add(good)
            # one point more, so that no gap is left where the stability changes
            ax.plot(current[low : high + 1], state[low : high + 1], label=label, **style)
    for current, state, kind in marks:
        marker, colour = MARKS.get(kind, ("^", EXCITATION))
        label = f"{kind} at {current:.5g}"
        ax.plot([current], [state], linestyle="none", marker=marker, markersize=5, color=colour, label=label, zorder=3)
    ax.legend(loc="best", frameon=False, fontsize=7)
    ax.margins(x=0.02)
    return finish(ax, xlabel=xlabel, ylabel=ylabel)


def _listed(where: str, given: Any) -> list[Any]:
    if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
        raise ParameterError(where, "must be a list of three each", type(given).__name__)
    return list(given)


def _branch(k: int, branch: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    where = f"bifurcation_diagram.branches[{k}]"
    if not isinstance(branch, tuple | list) or len(branch) != 3:
        raise ParameterError(where, "must be (current, state, stable)", type(branch).__name__)
    current, state, stable = (finite(where, part, "n_points") for part in branch)
    if not len(current) == len(state) == len(stable):
        raise ParameterError(where, "must be three arrays of one length", f"{len(current)}, {len(state)} and {len(stable)}")
    return current, state, stable.astype(bool)


def _point(k: int, point: Any) -> tuple[float, float, str]:
    where = f"bifurcation_diagram.points[{k}]"
    if not isinstance(point, tuple | list) or len(point) != 3 or not isinstance(point[2], str):
        raise ParameterError(where, "must be (current, state, kind)", type(point).__name__)
    current, state = (float(finite(where, part, "")) for part in point[:2])
    return current, state, point[2]
