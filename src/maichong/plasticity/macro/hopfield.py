"""Hopfield network: patterns are stored as minima of an energy, and recalled by going downhill.

    W = (1/N) sum_p xi^p xi^p T with zero diagonal;      s_i <- sign(sum_j W_ij s_j - theta_i), one neuron after the other
    E = -1/2 sum_ij W_ij s_i s_j + sum_i theta_i s_i

States are +1 and -1. With symmetric weights and no diagonal the energy never rises during recall, so that recall ends. Random
patterns are recalled up to about 0.138 N of them.

Source: Hopfield 1982, doi:10.1073/pnas.79.8.2554; capacity: Amit, Gutfreund & Sompolinsky 1985, doi:10.1103/PhysRevLett.55.1530.

Not for correlated patterns: their cross-talk merges them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.spec.quantities import in_unit


def hebbian_weights(patterns: Any) -> np.ndarray:
    """The weights [N, N] that store ``patterns`` [patterns, N] of +1 and -1; ParameterError for anything else.

    >>> from maichong.plasticity.macro.hopfield import energy, hebbian_weights, recall
    >>> w = hebbian_weights([[1, 1, -1, -1]])
    >>> energy(w, [1, 1, -1, -1]), recall(w, [-1, 1, -1, -1])
    (-1.5, array([ 1,  1, -1, -1]))
    """
    stored = np.atleast_2d(np.asarray(in_unit(patterns, "", "hebbian_weights, patterns")))
    if stored.ndim != 2 or not stored.size or not np.isin(stored, (-1.0, 1.0)).all():
        raise ParameterError("hebbian_weights, patterns", "must be +1 and -1, [patterns, neurons]", brief(patterns))
    w = stored.T @ stored / stored.shape[1]
    np.fill_diagonal(w, 0.0)
    return w


def energy(w: np.ndarray, state: Any, theta: float | np.ndarray = 0.0) -> float:
    """The energy of ``state`` [N] under the weights ``w`` [N, N] and the thresholds ``theta``."""
    s = _state(w, state, "energy")
    return float(-0.5 * s @ w @ s + np.sum(theta * s))


def recall(w: np.ndarray, state: Any, theta: float | np.ndarray = 0.0, *, seed: int = 0, sweeps: int = 100) -> np.ndarray:
    """The state, int64 [N], that recall from ``state`` ends in, or reaches after ``sweeps`` updates of every neuron.

    Neurons are updated one after the other in a random order that ``seed`` fixes; one whose input is its threshold stays.
    """
    s = _state(w, state, "recall").copy()
    rng = np.random.default_rng(seed)
    for _ in range(sweeps):
        before = s.copy()
        for i in rng.permutation(s.size):
            h = w[i] @ s - (theta if np.ndim(theta) == 0 else np.asarray(theta)[i])
            s[i] = s[i] if h == 0 else np.sign(h)
        if np.array_equal(before, s):
            break
    return s.astype(np.int64)


def _state(w: np.ndarray, state: Any, where: str) -> np.ndarray:
    if np.ndim(w) != 2 or w.shape[0] != w.shape[1] or not np.array_equal(w, w.T) or np.diagonal(w).any():
        raise ParameterError(f"{where}, w", "must be symmetric, [N, N], with a zero diagonal", f"shape {np.shape(w)}")
    s = np.asarray(in_unit(state, "", f"{where}, state"), np.float64)
    if s.shape != (len(w),) or not np.isin(s, (-1.0, 1.0)).all():
        raise ParameterError(f"{where}, state", f"must be {len(w)} numbers, each +1 or -1", brief(state))
    return s
