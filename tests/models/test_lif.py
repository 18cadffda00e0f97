"""LIF against closed forms, NEST's printed test values and solve_ivp (equations.md 1.2 and 1.3)."""

from __future__ import annotations

import signal

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from maichong import LIF, AllToAll, Delta, Exponential, Network, OneToOne, SpikeTimes, Steps
from maichong.errors import EngineError

E_L, THETA, TAU_M, C_M, T_REF = -70.0, -55.0, 10.0, 250.0, 2.0


def time_to_threshold(current: float) -> float:
    """ms from reset to threshold under a constant current in pA."""
    ri = TAU_M / C_M * current
    return TAU_M * np.log(ri / (ri + E_L - THETA))


def stamps(times: np.ndarray, dt: float) -> np.ndarray:
    return np.rint(times / dt).astype(int)


def grid(time: float, dt: float) -> int:
    """The step at whose end a crossing at ``time`` is noticed."""
    return int(np.ceil(time / dt))


# constant current ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [0.1, 0.05, 0.0125, 0.002])
def test_isi_is_the_closed_form_rounded_up_to_the_grid(engine: str, dt: float) -> None:
    """Exact stepping notices the crossing at the first grid point after it, so the ISI tends to 6.70003629 from above."""
    assert T_REF + time_to_threshold(1000.0) == pytest.approx(6.70003629, abs=1e-8)  # [N]
    net = Network(dt=dt)
    net.population("n", LIF(t_ref=T_REF), 1, drive=1000.0)
    times = net.build(engine).run(16.0)["n"].spikes.times
    first = grid(time_to_threshold(1000.0), dt)
    isi = first + round(T_REF / dt)
    assert stamps(times, dt).tolist() == [first, first + isi]
    assert 0 <= np.diff(times)[0] - 6.70003629 <= dt
    if dt == 0.1:
        assert times[0] == pytest.approx(4.8, abs=1e-12)  # [N], and NEST's test_iaf_psc_alpha_i0 [C]


def test_rates_over_the_f_i_curve(engine: str) -> None:
    """376, 400, 500, 1000 pA: 16.3143, 33.6407, 63.0400, 149.2529 Hz [N]; just below rheobase: silence."""
    currents, rates, dt = [374.9, 376.0, 400.0, 500.0, 1000.0], [16.3143, 33.6407, 63.0400, 149.2529], 0.05
    net = Network(dt=dt)
    net.population("n", LIF(t_ref=T_REF), 5, drive=np.array(currents))
    spikes = net.build(engine).run(500.0)["n"].spikes
    assert spikes.of(0).size == 0
    for neuron, (current, rate) in enumerate(zip(currents[1:], rates, strict=True), start=1):
        exact = T_REF + time_to_threshold(current)
        assert 1000.0 / exact == pytest.approx(rate, abs=5e-5)
        isi = grid(time_to_threshold(current), dt) + round(T_REF / dt)
        assert (np.diff(stamps(spikes.of(neuron), dt)) == isi).all()
        assert spikes.of(neuron).size == (round(500.0 / dt) + round(T_REF / dt)) // isi


def test_voltages_that_nest_prints(engine: str) -> None:
    """NEST test_iaf_psc_alpha_i0 [C]: four decimals of V on the way to the spike at 4.8, then 2 ms at reset."""
    net = Network(dt=0.1)
    net.population("n", LIF(t_ref=T_REF), 1, drive=1000.0)
    net.probe("n", "v")
    v = net.build(engine).run(7.0)["n"].samples("v")
    at = {round(t, 1): float(x) for t, x in zip(v.times, v.values[:, 0], strict=True)}
    for time, printed in {0.1: -69.602, 0.2: -69.2079, 0.5: -68.0492, 4.7: -55.0001}.items():
        assert at[time] == pytest.approx(printed, abs=5e-5)
    assert all(at[round(t, 1)] == E_L for t in np.arange(4.8, 6.85, 0.1))
    assert at[6.9] == pytest.approx(-69.602, abs=5e-5)


