"""The saturating NMDA receptor against SciPy's solution of Wang's two equations, and its source's states against closed forms."""

from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import hyp1f1

from maichong import (
    LIF,
    AllToAll,
    ExplicitList,
    Exponential,
    FixedProbability,
    Network,
    PairSTDP,
    Poisson,
    SaturatingNMDA,
    SpikeTimes,
    TsodyksMarkram,
    Uniform,
    resume,
)
from maichong.errors import NetworkError, ParameterError

DT, ALPHA, RISE, DECAY = 0.1, 0.5, 2.0, 100.0
STATES = [*(f"s{k}" for k in range(7)), *(f"m{k}" for k in range(1, 7))]

TRAINS = {
    "one": (1.0,),
    "a pair": (1.0, 3.0),
    "a burst of 1 kHz": (1.0, 2.0, 3.0, 4.0, 5.0),
    "a random train": tuple(np.round(1.0 + np.cumsum(2.0 + np.random.default_rng(4).exponential(4.0, 7)), 1).tolist()),
}
OFF = {"one": 6e-6, "a pair": 3e-5, "a burst of 1 kHz": 3e-4, "a random train": 3e-5}
"""How far g may be off within a rise, of a weight of 1: what the receptor's doc says."""


def network(times: tuple[float, ...], **values: float) -> Network:
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes(times, np.zeros(len(times), int)), 1)
    cell = net.population("n", LIF(), 1)
    net.project(source, cell, AllToAll(), weight=1.0, receptor=SaturatingNMDA(**values))
    return net


def opened(run: Any, until: float) -> np.ndarray:
    """g at the end of every step, of one synapse of weight 1."""
    found = []
    for _ in range(round(until / DT)):
        run.run(DT)
        found.append(sum((-1.0 if name[0] == "m" else 1.0) * run["n"][f"{name}_p0"][0] for name in STATES))
    return np.array(found)


@functools.cache
def solution(times: tuple[float, ...], until: float) -> np.ndarray:
    """s at the end of every step, [steps], by DOP853 on s' and x', stretch by stretch."""
    grid = DT * np.arange(round(until / DT) + 1)
    y, found = np.zeros(2), [np.zeros(1)]
    for low, high in zip((0.0, *times), (*times, until), strict=True):
        inside = grid[(grid > low + 1e-9) & (grid < high + 1e-9)]
        part = solve_ivp(
            lambda _, y: [-y[0] / DECAY + ALPHA * y[1] * (1 - y[0]), -y[1] / RISE],
            (low, inside[-1]), y, "DOP853", inside, rtol=1e-12, atol=1e-14,
        )  # fmt: skip
        found.append(part.y[0])
        y = part.y[:, -1] + [0.0, 1.0]
    return np.concatenate(found)[1:]


@pytest.mark.parametrize("train", TRAINS)
def test_what_is_open_is_what_the_equations_say(train: str) -> None:
    """So too are the states of the source: just after the last spike x is the sum of what is left of each spike, and s, by Kummer's
    function, the solution's."""
    times = TRAINS[train]
    s = solution(times, times[-1] + 15.0)
    run = network(times).build("reference")
    g = opened(run, times[-1] + 2 * DT)
    arrays = run.snapshot()
    slow, z = arrays["s->n/source slow"][0], arrays["s->n/source z"][0]
    assert z == pytest.approx(ALPHA * RISE * np.exp((np.array(times) - times[-1]) / RISE).sum(), rel=1e-13)
    now = slow * np.exp(z) - (hyp1f1(1.0, 1.0 - RISE / DECAY, z) - 1.0)
    assert now == pytest.approx(s[round(times[-1] / DT) - 1], abs=1e-11)
    g = np.append(g, opened(run, 15.0 - 2 * DT))
    assert np.abs(g - s).max() < OFF[train]
    # long after the last spike nothing is left of the error
    assert np.abs(g - s)[-20:].max() < 1e-10
    assert s.max() > 0.55


def test_each_source_saturates_by_itself() -> None:
    """Two sources open two parts; both spikes from one open less than that."""
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes([1.0, 1.0, 6.0], [0, 1, 0]), 2)
    cells = net.population("n", LIF(), 2)
    net.project(source, cells, ExplicitList([0, 1, 1], [0, 0, 1]), weight=[3.0, 2.0, 1.0], receptor=SaturatingNMDA())
    run = net.build("reference").run(30.0)
    g = sum((-1.0 if name[0] == "m" else 1.0) * run["n"][f"{name}_p0"] for name in STATES)
    first, second = solution((1.0, 6.0), 30.0)[-1], solution((1.0,), 30.0)[-1]
    np.testing.assert_allclose(g, [3.0 * first + 2.0 * second, second], atol=1e-10)


def test_it_stays_between_shut_and_open() -> None:
    """Also where spikes come in every step, so fast that z reaches its bound."""
    times = tuple(np.round(1.0 + DT * np.arange(12), 1).tolist())
    g = opened(network(times).build("reference"), times[-1] + 3.0)
    assert g.min() >= -1e-12
    assert g.max() <= 1.0


