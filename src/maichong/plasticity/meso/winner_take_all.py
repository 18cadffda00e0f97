"""Competition among rates: winners keep their activity and the others lose it, by rank, by chance or by inhibiting each other.

    k winners:   y_j = x_j  if fewer than k others are larger (of equal ones the first),  0  else;      k = 1: hard
    soft:        y_j = exp(x_j / T) / sum over k of exp(x_k / T);      T -> 0: hard, and the probability of winning with noise
    inhibition:  tau dr_j/dt = -r_j + [i_j - w (sum over others of r_k)]_+

Two cells that inhibit each other have the eigenvalues -1 + w and -1 - w: from w = 1 on only one of them stays active.

    >>> import numpy as np
    >>> WinnerTakeAll(k=2).step(np.array([[0.2, 0.9, 0.5]]))
    array([[0. , 0.9, 0.5]])

With a layer: ``layer.step(x, WinnerTakeAll().step(x @ layer.weight))``, so that winners alone learn. In a network of spikes:
:func:`maichong.competition.winner_take_all`.

Source: Maass 2000, doi:10.1162/089976600300014827 (k winners); Nessler, Pfeiffer, Buesing & Maass 2013,
doi:10.1371/journal.pcbi.1003037 (soft); Dayan & Abbott 2001, "Theoretical Neuroscience", chapter 7.4 (inhibition).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.spec.quantities import is_number


@dataclass(frozen=True)
class WinnerTakeAll:
    """The ``k`` most active win; with a ``temperature`` all win a part, by the softmax of their activities, and k must be 1.

    Raises ParameterError for a k that is no whole number >= 1, and a temperature that is not positive.
    """

    k: int = 1
    temperature: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not isinstance(self.k, (int, np.integer)) or self.k < 1:
            raise ParameterError("WinnerTakeAll.k", "must be a whole number >= 1", brief(self.k))
        if self.temperature is None:
            return
        if not is_number(self.temperature) or not 0 < self.temperature < np.inf:
            raise ParameterError("WinnerTakeAll.temperature", "must be > 0, or None", brief(self.temperature))
        if self.k != 1:
            raise ParameterError("WinnerTakeAll.k", "must be 1 with a temperature, which shares one win out", self.k)

    def winners(self, x: Any) -> np.ndarray:
        """Who wins, bool like the activities ``x`` [batch, n]: k in each row, or all where there are no more."""
        x = _matrix(x, "WinnerTakeAll")
        order = np.argsort(-x, axis=1, kind="stable")[:, : self.k]
        won = np.zeros(x.shape, bool)
        np.put_along_axis(won, order, True, axis=1)
        return won

    def step(self, x: Any) -> np.ndarray:
        """What is left of the activities ``x`` [batch, n]."""
        x = _matrix(x, "WinnerTakeAll")
        if self.temperature is None:
            return np.where(self.winners(x), x, 0.0)
        grown = np.exp((x - x.max(axis=1, keepdims=True)) / self.temperature)
        return grown / grown.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class MutualInhibition:
    """Rates that inhibit each other by ``w`` and follow their input within ``tau`` ms.

    Raises ParameterError for a w below 0 and a tau that is not positive.
    """

    w: float
    tau: float = 10.0

    def __post_init__(self) -> None:
        for name, low in (("w", self.w), ("tau", self.tau)):
            if not is_number(low) or not np.isfinite(low) or low < 0 or (name == "tau" and low == 0):
                raise ParameterError(f"MutualInhibition.{name}", f"must be {'> 0 ms' if name == 'tau' else '>= 0'}", brief(low))

    def flow(self, r: np.ndarray, i: np.ndarray) -> np.ndarray:
        """dr/dt of the rates ``r`` [batch, n] with the input ``i``, per ms."""
        others = r.sum(axis=1, keepdims=True) - r
        return (np.maximum(i - self.w * others, 0.0) - r) / self.tau

    def settled(self, i: Any, start: Any = None, duration: float = 1000.0, dt: float = 0.5) -> np.ndarray:
        """The rates after ``duration`` ms with the input ``i`` [batch, n], from ``start`` (0 by default), by exponential steps."""
        i = _matrix(i, "MutualInhibition.settled")
        r = np.zeros_like(i) if start is None else np.array(np.broadcast_to(start, i.shape), np.float64)
        for _ in range(round(duration / dt)):
            r = r + self.flow(r, i) * self.tau * -np.expm1(-dt / self.tau)
        return r


def _matrix(x: Any, where: str) -> np.ndarray:
    try:
        found = np.asarray(x, np.float64)
    except (TypeError, ValueError):
        raise ParameterError(where, "must get activities [batch, n]", brief(x)) from None
    if found.ndim != 2 or not found.shape[1] or not np.isfinite(found).all():
        raise ParameterError(where, "must get finite activities [batch, n]", f"an array of shape {list(found.shape)}")
    return found
