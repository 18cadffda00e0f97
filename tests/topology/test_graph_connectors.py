"""Small worlds, scale-free graphs, blocks and n different pairs, against closed forms and NetworkX."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np
import pytest
from scipy.special import beta, zeta
from scipy.stats import chisquare, hypergeom

from maichong import LIF, Exponential, FixedTotalNumber, Network
from maichong.errors import MaichongError
from maichong.topology import Blocks, Connector, PreferentialAttachment, ScaleFree, SmallWorld, from_dict, layered


def drawn(connector: Connector, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of a graph of n neurons, which must be in order and, where so promised, different."""
    connector.check(n, n, "here")
    pre, post = connector.pairs(n, n, np.random.default_rng(seed))
    gaps = np.diff(pre * n + post)
    assert (gaps > 0).all() if connector.distinct else (gaps >= 0).all()
    assert not pre.size or (min(pre.min(), post.min()) >= 0 and max(pre.max(), post.max()) < n)
    if connector.counted:
        assert connector.expected(n, n) == pre.size
    return pre, post


def graph(connector: Connector, n: int, seed: int = 0) -> nx.DiGraph:
    made = nx.DiGraph()
    made.add_nodes_from(range(n))
    made.add_edges_from(zip(*(end.tolist() for end in drawn(connector, n, seed)), strict=True))
    return made


# ------------------------------------------------------------------------------------------------ small worlds


@pytest.mark.parametrize(("n", "k"), [(20, 4), (11, 10), (5, 0), (30, 6), (3, 2)])
def test_without_new_arcs_it_is_the_ring_of_networkx(n: int, k: int) -> None:
    ring = nx.watts_strogatz_graph(n, k, 0.0).to_directed()
    assert set(graph(SmallWorld(k, 0.0), n).edges) == set(ring.edges)


@pytest.mark.parametrize("p", [0.0, 0.05, 0.3])
def test_clustering_falls_as_barrat_and_weigt_say(p: float) -> None:
    """Fagiolo's directed clustering (NetworkX's) of 1,000 neurons.

    A triangle of the ring stays with (1 - p)^3. The clustering of a node is its triangles over 2 (d (d - 1) - 2 r), with d arcs, in
    and out, of which r go both ways: here k out and a number of in-coming arcs of mean k and variance about k p (2 - p), and
    r = k (1 - p)^2. Chance adds triangles of the order of k / n.
    """
    n, k = 1000, 10
    found = nx.average_clustering(graph(SmallWorld(k, p), n, seed=2))
    ring = 3 * (k - 2) / (4 * (k - 1))
    both = k * (1 - p) ** 2
    wedges = (2 * k) ** 2 + k * p * (2 - p) - 2 * k - 2 * both
    closed = ring * (1 - p) ** 3 * (2 * k * (2 * k - 1) - 2 * k) / wedges
    assert found == pytest.approx(closed, rel=1e-12 if p == 0 else 0.03, abs=0.0 if p == 0 else k / n)


def test_paths_on_the_ring_have_the_length_of_the_closed_form() -> None:
    n, k = 300, 6
    steps = [math.ceil(min(j, n - j) / (k / 2)) for j in range(1, n)]
    assert nx.average_shortest_path_length(graph(SmallWorld(k, 0.0), n)) == pytest.approx(np.mean(steps), rel=1e-12)


def laid_anew(n: int, k: int, p: float, rng: np.random.Generator) -> nx.DiGraph:
    """The ring of NetworkX with its arcs laid anew one by one, as the paper says."""
    made = nx.watts_strogatz_graph(n, k, 0.0).to_directed()
    for source, target in list(made.edges):
        if rng.random() < p:
            new = int(rng.integers(n))
            while new == source or made.has_edge(source, new):
                new = int(rng.integers(n))
            made.remove_edge(source, target)
            made.add_edge(source, new)
    return made


