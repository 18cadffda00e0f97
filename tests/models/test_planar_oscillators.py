"""FitzHugh-Nagumo and Morris-Lecar against their bifurcations (equations.md 1.15)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from solving import hopf, jacobian, solve

from maichong import FitzHughNagumo, MorrisLecar, Network

TYPE_1 = {"g_ca": 4.0, "phi": 0.0667, "v_3": 12.0, "v_4": 17.4}


def nagumo_rest(v: float) -> tuple[float, np.ndarray]:
    w = (v + 0.7) / 0.8
    return w - v + v**3 / 3, np.array([v, w])


def lecar_rest(v: float, g_ca: float = 4.4, v_3: float = 2.0, v_4: float = 30.0) -> tuple[float, np.ndarray]:
    m, w = (1 / (1 + np.exp(-2 * (v - a) / b)) for a, b in ((-1.2, 18.0), (v_3, v_4)))
    return 2.0 * (v + 60) + g_ca * m * (v - 120) + 8.0 * w * (v + 84), np.array([v, w])


def test_fitzhughs_hopf_points() -> None:
    """I = 0.3312813 and 1.4187187 at v = -+0.96747093 [N]."""
    for current, side in ((0.3312813, -1), (1.4187187, 1)):
        found, v, omega = hopf(FitzHughNagumo(), nagumo_rest, *sorted((side * 0.9, side * 1.05)))
        assert found == pytest.approx(current, abs=6e-8)
        assert v == pytest.approx(side * 0.96747093, abs=1e-7)
        assert omega > 0


@pytest.mark.parametrize(("current", "fires"), [(0.3, False), (0.36, True), (1.39, True), (1.45, False)])
def test_fitzhughs_neuron_fires_between_them(current: float, fires: bool) -> None:
    """Near rest, where a small push grows or dies; the spikes are told apart from the rest's own ripples by v = 1."""
    v = min(np.roots([1 / 3, 0, 1 / 0.8 - 1, 0.7 / 0.8 - current]), key=lambda root: abs(root.imag)).real
    start = {"v": v + 0.01, "w": nagumo_rest(v)[1][1]}
    late = solve(FitzHughNagumo(), 1500.0, current, start, method="LSODA").states["v"][-200:]
    assert (np.ptp(late) > 1.0) == fires


def test_fitzhughs_start_is_rest() -> None:
    model = FitzHughNagumo()
    current, y = nagumo_rest(model["v_0"])
    assert current == pytest.approx(0.0, abs=1e-4)
    assert y[1] == pytest.approx(model["w_0"], abs=1e-4)


def test_lecars_hopf_points_of_type_2() -> None:
    """I = 93.8576 at -25.2701 mV and 212.0188 at 7.8007 mV [N]."""
    for (current, v), between in (((93.8576, -25.2701), (-28.0, -23.0)), ((212.0188, 7.8007), (4.0, 12.0))):
        found, where, omega = hopf(MorrisLecar(), lecar_rest, *between)
        assert found == pytest.approx(current, abs=6e-5)
        assert where == pytest.approx(v, abs=6e-5)
        assert omega > 0


def test_lecars_saddle_node_of_type_1() -> None:
    """I = 39.963 at -29.39 mV [N]: the steady current has a maximum there, the determinant vanishes, and the cell fires above."""
    found = minimize_scalar(
        lambda v: -lecar_rest(v, 4.0, 12.0, 17.4)[0], bounds=(-40, -20), method="bounded", options={"xatol": 1e-9}
    )
    current, y = lecar_rest(found.x, 4.0, 12.0, 17.4)
    assert current == pytest.approx(39.963, abs=6e-4)
    assert found.x == pytest.approx(-29.39, abs=6e-3)
    cell = MorrisLecar(**TYPE_1)
    assert np.linalg.det(jacobian(cell, current, y)) == pytest.approx(0.0, abs=1e-6)
    slow = [solve(cell, 3000.0, current + more, method="LSODA").spikes for more in (-0.5, 0.1, 0.4)]
    assert slow[0].size <= 1
    # on its cycle: half the period for four times the distance
    assert np.diff(slow[1])[-1] / np.diff(slow[2])[-1] == pytest.approx(2.0, abs=0.25)


@pytest.mark.parametrize("model", [FitzHughNagumo(), MorrisLecar(), MorrisLecar(**TYPE_1)])
def test_the_engine_spikes_where_the_solution_rises(model) -> None:
    current, until = (0.7, 80.0) if model.model is FitzHughNagumo else (120.0, 150.0)
    exact = solve(model, until, current, rtol=1e-10, atol=1e-11).spikes
    net = Network(dt=0.1)
    net.population("n", model, 1, drive=current)
    net.probe("n")
    times = net.build("reference").run(until)["n"].spikes.times
    assert times.size >= 2
    assert times == pytest.approx(np.ceil(exact / 0.1) * 0.1, abs=1e-9)
