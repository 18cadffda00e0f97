"""Cables against cable theory (Rall; equations.md 1.14): closed forms, and equations written anew for SciPy."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from solving import bare, slopes

from maichong import Cable, Network
from maichong.errors import ModelError
from maichong.neurons.cable import cable
from maichong.spec import Configured
from maichong.spec.model import names
from maichong.spec.reading import arguments

LAMBDA = 500.0
RESTING = {"e_leak": 0.0, "diameter": 1.0, "r_m": 1000.0, "r_i": 0.001, "c_m": 0.01}
"""lambda = sqrt(1/4 1000 / 0.001) = 500 um, tau = 10 ms, and potentials counted from rest."""


def matrix(neuron: Configured, input: str = "i") -> tuple[np.ndarray, np.ndarray]:
    """A and b of dv/dt = A v + b i of a passive cell: all unit potentials, and none, put into its flow at once."""
    known, states, asked = bare(neuron, 0.0), names(neuron.model.states), arguments(neuron.model.flow)

    def at(v: np.ndarray, i: float) -> np.ndarray:
        env = {**known, **dict(zip(states, v, strict=True)), input: i}
        return np.array([row * np.ones(v.shape[1]) for row in neuron.model.flow(*(env[name] for name in asked))])

    none = at(np.zeros((len(states), len(states))), 0.0)
    return at(np.eye(len(states)), 0.0) - none, (at(np.zeros((len(states), 1)), 1.0) - none[:, :1])[:, 0]


def at_rest(neuron: Configured, input: str = "i") -> np.ndarray:
    """The potentials under 1 pA."""
    a, b = matrix(neuron, input)
    return np.linalg.solve(a, -b)


def two_alike() -> Configured:
    """Two compartments of g_L = 10 nS, C = 100 pF, coupled by 5 nS: 1 um thick and 1 um long each."""
    area, along = np.pi, np.pi / 4.0
    return cable(2)(length=2.0, diameter=1.0, r_m=area / 10.0, c_m=100.0 / area, r_i=along / 5.0, e_leak=0.0, v_th=50.0)


def test_two_compartments() -> None:
    """100 pA in the dendrite make 7.5 mV there and 2.5 mV in the soma; the time constants are 10 and 5 ms."""
    assert 100.0 * at_rest(two_alike(), "i_1") == pytest.approx([2.5, 7.5], rel=1e-12)
    assert np.sort(-1.0 / np.linalg.eigvals(matrix(two_alike())[0])) == pytest.approx([5.0, 10.0], rel=1e-12)
    net = Network(dt=0.5)
    net.population("cell", two_alike(), 1, drive={"i_1": 100.0})
    run = net.build("reference").run(5.0)["cell"]
    sums, differences = 10.0 * (1.0 - np.exp(-0.5)), 5.0 * (1.0 - np.exp(-1.0))
    assert [run["v"][0], run["v_1"][0]] == pytest.approx([(sums - differences) / 2, (sums + differences) / 2], rel=1e-12)


def sealed(n: int) -> np.ndarray:
    return at_rest(cable(n)(length=LAMBDA, **RESTING))


def test_a_sealed_cable() -> None:
    """L = lambda: V(L) / V(0) = 1 / cosh 1 and R_in = R_inf coth 1, of order one: both ends lie half a compartment inside."""
    v = {n: sealed(n) for n in (10, 20, 40, 80)}
    ratios = [v[n][-1] / v[n][0] for n in v]
    assert ratios == pytest.approx([0.67388, 0.66068, 0.65430, 0.65116], abs=5e-6)
    errors = np.array(ratios) - 1.0 / np.cosh(1.0)
    assert np.log2(errors[-2] / errors[-1]) == pytest.approx(1.0, abs=0.02)
    r_inf = 2.0 / np.pi * np.sqrt(1000.0 * 0.001)  # mV / pA, of a diameter of 1 um
    wrong = np.array([v[n][0] / (r_inf / np.tanh(1.0)) - 1.0 for n in v])
    assert np.abs(wrong[-1]) < 0.01
    assert np.log2(wrong[-2] / wrong[-1]) == pytest.approx(1.0, abs=0.02)


def test_a_sealed_cable_inside() -> None:
    """Between two middles the steady decay is cosh((L - x) / lambda), of order two."""
    errors = []
    for n in (10, 20, 40):
        x = (np.arange(n) + 0.5) / n
        v = sealed(n)
        errors.append(np.abs(v / v[0] - np.cosh(1.0 - x) / np.cosh(1.0 - x[0])).max())
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx(2.0, abs=0.1)


def test_greens_function() -> None:
    """A charge on a long cable: exp(-T - X^2 / 4T) / sqrt(4 pi T), .1037768744 at (0, 1) and .0808215110 at (1, 1), order two."""
    errors = []
    for step in (0.2, 0.1, 0.05):
        n = 2 * round(6.0 / step) + 1
        a, _ = matrix(cable(n)(length=n * step * LAMBDA, **RESTING))
        middle, away = n // 2, n // 2 + round(1.0 / step)
        v = expm(10.0 * a)[:, middle] / step
        errors.append([v[middle] - 0.1037768744, v[away] - 0.0808215110])
    assert np.log2(np.abs(errors[0]) / np.abs(errors[1])) == pytest.approx(2.0, abs=0.1)
    assert np.log2(np.abs(errors[1]) / np.abs(errors[2])) == pytest.approx(2.0, abs=0.1)
    assert np.abs(errors[2]).max() < 3e-5


def test_ralls_tree_is_a_cylinder() -> None:
    """Branches whose d^(3/2) add up to their parent's and whose steps are alike in lambda move as one cylinder does."""
    trunk, part, share = 4.0, 30.0, np.array([0.7, 0.3])
    daughters = trunk * share ** (2.0 / 3.0)
    diameters = [trunk, trunk, *daughters, *daughters]
    lengths = [part * np.sqrt(d / trunk) for d in diameters]
    tree = cable(6, parents=[-1, 0, 1, 1, 2, 3], lengths=lengths, diameters=diameters)(e_leak=-65.0)
    cylinder = cable(4)(length=4 * part, diameter=trunk, e_leak=-65.0)
    v = np.random.default_rng(1).uniform(-80.0, -20.0, 4)
    given = {"i": 12.0}
    branched = slopes(tree, bare(tree, given))(v[[0, 1, 2, 2, 3, 3]])
    assert branched == pytest.approx(slopes(cylinder, bare(cylinder, given))(v)[[0, 1, 2, 2, 3, 3]], rel=1e-11)


