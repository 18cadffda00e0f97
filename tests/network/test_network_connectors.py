"""Who connects to whom: the pairs that each connector promises, counted and drawn."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, binomtest, kstest

from maichong import (
    LIF,
    AllButSelf,
    AllToAll,
    ExplicitList,
    Exponential,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    Network,
    OneToOne,
    Poisson,
    Uniform,
)
from maichong.errors import MaichongError, NetworkError, ParameterError
from maichong.topology import from_dict

SIZES = [(1, 1), (3, 5), (5, 3), (4, 4), (1, 7), (7, 1)]


def pairs(connector: Any, n_pre: int, n_post: int, seed: int = 0) -> list[tuple[int, int]]:
    pre, post = connector.pairs(n_pre, n_post, np.random.default_rng(seed))
    assert pre.shape == post.shape
    return list(zip(pre.tolist(), post.tolist(), strict=True))


def drawn(connector: Any, *, seed: int = 1, n_pre: int = 50, n_post: int = 40, others: int = 0) -> set[tuple[int, int]]:
    """The pairs of a projection in a network that holds ``others`` further parts."""
    net = Network(seed=seed)
    for k in range(others):
        net.population(f"other {k}", Poisson(rate=1.0), 3 + k)
    net.population("a", Poisson(rate=1.0), n_pre)
    net.population("b", LIF(), n_post)
    for k in range(others):
        net.project(f"other {k}", "b", FixedProbability(0.3), weight=1.0, receptor=Exponential(), name=f"early {k}")
    net.project("a", "b", connector, weight=1.0, receptor=Exponential(), name="studied")
    found = net.build("reference").synapses("studied")
    return set(zip(found["pre"].tolist(), found["post"].tolist(), strict=True))


@pytest.mark.parametrize(("n_pre", "n_post"), SIZES)
def test_all_to_all(n_pre: int, n_post: int) -> None:
    found = pairs(AllToAll(), n_pre, n_post)
    assert found == [(i, j) for i in range(n_pre) for j in range(n_post)]
    assert AllToAll().expected(n_pre, n_post) == len(found)


@pytest.mark.parametrize("n", [1, 2, 5, 64])
def test_all_but_self_leaves_out_the_diagonal_and_nothing_else(n: int) -> None:
    found = pairs(AllButSelf(), n, n)
    assert found == [(i, j) for i in range(n) for j in range(n) if i != j]
    assert AllButSelf().expected(n, n) == len(found)


@pytest.mark.parametrize("n", [1, 2, 5, 64])
def test_one_to_one(n: int) -> None:
    assert pairs(OneToOne(), n, n) == [(i, i) for i in range(n)]
    assert OneToOne().expected(n, n) == n


@pytest.mark.parametrize("connector", [AllButSelf(), OneToOne()], ids=repr)
def test_connectors_by_index_need_equal_sizes(connector: Any) -> None:
    with pytest.raises(NetworkError) as caught:
        connector.check(3, 4, "projection 'p'")
    name = type(connector).__name__
    assert str(caught.value) == f"projection 'p': {name} needs populations of equal size (got 3 and 4); use AllToAll()"


@pytest.mark.parametrize("p", [0.0, 1e-3, 0.03, 0.5, 0.97, 1.0])
@pytest.mark.parametrize(("n_pre", "n_post"), [(200, 150), (1, 1), (1, 4000)])
def test_fixed_probability_draws_each_pair_once_and_in_order(p: float, n_pre: int, n_post: int) -> None:
    found = pairs(FixedProbability(p), n_pre, n_post)
    assert found == sorted(set(found))
    assert all(0 <= i < n_pre and 0 <= j < n_post for i, j in found)
    low, high = binom.interval(1 - 1e-9, n_pre * n_post, p)
    assert low <= len(found) <= high
    assert FixedProbability(p).expected(n_pre, n_post) == pytest.approx(p * n_pre * n_post)


@pytest.mark.parametrize("p", [0.02, 0.4])
def test_fixed_probability_is_binomial_in_total_in_rows_and_in_columns(p: float) -> None:
    """Totals of 300 draws, and the degrees of all neurons in them: mean, variance and shape of the binomial law."""
    n_pre, n_post, draws = 30, 40, 300
    rng = np.random.default_rng(11)
    matrices = np.zeros((draws, n_pre, n_post), bool)
    for matrix in matrices:
        matrix[FixedProbability(p).pairs(n_pre, n_post, rng)] = True
    assert binomtest(int(matrices.sum()), matrices.size, p).pvalue > 1e-4
    for axis, n in ((1, n_pre), (2, n_post)):
        degrees = matrices.sum(axis=axis).ravel()
        assert degrees.var() == pytest.approx(n * p * (1 - p), rel=6 * np.sqrt(2 / degrees.size))
        # jittered by a uniform number the law is continuous, and Kolmogorov-Smirnov applies
        jittered = degrees + rng.random(degrees.size)
        law = lambda x, n=n: binom.cdf(np.floor(x) - 1, n, p) + (x % 1) * binom.pmf(np.floor(x), n, p)  # noqa: E731
        assert kstest(jittered, law).pvalue > 1e-4
    each = matrices.mean(axis=0)
    assert np.abs(each - p).max() < 5.5 * np.sqrt(p * (1 - p) / draws)
    first, second = matrices[:, :, :-1].ravel(), matrices[:, :, 1:].ravel()
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.0, abs=5 / np.sqrt(first.size))


def test_without_autapses_the_diagonal_is_empty_and_the_other_pairs_keep_their_probability() -> None:
    connector = FixedProbability(0.5, autapses=False)
    matrices = np.zeros((200, 60, 60), bool)
    rng = np.random.default_rng(3)
    for matrix in matrices:
        matrix[connector.pairs(60, 60, rng)] = True
    assert not matrices[:, np.eye(60, dtype=bool)].any()
    assert binomtest(int(matrices.sum()), 200 * 60 * 59, 0.5).pvalue > 1e-4
    assert connector.expected(60, 60) == pytest.approx(0.5 * 60 * 59)
    assert FixedProbability(0.5, autapses=False).expected(60, 40) == pytest.approx(0.5 * (60 * 40 - 40))


DEGREES = [
    (FixedInDegree(7), 1, 7, True), (FixedInDegree(7, multapses=False), 1, 7, False), (FixedOutDegree(7), 0, 7, True),
    (FixedOutDegree(7, multapses=False, autapses=False), 0, 7, False), (FixedInDegree(39, multapses=False), 1, 39, False),
    (FixedOutDegree(40, autapses=False), 0, 40, True), (FixedInDegree(0), 1, 0, True),
]  # fmt: skip


@pytest.mark.parametrize(("connector", "axis", "k", "several"), DEGREES, ids=lambda value: repr(value))
def test_fixed_degrees_are_kept_and_partners_are_even(connector: Any, axis: int, k: int, several: bool) -> None:
    """Every line has k synapses; each partner is as likely as every other (chi-squared over 400 draws)."""
    rng = np.random.default_rng(5)
    counts = np.zeros((400, 40, 40), int)
    for matrix in counts:
        pre, post = connector.pairs(40, 40, rng)
        assert ((np.diff(pre) > 0) | ((np.diff(pre) == 0) & (np.diff(post) >= 0))).all()
        np.add.at(matrix, (pre, post), 1)
    assert (counts.sum(axis=2 - axis) == k).all()
    assert connector.expected(40, 40) == 40 * k
    assert (counts.max() > 1) == (several and k > 0)
    allowed = np.ones((40, 40), bool)
    if not connector.autapses:
        np.fill_diagonal(allowed, False)
        assert not counts[:, ~allowed].any()
    if k:
        # each pair's total over the draws is binomial, or, where partners differ, hypergeometric in each draw
        choices = allowed.sum(axis=1)[0]
        spread = 400 * k / choices * (1 - (1 if several else k) / choices)
        assert counts.sum(axis=0)[allowed].var() == pytest.approx(spread, rel=0.2)


def test_a_total_number_is_kept_and_spread_evenly() -> None:
    rng = np.random.default_rng(9)
    counts = np.zeros((30, 50), int)
    for _ in range(200):
        pre, post = FixedTotalNumber(900).pairs(30, 50, rng)
        assert pre.size == 900
        np.add.at(counts, (pre, post), 1)
    assert counts.var() == pytest.approx(200 * 900 / 1500, rel=0.2)
    pre, post = FixedTotalNumber(900, autapses=False).pairs(30, 30, rng)
    assert pre.size == 900 and (pre != post).all()
    assert FixedTotalNumber(900).expected(30, 50) == 900
    assert FixedTotalNumber(0).pairs(3, 5, rng)[0].size == 0


@pytest.mark.parametrize(("n", "k"), [(100, 3), (100, 97), (100_000, 5), (64, 64)])
def test_a_line_of_different_partners_has_no_preference(n: int, k: int) -> None:
    """Drawn, marked and swept, or by those left out: each way each partner comes up as often (5.5 sigma)."""
    pre, post = FixedOutDegree(k, multapses=False).pairs(2000, n, np.random.default_rng(1))
    assert pre.size == 2000 * k
    bins = np.bincount(post // (n // 20), minlength=20)[:20]
    assert np.abs(bins / (2000 * k * (n // 20) / n) - 1).max() < 5.5 / np.sqrt(bins.mean())


def test_the_same_seed_draws_the_same_pairs_and_another_seed_others() -> None:
    connector = FixedProbability(0.2)
    assert drawn(connector) == drawn(connector)
    both = drawn(connector) & drawn(connector, seed=2)
    assert 0 < len(both) < 200, "two seeds share a fifth of their 400 pairs by chance"


def test_pairs_do_not_depend_on_what_else_the_network_holds() -> None:
    assert drawn(FixedProbability(0.2)) == drawn(FixedProbability(0.2), others=3)


def test_two_projections_of_one_network_are_drawn_independently() -> None:
    net = Network(seed=5)
    net.population("a", LIF(), 100)
    for name in ("one", "two"):
        net.project(
            "a", "a", FixedProbability(0.1), weight=Uniform(0, 1), delay=Uniform(0.1, 5), receptor=Exponential(), name=name
        )
    run = net.build("reference")
    one, two = run.weights("one"), run.weights("two")
    shared = np.isfinite(one) & np.isfinite(two)
    assert binomtest(int(shared.sum()), shared.size, 0.01).pvalue > 1e-4
    assert not np.intersect1d(one[np.isfinite(one)], two[np.isfinite(two)]).size
    weight, delay = run.synapses("one")["weight"], run.synapses("one")["delay"]
    assert np.corrcoef(weight, delay)[0, 1] == pytest.approx(0.0, abs=5 / np.sqrt(weight.size))


def test_an_explicit_list_is_what_it_says_in_any_order_and_more_than_once() -> None:
    pre, post, weight = [3, 0, 3, 0], [1, 2, 1, 0], [0.1, 0.2, 0.3, 0.4]
    net = Network()
    net.population("a", Poisson(rate=1.0), 4)
    net.population("b", LIF(), 3)
    net.project("a", "b", ExplicitList(pre, post), weight=weight, delay=[1.0, 2.0, 3.0, 4.0], receptor=Exponential(), name="p")
    found = net.build("reference").synapses("p")
    rows = list(zip(found["pre"], found["post"], np.round(found["weight"], 3), np.round(found["delay"], 3), strict=True))
    assert rows == [(0, 0, 0.4, 4.0), (0, 2, 0.2, 2.0), (3, 1, 0.1, 1.0), (3, 1, 0.3, 3.0)]
    assert ExplicitList(pre, post).expected(4, 3) == 4
    assert pairs(ExplicitList([], []), 4, 3) == []


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: FixedProbability(1.5), ParameterError, "FixedProbability.p: must be a probability between 0 and 1 (got 1.5)"),
        (
            lambda: FixedProbability(-0.1),
            ParameterError,
            "FixedProbability.p: must be a probability between 0 and 1 (got -0.1)",
        ),
        (
            lambda: FixedProbability(float("nan")),
            ParameterError,
            "FixedProbability.p: must be a probability between 0 and 1 (got nan)",
        ),
        (
            lambda: FixedProbability(True),
            ParameterError,
            "FixedProbability.p: must be a probability between 0 and 1 (got True)",
        ),
        (
            lambda: FixedProbability("0.1"),
            ParameterError,
            "FixedProbability.p: must be a probability between 0 and 1 (got '0.1')",
        ),
        (lambda: ExplicitList([0, 1], [0]), ParameterError, "ExplicitList: pre and post must be equally long (got 2 and 1)"),
        (
            lambda: ExplicitList([0.5], [0]),
            ParameterError,
            "ExplicitList.pre: must be a list of whole numbers (got [0.5])",
        ),
        (
            lambda: ExplicitList([0], [[0]]),
            ParameterError,
            "ExplicitList.post: must be a list of whole numbers (got [[0]])",
        ),
        (lambda: ExplicitList(["a"], [0]), ParameterError, "ExplicitList.pre: must be a list of whole numbers (got ['a'])"),
        (
            lambda: ExplicitList([True], [0]),
            ParameterError,
            "ExplicitList.pre: must be a list of whole numbers (got [True])",
        ),
        (
            lambda: ExplicitList([0, 4], [0, 0]).check(4, 3, "projection 'p'"),
            NetworkError,
            "projection 'p': pre indices must be between 0 and 3 (got 4)",
        ),
        (
            lambda: ExplicitList([0, 1], [0, -1]).check(4, 3, "projection 'p'"),
            NetworkError,
            "projection 'p': post indices must be between 0 and 2 (got -1)",
        ),
        (lambda: FixedInDegree(-1), ParameterError, "FixedInDegree.k: must be a whole number >= 0 (got -1)"),
        (lambda: FixedOutDegree(2.5), ParameterError, "FixedOutDegree.k: must be a whole number >= 0 (got 2.5)"),
        (lambda: FixedTotalNumber("9"), ParameterError, "FixedTotalNumber.n: must be a whole number >= 0 (got '9')"),
        (
            lambda: FixedInDegree(5, multapses=1),
            ParameterError,
            "FixedInDegree.multapses: must be True or False (got 1)",
        ),
        (
            lambda: FixedInDegree(4, multapses=False).check(3, 9, "projection 'p'"),
            NetworkError,
            "projection 'p': FixedInDegree finds 3 sources for a neuron, and needs 4 different ones; "
            "allow multapses, or take fewer",
        ),
        (
            lambda: FixedOutDegree(1, autapses=False).check(1, 1, "projection 'p'"),
            NetworkError,
            "projection 'p': FixedOutDegree finds 0 targets for a neuron, and needs one; allow autapses",
        ),
        (
            lambda: FixedTotalNumber(1, autapses=False).check(1, 1, "projection 'p'"),
            NetworkError,
            "projection 'p': FixedTotalNumber finds no pair of different neurons; allow autapses",
        ),
        (
            lambda: from_dict({"connector": "one_to_two"}),
            ParameterError,
            "connector: must be a known kind (got 'one_to_two'); did you mean 'one_to_one'?",
        ),
    ],
)
def test_connectors_that_cannot_be(make: Callable[[], Any], kind: type[MaichongError], message: str) -> None:
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == message


@pytest.mark.parametrize("p", [np.float32(0.5), np.int64(1)], ids=repr)
def test_numpy_s_numbers_are_numbers(p: Any) -> None:
    assert FixedProbability(p).expected(10, 10) == 100 * float(p)


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Fail after so many seconds, where the body would never end."""

    def ring(*_: Any) -> None:
        raise TimeoutError(f"still busy after {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_probability_of_next_to_nothing_draws_nothing() -> None:
    with at_most(0.3):
        assert pairs(FixedProbability(1e-300), 1000, 1000) == []


@pytest.mark.parametrize("autapses", ["no", None, 0.5, []], ids=repr)
def test_autapses_is_true_or_false(autapses: Any) -> None:
    with pytest.raises(ParameterError, match="autapses"):
        FixedProbability(0.1, autapses=autapses)


@pytest.mark.parametrize(
    "connector",
    [
        AllToAll(),
        AllButSelf(),
        OneToOne(),
        FixedProbability(0.3),
        FixedProbability(0.3, autapses=False),
        FixedInDegree(3, multapses=False),
        FixedOutDegree(3, autapses=False),
        FixedTotalNumber(12),
        ExplicitList([1], [2]),
    ],
    ids=repr,
)
def test_connectors_are_equal_by_value_and_survive_json(connector: Any) -> None:
    data = json.loads(json.dumps(connector.to_dict(), default=np.ndarray.tolist))
    assert from_dict(data) == connector
    assert hash(from_dict(data)) == hash(connector)
    assert connector != FixedProbability(0.4)
    assert connector != ExplicitList([1], [3])
    assert connector != "all_to_all"
