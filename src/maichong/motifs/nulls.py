"""What a graph is compared with: networks of the same degrees, with or without the same mutual pairs, or chance alone.

The choice decides the sign. In the macaque's visual cortex the triad 201 is far too rare beside networks whose nodes have as many
mutual pairs, and far too frequent beside networks that only have the degrees, because those have few mutual pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.motifs.census import checked_threads, raw_counts, recovered
from maichong.motifs.coloured import classes
from maichong.motifs.graph import DirectedGraph, checked_graph, directed_graph
from maichong.random import uniform

NULLS = ("none", "degree", "degree-mutual")
"""Arcs drawn independently (closed form); in- and out-degrees; these and each node's number of mutual pairs."""
QUALITY = 100
"""Tries for each arc, at least; up to twice as many are drawn, as in mfinder."""
LENGTHS = 0x6C656E67
"""A stream of random numbers of our own: "leng"."""
PART = 20_000
"""Arcs of the null networks that a thread draws at a time: Ctrl-C waits for it."""
Arcs = tuple[np.ndarray, np.ndarray]
"""The arcs of a network as starts [n + 1] and targets, as in a DirectedGraph."""


def rewired(graph: DirectedGraph, null: str = "degree-mutual", *, quality: float = QUALITY, seed: int = 0) -> DirectedGraph:
    """A random network in which every node has the in- and out-degree that it has in ``graph``.

    With ``null`` "degree-mutual" it also has as many mutual pairs; with "degree" these fall as they may. ``quality`` is the number
    of tries for each arc, at least (Milo et al. 2003 found 100 more than enough). The same ``seed`` gives the same network.

    Exchanges of two arcs do not reach every network of these degrees where a directed 3-cycle is locked between its neighbours;
    this is rare, and the customary null model of motifs has the same gap.

    Raises ParameterError for another null model, quality or seed.

        >>> from maichong.motifs import directed_graph, rewired
        >>> graph = directed_graph([0, 1, 2, 3], [1, 2, 3, 0])
        >>> rewired(graph, seed=2).out_degrees.tolist()
        [1, 1, 1, 1]
    """
    from maichong.motifs.switching import switched  # compiles

    where = "rewired"
    graph = checked_graph(where, graph)
    held = _held(where, null)
    singles, pairs = _split(graph, held)
    key = checked_seed(where, seed)
    switched(graph.n, singles, pairs, held, _tries(graph, checked_quality(where, quality), seed, 0), 0, *key)
    return directed_graph(*_ends(singles, pairs), graph.n, names=graph.names)


