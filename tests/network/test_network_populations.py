"""Adding populations: every mistake is one sentence at the call that is wrong, naming place, want and cure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pint
import pytest
from small_network import said, some

from maichong import (
    LIF,
    Exponential,
    HomeostaticThreshold,
    Izhikevich,
    Network,
    PairSTDP,
    Poisson,
    SpikeTimes,
)
from maichong.errors import MaichongError, NetworkError, ParameterError, UnitError


@pytest.mark.parametrize("n", [0, -1, 2**31, 2.0, "2", None, True, [2], float("nan")], ids=repr)
def test_a_number_of_neurons_that_is_none(n: Any) -> None:
    assert said(NetworkError, lambda: Network().population("a", LIF(), n)) == (
        f"population 'a': must have between 1 and 2**31 - 1 neurons (got {n!r})"
    )


def test_a_name_stands_once() -> None:
    assert said(NetworkError, lambda: some().population("exc", LIF(), 1)) == (
        "population 'exc': stands in the network already; choose another name"
    )


@pytest.mark.parametrize("name", ["", None, 3, b"a", ["a"]], ids=repr)
def test_a_name_that_is_none(name: Any) -> None:
    assert said(NetworkError, lambda: Network().population(name, LIF(), 1)) == f"population: needs a name (got {name!r})"


@pytest.mark.parametrize("model", ["LIF", None, 3, PairSTDP(), Exponential(), HomeostaticThreshold()], ids=repr)
def test_what_is_no_neuron(model: Any) -> None:
    assert said(NetworkError, lambda: Network().population("a", model, 1)) == (
        f"population 'a': needs a neuron or a source, such as LIF() or Poisson() (got {model!r})"
    )


def test_a_model_without_brackets_has_its_defaults() -> None:
    assert Network().population("a", LIF, 2).model == LIF()
    assert Network().population("a", Poisson, 2).model == Poisson()


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"init": {"V": 1.0}}, NetworkError, "population 'a', init: there is no 'V'; did you mean 'v'?"),
        ({"init": {"x": 1.0}}, NetworkError, "population 'a', init: there is no 'x'; known: v"),
        ({"init": {"v": [1, 2]}}, NetworkError, "population 'a', init: v must be one number or 3, one per neuron (got (2,))"),
        (
            {"init": {"v": np.zeros((3, 1))}},
            NetworkError,
            "population 'a', init: v must be one number or 3, one per neuron (got (3, 1))",
        ),
        ({"init": {"v": float("nan")}}, ParameterError, "population 'a', init['v']: must be finite (got NaN or infinity)"),
        (
            {"init": {"v": "3 pA"}},
            UnitError,
            "population 'a', init['v']: must be in mV (got '3 picoampere', which is in picoampere)",
        ),
        ({"drive": {"j": 1.0}}, NetworkError, "population 'a': has no input 'j'; known: i"),
        ({"drive": [1, 2]}, NetworkError, "population 'a', drive: i must be one number or 3, one per neuron (got (2,))"),
        ({"drive": float("inf")}, ParameterError, "population 'a', drive['i']: must be finite (got NaN or infinity)"),
        (
            {"drive": "3 mV"},
            UnitError,
            "population 'a', drive['i']: must be in pA (got '3 millivolt', which is in millivolt)",
        ),
        ({"drive": True}, ParameterError, "population 'a', drive['i']: must be a number in pA (got True)"),
        ({"model": LIF(tau_m=[1, 2])}, NetworkError, "population 'a': tau_m must be one number or 3, one per neuron (got 2)"),
        (
            {"plasticity": HomeostaticThreshold(theta_0=[1, 2])},
            NetworkError,
            "population 'a': theta_0 must be one number or 3, one per neuron (got 2)",
        ),
        (
            {"plasticity": PairSTDP()},
            NetworkError,
            "population 'a': its plasticity must be intrinsic rules, such as HomeostaticThreshold() (got PairSTDP())",
        ),
        (
            {"plasticity": [3]},
            NetworkError,
            "population 'a': its plasticity must be intrinsic rules, such as HomeostaticThreshold() (got 3)",
        ),
        (
            {"model": Izhikevich(), "plasticity": HomeostaticThreshold()},
            NetworkError,
            "population 'a': HomeostaticThreshold modulates 'v_th', which Izhikevich lacks",
        ),
        (
            {"plasticity": [HomeostaticThreshold(), HomeostaticThreshold(tau_theta=50.0)]},
            NetworkError,
            "population 'a': two of its parts have a state 'theta'; declare one with another name",
        ),
        ({"model": Poisson(rate=[1, 2])}, NetworkError, "population 'a': rate must be one number or 3, one per neuron (got 2)"),
        (
            {"model": Poisson(), "drive": 3.0},
            NetworkError,
            "population 'a': its model has no input to drive (got 3.0)",
        ),
        ({"model": Poisson(), "init": {"v": 3.0}}, NetworkError, "population 'a', init: there is no 'v'"),
        (
            {"model": SpikeTimes([1.0], [0]), "init": {"v": 3.0}},
            NetworkError,
            "population 'a': given spikes have neither states nor plasticity",
        ),
        ({"model": SpikeTimes([1.0], [3])}, NetworkError, "population 'a': spike ids must be below 3 (got 3)"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_population_that_cannot_be(changed: dict[str, Any], kind: type[MaichongError], message: str) -> None:
    net = Network()
    parts: dict[str, Any] = {"name": "a", "model": LIF(), "n": 3}
    assert said(kind, lambda: net.population(**{**parts, **changed})) == message
    assert net == Network()


@pytest.mark.parametrize(
    ("times", "ids", "message"),
    [
        ([1.0, 2.0], [0], "SpikeTimes: times and ids must be equally long lists (got (2,) and (1,))"),
        ([[1.0]], [[0]], "SpikeTimes: times and ids must be equally long lists (got (1, 1) and (1, 1))"),
        ([-1.0], [0], "SpikeTimes.times: must be finite and >= 0 ms"),
        ([float("nan")], [0], "SpikeTimes.times: must be finite and >= 0 ms"),
        ([float("inf")], [0], "SpikeTimes.times: must be finite and >= 0 ms"),
        ([1.0], [0.5], "SpikeTimes.ids: must be whole numbers >= 0"),
        ([1.0], [-1], "SpikeTimes.ids: must be whole numbers >= 0"),
        ([1.0], [float("nan")], "SpikeTimes.ids: must be whole numbers >= 0"),
        (["a"], [0], "SpikeTimes.times: must be a number in ms (got ['a'])"),
        ([1.0], None, "SpikeTimes.ids: must be a number in units of 1 (got None)"),
    ],
)
def test_given_spikes_that_cannot_be(times: Any, ids: Any, message: str) -> None:
    assert said(ParameterError, lambda: SpikeTimes(times, ids)) == message


def test_given_spikes_may_carry_a_unit() -> None:
    assert SpikeTimes(pint.Quantity([0.001, 0.002], "s"), [0, 1]) == SpikeTimes([1.0, 2.0], [0, 1])
