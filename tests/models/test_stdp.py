"""Spike-timing rules against published pairings and a sum over all pairs of spikes (equations.md 3.1, 3.2, 3.12).

The postsynaptic cells are made to fire by a teacher: a jump of 100 mV, which is noticed at the end of the step that it begins.
Without a delay a spike acts from its stamp on: the teacher's at t becomes the cell's at t + dt, and a presynaptic one counts at
t. The plastic weights, of 1 pA or so, move the membrane by microvolts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AllButSelf,
    AllToAll,
    Delta,
    DiehlCook,
    ExplicitList,
    Exponential,
    ExponentialSTDP,
    HomeostaticThreshold,
    LengthNormalisation,
    MorrisonSTDP,
    Network,
    OneToOne,
    OutgoingNormalisation,
    PairSTDP,
    Poisson,
    PowerLawSTDP,
    QuerliozSTDP,
    SpikeTimes,
    SymmetricSTDP,
    TripletSTDP,
    VogelsSTDP,
    WeightNormalisation,
)

Trains = Sequence[Sequence[float]]


def source(net: Network, name: str, trains: Trains, shift: float) -> object:
    times = [t + shift for train in trains for t in train]
    ids = [neuron for neuron, train in enumerate(trains) for _ in train]
    return net.population(name, SpikeTimes(times, ids), len(trains))


def lesson(
    rules: object,
    sent: Trains,
    posts: Trains,
    dt: float,
    *,
    connector: object = None,
    delay: object = None,
    weight: object = 0.5,
) -> Network:
    """Plastic synapses between sources that fire at ``sent`` and cells that fire at ``posts``, which must be >= dt."""
    net = Network(dt=dt)
    pre = source(net, "pre", sent, 0.0)
    teacher = source(net, "teacher", posts, -dt)
    cells = net.population("post", LIF(), len(posts))
    net.project(
        pre, cells, connector or AllToAll(), weight=weight, delay=delay, receptor=Exponential(tau=5.0), plasticity=rules,
        name="w",
    )  # fmt: skip
    net.project(teacher, cells, OneToOne(), weight=100.0, receptor=Delta())
    return net


def changes(
    rule: object, arrivals: Trains, posts: Trains, dt: float, engine: str, *, weight: float = 0.0, **options: str
) -> np.ndarray:
    """What became of the weights [pre, post] when spikes reached the synapses at ``arrivals`` and the cells fired at ``posts``."""
    start = dt  # for the teacher to be in time
    net = lesson(rule, [[t + start for t in train] for train in arrivals], [[t + start for t in train] for train in posts], dt,
                 weight=weight)  # fmt: skip
    end = max(t for train in (*arrivals, *posts) for t in train) + start + 2 * dt
    run = net.build(engine, **options).run(np.ceil(end / dt) * dt)
    spikes = run["post"].spikes
    for cell, train in enumerate(posts):
        assert spikes.of(cell) == pytest.approx([t + start for t in train])
    return run.weights("w") - weight


WIDE = {"w_min": -10.0, "w_max": 10.0}

# pairs -----------------------------------------------------------------------------------------------------------------


def test_the_window_of_a_pair(engine: str) -> None:
    """Post 10 ms after pre: +.00606530660; before: -.00636857193 [N]; at the same instant: nothing."""
    arrivals = [[20.0], [40.0], [30.0], [10.0], [50.0]]
    dw = changes(PairSTDP(**WIDE), arrivals, [[30.0]], 1.0, engine)[:, 0]
    assert dw[0] == pytest.approx(0.00606530660, abs=5e-12)
    assert dw[1] == pytest.approx(-0.00636857193, abs=5e-12)
    assert dw[2] == 0.0
    assert dw[3] == pytest.approx(0.01 * np.exp(-1), abs=1e-15)
    assert dw[4] == pytest.approx(-0.0105 * np.exp(-1), abs=1e-15)


@pytest.mark.parametrize(("pairing", "wanted"), [("all_to_all", 0.00293156889), ("nearest", 0.00252489370)])
def test_three_pre_and_two_post(engine: str, pairing: str, wanted: float) -> None:
    """pre 0, 20, 40; post 5, 30 [N]."""
    arrivals = [[0.0, 20.0, 40.0]] * 5
    dw = changes(PairSTDP(pairing=pairing, **WIDE), arrivals, [[5.0, 30.0]], 1.0, engine)
    assert dw[:, 0] == pytest.approx(wanted, abs=5e-12)


@pytest.mark.parametrize("pairing", ["all_to_all", "nearest"])
def test_traces_decay_exactly_across_long_gaps(engine: str, pairing: str) -> None:
    """40 time constants after a spike the trace is e^-40, not something that was rounded or cut off."""
    huge = PairSTDP(a_plus=1e9, a_minus=1e9, w_min=-1e9, w_max=1e9, pairing=pairing)
    gaps = [100.0, 300.0, 500.0, 800.0]
    ltp = changes(huge, [[0.0]] * 5, [[gap] for gap in gaps], 1.0, engine)[0]
    assert ltp == pytest.approx(1e9 * np.exp(-np.array(gaps) / 20), rel=1e-9, abs=0)
    ltd = changes(huge, [*([gap] for gap in gaps), [0.0]], [[0.0]], 1.0, engine)[:4, 0]
    assert ltd == pytest.approx(-1e9 * np.exp(-np.array(gaps) / 20), rel=1e-9, abs=0)


def test_weights_are_clipped_at_every_update(engine: str) -> None:
    """Clipping at the end alone would give another number: 0.005 up to the bound 1, then down, then up again."""
    rule = PairSTDP(a_plus=0.4, a_minus=0.3)
    arrivals, posts = [[0.0, 30.0, 60.0]] * 5, [[5.0, 20.0, 40.0]]
    dw = changes(rule, arrivals, posts, 1.0, engine, weight=0.9)[:, 0]
    assert 0.9 + dw == pytest.approx(brute(rules()["pair clipped"], [0, 30, 60], [5, 20, 40], 0.9, 1.0), abs=1e-12)
    free = changes(PairSTDP(a_plus=0.4, a_minus=0.3, **WIDE), arrivals, posts, 1.0, engine, weight=0.9)[:, 0]
    assert np.abs(np.clip(0.9 + free, 0, 1) - (0.9 + dw)).min() > 0.05


# all rules, all layouts: brute force over the pairs of spikes --------------------------------------------------------------


@dataclass(frozen=True)
class Judge:
    """A rule and its equations, written down again: what a pre- and a postsynaptic spike do to w.

    ``on_pre(w, x, y)`` and ``on_post(w, x, y)`` get functions of a time constant: the traces of either side before the spike.
    """

    rule: object
    on_pre: Callable[..., float]
    on_post: Callable[..., float]
    pairing: str = "all_to_all"
    low: float = 0.0
    high: float = 1.0
    weights: tuple[float, float] = (0.2, 0.8)


def brute(judge: Judge, arrivals: Sequence[int], posts: Sequence[int], w: float, dt: float) -> float:
    """One synapse, its spikes given in steps: each looks at all earlier ones of either side, by exp of the lag."""

    def trace(spikes: Sequence[int], now: int) -> Callable[[float, str], float]:
        before = [s for s in spikes if s < now]

        def value(tau: float, pairing: str = judge.pairing) -> float:
            chosen = before if pairing == "all_to_all" else before[-1:]
            return sum(np.exp(-(now - s) * dt / tau) for s in chosen)

        return value

    for now in sorted({*arrivals, *posts}):
        x, y = trace(arrivals, now), trace(posts, now)
        # both sides at one instant read the same traces; the step ends with the postsynaptic spike
        if now in posts:
            w = min(max(judge.on_post(w, x, y), judge.low), judge.high)
        if now in arrivals:
            w = min(max(judge.on_pre(w, x, y), judge.low), judge.high)
    return w


def rules() -> dict[str, Judge]:
    return {
        "pair": Judge(
            PairSTDP(a_plus=0.05, a_minus=0.06, tau_minus=30.0),
            lambda w, x, y: w - 0.06 * y(30.0),
            lambda w, x, y: w + 0.05 * x(20.0),
        ),
        "pair nearest": Judge(
            PairSTDP(a_plus=0.05, a_minus=0.06, pairing="nearest"),
            lambda w, x, y: w - 0.06 * y(20.0),
            lambda w, x, y: w + 0.05 * x(20.0),
            "nearest",
        ),
        "pair clipped": Judge(
            PairSTDP(a_plus=0.4, a_minus=0.3),
            lambda w, x, y: w - 0.3 * y(20.0),
            lambda w, x, y: w + 0.4 * x(20.0),
        ),
        "pair multiplicative": Judge(
            PairSTDP(a_plus=0.3, a_minus=0.4, mu_plus=1.0, mu_minus=1.0, w_min=0.1, w_max=0.9),
            lambda w, x, y: w - 0.4 * (w - 0.1) * y(20.0),
            lambda w, x, y: w + 0.3 * (0.9 - w) * x(20.0),
            low=0.1,
            high=0.9,
        ),
        "triplet": Judge(
            TripletSTDP(a2_plus=5e-3, a3_plus=6e-2, a2_minus=7e-3, a3_minus=2e-2),
            lambda w, x, y: w - y(33.7) * (7e-3 + 2e-2 * x(101.0)),
            lambda w, x, y: w + x(16.8) * (5e-3 + 6e-2 * y(114.0)),
        ),
        "diehl cook": Judge(
            DiehlCook(eta_pre=0.02, eta_post=0.1),
            lambda w, x, y: w - 0.02 * y(20.0),
            lambda w, x, y: w + 0.1 * x(20.0) * y(40.0),
            "nearest",
        ),
        "power law": Judge(
            PowerLawSTDP(eta=0.1, eta_pre=0.05, mu=1.0),
            lambda w, x, y: w - 0.05 * y(20.0, "nearest") * w,
            lambda w, x, y: w + 0.1 * (x(20.0) - 0.4) * (1.0 - w),
        ),
        "morrison": Judge(
            MorrisonSTDP(lam=0.1, alpha=0.5, mu=0.4, w_0=0.5, tau_minus=20.0),
            lambda w, x, y: w - 0.1 * 0.5 * w * y(20.0),
            lambda w, x, y: w + 0.1 * 0.5**0.6 * w**0.4 * x(15.0),
            high=np.inf,
        ),
        "symmetric": Judge(
            SymmetricSTDP(eta_pre=0.03, eta_post=0.05, tau=30.0),
            lambda w, x, y: w + 0.03 * y(30.0),
            lambda w, x, y: w + 0.05 * x(30.0),
        ),
        "querlioz": Judge(
            QuerliozSTDP(a_plus=0.1, a_minus=0.05, b_plus=2.0, w_min=0.1, w_max=0.9),
            lambda w, x, y: w,
            # an input that was silent for 25 ms or less still counts; the trace of this age is e^-1
            lambda w, x, y: (
                w + 0.1 * np.exp(-2.0 * (w - 0.1) / 0.8)
                if x(25.0, "nearest") > np.exp(-25.1 / 25.0)
                else w - 0.05 * np.exp(-3.0 * (0.9 - w) / 0.8)
            ),
            low=0.1,
            high=0.9,
        ),
        "vogels": Judge(
            VogelsSTDP(eta=0.02, alpha=0.3, tau=30.0),
            lambda w, x, y: w + 0.02 * (y(30.0) - 0.3),
            lambda w, x, y: w + 0.02 * x(30.0),
            high=np.inf,
        ),
        "exponential": Judge(
            ExponentialSTDP(eta=0.1, beta=2.0),
            lambda w, x, y: w,
            lambda w, x, y: w + 0.1 * (x(20.0) * np.exp(-2.0 * w) - 0.4 * np.exp(-2.0 * (1.0 - w))),
        ),
    }


def layout(name: str, rng: np.random.Generator) -> tuple[object, int, int, np.ndarray]:
    """A connector and the delays in steps of its synapses [pre, post], 0 where there is none.

    Dense connectors with one delay lie in memory as a matrix, with many as "delayed", lists as rows; see engines/events/layout.py.
    """
    if name == "all but self":
        return AllButSelf(), 6, 6, 2 * (1 - np.eye(6, dtype=int))
    if name.startswith("rows"):
        delays = rng.integers(1, 9, (8, 6)) * (rng.random((8, 6)) < 0.7)
        if name == "rows with one delay":
            delays[delays > 0] = 3
        return ExplicitList(*np.nonzero(delays)), 8, 6, delays
    delays = rng.integers(1, 9, (8, 6)) if name == "many delays" else np.full((8, 6), 3)
    return AllToAll(), 8, 6, delays


LAYOUTS = ("one delay", "many delays", "rows", "rows with one delay", "all but self")
# every rule in one layout, the pair rule in all, and the triplet rule, which reads all traces at all spikes, in the hardest
COMBINED = [(rule, "one delay") for rule in rules()] + [("pair", name) for name in LAYOUTS[1:]] + [("triplet", "many delays")]


def against_brute_force(name: str, where: str, engine: str, tolerance: float, **options: str) -> None:
    rng = np.random.default_rng(11)
    judge, dt, steps = rules()[name], 0.5, 500
    connector, n_pre, n_post, delays = layout(where, rng)
    sent = [np.flatnonzero(rng.random(steps) < 0.04) for _ in range(n_pre)]
    posts = [np.flatnonzero(rng.random(steps) < 0.04) + 2 for _ in range(n_post)]
    w0 = np.where(delays > 0, rng.uniform(*judge.weights, delays.shape), np.nan)
    delay = (delays * dt) if where != "one delay" else 3 * dt
    if where == "all but self":
        delay = 2 * dt
    if where.startswith("rows"):
        delay = delays[delays > 0] * dt
    net = lesson(
        judge.rule, [s * dt for s in sent], [p * dt for p in posts], dt, connector=connector, delay=delay,
        weight=w0[delays > 0] if where.startswith("rows") else np.nan_to_num(w0),
    )  # fmt: skip
    run = net.build(engine, **options).run((steps + 20) * dt)
    found = run.weights("w")
    ties = 0
    for i, j in np.ndindex(delays.shape):
        if not delays[i, j]:
            assert np.isnan(found[i, j])
            continue
        arrivals, fired = (sent[i] + delays[i, j]).tolist(), posts[j].tolist()
        ties += len({*arrivals} & {*fired})
        assert found[i, j] == pytest.approx(brute(judge, arrivals, fired, w0[i, j], dt), abs=tolerance)
    assert ties > 10
    moved = np.abs(found - w0)[delays > 0]
    assert np.median(moved) > 0.01


@pytest.mark.parametrize(("name", "where"), COMBINED)
def test_rules_are_what_their_equations_say(name: str, where: str, engine: str) -> None:
    against_brute_force(name, where, engine, 1e-12)


def test_rules_in_single_precision() -> None:
    """Some 50 updates, each rounded to 6e-8 of a weight of 1, and traces that are let go at 1e-6."""
    against_brute_force("pair", "many delays", "events", 5e-6, precision="float32")


# triplets --------------------------------------------------------------------------------------------------------------

VISUAL = {"a2_plus": 0.0, "a3_plus": 6.5e-3, "a2_minus": 7.1e-3, "a3_minus": 0.0, "tau_y": 114.0, **WIDE}
HIPPOCAMPUS = {
    "a2_plus": 6.1e-3, "a3_plus": 6.7e-3, "a2_minus": 1.6e-3, "a3_minus": 1.4e-3, "tau_x": 946.0, "tau_y": 27.0, **WIDE,
}  # fmt: skip


def test_a_triplet_with_two_post(engine: str) -> None:
    """pre 0, post 10, 20, visual cortex, minimal: .00181050659 [N]; the first post finds no trace of another."""
    dw = changes(TripletSTDP(**VISUAL), [[0.0]] * 5, [[10.0, 20.0], [10.0]], 1.0, engine)
    assert dw[:, 0] == pytest.approx(0.00181050659, abs=5e-12)
    assert (dw[:, 1] == 0.0).all()


def test_the_frequency_dependence_of_pairing(engine: str) -> None:
    """60 pairs at rho Hz, post 10 ms after pre and before it, visual cortex, minimal [N]."""
    rates = [10.0, 20.0, 40.0, 50.0]
    starts = [[1000.0 / rate * k for k in range(60)] for rate in rates]
    late = [[t + 10.0 for t in train] for train in starts]
    dw = changes(TripletSTDP(**VISUAL), starts + late, starts + late, 5.0, engine)
    after, before = [dw[k, 4 + k] for k in range(4)], [dw[4 + k, k] for k in range(4)]
    assert after == pytest.approx([0.11864, 0.22780, 0.53211, 0.76273], abs=5e-6)
    assert before == pytest.approx([-0.33221, -0.34173, 0.17371, 0.74918], abs=5e-6)


def test_pairing_at_a_tenth_of_a_hertz() -> None:
    """Far apart, pairs leave triplets nothing: 0 and -.31662 [N]; ten minutes, on the fast engine alone."""
    starts = [10_000.0 * k for k in range(60)]
    late = [t + 10.0 for t in starts]
    dw = changes(TripletSTDP(**VISUAL), [starts, late, starts, late, starts], [late, starts], 10.0, "events")
    assert dw[0, 0] == pytest.approx(0.0, abs=5e-6)
    assert dw[1, 1] == pytest.approx(-0.31662, abs=5e-6)


def test_triplets_in_hippocampus(engine: str) -> None:
    """60 triplets at 1 Hz, 5 ms apart, full model: pre-post-pre .04261, post-pre-post .35757 [N]."""
    outer = [1000.0 * k + s for k in range(60) for s in (0.0, 10.0)]
    inner = [1000.0 * k + 5.0 for k in range(60)]
    dw = changes(TripletSTDP(**HIPPOCAMPUS), [outer, inner] * 3, [inner, outer], 5.0, engine)
    assert dw[0, 0] == pytest.approx(0.04261, abs=5e-6)
    assert dw[1, 1] == pytest.approx(0.35757, abs=5e-6)


# drift under Poisson spikes ----------------------------------------------------------------------------------------------


def drift(rule: object, pre_rate: float, post_rate: float, seed: int) -> tuple[float, float, float, float]:
    """Weight change per second, its standard error, and the chance of a spike per step on either side."""
    net, dt, n, seconds = Network(dt=1.0, seed=seed), 1.0, 150, 10.0
    pre = net.population("pre", Poisson(rate=pre_rate), n)
    teacher = net.population("teacher", Poisson(rate=post_rate), n)
    cells = net.population("post", LIF(), n)
    net.project(pre, cells, AllToAll(), weight=0.0, receptor=Exponential(), plasticity=rule, name="w")
    net.project(teacher, cells, OneToOne(), weight=100.0, receptor=Delta())
    net.probe(cells, "counts")
    run = net.build("events").run(500.0)
    begun = run.weights("w")
    run.run(1000.0 * seconds)
    found = (run.weights("w") - begun) / seconds
    # synapses share trains: the mean over all is as uncertain as that over n senders and n receivers
    error = np.sqrt((found.mean(axis=0).var() + found.mean(axis=1).var()) / n)
    p, q = -np.expm1(-np.array([pre_rate, post_rate]) * dt / 1000.0)
    return float(found.mean()), float(error), p, q


def mean_trace(tau: float) -> float:
    """The mean of a trace per chance of a spike in a step of 1 ms, read before its own jump: sum over lags of e^(-lag/tau)."""
    return 1 / np.expm1(1 / tau)


def test_the_drift_of_pairs_under_poisson_spikes() -> None:
    """(A+ tau+ - A- tau-) r_i r_j = -.001/s at 10 Hz [N], on the grid of 1 ms; within four standard errors."""
    found, error, p, q = drift(PairSTDP(**WIDE), 10.0, 10.0, seed=5)
    exact = (0.01 - 0.0105) * mean_trace(20.0) * p * q * 1000.0
    assert exact == pytest.approx(-0.001, rel=0.05)
    assert abs(found - exact) < 4 * error
    assert error < 0.2 * abs(exact)


def test_the_triplet_rule_has_a_bcm_threshold() -> None:
    """At rho_y = A2- tau- / (A3+ tau+ tau_y) = 19.22033 Hz the drift changes its sign [N]."""
    threshold = 1000.0 * 7.1e-3 * 33.7 / (6.5e-3 * 16.8 * 114.0)
    assert threshold == pytest.approx(19.22033, abs=5e-6)
    for post_rate, sign in ((0.5 * threshold, -1), (threshold, 0), (1.5 * threshold, 1)):
        found, error, p, q = drift(TripletSTDP(**VISUAL), 20.0, post_rate, seed=6)
        depression = 7.1e-3 * mean_trace(33.7) * p * q * 1000.0
        exact = 6.5e-3 * mean_trace(16.8) * p * q * mean_trace(114.0) * q * 1000.0 - depression
        assert abs(found - exact) < 4 * error
        if sign:
            assert found * sign > 10 * error
        else:
            assert abs(exact) < 0.1 * depression  # what is left of it at the threshold is the grid's doing


# normalisation and homeostasis ---------------------------------------------------------------------------------------------


def at_rest(
    rules: list[object], where: str, engine: str, seed: int, low: float, nought: Any
) -> tuple[Any, np.ndarray, np.ndarray]:
    """A run without spikes; its weights [pre, post], from ``low`` to 0.9 but 0 at ``nought``; and which of them are synapses."""
    rng = np.random.default_rng(seed)
    connector, n_pre, n_post, delays = layout(where, rng)
    w0, there = rng.uniform(low, 0.9, (n_pre, n_post)), delays > 0
    w0[nought] = 0.0
    delay = delays[there] * 1.0 if where.startswith("rows") else 3.0 if where != "many delays" else delays * 1.0
    weight = w0[there] if where.startswith("rows") else w0
    net = lesson(rules, [[]] * n_pre, [[]] * n_post, 1.0, connector=connector, delay=delay, weight=weight)
    return net.build(engine).run(3.0), w0, there


def normalised() -> list[object]:
    return [PairSTDP(w_max=10.0), WeightNormalisation(total=3.25)]


@pytest.mark.parametrize("where", LAYOUTS)
def test_normalisation_makes_the_sums_equal_and_keeps_ratios(engine: str, where: str) -> None:
    """Sum = total to rounding; w_a / w_b as before; a cell with weights of zero is left alone; on the signal, not before."""
    run, w0, there = at_rest(normalised(), where, engine, 2, 0.1, np.s_[:, 0])
    n_pre = len(w0)
    assert np.array_equal(run.weights("w")[there], w0[there])
    run.signal("sample")
    w = run.weights("w")
    assert np.isnan(w[~there]).all()
    assert np.nansum(w, axis=0)[1:] == pytest.approx(3.25, rel=1e-15 * n_pre)
    assert (w[:, 0][there[:, 0]] == 0.0).all()
    wanted = w0 * 3.25 / np.maximum(np.where(there, w0, 0.0).sum(axis=0), 1e-9)
    assert w[there] == pytest.approx(wanted[there], rel=1e-14)


@pytest.mark.parametrize("where", LAYOUTS)
def test_length_normalisation_makes_the_lengths_equal_and_keeps_ratios(engine: str, where: str) -> None:
    """Euclidean length to rounding, by NumPy's norm; signs and ratios as before; a cell with weights of zero is left alone."""
    rules = [PairSTDP(w_min=-10.0, w_max=10.0), LengthNormalisation(length=3.25)]
    run, w0, there = at_rest(rules, where, engine, 4, -0.9, np.s_[:, 0])
    for _ in range(2):  # the second time there is nothing to do
        run.signal("sample")
    w = run.weights("w")
    lengths = np.linalg.norm(np.where(there, w0, 0.0), axis=0)
    assert w[there] == pytest.approx((w0 * 3.25 / np.where(lengths > 0, lengths, 1.0))[there], rel=1e-14)
    assert np.linalg.norm(np.where(there, w, 0.0), axis=0)[1:] == pytest.approx(3.25, rel=1e-14)
    assert (w[:, 0][there[:, 0]] == 0.0).all()


