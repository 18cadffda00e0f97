"""Connecting populations: every mistake is one sentence at the call that is wrong, naming place, want and cure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_network import joined, refused, said

from maichong import (
    AllToAll,
    Delta,
    Exponential,
    HomeostaticThreshold,
    LogNormal,
    Normal,
    OneToOne,
    PairSTDP,
    TripletSTDP,
    Uniform,
    WeightNormalisation,
)
from maichong.errors import MaichongError, NetworkError, ParameterError, UnitError


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pre": "nois"}, "network: has no population 'nois'; did you mean 'noise'?"),
        ({"post": "zzzz"}, "network: has no population 'zzzz'; known: exc, given, inh, noise"),
        ({"post": "noise"}, "projection 'noise->noise': must end on neurons, and a source receives nothing (got 'noise')"),
        ({"post": "given"}, "projection 'noise->given': must end on neurons, and a source receives nothing (got 'given')"),
        (
            {"connector": "all"},
            "projection 'noise->exc': needs a connector, such as AllToAll() or FixedProbability(0.1) (got 'all')",
        ),
        (
            {"connector": AllToAll},
            "projection 'noise->exc': needs a connector, such as AllToAll() or FixedProbability(0.1) "
            "(got <class 'maichong.topology.connectors.AllToAll'>)",
        ),
        (
            {"connector": OneToOne()},
            "projection 'noise->exc': OneToOne needs populations of equal size (got 2 and 3); use AllToAll()",
        ),
        (
            {"receptor": PairSTDP()},
            "projection 'noise->exc': needs a receptor, such as Exponential(tau=5) (got PairSTDP())",
        ),
        ({"receptor": None}, "projection 'noise->exc': needs a receptor, such as Exponential(tau=5) (got None)"),
        ({"input": "current"}, "projection 'noise->exc': 'exc' has no input 'current'; known: i"),
        (
            {"plasticity": [3]},
            "projection 'noise->exc': its plasticity must be rules, such as PairSTDP() (got 3)",
        ),
        (
            {"plasticity": HomeostaticThreshold()},
            "projection 'noise->exc': its plasticity must be rules, such as PairSTDP() (got HomeostaticThreshold())",
        ),
        (
            {"plasticity": [PairSTDP(), TripletSTDP()]},
            "projection 'noise->exc': two rules would write its weights at spikes, and their order would be undefined; "
            "say how they go together: Sum(a, b), Sequence(a, b)",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_projection_that_cannot_be(changed: dict[str, Any], message: str) -> None:
    refused(NetworkError, message, **changed)


def test_a_receptor_without_brackets_has_its_defaults() -> None:
    assert joined(receptor=Exponential) == joined(receptor=Exponential())


def test_a_rule_at_spikes_and_one_at_a_signal_go_together() -> None:
    net = joined(weight=0.5, plasticity=[PairSTDP(), WeightNormalisation()])
    assert len(net.projections["noise->exc"].plasticity) == 2


@pytest.mark.parametrize(
    ("weight", "kind", "rest"),
    [
        (float("nan"), ParameterError, "must be finite (got NaN or infinity)"),
        ([1, 2, 3, 4, 5, float("inf")], ParameterError, "must be finite (got NaN or infinity)"),
        ([1, 2, 3], NetworkError, "must be one number or one per synapse, 6 (got 3)"),
        ([], NetworkError, "must be one number or one per synapse, 6 (got 0)"),
        (np.zeros((3, 2)), NetworkError, "a matrix must have the shape [2, 3] (pre, post) (got (3, 2))"),
        (np.zeros((2, 3, 1)), NetworkError, "must be a number, one per synapse or a matrix [pre, post] (got (2, 3, 1))"),
        (None, ParameterError, "must be a number in pA (got None)"),
        (True, ParameterError, "must be a number in pA (got True)"),
        ("strong", ParameterError, "must be a number, or text with a unit like '1 pA' (got 'strong')"),
        ("3 mV", UnitError, "must be in pA (got '3 millivolt', which is in millivolt)"),
        ("3 nS", UnitError, "must be in pA (got '3 nanosiemens', which is in nanosiemens)"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_weights_that_cannot_be(weight: Any, kind: type[MaichongError], rest: str) -> None:
    refused(kind, f"projection 'noise->exc', weight: {rest}", weight=weight)


@pytest.mark.parametrize(
    ("receptor", "weight", "expected"),
    [
        (Exponential(), "0.003 nA", 3.0),
        (Exponential(e_rev=0.0), "0.003 uS", 3.0),
        (Delta(), "0.003 V", 3.0),
        (Delta(), "3 mV", 3.0),
        (Exponential(), 3, 3.0),
    ],
    ids=str,
)
def test_the_receptor_says_the_unit_of_a_weight(receptor: Any, weight: Any, expected: float) -> None:
    net = joined(receptor=receptor, weight=weight)
    assert net.projections["noise->exc"].weight == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(("receptor", "unit"), [(Exponential(e_rev=0.0), "nS"), (Delta(), "mV")], ids=str)
def test_and_refuses_another_one(receptor: Any, unit: str) -> None:
    message = said(UnitError, lambda: joined(receptor=receptor, weight="3 pA"))
    assert message == f"projection 'noise->exc', weight: must be in {unit} (got '3 picoampere', which is in picoampere)"


EARLY = (
    "must be >= dt = 0.1 ms, one step (got {} ms); "
    "use at least 0.1, or leave the delay out: spikes then act from their own stamp on"
)


@pytest.mark.parametrize(
    ("delay", "kind", "rest"),
    [
        (0, NetworkError, EARLY.format("0")),
        (-1.0, NetworkError, EARLY.format("-1")),
        (0.05, NetworkError, EARLY.format("0.05")),
        ("50 us", NetworkError, EARLY.format("0.05")),
        ([1, 1, 1, 1, 0.05, 1], NetworkError, EARLY.format("0.05")),
        (np.array([[1, 1, 1], [1, 0, 1]]), NetworkError, EARLY.format("0")),
        (Uniform(0.0, 1.0), NetworkError, EARLY.format("0").replace("0.1, or", "0.1, as its low, or")),
        (Normal(1.0, 0.1), NetworkError, EARLY.format("-inf").replace("0.1, or", "0.1, as its low, or")),
        (LogNormal(0.0, 0.1), NetworkError, EARLY.format("0").replace("0.1, or", "0.1, as its low, or")),
        (float("nan"), ParameterError, "must be finite (got NaN or infinity)"),
        ([1, 1, 1, 1, float("nan"), 1], ParameterError, "must be finite (got NaN or infinity)"),
        ([1, 1], NetworkError, "must be one number or one per synapse, 6 (got 2)"),
        ("1 mV", UnitError, "must be in ms (got '1 millivolt', which is in millivolt)"),
        (True, ParameterError, "must be a number in ms (got True)"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_delays_that_cannot_be(delay: Any, kind: type[MaichongError], rest: str) -> None:
    refused(kind, f"projection 'noise->exc', delay: {rest}", delay=delay)


@pytest.mark.parametrize("delay", [Uniform(0.1, 1.0), Normal(1.0, 0.1, low=0.1), LogNormal(0.0, 1.0, low=0.1, high=9.0)])
def test_a_random_delay_of_at_least_one_step_is_right(delay: Any) -> None:
    delays = joined(delay=delay).build("reference").synapses("noise->exc")["delay"]
    assert delays.min() >= 0.1
    assert np.unique(delays).size > 1


def test_a_delay_of_one_step_is_right_and_none_comes_unasked() -> None:
    assert joined(delay=0.1).projections["noise->exc"].delay == 0.1
    assert joined().projections["noise->exc"].delay is None


def test_a_delay_too_long_for_its_table_is_refused_before_anything_compiles() -> None:
    assert said(NetworkError, lambda: joined(delay=3276.8).build("reference")) == (
        "projection 'noise->exc', delay: must be below 32768 steps of 0.1 ms (got 32768 steps)"
    )
    joined(delay=3276.7).build("reference")


def test_projections_between_the_same_two_are_numbered_and_named_ones_stand_once() -> None:
    net = joined()
    again = net.project("noise", "exc", AllToAll(), weight=1.0, receptor=Exponential())
    third = net.project("noise", "exc", AllToAll(), weight=1.0, receptor=Exponential())
    assert [again.name, third.name] == ["noise->exc#2", "noise->exc#3"]
    net.project("noise", "exc", AllToAll(), weight=1.0, receptor=Exponential(), name="mine")
    assert (
        said(NetworkError, lambda: net.project("noise", "exc", AllToAll(), weight=1.0, receptor=Exponential(), name="mine"))
        == "projection 'mine': stands in the network already; choose another name"
    )


def test_a_weight_outside_its_rule_s_bounds_is_refused_before_anything_compiles() -> None:
    where = "projection 'noise->exc', weight: must lie between 0 and 1, the bounds of PairSTDP"
    for weight, got in ((1.5, "1.5"), (-0.1, "-0.1"), ([0.1, 0.2, 0.3, 0.4, 0.5, 2.0], "2"), (Uniform(0, 3), "3")):
        net_said = said(ParameterError, lambda w=weight: joined(weight=w, plasticity=PairSTDP()).build("events"))
        assert net_said == f"{where} (got {got}); start inside the bounds, or set w_min and w_max"
    joined(weight=1.5, plasticity=PairSTDP(w_max=2.0)).build("reference")
