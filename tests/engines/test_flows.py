"""Flows that no shipped model has: every operation of maichong.ops in a slope, and states that a rule adds to a scheme."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from maichong import LIF, Izhikevich, Network
from maichong.ops import (
    NAMES,
    absolute,
    arctan,
    cos,
    exp,
    expm1,
    floor,
    log,
    log1p,
    maximum,
    minimum,
    power,
    sign,
    sin,
    sqrt,
    tan,
    tanh,
    where,
)
from maichong.spec import Input, Param, State, intrinsic_rule, neuron


def flow(v, w, i, tau):
    smooth = exp(-w) + expm1(w) + log(1.5 + w) + log1p(w) + sqrt(1.0 + w) + power(1.0 + w, 1.7)
    waves = 0.1 * (sin(w) + cos(w) + tan(w) + tanh(w) + arctan(w))
    steps = floor(2.5 + w) + absolute(w) + sign(w - 0.3) + minimum(w, 0.2) + maximum(w, 0.4)
    chosen = where((w > 0.2) & (w < 0.6), 1.0, where((w < 0.1) | (w > 0.9), 3.0, 2.0))
    return i - v * (smooth + waves + steps + chosen) / tau, 0.3 / tau


def fires(v):
    return v - 1e9


def reset(v, w):
    return v, w


ALL = neuron(
    "EveryOperation",
    params=[Param("tau", 30.0, "ms", "time constant", above=0)],
    states=[State("v", 0.0, "", "membrane", membrane=True), State("w", 0.0, "", "what the slope depends on")],
    inputs=[Input("i", "1/ms", "drive")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc="A membrane whose leak holds every operation.",
)


def test_every_operation_in_a_slope() -> None:
    """One file serves both engines; w runs through all branches, and v is linear in itself alone."""
    source = flow.__code__.co_names
    assert set(NAMES) <= set(source)
    traces = []
    for engine in ("reference", "events"):
        net = Network(dt=0.5)
        net.population("n", ALL(integrator="exponential_euler"), 3, init={"w": np.array([0.0, 0.15, 0.5])}, drive=2.0)
        net.probe("n", "v")
        traces.append(net.build(engine).run(80.0)["n"].samples("v").values)
    assert np.ptp(traces[0]) > 5.0
    np.testing.assert_allclose(traces[1], traces[0], rtol=1e-12)


def decay(theta, k):
    return -k * theta * theta


def jump(theta):
    return theta + 0.0


def raised(value, theta):
    return value + theta


QUADRATIC = intrinsic_rule(
    "QuadraticThreshold",
    target="v_peak",
    params=[Param("k", 0.01, "1/(mV ms)", "rate")],
    states=[State("theta", 20.0, "mV", "raise")],
    flow=decay,
    on_spike=jump,
    modulate=raised,
    doc="A threshold that falls faster the higher it is.",
)


@pytest.mark.parametrize("scheme", ["figure1", "izh2003"])
def test_a_rule_that_is_not_linear_moves_under_a_scheme_too(engine: str, scheme: str) -> None:
    """theta' = -k theta^2 has theta = 20 / (1 + 20 k t): 1.8182 at 50 ms; Euler's steps of the scheme are of order one."""
    ends = []
    for dt in (0.25, 0.125):
        net = Network(dt=dt)
        net.population("n", Izhikevich(integrator=scheme), 1, plasticity=QUADRATIC())
        ends.append(float(net.build(engine).run(50.0)["n"]["theta"][0]) - 20.0 / 11.0)
    assert abs(ends[0]) < 0.02
    assert ends[0] / ends[1] == pytest.approx(2.0, abs=0.05)


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("cell", [Izhikevich(), LIF(tau_m=1e-320)], ids=repr)
def test_a_membrane_that_diverged_is_told(engine: str, cell: object) -> None:
    net = Network(dt=50.0)
    net.population("n", cell, 2, drive=30.0)
    run = net.build(engine)
    with (
        np.errstate(all="ignore"),
        pytest.warns(RuntimeWarning, match="population 'n', v: 2 of 2 cells have diverged by 5000 ms"),
    ):
        run.run(5000.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.run(50.0)  # it is said once
