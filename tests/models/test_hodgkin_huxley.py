"""Hodgkin and Huxley's axon against its published rates, bifurcations and spikes (equations.md 1.9)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from solving import hopf, solve

from maichong import HodgkinHuxley, Network
from maichong.neurons import hodgkin_huxley as file

GATES = {"m": file.rates_m, "h": file.rates_h, "n": file.rates_n}
# a step starts where the model does, at -65 mV with the gates of -65 mV, which is 0.004 mV off the rest of e_leak = -54.387
LSODA = {"method": "LSODA", "rtol": 1e-8, "atol": 1e-9}


def rates(v: float) -> dict[str, tuple[float, float]]:
    return {name: tuple(map(float, rate(v, -65.0, 1.0, 1.0))) for name, rate in GATES.items()}


def rest(v: float, e_leak: float = -54.387) -> tuple[float, np.ndarray]:
    """The current that keeps the axon at v, and its states there."""
    m, h, n = (alpha / (alpha + beta) for alpha, beta in rates(v).values())
    return 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v - e_leak), np.array([v, m, h, n])


def at_rest(current: float = 0.0) -> dict[str, float]:
    v = brentq(lambda v: rest(v)[0] - current, -80.0, -50.0, xtol=1e-13)
    return dict(zip(("v", "m", "h", "n"), rest(v)[1], strict=True))


def test_rates_at_minus_65() -> None:
    found = rates(-65.0)
    wanted = {"m": (0.22356372, 4.0), "h": (0.07, 0.04742587), "n": (0.05819767, 0.125)}
    for name, pair in wanted.items():
        assert found[name] == pytest.approx(pair, abs=5e-9)
    still = {name: alpha / (alpha + beta) for name, (alpha, beta) in found.items()}
    assert still == pytest.approx({"m": 0.05293249, "h": 0.59612075, "n": 0.31767691}, abs=5e-9)
    slow = {name: 1 / (alpha + beta) for name, (alpha, beta) in found.items()}
    assert slow == pytest.approx({"m": 0.23676688, "h": 8.51601076, "n": 5.45858469}, abs=5e-9)


def test_rates_as_the_modern_textbook_writes_them() -> None:
    """Where nothing is singular, and both removable singularities: -40 mV and -55 mV."""
    for v in (-91.3, -62.0, -12.5, 33.0):
        a_m, a_n = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10)), 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10))
        found = rates(v)
        assert found["m"] == pytest.approx((a_m, 4 * np.exp(-(v + 65) / 18)), rel=1e-13)
        assert found["n"] == pytest.approx((a_n, 0.125 * np.exp(-(v + 65) / 80)), rel=1e-13)
        assert found["h"] == pytest.approx((0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))), rel=1e-13)
    assert rates(-40.0)["m"][0] == 1.0
    assert rates(-55.0)["n"][0] == 0.1


def test_the_resting_potential() -> None:
    assert at_rest()["v"] == pytest.approx(-64.996379, abs=5e-7)


@pytest.mark.parametrize(
    ("e_leak", "low", "high"),
    [(-54.387, (9.7754, -59.654, 0.5862), (154.522, -43.058, None)), (-54.4, (9.7793, None, None), (154.526, None, None))],
)
def test_hopf_points(e_leak: float, low: tuple, high: tuple) -> None:
    """Rest loses its stability at 9.78 and regains it at 154.5 (published 9.78 and 154.5)."""
    cell = HodgkinHuxley(e_leak=e_leak)
    for wanted, between in ((low, (-62.0, -58.0)), (high, (-45.0, -41.0))):
        current, v, omega = hopf(cell, lambda v: rest(v, e_leak), *between)
        assert current == pytest.approx(wanted[0], abs=6e-5 if wanted is low else 6e-4)
        assert wanted[1] is None or v == pytest.approx(wanted[1], abs=6e-4)
        assert wanted[2] is None or omega == pytest.approx(wanted[2], abs=6e-5)


@pytest.mark.slow
def test_it_is_bistable_below_the_hopf_point() -> None:
    """Started 0.1 mV off its rest at 9.7 it stays silent, at 10.5 it fires; a step to 9 fires 99 times in 1.5 s [N]."""
    near = at_rest(9.7)
    assert solve(HodgkinHuxley(), 1500.0, 9.7, near | {"v": near["v"] + 0.1}, **LSODA).spikes.size == 0
    near = at_rest(10.5)
    assert solve(HodgkinHuxley(), 1500.0, 10.5, near | {"v": near["v"] + 0.1}, **LSODA).spikes.size > 5
    assert solve(HodgkinHuxley(), 1500.0, 9.0, **LSODA).spikes.size == 99


@pytest.mark.parametrize(("current", "repeats"), [(6.2, False), (6.3, True)])
def test_where_a_step_begins_to_fire_for_good(current: float, repeats: bool) -> None:
    """The last spikes of a step from -65 mV to 6.2 come within 0.2 s (published fold of the cycle 6.26)."""
    spikes = solve(HodgkinHuxley(), 300.0, current, method="LSODA", rtol=1e-7, atol=1e-8).spikes
    assert (spikes.max() > 280.0) == repeats


def test_tonic_firing() -> None:
    found = solve(HodgkinHuxley(), 200.0, 10.0, **LSODA)
    assert found.spikes[:2] == pytest.approx([1.9010, 16.8226], abs=6e-5)
    assert np.diff(found.spikes)[-3:] == pytest.approx(14.6362, abs=6e-5)
    v = solve(HodgkinHuxley(), 12.0, 10.0, **LSODA, max_step=0.02).states["v"]  # its first spike is its largest
    assert v.min() == pytest.approx(-75.08, abs=0.01)
    assert v.max() == pytest.approx(40.27, abs=0.01)
    spikes = solve(HodgkinHuxley(), 150.0, 20.0, **LSODA).spikes
    assert np.diff(spikes)[-3:] == pytest.approx(11.5647, abs=6e-5)


def test_single_spikes() -> None:
    """A step of 2.24 fires once, at 9.249 ms, one of 2.2 does not; a kick of 7 mV does, one of 6.5 mV does not [N]."""
    assert solve(HodgkinHuxley(), 100.0, 2.24, **LSODA).spikes == pytest.approx([9.249], abs=6e-4)
    assert solve(HodgkinHuxley(), 100.0, 2.2, **LSODA).spikes.size == 0
    for kick, count in ((6.5, 0), (7.0, 1)):
        start = at_rest()
        assert solve(HodgkinHuxley(), 50.0, 0.0, start | {"v": start["v"] + kick}, **LSODA).spikes.size == count


def test_the_engine_steps_it() -> None:
    """Rush and Larsen's exponentials: two spikes of a step to 10, each at the end of its step, but for the error of the step."""
    net = Network(dt=0.025)
    net.population("n", HodgkinHuxley(), 1, drive=10.0)
    net.probe("n")
    run = net.build("reference")
    assert run.plan.populations[0].integration.method == "strang"
    late = run.run(17.5)["n"].spikes.times - [1.9010, 16.8226]
    assert (late > -0.005).all()
    assert (late < 0.025 + 0.005).all()


@pytest.mark.slow
@pytest.mark.parametrize(("dt", "interval"), [(0.05, 14.65), (0.01, 14.64)])
def test_the_interval_of_rush_and_larsens_steps(dt: float, interval: float) -> None:
    """14.65 ms at dt = 0.05, 14.64 at 0.01 [N], where membrane and gates take turns, as they do by default."""
    net = Network(dt=dt)
    net.population("n", HodgkinHuxley(), 1, drive=10.0)
    net.probe("n")
    late = [t for t in net.build("events").run(1500.0)["n"].spikes.times if t > 100.0]
    assert (late[-1] - late[0]) / (len(late) - 1) == pytest.approx(interval, abs=0.005 + dt / (len(late) - 1))


def test_it_starts_on_a_singular_point_like_beside_it() -> None:
    net = Network(dt=0.05)
    net.population("n", HodgkinHuxley(), 4, init={"v": [-55.0, -40.0, -55.0 + 1e-9, -40.0 + 1e-9]})
    after = net.build("reference").run(0.05)["n"]
    for name in ("v", "m", "h", "n"):
        assert np.isfinite(after[name]).all()
        assert after[name][:2] == pytest.approx(after[name][2:], abs=1e-8)
