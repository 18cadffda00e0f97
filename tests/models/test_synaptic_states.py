"""Rules that keep something of each synapse, read the potential, or follow a signal: closed forms, wherever synapses lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    MSTDPET,
    SDSP,
    AllToAll,
    ConsolidatingSTDP,
    Delta,
    DopamineSTDP,
    Exponential,
    FixedProbability,
    Network,
    OneToOne,
    Poisson,
    SpikeTimes,
    Uniform,
    resume,
)  # fmt: skip
from maichong.errors import ModelError, NetworkError
from maichong.spec import Param, State, Trace, rule


def pair(learning: Any, pre: list[float], post: list[float], weight: float = 0.5, dt: float = 1.0) -> Network:
    """A source and a cell that both fire when they are told to; the synapse itself is too weak to matter."""
    net = Network(dt=dt)
    source = net.population("source", SpikeTimes(pre, [0] * len(pre)), 1)
    cell = net.population("cell", LIF(), 1)
    teacher = net.population("teacher", SpikeTimes(post, [0] * len(post)), 1)
    net.project(source, cell, AllToAll(), weight=weight, receptor=Exponential(), plasticity=learning, name="learns")
    net.project(teacher, cell, OneToOne(), weight=100.0, receptor=Delta())
    return net


def test_dopamine_pays_for_a_pair_that_is_a_second_past(engine: str) -> None:
    """c_0 d_0 exp(-D / tau_c) tau_c tau_d / (tau_c + tau_d) = 0.306566201 at c_0 = 1, d_0 = 0.005 / ms and D = 1 s."""
    rule = DopamineSTDP(a_plus=np.exp(0.5), a_minus=0.0, w_max=None)  # the pair is 10 ms apart: c_0 = 1
    run = pair(rule, [10.0], [19.0], weight=0.0).build(engine).run(20.0)  # the teacher's spike makes the cell fire a step later
    assert run.synapses("learns")["c"][0] == pytest.approx(1.0, rel=1e-12)
    run.run(1000.0).signal("dopamine", 0.005)
    assert run.weights("learns")[0, 0] == 0.0
    run.run(4000.0)
    assert run.weights("learns")[0, 0] == pytest.approx(0.306566201, abs=5e-10)
    assert run.synapses("learns")["c"][0] == pytest.approx(np.exp(-5.0), rel=1e-9)


def test_dopamine_of_two_pulses_adds_up(engine: str) -> None:
    """Each pulse by the closed form, the second one on what is left of c."""
    run = pair(DopamineSTDP(a_plus=np.exp(0.5), a_minus=0.0, w_max=None), [10.0], [19.0], weight=0.0).build(engine).run(20.0)
    run.signal("dopamine", 0.005)
    run.run(300.0).signal("dopamine", 0.003)
    run.run(700.0)
    rate = 1 / 1000.0 + 1 / 200.0
    expected = 0.005 * (1 - np.exp(-1000.0 * rate)) / rate + 0.003 * np.exp(-0.3) * (1 - np.exp(-700.0 * rate)) / rate
    assert run.weights("learns")[0, 0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("calcium", "after"), [(3.5, 0.90), (2.9, 0.10), (13.1, 0.10)])
def test_a_bistable_synapse_jumps_over_its_threshold_or_forgets(calcium: float, after: float, engine: str) -> None:
    """equations.md 3.9: from 0.45 a jump of 0.1 and 100 ms of drift lead to 0.90, and 100 ms without a jump to 0.10.

    The calcium of one spike stands for that of many; learning stops where it is too high.
    """
    rule = SDSP(j_c=calcium * np.exp(10.0 / 60.0), v_theta=-1000.0)
    run = pair(rule, [20.0], [9.0], weight=0.45).build(engine).run(20.0)
    begun = run.synapses("learns")["X"][0]
    assert begun == pytest.approx(0.45 - 0.0035 * 20.0, rel=1e-12)
    run = pair(rule.replace(beta=0.0), [20.0], [9.0], weight=0.45).build(engine).run(20.0)
    assert run.synapses("learns")["X"][0] == pytest.approx(0.45, rel=1e-12)
    run = pair(rule, [0.0 + 11.0], [0.0], weight=0.45 + 0.0035 * 11).build(engine)
    run.run(111.0)
    assert run.synapses("learns")["X"][0] == pytest.approx(after, abs=1e-9)
    assert run.weights("learns")[0, 0] == (1.0 if after > 0.5 else 0.0)


def test_the_potential_decides_the_direction(engine: str) -> None:
    """A cell at rest is below v_theta, one held up above it: the same spike moves X down or up."""
    for v_theta, X in ((-60.0, 0.35), (-80.0, 0.55)):
        rule = SDSP(alpha=0.0, beta=0.0, v_theta=v_theta, j_c=3.5 * np.exp(10.0 / 60.0))
        run = pair(rule, [20.0], [9.0], weight=0.45).build(engine).run(25.0)
        assert run.synapses("learns")["X"][0] == pytest.approx(X, rel=1e-12)


def crowd(learning: Any, connector: Any, delay: Any) -> Network:
    rng = np.random.default_rng(1)
    net = Network(dt=0.5, seed=3)
    pre = net.population("pre", Poisson(rate=80.0), 12)
    post = net.population("post", LIF(c_m=5.0, t_ref=2.0), 8)
    teacher = net.population("teacher", SpikeTimes(0.5 * rng.integers(2, 180, 60), rng.integers(0, 8, 60)), 8)
    net.project(
        pre, post, connector, weight=Uniform(0, 1), delay=delay, receptor=Exponential(), plasticity=learning, name="learns"
    )
    net.project(teacher, post, OneToOne(), weight=20.0, receptor=Delta())
    return net


RULES = {"dopamine": DopamineSTDP(tau_c=100.0, tau_d=30.0), "calcium": SDSP(c_up_low=0.5, c_down_low=0.2, v_theta=-69.5)}


@pytest.mark.parametrize(
    "lying", [(AllToAll(), 1.0), (AllToAll(), Uniform(0.5, 5.0)), (FixedProbability(0.6), Uniform(0.5, 5.0))], ids=str
)
@pytest.mark.parametrize("name", RULES)
def test_work_at_events_is_work_in_every_step(name: str, lying: tuple[Any, Any], tmp_path: Path) -> None:
    """The reference carries every synapse on in every step; "events" when something happens to it. Learning pauses, a checkpoint,
    signals and one or two threads make no difference."""
    found = []
    for engine, options in (("reference", {}), ("events", {"threads": 1}), ("events", {"threads": 2})):
        run = crowd(RULES[name], *lying).build(engine, **options).run(40.0)
        if name == "dopamine":
            run.signal("dopamine", 0.05)
        run.run(20.0)
        run.learning = False
        run.run(10.0)
        run.learning = True
        run = resume(run.save(tmp_path / f"{len(found)}.h5"))
        if name == "dopamine":
            run.signal("dopamine", -0.02)
        run.run(20.0)
        synapses = run.synapses("learns")
        found.append(np.concatenate([synapses["weight"], *(synapses[state.name] for state in RULES[name].model.states)]))
    judge, one, two = found
    assert np.ptp(judge) > 0.5
    np.testing.assert_allclose(one, judge, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(one, two)


def halve(w):
    return 0.5 * w


def test_a_clock_ticks_while_the_network_runs(engine: str) -> None:
    """At 10, 20, 30 ms, wherever the calls of run begin and end; not while learning is off."""
    Halving = rule("Halving", params=[Param("period", 10.0, "ms", "time between two changes")], on_signal=halve, every="period")
    net = pair(Halving(), [], [], weight=0.8)
    run = net.build(engine)
    seen = []
    for span in (9.0, 1.0, 5.0, 10.0, 5.0):
        seen.append(run.run(span).weights("learns")[0, 0])
    assert seen == [0.8, 0.4, 0.4, 0.2, 0.1]
    run.learning = False
    assert run.run(20.0).weights("learns")[0, 0] == 0.1
    with pytest.raises(NetworkError, match=r"Halving.period: must be a whole number of steps of 1 ms \(got 2.5 ms\)"):
        pair(Halving(period=2.5), [], [])


def kept(w, c):
    return w, c


WRONG = {
    "a signal's trace in a rule that is local": (
        {"traces": [Trace("d", on="reward", tau="tau", meaning="reward")]},
        "Wrong.d: a trace is driven by 'pre' or 'post' spikes (got 'reward'); declare scope='network' if that is a signal",
    ),
    "a state that is not returned": ({"on_pre": halve}, "halve() of Wrong must return 2 values"),
    "a clock without a parameter": (
        {"on_pre": kept, "on_signal": kept, "every": "tick"}, "Wrong.every: must name a parameter in ms (got 'tick')"),
    "a clock and a signal": (
        {"on_pre": kept, "on_signal": kept, "every": "tau", "signal": "sample"},
        "Wrong: on_signal acts at a signal or every so many ms, not at both",
    ),
    "a function without its signal": (
        {"on_pre": kept, "on_signal": kept}, "Wrong: on_signal goes together with the name of its signal, or with every"),
    "a start that asks for what is not there": (
        {"on_pre": kept, "states": [State("c", "v", "", "state")]}, "Wrong.c: its initial value asks for 'v'"),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_declaration_is_refused(fault: str) -> None:
    given, sentence = WRONG[fault]
    declared = {"on_pre": kept, "states": [State("c", 0.0, "", "state")]} | given
    with pytest.raises(ModelError) as error:
        rule("Wrong", params=[Param("tau", 10.0, "ms", "time constant")], **declared)
    assert sentence in str(error.value)


def test_a_potential_behind_a_dendrite_is_refused() -> None:
    net = Network(dt=1.0)
    net.population("a", Poisson(rate=1.0), 1)
    net.population("b", LIF(), 1)
    with pytest.raises(NetworkError, match="SDSP reads the potential at the synapse, which a dendritic delay puts off"):
        net.project("a", "b", AllToAll(), weight=0.5, receptor=Exponential(), plasticity=SDSP(), delay=1.0, dendritic_delay=1.0)


def test_a_reward_pays_what_is_still_eligible(engine: str) -> None:
    """Florian 2007: after a pair of 10 ms, a reward r at D pays gamma r a_plus exp(-10 / 20) / tau_z exp(-D / tau_z)."""
    learning = MSTDPET(gamma=0.5, a_minus=0.0, w_min=None, w_max=None)
    run = pair(learning, [10.0], [19.0], weight=0.3).build(engine).run(50.0)
    run.signal("reward", -2.0)
    expected = 0.3 - 2.0 * 0.5 * np.exp(-10.0 / 20.0) / 25.0 * np.exp(-30.0 / 25.0)
    assert run.weights("learns")[0, 0] == pytest.approx(expected, rel=1e-12)


def test_bursts_pull_weights_to_their_reference_and_references_settle(engine: str) -> None:
    """equations.md 3.13: a silent source's weight goes monotonically to w_ref while the target bursts; w_ref alone settles at 0 or
    0.5, and 0.25 parts the two. At 100 Hz beta y^3 is 0.2; beyond 2, at 200 Hz, the rule itself overshoots."""
    quick = ConsolidatingSTDP(beta=0.05, delta=0.0)
    run = pair(quick, [], [float(t) for t in range(5, 300, 10)], weight=0.4).build(engine)
    run.set_weights("learns", 0.2)  # the reference keeps where the weight was
    seen = [run.run(25.0).weights("learns")[0, 0] for _ in range(12)]
    assert (np.diff([0.2, *seen]) > 0).all()
    assert seen[-1] == pytest.approx(0.4, abs=0.01)
    assert run.synapses("learns")["w_ref"][0] == pytest.approx(0.4, abs=1e-12)
    for begun, settled in ((0.24, 0.0), (0.26, 0.5)):
        # a weight that follows its reference: the potential alone moves both
        run = pair(ConsolidatingSTDP(tau_c=100.0, period=10.0), [], [], weight=begun).build(engine)
        for _ in range(200):
            run.run(10.0).set_weights("learns", float(np.clip(run.synapses("learns")["w_ref"][0], 0.0, 5.0)))
        assert run.synapses("learns")["w_ref"][0] == pytest.approx(settled, abs=1e-3)


def test_weights_that_are_set_take_along_what_follows_from_them(engine: str) -> None:
    """A bistable synapse that is set to its high efficacy stays there."""
    run = pair(SDSP(v_theta=1000.0), [10.0], [], weight=0.0).build(engine).run(20.0)
    assert run.synapses("learns")["X"][0] == 0.0
    run.set_weights("learns", 1.0)
    run.run(200.0)
    assert (run.weights("learns")[0, 0], run.synapses("learns")["X"][0]) == (1.0, 1.0)
    run.set_weights("learns", 0.6)  # no efficacy: X = 0.6 is above the ridge, and what follows from it is the high one
    assert (run.weights("learns")[0, 0], run.synapses("learns")["X"][0]) == (1.0, 0.6)
