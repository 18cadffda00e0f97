"""The float64 logarithms that vectorise, against NumPy's in long double."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numba import njit

from maichong.engines.events.runtime import log1p64, log64


@njit(error_model="numpy")
def of_log64(x, found):
    for j in range(x.size):
        found[j] = log64(x[j])


@njit(error_model="numpy")
def of_log1p64(x, found):
    for j in range(x.size):
        found[j] = log1p64(x[j])


def compiled(function: Callable[..., None], x: np.ndarray) -> np.ndarray:
    found = np.empty_like(x)
    function(x, found)
    return found


def test_they_are_right_to_the_last_bit_or_the_one_before() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([np.exp(rng.uniform(-700, 700, 50_000)), rng.uniform(0.5, 2, 50_000), [2.2250738585072014e-308]])
    known = np.log(x.astype(np.longdouble))
    assert (np.abs(compiled(of_log64, x) - known) <= np.spacing(np.abs(known.astype(float)))).all()
    y = np.concatenate([-rng.integers(1, 2**53, 50_000) / 2**53, rng.uniform(-1e-8, 1e-8, 5000), rng.uniform(0, 1e9, 5000)])
    known = np.log1p(y.astype(np.longdouble))
    assert (np.abs(compiled(of_log1p64, y) - known) <= 2 * np.spacing(np.abs(known.astype(float)))).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_where_there_is_no_logarithm_they_say_what_numpy_says() -> None:
    x = np.array([0.0, -0.0, -1.0, -2.0, np.inf, -np.inf, np.nan, 1.0])
    assert np.array_equal(compiled(of_log64, x), np.log(x), equal_nan=True)
    found, known = compiled(of_log1p64, x), np.log1p(x)
    assert np.array_equal(found, known, equal_nan=True)
    assert (np.signbit(found) == np.signbit(known))[~np.isnan(known)].all()
