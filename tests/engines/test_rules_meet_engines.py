"""Rules with states, signals, potentials and clocks in the corners of the engines: what "events" makes of them is what the
reference does, wherever synapses lie, and nothing is lost on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AllToAll,
    ConsolidatingSTDP,
    Covariance,
    Delta,
    DopamineSTDP,
    Exponential,
    FixedProbability,
    Gate,
    Network,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    Sum,
    Uniform,
    WeightNormalisation,
)  # fmt: skip
from maichong.errors import NetworkError, ParameterError
from maichong.spec import Param, State, Trace, rule

GAIN = Param("gain", 0.01, "", "learning rate")
SCALE = (Param("v_0", -70.0, "mV", "potential at which nothing happens"), Param("v_1", 10.0, "mV", "scale of the potential"))
TAU = Param("tau", 20.0, "ms", "time constant", above=0)


def sees(w, y, v, gain, v_0, v_1):
    return w - gain * y * (v - v_0) / v_1


def counts(w, n, x, gain):
    return w + gain * x + 0.01 * n, n + 1.0


def looks(w, v, gain, v_0, v_1):
    return w + gain * (v - v_0) / v_1


def moves(w, signal, gain):
    return w + gain * signal


def gathers(w, n, signal, gain):
    return w + gain * signal * n, n + 1.0


def settles(w, goal):
    return w + 0.1 * (goal - w), goal


FREE: dict[str, Any] = {"bounds": (None, None), "doc": "A rule of this test."}
SeesAtArrival = rule(
    "SeesAtArrival",
    params=[GAIN, TAU, *SCALE],
    traces=[Trace("y", on="post", tau="tau", meaning="target")],
    on_pre=sees,
    **FREE,
)
CountsPost = rule(
    "CountsPost", params=[GAIN, TAU], states=[State("n", 0.0, "", "spikes so far")],
    traces=[Trace("x", on="pre", tau="tau", meaning="source")], on_post=counts, **FREE,
)  # fmt: skip
LooksAtTicks = rule(
    "LooksAtTicks", params=[GAIN, *SCALE, Param("period", 3.0, "ms", "clock")], on_signal=looks, every="period", **FREE
)
AtA = rule("AtA", params=[GAIN], scope="network", on_signal=moves, signal="a", **FREE)
AtB = rule("AtB", params=[GAIN], scope="network", on_signal=moves, signal="b", **FREE)
Gathers = rule(
    "Gathers", params=[GAIN], scope="network", states=[State("n", 1.0, "", "signals")], on_signal=gathers, signal="a", **FREE
)
StartsAtWeight = rule(
    "StartsAtWeight", params=[], states=[State("goal", "w", "", "weight at the start")], on_pre=settles, **FREE
)


def net_of(learning: Any, connector: Any = None, delay: Any = 1.0, receptor: Any = None, n: int = 5) -> Network:
    net = Network(dt=0.5, seed=3)
    source, teacher = net.population("source", Poisson(rate=80.0), n), net.population("teacher", Poisson(rate=60.0), n)
    cells = net.population("cells", LIF(), n)
    net.project(
        source, cells, connector or AllToAll(), weight=Uniform(0.2, 0.8), delay=delay, receptor=receptor or Exponential(tau=3.0),
        plasticity=learning, name="learns",
    )  # fmt: skip
    net.project(teacher, cells, OneToOne(), weight=5000.0, receptor=Exponential(tau=1.0))
    return net


def learned(net: Network, engine: str, signals: tuple[str, ...] = (), **options: Any) -> dict[str, np.ndarray]:
    """After a signal at t = 0, a part, a signal, a part without learning, and one with."""
    run = net.build(engine, **options)
    for value in (0.7, -0.2):
        for name in signals:
            run.signal(name, value)
        run.run(40.0)
    run.learning = False
    run.run(10.0)
    run.learning = True
    for name in signals:
        run.signal(name, 0.5)
    run.run(20.0)
    return run.synapses("learns")


SPREAD = Uniform(0.5, 5.0)
CORNERS: dict[str, tuple[Any, dict[str, Any], tuple[str, ...]]] = {
    "a gate where spikes wait in calendars": (Gate(PairSTDP(), by="open"), {"delay": SPREAD}, ("open",)),
    "states that targets' spikes move": (CountsPost(), {"delay": SPREAD}, ()),
    "the potential before the spike's own jump": (SeesAtArrival(), {"receptor": Delta()}, ()),
    "a clock that looks, beside a rule of spikes": ([LooksAtTicks(), PairSTDP(w_max=50.0)], {}, ()),
    "two signals": ([AtA(), AtB()], {}, ("a", "b")),
    "states that signals alone move": (Gathers(), {}, ("a",)),
    "a gate before a rule of signals": (Gate(WeightNormalisation(total=2.0), by="open"), {}, ("open", "sample")),
}


@pytest.mark.parametrize("corner", CORNERS)
def test_engines_agree(corner: str) -> None:
    learning, given, signals = CORNERS[corner]
    expected = learned(net_of(learning, **given), "reference", signals)
    found = learned(net_of(learning, **given), "events", signals)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-10, atol=1e-12, err_msg=name)
    begun = net_of(learning, **given).build("reference").synapses("learns")["weight"]
    assert np.abs(expected["weight"] - begun).max() > 1e-6


def test_threads_wait_for_the_spikes_of_this_step() -> None:
    """Without a delay a rule of every step reads what sources, in parts of other threads, sent just now."""
    net = net_of(Covariance(), FixedProbability(0.5), None, n=70)
    one = learned(net, "events", threads=1)
    two = learned(net, "events", threads=2)
    assert all(np.array_equal(values, two[name]) for name, values in one.items())


def test_two_gates_of_one_rule_are_read_again() -> None:
    net = Network(dt=1.0)
    source, cell = net.population("source", SpikeTimes([1.0], [0]), 1), net.population("cell", LIF(), 1)
    for by in ("food", "rest"):
        net.project(source, cell, AllToAll(), weight=0.5, receptor=Exponential(), plasticity=Gate(PairSTDP(), by=by), name=by)
    again = Network.from_dict(net.to_dict())
    assert again == net
    assert [entry.plasticity[0].model.signals for entry in again.projections.values()] == [("food",), ("rest",)]


def test_a_state_of_a_sum_may_start_at_the_weight() -> None:
    found = net_of(Sum(StartsAtWeight(), DopamineSTDP())).build("reference").synapses("learns")
    assert np.array_equal(found["goal_1"], found["weight"])


def test_two_rules_with_states_are_refused() -> None:
    with pytest.raises(NetworkError) as caught:
        net_of([PairSTDP(), Gathers()])
    assert str(caught.value) == (
        "projection 'learns': two rules would keep states of its synapses or traces of signals, and one may; say how they go "
        "together: Sum(a, b), Sequence(a, b)"
    )


def test_clocks_of_almost_one_period_are_two() -> None:
    net = Network(dt=1.0)
    source, cell = net.population("source", SpikeTimes([1.0], [0]), 1), net.population("cell", LIF(), 1)
    for period in (1_200_000.0, 1_200_001.0):
        learning = ConsolidatingSTDP(period=period)
        net.project(
            source, cell, AllToAll(), weight=0.5, receptor=Exponential(), plasticity=learning, name=f"p{period:g}{period}"
        )
    assert sorted(net.build("reference").plan.clocks.values()) == [1_200_000, 1_200_001]


@pytest.mark.parametrize("when", [3, 4])
def test_ctrl_c_at_a_tick_loses_none(when: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C as the engine comes to the end of the ``when``-th piece, at a tick; a checkpoint then holds the tick."""
    whole, run = (net_of(LooksAtTicks()).build("reference") for _ in range(2))
    advance, pieces = run._backend.advance, []

    def interrupted(steps: int) -> int:
        did = advance(steps)
        pieces.append(did)
        if len(pieces) == when:
            raise KeyboardInterrupt
        return did

    monkeypatch.setattr(run._backend, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.run(30.0)
    assert run.t == 3.0 * when
    kept = run.snapshot()
    other = net_of(LooksAtTicks()).build("reference").restore(kept)
    whole.run(30.0)
    for each in (run, other):
        each.run(30.0 - each.t)
        assert np.array_equal(each.weights("learns"), whole.weights("learns"))


def test_the_forecast_counts_states() -> None:
    """400 synapses of DopamineSTDP: an eligibility of 8 bytes, and 4 for the step until which it is known."""
    from maichong.engines.forecast import shares

    def size(learning: Any) -> float:
        return next(share.bytes for share in shares(net_of(learning, n=20)) if share.name == "learns")

    assert size(DopamineSTDP()) - size(PairSTDP()) == 400 * 12.0


@pytest.mark.parametrize(("sign", "low", "high", "which"), [("inhibitory", 0.0, 1.0, "<"), ("excitatory", -1.0, 0.0, ">")])
def test_a_rule_must_leave_room_for_the_sign(sign: str, low: float, high: float, which: str) -> None:
    net = Network(dt=1.0)
    pre, post = net.population("pre", SpikeTimes([1.0], [0]), 1, sign=sign), net.population("post", LIF(), 1)
    learning = PairSTDP(w_min=low, w_max=high)
    with pytest.raises(ParameterError) as caught:
        net.project(pre, post, AllToAll(), weight=0.0, receptor=Exponential(), plasticity=learning, name="learns")
    assert str(caught.value) == (
        f"projection 'learns', PairSTDP: must allow weights {which} 0: pre keeps Dale's principle (got {low:g} to {high:g}); "
        "set its w_min and w_max"
    )


def test_weights_set_against_the_sign_are_told_of_it() -> None:
    net = Network(dt=1.0)
    pre, post = net.population("pre", SpikeTimes([1.0], [0]), 1, sign="excitatory"), net.population("post", LIF(), 1)
    net.project(pre, post, AllToAll(), weight=0.5, receptor=Exponential(), name="to")
    with pytest.raises(ParameterError) as caught:
        net.build("reference").set_weights("to", -1.0)
    assert str(caught.value) == "projection 'to', weight: must be >= 0: pre keeps Dale's principle (got -1)"
