"""What chance alone makes: mean and deviation of each count when every arc is drawn on its own, in closed form.

Two sets of nodes depend on each other only by the dyads that they share. With P_c the chance that a set is of the class c, and
P_c|s that chance given the state s of what is shared, a pair of sets adds sum_s P_s P_c|s^2 - P_c^2 to the variance of the count.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import comb, prod

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.motifs.coloured import classes, label
from maichong.motifs.four_nodes import PAIRS, class_of_code
from maichong.motifs.graph import MOST_NODES

CODES = np.arange(64)
FOURS = np.arange(4096)


def expected_census(n: int, arcs: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the triad census, float64 [16] each, when each of n (n-1) arcs is there with the same chance.

    The chance is p = arcs / (n (n-1)). A triad with ``a`` arcs that is ``l`` of the 64 labelled ones has the mean
    C(n, 3) l p^a (1-p)^(6-a). Two threes of nodes depend on each other only where they share a dyad; with P_c the chance of a
    class, P_d that of a state of the dyad and P_c|d that of the class given it,

        variance = C(n, 3) [P_c - P_c^2 + 3 (n-3) (sum_d P_d P_c|d^2 - P_c^2)]

    The number of arcs is random here; with as many arcs as ``graph`` for sure, the deviations would be smaller.
    Holland & Leinhardt 1976, doi:10.2307/270703.

    Raises ParameterError for fewer than three nodes or an impossible number of arcs.

        >>> from maichong.motifs import MAN
        >>> mean, _ = expected_census(100, 990)
        >>> round(float(mean[MAN.index("030T")]), 3)
        707.276
    """
    n, p = _chance("expected_census", n, arcs, 3)
    return of_types(np.array([n]), np.array([[p]]))


def expected_four_node_census(n: int, arcs: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the motifs of four nodes, float64 [199] each in the order of `four_node_motifs`, by chance.

    As `expected_census`: each of n (n-1) arcs is there with the chance p = arcs / (n (n-1)). Two fours of nodes depend on each
    other where they share two nodes, which is one dyad, or three, which is a triad.

    Raises ParameterError for fewer than four nodes or an impossible number of arcs.

        >>> from maichong.motifs import four_node_motifs
        >>> mean, _ = expected_four_node_census(100, 990)
        >>> round(float(mean[four_node_motifs().index(204)]), 3)  # the bi-fan: C(100, 4) 6 p^4 (1 - p)^8
        1012.775
    """
    n, p = _chance("expected_four_node_census", n, arcs, 4)
    digits = FOURS[:, None] >> 2 * np.arange(6) & 3
    chance = np.array([(1 - p) ** 2, p * (1 - p), p * (1 - p), p * p])[digits].prod(axis=1)
    of = class_of_code()
    each = np.bincount(of, chance)
    triad = [PAIRS.index(pair) for pair in ((0, 1), (0, 2), (1, 2))]
    two, three = FOURS & 3, digits[:, triad] @ (1, 4, 16)
    pairs = 6.0 * comb(n - 4, 2) * _together(of, chance, two), 4.0 * (n - 4) * _together(of, chance, three)
    variance = comb(n, 4) * (each - each**2 + sum(pairs))
    # the last are those that do not hang together
    return (comb(n, 4) * each)[:-1], np.sqrt(np.maximum(variance, 0.0))[:-1]


def of_types(sizes: np.ndarray, chances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the triads of ``classes(k)``, float64 [classes] each, by chance.

    There are ``sizes`` [k] nodes of each type, and an arc from one of type s to one of type t with the chance ``chances`` [k, k].
    """
    k, n = len(sizes), [int(size) for size in sizes]
    kinds = classes(k)
    mean, variance = np.zeros(len(kinds)), np.zeros(len(kinds))
    for types in combinations_with_replacement(range(k), 3):
        threes = float(prod(comb(n[t], types.count(t)) for t in set(types)))
        of, chance = _codes(types, chances)
        each = np.bincount(of, chance, len(kinds))
        mean += threes * each
        variance += threes * (each - each**2)
    for s, t in combinations_with_replacement(range(k), 2):
        dyads = float(comb(n[s], 2) if s == t else n[s] * n[t])
        for third in range(k):
            others = n[third] - (third == s) - (third == t)
            if dyads and others > 1:
                of, chance = _codes((s, t, third), chances)
                variance += dyads * others * (others - 1) * _together(of, chance, CODES & 3, len(kinds))
    return mean, np.sqrt(np.maximum(variance, 0.0))


def _codes(types: tuple[int, ...], chances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The class of each of the 64 codes on nodes of these types, and its chance."""
    k = len(chances)
    of = classes(k).of_label[[label(code, types, k) for code in range(64)]]
    chance = np.ones(64)
    for digit, (i, j) in enumerate(((0, 1), (0, 2), (1, 2))):
        there, back = chances[types[i], types[j]], chances[types[j], types[i]]
        states = (1 - there) * (1 - back), there * (1 - back), back * (1 - there), there * back
        chance = chance * np.array(states)[CODES >> 2 * digit & 3]
    return of, chance


def _together(of: np.ndarray, chance: np.ndarray, shared: np.ndarray, size: int = 0) -> np.ndarray:
    """By how much the chance that two sets are both of a class exceeds P_c^2: sum_s P_s P_c|s^2 - P_c^2, float64 [classes].

    ``of`` is the class of each code, ``chance`` that of the code, and ``shared`` the state of the dyads in common.
    """
    both = np.array(
        [np.bincount(of[shared == s], chance[shared == s], max(size, of.max() + 1)) for s in range(shared.max() + 1)]
    )
    of_state = both.sum(axis=1, keepdims=True)
    given = np.divide(both, of_state, out=np.zeros_like(both), where=of_state > 0)
    return (both * given).sum(axis=0) - both.sum(axis=0) ** 2


def _chance(where: str, n: object, arcs: object, least: int) -> tuple[int, float]:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not least <= n <= MOST_NODES:
        raise ParameterError(f"{where}.n", f"must be a whole number of nodes from {least}", brief(n))
    if isinstance(arcs, bool) or not isinstance(arcs, int | float | np.integer) or not 0 <= arcs <= n * (n - 1):
        raise ParameterError(f"{where}.arcs", f"must be between 0 and {n * (n - 1)}", brief(arcs))
    return int(n), float(arcs) / (int(n) * (int(n) - 1))
