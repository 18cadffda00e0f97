"""Rules made of pairs, by their closed forms: symmetric, anti-Hebbian, memristive, and the ones that keep a neuron's rate.

Brute force over all pairs of spikes, in both engines, stands in test_stdp.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maichong import (
    LIF,
    AllToAll,
    Delta,
    Exponential,
    Network,
    OneToOne,
    PairSTDP,
    Poisson,
    QuerliozSTDP,
    SpikeTimes,
    SquareRootThreshold,
    SymmetricSTDP,
    TargetRateThreshold,
    VogelsSTDP,
)

WIDE = {"w_min": -10.0, "w_max": 10.0}


def after(rule: Any, arrivals: Sequence[float], posts: Sequence[float], w: float, dt: float = 1.0) -> float:
    """The weight of one synapse after spikes arrived and the target fired at these times, which must be above dt."""
    net = Network(dt=dt)
    pre = net.population("pre", SpikeTimes(list(arrivals), [0] * len(arrivals)), 1)
    teacher = net.population("teacher", SpikeTimes([t - dt for t in posts], [0] * len(posts)), 1)
    cell = net.population("post", LIF(), 1)
    net.project(pre, cell, AllToAll(), weight=w, receptor=Exponential(), plasticity=rule, name="w")
    net.project(teacher, cell, OneToOne(), weight=100.0, receptor=Delta())
    run = net.build("reference").run(max([*arrivals, *posts]) + 2 * dt)
    assert run["post"].spikes.times == pytest.approx(sorted(posts))
    return float(run.weights("w")[0, 0])


# symmetric and reversed windows ------------------------------------------------------------------------------------------


def test_the_symmetric_window_is_even() -> None:
    """A pair of 10 ms, in either order, adds .60653066 eta (equations.md 3.3); at the same instant nothing."""
    rule = SymmetricSTDP(eta_pre=0.1, eta_post=0.1)
    assert after(rule, [10.0], [20.0], 0.2) - 0.2 == pytest.approx(0.060653066, abs=5e-10)
    assert after(rule, [20.0], [10.0], 0.2) - 0.2 == pytest.approx(0.060653066, abs=5e-10)
    assert after(rule, [10.0], [10.0], 0.2) == 0.2


def test_each_order_of_a_symmetric_pair_has_a_rate_of_its_own() -> None:
    rule = SymmetricSTDP(eta_pre=0.3, eta_post=0.0, tau=10.0)
    assert after(rule, [10.0], [20.0], 0.2) == 0.2
    assert after(rule, [20.0], [10.0], 0.2) - 0.2 == pytest.approx(0.3 * np.exp(-1), abs=1e-15)


@pytest.mark.parametrize("lag", [-30.0, -10.0, 10.0, 30.0])
def test_negative_amplitudes_make_the_pair_rule_anti_hebbian(lag: float) -> None:
    """Pre before post weakens, post before pre strengthens: -A+ exp(-Dt / tau) for Dt > 0, +A- exp(Dt / tau) for Dt < 0."""
    rule = PairSTDP(a_plus=-0.01, a_minus=-0.0105, **WIDE)
    exact = -0.01 * np.exp(-lag / 20.0) if lag > 0 else 0.0105 * np.exp(lag / 20.0)
    assert after(rule, [40.0], [40.0 + lag], 0.5) - 0.5 == pytest.approx(exact, abs=1e-15)


@pytest.mark.parametrize("lag", [-30.0, -10.0, 10.0, 30.0])
def test_one_amplitude_and_one_time_constant_make_it_the_survey_s_rule(lag: float) -> None:
    """Table 2 of Zhang & Xu 2021, its lag being t_pre - t_post: A exp(lag / tau) where it is negative, -A exp(-lag / tau) where
    it is positive."""
    exact = 0.02 * np.exp(lag / 20.0) if lag < 0 else -0.02 * np.exp(-lag / 20.0)
    assert after(PairSTDP(a_plus=0.02, a_minus=0.02), [40.0 + lag], [40.0], 0.5) - 0.5 == pytest.approx(exact, abs=1e-15)


# memristive ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "rises"), [(1.0, True), (25.0, True), (26.0, False), (400.0, False)])
def test_a_memristive_synapse_rises_where_its_input_was_active(age: float, rises: bool) -> None:
    """From w = .25, three quarters below w_max: +.01 exp(-3 / 4), or -.005 exp(-9 / 4), whatever the age beyond that."""
    w = after(QuerliozSTDP(w_min=0.0), [10.0], [10.0 + age], 0.25)
    exact = 0.01 * np.exp(-0.75) if rises else -0.005 * np.exp(-2.25)
    assert w - 0.25 == pytest.approx(exact, abs=1e-15)


def test_a_memristive_synapse_falls_where_its_input_never_fired() -> None:
    assert after(QuerliozSTDP(w_min=0.0), [], [30.0], 1.0) == pytest.approx(1.0 - 0.005, abs=1e-15)


def test_only_the_last_input_spike_counts_for_a_memristive_synapse() -> None:
    """Three spikes one behind the other raise it no more than one."""
    rule = QuerliozSTDP(w_min=0.0)
    assert after(rule, [10.0, 15.0, 20.0], [30.0], 0.25) == after(rule, [20.0], [30.0], 0.25)


def test_memristive_weights_settle_where_their_pulses_balance() -> None:
    """Inputs active before a part p of the spikes: 1/2 + log(p a+ / ((1 - p) a-)) / 2b; here 2/3, 1/2, 1/3 of 400 spikes."""
    posts = [40.0 * (k + 1) for k in range(400)]
    net, dt = Network(dt=5.0), 5.0
    each = [[t - 10.0 for k, t in enumerate(posts) if k % of < active] for active, of in ((2, 3), (1, 2), (1, 3))]
    ids = [i for i, train in enumerate(each) for _ in train]
    pre = net.population("pre", SpikeTimes([t for train in each for t in train], ids), 3)
    teacher = net.population("teacher", SpikeTimes([t - dt for t in posts], [0] * len(posts)), 1)
    cell = net.population("post", LIF(), 1)
    rule = QuerliozSTDP(a_plus=0.02, a_minus=0.02, w_min=0.0)
    net.project(pre, cell, AllToAll(), weight=0.9, receptor=Exponential(), plasticity=rule, name="w")
    net.project(teacher, cell, OneToOne(), weight=100.0, receptor=Delta())
    run = net.build("reference").run(posts[-1] + 2 * dt)
    p = np.array([2 / 3, 1 / 2, 1 / 3])
    # one pulse moves a weight by .0045
    assert run.weights("w")[:, 0] == pytest.approx(0.5 + np.log(p / (1 - p)) / 6, abs=0.01)


# inhibition that keeps a rate --------------------------------------------------------------------------------------------


def test_inhibitory_plasticity_as_nest_has_it() -> None:
    """NEST's test of vogels_sprekeler_synapse: pre 2, post 4, pre 7 ms, from 5: 5.0015655454."""
    w = after(VogelsSTDP(eta=0.001, alpha=0.1, tau=20.0), [3.0, 8.0], [5.0], 5.0)  # all 1 ms later, for the teacher
    assert w == pytest.approx(5.0015655454, abs=5e-11)


