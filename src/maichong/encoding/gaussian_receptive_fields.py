"""Population code by Gaussian receptive fields: a value becomes the latencies of several neurons, the best one's the shortest.

    mu_i = low + (2 i - 3) / 2 (high - low) / (m - 2),      i = 1 ... m
    sigma = (high - low) / (beta (m - 2))
    g_i = exp(-(x - mu_i)^2 / (2 sigma^2));      t_i = t_max (1 - g_i), no spike where g_i < threshold

The first and the last field have their centres outside of the range. Decoding takes g back from the times, and the mean of the
centres by it; it is nearest to x, within about 0.001 of the range, where nothing is rounded and all neurons spike.

Source: Bohte, La Poutre & Kok 2002, doi:10.1109/72.991428.

Not for values far outside of low ... high: no field answers them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.encoding.code import Code, steps_of
from maichong.encoding.fields import LARGEST, SMALLEST, flag, number, numbers, other, whole
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError, brief


@dataclass(frozen=True)
class GaussianReceptiveFields(Code):
    """``m`` neurons for each value [...], which lies between ``low`` and ``high``: trains [..., m].

    The bounds are numbers, or one for each feature, which is the last axis of the values. Latencies go up to ``t_max`` ms, in
    whole steps with ``rounded``; neurons with an activation below ``threshold`` stay silent. Raises ParameterError for bounds that
    are none.

        >>> fields = GaussianReceptiveFields(m=8)
        >>> spikes = fields.encode([0.3])
        >>> spikes.first()[0].tolist()
        [inf, 9.0, 1.0, 4.0, inf, inf, inf, inf]
        >>> fields.decode(spikes).round(3).tolist()
        [0.302]
    """

    m: int = whole(8, "neurons for each value", low=3)
    low: Any = field(default=0.0, metadata=other("smallest value, or that of each feature"))
    high: Any = field(default=1.0, metadata=other("largest value, or that of each feature"))
    beta: float = number(1.5, "", "how narrow the fields are", above=0.0)
    t_max: float = number(10.0, "ms", "latency where a field does not answer", above=0.0)
    threshold: float = number(0.1, "", "activation below which a neuron stays silent", low=0.0)
    rounded: bool = flag(True, "whether latencies are whole numbers of dt")
    dt: float = number(1.0, "ms", "step", above=0.0)

    def check(self) -> None:
        if not self.threshold < 1.0:
            raise ParameterError("GaussianReceptiveFields.threshold", "must be from 0 to below 1", f"{self.threshold:g}")
        bounds = {}
        for name in ("low", "high"):
            given = numbers(getattr(self, name))
            if given is None or given.ndim > 1 or not np.isfinite(given).all():
                expected = "must be a finite number, or one for each feature"
                raise ParameterError(f"GaussianReceptiveFields.{name}", expected, brief(getattr(self, name)))
            bounds[name] = given
            # tuples, so that codes can be compared
            object.__setattr__(self, name, tuple(bounds[name].tolist()) if bounds[name].ndim else float(bounds[name]))
        sizes = {bound.size for bound in bounds.values() if bound.ndim}
        if len(sizes) > 1:
            raise ParameterError(
                "GaussianReceptiveFields.high", f"must be as many as low, {bounds['low'].size}", str(bounds["high"].size)
            )
        if not (bounds["high"] > bounds["low"]).all():
            fix = "leave out features that never change"
            raise ParameterError("GaussianReceptiveFields.high", "must be above low", brief(self.high), fix)
        for name, bound in bounds.items():
            if np.abs(bound).max() > LARGEST:
                got = brief(getattr(self, name))
                raise ParameterError(f"GaussianReceptiveFields.{name}", f"must be up to {LARGEST:g} in size", got)
        if not (bounds["high"] - bounds["low"] >= SMALLEST).all():
            raise ParameterError("GaussianReceptiveFields.high", f"must be {SMALLEST:g} above low, or more", brief(self.high))

    @property
    def centres(self) -> np.ndarray:
        """mu, [m], or [features, m] where bounds are given for each."""
        low, high = np.asarray(self.low, np.float64)[..., None], np.asarray(self.high, np.float64)[..., None]
        return low + (2.0 * np.arange(1, self.m + 1) - 3.0) / 2.0 * (high - low) / (self.m - 2)

    @property
    def sigma(self) -> np.ndarray:
        """The width of the fields, one, or [features]."""
        return (np.asarray(self.high, np.float64) - np.asarray(self.low, np.float64)) / (self.beta * (self.m - 2))

    def activations(self, values: Any) -> np.ndarray:
        """g of values [...]: float64 [..., m]."""
        x = self.taken(values, -np.inf, np.inf)
        self._check_features("encode", x.shape)
        return np.exp(-(((x[..., None] - self.centres) / self.sigma[..., None]) ** 2) / 2.0)

    def latencies(self, values: Any) -> np.ndarray:
        """The latencies in ms of values [...]: float64 [..., m], infinity for silence."""
        g = self.activations(values)
        times = self.t_max * (1.0 - g)
        return np.where(g < self.threshold, np.inf, np.rint(times / self.dt) * self.dt if self.rounded else times)

    def encode(self, values: Any) -> SpikeTrains:
        return SpikeTrains.of_latencies(self.latencies(values), steps_of(type(self).__name__, self.t_max, self.dt), self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        """The mean of the centres by the activations that latencies tell; NaN where all neurons of a value are silent."""
        first = self.given(trains, 1, self.m).first()
        self._check_features("decode", first.shape[:-1])
        g = np.maximum(0.0, 1.0 - first / self.t_max)
        total = g.sum(axis=-1)
        with np.errstate(invalid="ignore"):
            return (g * self.centres).sum(axis=-1) / np.where(total > 0, total, np.nan)

    def _check_features(self, where: str, shape: tuple[int, ...]) -> None:
        features = np.broadcast(np.asarray(self.low), np.asarray(self.high)).shape
        if features and shape[-1:] != features:
            expected = f"must get {features[0]} features, as low and high have"
            raise ParameterError(f"GaussianReceptiveFields.{where}", expected, f"shape {shape}")
