"""The implicit integrators: their order, their elimination, what they cost and what they refuse."""

from __future__ import annotations

import ast
import functools
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from solving import solve

from maichong import LIF, AllToAll, Exponential, Network, NeuronModel, SpikeTimes
from maichong.engines.events.populations import neuron_kernel
from maichong.engines.hines import Tree, change
from maichong.errors import EngineError
from maichong.neurons.cable import cable

PARENTS = (-1, 0, 0, 1, 1, 2, 3)
SIZES = {"lengths": [40.0] * 4, "diameters": [2.0, 1.0, 1.5, 1.0]}
ORDERS = [("backward_euler", 1), ("crank_nicolson", 2)]


def test_the_elimination_is_that_of_any_solver() -> None:
    rng, n, theta, h = np.random.default_rng(1), len(PARENTS), 0.5, 0.3
    a, flow = np.diag(-rng.uniform(1, 9, n)), rng.normal(size=n)
    for child, above in enumerate(PARENTS[1:], 1):
        a[child, above], a[above, child] = rng.uniform(0.1, 2.0, 2)
    down = [a[k, PARENTS[k]] for k in range(1, n)]
    up = [a[PARENTS[k], k] for k in range(1, n)]
    tree = Tree(tuple("abcdefg"), PARENTS, (), (), ())
    found = change(tree, [*np.diag(a), *down, *up], list(flow), h, theta)
    assert found == pytest.approx(np.linalg.solve(np.eye(n) - theta * h * a, h * flow), rel=1e-12)


def error_of_channels(integrator: str, dt: float) -> float:
    """A branched cell with channels in its soma and a current in a branch, against SciPy: the largest part of each state."""
    model = branched()(integrator=integrator, g_na=0.6)
    net = Network(dt=dt)
    net.population("cell", model, 1, drive={"i_3": 30.0})
    run, judge = net.build("reference").run(3.0)["cell"], solution()
    return max(abs(run[name][0] - value) / max(abs(value), 1.0) for name, value in judge.items())


def branched() -> NeuronModel:
    return cable(4, active=[0], parents=[-1, 0, 1, 1], **SIZES)


@functools.cache
def solution() -> dict[str, float]:
    found = solve(branched()(g_na=0.6), 3.0, {"i_3": 30.0}, rtol=1e-11, atol=1e-13)
    return {name: float(values[-1]) for name, values in found.states.items()}


@pytest.mark.parametrize(("integrator", "order"), ORDERS)
def test_the_order_with_channels(integrator: str, order: int) -> None:
    errors = [error_of_channels(integrator, dt) for dt in (0.025, 0.0125)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.15)
    assert errors[1] < {1: 2e-2, 2: 2e-4}[order]


def blocked(integrator: str, dt: float) -> Any:
    """A passive cell of three compartments with an NMDA-like conductance on the last one, whose slope changes with v_2."""
    net = Network(dt=dt)
    cell = net.population("cell", cable(3)(integrator=integrator, v_th=100.0), 1)
    spike = net.population("spike", SpikeTimes([1.0], [0]), 1)
    receptor = Exponential(tau=8.0, e_rev=0.0, mg=1.0)
    net.project(spike, cell, AllToAll(), weight=4.0, delay=1.0, receptor=receptor, input="i_2")
    return net


def nmda() -> np.ndarray:
    """The potentials 8 ms after the spike has arrived, from equations written anew: v in mV, 500 um long, 2 um thick."""
    area = np.pi * 2.0 * 500.0 / 3.0
    along = np.pi * 4.0 / 4.0 / (0.001 * 500.0 / 3.0)

    def slope(t: float, v: np.ndarray) -> np.ndarray:
        g = 4.0 * np.exp(-t / 8.0) / (1.0 + np.exp(-0.062 * v[2]) / 3.57)
        into = along * np.array([v[1] - v[0], v[0] - 2.0 * v[1] + v[2], v[1] - v[2]]) + [0.0, 0.0, -g * v[2]]
        return (-(v + 70.0) / 1000.0 + into / area) / 0.01

    return solve_ivp(slope, (0.0, 8.0), [-70.0] * 3, "DOP853", rtol=1e-12, atol=1e-12).y[:, -1]


@pytest.mark.parametrize(("integrator", "order"), [*ORDERS, ("auto", 2)])
def test_the_order_with_a_conductance_that_bends(integrator: str, order: int) -> None:
    errors = []
    for dt in (0.25, 0.125):
        run = blocked(integrator, dt).build("reference").run(10.0)["cell"]
        errors.append(np.abs([run[name][0] for name in ("v", "v_1", "v_2")] - nmda()).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.15)
    assert errors[1] < {1: 0.5, 2: 0.02}[order]