@pytest.mark.parametrize("where", LAYOUTS)
def test_outgoing_normalisation_makes_the_sums_of_sources_equal(engine: str, where: str) -> None:
    """Sum = total to rounding, each weight w total / sum as it was before; a source with weights of zero is left alone."""
    rules = [PairSTDP(w_max=10.0), OutgoingNormalisation(total=2.5)]
    run, w0, there = at_rest(rules, where, engine, 3, 0.1, np.s_[1])
    for _ in range(2):  # the second time there is nothing to do
        run.signal("sample")
    w = run.weights("w")
    sums = np.where(there, w0, 0.0).sum(axis=1, keepdims=True)
    wanted = w0 * 2.5 / np.where(sums > 0, sums, 1.0)
    assert w[there] == pytest.approx(wanted[there], rel=1e-14)
    alone = there.any(axis=1) & (np.arange(len(w0)) != 1)
    assert np.nansum(w, axis=1)[alone] == pytest.approx(2.5, rel=1e-14)
    assert (w[1][there[1]] == 0.0).all()


def test_normalisation_waits_for_learning(engine: str) -> None:
    net = lesson(normalised(), [[]] * 8, [[]] * 6, 1.0, delay=3.0)
    run = net.build(engine).run(3.0)
    run.learning = False
    run.signal("sample")
    assert (run.weights("w") == 0.5).all()
    run.learning = True
    run.signal("sample")
    assert run.weights("w") == pytest.approx(3.25 / 8, rel=1e-14)


