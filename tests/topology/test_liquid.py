"""Liquids: who is joined by the paper's law, what they keep of their input, what is refused."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from maichong import LIF, AllToAll, Delta, Exponential, Network, Poisson, SpikeTimes
from maichong.errors import MaichongError
from maichong.liquid import PAIRS, Liquid, feed, liquid


def made(seed: int = 1, **options: Any) -> tuple[Network, Liquid]:
    net = Network(dt=0.5, seed=seed)
    return net, liquid(net, **options)


@pytest.mark.parametrize(("shape", "reach"), [((3, 3, 15), 2.0), ((4, 5, 3), 1.2)])
def test_pairs_of_each_type_are_as_many_as_the_law_says(shape: tuple[int, ...], reach: float) -> None:
    """Over 20 liquids the synapses of each type against the sum of C exp(-(d / lambda)^2) over all of its pairs."""
    chance = {"EE": 0.3, "EI": 0.2, "IE": 0.4, "II": 0.1}
    off, spread = dict.fromkeys(PAIRS, 0.0), dict.fromkeys(PAIRS, 0.0)
    places = np.array(list(itertools.product(*map(range, shape))))
    law = np.exp(-((places[:, None] - places[None]) ** 2).sum(axis=-1) / reach**2)
    np.fill_diagonal(law, 0.0)
    for seed in range(20):
        _, pool = made(seed, shape=shape, reach=reach)
        np.testing.assert_array_equal(pool.positions, places)
        assert pool.inhibitory.sum() == round(0.2 * len(places))
        cells = {"E": np.flatnonzero(~pool.inhibitory), "I": np.flatnonzero(pool.inhibitory)}
        for pair in PAIRS:
            pre, post = pool.projections[pair].connector.pairs(*(len(cells[x]) for x in pair), np.random.default_rng(seed))
            each = chance[pair] * law[np.ix_(cells[pair[0]], cells[pair[1]])]
            off[pair] += pre.size - each.sum()
            spread[pair] += (each * (1 - each)).sum()
            assert pair in ("EI", "IE") or (pre != post).all()
    for pair in PAIRS:
        assert abs(off[pair]) < 4.5 * math.sqrt(spread[pair]), pair


def test_signs_dynamics_and_delays_are_those_of_the_paper() -> None:
    net, pool = made()
    assert (net.populations["liquid.e"].sign, net.populations["liquid.i"].sign) == ("excitatory", "inhibitory")
    assert {pair: pool.projections[pair].weight for pair in PAIRS} == {"EE": 30e3, "EI": 60e3, "IE": -19e3, "II": -19e3}
    assert [pool.projections[pair].delay for pair in PAIRS] == [1.5, 0.8, 0.8, 0.8]
    short_term = pool.projections["EI"].short_term
    assert short_term is not None
    assert [float(short_term[symbol]) for symbol in ("U", "tau_d", "tau_f")] == [0.05, 125.0, 1200.0]


def stirred(times: list[float], ids: list[int]) -> np.ndarray:
    """The potentials of a liquid, sampled every 10 ms for 700 ms, for these input spikes."""
    net = Network(dt=1.0, seed=2)
    pool = liquid(net, delay=1.0)
    x = net.population("x", SpikeTimes(times, ids), 20)
    feed(net, x, pool, targets=12, weight=30e3, receptor=Exponential(tau=3.0))
    for population in (pool.e, pool.i):
        net.probe(population, "v", every=10.0)
    run = net.build("reference").run(700.0)
    return np.hstack([run[population.name].samples("v").values for population in (pool.e, pool.i)])


def test_liquid_separates_inputs_and_forgets_them() -> None:
    """Two inputs that differ in their first 200 ms only: the states differ then, and come together after (fading memory)."""
    rng = np.random.default_rng(4)
    first, second, same = ((np.sort(rng.uniform(low, high, n)), rng.integers(0, 20, n)) for low, high, n in
                           ((0, 200, 80), (0, 200, 80), (200, 450, 100)))  # fmt: skip
    states = [stirred([*part[0], *same[0]], [*part[1], *same[1]]) for part in (first, second)]
    apart = np.linalg.norm(states[0] - states[1], axis=1)
    assert apart[5:20].mean() > 3.0
    assert apart[-20:].mean() < 0.02 * apart[5:20].mean()


def test_feed_draws_different_cells_and_half_of_the_weights_negative() -> None:
    net, pool = made()
    x = net.population("x", Poisson(rate=5.0), 10)
    joined = feed(net, x, pool, targets=4, weight=8.0, negative=0.5, receptor=Exponential())
    pre = np.concatenate([joined[letter].connector.pre for letter in "EI"])
    cells = np.concatenate([pool.cells_e[joined["E"].connector.post], pool.cells_i[joined["I"].connector.post]])
    assert (np.bincount(pre) == 4).all() and len(set(zip(pre, cells, strict=True))) == 40
    weights = np.concatenate([joined[letter].weight for letter in "EI"])
    assert sorted(weights) == [-8.0] * 20 + [8.0] * 20


def test_counts_are_those_of_both_populations_in_the_places_of_the_grid() -> None:
    net, pool = made(drive=16e3, init={"v": 14.0}, shape=(2, 2, 5), reach=0.0)
    run = net.build("reference").run(111.0)
    counts = pool.counts(run)
    # from 14 to 15 mV in 30 ln 2 = 20.8 ms, 21 on the grid; then refractory for 3 or 2 ms and from 13.5 mV in 30 ln 2.5, 27.5 ms:
    # the fourth spike is at 112.5 or at 109.5 ms
    assert (counts[pool.inhibitory] == 4).all() and (counts[~pool.inhibitory] == 3).all()


def test_cells_of_ones_own() -> None:
    net, pool = made(cells={"E": LIF(), "I": LIF(tau_m=5.0)}, weight=0.0, delay=1.0, receptor=Delta(), short_term=None)
    assert pool.i.model == LIF(tau_m=5.0) and pool.projections["EE"].short_term is None and not pool.e.drive
    net.build("reference").run(1.0)


REFUSED = [
    ({"shape": (3, 3)}, "liquid 'liquid', shape: must have three axes, such as (3, 3, 15) (got (3, 3))"),
    ({"shape": (1, 1, 2)}, "liquid 'liquid': must have cells of both types (got 0 inhibitory of 2); take a larger shape"),
    ({"inhibitory": 1.0}, "liquid 'liquid', inhibitory: must be a part between 0 and 1, such as 0.2 (got 1.0)"),
    ({"reach": -1.0}, "liquid 'liquid', reach: must be a number >= 0 (got -1.0)"),
    ({"seed": -1}, "liquid 'liquid', seed: must be a whole number >= 0 (got -1)"),
    ({"chance": {"EE": 1.5}}, "liquid 'liquid', chance['EE']: must be a probability between 0 and 1 (got 1.5)"),
    ({"weight": {"ee": 1.0}}, "liquid 'liquid', weight: knows no 'ee'; did you mean 'EE'?"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_what_a_liquid_refuses(options: dict[str, Any], message: str) -> None:
    net = Network(dt=0.5)
    with pytest.raises(MaichongError) as caught:
        liquid(net, **options)
    assert str(caught.value) == message
    assert not net.populations  # and can be asked again under the same name


FEEDS = [
    ({"targets": 136}, "feed 'x', targets: must be a whole number from 0 to 135, the cells (got 136)"),
    ({"weight": math.nan}, "feed 'x', weight: must be a number (got nan)"),
    ({"negative": 2.0}, "feed 'x', negative: must be a part from 0 to 1 (got 2.0)"),
    ({"seed": 0.5}, "feed 'x', seed: must be a whole number >= 0 (got 0.5)"),
    ({"source": "y"}, "feed: the network has no population 'y'; known: liquid.e, liquid.i, x"),
]


@pytest.mark.parametrize(("options", "message"), FEEDS)
def test_what_feed_refuses(options: dict[str, Any], message: str) -> None:
    net, pool = made()
    net.population("x", Poisson(rate=5.0), 10)
    given = {"source": "x", "targets": 4, "weight": 1.0, "receptor": Exponential(), **options}
    with pytest.raises(MaichongError) as caught:
        feed(net, given.pop("source"), pool, **given)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "options",
    [
        {"init": {"u": 1.0}},
        {"cells": {"I": Poisson(rate=5.0)}},
        {"weight": {"EE": 1.0, "EI": 1.0, "IE": 1.0, "II": 1.0}},  # Dale's principle: an inhibitory current is <= 0
        {"delay": {"II": 0.01}},
        {"receptor": {"II": "none"}},
        {"short_term": {"II": 3}},
    ],
)
def test_a_liquid_that_is_refused_leaves_nothing_behind(options: dict[str, Any]) -> None:
    """The first pair fits, the last does not: then the same name is free for one that does."""
    net = Network(dt=0.5)
    x = net.population("x", Poisson(rate=5.0), 10)
    net.project(x, net.population("y", LIF(), 3), AllToAll(), weight=1.0, receptor=Delta(), name="x to y")
    held, before = (net.populations, net.projections), net.to_dict()
    with pytest.raises(MaichongError):
        liquid(net, **options)
    assert net.to_dict() == before
    assert held[0] is net.populations and held[1] is net.projections
    pool = liquid(net)
    with pytest.raises(MaichongError):
        feed(net, x, pool, targets=3, weight=1.0, receptor=Exponential(), delay=[1.0])
    assert list(net.projections) == ["x to y", "liquid.EE", "liquid.EI", "liquid.IE", "liquid.II"]


def test_what_stands_in_the_way_of_the_last_projection_stays() -> None:
    net = Network(dt=0.5)
    y = net.population("y", LIF(), 3)
    net.project(y, y, AllToAll(), weight=1.0, receptor=Delta(), name="liquid.II")
    with pytest.raises(MaichongError, match=r"'liquid\.II': stands in the network already"):
        liquid(net)
    assert (list(net.populations), list(net.projections)) == (["y"], ["liquid.II"])
