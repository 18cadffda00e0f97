"""AMPA, NMDA, GABA-A and GABA-B: pulses of transmitter against the closed form, SciPy and published numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from maichong import (
    AMPA,
    GABA_A,
    GABA_B,
    LIF,
    NMDA,
    AllToAll,
    BiExponential,
    FixedOutDegree,
    FixedProbability,
    Network,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    Uniform,
    resume,
)
from maichong.errors import NetworkError, ParameterError

DT = 0.1


def opened(
    receptor: object, times: list[float], engine: str, until: float, states: tuple[str, ...] = ("on", "off")
) -> np.ndarray:
    """The sum of the receptor's ``states`` at the end of every step, of one synapse of weight 1 whose spikes come at ``times``."""
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes(times, np.zeros(len(times), int)), 1)
    cell = net.population("n", LIF(), 1)
    net.project(source, cell, AllToAll(), weight=1.0, receptor=receptor)
    run = net.build(engine)
    found = []
    for _ in range(round(until / DT)):
        run.run(DT)
        found.append(sum(run["n"][f"{name}_p0"][0] for name in states))
    return np.array(found)


@pytest.mark.parametrize(
    ("receptor", "after_pulse", "later"),
    [(AMPA, 0.61798615, 0.23900060), (NMDA, 0.06924310, 0.06699537), (GABA_A, 0.95981853, 0.39023309)],
)
def test_one_pulse(receptor, after_pulse: float, later: float, engine: str) -> None:
    """r after 1 ms of 1 mM, and 5 ms later (ModelDB 18500's constants)."""
    r = opened(receptor(), [0.0], engine, 6.0)
    assert r[9] == pytest.approx(after_pulse, abs=1e-8)
    assert r[59] == pytest.approx(later, abs=1e-8)


def kinetics(times: list[float], until: float, alpha: float, beta: float, pulse: float = 1.0) -> np.ndarray:
    """dr/dt = alpha T (1 - r) - beta r, stretch by stretch."""
    grid = DT * np.arange(1, round(until / DT) + 1)
    edges = sorted({0.0, until, *times, *(t + pulse for t in times)})
    r, found = 0.0, []
    for low, high in itertools.pairwise(edges):
        bound = any(t <= low + 1e-9 < t + pulse - 1e-9 for t in times)
        rate, steady = (alpha + beta, alpha / (alpha + beta)) if bound else (beta, 0.0)
        inside = grid[(grid > low + 1e-9) & (grid <= high + 1e-9)]
        found.append(steady + (r - steady) * np.exp(-rate * (inside - low)))
        r = steady + (r - steady) * np.exp(-rate * (high - low))
    return np.concatenate(found)


def test_transmitter_does_not_add_up(engine: str) -> None:
    """Spikes within a pulse prolong it; pulses that meet exactly, and silence between."""
    times = [1.0, 1.3, 2.1, 3.1, 8.0, 9.0, 30.0]
    found = opened(AMPA(), times, engine, 40.0)
    np.testing.assert_allclose(found, kinetics(times, 40.0, 1.1, 0.19), atol=1e-12)
    assert found.max() <= 1.1 / 1.29


def test_a_random_train(engine: str) -> None:
    rng = np.random.default_rng(2)
    times = sorted({round(float(t), 1) for t in rng.uniform(1.0, 60.0, 60)})
    np.testing.assert_allclose(opened(NMDA(), times, engine, 70.0), kinetics(times, 70.0, 0.072, 0.0066), atol=1e-12)


