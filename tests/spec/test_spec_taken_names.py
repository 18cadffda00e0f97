"""Names that the engines use for something of their own are refused where they are declared; their neighbours are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from leaky_cell import PARAMS, V, declare, said

from maichong import LIF, Delta, Exponential, Network, OneToOne, SpikeTimes
from maichong.errors import ModelError
from maichong.spec import Param, State, intrinsic_rule, receptor, source


def flow_of_two(v, i, tau_m, c_m):
    return -v / tau_m + i / c_m, -v / tau_m


def reset_of_two(v_r):
    return v_r, v_r


def with_state(name: str) -> Any:
    """The leaky cell with a second state called so."""
    return declare(states=(V, State(name, 0.0, "mV", "second")), flow=flow_of_two, reset=reset_of_two)


def with_param(name: str) -> Any:
    return declare(params=(*PARAMS, Param(name, 1.0, "mV", "unused")))


def arrive(w):
    return w


def decay_of_i(i, tau):
    return -i / tau


def output_of_i(i):
    return i


def with_receptor(param: str) -> Any:
    """A receptor whose state has the name of the LIF's input, and a further parameter."""
    return receptor(
        "Current", arrive=arrive, flow=decay_of_i, output=output_of_i, states=(State("i", 0.0, "weight", "current"),),
        params=(Param("tau", 5.0, "ms", "time constant", above=0), Param(param, 1.0, "", "unused")),
    )  # fmt: skip


def to_rest(h, tau_h):
    return -h / tau_h


def up(h):
    return h + 1.0


def raised(value, h):
    return value + h


def with_target(target: str) -> Any:
    params = (Param("tau_h", 10.0, "ms", "time constant", above=0),)
    states = (State("h", 0.0, "mV", "offset"),)
    return intrinsic_rule("Up", target=target, params=params, states=states, flow=to_rest, on_spike=up, modulate=raised)


def waits(n_mean):
    return n_mean


def with_source_param(name: str) -> Any:
    params = (Param("n_mean", 1.0, "ms", "mean"), Param(name, 1.0, "", "unused"))
    return source("Regular", params=params, interval=waits)


@pytest.mark.parametrize(
    "name",
    ["excess", "one", "spikes", "counts", "until", "ring", "ring_count", "wait", "next", "fired", "link", "given_at",
     "drive_i", "d_v", "reset_v", "hard_v", "p_v_v", "s0_v_v", "out_p0", "i_p0", "g_p12", "v_th_h0"],
)  # fmt: skip
def test_a_neuron_s_symbol_has_a_name_of_its_own(name: str) -> None:
    expected = f"Cell.{name}: the engines use this name for something of their own; choose another name"
    assert said(ModelError, lambda: with_state(name)) == expected
    assert said(ModelError, lambda: with_param(name)) == expected


@pytest.mark.parametrize(
    ("call", "symbol"),
    [
        (lambda: with_receptor("out"), "Current.out"),
        (lambda: with_receptor("d_i"), "Current.d_i"),
        (lambda: with_receptor("reset_i"), "Current.reset_i"),
        (lambda: with_receptor("drive_i"), "Current.drive_i"),
        (lambda: with_source_param("n"), "Regular.n"),
        (lambda: with_source_param("due_at"), "Regular.due_at"),
    ],
)
def test_so_has_one_of_another_part(call: Callable[[], Any], symbol: str) -> None:
    assert said(ModelError, call) == f"{symbol}: the engines use this name for something of their own; choose another name"


def test_an_intrinsic_rule_and_its_target_share_no_name() -> None:
    assert said(ModelError, lambda: with_target("h")) == "Up.h: is the name of its target too; choose another name"


@pytest.mark.parametrize(
    "name", ["n", "m", "h", "w", "d_inf", "reset_rate", "x_v", "par_v", "new_v", "control", "awake", "j", "p"]
)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_state_s_name_changes_nothing(name: str, precision: str) -> None:
    def course(name: str) -> np.ndarray:
        net = Network(dt=0.1)
        net.population("cells", with_state(name)(), 2, drive=[300.0, 2000.0])
        net.population("given", SpikeTimes([1.0, 2.0], [0, 1]), 2)
        net.project("given", "cells", OneToOne(), weight=3.0, receptor=Delta())
        run = net.build("events", precision=precision).run(40)
        assert run["cells"].counts[1] > 1
        return np.stack([run["cells"]["v"], run["cells"][name]])

    assert np.array_equal(course(name), course("second"))


@pytest.mark.parametrize("engine", ["reference", "events"])
def test_a_receptor_s_state_may_have_the_name_of_the_input(engine: str) -> None:
    def course(kind: Any) -> np.ndarray:
        net = Network(dt=0.1)
        net.population("cells", LIF(), 1, drive=100.0)
        net.population("given", SpikeTimes([1.0, 2.0], [0, 0]), 1)
        net.project("given", "cells", OneToOne(), weight=50.0, receptor=kind(tau=5.0))
        return net.build(engine).run(20)["cells"]["v"]

    assert course(with_receptor("unused")) == pytest.approx(course(Exponential), rel=1e-12)
