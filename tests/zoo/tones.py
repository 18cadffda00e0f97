"""Ten tones for ten spoken digits: what papers that hear are tested on where FSDD is not at hand."""

from __future__ import annotations

import numpy as np

from maichong.data import SoundSet


def tones(recordings: int = 4, ms: int = 150) -> SoundSet:
    """Three speakers say ten digits, each a tone of its own pitch, which the speaker shifts a little."""
    rate, t = 8000, np.arange(8 * ms) / 8000.0
    rows = [(digit, speaker, k) for digit in range(10) for speaker in range(3) for k in range(recordings)]
    draw = np.random.default_rng(1)
    pitch = [150.0 * 1.35**digit * 1.02**speaker for digit, speaker, _ in rows]
    sounds = [8000 * np.sin(2 * np.pi * f * t) * np.hanning(t.size) + draw.normal(0, 40, t.size) for f in pitch]
    columns = np.array(rows)
    return SoundSet(
        name="tones", samples=np.concatenate(sounds).astype(np.int16), offsets=t.size * np.arange(len(rows) + 1), y=columns[:, 0],
        speaker=columns[:, 1], speakers=("ann", "bob", "cyd"), tested=columns[:, 2] == 0, rate=rate,
    )  # fmt: skip
