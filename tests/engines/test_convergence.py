"""Each integrator has the order it promises, measured by halving dt on smooth problems without spikes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from maichong import LIF, AdaptiveLIF, AllToAll, Exponential, Izhikevich, Network, SpikeTimes

END = 16.0
STEPS = (0.4, 0.2, 0.1, 0.05)


def orders(error: Callable[[float], float], steps: tuple[float, ...] = STEPS) -> tuple[np.ndarray, np.ndarray]:
    """The errors at the steps, and log2 of their ratio at each halving."""
    errors = np.array([error(dt) for dt in steps])
    return errors, np.log2(errors[:-1] / errors[1:])


def solution(
    flow: Callable[[float, np.ndarray], list[float]], start: list[float], breaks: tuple[float, ...] = ()
) -> np.ndarray:
    """The state at END by DOP853 at 1e-13, piece by piece where the flow jumps."""
    y = np.array(start)
    for begin, end in zip((0.0, *breaks), (*breaks, END), strict=True):
        y = solve_ivp(flow, (begin, end), y, method="DOP853", rtol=1e-13, atol=1e-13).y[:, -1]
    return y


# Izhikevich below threshold: quadratic, two states -------------------------------------------------------------------------


def quadratic(integrator: str, dt: float, engine: str) -> np.ndarray:
    net = Network(dt=dt)
    net.population("n", Izhikevich(integrator=integrator), 1, init={"v": -75.0, "u": -14.5}, drive=2.0)
    run = net.build(engine).run(END)
    return np.array([run["n"]["v"][0], run["n"]["u"][0]])


def exact_quadratic() -> np.ndarray:
    return solution(lambda t, y: [0.04 * y[0] ** 2 + 5 * y[0] + 140 - y[1] + 2.0, 0.02 * (0.2 * y[0] - y[1])], [-75.0, -14.5])


@pytest.mark.parametrize(("integrator", "order"), [("euler", 1), ("rk2", 2), ("rk4", 4), ("figure1", 1), ("izh2003", 1)])
def test_runge_kutta_methods_and_splittings(integrator: str, order: int) -> None:
    exact = exact_quadratic()
    steps = (0.1, 0.05, 0.025, 0.0125) if order == 1 else STEPS
    errors, measured = orders(lambda dt: float(np.abs(quadratic(integrator, dt, "reference") - exact).max()), steps)
    assert measured[-1] == pytest.approx(order, abs=0.15)
    assert errors[-1] > 1e-12  # what was measured is not rounding


def test_a_fourth_order_method_on_the_fast_engine() -> None:
    """One method and one halving, since each step of a method that is not exact is compiled anew."""
    exact = exact_quadratic()
    _, measured = orders(lambda dt: float(np.abs(quadratic("rk4", dt, "events") - exact).max()), (0.2, 0.1))
    assert measured == pytest.approx(4, abs=0.35)


# LIF: linear, with a current that decays ---------------------------------------------------------------------------------


def linear(integrator: str, dt: float, engine: str, **options: str) -> float:
    """v at END of a driven cell that gets a decaying current of 100 pA at 0.4 ms; the current is exact in all methods."""
    net = Network(dt=dt)
    source = net.population("s", SpikeTimes([0.0], [0]), 1)
    n = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=1e3, integrator=integrator), 1, drive=200.0)
    net.project(source, n, AllToAll(), weight=100.0, delay=0.4, receptor=Exponential(tau=2.0))
    return float(net.build(engine, **options).run(END)["n"]["v"][0])


def exact_linear() -> float:
    late = END - 0.4
    current = 100.0 / 250.0 * (np.exp(-late / 10.0) - np.exp(-late / 2.0)) / (1 / 2.0 - 1 / 10.0)
    return 200.0 * 10.0 / 250.0 * -np.expm1(-END / 10.0) + current


@pytest.mark.parametrize(("integrator", "order"), [("euler", 1), ("rk2", 2), ("rk4", 4)])
def test_a_linear_neuron_by_methods_that_are_not_exact(integrator: str, order: int) -> None:
    """A decaying current is no constant within the step: its course is known at the nodes of a method, which keeps its order."""
    errors, measured = orders(lambda dt: abs(linear(integrator, dt, "reference") - exact_linear()))
    assert measured == pytest.approx(order, abs=0.3)
    assert measured[-1] == pytest.approx(order, abs=0.1)
    assert errors[-1] > 1e-13


@pytest.mark.parametrize("integrator", ["exact", "auto"])
def test_exact_is_exact_at_any_step(engine: str, integrator: str) -> None:
    for dt in (0.4, 0.1, 0.025):
        assert linear(integrator, dt, engine) == pytest.approx(exact_linear(), rel=2e-14 * END / dt)


def test_exact_in_single_precision() -> None:
    """640 steps of a few roundings of 6e-8, of which a membrane of 10 ms remembers 400."""
    for dt in (0.4, 0.025):
        assert linear("exact", dt, "events", precision="float32") == pytest.approx(exact_linear(), rel=6e-8 * 3 * 400)


def test_a_linear_neuron_with_two_states_is_exact(engine: str) -> None:
    net = Network(dt=0.4)
    net.population("n", AdaptiveLIF(v_rest=0.0, v_r=0.0, v_th=1e3), 1, init={"v": -5.0, "a": 3.0}, drive=100.0)
    run = net.build(engine).run(END)
    assert run["n"]["v"][0] == pytest.approx(8.0 + (-5.0 - 8.0) * np.exp(-END / 20.0), rel=1e-13)
    assert run["n"]["a"][0] == pytest.approx(3.0 * np.exp(-END / 200.0), rel=1e-13)


# conductances: linear in v alone -------------------------------------------------------------------------------------------


def conductances(integrator: str, dt: float, engine: str) -> float:
    """v at END under an excitatory conductance from 0.8 ms on and an inhibitory one from 4 ms on."""
    net = Network(dt=dt)
    source = net.population("s", SpikeTimes([0.0, 3.2], [0, 1]), 2)
    n = net.population("n", LIF(v_th=1e3, integrator=integrator), 1)
    net.project(source, n, AllToAll(), weight=np.array([[8.0], [0.0]]), delay=0.8, receptor=Exponential(tau=5.0, e_rev=0.0))
    net.project(source, n, AllToAll(), weight=np.array([[0.0], [20.0]]), delay=0.8, receptor=Exponential(tau=9.0, e_rev=-80.0))
    return float(net.build(engine).run(END)["n"]["v"][0])


def exact_conductances() -> float:
    def flow(t: float, y: np.ndarray) -> list[float]:
        g_e = 8.0 * np.exp(-(t - 0.8) / 5.0) if t >= 0.8 else 0.0
        g_i = 20.0 * np.exp(-(t - 4.0) / 9.0) if t >= 4.0 else 0.0
        return [(25.0 * (-70.0 - y[0]) - g_e * y[0] + g_i * (-80.0 - y[0])) / 250.0]

    y = -70.0
    for begin, end in ((0.8, 4.0), (4.0, END)):
        y = solve_ivp(flow, (begin + 1e-13, end - (1e-13 if end < END else 0)), [y], method="DOP853", rtol=1e-13, atol=1e-13).y[
            0, -1
        ]
    return float(y)


def test_exponential_euler() -> None:
    """On the fast engine: tests/models/test_lif.py."""
    errors, measured = orders(lambda dt: abs(conductances("exponential_euler", dt, "reference") - exact_conductances()))
    assert measured[-1] == pytest.approx(1, abs=0.1)
    assert errors[-1] < errors[0] / 6
    assert conductances("auto", 0.1, "reference") == conductances("exponential_euler", 0.1, "reference")


@pytest.mark.parametrize(("integrator", "order"), [("euler", 1), ("rk2", 2), ("rk4", 4)])
def test_runge_kutta_methods_with_conductances(integrator: str, order: int) -> None:
    """Conductances are exact at the inner nodes as well, so that a method keeps its order."""
    errors, measured = orders(lambda dt: abs(conductances(integrator, dt, "reference") - exact_conductances()))
    assert measured[-1] == pytest.approx(order, abs=0.15)
    assert errors[-1] > 1e-13
