"""Wiring in the plane: neurons where they are, synapses as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError, listed
from .arrays import count, finite, whole
from .canvas import axes_on, finish
from .colours import KINDS, colour_of
from .wording import several

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def wiring(
    positions: ArrayLike | None,
    pre: ArrayLike,
    post: ArrayLike,
    *,
    kinds: ArrayLike | None = None,
    n: int | None = None,
    most: int = 2000,
    unit: str = "1",
    ax: Axes | None = None,
) -> Axes:
    """Draw neurons at ``positions`` [n_neurons, 2], and the synapses from neurons ``pre`` to neurons ``post`` (indices) as lines.

    Without positions (None) the ``n`` neurons stand on a ring by index. Of three axes the first two are shown. A line has the
    colour of its source, thicker at its target; ``kinds`` [n_neurons] says which neurons are "excitatory", "inhibitory", "input"
    or "other". Of more than ``most`` synapses so many are drawn, at even distances in the list, and the title says so. ``unit`` is
    that of the positions.

    Raises ParameterError where arrays do not match or hold NaN, for an index beyond the positions and an unknown kind.

        >>> ax = wiring([[0, 0], [1, 0], [0, 1]], [0, 2], [1, 1], kinds=["excitatory", "other", "inhibitory"], unit="mm")
        >>> ax.get_title(loc="left"), ax.get_xlabel()
        ('3 neurons, 2 synapses', 'x (mm)')

    Not for tens of thousands of synapses: see adjacency.
    """
    ends = [whole(f"wiring.{name}", values, "n_synapses") for name, values in (("pre", pre), ("post", post))]
    if ends[0].size != ends[1].size:
        raise ParameterError("wiring.post", "must be as long as pre", f"{ends[1].size} and {ends[0].size}")
    last = int(max(end.max() for end in ends))
    if positions is None:
        number = last + 1 if n is None else count("wiring.n", n)
        angle = 2 * np.pi * np.arange(number) / number
        places = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    else:
        places = finite("wiring.positions", positions, "n_neurons, 2")
        if places.shape[1] not in (2, 3):
            raise ParameterError("wiring.positions", "must have two axes, or three", f"shape {places.shape}")
        if n is not None and count("wiring.n", n) != len(places):
            raise ParameterError("wiring.n", f"must be {len(places)}, the number of positions", n, "leave it out")
    if last >= len(places):
        raise ParameterError("wiring.pre and post", f"must be indices below {len(places)}, the number of neurons", last)
    colours = _colours(kinds, len(places))
    drawn = min(ends[0].size, count("wiring.most", most))

    from matplotlib.collections import LineCollection

    chosen = np.linspace(0, ends[0].size - 1, drawn).round().astype(np.int64)
    start, stop = (places[end[chosen], :2] for end in ends)
    ax = axes_on(ax, (4.6, 4.4))
    alpha = float(np.clip(150 / drawn, 0.15, 0.7))
    for part, width in ((0.0, 0.5), (0.75, 1.3)):  # thicker on the last quarter of the way
        lines = np.stack([start + part * (stop - start), stop], axis=1)
        ax.add_collection(
            LineCollection(list(lines), colors=[colours[k] for k in ends[0][chosen]], linewidths=width, alpha=alpha)
        )
    size = float(np.clip(4000 / len(places), 2, 40))
    ax.scatter(*places[:, :2].T, s=size, c=colours, linewidths=0, zorder=3)
    ax.set_aspect("equal", adjustable="datalim")
    if positions is None:
        ax.set_xticks([])
        ax.set_yticks([])
    title = f"{several(len(places), 'neuron')}, {several(ends[0].size, 'synapse')}"
    title += f", {drawn:,} drawn" if drawn < ends[0].size else ""
    names = ("on a ring (by index)", "") if positions is None else (f"x ({unit})", f"y ({unit})")
    return finish(ax, xlabel=names[0], ylabel=names[1], title=title)


def _colours(kinds: ArrayLike | None, n: int) -> list[str]:
    if kinds is None:
        return [KINDS["other"]] * n
    if isinstance(kinds, str):
        return [colour_of("wiring.kinds", kinds)] * n
    try:
        each = list(kinds)  # type: ignore[arg-type]
    except TypeError:
        raise ParameterError("wiring.kinds", "must be a kind, or one for each neuron", kinds, listed(KINDS)) from None
    if len(each) != n:
        raise ParameterError("wiring.kinds", f"must hold {n} kinds, one for each neuron", f"{len(each)}", listed(KINDS))
    return [colour_of("wiring.kinds", str(kind)) for kind in each]
