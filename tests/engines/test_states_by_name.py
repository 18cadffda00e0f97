"""A state is found by its whole name, whoever else's name begins alike."""

from __future__ import annotations

import numpy as np
import pytest

from maichong import LIF, Network
from maichong.errors import EngineError
from maichong.spec import Param, State, intrinsic_rule, neuron


def rest_of_a(a, tau):
    return -a / tau


def up_a(a):
    return a * 2.0


def raised_by_a(value, a):
    return value + a


def rest_of_half(a_half, tau):
    return -a_half / tau


def up_half(a_half):
    return a_half * 2.0


def raised_by_half(value, a_half):
    return value + a_half


def rest_of_c_m(c_m, tau):
    return -c_m / tau


def up_c_m(c_m):
    return c_m * 2.0


def raised_by_c_m(value, c_m):
    return value + c_m


def flow_of_four(v, v_w, w_x, x, tau):
    return (w_x - v) / tau, (x - v_w) / tau, -w_x / tau, -x / tau


def never(v):
    return v - 1e9


def as_they_are(v, v_w, w_x, x):
    return v, v_w, w_x, x


TAU = (Param("tau", 10.0, "ms", "time constant", above=0),)
PARTS = {
    "a_half": (rest_of_half, up_half, raised_by_half),
    "a": (rest_of_a, up_a, raised_by_a),
    "c_m": (rest_of_c_m, up_c_m, raised_by_c_m),  # the name of a parameter of the LIF
}
RULES = [
    intrinsic_rule(
        f"Of_{name}", target="v_th", params=TAU, states=[State(name, 0.0, "mV", "rise")], flow=flow, on_spike=up, modulate=raised
    )()
    for name, (flow, up, raised) in PARTS.items()
]  # fmt: skip


@pytest.mark.parametrize("engine", ["reference", "events"])
def test_a_state_of_an_intrinsic_rule_is_found_by_its_whole_name(engine: str) -> None:
    net = Network(dt=0.1)
    start = {"a_half": 7.0, "a": 3.0, "c_m": 5.0}
    net.population("cells", LIF(), 2, init=start, plasticity=RULES)
    for name in start:
        net.probe("cells", name)
    run = net.build(engine).run(10.0)
    for name, value in start.items():
        assert run["cells"][name] == pytest.approx(np.full(2, value * np.exp(-1.0)), rel=1e-9)
        assert run["cells"].samples(name).values[-1] == pytest.approx(run["cells"][name], rel=1e-12)
    run["cells"]["a"] = 1.0
    assert run["cells"]["a_half"] == pytest.approx(7.0 * np.exp(-1.0), rel=1e-9)


def test_states_whose_names_join_to_one_are_refused() -> None:
    """Of v and w_x, and of v_w and x, a kernel would make one coefficient v_w_x."""
    states = [State(name, 1.0, "", name, membrane=name == "v") for name in ("v", "v_w", "w_x", "x")]
    four = neuron("Four", params=TAU, states=states, flow=flow_of_four, fires=never, reset=as_they_are)
    net = Network(dt=0.1)
    net.population("cells", four(), 1)
    with pytest.raises(EngineError) as caught:
        net.build("events")
    assert str(caught.value) == (
        "population 'cells': the names of its states 'v', 'w_x' and 'v_w', 'x' join to one, v_w_x, which a kernel could not tell "
        "apart; choose another name for one of them"
    )