def test_single_precision_fires_within_a_step_of_the_closed_form() -> None:
    """float32 holds 70 mV to 4e-6 mV; the approach to threshold is 1 mV/ms or steeper here, so a crossing moves by no step."""
    dt = 0.1
    net = Network(dt=dt)
    net.population("n", LIF(t_ref=T_REF), 2, drive=np.array([500.0, 1000.0]))
    spikes = net.build("events", precision="float32").run(200.0)["n"].spikes
    for neuron, current in enumerate((500.0, 1000.0)):
        isi = grid(time_to_threshold(current), dt) + round(T_REF / dt)
        assert (np.abs(np.diff(stamps(spikes.of(neuron), dt)) - isi) <= 1).all()


@pytest.mark.parametrize(("t_ref", "steps"), [(0.0, 0), (0.3, 3), (0.25, 3), (0.21, 3), (2.0, 20)])
def test_the_refractory_period_is_rounded_up_to_steps(engine: str, t_ref: float, steps: int) -> None:
    net = Network(dt=0.1)
    net.population("n", LIF(t_ref=t_ref), 1, drive=1000.0)
    times = net.build(engine).run(16.0)["n"].spikes.times
    assert (np.diff(stamps(times, 0.1)) == 48 + steps).all()
    assert times.size >= 2


def test_a_soft_reset_keeps_the_excess_and_a_hard_one_loses_it(engine: str) -> None:
    """Without leak 4.04 mV arrive per step: with the excess kept, spike k falls where their sum reaches 15 k mV."""
    for reset, wanted in (("soft", [4, 8, 12, 15, 19, 23, 26, 30]), ("hard", [4, 8, 12, 16, 20, 24, 28])):
        net = Network(dt=1.0)
        net.population("n", LIF(tau_m=1e12, reset=reset), 1, drive=1010.0)
        assert stamps(net.build(engine).run(30.0)["n"].spikes.times, 1.0).tolist() == wanted


def test_without_reset_the_membrane_goes_on_as_if_nothing_had_happened(engine: str) -> None:
    net = Network(dt=0.1)
    net.population("n", LIF(reset="none", t_ref=0.0), 1, drive=1000.0)
    run = net.build(engine).run(20.0)
    assert run["n"]["v"][0] == pytest.approx(E_L + 40.0 * -np.expm1(-2.0), abs=1e-10)
    assert stamps(run["n"].spikes.times, 0.1).tolist() == list(range(48, 201))


# located spikes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [0.5, 0.1])
def test_ode_keeps_the_exact_interval_at_any_step(dt: float) -> None:
    """Spike n at 4.70003629 + n 6.70003629 ms, stamped at the next grid point: at dt = .1 every 6.7 ms, not every 6.8."""
    net = Network(dt=dt)
    net.population("n", LIF(t_ref=T_REF, integrator="ode"), 1, drive=1000.0)
    times = net.build("reference").run(30.0)["n"].spikes.times
    exact = 4.70003629 + 6.70003629 * np.arange(times.size)
    assert times == pytest.approx(np.ceil(exact / dt) * dt)
    assert times.size == 4


def test_ode_is_refused_where_it_does_not_run() -> None:
    net = Network(dt=0.1)
    net.population("n", LIF(integrator="ode"), 1)
    with pytest.raises(EngineError, match=r"population 'n': the integrator 'ode' runs on the engine 'reference' alone"):
        net.build("events")


def test_ode_fires_where_a_jump_leads_above_threshold() -> None:
    net = delta_net([0.9], 20.0, integrator="ode")
    assert net.build("reference").run(3.0)["n"].spikes.times == pytest.approx([1.1])


def test_ode_holds_the_membrane_at_reset() -> None:
    net = Network(dt=0.1)
    net.population("n", LIF(t_ref=T_REF, integrator="ode"), 1, drive=1000.0)
    assert net.build("reference").run(6.0)["n"]["v"][0] == E_L


