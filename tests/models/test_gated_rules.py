"""Rules that one side's spikes gate, by their closed forms: the calcium window at presynaptic, the instar at postsynaptic ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from maichong import LIF, AllToAll, CalciumWindow, Delta, Exponential, Instar, Network, OneToOne, SpikeTimes


def after(rule: Any, arrivals: Sequence[float], posts: Sequence[float], w: float, engine: str = "reference") -> float:
    """The weight of one synapse after spikes arrived and the target fired at these times, ms above 1."""
    net = Network(dt=1.0)
    pre = net.population("pre", SpikeTimes(list(arrivals), [0] * len(arrivals)), 1)
    teacher = net.population("teacher", SpikeTimes([t - 1.0 for t in posts], [0] * len(posts)), 1)
    cell = net.population("post", LIF(), 1)
    net.project(pre, cell, AllToAll(), weight=w, receptor=Exponential(), plasticity=rule, name="w")
    net.project(teacher, cell, OneToOne(), weight=100.0, receptor=Delta())
    run = net.build(engine).run(max([*arrivals, *posts]) + 2.0)
    assert run["post"].spikes.times == pytest.approx(sorted(posts))
    return float(run.weights("w")[0, 0])


@pytest.mark.parametrize(
    ("posts", "change"),
    [
        ([], 0.0),
        ([10.0], 0.0),  # calcium 0.85, below 3 - 1.5
        ([10.0, 11.0], -0.25),  # 1.72
        ([10.0, 11.0, 12.0], -0.25),  # 2.61
        ([10.0, 11.0, 12.0, 13.0], 0.5),  # 3.51
        ([*range(8, 14)], 0.0),  # 5.13, above 3 + 1.5
    ],
)
def test_calcium_decides_what_a_presynaptic_spike_does(posts: list[float], change: float) -> None:
    """Calcium at 20 ms is the sum of exp(-(20 - t) / 64) over the target's spikes; weights change within 1.5 of 3."""
    calcium = sum(np.exp(-(20.0 - t) / 64.0) for t in posts)
    assert change == (0.5 if 3 < calcium < 4.5 else -0.25 if 1.5 < calcium < 3 else 0.0)
    rule = CalciumWindow(c_theta=3.0, width=1.5, eta_plus=0.5, eta_minus=0.25)
    assert after(rule, [20.0], posts, 1.0) == pytest.approx(1.0 + change, abs=1e-15)


def test_the_calcium_window_has_bounds() -> None:
    rule = CalciumWindow(c_theta=0.5, width=10.0, eta_plus=0.75, w_max=1.0)
    assert after(rule, [20.0, 21.0], [10.0], 0.0) == 1.0


@pytest.mark.parametrize("decay", [0.0, 1.0])
def test_an_instar_turns_to_its_input_when_it_fires(decay: float) -> None:
    """Arrivals at 10 and 15, the target fires at 20: x = exp(-10 / 20) + exp(-5 / 20); one at 30 changes nothing."""
    rule = Instar(eta=0.25, gain=2.0, offset=0.5, decay=decay)
    x = np.exp(-0.5) + np.exp(-0.25)
    assert after(rule, [10.0, 15.0, 30.0], [20.0], 0.75) == pytest.approx(0.75 + 0.25 * (2 * x - 0.5 - decay * 0.75), abs=1e-12)
    # a silent source's synapse is weakened, one of a silent target stays
    assert after(rule, [], [20.0], 0.75) == pytest.approx(0.75 - 0.25 * (0.5 + decay * 0.75), abs=1e-12)
    assert after(rule, [10.0], [], 0.75) == 0.75


def test_an_instar_with_a_full_step_imprints_its_input() -> None:
    """eta = 1 and decay = 1: what the weight was does not matter."""
    rule = Instar(eta=1.0, gain=3.0, offset=1.0)
    found = [after(rule, [10.0], [20.0], w) for w in (-5.0, 5.0)]
    assert found == pytest.approx([3.0 * np.exp(-0.5) - 1.0] * 2, abs=1e-12)
