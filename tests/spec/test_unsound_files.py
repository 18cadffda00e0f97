"""What is wrong in a user's own file is told in one sentence with the file and the line, before anything is compiled."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from maichong import AllToAll, Exponential, Network
from maichong.errors import MaichongError, ModelError, UnitError
from maichong.spec import Escape
from maichong.spec.soundness import fault

FILE = """
from maichong.ops import exp, log, tanh
from maichong.spec import Input, Param, State, neuron


def leak(v, v_rest, tau):
    return (v_rest - v) / tau


def flow(v, w, i, v_rest, tau, c_m, tau_w):
    slope = leak(v, v_rest, tau)
    return (
        slope + (i - w) / c_m,
        -w / tau_w,
    )


def fires(v, v_th):
    return v - v_th


def reset(w, v_r, b):
    return v_r, w + b


Mine = neuron(
    "Mine",
    params=[
        Param("v_rest", -70.0, "mV", "rest"),
        Param("tau", 10.0, "ms", "membrane time constant"),
        Param("c_m", 200.0, "pF", "capacitance"),
        Param("tau_w", 100.0, "ms", "time constant of the adaptation"),
        Param("v_th", -50.0, "mV", "threshold"),
        Param("v_r", -60.0, "mV", "reset"),
        Param("b", 40.0, "pA", "adaptation per spike"),
    ],
    states=[State("v", "v_rest", "mV", "potential", membrane=True), State("w", 0.0, "pA", "adaptation")],
    inputs=[Input("i", "pA", "current")],
    flow=flow,
    fires=fires,
    reset=reset,
)
"""


def read(folder: Path, changes: dict[str, str]) -> tuple[Any, str]:
    """The model of the file with ``changes``, and the file."""
    text = FILE
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "mine.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("mine_of_a_user", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Mine, str(path)


def in_a_network(model: Any) -> None:
    net = Network(dt=0.1)
    cells = net.population("cells", model(), 2, drive=500.0)
    net.project(cells, cells, AllToAll(), weight=1.0, delay=1.0, receptor=Exponential())
    net.build("events")


def in_a_layer(model: Any) -> None:
    nn = pytest.importorskip("maichong.nn")
    nn.Spiking(model())


AT_THE_DEFINITION = {
    "an unknown symbol in a signature": (
        {"def fires(v, v_th)": "def fires(v, vth)", "return v - v_th": "return v - vth"},
        ":18: fires() asks for 'vth', which Mine does not declare; did you mean 'v_th'?",
    ),
    "an unknown symbol in an expression": (
        {"return (v_rest - v) / tau\n": "return (v_rest - v) / tua\n"},
        ":7 in leak(): uses 'tua', which is neither an argument nor a number defined before; did you mean 'tau'?",
    ),
    "a Python if on a state": (
        {"slope = leak(v, v_rest, tau)": "slope = leak(v, v_rest, tau) if v < v_rest else 0.0"},
        ":11 in flow(): a model's function must be branch-free, a conditional expression cannot be read by every engine; use "
        "where(condition, a, b) of maichong.ops, and & or | between conditions",
    ),
    "a division by a parameter that is 0": (
        {'"tau_w", 100.0': '"tau_w", 0.0'}, ":14, Mine.flow: divides by zero at its defaults (got tau_w = 0)"),
    "a division by an expression that is 0": (
        {"slope + (i - w) / c_m": "slope + (i - w) / (c_m * (v - v_rest))"},
        ":13, Mine.flow: divides by zero at its defaults (got c_m * (v - v_rest) = 0)",
    ),
    "a division by zero in a function that is called": (
        {"return (v_rest - v) / tau\n": "return tau * (v_rest - v) / (v - v_rest)\n"},
        ":7, Mine.flow: divides by zero at its defaults (got v - v_rest = 0)",
    ),
    "a division by zero where a spike leads": (
        {"slope + (i - w) / c_m": "slope + (i - w) / (c_m * (v + 60.0))"},
        ":13, Mine.flow: divides by zero after a reset at its defaults (got c_m * (v + 60.0) = 0)",
    ),
    "a division by zero in the threshold": (
        {"return v - v_th": "return v - v_th + 1 / (v_th + 50)"},
        ":19, Mine.fires: divides by zero at its defaults (got v_th + 50 = 0)",
    ),
    "a division of literals by zero": (
        {"-w / tau_w": "-w / (1.0 / (2 - 2))"}, ":14, Mine.flow: divides by zero at its defaults (got 2 - 2 = 0)"),
    "a start that is not finite": (
        {'State("w", 0.0,': 'State("w", lost,', "\ndef reset": "\ndef lost(v_rest):\n    return log(v_rest)\n\n\ndef reset"},
        ":23, Mine.w: must be finite at its defaults (got nan at v_rest = -70)",
    ),
    "an overflow": (
        {"slope + (i - w) / c_m": "slope + (i - w) / c_m + exp(-20 * v)"},
        ":13, Mine.flow: must be finite at its defaults (got inf, -0 at v = -70, w = 0, i = 0, v_rest = -70, tau = 10, c_m = 200)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault_of", AT_THE_DEFINITION)
def test_at_the_definition(fault_of: str, tmp_path: Path) -> None:
    changes, sentence = AT_THE_DEFINITION[fault_of]
    with pytest.raises(ModelError) as error:
        read(tmp_path, changes)
    assert str(error.value) == f"{tmp_path / 'mine.py'}{sentence}"


WHEN_IT_IS_USED = {
    "units that do not fit together": (
        {"return v - v_th": "return v - tau", "def fires(v, v_th)": "def fires(v, tau)"}, UnitError,
        ":19: fires() of Mine: its units must fit together (got millivolt and millisecond)",
    ),
    "a bare number among potentials": (
        {"return v - v_th": "return v - v_th - 1.0"}, UnitError,
        ":19: fires() of Mine: its units must fit together (got millivolt and a pure number)",
    ),
    "a result of another unit": (
        {"-w / tau_w": "-w / c_m"}, UnitError, ":14: flow() of Mine: must return (pA)/ms (got picoampere / picofarad)"),
    "units that hide a factor": (
        {'100.0, "ms"': '0.1, "s"'}, UnitError,
        ":14: flow() of Mine: must return (pA)/ms without a factor (got picoampere / second, off by a factor of 0.001); declare "
        "its symbols in ms, mV, pA, nS and pF, which need none",
    ),
    "a start of another unit": (
        {'State("w", 0.0,': 'State("w", "b",', '40.0, "pA"': '40.0, "nA"', "w + b": "w + 0 * b"}, UnitError,
        ":37, Mine.w: its start 'b' must be in pA (got nA)",
    ),
    "an unknown unit": (
        {'40.0, "pA"': '40.0, "pq"'}, UnitError,
        ":22: reset() of Mine: its symbols must have known units (got 'pq' is not defined in the unit registry)",
    ),
    "a threshold out of reach": (
        {"return v - v_th": "return tanh(v / v_th) - 2.0"}, ModelError,
        ":18, Mine.fires: can never fire: it is out of reach at its defaults: it is missed by 1 or more in all states",
    ),
    "a threshold without a state": (
        {"def fires(v, v_th)": "def fires(v_r, v_th)", "return v - v_th": "return v_r - v_th"}, ModelError,
        ":18, Mine.fires: can never fire: it names no state, so it never is crossed",
    ),
    "a threshold that loses its state": (
        {"return v - v_th": "return v - v_th - v"}, ModelError,
        ":18, Mine.fires: can never fire: it is the same for all states, so it never is crossed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("use", [in_a_network, in_a_layer])
@pytest.mark.parametrize("fault_of", WHEN_IT_IS_USED)
def test_when_it_is_used(fault_of: str, use: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a network or a layer, twice, and no kernel is written."""
    monkeypatch.setenv("MAICHONG_CACHE", str(tmp_path / "cache"))
    changes, kind, sentence = WHEN_IT_IS_USED[fault_of]
    model, file = read(tmp_path, changes)
    for _ in range(2):
        with pytest.raises(MaichongError) as error:
            use(model)
        assert type(error.value) is kind
        assert str(error.value) == f"{file}{sentence}"
    assert not (tmp_path / "cache").exists()


