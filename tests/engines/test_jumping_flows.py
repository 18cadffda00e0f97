"""Flows that jump: where() of an input or a state between constants has no slope, and is not linear for that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import Network
from maichong.errors import EngineError
from maichong.ops import floor, sign, where
from maichong.spec import Input, Param, State, neuron


def fires(v, v_th):
    return v - v_th


def reset(v, x):
    return v, x


def of(flow: Any, **options: Any) -> Any:
    """A neuron that never fires, with the state x beside v, and this flow."""
    return neuron(
        "Jumping",
        params=[
            Param("v_th", 1e3, "mV", "threshold"),
            Param("up", 1.0, "mV/ms", "a rise"),
            Param("rate", 1.0, "1/ms", "that of x"),
            Param("c_m", 1.0, "pF", "capacitance"),
        ],
        states=[State("v", 0.0, "mV", "potential", membrane=True), State("x", 0.0, "", "a state that runs up")],
        inputs=[Input("i", "pA", "input"), Input("gate", "", "input")],
        flow=flow,
        fires=fires,
        reset=reset,
    )(**options)


def by_input(v, x, i, gate, up, rate, c_m):
    return where(gate > 0.5, 2.0 * up, -up) + i / c_m, rate


def by_state(v, x, i, gate, up, rate, c_m):
    return where(x > 3.05, 2.0 * up, -up) + i / c_m, rate


def by_sign(v, x, i, gate, up, rate, c_m):
    return up * sign(gate - 0.5) + i / c_m, rate


def by_floor(v, x, i, gate, up, rate, c_m):
    return up * floor(gate) + i / c_m, rate


def by_parameters(v, x, i, gate, up, rate, c_m):
    return where(rate * c_m > 0.0 * rate * c_m, i / c_m - rate * v, up), rate


@pytest.mark.parametrize(
    ("flow", "gate", "exact", "engine"),
    [
        (by_input, 0.0, -10.0, "reference"),
        (by_input, 1.0, 20.0, "reference"),
        (by_input, 1.0, 20.0, "events"),
        (by_state, 0.0, 10.7, "reference"),
        (by_sign, 1.0, 10.0, "reference"),
        (by_floor, 2.5, 20.0, "reference"),
    ],
)
def test_a_flow_that_jumps_is_followed(flow: Any, gate: float, exact: float, engine: str) -> None:
    """10 ms of a constant flow; by_state -1 for the 3.1 ms until x > 3.05 is seen, then 2: -3.1 + 13.8, to within one step."""
    net = Network(dt=0.1)
    net.population("cell", of(flow), 1, drive={"gate": gate})
    run = net.build(engine).run(10.0)
    assert run["cell"]["v"][0] == pytest.approx(exact, abs=0.31 if flow is by_state else 1e-9)
    assert run["cell"]["x"][0] == pytest.approx(10.0)


def test_exact_integration_of_a_flow_that_jumps_is_refused() -> None:
    net = Network(dt=0.1)
    net.population("cell", of(by_input, integrator="exact"), 1)
    with pytest.raises(EngineError, match="the integrator 'exact' needs a linear flow, and v is not linear here"):
        net.build("reference")


def test_a_where_of_parameters_alone_stays_exact() -> None:
    net = Network(dt=0.1)
    net.population("cell", of(by_parameters, integrator="exact"), 1, drive={"i": 3.0})
    run = net.build("reference").run(2.0)
    assert run["cell"]["v"][0] == pytest.approx(3.0 * (1.0 - np.exp(-2.0)), rel=1e-12)
