"""Random numbers of a network: a stream for each part and purpose, by its name, whatever else the network holds."""

from __future__ import annotations

import zlib

import numpy as np


def stream_of(name: str, purpose: str = "") -> int:
    """The number that keys the random stream of a part of the network by its name."""
    return zlib.crc32(f"{name}\0{purpose}".encode())


def generator(seed: int, name: str, purpose: str) -> np.random.Generator:
    """The generator for what is drawn once, when a network is built."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, stream_of(name, purpose)])))
