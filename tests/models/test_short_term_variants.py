"""The forms of Tsodyks and Markram's rule: recursions of papers and of NEST, SciPy's matrix exponential, bounds, mean fields."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import fsolve

from maichong import LIF, AllToAll, Delta, Exponential, Network, SpikeTimes, TsodyksMarkram
from maichong.engines.nest import missing
from maichong.errors import ParameterError
from maichong.spec.reading import arguments

DT = 0.5
TRAIN = DT * np.round(np.cumsum(1.0 + np.random.default_rng(3).exponential(25.0, 14)) / DT)
DEPRESSING, FACILITATING = {"U": 0.45, "tau_f": 50.0, "tau_d": 750.0}, {"U": 0.15, "tau_f": 750.0, "tau_d": 50.0}
NO_FACILITATION = {"U": 0.5, "tau_f": 0.0, "tau_d": 800.0}
SETS = [DEPRESSING, FACILITATING, NO_FACILITATION]


def run_of(times: np.ndarray, rule: Any, engine: str) -> Any:
    net = Network(dt=DT)
    source = net.population("s", SpikeTimes(times, np.zeros(times.size, int)), 1)
    cell = net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=1e9, tau_m=1e15), 1)
    net.project(source, cell, AllToAll(), weight=1.0, delay=1.0, receptor=Delta(), short_term=rule)
    net.probe(cell, "v")
    return net.build(engine).run(float(times.max()) + 5.0)


def releases(times: np.ndarray, rule: Any, engine: str) -> np.ndarray:
    """What each spike releases of a weight of 1: the jumps of a membrane that forgets nothing."""
    v = run_of(times, rule, engine)["n"].samples("v").values[:, 0]
    arrivals = np.round((times + 1.0) / DT).astype(int)
    return v[arrivals] - np.concatenate([[0.0], v[arrivals[1:] - 1]])


def kept(lag: float, tau: float) -> float:
    return float(np.exp(-lag / tau)) if tau else 0.0


def recursion(times: np.ndarray, U: float, tau_f: float, tau_d: float) -> tuple[np.ndarray, np.ndarray]:
    """NEST's tsodyks2_synapse: u and R at each spike, of which u R is released."""
    u, r = [U], [1.0]
    for h in np.diff(times):
        r.append(1.0 + (r[-1] - r[-1] * u[-1] - 1.0) * kept(h, tau_d))
        u.append(U + u[-1] * (1.0 - U) * kept(h, tau_f))
    return np.array(u), np.array(r)


def three_states(times: np.ndarray, U: float, tau_f: float, tau_d: float, tau_psc: float) -> np.ndarray:
    """Tsodyks, Uziel and Markram 2000: x' = z / tau_d, y' = -y / tau_psc, z' = y / tau_psc - z / tau_d, by the exponential of the
    matrix, and u beside it; of each spike u x."""
    rates = np.array([[0.0, 0.0, 1 / tau_d], [0.0, -1 / tau_psc, 0.0], [0.0, 1 / tau_psc, -1 / tau_d]])
    state, u, last, found = np.array([1.0, 0.0, 0.0]), 0.0, times[0], []
    for t in times:
        state, u, last = expm(rates * (t - last)) @ state, u * kept(t - last, tau_f), t
        u += U * (1.0 - u)
        found.append(u * state[0])
        state = state + u * state[0] * np.array([-1.0, 1.0, 0.0])
    return np.array(found)


@pytest.mark.parametrize("variant", ["standard", "baseline_U"])
@pytest.mark.parametrize("values", SETS, ids=["depressing", "facilitating", "without facilitation"])
def test_they_release_what_nests_tsodyks2_does(variant: str, values: dict[str, float]) -> None:
    """Another notation, and another u between spikes, but the same release."""
    u, r = recursion(TRAIN, **values)
    np.testing.assert_allclose(releases(TRAIN, TsodyksMarkram(variant=variant, **values), "reference"), u * r, rtol=1e-10)


def test_u_relaxes_to_its_baseline() -> None:
    """It starts at U; du/dt = (U - u) / tau_f, and a spike adds U (1 - u): in closed form for two spikes."""
    times, U = np.array([20.0, 50.0]), FACILITATING["U"]
    arrays = run_of(times, TsodyksMarkram(variant="baseline_U", **FACILITATING), "reference").snapshot()
    first = U + U * (1 - U)
    before = U + (first - U) * np.exp(-30.0 / 750.0)
    assert arrays["s->n/source u"] == pytest.approx(before + U * (1 - before), rel=1e-14)
    assert run_of(times[:1], TsodyksMarkram(variant="baseline_U", tau_f=9.0), "reference").snapshot()[
        "s->n/source u"
    ] == pytest.approx(0.75, rel=1e-15)


