"""Neurons from equations as text: they run as the catalogue's files do, and come back from files in another process."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys

import numpy as np
import pint
import pytest

from maichong import LIF, AllToAll, Delta, Exponential, Izhikevich, Network, OneToOne, SpikeTimes, TraubMiles
from maichong.spec import Model, NeuronModel, Param
from maichong.spec.model import configure
from maichong.spec.reading import straight_line

LINE = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
CELL = NeuronModel.from_equations(
    "dv/dt = (v_rest - v)/tau_m + i/c_m : mV  # membrane potential",
    threshold="v > v_th",
    reset="v = v_r",
    init={"v": "v_rest"},
    params={"tau_m": "10 ms", "c_m": "0.25 nF", "v_rest": "-70 mV", "v_th": "-55 mV", "v_r": "-70 mV"},
    inputs={"i": "pA"},
    name="CellOfText",
)

QUADRATIC = NeuronModel.from_equations(
    """
    dv/dt = k2*v*v + k1*v + k0 - u + i/c_m : mV    # membrane potential
    du/dt = a*(b*v - u)                    : mV/ms # recovery
    """,
    threshold="v > v_peak",
    reset="v = c; u += d",
    init={"v": "c", "u": "b*v"},
    params={
        "a": "0.02/ms", "b": "0.2/ms", "c": "-65 mV", "d": (8, "mV/ms"), "v_peak": 30 * pint.get_application_registry().mV,
        "k2": (0.04, "1/(mV ms)"), "k1": "5/ms", "k0": "140 mV/ms", "c_m": "1 pF",
    },
    inputs={"i": "pA"},
    schemes={"figure1": (("v", 1.0), ("u", 1.0)), "izh2003": (("v", 0.5), ("v", 0.5), ("u", 1.0))},
)  # fmt: skip

# as Brian2's example COBAHH writes it, with exprel, units as factors and a long line that goes on
SPIKING = NeuronModel.from_equations(
    r"""
    dv/dt = (g_leak*(e_leak - v) + sodium*(e_na - v) \
             + potassium*(e_k - v) + i)/c_m : volt
    sodium = g_na*m*m*m*h                   : siemens
    potassium = g_k*n*n*n*n                 : siemens
    dm/dt = alpha_m*(1 - m) - beta_m*m      : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h      : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n      : 1
    y = (v - v_t)/mV                        : 1   # counted from v_t
    alpha_m = 1.28/exprel((13 - y)/4)/ms    : Hz
    beta_m = 1.4/exprel((y - 40)/5)/ms      : Hz
    alpha_h = 0.128*exp((17 - y)/18)/ms     : Hz
    beta_h = 4/(1 + exp((40 - y)/5))/ms     : Hz
    alpha_n = 0.16/exprel((15 - y)/5)/ms    : Hz
    beta_n = 0.5*exp((10 - y)/40)/ms        : Hz
    """,
    threshold="v > -20*mV",
    init={"v": "e_leak", "m": 0.0195, "h": 0.9968, "n": 0.0381},
    params={
        "c_m": "200 pF", "g_leak": "10 nS", "g_na": "20 usiemens", "g_k": "6 uS",
        "e_leak": "-60 mV", "e_na": "50 mV", "e_k": "-90 mV", "v_t": "-63 mV",
    },
    inputs={"i": "pA"},
    name="CobahhOfText",
)  # fmt: skip


def run(model: NeuronModel, engine: str, current: list[float], duration: float, **values: object) -> tuple[np.ndarray, ...]:
    init = values.pop("init", {})
    net = Network(dt=0.1, seed=1)
    cells = net.population("cells", model(**values), 2, drive={"i": current}, init=init)  # type: ignore[arg-type]
    source = net.population("source", SpikeTimes([3.0, 7.0, 7.5], [0, 1, 1]), 2)
    net.project(source, cells, OneToOne(), weight=40.0, delay=1.0, receptor=Exponential(tau=3.0))
    net.probe("cells", "spikes")
    net.probe("cells", model.membrane, every=0.1)
    seen = net.build(engine).run(duration)["cells"]
    spikes = seen.spikes
    return np.asarray(spikes.times), np.asarray(spikes.ids), np.asarray(seen.samples(model.membrane).values)


LIKE_LIF = (CELL, LIF, [800.0, 1000.0], {"t_ref": 2.0})
LIKE_IZHIKEVICH = (QUADRATIC, Izhikevich, [10.0, 4.0], {})
AS_IN_2003 = (QUADRATIC, Izhikevich, [10.0, 14.0], {"integrator": "izh2003", "c": -50.0, "d": 2.0})


@pytest.mark.parametrize(
    ("engine", "text", "file", "current", "values"),
    [
        ("reference", *LIKE_LIF),
        ("events", *LIKE_LIF),
        ("reference", *LIKE_IZHIKEVICH),
        ("reference", *AS_IN_2003),
        pytest.param("events", *LIKE_IZHIKEVICH, marks=pytest.mark.slow),
        pytest.param("events", *AS_IN_2003, marks=pytest.mark.slow),
    ],
)
def test_text_runs_bit_for_bit_as_the_file_does(engine, text, file, current, values):
    ours, theirs = run(text, engine, current, 40.0, **values), run(file, engine, current, 40.0, **values)
    assert ours[0].size >= 3
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("engine", ["reference", pytest.param("events", marks=pytest.mark.slow)])
def test_cobahh_as_brian2_writes_it_runs_as_the_file_does(engine):
    """exprel stands where the file has z/(exp(z) - 1), and numbers with units where it has parameters: rounding differs."""
    init = {"m": 0.0195, "h": 0.9968, "n": 0.0381}
    ours = run(SPIKING, engine, [0.0, 300.0], 25.0)
    theirs = run(TraubMiles, engine, [0.0, 300.0], 25.0, init=init)
    assert ours[0].size >= 2
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_array_equal(ours[1], theirs[1])
    np.testing.assert_allclose(ours[2], theirs[2], rtol=0, atol=1e-8)


def test_values_are_kept_in_coherent_units():
    assert CELL.param("c_m") == Param("c_m", 250.0, "pF", "")
    assert SPIKING.param("g_na").default == 20000.0 and SPIKING.param("g_na").unit == "nS"
    assert [(s.name, s.unit, s.membrane) for s in SPIKING.states][:2] == [("v", "mV", True), ("m", "", False)]
    assert QUADRATIC.param("v_peak").default == 30.0 and QUADRATIC.param("a").unit == "1/ms"
    slow = NeuronModel.from_equations(
        "dx/dt = (y - x)*rate : 1\ntau : second\ny : 1\nz = x/tau*second : 1",
        threshold="x + z > 1", reset="x = 0", params={"tau": 0.02, "rate": "50 Hz", "y": 3},
    )  # fmt: skip
    assert slow.param("tau") == Param("tau", 20.0, "ms", "") and slow.param("rate") == Param("rate", 0.05, "1/ms", "")
    assert slow.membrane == "x" and slow.param("second").default == 1000.0


def test_comments_and_tuples_are_meanings_and_refractoriness_is_a_parameter():
    assert [state.meaning for state in QUADRATIC.states] == ["membrane potential", "recovery"]
    model = NeuronModel.from_equations(
        ["dv/dt = -v/tau + i : 1 (unless refractory)", "tau : second (constant)  # its memory"],
        threshold="v > 1", reset=["v = 0"], params={"tau": "10 ms", "t_ref": "0.003 s"},
        inputs={"i": ("1/ms", "what comes in")}, meanings={"v": "activity"}, doc="A unit.",
    )  # fmt: skip
    assert model.states[0].meaning == "activity" and model.inputs[0].meaning == "what comes in"
    assert model.param("tau").meaning == "its memory"
    assert model.param("t_ref").default == 3.0 and model()["t_ref"] == 3.0 and model(t_ref="5 ms")["t_ref"] == 5.0
    assert model.doc.startswith("A unit.\n\ndv/dt = -v/tau + i : 1")
    assert model.name.startswith("Equations_")


def test_statements_of_a_reset_are_done_one_after_the_other():
    model = NeuronModel.from_equations(
        "dv/dt = -v/ms : 1\ndw/dt = -w/ms : 1\nx = v + w : 1", threshold="v > 1", reset="v = w\nw += x; w *= 2"
    )
    assert model.reset is not None
    assert model.reset(w=5.0) == (5.0, 30.0)  # v = 5, then x = 5 + 5 and w = (5 + 10) * 2


def test_it_is_a_model_like_any_other():
    assert type(CELL) is NeuronModel and isinstance(CELL, Model)
    assert straight_line(CELL.flow).args == ("v_rest", "v", "tau_m", "i", "c_m")
    assert inspect.getsource(CELL.flow) == "def flow(v_rest, v, tau_m, i, c_m):\n    return (v_rest - v) / tau_m + i / c_m\n"
    assert inspect.getcomments(CELL.flow) == f"# {__file__}:{LINE + 1}:6\n"
    assert configure(CELL, CELL(tau_m=3.0).to_dict()) == CELL(tau_m=3.0)
    assert pickle.loads(pickle.dumps(CELL)) is CELL and copy.deepcopy(CELL) is CELL


def network() -> Network:
    net = Network(dt=0.1, seed=3)
    net.population("a", CELL(t_ref=2.0, tau_m=np.array([8.0, 12.0])), 2, drive={"i": 900.0})
    net.population("b", QUADRATIC(), 1)
    net.project("a", "b", AllToAll(), weight=3.0, receptor=Delta())
    net.probe("b", "spikes")
    net.probe("a", "spikes")
    return net


READ = """
import sys
from maichong import Network
from maichong.engines.resuming import resume
for run in (Network.load(sys.argv[1]).build("reference"), resume(sys.argv[2])):
    seen = run.run(20.0)
    print(list(seen["a"].spikes.times), list(seen["b"].spikes.times))
