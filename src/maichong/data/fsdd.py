"""The Free Spoken Digit Dataset: 3,000 recordings of the ten digits in English, by six speakers, 50 of each digit by each.

8 kHz, one channel, trimmed to the word, 0.14 to 2.28 s long. Recordings 0 to 4 of each speaker and digit are the official test
split. Its speakers are in both parts: to hear how a system does with a voice that it never heard, leave one speaker out.
It is free, and stands in for TIDIGITS (LDC93S10), which is licensed; figures of the two do not compare.
"""

from __future__ import annotations

import io
import re
import wave
import zipfile
from pathlib import Path

import numpy as np

from maichong.data._archive import Published, check_arrays, load_npz
from maichong.data._sounds import SoundSet
from maichong.data._source import PublicFile, at_home, locate
from maichong.errors import DataError

SOURCE = "https://github.com/Jakobovski/free-spoken-digit-dataset"
LICENCE = "CC BY-SA 4.0"
CITATION = "Z. Jackson and others, Free Spoken Digit Dataset (FSDD), 2018. doi:10.5281/zenodo.1342401"

FILE = PublicFile(
    path="fsdd/free-spoken-digit-dataset-1.0.10.zip",
    urls=("https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.zip",),
    checksum="",  # the server packs it on demand: what is proved is every sample in it
    instead="use data 'digits'",
)
RATE, TEST = 8000, 5  # Hz; recordings of each speaker and digit in the official test split
ARRAYS = {
    "samples": Published((10498424,), "int16", "6f643a7422de89763625dfc9aa79427e69f7a690223a5bc5752a2f56db5af465"),
    "offsets": Published((3001,), "int64", "cb339dc762ea25c5d7b1b68fc25353eaa3a75457d58b510fbe70d0196a356bc2"),
    "label": Published((3000,), "uint8", "46344ee0505619dd08f4b2617071eafbbb449fb88baad2ad34d003e40bd6613f"),
    "speaker": Published((3000,), "str256", "d045ba00b2d160357be06d2062c63df861ec6d4f0313ec5c49e349032bda14fd"),
    "index": Published((3000,), "uint8", "79761b01b3ed19577bf8a7da8e7606637e6362a64491abcc03e8baad60f1eeff"),
}
_NAME = re.compile(r"/recordings/(([0-9])_([a-z]+)_([0-9]+)\.wav)$")


def load(*, cache: str | Path | None = None) -> SoundSet:
    """3,000 recordings, int16 at 8 kHz, in the order of their file names; see `SoundSet` for the three ways to split them.

    Read from $MAICHONG_DATA/fsdd/fsdd.npz or the published zip beside it where that variable is set, otherwise downloaded once
    (16 MB) into ``cache``, by default the user's cache folder. Raises DataError where the file is missing, cannot be fetched, is
    damaged or holds other recordings.

        from maichong.data import load
        sounds = load("fsdd")
        train, test = sounds.official()               # 2,700 and 300
        train, test = sounds.drawn()                  # 2,100 and 900, at random
        train, test = sounds.without("theo")          # 2,500 and 500
    """
    where = "data.fsdd"
    npz = at_home("fsdd/fsdd.npz")
    if npz is not None and npz.is_file():
        path, fix = npz, "correct MAICHONG_DATA"
        arrays = load_npz(path, ARRAYS, where, fix)
    else:
        path, fix = locate(FILE, where, cache)
        arrays = unpack(path, where, fix)
    check_arrays(arrays, ARRAYS, where, path, fix)
    speakers, speaker = np.unique(arrays["speaker"], return_inverse=True)
    return SoundSet(
        name="fsdd",
        samples=arrays["samples"],
        offsets=arrays["offsets"],
        y=arrays["label"],
        speaker=speaker,
        speakers=tuple(speakers.tolist()),
        tested=arrays["index"] < TEST,
        rate=RATE,
        source=SOURCE,
        licence=LICENCE,
        citation=CITATION,
    )


def unpack(path: Path, where: str, fix: str) -> dict[str, np.ndarray]:
    """The arrays of a published zip, which holds a file recordings/DIGIT_SPEAKER_INDEX.wav for each recording; DataError."""
    try:
        with zipfile.ZipFile(path) as archive:
            named = sorted((found[1], found, entry) for entry in archive.namelist() if (found := _NAME.search(entry)))
            heard = [decode(archive.read(entry)) for _, _, entry in named]
            samples, columns = np.concatenate(heard), [found.groups()[1:] for _, found, _ in named]
    # a damaged archive fails in zipfile, zlib, wave or NumPy
    except Exception as error:
        raise DataError(where, f"must read recordings from {path}", f"a damaged file: {type(error).__name__}", fix) from error
    label, speaker, index = zip(*columns, strict=True)
    return {
        "samples": samples,
        "offsets": np.cumsum([0, *map(len, heard)], dtype=np.int64),
        "label": np.array(label, np.uint8),
        "speaker": np.array(speaker, "<U8"),
        "index": np.array(index, np.uint8),
    }


def decode(content: bytes) -> np.ndarray:
    """The samples, int16, of a WAV file of one channel at 8 kHz; raises ValueError for any other."""
    with wave.open(io.BytesIO(content)) as sound:
        form = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
        if form != (1, 2, RATE):
            raise ValueError(f"channels, bytes a sample and rate must be 1, 2 and {RATE}, and are {form}")
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.int16)
