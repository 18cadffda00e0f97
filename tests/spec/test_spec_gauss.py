"""The normal quantile against SciPy's."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from maichong.spec.gauss import gauss_quantile


def test_the_normal_quantile_is_scipy_s() -> None:
    tails = 10.0 ** -np.linspace(0.5, 299, 500)
    p = np.concatenate([np.linspace(0.0005, 0.9995, 4001), tails, 1 - tails[tails > 1e-15]])
    found, known = gauss_quantile(p), ndtri(p)
    assert np.abs(found - known).max() < 2e-14
    assert np.isfinite(gauss_quantile(np.array([0.0, 1.0]))).all()
