"""Evolving spiking network of rank-order neurons (eSNN): one neuron for each sample that no neuron resembles, trained in one pass.

    learn:   w_j = mod^order(j);   u_max = sum_j w_j mod^order(j);   theta = c u_max
    merge:   a new neuron within the distance ``sim`` of its nearest of the same class is averaged with it
    recall:  u grows by w_j mod^order(j) at each input spike; the neuron that first reaches its theta names the class

order(j) is the place of input j among all spikes of a sample, counted from 0; inputs that fire together come in the order of their
numbers, and one that is silent adds nothing. Neurons that reach their threshold at the same spike are told apart by the excess over
it; where none does, the one that came nearest to its own wins.

Source: Wysoski, Benuskova & Kasabov 2010, doi:10.1016/j.neunet.2010.04.009; Schliebs & Kasabov 2013, doi:10.1007/s12530-013-9074-9;
rank order: Thorpe & Gautrais 1998, doi:10.1007/978-1-4615-4831-7_19.

Not for data whose order carries nothing, nor for many noisy features: the network grows with what is new to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.spec.quantities import is_number


@dataclass(frozen=True)
class Recogniser:
    """A trained network: the ``weights`` [neurons, inputs] and ``thresholds`` [neurons] of its neurons, their ``labels`` [neurons],
    and how many samples each ``stands_for`` [neurons]."""

    mod: float
    weights: np.ndarray
    thresholds: np.ndarray
    labels: np.ndarray
    stands_for: np.ndarray

    def predict(self, times: Any) -> np.ndarray:
        """The class of each sample of spike ``times`` [samples, inputs]; ParameterError where there are other inputs."""
        given = _times(times, "ESNN.predict, times")
        if given.shape[1] != self.weights.shape[1]:
            raise ParameterError(
                "ESNN.predict, times", f"must be of {self.weights.shape[1]} inputs, as in training", given.shape[1]
            )
        return np.array([self.labels[self._winner(sample)] for sample in given])

    def score(self, times: Any, y: Any) -> float:
        """The share of samples whose class is found."""
        return float(np.mean(self.predict(times) == np.asarray(y)))

    def _winner(self, times: np.ndarray) -> int:
        # column k: the potentials after the input spike number k
        arrivals = np.argsort(times, kind="stable")[: np.isfinite(times).sum()]
        if not arrivals.size:
            return int(np.argmin(self.thresholds))
        potentials = np.cumsum(self.weights[:, arrivals] * self.mod ** np.arange(arrivals.size), axis=1)
        above = potentials - self.thresholds[:, None]
        reached = np.where((above >= 0).any(axis=1), (above >= 0).argmax(axis=1), arrivals.size)
        first = int(reached.min())
        if first == arrivals.size:
            return int(np.argmax(potentials[:, -1] / self.thresholds))
        return int(np.argmax(np.where(reached == first, above[:, first], -np.inf)))


@dataclass(frozen=True)
class ESNN:
    """Constants of an evolving network: modulation factor ``mod``, threshold share ``c`` and merging distance ``sim``.

    Raises ParameterError for mod or c outside 0..1, and sim < 0.

    Values become spike times by a code of your choice, here by Gaussian receptive fields:

    >>> from maichong.encoding.gaussian_receptive_fields import GaussianReceptiveFields
    >>> from maichong.plasticity.macro.rank_order import ESNN
    >>> fields = GaussianReceptiveFields(m=6, rounded=False, threshold=0.0)
    >>> times = fields.latencies([[0.0, 1.0], [0.1, 0.9], [1.0, 0.0], [0.9, 0.1]]).reshape(4, -1)
    >>> found = ESNN().fit(times, ["a", "a", "b", "b"])
    >>> found.predict(fields.latencies([[0.05, 0.95], [0.95, 0.02]]).reshape(2, -1)).tolist()
    ['a', 'b']
    """

    mod: float = 0.9
    c: float = 0.7
    sim: float = 0.3

    def __post_init__(self) -> None:
        for name in ("mod", "c"):
            value = getattr(self, name)
            if not is_number(value) or not 0 < value < 1:
                raise ParameterError(f"ESNN.{name}", "must lie between 0 and 1", brief(value))
        if not is_number(self.sim) or not np.isfinite(self.sim) or self.sim < 0:
            raise ParameterError("ESNN.sim", "must be a number >= 0", brief(self.sim))

    def fit(self, times: Any, y: Any) -> Recogniser:
        """A network trained by one pass over spike ``times`` [samples, inputs], infinity for silence, of the classes ``y``
        [samples]."""
        given, labels = _times(times, "ESNN.fit, times"), np.asarray(y)
        if labels.shape != (len(given),):
            raise ParameterError("ESNN.fit, y", f"must name the class of each of {len(given)} samples", f"shape {labels.shape}")
        silent = np.flatnonzero(~np.isfinite(given).any(axis=1))
        if silent.size:
            raise ParameterError(f"ESNN.fit, times[{silent[0]}]", "must have a spike", "silence", "leave the sample out")
        orders = np.argsort(np.argsort(given, axis=1, kind="stable"), axis=1, kind="stable")
        weights = np.where(np.isfinite(given), self.mod**orders, 0.0)
        thresholds, stands_for = self.c * (weights**2).sum(axis=1), np.ones(len(given), np.int64)
        kept = np.zeros(len(given), bool)
        for k in range(len(given)):
            same = np.flatnonzero(kept & (labels == labels[k]))
            distance = np.linalg.norm(weights[same] - weights[k], axis=1)
            if same.size and distance.min() < self.sim:
                nearest = same[distance.argmin()]
                n = stands_for[nearest]
                for array in (weights, thresholds):
                    array[nearest] = (n * array[nearest] + array[k]) / (n + 1)
                stands_for[nearest] += 1
            else:
                kept[k] = True
        return Recogniser(self.mod, weights[kept], thresholds[kept], labels[kept], stands_for[kept])


def _times(times: Any, where: str) -> np.ndarray:
    try:
        array = np.array(times, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 2 or not array.size or np.isnan(array).any() or np.isneginf(array).any():
        raise ParameterError(where, "must be spike times, [samples, inputs], infinity for silence", f"shape {array.shape}")
    # spikes that the code means to be together stay so, whatever the last bit says
    return np.round(array, 9)