def test_ode_loses_no_spike_on_a_coarse_grid() -> None:
    """21 intervals of 4.70003629 ms fit into 100 ms; a grid that cannot hold them should say so."""
    net = Network(dt=10.0)
    net.population("n", LIF(integrator="ode"), 1, drive=1000.0)
    try:
        counts = net.build("reference").run(100.0)["n"].counts
    except EngineError:
        return
    assert counts[0] == 21


def test_ode_without_reset_goes_on() -> None:
    def late(*_: object) -> None:
        raise TimeoutError

    net = Network(dt=0.1)
    net.population("n", LIF(integrator="ode", reset="none"), 1, drive=1000.0)
    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        run = net.build("reference").run(8.0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert run["n"]["v"][0] == pytest.approx(E_L + 40.0 * -np.expm1(-0.8), abs=1e-8)


# exponential current ---------------------------------------------------------------------------------------------------


def test_the_propagator_is_rotter_and_diesmanns(engine: str) -> None:
    """h = .1, tau_m = 10, tau_s = 2, C = 250 [N]."""
    net = Network(dt=0.1)
    source = net.population("s", SpikeTimes([], []), 1)
    n = net.population("n", LIF(), 1)
    net.project(source, n, AllToAll(), weight=100.0, receptor=Exponential(tau=2.0))
    integration = net.build(engine).plan.populations[1].integration
    assert integration is not None
    assert integration.method == "exact"
    (current,) = [name for name in integration.exact if name != "v"]
    assert integration.exact[current][current] == pytest.approx(0.951229424500714, rel=1e-14)
    assert integration.exact["v"]["v"] == pytest.approx(0.990049833749168, rel=1e-14)
    assert integration.exact["v"][current] == pytest.approx(3.88204092484540e-4, rel=1e-14)
    assert integration.exact["v"]["drive_i"] == pytest.approx(3.98006650033280e-4, rel=1e-14)


def epsp(tau_s: float, weight: float, dt: float, steps: int, engine: str, **options: str) -> np.ndarray:
    """v - v_rest at 0, dt, 2 dt, ... after the arrival of one spike at an exponential current receptor."""
    net = Network(dt=dt)
    source = net.population("s", SpikeTimes([dt], [0]), 1)
    n = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=15.0), 1)
    net.project(source, n, AllToAll(), weight=weight, delay=dt, receptor=Exponential(tau=tau_s))
    net.probe(n, "v")
    v = net.build(engine, **options).run((steps + 2) * dt)["n"].samples("v")
    assert v.values[0, 0] == 0.0
    return v.values[1:, 0]


def test_epsp_peaks_when_and_as_high_as_it_should(engine: str) -> None:
    """tau_m = 10, tau_s = 2, 100 pA: 0.53499224 mV after 4.02359478 ms [N]; dt is chosen so that the peak is on the grid."""
    peak = 4.02359478
    assert TAU_M * 2 / (TAU_M - 2) * np.log(TAU_M / 2) == pytest.approx(peak, abs=5e-9)
    v = epsp(2.0, 100.0, peak / 40, 80, engine)
    assert np.argmax(v) == 40
    assert v[40] == pytest.approx(0.53499224, abs=5e-9)
    t = np.arange(81) * peak / 40
    exact = 100.0 / C_M * (np.exp(-t / TAU_M) - np.exp(-t / 2.0)) / (1 / 2.0 - 1 / TAU_M)
    np.testing.assert_allclose(v, exact, rtol=0, atol=1e-13)


def test_epsp_in_single_precision() -> None:
    """80 steps of a few roundings of 6e-8 each stay below 1e-5."""
    v = epsp(2.0, 100.0, 4.02359478 / 40, 80, "events", precision="float32")
    assert v[40] == pytest.approx(0.53499224, rel=1e-5)


