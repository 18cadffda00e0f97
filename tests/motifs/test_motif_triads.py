"""The table of triads against what can be computed: mfinder's numbers, labelled graphs, coloured triads by Burnside."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from maichong.motifs import CONNECTED, MAN, TRIADS
from maichong.motifs.coloured import classes
from maichong.motifs.four_nodes import motif_of_code
from maichong.motifs.triads import class_of_code

LABELLED = {
    "003": 1, "012": 6, "102": 3, "021D": 3, "021C": 6, "111U": 6, "021U": 3, "030T": 6, "120U": 3, "111D": 6, "201": 3, "030C": 2,
    "120C": 6, "120D": 3, "210": 6, "300": 1,
}  # fmt: skip
"""equations.md 5.1, last column."""


def matrix(arcs: tuple[str, ...]) -> np.ndarray:
    found = np.zeros((3, 3), int)
    for arc in arcs:
        found["abc".index(arc[0]), "abc".index(arc[1])] = 1
    return found


def smallest(adjacency: np.ndarray) -> int:
    """mfinder's number: the smallest that the matrix spells in binary, over all orders of the nodes."""
    n = len(adjacency)
    orders = itertools.permutations(range(n))
    return min(sum(int(adjacency[p[i], p[j]]) << (n * i + j) for i in range(n) for j in range(n)) for p in orders)


def test_mfinder_numbers_are_the_smallest_that_matrices_spell() -> None:
    assert {triad.man: triad.mfinder for triad in TRIADS[3:]} == {
        triad.man: smallest(matrix(triad.arcs)) for triad in TRIADS[3:]
    }


def test_a_man_name_counts_mutual_asymmetric_and_null_dyads() -> None:
    for triad in TRIADS:
        a = matrix(triad.arcs)
        mutual = int((a * a.T).sum()) // 2
        assert triad.man[:3] == f"{mutual}{int(a.sum()) - 2 * mutual}{3 - int((a + a.T > 0).sum()) // 2}"


def test_each_labelled_graph_is_one_triad() -> None:
    assert {triad.man: triad.labelled for triad in TRIADS} == LABELLED
    assert sum(LABELLED.values()) == len(class_of_code()) == 64


@pytest.mark.parametrize("numbers", ["milo_2002", "sporns_koetter", "milo_2004"])
def test_each_numbering_counts_to_thirteen(numbers: str) -> None:
    assert sorted(getattr(triad, numbers) for triad in TRIADS[3:]) == list(range(1, 14))
    assert all(getattr(triad, numbers) is None for triad in TRIADS[:3])


def test_the_two_numbers_that_hide_a_mix_up() -> None:
    """equations.md 5.1: 5 and 13 are the same triads in both numberings, 4 is not."""
    by_man = {triad.man: triad for triad in TRIADS}
    assert by_man["030T"].milo_2002 == by_man["030T"].sporns_koetter == 5
    assert by_man["300"].milo_2002 == by_man["300"].sporns_koetter == 13
    assert by_man["021U"].milo_2002 == by_man["111D"].sporns_koetter == 4
    assert MAN[3:] == CONNECTED and len(MAN) == 16


@pytest.mark.parametrize("k", [1, 2, 3])
def test_triads_of_types_by_burnside(k: int) -> None:
    """Orbits of 64 k^3 labelled graphs under the six orders of three nodes."""
    # a transposition keeps 2 states of its nodes' dyad, 4 of the others, which follow each other, and k^2 types; a rotation 4 and k
    expected = (64 * k**3 + 3 * (2 * 4) * k**2 + 2 * 4 * k) // 6
    assert len(classes(k)) == expected
    assert len(classes(2)) == 104


def test_four_nodes_have_218_graphs_and_199_hang_together() -> None:
    """OEIS A000273 and A003085: directed graphs on four nodes, and those that are weakly connected."""
    numbers = motif_of_code()
    assert len(set(numbers.tolist())) == 218
    connected = 0
    for number in set(numbers.tolist()):
        a = np.array([number >> bit & 1 for bit in range(16)]).reshape(4, 4)
        connected += bool((np.linalg.matrix_power(np.eye(4, dtype=int) + a + a.T, 3) > 0).all())
    assert connected == 199
