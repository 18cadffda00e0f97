"""Receptors on the input of a dendrite see the dendrite's potential: two passive compartments in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from maichong import AllToAll, Exponential, Network, NeuronModel, PinskyRinzel, SpikeTimes
from maichong.errors import ModelError, NetworkError
from maichong.spec import Input

G_L, G_C, G, E_REV, REST = 10.0, 5.0, 3.0, 0.0, -70.0
FOREVER = 1e17


def two(first: str = "i") -> NeuronModel:
    inputs = {"i": "pA", "i_d": Input("i_d", "pA", "current of the dendrite", at="v_d")}
    return NeuronModel.from_equations(
        """dv/dt = (g_L*(E_L - v) + g_c*(v_d - v) + i)/C : mV
        dv_d/dt = (g_L*(E_L - v_d) + g_c*(v - v_d) + i_d)/C : mV""",
        threshold="v > 100*mV", init={"v": "E_L", "v_d": "E_L"}, name=f"Two_{first}",
        inputs={first: inputs.pop(first), **inputs},
        params={"g_L": (G_L, "nS"), "g_c": (G_C, "nS"), "C": (100.0, "pF"), "E_L": (REST, "mV")},
    )  # fmt: skip


def closed(g_s: float, g_d: float) -> np.ndarray:
    """v, v_d at rest under constant conductances on the soma and on the dendrite."""
    matrix = [[G_L + G_C + g_s, -G_C], [-G_C, G_L + G_C + g_d]]
    return np.linalg.solve(matrix, [G_L * REST + g_s * E_REV, G_L * REST + g_d * E_REV])


def network(input: str | None) -> Network:
    net = Network(dt=0.5)
    cell, spike = net.population("cell", two()(), 1), net.population("spike", SpikeTimes([0.5], [0]), 1)
    net.project(spike, cell, AllToAll(), weight=G, delay=0.5, receptor=Exponential(tau=FOREVER, e_rev=E_REV), input=input)
    return net


@pytest.mark.parametrize("engine", ["reference", "events"])
@pytest.mark.parametrize(("input", "g"), [("i_d", (0.0, G)), (None, (G, 0.0))])
def test_a_constant_conductance(engine: str, input: str | None, g: tuple[float, float]) -> None:
    net = network(input)
    run = net.build(engine).run(400.0)
    assert [run["cell"][name][0] for name in ("v", "v_d")] == pytest.approx(closed(*g), abs=1e-9)
    assert Network.from_dict(net.to_dict()) == net


def test_layers_of_neurons_whose_first_input_is_the_dendrites() -> None:
    torch = pytest.importorskip("torch")
    from maichong.nn import Spiking

    layer = Spiking(two("i_d")(), dt=0.5, receptor=Exponential(tau=FOREVER, e_rev=E_REV), outputs=("v", "v_d"), engine="plain")
    weights = torch.zeros(800, 1, 1, dtype=torch.float64)
    weights[0] = G
    assert [float(course[-1, 0, 0]) for course in layer.double()(weights)] == pytest.approx(closed(0.0, G), abs=1e-9)


def test_what_an_input_may_come_in_at() -> None:
    with pytest.raises(ModelError, match=r"i_d: comes in at 'v_e', no state; did you mean"):
        NeuronModel.from_equations(
            ["dv/dt = (v_d - v)/(1*ms) : mV", "dv_d/dt = i_d/(1*pF) : mV"], threshold="v > 1*mV",
            inputs={"i_d": Input("i_d", "pA", "current", at="v_e")},
        )  # fmt: skip
    with pytest.raises(ModelError, match=r"i: must come in at a potential, in mV as 'v' is \(got 'w', in pA\)"):
        NeuronModel.from_equations(
            ["dv/dt = (i - w)/(1*pF) : mV", "dw/dt = -w/(1*ms) : pA"], threshold="v > 1*mV",
            inputs={"i": Input("i", "pA", "current", at="w")},
        )  # fmt: skip


def test_gap_junctions_join_membranes() -> None:
    net = Network()
    cells = net.population("cells", two("i_d")(), 2)
    with pytest.raises(NetworkError, match=r"whose first input comes in at the membrane, which is what they join"):
        net.gap_junctions(cells, cells, AllToAll(), conductance=1.0)


def test_inputs_of_the_catalogue_say_where_they_come_in() -> None:
    assert PinskyRinzel.potential("i_d") == "v_d"
    assert PinskyRinzel.potential("i") == "v"
