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

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.spec.quantities import is_number


@dataclass(frozen=True)
class GaussianReceptiveFields:
    """``m`` fields (>= 3) for each feature, whose values lie between ``low`` and ``high``, a number or one for each feature.

    ``encode`` gives latencies up to ``t_max`` ms, in whole ms with ``rounded``; neurons with an activation below ``threshold``
    stay silent. Raises ParameterError for bounds that are none.

        >>> fields = GaussianReceptiveFields(m=8)
        >>> fields.encode([[0.3]])[0].tolist()
        [inf, 9.0, 1.0, 4.0, inf, inf, inf, inf]
        >>> float(fields.decode(fields.encode([[0.3]]))[0, 0].round(3))
        0.302
    """

    m: int = 8
    low: Any = 0.0
    high: Any = 1.0
    beta: float = 1.5
    t_max: float = 10.0
    threshold: float = 0.1
    rounded: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.m, bool) or not isinstance(self.m, int) or self.m < 3:
            raise ParameterError("GaussianReceptiveFields.m", "must be a whole number >= 3", brief(self.m))
        for name in ("beta", "t_max"):
            value = getattr(self, name)
            if not is_number(value) or not 0 < value < np.inf:
                raise ParameterError(f"GaussianReceptiveFields.{name}", "must be a number > 0", brief(value))
        if not is_number(self.threshold) or not 0 <= self.threshold < 1:
            raise ParameterError(
                "GaussianReceptiveFields.threshold", "must be a number from 0 to below 1", brief(self.threshold)
            )
        bounds = {}
        for name in ("low", "high"):
            try:
                bounds[name] = np.array(getattr(self, name), np.float64)
            except (TypeError, ValueError):
                bounds[name] = np.array(np.nan)
            if bounds[name].ndim > 1 or not np.isfinite(bounds[name]).all():
                expected = "must be a finite number, or one for each feature"
                raise ParameterError(f"GaussianReceptiveFields.{name}", expected, brief(getattr(self, name)))
        sizes = {bound.size for bound in bounds.values() if bound.ndim}
        if len(sizes) > 1:
            raise ParameterError(
                "GaussianReceptiveFields.high", f"must be as many as low, {bounds['low'].size}", str(bounds["high"].size)
            )
        if not (bounds["high"] > bounds["low"]).all():
            fix = "leave out features that never change"
            raise ParameterError("GaussianReceptiveFields.high", "must be above low", brief(self.high), fix)

    @property
    def centres(self) -> np.ndarray:
        """mu, [m], or [features, m] where bounds are given for each."""
        low, high = np.asarray(self.low, np.float64)[..., None], np.asarray(self.high, np.float64)[..., None]
        return low + (2.0 * np.arange(1, self.m + 1) - 3.0) / 2.0 * (high - low) / (self.m - 2)

    @property
    def sigma(self) -> np.ndarray:
        """The width of the fields, one, or [features]."""
        return (np.asarray(self.high, np.float64) - self.low) / (self.beta * (self.m - 2))

    def activations(self, x: Any) -> np.ndarray:
        """g of values [samples, features]: [samples, features, m]."""
        values = self._values("activations", x)
        return np.exp(-(((values[:, :, None] - self.centres) / self.sigma[..., None]) ** 2) / 2.0)

    def encode(self, x: Any) -> np.ndarray:
        """Latencies in ms of values [samples, features]: [samples, features * m], infinity for silence."""
        g = self.activations(x)
        times = self.t_max * (1.0 - g)
        times = np.where(g < self.threshold, np.inf, np.rint(times) if self.rounded else times)
        return times.reshape(len(g), -1)

    def decode(self, times: Any) -> np.ndarray:
        """Values [samples, features] of latencies [samples, features * m]; NaN where all neurons of a feature are silent."""
        given = np.asarray(times, np.float64)
        if given.ndim != 2 or given.shape[1] % self.m:
            expected = f"must be latencies [samples, features * {self.m}]"
            raise ParameterError("GaussianReceptiveFields.decode", expected, f"shape {given.shape}")
        g = np.maximum(0.0, 1.0 - given / self.t_max).reshape(len(given), -1, self.m)
        total = g.sum(axis=2)
        with np.errstate(invalid="ignore"):
            return (g * self.centres).sum(axis=2) / np.where(total > 0, total, np.nan)

    def _values(self, method: str, x: Any) -> np.ndarray:
        where = f"GaussianReceptiveFields.{method}"
        try:
            values = np.array(x, np.float64)
        except (TypeError, ValueError):
            values = np.empty((0, 0))
        if values.ndim != 2 or not values.size:
            raise ParameterError(where, "must get values [samples, features]", brief(x))
        if not np.isfinite(values).all():
            raise ParameterError(where, "must get finite values", "NaN or infinity", "leave out samples with missing values")
        features = np.broadcast(np.asarray(self.low), np.asarray(self.high)).size
        if np.ndim(self.low) + np.ndim(self.high) and values.shape[1] != features:
            raise ParameterError(where, f"must get {features} features, as low and high have", f"{values.shape[1]}")
        return values
