"""The neuron without a leak: it counts charge."""

from __future__ import annotations

import numpy as np
import pytest

from maichong import IF, Network, Steps


@pytest.mark.parametrize("engine", ["reference", "events"])
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
