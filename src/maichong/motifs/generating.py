"""Networks with wanted shares of triads: motifs are put in place, then arcs are moved until the shares are right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.motifs.census import shares, triad_census
from maichong.motifs.graph import DirectedGraph, checked_graph, directed_graph
from maichong.motifs.nulls import checked_seed
from maichong.motifs.reachable import least_distance
from maichong.motifs.triads import CONNECTED, MAN, TRIADS, class_of_code

STARTS = ("blocks", "random")
MOST_NODES = 20_000
"""Of a generated network: two rows of bits for each node, 100 MB."""
GROUPS = (1.0, 1.15, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Sizes of groups, to the smallest in which all arcs find room."""
SKEWS = (0.0, 0.6, 0.9, 1.2, 2.0)
ROUNDS = ((0.1, 1), (0.5, 1), (2.0, 1), (0.5, 8))
"""First temperatures, in units of what one arc can do to the shares, and how many times the moves asked for are tried.

Mild ones keep what the blocks brought, hot ones find more; the long one is for what is neither reached nor out of reach.
"""
COOLING = 1e-3
"""The last temperature as a share of the first."""


@dataclass(frozen=True, eq=False)
class Generated:
    """A network that was made for wanted shares of triads, and how near it came.

    ``distance`` is the total variation between the ``shares`` of its connected triads and those wanted, ``least`` a bound below
    which no network of as many nodes and arcs can come, ``reached`` whether the distance is within the tolerance. ``message`` says
    so in a sentence, and which triads are furthest off.
    """

    graph: DirectedGraph
    wanted: dict[str, float]
    shares: dict[str, float]
    distance: float
    least: float
    tolerance: float
    moves: int

    @property
    def reached(self) -> bool:
        return self.distance <= self.tolerance

    @property
    def message(self) -> str:
        words = f"total variation {self.distance:.3f} from the wanted shares"
        if self.reached:
            return f"reached: {words}"
        off = sorted(CONNECTED, key=lambda man: -abs(self.shares[man] - self.wanted[man]))[:3]
        far = ", ".join(f"{man} {self.shares[man]:.3f} for {self.wanted[man]:.3f}" for man in off)
        if self.least > self.tolerance:
            reason = f"no network of {self.graph.n:,} nodes and {self.graph.arcs:,} arcs comes nearer than {self.least:.3f}"
        else:
            reason = f"whether it can be reached is open: no network comes nearer than {self.least:.3f}"
        return f"not reached: {words}, {self.tolerance:g} were allowed; {far}; {reason}"


def generate(
    n: int,
    arcs: int,
    wanted: Mapping[str, float],
    *,
    start: str = "blocks",
    moves: int | None = None,
    tolerance: float = 0.05,
    seed: int = 0,
) -> Generated:
    """A network of ``n`` nodes and exactly ``arcs`` arcs whose connected triads have the ``wanted`` shares, as near as it gets.

    ``wanted`` has shares by MAN name that add up to 1; triads it does not name shall not occur. With ``start`` "blocks" motifs are
    drawn from these shares and put on triples of nodes, in groups and on hubs of several sizes, of which the best is taken: where
    motifs touch they make triads that nobody asked for, which moves of arcs then correct. "random" starts from arcs by chance.
    Simulated annealing moves one arc at a time and knows at once which of its n - 2 triads change. It starts up to three times from
    there, mild, warm and hot, until the distance is a fifth of ``tolerance``, and the nearest counts; ``moves`` is how many are
    tried each time, a hundred for each arc if left out. A fourth round, eight times as long, is for what is not within the
    tolerance then and not proved to be out of reach.

    Not every distribution can be had: degrees tie the counts together. Look at `Generated.reached`.

    Raises ParameterError for shares that are none, more arcs than there is room for, or bad numbers.

        >>> from maichong.motifs import generate
        >>> made = generate(60, 300, {"030T": 0.3, "021C": 0.7}, seed=1, moves=2000)
        >>> made.graph.arcs, made.reached
        (300, False)

    Metropolis et al. 1953; Milo et al. 2004, doi:10.1126/science.1089167. Not a draw from a model of networks: for statistics use
    `rewired`, which draws evenly.
    """
    from maichong.motifs.annealing import anneal  # compiles

    where = "generate"
    n = _whole(f"{where}.n", n, 4, MOST_NODES)
    arcs = _whole(f"{where}.arcs", arcs, 2, n * (n - 1))
    goal = _wanted(where, wanted)
    if not is_one_of(start, STARTS):
        raise ParameterError(f"{where}.start", f"must be one of {', '.join(STARTS)}", brief(start), did_you_mean(start, STARTS))
    tries = 100 * arcs if moves is None else _whole(f"{where}.moves", moves, 0, 10**10)
    tolerance = _tolerance(where, tolerance)
    key = checked_seed(where, seed)
    first = _blocks(n, arcs, goal, key) if start == "blocks" else _random(n, arcs, seed)
    return _annealed(anneal, first, goal, tries, tolerance, key, False)


def reshaped(
    graph: DirectedGraph, wanted: Mapping[str, float], *, moves: int | None = None, tolerance: float = 0.05, seed: int = 0
) -> Generated:
    """A network with the in- and out-degrees of ``graph`` and the ``wanted`` shares of triads, as near as it gets.

    As `generate`, with exchanges of the targets of two arcs as moves. Raises ParameterError as that does.
    """
    from maichong.motifs.annealing import anneal  # compiles

    where = "reshaped"
    graph = checked_graph(where, graph, 4)
    _whole(f"{where}.graph.n", graph.n, 4, MOST_NODES)
    goal = _wanted(where, wanted)
    tries = 100 * graph.arcs if moves is None else _whole(f"{where}.moves", moves, 0, 10**10)
    return _annealed(anneal, graph, goal, tries, _tolerance(where, tolerance), checked_seed(where, seed), True)