def second_messenger(until: float, pulse: float) -> tuple[np.ndarray, np.ndarray]:
    """r and s of GABA-B every 0.1 ms after one pulse, by SciPy."""

    def slope(t: float, y: np.ndarray, transmitter: float) -> list[float]:
        return [0.52 * transmitter * (1 - y[0]) - 0.0013 * y[0], 0.098 * y[0] - 0.033 * y[1]]

    grid = DT * np.arange(1, round(until / DT) + 1)
    within = np.minimum(grid[grid <= pulse + 1e-9], pulse)
    first = solve_ivp(slope, (0, pulse), [0, 0], rtol=1e-12, atol=1e-14, args=(0.5,), t_eval=within)
    rest = solve_ivp(
        slope, (pulse, until), first.y[:, -1], rtol=1e-12, atol=1e-14, args=(0.0,), t_eval=grid[grid > pulse + 1e-9]
    )
    return tuple(np.concatenate([first.y, rest.y], axis=1))


def test_gaba_b_needs_a_burst(engine: str) -> None:
    """One pulse of 0.3 ms opens 1.4505e-5 of the conductance at 102.17 ms; 85 ms of transmitter 0.39328519 at 116.2 ms."""
    bound = opened(GABA_B(), [0.0], engine, 1.0, ("on", "off"))
    assert bound[2] == pytest.approx(0.07502113, abs=1e-8)
    s = opened(GABA_B(), [0.0], engine, 130.0, ("s",))
    np.testing.assert_allclose(s, second_messenger(130.0, 0.3)[1], atol=1e-9)
    assert s.max() == pytest.approx(0.19515550, abs=1e-8)
    assert (s**4 / (s**4 + 100)).max() == pytest.approx(1.45050e-5, rel=1e-5)
    assert DT * (s.argmax() + 1) == pytest.approx(102.17, abs=DT)
    long = opened(GABA_B(pulse=85.0), [0.0], engine, 130.0, ("s",))
    assert long.max() == pytest.approx(2.83746654, abs=1e-7)
    assert (long**4 / (long**4 + 100)).max() == pytest.approx(0.39328519, abs=1e-7)
    assert DT * (long.argmax() + 1) == pytest.approx(116.2, abs=DT)


def test_gaba_b_by_the_books_constants(engine: str) -> None:
    """Those of Destexhe, Mainen & Sejnowski 1998, Methods in Neuronal Modeling: four exponentials, each from its closed form."""
    k1, k2, k3, k4, pulse = 0.09, 0.0012, 0.18, 0.034, 0.3
    s = opened(GABA_B(k1=k1, k2=k2, k3=k3, k4=k4), [0.0], engine, 250.0, ("s",))
    rate, most = 0.5 * k1 + k2, 0.5 * k1 / (0.5 * k1 + k2)
    bound = most * (1 - np.exp(-rate * pulse))
    # under transmitter r = most (1 - exp(-rate t)), then bound exp(-k2 t); s' = k3 r - k4 s in both
    during = k3 * most * ((1 - np.exp(-k4 * pulse)) / k4 - (np.exp(-rate * pulse) - np.exp(-k4 * pulse)) / (k4 - rate))
    t = DT * np.arange(1, 2501) - pulse
    after = during * np.exp(-k4 * t) + k3 * bound * (np.exp(-k2 * t) - np.exp(-k4 * t)) / (k4 - k2)
    np.testing.assert_allclose(s[2:], after[2:], atol=1e-9)
    assert bound == pytest.approx(0.0134, rel=0.01)
    assert DT * (s.argmax() + 1) == pytest.approx(np.log(k4 / k2) / (k4 - k2), rel=0.01)


def test_gaba_b_pulls_the_membrane_by_its_conductance(engine: str) -> None:
    """dv/dt = (-(v - v_rest) g_leak + g (e_rev - v)) / c: SciPy on the same kinetics."""
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes([0.0], [0]), 1)
    cell = net.population("n", LIF(v_rest=-60.0, v_r=-60.0, v_th=1e6, tau_m=20.0, c_m=200.0, integrator="rk4"), 1)
    net.project(source, cell, AllToAll(), weight=1.0, receptor=GABA_B(g_max=20.0, pulse=85.0))
    net.probe(cell, "v", every=1.0)
    v = net.build(engine).run(300.0)["n"].samples("v").values[:, 0]

    def slope(t: float, y: np.ndarray) -> list[float]:
        r, s, u = y
        g = 20.0 * s**4 / (s**4 + 100.0)
        return [
            0.52 * (0.5 if t < 85 else 0) * (1 - r) - 0.0013 * r,
            0.098 * r - 0.033 * s,
            (10 * (-60 - u) + g * (-95 - u)) / 200,
        ]

    judge = solve_ivp(slope, (0, 300), [0, 0, -60.0], t_eval=np.arange(1.0, 301), rtol=1e-10, atol=1e-12, max_step=1.0)
    assert v.min() < -64.0
    assert np.abs(v - judge.y[2]).max() < 1e-6


