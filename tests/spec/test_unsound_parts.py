"""Mixed units in a user's receptor, rule, source or short-term rule are told where it is used, before anything is compiled."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maichong import LIF, AllToAll, Exponential, Network
from maichong.errors import UnitError

FILE = """
from maichong.ops import exp, log1p
from maichong.spec import Param, State, Trace, intrinsic_rule, receptor, rule, short_term, source


def decay(g, tau):
    return -g / tau


def arrive(w):
    return w


def output(g, scale):
    return g * scale


Mine = receptor(
    "Mine",
    params=[Param("tau", 5.0, "ms", "decay"), Param("scale", 1.0, "", "part that opens")],
    states=[State("g", 0.0, "weight", "current")],
    flow=decay, arrive=arrive, output=output,
)


def on_post(w, x, a, tau_x):
    return w + a * x


Learns = rule(
    "Learns",
    params=[Param("a", 0.01, "", "step"), Param("tau_x", 20.0, "ms", "trace")],
    traces=[Trace("x", on="pre", tau="tau_x", meaning="recent spikes")],
    on_post=on_post,
)


def interval(u, rate):
    return -1000.0 * log1p(-u) / rate


Fires = source("Fires", params=[Param("rate", 10.0, "Hz", "rate")], interval=interval)


def flow(theta, tau_theta):
    return -theta / tau_theta


def on_spike(theta, plus):
    return theta + plus


def modulate(value, theta):
    return value + theta


Adapts = intrinsic_rule(
    "Adapts", target="v_th",
    params=[Param("plus", 1.0, "mV", "rise"), Param("tau_theta", 100.0, "ms", "decay")],
    states=[State("theta", 0.0, "mV", "rise of the threshold")],
    flow=flow, on_spike=on_spike, modulate=modulate,
)


def elapse(x, lag, tau_d):
    return 1.0 - (1.0 - x) * exp(-lag / tau_d)


def release(x, U):
    return U * x


def spike(x, U):
    return x - U * x


Tires = short_term(
    "Tires",
    params=[Param("U", 0.5, "", "use"), Param("tau_d", 800.0, "ms", "recovery")],
    states=[State("x", 1.0, "", "resources")],
    elapse=elapse, release=release, spike=spike,
)
"""


def network(parts: Any, name: str) -> Network:
    """A network that uses one part of the file."""
    net = Network(dt=0.1)
    source = net.population("source", parts.Fires(), 2) if name == "Fires" else net.population("source", LIF(), 2)
    cells = net.population("cells", LIF(), 2, plasticity=parts.Adapts() if name == "Adapts" else ())
    net.project(
        source, cells, AllToAll(), weight=0.5, delay=1.0, receptor=parts.Mine() if name == "Mine" else Exponential(),
        plasticity=parts.Learns() if name == "Learns" else (), short_term=parts.Tires() if name == "Tires" else None,
    )  # fmt: skip
    return net


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Any]:
    """The parts of the file with changes; no kernel may be written by the end of the test."""
    monkeypatch.setenv("MAICHONG_CACHE", str(tmp_path / "cache"))

    def read(changes: dict[str, str]) -> Any:
        text = FILE
        for old, new in changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path = tmp_path / "mine.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("parts_of_a_user", path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return read


WRONG = {
    "a receptor whose decay lacks its time": (
        "Mine", {"return -g / tau": "return -g / scale", "def decay(g, tau)": "def decay(g, scale)"},
        ":7: decay() of Mine: must return (pA)/ms (got picoampere)",
    ),
    "a receptor that adds a time to a current": (
        "Mine", {"return g * scale": "return g * scale + tau", "def output(g, scale)": "def output(g, scale, tau)"},
        ":15: output() of Mine: its units must fit together (got picoampere and millisecond)",
    ),
    "a rule that adds a time to a weight": (
        "Learns", {"return w + a * x": "return w + a * x * tau_x"},
        ":27: on_post() of Learns: its units must fit together (got a pure number and millisecond)",
    ),
    "a rule whose trace has a time constant in mV": (
        "Learns", {'Param("tau_x", 20.0, "ms"': 'Param("tau_x", 20.0, "mV"'},
        "Learns.x: its time constant 'tau_x' must be in ms (got mV)",
    ),
    "a source whose interval is no time": (
        "Fires", {"return -1000.0 * log1p(-u) / rate": "return -1000.0 * log1p(-u) * rate"},
        ":39: interval() of Fires: must return ms (got ",
    ),
    "an intrinsic rule that adds a current to a threshold": (
        "Adapts", {'Param("plus", 1.0, "mV"': 'Param("plus", 1.0, "pA"'},
        ":50: on_spike() of Adapts: its units must fit together (got millivolt and picoampere)",
    ),
    "a short-term rule that forgets its time constant": (
        "Tires", {"exp(-lag / tau_d)": "exp(-lag)", "def elapse(x, lag, tau_d)": "def elapse(x, lag)"},
        ":66: elapse() of Tires: its units must fit together (got ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
@pytest.mark.parametrize("engine", ["reference", "events"])
def test_mixed_units_are_told_where_the_part_is_used(fault: str, engine: str, read: Any, tmp_path: Path) -> None:
    name, changes, sentence = WRONG[fault]
    parts = read(changes)
    with pytest.raises(UnitError) as error:
        network(parts, name).build(engine)
    told = str(error.value)
    assert told.startswith(str(tmp_path / "mine.py") + sentence) or told.startswith(sentence)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("name", ["Mine", "Learns", "Fires", "Adapts", "Tires"])
def test_sound_parts_are_taken(name: str, read: Any) -> None:
    network(read({}), name).build("reference").run(1.0)


@pytest.mark.parametrize("unit", ["", "weight", "pA", "nS", "mV"])
def test_a_rule_may_be_written_for_weights_of_any_kind_or_of_one(unit: str, read: Any) -> None:
    network(read({'Param("a", 0.01, ""': f'Param("a", 0.01, "{unit}"'}), "Learns").build("reference")
