"""Log-mel filter bank: the power in bands that are equally wide to the ear, in dB.

    mel(f) = f 3 / 200                                   below 1 kHz
             15 + 27 ln(f / 1000) / ln(6.4)              above  (Slaney's Auditory Toolbox)

Each channel is a triangle over three neighbouring points of the mel scale, of unit area, on the power spectrum of a Hann window.
Its numbers are those of librosa's ``melspectrogram(center=False)`` with the same window.

Source: Davis & Mermelstein 1980, doi:10.1109/TASSP.1980.1163420; Slaney 1998, "Auditory Toolbox", Interval technical report
1998-010.

Not for phase, nor for what happens within a window: see Gammatone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.encoding.audio.front_end import check_band, levels, sound_of
from maichong.encoding.fields import number, settle, whole
from maichong.errors import ParameterError

FRAMES = 4096
"""Frames whose spectra are held at once."""


@dataclass(frozen=True)
class LogMel:
    """``channels`` bands of a sound at ``rate`` Hz, a frame every ``hop`` ms.

    Raises ParameterError for a band beyond half the sampling rate, and for bands so narrow that no frequency of the window falls
    into them.
    """

    rate: float = number(16000.0, "Hz", "sampling rate of the sound", above=0.0)
    channels: int = whole(40, "bands")
    window: float = number(25.0, "ms", "length of the Hann window", above=0.0)
    hop: float = number(10.0, "ms", "time from frame to frame", above=0.0)
    low: float = number(0.0, "Hz", "lower edge of the lowest band", low=0.0)
    high: float | None = number(None, "Hz", "upper edge of the highest band; half the rate if none", above=0.0)
    range_db: float = number(80.0, "", "dB below the loudest that are 0", above=0.0)

    def __post_init__(self) -> None:
        settle(self)
        check_band("LogMel", self.rate, self.low, self.high)
        if self.samples < 2 or self.step < 1:
            raise ParameterError("LogMel.window", "must hold two samples, and hop one", f"{self.samples} and {self.step}")
        if not self.filters.any(axis=1).all():
            empty = int(np.flatnonzero(~self.filters.any(axis=1))[0])
            fix = "use fewer channels or a longer window"
            raise ParameterError(
                "LogMel.channels", "must be as wide as the window's resolution", f"nothing in band {empty}", fix
            )

    @property
    def samples(self) -> int:
        """How many samples a window has."""
        return round(0.001 * self.window * self.rate)

    @property
    def step(self) -> int:
        """How many samples lie between two frames."""
        return round(0.001 * self.hop * self.rate)

    @property
    def edges(self) -> np.ndarray:
        """The points of the mel scale in Hz, [channels + 2]: each band reaches over three of them."""
        top = check_band("LogMel", self.rate, self.low, self.high)
        return frequency(np.linspace(mel(self.low), mel(top), self.channels + 2))

    @property
    def filters(self) -> np.ndarray:
        """The weights of the power spectrum, float64 [channels, samples // 2 + 1]."""
        edges, bins = self.edges[:, None], np.fft.rfftfreq(self.samples, 1.0 / self.rate)
        rising = (bins - edges[:-2]) / np.diff(edges[:-1], axis=0)
        falling = (edges[2:] - bins) / np.diff(edges[1:], axis=0)
        return np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (edges[2:] - edges[:-2])

    def frames(self, samples: int) -> int:
        """How many frames a sound of so many samples has."""
        return max(0, (samples - self.samples) // self.step + 1)

    def reach(self, frames: int) -> int:
        """How many samples of a sound the first ``frames`` are made of."""
        return (frames - 1) * self.step + self.samples

    def powers(self, sound: Any) -> np.ndarray:
        """The power in each band of a sound [samples]: float64 [frames, channels]."""
        from scipy.fft import rfft
        from scipy.signal.windows import hann

        array = sound_of("LogMel.features", sound, self.samples)
        frames = np.lib.stride_tricks.sliding_window_view(array, self.samples)[:: self.step]
        taper, filters = hann(self.samples, sym=False), self.filters.T
        found = np.empty((len(frames), self.channels))
        for begin in range(0, len(frames), FRAMES):
            part = slice(begin, begin + FRAMES)
            found[part] = np.abs(np.asarray(rfft(frames[part] * taper, axis=1))) ** 2 @ filters
        return found

    def features(self, sound: Any) -> np.ndarray:
        """The levels of a sound [samples], in 0..1: float64 [frames, channels]."""
        return levels(self.powers(sound), self.range_db)


def mel(f: Any) -> np.ndarray:
    """Hz on Slaney's mel scale."""
    hertz = np.asarray(f, np.float64)
    return np.where(hertz < 1000.0, hertz * 3.0 / 200.0, 15.0 + 27.0 * np.log(np.maximum(hertz, 1000.0) / 1000.0) / np.log(6.4))


def frequency(m: Any) -> np.ndarray:
    """The Hz of a place on the mel scale."""
    place = np.asarray(m, np.float64)
    return np.where(place < 15.0, place * 200.0 / 3.0, 1000.0 * np.exp(np.maximum(place - 15.0, 0.0) * np.log(6.4) / 27.0))