def test_normalisation_in_single_precision() -> None:
    rng = np.random.default_rng(2)
    w0, delays = rng.uniform(0.1, 0.9, (8, 6)), 1.0 * rng.integers(1, 9, (8, 6))
    net = lesson(normalised(), [[]] * 8, [[]] * 6, 1.0, delay=delays, weight=w0)
    run = net.build("events", precision="float32").run(3.0)
    run.signal("sample")
    assert run.weights("w").sum(axis=0) == pytest.approx(3.25, rel=8 * 2.0**-23)


def homeostatic(trains: Trains, dt: float, drive: float = 0.0, **values: float) -> Network:
    net = Network(dt=dt)
    teacher = source(net, "teacher", trains, -dt)
    cells = net.population("n", LIF(), len(trains), drive=drive, plasticity=HomeostaticThreshold(**values))
    net.project(teacher, cells, OneToOne(), weight=200.0, receptor=Delta())
    return net


VARIANTS = [("reference", {}), ("events", {}), ("events", {"precision": "float32"})]


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_the_threshold_rises_by_a_fixed_amount_per_spike(name: str, options: dict[str, str]) -> None:
    """Without decay n spikes make theta = 20 + .05 n.

    In single precision what accumulates is kept in double, but the jump is what a sum of 20 in single precision rises by: off
    by up to half of its last bit, 2^-20, per spike.
    """
    run = homeostatic([np.arange(10.0, 10.0 + 2 * n, 2.0) for n in (0, 1, 2, 40)], 1.0, tau_theta=1e18).build(name, **options)
    run.run(100.0)
    assert run["n"].counts.tolist() == [0, 1, 2, 40]
    tolerance = 1e-12 if not options else 40 * 2.0**-20
    assert run["n"]["theta"] == pytest.approx([20.0, 20.05, 20.1, 22.0], abs=tolerance)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_the_threshold_falls_back_exponentially(name: str, options: dict[str, str]) -> None:
    """theta(t) = 20 e^(-t/tau) + .05 sum over spikes of e^(-(t - t_f)/tau), with tau of 1e3 and of 1e7 ms."""
    spikes = np.array([10.0, 30.0, 31.0, 70.0])
    for tau in (1e3, 1e7):
        run = homeostatic([spikes], 1.0, tau_theta=tau).build(name, **options).run(100.0)
        exact = 20 * np.exp(-100 / tau) + 0.05 * np.exp(-(100 - spikes) / tau).sum()
        # single precision: 100 steps at 6e-8 of 20 where the decay is fast; where it is slow, theta is kept in double
        tolerance = 1e-12 if not options else 1e-4 if tau < 1e5 else 4 * 2.0**-20
        assert run["n"]["theta"][0] == pytest.approx(exact, abs=tolerance)


