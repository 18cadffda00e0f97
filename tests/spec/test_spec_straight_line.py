# ruff: noqa: F401, F841, SIM
"""The functions of a model are straight-line code: what is not is quoted at the user's own line, before anything compiles."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from leaky_cell import at, declare, flow, said

from maichong.errors import ModelError
from maichong.ops import exp, where

BRANCH = "use where(condition, a, b) of maichong.ops, and & or | between conditions"
SCALE = 3.0


# straight-line code ----------------------------------------------------------------------------------------------------


def an_if(v, tau_m):
    if v > 0:
        return v
    return -v / tau_m


def a_conditional(v, tau_m):
    return v if v > 0 else -v / tau_m


def a_for(v, tau_m):
    for _ in range(3):
        v = v + tau_m
    return v


def a_while(v, tau_m):
    while v > 0:
        v = v - tau_m
    return v


def an_and(v, tau_m):
    return where((v > 0) and (v < 3), v, tau_m)


def an_or(v, tau_m):
    return where((v > 0) or (v < 3), v, tau_m)


def a_not(v, tau_m):
    return where(not v, v, tau_m)


def a_try(v, tau_m):
    try:
        x = v
    finally:
        x = tau_m
    return x


def an_assert(v, tau_m):
    assert v > 0
    return v


def a_lambda_inside(v, tau_m):
    return (lambda x: x)(v)


@pytest.mark.parametrize(
    ("function", "line", "words"),
    [
        (an_if, 1, "an if statement"),
        (a_conditional, 1, "a conditional expression"),
        (a_for, 1, "a loop"),
        (a_while, 1, "a loop"),
        (an_and, 1, "'and'/'or'"),
        (an_or, 1, "'and'/'or'"),
        (a_not, 1, "'not'"),
        (a_try, 1, "try"),
        (an_assert, 1, "assert"),
        (a_lambda_inside, 1, "a lambda"),
    ],
)
def test_a_branch_is_named_at_its_own_line(function: Callable[..., Any], line: int, words: str) -> None:
    assert said(ModelError, lambda: declare(flow=function)) == (
        f"{at(function, line)} in {function.__name__}(): a model's function must be branch-free, {words} cannot be read by "
        f"every engine; {BRANCH}"
    )


def an_attribute(v, tau_m):
    v.x = tau_m
    return v


def an_augmented(v, tau_m):
    v += tau_m
    return v


def a_chain(v, tau_m):
    a = b = v
    return a + b


def an_annotation(v, tau_m):
    a: float = v
    return a


def an_import(v, tau_m):
    import os

    return v


def a_global(v, tau_m):
    global SCALE
    return v


def a_nested_def(v, tau_m):
    def g(x):
        return x

    return g(v)


def no_return(v, tau_m):
    x = v


def an_empty_return(v, tau_m):
    return


def a_subscript(v, tau_m):
    return v[0]


def a_list(v, tau_m):
    return [v]


def a_star(v, tau_m):
    return exp(*[v])


def a_chained_comparison(v, tau_m):
    return where(0 < v < 3, v, tau_m)


def a_floor_division(v, tau_m):
    return v // tau_m


def a_remainder(v, tau_m):
    return v % tau_m


def a_matrix_product(v, tau_m):
    return v @ tau_m


def an_exclusive_or(v, tau_m):
    return v ^ tau_m


def a_keyword(v, tau_m):
    return exp(x=v)


def an_imaginary_number(v, tau_m):
    return v + 1j


def a_text(v, tau_m):
    return "v"


def a_none(v, tau_m):
    return None


def a_formatted_text(v, tau_m):
    return f"{v}"


@pytest.mark.parametrize(
    ("function", "line", "rest"),
    [
        (an_attribute, 1, "may assign to plain names only (got v.x = tau_m)"),
        (an_augmented, 1, "only assignments and one return may stand here (got v += tau_m)"),
        (a_chain, 1, "only assignments and one return may stand here (got a = b = v)"),
        (an_annotation, 1, "only assignments and one return may stand here (got a: float = v)"),
        (an_import, 1, "only assignments and one return may stand here (got import os)"),
        (a_global, 1, "only assignments and one return may stand here (got global SCALE)"),
        (a_nested_def, 1, "only assignments and one return may stand here (got def g(x):)"),
        (no_return, 0, "must end by returning its value"),
        (an_empty_return, 0, "must end by returning its value"),
        (a_subscript, 1, "an equation works on plain symbols (got v[0])"),
        (a_list, 1, "an equation works on plain symbols (got [v])"),
        (a_star, 1, "an equation works on plain symbols (got *[v])"),
        (a_chained_comparison, 1, "compare two values at a time, and join with & (got 0 < v < 3)"),
        (a_floor_division, 1, "only + - * / ** & | may stand in an equation (got v // tau_m)"),
        (a_remainder, 1, "only + - * / ** & | may stand in an equation (got v % tau_m)"),
        (a_matrix_product, 1, "only + - * / ** & | may stand in an equation (got v @ tau_m)"),
        (an_exclusive_or, 1, "only + - * / ** & | may stand in an equation (got v ^ tau_m)"),
        (a_keyword, 1, "calls take plain arguments only (got exp(x=v))"),
        (an_imaginary_number, 1, "only real numbers may stand in an equation (got 1j)"),
        (a_text, 1, "only real numbers may stand in an equation (got 'v')"),
        (a_none, 1, "only real numbers may stand in an equation (got None)"),
        (a_formatted_text, 1, "an equation works on plain symbols (got f'{v}')"),
    ],
)
def test_what_is_no_equation_is_quoted_at_its_own_line(function: Callable[..., Any], line: int, rest: str) -> None:
    assert said(ModelError, lambda: declare(flow=function)) == f"{at(function, line)} in {function.__name__}(): {rest}"


def with_default(v, tau_m=10.0):
    return -v / tau_m


def with_star(v, *others):
    return v


@pytest.mark.parametrize(("function", "got"), [(with_default, "v, tau_m=10.0"), (with_star, "v, *others")])
def test_arguments_are_plain_names(function: Callable[..., Any], got: str) -> None:
    assert f"arguments must be plain names, each a symbol of the model (got {got})" in said(
        ModelError, lambda: declare(flow=function)
    )


class Method:
    def flow(self, v):
        return v


@pytest.mark.parametrize("function", [abs, None, 3, "flow", functools.partial(flow, 3), Method().flow, Method()])
def test_only_plain_functions_will_do(function: Any) -> None:
    assert "must be a plain Python function" in said(ModelError, lambda: declare(flow=function))


def test_a_lambda_has_no_lines_of_its_own() -> None:
    assert "must be written with def" in said(ModelError, lambda: declare(flow=lambda v, tau_m: -v / tau_m))


def test_a_function_without_source_text_is_refused() -> None:
    space: dict[str, Any] = {}
    exec("def flow(v): return v", space)
    message = said(ModelError, lambda: declare(flow=space["flow"]))
    assert message == ("<string>:1: the source text of a model's function must be readable; write the model in a file")
