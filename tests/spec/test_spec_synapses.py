"""What a receptor with states of its sources, and a short-term rule in several forms, must declare."""

from __future__ import annotations

import re
from typing import Any

import pytest

from maichong.errors import ModelError
from maichong.ops import exp
from maichong.spec import Option, Param, State, Variant, receptor, short_term


def flow(g, tau):
    return -g / tau


def output(g):
    return g


def arrive(w, r):
    return w * (1.0 - r)


def leave(w, r):
    return -w * r


def elapse(r, lag, tau):
    return r * exp(-lag / tau)


def spike(r):
    return 1.0 + 0.0 * r


def of_bound(w, r, bound):
    return w * r * bound


def saturating(**changes: Any) -> Any:
    """A receptor whose source remembers its last spike, with ``changes``."""
    given: dict[str, Any] = {
        "params": [Param("tau", 5.0, "ms", "decay", above=0)], "states": [State("g", 0.0, "weight", "open")],
        "source": [State("r", 0.0, "", "open before")], "flow": flow, "output": output, "arrive": arrive, "elapse": elapse,
        "spike": spike,
    }  # fmt: skip
    return receptor("Saturating", **{**given, **changes})


def test_a_source_whose_states_jump() -> None:
    assert saturating().functions().keys() == {"flow", "arrive", "output", "elapse", "spike"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"elapse": None}, "Saturating: source and elapse go together"),
        ({"pulse": "tau", "spike": None}, "Saturating: pulse and leave go together"),
        ({"leave": leave}, "Saturating: pulse and leave go together"),
        ({"spike": None}, "Saturating: the states of a source change by pulse and leave, or by spike"),
        ({"pulse": "tau", "leave": leave}, "Saturating: the states of a source change by pulse and leave, or by spike"),
        ({"pulse": "taw", "leave": leave, "spike": None}, "Saturating.pulse: 'taw' is no parameter; did you mean 'tau'"),
        ({"arrive": of_bound}, "of_bound() asks for 'bound', which Saturating does not declare"),
    ],
)
def test_what_goes_together(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=re.escape(message)):
        saturating(**changes)


# short-term rules ------------------------------------------------------------------------------------------------------------


def back(x, lag, tau):
    return 1.0 - (1.0 - x) * exp(-lag / tau)


def all_of_it(x):
    return x


def half_of_it(x):
    return 0.5 * x


def what_is_unknown(y):
    return y


def depressing(**variants: Any) -> Any:
    return short_term(
        "Depressing", params=[Param("tau", 100.0, "ms", "recovery", above=0)], states=[State("x", 1.0, "", "left")],
        elapse=back, release=half_of_it, spike=half_of_it, variants=variants,
    )  # fmt: skip


def test_a_variant_takes_the_place_of_functions_and_starts() -> None:
    rule = depressing(whole=Variant("releases all", release=all_of_it, init={"x": 0.25}))
    assert [option.choices for option in rule.options] == [("standard", "whole")]
    assert rule.functions().keys() == {"elapse", "release", "spike", "release (whole)"}
    chosen = rule.chosen(rule(variant="whole").options)
    assert (chosen.release, chosen.spike, chosen.states[0].init) == (all_of_it, half_of_it, 0.25)
    assert rule.chosen(rule().options).release is half_of_it
    assert depressing().options == ()


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        (all_of_it, "Depressing.variants['whole']: must be a Variant(...) (got "),
        (Variant("", init={"y": 0.0}), "Depressing.variants['whole']: starts 'y', no state"),
        (Variant("", release=what_is_unknown), "what_is_unknown() asks for 'y', which Depressing does not declare"),
        (
            Variant("", init={"x": "tow"}),
            "Depressing.x: its initial value asks for 'tow', neither a parameter nor an earlier",
        ),
    ],
)
def test_variants_that_do_not_fit(variant: Any, message: str) -> None:
    with pytest.raises(ModelError, match=re.escape(message)):
        depressing(whole=variant)


def test_an_option_accepts_an_alias() -> None:
    option = Option("integrator", ("euler", "rk2"), "how", (("midpoint", "rk2"),), {"euler": "order 1"})
    assert option.accept("midpoint", "Cell") == "rk2"
    assert hash(option) == hash(Option("integrator", ("euler", "rk2"), "how", (("midpoint", "rk2"),)))
