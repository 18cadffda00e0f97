"""Exponential and Delta receptors, and delays (equations.md 2.1 and 2.4)."""

from __future__ import annotations

import numpy as np
import pytest

from maichong import (
    LIF,
    AllToAll,
    Alpha,
    BiExponential,
    Delta,
    ExplicitList,
    Exponential,
    Network,
    OneToOne,
    SpikeTimes,
    Uniform,
)
from maichong.errors import NetworkError

DT = 0.125  # a power of two, so that every time below is exact


def quiet(**values: float) -> object:
    """A cell at 0 mV that no input here brings to threshold."""
    return LIF(v_rest=0.0, v_r=0.0, v_th=1e6, **values)


def response(
    weights_and_delays: list[tuple[float, float | None]],
    receptors: list[object],
    engine: str,
    until: float = 60.0,
    **options: str,
) -> np.ndarray:
    """v at every step of a cell that gets one spike at t = 1 through one projection per entry."""
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes([1.0], [0]), 1)
    n = net.population("n", quiet(), 1)
    for (weight, delay), receptor in zip(weights_and_delays, receptors, strict=True):
        net.project(source, n, AllToAll(), weight=weight, delay=delay, receptor=receptor)
    net.probe(n, "v")
    return net.build(engine, **options).run(until)["n"].samples("v").values[:, 0]


# waveforms -------------------------------------------------------------------------------------------------------------


def test_an_exponential_opens_to_its_weight_and_decays(engine: str) -> None:
    """g(t) = w e^(-t/tau), peak = weight; read from the state itself, whose first value is one step after the arrival."""
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes([1.0], [0]), 1)
    n = net.population("n", quiet(), 1)
    net.project(source, n, AllToAll(), weight=7.0, delay=DT, receptor=Exponential(tau=4.0))
    run = net.build(engine).run(1.0 + DT)
    (name,) = [name for name in run.plan.populations[1].system.states if name != "v"]
    assert run["n"][name][0] == 0.0
    for k in range(1, 200):
        run.run(DT)
        assert run["n"][name][0] == pytest.approx(7.0 * np.exp(-k * DT / 4.0), rel=1e-13)


def test_the_charge_of_an_exponential_is_weight_times_tau(engine: str) -> None:
    """On a membrane without leak, v = charge / C in the end: 30 pA x 5 ms / 250 pF."""
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes([1.0], [0]), 1)
    n = net.population("n", quiet(tau_m=1e13), 1)
    net.project(source, n, AllToAll(), weight=30.0, receptor=Exponential(tau=5.0))
    assert net.build(engine).run(250.0)["n"]["v"][0] == pytest.approx(30.0 * 5.0 / 250.0, rel=1e-9)


def test_a_delta_jumps_the_membrane_by_its_weight(engine: str) -> None:
    """v(arrival + k dt) = w e^(-k dt/tau_m), from the arrival on and not before."""
    v = response([(3.0, DT)], [Delta()], engine)
    first = round((1.0 + DT) / DT)
    assert (v[:first] == 0.0).all()
    k = np.arange(1, v.size - first + 1)
    np.testing.assert_allclose(v[first:], 3.0 * np.exp(-k * DT / 10.0), rtol=1e-12)


def test_a_conductance_drives_towards_its_reversal_potential(engine: str) -> None:
    """The current is g (e_rev - v): at v = e_rev a synapse does nothing, and its sign turns there."""
    moved = []
    for start in (-75.0, -70.0, -65.0):
        net = Network(dt=DT)
        source = net.population("s", SpikeTimes([0.0], [0]), 1)
        n = net.population("n", LIF(v_rest=start, v_th=1e6), 1)
        net.project(source, n, AllToAll(), weight=5.0, receptor=Exponential(tau=5.0, e_rev=-70.0))
        moved.append(net.build(engine).run(5.0)["n"]["v"][0] - start)
    assert moved[0] > 0
    assert moved[1] == pytest.approx(0.0, abs=1e-12)
    assert moved[2] == pytest.approx(-moved[0], rel=1e-9)


def test_events_of_one_time_constant_share_one_state(engine: str) -> None:
    """Two projections through equal receptors are one state variable and add up; another tau is another state."""
    one, other = Exponential(tau=5.0), Exponential(tau=2.0)
    both = response([(10.0, 0.5), (-4.0, 2.0)], [one, Exponential(tau=5.0)], engine)
    alone = response([(10.0, 0.5)], [one], engine), response([(-4.0, 2.0)], [one], engine)
    np.testing.assert_allclose(both, alone[0] + alone[1], rtol=0, atol=1e-14)

    net = Network(dt=DT)
    source = net.population("s", SpikeTimes([], []), 1)
    n = net.population("n", quiet(), 1)
    for receptor in (one, Exponential(tau=5.0), other):
        net.project(source, n, AllToAll(), weight=1.0, receptor=receptor)
    system = net.build(engine).plan.populations[1].system
    assert len(system.ports) == 2
    assert len(system.states) == 3


