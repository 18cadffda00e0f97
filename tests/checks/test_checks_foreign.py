"""Models of other people: a right one passes, and each broken one fails the check that is meant for its fault."""

from __future__ import annotations

import json

import numpy as np
import pytest

from maichong.checks import check_model, passed
from maichong.checks.readings import defaults
from maichong.errors import ModelError
from maichong.ops import exp, log1p, tanh, where
from maichong.spec import Configured, Input, Param, State, Trace, intrinsic_rule, neuron, receptor, rule, source

DOC = """A model.

    tau dx/dt = -x

Source: Nobody 2020, doi:10.1234/nothing.
"""


def failures(model, engines=("reference",)):
    """The checks that fail, with what they say."""
    return {outcome.column: outcome.detail for outcome in check_model(model, engines) if outcome.verdict == "fails"}


# a right one --------------------------------------------------------------------------------------------------------


def flow(v, w, i, v_rest, tau_m, c_m, a, tau_w):
    return (v_rest - v) / tau_m + (i - w) / c_m, (a * (v - v_rest) - w) / tau_w


def fires(v, v_th):
    return v - v_th


def reset(v_r, w, b):
    return v_r, w + b


def small_neuron(name="Mine", **changes):
    """A leaky neuron with an adaptation current; ``changes`` replace what is declared."""
    declared = {
        "params": [
            Param("v_rest", -65.0, "mV", "rest"),
            Param("tau_m", 12.0, "ms", "membrane time constant", above=0),
            Param("c_m", 100.0, "pF", "capacitance", above=0),
            Param("a", 2.0, "nS", "subthreshold adaptation"),
            Param("b", 40.0, "pA", "adaptation per spike"),
            Param("tau_w", 60.0, "ms", "adaptation time constant", above=0),
            Param("v_th", -50.0, "mV", "threshold"),
            Param("v_r", -60.0, "mV", "reset"),
        ],
        "states": [State("v", "v_rest", "mV", "potential", membrane=True), State("w", 0.0, "pA", "adaptation")],
        "inputs": [Input("i", "pA", "current")],
        "flow": flow,
        "fires": fires,
        "reset": reset,
        "doc": DOC,
    }
    return neuron(name, **{**declared, **changes})


def params_with(**changed):
    """The parameters of ``small_neuron``, some replaced by keyword."""
    own = small_neuron().params[:-1]  # t_ref is every neuron's
    return [changed.get(param.name, param) for param in own]


@pytest.fixture(scope="module")
def right():
    return check_model(small_neuron())


def test_a_right_model_passes_every_check_on_every_engine(right):
    assert [outcome for outcome in right if outcome.verdict != "ok"] == []
    assert {outcome.column for outcome in right} >= {
        "documented", "units", "converges", "agrees: reference", "agrees: events", "agrees: events float32",
    }  # fmt: skip


def pulse_flow(v, v_rest, tau_m):
    return (v_rest - v) / tau_m


def pulse_reset(v_rest):
    return v_rest


def test_a_neuron_without_inputs_is_driven_by_pulses():
    own = {param.name: param for param in small_neuron().params}
    model = neuron(
        "Pulsed", params=[own["v_rest"], own["tau_m"], own["v_th"]], states=[State("v", "v_rest", "mV", "v", membrane=True)],
        flow=pulse_flow, fires=fires, reset=pulse_reset, doc=DOC,
    )  # fmt: skip
    assert failures(model) == {}


def two_flow(v, x, y, tau):
    return (x * (1 - y) - v) / tau


def two_fires(v):
    return v - 1


def two_reset():
    return 0.0


def test_a_neuron_of_pure_numbers_and_two_inputs_passes():
    model = neuron(
        "Shunted", params=[Param("tau", 20.0, "ms", "time constant")], states=[State("v", 0.0, "", "v", membrane=True)],
        inputs=[Input("x", "", "drive"), Input("y", "", "shunt")], flow=two_flow, fires=two_fires, reset=two_reset, doc=DOC,
    )  # fmt: skip
    assert failures(model) == {}


# broken ones: exactly one check fails ---------------------------------------------------------------------------------


def flow_of_another_unit(v, w, i, v_rest, tau_m, c_m, a, tau_w):
    return (v_rest - v) / tau_m + i * tau_m, (a * (v - v_rest) - w) / tau_w