"""


def test_a_network_and_a_checkpoint_carry_the_text_into_another_process(tmp_path):
    net = network()
    for file in ("n.json", "n.npz"):
        assert Network.load(net.save(tmp_path / file)) == net
    run, expected = net.build("reference"), ""
    for _ in range(2):
        seen = run.run(20.0)
        if not expected:
            run.save(tmp_path / "c.npz")
        expected += f"{list(seen['a'].spikes.times)} {list(seen['b'].spikes.times)}\n"
    command = [sys.executable, "-c", READ, str(tmp_path / "n.json"), str(tmp_path / "c.npz")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == expected and expected.count(",") > 4


def test_torch_layers_run_it():
    torch = pytest.importorskip("torch")
    from maichong.nn import Spiking

    x = torch.rand(12, 2, 5, generator=torch.Generator().manual_seed(1)) * 9000
    made = [Spiking(model(), engine="plain")(x) for model in (CELL, LIF)]
    assert made[0].sum() > 0 and torch.equal(made[0], made[1])


SHARED = """
dv/dt = k2*v*v + k1*v + k0 - u + I/c_m : volt
du/dt = a*(b*v - u) : volt/second
I : amp
"""
"""Brian2 and we are given this text."""


@pytest.mark.slow
def test_brian2_runs_the_same_text_to_the_same_spikes():
    b2 = pytest.importorskip("brian2")
    ms, mv, current, duration = b2.ms, b2.mV, [10.0, 14.0, 4.0], 100.0
    b2.prefs.codegen.target = "numpy"
    clock = b2.Clock(dt=0.1 * ms)
    space = {
        "k2": 0.04 / (mv * ms), "k1": 5 / ms, "k0": 140 * mv / ms, "c_m": b2.pF, "a": 0.02 / ms, "b": 0.2 / ms, "c": -65 * mv,
        "d": 8 * mv / ms,
    }  # fmt: skip
    threshold, reset = "v > 30*mV", "v = c; u += d"
    group = b2.NeuronGroup(3, SHARED, threshold=threshold, reset=reset, method="euler", namespace=space, clock=clock)
    group.v, group.u, group.I = -65 * mv, -13 * mv / ms, current * b2.pA
    seen = b2.SpikeMonitor(group), b2.StateMonitor(group, "v", record=True, when="end", clock=clock)
    b2.Network(group, *seen).run(duration * ms)

    model = NeuronModel.from_equations(
        SHARED, threshold=threshold, reset=reset, inputs={"I": "pA"}, init={"v": "c", "u": "b*v"},
        params={
            "k2": "0.04/(mV ms)", "k1": "5/ms", "k0": "140 mV/ms", "c_m": "1 pF", "a": "0.02/ms", "b": "0.2/ms", "c": "-65 mV",
            "d": "8 mV/ms",
        },
    )  # fmt: skip
    net = Network(dt=0.1)
    net.population("cells", model(integrator="euler"), 3, drive={"I": current})
    net.probe("cells", "spikes")
    net.probe("cells", "v", every=0.1)
    ours = net.build("reference").run(duration)["cells"]
    assert len(ours.spikes) >= 8
    np.testing.assert_array_equal(ours.spikes.ids, np.asarray(seen[0].i))
    # a spike is at the end of its step here, at its start there
    np.testing.assert_allclose(ours.spikes.times, np.asarray(seen[0].t / ms) + 0.1, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.samples("v").values, np.asarray(seen[1].v / mv).T, rtol=0, atol=1e-9)