@pytest.mark.parametrize("gap", [1.0, 1e-2, 1e-4, 1e-7, 1e-10, 1e-14, 0.0, -1e-7])
def test_epsp_stays_exact_as_the_time_constants_meet(engine: str, gap: float) -> None:
    """v = (w/C) e^(-t/tau_m) (1 - e^(-xt))/x, x = 1/tau_s - 1/tau_m, which is (w/C) t e^(-t/tau_m) at x = 0."""
    tau_s = TAU_M - gap
    v = epsp(tau_s, 100.0, 0.1, 300, engine)
    t = np.arange(301) * 0.1
    x = (TAU_M - tau_s) / (tau_s * TAU_M)
    ratio = -np.expm1(-x * t) / x if x else t
    assert np.isfinite(v).all()
    np.testing.assert_allclose(v, 100.0 / C_M * np.exp(-t / TAU_M) * ratio, rtol=0, atol=1e-13)
    if gap == 0:
        assert np.argmax(v) == 100  # the alpha function peaks at tau, at w tau / (e C)
        assert v[100] == pytest.approx(100.0 * TAU_M / C_M / np.e, rel=1e-12)


def test_the_current_goes_on_decaying_through_the_refractory_period(engine: str) -> None:
    """A large current fires the cell; after 2 ms at reset, the membrane starts from v_r with what is left of it."""
    tau_s, weight, dt = 5.0, 3000.0, 0.1
    net = Network(dt=dt)
    source = net.population("s", SpikeTimes([0.0], [0]), 1)
    n = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=15.0, t_ref=T_REF), 1)
    net.project(source, n, AllToAll(), weight=weight, delay=dt, receptor=Exponential(tau=tau_s))
    net.probe(n, "v")
    net.probe(n)
    run = net.build(engine).run(20.0)
    fired = run["n"].spikes.times[0]
    v = run["n"].samples("v")
    free = fired + T_REF
    held = (v.times > fired - dt / 2) & (v.times < free + dt / 2)
    assert held.sum() == 21
    assert (v.values[held, 0] == 0.0).all()
    x = 1 / tau_s - 1 / TAU_M
    left = weight * np.exp(-(free - dt) / tau_s)
    for k in range(1, 30):
        s = k * dt
        exact = left / C_M * np.exp(-s / TAU_M) * -np.expm1(-x * s) / x
        if exact >= 15.0:
            break
        assert v.values[round(free / dt) - 1 + k, 0] == pytest.approx(exact, abs=1e-11)


# delta -----------------------------------------------------------------------------------------------------------------


def delta_net(times: list[float], weight: float, dt: float = 0.1, **values: float) -> Network:
    net = Network(dt=dt)
    source = net.population("s", SpikeTimes(times, [0] * len(times)), 1)
    n = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=15.0, **values), 1)
    net.project(source, n, OneToOne(), weight=weight, delay=dt, receptor=Delta())
    net.probe(n, "v")
    net.probe(n)
    return net


def test_a_periodic_delta_input_reaches_its_geometric_sum(engine: str) -> None:
    """P = 5, tau = 10: v just after a spike tends to w / (1 - e^(-P/tau)) = 2.54149408 w."""
    v = delta_net(list(np.arange(0, 400, 5.0)), 1.25).build(engine).run(400.0)["n"].samples("v")
    above = v.values[round(395.2 / 0.1) - 1, 0] * np.exp(0.1 / TAU_M)  # read 0.1 ms after the arrival at 395.1
    assert above == pytest.approx(1.25 * 2.54149408, abs=1e-8)
    before = v.values[round(395.1 / 0.1) - 1, 0]
    assert above - before == pytest.approx(1.25, abs=1e-12)


def test_delta_arrivals_in_the_refractory_period_are_lost(engine: str) -> None:
    """A jump of 20 mV at 1.0 fires the cell at 1.1; until 3.1 it takes nothing, at 3.1 it does again (iaf_psc_delta)."""
    for arrival, taken in ((1.1, False), (1.2, False), (3.0, False), (3.1, True), (3.2, True)):
        run = delta_net([0.9, arrival - 0.1], 20.0, t_ref=T_REF).build(engine).run(5.0)
        expected = [1.1, arrival + 0.1] if taken else [1.1]
        assert run["n"].spikes.times == pytest.approx(expected)
        if not taken:
            assert (run["n"].samples("v").values[11:] == 0.0).all()


# conductance -----------------------------------------------------------------------------------------------------------


