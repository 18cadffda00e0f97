"""Adjacency matrix: which neuron projects to which, sources downwards, targets to the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError
from .arrays import finite, whole
from .canvas import axes_on, finish
from .colours import ACCENT, ramp, signed
from .wording import several

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 400  # cells along an axis: more neurons share one


def adjacency(
    pre: ArrayLike,
    post: ArrayLike,
    *,
    sizes: tuple[int, int] | None = None,
    weight: ArrayLike | None = None,
    weight_label: str = "weight (1)",
    ax: Axes | None = None,
) -> Axes:
    """Draw the synapses from neurons ``pre`` to neurons ``post`` (indices), both [n_synapses], as a matrix [source, target].

    Colour is the number of synapses of a pair, or, with ``weight`` [n_synapses], their sum: red excites and blue inhibits. Of
    more than 400 neurons several share a cell, which shows the mean over its pairs; the title gives the share of pairs that are
    joined. ``sizes`` are the numbers of sources and targets (default: up to the last one that has a synapse), ``weight_label``
    names the weight with its unit.

    Raises ParameterError where arrays do not match, hold NaN or are empty, an index lies beyond the sizes, or the label is empty.

        >>> adjacency([0, 0, 2], [1, 2, 0], sizes=(3, 3)).get_title(loc="left")
        '3 synapses, 33.33 % of 9 pairs'
    """
    ends = [whole(f"adjacency.{name}", values, "n_synapses") for name, values in (("pre", pre), ("post", post))]
    if ends[0].size != ends[1].size:
        raise ParameterError("adjacency.post", "must be as long as pre", f"{ends[1].size} and {ends[0].size}")
    if sizes is None:
        given = np.array([end.max() + 1 for end in ends])
    else:
        given = whole("adjacency.sizes", sizes, "2 numbers", fix="give (sources, targets)")
        if given.size != 2 or any(end.max() >= size for end, size in zip(ends, given, strict=False)):
            got, needed = f"{given.tolist()}", f"at least {[int(end.max()) + 1 for end in ends]}"
            raise ParameterError("adjacency.sizes", f"must be the numbers of sources and targets, {needed}", got)
    amount = None if weight is None else finite("adjacency.weight", weight, "n_synapses")
    if amount is not None and amount.size != ends[0].size:
        raise ParameterError("adjacency.weight", "must be as long as pre", f"{amount.size} and {ends[0].size}")
    if not str(weight_label).strip():
        raise ParameterError(
            "adjacency.weight_label", "must name the weight and its unit", repr(weight_label), "such as 'weight (pA)'"
        )

    cells = np.minimum(given, _MOST)
    place = [end * count // size for end, count, size in zip(ends, cells, given, strict=True)]
    sums = np.bincount(place[0] * cells[1] + place[1], amount, int(cells.prod())).reshape(cells)
    neurons = [np.bincount(np.arange(size) * count // size, minlength=count) for count, size in zip(cells, given, strict=True)]
    shown = sums / np.outer(*neurons)

    ax = axes_on(ax, (4.9, 4.2))
    peak = float(np.abs(shown).max()) or 1.0
    with_sign = amount is not None
    image = ax.imshow(
        shown, cmap=signed() if with_sign else ramp(ACCENT), vmin=-peak if with_sign else 0, vmax=peak, interpolation="nearest",
        extent=(-0.5, given[1] - 0.5, given[0] - 0.5, -0.5), aspect="auto" if given.max() > 4 * given.min() else "equal",
    )  # fmt: skip
    label = str(weight_label) if with_sign else "synapses (per pair)"
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.045, pad=0.03, label=label)
    bar.outline.set_visible(False)
    pairs = int(given.prod())
    joined = np.unique(ends[0] * given[1] + ends[1]).size
    title = f"{several(ends[0].size, 'synapse')}, {100 * joined / pairs:.4g} % of {pairs:,} pairs"
    return finish(ax, xlabel="target (index)", ylabel="source (index)", title=title, bar=bar)
