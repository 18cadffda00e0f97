"""Spike trains as codes write and read them: a list of spikes, with the grid and the shape that make it a dense array.

    times [spikes] in ms, ids [spikes]      sparse: as in maichong.SpikeTimes, recordings and drawings
    dense() [steps, *shape]                 dense: time first, as in maichong.nn; first() [*shape]: latencies, infinity for silence

``ids`` count the trains in the order of ``shape`` (the last axis runs fastest). Spikes lie in order of time, those of one moment in
order of ids. A spike at t belongs to the row round(t / dt) of the dense array; codes with exact times keep them in the sparse form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.encoding.fields import numbers
from maichong.errors import ParameterError, brief
from maichong.spec.quantities import in_unit, is_number, whole_numbers

MOST = 2**31
"""The largest number of steps or trains, and of entries of a dense array that is made here: 2 GiB of bytes."""


@dataclass(frozen=True, eq=False)
class SpikeTrains:
    """Spikes at ``times`` (ms) of the trains ``ids``, on a grid of ``steps`` of ``dt`` ms; the trains have a ``shape``.

    Several spikes of one train may fall into one step: they are counted. Raises ParameterError where arrays differ in length,
    where ids lie outside the shape and where times lie off the grid's span.

        >>> trains = SpikeTrains(times=[0.0, 2.0], ids=[3, 0], shape=(2, 2), steps=3)
        >>> trains.dense()[:, 1, 1].tolist()
        [1, 0, 0]
        >>> trains.first().tolist()
        [[2.0, inf], [inf, 0.0]]

    They drive a network as ``SpikeTimes(trains.times, trains.ids)``, and are drawn by ``plots.raster(trains.times, trains.ids)``.
    """

    times: Any
    ids: Any
    shape: tuple[int, ...]
    steps: int
    dt: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.shape, Sequence) or not all(_is_whole(size) and 0 <= size < MOST for size in self.shape):
            raise ParameterError("SpikeTrains.shape", "must be sizes of axes, such as (28, 28)", brief(self.shape))
        if not _is_whole(self.steps) or not 1 <= self.steps < MOST:
            raise ParameterError("SpikeTrains.steps", "must be a whole number >= 1 and below 2**31", brief(self.steps))
        _step(self.dt)
        shape = tuple(int(size) for size in self.shape)
        if math.prod(shape) >= MOST:
            raise ParameterError("SpikeTrains.shape", "must have fewer than 2**31 trains", brief(shape))
        times, ids = np.asarray(in_unit(self.times, "ms", "SpikeTrains.times")), whole_numbers(self.ids)
        if ids is None or times.ndim != 1 or times.shape != ids.shape:
            got = f"shapes {np.shape(self.times)} and {np.shape(self.ids)}"
            raise ParameterError("SpikeTrains", "times and ids must be equally long lists, ids whole numbers", got)
        if ids.size and not (ids.min() >= 0 and ids.max() < math.prod(shape)):
            raise ParameterError(
                "SpikeTrains.ids", f"must be 0 to {math.prod(shape) - 1}, the trains of {shape}", int(ids.max())
            )
        if times.size and not (times.min() >= 0.0 and times.max() < (self.steps - 0.5) * self.dt):
            span = f"from 0 to {(self.steps - 1) * self.dt:g} ms, the {self.steps} steps of {self.dt:g} ms"
            raise ParameterError("SpikeTrains.times", f"must be {span}", f"{times.min():g} to {times.max():g} ms")
        if times.size and not _in_order(times, ids):
            order = np.lexsort((ids, times))
            times, ids = times[order], ids[order]
            times.setflags(write=False)
            ids.setflags(write=False)
        for name, value in (
            ("times", times),
            ("ids", ids),
            ("shape", shape),
            ("steps", int(self.steps)),
            ("dt", float(self.dt)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def trusted(cls, times: np.ndarray, ids: np.ndarray, shape: tuple[int, ...], steps: int, dt: float) -> SpikeTrains:
        """Trains of arrays that are known to be right and in order, float64 and int64, without a look at each spike."""
        made = object.__new__(cls)
        for name, value in (("times", times), ("ids", ids), ("shape", shape), ("steps", steps), ("dt", dt)):
            object.__setattr__(made, name, value)
        times.setflags(write=False)
        ids.setflags(write=False)
        return made

    @classmethod
    def of_dense(cls, spikes: Any, dt: float = 1.0) -> SpikeTrains:
        """The trains of an array [steps, *shape] of 0 and 1, or of numbers of spikes; ParameterError for another."""
        where = "SpikeTrains.of_dense"
        try:
            array = np.asarray(spikes)
        except (TypeError, ValueError):
            array = np.empty(())
        if array.dtype.kind not in "buif" or not array.ndim or not len(array):
            raise ParameterError(where, "must get numbers of spikes [steps, ...]", brief(spikes))
        flat = array.reshape(len(array), -1)
        rows, ids = np.nonzero(flat)
        counts = flat[rows, ids]
        if not (np.isfinite(counts) & (counts > 0) & (counts == np.floor(counts)) & (counts < MOST)).all():
            raise ParameterError(where, "must get numbers of spikes, 0, 1, 2, ...", brief(spikes))
        if counts.size and counts.max() > 1:
            times = counts.astype(np.int64)
            rows, ids = np.repeat(rows, times), np.repeat(ids, times)
        shape: tuple[int, ...] = array.shape
        return cls(rows * _step(dt), ids, shape[1:], len(array), dt)

    @classmethod
    def of_latencies(cls, times: Any, steps: int, dt: float = 1.0) -> SpikeTrains:
        """One spike for each train at ``times`` [*shape] in ms, none where they are infinite.

        ParameterError for what are no times.
        """
        latencies = numbers(times)
        if latencies is None or np.isnan(latencies).any():
            expected = "must get times in ms, infinity for silence"
            raise ParameterError("SpikeTrains.of_latencies", expected, "NaN" if latencies is not None else brief(times))
        ids = np.flatnonzero(latencies != np.inf)
        return cls(latencies.reshape(-1)[ids], ids, latencies.shape, steps, dt)

    @property
    def n(self) -> int:
        """How many trains there are."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return int(self.times.size)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SpikeTrains) or (self.shape, self.steps, self.dt) != (other.shape, other.steps, other.dt):
            return False
        return np.array_equal(self.times, other.times) and np.array_equal(self.ids, other.ids)

    __hash__ = None  # type: ignore[assignment]

    @property
    def rows(self) -> np.ndarray:
        """The row of the dense array that each spike belongs to, int64 [spikes]."""
        return np.rint(self.times / self.dt).astype(np.int64)

    def dense(self) -> np.ndarray:
        """How many spikes each train has in each step, uint8 [steps, *shape]; ParameterError past 2 GiB or 255 spikes in a step."""
        if self.steps * self.n > MOST:
            got, fix = f"{self.steps} steps of {self.n:,} trains", "encode a part of the values at a time"
            raise ParameterError("SpikeTrains.dense", "must hold at most 2**31 numbers", got, fix)
        out = np.zeros(self.steps * self.n, np.uint8)
        places = self.rows * self.n + self.ids
        out[places] = 1
        if places.size and np.count_nonzero(out) < places.size:  # some are taken twice
            places, counts = np.unique(places, return_counts=True)
            if counts.max() > 255:
                raise ParameterError(
                    "SpikeTrains.dense", "must have at most 255 spikes of a train in a step", int(counts.max())
                )
            out[places] = counts
        return out.reshape(self.steps, *self.shape)

    def counts(self) -> np.ndarray:
        """How many spikes each train has, int64 [*shape]."""
        return np.bincount(self.ids, minlength=self.n).reshape(self.shape)

    def first(self) -> np.ndarray:
        """The time of each train's first spike in ms, infinity for silence, float64 [*shape]."""
        found = np.full(self.n, np.inf)
        found[self.ids[::-1]] = self.times[::-1]  # the last to be written stands: the earliest
        return found.reshape(self.shape)

    def on_grid(self) -> SpikeTrains:
        """The same spikes at the times of their rows: what is left of exact times where there are steps."""
        return SpikeTrains(self.rows * self.dt, self.ids, self.shape, self.steps, self.dt)

    def bits(self) -> float:
        """How many bits tell which steps of which trains hold the spikes: log2 C(steps x trains, spikes).

        What the raster costs where nothing is known of it but its number of spikes; of several spikes in one step, as many sets
        with repetition. Not what the spikes carry about a value, which is less.
        """
        from scipy.special import gammaln

        slots, spikes = self.steps * self.n, len(self)
        if self.rows.size and np.unique(self.rows * self.n + self.ids).size < spikes:
            slots += spikes - 1
        return float((gammaln(slots + 1) - gammaln(spikes + 1) - gammaln(slots - spikes + 1)) / np.log(2.0)) if slots else 0.0


def _step(dt: Any) -> float:
    if not is_number(dt) or not 0 < dt < np.inf:
        raise ParameterError("SpikeTrains.dt", "must be > 0 ms", brief(dt))
    return float(dt)


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _in_order(times: np.ndarray, ids: np.ndarray) -> bool:
    later = np.diff(times)
    return bool(((later > 0) | ((later == 0) & (np.diff(ids) >= 0))).all())