@pytest.mark.parametrize("engine", ["reference", pytest.param("events", marks=pytest.mark.slow)])
def test_the_current_through_it(engine: str) -> None:
    """The simple set: AMPA of 2 ms, GABA-A of 5 ms and saturating NMDA on a membrane, against SciPy on the same equations."""
    net = Network(dt=DT)
    times = [2.0, 6.0, 7.5, 20.0]
    source = net.population("s", SpikeTimes(times, np.zeros(4, int)), 1)
    cell = net.population("n", LIF(v_rest=-70.0, v_th=1e6, tau_m=20.0, c_m=500.0, integrator="rk4"), 1)
    for weight, receptor in ((40.0, Exponential(tau=2.0, e_rev=0.0)), (8.0, Exponential(tau=5.0, e_rev=-70.0))):
        net.project(source, cell, AllToAll(), weight=weight, receptor=receptor)
    net.project(source, cell, AllToAll(), weight=200.0, receptor=SaturatingNMDA())
    net.probe(cell, "v", every=1.0)
    v = net.build(engine).run(60.0)["n"].samples("v").values[:, 0]

    def slope(_: float, y: np.ndarray) -> list[float]:
        v, s, x, a, g = y
        nmda = 200.0 * s / (1.0 + np.exp(-0.062 * v) / 3.57) * (0.0 - v)
        return [
            (25.0 * (-70.0 - v) + nmda + a * (0.0 - v) + g * (-70.0 - v)) / 500.0,
            -s / DECAY + ALPHA * x * (1 - s), -x / RISE, -a / 2.0, -g / 5.0,
        ]  # fmt: skip

    y, found = np.array([-70.0, 0.0, 0.0, 0.0, 0.0]), []
    for low, high in zip((0.0, *times), (*times, 60.0), strict=True):
        grid = np.arange(np.floor(low) + 1, high + 1e-9)
        part = solve_ivp(slope, (low, high), y, "DOP853", np.unique(np.append(grid, high)), rtol=1e-11, atol=1e-12)
        found.append(part.y[0][: grid.size])
        y = part.y[:, -1] + [0.0, 0.0, 1.0, 40.0, 8.0]
    judge = np.concatenate(found)
    assert judge.max() > -62.0
    assert np.abs(v - judge).max() < 1e-4


def random_network() -> Network:
    net = Network(dt=DT, seed=5)
    source, cells = net.population("s", Poisson(rate=150.0), 20), net.population("n", LIF(t_ref=1.0), 15, drive=370.0)
    receptor = SaturatingNMDA(tau_rise=1.5, alpha=0.8)
    net.project(source, cells, FixedProbability(0.5), weight=Uniform(0.0, 40.0), delay=Uniform(0.1, 4.0), receptor=receptor)
    net.probe(cells)
    net.probe(cells, "v", every=1.0)
    return net


@pytest.mark.slow
def test_a_run_is_carried_on_to_the_bit(tmp_path: Any) -> None:
    whole = random_network().build("reference").run(20.0)
    random_network().build("reference").run(7.3).save(tmp_path / "state.npz")
    again = resume(tmp_path / "state.npz").run(20.0 - 7.3)
    assert whole["n"].counts.sum() > 5
    for key, value in whole.snapshot().items():
        np.testing.assert_array_equal(again.snapshot()[key], value)


@pytest.mark.slow
def test_engines_and_threads_agree() -> None:
    judge, *others = (random_network().build(engine, **given).run(100.0) for engine, given in
                      (("reference", {}), ("events", {"threads": 1}), ("events", {"threads": 2})))  # fmt: skip
    assert judge["n"].counts.sum() > 20
    for run in others:
        assert np.array_equal(run["n"].spikes.times, judge["n"].spikes.times)
        np.testing.assert_allclose(run["n"].samples("v").values, judge["n"].samples("v").values, atol=1e-8)
    assert all(np.array_equal(others[0].snapshot()[key], value) for key, value in others[1].snapshot().items())
    single = random_network().build("events", precision="float32").run(20.0)
    double = random_network().build("events").run(20.0)
    np.testing.assert_allclose(single["n"]["v"], double["n"]["v"], atol=1e-3)


# bad input -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tau_rise": 100.0}, "SaturatingNMDA.tau_rise: must be < tau_decay, 100 ms (got 100 ms)"),
        (
            {"alpha": 3.0},
            "SaturatingNMDA.alpha: must be <= 4 / tau_rise = 2 1/ms, at which one spike opens nearly all receptors (got 3 1/ms)",
        ),
        ({"alpha": 0.0}, "SaturatingNMDA.alpha: must be > 0 1/ms"),
    ],
)
def test_values_that_do_not_fit_together(values: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(message)):
        SaturatingNMDA(**values)


def test_what_it_cannot_be_used_for() -> None:
    net = Network(dt=0.5)
    source, cells = net.population("s", Poisson(), 2), net.population("n", LIF(), 2)
    given = {"connector": AllToAll(), "weight": 0.5, "receptor": SaturatingNMDA()}
    message = "the weights of SaturatingNMDA are counted while transmitter is there, and cannot learn; use Exponential"
    with pytest.raises(NetworkError, match=message):
        net.project(source, cells, **given, plasticity=PairSTDP())
    with pytest.raises(NetworkError, match="SaturatingNMDA saturates by itself, and takes no TsodyksMarkram"):
        net.project(source, cells, **given, short_term=TsodyksMarkram())
    with pytest.raises(NetworkError, match="SaturatingNMDA needs to know which source a spike is from"):
        net.background(cells, rate=100.0, weight=0.5, receptor=SaturatingNMDA())
    with pytest.raises(NetworkError, match=r"SaturatingNMDA.alpha must be one number for all synapses"):
        net.project(source, cells, **{**given, "receptor": SaturatingNMDA(alpha=[0.1, 0.2])})
    exact = net.population("exact", LIF(spike_times="exact"), 2)
    with pytest.raises(NetworkError, match="counts the transmitter of SaturatingNMDA on the grid, and the spike times of both"):
        net.project(exact, exact, **given, delay=1.0)
    net.project(source, cells, **given)
    with pytest.raises(NetworkError, match="stays as it is: SaturatingNMDA counts it while transmitter is there; build"):
        net.build("reference").set_weights("s->n", 1.0)