def _annealed(
    anneal: Any, graph: DirectedGraph, goal: np.ndarray, tries: int, tolerance: float, key: tuple[int, int], degrees: bool
) -> Generated:
    n, census = graph.n, triad_census(graph, threads=1)
    before = np.array([census[man] for man in MAN], np.int64)
    # an arc is part of about as many triads as its ends have neighbours
    unit = graph.arcs / n / max(int(before[3:].sum()), 1)
    least = least_distance(n, graph.arcs, goal)
    nearest, found, moved = np.inf, graph, 0
    for hot, times in ROUNDS:
        if nearest <= tolerance / 5 or (times > 1 and (nearest <= tolerance or least > tolerance)):
            break
        sources, targets, counts = graph.sources.astype(np.int64), graph.targets.astype(np.int64), before.copy()
        out, into = _rows(n), _rows(n)
        _set(out, sources, targets)
        _set(into, targets, sources)
        apart, made = anneal(
            n, sources, targets, out, into, counts, class_of_code(), goal, times * tries, hot * unit, hot * unit * COOLING,
            tolerance / 5, degrees, *key,
        )  # fmt: skip
        moved += made
        if apart < nearest:
            nearest, found = apart, directed_graph(sources, targets, n, names=graph.names)
    # counted anew, so that what is said of the network does not hang on what was kept up move by move
    there = shares(triad_census(found, threads=1))
    apart = 0.5 * float(np.abs(np.array([there[man] for man in CONNECTED]) - goal).sum())
    wanted = dict(zip(CONNECTED, goal.tolist(), strict=True))
    return Generated(found, wanted, there, apart, least, tolerance, moved)


def _blocks(n: int, arcs: int, goal: np.ndarray, key: tuple[int, int]) -> DirectedGraph:
    """Motifs in groups and on hubs, of the sizes whose shares of triads come nearest."""
    from maichong.motifs.annealing import distance, place  # compiles

    motifs = matrices()
    tight = next(size for size in range(3, n + 1) if size * (size - 1) * (n // size) >= arcs)
    sizes = sorted({min(round(tight * factor), n) for factor in GROUPS} | {n})
    best, nearest = None, np.inf
    for stream, (group, skew_out, skew_in) in enumerate(product(sizes, SKEWS, SKEWS)):
        sources, targets = np.empty(arcs, np.int64), np.empty(arcs, np.int64)
        place(
            n, arcs, motifs, goal, group, group == tight, skew_out, skew_in, *key, stream, _rows(n), _rows(n), sources, targets
        )
        graph = directed_graph(sources, targets, n)
        census = triad_census(graph, threads=1)
        apart = float(distance(np.array([census[man] for man in MAN], np.int64), goal))
        if apart < nearest:
            best, nearest = graph, apart
    assert best is not None
    return best


def _random(n: int, arcs: int, seed: int) -> DirectedGraph:
    """Arcs by chance: ``arcs`` of the n (n-1) there can be."""
    chosen = np.random.default_rng(seed).choice(n * (n - 1), arcs, replace=False)
    sources, rest = np.divmod(chosen, n - 1)
    return directed_graph(sources, rest + (rest >= sources), n)


def matrices() -> np.ndarray:
    """The adjacency matrices of the thirteen connected triads, int64 [13, 3, 3], nodes in the order a, b, c."""
    found = np.zeros((len(CONNECTED), 3, 3), np.int64)
    for k, triad in enumerate(TRIADS[3:]):
        for arc in triad.arcs:
            found[k, "abc".index(arc[0]), "abc".index(arc[1])] = 1
    return found


def _rows(n: int) -> np.ndarray:
    return np.zeros((n, (n + 63) // 64), np.uint64)


def _set(rows: np.ndarray, of: np.ndarray, bits: np.ndarray) -> None:
    np.bitwise_or.at(rows, (of, bits >> 6), np.uint64(1) << (bits & 63).astype(np.uint64))


def _wanted(where: str, wanted: Mapping[str, float]) -> np.ndarray:
    where = f"{where}.wanted"
    if not isinstance(wanted, Mapping) or not wanted:
        raise ParameterError(where, "must have shares by MAN name", brief(wanted), 'such as {"030T": 0.4, "021C": 0.6}')
    for man, share in wanted.items():
        if not is_one_of(man, CONNECTED):
            fix = (
                "density and nodes fix triads that do not hang together"
                if is_one_of(man, MAN)
                else did_you_mean(man, CONNECTED)
            )
            raise ParameterError(where, "must have MAN names of connected triads", brief(man), fix)
        if isinstance(share, bool) or not isinstance(share, int | float | np.floating) or not 0 <= share <= 1:
            raise ParameterError(f"{where}[{man!r}]", "must be a share between 0 and 1", brief(share))
    total = float(sum(wanted.values()))
    if abs(total - 1) > 1e-6:
        raise ParameterError(where, "must add up to 1", f"{total:.6g}", "divide each by their sum")
    return np.array([float(wanted.get(man, 0.0)) for man in CONNECTED]) / total


def _whole(where: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise ParameterError(where, f"must be a whole number between {low:,} and {high:,}", brief(value))
    return int(value)


def _tolerance(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ParameterError(f"{where}.tolerance", "must be a distance > 0 and at most 1", brief(value))
    return float(value)