@pytest.mark.slow
def test_inhibitory_plasticity_brings_neurons_to_their_rate() -> None:
    """Driven to 20 to 50 Hz, twenty cells end at alpha / (2 tau) = 5 Hz, whatever drives them."""
    net = Network(dt=1.0, seed=3)
    cell = LIF(tau_m=20.0, c_m=200.0, v_rest=-60.0, v_r=-60.0, v_th=-50.0, t_ref=5.0)
    drive = np.linspace(120.0, 200.0, 20)
    e = net.population("e", cell, 20, drive=drive)
    i = net.population("i", Poisson(rate=20.0), 400)
    rule = VogelsSTDP(eta=0.002, alpha=0.2, tau=20.0)
    net.project(i, e, AllToAll(), weight=0.0, receptor=Exponential(tau=10.0, e_rev=-80.0), plasticity=rule)
    run = net.build("events")
    run.learning = False
    run.run(1000.0)
    assert run["e"].counts.min() >= 20
    run.learning = True
    run.run(20_000.0)
    settled = run["e"].counts
    run.run(40_000.0)
    rates = (run["e"].counts - settled) / 40.0
    # on the grid of 1 ms the mean trace is 19.5 spikes per ms, not 20; inhibition that acts at once adds some 3 %
    exact = 1000.0 * 0.2 * np.expm1(1 / 20.0) / 2
    assert rates == pytest.approx(np.full(20, exact), rel=0.06)
    assert exact == pytest.approx(5.0, rel=0.03)


# thresholds ----------------------------------------------------------------------------------------------------------------