def conductance_net(dt: float, tau: float, arrivals: list[float]) -> Network:
    """g_L = 10 nS, E_L = -70; 5 nS towards 0 mV per arrival."""
    net = Network(dt=dt)
    source = net.population("s", SpikeTimes([t - dt for t in arrivals], [0] * len(arrivals)), 1)
    n = net.population("n", LIF(c_m=100.0, v_th=100.0), 1)
    net.project(source, n, AllToAll(), weight=5.0, delay=dt, receptor=Exponential(tau=tau, e_rev=0.0))
    net.probe(n, "v")
    return net


def test_a_constant_conductance_sets_voltage_and_time_constant(engine: str) -> None:
    """g_e = 5, g_L = 10: v_inf = -46.6666667, tau_eff = 2/3 tau_m; exponential Euler is exact at any dt."""
    dt = 0.2
    v = conductance_net(dt, 1e13, [dt]).build(engine).run(150.0)["n"].samples("v")
    assert v.values[-1, 0] == pytest.approx(-46.6666667, abs=5e-8)
    t = v.times[1:] - dt
    exact = -140 / 3 + (-70 + 140 / 3) * np.exp(-t / (TAU_M * 2 / 3))
    np.testing.assert_allclose(v.values[1:, 0], exact, rtol=0, atol=1e-9)


def test_exponential_euler_converges_with_order_one_where_conductances_move(engine: str) -> None:
    """Against solve_ivp at 1e-12: halving dt halves the error."""
    arrivals, tau, end = [1.6, 3.2, 4.8], 4.0, 16.0

    def flow(t: float, v: np.ndarray) -> np.ndarray:
        g = sum(5.0 * np.exp(-(t - s) / tau) for s in arrivals if t >= s)
        return (10.0 * (-70.0 - v) + g * (0.0 - v)) / 100.0

    v = np.array([-70.0])
    for begin, until in zip([0.0, *arrivals], [*arrivals, end], strict=True):
        v = solve_ivp(lambda t, y: flow(t, y), (begin + 1e-14, until), v, rtol=1e-12, atol=1e-12, method="DOP853").y[:, -1]
    steps = [0.2, 0.1, 0.05, 0.025] if engine == "reference" else [0.2, 0.1]  # the fast engine compiles each step anew
    errors = [abs(conductance_net(dt, tau, arrivals).build(engine).run(end)["n"]["v"][0] - v[0]) for dt in steps]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx(1.0, abs=0.05)


# discrete layers -------------------------------------------------------------------------------------------------------


def test_a_discrete_layer_is_a_lif_whose_input_is_not_scaled() -> None:
    """v <- 0.2 v (1 - s) + x, s = [v >= 0.5], as the published codes of STBP have it [C]: P22 = e^(-dt / tau) = 0.2 and P20 = 1.

    So does the first order of meta-dynamic neurons (equations.md 1.12), whose x is a sigmoid.
    """
    decay, steps, cells = 0.2, 40, 6
    x = np.random.default_rng(1).uniform(-0.2, 0.7, (steps, cells))
    tau = -1.0 / np.log(decay)
    net = Network(dt=1.0)
    cell = LIF(tau_m=tau, c_m=tau * (1.0 - decay), v_rest=0.0, v_r=0.0, v_th=0.5)
    net.population("n", cell, cells, drive=Steps(np.arange(steps, dtype=float), x))
    net.probe("n")
    net.probe("n", "v")
    run = net.build("reference").run(float(steps))
    v, s, fired = np.zeros(cells), np.zeros(cells), []
    for k in range(steps):
        v = decay * v * (1.0 - s) + x[k]
        s = (v >= 0.5).astype(float)
        fired += [(k + 1.0, j) for j in np.flatnonzero(s)]
        np.testing.assert_allclose(run["n"].samples("v").values[k], v * (1.0 - s), rtol=0, atol=1e-14)
    found = run["n"].spikes
    assert 30 < len(fired) == found.times.size
    assert sorted(zip(found.times.tolist(), found.ids.tolist(), strict=True)) == fired
