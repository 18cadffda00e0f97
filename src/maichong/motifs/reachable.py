"""How near to wanted shares of triads any network of so many nodes and arcs can come: a bound that holds for all of them.

Counts of triads are not free. With D_v the numbers of targets, sources and mutual partners of node v, and any weights w,

    sum_v (w.D_v)^2 >= (sum_v w.D_v)^2 / n >= 2 f sum_v w.D_v - n f^2        for every f

and both sums are linear in the counts: a wedge of each kind is two neighbours of a node, an arc of each kind is in n - 2 triads.
With the number of arcs and of all triples this is a linear programme, whose optimum is a lower bound of the total variation.
What it leaves open may still be out of reach.
"""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np

from maichong.motifs.census import wedge_classes
from maichong.motifs.coloured import classes
from maichong.motifs.triads import TRIADS

KINDS = 3
"""Target, source, mutual partner."""


def least_distance(n: int, arcs: int, wanted: np.ndarray) -> float:
    """A lower bound of the total variation between ``wanted`` [13] and the shares of connected triads of any such network.

    Variables are counts for each connected triad, x [16], and s, one over the number of connected triads.
    """
    from scipy.optimize import linprog

    one = classes(1)
    count = len(one)
    alone = np.array([sum(arc[::-1] not in triad.arcs for arc in triad.arcs) for triad in TRIADS], float)
    pairs = np.array([sum(arc[::-1] in triad.arcs for arc in triad.arcs) // 2 for triad in TRIADS], float)
    of_pair = wedge_classes(1)[0]
    holds = one.holds + np.diag(one.dyads == 2)
    # how many arcs of each kind the nodes see in a class, and how many wedges of each two kinds it holds
    seen = np.stack([alone, alone, 2 * pairs]) / max(n - 2, 1)
    wedge = {(i, j): holds[:, of_pair[i, j]].astype(float) for i in range(KINDS) for j in range(i, KINDS)}

    connected = np.arange(count) >= 3
    equal = [
        (np.append(connected.astype(float), 0.0), 1.0),
        (np.append(np.ones(count), -float(comb(n, 3))), 0.0),
        (np.append(alone + 2 * pairs, -float(arcs) * (n - 2)), 0.0),
    ]
    below = []
    mean = arcs / n
    steps = np.unique(np.concatenate([np.linspace(0, 2 * mean + 1, 33), np.linspace(-mean, mean, 17)]))
    directions = {tuple(np.array(w) / np.gcd.reduce(w)) for w in product(range(-2, 3), repeat=KINDS) if any(w)}
    for w in directions:
        linear = np.array(w) @ seen
        square = np.array(w) ** 2 @ seen
        for (i, j), held in wedge.items():
            square = square + 2 * w[i] * w[j] * held
        for f in steps:
            below.append((np.append(2 * f * linear - square, -n * f * f), 0.0))
    # no sum of whole numbers of arcs has fewer pairs of them at a node than the most even one
    even = float((n - arcs % n) * comb(arcs // n, 2) + (arcs % n) * comb(arcs // n + 1, 2))
    for own in (0, 1):
        stars = wedge[own, own] + wedge[own, 2] + wedge[2, 2]
        below.append((np.append(-stars, even), 0.0))
    # scaled so that a solver's tolerances mean the same in every row
    scale = np.append(np.ones(count), 1.0 / comb(n, 3))
    lines = [(row * scale, bound) for row, bound in below]
    lines = [(row / (np.abs(row).max() or 1.0), bound) for row, bound in lines]
    fixed = [
        (row * scale / (np.abs(row * scale).max() or 1.0), bound / (np.abs(row * scale).max() or 1.0)) for row, bound in equal
    ]

    slack = np.zeros((2 * 13, count + 1 + 13))
    slack[:13, 3:count], slack[13:, 3:count] = np.eye(13), -np.eye(13)
    slack[:13, count + 1 :] = slack[13:, count + 1 :] = -np.eye(13)
    padded = np.array([np.append(row, np.zeros(13)) for row, _ in lines])
    found = linprog(
        np.append(np.zeros(count + 1), np.full(13, 0.5)),
        A_ub=np.vstack([slack, padded]), b_ub=np.concatenate([wanted, -wanted, np.zeros(len(lines))]),
        A_eq=np.array([np.append(row, np.zeros(13)) for row, _ in fixed]), b_eq=np.array([bound for _, bound in fixed]),
        method="highs",
    )  # fmt: skip
    # where the solver gives up nothing is proved
    return max(0.0, float(found.fun)) if found.status == 0 else 0.0