# magnesium ---------------------------------------------------------------------------------------------------------------

BLOCK = {-80.0: 0.024425, -65.0: 0.059668, -40.0: 0.230155, -20.0: 0.508141, 0.0: 0.781182, 40.0: 0.977080}


@pytest.mark.parametrize("v", BLOCK)
def test_magnesium_blocks_below_zero(v: float, engine: str) -> None:
    """The first step from a voltage shows the current: B g (e_rev - v), with e_rev at 80 mV so that it never vanishes."""
    moved = []
    for mg in (None, 1.0):
        net = Network(dt=1e-3)
        source = net.population("s", SpikeTimes([0.0], [0]), 1)
        cell = net.population("n", LIF(v_rest=v, v_r=v, v_th=1e6, integrator="rk4"), 1)
        receptor = BiExponential(tau_rise=1e-3, tau_decay=100.0, e_rev=80.0, mg=mg)
        net.project(source, cell, AllToAll(), weight=1e-3, receptor=receptor)
        moved.append(net.build(engine).run(0.05)["n"]["v"][0] - v)
    assert moved[1] / moved[0] == pytest.approx(BLOCK[v], abs=2e-6)


def test_the_current_through_nmda_is_largest_at_minus_27(engine: str) -> None:
    """The I-V curve has its minimum at -26.9552 mV (computed with SciPy)."""
    voltages = np.arange(-40.0, -14.0, 0.5)
    net = Network(dt=1e-3)
    source = net.population("s", SpikeTimes(np.zeros(voltages.size), np.arange(voltages.size)), voltages.size)
    cell = net.population("n", LIF(v_rest=voltages, v_r=-60.0, v_th=1e6), voltages.size)
    net.project(source, cell, OneToOne(), weight=1e-3, receptor=NMDA(pulse=0.1))
    moved = net.build(engine).run(0.2)["n"]["v"] - voltages
    near = np.polynomial.Polynomial.fit(voltages, moved, 8)
    fine = np.linspace(-40.0, -15.0, 25001)
    assert fine[near(fine).argmax()] == pytest.approx(-26.9552, abs=0.02)


def test_magnesium_without_a_reversal_potential_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"BiExponential.mg: blocks a conductance, and this is a current; set e_rev too"):
        BiExponential(mg=1.0)


# layouts -----------------------------------------------------------------------------------------------------------------


def network(connector: object, weight: object, delay: object) -> Network:
    net = Network(dt=0.1, seed=5)
    source = net.population("s", Poisson(rate=150.0), 40)
    cells = net.population("n", LIF(t_ref=1.0), 30, drive=250.0)
    net.project(source, cells, connector, weight=weight, delay=delay, receptor=AMPA())
    net.project(source, cells, connector, weight=0.3, delay=delay, receptor=GABA_A())
    net.project(source, cells, connector, weight=0.5, delay=delay, receptor=NMDA())
    net.probe(cells)
    net.probe(cells, "v", every=1.0)
    return net


CASES = {
    "matrix": (AllToAll(), 0.8, 1.0),
    "matrix, no delay": (AllToAll(), 0.8, None),
    "rows": (FixedProbability(0.5), Uniform(0.0, 1.0), 1.0),
    "late": (FixedProbability(0.5), 0.5, Uniform(0.1, 4.0)),
    "late and dense": (AllToAll(), 0.3, Uniform(0.1, 4.0)),
}


