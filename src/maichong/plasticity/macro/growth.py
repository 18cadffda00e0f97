"""Structural plasticity by homeostasis: neurons grow and retract synaptic elements until their calcium is where they want it.

    dCa/dt = -Ca / tau + beta sum_k delta(t - t_k)      spikes of the neuron itself
    dz/dt = nu (1 - Ca / eps)                            linear
    dz/dt = nu (2 exp(-((Ca - xi) / zeta)^2) - 1)        gaussian, xi = (eta + eps) / 2, zeta = (eps - eta) / (2 sqrt(ln 2))
    dz/dt = nu (2 / (1 + exp((Ca - eps) / psi)) - 1)     sigmoid

z >= 0 is the number of axonal or dendritic elements of a neuron, eps the calcium at which growth stops, eta the one below which a
gaussian curve retracts, too. Of z its whole part can be bound. A neuron with more bound than it has lets random synapses go; what
is then free, axonal and dendritic, is matched at random (``restructured``).

Source: Butz & van Ooyen 2013, doi:10.1371/journal.pcbi.1003259; the sigmoid and exact calcium: Diaz-Pier, Naveau, Butz-Ostendorf &
Morrison 2016, doi:10.3389/fnana.2016.00057.

Not for learning a task: it holds activity, not memories. To prune by weight and keep the number of synapses see prune_and_regrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.plasticity.macro.wiring import Wiring
from maichong.spec.quantities import is_number

CURVES = ("linear", "gaussian", "sigmoid")


@dataclass(frozen=True)
class GrowthCurve:
    """How fast elements grow at a level of calcium: ``nu`` in elements per ms, at most; ``eps``, ``eta`` and ``psi`` as calcium.

    Raises ParameterError for an unknown shape, numbers that are none, an eps or psi that is not > 0, and an eta >= eps.

    >>> from maichong.plasticity.macro.growth import GrowthCurve
    >>> GrowthCurve("gaussian", nu=1.0, eta=0.1, eps=0.7).rate([0.1, 0.4, 1.0]).round(6)
    array([ 0.   ,  1.   , -0.875])
    """

    shape: str = "gaussian"
    nu: float = 1e-4
    eps: float = 0.7
    eta: float = 0.1
    psi: float = 0.1

    def __post_init__(self) -> None:
        if not is_one_of(self.shape, CURVES):
            hint = did_you_mean(self.shape, CURVES)
            raise ParameterError("GrowthCurve.shape", f"must be one of {', '.join(CURVES)}", brief(self.shape), hint)
        for name in ("nu", "eps", "eta", "psi"):
            value = getattr(self, name)
            positive = name in ("eps", "psi")
            if not is_number(value) or not np.isfinite(value) or (positive and value <= 0):
                raise ParameterError(
                    f"GrowthCurve.{name}", f"must be a finite number{' > 0' if positive else ''}", brief(value)
                )
        if self.shape == "gaussian" and self.eta >= self.eps:
            raise ParameterError("GrowthCurve.eta", f"must be < eps = {self.eps:g}", f"{self.eta:g}")

    def rate(self, calcium: Any) -> np.ndarray:
        """dz/dt in elements per ms at ``calcium``, of any shape."""
        ca = np.asarray(calcium, np.float64)
        if self.shape == "linear":
            return self.nu * (1.0 - ca / self.eps)
        if self.shape == "gaussian":
            xi, zeta = (self.eta + self.eps) / 2.0, (self.eps - self.eta) / (2.0 * math.sqrt(math.log(2.0)))
            return self.nu * (2.0 * np.exp(-(((ca - xi) / zeta) ** 2)) - 1.0)
        # tanh is the same curve, and does not overflow
        return -self.nu * np.tanh((ca - self.eps) / (2.0 * self.psi))

    def grown(self, elements: Any, calcium: Any, duration: float) -> np.ndarray:
        """The ``elements`` after ``duration`` ms at this ``calcium``, never below 0; choose steps short beside calcium's tau."""
        return np.maximum(0.0, np.asarray(elements, np.float64) + self.rate(calcium) * duration)


