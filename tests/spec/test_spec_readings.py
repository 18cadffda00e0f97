"""The readings of a model's functions agree: SymPy against NumPy, units against what the place asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp

from maichong import ops
from maichong.checks.declared import units as check_units
from maichong.checks.outcome import Failed
from maichong.errors import UnitError
from maichong.spec import Input, Param, State, neuron, receptor, rule, units
from maichong.spec.model import Model
from maichong.spec.reading import arguments, rebind, straight_line
from maichong.spec.registry import models
from maichong.spec.symbolic import expressions, symbol, table

ALL = pytest.mark.parametrize("model", models().values(), ids=lambda model: model.name)
POINTS = 25


def functions(model: Model) -> Iterator[Callable[..., Any]]:
    yield from model.functions().values()
    yield from (state.init for state in model.states if callable(state.init))


def somewhere(model: Model, rng: np.random.Generator) -> dict[str, float]:
    """A value for every symbol: parameters within a fifth of their defaults, the rest where it usually is."""
    point = {param.name: (param.default or 0.5) * rng.uniform(0.8, 1.2) for param in model.params}
    point |= {state.name: rng.uniform(-80.0, 40.0) if state.membrane else rng.uniform(0.0, 5.0) for state in model.states}
    point |= {entry.name: rng.uniform(-500.0, 500.0) for entry in getattr(model, "inputs", ())}
    point |= {trace.name: rng.uniform(0.0, 2.0) for trace in getattr(model, "traces", ())}
    point |= {read.name: rng.uniform(-80.0, 40.0) for read in getattr(model, "reads", ())}
    point |= {state.name: rng.uniform(0.0, 1.0) for state in getattr(model, "source", ())}
    low, high = sorted((point.get("w_min", 0.0), point.get("w_max", 1.0)))
    around = {"w": rng.uniform(low, high), "w_sum": rng.uniform(0.0, 50.0), "u": rng.uniform(), "signal": rng.normal()}
    around |= {"w_sum_pre": rng.uniform(0.0, 50.0), "w_squares": rng.uniform(0.0, 50.0)}
    around |= {"lag": rng.uniform(0.1, 50.0), "bound": float(rng.integers(2)), "dt": rng.uniform(0.01, 1.0)}
    around |= {"s_pre": rng.uniform(), "s_post": rng.uniform()}
    return {"value": -55.0, "v": rng.uniform(-80, 40), **around, **point}


@ALL
def test_what_sympy_reads_is_what_numpy_computes(model: Model) -> None:
    """SymPy's expressions are evaluated with 30 digits by mpmath: nothing in common with NumPy but the source."""
    rng = np.random.default_rng(7)
    for function in functions(model):
        asked = arguments(function)
        read = [sp.lambdify([symbol(name) for name in asked], result, "mpmath") for result in expressions(function)]
        for _ in range(POINTS):
            point = somewhere(model, rng)
            values = [point[name] for name in asked]
            plain = function(*values)
            plain = plain if isinstance(plain, tuple) else (plain,)
            assert len(plain) == len(read)
            with mpmath.workdps(30):
                exact = [float(expression(*map(mpmath.mpf, values))) for expression in read]
            size = max(map(abs, exact)) + max(map(abs, values), default=1.0) * 1e-3 + 1e-300
            assert np.allclose(plain, exact, rtol=1e-12, atol=1e-13 * size), function.__name__


ARGUMENTS = {"power": (1.7, 2.3), "where": (True, 1.7, 2.3), "minimum": (1.7, 2.3), "maximum": (1.7, 2.3), "sqrt": (2.3,)}
ARGUMENTS |= {"log": (2.3,)}


@pytest.mark.parametrize("name", ops.NAMES)
def test_every_operation_means_the_same_in_sympy(name: str) -> None:
    given = ARGUMENTS.get(name, (-0.37,))
    assert float(table()[name](*map(sp.sympify, given))) == pytest.approx(float(getattr(ops, name)(*given)), rel=1e-14)


def test_the_operations_are_numpy_s_own() -> None:
    for name in ops.NAMES:
        assert getattr(ops, name) is getattr(np, name)
    assert set(ops.__all__) == {"NAMES", *ops.NAMES}


def test_bindings_stand_for_symbols() -> None:
    def flow(v, tau):
        return -v / tau

    assert expressions(flow, {"v": 3})[0] == -3 / symbol("tau")


def test_a_function_is_read_as_assignments_and_results() -> None:
    def flow(v, tau):
        """Doc."""
        a, b = v, tau
        c = a / b
        return -c, b

    line = straight_line(flow)
    assert line.args == ("v", "tau")
    assert [names for names, _ in line.assignments] == [("a", "b"), ("c",)]
    assert len(line.results) == 2
    assert (line.file, line.line) == (__file__, flow.__code__.co_firstlineno)


def test_rebinding_reaches_helpers_and_closures_and_leaves_the_function_alone() -> None:
    factor = 2.0

    def inner(x):
        return ops.exp(x)

    def outer(x):
        return factor * inner(x)

    assert rebind(outer, table())(symbol("x")) == 2.0 * sp.exp(symbol("x"))
    assert outer(0.0) == 2.0


