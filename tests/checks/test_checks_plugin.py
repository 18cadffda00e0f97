"""What a third party writes: ten lines with the decorator, two with the fixture."""

from __future__ import annotations

import pytest

from maichong.engines import ENGINES

pytest_plugins = ["pytester"]

MODEL = '''
"""A leaky neuron: dv/dt = (v_rest - v) / tau_m + i / c_m. Source: Nobody 2020, doi:10.1234/nothing."""
from maichong.spec import Input, Param, State, neuron

def flow(v, i, v_rest, tau_m, c_m):
    return (v_rest - v) / tau_m + i / c_m

def fires(v, v_th):
    return v - v_th

def reset(v_rest):
    return v_rest

def made(unit):
    return neuron("Mine", params=[
        Param("v_rest", -70.0, "mV", "rest"), Param("v_th", -50.0, "mV", "threshold"),
        Param("tau_m", 10.0, "ms", "time constant"), Param("c_m", 200.0, unit, "capacitance")],
        states=[State("v", "v_rest", "mV", "potential", membrane=True)], inputs=[Input("i", "pA", "current")],
        flow=flow, fires=fires, reset=reset, doc=__doc__)
'''


def test_the_decorator_makes_a_test_of_each_check(pytester):
    pytester.makepyfile(models=MODEL)
    pytester.makepyfile("""
        from maichong.checks import parametrize_checks
        from models import made

        @parametrize_checks([made("pF"), made("nF")], engines=["reference"])
        def test_conformance(check):
            check()
    """)
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=12, failed=1, skipped=3)  # what runs a network cannot be tried
    result.stdout.fnmatch_lines(["*test_conformance?Mine-agrees-reference*PASSED*", "*without a factor*"])


def test_what_an_engine_does_not_support_is_skipped(pytester, monkeypatch):
    monkeypatch.setitem(ENGINES, "absent", ("a_package_that_nobody_has", "Engine"))
    pytester.makepyfile(models=MODEL)
    pytester.makepyfile("""
        from maichong.checks import parametrize_checks
        from models import made

        @parametrize_checks([made("pF")], engines=["absent"])
        def test_conformance(check):
            check()
    """)
    pytester.runpytest().assert_outcomes(passed=7, skipped=1)


def test_the_fixture_puts_a_model_through_all_checks(pytester):
    pytester.makepyfile(models=MODEL)
    pytester.makepyfile("""
        from models import made

        def test_right(maichong_model):
            maichong_model(made("pF"), engines=["reference"])

        def test_wrong(maichong_model):
            maichong_model(made("nF"), engines=["reference"])
    """)
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["units: *without a factor*"])


TEXT = """
from maichong import NeuronModel
from maichong.checks import parametrize_checks

Mine = NeuronModel.from_equations(
    "dv/dt = (v_rest - v)/tau_m + i/c_m : mV  # potential",
    threshold="v > v_th", reset="v = v_rest", init={"v": "v_rest"}, inputs={"i": ("pA", "current")}, name="Mine",
    params={"v_rest": (-70, "mV", "rest"), "v_th": (-50, "mV", "threshold"), "tau_m": (10, "ms", "time constant"),
            "c_m": (200, "pF", "capacitance")},
    doc="A leaky neuron. Source: Nobody 2020, doi:10.1234/nothing.",
)

@parametrize_checks([Mine], engines=["reference"])
def test_conformance(check):
    check()
"""


def test_a_model_of_text_passes_in_as_many_lines(pytester):
    pytester.makepyfile(TEXT)
    quick = pytester.runpytest("-k", "documented or units or defaults or branch_free or symbolic")
    quick.assert_outcomes(passed=5, deselected=3)


@pytest.mark.slow
def test_a_model_of_text_passes_all_checks_on_all_engines(pytester):
    pytester.makepyfile(TEXT.replace('["reference"]', '["reference", "events", "autograd"]'))
    pytester.runpytest().assert_outcomes(passed=14)
