"""Codes beside each other on the same values: what comes back, and what it costs in spikes and in bits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from maichong.encoding.code import Code
from maichong.encoding.fields import numbers
from maichong.encoding.trains import SpikeTrains
from maichong.errors import MaichongError, ParameterError, brief
from maichong.spec.quantities import is_number


@dataclass(frozen=True, eq=False)
class Compared:
    """One code on ``original`` values, 0..1: its ``spikes`` on its grid and what they decode to; or why it was ``refused``."""

    code: Code
    original: np.ndarray
    spikes: SpikeTrains | None
    decoded: np.ndarray | None
    refused: str = ""

    @property
    def error(self) -> float:
        """The root of the mean square error, as a share of the range of the values."""
        if self.decoded is None:
            return math.nan
        return float(np.sqrt(np.mean((self.decoded - self.original) ** 2)))

    @property
    def snr(self) -> float:
        """Signal to noise in dB: the variance of the values over the mean square error; 6.02 dB are one bit of each value."""
        power = float(self.original.var())
        with np.errstate(divide="ignore"):
            return float(10.0 * np.log10(power / np.float64(self.error) ** 2)) if self.decoded is not None else math.nan

    @property
    def spikes_per_value(self) -> float:
        return math.nan if self.spikes is None else len(self.spikes) / self.original.size

    @property
    def bits_per_value(self) -> float:
        """What the raster costs, see ``SpikeTrains.bits``."""
        return math.nan if self.spikes is None else self.spikes.bits() / self.original.size


def compare(values: Any, codes: Iterable[Code], dt: float = 1.0) -> list[Compared]:
    """Encode ``values`` by each of ``codes``, put the spikes on the code's grid and decode them.

    Values of any range, from their smallest to their largest, become 0..1. Codes of signals follow the first axis, ``dt`` ms from
    sample to sample; the others take all values as they come, in one row. What a code adapts to the values is left
    alone where it was set to other than its default. Silence that decodes to no value counts as 0.5. Raises ParameterError for what
    are no finite numbers, or are all the same; a code that refuses them says so in its row.

    >>> from maichong.encoding import LinearLatency
    >>> row = compare([3.0, 4.0, 5.0], [LinearLatency(t_max=10.0)])[0]
    >>> row.decoded.tolist(), row.spikes_per_value.__round__(3)
    ([0.0, 0.5, 1.0], 0.667)
    """
    array = numbers(values)
    if array is None or array.size < 2 or not np.isfinite(array).all():
        raise ParameterError("compare, values", "must be finite numbers, two or more", brief(values))
    low, high = float(array.min()), float(array.max())
    if not high > low:
        raise ParameterError(
            "compare, values", "must differ, as there is nothing to encode in what never changes", f"{low:g} all over"
        )
    chosen = list(codes)
    for code in chosen:
        if not isinstance(code, Code):
            raise ParameterError("compare, codes", "must be codes, such as [LinearLatency()]", brief(code))
    if not is_number(dt) or not 0 < dt < math.inf:
        raise ParameterError("compare, dt", "must be > 0 ms", brief(dt))
    # halves, as the range of doubles at both ends has no double
    array = (0.5 * array - 0.5 * low) / (0.5 * high - 0.5 * low) if math.isinf(high - low) else (array - low) / (high - low)
    return [_compared(code, array, dt) for code in chosen]


def _compared(code: Code, array: np.ndarray, dt: float) -> Compared:
    signals = code.reads == "signals"
    original = array if signals else array.reshape(-1)
    try:
        made = replace((replace(code, dt=dt) if signals else code).adapted(original), **_chosen(code))  # type: ignore[type-var]
        spikes = made.encode(original).on_grid()
        decoded = made.decode(spikes)
    except MaichongError as error:
        return Compared(code, original, None, None, str(error))
    return Compared(made, original, spikes, np.where(np.isfinite(decoded), decoded, 0.5))


def _chosen(code: Code) -> dict[str, Any]:
    """The parameters, but for dt, that are not those of the code as it is."""
    given = {entry.name: (getattr(code, entry.name), entry.default) for entry in fields(code) if entry.init}  # type: ignore[arg-type]
    return {name: value for name, (value, default) in given.items() if name != "dt" and value != default}
