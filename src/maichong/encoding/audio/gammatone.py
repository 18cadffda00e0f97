"""Gammatone filter bank: bands with the shape and the width of those along the cochlea, their envelopes in dB.

    g(t) = t^3 exp(-2 pi 1.019 ERB(f) t) cos(2 pi f t),      ERB(f) = 24.7 (0.00437 f + 1) Hz

Centre frequencies are equally spaced on the scale of ERBs. A filter is four complex resonators of one pole, one after the other, so
that the envelope is an absolute value; its gain at f is 1. (SciPy's ``signal.gammatone`` puts the same poles into one polynomial,
whose rounding makes it unstable below some 300 Hz at 44.1 kHz.)

Source: Patterson et al. 1987, "An efficient auditory filterbank based on the gammatone function"; Glasberg & Moore 1990,
doi:10.1016/0378-5955(90)90170-T; the resonators: Hohmann 2002, Acta Acustica united with Acustica
88, 433-442.

Not for long sounds with many channels on line: it filters the whole sound, four times for each channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.encoding.audio.front_end import check_band, levels, sound_of
from maichong.encoding.fields import number, settle, whole
from maichong.errors import ParameterError

WIDTH = 1.019
"""Width of a filter of fourth order whose equivalent rectangular bandwidth is one ERB."""


@dataclass(frozen=True)
class Gammatone:
    """``channels`` filters from ``low`` to ``high`` for a sound at ``rate`` Hz, a frame every ``hop`` ms.

    Raises ParameterError for frequencies beyond half the sampling rate.
    """

    rate: float = number(16000.0, "Hz", "sampling rate of the sound", above=0.0)
    channels: int = whole(40, "filters")
    hop: float = number(10.0, "ms", "time that a frame averages the power over", above=0.0)
    low: float = number(50.0, "Hz", "lowest centre frequency", above=0.0)
    high: float | None = number(None, "Hz", "highest centre frequency; 0.45 of the rate if none", above=0.0)
    range_db: float = number(80.0, "", "dB below the loudest that are 0", above=0.0)

    def __post_init__(self) -> None:
        settle(self)
        check_band("Gammatone", self.rate, self.low, self._top)
        if self.step < 1:
            raise ParameterError("Gammatone.hop", f"must be at least a sample, {1000.0 / self.rate:g} ms", f"{self.hop:g} ms")

    @property
    def _top(self) -> float:
        return 0.45 * self.rate if self.high is None else self.high

    @property
    def step(self) -> int:
        """How many samples a frame averages over."""
        return round(0.001 * self.hop * self.rate)

    @property
    def centres(self) -> np.ndarray:
        """The centre frequencies in Hz, [channels], rising."""
        low, high = (21.4 * float(np.log10(0.00437 * f + 1.0)) for f in (self.low, self._top))
        places = np.linspace(low, high, self.channels)
        return (10.0 ** (places / 21.4) - 1.0) / 0.00437

    def frames(self, samples: int) -> int:
        """How many frames a sound of so many samples has."""
        return samples // self.step

    def reach(self, frames: int) -> int:
        """How many samples of a sound the first ``frames`` are made of: filters do not look ahead."""
        return frames * self.step

    def envelopes(self, sound: Any) -> np.ndarray:
        """The amplitude in each filter at each sample of a sound [samples]: float64 [samples, channels]."""
        array = sound_of("Gammatone.features", sound, self.step)
        return np.stack([self._envelope(array, f) for f in self.centres], axis=1)

    def _envelope(self, sound: np.ndarray, f: float) -> np.ndarray:
        from scipy.signal import lfilter

        size = np.exp(-2.0 * np.pi * WIDTH * 24.7 * (0.00437 * f + 1.0) / self.rate)
        out, pole = sound.astype(np.complex128), size * np.exp(2j * np.pi * f / self.rate)
        for _ in range(4):
            out = lfilter([1.0 - size], [1.0, -pole], out)
        return 2.0 * np.abs(np.asarray(out))  # half of a tone lies at its negative frequency

    def powers(self, sound: Any) -> np.ndarray:
        """The mean power in each filter over each frame of a sound [samples]: float64 [frames, channels]."""
        array = sound_of("Gammatone.features", sound, self.step)
        found = np.empty((self.frames(array.size), self.channels))
        for k, f in enumerate(self.centres):  # one at a time: an hour in all of them would take many GB
            squares = self._envelope(array, f)[: len(found) * self.step] ** 2
            found[:, k] = squares.reshape(-1, self.step).mean(axis=1)
        return found

    def features(self, sound: Any) -> np.ndarray:
        """The levels of a sound [samples], in 0..1: float64 [frames, channels]."""
        return levels(self.powers(sound), self.range_db)