def test_the_threshold_is_frozen_while_nothing_learns(engine: str) -> None:
    run = homeostatic([[10.0, 60.0, 80.0, 120.0]], 1.0, tau_theta=1e3).build(engine).run(50.0)
    frozen = run["n"]["theta"][0]
    run.learning = False
    run.run(50.0)
    assert run["n"].counts[0] == 3
    assert run["n"]["theta"][0] == frozen
    run.learning = True
    run.run(50.0)
    exact = frozen * np.exp(-50 / 1e3) + 0.05 * np.exp(-30 / 1e3)
    assert run["n"]["theta"][0] == pytest.approx(exact, abs=1e-12)


def test_the_raised_threshold_is_what_the_cell_must_reach(engine: str) -> None:
    """With RI = 80 mV and 35 + .05 n mV to climb, spike n + 1 takes 10 ln(80 / (45 - .05 n)) ms, rounded up to the grid."""
    dt = 0.05
    times = homeostatic([[]], dt, drive=2000.0, tau_theta=1e18).build(engine).run(60.0)["n"].spikes.times
    climbs = [10 * np.log(80 / (45 - 0.05 * n)) for n in range(times.size)]
    assert np.rint(np.diff(times, prepend=0.0) / dt).tolist() == np.ceil(np.array(climbs) / dt).tolist()
    assert times.size == 10