def test_paths_and_clustering_are_those_of_a_ring_laid_anew_arc_by_arc() -> None:
    n, k, p = 150, 4, 0.08
    rng = np.random.default_rng(1)
    ours = [graph(SmallWorld(k, p), n, seed) for seed in range(8)]
    theirs = [laid_anew(n, k, p, rng) for _ in range(8)]
    for measure in (nx.average_shortest_path_length, nx.average_clustering):
        a, b = ([measure(one) for one in many] for many in (ours, theirs))
        assert abs(np.mean(a) - np.mean(b)) < 4 * math.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / 8), measure.__name__
    assert np.mean([nx.average_shortest_path_length(one) for one in ours]) < 0.4 * n / (2 * k)


def test_new_arcs_keep_their_sources_and_spread_evenly() -> None:
    n, k = 12, 4
    counts = np.zeros((n, n))
    for seed in range(400):
        pre, post = drawn(SmallWorld(k, 1.0), n, seed)
        assert (np.bincount(pre) == k).all() and (pre != post).all()
        np.add.at(counts, (pre, (post - pre) % n), 1)
    by_step = counts.sum(axis=0)[1:]
    # each of the four arcs leaves its place; those of the ring may only be taken again by another arc that came later
    far = by_step[[d for d in range(n - 1) if min(d + 1, n - d - 1) > k // 2]]
    assert chisquare(far).pvalue > 1e-4
    assert by_step.sum() == 400 * n * k


# ------------------------------------------------------------------------------------------------ scale-free graphs


def exponent(degrees: np.ndarray, least: int) -> tuple[float, float]:
    """The power law of degrees >= least by maximum likelihood, discrete (Clauset, Shalizi & Newman 2009), and its error."""
    tail = degrees[degrees >= least]
    tried = np.linspace(1.5, 5.0, 3501)
    likelihood = -tail.size * np.log(zeta(tried, least)) - tried * np.log(tail).sum()
    best = float(tried[np.argmax(likelihood)])
    return best, (best - 1) / math.sqrt(tail.size)


@pytest.mark.parametrize(("m", "attractiveness"), [(1, 1.0), (3, 1.5)])
def test_attachment_has_the_degrees_of_the_master_equation(m: int, attractiveness: float) -> None:
    """P(k) = B(k + a, 2 + a / m) / B(a, 1 + a / m), whose tail has the exponent 2 + a / m (Newman, Networks, ch. 14.1)."""
    n = 100_000
    pre, post = drawn(PreferentialAttachment(m, attractiveness), n)
    assert (pre > post).all() and (np.bincount(pre, minlength=n)[m:] == m).all()
    degrees = np.bincount(post, minlength=n)
    ratio = attractiveness / m
    k = np.arange(6)
    law = beta(k + attractiveness, 2 + ratio) / beta(attractiveness, 1 + ratio)
    seen = np.bincount(degrees, minlength=6)[:6]
    assert (np.abs(seen / n - law) < 5 * np.sqrt(law / n)).all()
    found, error = exponent(degrees, 40 * m)
    assert found == pytest.approx(2 + ratio, abs=4 * error + 0.05)


def test_attachment_by_default_is_barabasi_and_alberts() -> None:
    """P(total degree = k) = 2 m (m + 1) / (k (k + 1) (k + 2)) and exponent 3, as NetworkX's graph of the same size has it."""
    n, m = 30_000, 2
    pre, post = drawn(PreferentialAttachment(m), n, seed=4)
    ours = np.bincount(np.concatenate([pre, post]), minlength=n)
    theirs = np.array([degree for _, degree in nx.barabasi_albert_graph(n, m, seed=1).degree])
    for k in range(m, m + 5):
        law = 2 * m * (m + 1) / (k * (k + 1) * (k + 2))
        for degrees in (ours, theirs):
            assert abs((degrees == k).mean() - law) < 5 * math.sqrt(law / n), k
    found, error = exponent(ours, 20)
    assert found == pytest.approx(3.0, abs=4 * error + 0.05)


def test_hubs_may_be_those_that_send() -> None:
    pre, post = drawn(PreferentialAttachment(2, hubs="out"), 500)
    back = drawn(PreferentialAttachment(2, hubs="in"), 500)
    assert sorted(zip(pre, post, strict=True)) == sorted(zip(back[1], back[0], strict=True))


def test_both_exponents_of_the_directed_graph_are_those_of_bollobas() -> None:
    n = 200_000
    alpha, gamma, delta_in, delta_out = 0.3, 0.2, 0.5, 0.5
    connector = ScaleFree(alpha, 1 - alpha - gamma, gamma, delta_in, delta_out)
    pre, post = drawn(connector, n)
    for ends, delta, old in ((post, delta_in, 1 - gamma), (pre, delta_out, 1 - alpha)):
        law = 1 + (1 + delta * (alpha + gamma)) / old
        found, error = exponent(np.bincount(ends, minlength=n), 30)
        assert found == pytest.approx(law, abs=4 * error + 0.05)


def test_directed_graph_has_as_many_arcs_as_said_and_degrees_as_networkx() -> None:
    n, draws = 400, 60
    ours = [drawn(ScaleFree(), n, seed) for seed in range(draws)]
    sizes = np.array([pre.size for pre, _ in ours])
    mean = 3 + 397 / 0.46
    # of the negative binomial law: (n - 3) (1 - p) / p^2
    assert abs(sizes.mean() - mean) < 4 * math.sqrt(397 * 0.54 / 0.46**2 / draws)
    assert ScaleFree().expected(n, n) == pytest.approx(mean)
    theirs = [nx.scale_free_graph(n, seed=seed) for seed in range(draws // 2)]
    for end, name in ((0, "out_degree"), (1, "in_degree")):
        a = np.array([(np.bincount(pair[end], minlength=n) == 1).mean() for pair in ours])
        b = np.array([np.mean([degree == 1 for _, degree in getattr(one, name)]) for one in theirs])
        assert abs(a.mean() - b.mean()) < 4 * math.sqrt(a.var() / a.size + b.var() / b.size), name
    everybody = [set(pre) | set(post) for pre, post in ours]
    assert all(len(one) == n for one in everybody)


def test_doubled_arcs_and_arcs_to_oneself_may_be_dropped() -> None:
    every = set(zip(*drawn(ScaleFree(), 300, 5), strict=True))
    once = list(zip(*drawn(ScaleFree(multapses=False, autapses=False), 300, 5), strict=True))
    assert once == sorted(pair for pair in every if pair[0] != pair[1])


# ------------------------------------------------------------------------------------------------ blocks and layers


def test_blocks_are_joined_with_their_own_probabilities() -> None:
    p = np.array([[0.3, 0.05, 0.0], [0.1, 0.6, 1.0]])
    connector = Blocks(p, [20, 30], [25, 0, 15])
    counts = np.zeros((50, 40))
    for seed in range(60):
        pre, post = connector.pairs(50, 40, np.random.default_rng(seed))
        assert (np.diff(pre * 40 + post) > 0).all()
        counts[pre, post] += 1
    law = np.block([[np.full((20, 25), 0.3), np.full((20, 15), 0.0)], [np.full((30, 25), 0.1), np.full((30, 15), 1.0)]])
    assert (counts[law == 0] == 0).all() and (counts[law == 1] == 60).all()
    assert connector.expected(50, 40) == pytest.approx(law.sum())
    for value, size in ((0.3, 500), (0.1, 750)):
        assert abs(counts[law == value].mean() / 60 - value) < 4.5 * math.sqrt(value * (1 - value) / (60 * size))


def test_communities_are_found_again_by_networkx() -> None:
    connector = Blocks(np.where(np.eye(3), 0.4, 0.02), [30, 30, 30], [30, 30, 30], autapses=False)
    made = graph(connector, 90)
    found = nx.community.greedy_modularity_communities(made.to_undirected())
    assert sorted(sorted(group) for group in found) == [list(range(30 * k, 30 * k + 30)) for k in range(3)]
    assert not any(a == b for a, b in made.edges)
    assert connector.expected(90, 90) == pytest.approx(3 * 0.4 * 30 * 29 + 6 * 0.02 * 900)


def test_layers_lead_forward() -> None:
    connector = layered([4, 3, 2], forward=1.0, skip=1.0)
    assert set(graph(connector, 9).edges) == {
        (i, j) for i in range(9) for j in range(9) if (i >= 4) + (i >= 7) < (j >= 4) + (j >= 7)
    }
    assert nx.dag_longest_path_length(graph(layered([4, 3, 2], forward=1.0), 9)) == 2
    lateral = layered([4, 3], forward=0.0, backward=1.0, lateral=1.0)
    assert set(graph(lateral, 7).edges) == {(i, j) for i in range(7) for j in range(7) if i != j and (i >= 4) >= (j >= 4)}


# ------------------------------------------------------------------------------------------------ n different pairs


@pytest.mark.parametrize(("n", "autapses"), [(1, True), (3, True), (5, False), (11, True)])
def test_every_set_of_n_pairs_is_as_likely(n: int, autapses: bool) -> None:
    """3 x 4 neurons: pairs alike (chi-squared), and the number in a row hypergeometric."""
    connector = FixedTotalNumber(n, autapses=autapses, multapses=False)
    allowed = [(i, j) for i, j in itertools.product(range(3), range(4)) if autapses or i != j]
    counts, rows = np.zeros((3, 4)), np.zeros(13)
    for seed in range(1500):
        pre, post = connector.pairs(3, 4, np.random.default_rng(seed))
        assert pre.size == n and len(set(zip(pre, post, strict=True))) == n
        counts[pre, post] += 1
        rows[(pre == 0).sum()] += 1
    assert counts.sum() == sum(counts[pair] for pair in allowed)
    assert (np.abs(np.array([counts[pair] for pair in allowed]) / 1500 - n / len(allowed)) < 4.5 * math.sqrt(0.25 / 1500)).all()
    law = 1500 * hypergeom(len(allowed), sum(i == 0 for i, _ in allowed), n).pmf(np.arange(13))
    assert (np.abs(rows - law) < 4.5 * np.sqrt(np.maximum(law, 1))).all()


def test_n_different_pairs_of_very_many() -> None:
    pre, post = FixedTotalNumber(10**5, multapses=False).pairs(10**6, 10**6, np.random.default_rng(1))
    assert pre.size == np.unique(pre * 10**6 + post).size == 10**5
    assert FixedTotalNumber(12, multapses=False).pairs(3, 4, np.random.default_rng(0))[1].tolist() == [0, 1, 2, 3] * 3


# ------------------------------------------------------------------------------------------------ in networks


MADE = [
    SmallWorld(4, 0.2), PreferentialAttachment(2), PreferentialAttachment(2, 0.5, "out"), ScaleFree(), ScaleFree(multapses=False),
    Blocks([[0.5, 0.1], [0.0, 0.9]], [10, 20], [15, 15]), FixedTotalNumber(50, multapses=False),
]  # fmt: skip


@pytest.mark.parametrize("connector", MADE, ids=lambda c: c.kind)
def test_connectors_are_written_and_read_and_built_alike(connector: Connector, tmp_path: Any) -> None:
    assert from_dict(connector.to_dict()) == connector
    net = Network(dt=0.1, seed=5)
    cells = net.population("cells", LIF(), 30)
    net.project(cells, cells, connector, weight=1.0, delay=0.5, receptor=Exponential())
    assert Network.load(net.save(tmp_path / "net.json")) == net == Network.load(net.save(tmp_path / "net.npz"))
    found = [one.build("reference").synapses("cells->cells") for one in (net, Network.load(tmp_path / "net.json"))]
    np.testing.assert_array_equal(found[0]["pre"], found[1]["pre"])
    np.testing.assert_array_equal(found[0]["post"], found[1]["post"])
    assert found[0]["pre"].size > 20


def test_the_compiled_engine_has_the_same_synapses() -> None:
    """Of the two that it treats in ways of their own: drawn line by line, and with several synapses of a pair."""
    net = Network(dt=0.1, seed=5)
    cells = net.population("cells", LIF(), 30)
    for connector in (ScaleFree(), FixedTotalNumber(50, multapses=False)):
        net.project(cells, cells, connector, name=connector.kind, weight=1.0, delay=0.5, receptor=Exponential())
    runs = [net.build(engine) for engine in ("reference", "events")]
    for name in net.projections:
        for end in ("pre", "post"):
            np.testing.assert_array_equal(*(run.synapses(name)[end] for run in runs))


def refused() -> Iterator[tuple[Any, str]]:
    yield lambda: SmallWorld(3, 0.1), "SmallWorld.k: must be an even whole number >= 0 (got 3)"
    yield lambda: SmallWorld(4, 1.1), "SmallWorld.p: must be a probability between 0 and 1 (got 1.1)"
    yield (
        lambda: SmallWorld(4, 0.1).check(4, 4, "here"),
        "here: SmallWorld with k = 4 needs more than 4 neurons (got 4); take a smaller k",
    )
    yield (
        lambda: SmallWorld(4, 0.1).check(5, 6, "here"),
        "here: SmallWorld needs populations of equal size (got 5 and 6)",
    )
    yield lambda: PreferentialAttachment(0), "PreferentialAttachment.m: must be a whole number >= 1 (got 0)"
    yield (
        lambda: PreferentialAttachment(1, 0.0),
        "PreferentialAttachment.attractiveness: must be a number > 0 (got 0.0)",
    )
    yield (
        lambda: PreferentialAttachment(1, hubs="inn"),
        "PreferentialAttachment.hubs: must be 'in' or 'out' (got 'inn'); did you mean 'in'?",
    )
    yield (
        lambda: PreferentialAttachment(3).check(3, 3, "here"),
        "here: PreferentialAttachment with m = 3 needs more than 3 neurons (got 3)",
    )
    yield lambda: ScaleFree(alpha=-1.0), "ScaleFree.alpha: must be a number >= 0 (got -1.0)"
    yield lambda: ScaleFree(alpha=0.5), "ScaleFree: alpha + beta + gamma must be 1 (got 1.09)"
    yield lambda: ScaleFree(0.0, 1.0, 0.0), "ScaleFree: alpha + gamma must be > 0, or no neuron ever joins (got 0)"
    yield lambda: ScaleFree(multapses=0), "ScaleFree.multapses: must be True or False (got 0)"
    yield (
        lambda: ScaleFree().check(2, 2, "here"),
        "here: ScaleFree grows from a ring of three, and needs three neurons or more (got 2)",
    )
    yield (
        lambda: Blocks([[0.1]], [-1], [2]),
        "Blocks.pre: must be a list of whole numbers >= 0, the sizes of groups (got [-1])",
    )
    yield lambda: Blocks([0.1], [1], [2]), "Blocks.p: must have the shape [1, 1], groups of pre and of post (got [1])"
    yield lambda: Blocks([[1.5]], [1], [2]), "Blocks.p: must hold probabilities between 0 and 1 (got 1.5)"
    yield lambda: Blocks([[np.nan]], [1], [2]), "Blocks.p: must hold probabilities between 0 and 1 (got nan)"
    yield (
        lambda: Blocks([[0.5]], [3], [2]).check(3, 4, "here"),
        "here: the groups of Blocks.post must have 4 neurons in all (got 2)",
    )
    yield lambda: layered([3, 3], forward=2), "layered, forward: must be a probability between 0 and 1 (got 2)"
    yield lambda: layered(3, forward=1), "layered, sizes: must be a list of whole numbers >= 0, the sizes of layers (got 3)"
    yield (
        lambda: FixedTotalNumber(13, multapses=False).check(3, 4, "here"),
        "here: FixedTotalNumber finds 12 pairs, and needs 13 different ones; allow multapses, or take fewer",
    )
    yield lambda: FixedTotalNumber(3, multapses=2), "FixedTotalNumber.multapses: must be True or False (got 2)"


@pytest.mark.parametrize(("make", "message"), list(refused()))
def test_what_graph_connectors_refuse(make: Any, message: str) -> None:
    with pytest.raises(MaichongError) as caught:
        make()
    assert str(caught.value) == message