@pytest.mark.parametrize("case", CASES)
def test_every_layout_does_what_the_reference_does(case: str) -> None:
    net = network(*CASES[case])
    judge, *others = net.build("reference"), net.build("events", threads=1), net.build("events", threads=2)
    for run in (judge, *others):
        run.run(100.0)
    assert judge["n"].counts.sum() > 20
    for run in others:
        assert np.array_equal(run["n"].spikes.times, judge["n"].spikes.times)
        np.testing.assert_allclose(run["n"].samples("v").values, judge["n"].samples("v").values, atol=1e-8)
    assert all(np.array_equal(others[0].snapshot()[key], value) for key, value in others[1].snapshot().items())


def test_synapses_that_are_drawn_again_at_each_spike() -> None:
    net = network(FixedOutDegree(15), Uniform(0.0, 1.0), 1.0)
    stored, drawn = (net.build("events", procedural=procedural).run(50.0) for procedural in (False, True))
    np.testing.assert_array_equal(stored["n"].samples("v").values, drawn["n"].samples("v").values)


@pytest.mark.parametrize("case", ["rows", "late"])
def test_a_run_is_carried_on_to_the_bit_within_pulses(case: str, engine: str, tmp_path) -> None:
    net = network(*CASES[case])
    whole = net.build(engine).run(40.0)
    net.build(engine).run(17.3).save(tmp_path / "state.npz")
    again = resume(tmp_path / "state.npz").run(40.0 - 17.3)
    np.testing.assert_array_equal(again["n"].samples("v").values, whole["n"].samples("v").values)


def test_long_pulses_of_many_spikes_leave_nothing_behind() -> None:
    """In single precision the sums of synapses under transmitter return to zero but for rounding."""
    net = Network(dt=0.1, seed=5)
    times = np.arange(0.0, 500.0, 0.1)
    rng = np.random.default_rng(1)
    chosen = rng.random((times.size, 50)) < 0.01
    step, ids = np.nonzero(chosen)
    source = net.population("s", SpikeTimes(times[step], ids), 50)
    cells = net.population("n", LIF(), 5)
    net.project(source, cells, AllToAll(), weight=Uniform(0.0, 1.0), receptor=AMPA())
    run = net.build("events", precision="float32").run(600.0)
    assert np.abs(run["n"]["load_p0"]).max() < 1e-4


# bad input ---------------------------------------------------------------------------------------------------------------


def two() -> tuple[Network, object, object]:
    net = Network(dt=0.5)
    return net, net.population("s", Poisson(), 2), net.population("n", LIF(), 2)


def test_weights_that_learn_are_refused() -> None:
    net, source, cells = two()
    message = (
        "the weights of AMPA are counted while transmitter is there, and cannot learn; use Exponential, Alpha or BiExponential"
    )
    with pytest.raises(NetworkError, match=message):
        net.project(source, cells, AllToAll(), weight=0.5, receptor=AMPA(), plasticity=PairSTDP())


def test_a_pulse_below_a_step_is_refused() -> None:
    net, source, cells = two()
    with pytest.raises(NetworkError, match=r"GABA_B.pulse: must be >= dt = 0.5 ms, one step \(got 0.3 ms\)"):
        net.project(source, cells, AllToAll(), weight=0.5, receptor=GABA_B())


def test_a_background_has_no_sources(engine: str) -> None:
    net, _, cells = two()
    with pytest.raises(NetworkError, match="AMPA needs to know which source a spike is from"):
        net.background(cells, rate=100.0, weight=0.5, receptor=AMPA())


def test_weights_cannot_be_set(engine: str) -> None:
    net, source, cells = two()
    net.project(source, cells, AllToAll(), weight=0.5, receptor=AMPA())
    with pytest.raises(NetworkError, match="stays as it is: AMPA counts it while transmitter is there; build the network anew"):
        net.build(engine).set_weights("s->n", 1.0)
