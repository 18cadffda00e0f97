"""Noise as a learning signal: what a random change did to the loss says, on average, which way is down.

    weights:    g = (L(w + sigma xi) - L(w - sigma xi)) / (2 sigma) xi
    activity:   g_ij = (L(a + sigma xi) - L(a)) / sigma xi_j x_i          (a_j: thresholds, drives or potentials of neurons)

xi is standard normal, and the mean of g is the gradient of the loss, smoothed over sigma, so that it exists where spikes make the
loss a staircase. Noise at n_post neurons needs far fewer trials than noise at n_pre n_post weights: the variance grows with the
number of what is perturbed.

Source: weights: Cauwenberghs 1993 (NeurIPS 5), Spall 1992, doi:10.1109/9.119632; neurons: Williams 1992, doi:10.1007/BF00992696,
Fiete & Seung 2006, doi:10.1103/PhysRevLett.97.048104; how they scale: Werfel, Xie & Seung 2005, doi:10.1162/089976605774320539.

Not where a gradient can be had: a thousand weights need about a thousand times as many trials.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.spec.quantities import in_unit, is_number

Loss = Callable[[np.ndarray], float]


def weight_perturbation(loss: Loss, w: Any, sigma: float, rng: np.random.Generator, trials: int = 1) -> np.ndarray:
    """An estimate of the gradient of ``loss(w)`` at ``w``, of any shape: the mean of ``trials`` pairs of opposite perturbations.

    Raises ParameterError for a sigma that is not > 0, trials below 1, and a loss that gives no finite number.

    >>> import numpy as np
    >>> from maichong.plasticity.macro.perturbation import weight_perturbation
    >>> g = weight_perturbation(lambda w: float(w @ w), [1.0, -2.0], 0.1, np.random.default_rng(1), trials=4000)
    >>> bool(np.allclose(g, [2.0, -4.0], atol=0.3))
    True
    """
    at = np.asarray(in_unit(w, "", "weight_perturbation, w"))
    _check("weight_perturbation", sigma, trials)
    total = np.zeros(at.shape)
    for _ in range(trials):
        xi = rng.standard_normal(at.shape)
        up, down = (_value("weight_perturbation", loss, at + sign * sigma * xi) for sign in (1.0, -1.0))
        total += (up - down) / (2.0 * sigma) * xi
    return total / trials


def node_perturbation(loss: Loss, x: Any, n_post: int, sigma: float, rng: np.random.Generator, trials: int = 1) -> np.ndarray:
    """An estimate of the gradient of a loss to the weights [n_pre, n_post] from inputs ``x`` [n_pre] onto ``n_post`` neurons.

    ``loss(noise)`` is the loss where ``noise`` [n_post] is added to the neurons' summed inputs (taken from their thresholds); it is
    first called without any. Raises ParameterError as weight_perturbation does.
    """
    inputs = np.asarray(in_unit(x, "", "node_perturbation, x"))
    if inputs.ndim != 1:
        raise ParameterError("node_perturbation, x", "must be one number for each presynaptic neuron", f"shape {inputs.shape}")
    _check("node_perturbation", sigma, trials)
    rest = _value("node_perturbation", loss, np.zeros(n_post))
    total = np.zeros(n_post)
    for _ in range(trials):
        xi = rng.standard_normal(n_post)
        total += (_value("node_perturbation", loss, sigma * xi) - rest) / sigma * xi
    return np.outer(inputs, total / trials)


def _check(where: str, sigma: Any, trials: Any) -> None:
    if not is_number(sigma) or not np.isfinite(sigma) or sigma <= 0:
        raise ParameterError(f"{where}, sigma", "must be a number > 0", brief(sigma))
    if isinstance(trials, bool) or not isinstance(trials, (int, np.integer)) or trials < 1:
        raise ParameterError(f"{where}, trials", "must be a whole number >= 1", brief(trials))


def _value(where: str, loss: Loss, at: np.ndarray) -> float:
    value = loss(at)
    if not is_number(value) or not np.isfinite(value):
        raise ParameterError(f"{where}, loss", "must give one finite number", brief(value))
    return float(value)