def test_escape_noise_needs_no_threshold_within_reach(tmp_path: Path) -> None:
    model, _ = read(tmp_path, {"return v - v_th": "return tanh(v / v_th) - 2.0"})
    net = Network(dt=0.1)
    net.population("cells", model(escape=Escape(rho_0=100.0, delta_u=1.0)), 1)
    assert net.build("reference").run(5.0)["cells"].counts[0] > 10
    mixed, _ = read(tmp_path, {"return v - v_th": "return v - v_th - 1.0"})
    net = Network(dt=0.1)
    net.population("cells", mixed(escape=Escape(rho_0=100.0, delta_u=1.0)), 1)
    with pytest.raises(UnitError, match=":19: fires"):
        net.build("reference")


def test_a_sound_file_is_found_so_once(tmp_path: Path) -> None:
    model, _ = read(tmp_path, {})
    before = fault.cache_info()
    for _ in range(2):
        in_a_layer(model)
    assert fault(model) is None
    assert fault.cache_info().misses == before.misses + 1


def test_pure_numbers_cannot_be_mixed(tmp_path: Path) -> None:
    """A model without units, with the time in ms, is one of papers that have none; with one unit all must fit."""
    bare = {f'"{unit}", "{meaning}"': f'"", "{meaning}"' for unit, meaning in (
        ("mV", "rest"), ("ms", "membrane time constant"), ("pF", "capacitance"), ("ms", "time constant of the adaptation"),
        ("mV", "threshold"), ("mV", "reset"), ("pA", "adaptation per spike"), ("pA", "adaptation"), ("pA", "current"),
    )}  # fmt: skip
    model, _ = read(tmp_path, {**bare, '"mV", "potential"': '"", "potential"', "return v - v_th": "return v - v_th - 1.0"})
    assert fault(model) is None
    mixed, file = read(tmp_path, {**bare, "return v - v_th": "return v - v_th - 1.0"})
    assert str(fault(mixed)).startswith(f"{file}:")
