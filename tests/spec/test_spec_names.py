# ruff: noqa: F821, F823, F841
"""The names in a model's functions: what they ask for, what they may use, and what the likely name is where one means nothing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from leaky_cell import CURRENT, PARAMS, V, at, declare, flow, said

from maichong import Network, ops
from maichong.errors import ModelError
from maichong.ops import exp, where
from maichong.spec import State

SCALE = 3.0
TEXT = "3"
FLAG = True
NUMBERS = [1.0]


# what a function asks for and returns ----------------------------------------------------------------------------------


def asks_for_a_typo(v, tau_mm):
    return -v / tau_mm


def asks_for_a_stranger(v, zeta):
    return -v * zeta


def returns_two(v, tau_m):
    return -v / tau_m, v


def returns_none(v, tau_m):
    return ()


def two_resets(v_r):
    return v_r, v_r


def test_a_wrong_name_is_answered_with_the_line_and_the_likely_one() -> None:
    message = said(ModelError, lambda: declare(flow=asks_for_a_typo))
    assert message == (
        f"{at(asks_for_a_typo)}: asks_for_a_typo() asks for 'tau_mm', which Cell does not declare; did you mean 'tau_m'?"
    )


def test_a_name_near_nothing_is_answered_with_what_is_known() -> None:
    message = said(ModelError, lambda: declare(flow=asks_for_a_stranger))
    assert message.endswith("which Cell does not declare; known: c_m, i, t_ref, tau_m, v, v_r, v_th")


def test_a_threshold_may_not_ask_for_the_input() -> None:
    assert "asks for 'i', which Cell does not declare" in said(ModelError, lambda: declare(fires=flow))


@pytest.mark.parametrize(("function", "got"), [(returns_two, 2), (returns_none, 0)])
def test_a_wrong_number_of_flows(function: Callable[..., Any], got: int) -> None:
    assert said(ModelError, lambda: declare(flow=function)) == (
        f"{at(function)}: {function.__name__}() of Cell must return 1 value, one per state in declared order (got {got})"
    )


def test_a_wrong_number_of_resets_and_of_thresholds() -> None:
    two = (V, State("u", 0.0, "mV", "second"))
    assert "reset() of Cell must return 2 values, one per state in declared order (got 1)" in said(
        ModelError, lambda: declare(states=two, flow=returns_two)
    )
    assert "two_resets() of Cell must return 1 value" in said(ModelError, lambda: declare(fires=two_resets))


# names that are neither arguments nor operations -----------------------------------------------------------------------


def an_unknown(v, tau_m):
    x = v * 2
    return tau_n * x


def a_list_from_outside(v, tau_m):
    return NUMBERS * v


def a_text_from_outside(v, tau_m):
    return v + TEXT


def used_before_it_is_set(v, tau_m):
    x = y
    y = v
    return x


def a_sum_built_in(v, tau_m):
    return abs(v)


def a_typo_of_an_operation(v, tau_m):
    return expp(v / tau_m)


def from_math(v, tau_m):
    return math.exp(v / tau_m)


def a_foreign_numpy_name(v, tau_m):
    return np.sinh(v / tau_m)


@pytest.mark.parametrize(
    ("function", "line", "rest"),
    [
        (an_unknown, 2, "uses 'tau_n', which is neither an argument nor a number defined before; did you mean 'tau_m'?"),
        (a_list_from_outside, 1, "uses 'NUMBERS', which is neither an argument nor a number defined before"),
        (a_text_from_outside, 1, "uses 'TEXT', which is neither an argument nor a number defined before"),
        (used_before_it_is_set, 1, "uses 'y', which is neither an argument nor a number defined before"),
        (a_sum_built_in, 0, "calls 'abs', which is none of maichong.ops; known: absolute, "),
        (a_typo_of_an_operation, 0, "calls 'expp', which is none of maichong.ops; did you mean 'exp'?"),
        (from_math, 0, "calls 'math.exp', which is none of maichong.ops; did you mean 'exp'?"),
        (a_foreign_numpy_name, 0, "calls 'np.sinh', which is none of maichong.ops; did you mean 'sin'?"),
    ],
)
def test_a_name_that_means_nothing_is_named(function: Callable[..., Any], line: int, rest: str) -> None:
    message = said(ModelError, lambda: declare(flow=function))
    assert message.startswith(f"{at(function, line)} in {function.__name__}(): {rest}")


# what a function may use -----------------------------------------------------------------------------------------------


def leak(x, tau):
    return -x / tau


def by_a_helper(v, tau_m):
    return leak(v, tau_m)


def with_a_global_constant(v, tau_m):
    return -v / (tau_m * SCALE)


def with_numpy(v, tau_m):
    return np.exp(-v / tau_m)


def with_the_module(v, tau_m):
    return ops.exp(-v / tau_m)


def with_the_name(v, tau_m):
    return exp(-v / tau_m)


def with_steps(v, tau_m):
    """Two assignments, one of them of two names."""
    a, b = v, tau_m
    ratio = a / b
    return -ratio


def branchy(x):
    if x > 0:
        return x
    return -x


def by_a_branchy_helper(v, tau_m):
    return branchy(v)


def closed_over() -> Callable[..., Any]:
    factor = 2.0

    def inner(v, tau_m):
        return -factor * v / tau_m

    return inner


V_0 = -60.0


def slope_of(function: Callable[..., Any]) -> float:
    """dv/dt at V_0, below the threshold, as one step of Euler's method shows it."""
    net = Network(dt=1.0)
    params, states, inputs = (
        [dataclasses.replace(symbol, unit="") for symbol in symbols] for symbols in (PARAMS, (V,), (CURRENT,))
    )
    cell = declare(flow=function, params=params, states=states, inputs=inputs)  # pure numbers: exp(-v / tau_m) is no rate
    net.population("cell", cell(integrator="euler", v_th=1e9), 1, init={"v": V_0})
    return float(net.build("reference").run(1.0)["cell"]["v"][0]) - V_0


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (by_a_helper, -V_0 / 10.0),
        (with_a_global_constant, -V_0 / 30.0),
        (with_numpy, math.exp(-V_0 / 10.0)),
        (with_the_module, math.exp(-V_0 / 10.0)),
        (with_the_name, math.exp(-V_0 / 10.0)),
        (with_steps, -V_0 / 10.0),
        (closed_over(), -2.0 * V_0 / 10.0),
    ],
)
def test_helpers_constants_and_numpy_s_own_names_may_stand_in_an_equation(function: Callable[..., Any], slope: float) -> None:
    assert slope_of(function) == pytest.approx(slope, rel=1e-12)


