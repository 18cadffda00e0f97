"""What a rule may know: the scope is checked, and the message says which scope to declare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from maichong.errors import ModelError
from maichong.spec import ALL_TO_ALL, NEAREST, Option, Param, Trace, rule

TAU = Param("tau", 20.0, "ms", "time constant", above=0)
TRACE = Trace("x", on="pre", tau="tau", meaning="presynaptic")


def learn(w, x):
    return w + x


def by_the_sum(w, w_sum):
    return w / w_sum


def by_the_signal(w, signal):
    return w + signal


def alone(w):
    return 0.5 * w


def with_a_trace(w, x):
    return w * x


def with_a_typo(w, xx):
    return w + xx


def two_weights(w, x):
    return w, x


def teach(**changed: Any) -> Any:
    """A rule of one trace, some of its parts changed."""
    return rule("Rule", **{"params": (TAU,), "traces": (TRACE,), "on_post": learn, **changed})


def said(call: Callable[[], Any]) -> str:
    with pytest.raises(ModelError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) <= 400
    return message


def line(function: Callable[..., Any]) -> str:
    return f"{__file__}:{function.__code__.co_firstlineno}"


def at_a_signal(function: Callable[..., Any], scope: str) -> Any:
    return teach(on_post=None, on_signal=function, signal="reward", scope=scope)


def test_a_synapse_does_not_know_the_sum_of_weights() -> None:
    assert said(lambda: at_a_signal(by_the_sum, "synapse")) == (
        f"{line(by_the_sum)}: Rule.on_signal() asks for 'w_sum' (the sum of the weights onto the same neuron, within the "
        "projection), which a rule of scope 'synapse' cannot know; declare scope='circuit' if the rule is not that local"
    )


@pytest.mark.parametrize("scope", ["synapse", "circuit"])
def test_neither_synapse_nor_circuit_knows_a_network_s_signal(scope: str) -> None:
    assert said(lambda: at_a_signal(by_the_signal, scope)) == (
        f"{line(by_the_signal)}: Rule.on_signal() asks for 'signal' (the number that the network's signal carries: reward, "
        f"error, novelty), which a rule of scope {scope!r} cannot know; declare scope='network' if the rule is not that local"
    )


@pytest.mark.parametrize(
    ("scope", "function"),
    [("circuit", by_the_sum), ("network", by_the_sum), ("network", by_the_signal), ("synapse", alone), ("network", alone)],
)
def test_a_scope_sees_what_the_narrower_ones_see(scope: str, function: Callable[..., Any]) -> None:
    assert at_a_signal(function, scope).scope == scope


@pytest.mark.parametrize("role", ["on_pre", "on_post", "on_step"])
@pytest.mark.parametrize("scope", ["synapse", "circuit", "network"])
@pytest.mark.parametrize(("function", "asked"), [(by_the_sum, "w_sum"), (by_the_signal, "signal")])
def test_what_no_engine_knows_at_spikes_and_steps_is_refused(
    role: str, scope: str, function: Callable[..., Any], asked: str
) -> None:
    message = said(lambda: teach(**{"on_post": None, role: function, "scope": scope}))
    assert message.startswith(f"{line(function)}: Rule.{role}() asks for {asked!r} (")
    assert message.endswith("), which on_signal() alone can know; move it there")


@pytest.mark.parametrize(("scope", "hint"), [("synaps", "did you mean 'synapse'?"), (None, "known: circuit, network, synapse")])
def test_an_unknown_scope_is_named(scope: Any, hint: str) -> None:
    assert said(lambda: teach(scope=scope)) == (
        f"Rule.scope: must be one of 'synapse', 'circuit', 'network' (got {scope!r}); {hint}"
    )


def test_a_trace_with_an_unknown_time_constant() -> None:
    message = said(lambda: teach(traces=(Trace("x", on="pre", tau="tua", meaning="typo"),)))
    assert message == "Rule.x: its time constant 'tua' is no parameter; did you mean 'tau'?"


def test_a_trace_is_driven_by_pre_or_post() -> None:
    message = said(lambda: teach(traces=(Trace("x", on="prae", tau="tau", meaning="typo"),)))
    expected = "Rule.x: a trace is driven by 'pre' or 'post' spikes (got 'prae'); declare scope='network' if that is a signal"
    assert message == expected


def test_a_trace_s_pairing_is_a_word_or_an_option() -> None:
    message = said(lambda: teach(traces=(Trace("x", on="pre", tau="tau", pairing="near", meaning="typo"),)))
    assert message == "Rule.x: its pairing must be 'all_to_all', 'nearest' or an option of the rule (got 'near')"
    option = Option("pairing", (NEAREST, ALL_TO_ALL), "which spikes pair")
    made = teach(traces=(Trace("x", on="pre", tau="tau", pairing="pairing", meaning="fine"),), options=(option,))
    assert made.pairing(made.traces[0], made().options) == NEAREST
    assert made.pairing(made.traces[0], made(pairing=ALL_TO_ALL).options) == ALL_TO_ALL


def test_a_rule_does_something() -> None:
    assert said(lambda: teach(on_post=None)) == ("Rule: a rule needs at least one of on_pre, on_post, on_step and on_signal")


def test_a_signal_has_a_name_and_a_function() -> None:
    expected = "Rule: on_signal goes together with the name of its signal, or with every"
    assert said(lambda: teach(signal="reward")) == expected
    assert said(lambda: teach(on_signal=by_the_sum, scope="circuit")) == expected


def test_a_signal_comes_between_spikes_and_sees_no_traces() -> None:
    assert "with_a_trace() asks for 'x', which Rule does not declare" in said(
        lambda: teach(on_signal=with_a_trace, signal="reward")
    )


def test_a_typo_in_a_rule_is_answered_with_the_trace() -> None:
    assert said(lambda: teach(on_post=with_a_typo)) == (
        f"{line(with_a_typo)}: with_a_typo() asks for 'xx', which Rule does not declare; did you mean 'x'?"
    )


def test_a_rule_returns_the_new_weight_alone() -> None:
    assert said(lambda: teach(on_post=two_weights)).startswith(
        f"{line(two_weights)}: two_weights() of Rule must return 1 value"
    )
