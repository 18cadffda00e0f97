"""Several drawings on one figure, for a picture file; a report puts each on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ParameterError
from .canvas import THEMED
from .colours import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawing:
    """A drawing to be made: ``draw(ax)`` draws on the axes, or on its own where they are None; ``height`` in inches.

    A ``wide`` one takes the whole width of a page, two others stand side by side.
    """

    title: str
    caption: str
    draw: Callable[[Axes | None], Axes]
    wide: bool = False
    height: float = 3.6


def page(title: str, drawings: Sequence[Drawing], width: float = 9.2) -> Figure:
    """Make one figure of ``width`` inches with all ``drawings``, each under its title.

    Raises ParameterError where there is none.

        >>> from maichong.plots import Drawing, histogram, page
        >>> one = Drawing("rates", "", lambda ax: histogram([1.0, 2.0], xlabel="rate (Hz)", ax=ax))
        >>> [ax.get_xlabel() for ax in page("A net", [one, one, one]).axes]
        ['rate (Hz)', 'rate (Hz)', 'rate (Hz)']
    """
    from matplotlib.figure import Figure

    if not isinstance(drawings, Sequence) or not all(isinstance(one, Drawing) for one in drawings) or not drawings:
        raise ParameterError("page.drawings", "must be a list of Drawing", type(drawings).__name__)
    rows: list[list[Drawing]] = []
    for one in drawings:
        if one.wide or not rows or rows[-1][0].wide or len(rows[-1]) == 2:
            rows.append([one])
        else:
            rows[-1].append(one)
    heights = [max(one.height for one in row) + 0.35 for row in rows]
    figure = Figure(figsize=(width, sum(heights) + 0.4), layout="constrained", facecolor="white")
    figure.set_gid(THEMED)
    figure.suptitle(title, color=INK, fontsize=11, x=0.01, ha="left")
    grid = figure.add_gridspec(len(rows), 2, height_ratios=heights)
    for k, row in enumerate(rows):
        for j, one in enumerate(row):
            ax = figure.add_subplot(grid[k, :] if one.wide else grid[k, j])
            ax.spines[["top", "right"]].set_visible(False)
            one.draw(ax)
            ax.set_title(one.title, loc="left", fontsize=10, color=INK, pad=14 if one.wide else 6)
    return figure