def test_any_tree_has_ralls_input_conductance() -> None:
    """A trunk of 0.3 lambda with branches of 0.5 and 1, of no 3/2 law: G = G_inf (B + tanh L) / (1 + B tanh L), L of each."""
    d, ls = np.array([2.0, 1.0, 0.6]), np.array([0.3, 0.5, 1.0])
    scale = np.sqrt(d / 4.0 * 1000.0 / 0.001)
    infinite = np.pi / 2.0 * d**1.5 / np.sqrt(1000.0 * 0.001)
    ends = (infinite[1:] * np.tanh(ls[1:])).sum() / infinite[0]
    right = infinite[0] * (ends + np.tanh(ls[0])) / (1.0 + ends * np.tanh(ls[0]))
    errors = []
    for n in (8, 16, 32):
        parents = [*range(-1, n - 1), n - 1, *range(n, 2 * n - 1), n - 1, *range(2 * n, 3 * n - 1)]
        tree = cable(
            3 * n, parents=parents, lengths=np.repeat(ls * scale / n, n), diameters=np.repeat(d, n)
        )(e_leak=0.0, r_m=1000.0, r_i=0.001)  # fmt: skip
        errors.append(1.0 / at_rest(tree)[0] / right - 1.0)
    assert np.log2(np.abs(errors[:-1]) / np.abs(errors[1:])) == pytest.approx(1.0, abs=0.1)
    assert abs(errors[-1]) < 0.02


def written_anew(y: np.ndarray, n: int, along: float, current: float) -> np.ndarray:
    """An axon of n compartments: HH 1952 per cm^2 (uF, mS, uA), ``along`` the coupling in mS/cm^2, the current into the first."""
    v, m, h, k = y.reshape(4, n)
    u = v + 65.0
    a_m, b_m = (25.0 - u) / 10.0 / np.expm1((25.0 - u) / 10.0), 4.0 * np.exp(-u / 18.0)
    a_h, b_h = 0.07 * np.exp(-u / 20.0), 1.0 / (1.0 + np.exp((30.0 - u) / 10.0))
    a_n, b_n = 0.1 * (10.0 - u) / 10.0 / np.expm1((10.0 - u) / 10.0), 0.125 * np.exp(-u / 80.0)
    flux = along * np.diff(v)
    into = np.append(flux, 0.0) - np.append(0.0, flux)
    into[0] += current
    ions = 120.0 * m**3 * h * (50.0 - v) + 36.0 * k**4 * (-77.0 - v) + 0.3 * (-54.387 - v)
    gates = [a * (1.0 - x) - b * x for a, b, x in ((a_m, b_m, m), (a_h, b_h, h), (a_n, b_n, k))]
    return np.concatenate([ions + into, *gates])


