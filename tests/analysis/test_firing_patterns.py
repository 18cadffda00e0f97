"""The classifier on the patterns of Izhikevich 2004 and 2003, on AdEx's (equations.md 1.7), and on point processes."""

from __future__ import annotations

import numpy as np
import pytest
import third_party as third

from maichong import Izhikevich
from maichong.analysis import course, firing_pattern, run_pattern
from maichong.errors import MaichongError
from maichong.neurons.izhikevich_patterns import CLASSES_2003, FIGURE_2004

NAMED = {
    "A tonic spiking": "tonic",
    "B phasic spiking": "phasic",
    "C tonic bursting": "bursting",
    "D phasic bursting": "phasic bursting",
    "E mixed mode": "mixed mode",
    "F spike frequency adaptation": "adapting",
    "G class 1": "accelerating",  # under a ramp
    "H class 2": "accelerating",
    "I spike latency": "phasic",
    "J subthreshold oscillation": "phasic",
    "K resonator": "phasic",
    "L integrator": "phasic",
    "M rebound spike": "phasic",
    "N rebound burst": "phasic bursting",
    "O threshold variability": "phasic",
    "P bistability": "tonic",
    "Q depolarizing after-potential": "phasic",
    "R accommodation": "phasic",
    "S inhibition-induced spiking": "tonic",
    "T inhibition-induced bursting": "bursting",
    "RS": "tonic",
    "IB": "mixed mode",
    "CH": "bursting",
    "FS": "tonic",
    "LTS": "adapting",
}


@pytest.mark.parametrize("pattern", [p for p in (*FIGURE_2004, *CLASSES_2003) if p.name in NAMED], ids=lambda p: p.name)
def test_izhikevich(pattern) -> None:
    """The kind of each row, from when the current first changes to the end."""
    found = run_pattern(Izhikevich, pattern)
    begin = found.times[np.flatnonzero(np.diff(found.current))[0]]
    assert firing_pattern(found.spikes, begin, pattern.duration).kind == NAMED[pattern.name]


ADEX = {  # C, gL, EL, a, tau_w, b, Vr, I; number of spikes; the first; kind and whether it is delayed
    "tonic": ((200, 10, -70, 2, 30, 0, -58, 500), 51, (14.22, 23.15, 32.24), ("tonic", False)),
    "adapting": ((200, 12, -70, 2, 300, 60, -58, 500), 10, (14.90, 26.17, 40.55), ("adapting", False)),
    "initial burst": ((130, 18, -58, 4, 150, 120, -50, 400), 10, (5.46, 8.88, 16.20), ("mixed mode", False)),
    "regular bursting": ((200, 10, -58, 2, 120, 100, -46, 210), 9, (16.16, 19.08, 24.20), ("bursting", False)),
    "delayed accelerating": ((200, 12, -70, -10, 300, 0, -58, 300), 36, (33.57, 54.17, 73.25), ("accelerating", True)),
    "delayed bursting": ((100, 10, -65, -10, 90, 30, -47, 110), 26, (57.18, 60.39, 64.70, 72.12), ("bursting", True)),
    "transient": ((100, 10, -65, 10, 90, 100, -47, 180), 1, (30.29,), ("phasic", False)),
}


@pytest.mark.parametrize("name", ADEX)
def test_adex(name: str) -> None:
    """1.7's trains: the counts are those given there, the first spikes within what the Euler steps cost, and the kind its name."""
    (c_m, g_l, e_l, a, tau_w, b, v_r, current), count, first, kind = ADEX[name]
    cell = third.ADEX(c_m=c_m, g_l=g_l, e_l=e_l, a=a, tau_w=tau_w, b=b, v_r=v_r, v_t=-50.0, integrator="euler")
    spikes = course(cell, current, 500.0, dt=0.005, engine="events").spikes
    assert spikes.size == count
    assert spikes[: len(first)] == pytest.approx(first, abs=0.1)
    found = firing_pattern(spikes, 0.0, 500.0)
    assert (found.kind, found.delayed) == kind


def test_irregular_adex() -> None:
    """1.7: chaotic, 28 spikes give or take two."""
    cell = third.ADEX(c_m=100, g_l=12, e_l=-60, a=-11, tau_w=130, b=30, v_r=-48, v_t=-50.0, integrator="euler")
    spikes = course(cell, 160.0, 500.0, dt=0.005, engine="events").spikes
    assert abs(spikes.size - 28) <= 2
    assert firing_pattern(spikes, 0.0, 500.0).kind == "irregular"


@pytest.mark.parametrize("seed", range(20))
def test_point_processes(seed: int) -> None:
    """A Poisson process is irregular, with a CV2 of 1; a clock with little jitter is tonic."""
    draw = np.random.default_rng(seed)
    times = np.cumsum(draw.exponential(20.0, 500))
    found = firing_pattern(times, 0.0, times[-1] + 20.0)
    assert found.kind == "irregular"
    assert found.cv2 == pytest.approx(1.0, abs=0.15)
    clock = firing_pattern(np.cumsum(draw.normal(20.0, 0.5, 50)), 0.0, 1010.0)
    assert (clock.kind, clock.delayed, clock.rate) == ("tonic", False, pytest.approx(50.0, rel=0.02))


def test_what_is_measured() -> None:
    found = firing_pattern([5.0, 30.0, 40.0, 70.0], 20.0, 100.0)
    assert (found.latency, found.rate, found.adaptation) == (10.0, 50.0, 3.0)
    assert found.cv2 == pytest.approx(2 * 20 / 40)
    assert firing_pattern([], 0.0, 1.0).kind == "silent"
    assert firing_pattern([0.5], 0.0, 1.0).kind == "phasic"
    assert firing_pattern([500.0, 520.0, 540.0, 560.0], 0.0, 580.0).delayed


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (([2.0, 1.0], 0, 5), "firing_pattern, times: must be a list of rising, finite times in ms (got [2.0, 1.0])"),
        (("x", 0, 5), "firing_pattern, times: must be numbers in ms (got 'x')"),
        (([1.0], 5, 0), "firing_pattern, begin: must lie before end (got 5 and 0 ms)"),
    ],
)
def test_messages(given: tuple, sentence: str) -> None:
    with pytest.raises(MaichongError) as error:
        firing_pattern(*given)
    assert str(error.value) == sentence
