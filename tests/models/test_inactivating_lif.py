"""InactivatingLIF against the solution of its threshold on a ramp (Platkiewicz & Brette 2011; equations.md 1.4)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from solving import solve

from maichong import InactivatingLIF, Network

V_T, V_I, K, TAU = -55.0, -63.0, 5.0 / 6.0, 5.0
PERFECT = {"tau_m": 1e9, "c_m": 1.0, "v_rest": V_I}
"""A membrane without a leak that starts at v_i: v = v_i + s t under a current of s pA."""


def on_the_ramp(slope: float) -> float:
    """Where v = v_i + s t meets theta = v_t + k s (t - tau + tau e^(-t / tau)), which starts at v_t."""

    def distance(t: float) -> float:
        return V_I + slope * t - (V_T + K * slope * (t - TAU + TAU * np.exp(-t / TAU)))

    return V_I + slope * brentq(distance, 0.0, 1e4, xtol=1e-13)


def test_the_threshold_on_a_ramp() -> None:
    found = []
    for slope in (1.0, 3.0, 10.0, 30.0):
        (spike,) = solve(InactivatingLIF(v_r=-1e9, **PERFECT), 30.0 / slope, slope, rtol=1e-11).spikes
        found.append(V_I + slope * spike)
        assert found[-1] == pytest.approx(on_the_ramp(slope), abs=1e-4)
    assert (np.diff(found) < 0).all()  # the quicker, the lower


def test_a_constant_potential_takes_the_threshold_along() -> None:
    """theta -> v_t + k (v - v_i) where that is above 0, v_t below."""
    drive = np.array([-500.0, 0.0, 500.0, 650.0])
    net = Network(dt=0.1)
    net.population("n", InactivatingLIF(), 4, drive=drive)
    run = net.build("reference").run(300.0)
    v = -70.0 + drive * 5.0 / 250.0
    assert run["n"].counts.sum() == 0
    assert run["n"]["v"] == pytest.approx(v, abs=1e-9)
    assert run["n"]["theta"] == pytest.approx(V_T + K * np.maximum(v - V_I, 0.0), abs=1e-9)


def test_a_slow_rise_never_fires_where_k_is_one() -> None:
    """Up to 0 mV within 0.5 s it stays silent, at once it fires."""
    model = InactivatingLIF(k=1.0, v_r=-1e9, **PERFECT)
    assert solve(model, 500.0, 60.0 / 500.0).spikes.size == 0
    assert solve(model, 5.0, 60.0 / 5.0).spikes.size == 1


def test_a_spike_may_raise_it() -> None:
    net = Network(dt=0.1)
    net.population("n", InactivatingLIF(delta_theta=3.0, k=0.0), 1, drive=2000.0)
    net.probe("n")
    run = net.build("reference").run(30.0)
    first, second, *_ = run["n"].spikes.times
    assert first == pytest.approx(np.ceil(5.0 * np.log(40.0 / 25.0) / 0.1) * 0.1)
    # reset at once: v = -70 + 40 (1 - e^(-t / 5)) meets -55 + 3 e^(-t / 5) where e^(-t / 5) = 25 / 43
    assert second - first == pytest.approx(np.ceil(5.0 * np.log(43.0 / 25.0) / 0.1) * 0.1)
