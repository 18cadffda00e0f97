"""Postsynaptic potentials: what one spike does to a membrane, and how fast it changes, a time s after it (ms).

    K(s) = k_0 (exp(-s / tau) - exp(-s ratio / tau)),      k_0 = ratio^(ratio / (ratio - 1)) / (ratio - 1)
    eps(s) = s / tau exp(1 - s / tau)

Both are 0 until the spike and have the peak 1: a weight is the height of its potential. K is that of the neuron Tempotron, and of a
leaky integrate-and-fire neuron with an exponential synaptic current; eps, the alpha function, is its limit at ratio = 1.
"""

from __future__ import annotations

import math

import numpy as np

from maichong.neurons.tempotron import gain


def k_0(ratio: float) -> float:
    """What makes 1 the peak of K, which is higher for a smaller ``ratio`` of time constants (> 1)."""
    return gain(ratio) / (ratio - 1.0)


def bi_exponential(s: np.ndarray, tau: float, ratio: float) -> np.ndarray:
    """K(s)."""
    after = np.maximum(s, 0.0) / tau
    return k_0(ratio) * (np.exp(-after) - np.exp(-ratio * after))


def bi_exponential_slope(s: np.ndarray, tau: float, ratio: float) -> np.ndarray:
    """dK/ds; 0 at the spike itself, where K has a kink."""
    after = np.maximum(s, 0.0) / tau
    return np.where(s > 0, k_0(ratio) / tau * (ratio * np.exp(-ratio * after) - np.exp(-after)), 0.0)


def alpha(s: np.ndarray, tau: float) -> np.ndarray:
    """eps(s)."""
    after = np.maximum(s, 0.0) / tau
    return after * np.exp(1.0 - after)


def alpha_slope(s: np.ndarray, tau: float) -> np.ndarray:
    """d eps/ds; 0 at the spike itself, where eps has a kink."""
    after = np.maximum(s, 0.0) / tau
    return np.where(s > 0, math.e / tau * (1.0 - after) * np.exp(-after), 0.0)