def reset_of_another_unit(tau_m, w, b):
    return tau_m, w + b


def fires_of_two_units(v, tau_m):
    return v - tau_m


def flow_in_seconds(v, w, i, v_rest, tau_s, c_m, a, tau_w):
    return (v_rest - v) / tau_s + (i - w) / c_m, (a * (v - v_rest) - w) / tau_w


def start_of_another_unit(c_m):
    return -c_m


def not_a_number(v_rest):
    return log1p(0 * v_rest - 2)


def flow_with_equality(v, w, i, v_rest, tau_m, c_m, a, tau_w):
    x = v / 10.0
    leak = where(x == 0, 1.0, x / (exp(x) - where(x == 0, 0.5, 1.0)))
    return (v_rest - v) / tau_m - 1e-9 * leak / tau_m * v_rest + (i - w) / c_m, (a * (v - v_rest) - w) / tau_w


def start_that_is_no_number(v_rest):
    return v_rest * float("nan")


SLOW_S = [*params_with(), Param("tau_s", 0.012, "s", "time constant in another unit", above=0)]

BROKEN = {
    "an undocumented parameter": (
        small_neuron(params=params_with(b=Param("b", 40.0, "pA", ""))), "documented", "Mine.b: has no meaning"),
    "a symbol without a unit": (
        small_neuron(inputs=[Input("i", "pA", " ")]), "documented", "Mine.i: has no meaning"),
    "no doc": (small_neuron(doc=None), "documented", "Mine: has no doc"),
    "no equation": (small_neuron(doc="Nice.\n\nSource: doi:10.1234/x"), "documented", "no equation"),
    "no source": (small_neuron(doc="x\n\n    dv/dt = -v"), "documented", "no source"),
    "a flow of another unit": (small_neuron(flow=flow_of_another_unit), "units", "flow_of_another_unit() of Mine"),
    "a reset of another unit": (
        small_neuron(reset=reset_of_another_unit), "units", "must return mV (got millisecond)"),
    "a threshold of two units": (small_neuron(fires=fires_of_two_units), "units", "must fit together"),
    "seconds among milliseconds": (
        small_neuron(params=SLOW_S, flow=flow_in_seconds), "units", "without a factor"),
    "nanofarad among picofarad": (
        small_neuron(params=params_with(c_m=Param("c_m", 0.1, "nF", "capacitance", above=0))),
        "units", "without a factor"),
    "a start of another unit": (
        small_neuron(states=[State("v", start_of_another_unit, "mV", "v", membrane=True), State("w", 0.0, "pA", "w")]),
        "units", "must return mV (got picofarad)"),
    "a start named of another unit": (
        small_neuron(states=[State("v", "c_m", "mV", "v", membrane=True), State("w", 0.0, "pA", "w")]),
        "units", "Mine.v: its start 'c_m' must be in mV (got pF)"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_neuron_fails_the_check_that_is_meant_for_it(fault):
    model, check, words = BROKEN[fault]
    found = failures(model)
    assert list(found) == [check]
    assert words in found[check]


def test_a_value_without_unit_is_undocumented():
    found = failures(small_neuron(states=[State("v", "v_rest", "mV", "v", membrane=True), State("w", 0.0, None, "w")]))
    assert "Mine.w: has no unit" in found["documented"]


def test_equality_of_computed_numbers_is_refused_at_the_definition():
    # SymPy takes == of symbols for "the same text", so the branch would be lost
    with pytest.raises(ModelError, match="compared by < <= > >= only"):
        small_neuron(flow=flow_with_equality)


def exploding(v, w, i, v_rest, tau_m, c_m, v_r):
    return (v_r - v_rest) * exp((v - v_rest) / (v_r - v_rest) * 5.0) / tau_m + i / c_m, -w / tau_m


def test_a_state_that_overflows_in_a_run_is_told():
    found = failures(small_neuron(flow=exploding))
    assert "does not stay finite" in found["agrees: reference"]


def raising(v, w, i, c_m, tau_w):
    return i / c_m, missing(w) / tau_w


def missing(w):
    return w


def test_an_exception_of_the_model_is_a_failure_with_its_place(monkeypatch):
    model = small_neuron(name="Raising", flow=raising)
    monkeypatch.setitem(globals(), "missing", None)
    found = failures(model)
    assert "TypeError" in found["defaults"]
    assert "test_checks_foreign.py:" in found["defaults"]


# the other kinds ------------------------------------------------------------------------------------------------------


def decay(g, tau):
    return -g / tau


def arrive(w):
    return w


def arrive_squared(w):
    return w * w


def output(g):
    return g


def output_of_two(g, tau):
    return g * tau


def small_receptor(**changes):
    declared = {
        "params": [Param("tau", 4.0, "ms", "decay", above=0)], "states": [State("g", 0.0, "weight", "conductance")],
        "flow": decay, "arrive": arrive, "output": output, "doc": DOC,
    }  # fmt: skip
    return receptor("MyReceptor", **{**declared, **changes})


def test_a_right_receptor_passes():
    assert failures(small_receptor()) == {}


def test_a_receptor_must_be_linear_in_the_weight():
    found = failures(small_receptor(arrive=arrive_squared))
    assert list(found) == ["units", "linear"]  # a squared weight has another unit, too
    assert "must be proportional to w" in found["linear"]


def test_a_receptor_is_checked_as_a_current_and_as_a_conductance():
    found = failures(small_receptor(output=output_of_two))
    assert list(found) == ["units"]
    assert "must return pA" in found["units"]


def regular(u, rate):
    return 1000.0 * (0.5 + u) / rate


def regular_thousandth(u, rate):
    return (0.5 + u) / (rate * 0.001)


def forgotten_factor(u, rate):
    return (0.5 + u) / rate


def wrong_way(u, rate):
    return 0.001 * (0.5 + u) / rate


def backwards(u, rate):
    return -1000.0 * (0.5 + u) / rate


def small_source(interval, default=10.0, unit="Hz"):
    return source("MySource", params=[Param("rate", default, unit, "rate", low=0.0)], interval=interval, doc=DOC)


@pytest.mark.parametrize("interval", [regular, regular_thousandth])
def test_a_rate_in_hertz_is_converted_by_a_thousand(interval):
    assert failures(small_source(interval)) == {}


def test_a_source_at_rate_zero_waits_for_ever_and_that_is_right():
    assert failures(small_source(regular, default=0.0)) == {}


@pytest.mark.parametrize("interval", [forgotten_factor, wrong_way])
def test_a_factor_forgotten_or_upside_down_is_a_wrong_unit(interval):
    found = failures(small_source(interval))
    assert list(found) == ["units"]
    assert "must return ms without a factor (got 1 / hertz, off by a factor of 1000)" in found["units"]


def test_a_thousand_converts_nothing_but_hertz():
    found = failures(small_source(regular, default=0.01, unit="1/s"))
    assert list(found) == ["units"]


def out_of_reach(v, v_th):
    return tanh(v / v_th) - 2.0


def without_a_state(v_th, v_r):
    return v_th - v_r


def over_nothing(v, w, v_rest, tau_m, c_m, a, tau_w):
    return (v - v_rest) / (v_rest - v), -w / tau_w


def test_a_threshold_that_can_never_be_crossed_is_told_at_its_line():
    line = out_of_reach.__code__.co_firstlineno
    why = "is out of reach at its defaults: it is missed by 1 or more in all states"
    sentence = f"{__file__}:{line}, Mine.fires: can never fire: it {why}"
    outcomes = check_model(small_neuron(fires=out_of_reach), ("reference",))
    assert {outcome.check: outcome.detail for outcome in outcomes if outcome.verdict == "fails"} == {"defaults": sentence}
    # what cannot be built is no further failure
    unsupported = {outcome.check for outcome in outcomes if outcome.verdict == "unsupported"}
    assert unsupported == {"serialises", "converges", "agrees"}
    with pytest.raises(ModelError, match="can never fire: it names no state"):
        defaults(small_neuron(fires=without_a_state))


def test_a_division_by_zero_at_the_defaults_is_told_at_the_definition():
    line = over_nothing.__code__.co_firstlineno + 1
    with pytest.raises(ModelError) as caught:
        small_neuron(flow=over_nothing)
    assert str(caught.value) == f"{__file__}:{line}, Mine.flow: divides by zero at its defaults (got v_rest - v = 0)"


def test_a_start_that_is_no_number_is_told_at_the_definition():
    states = [State("v", start_that_is_no_number, "mV", "v", membrane=True), State("w", 0.0, "pA", "w")]
    with pytest.raises(ModelError, match=r"Mine\.v: must be finite at its defaults \(got nan at v_rest = -65\)"):
        small_neuron(states=states)


def test_an_interval_must_not_be_negative():
    assert "must be >= 0 ms" in failures(small_source(backwards))["defaults"]


def potentiate(w, x, eta, w_max):
    return w + eta * x * (w_max - w)


def in_trace_units(w, x, tau_x):
    return w + x * tau_x


def small_rule(tau_unit="ms", **changes):
    declared = {
        "params": [Param("eta", 0.02, "", "rate"), Param("tau_x", 15.0, tau_unit, "trace", above=0)],
        "traces": [Trace("x", on="pre", tau="tau_x", meaning="presynaptic spikes")], "on_post": potentiate, "doc": DOC,
    }  # fmt: skip
    return rule("MyRule", **{**declared, **changes})


def test_a_right_rule_passes():
    assert failures(small_rule()) == {}


def test_a_rule_with_a_time_constant_in_another_unit_fails():
    assert failures(small_rule(tau_unit="s"))["units"] == "MyRule.x: its time constant 'tau_x' must be in ms (got s)"


def test_a_rule_that_returns_no_weight_fails():
    assert list(failures(small_rule(on_post=in_trace_units))) == ["units"]


def test_a_trace_needs_a_meaning():
    found = failures(small_rule(traces=[Trace("x", on="pre", tau="tau_x", meaning="")]))
    assert found == {"documented": "MyRule.x: has no meaning"}


def unbounded(w, x, w_max):
    return w + x * w_max


def test_a_function_that_asks_for_what_has_no_default_fails():
    found = failures(small_rule(on_post=unbounded, bounds=(0.0, None)))
    assert found["defaults"] == "unbounded() asks for 'w_max', which has no default"


def rewarded(w, signal, eta):
    return w + eta * signal


def test_a_rule_of_a_signal_passes():
    params = [Param("eta", 0.1, "", "rate")]
    model = rule("Rewarded", scope="network", params=params, on_signal=rewarded, signal="reward", bounds=(None, None), doc=DOC)
    assert failures(model) == {}


def settle(h, tau_h):
    return -h / tau_h


def rise(h, step_h):
    return h + step_h


def raised(value, h):
    return value + h


def raised_in_time(value, h, tau_h):
    return value + h * tau_h


@pytest.mark.parametrize(("modulate", "wrong"), [(raised, []), (raised_in_time, ["units"])])
def test_an_intrinsic_rule_changes_a_parameter_in_its_own_unit(modulate, wrong):
    model = intrinsic_rule(
        "MyThreshold", target="v_th", params=[Param("tau_h", 50.0, "ms", "decay", above=0), Param("step_h", 1.0, "mV", "rise")],
        states=[State("h", 0.0, "mV", "rise of the threshold")], flow=settle, on_spike=rise, modulate=modulate, doc=DOC,
    )  # fmt: skip
    assert list(failures(model)) == wrong


def test_an_intrinsic_rule_of_a_parameter_that_no_neuron_has_fails():
    model = intrinsic_rule(
        "Lost", target="nowhere", params=[Param("tau_h", 50.0, "ms", "decay", above=0), Param("step_h", 1.0, "mV", "rise")],
        states=[State("h", 0.0, "mV", "rise")], flow=settle, on_spike=rise, modulate=raised, doc=DOC,
    )  # fmt: skip
    assert "Lost.target: must be a parameter of some neuron" in failures(model)["units"]


# the judge itself -----------------------------------------------------------------------------------------------------


def test_values_that_do_not_come_back_fail_to_serialise(monkeypatch):
    written = Configured.to_dict
    monkeypatch.setattr(
        Configured, "to_dict", lambda self: {**written(self), "b": 41.0} if "b" in self.values else written(self)
    )
    found = failures(small_neuron(name="Forgetful"))
    assert list(found) == ["serialises"]
    assert "is not what comes back from" in found["serialises"]


def test_text_of_values_is_json_of_any_kind():
    model = small_neuron()
    assert json.loads(json.dumps(model(b=np.float64(3.0)).to_dict()))["b"] == 3.0
    assert passed([])
