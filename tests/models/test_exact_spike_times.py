"""Exact spike times against closed forms, root finders, an event-driven solution that shares no code, and other time steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from event_driven import Cell, simulate
from scipy.integrate import quad
from scipy.linalg import expm
from scipy.optimize import brentq

from maichong import (
    LIF,
    AdaptiveLIF,
    AllToAll,
    Alpha,
    BiExponential,
    Delta,
    ExplicitList,
    Exponential,
    HomeostaticThreshold,
    Network,
    OneToOne,
    SpikeTimes,
)
from maichong.engines.off_grid import OffGrid, growth

TAU_M, C_M, THETA, T_REF = 10.0, 250.0, 15.0, 2.0
CELL = {"v_rest": 0.0, "v_r": 0.0, "v_th": THETA, "tau_m": TAU_M, "c_m": C_M, "spike_times": "exact"}


def to_threshold(current: float) -> float:
    """ms from reset to threshold under a constant current in pA."""
    ri = TAU_M / C_M * current
    return TAU_M * np.log(ri / (ri - THETA))


# constant current --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [1.0, 0.5, 0.1, 2.0**-7])
@pytest.mark.parametrize("v_rest", [0.0, -70.0])
def test_a_constant_current_fires_at_the_closed_form_whatever_the_step(engine: str, dt: float, v_rest: float) -> None:
    """1000 pA: first at 4.700036292457356 ms, then every tau ln(40 / 25) + 2 ms."""
    assert to_threshold(1000.0) == pytest.approx(4.700036292457356, abs=1e-15)
    net = Network(dt=dt)
    values = {**CELL, "v_rest": v_rest, "v_r": v_rest, "v_th": v_rest + THETA}
    net.population("n", LIF(**values, t_ref=T_REF), 1, drive=1000.0)
    times = net.build(engine).run(21.0)["n"].spikes.times
    expected = to_threshold(1000.0) + (to_threshold(1000.0) + T_REF) * np.arange(3)
    np.testing.assert_allclose(times, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dt", [1.0, 0.1])
@pytest.mark.parametrize("v_rest", [0.0, -70.0])
def test_near_rheobase_the_interval_is_the_closed_form_and_below_it_there_is_no_spike(
    engine: str, dt: float, v_rest: float
) -> None:
    """R I = 15 mV (1 +- part): t_ref + tau ln((R I + E_L - V_r) / (R I + E_L - theta)), the longer the nearer.

    A potential is rounded once a step, which its leak forgets with tau: near the threshold it may be off by ulp (tau / dt + 1). The
    slope at which it crosses is (R I - theta) / tau, so time is off by tau times that over R I - theta.
    """
    parts = np.array([1e-3, 1e-5, 1e-6, 1e-7, 1e-9, 1e-10, -1e-3, -1e-6, -1e-9])
    net = Network(dt=dt)
    values = {**CELL, "v_rest": v_rest, "v_r": v_rest, "v_th": v_rest + THETA}
    currents = (THETA * (1.0 + parts)) * C_M / TAU_M
    net.population("n", LIF(**values, t_ref=T_REF), parts.size, drive=currents)
    spikes = net.build(engine).run(500.0)["n"].spikes
    off = np.spacing(max(abs(v_rest), THETA)) * (TAU_M / dt + 1.0)
    for j in range(6):
        ri = TAU_M / C_M * currents[j]
        wait = TAU_M * np.log(ri / (ri - THETA))
        found = spikes.of(j)
        assert found.size == 1 + int((500.0 - wait) / (wait + T_REF))
        near = TAU_M * off / (ri - THETA) + 1e-12
        assert near < 0.02 * wait
        np.testing.assert_allclose(found, wait + (wait + T_REF) * np.arange(found.size), rtol=0, atol=near * found.size)
    assert not np.isin(spikes.ids, range(6, parts.size)).any()


@pytest.mark.parametrize("dt", [1.0, 0.3])
def test_a_refractory_period_ends_within_a_step(engine: str, dt: float) -> None:
    """t_ref counts from the spike itself and is not rounded; cells differ in it, and in their currents."""
    t_ref, currents = np.array([1.0, 1.37, 2.0, 3.456]), np.array([1000.0, 900.0, 3000.0, 500.0])
    net = Network(dt=dt)
    net.population("n", LIF(**CELL, t_ref=t_ref), 4, drive=currents)
    spikes = net.build(engine).run(60.0)["n"].spikes
    for j in range(4):
        found = spikes.of(j)
        period = to_threshold(currents[j]) + t_ref[j]
        expected = to_threshold(currents[j]) + period * np.arange(found.size)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        assert found.size == 1 + int((60.0 - to_threshold(currents[j])) / period)


def test_a_start_above_the_threshold_is_a_spike_at_once(engine: str) -> None:
    net = Network(dt=0.5)
    net.population("n", LIF(**CELL, t_ref=1.2), 2, init={"v": [20.0, 15.0]}, drive=1000.0)
    run = net.build(engine).run(10.0)
    assert run["n"].spikes.times[:2].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(run["n"].spikes.of(1)[1:2], 1.2 + to_threshold(1000.0), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("engine", "reset"), [("reference", "soft"), ("events", "soft"), ("reference", "none")])
def test_resets(engine: str, reset: str) -> None:
    """A jump of 20 mV at 1.25 ms: a soft reset keeps 5 of them, and without one the neuron fires whenever it may."""
    net = Network(dt=0.5)
    source = net.population("s", SpikeTimes([0.25], [0], exact=True), 1)
    n = net.population("n", LIF(**CELL, t_ref=1.0, reset=reset), 1)
    net.project(source, n, AllToAll(), weight=20.0, delay=1.0, receptor=Delta())
    run = net.build(engine).run(3.5)
    assert run["n"].spikes.times == pytest.approx([1.25, 2.25, 3.25] if reset == "none" else [1.25], abs=1e-14)
    landed = {"soft": 5.0 * np.exp(-1.25 / TAU_M), "none": 20.0}[reset]
    assert run["n"]["v"][0] == pytest.approx(landed, abs=1e-12)


def test_an_adaptive_threshold_has_the_intervals_of_its_equations(engine: str) -> None:
    """R I = 2, threshold 1 + a, a jumps by 0.1 and decays with 200 ms: intervals go to 31.5060698 ms (equations.md 1.4 [N])."""
    net = Network(dt=1.0)
    values = {"tau_m": 20.0, "c_m": 20.0, "v_rest": 0.0, "v_r": 0.0, "v_th": 1.0, "tau_a": 200.0, "delta_a": 0.1}
    net.population("n", AdaptiveLIF(**values, spike_times="exact"), 1, drive=2.0)
    times = net.build(engine).run(600.0)["n"].spikes.times
    a, t, expected = 0.0, 0.0, []

    def above(s: float) -> float:
        return -2.0 * np.expm1(-s / 20.0) - 1.0 - a * np.exp(-s / 200.0)

    while len(expected) < times.size:
        wait = brentq(above, 1.0, 100.0, xtol=1e-14)
        t += wait
        expected.append(t)
        a = a * np.exp(-wait / 200.0) + 0.1
    np.testing.assert_allclose(times, expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(np.diff(times)[:4], [15.80204, 17.73646, 19.62387, 21.42082], atol=1e-5)  # [N]


def test_a_threshold_that_learns_is_exact_and_stands_still_with_learning_off(engine: str) -> None:
    net = Network(dt=0.5)
    rule = HomeostaticThreshold(theta_plus=1.0, tau_theta=50.0, theta_0=0.0)
    net.population("n", LIF(**CELL, t_ref=1.0), 1, drive=2000.0, plasticity=rule)
    run = net.build(engine).run(10.0)
    run.learning = False
    theta = run["n"]["theta"][0]
    times = run.run(20.0)["n"].spikes.times
    # theta decays through the refractory period too
    expected: list[float] = []
    free, since, height = 0.0, 0.0, 0.0

    def above(s: float) -> float:
        return -80.0 * np.expm1(-(s - free) / 10.0) - 15.0 - height * np.exp(-(s - since) / 50.0)

    while (spike := brentq(above, free + 1e-6, free + 20.0, xtol=1e-15)) < 10.0:
        expected.append(spike)
        height = height * np.exp(-(spike - since) / 50.0) + 1.0
        free, since = spike + 1.0, spike
    np.testing.assert_allclose(times[: len(expected)], expected, rtol=0, atol=1e-12)
    assert theta == pytest.approx(height * np.exp(-(10.0 - since) / 50.0), abs=1e-12)
    assert run["n"]["theta"][0] == theta
    still = 10.0 * np.log(80.0 / (80.0 - 15.0 - theta)) + 1.0
    np.testing.assert_allclose(np.diff(times[len(expected) + 1 :]), still, rtol=0, atol=1e-12)


# arrivals off the grid -----------------------------------------------------------------------------------------------------

RECEPTORS: dict[str, tuple[Any, float]] = {
    "exponential": (Exponential(tau=2.0), 3000.0),
    "tau_syn = tau_m": (Exponential(tau=TAU_M), 1500.0),
    "alpha": (Alpha(tau=1.0), 2500.0),
    "bi-exponential": (BiExponential(tau_rise=0.5, tau_decay=5.0), 1200.0),
    "delta": (Delta(), 10.0),
}
ARRIVALS = np.array([2.0001, 2.7182818, 3.1415926])


def course(kind: str, weight: float) -> Any:
    """The current of one arrival, s ms after it, in pA."""
    if kind == "alpha":
        return lambda s: weight * s * np.exp(1.0 - s)
    if kind == "bi-exponential":
        top = np.log(10.0) / (1 / 0.5 - 1 / 5.0)
        scale = weight / (np.exp(-top / 5.0) - np.exp(-top / 0.5))
        return lambda s: scale * (np.exp(-s / 5.0) - np.exp(-s / 0.5))
    tau = TAU_M if kind == "tau_syn = tau_m" else 2.0
    return lambda s: weight * np.exp(-s / tau)


def test_currents_that_arrive_off_the_grid_cross_where_a_quadrature_says(engine: str) -> None:
    """Each cell has one kind of receptor, and three arrivals; v is the convolution of the current with the membrane."""
    found = {}
    for dt in (1.0, 0.25):
        net = Network(dt=dt)
        source = net.population("s", SpikeTimes(ARRIVALS - 1.0, [0, 1, 2], exact=True), 3)
        n = net.population("n", LIF(**CELL, t_ref=50.0), len(RECEPTORS))
        for k, (receptor, weight) in enumerate(RECEPTORS.values()):
            net.project(source, n, ExplicitList([0, 1, 2], [k] * 3), weight=weight, delay=1.0, receptor=receptor)
        net.probe("n")
        net.probe("n", "v")
        found[dt] = net.build(engine).run(12.0)
    for k, (kind, (_, weight)) in enumerate(RECEPTORS.items()):

        def v(t: float, kind: str = kind, weight: float = weight) -> float:
            past = ARRIVALS[t >= ARRIVALS]
            if kind == "delta":
                return float(weight * np.exp(-(t - past) / TAU_M).sum())
            current = course(kind, weight)
            return sum(
                quad(lambda s, a=a: current(s - a) * np.exp(-(t - s) / TAU_M) / C_M, a, t, epsabs=1e-13)[0] for a in past
            )

        (spike,) = found[1.0]["n"].spikes.of(k)
        np.testing.assert_allclose(found[0.25]["n"].spikes.of(k), [spike], rtol=0, atol=1e-13)
        if kind == "delta":
            assert spike == pytest.approx(ARRIVALS[1], abs=1e-15)
        else:
            assert spike == pytest.approx(brentq(lambda t: v(t) - THETA, 2.1, spike + 0.5, xtol=1e-14), abs=1e-11)
        samples = found[0.25]["n"].samples("v")
        before = samples.times < spike
        np.testing.assert_allclose(samples.values[before, k], [v(t) for t in samples.times[before]], rtol=0, atol=1e-10)


def test_a_crossing_that_falls_back_within_a_step_is_seen(engine: str) -> None:
    """Currents of 0.3 ms lift a fast membrane above its threshold for 0.2 ms, and jumps for less; 0.3 % weaker ones do not."""
    tau, tau_s = 2.0, 0.3
    x = 1 / tau_s - 1 / tau
    top = np.log(tau / tau_s) / x
    weight = 15.02 * C_M * x / (np.exp(-top / tau) - np.exp(-top / tau_s))
    values = {**CELL, "tau_m": tau}

    def v(s: float) -> float:
        return weight / C_M * (np.exp(-s / tau) - np.exp(-s / tau_s)) / x

    crossing = brentq(lambda s: v(s) - THETA, 0.1, top, xtol=1e-15)
    for dt in (4.0, 1.0, 0.1):
        net = Network(dt=dt)
        source = net.population("s", SpikeTimes([0.35], [0], exact=True), 1)
        n = net.population("n", LIF(**values, t_ref=4.0), 4)
        currents, jumps = [[weight, 0.997 * weight, 0.0, 0.0]], [[0.0, 0.0, 15.001, 14.999]]
        net.project(source, n, AllToAll(), weight=currents, delay=4.0, receptor=Exponential(tau=tau_s))
        net.project(source, n, AllToAll(), weight=jumps, delay=4.0, receptor=Delta())
        spikes = net.build(engine).run(12.0)["n"].spikes
        assert spikes.of(0) == pytest.approx([4.35 + crossing], abs=1e-12)
        assert spikes.of(2) == pytest.approx([4.35], abs=1e-14)
        assert len(spikes) == 2


def test_inhibition_within_the_step_does_not_hide_a_crossing(engine: str) -> None:
    """Excited at 1.1 ms and inhibited at 1.9: at dt = 1 the membrane is low at both ends of the step."""
    net = Network(dt=1.0)
    source = net.population("s", SpikeTimes([0.1, 0.9], [0, 1], exact=True), 2)
    n = net.population("n", LIF(**CELL, t_ref=2.0), 3, init={"v": 14.5})
    net.project(source, n, AllToAll(), weight=[[1500.0, 0.0, 0.0], [-12000.0] * 3], delay=1.0, receptor=Exponential(tau=5.0))
    net.project(source, n, AllToAll(), weight=[[0.0, 2.5, 1.7], [0.0, -9.0, -9.0]], delay=1.0, receptor=Delta())
    spikes = net.build(engine).run(5.0)["n"].spikes

    def v(s: float) -> float:
        return 14.5 * np.exp(-(1.1 + s) / 10) + 6.0 * (np.exp(-s / 10) - np.exp(-s / 5)) * 10.0

    assert spikes.of(0) == pytest.approx([1.1 + brentq(lambda s: v(s) - 15.0, 0.0, 0.8, xtol=1e-15)], abs=1e-12)
    assert spikes.of(1) == pytest.approx([1.1], abs=1e-14)
    assert spikes.of(2).size == 0


def test_jumps_are_lost_until_the_refractory_period_ends_at_its_own_time(engine: str) -> None:
    """Fired by a jump at 1.25, free again at 2.62: a jump at 2.6 is lost, one at 2.62 and one at 2.65 are taken."""
    net = Network(dt=0.5)
    times = [0.25, *[0.25] * 3, 1.6, 1.62, 1.65]
    source = net.population("s", SpikeTimes(times, range(7), exact=True), 7)
    n = net.population("n", LIF(**CELL, t_ref=1.37), 3)
    weight = np.zeros((7, 3))
    weight[1:4] = 20.0 * np.eye(3)
    weight[4:] = 3.0 * np.eye(3)
    net.project(source, n, AllToAll(), weight=weight, delay=1.0, receptor=Delta())
    run = net.build(engine).run(3.0)
    assert run["n"].spikes.times == pytest.approx([1.25] * 3, abs=1e-14)
    np.testing.assert_allclose(run["n"]["v"], [0.0, 3.0 * np.exp(-0.038), 3.0 * np.exp(-0.035)], rtol=0, atol=1e-12)


def test_a_spike_and_the_end_of_the_refractory_period_at_one_instant(engine: str) -> None:
    """Two cells fire together, each of whose spikes reaches the other after t_ref, to the bit: it is free then."""
    net = Network(dt=0.3)
    source = net.population("s", SpikeTimes([0.1234567], [0], exact=True), 1)
    n = net.population("n", LIF(**CELL, t_ref=1.5), 2)
    net.project(source, n, AllToAll(), weight=20.0, delay=0.3, receptor=Delta())
    net.project(n, n, ExplicitList([0, 1], [1, 0]), weight=16.0, delay=1.5, receptor=Delta())
    times = net.build(engine).run(15.0)["n"].spikes.times
    np.testing.assert_allclose(times, np.repeat(0.4234567 + 1.5 * np.arange(times.size // 2), 2), rtol=0, atol=1e-12)
    assert times.size == 20


def test_sources_on_the_grid_arrive_on_the_grid(engine: str) -> None:
    net = Network(dt=0.5)
    source = net.population("s", SpikeTimes([0.6], [0]), 1)  # rounds to 0.5
    n = net.population("n", LIF(**CELL, t_ref=1.0), 2)
    net.project(source, n, AllToAll(), weight=[[20.0, 5.0]], delay=1.0, receptor=Delta())
    net.project(n, n, ExplicitList([0], [1]), weight=4.0, delay=0.5, receptor=Delta())
    run = net.build(engine).run(3.0)
    assert run["n"].spikes.times.tolist() == [1.5]
    assert run["n"]["v"][1] == pytest.approx(5.0 * np.exp(-0.15) + 4.0 * np.exp(-0.1), abs=1e-13)


# networks ------------------------------------------------------------------------------------------------------------------


def recurrent(dt: float, *, start: np.ndarray, drive: np.ndarray, given: Any, lists: Any, t_ref: Any = 2.0) -> Network:
    """Cells that excite and inhibit each other by two currents and by jumps; all delays are whole ms."""
    net = Network(dt=dt)
    n = net.population("n", LIF(**CELL, t_ref=t_ref), start.size, init={"v": start}, drive=drive)
    x = net.population("x", SpikeTimes(*given, exact=True), int(max(given[1])) + 1)
    for source, (pre, post, weight, delay), receptor in lists:
        net.project(n if source == "n" else x, n, ExplicitList(pre, post), weight=weight, delay=delay, receptor=receptor)
    return net


def small(seed: int, n: int = 12) -> dict[str, Any]:
    """The parts of a small network: what ``recurrent`` takes but dt."""
    rng = np.random.default_rng(seed)

    def synapses(n_pre: int, part: float, weight: Any) -> Any:
        pre, post = np.nonzero(rng.random((n_pre, n)) < part)
        return pre, post, weight(pre.size), rng.integers(1, 4, pre.size).astype(float)

    lists = [
        ("n", synapses(n, 0.4, lambda k: rng.uniform(0, 150, k)), Exponential(tau=2.0)),
        ("n", synapses(n, 0.3, lambda k: rng.uniform(-60, 0, k)), Exponential(tau=TAU_M)),
        ("n", synapses(n, 0.3, lambda k: rng.uniform(-0.5, 1.0, k)), Delta()),
        ("x", synapses(20, 0.2, lambda k: rng.uniform(0, 400, k)), Exponential(tau=2.0)),
    ]
    given = np.concatenate([rng.uniform(0, 29, 20), rng.uniform(31, 60, 20)]), np.tile(np.arange(20), 2)
    return {"start": rng.uniform(0, 14, n), "drive": rng.uniform(350, 600, n), "given": given, "lists": lists}


def trains(spikes: Any, n: int) -> list[np.ndarray]:
    return [np.sort(spikes.of(j)) for j in range(n)]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_recurrent_network_fires_as_an_event_driven_simulator_says(seed: int) -> None:
    """At dt = 1 and 0.1 ms, on both engines: every spike of 60 ms, to 1e-9 ms."""
    parts = small(seed)
    n, ports = parts["start"].size, [Exponential(tau=2.0), Exponential(tau=TAU_M)]
    cells = [
        Cell(v, i, (2.0, TAU_M), tau_m=TAU_M, c_m=C_M, v_th=THETA, t_ref=2.0)
        for v, i in zip(parts["start"], parts["drive"], strict=True)
    ]
    synapses: dict[int, list[tuple[int, int, float, float]]] = {}
    for source, lists, receptor in parts["lists"]:
        port = ports.index(receptor) if receptor in ports else -1
        for pre, post, weight, delay in zip(*lists, strict=True):
            synapses.setdefault(int(pre) + (0 if source == "n" else n), []).append((int(post), port, weight, delay))
    given = [(t, int(i) + n) for t, i in zip(*parts["given"], strict=True)]
    expected = simulate(cells, synapses, given, 60.0)
    assert len(expected) > 30
    times, ids = np.array([t for t, _ in expected]), np.array([j for _, j in expected])
    for name, dt in (("reference", 1.0), ("events", 1.0), ("events", 0.1)):
        found = trains(recurrent(dt, **parts).build(name).run(60.0)["n"].spikes, n)
        for j in range(n):
            np.testing.assert_allclose(found[j], np.sort(times[ids == j]), rtol=0, atol=1e-9)


def test_the_spikes_of_a_network_do_not_depend_on_the_step() -> None:
    """Forty cells for 100 ms at 1, 0.1 and 0.01 ms: 239 spikes."""
    parts = small(7, n=40)
    found = [recurrent(dt, **parts).build("events").run(100.0)["n"].spikes for dt in (1.0, 0.1, 0.01)]
    assert len(found[0]) > 200
    for finer in found[1:]:
        for coarse, fine in zip(trains(found[0], 40), trains(finer, 40), strict=True):
            np.testing.assert_allclose(coarse, fine, rtol=0, atol=1e-9)


def test_cells_that_differ_in_their_time_constants_are_exact_too() -> None:
    """One to one, a current and a jump each, at dt = 1: the crossing of each cell by a root finder."""
    tau, c = np.array([5.0, 8.0, 10.0, 20.0, 40.0]), np.array([100.0, 150.0, 250.0, 300.0, 500.0])
    net = Network(dt=1.0)
    source = net.population("s", SpikeTimes(np.linspace(0.1, 0.9, 5), range(5), exact=True), 5)
    values = {**CELL, "tau_m": tau, "c_m": c}
    n = net.population("n", LIF(**values, t_ref=30.0), 5)
    net.project(source, n, OneToOne(), weight=20.0 * c, delay=2.0, receptor=Exponential(tau=3.0))
    net.project(source, n, OneToOne(), weight=5.0, delay=3.0, receptor=Delta())
    spikes = net.build("reference").run(20.0)["n"].spikes
    for j in range(5):
        x = 1 / 3.0 - 1 / tau[j]

        def v(s: float, j: int = j, x: float = x) -> float:
            jump = 5.0 * np.exp(-(s - 1.0) / tau[j]) if s >= 1.0 else 0.0
            return 20.0 * (np.exp(-s / tau[j]) - np.exp(-s / 3.0)) / x + jump

        start = 0.0 if v(1.0 - 1e-12) >= THETA else 1.0
        end = 1.0 - 1e-12 if start == 0.0 else 3.0
        at = start if v(start) >= THETA else brentq(lambda s: v(s) - THETA, start, end, xtol=1e-14)
        np.testing.assert_allclose(spikes.of(j), [0.1 + 0.2 * j + 2.0 + at], rtol=0, atol=1e-11)


# the numbers behind it -----------------------------------------------------------------------------------------------------


def test_growth_keeps_its_precision_where_it_is_small_and_where_time_constants_meet() -> None:
    matrix = np.array([[[-0.1, 0.004, -7.0], [0.0, -0.1, 0.0], [0.0, 0.0, 0.0]]])
    for k, grown in zip(range(26, -1, -1), growth(matrix, 0.1, 26), strict=True):
        h = 0.1 / 2.0**k
        assert grown[0, 0, 0] == pytest.approx(np.expm1(-0.1 * h), rel=1e-14)
        assert grown[0, 0, 1] == pytest.approx(0.004 * h * np.exp(-0.1 * h), rel=1e-14)
        assert grown[0, 0, 2] == pytest.approx(70.0 * np.expm1(-0.1 * h), rel=1e-14)


def test_no_course_leaves_its_bound() -> None:
    """Random linear systems, coupled both ways, stiff or not: between two times the excess stays below its bound."""
    rng = np.random.default_rng(0)
    for _ in range(100):
        n, h = int(rng.integers(1, 5)), 10.0 ** rng.uniform(-2, 0.5)
        a = rng.normal(size=(n, n)) * 10.0 ** rng.uniform(-2, 1, (n, 1))
        a -= np.diag(np.abs(a).sum(axis=1)) * rng.uniform(0, 1.5)
        matrix, slopes = np.zeros((1, n + 1, n + 1)), rng.normal(size=(1, n))
        matrix[0, :n, :n], matrix[0, :n, n] = a, rng.normal(size=n)
        names = tuple("abcd"[:n])
        nobody = np.zeros(1, np.int32)
        off = OffGrid(h, names, (*names, "1"), matrix, slopes, nobody, matrix[0] != 0, nobody, np.zeros(1))
        for k, (grown, bound) in zip(range(3, -1, -1), off.parts(h, 3), strict=True):
            x, little = np.append(rng.normal(size=n), 1.0), expm(matrix[0] * h / 2.0**k / 64)
            course = [np.linalg.matrix_power(little, step) @ x for step in range(65)]
            excess = np.array(course)[:, :n] @ slopes[0]
            assert excess.max() <= max(excess[0], excess[-1]) + bound[0] @ np.abs(grown[0] @ x) + 1e-12
