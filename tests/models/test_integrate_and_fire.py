"""IF against counting: without leak, spike k falls where the sum of what arrived reaches k thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from maichong import IF, Delta, Network, OneToOne, SpikeTimes, Steps

UNIT = {"c_m": 1.0, "v_th": 1.0, "v_r": 0.0}


@pytest.mark.parametrize("v_0", [0.0, 0.5])
def test_a_soft_reset_counts_the_charge(engine: str, v_0: float) -> None:
    """floor(v_0 + i T) spikes in T steps of 1 ms for i in 0..1, and none below; no current here brings v on a threshold."""
    currents, steps = np.array([-0.3, 0.0, 0.013, 0.271, 0.5001, 0.777, 0.9991]), 50
    net = Network(dt=1.0)
    net.population("n", IF(**UNIT, v_0=v_0, reset="soft"), len(currents), drive=currents)
    spikes = net.build(engine).run(float(steps))["n"].spikes
    wanted = np.floor(np.maximum(v_0 + currents * steps, 0.0))
    assert [spikes.of(n).size for n in range(len(currents))] == wanted.tolist()


def test_a_hard_reset_loses_the_excess(engine: str) -> None:
    """From 0 it takes ceil(1 / i) steps, every time: i = 0.3 fires every 4 steps, 0.6 every 2, 1.7 in each."""
    net = Network(dt=1.0)
    net.population("n", IF(**UNIT, v_0=0.0), 3, drive=np.array([0.3, 0.6, 1.7]))
    spikes = net.build(engine).run(24.0)["n"].spikes
    assert [spikes.of(n).size for n in range(3)] == [6, 12, 24]


def test_it_forgets_nothing(engine: str) -> None:
    """Three kicks of 0.4 thresholds, a second apart: only with the third is the threshold reached."""
    net = Network(dt=1.0)
    net.population("in", SpikeTimes([10.0, 1010.0, 2010.0], [0, 0, 0]), 1)
    net.population("n", IF(**UNIT, v_0=0.0), 1)
    net.project("in", "n", OneToOne(), weight=0.4, delay=1.0, receptor=Delta())
    times = net.build(engine).run(2100.0)["n"].spikes.times
    assert times.size == 1
    assert 2010.0 <= times[0] <= 2012.0


def test_the_default_scale_is_that_of_a_lif_without_leak(engine: str) -> None:
    """100 pA on 250 pF raise v by 0.4 mV/ms: 15 mV take 37.5 ms, which is seen at 37.5 ms."""
    net = Network(dt=0.5)
    net.population("n", IF(), 1, drive=100.0)
    run = net.build(engine).run(30.0)
    assert run["n"]["v"][0] == pytest.approx(-70.0 + 0.4 * 30.0, abs=1e-9)


def test_the_rate_is_the_current_over_the_charge_of_a_spike(engine: str) -> None:
    # 250 pF x 15 mV = 3.75 pC a spike
    currents = np.array([0.0, 37.6, 101.0, 376.0])
    net = Network(dt=0.1, seed=1)
    net.population("cells", IF(), 4, drive=currents)
    counts = net.build(engine).run(2000.0)["cells"].counts
    # the voltage that is above the threshold is lost at a reset: up to a step for each spike
    steps = np.ceil(np.divide(3750.0, currents * 0.1, out=np.full(4, np.inf), where=currents > 0))
    np.testing.assert_array_equal(counts, np.floor(20000 / steps))


def test_charge_is_kept_however_long_and_given_away_by_the_opposite() -> None:
    net = Network(dt=0.1, seed=1)
    net.population("cell", IF(), 1, drive=Steps([10.0, 20.0, 500.0, 510.0], [200.0, 0.0, -200.0, 0.0]))
    net.probe("cell", "v", every=0.1)
    v = net.build("reference").run(600.0)["cell"].samples("v").values[:, 0]
    np.testing.assert_allclose(v[[50, 300, 4900, 5900]], [-70.0, -62.0, -62.0, -70.0], rtol=1e-12)


def test_a_soft_reset_keeps_the_rest() -> None:
    net = Network(dt=0.1, seed=1)
    net.population("cell", IF(reset="soft"), 1, drive=377.0)
    assert net.build("reference").run(1000.0)["cell"].counts[0] == int(377.0 * 1000 / 3750)


def test_the_period_of_a_constant_current(engine: str) -> None:
    """C (theta - V_r) / I = 250 pF 15 mV / 1000 pA = 3.75 ms (equations.md 1.1), which no step of 0.5 ms holds."""
    net = Network(dt=0.5)
    net.population("n", IF(spike_times="exact"), 1, drive=1000.0)
    times = net.build(engine).run(20.0)["n"].spikes.times
    np.testing.assert_allclose(times, 3.75 * np.arange(1, 6), rtol=0, atol=1e-12)
