"""Spike raster: one mark per spike, time to the right, neurons upwards, populations stacked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError, did_you_mean
from .arrays import count, finite, rising, whole
from .canvas import WIDE, axes_on, finish
from .colours import INK, KINDS, colour_of
from .wording import several

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_VECTOR_LIMIT = 5_000  # more spikes are drawn as one bitmap, so that a saved picture stays small


def raster(
    times: ArrayLike | Mapping[str, ArrayLike],
    ids: ArrayLike | Mapping[str, ArrayLike],
    *,
    ax: Axes | None = None,
    kinds: str | Mapping[str, str] | None = None,
    sizes: int | Mapping[str, int] | None = None,
    window: tuple[float, float] | None = None,
) -> Axes:
    """Draw spikes at ``times`` (ms) of the neurons ``ids`` (index), both [n_spikes].

    For several populations give both as mappings from name to array; the first stands at the bottom and
    each counts its neurons from 0. ``kinds`` says which are ``"excitatory"``, ``"inhibitory"``, ``"input"``
    or ``"other"`` and so sets the colour (default: the population's name if it is one of these), ``sizes``
    how many neurons each has (default: up to the last one that fired; needed for a silent one), ``window``
    which stretch of time to show (ms).

    Raises ParameterError where arrays do not match, hold NaN, or hold no spike at all.

        >>> ax = raster({"e": [1.0, 4.5], "i": [2.0]}, {"e": [0, 3], "i": [1]},
        ...             kinds={"e": "excitatory", "i": "inhibitory"}, sizes={"e": 4, "i": 2})
        >>> ax.get_xlabel()
        'time (ms)'

    Not for more than about a million spikes: show a ``window`` or a histogram of rates.
    """
    bands = _bands(times, ids, kinds, sizes)
    if window is not None:
        window = rising("raster.window", window, "start, stop")
        bands = [band.within(*window) for band in bands]
    n_neurons = sum(band.size for band in bands)
    n_spikes = sum(len(band.times) for band in bands)

    ax = axes_on(ax, WIDE)
    height = ax.get_window_extent().height / ax.figure.dpi * 72  # points
    mark = float(np.clip(0.8 * height / n_neurons, 2.2, 9.0))
    ticks: list[tuple[float, int]] = []
    base = 0
    for band in bands:
        ax.plot(
            band.times,
            band.ids + base,
            linestyle="none",
            marker="|",
            markersize=mark,
            markeredgewidth=0.9,
            color=band.colour,
            label=band.name or None,
            rasterized=n_spikes > _VECTOR_LIMIT,
        )
        if base:
            ax.axhline(base - 0.5, color=INK, linewidth=0.5, alpha=0.4)
        if band.name:
            style = {"transform": ax.get_yaxis_transform(), "color": band.colour, "va": "center"}
            ax.text(1.01, base + (band.size - 1) / 2, band.name, **style)
        ticks += [(base + i, i) for i in _ticks(band.size, band.size / n_neurons)]
        base += band.size
    ax.set_yticks([place for place, _ in ticks], [f"{index:,}" for _, index in ticks])
    ax.set_ylim(-0.5, n_neurons - 0.5)
    if window is not None:
        ax.set_xlim(*window)
    else:
        ax.margins(x=0.01)
    title = f"{several(n_spikes, 'spike')} of {several(n_neurons, 'neuron')}"
    return finish(ax, xlabel="time (ms)", ylabel="neuron (index)", title=title)


@dataclass(frozen=True)
class _Band:
    """The spikes of one population: ``times`` (ms) and ``ids`` [n_spikes], ``size`` neurons."""

    name: str
    colour: str
    size: int
    times: NDArray[np.float64]
    ids: NDArray[np.int64]

    def within(self, start: float, stop: float) -> _Band:
        inside = (self.times >= start) & (self.times <= stop)
        return _Band(self.name, self.colour, self.size, self.times[inside], self.ids[inside])


def _bands(times, ids, kinds, sizes) -> list[_Band]:
    if not isinstance(times, Mapping) and not isinstance(ids, Mapping):
        return [_band("", times, ids, kinds, sizes)]
    if not isinstance(times, Mapping) or not isinstance(ids, Mapping):
        got = f"{type(times).__name__} and {type(ids).__name__}"
        raise ParameterError("raster.times", "must be a mapping where ids is one, and the reverse", got)
    for where, given in (("raster.ids", ids), ("raster.kinds", kinds), ("raster.sizes", sizes)):
        unknown = [name for name in given if name not in times] if isinstance(given, Mapping) else []
        if unknown:
            fix = did_you_mean(unknown[0], times)
            raise ParameterError(where, "must name populations of times", repr(unknown[0]), fix)
    missing = [name for name in times if name not in ids]
    if missing:
        raise ParameterError("raster.ids", "must name each population of times", f"no {missing[0]!r}")
    bands = []
    for name in times:
        kind = kinds.get(name) if isinstance(kinds, Mapping) else kinds
        size = sizes.get(name) if isinstance(sizes, Mapping) else sizes
        bands.append(_band(str(name), times[name], ids[name], kind, size))
    if not any(len(band.times) for band in bands):
        got = f"none in {len(bands)} populations"
        raise ParameterError("raster.times", "must hold a spike", got, "did they fire?")
    return bands


def _band(name: str, times, ids, kind: str | None, size: int | None) -> _Band:
    part = f"[{name!r}]" if name else ""
    if kind is None:
        kind = name if name in KINDS else "other"
    colour = colour_of(f"raster.kinds{part}", kind)
    n_neurons = None if size is None else count(f"raster.sizes{part}", size)
    if isinstance(times, list | tuple | np.ndarray) and len(times) == 0:
        if name and n_neurons is not None:
            return _Band(name, colour, n_neurons, np.empty(0), np.empty(0, np.int64))
        fix = "give sizes to draw a silent population" if name else "did the network fire?"
        raise ParameterError(f"raster.times{part}", "must hold a spike", "none", fix)
    when = finite(f"raster.times{part}", times, "n_spikes")
    who = whole(f"raster.ids{part}", ids, "n_spikes", fix="ids are indices of neurons")
    if len(when) != len(who):
        expected = f"must have one index per time, {len(when):,}"
        raise ParameterError(f"raster.ids{part}", expected, f"{len(who):,}")
    last = int(who.max())
    if n_neurons is not None and last >= n_neurons:
        expected = f"must be below the population's size, {n_neurons:,}"
        raise ParameterError(f"raster.ids{part}", expected, last, "is sizes right?")
    return _Band(name, colour, n_neurons or last + 1, when, who)


def _ticks(size: int, share: float) -> list[int]:
    """Round indices from 0 up, none so near the top that it would touch the next population's 0."""
    from matplotlib.ticker import MaxNLocator

    places = MaxNLocator(nbins=max(1, round(6 * share)), integer=True).tick_values(0, size)
    top = size if share == 1.0 else size - 0.07 * size / share
    return sorted({0} | {int(place) for place in places if 0 < place < top})
