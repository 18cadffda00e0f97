"""What learning cannot do, each refused in one sentence: rules that fight, rewards for nothing, traces that nobody keeps, weights
outside their bounds, signs that a source does not have."""

from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    MSTDPET,
    AllToAll,
    ClopathSTDP,
    ConsolidatingSTDP,
    Delta,
    DopamineSTDP,
    Gate,
    Network,
    PairSTDP,
    Poisson,
    Sum,
    TripletSTDP,
    WeightNormalisation,
)  # fmt: skip
from maichong.errors import MaichongError, ModelError, NetworkError, ParameterError
from maichong.spec import Param, Trace, rule


def net_of(plasticity: Any, weight: Any = 0.5, sign: Any = None) -> Network:
    net = Network(dt=0.1)
    net.population("pre", Poisson(rate=50.0), 2, sign=sign)
    net.population("post", LIF(), 3)
    net.project("pre", "post", AllToAll(), weight=weight, receptor=Delta(), plasticity=plasticity, name="p")
    return net


def said(kind: type[MaichongError], call: Any) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def on_pre(w, y):
    return w - y


def on_signal(w, decay):
    return w - decay * w


def clocked(name: str) -> Any:
    params = [Param("decay", 0.1, "", "part that is lost"), Param("period", 10.0, "ms", "time between two losses")]
    return rule(name, params=params, scope="circuit", on_signal=on_signal, every="period")


Decay, Other = clocked("Decay"), clocked("Other")
FIX = "say how they go together: Sum(a, b), Sequence(a, b)"


def test_two_rules_that_fight_over_a_weight():
    order = "and their order would be undefined; " + FIX
    at_spikes = said(NetworkError, lambda: net_of([PairSTDP(), TripletSTDP()]))
    assert at_spikes == f"projection 'p': two rules would write its weights at spikes, {order}"
    at_a_signal = said(NetworkError, lambda: net_of([WeightNormalisation(), WeightNormalisation(total=2.0)]))
    assert at_a_signal == f"projection 'p': two rules would write its weights at 'sample', {order}"
    by_a_clock = said(NetworkError, lambda: net_of([Decay(), Other()]))
    assert by_a_clock == f"projection 'p': two rules would write its weights every 10 ms, {order}"
    # clocks that differ go in the plan's order, and so does what was put together
    net_of([Decay(), Other(period=5.0)]).build("reference").run(20.0)
    net_of(Sum(Decay(), Other())).build("reference").run(20.0)


def test_a_reward_before_any_step():
    for plasticity, signal in ((MSTDPET(), "reward"), (DopamineSTDP(), "dopamine")):
        run = net_of(plasticity).build("reference")
        name = plasticity.model.name
        assert said(NetworkError, lambda run=run, signal=signal: run.signal(signal, 1.0)) == (
            f"signal {signal!r}: is a reward for what the synapses of {name} remember, which is nothing before any step; "
            "run the network first"
        )
        assert (run.weights("p") == 0.5).all()
        run.run(0.1).signal(signal, 1.0)
    # what is no reward may come first: a gate that is opened, weights that are normalised
    run = net_of(Gate(PairSTDP(), by="attention")).build("reference")
    run.signal("attention", 1.0)
    run = net_of(WeightNormalisation(total=3.0)).build("reference")
    run.signal("sample")
    assert run.weights("p") == pytest.approx(np.full((2, 3), 1.5))


def test_a_trace_that_nobody_keeps():
    message = said(ModelError, lambda: rule("Mine", params=[], on_pre=on_pre))
    assert "on_pre() asks for 'y', which Mine does not declare" in message
    tau = said(
        ModelError, lambda: rule("Mine", params=[], traces=[Trace("y", on="post", tau="tau_y", meaning="")], on_pre=on_pre)
    )
    assert tau == "Mine.y: its time constant 'tau_y' is no parameter; known: w_max, w_min"
    kept = said(NetworkError, lambda: net_of(ClopathSTDP()))
    assert kept == (
        "projection 'p': ClopathSTDP reads 'u_minus' of its targets (the potential of late), which LIF does not keep; "
        "use ClopathAdEx"
    )


def test_weights_outside_bounds_at_the_start():
    matrix = np.full((2, 3), 0.5)
    matrix[1, 2] = 1.5
    assert said(ParameterError, lambda: net_of(PairSTDP(), matrix)) == (
        "projection 'p', weight: must lie between 0 and 1, the bounds of PairSTDP (got 1.5); start inside the bounds, or set w_min "
        "and w_max"
    )
    assert "the bounds of ConsolidatingSTDP" in said(ParameterError, lambda: net_of(ConsolidatingSTDP(), 5.5))


def test_a_dale_violation_in_an_initial_matrix():
    matrix = np.full((2, 3), 0.5)
    matrix[0, 1] = -0.5
    message = said(ParameterError, lambda: net_of((), matrix, sign="excitatory"))
    assert message == (
        "projection 'p', weight: must be >= 0: pre keeps Dale's principle (got -0.5); give one that fits, or the population no sign"
    )
