"""GLIF level by level: each against LIF or its own reset rules in closed form (Teeter et al. 2018)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import brentq

from maichong import GLIF, LIF, Network

CURRENTS = {"delta_1": 0.0, "delta_2": 0.0}
RULES = {"f_v": 0.0, "delta_v": 0.0, "delta_s": 0.0}
FOLLOWS = {"a_v": 0.0}
LEVELS = {1: RULES | CURRENTS | FOLLOWS, 2: CURRENTS | FOLLOWS, 3: RULES | FOLLOWS, 4: FOLLOWS, 5: {}}
"""What is zero at each level."""
C, G, REST, TH = 58.72, 9.43, -78.85, -51.68
DRIVE = 500.0


def fired(model, dt: float, until: float, engine: str = "reference", drive: float = DRIVE) -> np.ndarray:
    net = Network(dt=dt)
    net.population("n", model, 1, drive=drive)
    net.probe("n")
    return net.build(engine).run(until)["n"].spikes.times


def event_driven(level: int, until: float) -> np.ndarray:
    """Spike times without a grid: the matrix exponential to the first root of v - threshold, then the paper's reset rules."""
    model = GLIF(**LEVELS[level])
    value = {name: model[name] for name in model.values}
    # y = (v - rest, i_1, i_2, theta_s, theta_v, 1)
    m = np.zeros((6, 6))
    m[0] = [-G / C, 1 / C, 1 / C, 0, 0, DRIVE / C]
    m[1, 1], m[2, 2], m[3, 3] = -value["k_1"], -value["k_2"], -value["b_s"]
    m[4, 0], m[4, 4] = value["a_v"], -value["b_v"]
    y, t, spikes = np.array([0.0, 0, 0, 0, 0, 1.0]), 0.0, []
    for _ in range(1000):

        def excess(h: float, y: np.ndarray = y) -> float:
            z = expm(m * h) @ y
            return z[0] - (TH - REST) - z[3] - z[4]

        step = 0.0
        while excess(step) < 0 and t + step < until:
            step += 0.25
        if t + step >= until:
            break
        h = brentq(excess, max(step - 0.25, 0.0), step, xtol=1e-12)
        z = expm(m * h) @ y
        t += h
        spikes.append(t)
        y = np.array([
            value["f_v"] * z[0] + value["delta_v"], value["f_1"] * z[1] + value["delta_1"],
            value["f_2"] * z[2] + value["delta_2"], z[3] + value["delta_s"], z[4], 1.0,
        ])  # fmt: skip
    return np.array(spikes)


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_fires_as_its_rules_say(level: int) -> None:
    """Exact spike times on any grid, against the event-driven solution."""
    wanted = event_driven(level, 40.0)
    assert wanted.size >= 3
    assert fired(GLIF(spike_times="exact", **LEVELS[level]), 0.5, 40.0) == pytest.approx(wanted, abs=1e-8)


def test_the_first_level_is_lif() -> None:
    cell = LIF(tau_m=C / G, c_m=C, v_rest=REST, v_th=TH, v_r=REST, t_ref=2.0)
    times = fired(GLIF(**LEVELS[1], t_ref=2.0), 0.1, 100.0)
    assert times.size > 5
    assert np.array_equal(times, fired(cell, 0.1, 100.0))


def test_levels_differ() -> None:
    counts = [fired(GLIF(**LEVELS[level]), 0.1, 80.0).size for level in LEVELS]
    assert counts[1] > counts[0]  # a reset near the threshold is quicker back
    assert counts[2] < counts[0]  # currents after spikes hold it down
    assert counts[3] < counts[1]


def test_one_current_after_a_spike_is_the_groups_adaptation() -> None:
    """a <- 0.9 a + 0.1 s at steps of 1 ms, of which xi_a a is taken from what drives the membrane; with xi_a = 0 it is LIF."""
    xi_a, xi_s, decay = 400.0, 0.1, 0.9
    level = {**LEVELS[1], "k_1": -np.log(decay), "t_ref": 0.0}
    found = {}
    for strength in (xi_a, 0.0):
        net = Network(dt=1.0)
        net.population("n", GLIF(**{**level, "delta_1": -strength * xi_s}), 1, drive=DRIVE)
        net.probe("n")
        net.probe("n", "i_1")
        run = net.build("reference").run(100.0)["n"]
        found[strength] = run.spikes.times, run.samples("i_1").values[:, 0]
    times, current = found[xi_a]
    a, expected = 0.0, []
    for t in range(1, 101):
        a = decay * a + xi_s * (np.abs(times - t) < 0.5).any()
        expected.append(-xi_a * a)
    assert times.size > 5
    np.testing.assert_allclose(current[-100:], expected, rtol=1e-12, atol=1e-12)
    lif = LIF(tau_m=C / G, c_m=C, v_rest=REST, v_r=REST, v_th=TH)
    np.testing.assert_array_equal(found[0.0][0], fired(lif, 1.0, 100.0))
    assert np.diff(times).mean() > np.diff(found[0.0][0]).mean()
