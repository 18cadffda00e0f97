"""Event camera: pixels that send an event whenever the logarithm of their intensity has moved by a contrast threshold.

    L = ln(I + floor);   an event at each crossing of  ref + threshold (up) or  ref - threshold (down),  ref moving with it

Between two frames L goes along a straight line, so events lie between frames, in order. Before the first frame all pixels see
``start``: as many events as it takes to get to the first frame come at its time; with no ``start`` they begin with the first
frame. A pixel that has sent is blind for ``dead`` ms: what it would send then is lost, and its reference has moved all the same.
Thresholds of pixels differ by ``mismatch``, a share of them (standard deviation).

Decoding gives intensities from the events of each step, up to the thresholds; without a ``start``, relative to the first frame.

Source: Lichtsteiner, Posch & Delbruck 2008, doi:10.1109/JSSC.2007.914337; simulation: Rebecq, Gehrig & Scaramuzza 2018 (ESIM,
proceedings.mlr.press/v87/rebecq18a); Hu, Liu & Delbruck 2021 (v2e), doi:10.1109/CVPRW53098.2021.00144, which also has noise.

Not for frames so far apart that things jump between them: make more of them first. N-MNIST and its like are in maichong.data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from maichong import random
from maichong.encoding._changes import events_of, level_of
from maichong.encoding.code import Code
from maichong.encoding.fields import number, seed
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError
from maichong.spec.gauss import gauss_quantile

STREAM = 0x64767300
"""Sets the mismatch apart from other draws with the same seed."""


@dataclass(frozen=True)
class EventCamera(Code):
    """Events of frames [frames, height, width], or of any intensities >= 0 [samples, ...]: trains [2, ...], darker and brighter.

    >>> spikes = EventCamera(threshold=0.5, floor=0.0).encode([[1.0, 1.0], [3.0, 0.5]])
    >>> spikes.times.round(3).tolist(), spikes.ids.tolist()
    ([0.455, 0.721, 0.91], [2, 1, 2])
    """

    reads: ClassVar[str] = "signals"

    threshold: float = number(0.2, "", "contrast threshold: change of ln I", above=0.0)
    floor: float = number(0.01, "", "what is added to intensities, so that black has a logarithm", low=0.0)
    start: float | None = number(None, "", "intensity before the first frame; that of the first frame if none", low=0.0)
    dead: float = number(0.0, "ms", "refractory period of a pixel", low=0.0)
    mismatch: float = number(0.0, "", "standard deviation of the thresholds of pixels, as a share", low=0.0, high=0.3)
    dt: float = number(1.0, "ms", "time from frame to frame", above=0.0)
    seed: int = seed("of the mismatch")

    def adapted(self, values: Any) -> EventCamera:
        """The code that saw the mean of the first frame everywhere before it."""
        return replace(self, start=float(self.taken(values, 0.0, np.inf)[0].mean()))

    def encode(self, values: Any) -> SpikeTrains:
        logs = self._logarithms(self.taken(values, 0.0, np.inf))
        frames, shape = len(logs), logs.shape[1:]
        logs = logs.reshape(frames, -1)
        ref = logs[0] if self.start is None else self._logarithms(np.full(logs.shape[1], self.start))
        threshold, level, blind = self._thresholds(ref.size), np.zeros(ref.size), np.full(ref.size, -np.inf)
        times, ids = [np.empty(0)], [np.empty(0, np.int64)]
        before = ref
        for i, now in enumerate(logs):
            # a threshold that is reached but for the rounding of a double is reached
            with np.errstate(over="ignore"):
                off = (now - ref) / threshold - level
            events = events_of(np.trunc(off + np.copysign(1e-9, off)), "EventCamera")
            sign, rise = np.sign(events), np.where(now == before, 1.0, now - before)
            for k in range(1, int(np.abs(events).max(initial=0.0)) + 1):
                at = np.flatnonzero(np.abs(events) >= k)
                crossed = ref[at] + (level[at] + k * sign[at]) * threshold[at]
                part = np.clip((crossed - before[at]) / rise[at], 0.0, 1.0)
                when = self.dt * max(i - 1, 0) + (part * self.dt if i else 0.0 * part)
                at, when = at[seen := when >= blind[at]], when[seen]
                blind[at] = when + self.dead
                times.append(when)
                ids.append(at + ref.size * (sign[at] > 0))
            level, before = level + events, now
        return SpikeTrains(np.concatenate(times), np.concatenate(ids), (2, *shape), frames, self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        found = self.given(trains, sides=True)
        # an event between two frames belongs to the later one
        level = level_of(replace(found, times=np.ceil(found.times / found.dt - 1e-9) * found.dt))
        change = level * self._thresholds(found.n // 2).reshape(found.shape[1:])
        with np.errstate(over="ignore"):  # beyond all numbers is infinite
            ratio = np.exp(change)
        return ratio if self.start is None else np.maximum((self.start + self.floor) * ratio - self.floor, 0.0)

    def _logarithms(self, intensities: np.ndarray) -> np.ndarray:
        least = float(intensities.min(initial=np.inf))
        if least + self.floor <= 0.0:
            fix = "add a floor, such as 0.01"
            raise ParameterError("EventCamera.encode", "must get intensities > 0 where floor is 0", f"{least:g}", fix)
        return np.log(intensities + self.floor)

    def _thresholds(self, pixels: int) -> np.ndarray:
        # no threshold is below a tenth of the usual one
        z = gauss_quantile(random.uniform(self.seed, STREAM, 0, np.arange(pixels)) * (1 - 2.0**-32) + 2.0**-33)
        return self.threshold * np.maximum(1.0 + self.mismatch * z, 0.1)
