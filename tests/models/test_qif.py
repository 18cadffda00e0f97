"""QIF and its theta form against their periods in closed form (equations.md 1.5)."""

from __future__ import annotations

import numpy as np
import pytest
from solving import solve

from maichong import QIF, Network, Theta
from maichong.errors import EngineError

CANONICAL = {"tau_m": 1.0, "c_m": 1.0, "a": 1.0, "v_rest": 0.0, "v_c": 0.0}
"""x' = x^2 + I"""


def stamps(model: object, dt: float, current: float | list[float], until: float, n: int = 1) -> np.ndarray:
    net = Network(dt=dt)
    net.population("n", model, n, drive=current)
    net.probe("n")
    return net.build("reference").run(until)["n"].spikes.times


def test_the_period_between_bounds() -> None:
    """From -10 to 10 at I = 1: 2 arctan(10) = 2.94225535 [N]."""
    spikes = solve(QIF(v_r=-10.0, v_peak=10.0, **CANONICAL), 10.0, 1.0, {"v": -10.0}, rtol=1e-12, atol=1e-12).spikes
    assert spikes[0] == pytest.approx(2.94225535, abs=1e-8)
    assert np.diff(spikes) == pytest.approx(2 * np.arctan(10.0), abs=1e-9)


def test_the_textbooks_cell() -> None:
    """The defaults with RI = 5 mV: 103.7455452 ms from reset to peak [N], whatever solves it."""
    current = 5.0 * 250.0 / 20.0
    spikes = solve(QIF(), 320.0, current, {"v": -60.0}, rtol=1e-12, atol=1e-12).spikes
    assert spikes == pytest.approx(103.7455452 * np.arange(1, 4), abs=1e-6)
    net = Network(dt=0.1)
    net.population("n", QIF(), 1, drive=current, init={"v": -60.0})
    net.probe("n")
    (first,) = net.build("reference").run(105.0)["n"].spikes.times
    assert first == pytest.approx(103.8, abs=1e-9)  # 103.7455 is noticed at the end of its step


@pytest.mark.parametrize(("drive", "fires"), [(2.249, False), (2.251, True)])
def test_the_rheobase(drive: float, fires: bool) -> None:
    """RI = a ((v_c - v_rest) / 2)^2 = 2.25 mV [N]; from there the passage takes pi tau / sqrt(a (RI - 2.25)), 10 s."""
    assert (solve(QIF(), 11000.0, drive * 12.5, method="LSODA").spikes.size > 0) == fires


@pytest.mark.parametrize("current", [0.25, 1.0, 4.0])
def test_theta_has_the_period_of_the_infinite_line(current: float) -> None:
    """pi / sqrt(I); I = 4 gives 1.57079633 [N]. The grid costs no time: a spike keeps what is beyond pi."""
    period = np.pi / np.sqrt(current)
    times = stamps(Theta(), 0.05, current, 0.05 * round(20 * period / 0.05))
    assert times[0] == pytest.approx(period / 2, abs=0.051)  # theta = 0 is x = 0, half way
    assert (times[-1] - times[0]) / (times.size - 1) == pytest.approx(period, abs=0.051 / (times.size - 1))
    assert times.size == 20


def test_theta_and_qif_are_one() -> None:
    """x = tan(theta / 2), before the spike."""
    x, theta = (solve(model, 0.7, 1.5) for model in (QIF(v_peak=1e6, v_r=-1e6, **CANONICAL), Theta()))
    assert np.tan(theta.states["theta"][-1] / 2) == pytest.approx(x.states["v"][-1], rel=1e-7)


def test_theta_rests_where_its_current_is_negative() -> None:
    """At -2 arctan(sqrt(-I)), the stable one of x = -sqrt(-I) and sqrt(-I)."""
    net = Network(dt=0.1)
    net.population("n", Theta(), 3, drive=[-0.5, -1.0, -4.0])
    found = net.build("reference").run(40.0)["n"]["theta"]
    assert found == pytest.approx(-2 * np.arctan(np.sqrt([0.5, 1.0, 4.0])), abs=1e-9)


def test_the_rate_grows_as_a_root() -> None:
    """f = sqrt(I) / pi: the slope of log f over log I is a half (a saddle-node on a cycle, type I)."""
    currents = np.array([0.01, 0.1, 1.0])
    net = Network(dt=0.1)
    net.population("n", Theta(), 3, drive=currents)
    counts = net.build("reference").run(320.0)["n"].counts
    assert counts == pytest.approx(320.0 * np.sqrt(currents) / np.pi, abs=1.0)


def test_neither_has_exact_spike_times() -> None:
    for model, state in ((QIF, "v"), (Theta, "theta")):
        net = Network(dt=0.1)
        net.population("n", model(spike_times="exact"), 1)
        with pytest.raises(EngineError, match=f"the flow of {state} is not linear"):
            net.build("reference")


def test_the_period_of_theta_by_an_independent_solver() -> None:
    """I = 4: pi / 2 = 1.57079633 [N], from -pi to pi."""
    spikes = solve(Theta(), 7.0, 4.0, {"theta": -np.pi}, rtol=1e-12, atol=1e-12).spikes
    assert spikes == pytest.approx(1.57079633 * np.arange(1, 5), abs=4e-8)