def fired(rule: Any, spikes: Sequence[float], duration: float, engine: str = "reference", **options: str) -> Any:
    """The run of one cell that a teacher makes fire, with an intrinsic rule."""
    net = Network(dt=1.0)
    teacher = net.population("teacher", SpikeTimes([t - 1.0 for t in spikes], [0] * len(spikes)), 1)
    cell = net.population("n", LIF(), 1, plasticity=rule)
    net.project(teacher, cell, OneToOne(), weight=400.0, receptor=Delta())
    run = net.build(engine, **options).run(duration)
    assert run["n"].counts[0] == len(spikes)
    return run


def test_a_target_rate_moves_the_threshold_by_what_is_missing() -> None:
    """theta = theta_0 + theta_plus (n - T / interval): three spikes in 100 ms, where ten were to come."""
    run = fired(TargetRateThreshold(theta_plus=0.5, interval=10.0, theta_0=1.0), [20.0, 30.0, 80.0], 100.0)
    assert run["n"]["theta"][0] == pytest.approx(1.0 + 0.5 * (3 - 10), abs=1e-12)


def test_and_lets_every_drive_end_at_the_same_rate() -> None:
    """Cells that would fire at 20 to 70 Hz: all at 10 Hz in the end, as theta cannot run away."""
    net = Network(dt=1.0)
    cell = LIF(tau_m=20.0, c_m=200.0, v_rest=0.0, v_r=0.0, v_th=10.0)
    drive = [110.0, 150.0, 200.0]
    cells = net.population("n", cell, 3, drive=drive, plasticity=TargetRateThreshold(theta_plus=0.1, interval=100.0))
    net.probe(cells, "counts")
    run = net.build("reference").run(8_000.0)
    settled = run["n"].counts
    run.run(5_000.0)
    assert (run["n"].counts - settled) / 5.0 == pytest.approx([10.0] * 3, abs=0.3)


def test_square_root_thresholds_rise_as_they_should() -> None:
    """Each spike adds theta_plus (theta_0 - theta_c) / (theta - theta_c), and n of them some sqrt(2 theta_plus d n + d^2)."""
    rule = SquareRootThreshold(theta_plus=0.5, theta_0=20.0, theta_c=10.0, tau_theta=1e12)
    theta = 20.0
    for _ in range(3):
        theta += 0.5 * 10.0 / (theta - 10.0)
    assert fired(rule, [10.0, 20.0, 30.0], 40.0)["n"]["theta"][0] == pytest.approx(theta, abs=1e-9)
    many = fired(rule, [2.0 * k + 2.0 for k in range(1000)], 2010.0)["n"]["theta"][0]
    assert many - 10.0 == pytest.approx(np.sqrt(2 * 0.5 * 10.0 * 1000 + 100.0), rel=0.01)


def test_and_fall_back_exponentially() -> None:
    assert fired(SquareRootThreshold(tau_theta=100.0), [], 50.0)["n"]["theta"][0] == pytest.approx(
        20.0 * np.exp(-0.5), abs=1e-12
    )


def test_no_rise_is_without_bound() -> None:
    """At theta_c itself the rise is theta_0 - theta_c."""
    run = fired(SquareRootThreshold(theta_0=10.0, theta_c=4.0, tau_theta=1e12), [], 10.0)
    run["n"]["theta"] = 4.0
    run["n"]["v"] = 400.0
    run.run(1.0)
    assert run["n"].counts[0] == 1
    assert run["n"]["theta"][0] == pytest.approx(10.0, abs=1e-9)


# bounds ------------------------------------------------------------------------------------------------------------------

RULES = {
    "symmetric": SymmetricSTDP(eta_pre=0.5, eta_post=0.7),
    "anti-Hebbian": PairSTDP(a_plus=-0.6, a_minus=-0.5),
    "memristive": QuerliozSTDP(a_plus=0.7, a_minus=0.9, b_plus=0.1, b_minus=0.2),
    "inhibitory": VogelsSTDP(eta=0.5, alpha=0.4, w_max=2.0),
}
TIMES = st.lists(st.integers(2, 60), max_size=25, unique=True)


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(arrivals=TIMES, posts=TIMES, part=st.floats(0.0, 1.0))
def test_weights_stay_within_their_bounds(name: str, arrivals: list[int], posts: list[int], part: float) -> None:
    rule = RULES[name]
    low, high = float(rule["w_min"]), float(rule["w_max"])
    begun = low + part * (high - low)
    ended = after(rule, [float(t) for t in arrivals], [float(t) for t in posts] or [2.0], min(max(begun, low), high))
    assert low <= ended <= high
