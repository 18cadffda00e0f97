"""Weights, delays, starts and drives in every form that they may be given: what a build makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pint
import pytest
from scipy.stats import kstest

from maichong import (
    LIF,
    AllButSelf,
    AllToAll,
    ExplicitList,
    Exponential,
    FixedProbability,
    Network,
    Normal,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    Uniform,
)
from maichong.errors import NetworkError, ParameterError

N_PRE, N_POST = 2, 3
MATRIX = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def built(connector: Any = None, n_pre: int = N_PRE, n_post: int = N_POST, seed: int = 1, **values: Any) -> Any:
    net = Network(dt=0.1, seed=seed)
    net.population("a", Poisson(rate=10.0), n_pre)
    net.population("b", LIF(), n_post)
    values = {"weight": 1.0, "receptor": Exponential(), **values}
    net.project("a", "b", connector or AllToAll(), name="p", **values)
    return net.build("reference")


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (2.5, np.full((2, 3), 2.5)),
        ("0.0025 nA", np.full((2, 3), 2.5)),
        (MATRIX, MATRIX),
        (MATRIX.tolist(), MATRIX),
        (MATRIX.ravel(), MATRIX),
        (range(1, 7), MATRIX),
        (pint.Quantity(MATRIX / 1000, "nA"), MATRIX),
        (MATRIX.astype(np.float32), MATRIX),
        (MATRIX.astype(int), MATRIX),
    ],
    ids=["number", "text", "matrix", "lists", "one per synapse", "range", "quantity", "float32", "integers"],
)
def test_weights_of_a_dense_projection(weight: Any, expected: np.ndarray) -> None:
    run = built(weight=weight)
    assert run.weights("p") == pytest.approx(expected, rel=1e-15)
    found = run.synapses("p")
    assert found["pre"].tolist() == [0, 0, 0, 1, 1, 1]
    assert found["post"].tolist() == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        (2.5, np.full((2, 3), 2.5)),
        ("0.0025 s", np.full((2, 3), 2.5)),
        (MATRIX, MATRIX),
        (MATRIX.ravel(), MATRIX),
        (pint.Quantity(MATRIX / 1000, "s"), MATRIX),
        (MATRIX + 0.04, MATRIX),
        (MATRIX - 0.04, MATRIX),
        (None, np.zeros((2, 3))),
    ],
    ids=["number", "text", "matrix", "one per synapse", "quantity", "rounded down", "rounded up", "none"],
)
def test_delays_of_a_dense_projection_lie_on_the_grid(delay: Any, expected: np.ndarray) -> None:
    assert built(delay=delay).synapses("p")["delay"] == pytest.approx(expected.ravel(), rel=1e-12)


def test_a_matrix_gives_a_sparse_projection_the_entries_that_it_has() -> None:
    square = np.arange(16.0).reshape(4, 4)
    hollow = built(AllButSelf(), 4, 4, weight=square).weights("p")
    assert np.isnan(np.diag(hollow)).all()
    assert np.array_equal(np.nan_to_num(hollow, nan=-1.0), np.where(np.eye(4, dtype=bool), -1.0, square))
    diagonal = built(OneToOne(), 4, 4, weight=square).synapses("p")
    assert diagonal["weight"].tolist() == [0.0, 5.0, 10.0, 15.0]
    drawn = built(FixedProbability(0.5), 4, 4, weight=square, delay=square + 1.0).synapses("p")
    assert np.array_equal(drawn["weight"], square[drawn["pre"], drawn["post"]])
    assert drawn["delay"] == pytest.approx(drawn["weight"] + 1.0)


def test_a_list_gives_a_drawn_projection_its_weights_in_order() -> None:
    pairs = built(FixedProbability(0.5), 6, 6).synapses("p")
    count = pairs["pre"].size
    assert built(FixedProbability(0.5), 6, 6, weight=np.arange(count)).synapses("p")["weight"].tolist() == list(range(count))


@pytest.mark.parametrize("name", ["weight", "delay"])
@pytest.mark.parametrize("connector", [AllToAll(), AllButSelf(), FixedProbability(0.5)], ids=repr)
def test_a_distribution_is_drawn_for_each_synapse_and_by_the_seed(name: str, connector: Any) -> None:
    spread = Uniform(0.5, 2.5) if name == "weight" else Uniform(0.5, 2.45)
    values = {seed: built(connector, 40, 40, seed, **{name: spread}).synapses("p")[name] for seed in (1, 2)}
    again = built(connector, 40, 40, 1, **{name: spread}).synapses("p")[name]
    assert np.array_equal(values[1], again)
    assert not np.array_equal(values[1], values[2][: values[1].size])
    if name == "weight":
        assert kstest(values[1], "uniform", args=(0.5, 2.0)).pvalue > 1e-4
    else:
        assert set(np.round(values[1] / 0.1).astype(int)) <= set(range(5, 26))
        assert values[1].mean() == pytest.approx(1.475, abs=5 * 0.57 / np.sqrt(values[1].size))


def test_a_truncated_normal_keeps_its_bounds() -> None:
    weights = built(AllToAll(), 60, 60, weight=Normal(1.0, 0.5, low=0.5, high=2.0)).synapses("p")["weight"]
    assert (weights.min() >= 0.5) and (weights.max() <= 2.0)
    assert weights.std() > 0.25


def test_drives_and_starts_per_neuron_as_distribution_and_as_text() -> None:
    """With no input v relaxes as v_rest + (v_0 - v_rest) exp(-t/tau); a constant drive adds (1 - exp(-t/tau)) tau/c i."""
    net = Network(dt=0.1, seed=4)
    net.population("a", LIF(), 3, init={"v": [-60.0, -65.0, -70.0]})
    net.population("b", LIF(), 2, drive={"i": "0.1 nA"}, init={"v": "-0.07 V"})
    net.population("c", LIF(tau_m=[5.0, 10.0, 20.0]), 3, init={"v": -60.0})
    net.population("d", LIF(), 2000, init={"v": Uniform(-70, -60)}, drive=Normal(0.0, 10.0))
    run = net.build("reference")
    drawn = run["d"]["v"]
    assert kstest(drawn, "uniform", args=(-70, 10)).pvalue > 1e-4
    run.run(5.0)
    assert run["a"]["v"] == pytest.approx(-70 + np.array([10.0, 5.0, 0.0]) * np.exp(-0.5), rel=1e-12)
    assert run["b"]["v"] == pytest.approx(np.full(2, -70 + 100.0 * 10 / 250 * (1 - np.exp(-0.5))), rel=1e-12)
    assert run["c"]["v"] == pytest.approx(-70 + 10 * np.exp(-5.0 / np.array([5.0, 10.0, 20.0])), rel=1e-12)
    current = (run["d"]["v"] - (-70 + (drawn + 70) * np.exp(-0.5))) / (10 / 250 * (1 - np.exp(-0.5)))
    assert kstest(current, "norm", args=(0.0, 10.0)).pvalue > 1e-4


def test_what_is_drawn_for_a_population_does_not_depend_on_what_else_there_is() -> None:
    def start(*others: str) -> np.ndarray:
        net = Network(seed=9)
        for name in others:
            net.population(name, LIF(tau_m=Uniform(5, 10)), 4, init={"v": Uniform(-70, -60)})
        net.population("studied", LIF(), 50, init={"v": Uniform(-70, -60)})
        return net.build("reference")["studied"]["v"]

    assert np.array_equal(start(), start("a", "b"))
    assert not np.array_equal(start("studied2")[:4], start()[:4] + 1)


def test_given_spikes_come_at_their_times_once_each_and_sorted() -> None:
    net = Network(dt=0.1)
    net.population("a", SpikeTimes([2.0, 0.5, 0.5, 1.04, 1.0], [0, 1, 0, 1, 1]), 2)
    spikes = net.build("reference").run(3.0)["a"].spikes
    assert list(zip(np.round(spikes.times, 6), spikes.ids, strict=True)) == [(0.5, 0), (0.5, 1), (1.0, 1), (2.0, 0)]


@pytest.mark.parametrize("engine", ["reference", "events"])
@pytest.mark.parametrize("connector", [AllButSelf(), OneToOne(), ExplicitList([2, 0], [1, 1])], ids=lambda c: c.kind)
def test_a_matrix_counts_where_there_is_a_synapse_alone(engine: str, connector: Any) -> None:
    plain = built(connector, 3, 3, weight=0.5, delay=2.0)
    weights = plain.weights("p")
    delays = np.where(np.isnan(weights), 0.0, 2.0)
    net = Network(dt=0.1, seed=1)
    net.population("a", Poisson(rate=10.0), 3)
    net.population("b", LIF(), 3)
    net.project("a", "b", connector, weight=weights, delay=delays, receptor=Exponential(), plasticity=PairSTDP(w_min=0.1))
    run = net.build(engine)
    assert np.array_equal(run.weights("a->b"), weights, equal_nan=True)
    assert run.synapses("a->b")["delay"] == pytest.approx(plain.synapses("p")["delay"])
    assert Network.from_dict(net.to_dict()) == net
    pre, post = (int(index[0]) for index in np.nonzero(~np.isnan(weights)))
    delays[pre, post] = 0.0
    with pytest.raises(NetworkError, match="must be >= dt"):
        net.project("a", "b", connector, weight=weights, delay=delays, receptor=Exponential())
    weights[pre, post] = np.nan
    with pytest.raises(ParameterError, match="must be finite"):
        net.project("a", "b", connector, weight=weights, receptor=Exponential())


def test_every_entry_counts_where_pairs_are_random() -> None:
    matrix = np.array([[1.0, np.nan, 1.0], [1.0, 1.0, 1.0]])
    with pytest.raises(ParameterError, match="must be finite"):
        built(FixedProbability(0.5), weight=matrix)
