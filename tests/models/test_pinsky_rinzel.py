"""PinskyRinzel against the bursts and spikes of its equations (equations.md 1.14, to half a millisecond)."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy.optimize import fsolve
from solving import Solution, bare, slopes, solve

from maichong import Network, PinskyRinzel

LSODA = {"method": "LSODA", "rtol": 1e-8, "atol": 1e-9}


@functools.cache
def solved(until: float, g_c: float, i: float, i_d: float = 0.0) -> Solution:
    return solve(PinskyRinzel(g_c=g_c), until, {"i": i, "i_d": i_d}, **LSODA)


def written_anew(y: np.ndarray, i_s: float, i_d: float) -> np.ndarray:
    """The equations as the published code has them, potentials relative to -60 mV."""
    v_s, v_d, h, n, s, c, q, ca = y

    def singular(a: float, x: float, k: float) -> float:
        return a * x / (np.exp(x / k) - 1)

    a_m, b_m = singular(0.32, 13.1 - v_s, 4), singular(0.28, v_s - 40.1, 5)
    a_n, b_n = singular(0.016, 35.1 - v_s, 5), 0.25 * np.exp(0.5 - 0.025 * v_s)
    a_h, b_h = 0.128 * np.exp((17 - v_s) / 18), 4 / (1 + np.exp((40 - v_s) / 5))
    a_s, b_s = 1.6 / (1 + np.exp(-0.072 * (v_d - 65))), singular(0.02, v_d - 51.1, 5)
    if v_d <= 50:
        a_c = np.exp((v_d - 10) / 11 - (v_d - 6.5) / 27) / 18.975
        b_c = 2 * np.exp((6.5 - v_d) / 27) - a_c
    else:
        a_c, b_c = 2 * np.exp((6.5 - v_d) / 27), 0.0
    i_ca = 10 * s**2 * (v_d - 140)
    m = a_m / (a_m + b_m)
    soma = -0.1 * v_s - 30 * m**2 * h * (v_s - 120) - 15 * n * (v_s + 15) + 2.1 / 0.5 * (v_d - v_s) + i_s / 0.5
    dendrite = -0.1 * v_d - i_ca - 0.8 * q * (v_d + 15) - 15 * c * min(ca / 250, 1) * (v_d + 15)
    dendrite += 2.1 / 0.5 * (v_s - v_d) + i_d / 0.5
    gates = [a * (1 - x) - b * x for x, a, b in ((h, a_h, b_h), (n, a_n, b_n), (s, a_s, b_s), (c, a_c, b_c))]
    return np.array([soma / 3, dendrite / 3, *gates, min(2e-5 * ca, 0.01) * (1 - q) - 0.001 * q, -0.13 * i_ca - 0.075 * ca])


def test_the_flow_is_that_of_the_published_code() -> None:
    rng = np.random.default_rng(1)
    shift = np.array([-60.0, -60.0, *[0.0] * 6])
    slope = slopes(PinskyRinzel(), bare(PinskyRinzel(), {"i": 0.75, "i_d": -0.3}))
    for _ in range(50):
        y = np.array([*rng.uniform(-20, 100, 2), *rng.uniform(0, 1, 5), rng.uniform(0, 600)])
        assert slope(y + shift) == pytest.approx(written_anew(y, 0.75, -0.3), rel=1e-10, abs=1e-10)


def test_bursts() -> None:
    """I_s = 0.75: bursts begin at 24.95, 109.05, 479.48, 974.50, 1469.52; the first is 24.954 27.955 33.321."""
    found = solved(1500.0, 2.1, 0.75)
    begins = found.spikes[np.diff(found.spikes, prepend=-100.0) > 30.0]
    assert begins == pytest.approx([24.95, 109.05, 479.48, 974.50, 1469.52], abs=0.5)
    assert np.diff(begins)[-2:] == pytest.approx(495.0, abs=0.5)


def test_the_first_burst() -> None:
    found = solve(PinskyRinzel(), 60.0, {"i": 0.75}, **LSODA, max_step=0.05)
    assert found.spikes == pytest.approx([24.954, 27.955, 33.321], abs=0.5)
    assert found.states["v"].max() + 60.0 == pytest.approx(84.69, abs=0.05)


@pytest.mark.slow
def test_the_extremes_of_all_bursts() -> None:
    found = solve(PinskyRinzel(), 1500.0, {"i": 0.75}, **LSODA, max_step=0.05)
    assert found.states["v"].max() + 60.0 == pytest.approx(84.69, abs=0.05)
    assert found.states["v_d"].max() + 60.0 == pytest.approx(71.72, abs=0.05)
    assert found.states["ca"].max() == pytest.approx(375.5, abs=0.2)


def test_silence() -> None:
    """I_s = -0.5: it rests at -4.3883, relative to -60 mV, which is a zero of the equations as written anew here.

    q, whose time constant is 1 s, takes it there; equations.md has -4.4014, which is where v_s is after 3 s or so.
    """
    found = solved(9000.0, 2.1, -0.5)
    assert found.spikes.size == 0
    rest = fsolve(lambda y: written_anew(y, -0.5, 0.0), [-4.6, -4.5, 0.999, 0.001, 0.009, 0.007, 0.005, 0.2], xtol=1e-12)
    assert found.states["v"][-1] + 60.0 == pytest.approx(rest[0], abs=1e-4)


@pytest.mark.slow
def test_tonic_spikes() -> None:
    """I_s = 2.5: 79 spikes of the soma in 1.5 s; a tight coupling, g_c = 10.5, makes single spikes of the bursts, 6 of them."""
    assert solved(1500.0, 2.1, 2.5).spikes.size == 79
    assert solved(1500.0, 10.5, 0.75).spikes.size == 6


def test_both_halves_alone() -> None:
    """g_c = 0 and I_d = 0.68: the soma fires every 87.327 ms from 49.154 ms on, the dendrite makes 2 calcium spikes."""
    found = solved(1500.0, 0.0, 0.0, 0.68)
    assert found.spikes[:2] == pytest.approx([49.154, 136.481], abs=0.5)
    assert np.diff(found.spikes) == pytest.approx(87.327, abs=0.5)
    above = found.states["v_d"] + 60.0 > 40.0
    assert np.count_nonzero(above[1:] & ~above[:-1]) == 2


def test_the_engine_follows() -> None:
    net = Network(dt=0.05)
    net.population("n", PinskyRinzel(), 1, drive={"i": 0.75})
    net.probe("n")
    times = net.build("reference").run(29.0)["n"].spikes.times
    assert times == pytest.approx([24.954, 27.955], abs=0.5)
    assert times == pytest.approx(solve(PinskyRinzel(), 29.0, {"i": 0.75}, **LSODA).spikes, abs=0.055)


def test_two_passive_compartments() -> None:
    """g_L = 10, g_c = 5 nS, 100 pA in the dendrite: +7.5 and +2.5 mV; with C = 100 pF in 10 and in 5 ms (equations.md 1.14).

    The halves of a cell with p = 1/2 feel g_c / p and i_d / (1 - p). Their sum goes to 10 mV, their difference to 5 mV.
    """
    closed = dict.fromkeys(("g_na", "g_kdr", "g_ca", "g_ahp", "g_kc"), 0.0)
    cell = PinskyRinzel(c_m=100.0, p=0.5, g_c=2.5, g_leak=10.0, **closed)
    found = solve(cell, 150.0, {"i_d": 50.0}, {"v": -60.0, "v_d": -60.0}, rtol=1e-11, atol=1e-11)
    soma, dendrite = found.states["v"] + 60.0, found.states["v_d"] + 60.0
    assert (soma[-1], dendrite[-1]) == (pytest.approx(2.5, abs=1e-5), pytest.approx(7.5, abs=1e-5))
    np.testing.assert_allclose(soma + dendrite, -10.0 * np.expm1(-found.t / 10.0), atol=1e-8)
    np.testing.assert_allclose(dendrite - soma, -5.0 * np.expm1(-found.t / 5.0), atol=1e-8)
