"""AdEx against its bifurcations, the paper's cell and the eight patterns (equations.md 1.7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from solving import hopf, jacobian, solve

from maichong import AdEx, Network

BG2005 = AdEx(v_peak=0.0)


@dataclass(frozen=True)
class Fired:
    """What a pattern fires: how many spikes in 500 ms, the first of them, and the last intervals between them, in turn."""

    count: int
    first: tuple[float, ...]
    late: tuple[float, ...] = ()


FIRED = {
    "tonic": Fired(51, (14.22, 23.15, 32.24), (9.59,)),
    "adapting": Fired(10, (14.90, 26.17, 40.55), (75.9,)),
    "initial burst": Fired(10, (5.46, 8.88, 16.20), (63.95,)),
    "regular bursting": Fired(9, (16.16, 19.08, 24.20, 155.96, 161.31), (5.35, 133.18)),
    "delayed accelerating": Fired(36, (33.57, 54.17, 73.25), (10.70,)),
    "delayed regular bursting": Fired(26, (57.18, 60.39, 64.70, 72.12, 128.98)),
    "transient": Fired(1, (30.29,)),
    "irregular": Fired(28, (15.64, 19.09, 23.56)),
}
PATTERNS = {pattern.name: pattern for pattern in AdEx.patterns}


def cell(name: str, **options: str):
    return AdEx(**PATTERNS[name].values, **options)


def test_the_catalogue_has_the_eight_patterns() -> None:
    assert tuple(PATTERNS) == tuple(FIRED)


@pytest.mark.parametrize("name", [name for name in FIRED if name != "irregular"])
def test_the_patterns(name: str) -> None:
    fired = FIRED[name]
    spikes = solve(cell(name), 500.0, PATTERNS[name].current(0.0), rtol=1e-8, atol=1e-8).spikes
    assert spikes.size == fired.count
    assert spikes[: len(fired.first)] == pytest.approx(fired.first, abs=0.00501)
    for k, interval in enumerate(reversed(fired.late), 1):
        intervals = np.diff(spikes)[::-1]
        near = np.abs(intervals[:2] - interval).min() if len(fired.late) > 1 else abs(intervals[k - 1] - interval)
        assert near <= 0.051


def test_the_irregular_pattern() -> None:
    """Chaotic: its start and the number of its spikes."""
    spikes = solve(cell("irregular"), 500.0, PATTERNS["irregular"].current(0.0), rtol=1e-8, atol=1e-8).spikes
    assert abs(spikes.size - FIRED["irregular"].count) <= 2
    assert spikes[:3] == pytest.approx(FIRED["irregular"].first, abs=0.00501)


def test_the_patterns_at_their_own_steps() -> None:
    """As the gallery draws them: as many spikes, but for the chaotic one."""
    for name, pattern in PATTERNS.items():
        net = Network(dt=pattern.dt)
        net.population("n", cell(name), 1, drive=pattern.drive())
        run = net.build("events").run(pattern.duration)
        assert abs(int(run["n"].counts[0]) - FIRED[name].count) <= (2 if name == "irregular" else 0), name


def test_the_papers_cell() -> None:
    """BG2005 from rest [N]: 14 spikes in 400 ms at 1000 pA, 8 at 800 pA."""
    spikes = solve(BG2005, 400.0, 1000.0).spikes
    assert spikes.size == 14
    assert spikes[:8] == pytest.approx([11.792, 25.376, 41.196, 59.776, 81.644, 107.146, 136.174, 168.071], abs=6e-4)
    spikes = solve(BG2005, 400.0, 800.0).spikes
    assert spikes.size == 8
    assert spikes[:4] == pytest.approx([17.720, 40.485, 71.267, 114.478], abs=6e-4)


def test_nests_lsodar_file() -> None:
    """The times that NEST's tests compare with, to their 0.02 ms; those of a tighter solver to their last digit."""
    cell = AdEx(c_m=200, g_leak=11, e_leak=-70, v_t=-50, delta_t=2, a=3, tau_w=300, b=0, v_r=-58, v_peak=0)
    spikes = solve(cell, 95.0, 420.0, {"w": 5.0}, rtol=1e-11, atol=1e-11).spikes
    assert spikes == pytest.approx([18.7153, 30.5606, 42.4952, 54.5175, 66.6260, 78.8193, 91.0957], abs=0.02)
    assert spikes == pytest.approx([18.71605, 30.56190, 42.49709, 54.52012, 66.62945, 78.82351, 91.10067], abs=2e-5)


@pytest.mark.parametrize("integrator", ["ode", "auto"])
def test_the_engine_follows(integrator: str) -> None:
    """The bursts of a regular burster on the grid: located spikes in their steps, those of RK4 late by their lateness alone."""
    bursting, current = FIRED["regular bursting"], PATTERNS["regular bursting"].current(0.0)
    dt = 1.0 if integrator == "ode" else 0.02
    net = Network(dt=dt)
    net.population("n", cell("regular bursting", integrator=integrator), 1, drive=current)
    net.probe("n")
    times = net.build("reference").run(30.0)["n"].spikes.times
    assert times.size == 3
    if integrator == "ode":
        exact = solve(cell("regular bursting"), 30.0, current, rtol=1e-11, atol=1e-11).spikes
        assert times == pytest.approx(np.ceil(exact / dt) * dt)
    assert times == pytest.approx(bursting.first[:3], abs=dt + 0.06)


def rest(v: float) -> tuple[float, np.ndarray]:
    """The current that keeps the paper's cell at v, and its states there."""
    w = 4.0 * (v + 70.6)
    return 30.0 * (v + 70.6) - 60.0 * np.exp((v + 50.4) / 2.0) + w, np.array([v, w])


def test_the_saddle_node() -> None:
    """I = (g_L + a) (V_T - E_L - D + D ln(1 + a / g_L)) = 627.3110937 pA [N]: the determinant vanishes."""
    ratio = 4.0 / 30.0
    current = 34.0 * (-50.4 + 70.6 - 2.0 + 2.0 * np.log(1 + ratio))
    assert current == pytest.approx(627.3110937, abs=5e-8)
    held, y = rest(-50.4 + 2.0 * np.log(1 + ratio))
    assert held == pytest.approx(current, abs=1e-9)
    assert np.linalg.det(jacobian(BG2005, current, y)) == pytest.approx(0.0, abs=1e-8)


def test_the_hopf_point_comes_first() -> None:
    """627.1824646 pA at -50.2739635 mV, 0.00711534 / ms [N]: type II."""
    current, v, omega = hopf(BG2005, rest, -50.5, -50.16)
    assert current == pytest.approx(627.1824646, abs=1e-6)
    assert v == pytest.approx(-50.2739635, abs=1e-6)
    assert omega == pytest.approx(0.00711534, abs=1e-7)