def axon(n: int, diameter: float, length: float) -> Configured:
    return cable(n, active=True)(length=length, diameter=diameter, r_i="35.4 ohm cm", integrator="crank_nicolson")


def coupling(n: int, diameter: float, length: float) -> float:
    """The conductance between neighbours per membrane, mS/cm^2: d / (4 R_i x^2), with d and x in cm, R_i in kohm cm."""
    return diameter * 1e-4 / (4.0 * 35.4e-3 * (length / n * 1e-4) ** 2)


def test_the_flow_of_an_axon() -> None:
    n, d, length = 3, 10.0, 600.0
    neuron = axon(n, d, length)
    rng = np.random.default_rng(1)
    y = np.array([rng.uniform(-80, 40, n), *rng.uniform(0, 1, (3, n))])
    current = 20.0  # pA, on pi d x um^2: 100 pA / um^2 are 1e4 uA / cm^2
    density = current / (np.pi * d * length / n) * 100.0
    order = [*y[0], *y[1:].T.reshape(-1)]  # potentials, then the gates of each compartment
    found = slopes(neuron, bare(neuron, current))(np.array(order))
    right = written_anew(y.reshape(-1), n, coupling(n, d, length), density).reshape(4, n)
    assert found == pytest.approx([*right[0], *right[1:].T.reshape(-1)], rel=1e-10)


@pytest.mark.slow
def test_an_action_potential_travels() -> None:
    """Its velocity is that of SciPy's method of lines, and grows like the square root of the diameter."""
    n, d, length, current = 24, 476.0, 60_000.0, 4e6
    density = current / (np.pi * d * length / n) * 100.0
    y = np.array([[-65.0] * n, [0.05293249] * n, [0.59612075] * n, [0.31767691] * n]).reshape(-1)
    rise = [_rises(k, n) for k in (8, 16)]
    along = coupling(n, d, length)
    found = solve_ivp(
        lambda _, y: written_anew(y, n, along, density), (0.0, 8.0), y, "LSODA", rtol=1e-8, atol=1e-9, events=rise
    )
    right = float(found.t_events[1][0] - found.t_events[0][0])
    velocities = []
    for thicker in (1.0, 4.0):
        neuron = axon(n, d * thicker, length * np.sqrt(thicker))
        velocities.append(velocity(neuron, n, length * np.sqrt(thicker), current * thicker**1.5, (8, 16), 8.0))
    assert velocities[0] == pytest.approx(length / n * 8 / right, rel=1e-3)
    assert velocities[1] / velocities[0] == pytest.approx(2.0, rel=1e-3)


@pytest.mark.slow
def test_the_squids_axon() -> None:
    """At 18.5 degrees it conducts at 18.8 m/s, as Hodgkin and Huxley worked out by hand in 1952."""
    neuron = axon(40, 476.0, 40_000.0).replace(phi=3.0**1.22)
    assert velocity(neuron, 40, 40_000.0, 8e6, (15, 30), 3.0) == pytest.approx(18_800.0, rel=0.02)


def velocity(neuron: Configured, n: int, length: float, current: float, between: tuple[int, int], until: float) -> float:
    """How fast an action potential goes from one compartment to another, in um/ms, on the engine."""
    net = Network(dt=0.01)
    cell = net.population("cell", neuron, 1, drive=current)
    for k in between:
        net.probe(cell, f"v_{k}")
    run = net.build("reference").run(until)["cell"]
    first, last = (_crossing(run.samples(f"v_{k}").times, run.samples(f"v_{k}").values[:, 0]) for k in between)
    return length / n * (between[1] - between[0]) / (last - first)


def _rises(k: int, n: int) -> Any:
    def event(_: float, y: np.ndarray) -> float:
        return float(y[k])

    event.direction = 1.0  # type: ignore[attr-defined]
    return event


