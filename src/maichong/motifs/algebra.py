"""The census of triads in sparse matrices: what the compiled kernel counts, written as in the textbooks.

With the mutual arcs M = A o A' (o: entry by entry), the others C = A - M, and the degrees d_o, d_i (of C) and d_m (of M)

    030T = sum(C C o C)     030C = tr(C C C) / 3    120D = sum(C'C o M) / 2   120U = sum(C C' o M) / 2
    120C = sum(C C o M)     210 = sum(M M o C)      300 = tr(M M M) / 6

and each wedge that is not part of one of these is open. Moody 1998, doi:10.1016/S0378-8733(98)00006-9.
"""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np

from maichong.motifs.graph import DirectedGraph, checked_graph
from maichong.motifs.triads import MAN

CHUNK = 4096
"""Rows of a product that are held at once: all of them would be far denser than the graph."""


def triad_census_by_algebra(graph: DirectedGraph) -> dict[str, int]:
    """As `triad_census`, by products of sparse matrices in whole numbers: slower, and a judge of it.

    Raises ParameterError for what is no graph, and DataError for a graph of fewer than three nodes.

        >>> from maichong.motifs import directed_graph
        >>> triad_census_by_algebra(directed_graph([0, 1, 2], [1, 2, 0]))["030C"]
        1
    """
    graph = checked_graph("triad_census_by_algebra", graph, 3)
    n, a = graph.n, graph.matrix()
    m = a.multiply(a.T).tocsr()
    c = (a - m).tocsr()
    c.eliminate_zeros()
    out, into, both = (np.asarray(x, np.int64) for x in (c.sum(axis=1), c.sum(axis=0), m.sum(axis=1)))
    k: dict[str, int] = {
        "030T": _within(c, c, c), "030C": _within(c, c, c.T.tocsr()) // 3, "120D": _within(c.T.tocsr(), c, m) // 2,
        "120U": _within(c, c.T.tocsr(), m) // 2, "120C": _within(c, c, m), "210": _within(m, m, c), "300": _within(m, m, m) // 6,
    }  # fmt: skip
    k["021D"] = _pairs(out) - k["030T"] - k["120D"]
    k["021U"] = _pairs(into) - k["030T"] - k["120U"]
    k["021C"] = int(into @ out) - k["030T"] - 3 * k["030C"] - k["120C"]
    k["111D"] = int(both @ into) - 2 * k["120D"] - k["120C"] - k["210"]
    k["111U"] = int(both @ out) - 2 * k["120U"] - k["120C"] - k["210"]
    k["201"] = _pairs(both) - k["210"] - 3 * k["300"]
    alone, pairs = int(c.sum()), int(m.sum()) // 2
    open_ = 2 * (k["021D"] + k["021U"] + k["021C"]) + k["111D"] + k["111U"]
    k["012"] = alone * (n - 2) - open_ - 3 * (k["030T"] + k["030C"]) - 2 * (k["120D"] + k["120U"] + k["120C"]) - k["210"]
    k["102"] = (
        pairs * (n - 2) - k["111D"] - k["111U"] - 2 * k["201"] - k["120D"] - k["120U"] - k["120C"] - 2 * k["210"] - 3 * k["300"]
    )
    k["003"] = comb(n, 3) - sum(k.values())
    return {man: k[man] for man in MAN}


def _within(left: Any, right: Any, mask: Any) -> int:
    """The sum of the entries of left @ right where ``mask`` has ones."""
    rows = range(0, left.shape[0], CHUNK)
    return sum(int((left[k : k + CHUNK] @ right).multiply(mask[k : k + CHUNK]).sum()) for k in rows)


def _pairs(degrees: np.ndarray) -> int:
    return int((degrees * (degrees - 1) // 2).sum())
