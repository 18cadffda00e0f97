"""Which triads a graph has more or fewer of than its null model: z-scores, the significance profile, p-values by rank."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from maichong.motifs.census import triad_census
from maichong.motifs.expected import expected_census
from maichong.motifs.graph import DirectedGraph, checked_graph
from maichong.motifs.nulls import QUALITY, checked_null, null_censuses
from maichong.motifs.triads import CONNECTED, MAN

FEWEST = 2
"""Counts below this, in the graph and in the mean of its nulls, say nothing: z is 0, as in mfinder."""
EPSILON = 4.0
"""In the ratio of counts, so that a handful of motifs makes no large one (Milo et al. 2004)."""

Motif = TypeVar("Motif", bound=Hashable)


@dataclass(frozen=True)
class Significance(Generic[Motif]):
    """The motifs of a graph beside a null model; triads by MAN name, motifs of four nodes by mfinder number.

    ``z`` is (count - mean) / std, 0 where ``flagged`` says why. ``profile`` is z of the connected motifs divided by its length, so
    that large and small graphs can be compared. ``ratio`` is (count - mean) / (count + mean + 4) divided by its length: for motifs
    of four nodes z grows with the size of a graph, this does not. ``p_more`` and ``p_fewer`` are the chance of at least or at most
    such a count: (1 + how many nulls have it) / (1 + nulls); None where no networks were drawn. ``std_error`` are the standard
    errors of ``census`` where this is an estimate from a sample, None where it is exact.
    """

    null: str
    nulls: int
    census: dict[Motif, float]
    mean: dict[Motif, float]
    std: dict[Motif, float]
    z: dict[Motif, float]
    profile: dict[Motif, float]
    ratio: dict[Motif, float]
    p_more: dict[Motif, float] | None
    p_fewer: dict[Motif, float] | None
    flagged: dict[Motif, str]
    std_error: dict[Motif, float] | None = None


def significance(
    graph: DirectedGraph,
    null: str = "degree-mutual",
    nulls: int = 1000,
    *,
    quality: float = QUALITY,
    seed: int = 0,
    threads: int | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Significance[str]:
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
    connected = np.isin(MAN, CONNECTED)
    if null == "none":
        return beside(null, MAN, connected, census, counts, moments=expected_census(graph.n, graph.arcs))
    drawn = null_censuses(graph, null, nulls, quality=quality, seed=seed, threads=threads, tell=tell)
    return beside(null, MAN, connected, census, counts, drawn)


def beside(
    null: str,
    motifs: Sequence[Motif],
    connected: np.ndarray,
    census: dict[Motif, int] | dict[Motif, float],
    counts: np.ndarray,
    drawn: np.ndarray | None = None,
    *,
    moments: tuple[np.ndarray, np.ndarray] | None = None,
    scale: float = 1.0,
    std_error: np.ndarray | None = None,
) -> Significance[Motif]:
    """``counts`` [motifs] beside those of the nulls, ``drawn`` [nulls, motifs], or beside the mean and deviation of ``moments``.

    ``counts`` and ``drawn`` are what was met, and each stands for ``scale`` of them; ``moments`` are those of the whole.
    """
    more = fewer = None
    if moments is not None:
        mean, std = moments
    else:
        assert drawn is not None
        nulls = len(drawn)
        mean, std = scale * drawn.mean(axis=0), scale * drawn.std(axis=0, ddof=1)
        more = _by(motifs, (1 + (drawn >= counts).sum(axis=0)) / (1 + nulls))
        fewer = _by(motifs, (1 + (drawn <= counts).sum(axis=0)) / (1 + nulls))
    here = scale * counts
    rare, same = (here < FEWEST * scale) & (mean < FEWEST * scale), std <= 1e-9 * np.maximum(mean, 1.0)
    z = np.where(rare | same, 0.0, (here - mean) / np.where(same, 1.0, std))
    ratio = np.where(rare, 0.0, (here - mean) / (here + mean + EPSILON))
    flagged = {motif: "the same in all nulls" for motif, flag in zip(motifs, same, strict=True) if flag}
    few = f"fewer than {FEWEST} {'here' if scale == 1 else 'met here'} and in the mean of the nulls"
    flagged |= {motif: few for motif, flag in zip(motifs, rare, strict=True) if flag}
    return Significance(
        null, 0 if drawn is None else len(drawn), dict(census), _by(motifs, mean), _by(motifs, std), _by(motifs, z),
        _by(motifs, _by_length(z, connected), connected), _by(motifs, _by_length(ratio, connected), connected),
        more, fewer, flagged, None if std_error is None else _by(motifs, std_error),
    )  # fmt: skip


def profile(z: dict[str, float]) -> dict[str, float]:
    """The z-scores of the connected triads divided by the root of the sum of their squares; all zero where z is.

    >>> profile(dict.fromkeys(CONNECTED, 0.0) | {"030T": 3.0, "201": -4.0})["201"]
    -0.8
    """
    return _by(CONNECTED, _by_length(np.array([z[man] for man in CONNECTED]), np.ones(len(CONNECTED), bool)))


def _by_length(values: np.ndarray, connected: np.ndarray) -> np.ndarray:
    """``values`` divided by the length of those of the connected motifs."""
    length = float(np.sqrt((values[connected] ** 2).sum()))
    return values / length if length else np.zeros_like(values)


def _by(motifs: Sequence[Motif], values: np.ndarray, only: np.ndarray | None = None) -> dict[Motif, float]:
    pairs = zip(motifs, (float(value) for value in values), strict=True)
    return {motif: value for k, (motif, value) in enumerate(pairs) if only is None or only[k]}
