"""Each integrator on Hodgkin and Huxley's neuron, over a spike: the order that it promises, and that "rush_larsen" is that method.

The judge is SciPy's DOP853 on the equations of 1952 as textbooks write them, of which nothing is ours. Other neurons: see
test_convergence.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from maichong import LIF, AdaptiveLIF, AllToAll, Alpha, FitzHughNagumo, HodgkinHuxley, Izhikevich, Network, SpikeTimes
from maichong.errors import EngineError, ModelError, ParameterError
from maichong.spec import Option
from maichong.spec.neuron_model import INTEGRATORS

TIMES, DRIVE = 0.4 * np.arange(1, 9), 10.0
START = np.array([-65.0, 0.0529, 0.5961, 0.3177])


def rates(v: float) -> tuple[np.ndarray, np.ndarray]:
    """alpha and beta of m, h and n, per ms."""
    alpha = [0.1 * (v + 40) / -np.expm1(-(v + 40) / 10), 0.07 * np.exp(-(v + 65) / 20)]
    alpha += [0.01 * (v + 55) / -np.expm1(-(v + 55) / 10)]
    beta = [4 * np.exp(-(v + 65) / 18), 1 / (1 + np.exp(-(v + 35) / 10)), 0.125 * np.exp(-(v + 65) / 80)]
    return np.array(alpha), np.array(beta)


def conductances(gates: np.ndarray) -> np.ndarray:
    """Of sodium, potassium and the leak, in mS/cm2."""
    m, h, n = gates
    return np.array([120.0 * m**3 * h, 36.0 * n**4, 0.3])


REVERSAL = np.array([50.0, -77.0, -54.387])


def slope(_: float, y: np.ndarray) -> np.ndarray:
    alpha, beta = rates(y[0])
    return np.concatenate([[DRIVE - conductances(y[1:]) @ (y[0] - REVERSAL)], alpha * (1 - y[1:]) - beta * y[1:]])


def stepped(integrator: str, dt: float) -> np.ndarray:
    """The states at TIMES, [times, 4]."""
    net = Network(dt=dt)
    start = dict(zip(("v", "m", "h", "n"), START, strict=True))
    net.population("n", HodgkinHuxley(integrator=integrator), 1, drive=DRIVE, init=start)
    run = net.build("reference")
    found = []
    for _ in TIMES:
        run.run(TIMES[0])
        found.append([run["n"][name][0] for name in start])
    return np.array(found)


@pytest.fixture(scope="module")
def solution() -> np.ndarray:
    found = solve_ivp(slope, (0.0, TIMES[-1]), START, "DOP853", TIMES, rtol=1e-12, atol=1e-13)
    assert found.y[0].max() > 20.0 > -20.0 > found.y[0].min()  # a spike is within
    return found.y.T


@pytest.mark.parametrize(
    ("integrator", "order", "steps"),
    [
        ("euler", 1, (0.01, 0.005)),
        ("rush_larsen", 1, (0.01, 0.005)),
        ("strang", 2, (0.02, 0.01)),
        ("rk2", 2, (0.02, 0.01)),
        ("rk4", 4, (0.01, 0.005)),
    ],
)
def test_the_order_over_a_spike(integrator: str, order: int, steps: tuple[float, float], solution: np.ndarray) -> None:
    errors = np.array([np.abs(stepped(integrator, dt) - solution).max() for dt in steps])
    assert np.log(errors[0] / errors[1]) / np.log(steps[0] / steps[1]) == pytest.approx(order, abs=0.15)
    assert errors[1] > 1e-9  # what was measured is no rounding


def test_the_adaptive_one_needs_no_small_step(solution: np.ndarray) -> None:
    np.testing.assert_allclose(stepped("ode", 0.4), solution, rtol=1e-8, atol=1e-8)


def test_exponential_euler_is_rush_and_larsens_method() -> None:
    """Gates solved with the membrane held, the membrane with the gates held, both from the start of the step."""
    dt, y = 0.1, START.copy()
    for _ in range(round(TIMES[-1] / dt)):
        alpha, beta = rates(y[0])
        g = conductances(y[1:])
        rest, tau = (g @ REVERSAL + DRIVE) / g.sum(), 1.0 / g.sum()
        gates = alpha / (alpha + beta) + (y[1:] - alpha / (alpha + beta)) * np.exp(-(alpha + beta) * dt)
        y = np.concatenate([[rest + (y[0] - rest) * np.exp(-dt / tau)], gates])
    np.testing.assert_allclose(stepped("rush_larsen", dt)[-1], y, rtol=1e-10)
    assert HodgkinHuxley(integrator="rush_larsen") == HodgkinHuxley(integrator="exponential_euler")
    assert HodgkinHuxley(integrator="rush_larsen")["integrator"] == "exponential_euler"


@pytest.mark.parametrize("dt", [0.0625, 1.0, 16.0])
def test_exact_is_the_matrix_exponential_at_any_step(dt: float) -> None:
    """A LIF with an alpha current, of three linear states, and a drive: to 1e-12 of it, at steps far above its time constants."""
    net = Network(dt=dt)
    source = net.population("s", SpikeTimes([0.0], [0]), 1)
    n = net.population("n", LIF(v_rest=-70.0, v_th=1e6, integrator="exact"), 1, init={"v": -60.0}, drive=100.0)
    net.project(source, n, AllToAll(), weight=80.0, receptor=Alpha(tau=3.0))
    v = net.build("reference").run(16.0)["n"]["v"][0]
    matrix = np.array([[-1 / 10, 1 / 250, 0, 4 / 10], [0, -1 / 3, 1, 0], [0, 0, -1 / 3, 0], [0, 0, 0, 0]])
    assert v == pytest.approx(-70.0 + (expm(16.0 * matrix) @ [10.0, 0.0, 80.0 * np.e / 3.0, 1.0])[0], rel=1e-12)


# what is said of them ----------------------------------------------------------------------------------------------------


def test_every_integrator_is_an_argument_and_is_explained() -> None:
    from maichong.spec import NeuronModel

    for name in INTEGRATORS:
        assert LIF(integrator=name)["integrator"] == name
        assert f'"{name}"' in (NeuronModel.__doc__ or "")
    option = next(option for option in Izhikevich.options if option.name == "integrator")
    assert set(option.meanings) == set(option.choices) == {*INTEGRATORS, "figure1", "izh2003"}
    assert all(option.meanings.values())


def test_an_unknown_integrator_is_answered_with_all_of_them() -> None:
    listed = ", ".join(map(repr, INTEGRATORS))
    with pytest.raises(
        ParameterError, match=re.escape(f"LIF.integrator: must be one of {listed} (got 'rk5'); did you mean 'rk")
    ):
        LIF(integrator="rk5")
    with pytest.raises(ParameterError, match="did you mean 'rush_larsen'"):
        LIF(integrator="rush_larson")


@pytest.mark.parametrize(
    ("neuron", "message"),
    [
        (
            FitzHughNagumo(integrator="rush_larsen"),
            "'exponential_euler' needs a flow linear in each state alone, and that of Fitz",
        ),
        (FitzHughNagumo(integrator="exact"), "the integrator 'exact' needs a linear flow, and "),
        (LIF(integrator="strang"), "'strang' needs gates beside the membrane, and LIF has none; use 'auto'"),
    ],
)
def test_what_does_not_apply_is_refused(neuron: Any, message: str) -> None:
    net = Network(dt=0.1)
    net.population("n", neuron, 1)
    with pytest.raises(EngineError, match=re.escape(f"population 'n': {message}")):
        net.build("reference")


def test_an_alias_must_stand_for_a_choice() -> None:
    for alias, choice in (("rl", "rk5"), ("euler", "rk2")):
        with pytest.raises(
            ModelError, match=f"option 'integrator': its alias '{alias}' must be another name of one of its choices"
        ):
            Option("integrator", ("euler", "rk2"), "how", ((alias, choice),))


def test_exact_by_auto_where_a_neuron_is_linear() -> None:
    net = Network(dt=0.1)
    net.population("n", AdaptiveLIF(), 1)
    net.population("m", HodgkinHuxley(), 1)
    methods = [entry.integration.method for entry in net.build("reference").plan.populations if entry.integration]
    assert methods == ["exact", "strang"]
