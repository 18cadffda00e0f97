"""A quantity that is constant between given times: rates, drives.

It is inert, as a distribution is: it knows its numbers, not a clock. The place that takes it gives it its unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief
from maichong.spec.quantities import in_unit, is_quantity

MOST_STEPS = 2.0**62
"""More steps than this are no time: a stamp is an int64."""


def off_grid(ms: Any, dt: float) -> Any:
    """Where times are no whole number of steps of ``dt``: a millionth of a step is forgiven, and rounding errors."""
    return np.abs(np.rint(ms / dt) * dt - ms) > 1e-6 * dt + 4 * np.spacing(ms)


@dataclass(frozen=True, eq=False, repr=False)
class Steps:
    """A quantity in time: ``values[k]`` from ``times[k]`` ms on, until the next of the times; the last one stays.

    Before the first time it is 0, as the amplitude of NEST's step_current_generator and the rate of its
    inhomogeneous_poisson_generator are. ``Steps(dt * np.arange(len(values)), values)`` is Brian2's ``TimedArray(values, dt)``.
    ``times`` [k] are increasing and lie on the network's grid; ``values`` are numbers in the unit of the place that takes them,
    [k], or [k, n] for one value for each neuron. Entries may be text or quantities with units: ``["0 pA", "0.4 nA"]``.

    It may stand where a drive stands, for a parameter of a source, and for the rate of a background.

    Raises ParameterError for times that do not increase, for values of another number, and for what is no finite number.

    >>> from maichong import LIF, Network, Poisson, Steps
    >>> net = Network(dt=0.1, seed=1)
    >>> cell = net.population("cell", LIF(tau_m=10.0), 1, drive=Steps([0, 100, "0.2 s"], [0, 1000, 0]))
    >>> x = net.population("x", Poisson(rate=Steps([50.0], ["1 kHz"])), 10)
    >>> run = net.build("reference").run(300.0)
    >>> float(run["cell"].spikes.times[0].round(6)), bool(run["x"].spikes.times[0] > 50.0)
    (104.8, True)
    """

    times: Any
    values: Any

    def __post_init__(self) -> None:
        times = np.atleast_1d(_numbers(self.times, "ms", "Steps.times"))
        if times.ndim != 1 or not times.size:
            raise ParameterError("Steps.times", "must be a list of at least one time", f"an array of shape {times.shape}")
        if not np.isfinite(times).all() or times[0] < 0 or (np.diff(times) <= 0).any():
            raise ParameterError("Steps.times", "must be increasing numbers >= 0 ms", brief(times.tolist()))
        times.setflags(write=False)
        object.__setattr__(self, "times", times)
        if _has_units(self.values):
            values = tuple(self.values) if isinstance(self.values, (list, tuple)) else self.values
            object.__setattr__(self, "values", values)  # until a place gives them their unit
        else:
            object.__setattr__(self, "values", self._rows(_numbers(self.values, "", "Steps.values")))

    def _rows(self, values: Any) -> np.ndarray:
        """One value, or one row of values, for each time."""
        array = np.atleast_1d(values)
        if array.ndim > 2 or len(array) != self.times.size or not array.size:
            expected = f"must have one value, or one row of values, for each of its {self.times.size} times"
            raise ParameterError("Steps.values", expected, f"an array of shape {array.shape}")
        if not np.isfinite(array).all():
            raise ParameterError("Steps.values", "must be finite", "NaN or infinity")
        array.setflags(write=False)
        return array

    def in_unit(self, unit: str, where: str) -> Steps:
        """The same with plain numbers in ``unit``, float64 [k] or [k, n]; UnitError where the dimension is wrong."""
        return self if isinstance(self.values, np.ndarray) else Steps(self.times, _numbers(self.values, unit, where))

    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value at any time."""
        before = [0.0] if self.times[0] > 0 else []
        return min(float(self.values.min()), *before, np.inf), max(float(self.values.max()), *before, -np.inf)

    def at(self, times: np.ndarray) -> np.ndarray:
        """The values in force at ``times`` ms, [times] or [times, n]."""
        row = np.searchsorted(self.times, times, side="right") - 1
        values = self.values[np.maximum(row, 0)]
        return np.where((row >= 0).reshape(-1, *[1] * (values.ndim - 1)), values, 0.0)

    def check(self, n: int, dt: float, where: str) -> None:
        """Raise where it does not fit ``n`` neurons or a grid of ``dt`` ms."""
        if self.values.ndim == 2 and self.values.shape[1] != n:
            raise NetworkError(where, f"must have one number for each time, or {n}, one per neuron", self.values.shape)
        if self.times[-1] / dt >= MOST_STEPS:
            raise ParameterError(where, f"its times must be below 2**62 steps of {dt:g} ms", f"{self.times[-1]:g} ms")
        off = off_grid(self.times, dt)
        off[1:] |= np.diff(self.stamps(dt)) <= 0
        if off.any():
            raise ParameterError(
                where, f"its times must be whole numbers of steps of {dt:g} ms", f"{self.times[off][0]:.12g} ms"
            )

    def stamps(self, dt: float) -> np.ndarray:
        """The times in steps of ``dt`` ms, int64 [k]."""
        return np.rint(self.times / dt).astype(np.int64)

    def to_dict(self) -> dict[str, Any]:
        """The steps as JSON-ready data; arrays stay arrays."""
        plain = isinstance(self.values, np.ndarray)
        return {"steps": self.times, "values": self.values if plain else [str(value) for value in self.values]}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Steps) or not np.array_equal(self.times, other.times):
            return False
        plain = isinstance(self.values, np.ndarray) and isinstance(other.values, np.ndarray)
        return np.array_equal(self.values, other.values) if plain else repr(self.values) == repr(other.values)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if self.times.size > 6 or np.ndim(self.values) > 1:
            return f"Steps(<{self.times.size:,} times>, <values of shape {np.shape(self.values)}>)"
        values = self.values.tolist() if isinstance(self.values, np.ndarray) else list(self.values)
        return f"Steps({self.times.tolist()}, {values})"


def steps_from_dict(data: Mapping[str, Any]) -> Steps:
    """The steps that ``to_dict`` wrote."""
    return Steps(data["steps"], data["values"])


def _has_units(given: Any) -> bool:
    """Whether values wait for a unit: text, a quantity, or a list that holds some."""
    if isinstance(given, (list, tuple)):
        return any(map(_has_units, given))
    return isinstance(given, str) or is_quantity(given)


def _numbers(given: Any, unit: str, where: str) -> Any:
    """``given`` in ``unit``, read entry by entry where a list holds text or quantities."""
    if not isinstance(given, (list, tuple)) or not _has_units(given):
        return in_unit(given, unit, where)
    rows = [_numbers(entry, unit, f"{where}[{k}]") for k, entry in enumerate(given)]
    if len({np.shape(row) for row in rows}) > 1:
        raise ParameterError(where, "must have as many numbers at each time", brief(given))
    return np.array(rows)
