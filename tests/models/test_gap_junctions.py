"""Gap junctions against closed forms of coupled passive cells and SciPy's solution of coupled spiking ones."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from maichong import (
    LIF,
    AllToAll,
    Delta,
    ExplicitList,
    FixedInDegree,
    FixedProbability,
    HomeostaticThreshold,
    Izhikevich,
    Network,
    OneToOne,
    Poisson,
    SpikeTimes,
    TraubMiles,
    Uniform,
    resume,
)
from maichong.engines.forecast import shares
from maichong.errors import EngineError, NetworkError, ParameterError

PASSIVE = LIF(v_rest=0.0, v_r=0.0, v_th=1e6, tau_m=20.0, c_m=200.0)  # a leak of 10 nS


def pair(dt: float = 0.1, g: float = 5.0, **first: object) -> Network:
    net = Network(dt=dt)
    one, other = net.population("one", PASSIVE, 1, **first), net.population("other", PASSIVE, 1)  # type: ignore[arg-type]
    net.gap_junctions(one, other, OneToOne(), conductance=g)
    return net


# a pair of passive cells -------------------------------------------------------------------------------------------------


def test_the_steady_state_of_a_pair(engine: str) -> None:
    """100 pA into one of two cells of 10 nS, joined by 5: 7.5 and 2.5 mV, a coupling coefficient of g / (g_leak + g) = 1/3."""
    run = pair(0.5, drive=100.0).build(engine).run(600.0)
    one, other = run["one"]["v"][0], run["other"]["v"][0]
    assert one == pytest.approx(7.5, rel=1e-10)
    assert other == pytest.approx(2.5, rel=1e-10)
    assert other / one == pytest.approx(1 / 3, rel=1e-10)


def course(dt: float, engine: str, g: float = 5.0) -> np.ndarray:
    net = pair(dt, g, init={"v": 8.0})
    for name in ("one", "other"):
        net.probe(name, "v", every=1.0)
    run = net.build(engine).run(20.0)
    return np.concatenate([run[name].samples("v").values for name in ("one", "other")], axis=1)


def exact(g: float = 5.0) -> np.ndarray:
    matrix = np.array([[-(10 + g), g], [g, -(10 + g)]]) / 200
    return np.array([expm(matrix * t) @ [8.0, 0.0] for t in range(1, 21)])


def test_what_leaves_one_cell_enters_the_other(engine: str) -> None:
    """The sum decays with tau_m = 20 ms, the difference with c / (g_leak + 2 g) = tau_m / 2."""
    v = course(0.1, engine)
    t = np.arange(1.0, 21.0)
    np.testing.assert_allclose(v.sum(axis=1), 8 * np.exp(-t / 20), rtol=1e-5)
    np.testing.assert_allclose(v[:, 0] - v[:, 1], 8 * np.exp(-t / 10), rtol=1e-5)


def test_the_error_falls_with_the_square_of_the_step() -> None:
    errors = [np.abs(course(dt, "reference", 50.0) - exact(50.0)).max() for dt in (0.5, 0.25, 0.125)]
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx(2.0, abs=0.05)
    assert errors[0] < 0.01  # of 8 mV


def test_strong_coupling_is_stable_where_an_explicit_current_is_not(engine: str) -> None:
    """dt 2 g / c = 1.6 here: noise of the difference would grow by a factor of 0.6 and -1.6 a step."""
    v = course(0.2, engine, 800.0)
    np.testing.assert_allclose(v, exact(800.0), atol=0.08)


# networks ------------------------------------------------------------------------------------------------------------------


def test_a_random_network_of_passive_cells(engine: str) -> None:
    """The steady state solves (G + diag(g_leak)) v = i, with the graph's Laplacian G."""
    rng = np.random.default_rng(1)
    n = 30
    i, j = np.triu_indices(n, 1)
    chosen = rng.random(i.size) < 0.3
    i, j, g = i[chosen], j[chosen], rng.uniform(0.5, 3.0, chosen.sum())
    drive = rng.uniform(0, 200, n)
    net = Network(dt=0.1)
    cells = net.population("n", PASSIVE, n, drive=drive)
    net.gap_junctions(cells, cells, ExplicitList(i, j), conductance=g)
    laplacian = np.zeros((n, n))
    for a, b, value in zip(i, j, g, strict=True):
        laplacian[[a, b], [b, a]] -= value
        laplacian[[a, b], [a, b]] += value
    run = net.build(engine).run(600.0)
    np.testing.assert_allclose(run["n"]["v"], np.linalg.solve(laplacian + 10 * np.eye(n), drive), rtol=1e-9)


