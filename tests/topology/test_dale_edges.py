"""Lists of synapses parted by Dale's principle: nothing is lost, and networks take the parts with their signs."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from scipy import sparse

from maichong import LIF, Exponential, Network
from maichong.errors import MaichongError
from maichong.topology import Edges, by_sign, from_networkx, from_sparse


def random_matrix(n: int, inhibitory: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(3)
    matrix = rng.random((n, n)) * (rng.random((n, n)) < 0.2)
    matrix[inhibitory] *= -1
    return matrix


def test_parts_put_together_are_the_matrix_and_networks_take_their_signs() -> None:
    inhibitory = np.array([3, 7, 8, 19])
    matrix = random_matrix(20, inhibitory)
    signed = by_sign(from_sparse(sparse.csr_array(matrix)))
    np.testing.assert_array_equal(signed.inhibitory, inhibitory)
    assert signed.ratio == 4.0
    groups = {"E": signed.excitatory, "I": signed.inhibitory}
    again = np.zeros((20, 20))
    net = Network(dt=0.1)
    for letter, sign in (("E", "excitatory"), ("I", "inhibitory")):
        net.population(letter, LIF(), groups[letter].size, sign=sign)
    for pair, edges in signed.parts.items():
        net.project(pair[0], pair[1], edges.connector, weight=edges.weight, receptor=Exponential(), name=pair)
    run = net.build("reference")
    for pair in signed.parts:
        again[np.ix_(groups[pair[0]], groups[pair[1]])] = np.nan_to_num(run.weights(pair))
    np.testing.assert_array_equal(again, matrix)


def test_magnitudes_get_the_signs_of_neurons_that_are_said_to_inhibit() -> None:
    matrix = np.abs(random_matrix(20, np.array([], int)))
    edges = from_sparse(sparse.csr_array(matrix))
    signed = by_sign(edges, inhibitory=[2, 5])
    assert all((part.weight < 0).all() == (pair[0] == "I") for pair, part in signed.parts.items())
    assert sum(len(part) for part in signed.parts.values()) == len(edges)
    assert by_sign(edges).ratio == np.inf


def test_names_and_delays_go_with_their_synapses() -> None:
    made = nx.DiGraph()
    made.add_edge("a", "b", weight=1.0, delay=1.5)
    made.add_edge("b", "a", weight=-1.0, delay=2.5)
    part = by_sign(from_networkx(made)).parts["IE"]
    assert (part.names_pre, part.names_post, part.delay.tolist(), part.pre.tolist()) == (["b"], ["a"], [2.5], [0])


ONE = np.array([0, 0, 1])
REFUSED: list[Any] = [
    ([1], {}, "by_sign: needs Edges, as read_edges, from_sparse and from_networkx give them (got [1])"),
    (Edges(ONE, ONE, 2, 3), {}, "by_sign: needs edges within one population (got from 2 to 3 neurons)"),
    (Edges(ONE, ONE, 2, 2), {}, "by_sign: needs edges with weights; give weights, whose signs say what a neuron is"),
    (
        Edges(ONE, ONE, 2, 2, np.array([1.0, -1.0, 2.0]), names_pre=["AVA", "PVC"]),
        {},
        "by_sign, neuron 'AVA': has weights of both signs, against Dale's principle; 1 of 2 do",
    ),
    (
        Edges(ONE, ONE, 2, 2, np.array([1.0, -1.0, 2.0])),
        {"inhibitory": [1]},
        "by_sign: weights must be >= 0 where inhibitory neurons are given (got -1)",
    ),
    (
        Edges(ONE, ONE, 2, 2, np.ones(3)),
        {"inhibitory": [2]},
        "by_sign, inhibitory: must be indices between 0 and 1 (got [2])",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("edges", "options", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_by_sign_refuses(edges: Edges, options: dict[str, Any], message: str) -> None:
    with pytest.raises(MaichongError) as caught:
        by_sign(edges, **options)
    assert str(caught.value) == message