@pytest.mark.parametrize("integrator", [pytest.param("backward_euler", marks=pytest.mark.slow), "crank_nicolson"])
def test_the_engines_agree(integrator: str) -> None:
    ends = []
    for engine in ("reference", "events"):
        run = blocked(integrator, 0.25).build(engine).run(10.0)["cell"]
        ends.append([run[name][0] for name in ("v", "v_1", "v_2")])
    assert ends[0] == pytest.approx(ends[1], rel=1e-12)


def operations(n: int, *, active: bool) -> int:
    """How many operations, and calls, one step of a cell of ``n`` compartments is, as it is written for the engine "events"."""
    net = Network(dt=0.025)
    net.population("cell", cable(n, active=active)(integrator="crank_nicolson"), 1)
    text, _ = neuron_kernel(net.build("reference").plan.populations[0], "float64")
    tree = ast.parse(text.code())
    return sum(isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Call, ast.IfExp)) for node in ast.walk(tree))


@pytest.mark.parametrize("active", [False, True])
def test_the_cost_grows_like_n(active: bool) -> None:
    few, more, many = (operations(n, active=active) for n in ((2, 3, 4) if active else (3, 4, 5)))
    assert many - more == more - few > 0


BOTH = "dv/dt = (w + u - v + i)/tau : 1"


def ring(lines: list[str], **inputs: str) -> Any:
    model = NeuronModel.from_equations(
        lines, threshold="v > 1", inputs=inputs or {"i": "1"}, params={"tau": (10.0, "ms")}, init={"w": 0.1}
    )
    net = Network()
    net.population("cell", model(integrator="crank_nicolson"), 1)
    return net


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([BOTH, "dw/dt = (v + u - w)/tau : 1", "du/dt = (v + w - u)/tau : 1"], "w and u close a ring"),
        ([BOTH, "dw/dt = (v - w)/tau : 1", "du/dt = (v + w - u)/tau : 1"], "u follows w, which does not"),
        (["dv/dt = (i - v)/tau : 1", "dw/dt = (v - w)/tau : 1"], "no state is coupled with v so"),
        (["dv/dt = (w*v - v + i)/tau : 1", "dw/dt = (v - w)/tau : 1"], "no state is coupled with v so"),
        (["dv/dt = (w + i + abs(v))/tau : 1", "dw/dt = (v - w)/tau : 1"], "no kernel can hold the slope"),
    ],
)  # fmt: skip
def test_what_is_no_tree_is_refused(lines: list[str], words: str) -> None:
    expected = f"'crank_nicolson' needs states that constants couple like a tree, the membrane among them, and .*{words}"
    with pytest.raises(EngineError, match=expected):
        ring(lines).build("reference")


def test_neurons_of_one_compartment_are_refused() -> None:
    net = Network()
    net.population("cell", LIF(integrator="backward_euler"), 1)
    with pytest.raises(EngineError, match=r"and no state is coupled with v so; use 'exponential_euler' or 'auto'"):
        net.build("reference")


def test_what_hangs_on_the_tree_must_be_linear_in_itself() -> None:
    lines = ["dv/dt = (w + i - v - x*v)/tau : 1", "dw/dt = (v - w)/tau : 1", "dx/dt = -x*x/tau : 1"]
    with pytest.raises(EngineError, match=r"needs each state beside the tree to be linear in itself, and x is not; use 'rk4'"):
        ring(lines).build("reference")


def test_layers_of_cells_learn_through_it() -> None:
    """The gradient of a potential by the input and by the thickness, against differences of the reference's runs."""
    torch = pytest.importorskip("torch")
    from maichong.nn import Spiking

    def course(diameter: float, current: float) -> float:
        net = Network(dt=0.5)
        net.population("cell", cable(3)(integrator="crank_nicolson", reset="none", diameter=diameter), 1, drive=current)
        return float(net.build("reference").run(5.0)["cell"]["v_2"][0])

    layer = Spiking(
        cable(3)(integrator="crank_nicolson", reset="none"), dt=0.5, trainable=["diameter"], outputs="v_2", engine="plain"
    ).double()
    given = torch.full((10, 1, 1), 30.0, dtype=torch.float64, requires_grad=True)
    end = layer(given)[-1, 0, 0]
    end.backward()
    (learned,) = layer.parameters()  # the logarithm of the diameter, which stays above 0
    d = learned.exp().item()
    assert end.item() == pytest.approx(course(d, 30.0), abs=1e-10)
    by_current = (course(d, 30.5) - course(d, 29.5)) / 1.0
    by_diameter = (course(d + 1e-4, 30.0) - course(d - 1e-4, 30.0)) / 2e-4
    assert given.grad.sum().item() == pytest.approx(by_current, rel=1e-6)
    assert learned.grad.item() / d == pytest.approx(by_diameter, rel=1e-6)