def calcium_after(
    calcium: Any, times: Any, ids: Any, begin: float, end: float, tau: float = 10_000.0, beta: float = 1e-3
) -> np.ndarray:
    """Calcium [neurons] at ``end`` ms, exactly, from that at ``begin`` and the spikes in between.

    ``times`` in ms and neurons ``ids`` are those of the spikes; what lies outside (begin, end] does not count, so that
    ``run["e"].spikes`` can be given as it is. ``tau`` is in ms, ``beta`` what a spike adds. Raises ParameterError for tau that is
    not > 0, end before begin, or ids that are no neurons.
    """
    ca, t, who = np.asarray(calcium, np.float64), np.asarray(times, np.float64), np.asarray(ids, np.int64)
    if not is_number(tau) or not tau > 0:
        raise ParameterError("calcium_after, tau", "must be > 0 ms", brief(tau))
    if not end >= begin:
        raise ParameterError("calcium_after, end", f"must not lie before begin = {begin:g} ms", f"{end:g} ms")
    if t.shape != who.shape or (who.size and not 0 <= who.min() <= who.max() < ca.size):
        raise ParameterError("calcium_after, ids", f"must name a neuron, 0..{ca.size - 1}, for each spike", brief(ids))
    seen = (t > begin) & (t <= end)
    jumps = np.bincount(who[seen], np.exp((t[seen] - end) / tau), minlength=ca.size)
    return ca * math.exp((begin - end) / tau) + beta * jumps


def restructured(wiring: Wiring, axonal: Any, dendritic: Any, weight: float | np.ndarray, rng: np.random.Generator) -> Wiring:
    """The synapses after neurons let go what they have no elements for, and free elements have met.

    ``axonal`` z [n_pre] and ``dendritic`` z [n_post] are elements, bound or free; ``weight`` is that of a new synapse, one number
    or one for each pre [n_pre]. A pair may get several synapses; a neuron gets none with itself where the wiring forbids it. Raises
    ParameterError for elements of another length or below 0, and for weights against the sign of their neuron, where ``wiring`` has
    signs.
    """
    counts = []
    for name, z, n in (("axonal", axonal, wiring.n_pre), ("dendritic", dendritic, wiring.n_post)):
        z = np.asarray(z, np.float64)
        if z.shape != (n,) or not (z >= 0).all() or not np.isfinite(z).all():
            raise ParameterError(f"restructured, {name}", f"must be {n} finite numbers >= 0", f"shape {z.shape}")
        counts.append(np.floor(z).astype(np.int64))
    kept = wiring.kept(~_excess(wiring.pre, counts[0], rng))
    kept = kept.kept(~_excess(kept.post, counts[1], rng))
    free_axonal = counts[0] - np.bincount(kept.pre, minlength=wiring.n_pre)
    free_dendritic = counts[1] - np.bincount(kept.post, minlength=wiring.n_post)
    pre, post = matched(free_axonal, free_dendritic, rng, autapses=wiring.autapses)
    each = np.broadcast_to(np.asarray(weight, np.float64), (wiring.n_pre,))
    return kept.grown(pre, post, each[pre])


def matched(
    axonal: np.ndarray, dendritic: np.ndarray, rng: np.random.Generator, *, autapses: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """pre and post of new synapses: whole free elements ``axonal`` [n_pre] and ``dendritic`` [n_post] matched at random.

    As many as the rarer kind has. A pair that would be an autapse trades its target with another pair, at random among those where
    neither becomes one; where there are none, its elements stay free.
    """
    pre = rng.permutation(np.repeat(np.arange(axonal.size), axonal))
    post = rng.permutation(np.repeat(np.arange(dendritic.size), dendritic))
    n = min(pre.size, post.size)
    pre, spare = pre[:n], post[n:]
    post = post[:n].copy()
    if autapses:
        return pre, post
    for k in np.flatnonzero(pre == post):
        if pre[k] != post[k]:  # it has traded already
            continue
        own = pre[k]
        unbound = np.flatnonzero(spare != own)
        if unbound.size:
            other = rng.choice(unbound)
            post[k], spare[other] = spare[other], post[k]
            continue
        others = np.flatnonzero((pre != own) & (post != own))
        if others.size:
            other = rng.choice(others)
            post[k], post[other] = post[other], post[k]
    apart = pre != post
    return pre[apart], post[apart]


def _excess(ends: np.ndarray, allowed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which synapses their neurons let go: at random, as many as each has above ``allowed`` [neurons]."""
    order = rng.permutation(ends.size)
    order = order[np.argsort(ends[order], kind="stable")]
    bound = np.bincount(ends, minlength=allowed.size)
    place = np.arange(ends.size) - np.repeat(np.cumsum(bound) - bound, bound)
    gone = np.zeros(ends.size, bool)
    gone[order] = place >= allowed[ends[order]]
    return gone
