"""Tempotron learning: whether a neuron spikes at all tells two classes of spike patterns apart.

A tempotron that has spiked shunts what comes after; that it spikes depends on the largest v of the trial alone, as if there were no
threshold. At an error, and only then, the weights go along the gradient of that largest v, which is reached at t_max:

    dw_i = +-rate sum_(t_i < t_max) K(t_max - t_i)

plus where a spike was missed, minus where one was wrong. With momentum, an update adds ``momentum`` times the one before.

Source: Guetig & Sompolinsky 2006, doi:10.1038/nn1643.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.errors import ParameterError
from maichong.learning.timing.kernels import bi_exponential
from maichong.learning.timing.membrane import Inputs, peaks
from maichong.learning.timing.settings import check_fitted, check_range, check_whole
from maichong.learning.timing.trains import labels, spike_times
from maichong.neurons.tempotron import Tempotron
from maichong.spec import Configured
from maichong.spec.quantities import is_number


def correction(
    weights: np.ndarray, inputs: Inputs, targets: np.ndarray, v_th: float, margin: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """dw / rate, [trials, afferents], and which trials are wrong, bool [trials].

    ``weights`` [trials, afferents]: those of the neuron that a trial is shown to; ``targets`` bool [trials]: whether it should
    spike; ``v_th`` from the resting potential. With a ``margin`` a trial is wrong already within that distance of the threshold.
    """
    v_max, t_max = peaks(weights, inputs)
    wrong = np.where(targets, v_max < v_th + margin, v_max >= v_th - margin)
    change = np.zeros((len(targets), inputs.n))
    rows = np.flatnonzero(wrong)
    if rows.size:
        each = bi_exponential(t_max[rows, None] - inputs.times[rows], inputs.tau, inputs.ratio)
        place = np.arange(rows.size)[:, None] * (inputs.n + 1) + inputs.afferents[rows]
        summed = np.bincount(place.ravel(), each.ravel(), rows.size * (inputs.n + 1)).reshape(rows.size, -1)[:, :-1]
        change[rows] = np.where(targets[rows, None], summed, -summed)
    return change, wrong


@dataclass
class TempotronClassifier:
    """Tells classes of spike patterns apart by tempotrons: one that spikes for the second of two classes, or one for each of more.

    ``fit(x, y)`` takes times in ms, [trials, afferents] or [trials, afferents, spikes], infinity where there is no spike, and
    labels [trials]; ``predict(x)`` gives labels, ``decision_function(x)`` how far the largest v lies above the threshold, in mV,
    [trials], or [trials, classes] of more than two, where the highest wins. ``weights_`` [neurons, afferents], in mV, go into a
    Network with neurons ``cell`` and receptors Delta. Raises ParameterError for what is no such data, and for settings out of
    bounds.

        >>> x = np.array([[5.0, 40.0], [40.0, 5.0], [6.0, 41.0], [41.0, 6.0]])
        >>> TempotronClassifier(epochs=50).fit(x, [0, 1, 0, 1]).predict(x).tolist()
        [0, 1, 0, 1]

    Not where the time of a spike matters, or how many there are: see ReSuMe, MultiSpikeTempotron.
    """

    cell: Configured = field(default_factory=lambda: Tempotron(v_rest=0.0, v_th=1.0))
    rate: float = 0.02  # as a part of the threshold
    momentum: float = 0.9
    epochs: int = 200
    margin: float = 0.0  # as a part of the threshold
    spread: float = 0.1  # standard deviation of the weights at the start, as a part of the threshold
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.cell, Configured) or self.cell.model is not Tempotron:
            raise ParameterError("TempotronClassifier.cell", "must be a Tempotron", repr(self.cell), "try Tempotron(tau=15.0)")
        if not all(is_number(self.cell[name]) for name in ("tau", "ratio", "v_rest", "v_th")):
            raise ParameterError("TempotronClassifier.cell", "must have the same constants for all neurons", repr(self.cell))
        check_range("TempotronClassifier", self, above=0, names=("rate",))
        check_range("TempotronClassifier", self, low=0, names=("margin", "spread"))
        check_range("TempotronClassifier", self, low=0, below=1, names=("momentum",))
        check_whole("TempotronClassifier", self, 1, ("epochs",))
        check_whole("TempotronClassifier", self, 0, ("seed",))
        if not self._threshold > 0:
            raise ParameterError("TempotronClassifier.cell", "must have v_th above v_rest", f"{self._threshold:g} mV above")

    @property
    def _threshold(self) -> float:
        return float(self.cell["v_th"] - self.cell["v_rest"])

    def fit(self, x: Any, y: Any) -> TempotronClassifier:
        """Learn the labels y of patterns x, shown in random order, until an epoch has no error or ``epochs`` are over."""
        times = spike_times("TempotronClassifier.fit, x", x)
        y = labels("TempotronClassifier.fit, y", y, len(times))
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ParameterError("TempotronClassifier.fit, y", "must have two classes or more", f"{len(self.classes_)}")
        targets = y[:, None] == (self.classes_[1:] if len(self.classes_) == 2 else self.classes_)
        rng, v_th = np.random.default_rng(self.seed), self._threshold
        inputs = self._inputs(times, "fit")
        weights = v_th * self.spread * rng.standard_normal((targets.shape[1], times.shape[1]))
        change = np.zeros_like(weights)
        self.errors_: list[int] = []  # of each epoch
        for _ in range(self.epochs):
            errors = 0
            for trial in rng.permutation(len(times)):
                shown = inputs.take(np.full(len(weights), trial))
                step, wrong = correction(weights, shown, targets[trial], v_th, self.margin * v_th)
                change[wrong] = self.rate * v_th * step[wrong] + self.momentum * change[wrong]
                weights[wrong] += change[wrong]
                errors += int(wrong.any())
            self.errors_.append(errors)
            if not errors:
                break
        self.weights_ = weights
        return self

    def decision_function(self, x: Any) -> np.ndarray:
        """The largest v above the threshold, mV: [trials], or [trials, classes] of more than two classes."""
        check_fitted("TempotronClassifier", self)
        inputs = self._inputs(spike_times("TempotronClassifier, x", x, self.weights_.shape[1]), "predict")
        above = np.stack([peaks(row, inputs)[0] for row in self.weights_], axis=1) - self._threshold
        return above[:, 0] if len(self.classes_) == 2 else above

    def predict(self, x: Any) -> np.ndarray:
        """The label of each trial."""
        above = self.decision_function(x)
        return self.classes_[(above >= 0).astype(int) if above.ndim == 1 else above.argmax(axis=1)]

    def _inputs(self, times: np.ndarray, method: str) -> Inputs:
        return Inputs.of(times, self.cell["tau"], self.cell["ratio"], f"TempotronClassifier.{method}, x")
