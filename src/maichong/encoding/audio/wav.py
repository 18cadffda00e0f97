"""Sounds from WAV files, by SciPy."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np

from maichong.errors import DataError


def read_wav(path: str | os.PathLike[str]) -> tuple[np.ndarray, float]:
    """The sound of a WAV file, float64 [samples] of one channel, and its sampling rate in Hz.

    Whole numbers of any width are scaled to -1..1; of several channels the mean is taken. Raises DataError for what cannot be read.

    Not for compressed sound: convert it first, with ffmpeg for example.
    """
    place = Path(path)
    if not place.is_file():
        raise DataError(str(place), "must be a WAV file", "a folder" if place.is_dir() else "nothing of that name")
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # notes of cameras and editors
            rate, sound = wavfile.read(place)
    except Exception as error:  # SciPy raises half a dozen kinds over damaged files
        words = str(error).splitlines()
        raise DataError(
            str(place), "must be a WAV file that SciPy reads", words[0] if words else type(error).__name__
        ) from None
    if sound.dtype == np.uint8:
        scaled = (sound.astype(np.float64) - 128.0) / 128.0
    elif sound.dtype.kind == "i":
        scaled = sound / float(-int(np.iinfo(sound.dtype).min))
    else:
        scaled = sound.astype(np.float64)
    return scaled.mean(axis=1) if scaled.ndim > 1 else scaled, float(rate)
