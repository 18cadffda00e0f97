"""Rules put together: each change by hand, every engine, files, and what does not go together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    SDSP,
    AllToAll,
    Delta,
    DopamineSTDP,
    Exponential,
    Gate,
    HomeostaticThreshold,
    Network,
    OneToOne,
    PairSTDP,
    PowerLawSTDP,
    Sequence,
    SpikeTimes,
    Sum,
    TripletSTDP,
    WeightNormalisation,
)  # fmt: skip
from maichong.errors import MaichongError, NetworkError, ParameterError

PRE, POST = [10.0, 22.0, 41.0], [15.0, 30.0, 36.0]


def pair(learning: Any, weight: float = 0.5) -> Network:
    net = Network(dt=1.0)
    source = net.population("source", SpikeTimes(PRE, [0] * 3), 1)
    cell = net.population("cell", LIF(), 1)
    teacher = net.population("teacher", SpikeTimes([t - 1 for t in POST], [0] * 3), 1)
    net.project(source, cell, AllToAll(), weight=weight, receptor=Exponential(), plasticity=learning, name="learns")
    net.project(teacher, cell, OneToOne(), weight=100.0, receptor=Delta())
    return net


def learned(learning: Any, engine: str, weight: float = 0.5) -> float:
    run = pair(learning, weight).build(engine).run(60.0)
    assert run["cell"].counts[0] == 3
    return float(run.weights("learns")[0, 0])


def test_the_sum_of_additive_rules_adds_their_changes(engine: str) -> None:
    """Neither depends on the weight, so each does what it does alone."""
    one, other = PairSTDP(a_plus=0.02), TripletSTDP()
    alone = [learned(rule, engine) - 0.5 for rule in (one, other)]
    assert learned(Sum(one, other), engine) == pytest.approx(0.5 + sum(alone), abs=1e-12)
    assert min(map(abs, alone)) > 1e-3


def by_hand(weight: float, a: float, b: float, *, sequence: bool) -> float:
    """The pairs of PRE and POST through two multiplicative rules of rates a and b, with traces of 20 ms."""
    x = y = 0.0
    last = 0.0
    for time, post in sorted([(t, False) for t in PRE] + [(t, True) for t in POST]):
        fade = np.exp((last - time) / 20.0)
        x, y, last = x * fade, y * fade, time
        if post:
            first = weight + a * (1.0 - weight) * x
            weight = first + b * (1.0 - first) * x if sequence else first + b * (1.0 - weight) * x
            y += 1.0
        else:
            first = weight - a * weight * y
            weight = first - b * first * y if sequence else first - b * weight * y
            x += 1.0
    return weight


@pytest.mark.parametrize("how", [Sum, Sequence])
def test_multiplicative_rules_meet_at_the_weight(how: Any, engine: str) -> None:
    rules = [PairSTDP(a_plus=a, a_minus=a, mu_plus=1.0, mu_minus=1.0) for a in (0.3, 0.2)]
    expected = by_hand(0.5, 0.3, 0.2, sequence=how is Sequence)
    assert learned(how(*rules), engine) == pytest.approx(expected, rel=1e-12)
    assert by_hand(0.5, 0.3, 0.2, sequence=True) != pytest.approx(by_hand(0.5, 0.3, 0.2, sequence=False), rel=1e-3)


def test_a_gate_lets_changes_through_after_its_signal(engine: str) -> None:
    """The pair at 30 ms after a signal at 20 ms counts g = 0.8 exp(-10 / 200) times."""
    gated = Gate(PairSTDP(a_minus=0.0), by="attention")
    run = pair(gated).build(engine).run(20.0)
    assert run.weights("learns")[0, 0] == 0.5
    run.signal("attention", 0.8)
    run.run(12.0)
    x = np.exp(-20.0 / 20.0) + np.exp(-8.0 / 20.0)
    assert run.weights("learns")[0, 0] == pytest.approx(0.5 + 0.01 * x * 0.8 * np.exp(-10.0 / 200.0), rel=1e-12)


def test_states_and_clocks_of_parts_live_on(engine: str) -> None:
    """Two eligibility traces, a quick and a slow one, that one reward pays: each is as alone, and so is what it earns."""
    rules = [DopamineSTDP(a_plus=0.1, tau_c=tau) for tau in (50.0, 1000.0)]
    earned = []
    for rule in (*rules, Sum(*rules)):
        run = pair(rule).build(engine).run(40.0)
        run.signal("dopamine", 0.01)
        earned.append(run.run(20.0).synapses("learns"))
    quick, slow, both = earned
    assert (both["c_1"][0], both["c_2"][0]) == pytest.approx((quick["c"][0], slow["c"][0]), rel=1e-12)
    assert both["weight"][0] - 0.5 == pytest.approx(quick["weight"][0] + slow["weight"][0] - 1.0, rel=1e-12)
    assert quick["weight"][0] > 0.501


def test_a_combination_is_written_down_and_read_again() -> None:
    for rule in (Sum(PairSTDP(a_plus=0.02), TripletSTDP(pairing="nearest")), Gate(PowerLawSTDP(), by="attention", tau=50.0)):
        net = pair(rule)
        again = Network.from_dict(net.to_dict())
        assert again.projections["learns"].plasticity == (rule,)
        assert again == net
    assert "PairSTDP" in Sum(PairSTDP(), TripletSTDP()).model.doc


REFUSED = {
    "two rules at spikes": (lambda: pair([PairSTDP(), TripletSTDP()]), "two rules would write its weights at spikes"),
    "two rules at a signal": (
        lambda: pair([WeightNormalisation(), WeightNormalisation(total=1.0)]), "two rules would write its weights at 'sample'"),
    "one part": (lambda: Sum(PairSTDP()), "Sum: takes two rules or more (got 1)"),
    "a model": (lambda: Sum(PairSTDP(), TripletSTDP), "Sum: takes rules of weights, such as PairSTDP()"),
    "an intrinsic rule": (lambda: Sequence(PairSTDP(), HomeostaticThreshold()), "Sequence: takes rules of weights"),
    "a combination": (lambda: Sum(PairSTDP(), Sum(PairSTDP(), TripletSTDP())), "Sum: takes rules that are no combinations"),
    "a sum that is no more": (
        lambda: Sequence(PairSTDP(), WeightNormalisation()), "Sequence: its later rules cannot ask for the sum of all weights"),
    "two that flow": (
        lambda: Sum(SDSP(), DopamineSTDP()),
        "Sum: cannot put together rules that change weights as time passes where one asks how large they are (got SDSP)"),
    "a gate for time": (lambda: Gate(SDSP(), by="attention"), "Gate: takes rules that act at spikes, steps and signals (got SDSP)"),
    "a gate by spikes": (lambda: Gate(PairSTDP(), by="pre"), "Gate, by: must be the name of a signal (got 'pre')"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_what_does_not_go_together_is_refused(fault: str) -> None:
    make, sentence = REFUSED[fault]
    with pytest.raises(MaichongError) as error:
        make()
    assert sentence in str(error.value)
    assert isinstance(error.value, (ParameterError, NetworkError))


@pytest.mark.parametrize(
    "parts", [["Sum", "PairSTDP"], ["Max", "PairSTDP", "PairSTDP"], ["Sum", "LIF", "LIF"], "Sum", [1, 2, 3]]
)
def test_a_damaged_file_is_refused(parts: Any) -> None:
    data = pair(Sum(PairSTDP(), TripletSTDP())).to_dict()
    data["models"] = [{"combined": parts}]
    with pytest.raises(NetworkError, match="network, models: must name a combination and its rules"):
        Network.from_dict(data)


def test_the_table_says_who_changes_what_and_when() -> None:
    net = pair([Sum(PairSTDP(), DopamineSTDP()), WeightNormalisation()])
    net.population("adapting", LIF(), 1, plasticity=HomeostaticThreshold())
    table = net.build("reference").plasticity_table()
    spikes = ("presynaptic spikes, as they arrive", "as time passes", "postsynaptic spikes")
    assert [(row.rule, row.of, row.writes, row.when, row.scope, row.signals) for row in table.rows] == [
        ("Sum(PairSTDP, DopamineSTDP)", "learns", "weights", spikes, "network", ("dopamine",)),
        ("WeightNormalisation", "learns", "weights", ("the signal 'sample'",), "circuit", ("sample",)),
        ("HomeostaticThreshold", "adapting", "v_th", ("its own spikes", "as time passes"), "synapse", ()),
    ]
    assert str(table).splitlines()[0].split() == ["rule", "of", "writes", "when", "scope", "signals"]
    assert table.to_rows()[1]["when"] == ("the signal 'sample'",)
    assert str(pair(()).build("reference").plasticity_table()) == "no rules: nothing of this network learns"
