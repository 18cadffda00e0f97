"""The sixteen directed triads under their MAN names, with the numbers that other papers and programs give them.

A MAN name counts the dyads of a triad that are mutual, asymmetric and null (Holland & Leinhardt 1970, doi:10.1086/224954); a
letter tells those of equal counts apart: Down, Up, Cyclic, Transitive. Numbers clash where names do not: 5 and 13 mean the same
triads to Milo and to Sporns & Koetter, 1 does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

PAIRS = ((0, 1), (0, 2), (1, 2))
"""The dyads of nodes a, b, c in the order of their digits in a triad's code."""
FORWARD, BACKWARD, MUTUAL = 1, 2, 3
"""States of a dyad: the arc from the first node to the second, the other one, or both; 0 is none."""


@dataclass(frozen=True)
class Triad:
    """One of the sixteen ways in which three nodes can be joined.

    ``arcs`` go from letter to letter: "ab" is a -> b, and b is the centre where there is one. ``mfinder`` is the smallest number
    that its adjacency matrix spells in binary, ``milo_2002`` the place in figure 1 of Milo et al. 2002, ``sporns_koetter`` that in
    Sporns & Koetter 2004 and the Brain Connectivity Toolbox, ``milo_2004`` that in the significance profiles of Milo et al. 2004.
    Triads with a node that is joined to neither of the others have no such numbers (None).
    """

    man: str
    arcs: tuple[str, ...]
    mfinder: int | None = None
    milo_2002: int | None = None
    sporns_koetter: int | None = None
    milo_2004: int | None = None

    @property
    def code(self) -> int:
        """The state of the dyads ab, ac and bc as digits to base 4, the first the lowest."""
        return sum(state(self.arcs, "abc"[i] + "abc"[j]) << 2 * k for k, (i, j) in enumerate(PAIRS))

    @property
    def labelled(self) -> int:
        """How many of the 64 graphs on three named nodes are this triad."""
        return int(np.count_nonzero(class_of_code() == MAN.index(self.man)))


def state(arcs: tuple[str, ...], dyad: str) -> int:
    """The state of ``dyad``, such as "ab"."""
    return FORWARD * (dyad in arcs) + BACKWARD * (dyad[::-1] in arcs)


TRIADS = (
    Triad("003", ()),
    Triad("012", ("ab",)),
    Triad("102", ("ab", "ba")),
    Triad("021D", ("ba", "bc"), 6, 1, 3, 1),
    Triad("021U", ("ab", "cb"), 36, 4, 1, 2),
    Triad("021C", ("ab", "bc"), 12, 2, 2, 3),
    Triad("111D", ("ab", "ba", "cb"), 74, 7, 4, 4),
    Triad("111U", ("ab", "ba", "bc"), 14, 3, 6, 5),
    Triad("030T", ("ab", "bc", "ac"), 38, 5, 5, 7),
    Triad("030C", ("ab", "bc", "ca"), 98, 9, 7, 8),
    Triad("201", ("ab", "ba", "bc", "cb"), 78, 8, 9, 6),
    Triad("120D", ("ba", "bc", "ac", "ca"), 108, 11, 8, 9),
    Triad("120U", ("ab", "cb", "ac", "ca"), 46, 6, 11, 10),
    Triad("120C", ("ab", "bc", "ac", "ca"), 102, 10, 10, 11),
    Triad("210", ("ab", "ba", "bc", "ac", "ca"), 110, 12, 12, 12),
    Triad("300", ("ab", "ba", "bc", "cb", "ac", "ca"), 238, 13, 13, 13),
)
"""All triads in the order in which a census lists them."""

MAN = tuple(triad.man for triad in TRIADS)
CONNECTED = MAN[3:]
"""The thirteen triads whose nodes hang together: what is called a motif."""
WEDGES = ("021D", "021U", "021C", "111D", "111U", "201")
"""The connected triads in which two nodes are not joined; the others are closed."""

ORDERS = tuple((a, b, c) for a, b, c in permutations(range(3)))


def reordered(code: int, order: tuple[int, int, int]) -> int:
    """The code of the same triad when its nodes are listed in ``order``."""
    found = 0
    for k, (i, j) in enumerate(PAIRS):
        first, second = order[i], order[j]
        dyad = (code >> 2 * PAIRS.index((min(first, second), max(first, second)))) & 3
        if first > second:
            dyad = (0, BACKWARD, FORWARD, MUTUAL)[dyad]
        found |= dyad << 2 * k
    return found


def class_of_code() -> np.ndarray:
    """Which of TRIADS each of the 64 codes is, int64 [64]."""
    classes = np.full(64, -1, np.int64)
    for index, triad in enumerate(TRIADS):
        classes[[reordered(triad.code, order) for order in ORDERS]] = index
    return classes
