"""What a code is: a frozen object that turns values into spike trains and, where it makes sense, spike trains into values.

A code that ``reads`` "values" has trains for each of them: values [*shape] become trains [*shape], or [*shape, m] where m neurons
share one. A code that reads "signals" follows them in time, which is their first axis: [samples, *shape] become trains [*shape],
or [2, *shape] where one train falls (0) and one rises (1), as the frames of event cameras have it; a step is a sample.

Values lie in 0..1 unless a code says otherwise. One more code is one file in this package: a frozen dataclass, a subclass of
``Code``. Other packages announce theirs as entry points in the group ``maichong.codes``.
"""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import numpy as np

from maichong.encoding.fields import LARGEST, numbers, settle
from maichong.encoding.trains import MOST, SpikeTrains
from maichong.errors import ParameterError, brief


class Code(abc.ABC):
    """One code; its parameters are the fields of its dataclass, see :mod:`maichong.encoding.fields`.

    ``reads`` is "values" or "signals".
    """

    reads: ClassVar[str] = "values"

    def __post_init__(self) -> None:
        settle(self)
        self.check()

    def check(self) -> None:  # noqa: B027 (most codes have nothing to add)
        """Raise ParameterError where parameters do not fit together."""

    def adapted(self, values: Any) -> Code:
        """The code with what it takes from ``values`` themselves and its reader has to know: itself, if nothing."""
        return self

    @abc.abstractmethod
    def encode(self, values: Any) -> SpikeTrains:
        """The spikes of ``values``."""

    @abc.abstractmethod
    def decode(self, trains: SpikeTrains) -> np.ndarray:
        """The values that ``trains`` of this code stand for, float64."""

    def taken(self, values: Any, low: float = 0.0, high: float = 1.0, *, least: int = 1) -> np.ndarray:
        """``values`` as float64, finite and between ``low`` and ``high``; ParameterError, in the code's name, for others.

        Signals have ``least`` samples along their first axis.
        """
        where, signals = f"{type(self).__name__}.encode", self.reads == "signals"
        array = numbers(values)
        if array is None or (signals and not array.ndim):
            kind = "a signal, an array of numbers [samples, ...]" if signals else "an array of numbers"
            raise ParameterError(where, f"must get {kind}", brief(values))
        if not array.size and not signals:
            raise ParameterError(where, "must get values", f"none, shape {array.shape}")
        if signals and (len(array) < least or not array.size):
            got = f"{len(array)}" if len(array) < least else f"shape {array.shape}"
            raise ParameterError(where, f"must get a signal of at least {least} sample{'s' if least > 1 else ''}", got)
        if not np.isfinite(array).all():
            raise ParameterError(where, "must get finite values", "NaN or infinity", "leave out or fill in what is missing")
        if (largest := float(np.abs(array).max())) > LARGEST:
            raise ParameterError(where, f"must get values up to {LARGEST:g} in size", f"{largest:g}", "scale them")
        outside = (array < low) | (array > high)
        if outside.any():
            first = array[outside].item(0)
            bounds = f"from {low:g} to {high:g}" if np.isfinite(high) else f">= {low:g}"
            raise ParameterError(where, f"must get values {bounds}", first, "scale them into that range")
        return array

    def given(self, trains: Any, axes: int = 0, last: int | None = None, sides: bool = False) -> SpikeTrains:
        """``trains`` if they can be ones of this code, with ``axes`` axes at least, the last of size ``last``.

        With ``sides`` the first axis holds two, what falls and what rises.
        """
        where = f"{type(self).__name__}.decode"
        if not isinstance(trains, SpikeTrains):
            fix = "wrap arrays in SpikeTrains.of_dense or SpikeTrains.of_latencies"
            raise ParameterError(where, "must get SpikeTrains", brief(trains), fix)
        if len(trains.shape) < axes or (last is not None and trains.shape[-1:] != (last,)):
            raise ParameterError(where, f"must get trains [..., {last if last is not None else 'n'}]", f"shape {trains.shape}")
        if sides and trains.shape[:1] != (2,):
            raise ParameterError(where, "must get trains [2, ...], down and up", f"shape {trains.shape}")
        return trains


def steps_of(owner: str, span: float, dt: float) -> int:
    """How many steps of ``dt`` hold spikes from 0 up to ``span`` ms, its end included.

    ParameterError, in the name of ``owner``, where they are 2**31 or more.
    """
    if not span / dt < MOST - 2:
        expected, fix = f"must make fewer than 2**31 steps of {span:g} ms", "use a larger dt, or a shorter time"
        raise ParameterError(f"{owner}.dt", expected, f"{dt:g} ms", fix)
    return int(np.floor(span / dt + 0.5 + 1e-9)) + 1
