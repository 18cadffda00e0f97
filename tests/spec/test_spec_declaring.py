"""Declaring a model: symbols once, one membrane, defaults inside their bounds, starts that can be worked out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from leaky_cell import CURRENT, PARAMS, V, at, declare, said

from maichong.errors import MaichongError, ModelError, ParameterError
from maichong.spec import Input, Option, Param, State, Trace, intrinsic_rule, receptor, rule, source


def returns_two(v, tau_m):
    return -v / tau_m, v


def two_resets(v_r):
    return v_r, v_r


# declarations ----------------------------------------------------------------------------------------------------------


def test_the_membrane_is_one_state() -> None:
    expected = "Cell: exactly one state must be the membrane, State(..., membrane=True)"
    plain, second = State("v", -70.0, "mV", "voltage"), State("u", 0.0, "mV", "second", membrane=True)
    assert said(ModelError, lambda: declare(states=(plain,))) == expected
    assert said(ModelError, lambda: declare(states=(V, second))) == expected
    assert said(ModelError, lambda: declare(states=())) == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"params": (*PARAMS, PARAMS[0])},
        {"params": (*PARAMS, Param("v", 1.0, "mV", "as the state"))},
        {"params": (*PARAMS, Param("t_ref", 1.0, "ms", "every neuron has it"))},
        {"params": (*PARAMS, Param("integrator", 1.0, "", "every neuron has it"))},
        {"states": (V, V)},
    ],
    ids=["two params", "param and state", "t_ref", "option", "two states"],
)
def test_a_symbol_is_declared_once(changed: dict[str, Any]) -> None:
    assert "Cell: each symbol may be declared once (got '" in said(ModelError, lambda: declare(**changed))


@pytest.mark.parametrize("name", ["a b", "", "3v", None, 3])
def test_a_model_s_name_is_an_identifier(name: Any) -> None:
    assert said(ModelError, lambda: declare(name=name)) == f"model: its name must be a Python identifier (got {name!r})"


def test_a_symbol_s_name_is_an_identifier() -> None:
    message = said(ModelError, lambda: declare(params=(*PARAMS, Param("tau m", 1.0, "ms", "spaced"))))
    assert message == "Cell: a symbol's name must be a Python identifier (got 'tau m')"


@pytest.mark.parametrize(
    ("param", "message"),
    [
        (Param("q", -1.0, "ms", "q", above=0), "Cell.q: must be > 0 ms (got -1.0)"),
        (Param("q", 0.0, "ms", "q", above=0), "Cell.q: must be > 0 ms (got 0.0)"),
        (Param("q", 3.0, "", "q", low=0, high=1), "Cell.q: must be >= 0 and <= 1 (got 3.0)"),
        (Param("q", float("nan"), "ms", "q"), "Cell.q: must be finite (got nan)"),
        (Param("q", float("inf"), "ms", "q"), "Cell.q: must be finite (got inf)"),
        (Param("q", "x", "ms", "q"), "Cell.q: must be a number, or text with a unit like '1 ms' (got 'x')"),
    ],
)
def test_a_default_lies_inside_its_own_bounds(param: Param, message: str) -> None:
    assert said(ParameterError, lambda: declare(params=(*PARAMS, param))) == message


def starts_at_a_typo(v_rr):
    return v_rr


@pytest.mark.parametrize("init", ["v_rr", starts_at_a_typo])
def test_an_initial_value_asks_for_what_is_known_by_then(init: Any) -> None:
    assert said(ModelError, lambda: declare(states=(State("v", init, "mV", "membrane", membrane=True),))) == (
        "Cell.v: its initial value asks for 'v_rr', neither a parameter nor an earlier state; did you mean 'v_r'?"
    )


def test_an_initial_value_is_a_number() -> None:
    states = (State("v", float("nan"), "mV", "membrane", membrane=True),)
    assert said(MaichongError, lambda: declare(states=states)).startswith("Cell.v: ")


def test_a_later_state_is_not_known_by_then() -> None:
    states = (State("v", "u", "mV", "membrane", membrane=True), State("u", 0.0, "mV", "second"))
    assert "asks for 'u', neither a parameter nor an earlier state" in said(
        ModelError, lambda: declare(states=states, flow=returns_two, reset=two_resets)
    )


def test_a_scheme_names_states() -> None:
    message = said(ModelError, lambda: declare(schemes={"mine": (("w", 1.0),)}))
    assert message == "Cell.schemes['mine']: names 'w', no state; known: v"


# receptors, sources, intrinsic rules -----------------------------------------------------------------------------------


def arrive(w):
    return w


def decay(g, tau):
    return -g / tau


def output(g):
    return g


G = State("g", 0.0, "weight", "conductance")
TAU = Param("tau", 5.0, "ms", "time constant", above=0)


def test_a_receptor_with_states_needs_flow_and_output() -> None:
    expected = "Syn: a receptor with states needs flow and output, one without has neither"
    assert said(ModelError, lambda: receptor("Syn", arrive=arrive, states=(G,))) == expected
    assert said(ModelError, lambda: receptor("Syn", arrive=arrive, states=(G,), params=(TAU,), flow=decay)) == expected
    assert said(ModelError, lambda: receptor("Syn", arrive=arrive, flow=decay, output=output)) == expected


def test_a_receptor_s_jump_has_a_value_for_each_state() -> None:
    message = said(
        ModelError,
        lambda: receptor("Syn", arrive=two_arrivals, states=(G,), params=(TAU,), flow=decay, output=output),
    )
    assert message.endswith("two_arrivals() of Syn must return 1 value, one per state in declared order (got 2)")


def two_arrivals(w):
    return w, w


def interval(u, rtae):
    return u / rtae


def test_a_source_asks_for_its_parameters_and_u() -> None:
    message = said(ModelError, lambda: source("Src", params=(Param("rate", 1.0, "Hz", "rate"),), interval=interval))
    assert message == f"{at(interval)}: interval() asks for 'rtae', which Src does not declare; did you mean 'rate'?"


def waits(u, rate, dt):
    return dt * u / rate


def copies_by_luck(rate, u):
    return rate * u


def copies(rate, dt):
    return rate * dt


def test_who_copies_is_no_question_of_u() -> None:
    def declared(name: str = "rate", **functions: Any) -> Any:
        return source("Src", params=(Param(name, 1.0, "Hz", "rate"),), interval=waits, **functions)

    message = said(ModelError, lambda: declared(copy=copies_by_luck))
    assert message == f"{at(copies_by_luck)}: copies_by_luck() asks for 'u', which Src does not declare; known: dt, rate"
    message = said(ModelError, lambda: declared(chance=copies_by_luck))
    assert message.endswith("copies_by_luck() asks for 'u', which Src does not declare; known: dt, rate")
    assert (
        said(ModelError, lambda: declared("dt"))
        == "Src: each symbol may be declared once (got 'dt'); it has a meaning of its own"
    )
    assert list(declared(copy=copies, chance=copies).functions()) == ["interval", "copy", "chance"]


def threshold_flow(theta, tau):
    return -theta / tau


def threshold_jump(theta):
    return theta + 1.0


def modulate(value, theta):
    return value + theta


def modulate_a_typo(vallue, theta):
    return vallue + theta


def homeostasis(**changed: Any) -> Any:
    parts: dict[str, Any] = {
        "target": "v_th", "params": (TAU,), "states": (State("theta", 0.0, "mV", "rise"),),
        "flow": threshold_flow, "on_spike": threshold_jump, "modulate": modulate,
    }  # fmt: skip
    return intrinsic_rule("Homeostasis", **{**parts, **changed})


def test_an_intrinsic_rule_asks_for_the_declared_value_as_value() -> None:
    message = said(ModelError, lambda: homeostasis(modulate=modulate_a_typo))
    assert message.endswith("asks for 'vallue', which Homeostasis does not declare; did you mean 'value'?")


def test_an_intrinsic_rule_returns_a_value_for_each_state() -> None:
    assert "of Homeostasis must return 1 value" in said(ModelError, lambda: homeostasis(on_spike=two_resets_of_theta))


def two_resets_of_theta(theta):
    return theta, theta


def test_an_intrinsic_rule_s_scope_is_known() -> None:
    assert said(ModelError, lambda: homeostasis(scope="circus")) == (
        "Homeostasis.scope: must be one of 'synapse', 'circuit', 'network' (got 'circus'); did you mean 'circuit'?"
    )


# bugs: what slips through ----------------------------------------------------------------------------------------------

TRACE = Trace("x", on="pre", tau="tau", meaning="presynaptic")


def learn(w, x):
    return w + x


def teach(**changed: Any) -> Any:
    """A rule of one trace, some of its parts changed."""
    return rule("Rule", **{"params": (TAU,), "traces": (TRACE,), "on_post": learn, **changed})


@pytest.mark.parametrize(
    "call",
    [
        lambda: declare(inputs=(CURRENT, CURRENT)),
        lambda: declare(inputs=(CURRENT, Input("c_m", "pA", "as a parameter"))),
        lambda: teach(traces=(TRACE, TRACE)),
        lambda: teach(traces=(TRACE, Trace("tau", on="post", tau="tau", meaning="as the parameter"))),
        lambda: teach(params=(TAU, Param("w", 1.0, "", "as the weight"))),
    ],
    ids=["two inputs", "input and param", "two traces", "trace and param", "a parameter called w"],
)
def test_a_symbol_is_declared_once_among_inputs_traces_and_weights(call: Callable[[], Any]) -> None:
    with pytest.raises(ModelError, match="declared once"):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: declare(params=("tau_m",)), "Cell.params: must be a list of Param(...) (got ('tau_m',))"),
        (lambda: declare(inputs=3), "Cell.inputs: must be a list of Input(...) (got 3)"),
        (lambda: declare(schemes={"a": 3}), "Cell.schemes['a']: must be a tuple of pairs (state, fraction of dt) (got 3)"),
        (lambda: declare(schemes={"a": (("v", "x"),)}), "Cell.schemes['a']: its fractions of dt must be numbers (got 'x')"),
        (lambda: teach(bounds=(0.0,)), "Rule.bounds: must be a pair (low, high) (got (0.0,))"),
        (lambda: teach(bounds=(2.0, 1.0)), "Rule.w_min: must be <= w_max = 1 (got 2)"),
        (lambda: Option("pairing", (), ""), "option 'pairing': its choices must be a tuple of names (got ())"),
        (
            lambda: declare(states=(State("v", None, "mV", "v", membrane=True),)),  # type: ignore[arg-type]
            "Cell.v: its initial value must be a number, the name of a parameter or a function (got None)",
        ),
        (
            lambda: teach(params=(TAU, Param("w", 1.0, "", "as the weight"))),
            "Rule: each symbol may be declared once (got 'w'); it has a meaning of its own",
        ),
    ],
)
def test_what_is_wrong_with_a_declaration(call: Callable[[], Any], message: str) -> None:
    assert said(MaichongError, call) == message


@pytest.mark.parametrize(
    "call",
    [
        lambda: declare(params=(*PARAMS, Param(None, 1.0, "ms", "nameless"))),  # type: ignore[arg-type]
        lambda: declare(params=("tau_m", "c_m", "v_th", "v_r")),
        lambda: declare(params=None),
        lambda: declare(states=("v",)),
        lambda: declare(schemes={"mine": 3}),
        lambda: declare(schemes={"mine": (("v", "half"),)}),
        lambda: teach(scope=["synapse"]),
        lambda: teach(bounds=(0.0,)),
        lambda: teach(bounds=(2.0, 1.0)),
        lambda: declare(states=(State("v", None, "mV", "membrane", membrane=True),)),  # type: ignore[arg-type]
        lambda: declare(params=(*PARAMS, Param("model", 1.0, "", "hides the model's name in to_dict"))),
        lambda: Option("pairing", (), "no choice at all"),
    ],
    ids=[
        "nameless", "params as text", "no params", "states as text", "a scheme that is a number", "a scheme's fraction",
        "scope as list", "one bound", "bounds the wrong way round", "init None", "a parameter called model",
        "an option without choices",
    ],
)  # fmt: skip
def test_a_declaration_of_the_wrong_form_is_a_sentence(call: Callable[[], Any]) -> None:
    said(MaichongError, call)
