"""Networks with wanted shares of triads: what is promised of them is counted anew, and what cannot be is proved."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest

from maichong.errors import ParameterError
from maichong.motifs import CONNECTED, MAN, directed_graph, generate, graph_of_matrix, reshaped, rewired, shares, triad_census
from maichong.motifs.reachable import least_distance
from maichong.motifs.triads import class_of_code

WORM = {
    "021D": 0.190, "021U": 0.226, "021C": 0.328, "111D": 0.0836, "111U": 0.0854, "030T": 0.0388, "030C": 0.0017, "201": 0.0096,
    "120D": 0.0103, "120U": 0.0147, "120C": 0.0048, "210": 0.0047, "300": 0.0013,
}  # fmt: skip
"""C. elegans, rounded."""
WORM = {man: share / sum(WORM.values()) for man, share in WORM.items()}


@pytest.mark.parametrize(("n", "arcs"), [(200, 1200), pytest.param(1000, 19980, marks=pytest.mark.slow)])
def test_the_shares_of_the_worm(n: int, arcs: int) -> None:
    """Total variation <= 0.05, at 1,000 nodes and a density of 2 % too, counted by NetworkX."""
    made = generate(n, arcs, WORM, seed=1)
    assert (made.graph.n, made.graph.arcs) == (n, arcs)
    counts = nx.triadic_census(nx.DiGraph(list(zip(made.graph.sources.tolist(), made.graph.targets.tolist(), strict=True))))
    total = sum(counts[man] for man in CONNECTED)
    apart = sum(abs(counts[man] / total - made.wanted[man]) for man in CONNECTED) / 2
    assert made.distance == pytest.approx(apart)
    assert made.reached and apart <= 0.05
    assert made.message.startswith("reached: total variation 0.0")


def test_counts_move_by_move_are_those_of_a_count_anew() -> None:
    from maichong.motifs.annealing import turn
    from maichong.motifs.generating import _rows, _set

    rng = np.random.default_rng(2)
    n = 70  # more than one word of bits
    matrix = (rng.random((n, n)) < 0.1).astype(int)
    np.fill_diagonal(matrix, 0)
    graph = graph_of_matrix(matrix)
    counts = np.array(list(triad_census(graph).values()))
    out, into = _rows(n), _rows(n)
    _set(out, graph.sources.astype(np.int64), graph.targets.astype(np.int64))
    _set(into, graph.targets.astype(np.int64), graph.sources.astype(np.int64))
    for _ in range(300):
        u, v = rng.choice(n, 2, replace=False)
        turn(n, out, into, int(u), int(v), class_of_code(), counts)
        matrix[u, v] ^= 1
    assert dict(zip(MAN, counts.tolist(), strict=True)) == triad_census(graph_of_matrix(matrix))


def test_degrees_stay_where_only_targets_are_exchanged() -> None:
    start = generate(60, 400, WORM, start="random", moves=0, seed=3).graph
    made = reshaped(start, {**dict.fromkeys(CONNECTED, 0.0), **shares(triad_census(rewired(start, "degree", seed=1)))}, seed=2)
    assert made.graph.out_degrees.tolist() == start.out_degrees.tolist()
    assert made.graph.in_degrees.tolist() == start.in_degrees.tolist()
    assert made.reached


def test_what_cannot_be_reached_is_said_with_a_bound() -> None:
    """All triads cyclic: at twenty arcs in and twenty out of each node most pairs of sources must have an open triad."""
    made = generate(200, 800, {"030C": 1.0}, moves=20_000, seed=1)
    assert not made.reached
    assert 0.05 < made.least <= made.distance
    assert (
        "not reached: total variation" in made.message
        and "no network of 200 nodes and 800 arcs comes nearer than" in made.message
    )
    # cliques can be had, and blocks find them; so can the one of all nodes, in which no arc can move
    assert generate(30, 30 * 29, {"300": 1.0}).distance == 0.0
    assert generate(66, 66 * 10, {"300": 1.0}, moves=1000).reached


def test_no_network_of_five_nodes_is_below_the_bound() -> None:
    """All 9,608 networks of five nodes are in the list of all arcs' subsets; of each number of arcs 400 are looked at."""
    rng = np.random.default_rng(4)
    arcs = [(i, j) for i, j in itertools.product(range(5), repeat=2) if i != j]
    for number in (3, 6, 10, 15):
        wanted = rng.dirichlet(np.full(13, 0.3))
        bound = least_distance(5, number, wanted)
        for _ in range(100):
            chosen = [arcs[k] for k in rng.choice(20, number, replace=False)]
            found = shares(triad_census(directed_graph(*zip(*chosen, strict=True), 5)))
            assert 0.5 * np.abs(np.array(list(found.values())) - wanted).sum() >= bound - 1e-9


def test_the_bound_of_a_real_network_is_zero() -> None:
    """What a network has can be had: its own shares are no distance away."""
    rng = np.random.default_rng(6)
    for n, number in ((10, 30), (60, 400), (300, 3000)):
        graph = directed_graph(rng.integers(0, n, number), rng.integers(0, n, number), n)
        assert least_distance(n, graph.arcs, np.array(list(shares(triad_census(graph)).values()))) == pytest.approx(
            0.0, abs=1e-7
        )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n": 3}, "generate.n: must be a whole number between 4 and 20,000"),
        ({"arcs": 10_000}, "generate.arcs: must be a whole number between 2 and 90"),
        ({"wanted": {}}, "generate.wanted: must have shares by MAN name"),
        ({"wanted": {"030X": 1.0}}, r"must have MAN names of connected triads \(got '030X'\); did you mean '030"),
        ({"wanted": {"003": 1.0}}, "density and nodes fix triads that do not hang together"),
        ({"wanted": {"030T": 0.5}}, r"must add up to 1 \(got 0.5\); divide each by their sum"),
        ({"wanted": {"030T": -1.0}}, r"generate.wanted\['030T'\]: must be a share between 0 and 1"),
        ({"start": "block"}, r"generate.start: must be one of blocks, random .* did you mean 'blocks'\?"),
        ({"moves": -1}, "generate.moves: must be a whole number between 0"),
        ({"tolerance": 0}, "generate.tolerance: must be a distance > 0"),
        ({"seed": None}, "generate.seed: must be a whole number"),
    ],
)
def test_bad_options(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        generate(**{"n": 10, "arcs": 20, "wanted": {"030T": 1.0}, **changed})
