"""Intrinsic plasticity: a neuron changes its own gain and bias until its activity is spread exponentially around a mean.

    y = 1 / (1 + exp(-(a x + b)))
    b <- b + eta (1 - (2 + 1/mu) y + y^2 / mu);      a <- a + eta / a + (change of b) x

Among all distributions on positive activities with the mean mu the exponential one carries most information.

Source: Triesch 2005, "A gradient rule for the plasticity of a neuron's intrinsic excitability", doi:10.1007/11550822_11.

Not for spikes one by one: see HomeostaticThreshold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from maichong.errors import ParameterError, brief


@dataclass(frozen=True)
class IntrinsicPlasticity:
    """Neurons of gains ``a`` and biases ``b``, [n], which strive for the mean activity ``mu``; ``step`` gives them after an input.

    Raises ParameterError for gains that are not positive, a mean outside 0..1, and a learning rate that is not positive.

    >>> cells = IntrinsicPlasticity(np.ones(1), np.zeros(1))
    >>> for x in np.random.default_rng(0).normal(size=(60_000, 1)):
    ...     cells = cells.step(x)
    >>> bool(abs(cells.answers(np.random.default_rng(1).normal(size=(20_000, 1))).mean() - 0.2) < 0.02)
    True
    """

    a: np.ndarray
    b: np.ndarray
    mu: float = 0.2
    eta: float = 0.001

    def __post_init__(self) -> None:
        a, b = np.broadcast_arrays(np.asarray(self.a, np.float64), np.asarray(self.b, np.float64))
        if a.ndim != 1 or not (np.isfinite(a).all() and np.isfinite(b).all() and (a > 0).all()):
            raise ParameterError(
                "IntrinsicPlasticity, a", "must be positive gains [n], beside finite biases [n]", brief(self.a)
            )
        if not 0 < self.mu < 1:
            raise ParameterError("IntrinsicPlasticity, mu", "must lie between 0 and 1", brief(self.mu))
        if not self.eta > 0:
            raise ParameterError("IntrinsicPlasticity, eta", "must be > 0", brief(self.eta))
        object.__setattr__(self, "a", a)
        object.__setattr__(self, "b", b)

    def answers(self, x: np.ndarray) -> np.ndarray:
        """The activities y for inputs x [..., n]."""
        return 1.0 / (1.0 + np.exp(-(self.a * x + self.b)))

    def step(self, x: np.ndarray) -> IntrinsicPlasticity:
        """The neurons after an input x [n], or after the mean of what a batch [batch, n] does."""
        y = self.answers(x)
        db = self.eta * (1.0 - (2.0 + 1.0 / self.mu) * y + y * y / self.mu)
        da = self.eta / self.a + db * x
        if np.ndim(x) == 2:
            da, db = da.mean(axis=0), db.mean(axis=0)
        return replace(self, a=self.a + da, b=self.b + db)
