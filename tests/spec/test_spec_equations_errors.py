# ruff: noqa: E501
"""Equations as text: what cannot be a model is told in one sentence, at the user's own line, before anything compiles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pint
import pytest

from maichong.errors import MaichongError, ModelError, NetworkError, ParameterError, UnitError
from maichong.network import Network
from maichong.spec import Input, NeuronModel, Param

HERE = Path(__file__)
LEAK = "dv/dt = (v_rest - v)/tau_m + i/c_m : mV"


def made(equations: Any = LEAK, threshold: Any = "v > v_th", reset: Any = "v = v_r", **more: Any) -> NeuronModel:
    params = {
        "tau_m": "10 ms",
        "c_m": "250 pF",
        "v_rest": "-70 mV",
        "v_th": "-55 mV",
        "v_r": "-70 mV",
        **more.pop("params", {}),
    }
    inputs = more.pop("inputs", {"i": "pA"})
    init = more.pop("init", {"v": "v_rest"})
    return NeuronModel.from_equations(
        equations, threshold=threshold, reset=reset, params=params, inputs=inputs, init=init, name="Mine", **more
    )


def said(kind: type[MaichongError] = ModelError, **given: Any) -> str:
    with pytest.raises(kind) as caught:
        made(**given)
    text = str(caught.value)
    assert "\n" not in text and ".py:" in text
    return text


# where -----------------------------------------------------------------------------------------------------------------

PLACED = """
from maichong.spec import NeuronModel
PARAMS = {"tau_m": "10 ms", "v_rest": "-70 mV", "v_th": "-55 mV", "v_r": "-70 mV"}
"""
WRITTEN = [
    # what is written, line and column of what is wrong in it
    ('NeuronModel.from_equations("dv/dt = (v_rest - v)/tau : mV", threshold="v > v_th", reset="v = v_r", params=PARAMS)', 4, 50),
    ('NeuronModel.from_equations("""\n  x = v_rest : mV\n  dv/dt = (x - v)/tau : mV\n""", threshold="v > v_th", params=PARAMS)', 6, 19),
    ('TEXT = """\\\ndv/dt = (v_rest - v) \\\n  /tau : mV\n"""\nNeuronModel.from_equations(TEXT, threshold="v > v_th", params=PARAMS)', 6, 4),
    ('NeuronModel.from_equations(\n  ["x = v_rest : mV",\n   "dv/dt = (x - v)/tau : mV"],\n  threshold="v > v_th", params=PARAMS)', 6, 21),
    ('NeuronModel.from_equations(\n  "x = v_rest : mV\\n"\n  "dv/dt = (x - v)/tau : mV",\n  threshold="v > v_th", params=PARAMS)', 6, 20),
    ('NeuronModel.from_equations(\n  r"dv/dt = (v_rest - v)/tau_m : mV",\n  threshold="v > v_thh", params=PARAMS)', 6, 18),
    ('NeuronModel.from_equations(\n  "dv/dt = (v_rest - v)/tau_m : mV", threshold="v > v_th",\n  reset="v = v_r; u += 1", params=PARAMS)', 6, 19),
    ('NeuronModel.from_equations("dv/dt = (v_rest - v)/tau_m : mV", threshold="v > v_th",\n  reset="v = -é", params=PARAMS)', 5, 15),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column"), WRITTEN)
def test_the_file_line_and_column_of_the_text_are_named(tmp_path, text, line, column):
    file = tmp_path / "cell.py"
    file.write_text(PLACED + text + "\n", encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), {})
    assert str(caught.value).startswith(f"{file}:{line}:{column}, ")


def test_a_text_that_was_put_together_is_told_by_the_call_and_its_own_line():
    tau = "tau"
    with pytest.raises(ModelError) as caught:
        made(f"x = v_rest : mV\ndv/dt = (x - v)/{tau} : mV")
    assert re.match(rf"{re.escape(str(HERE))}:\d+, line 2 of the equations, dv/dt of Mine: uses 'tau'", str(caught.value))


# names -----------------------------------------------------------------------------------------------------------------


def test_unknown_symbols():
    assert "uses 'v_rst', which is no state" in said(equations="dv/dt = (v_rst - v)/tau_m : mV")
    assert said(equations="dv/dt = (v_rst - v)/tau_m : mV").endswith("did you mean 'v_rest'?")
    assert "threshold of Mine: uses 'v_thh'" in said(threshold="v > v_thh")
    assert "uses 'v_t'" in said(reset="v = v_t")
    assert "calls 'expo', which is no function here; did you mean 'exp'?" in said(
        equations="dv/dt = -expo(v/v_rest)*v/tau_m : mV"
    )
    assert "init of v of Mine: uses 'rest'" in said(init={"v": "rest + v_th"})
    assert "init names 'w', which is no state" in said(init={"w": 0})
    assert "uses 'V'" in said(equations="dv/dt = (v_rest - V)/tau_m : mV")  # a volt is written volt


def test_words_of_brian2_that_have_another_place_here():
    text = said(equations="dv/dt = (v_rest - v)/tau_m + v_th*xi/tau_m : mV")
    assert "uses 'xi'" in text and "leave xi out and call net.noise(population" in text
    assert "net.noise" in said(equations="dv/dt = (v_rest - v)/tau_m + v_th*xi_1/tau_m : mV")
    assert "drive={'i': Steps(times, values)}" in said(equations="dv/dt = (v_rest - v)/tau_m*t : mV")
    assert "calls 'rand'" in said(reset="v = v_r*rand()") and "net.noise()" in said(reset="v = v_r*rand()")
    assert "write where(condition, 1, 0)" in said(equations="dv/dt = (v_rest - v)/tau_m*int(v > v_th) : mV")
    assert "(shared) has no meaning here" in said(equations=LEAK + "\ntau_m : ms (shared)")
    assert "only the membrane, 'v', can be held" in said(equations=LEAK + "\ndw/dt = -w/tau_m : 1 (unless refractory)")


def test_duplicates():
    assert re.search(r"defines 'v' twice; it is defined at .*\.py:\d+", said(equations=[LEAK, "v = v_rest : mV"]))
    assert "defines 'v' twice" in said(equations=[LEAK, "dv/dt = -v/tau_m : mV"])
    assert "defines 'tau_m', which is a parameter too" in said(equations=[LEAK, "tau_m = 3*ms : ms"])
    assert "'i' as parameter and as input" in said(params={"i": "3 pA"})
    assert "'exp' is the name of a function" in said(equations=[LEAK, "exp = v_rest : mV"])
    assert "the name of a Python keyword" in said(equations=[LEAK, "is = v_rest : mV"])
    assert "x of Mine: is defined by itself" in said(equations=[LEAK, "x = y : 1", "y = x : 1"])
    assert "the engines use this name for something of their own" in said(equations=[LEAK, "dspikes/dt = -spikes/tau_m : 1"])


# text ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["dv/dt = (v_rest - v/tau_m : mV", "dv/dt = v_rest - : mV", "dv/dt = : mV", "dv/dt = 3 v/tau_m : mV"]
)
def test_what_cannot_be_read(text):
    assert "cannot be read as an expression" in said(equations=text)


def test_what_is_no_equation():
    assert "must be 'dx/dt = expression : unit'" in said(equations="tau_m dv/dt = v_rest - v : mV")
    assert "must hold one 'dx/dt = ... : unit' at least" in said(equations="x = v_rest : mV")
    assert "must hold one 'dx/dt = ... : unit' at least" in said(equations="# nothing")
    assert "'+=' may stand in a reset only" in said(equations=[LEAK, "x += v_rest : mV"])
    assert "must be text, or a list of texts (got 3)" in said(equations=3)
    assert "threshold: must be a text such as 'v > v_th' (got None)" in said(threshold=None)
    with pytest.raises(ModelError, match="from_equations, params: must be a dict with names as keys"):
        NeuronModel.from_equations(LEAK, threshold="v > 1", params=3)  # type: ignore[arg-type]


def test_what_is_nested_too_deeply():
    assert "nested too deeply; break them up" in said(equations="dv/dt = " + "-" * 700 + "v/tau_m : mV")
    assert "cannot be read as an expression" in said(equations="dv/dt = " + "-" * 20_000 + "v/tau_m : mV")


def test_units_are_asked_for():
    assert "must end in its unit, ': mV'" in said(equations="dv/dt = (v_rest - v)/tau_m")
    assert "must name a unit behind ':'" in said(equations="dv/dt = (v_rest - v)/tau_m :")
    assert "must be a unit such as mV" in said(UnitError, equations="dv/dt = (v_rest - v)/tau_m : mVolts")
    assert "must be a unit such as mV" in said(UnitError, inputs={"i": "pAmps"})
    assert "must be a unit such as mV" in said(UnitError, params={"tau_m": (3, "msec onds")})
    assert "params, tau_m: must be a number" in said(ParameterError, params={"tau_m": "3 msecs of"})
    assert "and nothing gives it a value (got g : nS); give params={'g': value} or inputs={'g': 'nS'}" in said(
        equations=[LEAK, "g : nS"]
    )


def test_branches():
    text = said(equations="dv/dt = (v_rest - v if v > v_th else v)/tau_m : mV")
    assert "must be branch-free, an if cannot be read by every engine" in text and text.endswith(
        "use where(condition, a, b), and & or | between conditions"
    )
    assert "'and', 'or' and 'not'" in said(equations="dv/dt = where(v > v_th and v < v_r, v, v_rest)/tau_m : mV")
    assert "a condition is no number" in said(equations="dv/dt = (v > v_th)*v/tau_m : mV")
    assert "must be a condition such as v > 0" in said(equations="dv/dt = where(v, v, v_rest)/tau_m : mV")
    assert "compare two values at a time" in said(equations="dv/dt = where(v_r < v < v_th, v, v_rest)/tau_m : mV")
    assert "compared by < <= > >= only" in said(equations="dv/dt = where(v == v_th, v, v_rest)/tau_m : mV")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v^2", "a power is written **"),
        ("v // 2", "only + - * / **"),
        ("v.real", "plain symbols and numbers"),
        ("[v for v in ()]", "plain symbols and numbers"),
        ("'a'", "only real numbers"),
        ("True", "only real numbers"),
        ("1e999*v", "its numbers must be finite"),
        ("exp", "'exp' is a function and stands without its arguments"),
        ("exp(v, v)", "exp() takes 1 plain argument"),
        ("where(v > v_r, v)", "where() takes 3 plain arguments"),
        ("(lambda: v)()", "cannot be read"),
        ("__import__('os')", "calls '__import__', which is no function here"),
        ("v.__class__()", "which is no function here"),
    ],
)
def test_nothing_but_arithmetic_may_stand_in_an_equation(text, words):
    assert words in said(equations=f"dv/dt = {text} : mV")


# units -----------------------------------------------------------------------------------------------------------------


def test_mixed_units():
    assert "dv/dt of Mine: its units must fit together" in said(UnitError, equations="dv/dt = (v_rest - tau_m)/tau_m : mV")
    assert "must return (mV)/ms (got" in said(UnitError, equations="dv/dt = v_rest - v : mV")
    assert "x of Mine: must return mV" in said(UnitError, equations=[LEAK, "x = i : mV"])
    assert "threshold of Mine: its units must fit together" in said(UnitError, threshold="v > tau_m")
    assert "v of Mine: must return mV" in said(UnitError, reset="v = tau_m")
    assert "init of v of Mine: must return mV" in said(UnitError, init={"v": "tau_m*1"})
    assert "init of Mine.v: must be in mV" in said(UnitError, init={"v": "3 ms"})
    assert "tau_m: must be in second" in said(UnitError, equations=[LEAK, "tau_m : second"], params={"tau_m": "10 mV"})
    assert "params, t_ref: must be in ms" in said(UnitError, params={"t_ref": "10 mV"})


# values ----------------------------------------------------------------------------------------------------------------


def test_division_by_zero_at_the_defaults():
    text = said(params={"c_m": "0 pF"})
    assert "dv/dt of Mine: divides by zero at its defaults (got c_m = 0); give c_m another value" in text
    assert "(got v - v_rest = 0); with v = -70, v_rest = -70" in said(equations="dv/dt = v*v_rest/(v - v_rest)/tau_m : mV")
    assert "divides by zero at its defaults (got 1.0 - 1.0 = 0)" in said(equations="dv/dt = v/tau_m/(1 - 1) : mV")
    assert "after a reset at its defaults" in said(equations="dv/dt = v*v_th/(v + 60*mV)/tau_m : mV", reset="v = -60*mV")
    assert "must be finite at its defaults (got nan at v = -70, tau_m = 10, v_th = -55)" in said(
        equations="dv/dt = v/tau_m*log(-v/v_th) : mV"
    )
    made(
        equations="dv/dt = v/tau_m + where(i > 0*pA, v_rest/tau_m*pA/maximum(i, 1*pA), 0) : mV"
    )  # what is not taken may be anything


@pytest.mark.parametrize(
    ("threshold", "why"),
    [
        ("v_r > v_th", "names no state"),
        ("v - v > 1*mV", "is the same for all states"),
        ("tanh(v/v_th) > 1.5", "is out of reach at its defaults: it is missed by 0.5 or more"),
        ("-(v*v)**2 > 1*mV**4", "is out of reach"),
        ("-abs(v) > 2*mV", "is out of reach"),
        ("w > 2", "is out of reach at its defaults: it is missed by 1"),
    ],
)
def test_a_threshold_that_can_never_be_crossed(threshold, why):
    equations = [LEAK, "dw/dt = 0*w/ms : 1"]
    text = said(equations=equations, threshold=threshold, init={"v": "v_rest", "w": 1.0})
    assert "threshold of Mine: can never fire: it " + why in text


def test_a_threshold_that_is_only_high_is_not_refused():
    """A synapse may lift the membrane to anywhere, so this is no proof."""
    made(threshold="v > 1000*volt")
    made(equations=[LEAK, "dw/dt = 0*w/ms : 1"], threshold="w > 2", reset="v = v_r; w += 1")


def test_thresholds():
    assert "a threshold must be a comparison such as 'v > v_th'" in said(threshold="v")
    assert "a threshold must be a comparison" in said(threshold="v == v_th")
    assert "a threshold must be one comparison" in said(threshold="v > v_th and v < v_r")
    assert "its threshold must be a comparison" in said(threshold="  ")
    assert "uses the input 'i', and only equations may" in said(threshold="v > v_th + i/nS")


def test_resets():
    assert "reset of Mine: sets 'u', which is no state (got u += 1); known: v" in said(reset="v = v_r; u += 1")
    assert "sets the parameter 'v_r', which is no state" in said(reset="v_r = v")
    assert "a reset must be assignments such as 'v = v_r'" in said(reset="v_r")
    assert "a reset must be assignments" in said(reset="v == v_r")
    assert "reset of Mine: must hold an assignment" in said(reset=" ")
    assert "uses the input 'i'" in said(reset="v = v_r + i/nS")


def test_other_arguments():
    assert "its membrane 'u' is no state; did you" not in said(membrane="u") and "its membrane 'u' is no state" in said(
        membrane="u"
    )
    assert "params, tau_m: a Param must have the name that it is given under" in said(
        params={"tau_m": Param("tau", 1.0, "ms", "")}
    )
    assert "its default must be one number" in said(ParameterError, params={"tau_m": pint.Quantity([1.0, 2.0], "ms")})
    assert "its default must be one number" in said(params={"tau_m": [1.0, 2.0]})
    assert "must be a unit such as 'pA', or (unit, meaning)" in said(inputs={"i": Input("j", "pA", "")})
    assert "Mine.schemes['a']: must be a tuple of pairs" in said(schemes={"a": 3})


def test_two_models_of_one_name_cannot_be_saved():
    net = Network(dt=0.1)
    net.population("a", made()(), 1)
    net.population("b", made(params={"tau_m": "11 ms"})(), 1)
    with pytest.raises(
        NetworkError, match=r"population 'b': another model of this network is called 'Mine' too; give it name="
    ):
        net.to_dict()


@pytest.mark.parametrize("data", [3, {}, {"name": 3}, None])
def test_data_that_are_no_model(data):
    net = Network(dt=0.1)
    net.population("a", made()(), 1)
    written = net.to_dict()
    with pytest.raises(ModelError, match="network, models: must be a model's text as a network wrote it"):
        Network.from_dict({**written, "models": [data]})
    with pytest.raises(NetworkError, match="network, models: the data must be what"):
        Network.from_dict({**written, "models": 3})


def test_a_file_can_make_nothing_run_but_equations():
    net = Network(dt=0.1)
    net.population("a", made()(), 1)
    written = net.to_dict()
    written["models"][0]["equations"] = ["dv/dt = __import__('os').system('true') : mV"]
    with pytest.raises(ModelError, match="network, models:1, line 1 of the equations, dv/dt of Mine: calls"):
        Network.from_dict(written)