# delays ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delay", [0.25, 1.0, 7.375])
def test_a_delay_shifts_the_response_and_changes_nothing_else(engine: str, delay: float) -> None:
    """Bit for bit: what a delay of d does is what a delay of dt does, d - dt later."""
    plain = response([(10.0, DT)], [Exponential(tau=5.0)], engine)
    later = response([(10.0, delay)], [Exponential(tau=5.0)], engine)
    shift = round((delay - DT) / DT)
    assert (later[:shift] == 0.0).all()
    assert np.array_equal(later[shift:], plain[: plain.size - shift])
    assert plain.max() > 0.05


def arrivals(
    connector: object, n_pre: int, n_post: int, delay: object, engine: str, **options: str
) -> tuple[np.ndarray, np.ndarray]:
    """What the synapses say their delays are, and when the targets were hit, in steps; pre k fires alone at 100 k steps.

    Both are matrices [pre, post], -1 where nothing arrives.
    """
    apart = 100
    net = Network(dt=DT, seed=3)
    source = net.population("s", SpikeTimes(np.arange(n_pre) * apart * DT, np.arange(n_pre)), n_pre)
    n = net.population("n", quiet(tau_m=0.01), n_post)  # of 1e9 mV, 3700 are left after a step and .01 after two
    net.project(source, n, connector, weight=1e9, delay=delay, receptor=Delta(), name="p")
    net.probe(n, "v")
    run = net.build(engine, **options).run(n_pre * apart * DT)
    high = run["n"].samples("v").values.reshape(n_pre, apart, n_post) > 1.0
    hit = np.where(high.any(axis=1), high.argmax(axis=1), -1)
    said = np.full((n_pre, n_post), -1)
    synapses = run.synapses("p")
    said[synapses["pre"], synapses["post"]] = np.rint(synapses["delay"] / DT)
    assert (high.sum(axis=1) <= 1).all()
    return said, hit


@pytest.mark.parametrize("layout", ["matrix with one delay", "matrix with many", "rows"])
def test_every_synapse_has_the_delay_that_it_says(engine: str, layout: str) -> None:
    if layout == "rows":
        pre, post = np.array([0, 0, 2, 3, 3, 3]), np.array([1, 4, 0, 0, 2, 4])
        connector, delay = ExplicitList(pre, post), np.array([0.5, 2.0, DT, 1.0, 8.0, 0.25])
        n_pre, n_post, wanted = 4, 5, np.full((4, 5), -1)
        wanted[pre, post] = delay / DT
    elif layout == "matrix with many":
        n_pre, n_post = 6, 70
        delay = DT * np.random.default_rng(1).integers(1, 90, (n_pre, n_post))
        connector, wanted = AllToAll(), (delay / DT).astype(int)
    else:
        connector, delay, n_pre, n_post, wanted = AllToAll(), 3.5, 3, 4, np.full((3, 4), 28)
    said, hit = arrivals(connector, n_pre, n_post, delay, engine)
    assert np.array_equal(said, wanted)
    # the jump at the arrival is first seen at the end of the step that begins there, the sample of the same number
    assert np.array_equal(hit, wanted)


def test_random_delays_stay_within_their_bounds_and_are_the_same_on_every_engine() -> None:
    drawn = [arrivals(AllToAll(), 4, 50, Uniform(0.5, 5.0), engine) for engine in ("reference", "events")]
    for said, hit in drawn:
        assert np.array_equal(said, hit)
        assert said.min() >= 4
        assert said.max() <= 40
        assert np.unique(said).size > 20
    assert np.array_equal(drawn[0][0], drawn[1][0])


@pytest.mark.parametrize(
    ("delay", "steps"), [(0.125, 1), (0.1875, 2), (0.25, 2), (0.3, 2), (0.3125, 3), (0.4375, 4), (1.0625, 9)]
)
def test_delays_are_rounded_half_up(engine: str, delay: float, steps: int) -> None:
    """1.5, 2.5, 3.5 and 8.5 steps become 2, 3, 4 and 9, where rounding to even would give 2, 2, 4 and 8."""
    said, hit = arrivals(OneToOne(), 1, 1, delay, engine)
    assert said.tolist() == [[steps]]
    assert hit.tolist() == [[steps]]


