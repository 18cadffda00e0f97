"""Words beside another speaker's: which two are heard at once, and how loud each of them is."""

from __future__ import annotations

import math

import numpy as np

from maichong.data import SoundSet
from maichong.errors import ParameterError


def mixture(word: np.ndarray, other: np.ndarray, db: float) -> np.ndarray:
    """Two sounds [samples] at once, the ``word`` louder than the ``other`` by ``db``; as long as the word.

    The mean powers are compared, of the part of the other that is heard.
    """
    heard = np.zeros(len(word))
    cut = other[: len(word)].astype(np.float64)
    heard[: len(cut)] = cut
    power = float(np.mean(cut**2))
    if not power:
        return word.astype(np.float64)
    return word + heard * math.sqrt(float(np.mean(word.astype(np.float64) ** 2)) / power * 10.0 ** (-db / 10.0))


def others(where: str, sounds: SoundSet, which: np.ndarray, pool: np.ndarray, seed: int) -> np.ndarray:
    """For each recording of ``which`` one of ``pool``, drawn from those in which another speaker says another word.

    Raises ParameterError, which names ``where``, where the pool has none.
    """
    draw = np.random.default_rng(seed)
    found = []
    for k in which:
        apart = pool[(sounds.y[pool] != sounds.y[k]) & (sounds.speaker[pool] != sounds.speaker[k])]
        if not len(apart):
            got = "one speaker or one word alone"
            raise ParameterError(where, "must leave other speakers' other words to mix in", got, "take more")
        found.append(draw.choice(apart))
    return np.array(found)