@pytest.mark.parametrize("values", SETS, ids=["depressing", "facilitating", "without facilitation"])
def test_the_depleted_resources_of_the_authors(values: dict[str, float]) -> None:
    u, r = recursion(TRAIN, **values)
    found = releases(TRAIN, TsodyksMarkram(variant="authors", **values), "reference")
    np.testing.assert_allclose(found, u * r * (1 - u), rtol=1e-10)


@pytest.mark.parametrize("tau_psc", [3.0, 750.0, 750.01, 2000.0])
def test_three_states(tau_psc: float) -> None:
    """Also where the two time constants meet: there a difference of nearly equal exponentials is not formed."""
    rule = TsodyksMarkram(tau_psc=tau_psc, **DEPRESSING)
    found = releases(TRAIN, rule, "reference")
    np.testing.assert_allclose(found, three_states(TRAIN, tau_psc=tau_psc, **DEPRESSING), rtol=1e-8)
    assert np.abs(found - releases(TRAIN, TsodyksMarkram(**DEPRESSING), "reference")).max() > 1e-4


def test_three_states_of_which_one_is_quick_are_two() -> None:
    """y is gone within tau_psc: what is missing goes to zero with it."""
    two = releases(TRAIN, TsodyksMarkram(**FACILITATING), "reference")
    away = [np.abs(releases(TRAIN, TsodyksMarkram(tau_psc=tau, **FACILITATING), "reference") - two).max() for tau in (0.2, 0.1)]
    assert away[0] / away[1] == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize(
    "rule",
    [TsodyksMarkram(variant="baseline_U", **DEPRESSING), TsodyksMarkram(variant="authors", tau_psc=5.0, **DEPRESSING)],
    ids=["baseline_U", "authors, three states"],
)
def test_the_fast_engine_does_the_same(rule: Any) -> None:
    np.testing.assert_allclose(releases(TRAIN, rule, "events"), releases(TRAIN, rule, "reference"), rtol=1e-12)


def carried(variant: str, values: dict[str, Any], intervals: np.ndarray) -> list[dict[str, np.ndarray]]:
    """The states before and after each spike, of trains [spikes, trains] by their intervals, by the rule's own functions."""
    rule = TsodyksMarkram.chosen({"variant": variant})
    known: dict[str, Any] = {**{name: param.default for name, param in ((p.name, p) for p in rule.params)}, **values}
    shape = intervals.shape[1:]
    for state in rule.states:
        known[state.name] = np.broadcast_to(known[state.init] if isinstance(state.init, str) else state.init, shape)
    found = []
    for lag in intervals:
        for function in (rule.elapse, rule.spike):
            after = function(*((known | {"lag": lag})[name] for name in arguments(function)))
            known |= dict(zip("uxy", after, strict=True))
            found.append({name: np.array(known[name]) for name in "uxy"})
    return found


@pytest.mark.parametrize("variant", ["standard", "baseline_U", "authors"])
def test_u_and_x_stay_between_0_and_1(variant: str) -> None:
    """For 2000 rules at random under random trains. As the survey's table prints them, x would run away from 1."""
    rng = np.random.default_rng(1)
    n = 2000
    values = {
        "U": rng.uniform(0.01, 1.0, n), "tau_d": 10 ** rng.uniform(0, 3.5, n),
        "tau_f": np.where(rng.random(n) < 0.3, 0.0, 10 ** rng.uniform(0, 3.5, n)),
        "tau_psc": np.where(rng.random(n) < 0.3, 0.0, 10 ** rng.uniform(-1, 3.5, n)),
    }  # fmt: skip
    for states in carried(variant, values, 10 ** rng.uniform(-1, 3, (40, n))):
        for value in (*states.values(), states["x"] + states["y"]):
            assert value.min() >= -1e-12
            assert value.max() <= 1.0 + 1e-12
    x = 0.5
    for _ in range(3):  # dx/dt = -(1 - x) / tau_d, as printed
        x = 1.0 - (1.0 - x) * np.exp(50.0 / 750.0) - 0.45 * x
    assert x < 0.0


