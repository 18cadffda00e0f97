"""DendriticLIF against the fixed points of its dendrite (equations.md 1.14) and the box of current that a spike sends back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from solving import bare, slopes, solve

from maichong import DendriticLIF, Network

PLAIN = DendriticLIF(a_d=0.0)
"""The dendrite without its adaptation."""


def pull(v_d: float, i_d: float, neuron=PLAIN) -> float:
    """dv_d/dt, from the model."""
    return slopes(neuron, bare(neuron, {"i_d": i_d}))(np.array([-70.0, v_d, 0.0, 0.0, 1000.0]))[1]


def holding(v_d: float) -> float:
    """The current that keeps the dendrite at v_d."""
    return -170.0 * pull(v_d, 0.0)


def test_folds() -> None:
    """The holding current turns at -27.18 mV and at -48.82 mV, where it is 344.6 pA [N].

    At the first it is 9.649 pA by the roots of the closed derivative, f (1 - f) = k_f c_d / (tau_d g_d); equations.md has 9.66.
    """
    half = np.sqrt(0.25 - 6.0 * 170.0 / (7.0 * 1200.0))
    upper, lower = (-38.0 + 6.0 * np.log(f / (1.0 - f)) for f in (0.5 + half, 0.5 - half))
    assert (upper, lower) == pytest.approx((-27.18, -48.82), abs=6e-3)
    low = 170.0 / 7.0 * (upper + 70.0) - 1200.0 * (0.5 + half)

    def turn(v: float) -> float:
        return holding(v + 1e-4) - holding(v - 1e-4)

    for v, current, tolerance in ((-27.18, low, 1e-4), (-48.82, 344.6, 6e-2)):
        found = brentq(turn, v - 2.0, v + 2.0)
        assert found == pytest.approx(v, abs=6e-3)
        assert holding(found) == pytest.approx(current, abs=tolerance)


@pytest.mark.parametrize(("current", "rests"), [(0.0, 1), (9.6, 1), (9.7, 3), (344.0, 3), (345.0, 1)])
def test_how_many_rests(current: float, rests: int) -> None:
    v = np.linspace(-80.0, 60.0, 1001)
    assert np.count_nonzero(np.diff(np.sign([holding(x) - current for x in v]))) == rests


def test_the_single_rest() -> None:
    """-69.7526 mV [N] with no current, where the engine stays too."""
    assert brentq(lambda v: pull(v, 0.0), -75.0, -60.0) == pytest.approx(-69.7526, abs=5e-5)
    net = Network(dt=0.1)
    net.population("n", PLAIN, 1)
    assert net.build("reference").run(100.0)["n"]["v_d"][0] == pytest.approx(-69.7526, abs=6e-5)


def test_a_spike_sends_a_box_of_current_back() -> None:
    """From 0.5 to 2.5 ms after it; the integral is c_bap width, through the leak, as the box of vertical sides would have it."""
    model = DendriticLIF(g_d=0.0, g_s=0.0, a_d=0.0, b_s=0.0, rise=1e-3)
    known = bare(model, 0.0)
    slope = slopes(model, known)
    for age, on in ((0.0, 0), (0.49, 0), (0.51, 1), (2.49, 1), (2.51, 0)):
        assert slope(np.array([-70.0, -70.0, 0.0, 0.0, age]))[1] == pytest.approx(on * 2600.0 / 170.0, abs=1e-6)
    found = solve(DendriticLIF(g_d=0.0, g_s=0.0, a_d=0.0, b_s=0.0), 4.0, start={"age": 0.0}, max_step=0.02)
    rise = 2600.0 / 170.0 * 7.0 * (np.exp(-1.5 / 7.0) - np.exp(-3.5 / 7.0))  # at 4 ms, of a box with vertical sides
    assert found.states["v_d"][-1] + 70.0 == pytest.approx(rise, rel=0.01)


def test_coincidence_makes_bursts() -> None:
    """A dendritic current adds spikes to those of the soma, and fires none by itself at that strength."""
    net = Network(dt=0.1)
    net.population("n", DendriticLIF(t_ref=3.0), 3, drive={"i": [0.0, 700.0, 700.0], "i_d": [300.0, 0.0, 300.0]})
    net.probe("n")
    alone, soma, both = net.build("reference").run(300.0)["n"].counts
    assert alone == 0
    assert both > 1.5 * soma > 0
