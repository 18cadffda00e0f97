"""PCNN against its period under a constant feeding, and the capture of a neighbour by linking."""

from __future__ import annotations

import numpy as np
import pytest

from maichong import PCNN, AllButSelf, Exponential, Network


def test_the_period_is_the_closed_form() -> None:
    """tau_theta ln(1 + v_theta / f) with theta_0 = 0 and no linking: the threshold falls from f + v_theta to f."""
    feeding = np.array([2.0, 5.0, 20.0])
    net = Network(dt=0.01)
    net.population(
        "n", PCNN(beta=0.0, theta_0=0.0, tau_f=10.0), 3, drive={"i": feeding / 10.0}, init={"f": feeding, "theta": 30.0}
    )
    net.probe("n")
    spikes = net.build("reference").run(60.0)["n"].spikes
    for k, f in enumerate(feeding):
        times = spikes.times[spikes.ids == k]
        period = 5.0 * np.log(1 + 20.0 / f)
        assert times[0] == pytest.approx(5.0 * np.log(30.0 / f), abs=0.0101)
        assert times.size >= 3
        # each pulse comes up to a step late, which the threshold then has fallen further
        assert np.diff(times) == pytest.approx(period, abs=0.0201)


def test_a_cell_without_input_is_silent() -> None:
    net = Network(dt=0.1)
    net.population("n", PCNN(), 1)
    assert net.build("reference").run(100.0)["n"].counts[0] == 0


def test_linking_draws_a_dimmer_neighbour_in() -> None:
    """Two alike pixels: linked, the dimmer pulses with the brighter; not linked, each at its own period."""
    lags = {}
    for weight in (0.0, 6.0):
        net = Network(dt=0.1)
        cells = net.population("n", PCNN(theta_0=0.0), 2, drive={"i": [0.50, 0.45]}, init={"f": [5.0, 4.5], "theta": 25.0})
        net.project(cells, cells, AllButSelf(), weight=weight, delay=0.1, receptor=Exponential(tau=1.0), input="i_l")
        net.probe("n")
        spikes = net.build("reference").run(60.0)["n"].spikes
        bright, dim = (spikes.times[spikes.ids == k] for k in (0, 1))
        lags[weight] = max(np.abs(dim - t).min() for t in bright[2:6])
    assert lags[0.0] > 1.0
    assert lags[6.0] < 0.6
