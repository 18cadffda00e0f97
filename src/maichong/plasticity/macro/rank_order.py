"""Evolving spiking network of rank-order neurons (eSNN): one neuron for each sample that no neuron resembles, trained in one pass.

    population code: each feature drives ``fields`` Gaussian receptive fields; the stronger one answers, the earlier it fires
    learn:   w_j = mod^order(j);   u_max = sum_j w_j mod^order(j);   theta = c u_max
    merge:   a new neuron within the distance ``sim`` of its nearest of the same class is averaged with it
    recall:  u grows by w_j mod^order(j) at each input spike; the neuron that first reaches its theta names the class

order(j) counts input spikes from 0; fields that answer equally fire in the order of their numbers. Neurons that reach their
threshold at the same spike are told apart by how far they are above it; where none does, the nearest to its own wins.

The fields of a feature with the bounds (low, high) are centred at low + (2 i - 3) / 2 (high - low) / (fields - 2), where i counts
from 1 to fields, and (high - low) / (beta (fields - 2)) wide.

Source: Wysoski, Benuskova & Kasabov 2010, doi:10.1016/j.neunet.2010.04.009; Schliebs & Kasabov 2013, doi:10.1007/s12530-013-9074-9;
rank order: Thorpe & Gautrais 1998, doi:10.1007/978-1-4615-4831-7_19; receptive fields: Bohte, Kok & La Poutre 2002,
doi:10.1016/S0925-2312(01)00658-0.

Not for data whose order carries nothing, nor for many noisy features: the network grows with what is new to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.spec.quantities import in_unit, is_number


@dataclass(frozen=True)
class Recogniser:
    """A trained network: the ``weights`` [neurons, inputs] and ``thresholds`` [neurons] of its neurons, their ``labels`` [neurons],
    how many samples each ``stands_for`` [neurons], and the bounds ``low`` and ``high`` of each feature in training."""

    settings: ESNN
    weights: np.ndarray
    thresholds: np.ndarray
    labels: np.ndarray
    stands_for: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def predict(self, x: Any) -> np.ndarray:
        """The class of each sample of ``x`` [samples, features]; ParameterError where features are missing."""
        samples = _samples(x, "ESNN.predict, x")
        if samples.shape[1] != self.low.size:
            raise ParameterError("ESNN.predict, x", f"must have {self.low.size} features, as in training", samples.shape[1])
        return np.array([self.labels[self._winner(order)] for order in self.settings.orders(samples, self.low, self.high)])

    def score(self, x: Any, y: Any) -> float:
        """The share of samples whose class is found."""
        return float(np.mean(self.predict(x) == np.asarray(y)))

    def _winner(self, order: np.ndarray) -> int:
        # column k: the potentials after the input spike number k
        arrivals = np.argsort(order)
        potentials = np.cumsum(self.weights[:, arrivals] * self.settings.mod ** np.arange(order.size), axis=1)
        above = potentials - self.thresholds[:, None]
        reached = np.where((above >= 0).any(axis=1), (above >= 0).argmax(axis=1), order.size)
        first = int(reached.min())
        if first == order.size:
            return int(np.argmax(potentials[:, -1] / self.thresholds))
        return int(np.argmax(np.where(reached == first, above[:, first], -np.inf)))


@dataclass(frozen=True)
class ESNN:
    """Constants of an evolving network: modulation factor ``mod``, threshold share ``c``, merging distance ``sim``, receptive
    ``fields`` per feature and ``beta``, the larger the narrower they are.

    Raises ParameterError for mod or c outside 0..1, sim < 0, fewer than 3 fields and a beta that is not > 0.

    >>> from maichong.plasticity.macro.rank_order import ESNN
    >>> found = ESNN(fields=6).fit([[0.0, 1.0], [0.1, 0.9], [1.0, 0.0], [0.9, 0.1]], ["a", "a", "b", "b"])
    >>> found.predict([[0.05, 0.95], [0.95, 0.02]]).tolist()
    ['a', 'b']
    """

    mod: float = 0.9
    c: float = 0.7
    sim: float = 0.3
    fields: int = 20
    beta: float = 1.5

    def __post_init__(self) -> None:
        for name in ("mod", "c"):
            value = getattr(self, name)
            if not is_number(value) or not 0 < value < 1:
                raise ParameterError(f"ESNN.{name}", "must lie between 0 and 1", brief(value))
        for name, words in (("sim", "must be a number >= 0"), ("beta", "must be a number > 0")):
            value = getattr(self, name)
            if not is_number(value) or not np.isfinite(value) or value < 0 or (name == "beta" and value == 0):
                raise ParameterError(f"ESNN.{name}", words, brief(value))
        if isinstance(self.fields, bool) or not isinstance(self.fields, (int, np.integer)) or self.fields < 3:
            raise ParameterError("ESNN.fields", "must be a whole number >= 3", brief(self.fields))

    def orders(self, x: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """When each input fires, as its place in the order of all: int64 [samples, features * fields]."""
        span = np.where(high > low, high - low, 1.0)
        centres = low[:, None] + (2.0 * np.arange(1, self.fields + 1) - 3.0) / 2.0 * span[:, None] / (self.fields - 2)
        width = span / (self.beta * (self.fields - 2))
        away = (x[:, :, None] - centres) / width[:, None]
        # the answer exp(-away^2 / 2) falls as away grows, which also orders what underflows
        # a bound lies half way between two centres: they are to be equally near, whatever the last bit says
        distance = np.round(np.abs(away), 9).reshape(len(x), -1)
        return np.argsort(np.argsort(distance, axis=1, kind="stable"), axis=1, kind="stable")

    def fit(self, x: Any, y: Any) -> Recogniser:
        """A network trained by one pass over samples ``x`` [samples, features] of the classes ``y`` [samples]."""
        samples, labels = _samples(x, "ESNN.fit, x"), np.asarray(y)
        if labels.shape != (len(samples),):
            raise ParameterError(
                "ESNN.fit, y", f"must name the class of each of {len(samples)} samples", f"shape {labels.shape}"
            )
        low, high = samples.min(axis=0), samples.max(axis=0)
        orders = self.orders(samples, low, high)
        kept = np.zeros(len(samples), bool)
        weights, thresholds, stands_for = self.mod**orders, np.zeros(len(samples)), np.ones(len(samples), np.int64)
        thresholds[:] = self.c * (weights * self.mod**orders).sum(axis=1)
        for k in range(len(samples)):
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
        return Recogniser(self, weights[kept], thresholds[kept], labels[kept], stands_for[kept], low, high)


def _samples(x: Any, where: str) -> np.ndarray:
    array = np.asarray(in_unit(x, "", where))
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise ParameterError(where, "must be finite numbers, [samples, features]", f"shape {array.shape}")
    return array
