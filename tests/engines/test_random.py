"""The counter-based generator against Random123's known answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from maichong import random

# kat_vectors of Random123, philox 4x32 with 10 rounds: counter, key, result
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_philox_gives_the_known_answers(counter: tuple[int, ...], key: tuple[int, ...], result: tuple[int, ...]) -> None:
    assert tuple(int(word) for word in random.philox(*map(np.uint64, (*counter, *key)))) == result


def test_philox_of_arrays_is_philox_of_each() -> None:
    words = [np.array([row[k] for row in ((*c, *key) for c, key, _ in KNOWN)], np.uint64) for k in range(6)]
    found = np.stack(random.philox(*words), axis=1)
    assert found.tolist() == [list(result) for _, _, result in KNOWN]


def test_the_compiled_philox_gives_the_known_answers() -> None:
    """The events engine compiles the same text."""
    from maichong.random_compiled import philox

    for counter, key, result in KNOWN:
        assert tuple(int(word) for word in philox(*map(np.uint64, (*counter, *key)))) == result


def test_a_uniform_number_is_53_bits_in_the_half_open_interval() -> None:
    ones, zero = np.uint64(0xFFFFFFFF), np.uint64(0)
    assert random.unit(zero, zero) == 0.0
    assert random.unit(ones, ones) == 1.0 - 2.0**-53
    assert random.unit(zero, np.uint64(64)) == 2.0**-53


def test_the_counter_is_neuron_step_and_stream_under_the_seed() -> None:
    """So that anyone can compute the number a neuron will draw; seed and step are used in all of their 64 bits."""
    seed, stream, step = 0x123456789ABCDEF0, 0xCAFEBABE, (5 << 32) + 7
    found = random.uniform(seed, stream, step, np.array([3, 11]))
    for neuron, value in zip((3, 11), found, strict=True):
        r0, r1, _, _ = random.philox(*map(np.uint64, (neuron, 7, 5, stream, 0x9ABCDEF0, 0x12345678)))
        assert value == ((int(r0) >> 5) * 2**26 + (int(r1) >> 6)) / 2**53


def test_numbers_are_uniform_along_every_axis() -> None:
    """Kolmogorov-Smirnov along neurons, steps, streams and seeds; and no two of them alike."""
    n = 1500
    one = np.array([0])
    axes = [
        random.uniform(1, 2, 3, np.arange(n)),
        np.concatenate([random.uniform(1, 2, step, one) for step in range(n)]),
        np.concatenate([random.uniform(1, stream, 3, one) for stream in range(n)]),
        np.concatenate([random.uniform(seed, 2, 3, one) for seed in range(n)]),
    ]
    for values in axes:
        assert stats.kstest(values, "uniform").pvalue > 1e-3
        assert np.unique(values).size == n
        assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 4 / np.sqrt(n)