def coupled_spikers(dt: float, engine: str, integrator: str, until: float = 60.0) -> tuple[np.ndarray, np.ndarray]:
    net = Network(dt=dt)
    cell = TraubMiles(integrator=integrator)
    net.population("a", cell, 1, drive=400.0)
    net.population("b", cell, 1)
    net.gap_junctions("a", "b", OneToOne(), conductance=20.0)
    net.probe("b", "v", every=1.0)
    net.probe("b")
    run = net.build(engine).run(until)
    return run["b"].samples("v").values[:, 0], run["b"].spikes.times


@functools.cache
def hodgkin_huxley() -> tuple[np.ndarray, np.ndarray]:
    """The same pair by SciPy, with the model's own flow: what is judged is the coupling."""
    from maichong.neurons import traub_miles as tm

    values = {name: float(value) for name, value in TraubMiles().values.items()}  # type: ignore[arg-type]
    rates = {name: values[name] for name in ("v_t", "mv", "phi")}
    known = [values[name] for name in ("c_m", "g_leak", "g_na", "g_k", "e_leak", "e_na", "e_k", "v_t", "mv", "phi")]

    def slope(_: float, y: np.ndarray) -> np.ndarray:
        a, b = y[:4], y[4:]
        through = 20.0 * (b[0] - a[0])
        return np.concatenate([tm.flow(*a, 400.0 + through, *known), tm.flow(*b, -through, *known)])

    rest = [-60.0, *(start(-60.0, **rates) for start in (tm.m_at_rest, tm.h_at_rest, tm.n_at_rest))]

    def rising(_: float, y: np.ndarray) -> float:
        return y[4] + 20.0

    rising.direction = 1.0  # type: ignore[attr-defined]
    found = solve_ivp(slope, (0, 60), [*rest, *rest], "DOP853", np.arange(1.0, 61), rtol=1e-10, atol=1e-11, events=rising)
    return found.y[4], found.t_events[0]


def test_spikes_pass_through_gap_junctions(engine: str) -> None:
    _, times = hodgkin_huxley()
    assert times.size >= 2
    stamps = coupled_spikers(0.1, engine, "auto")[1]
    # the phase slips by up to 2 % of the intervals at 0.1 ms
    assert stamps.size == times.size
    assert (np.abs(stamps - times) < 0.1 + 0.02 * times).all()


def test_coupling_keeps_the_order_of_the_cells() -> None:
    v, _ = hodgkin_huxley()
    # two milliseconds, before the first spike
    errors = [np.abs(coupled_spikers(dt, "reference", "rk4", 2.0)[0] - v[:2]).max() for dt in (0.1, 0.05, 0.025)]
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx(2.0, abs=0.3)


def network() -> Network:
    net = Network(dt=0.1, seed=3)
    a = net.population(
        "a", LIF(tau_m=20.0, c_m=200.0, t_ref=2.0), 100, drive=np.linspace(300, 900, 100), plasticity=HomeostaticThreshold()
    )
    b = net.population("b", TraubMiles(), 50, drive=np.linspace(0, 300, 50))
    c = net.population("c", Izhikevich(), 10)
    noise = net.population("noise", Poisson(rate=200.0), 20)
    net.gap_junctions(a, b, FixedProbability(0.1), conductance=2.0)
    net.gap_junctions(a, a, FixedProbability(0.1), conductance=Uniform(0.0, 1.0))
    net.gap_junctions(b, b, FixedInDegree(3), conductance=1.0)
    net.gap_junctions(c, a, FixedInDegree(2), conductance=0.1)
    net.project(a, a, FixedProbability(0.1), weight=0.1, delay=1.0, receptor=Delta())
    net.project(b, a, FixedProbability(0.1), weight=0.5, receptor=Delta())
    net.project(noise, c, AllToAll(), weight=0.5, delay=Uniform(0.1, 3.0), receptor=Delta())
    return net


