"""Rank-order STDP with winners, for maps of neurons that spike once: who was earlier than the winner is strengthened.

    at a winner's spike, for each of its inputs:  w <- w + a_plus w (1 - w)  if the input spiked before it or with it,
                                                  w <- w - a_minus w (1 - w)  else, also if it never spiked

All that counts is the order of spikes. Winners are picked one after the other: the earliest spike, of several the one of the
highest potential; each then silences its own map everywhere, and all maps near its place. Weights go to 0 or 1.

Source: Kheradpisheh, Ganjtabesh, Thorpe & Masquelier 2018, doi:10.1016/j.neunet.2017.12.005; the winners as in Mozafari,
Ganjtabesh, Nowzari-Dalini & Masquelier 2019, doi:10.3389/fnins.2019.00625.

Not for neurons that spike several times: see PairSTDP.
"""

from __future__ import annotations

import numpy as np

from maichong.errors import ParameterError, brief

NEVER = np.inf
"""The time of a spike that never came."""


def winners(times: np.ndarray, potentials: np.ndarray, k: int, radius: int) -> list[tuple[int, int, int]]:
    """Up to ``k`` winners, (map, row, column) each, by spike ``times`` and ``potentials`` [maps, rows, columns].

    A winner silences its map, and all maps within ``radius`` rows and columns of its place. Ties in time and potential go to the
    lowest index. Raises ParameterError for arrays that do not fit, and for a ``k`` or a ``radius`` below 0.

    >>> times = np.array([[[3.0, 1.0]], [[1.0, np.inf]]])
    >>> winners(times, np.array([[[0.5, 0.9]], [[0.7, 0.0]]]), k=2, radius=0)
    [(0, 0, 1), (1, 0, 0)]
    """
    if np.ndim(times) != 3 or np.shape(times) != np.shape(potentials):
        expected = "times and potentials must be [maps, rows, columns], both alike"
        raise ParameterError("winners", expected, f"{list(np.shape(times))} and {list(np.shape(potentials))}")
    if k < 0 or radius < 0:
        raise ParameterError("winners", "k and radius must be >= 0", f"{k} and {radius}")
    left = np.array(times, np.float64)
    found: list[tuple[int, int, int]] = []
    while len(found) < k and np.isfinite(left).any():
        first = left == left.min()
        best = np.where(first, potentials, -np.inf)
        one, row, column = (int(index) for index in np.unravel_index(int(best.argmax()), left.shape))
        found.append((one, row, column))
        left[one] = NEVER
        left[:, max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1] = NEVER
    return found


def learn(weight: np.ndarray, before: np.ndarray, when: float, a_plus: float = 0.004, a_minus: float = 0.003) -> np.ndarray:
    """The weights of a winner after its spike at ``when``; ``before`` are the times of its inputs' spikes, of the same shape.

    Raises ParameterError for weights outside 0..1, and for times that do not fit them.

    >>> learn(np.array([0.5, 0.5, 0.5]), np.array([1.0, 3.0, np.inf]), when=2.0).round(5)
    array([0.501  , 0.49925, 0.49925])
    """
    if np.shape(before) != np.shape(weight):
        raise ParameterError(
            "rank-order STDP", f"the times must be {list(np.shape(weight))}, as the weights", list(np.shape(before))
        )
    if ((weight < 0) | (weight > 1)).any():
        raise ParameterError("rank-order STDP, weight", "must lie within 0 to 1", brief(weight))
    room = weight * (1.0 - weight)
    return np.where(np.asarray(before) <= when, weight + a_plus * room, weight - a_minus * room)


def convergence(weight: np.ndarray) -> float:
    """The mean of w (1 - w): learning has ended where it is below 0.01."""
    return float((weight * (1.0 - weight)).mean())
