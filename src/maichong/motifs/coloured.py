"""Triads whose nodes have types, and how the counts of open ones follow from closed ones, wedges and dyads.

A triad of ``k`` types is told by its MAN name and the types of its nodes a, b, c (in the order of ``triads.TRIADS``), the smallest
of the orders that leave its arcs as they are. With one type these are the sixteen triads.

Only triangles must be looked for. Two dyads that meet in a node are a wedge, closed or open; every node with its neighbours tells
how many there are of each kind, every closed triad how many of them it holds, and what is left is open. The same once more turns
dyads and third nodes into triads with a single dyad. For one type these are the identities between counts and degrees that
stand in ``motifs.algebra`` (Moody 1998, doi:10.1016/S0378-8733(98)00006-9).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from maichong.motifs.triads import MAN, ORDERS, TRIADS, reordered


@dataclass(frozen=True, eq=False)
class Classes:
    """The triads of ``types`` types.

    ``names`` are (MAN name, (type of a, of b, of c)), ``of_label`` [64 * types**3] is the class of a label: of a code and three
    types as the digits of one number. ``man`` [classes] is the place of its MAN name. ``holds`` [classes, classes] says how many
    times a class holds another one when one of its dyads is taken for absent, and ``holds_one`` when two of them are.
    """

    types: int
    names: tuple[tuple[str, tuple[int, int, int]], ...]
    of_label: np.ndarray
    man: np.ndarray
    dyads: np.ndarray
    holds: np.ndarray
    holds_one: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def having(self, dyads: int) -> np.ndarray:
        """The classes with so many dyads: 3 are closed, 2 are wedges."""
        return np.flatnonzero(self.dyads == dyads)

    def recover(self, closed: np.ndarray, wedges: np.ndarray, dyads: np.ndarray, empty: np.ndarray) -> np.ndarray:
        """The counts of all classes, int64 [..., classes].

        Each argument is [..., classes] and holds, where a class has three, two, one or no dyads, how often its dyads are found
        whatever the others are: triangles, wedges open or closed, dyads with any third node, triples of nodes.
        """
        counts = np.where(self.dyads == 3, closed, 0)
        counts = np.where(self.dyads == 2, wedges - counts @ self.holds, counts)
        counts = np.where(self.dyads == 1, dyads - counts @ self.holds_one, counts)
        return np.where(self.dyads == 0, empty - counts @ self._empties(), counts)

    def _empties(self) -> np.ndarray:
        """Which class each becomes when no dyad is there, as a matrix [classes, classes]."""
        found = np.zeros((len(self), len(self)), np.int64)
        for index, (_, types) in enumerate(self.names):
            found[index, self.of_label[label(0, types, self.types)]] = 1
        return found


def label(code: int, types: tuple[int, ...], k: int) -> int:
    """A code and the types of a, b and c as one number."""
    return ((code * k + types[0]) * k + types[1]) * k + types[2]


@cache
def classes(k: int) -> Classes:
    """The triads of ``k`` types; 16 of one, 104 of two."""
    of_label, names, index = np.full(64 * k**3, -1, np.int64), [], 0
    for triad in TRIADS:
        for types in product(range(k), repeat=3):
            if of_label[label(triad.code, types, k)] < 0:
                # the first in the order of types is the smallest of those that are the same triad
                names.append((triad.man, types))
                for order in ORDERS:
                    there = reordered(triad.code, order), (types[order[0]], types[order[1]], types[order[2]])
                    of_label[label(*there, k)] = index
                index += 1
    holds, holds_one = (np.zeros((index, index), np.int64) for _ in range(2))
    dyads = np.zeros(index, np.int64)
    for of, (man, types) in enumerate(names):
        code = TRIADS[MAN.index(man)].code
        present = [k for k in range(3) if code >> 2 * k & 3]
        dyads[of] = len(present)
        for kept in present:
            one = code & 3 << 2 * kept
            holds_one[of, of_label[label(one, types, k)]] += len(present) > 1
            if len(present) == 3:
                holds[of, of_label[label(code ^ one, types, k)]] += 1
    man_of = np.array([MAN.index(man) for man, _ in names])
    return Classes(k, tuple(names), of_label, man_of, dyads, holds, holds_one)