def test_engines_and_threads_agree() -> None:
    net = network()
    judge, *others = net.build("reference"), *(net.build("events", threads=threads) for threads in (1, 2, 3))
    for run in (judge, *others):
        run.run(40.0)
    for name in "abc":
        assert judge[name].counts.sum() > 5
        for run in others:
            assert np.array_equal(run[name].counts, judge[name].counts)
            np.testing.assert_allclose(run[name]["v"], judge[name]["v"], atol=1e-6)
    for run in others[1:]:
        assert all(np.array_equal(run.snapshot()[key], value) for key, value in others[0].snapshot().items())


def test_single_precision() -> None:
    double, single = (network().build("events", precision=precision).run(20.0) for precision in ("float64", "float32"))
    np.testing.assert_allclose(single["a"]["v"], double["a"]["v"], atol=1e-3)


def test_a_run_is_carried_on_to_the_bit(engine: str, tmp_path) -> None:
    whole = network().build(engine).run(10.0)
    network().build(engine).run(4.3).save(tmp_path / "state.npz")
    again = resume(tmp_path / "state.npz").run(10.0 - 4.3)
    for key, value in whole.snapshot().items():
        np.testing.assert_array_equal(again.snapshot()[key], value)


def test_a_network_comes_back_from_a_file(tmp_path) -> None:
    net = network()
    assert Network.load(net.save(tmp_path / "net.json")) == net
    assert Network.load(net.save(tmp_path / "net.npz")) == net


def test_the_plan_and_the_summary_speak_of_them() -> None:
    net = network()
    assert re.search(
        r"gap junctions: 1,\d\d\d, solved inside the step by \d+ tries of it, order two in dt", net.build().describe()
    )
    assert "a=b" in net.summary()
    run = net.build("events", threads=1)
    measured = sum(kernel.kept[name].nbytes for round_ in run._backend.coupling.rounds[1:2] for kernel in round_[0]
                   for name in ("source", "g") if name in kernel.kept)  # fmt: skip
    share = sum(share.bytes for share in shares(net) if share.kind == "gap junctions")
    assert share == pytest.approx(measured, rel=0.1)


# bad input -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"conductance": -1.0}, ParameterError, "gap junctions 'a=b', conductance: must be >= 0 nS (got -1 nS)"),
        ({"conductance": "3 mV"}, Exception, "gap junctions 'a=b', conductance: must be in nS"),
        (
            {"conductance": [1.0, 2.0]},
            NetworkError,
            "gap junctions 'a=b', conductance: must be one number or one per synapse, 9",
        ),
        (
            {"conductance": 1.0, "name": "a"},
            NetworkError,
            "gap junctions 'a': stands in the network already; choose another name",
        ),
        (
            {"conductance": 1.0, "b": "s"},
            NetworkError,
            "gap junctions 'a=s': must couple neurons whose first input is in pA (got 's')",
        ),
        ({"conductance": 1.0, "b": "x"}, NetworkError, "network: has no population 'x'"),
        ({"conductance": 1.0, "connector": 3}, NetworkError, "gap junctions 'a=b': needs a connector"),
    ],
)
def test_nonsense_is_refused(given: dict, error: type[Exception], message: str) -> None:
    net = Network()
    for name in "ab":
        net.population(name, LIF(), 3)
    net.population("s", SpikeTimes([1.0], [0]), 3)
    with pytest.raises(error, match=re.escape(message)):
        net.gap_junctions(**{"a": "a", "b": "b", "connector": AllToAll(), **given})


def test_a_step_that_is_too_long_is_refused() -> None:
    with pytest.raises(EngineError, match=r"population 'one': its gap junctions need dt <= 0.1 ms \(got 0.5 ms\)"):
        pair(0.5, 2000.0).build()


def test_a_method_that_knows_none_is_refused() -> None:
    net = Network()
    cells = net.population("n", LIF(integrator="ode"), 2)
    net.gap_junctions(cells, cells, AllToAll(), conductance=1.0)
    with pytest.raises(EngineError, match="population 'n': the integrator 'ode' knows no gap junctions; use 'rk4' or 'auto'"):
        net.build("reference")
