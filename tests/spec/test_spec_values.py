"""Values of parameters: numbers, arrays, text and quantities come in as floats of the declared unit, the rest is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pint
import pytest

from maichong import LIF, Exponential, Izhikevich, LogNormal, Normal, PairSTDP, Poisson, TripletSTDP, Uniform
from maichong.errors import MaichongError, ParameterError, UnitError
from maichong.spec import Param
from maichong.spec.quantities import in_unit
from maichong.spec.registry import models

ALL = pytest.mark.parametrize("model", models().values(), ids=lambda model: model.name)
NONSENSE = (float("nan"), float("-inf"), True, "abc", 1j, [[1.0]], [], object(), "3 kg m")
ours = pint.get_application_registry()
theirs = pint.UnitRegistry()


def said(kind: type[Exception], call: Callable[[], Any]) -> str:
    """The message of the error that ``call`` must raise: one line of bearable length."""
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) <= 400
    return message


# what is accepted ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        20, 20.0, np.float32(20), np.int8(20), np.array(20), "20", " 20.0 ", "2e1", "20 ms", "20ms", "0.02 s", "0.02s",
        "20000 us", "20000 µs", "2e-2 second", "3.3333333333333335e-4 minute", Fraction(20), Decimal(20),
        ours.Quantity(20, "ms"), ours.Quantity(0.02, "s"), theirs.Quantity(20, "ms"), theirs.Quantity(0.02, "s"),
        theirs.Quantity(np.float32(20), "ms"),
    ],
    ids=repr,
)  # fmt: skip
def test_twenty_milliseconds_however_they_are_written(value: Any) -> None:
    accepted = LIF(tau_m=value)["tau_m"]
    assert type(accepted) is float
    assert accepted == pytest.approx(20.0, rel=1e-15)


@pytest.mark.parametrize(
    "values",
    [
        [10, 20, 30], (10.0, 20.0, 30.0), np.array([10, 20, 30]), np.array([10, 20, 30], np.float32), range(10, 40, 10),
        ours.Quantity([10, 20, 30], "ms"), theirs.Quantity(np.array([0.01, 0.02, 0.03]), "s"),
    ],
    ids=repr,
)  # fmt: skip
def test_one_value_for_each_neuron(values: Any) -> None:
    accepted = LIF(tau_m=values)["tau_m"]
    assert accepted.dtype == np.float64
    assert accepted == pytest.approx([10.0, 20.0, 30.0], rel=1e-15)


@pytest.mark.parametrize(
    ("make", "name", "expected"),
    [
        (lambda: LIF(v_th="-0.05 V"), "v_th", -50.0),
        (lambda: LIF(c_m="0.25 nF"), "c_m", 250.0),
        (lambda: Poisson(rate="0.1 kHz"), "rate", 100.0),
        (lambda: Poisson(rate="20 1/s"), "rate", 20.0),
        (lambda: Poisson(rate="0.02 1/ms"), "rate", 20.0),
        (lambda: Izhikevich(k2="40 1/(V ms)"), "k2", 0.04),
        (lambda: Izhikevich(a="20 1/s"), "a", 0.02),
        (lambda: PairSTDP(a_plus="1 %"), "a_plus", 0.01),
        (lambda: Exponential(e_rev="-80 mV"), "e_rev", -80.0),
    ],
)
def test_text_in_other_units_of_the_same_dimension(make: Callable[[], Any], name: str, expected: float) -> None:
    assert make()[name] == pytest.approx(expected, rel=1e-14)


def test_what_the_caller_does_with_an_array_later_changes_nothing() -> None:
    mine = np.array([10.0, 20.0])
    cell = LIF(tau_m=mine)
    mine[0] = -1.0
    assert cell["tau_m"].tolist() == [10.0, 20.0]


def test_an_optional_parameter_may_be_none() -> None:
    assert Exponential()["e_rev"] is None
    assert Exponential(e_rev=0.0).replace(e_rev=None) == Exponential()


def test_distributions_are_kept_as_they_are() -> None:
    assert LIF(tau_m=Uniform(5.0, 20.0))["tau_m"] == Uniform(5.0, 20.0)
    assert LIF(tau_m=LogNormal(3.0, 0.5))["tau_m"] == LogNormal(3.0, 0.5)
    assert LIF(tau_m=Normal(10.0, 2.0, low=0.1))["tau_m"] == Normal(10.0, 2.0, low=0.1)


# what is refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-5.0, "LIF.tau_m: must be > 0 ms (got -5.0)"),
        (0, "LIF.tau_m: must be > 0 ms (got 0.0)"),
        ([10, 20, -1], "LIF.tau_m: must be > 0 ms (got -1.0 at index 2)"),
        ("-5 ms", "LIF.tau_m: must be > 0 ms (got -5.0)"),
        (float("nan"), "LIF.tau_m: must be finite (got nan)"),
        (float("inf"), "LIF.tau_m: must be finite (got inf)"),
        ("nan", "LIF.tau_m: must be finite (got nan)"),
        ([10, float("nan")], "LIF.tau_m: must be finite (got nan at index 1)"),
        ([10, None], "LIF.tau_m: must be finite (got nan at index 1)"),
        (None, "LIF.tau_m: must be a number in ms (got None)"),
        (True, "LIF.tau_m: must be a number in ms (got True)"),
        (np.True_, "LIF.tau_m: must be a number in ms (got np.True_)"),
        (1j, "LIF.tau_m: must be a number in ms (got 1j)"),
        ({"a": 1}, "LIF.tau_m: must be a number in ms (got {'a': 1})"),
        ([[1, 2], [3]], "LIF.tau_m: must be a number in ms (got [[1, 2], [3]])"),
        (["1 ms", "2 ms"], "LIF.tau_m: must be a number in ms (got ['1 ms', '2 ms'])"),
        ([], "LIF.tau_m: must be one number or one per neuron (got an array of shape (0,))"),
        ([[1, 2]], "LIF.tau_m: must be one number or one per neuron (got an array of shape (1, 2))"),
        (np.zeros((2, 2, 2)), "LIF.tau_m: must be one number or one per neuron (got an array of shape (2, 2, 2))"),
        ("fast", "LIF.tau_m: must be a number, or text with a unit like '1 ms' (got 'fast')"),
        ("", "LIF.tau_m: must be a number, or text with a unit like '1 ms' (got '')"),
        ("20 blorbs", "LIF.tau_m: must be a number, or text with a unit like '1 ms' (got '20 blorbs')"),
        ("1/0 ms", "LIF.tau_m: must be a number, or text with a unit like '1 ms' (got '1/0 ms')"),
        (Uniform(-1.0, 5.0), "LIF.tau_m: must be > 0 ms (got -1.0)"),
        (Normal(10.0, 2.0), "LIF.tau_m: must be > 0 ms (got -inf)"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_no_time_constant(value: Any, message: str) -> None:
    assert said(ParameterError, lambda: LIF(tau_m=value)) == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("20 mV", "LIF.tau_m: must be in ms (got '20 millivolt', which is in millivolt)"),
        (ours.Quantity(20, "mV"), "LIF.tau_m: must be in ms (got '20 millivolt', which is in millivolt)"),
        (theirs.Quantity(20, "kg"), "LIF.tau_m: must be in ms (got '20 kilogram', which is in kilogram)"),
        (ours.Quantity(20), "LIF.tau_m: must be in ms (got '20 dimensionless', which is in dimensionless)"),
        ("20 Hz", "LIF.tau_m: must be in ms (got '20 hertz', which is in hertz)"),
    ],
    ids=repr,
)
def test_a_wrong_dimension(value: Any, message: str) -> None:
    assert said(UnitError, lambda: LIF(tau_m=value)) == message


def test_a_pure_number_takes_no_unit() -> None:
    assert said(UnitError, lambda: PairSTDP(a_plus="1 ms")) == (
        "PairSTDP.a_plus: must be in units of 1 (got '1 millisecond', which is in millisecond)"
    )
    assert said(ParameterError, lambda: PairSTDP(a_plus="much")) == "PairSTDP.a_plus: must be a number (got 'much')"


def test_a_static_parameter_is_one_number_for_all() -> None:
    assert said(ParameterError, lambda: PairSTDP(mu_plus=[0.0, 1.0])) == (
        "PairSTDP.mu_plus: must be one number for all (got an array of shape (2,))"
    )


@ALL
def test_every_parameter_of_every_model_refuses_nonsense_by_its_full_name(model: Any) -> None:
    for param in model.params:
        for value in NONSENSE:
            message = said(MaichongError, lambda name=param.name, value=value: model(**{name: value}))
            assert message.startswith(f"{model.name}.{param.name}: must be ")


@ALL
def test_every_bound_of_every_parameter_is_kept_to_the_last_bit(model: Any) -> None:
    def refused(param: Param, value: float) -> bool:
        message = ""
        try:
            model(**{param.name: value})
        except ParameterError as error:
            message = str(error)
        return message.startswith(f"{model.name}.{param.name}: must be {param.bounds_text()} (got ")

    for param in model.params:
        if param.above is not None:
            assert refused(param, param.above)
            assert not refused(param, np.nextafter(param.above, np.inf))
        if param.low is not None:
            assert refused(param, np.nextafter(param.low, -np.inf))
            assert not refused(param, param.low)
        if param.high is not None:
            assert refused(param, np.nextafter(param.high, np.inf))
            assert not refused(param, param.high)


@pytest.mark.parametrize(
    ("param", "inside", "outside"),
    [
        (
            Param("p", 0.5, "", "probability", low=0, high=1),
            [0.0, 0.5, 1.0, [0.0, 1.0]],
            [-5e-324, np.nextafter(1, 2), [0.5, 2.0]],
        ),
        (Param("q", 0.5, "mV", "above", above=-1, high=1), [np.nextafter(-1, 0), 1.0], [-1.0, np.nextafter(1, 2)]),
        (Param("r", None, "", "optional", high=0), [None, -1e308, 0.0], [5e-324]),
    ],
    ids=["both ends", "half open", "optional"],
)
def test_bounds_hold_their_ends_or_not_as_declared(param: Param, inside: list[Any], outside: list[Any]) -> None:
    for value in inside:
        assert np.array_equal(param.accept(value, "Cell"), np.array(value))
    for value in outside:
        assert said(ParameterError, lambda value=value: param.accept(value, "Cell")).startswith(
            f"Cell.{param.name}: must be {param.bounds_text()} (got "
        )


def test_an_unknown_parameter_is_answered_with_the_likely_one() -> None:
    assert said(ParameterError, lambda: LIF(tau=3.0)) == "LIF: has no parameter 'tau'; did you mean 'tau_m'?"
    assert said(ParameterError, lambda: LIF(TAU_M=3.0)) == "LIF: has no parameter 'TAU_M'; did you mean 'tau_m'?"
    assert said(ParameterError, lambda: LIF(zeta=3.0)) == (
        "LIF: has no parameter 'zeta'; known: c_m, escape, integrator, reset, spike_times, t_ref, tau_m, v_r, v_rest, v_th"
    )


# options ---------------------------------------------------------------------------------------------------------------


@ALL
def test_every_choice_of_every_option_and_nothing_else(model: Any) -> None:
    for option in model.options:
        assert model()[option.name] == option.choices[0]
        for choice in option.choices:
            assert model(**{option.name: choice})[option.name] == choice
        for value in (None, "", 3, True, option.choices, ["hard"], float("nan")):
            message = said(ParameterError, lambda o=option, v=value: model(**{o.name: v}))
            assert message.startswith(f"{model.name}.{option.name}: must be one of {option.choices[0]!r}, ")


def test_a_near_choice_is_suggested() -> None:
    assert said(ParameterError, lambda: LIF(reset="Hard")) == (
        "LIF.reset: must be one of 'hard', 'soft', 'none' (got 'Hard'); did you mean 'hard'?"
    )
    assert said(ParameterError, lambda: LIF(reset="zzz")) == "LIF.reset: must be one of 'hard', 'soft', 'none' (got 'zzz')"


# bugs ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [np.array([1j]), np.array(3 + 4j), [True, False], ["1", "2"], b"12", np.datetime64("2020-01-01"), np.ma.masked],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_number_is_not_made_into_one(value: Any) -> None:
    said(ParameterError, lambda: in_unit(value, "mV", "LIF.v_th"))


@pytest.mark.parametrize("value", [10**400, -(10**400), [10**400]], ids=["huge", "hugely negative", "list"])
def test_a_number_too_large_for_a_float(value: Any) -> None:
    said(ParameterError, lambda: LIF(tau_m=value))


@pytest.mark.parametrize("value", ["x" * 1000, ["x"] * 500, {k: k for k in range(200)}], ids=["text", "list", "dict"])
def test_a_long_value_is_cut_short(value: Any) -> None:
    said(ParameterError, lambda: LIF(tau_m=value))


@pytest.mark.parametrize("value", [np.array(["a", "b"]), np.full((2, 2), "x"), "20\nms of"])
def test_a_value_of_many_lines_gives_a_message_of_one(value: Any) -> None:
    said(ParameterError, lambda: LIF(tau_m=value))


def test_a_decimal_comma_is_no_factor_of_ten() -> None:
    assert "20,5" in said(ParameterError, lambda: LIF(tau_m="20,5 ms"))


def test_a_quantity_in_a_unit_that_only_its_own_registry_knows() -> None:
    own = pint.UnitRegistry()
    own.define("tick = 3 * millisecond")
    assert said(UnitError, lambda: LIF(tau_m=own.Quantity(2, "tick"))).startswith("LIF.tau_m: must be in ms (got ")


def test_a_rule_whose_bounds_are_the_wrong_way_round() -> None:
    assert "w_min" in said(ParameterError, lambda: PairSTDP(w_min=2.0, w_max=1.0))


def test_a_rule_that_does_not_read_w_max_can_be_unbounded() -> None:
    assert TripletSTDP(w_max=None)["w_max"] is None


def test_text_is_read_and_not_worked_out() -> None:
    assert "5 ** 2" in said(ParameterError, lambda: PairSTDP(a_plus="5 ** 2"))
