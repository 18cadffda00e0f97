"""Following a branch of steady states round its folds, by pseudo-arclength.

From a point and its tangent a step along the tangent is corrected by Newton's method in the plane across it; the step grows where
that is easy and shrinks where it is not. Keller 1977, in Applications of Bifurcation Theory (ed. Rabinowitz); Kuznetsov 2004,
chapter 10, doi:10.1007/978-1-4757-3978-7.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from maichong.analysis.dynamics import Dynamics
from maichong.analysis.fixed_points import steady

LONGEST = 0.01
"""The longest step, as a share of the range."""
SHORTEST = 1e-7
MOST = 20_000

Along = Callable[[float], tuple[np.ndarray, float]]


def branches_by_arclength(
    system: Dynamics, bounds: tuple[float, float], reach: tuple[float, float]
) -> list[tuple[np.ndarray, Along]]:
    """The branches that begin at ``bounds``: each as places along it, and the function from a place to states and current."""
    low, high = bounds
    starts = [
        (np.append(y, bound), inward) for bound, inward in ((low, 1.0), (high, -1.0)) for y in steady(system, bound, reach)
    ]
    scale = _scale(system, [start for start, _ in starts], bounds, reach)
    branches: list[np.ndarray] = []
    for start, inward in starts:
        if any((np.abs(branch[[0, -1]] - start) < 1e-6 * scale).all(axis=1).any() for branch in branches):
            continue  # the other end of a branch that was followed already
        points = _follow(system, start, inward, scale, bounds)
        if len(points) > 1:
            branches.append(points)
    return [(np.arange(len(points), dtype=np.float64), _between(system, points, scale)) for points in branches]


def _scale(system: Dynamics, starts: list[np.ndarray], bounds: tuple[float, float], reach: tuple[float, float]) -> np.ndarray:
    """What counts as far for each state and for the current."""
    spread = np.ptp(np.stack(starts), axis=0) if starts else np.ones(len(system.states) + 1)
    size = np.abs(np.stack(starts)).max(axis=0) if starts else spread
    scale = np.maximum(np.maximum(spread, 0.1 * size), 1e-3)
    scale[-1] = bounds[1] - bounds[0]
    return scale


def _follow(system: Dynamics, start: np.ndarray, inward: float, scale: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    """The points [points, states + 1] from ``start`` until the current leaves the bounds."""
    points = [start]
    tangent = _tangent(system, start, scale)
    tangent *= np.sign(tangent[-1] or 1.0) * inward
    length = LONGEST / 10
    for _ in range(MOST):
        guess = points[-1] + length * tangent * scale
        solved, easy = _correct(system, guess, tangent, scale)
        if solved is None or np.abs((solved - points[-1]) / scale).max() > 2 * length:
            length /= 2
            if length < SHORTEST:
                break
            continue
        if not bounds[0] <= solved[-1] <= bounds[1]:
            edge = bounds[0] if solved[-1] < bounds[0] else bounds[1]
            share = (edge - points[-1][-1]) / (solved[-1] - points[-1][-1])
            end = points[-1] + share * (solved - points[-1])
            end[-1] = edge
            across = np.zeros(end.size)
            across[-1] = 1.0
            last, _ = _correct(system, end, across, scale)
            if last is not None and share > 0:
                points.append(last)
            break
        points.append(solved)
        onward = _tangent(system, solved, scale)
        tangent = onward * np.sign(onward @ tangent)
        length = min(LONGEST, length * (1.5 if easy else 1.0))
        if len(points) > 20 and (np.abs(solved - start) < 0.5 * length * scale).all():
            break  # a closed branch
    return np.stack(points)


def _tangent(system: Dynamics, point: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The direction of the branch in scaled coordinates: what the scaled derivatives of the flow take to 0."""
    return np.linalg.svd(_derivatives(system, point) * scale)[2][-1]


def _derivatives(system: Dynamics, point: np.ndarray) -> np.ndarray:
    y, current = point[:-1], point[-1]
    matrix = np.column_stack([system.jacobian(y, current), system.by_input(y, current)])
    return matrix / np.maximum(np.abs(matrix).max(axis=1, keepdims=True), 1e-300)


def _correct(system: Dynamics, guess: np.ndarray, normal: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray | None, bool]:
    """The steady state in the plane through ``guess`` across ``normal``, and whether it was found easily; None if not at all."""
    point = guess.copy()
    for k in range(12):
        y, current = point[:-1], point[-1]
        matrix = np.column_stack([system.jacobian(y, current), system.by_input(y, current)]) * scale
        right = np.append(system.flow(y, current), normal @ ((point - guess) / scale))
        try:
            change = np.linalg.solve(np.vstack([matrix, normal]), right)
        except np.linalg.LinAlgError:
            return None, False
        if not np.isfinite(change).all():
            return None, False
        point = point - change * scale
        if np.abs(change).max() < 1e-13 or (k > 3 and np.abs(change).max() < 1e-11):
            return point, k <= 4
    return None, False


def _between(system: Dynamics, points: np.ndarray, scale: np.ndarray) -> Along:
    """Any place between two points of the branch, corrected in the plane across the line that joins them."""

    def along(place: float) -> tuple[np.ndarray, float]:
        k = min(int(place), len(points) - 2)
        step = points[k + 1] - points[k]
        guess = points[k] + (place - k) * step
        normal = step / scale
        solved, _ = _correct(system, guess, normal / np.linalg.norm(normal), scale)
        point = guess if solved is None else solved
        return point[:-1], float(point[-1])

    return along
