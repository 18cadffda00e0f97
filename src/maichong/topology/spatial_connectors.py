"""Connectors in space: whether two neurons are joined depends on how far apart they are."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief
from maichong.spec.distance_kernel import DistanceKernel
from maichong.spec.quantities import in_unit, is_number
from maichong.topology.connectors import Connector, Pairs, in_order
from maichong.topology.distances import Space
from maichong.topology.positions import per_axis, settle_positions
from maichong.topology.random_connectors import FixedProbability, check_flag

EDGE = 1e-12
"""Distances that differ by this part are the same: a cut-off on a point of a grid takes that point in."""


@dataclass(frozen=True, eq=False)
class DistanceProbability(Connector):
    """Each pair with the probability kernel(d) of its distance d, independently, where inner <= d <= outer.

    ``pre`` and ``post`` are the positions of the two populations, float64 [n, axes] with one to three axes (``grid_positions``,
    ``uniform_positions``). With an ``outer`` alone the targets lie in a ball, with ``inner`` too in a doughnut. ``period``, one
    length or one for each axis, closes space to a torus, where the shortest way counts. ``autapses=False`` leaves out pairs of the
    same index.

    A mean of sum kernel(d_ij) pairs is drawn. What is near is found by a k-d tree and far pairs by thinning evenly drawn ones, so
    that the work grows with the pairs that there are and not with all that could be: 100,000 neurons need no matrix. Nothing is cut
    off for that: a Gaussian keeps its tail.

    Raises ParameterError for a kernel that is no probability or grows with distance, positions that are none and cut-offs that
    are not 0 <= inner <= outer; NetworkError where a population has another size.

    Source: the "pairwise Bernoulli" rule of NEST's spatial networks, with kernel and mask (Senk et al. 2022,
    doi:10.3389/fninf.2022.884046).

    Not where each neuron must have the same number of partners.

    >>> import numpy as np
    >>> from maichong import DistanceKernel
    >>> from maichong.topology import DistanceProbability, grid_positions
    >>> places = grid_positions((10, 10))
    >>> near = DistanceProbability(DistanceKernel("constant"), places, places, outer=1.0, period=10.0, autapses=False)
    >>> pre, post = near.pairs(100, 100, np.random.default_rng(0))
    >>> post[pre == 0]
    array([ 1,  9, 10, 90])
    """

    kernel: DistanceKernel
    pre: np.ndarray
    post: np.ndarray
    inner: float = 0.0
    outer: float | None = None
    period: Any = None
    autapses: bool = True
    kind: ClassVar[str] = "distance_probability"
    drawn: ClassVar[bool] = True
    spatial: ClassVar[bool] = True

    def __post_init__(self) -> None:
        name, kernel = type(self).__name__, self.kernel
        if not isinstance(kernel, DistanceKernel):
            raise ParameterError(
                f"{name}.kernel", "must be a DistanceKernel, such as DistanceKernel('gaussian')", brief(kernel)
            )
        low, high = kernel.bounds()
        if low < 0 or high > 1:
            raise ParameterError(f"{name}.kernel", "must be a probability between 0 and 1", f"{low:g} to {high:g}")
        if kernel.peak < 0 and kernel.shape != "constant":
            raise ParameterError(f"{name}.kernel", "must not grow with distance", brief(kernel))
        for end in ("pre", "post"):
            object.__setattr__(self, end, settle_positions(getattr(self, end), f"{name}.{end}"))
        axes = self.pre.shape[1]
        if self.post.shape[1] != axes:
            raise ParameterError(name, "pre and post must have the same number of axes", f"{axes} and {self.post.shape[1]}")
        inner, outer = (
            in_unit(value, "", name) if is_number(value) else np.nan
            for value in (self.inner, np.inf if self.outer is None else self.outer)
        )
        if not 0 <= inner <= outer or inner == np.inf:
            raise ParameterError(name, "must have 0 <= inner <= outer", f"{brief(self.inner)}, {brief(self.outer)}")
        object.__setattr__(self, "inner", inner)
        object.__setattr__(self, "outer", outer if outer < np.inf else None)
        if self.period is not None:
            object.__setattr__(self, "period", per_axis(self.period, axes, f"{name}.period"))
        object.__setattr__(self, "autapses", check_flag(self.autapses, f"{name}.autapses"))

    @property
    def counted(self) -> bool:
        return False

    @functools.cached_property
    def _space(self) -> Space:
        return Space(self.pre, self.post, np.zeros(self.pre.shape[1]) if self.period is None else self.period)

    @property
    def _outer(self) -> float:
        return np.inf if self.outer is None else self.outer

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        for end, n, positions in (("pre", n_pre, self.pre), ("post", n_post, self.post)):
            if len(positions) != n:
                raise NetworkError(
                    where, f"{type(self).__name__}.{end} must hold {n} positions, one per neuron", len(positions)
                )

    def distances(self, pre: np.ndarray, post: np.ndarray) -> np.ndarray:
        return self._space.distances(pre, post)

    def probability(self, distance: np.ndarray) -> np.ndarray:
        """The probability of a pair at each of these distances."""
        inside = (distance >= self.inner * (1 - EDGE)) & (distance <= self._outer * (1 + EDGE))
        return np.where(inside, self.kernel.at(distance), 0.0)

    def expected(self, n_pre: int, n_post: int) -> float:
        """The mean number of pairs; of many neurons, by the distances from some of them to all others."""
        return self._forecast[0]

    def likely_distances(self) -> tuple[np.ndarray, np.ndarray]:
        apart = self._space.sampled()
        return apart.ravel(), self.probability(apart).ravel() * (len(self.pre) / max(apart.shape[0], 1))

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        seed = int(rng.integers(2**63))
        _, radius, per_source = self._forecast
        found = [self._kept(i, j, self.probability(apart), seed) for i, j, apart in self._space.neighbours(radius, per_source)]
        if radius < self._outer and (most := float(self.kernel.at(np.array(radius)))) > 0:
            # beyond the radius no pair is likelier than this: pairs drawn so, of which some are kept
            i, j = FixedProbability(most).pairs(n_pre, n_post, rng)
            apart = self.distances(i, j)
            far = apart > radius
            found.append(self._kept(i[far], j[far], self.probability(apart[far]) / most, seed))
        pre, post = (np.concatenate([part[end] for part in found] or [np.zeros(0, np.int64)]) for end in (0, 1))
        return in_order(pre, post, n_post)

    def _kept(self, i: np.ndarray, j: np.ndarray, chance: np.ndarray, seed: int) -> Pairs:
        """Those of the pairs that are there: by a random number of each pair, whatever the order in which they are found."""
        from maichong.topology.pair_kernels import thin  # compiles

        there = np.empty(i.size, bool)
        thin(i, j, chance, seed & 0xFFFFFFFF, seed >> 32, there)
        if not self.autapses:
            there &= i != j
        return i[there], j[there]

    @functools.cached_property
    def _forecast(self) -> tuple[float, float, float]:
        """The mean number of pairs, the radius up to which neighbours are looked at one by one, and how many these are a source.

        The radius is where looking at all that are nearer and drawing evenly beyond it costs least.
        """
        apart = self._space.sampled()
        if not apart.size:
            return 0.0, 0.0, 0.0
        scale = len(self.pre) / apart.shape[0]
        mean = scale * float(self.probability(apart).sum())
        if not self.autapses:
            own = np.arange(min(len(self.pre), len(self.post)))
            mean -= float(self.probability(self.distances(own, own)).sum())
        flat = np.sort(apart, axis=None)
        ranks = np.geomspace(1, flat.size, 400).astype(np.int64) - 1
        tried = np.unique(flat[ranks])
        if self.outer is not None:
            tried = np.append(tried[tried < self.outer], self.outer * (1 + EDGE))
        near = np.searchsorted(flat, tried, side="right") / flat.size
        beyond = np.where(tried < self._outer, self.kernel.at(tried), 0.0)
        best = int(np.argmin(near + beyond))
        return max(mean, 0.0), float(tried[best]), float(near[best] * apart.shape[1])
