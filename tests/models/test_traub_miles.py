"""Traub and Miles's cell against SciPy's solution of the benchmark's equations, written anew here from its published constants."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import exprel

from maichong import Delta, Network, OneToOne, SpikeTimes, TraubMiles
from maichong.errors import ParameterError

V_T = -63.0


def rates(v: float) -> np.ndarray:
    """alpha and beta of m, h and n, per ms: benchmark 3 of Brette et al. 2007."""
    alpha = [0.32 * 4 / exprel((13 - v + V_T) / 4), 0.128 * np.exp((17 - v + V_T) / 18), 0.032 * 5 / exprel((15 - v + V_T) / 5)]
    beta = [0.28 * 5 / exprel((v - V_T - 40) / 5), 4 / (1 + np.exp((40 - v + V_T) / 5)), 0.5 * np.exp((10 - v + V_T) / 40)]
    return np.array([alpha, beta])


def slope(_: float, y: np.ndarray, current: float) -> np.ndarray:
    v, m, h, n = y
    alpha, beta = rates(v)
    membrane = (current - 10 * (v + 60) - 20000 * m**3 * h * (v - 50) - 6000 * n**4 * (v + 90)) / 200
    return np.array([membrane, *(alpha * (1 - y[1:]) - beta * y[1:])])


def rising(_: float, y: np.ndarray, current: float) -> float:
    return y[0] + 20.0


rising.direction = 1.0  # type: ignore[attr-defined]


@functools.cache
def solution(current: float, until: float) -> tuple[np.ndarray, np.ndarray]:
    """The spike times in ms, and v every ms, from the state at rest at -60 mV."""
    alpha, beta = rates(-60.0)
    found = solve_ivp(
        slope, (0, until), [-60.0, *alpha / (alpha + beta)], "DOP853", np.arange(0.0, until + 1), rtol=1e-11, atol=1e-12,
        events=rising, args=(current,),
    )  # fmt: skip
    return found.t_events[0], found.y[0]


def run_at(
    dt: float, current: float, until: float, engine: str, integrator: str = "auto", **options: str
) -> tuple[np.ndarray, np.ndarray]:
    net = Network(dt=dt)
    net.population("n", TraubMiles(integrator=integrator), 1, drive=current)
    net.probe("n", "v", every=1.0)
    net.probe("n")
    run = net.build(engine, **options).run(until)
    return run["n"].spikes.times, run["n"].samples("v").values[:, 0]


@pytest.mark.parametrize(("current", "spikes"), [(300.0, 4), (2000.0, 13)])
@pytest.mark.parametrize("dt", [0.1, 0.05, 0.01])
def test_spikes_come_as_the_equations_say(current: float, spikes: int, dt: float) -> None:
    """Each stamp is the end of the step in which the solution crosses, but for an error of the phase that falls with dt^2."""
    times, _ = solution(current, 60.0)
    assert times.size == spikes
    stamps = run_at(dt, current, 60.0, "events")[0]
    assert stamps.size == spikes
    late = stamps - times
    slip = 0.02 * (dt / 0.1) ** 2 * times  # 2 % of the intervals at 0.1 ms
    assert (late > -slip).all()
    assert (late < dt + slip).all()


@pytest.mark.parametrize(("integrator", "order"), [("strang", 2.0), ("exponential_euler", 1.0)])
def test_the_error_falls_with_the_step(integrator: str, order: float) -> None:
    """Before the first spike, where the membrane rises by itself: 250 pA, 8 ms."""
    _, v = solution(250.0, 8.0)
    found = [run_at(dt, 250.0, 8.0, "reference", integrator=integrator)[1][-1] for dt in (0.05, 0.025, 0.0125, 0.00625)]
    errors = np.abs(np.array(found) - v[-1])
    assert np.log2(errors[:-1] / errors[1:]) == pytest.approx(order, abs=0.25)


def test_single_precision_fires_as_double_does() -> None:
    double, _ = run_at(0.1, 500.0, 500.0, "events")
    single, _ = run_at(0.1, 500.0, 500.0, "events", precision="float32")
    assert double.size > 20
    assert single.size == double.size
    assert np.abs(single - double).max() <= 0.1 + 1e-9  # a rounding moves a spike to the neighbouring step at most


def test_rest_and_singular_points(engine: str) -> None:
    """Hyperpolarised it rests where the solution does; a start on a removable singularity is like one beside it."""
    _, v = solution(-200.0, 600.0)
    assert run_at(0.1, -200.0, 600.0, engine)[1][-1] == pytest.approx(v[-1], abs=1e-6)
    singular = np.array([V_T + 13, V_T + 40, V_T + 15])
    net = Network(dt=0.05)
    net.population("n", TraubMiles(), 6, init={"v": np.concatenate([singular, singular + 1e-9])})
    after = net.build(engine).run(0.05)["n"]
    for name in ("v", "m", "h", "n"):
        assert np.isfinite(after[name]).all()
        assert after[name][:3] == pytest.approx(after[name][3:], abs=1e-8)


def test_one_spike_for_each_crossing(engine: str) -> None:
    """Cells that fire, and one that a large current keeps above -20 mV; t_ref holds nothing: v is the same with and without."""
    traces = []
    for t_ref in (0.0, 1.0, 3.0):
        net = Network(dt=0.1)
        cells = net.population("n", TraubMiles(t_ref=t_ref), 3, drive=[500.0, 2000.0, 2e5])
        net.probe(cells)
        net.probe(cells, "v")
        run = net.build(engine).run(60.0)
        v = run["n"].samples("v").values
        traces.append(v)
        above = np.vstack([np.zeros((1, 3), bool), v >= -20.0])
        steps, ids = np.nonzero(above[1:] & ~above[:-1])
        stamps = run["n"].spikes
        assert np.array_equal(stamps.ids, ids)
        assert stamps.times == pytest.approx((steps + 1) * 0.1)
        assert run["n"].counts.tolist() == np.bincount(ids).tolist()
    assert above[100:, 2].all()
    assert run["n"].counts[0] > 2
    assert all(np.array_equal(v, traces[0]) for v in traces)


def test_located_spikes_agree_with_the_solution() -> None:
    """The integrator "ode" sees each crossing once as well."""
    times, v = solution(500.0, 30.0)
    net = Network(dt=0.1)
    net.population("n", TraubMiles(integrator="ode", t_ref=3.0), 1, drive=500.0)
    net.probe("n", "v", every=1.0)
    net.probe("n")
    run = net.build("reference").run(30.0)
    assert run["n"].spikes.times == pytest.approx(np.ceil(times / 0.1) * 0.1)
    assert run["n"].samples("v").values[:, 0] == pytest.approx(v[1:], abs=1e-6)


def test_a_jump_reaches_a_membrane_that_is_never_held(engine: str) -> None:
    """Within t_ref of a spike, where a LIF would lose it."""
    ends = []
    for weight in (0.0, 5.0):
        net = Network(dt=0.1)
        source = net.population("s", SpikeTimes([10.0], [0]), 1)
        cell = net.population("n", TraubMiles(t_ref=30.0), 1, drive=500.0)
        net.project(source, cell, OneToOne(), weight=weight, receptor=Delta())
        run = net.build(engine).run(10.0)
        assert run["n"].counts[0] == 1
        ends.append(run.run(0.1)["n"]["v"][0])
    assert ends[1] - ends[0] == pytest.approx(5.0, rel=0.1)


def test_a_neuron_without_a_reset_has_no_option_for_it() -> None:
    with pytest.raises(ParameterError, match="TraubMiles: has no parameter 'reset'"):
        TraubMiles(reset="soft")
