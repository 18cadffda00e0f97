"""SpikeProp: the gradient of spike times in layers of neurons that fire once.

Every connection is a bundle of delayed sub-synapses, each with a weight of its own; t_j is when v_j first reaches v_th:

    v_j(t) = sum_i sum_l w_il,j y_il(t),      y_il(t) = eps(t - t_i - d_l),      eps(s) = s / tau exp(1 - s / tau)
    E = 1/2 sum_o (t_o - t_o^d)^2

    dE/dw_il,j = -y_il(t_j) delta_j,      delta_j = dE/dt_j / sum_il w_il,j y'_il(t_j)
    dE/dt_i = sum_j delta_j sum_l w_il,j y'_il(t_j)

v is taken to be linear around t_j. A neuron that does not fire gives no gradient. An output that does not counts as one that
fires at the end of the window; its weights, and those of silent hidden neurons that excite it, rise along the gradient where v
was highest.

Source: Bohte, Kok & La Poutre 2002, doi:10.1016/S0925-2312(01)00658-0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.learning.timing.kernels import alpha, alpha_slope
from maichong.learning.timing.optimisers import Optimiser, optimiser
from maichong.learning.timing.settings import check_fitted, check_range, check_whole
from maichong.learning.timing.trains import spike_times

SHALLOW = 0.002
"""v_th per ms: slopes of v at a spike count as this at least, lest a spike that barely happens brings a huge gradient."""

NEWTON = 5
"""Steps of Newton's method to a spike's time from where v lies between two points of the grid; from half a ms it takes four."""


@dataclass(frozen=True)
class Synapses:
    """What all connections share: ``delays`` (ms) of the sub-synapses, ``tau`` (ms) of the potentials, ``v_th``.

    Spikes are looked for up to ``window`` ms, on a grid of ``step`` ms, and then solved for.
    """

    delays: np.ndarray
    tau: float
    v_th: float
    window: float
    step: float

    @property
    def grid(self) -> np.ndarray:
        return np.arange(0.0, self.window + 0.5 * self.step, self.step)


def since(spikes: np.ndarray, times: np.ndarray, synapses: Synapses) -> np.ndarray:
    """s at ``spikes`` [samples, units] of input ``times`` [samples, inputs] and delays: [samples, units, inputs, delays]."""
    return spikes[:, :, None, None] - times[:, None, :, None] - synapses.delays


def on_grid(times: np.ndarray, synapses: Synapses) -> np.ndarray:
    """y of every sub-synapse on the grid, [samples, grid, inputs * delays]: what can be kept while the inputs stay."""
    grid = np.broadcast_to(synapses.grid, (len(times), synapses.grid.size))
    return alpha(since(grid, times, synapses), synapses.tau).reshape(*grid.shape, -1)


def first_spikes(
    weights: np.ndarray, times: np.ndarray, potentials: np.ndarray, synapses: Synapses
) -> tuple[np.ndarray, np.ndarray]:
    """When each unit first fires, [samples, units], infinity where it does not, and when its v on the grid is highest.

    ``weights`` [inputs, delays, units], ``potentials``: what ``on_grid`` gives for ``times``.
    """
    grid, flat = synapses.grid, weights.reshape(-1, weights.shape[-1])
    v = potentials @ flat
    over = v >= synapses.v_th
    fires, at = over.any(axis=1), over.argmax(axis=1)
    # where v is above the threshold at once, there is no spike to solve for: inputs come after the grid begins
    at = np.maximum(at, 1)
    below, above = (np.take_along_axis(v, k[:, None], axis=1)[:, 0] for k in (at - 1, at))
    low, high = grid[at - 1], grid[at]
    rise = np.where(fires & (above > below), above - below, 1.0)
    spikes = low + synapses.step * np.where(fires, (synapses.v_th - below) / rise, 0.0)
    for _ in range(NEWTON):
        s = since(spikes, times, synapses)
        v_now = np.einsum("sjil,ilj->sj", alpha(s, synapses.tau), weights)
        slope = np.einsum("sjil,ilj->sj", alpha_slope(s, synapses.tau), weights)
        moved = spikes - (v_now - synapses.v_th) / np.where(slope > 0, slope, np.inf)
        spikes = np.clip(moved, low, high)
    return np.where(fires, spikes, np.inf), grid[v.argmax(axis=1)]


def backward(
    weights: np.ndarray,
    times: np.ndarray,
    spikes: np.ndarray,
    error: np.ndarray,
    synapses: Synapses,
    passes: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """dE/dw [inputs, delays, units] and dE/dt of the inputs [samples, inputs], of ``error`` dE/dt_j [samples, units].

    Where ``error`` is 0 a unit gives nothing; ``spikes`` must be finite there too. ``passes`` [samples, units]: which units
    pass their error on to the inputs, by default all.
    """
    s = since(spikes, times, synapses)
    y, rises = alpha(s, synapses.tau), alpha_slope(s, synapses.tau)
    slope = np.einsum("sjil,ilj->sj", rises, weights)
    delta = error / np.maximum(slope, SHALLOW * synapses.v_th)
    by_weights = -np.einsum("sj,sjil->ilj", delta, y, optimize=True)
    passed = delta if passes is None else delta * passes
    by_times = np.einsum("sj,sjil,ilj->si", passed, rises, weights, optimize=True)
    return by_weights, by_times


def gradient(
    weights: tuple[np.ndarray, np.ndarray], times: np.ndarray, kept: np.ndarray, targets: np.ndarray, synapses: Synapses
) -> tuple[float, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """E, the output spikes [samples, outputs] and dE/dw of both layers; ``kept``: ``on_grid`` of the input ``times``."""
    hidden, nearest = first_spikes(weights[0], times, kept, synapses)
    output, highest = first_spikes(weights[1], hidden, on_grid(hidden, synapses), synapses)
    fired = np.isfinite(output)
    error = np.where(fired, output, synapses.window) - targets
    last, by_hidden = backward(weights[1], hidden, np.where(fired, output, highest), error, synapses, fired)
    heard = np.isfinite(hidden)
    wanted = np.where(fired, 0.0, error) @ (weights[1].sum(axis=1) > 0).T
    first, _ = backward(weights[0], times, np.where(heard, hidden, nearest), np.where(heard, by_hidden, wanted), synapses)
    return 0.5 * float((error**2).sum()), output, (first, last)


@dataclass
class SpikeProp:
    """Learns the times of output spikes from those of input spikes, through one hidden layer.

    ``fit(x, y)`` takes input times [samples, inputs] in ms, infinity where an input is silent, and desired output times [samples,
    outputs]; it ends when the sum of squared errors of all samples is below ``tol`` (ms^2) or ``epochs`` are over. ``predict(x)``
    gives output times, infinity for silence. ``weights_`` are two arrays [inputs, delays, units]; ``errors_`` the sums of squared
    errors by epoch. Of the hidden units, the last ``inhibitory`` have negative weights onto outputs at first, and all other weights
    are positive; with ``mixed=False`` they stay so, as in the paper, which fewer nets learn with.
    ``optimiser`` is "gradient", "quickprop" or "rprop", or one with settings of its own, ``RProp(first=0.05)``.

    Weights begin uniform between 0 and ``gain`` * 2 v_th / (inputs that spike * delays): with all potentials at their peaks v
    would be ``gain`` times the threshold on average. Raises ParameterError for what is no such data, and for settings out of
    bounds.

        >>> x = [[0.0, 0.0, 0.0], [0.0, 6.0, 0.0], [6.0, 0.0, 0.0], [6.0, 6.0, 0.0]]
        >>> net = SpikeProp(optimiser="rprop", seed=1).fit(x, [[16.0], [10.0], [10.0], [16.0]])
        >>> [round(float(t)) for t in net.predict(x)[:, 0]]
        [16, 10, 10, 16]

    Not for neurons that fire more than once.
    """

    hidden: int = 5
    optimiser: Optimiser | str = "gradient"
    epochs: int = 1000
    tol: float = 1.0  # ms^2
    inhibitory: int = 1
    mixed: bool = True
    delays: tuple[float, ...] = field(default=tuple(float(ms) for ms in range(1, 17)))
    tau: float = 7.0  # ms
    v_th: float = 50.0
    gain: float = 4.0
    window: float = 40.0  # ms in which units may fire
    step: float = 0.5  # ms, the grid on which spikes are looked for before they are solved for
    seed: int = 0

    def __post_init__(self) -> None:
        check_whole("SpikeProp", self, 1, ("hidden", "epochs"))
        check_whole("SpikeProp", self, 0, ("inhibitory", "seed"))
        check_range("SpikeProp", self, above=0, names=("tau", "v_th", "gain", "window", "step"))
        check_range("SpikeProp", self, low=0, names=("tol",))
        optimiser("SpikeProp.optimiser", self.optimiser)
        delays = np.asarray(self.delays, np.float64) if isinstance(self.delays, tuple) else np.empty(0)
        if delays.ndim != 1 or not delays.size or not (np.isfinite(delays) & (delays >= 0)).all():
            raise ParameterError("SpikeProp.delays", "must be a tuple of delays in ms, >= 0", brief(self.delays))
        if self.inhibitory >= self.hidden:
            raise ParameterError("SpikeProp.inhibitory", f"must be below hidden, {self.hidden}", self.inhibitory)

    @property
    def synapses(self) -> Synapses:
        return Synapses(np.array(self.delays, np.float64), self.tau, self.v_th, self.window, self.step)

    def fit(self, x: Any, y: Any) -> SpikeProp:
        """Learn the output times y of input times x, all samples at once."""
        times = self._times("fit", x)
        targets = np.array(y, np.float64)
        if targets.ndim != 2 or len(targets) != len(times) or not np.isfinite(targets).all():
            raise ParameterError("SpikeProp.fit, y", f"must be finite times in ms, [{len(times)}, outputs]", brief(y))
        if targets.max() >= self.window:
            fix = "choose a longer window"
            raise ParameterError("SpikeProp.fit, y", f"must lie in the window, {self.window:g} ms", f"{targets.max():g}", fix)
        synapses, rule = self.synapses, optimiser("SpikeProp.optimiser", self.optimiser)
        weights, signs = self._start(times, targets.shape[1])
        memories: list[Any] = [None, None]
        kept = on_grid(times, synapses)
        self.errors_: list[float] = []
        for _ in range(self.epochs):
            energy, _, slopes = gradient(weights, times, kept, targets, synapses)
            self.errors_.append(2.0 * energy)
            if 2.0 * energy < self.tol:
                break
            stepped = [rule.step(slope, memory) for slope, memory in zip(slopes, memories, strict=True)]
            memories = [memory for _, memory in stepped]
            first, last = (w + change for w, (change, _) in zip(weights, stepped, strict=True))
            weights = (first, last) if self.mixed else (np.maximum(first, 0.0), signs * np.maximum(signs * last, 0.0))
        self.weights_ = weights
        return self

    def predict(self, x: Any) -> np.ndarray:
        """The output times, [samples, outputs] in ms, infinity for units that do not fire within the window."""
        check_fitted("SpikeProp", self)
        times, synapses = self._times("predict", x, len(self.weights_[0])), self.synapses
        for weights in self.weights_:
            times, _ = first_spikes(weights, times, on_grid(times, synapses), synapses)
        return times

    def _start(self, times: np.ndarray, outputs: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Weights of both layers, and the signs of the second's."""
        rng, delays = np.random.default_rng(self.seed), len(self.delays)
        signs = np.ones((self.hidden, 1, 1))
        signs[self.hidden - self.inhibitory :] = -1.0
        active = max(1.0, float(np.isfinite(times).sum(axis=1).mean()))
        shapes = ((times.shape[1], delays, self.hidden), (self.hidden, delays, outputs))
        scales = (2.0 * self.gain * self.v_th / (n * delays) for n in (active, self.hidden))
        first, last = (scale * rng.random(shape) for scale, shape in zip(scales, shapes, strict=True))
        return (first, signs * last), signs

    def _times(self, method: str, x: Any, inputs: int | None = None) -> np.ndarray:
        where = f"SpikeProp.{method}, x"
        times = spike_times(where, x, inputs)
        if times.shape[2] > 1:
            raise ParameterError(where, "must be one spike of each input, [samples, inputs]", f"shape {times.shape}")
        if times.min() < 0:
            raise ParameterError(where, "must be >= 0 ms", f"{times.min():g}", "shift all times alike")
        return times[:, :, 0]
