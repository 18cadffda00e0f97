"""Evolution by CMA-ES: the weights, delays or constants of a net are drawn, judged as a whole, and drawn again nearer the best.

    x_k ~ N(m, sigma^2 C), k = 1 ... lambda;      m, sigma and C follow the better half of each generation

The objective is any function of a vector: what it does with it, simulate, count spikes, play a game, nobody asks, and no gradient
is needed. The search is that of the package cma, by its ask and tell.

Source: Hansen & Ostermeier 2001, doi:10.1162/106365601750190398; Hansen 2016, arXiv:1604.00772. It needs ``maichong[evolve]``.

Not for more than a few thousand numbers: the covariance grows with their square. Not where gradients are at hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import MaichongError, ParameterError, brief
from maichong.spec.quantities import in_unit, is_number


@dataclass(frozen=True)
class Evolved:
    """What a search found: the best vector ``x`` [n] and its ``value``, how many ``evaluations`` it took, and ``curve``, the best
    value of each generation [generations]."""

    x: np.ndarray
    value: float
    evaluations: int
    curve: np.ndarray


def evolve(
    objective: Callable[[np.ndarray], float],
    x0: Any,
    sigma: float,
    *,
    seed: int = 1,
    generations: int = 1000,
    population: int | None = None,
    bounds: tuple[float | None, float | None] | None = None,
    target: float | None = None,
    tell: Callable[[int, float], None] | None = None,
) -> Evolved:
    """Minimise ``objective(x)`` by CMA-ES, from around ``x0`` [n], n >= 2, with steps of the size ``sigma`` at first.

    It ends after ``generations``, once a value is <= ``target``, or when cma sees that nothing more comes of it. ``population`` is
    lambda, 4 + floor(3 ln n) by default; ``bounds`` (low, high) hold for all numbers, None: unbounded. ``tell(generation, best)``
    hears of each generation. ``seed`` fixes the search; NumPy's global random numbers are left alone.

    Raises ParameterError for arguments out of bounds and an objective that gives no number; MaichongError without the package cma.

    >>> from maichong.plasticity.macro.evolution import evolve
    >>> evolve(lambda x: float(((x - [3.0, -1.0]) ** 2).sum()), [0.0, 0.0], 1.0, target=1e-9).x.round(3)
    array([ 3., -1.])
    """
    start = np.array(in_unit(x0, "", "evolve, x0"), np.float64)
    if start.ndim != 1 or start.size < 2 or not np.isfinite(start).all():
        raise ParameterError("evolve, x0", "must be two finite numbers or more", brief(x0))
    if not is_number(sigma) or not np.isfinite(sigma) or sigma <= 0:
        raise ParameterError("evolve, sigma", "must be a number > 0", brief(sigma))
    for name, value, least in (("seed", seed, 0), ("generations", generations, 1), ("population", population, 2)):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least
        if not whole and not (name == "population" and value is None):
            raise ParameterError(f"evolve, {name}", f"must be a whole number >= {least}", brief(value))
    draw = np.random.default_rng(seed)
    options: dict[str, Any] = {
        "verbose": -9, "verb_log": 0, "maxiter": generations,
        # cma would seed NumPy's global generator, which others may be drawing from
        "seed": math.nan, "randn": lambda *shape: draw.standard_normal(shape),
    }  # fmt: skip
    if population is not None:
        options["popsize"] = int(population)
    if target is not None and not is_number(target):
        raise ParameterError("evolve, target", "must be a number, or None", brief(target))
    if bounds is not None:
        options["bounds"] = list(_bounds(bounds, start))
    search = _cma().CMAEvolutionStrategy(start, float(sigma), options)
    best, best_x, evaluations, curve = math.inf, start, 0, []
    while not search.stop() and (target is None or best > target):
        drawn = search.ask()
        values = [_value(objective, x) for x in drawn]
        search.tell(drawn, values)
        evaluations += len(values)
        least = int(np.argmin(values))
        curve.append(values[least])
        if values[least] < best:
            best, best_x = values[least], np.array(drawn[least])
        if tell:
            tell(len(curve), best)
    return Evolved(best_x, best, evaluations, np.array(curve))


def _value(objective: Callable[[np.ndarray], float], x: np.ndarray) -> float:
    value = objective(np.array(x))
    if not is_number(value) or math.isnan(value):
        raise ParameterError(
            "evolve, objective", "must give one number", brief(value), "give math.inf for what cannot be judged"
        )
    return float(value)


def _bounds(bounds: Any, start: np.ndarray) -> tuple[float | None, float | None]:
    pair = isinstance(bounds, (tuple, list)) and len(bounds) == 2 and all(b is None or is_number(b) for b in bounds)
    low, high = bounds if pair else (1.0, 0.0)
    if not pair or not (-math.inf if low is None else low) < (math.inf if high is None else high):
        raise ParameterError(
            "evolve, bounds", "must be a pair (low, high) with low < high, or None for no bound", brief(bounds)
        )
    if (low is not None and start.min() < low) or (high is not None and start.max() > high):
        raise ParameterError("evolve, x0", "must lie within the bounds", brief(start.tolist()))
    return low, high


def _cma() -> Any:
    try:
        import cma
    except ImportError:
        raise MaichongError("evolve", "needs the package cma", fix='pip install "maichong[evolve]"') from None
    return cma