@pytest.mark.parametrize("delay", [0.0, -1.0, 0.06, Uniform(0.0, 2.0), np.array([0.5, 0.0])])
def test_a_delay_below_one_step_is_refused(delay: object) -> None:
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes([], []), 1)
    n = net.population("n", quiet(), 2)
    with pytest.raises(NetworkError, match=r"delay: must be >= dt = 0.125 ms.*use at least 0.125"):
        net.project(source, n, AllToAll(), weight=1.0, delay=delay, receptor=Delta())


@pytest.mark.parametrize("form", ["matrix", "rows"])
def test_without_a_delay_a_spike_acts_from_its_stamp_on(engine: str, form: str) -> None:
    """As in Brian2; what a delay of dt does, one step earlier."""
    connector = AllToAll() if form == "matrix" else ExplicitList([0, 1], [1, 0])
    said, hit = arrivals(connector, 2, 2, None, engine)
    assert said.max() == 0
    assert np.array_equal(hit, said)  # sample 0 is that of the end of the first step
    at_once, later = (response([(10.0, delay)], [Exponential(tau=5.0)], engine) for delay in (None, DT))
    assert np.array_equal(at_once[:-1], later[1:])


def test_single_precision_shifts_exactly_as_well() -> None:
    """The same roundings happen, later."""
    plain = response([(10.0, DT)], [Exponential(tau=5.0)], "events", precision="float32")
    later = response([(10.0, 2.0)], [Exponential(tau=5.0)], "events", precision="float32")
    assert np.array_equal(later[15:], plain[: plain.size - 15])
    double = response([(10.0, DT)], [Exponential(tau=5.0)], "events")
    np.testing.assert_allclose(plain, double, rtol=1e-5, atol=1e-7)  # 480 steps of a few roundings of 6e-8


# rise and decay --------------------------------------------------------------------------------------------------------


def opened(receptor: object, engine: str, until: float) -> tuple[np.ndarray, np.ndarray]:
    """What a spike of weight 1 that arrives at 0 opens at the end of each step, and the times; from the receptor's state g."""
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes([0.0], [0]), 1)
    n = net.population("n", quiet(), 1)
    net.project(source, n, AllToAll(), weight=1.0, receptor=receptor)
    run = net.build(engine)
    seen = []
    for _ in range(round(until / DT)):
        run.run(DT)
        seen.append(run["n"]["g_p0"][0])
    return DT * np.arange(1, len(seen) + 1), np.array(seen)


def test_an_alpha_rises_to_its_weight_at_tau(engine: str) -> None:
    """g(t) = (t/tau) e^(1 - t/tau); charge e tau."""
    t, g = opened(Alpha(tau=2.0), engine, 40.0)
    np.testing.assert_allclose(g, t / 2.0 * np.exp(1.0 - t / 2.0), rtol=1e-11, atol=1e-15)
    assert t[g.argmax()] == 2.0
    assert g.max() == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(
    ("rise", "decay", "norm"), [(2.0, 10.0, 1.86918598), (0.5, 5.0, 1.43505518), (2.0, 100.0, 1.10521503)]
)  # computed with SciPy
def test_a_bi_exponential_peaks_at_its_weight(rise: float, decay: float, norm: float, engine: str) -> None:
    t, g = opened(BiExponential(tau_rise=rise, tau_decay=decay), engine, 60.0)
    np.testing.assert_allclose(g, norm * (np.exp(-t / decay) - np.exp(-t / rise)), rtol=1e-8)
    assert g.max() <= 1.0


@pytest.mark.parametrize("near", [1.0, 1 + 1e-12, 1 + 1e-7, 1 - 1e-5, 1 + 2e-4])
def test_a_bi_exponential_of_equal_times_is_an_alpha(near: float) -> None:
    """No difference of nearly equal numbers stands anywhere."""
    _, alpha = opened(Alpha(tau=3.0), "reference", 30.0)
    _, found = opened(BiExponential(tau_rise=3.0 * near, tau_decay=3.0), "reference", 30.0)
    np.testing.assert_allclose(found, alpha, rtol=0, atol=3 * abs(near - 1) + 1e-12)


def test_the_potential_that_an_alpha_current_evokes(engine: str) -> None:
    """100 pA, tau 2 ms, on tau_m 10 ms and 250 pF: 1.3000663 mV after 6.650998 ms (computed with SciPy)."""
    v = response([(100.0, None)], [Alpha(tau=2.0)], engine, until=20.0)
    peak = int(v.argmax())
    assert (peak + 1) * DT == pytest.approx(1.0 + 6.650998, abs=DT)
    # the maximum between the samples, by the polynomial through the highest five
    near = np.polynomial.Polynomial.fit(np.arange(-2.0, 3.0), v[peak - 2 : peak + 3], 4)
    assert near(np.linspace(-1.0, 1.0, 2001)).max() == pytest.approx(1.3000663, abs=1e-7)