# units -----------------------------------------------------------------------------------------------------------------


@ALL
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the units are read at points where log1p and power have no value
def test_the_units_of_every_model_fit(model: Model) -> None:
    check_units(model)


def leak(v, i, tau_m, c_m):
    return -v / tau_m + i / c_m


def fires(v, v_th):
    return v - v_th


def reset(v_r):
    return v_r


def cell(**units_of: str) -> Any:
    """A leaky neuron in the units given, else in the usual ones."""
    unit = {"tau_m": "ms", "c_m": "pF", "v_th": "mV", "v_r": "mV", "v": "mV", "i": "pA", **units_of}
    return neuron(
        "Cell",
        params=[Param(name, 1.0, unit[name], name) for name in ("tau_m", "c_m", "v_th", "v_r")],
        states=[State("v", "v_r", unit["v"], "membrane", membrane=True)],
        inputs=[Input("i", unit["i"], "current")],
        flow=leak,
        fires=fires,
        reset=reset,
    )


def refused(model: Model) -> str:
    with pytest.raises((UnitError, Failed)) as caught:
        check_units(model)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) <= 400
    return message


def test_the_usual_units_fit() -> None:
    check_units(cell())


def test_a_second_hides_a_factor_of_a_thousand() -> None:
    """v/tau in mV/s and i/c in mV/ms: pint adds them, plain numbers do not."""
    message = refused(cell(tau_m="s"))
    assert message.startswith(f"{__file__}:{leak.__code__.co_firstlineno + 1}: leak() of Cell: must return (mV)/ms")
    assert "without a factor" in message
    assert message.endswith("declare its symbols in ms, mV, pA, nS and pF, which need none")


def leak_alone(v, tau_m):
    return -v / tau_m


def test_a_lone_term_tells_its_factor() -> None:
    with pytest.raises(UnitError) as caught:
        units.check(leak_alone, {"v": "mV", "tau_m": "s"}, ("mV/ms",), "Cell")
    assert "off by a factor of 0.001" in str(caught.value)


@pytest.mark.parametrize("changed", [{"v_r": "V"}, {"v_th": "V"}, {"c_m": "nF"}, {"i": "nA"}, {"v": "V", "v_r": "V"}], ids=repr)
def test_other_prefixes_hide_factors_too(changed: dict[str, str]) -> None:
    assert "Cell" in refused(cell(**changed))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"tau_m": "mV"}, "its units must fit together"),
        ({"i": "mV"}, "its units must fit together"),
        ({"v_th": "ms"}, "its units must fit together"),
        ({"v_r": "ms"}, "its start 'v_r'"),
    ],
    ids=repr,
)
def test_a_wrong_dimension_is_named(changed: dict[str, str], words: str) -> None:
    message = refused(cell(**changed))
    assert "Cell" in message
    assert words in message or "must return" in message


def exponent(v, v_t):
    return ops.exp(v)


def test_the_argument_of_an_exponential_is_a_pure_number() -> None:
    with pytest.raises(
        UnitError, match=r"exponent\(\) of Cell: its units must fit together \(got millivolt and a pure number\)"
    ):
        units.check(exponent, {"v": "mV", "v_t": "mV"}, (None,), "Cell")


def slope(v, v_t):
    return ops.exp(v / v_t)


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (("",), None),
        ((None,), None),
        (("mV",), "slope() of Cell: must return mV (got dimensionless)"),
        (("1/s",), "slope() of Cell: must return 1/s (got dimensionless)"),
    ],
)
def test_what_a_place_asks_for(expected: tuple[str | None, ...], words: str | None) -> None:
    if words is None:
        units.check(slope, {"v": "mV", "v_t": "mV"}, expected, "Cell")
    else:
        with pytest.raises(UnitError) as caught:
            units.check(slope, {"v": "mV", "v_t": "mV"}, expected, "Cell")
        assert str(caught.value).endswith(words)


def bare_zero(v, v_t):
    return ops.where(v > v_t, v, 0)


def test_a_bare_zero_has_every_unit() -> None:
    units.check(bare_zero, {"v": "mV", "v_t": "mV"}, ("mV",), "Cell")


def test_a_rule_and_a_receptor_in_seconds() -> None:
    def on_post(w, x):
        return w + x

    def flow(g, tau):
        return -g / tau

    def arrive(w):
        return w

    def output(g):
        return g

    from maichong.spec import Trace

    seconds = Param("tau", 0.02, "s", "time constant", above=0)
    trace = Trace("x", on="pre", tau="tau", meaning="presynaptic")
    assert "'tau'" in refused(rule("Rule", params=[seconds], traces=[trace], on_post=on_post))
    state = State("g", 0.0, "weight", "conductance")
    message = refused(receptor("Syn", params=[seconds], states=[state], flow=flow, arrive=arrive, output=output))
    assert "factor of 0.001" in message


def test_a_unit_that_nobody_knows() -> None:
    assert "blorb" in refused(cell(tau_m="blorb"))