def null_censuses(
    graph: DirectedGraph,
    null: str = "degree-mutual",
    nulls: int = 1000,
    *,
    quality: float = QUALITY,
    seed: int = 0,
    threads: int | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> np.ndarray:
    """The triad censuses of ``nulls`` random networks (see `rewired`), int64 [nulls, 16]; each starts anew from ``graph``.

    The same for any number of ``threads``. ``tell`` hears how many are done.

    Raises ParameterError for another null model, number, quality, seed or number of threads, and DataError for a graph of fewer
    than three nodes.
    """
    graph = checked_graph("null_censuses", graph, 3)
    types = np.zeros(graph.n, np.int64)

    def count(_: int, networks: Sequence[Arcs]) -> np.ndarray:
        return censuses_of(graph.n, networks, types, 1)

    return over_nulls("null_censuses", graph, null, nulls, count, quality=quality, seed=seed, threads=threads, tell=tell)


def censuses_of(n: int, networks: Sequence[Arcs], types: np.ndarray, k: int) -> np.ndarray:
    """The counts of ``classes(k)`` in each of several networks of the same nodes, int64 [networks, classes]."""
    counted = [raw_counts(n, *arcs, types, k, 1) for arcs in networks]
    triangles, wedges, dyads = (np.stack(each) for each in zip(*counted, strict=True))
    return recovered(classes(k), triangles, wedges, dyads, np.bincount(types, minlength=k))


def over_nulls(
    where: str,
    graph: DirectedGraph,
    null: str,
    nulls: int,
    count: Callable[[int, Sequence[Arcs]], np.ndarray],
    *,
    quality: float,
    seed: int,
    threads: int | None,
    tell: Callable[[int], None],
    part: int = PART,
) -> np.ndarray:
    """What ``count`` makes of ``nulls`` random networks, [nulls, ...]; each starts anew from ``graph``.

    ``count`` gets the number of the first of some networks and their arcs, and returns an array with a row for each; it is called
    from several threads, for about ``part`` arcs at a time. Errors are raised as from ``where``, as `null_censuses` does.
    """
    from maichong.motifs.kernels import sorted_arcs  # compiles
    from maichong.motifs.switching import switched

    held, key, quality = _held(where, null), checked_seed(where, seed), checked_quality(where, quality)
    nulls, threads = checked_nulls(where, nulls), checked_threads(where, threads)
    singles, pairs = _split(graph, held)
    size = max(1, part // max(graph.arcs, 1))

    def drawn(first: int) -> np.ndarray:
        networks: list[Arcs] = []
        for number in range(first, min(first + size, nulls)):
            mine, ours = singles.copy(), pairs.copy()
            switched(graph.n, mine, ours, held, _tries(graph, quality, seed, number), number, *key)
            networks.append(sorted_arcs(graph.n, *_ends(mine, ours)))
        return count(first, networks)

    found, done = [], 0
    with ThreadPoolExecutor(threads) as pool:
        try:
            for rows in pool.map(drawn, range(0, nulls, size)):
                found.append(rows)
                done += len(rows)
                tell(done)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return np.concatenate(found)


def checked_null(where: str, null: object, known: Sequence[str] = NULLS) -> str:
    """``null``, if it names one of the null models ``known``; raises ParameterError."""
    if not is_one_of(null, known):
        raise ParameterError(f"{where}.null", f"must be one of {', '.join(known)}", brief(null), did_you_mean(null, known))
    return str(null)


def checked_nulls(where: str, nulls: object) -> int:
    """``nulls``, if it is a number of networks; raises ParameterError."""
    if isinstance(nulls, bool) or not isinstance(nulls, int | np.integer) or not 2 <= nulls <= 10**6:
        raise ParameterError(f"{where}.nulls", "must be a whole number between 2 and 1,000,000", brief(nulls))
    return int(nulls)


def checked_quality(where: str, quality: object) -> float:
    """``quality``, if it is a number of tries for each arc; raises ParameterError."""
    if isinstance(quality, bool) or not isinstance(quality, int | float) or not 0 < quality <= 10**5:
        raise ParameterError(
            f"{where}.quality", "must be a number of tries for each arc, > 0 and at most 100,000", brief(quality)
        )
    return float(quality)


def _held(where: str, null: object) -> bool:
    if checked_null(where, null) == "none":
        fix = "choose degree or degree-mutual; expected_census knows what chance gives"
        raise ParameterError(f"{where}.null", "must be a null model with networks to draw", "none", fix)
    return null == "degree-mutual"


def checked_seed(where: str, seed: object) -> tuple[int, int]:
    """The two words of ``seed``, if it is one; raises ParameterError."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        raise ParameterError(f"{where}.seed", "must be a whole number from 0 below 2**63", brief(seed))
    return int(seed) & 0xFFFFFFFF, int(seed) >> 32


def _tries(graph: DirectedGraph, quality: float, seed: int, null: int) -> int:
    """How many tries a null network gets: between ``quality`` and twice as many for each arc, drawn by its number."""
    return int(quality * graph.arcs * (1.0 + float(uniform(seed, LENGTHS, null, np.zeros(1, np.int64))[0])))


def _ends(singles: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sources and targets of all arcs, int32."""
    sources = np.concatenate([singles[:, 0], pairs[:, 0], pairs[:, 1]])
    return sources, np.concatenate([singles[:, 1], pairs[:, 1], pairs[:, 0]])


def _split(graph: DirectedGraph, held: bool) -> tuple[np.ndarray, np.ndarray]:
    """The arcs that nobody answers [arcs, 2] and the mutual pairs [pairs, 2], int32; without ``held`` all arcs are single."""
    ends = np.stack([graph.sources, graph.targets], axis=1)
    if not held:
        return ends, np.empty((0, 2), np.int32)
    # W + 2 W' has a 3 where both arcs are
    both: Any = graph.matrix()
    both = (both + 2 * both.T).tocoo()
    rows, columns = both.coords
    single, pair = both.data == 1, (both.data == 3) & (rows < columns)
    return tuple(np.stack([rows[of], columns[of]], axis=1).astype(np.int32) for of in (single, pair))  # pyright: ignore[reportReturnType]
