"""The network itself, its probes and its build: every mistake is one sentence at the call that is wrong; and known bugs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pint
import pytest
from small_network import joined, said, some

from maichong import (
    LIF,
    AllButSelf,
    AllToAll,
    Delta,
    Exponential,
    FixedProbability,
    HomeostaticThreshold,
    Izhikevich,
    Network,
    PairSTDP,
    SpikeTimes,
    Uniform,
)
from maichong.errors import EngineError, MaichongError, NetworkError, ParameterError, UnitError

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


# probes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda net: net.probe("ecx"), NetworkError, "network: has no population 'ecx'; did you mean 'exc'?"),
        (
            lambda net: net.probe("exc", "spike"),
            NetworkError,
            "probe on 'exc': 'spike' cannot be recorded; did you mean 'spikes'? known: counts, spikes, v",
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
            lambda net: net.probe("exc", "v", every=0.25),
            ParameterError,
            "probe on 'exc', every: must be a whole number of steps of 0.1 ms (got 0.25)",
        ),
        (
            lambda net: net.probe("exc", "v", every=1e6 + 0.05),
            ParameterError,
            "probe on 'exc', every: must be a whole number of steps of 0.1 ms (got 1000000.05)",
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
    [
        ("event", "did you mean 'events'?"),
        ("Reference", "did you mean 'reference'?"),
        ("zzz", "known: events, nest, reference"),
    ],
)
def test_an_unknown_engine_is_answered_with_the_likely_one(engine: str, fix: str) -> None:
    assert said(EngineError, lambda: some().build(engine)) == f"build: there is no engine {engine!r}; {fix}"


def test_an_unknown_option_and_an_unknown_precision() -> None:
    assert said(EngineError, lambda: some().build("events", precison="float32")) == (
        "build, engine 'events': has no such option (got precison); did you mean 'precision'?"
    )
    assert said(EngineError, lambda: some().build("events", precision="float16")) == (
        "build, precision: must be one of 'float64', 'float32' (got 'float16')"
    )
    assert said(EngineError, lambda: some().build("reference", precision="float32")) == (
        "build, engine 'reference': has no such option (got precision)"
    )


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
def test_what_no_engine_can_vary_is_refused_at_the_projection(changed: dict[str, Any]) -> None:
    said(MaichongError, lambda: joined(**changed))


def resting(t_ref: float) -> Network:
    net = Network()
    net.population("x", LIF(t_ref=t_ref), 1)
    return net


def given_at(time: float) -> Network:
    net = Network(dt=1e-5)
    net.population("given", SpikeTimes([time], [0]), 1)
    return net


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: joined(name=5), "projection: needs a name (got 5)"),
        (
            lambda: joined(receptor=Delta(), input="i"),
            "projection 'noise->exc': Delta needs no input (got 'i'); it acts on the membrane itself",
        ),
        (
            lambda: joined(plasticity=PairSTDP(a_plus=[1.0, 2.0])),
            "projection 'noise->exc': PairSTDP.a_plus must be one number for all synapses (got array([1., 2.]))",
        ),
        (
            lambda: joined(plasticity=PairSTDP),
            "projection 'noise->exc': its plasticity must be rules, such as PairSTDP() (got <rule model PairSTDP>)",
        ),
        (
            lambda: some().population("x", LIF(), 2, init=[1.0]),
            "population 'x': init must map states to values, such as {'v': -60.0} (got [1.0])",
        ),
        (
            lambda: some().probe("exc", "spikes", every=1),
            "probe on 'exc', every: spikes are not sampled (got 1); leave it out",
        ),
        (lambda: some().probe("exc", cells=[0, 0]), "probe on 'exc': cells must name each cell once (got [0, 0])"),
        (
            lambda: some().probe("exc", "v", every=1e308),
            "probe on 'exc', every: must be below 2**62 steps of 0.1 ms (got 1e+308)",
        ),
        (lambda: SpikeTimes([1e300], [0]), "SpikeTimes.times: must be below 2**53 ms (got 1e+300)"),
        (
            lambda: given_at(2.0**52),
            "population 'given': spike times must be below 2**62 steps of 1e-05 ms (got 4.5036e+15 ms)",
        ),
        (lambda: resting(1e12).build("reference"), "population 'x', t_ref: must be below 2**30 steps of 0.1 ms (got 1e+12 ms)"),
        (lambda: some().summary(precision="int8"), "build, precision: must be one of 'float64', 'float32' (got 'int8')"),
        (lambda: Network.from_dict([1]), "network: the data must be what Network.to_dict wrote (got [1])"),  # type: ignore[arg-type]
        (lambda: Network.from_dict({"format": 999}), "network: its format must be 1 (got 999); update maichong"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(call: Callable[[], Any], message: str) -> None:
    assert said(MaichongError, call) == message


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
def test_what_means_nothing_is_not_accepted(call: Callable[[], Any]) -> None:
    said(MaichongError, call)


def test_a_weight_outside_the_bounds_is_told_where_it_is_given() -> None:
    said(ParameterError, lambda: joined(weight=1.5, plasticity=PairSTDP()))


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
