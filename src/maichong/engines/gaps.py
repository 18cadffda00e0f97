"""Gap junctions: who is coupled to whom, and how often a step is tried until the potentials of all agree.

Over a step neuron i takes the current sum_j g_ij (v_j - v_i). The part -g_ij v_i belongs to its own equations and is stepped with
them; the others' potentials enter as their means over the step, (v_j(t_k) + v_j(t_{k+1})) / 2, which is of order two. They are
found by trying the step: first with v_j(t_k), then with what the last try gave. Each try brings them nearer by the factor
g dt / (2 c), so that ``tries`` of them, fixed when the network is planned, leave 1e-9 of the first guess's error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from maichong.engines.integration import flows_of
from maichong.engines.system import System
from maichong.errors import EngineError
from maichong.network import GapJunctions, Network
from maichong.spec.symbolic import symbol

LEFT = 1e-9
"""What tries leave of the error of the first guess."""
STRONG = 0.5
"""Where a try would bring potentials less near than this, the step is too long."""


@dataclass(frozen=True)
class Pull:
    """What one population's neurons feel of another's: sparse rows, ``start`` int64 [n + 1], ``source`` int32 and ``g`` float64."""

    population: int
    other: int
    start: np.ndarray
    source: np.ndarray
    g: np.ndarray


@dataclass(frozen=True)
class Coupling:
    """All gap junctions of a network: the ``pulls``, sorted by population, and how many ``tries`` a step takes."""

    pulls: tuple[Pull, ...] = ()
    tries: int = 0

    @property
    def populations(self) -> tuple[int, ...]:
        """The coupled populations."""
        return tuple(dict.fromkeys(pull.population for pull in self.pulls))


Junctions = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Pairs i, j, and what they conduct, each [junctions]."""


def pulls(network: Network, junctions: Callable[[GapJunctions], Junctions]) -> tuple[Pull, ...]:
    """The rows of each coupled population; ``junctions`` gives the pairs (i of a, j of b) and what they conduct."""
    order = list(network.populations)
    found: dict[tuple[int, int], list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {}
    for gap in network.gaps.values():
        i, j, g = junctions(gap)
        others = i != j if gap.a == gap.b else slice(None)
        i, j, g = i[others], j[others], g[others]
        a, b = order.index(gap.a), order.index(gap.b)
        found.setdefault((a, b), []).append((i, j, g))
        found.setdefault((b, a), []).append((j, i, g))
    rows = []
    for (population, other), parts in sorted(found.items()):
        i, j, g = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        sort = np.lexsort((j, i))
        n = network.populations[order[population]].n
        start = np.concatenate([[0], np.cumsum(np.bincount(i, minlength=n))]).astype(np.int64)
        rows.append(Pull(population, other, start, j[sort].astype(np.int32), g[sort]))
    return tuple(rows)


def conductances(rows: tuple[Pull, ...], population: int) -> np.ndarray | None:
    """What the gap junctions of each neuron of a population conduct in all, [n]; None where it has none."""
    mine = [pull for pull in rows if pull.population == population]
    if not mine:
        return None
    return np.sum([np.bincount(_owners(pull), pull.g, pull.start.size - 1) for pull in mine], axis=0)


def _owners(pull: Pull) -> np.ndarray:
    """The neuron of each entry of the rows."""
    return np.repeat(np.arange(pull.start.size - 1), np.diff(pull.start))


def pulled(pull: Pull, v: np.ndarray) -> np.ndarray:
    """The sum of conductances times the others' potentials ``v``, of each neuron."""
    return np.bincount(_owners(pull), pull.g * v[pull.source], pull.start.size - 1)


def coupling(rows: tuple[Pull, ...], systems: Mapping[int, System | None], dt: float, names: list[str]) -> Coupling:
    """The coupling, with the number of tries; EngineError where the step is too long for it."""
    worst = 0.0
    for population in dict.fromkeys(pull.population for pull in rows):
        system = systems[population]
        assert system is not None
        share = _response(system) * np.asarray(system.params["g_gap"]) * dt / 2
        if share.max() > STRONG:
            raise EngineError(
                f"population {names[population]!r}",
                f"its gap junctions need dt <= {dt * STRONG / share.max():.2g} ms",
                f"{dt:g} ms",
            )
        worst = max(worst, float(share.max()))
    return Coupling(rows, max(1, int(np.ceil(np.log(LEFT) / np.log(max(worst, 1e-6))))) if rows else 0)


def _response(system: System) -> np.ndarray:
    """How fast the membrane moves for one unit of current: 1 / c."""
    import sympy as sp

    slope = flows_of(system)[system.membrane].diff(symbol(next(iter(system.drives.values()))))
    used = sorted(str(free) for free in slope.free_symbols)
    if not set(used) <= set(system.params):
        raise EngineError(
            f"{system.neuron.model.name}", "cannot be coupled by gap junctions: what a current does depends on its state"
        )
    function = sp.lambdify([symbol(name) for name in used], slope, "numpy")
    return np.abs(np.asarray(function(*(np.asarray(system.params[name], np.float64) for name in used)), np.float64))