def test_a_helper_is_held_to_the_same_rules_at_its_own_line() -> None:
    message = said(ModelError, lambda: declare(flow=by_a_branchy_helper))
    assert message.startswith(f"{at(branchy, 1)} in branchy(): a model's function must be branch-free, an if statement")


# bugs ------------------------------------------------------------------------------------------------------------------


def calls_itself(v, tau_m):
    return calls_itself(v, tau_m)


def a_helper_short_of_an_argument(v, tau_m):
    return leak(v)


def an_operation_with_too_many(v, tau_m):
    return exp(v, tau_m)


def a_where_without_else(v, tau_m):
    return where(v > 0, v)


def a_property(v, tau_m):
    return v.real


def a_set(v, tau_m):
    return {v}


def an_identity(v, tau_m):
    return v is tau_m


def a_membership(v, tau_m):
    return v in tau_m


def a_flag_from_outside(v, tau_m):
    return v * FLAG


def hides_an_operation(v, tau_m):
    exp = v
    return exp(v)


def numpy_s_pi(v, tau_m):
    return np.pi * v


def calls_its_caller(v, tau_m):
    return called_by_its_caller(v, tau_m)


def called_by_its_caller(v, tau_m):
    return calls_its_caller(v, tau_m)


def assigns_a_constant_later(v, tau_m):
    x = v * SCALE
    SCALE = tau_m
    return x


def a_pair_in_an_equation(v, tau_m):
    return (v, tau_m) > v


SYMBOLS = "an equation works on plain symbols"


@pytest.mark.parametrize(
    ("function", "line", "rest"),
    [
        (an_identity, 1, "numbers that are computed are compared by < <= > >= only (got v is tau_m)"),
        (a_membership, 1, "numbers that are computed are compared by < <= > >= only (got v in tau_m)"),
        (calls_itself, 1, "a function may not call itself (got calls_itself(v, tau_m))"),
        (a_helper_short_of_an_argument, 1, "leak() takes 2 arguments (got leak(v))"),
        (an_operation_with_too_many, 1, "exp() takes 1 argument (got exp(v, tau_m))"),
        (a_where_without_else, 1, "where() takes 3 arguments (got where(v > 0, v))"),
        (a_property, 1, f"{SYMBOLS} (got v.real); give it a name of its own"),
        (numpy_s_pi, 1, f"{SYMBOLS} (got np.pi); give it a name of its own"),
        (a_set, 1, f"{SYMBOLS} (got {{v}})"),
        (a_pair_in_an_equation, 1, f"{SYMBOLS} (got (v, tau_m))"),
        (a_flag_from_outside, 1, "uses 'FLAG', which is neither an argument nor a number defined before; known: tau_m, v"),
        (assigns_a_constant_later, 1, "uses 'SCALE', which is neither an argument nor a number defined before"),
        (hides_an_operation, 2, "calls 'exp', which is a number here (got exp(v))"),
    ],
)
def test_what_no_engine_can_read_is_refused_when_declared(function: Callable[..., Any], line: int, rest: str) -> None:
    message = said(ModelError, lambda: declare(flow=function))
    assert message.startswith(f"{at(function, line)} in {function.__name__}(): {rest}")


def test_functions_that_call_each_other_are_refused() -> None:
    message = said(ModelError, lambda: declare(flow=calls_its_caller))
    assert message.startswith(f"{at(called_by_its_caller, 1)} in called_by_its_caller(): a function may not call itself")
