"""Counter-based random numbers: a pure function of (key, counter), the same on every engine and for any thread count.

Philox 4x32-10 (Salmon, Moraes, Dror & Shaw 2011, doi:10.1145/2063384.2063405). The counter is (neuron, step, step's high
word, stream), the key the network's seed; nothing has to be stored or advanced.
"""

from __future__ import annotations

from typing import Any

import numpy as np

M0 = np.uint64(0xD2511F53)
M1 = np.uint64(0xCD9E8D57)
W0 = np.uint64(0x9E3779B9)
W1 = np.uint64(0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
SHIFT = np.uint64(32)
S5 = np.uint64(5)
S6 = np.uint64(6)
ROUNDS = 10
STEPS = 4
"""Steps for which one word each is drawn at once: a counter gives four words."""


def philox(c0, c1, c2, c3, k0, k1):
    """Four 32-bit words, as uint64, from a counter of four words and a key of two.

    Plain arithmetic on uint64 scalars or arrays, so that NumPy runs it and Numba compiles the same text.
    """
    for _ in range(ROUNDS):
        p0 = M0 * c0
        p1 = M1 * c2
        c0 = (p1 >> SHIFT) ^ c1 ^ k0
        c1 = p1 & LOW
        c2 = (p0 >> SHIFT) ^ c3 ^ k1
        c3 = p0 & LOW
        k0 = (k0 + W0) & LOW
        k1 = (k1 + W1) & LOW
    return c0, c1, c2, c3


def unit(r0, r1):
    """A float64 in [0, 1) with 53 random bits, from two words."""
    return ((r0 >> S5) * 67108864.0 + (r1 >> S6)) / 9007199254740992.0


def uniform(seed: int, stream: int, step: int, neurons: np.ndarray) -> np.ndarray:
    """The uniform numbers in [0, 1) of ``neurons`` at ``step``, float64 [len(neurons)]."""
    r0, r1, _, _ = words(seed, stream, step, neurons)
    return unit(r0, r1)


def words(seed: int, stream: int, step: int, neurons: np.ndarray) -> tuple[np.ndarray, ...]:
    """The four 32-bit random words of ``neurons`` at ``step``, uint64 [len(neurons)] each."""
    counter = np.broadcast_arrays(np.asarray(neurons, np.uint64), _word(step), _word(step >> 32), _word(stream))
    return philox(*counter, _word(seed), _word(seed >> 32))


def word_of_step(seed: int, stream: int, step: int, neurons: np.ndarray) -> np.ndarray:
    """One 32-bit random word for each of ``neurons`` at ``step``, uint64 [len(neurons)]: four steps share a counter."""
    return words(seed, stream, step // STEPS, neurons)[step % STEPS]


def two_uniforms(seed: int, stream: int, line: np.ndarray, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two uniform numbers in [0, 1) for each synapse, from its line and its position there, float64 [synapses] each."""
    counter = np.broadcast_arrays(np.asarray(position, np.uint64), np.asarray(line, np.uint64), _word(0), _word(stream))
    r0, r1, r2, r3 = philox(*counter, _word(seed), _word(seed >> 32))
    return unit(r0, r1), unit(r2, r3)


def _word(value: Any) -> np.uint64:
    return np.uint64(int(value) & 0xFFFFFFFF)
