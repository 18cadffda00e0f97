"""The significance profile of motifs: one line for each network, with a small picture of each triad below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError
from .arrays import finite, one_each
from .canvas import WIDE, axes_on, finish
from .colours import ACCENT, EXCITATION, INHIBITION, INK, INPUT, REFERENCE, colour_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINES = (ACCENT, EXCITATION, INHIBITION, INPUT)
CORNERS = {
    3: np.array([[0.0, 0.0], [0.5, 0.87], [1.0, 0.0]]),
    4: np.array([[0.0, 0.87], [1.0, 0.87], [0.0, 0.0], [1.0, 0.0]]),
}
"""Where the nodes of a small picture lie: of three the centre b on top, of four a and b above c and d."""


def motif_profile(
    profiles: ArrayLike,
    names: Sequence[str],
    *,
    labels: Sequence[str] = (),
    pictures: ArrayLike | None = None,
    kinds: Sequence[Sequence[str]] = (),
    ylabel: str = "significance profile (z / |z|)",
    ax: Axes | None = None,
) -> Axes:
    """Draw ``profiles`` [n_motifs], or [n_networks, n_motifs], over the motifs' ``names``; ``labels`` name the networks.

    ``pictures`` [n_motifs, 3, 3], or [n_motifs, 4, 4], are the motifs' adjacency matrices, 1 where a row's node sends to a
    column's: each is drawn below its name. ``kinds`` [n_motifs][3 or 4] colour their nodes: "excitatory", "inhibitory", "input" or
    "other".

    Raises ParameterError for numbers that are not finite, another kind, and for names, labels, pictures or kinds of which there are
    too few or many.

    Milo et al. 2004, doi:10.1126/science.1089167, figure 1.

        >>> motif_profile([0.8, -0.6], ["030T", "201"]).get_ylabel()
        'significance profile (z / |z|)'
    """
    lines = np.atleast_2d(finite("motif_profile.profiles", profiles, "n_motifs", "n_networks, n_motifs"))
    n = lines.shape[1]
    ticks = [str(name) for name in one_each("motif_profile.names", names, n, "motifs")]
    called = [str(one) for one in one_each("motif_profile.labels", labels, len(lines), "networks")] if len(labels) else []
    drawn = None if pictures is None else _pictures(pictures, n)
    colours = [[INK] * 4] * n
    if len(kinds):
        nodes = 3 if drawn is None else drawn.shape[1]
        each = one_each("motif_profile.kinds", kinds, n, "motifs")
        per_node = [one_each(f"motif_profile.kinds[{k}]", one, nodes, "nodes") for k, one in enumerate(each)]  # type: ignore[arg-type]
        colours = [[colour_of("motif_profile.kinds", one) for one in motif] for motif in per_node]  # type: ignore[arg-type]

    ax = axes_on(ax, WIDE)
    ax.axhline(0, color=REFERENCE, linewidth=0.8)
    styles = ("-", "--", ":", "-.")
    for k, line in enumerate(lines):
        colour, dashes = LINES[k % len(LINES)], styles[k // len(LINES) % len(styles)]
        label = called[k] if called else None
        ax.plot(range(n), line, color=colour, linestyle=dashes, marker="o", markersize=3.5, linewidth=1.4, label=label)
    ax.set_xticks(range(n), ticks)
    ax.set_xlim(-0.6, n - 0.4)
    if called:
        ax.legend(loc="best", frameon=False, fontsize=7.5, labelcolor="linecolor")
    if drawn is not None:
        below = -0.34 - 0.02 * max(name.count("\n") + 1 for name in ticks)
        for k, picture in enumerate(drawn):
            # under the axis and its names, as wide as the room between two ticks allows
            _draw(ax.inset_axes((k - 0.3, below, 0.6, 0.22), transform=ax.get_xaxis_transform()), picture, colours[k])
    return finish(ax, ylabel=ylabel)


def _pictures(pictures: ArrayLike, n: int) -> NDArray[np.float64]:
    drawn = finite("motif_profile.pictures", pictures, "n_motifs, 3, 3")
    if drawn.shape not in ((n, 3, 3), (n, 4, 4)):
        raise ParameterError("motif_profile.pictures", f"must be [{n}, 3, 3] or [{n}, 4, 4]", f"shape {drawn.shape}")
    return drawn


def _draw(ax: Axes, picture: NDArray[np.float64], colours: Sequence[str]) -> None:
    n = len(picture)
    corners = CORNERS[n]
    ax.set_axis_off()
    ax.set_xlim(-0.25, 1.25)
    ax.set_ylim(-0.25, 1.12)
    for i in range(n):
        for j in range(i + 1, n):
            there, back = bool(picture[i, j]), bool(picture[j, i])
            if there or back:
                style = "<|-|>" if there and back else "-|>" if there else "<|-"
                arrow = {"arrowstyle": f"{style},head_length=0.25,head_width=0.13", "color": INK, "linewidth": 0.8}
                ax.annotate("", corners[j], corners[i], arrowprops={**arrow, "shrinkA": 1.8, "shrinkB": 1.8})
    for (x, y), colour in zip(corners, colours[:n], strict=True):
        ax.plot(x, y, "o", color=colour, markersize=2.6 if colour == INK else 4.0)