def _crossing(times: np.ndarray, values: np.ndarray) -> float:
    k = int(np.flatnonzero((values[:-1] < 0.0) & (values[1:] >= 0.0))[0])
    return float(times[k] - values[k] * (times[k + 1] - times[k]) / (values[k + 1] - values[k]))


def test_a_soma_without_channels_fires_and_is_reset() -> None:
    net = Network(dt=0.1)
    net.population("cell", Cable(t_ref=2.0), 1, drive={"i": 150.0})
    run = net.build("reference").run(100.0)["cell"]
    assert run.spikes.times.size > 2
    assert np.diff(run.spikes.times).min() > 2.0


@pytest.mark.parametrize(
    ("n", "given", "method"),
    [
        (8, {}, "exact"),
        (9, {}, "crank_nicolson"),
        (9, {"spike_times": "exact"}, "exact"),
        (9, {"integrator": "exact"}, "exact"),
    ],
)
def test_short_passive_cables_are_stepped_exactly(n: int, given: dict[str, str], method: str) -> None:
    net = Network()
    net.population("cell", cable(n, inputs=[0])(**given), 1)
    integration = net.build("reference").plan.populations[0].integration
    assert integration is not None
    assert integration.method == method


def test_a_cable_is_saved_and_copied() -> None:
    tree = cable(3, parents=[-1, 0, 0], active=[1], lengths=[9, 8, 7], diameters=[3, 2, 1], inputs=[2, 0])
    assert tree is cable(3, parents=(-1, 0, 0), active=[1], lengths=[9.0, 8.0, 7.0], diameters=[3.0, 2.0, 1.0], inputs=[2, 0])
    assert tree is not cable(3, parents=[-1, 0, 1], active=[1], lengths=[9, 8, 7], diameters=[3, 2, 1], inputs=[2, 0])
    assert [entry.name for entry in tree.inputs] == ["i_2", "i"]
    net = Network()
    net.population("tree", tree(length_1=12.0), 2, drive={"i_2": 1.0})
    net.population("chain", cable(2, name="Two")(), 1)
    net.population("default", Cable(), 1)
    again = Network.from_dict(net.to_dict())
    assert again == net
    assert again.populations["tree"].model.model is tree
    assert pickle.loads(pickle.dumps(tree)) is tree
    assert copy.deepcopy(tree(r_m=500.0)) == tree(r_m=500.0)


def test_a_damaged_file() -> None:
    net = Network()
    net.population("cell", cable(2)(), 1)
    data = net.to_dict()
    data["models"][0]["active"] = [7]
    with pytest.raises(ModelError, match=r"network, models: must be a cable as a network wrote it .*0 to 1, each once"):
        Network.from_dict(data)


SIZES: dict[str, Any] = {"lengths": [1.0, 1.0], "diameters": [1.0, 1.0]}


@pytest.mark.parametrize(
    ("n", "given", "words"),
    [
        (0, {}, r"cable\.n: must be a whole number of compartments between 1 and 10000 \(got 0\)"),
        (2.5, {}, r"cable\.n: must be a whole number"),
        (2, {"active": [2]}, r"cable\.active: must be compartments, 0 to 1, each once \(got \[2\]\)"),
        (2, {"active": "all"}, r"cable\.active: must be a list of compartments \(got 'all'\)"),
        (2, {"inputs": [1, 1]}, r"cable\.inputs: must be compartments, 0 to 1, each once"),
        (2, {"inputs": []}, r"cable\.inputs: must be one compartment at least"),
        (2, {"parents": [-1, 1], **SIZES}, r"cable\.parents: must be -1, then for each of 1 more one that comes before it"),
        (2, {"parents": [-1], **SIZES}, r"cable\.parents: must be -1"),
        (2, {"parents": [-1, 0]}, r"cable: a tree needs lengths and diameters, and one of them the other; without both"),
        (2, {"lengths": [1.0, 1.0]}, r"cable: a tree needs lengths and diameters"),
        (2, {**SIZES, "lengths": [1.0]}, r"cable\.lengths: must be 2 numbers > 0 um, one for each compartment"),
        (2, {**SIZES, "diameters": [1.0, 0.0]}, r"cable\.diameters: must be 2 numbers > 0 um"),
        (2, {"name": "my cell"}, r"cable\.name: must be a Python identifier \(got 'my cell'\)"),
    ],
)
def test_what_is_no_cable(n: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        cable(n, **given)
