"""Putting a network together: every mistake is one sentence at the call that is wrong, naming place, want and cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pint
import pytest

from maichong import (
    LIF,
    AllButSelf,
    AllToAll,
    Delta,
    Exponential,
    FixedProbability,
    HomeostaticThreshold,
    Izhikevich,
    LogNormal,
    Network,
    Normal,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    TripletSTDP,
    Uniform,
    WeightNormalisation,
)
from maichong.errors import EngineError, MaichongError, NetworkError, ParameterError, UnitError


def said(kind: type[Exception], call: Callable[[], Any]) -> str:
    """The message of the error that ``call`` must raise: one line of bearable length."""
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) <= 400
    return message


def some() -> Network:
    """Two populations of cells and two of sources."""
    net = Network(dt=0.1)
    net.population("exc", LIF(), 3)
    net.population("inh", LIF(), 2)
    net.population("noise", Poisson(rate=10.0), 2)
    net.population("given", SpikeTimes([1.0], [0]), 2)
    return net


def joined(**changed: Any) -> Network:
    """The same with one projection, some of it changed."""
    net = some()
    parts = {"pre": "noise", "post": "exc", "connector": AllToAll(), "weight": 1.0, "receptor": Exponential()}
    net.project(**{**parts, **changed})
    return net


def refused(kind: type[MaichongError], message: str, **changed: Any) -> None:
    """A projection so changed is refused with this message, and the network stays as it was."""
    net = some()
    parts = {"pre": "noise", "post": "exc", "connector": AllToAll(), "weight": 1.0, "receptor": Exponential()}
    assert said(kind, lambda: net.project(**{**parts, **changed})) == message
    assert net == some()


# the network -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [0.1, "0.1 ms", "1e-4 s", "100 us", pint.Quantity(0.1, "ms"), np.float64(0.1)], ids=repr)
def test_dt_may_carry_a_unit(dt: Any) -> None:
    assert Network(dt=dt).dt == pytest.approx(0.1, rel=1e-15)


@pytest.mark.parametrize(
    ("dt", "kind", "message"),
    [
        (0, ParameterError, "Network.dt: must be a number > 0 ms (got 0)"),
        (-0.1, ParameterError, "Network.dt: must be a number > 0 ms (got -0.1)"),
        (float("nan"), ParameterError, "Network.dt: must be a number > 0 ms (got nan)"),
        (float("inf"), ParameterError, "Network.dt: must be a number > 0 ms (got inf)"),
        ([0.1], ParameterError, "Network.dt: must be a number > 0 ms (got [0.1])"),
        (None, ParameterError, "Network.dt: must be a number in ms (got None)"),
        (True, ParameterError, "Network.dt: must be a number in ms (got True)"),
        ("0.1 mV", UnitError, "Network.dt: must be in ms (got '0.1 millivolt', which is in millivolt)"),
        ("soon", ParameterError, "Network.dt: must be a number, or text with a unit like '1 ms' (got 'soon')"),
    ],
)
def test_a_step_that_is_none(dt: Any, kind: type[MaichongError], message: str) -> None:
    assert said(kind, lambda: Network(dt=dt)) == message


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, True, None, "1", float("nan"), [1]], ids=repr)
def test_a_seed_that_is_none(seed: Any) -> None:
    assert said(ParameterError, lambda: Network(seed=seed)) == (
        f"Network.seed: must be a whole number between 0 and 2**63 - 1 (got {seed!r})"
    )


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1, np.int32(7), np.uint64(7)], ids=repr)
def test_seeds(seed: Any) -> None:
    assert Network(seed=seed).seed == int(seed)


def test_a_network_without_populations_can_be_described_and_not_built() -> None:
    assert "0 neurons, 0 synapses" in Network().summary()
    assert said(NetworkError, lambda: Network().build()) == (
        "network: needs at least one population; add one with net.population(...)"
    )
    assert repr(Network()) == "<Network: 0 populations, 0 neurons, 0 projections, dt 0.1 ms>"


# populations -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, -1, 2**31, 2.0, "2", None, True, [2], float("nan")], ids=repr)
def test_a_number_of_neurons_that_is_none(n: Any) -> None:
    assert said(NetworkError, lambda: Network().population("a", LIF(), n)) == (
        f"population 'a': must have between 1 and 2**31 - 1 neurons (got {n!r})"
    )


def test_a_name_stands_once() -> None:
    assert said(NetworkError, lambda: some().population("exc", LIF(), 1)) == (
        "population 'exc': stands in the network already; choose another name"
    )


@pytest.mark.parametrize("name", ["", None, 3, b"a", ["a"]], ids=repr)
def test_a_name_that_is_none(name: Any) -> None:
    assert said(NetworkError, lambda: Network().population(name, LIF(), 1)) == f"population: needs a name (got {name!r})"


@pytest.mark.parametrize("model", ["LIF", None, 3, PairSTDP(), Exponential(), HomeostaticThreshold()], ids=repr)
def test_what_is_no_neuron(model: Any) -> None:
    assert said(NetworkError, lambda: Network().population("a", model, 1)) == (
        f"population 'a': needs a neuron or a source, such as LIF() or Poisson() (got {model!r})"
    )


def test_a_model_without_brackets_has_its_defaults() -> None:
    assert Network().population("a", LIF, 2).model == LIF()
    assert Network().population("a", Poisson, 2).model == Poisson()


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"init": {"V": 1.0}}, NetworkError, "population 'a', init: there is no 'V'; did you mean 'v'?"),
        ({"init": {"x": 1.0}}, NetworkError, "population 'a', init: there is no 'x'; known: v"),
        ({"init": {"v": [1, 2]}}, NetworkError, "population 'a', init: v must be one number or 3, one per neuron (got (2,))"),
        (
            {"init": {"v": np.zeros((3, 1))}},
            NetworkError,
            "population 'a', init: v must be one number or 3, one per neuron (got (3, 1))",
        ),
        ({"init": {"v": float("nan")}}, ParameterError, "population 'a', init['v']: must be finite (got NaN or infinity)"),
        (
            {"init": {"v": "3 pA"}},
            UnitError,
            "population 'a', init['v']: must be in mV (got '3 picoampere', which is in picoampere)",
        ),
        ({"drive": {"j": 1.0}}, NetworkError, "population 'a': has no input 'j'; known: i"),
        ({"drive": [1, 2]}, NetworkError, "population 'a', drive: i must be one number or 3, one per neuron (got (2,))"),
        ({"drive": float("inf")}, ParameterError, "population 'a', drive['i']: must be finite (got NaN or infinity)"),
        (
            {"drive": "3 mV"},
            UnitError,
            "population 'a', drive['i']: must be in pA (got '3 millivolt', which is in millivolt)",
        ),
        ({"drive": True}, ParameterError, "population 'a', drive['i']: must be a number in pA (got True)"),
        ({"model": LIF(tau_m=[1, 2])}, NetworkError, "population 'a': tau_m must be one number or 3, one per neuron (got 2)"),
        (
            {"plasticity": HomeostaticThreshold(theta_0=[1, 2])},
            NetworkError,
            "population 'a': theta_0 must be one number or 3, one per neuron (got 2)",
        ),
        (
            {"plasticity": PairSTDP()},
            NetworkError,
            "population 'a': its plasticity must be intrinsic rules, such as HomeostaticThreshold() (got PairSTDP())",
        ),
        (
            {"plasticity": [3]},
            NetworkError,
            "population 'a': its plasticity must be intrinsic rules, such as HomeostaticThreshold() (got 3)",
        ),
        (
            {"model": Izhikevich(), "plasticity": HomeostaticThreshold()},
            NetworkError,
            "population 'a': HomeostaticThreshold modulates 'v_th', which Izhikevich lacks",
        ),
        ({"model": Poisson(rate=[1, 2])}, NetworkError, "population 'a': rate must be one number or 3, one per neuron (got 2)"),
        (
            {"model": Poisson(), "drive": 3.0},
            NetworkError,
            "population 'a': its model has no input to drive (got 3.0)",
        ),
        ({"model": Poisson(), "init": {"v": 3.0}}, NetworkError, "population 'a', init: there is no 'v'"),
        (
            {"model": SpikeTimes([1.0], [0]), "init": {"v": 3.0}},
            NetworkError,
            "population 'a': given spikes have neither states nor plasticity",
        ),
        ({"model": SpikeTimes([1.0], [3])}, NetworkError, "population 'a': spike ids must be below 3 (got 3)"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_population_that_cannot_be(changed: dict[str, Any], kind: type[MaichongError], message: str) -> None:
    net = Network()
    parts: dict[str, Any] = {"name": "a", "model": LIF(), "n": 3}
    assert said(kind, lambda: net.population(**{**parts, **changed})) == message
    assert net == Network()


@pytest.mark.parametrize(
    ("times", "ids", "message"),
    [
        ([1.0, 2.0], [0], "SpikeTimes: times and ids must be equally long lists (got (2,) and (1,))"),
        ([[1.0]], [[0]], "SpikeTimes: times and ids must be equally long lists (got (1, 1) and (1, 1))"),
        ([-1.0], [0], "SpikeTimes.times: must be finite and >= 0 ms"),
        ([float("nan")], [0], "SpikeTimes.times: must be finite and >= 0 ms"),
        ([float("inf")], [0], "SpikeTimes.times: must be finite and >= 0 ms"),
        ([1.0], [0.5], "SpikeTimes.ids: must be whole numbers >= 0"),
        ([1.0], [-1], "SpikeTimes.ids: must be whole numbers >= 0"),
        ([1.0], [float("nan")], "SpikeTimes.ids: must be whole numbers >= 0"),
        (["a"], [0], "SpikeTimes.times: must be a number in ms (got ['a'])"),
        ([1.0], None, "SpikeTimes.ids: must be a number in units of 1 (got None)"),
    ],
)
def test_given_spikes_that_cannot_be(times: Any, ids: Any, message: str) -> None:
    assert said(ParameterError, lambda: SpikeTimes(times, ids)) == message


def test_given_spikes_may_carry_a_unit() -> None:
    assert SpikeTimes(pint.Quantity([0.001, 0.002], "s"), [0, 1]) == SpikeTimes([1.0, 2.0], [0, 1])


# projections -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pre": "nois"}, "network: has no population 'nois'; did you mean 'noise'?"),
        ({"post": "zzzz"}, "network: has no population 'zzzz'; known: exc, given, inh, noise"),
        ({"post": "noise"}, "projection 'noise->noise': must end on neurons, and a source receives nothing (got 'noise')"),
        ({"post": "given"}, "projection 'noise->given': must end on neurons, and a source receives nothing (got 'given')"),
        (
            {"connector": "all"},
            "projection 'noise->exc': needs a connector, such as AllToAll() or FixedProbability(0.1) (got 'all')",
        ),
        (
            {"connector": AllToAll},
            "projection 'noise->exc': needs a connector, such as AllToAll() or FixedProbability(0.1) "
            "(got <class 'maichong.topology.connectors.AllToAll'>)",
        ),
        (
            {"connector": OneToOne()},
            "projection 'noise->exc': OneToOne needs populations of equal size (got 2 and 3); use AllToAll()",
        ),
        (
            {"receptor": PairSTDP()},
            "projection 'noise->exc': needs a receptor, such as Exponential(tau=5) (got PairSTDP())",
        ),
        ({"receptor": None}, "projection 'noise->exc': needs a receptor, such as Exponential(tau=5) (got None)"),
        ({"input": "current"}, "projection 'noise->exc': 'exc' has no input 'current'; known: i"),
        (
            {"plasticity": [3]},
            "projection 'noise->exc': its plasticity must be rules, such as PairSTDP() (got 3)",
        ),
        (
            {"plasticity": HomeostaticThreshold()},
            "projection 'noise->exc': its plasticity must be rules, such as PairSTDP() (got HomeostaticThreshold())",
        ),
        (
            {"plasticity": [PairSTDP(), TripletSTDP()]},
            "projection 'noise->exc': two rules would write its weights at spikes, and their order would be undefined; keep one",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_projection_that_cannot_be(changed: dict[str, Any], message: str) -> None:
    refused(NetworkError, message, **changed)


def test_a_rule_at_spikes_and_one_at_a_signal_go_together() -> None:
    net = joined(weight=0.5, plasticity=[PairSTDP(), WeightNormalisation()])
    assert len(net.projections["noise->exc"].plasticity) == 2


@pytest.mark.parametrize(
    ("weight", "kind", "rest"),
    [
        (float("nan"), ParameterError, "must be finite (got NaN or infinity)"),
        ([1, 2, 3, 4, 5, float("inf")], ParameterError, "must be finite (got NaN or infinity)"),
        ([1, 2, 3], NetworkError, "must be one number or one per synapse, 6 (got 3)"),
        ([], NetworkError, "must be one number or one per synapse, 6 (got 0)"),
        (np.zeros((3, 2)), NetworkError, "a matrix must have the shape [2, 3] (pre, post) (got (3, 2))"),
        (np.zeros((2, 3, 1)), NetworkError, "must be a number, one per synapse or a matrix [pre, post] (got (2, 3, 1))"),
        (None, ParameterError, "must be a number in pA (got None)"),
        (True, ParameterError, "must be a number in pA (got True)"),
        ("strong", ParameterError, "must be a number, or text with a unit like '1 pA' (got 'strong')"),
        ("3 mV", UnitError, "must be in pA (got '3 millivolt', which is in millivolt)"),
        ("3 nS", UnitError, "must be in pA (got '3 nanosiemens', which is in nanosiemens)"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_weights_that_cannot_be(weight: Any, kind: type[MaichongError], rest: str) -> None:
    refused(kind, f"projection 'noise->exc', weight: {rest}", weight=weight)


@pytest.mark.parametrize(
    ("receptor", "weight", "expected"),
    [
        (Exponential(), "0.003 nA", 3.0),
        (Exponential(e_rev=0.0), "0.003 uS", 3.0),
        (Delta(), "0.003 V", 3.0),
        (Delta(), "3 mV", 3.0),
        (Exponential(), 3, 3.0),
    ],
    ids=str,
)
def test_the_receptor_says_the_unit_of_a_weight(receptor: Any, weight: Any, expected: float) -> None:
    net = joined(receptor=receptor, weight=weight)
    assert net.projections["noise->exc"].weight == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(("receptor", "unit"), [(Exponential(e_rev=0.0), "nS"), (Delta(), "mV")], ids=str)
def test_and_refuses_another_one(receptor: Any, unit: str) -> None:
    message = said(UnitError, lambda: joined(receptor=receptor, weight="3 pA"))
    assert message == f"projection 'noise->exc', weight: must be in {unit} (got '3 picoampere', which is in picoampere)"


EARLY = (
    "must be >= dt = 0.1 ms, for a spike cannot arrive within the step it is sent in (got {} ms); "
    "use at least 0.1, or a smaller dt"
)


@pytest.mark.parametrize(
    ("delay", "kind", "rest"),
    [
        (0, NetworkError, EARLY.format("0")),
        (-1.0, NetworkError, EARLY.format("-1")),
        (0.05, NetworkError, EARLY.format("0.05")),
        ("50 us", NetworkError, EARLY.format("0.05")),
        ([1, 1, 1, 1, 0.05, 1], NetworkError, EARLY.format("0.05")),
        (np.array([[1, 1, 1], [1, 0, 1]]), NetworkError, EARLY.format("0")),
        (Uniform(0.0, 1.0), NetworkError, EARLY.format("0")),
        (Normal(1.0, 0.1), NetworkError, EARLY.format("-inf")),
        (LogNormal(0.0, 0.1), NetworkError, EARLY.format("0")),
        (float("nan"), ParameterError, "must be finite (got NaN or infinity)"),
        ([1, 1, 1, 1, float("nan"), 1], ParameterError, "must be finite (got NaN or infinity)"),
        ([1, 1], NetworkError, "must be one number or one per synapse, 6 (got 2)"),
        ("1 mV", UnitError, "must be in ms (got '1 millivolt', which is in millivolt)"),
        (True, ParameterError, "must be a number in ms (got True)"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_delays_that_cannot_be(delay: Any, kind: type[MaichongError], rest: str) -> None:
    refused(kind, f"projection 'noise->exc', delay: {rest}", delay=delay)


def test_a_delay_of_one_step_is_right_and_is_what_comes_unasked() -> None:
    assert joined(delay=0.1).projections["noise->exc"].delay == 0.1
    assert joined().projections["noise->exc"].delay == 0.1


def test_a_delay_too_long_for_its_table_is_refused_before_anything_compiles() -> None:
    assert said(NetworkError, lambda: joined(delay=3276.8).build("reference")) == (
        "projection 'noise->exc', delay: must be below 32768 steps of 0.1 ms (got 32768 steps)"
    )
    joined(delay=3276.7).build("reference")


def test_projections_between_the_same_two_are_numbered_and_named_ones_stand_once() -> None:
    net = joined()
    again = net.project("noise", "exc", AllToAll(), weight=1.0, receptor=Exponential())
    third = net.project("noise", "exc", AllToAll(), weight=1.0, receptor=Exponential())
    assert [again.name, third.name] == ["noise->exc#2", "noise->exc#3"]
    net.project("noise", "exc", AllToAll(), weight=1.0, receptor=Exponential(), name="mine")
    assert (
        said(NetworkError, lambda: net.project("noise", "exc", AllToAll(), weight=1.0, receptor=Exponential(), name="mine"))
        == "projection 'mine': stands in the network already; choose another name"
    )


def test_a_weight_outside_its_rule_s_bounds_is_refused_before_anything_compiles() -> None:
    where = "projection 'noise->exc', weight: must lie between 0 and 1, the bounds of PairSTDP"
    for weight, got in ((1.5, "1.5"), (-0.1, "-0.1"), ([0.1, 0.2, 0.3, 0.4, 0.5, 2.0], "2"), (Uniform(0, 3), "3")):
        net_said = said(ParameterError, lambda w=weight: joined(weight=w, plasticity=PairSTDP()).build("events"))
        assert net_said == f"{where} (got {got}); start inside the bounds, or set w_min and w_max"
    joined(weight=1.5, plasticity=PairSTDP(w_max=2.0)).build("reference")


# probes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda net: net.probe("ecx"), NetworkError, "network: has no population 'ecx'; did you mean 'exc'?"),
        (
            lambda net: net.probe("exc", "spike"),
            NetworkError,
            "probe on 'exc': 'spike' cannot be recorded; did you mean 'spikes'?",
        ),
        (
            lambda net: net.probe("exc", "theta"),
            NetworkError,
            "probe on 'exc': 'theta' cannot be recorded; known: counts, spikes, v",
        ),
        (lambda net: net.probe("noise", "v"), NetworkError, "probe on 'noise': 'v' cannot be recorded; known: counts, spikes"),
        (
            lambda net: net.probe("exc", "v", every=0.05),
            ParameterError,
            "probe on 'exc', every: must be >= dt = 0.1 ms (got 0.05)",
        ),
        (lambda net: net.probe("exc", "v", every=0), ParameterError, "probe on 'exc', every: must be >= dt = 0.1 ms (got 0)"),
        (lambda net: net.probe("exc", "v", every=-1), ParameterError, "probe on 'exc', every: must be >= dt = 0.1 ms (got -1)"),
        (
            lambda net: net.probe("exc", "v", every=float("nan")),
            ParameterError,
            "probe on 'exc', every: must be >= dt = 0.1 ms (got nan)",
        ),
        (
            lambda net: net.probe("exc", "v", every=float("inf")),
            ParameterError,
            "probe on 'exc', every: must be >= dt = 0.1 ms (got inf)",
        ),
        (
            lambda net: net.probe("exc", "v", every="1 mV"),
            UnitError,
            "probe on 'exc', every: must be in ms (got '1 millivolt', which is in millivolt)",
        ),
        (
            lambda net: net.probe("exc", "v", cells=[3]),
            NetworkError,
            "probe on 'exc': cells must be indices between 0 and 2 (got [3])",
        ),
        (
            lambda net: net.probe("exc", "v", cells=[-1]),
            NetworkError,
            "probe on 'exc': cells must be indices between 0 and 2 (got [-1])",
        ),
        (
            lambda net: net.probe("exc", "v", cells=[]),
            NetworkError,
            "probe on 'exc': cells must be indices between 0 and 2 (got [])",
        ),
        (lambda net: net.probe("exc", "v", cells=3), NetworkError, "probe on 'exc': cells must be a list of indices (got 3)"),
        (
            lambda net: net.probe("exc", "v", cells="ab"),
            NetworkError,
            "probe on 'exc': cells must be a list of indices (got 'ab')",
        ),
        (
            lambda net: net.probe("exc", "v", cells=[None]),
            NetworkError,
            "probe on 'exc': cells must be a list of indices (got [None])",
        ),
    ],
)
def test_a_probe_that_cannot_be(call: Callable[[Network], Any], kind: type[MaichongError], message: str) -> None:
    net = some()
    assert said(kind, lambda: call(net)) == message
    assert net == some()


def test_a_rule_s_own_state_can_be_recorded_by_name() -> None:
    net = Network()
    net.population("exc", LIF(), 2, plasticity=HomeostaticThreshold(theta_0=3.0, tau_theta=10.0))
    net.probe("exc", "theta", every="1 ms", cells=[1])
    seen = net.build("reference").run(5.0)["exc"].samples("theta")
    assert seen.times == pytest.approx([1, 2, 3, 4, 5])
    assert seen.values[:, 0] == pytest.approx(3.0 * np.exp(-seen.times / 10.0), rel=1e-12)


# building --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "fix"),
    [("event", "did you mean 'events'?"), ("Reference", "did you mean 'reference'?"), ("zzz", "known: events, reference")],
)
def test_an_unknown_engine_is_answered_with_the_likely_one(engine: str, fix: str) -> None:
    assert said(EngineError, lambda: some().build(engine)) == f"build: there is no engine {engine!r}; {fix}"


def test_an_unknown_option_and_an_unknown_precision() -> None:
    assert said(EngineError, lambda: some().build("events", precison="float32")) == (
        "build, engine 'events': has no such option (got precison)"
    )
    assert said(EngineError, lambda: some().build("events", precision="float16")) == (
        "build, precision: must be one of 'float64', 'float32' (got 'float16')"
    )
    assert said(EngineError, lambda: some().build("reference", precision="float32")) == (
        "build, engine 'reference': has no such option (got precision)"
    )


@pytest.mark.xfail(strict=True, reason="N3: all options are listed, the known ones among them, and no likely name is given")
def test_only_the_unknown_option_is_blamed() -> None:
    message = said(EngineError, lambda: some().build("events", precision="float32", theads=2))
    assert "theads" in message
    assert "(got precision" not in message


@pytest.mark.parametrize(
    ("integrator", "message"),
    [
        ("exact", "the integrator 'exact' needs a linear flow, and v is not linear here; use 'exponential_euler' or 'auto'"),
        ("figure1", None),
    ],
)
def test_an_integrator_that_does_not_apply(integrator: str, message: str | None) -> None:
    net = Network(dt=0.5)
    net.population("cell", Izhikevich(integrator=integrator), 1)
    if message is None:
        net.build("reference")
    else:
        found = said(EngineError, lambda: net.build("reference"))
        assert found.startswith("population 'cell': the integrator 'exact' needs a linear flow, and ")
        assert found.endswith("not linear here; use 'exponential_euler' or 'auto'")


# bugs ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"receptor": Exponential(tau=[5.0, 6.0])},
        {"receptor": Exponential(tau=Uniform(5.0, 6.0))},
        {"plasticity": PairSTDP(tau_plus=[20.0, 30.0]), "weight": 0.5},
        {"plasticity": PairSTDP(tau_plus=Uniform(20.0, 30.0)), "weight": 0.5},
        {"plasticity": PairSTDP(w_max=[1.0, 2.0]), "weight": 0.5},
        {"plasticity": PairSTDP(a_plus=[0.01, 0.02]), "weight": 0.5},
        {"plasticity": PairSTDP(a_plus=Uniform(0.01, 0.02)), "weight": 0.5},
    ],
    ids=str,
)
@pytest.mark.xfail(strict=True, reason="N4: arrays and distributions in a receptor or a rule are accepted and crash the build")
def test_what_no_engine_can_vary_is_refused_at_the_projection(changed: dict[str, Any]) -> None:
    said(MaichongError, lambda: joined(**changed))


@pytest.mark.parametrize(
    "call",
    [
        lambda: joined(plasticity=PairSTDP),
        lambda: some().population("x", LIF(), 2, plasticity=HomeostaticThreshold),
        lambda: joined(plasticity=3),
        lambda: some().population("x", LIF(), 2, plasticity=3),
        lambda: some().population("x", LIF(), 2, init=[1.0, 2.0]),
        lambda: some().population("x", LIF(), 2, init="v"),
        lambda: joined(pre=["noise"]),
        lambda: some().probe(["exc"]),
        lambda: some().probe("exc", "v", cells=[float("inf")]),
        lambda: some().build(["events"]),
        lambda: some().summary(precision="float99"),
    ],
    ids=[
        "rule without brackets", "intrinsic rule without brackets", "rule as number", "intrinsic rule as number", "init as list",
        "init as text", "population as list", "probe as list", "cell at infinity", "engine as list", "precision of a forecast",
    ],
)  # fmt: skip
@pytest.mark.xfail(strict=True, reason="N5: a Python or NumPy error escapes instead of a sentence")
def test_a_wrong_kind_of_thing_is_a_sentence(call: Callable[[], Any]) -> None:
    said(MaichongError, call)


@pytest.mark.parametrize(
    "call",
    [
        lambda: joined(name=5),
        lambda: joined(name=("a", "b")),
        lambda: joined(receptor=Delta(), input="nonsense"),
        lambda: some().probe("exc", "v", cells=[0.5]),
        lambda: some().probe("exc", "spikes", every="nonsense"),
        lambda: some().probe("exc", "spikes", cells=[0, 0]),
        lambda: SpikeTimes([1.0], [float("inf")]),
        lambda: SpikeTimes([1.0], [1e300]),
        lambda: SpikeTimes([1e300], [0]),
        lambda: some().summary(precision="int8"),
    ],
    ids=[
        "name as number", "name as tuple", "an input that a jump does not have", "half a cell", "every of spikes", "a cell twice",
        "id at infinity", "id of 1e300", "time of 1e300", "forecast in int8",
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.xfail(strict=True, reason="N6: accepted in silence")
def test_what_means_nothing_is_not_accepted(call: Callable[[], Any]) -> None:
    said(MaichongError, call)


@pytest.mark.xfail(strict=True, reason="N7: told at build only, not at the call that is wrong")
def test_a_weight_outside_the_bounds_is_told_where_it_is_given() -> None:
    said(ParameterError, lambda: joined(weight=1.5, plasticity=PairSTDP()))


@pytest.mark.xfail(strict=True, reason="N8: the longest delay of a distribution is not checked, and a ring of 75 GiB asked for")
def test_a_distribution_of_delays_too_long_for_its_table() -> None:
    message = said(NetworkError, lambda: joined(delay=Uniform(0.1, 1e9)).build("events"))
    assert "must be below 32768 steps of 0.1 ms" in message


@pytest.mark.parametrize("engine", ["reference", "events"])
@pytest.mark.parametrize("connector", [AllToAll(), AllButSelf()], ids=repr)
def test_dense_synapses_of_spread_delays_need_no_rule(engine: str, connector: Any) -> None:
    """While the event engine was taken apart, this was an AssertionError for some hours."""
    net = Network(dt=0.1, seed=2)
    net.population("given", SpikeTimes([1.0, 2.0], [0, 1]), 3)
    net.population("cell", LIF(), 3)
    net.project("given", "cell", connector, weight=1.0, delay=Uniform(0.1, 2.0), receptor=Exponential())
    assert net.build(engine).run(5.0)["given"].counts.tolist() == [1, 1, 0]


def test_weights_of_a_drawn_projection_are_counted_at_build() -> None:
    """Who connects is not known before, so the number of weights cannot be checked before."""
    message = said(NetworkError, lambda: joined(connector=FixedProbability(1.0), weight=[1.0, 2.0]).build("reference"))
    assert message == "projection 'noise->exc', weight: must be one number or one per synapse, 6 (got 2)"
