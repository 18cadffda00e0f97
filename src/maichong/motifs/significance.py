"""Which triads a graph has more or fewer of than its null model: z-scores, the significance profile, p-values by rank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from maichong.motifs.census import triad_census
from maichong.motifs.graph import DirectedGraph, checked_graph
from maichong.motifs.nulls import QUALITY, checked_null, expected_census, null_censuses
from maichong.motifs.triads import CONNECTED, MAN

FEWEST = 2
"""Counts below this, in the graph and in the mean of its nulls, say nothing: z is 0, as in mfinder."""


@dataclass(frozen=True)
class Significance:
    """The triads of a graph beside a null model; everything by MAN name.

    ``z`` is (count - mean) / std, 0 where ``flagged`` says why. ``profile`` is z of the connected triads divided by its length, so
    that large and small graphs can be compared. ``p_more`` and ``p_fewer`` are the chance of at least, or at most, such a count:
    (1 + how many nulls have it) / (1 + nulls); None where no networks were drawn.
    """

    null: str
    nulls: int
    census: dict[str, int]
    mean: dict[str, float]
    std: dict[str, float]
    z: dict[str, float]
    profile: dict[str, float]
    p_more: dict[str, float] | None
    p_fewer: dict[str, float] | None
    flagged: dict[str, str]


def significance(
    graph: DirectedGraph,
    null: str = "degree-mutual",
    nulls: int = 1000,
    *,
    quality: float = QUALITY,
    seed: int = 0,
    threads: int | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Significance:
    """Compare the triad census of ``graph`` with ``nulls`` networks of a null model.

        z = (N - <N_null>) / std(N_null)        profile = z / |z| over the thirteen connected triads

    The standard deviation has nulls - 1 in its denominator. ``null`` is "degree-mutual" (in- and out-degrees and numbers of mutual
    pairs are kept), "degree" (mutual pairs fall as they may) or "none" (each arc by chance alone: closed form, no networks are
    drawn). State which one you took: it decides signs.

    Raises ParameterError for another null model, number, quality or seed, and DataError for a graph of fewer than three nodes.

        >>> from maichong.motifs import directed_graph, significance
        >>> ring = [(k, (k + step) % 20) for k in range(20) for step in (1, 2)]
        >>> found = significance(directed_graph(*zip(*ring)), nulls=200, seed=1)
        >>> found.census["030T"], found.z["030T"] > 3
        (20, True)

    Milo et al. 2002, doi:10.1126/science.298.5594.824; 2004, doi:10.1126/science.1089167. Not where counts are a handful: the
    nulls' counts are then far from normal, and the rank says more than z.
    """
    graph = checked_graph("significance", graph, 3)
    null = checked_null("significance", null)
    census = triad_census(graph, threads=threads)
    counts = np.array([float(census[man]) for man in MAN])
    more = fewer = None
    if null == "none":
        nulls = 0
        mean, std = expected_census(graph.n, graph.arcs)
    else:
        drawn = null_censuses(graph, null, nulls, quality=quality, seed=seed, threads=threads, tell=tell)
        mean, std = drawn.mean(axis=0), drawn.std(axis=0, ddof=1)
        more = _by_man((1 + (drawn >= counts).sum(axis=0)) / (1 + nulls))
        fewer = _by_man((1 + (drawn <= counts).sum(axis=0)) / (1 + nulls))
    rare, same = (counts < FEWEST) & (mean < FEWEST), std <= 1e-9 * np.maximum(mean, 1.0)
    z = np.where(rare | same, 0.0, (counts - mean) / np.where(same, 1.0, std))
    flagged = {man: "the same in all nulls" for man, flag in zip(MAN, same, strict=True) if flag}
    flagged |= {
        man: f"fewer than {FEWEST} here and in the mean of the nulls" for man, flag in zip(MAN, rare, strict=True) if flag
    }
    return Significance(
        null, nulls, census, _by_man(mean), _by_man(std), _by_man(z), profile(_by_man(z)), more, fewer, flagged
    )  # fmt: skip


def profile(z: dict[str, float]) -> dict[str, float]:
    """The z-scores of the connected triads divided by the root of the sum of their squares; all zero where z is.

    >>> profile(dict.fromkeys(CONNECTED, 0.0) | {"030T": 3.0, "201": -4.0})["201"]
    -0.8
    """
    length = float(np.sqrt(sum(z[man] ** 2 for man in CONNECTED)))
    return {man: z[man] / length if length else 0.0 for man in CONNECTED}


def _by_man(values: np.ndarray) -> dict[str, float]:
    return dict(zip(MAN, (float(value) for value in values), strict=True))
