"""ReSuMe, the remote supervised method: a neuron learns to spike at given times.

    dw_i/dt = (S_d(t) - S_o(t)) (a + integral_0^inf a_di(s) S_i(t - s) ds),      a_di(s) = amplitude exp(-s / tau_di)

S_d, S_o and S_i are the trains of desired, output and input spikes. A desired spike raises the weights of inputs that came shortly
before it, an output spike lowers them, and where the two coincide nothing changes. Over a trial

    dw_i = sum_(t_d) (a + sum_(t_i < t_d) a_di(t_d - t_i)) - sum_(t_o) (a + sum_(t_i < t_o) a_di(t_o - t_i))

which is what is applied, for all trials together. An input at the same instant counts for nothing, as traces are read before
their own increment. The neuron is that of `firing`.

Source: Ponulak & Kasinski 2010, doi:10.1162/neco.2009.11-08-901.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError
from maichong.learning.timing.firing import respond
from maichong.learning.timing.membrane import Inputs
from maichong.learning.timing.settings import check_fitted, check_range, check_whole
from maichong.learning.timing.trains import spike_times


def update(times: np.ndarray, desired: np.ndarray, output: np.ndarray, a: float, amplitude: float, tau_di: float) -> np.ndarray:
    """dw of a trial, [afferents], of input times [afferents, spikes], desired and output spikes [spikes]; infinity: no spike."""
    desired, output = desired[np.isfinite(desired)], output[np.isfinite(output)]
    since = np.concatenate([desired, output])[:, None, None] - times
    before = np.where(since > 0, np.exp(-np.maximum(since, 0.0) / tau_di), 0.0).sum(axis=2)
    signs = np.repeat([1.0, -1.0], [len(desired), len(output)])
    return signs @ (a + amplitude * before)


def correlation(one: np.ndarray, other: np.ndarray, sigma: float) -> float:
    """How alike two trains [spikes] are: the cosine of the angle between them, each convolved with a Gaussian of width ``sigma``.

    The inner product of two such trains is, but for a factor, sum_jk exp(-(t_j - t_k)^2 / (4 sigma^2)). 1 for two trains without
    spikes, 0 where one of them has none.

    Source: Schreiber et al. 2003, doi:10.1016/S0925-2312(02)00838-X.
    """
    one, other = one[np.isfinite(one)], other[np.isfinite(other)]
    if not one.size or not other.size:
        return float(one.size == other.size)

    def inner(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.exp(-(((x[:, None] - y) / (2.0 * sigma)) ** 2)).sum())

    return inner(one, other) / (inner(one, one) * inner(other, other)) ** 0.5


@dataclass
class ReSuMe:
    """Learns to answer patterns of input spikes with given trains.

    ``fit(x, y)`` takes times in ms, [trials, afferents] or [trials, afferents, spikes], and desired spikes [trials, spikes],
    infinity where there is none; ``predict(x)`` gives the output spikes, a list of arrays in ms; ``score(x, y)`` the mean
    correlation with the desired ones. Weights are in units of the threshold; ``weights_`` [afferents] are those of the epoch
    that came nearest to what was desired. Raises ParameterError for what is no such data, and for settings out of bounds.

        >>> x = np.sort(np.random.default_rng(0).uniform(0, 100, (1, 100, 1)))
        >>> bool(ReSuMe(epochs=100).fit(x, [[30.0, 60.0, 90.0]]).score(x, [[30.0, 60.0, 90.0]]) > 0.95)
        True

    Not for how many spikes there are, at times that nobody knows: see MultiSpikeTempotron.
    """

    tau: float = 10.0  # ms, of the membrane
    ratio: float = 4.0  # of tau to the synapses' time constant
    tau_di: float = 7.0  # ms, of the learning window
    amplitude: float = 0.02
    a: float = 0.001  # what every desired spike adds and every output spike takes, whatever came before
    epochs: int = 100
    w_0: float = 0.02  # mean of the weights at the start, and their standard deviation
    sigma: float = 2.0  # ms, with which trains are compared
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("ReSuMe", self, above=0, names=("tau", "tau_di", "amplitude", "sigma"))
        check_range("ReSuMe", self, above=1, names=("ratio",))
        check_range("ReSuMe", self, low=0, names=("a", "w_0"))
        check_whole("ReSuMe", self, 1, ("epochs",))
        check_whole("ReSuMe", self, 0, ("seed",))

    def fit(self, x: Any, y: Any) -> ReSuMe:
        """Learn the desired trains y of patterns x; ``correlations_`` is what each epoch reached before its update."""
        times = spike_times("ReSuMe.fit, x", x)
        desired = _desired("ReSuMe.fit, y", y, len(times))
        trials = self._trials(times, "fit")
        weights = self.w_0 * (1.0 + np.random.default_rng(self.seed).standard_normal(times.shape[1]))
        self.correlations_: list[float] = []
        for _ in range(self.epochs):
            outputs = [respond(weights, trial, 1.0) for trial in trials]
            reached = float(np.mean([correlation(*pair, self.sigma) for pair in zip(outputs, desired, strict=True)]))
            if reached > max(self.correlations_, default=-1.0):
                self.weights_ = weights
            self.correlations_.append(reached)
            of_trials = zip(times, desired, outputs, strict=True)
            weights = weights + sum(update(*trial, self.a, self.amplitude, self.tau_di) for trial in of_trials)
        return self

    def predict(self, x: Any) -> list[np.ndarray]:
        """The output spikes of each trial, ms."""
        check_fitted("ReSuMe", self)
        times = spike_times("ReSuMe, x", x, len(self.weights_))
        return [respond(self.weights_, trial, 1.0) for trial in self._trials(times, "predict")]

    def score(self, x: Any, y: Any) -> float:
        """The mean correlation of output and desired trains."""
        output = self.predict(x)
        desired = _desired("ReSuMe.score, y", y, len(output))
        return float(np.mean([correlation(*pair, self.sigma) for pair in zip(output, desired, strict=True)]))

    def _trials(self, times: np.ndarray, method: str) -> list[Inputs]:
        inputs = Inputs.of(times, self.tau, self.ratio, f"ReSuMe.{method}, x")
        return [inputs.take(np.array([k])) for k in range(len(times))]


def _desired(where: str, y: Any, trials: int) -> np.ndarray:
    """``y`` as float64 [trials, spikes]."""
    try:
        array = np.array(y, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 2 or len(array) != trials:
        fix = "fill shorter trains up with inf"
        raise ParameterError(where, f"must be desired times in ms, [{trials}, spikes]", f"shape {array.shape}", fix)
    if np.isnan(array).any():
        raise ParameterError(where, "must be finite, or inf where there is no spike", "NaN")
    return array