STEADY = {
    "depressing": (DEPRESSING, 0.56414568, 0.10889395),
    "facilitating": (FACILITATING, 0.73235371, 0.70115764),
    "facilitating 1998": ({"U": 0.03, "tau_f": 530.0, "tau_d": 130.0}, 0.25569878, 0.64718938),
    "depressing 1998": (NO_FACILITATION, 0.5, 0.11425171),
}  # computed apart from this code: the fixed point of the recursion


@pytest.mark.parametrize("name", STEADY)
def test_the_steady_state_at_twenty_hertz(name: str) -> None:
    """u as it is used and x before the spike; with tau_f = 0 u is U."""
    values, u, x = STEADY[name]
    *_, before, after = carried("standard", values, np.full((300, 1), 50.0))
    assert after["u"] == pytest.approx(u, abs=1e-8)
    assert before["x"] == pytest.approx(x, abs=1e-8)
    U, f, d = values["U"], kept(50.0, values["tau_f"]), kept(50.0, values["tau_d"])
    assert u == pytest.approx(U / (1 - (1 - U) * f), abs=5e-9)
    assert x == pytest.approx((1 - d) / (1 - (1 - u) * d), abs=5e-9)


def test_the_mean_field_of_poisson_spikes() -> None:
    """At 20 Hz u is 0.62068966 and, at that u, x is 0.09698997: by SciPy from the equations of the means, and as the mean of the
    rule over 100,000 spikes. Spikes of a Poisson train see the states as any time does, so that each mean is exact by itself."""
    rate, U, tau_f, tau_d = 0.02, *DEPRESSING.values()

    def drift(y: np.ndarray) -> list[float]:
        use = y[0] + U * (1 - y[0])
        return [-y[0] / tau_f + U * (1 - y[0]) * rate, (1 - y[1]) / tau_d - use * y[1] * rate]

    low, x = fsolve(drift, [0.3, 0.1], xtol=1e-14)
    u = low + U * (1 - low)
    assert u == pytest.approx(0.62068966, abs=5e-9)
    assert x == pytest.approx(0.09698997, abs=5e-9)
    intervals = np.random.default_rng(2).exponential(1 / rate, (150, 2000))
    seen = carried("standard", DEPRESSING, intervals)[200:]
    assert np.mean([state["u"] for state in seen[1::2]]) == pytest.approx(u, rel=2e-3)
    seen = carried("standard", {"U": u, "tau_f": 0.0, "tau_d": tau_d}, intervals)[200:]
    assert np.mean([state["x"] for state in seen[::2]]) == pytest.approx(x, rel=1e-2)


# bad input, and what NEST has ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"variant": "baseline"},
            "TsodyksMarkram.variant: must be one of 'standard', 'baseline_U', 'authors' (got 'baseline'); did you mean",
        ),
        ({"tau_psc": -1.0}, "TsodyksMarkram.tau_psc: must be >= 0 ms (got -1.0)"),
        ({"tau_f": -1.0}, "TsodyksMarkram.tau_f: must be >= 0 ms (got -1.0)"),
        ({"U": 0.0}, "TsodyksMarkram.U: must be > 0 and <= 1 (got 0.0)"),
    ],
)
def test_values_that_cannot_be(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(message)):
        TsodyksMarkram(**values)


def test_what_nest_lacks() -> None:
    net = Network(dt=0.1)
    x, e = net.population("x", SpikeTimes([], []), 1), net.population("e", LIF(), 2)
    rules = {
        "a": {},
        "b": {"variant": "baseline_U"},
        "c": {"variant": "authors"},
        "d": {"tau_psc": 3.0},
        "e": {"tau_psc": 800.0},
    }
    for name, values in rules.items():
        rule = TsodyksMarkram(**values)
        net.project(x, e, AllToAll(), weight=0.5, delay=1.0, receptor=Exponential(), short_term=rule, name=name)
    assert missing(net) == [
        "projection 'c': NEST has no TsodyksMarkram with variant='authors'",
        "projection 'e' (tsodyks_synapse): its tau_psc must not be its tau_d, for NEST divides by their difference",
    ]


def test_a_variant_comes_back_from_a_file(tmp_path: Any) -> None:
    net = Network(dt=0.1)
    x, e = net.population("x", SpikeTimes([], []), 1), net.population("e", LIF(), 2)
    rule = TsodyksMarkram(variant="authors", tau_psc=3.0)
    net.project(x, e, AllToAll(), weight=0.5, receptor=Exponential(), short_term=rule, name="p")
    assert Network.load(net.save(tmp_path / "net.json")).projections["p"].short_term == rule
