"""What may be asked of a run, and the sentence where it may not; on the reference engine, for run and views are the same on all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pint
import pytest
from small_network import said

from maichong import (
    LIF,
    AllToAll,
    Delta,
    Exponential,
    HomeostaticThreshold,
    Izhikevich,
    Network,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    WeightNormalisation,
    files,
    resume,
)
from maichong.engines import Run
from maichong.errors import CheckpointError, EngineError, MaichongError, NetworkError, ParameterError, UnitError
from maichong.parts import whole_steps
from maichong.spec import Param, State, neuron


@pytest.fixture
def run() -> Run:
    net = Network(dt=0.1, seed=1)
    net.population("cells", LIF(), 3, plasticity=HomeostaticThreshold())
    net.population("noise", Poisson(rate=10.0), 2)
    net.population("given", SpikeTimes([1.0], [0]), 2)
    net.project("noise", "cells", AllToAll(), weight=np.full(6, 0.5), receptor=Exponential(), name="own", plasticity=PairSTDP())
    net.project("noise", "cells", AllToAll(), weight=0.5, receptor=Exponential(), name="one")
    net.project(
        "noise", "cells", AllToAll(), weight=0.5, receptor=Exponential(), name="sum", plasticity=WeightNormalisation(total=3.0)
    )
    net.probe("cells", "v", every=0.5, cells=[0, 2])
    net.probe("cells", "counts")
    net.probe("given")
    return net.build("reference")


STATES = "known: one.g, own.g, sum.g, theta, v"

REFUSED: list[tuple[Callable[[Run], Any], type[MaichongError], str]] = [
    (lambda run: run.run(-1), ParameterError, "run, duration: must be a number >= 0 ms (got -1)"),
    (lambda run: run.run(float("nan")), ParameterError, "run, duration: must be a number >= 0 ms (got nan)"),
    (lambda run: run.run(float("inf")), ParameterError, "run, duration: must be a number >= 0 ms (got inf)"),
    (lambda run: run.run([1.0]), ParameterError, "run, duration: must be a number >= 0 ms (got [1.0])"),
    (lambda run: run.run(0.25), ParameterError, "run, duration: must be a whole number of steps of 0.1 ms (got 0.25 ms)"),
    (lambda run: run.run("1 mV"), UnitError, "run, duration: must be in ms (got '1 millivolt', which is in millivolt)"),
    (lambda run: run["cell"], NetworkError, "run: has no population 'cell'; did you mean 'cells'?"),
    (
        lambda run: run["cells"]["thta"],
        NetworkError,
        f"population 'cells': has no state 'thta'; did you mean 'theta'? {STATES}",
    ),
    (lambda run: run["noise"]["v"], NetworkError, "population 'noise': has no state 'v'"),
    (
        lambda run: run["cells"].__setitem__("V", 1.0),
        NetworkError,
        f"population 'cells': has no state 'V'; did you mean 'v'? {STATES}",
    ),
    (
        lambda run: run["cells"].__setitem__("v", [1.0, 2.0]),
        NetworkError,
        "population 'cells', v: must be one number or 3, one per neuron (got (2,))",
    ),
    (
        lambda run: run["cells"].__setitem__("v", float("nan")),
        ParameterError,
        "population 'cells', v: must be finite (got NaN or infinity)",
    ),
    (lambda run: run["cells"].drive(1.0, "j"), NetworkError, "population 'cells': has no input 'j'; known: i"),
    (
        lambda run: run["cells"].drive("1 mV"),
        UnitError,
        "population 'cells', i: must be in pA (got '1 millivolt', which is in millivolt)",
    ),
    (
        lambda run: run["cells"].drive(np.zeros((3, 1))),
        NetworkError,
        "population 'cells', i: must be one number or 3, one per neuron (got (3, 1))",
    ),
    (lambda run: run["noise"].drive(1.0), NetworkError, "population 'noise': has no input to drive"),
    (lambda run: run["given"].drive(1.0), NetworkError, "population 'given': has no input to drive"),
    (lambda run: run["cells"].set(tau_m=3.0), NetworkError, "population 'cells': only the parameters of a source can be set"),
    (lambda run: run["given"].set(rate=3.0), NetworkError, "population 'given': only the parameters of a source can be set"),
    (lambda run: run["noise"].set(rte=3.0), ParameterError, "Poisson: has no parameter 'rte'; did you mean 'rate'?"),
    (lambda run: run["noise"].set(rate=-3.0), ParameterError, "Poisson.rate: must be >= 0 Hz (got -3.0)"),
    (
        lambda run: run["noise"].set(rate=[1.0, 2.0, 3.0]),
        NetworkError,
        "population 'noise', rate: must be one number or 2, one per neuron (got (3,))",
    ),
    (lambda run: run["noise"].set_spikes([1.0], [0]), NetworkError, "population 'noise': was not made from SpikeTimes"),
    (lambda run: run["given"].set_spikes([1.0], [2]), NetworkError, "population 'given': spike ids must be below 2 (got 2)"),
    (
        lambda run: run["given"].set_spikes([1.0, 0.04], [0, 1]),
        ParameterError,
        "population 'given': its spikes must come after t = 0 ms (got 0.04 ms); "
        "give the times on the run's own clock, as run.t + times",
    ),
    (
        lambda run: run.run(1e6 + 0.05),
        ParameterError,
        "run, duration: must be a whole number of steps of 0.1 ms (got 1000000.05 ms)",
    ),
    (lambda run: run["given"].set_spikes([-1.0], [0]), ParameterError, "SpikeTimes.times: must be finite and >= 0 ms"),
    (
        lambda run: run["cells"].spikes,
        NetworkError,
        "population 'cells': its spikes were not recorded; add net.probe('cells', 'spikes') before build",
    ),
    (
        lambda run: run["cells"].samples("theta"),
        NetworkError,
        "population 'cells': its theta were not recorded; add net.probe('cells', 'theta') before build",
    ),
    (lambda run: run.weights("onw"), NetworkError, "run: has no projection 'onw'; did you mean 'own'?"),
    (lambda run: run.synapses("zzz"), NetworkError, "run: has no projection 'zzz'; known: one, own, sum"),
    (
        lambda run: run.set_weights("own", [0.1, 0.2]),
        NetworkError,
        "projection 'own', weight: must be one number, 6 numbers or a matrix [pre, post] (got (2,))",
    ),
    (
        lambda run: run.set_weights("own", np.zeros((3, 2))),
        NetworkError,
        "projection 'own', weight: a matrix must have the shape [2, 3] (got (3, 2))",
    ),
    (
        lambda run: run.set_weights("own", 1.5),
        ParameterError,
        "projection 'own', weight: must lie between 0 and 1, the bounds of its rules (got 1.5)",
    ),
    (
        lambda run: run.set_weights("own", float("nan")),
        ParameterError,
        "projection 'own', weight: must be finite (got NaN or infinity)",
    ),
    (
        lambda run: run.set_weights("one", [0.1] * 6),
        NetworkError,
        "projection 'one', weight: its synapses share one weight, so one number can be set (got (6,)); "
        "give the weights as an array when the network is described",
    ),
    (lambda run: setattr(run, "learning", "off"), ParameterError, "run.learning: must be True or False (got 'off')"),
    (lambda run: run.signal("sample", "much"), ParameterError, "signal 'sample': must be a number (got 'much')"),
    (lambda run: run.signal("sample", [1.0]), ParameterError, "signal 'sample': must carry one finite number (got [1.0])"),
    (lambda run: run.run(1e308), ParameterError, "run, duration: must be below 2**62 steps of 0.1 ms (got 1e+308 ms)"),
    (lambda run: run.save("x", [1]), ParameterError, "save, notes: must map names to JSON-ready data and arrays (got [1])"),
    (
        lambda run: run.save("x", {"a": np.array([None])}),
        CheckpointError,
        "x: must be given data that JSON can hold, and plain arrays (got an array of objects)",
    ),
    (
        lambda run: run.save("x", {"a": np.ma.masked}),
        CheckpointError,
        "x: must be given data that JSON can hold, and plain arrays (got a masked array)",
    ),
    (lambda run: run.save(3), CheckpointError, "path: must be text or a pathlib.Path (got 3)"),
    (lambda run: run.restore(None), CheckpointError, "restore: must be what snapshot gave (got None)"),
    (
        lambda run: run.restore({**run.snapshot(), "cells/counts": np.zeros(3)}),
        CheckpointError,
        "restore: must be of the same network on the same engine (got 'cells/counts' as float64, not int64)",
    ),
    (lambda run: run["cells"][["v"]], NetworkError, f"population 'cells': has no state ['v']; {STATES}"),
    (
        lambda run: run["cells"].__setitem__("theta", "1 pA"),
        UnitError,
        "population 'cells', theta: must be in mV (got '1 picoampere', which is in picoampere)",
    ),
    (lambda run: run.signal("smaple"), NetworkError, "signal: no rule waits for 'smaple'; did you mean 'sample'?"),
]


@pytest.mark.parametrize(("ask", "kind", "message"), REFUSED, ids=[message[:60] for _, _, message in REFUSED])
def test_what_may_not_be_asked(run: Run, ask: Callable[[Run], Any], kind: type[MaichongError], message: str) -> None:
    before = run.snapshot()
    assert said(kind, lambda: ask(run)) == message
    assert all(np.array_equal(run.snapshot()[name], values) for name, values in before.items())


def test_time_goes_on_in_whole_steps_in_any_unit(run: Run) -> None:
    told: list[float] = []
    assert run.run("1 ms", told.append) is run
    assert told[-1] == pytest.approx(1.0)
    run.run(pint.Quantity(0.002, "s")).run(0)
    assert run.t == pytest.approx(3.0)
    assert (run.engine, list(run.network.populations)) == ("reference", ["cells", "noise", "given"])


def test_what_was_recorded(run: Run) -> None:
    run["cells"].drive(900.0)
    run.run(20.0)
    samples, spikes = run["cells"].samples("v"), run["given"].spikes
    assert samples.times == pytest.approx(np.arange(0.5, 20.1, 0.5))
    assert samples.values.shape == (40, 2)
    assert (len(spikes), spikes.of(0).tolist(), spikes.of(1).size) == (1, [1.0], 0)
    assert run.recorded(run.network.probes[0]).values is samples.values
    assert run["given"].rate() == pytest.approx(1 / 2 / 0.020)
    with pytest.raises(NetworkError, match="has no recording of this probe"):
        run.recorded(run.network.probes[1])


def test_a_run_says_what_is_exact_and_what_is_not(run: Run) -> None:
    text = run.plan.describe()
    order = "release -> deliver -> background -> jump -> couple -> advance -> noise -> decay -> learn -> record"
    assert f"dt 0.1 ms; within a step: {order}" in text
    assert "cells: v, " in text
    assert "exact" in text
    assert "noise: source" in text
    assert "own: 6 synapses, no delay" in text
    assert run["noise"].rate() == 0.0


def test_states_drives_and_rates_are_set_from_now_on(run: Run) -> None:
    run["cells"]["v"] = [-70.0, -65.0, -60.0]
    run["cells"]["theta"] = 50.0
    run["noise"].set(rate=0.0)
    run.set_weights("own", 0.25)
    run.signal("sample")
    assert run["cells"]["v"].tolist() == [-70.0, -65.0, -60.0]
    assert run.weights("sum") == pytest.approx(np.full((2, 3), 1.5)), "three per neuron, over two synapses"
    run.run(5.0)
    assert run["cells"]["v"] == pytest.approx(-70 + np.array([0.0, 5.0, 10.0]) * np.exp(-0.5), rel=1e-12)
    run["cells"].drive("0.1 nA")
    run.run(5.0)
    expected = -70 + np.array([0.0, 5.0, 10.0]) * np.exp(-1.0) + 4.0 * (1 - np.exp(-0.5))
    assert run["cells"]["v"] == pytest.approx(expected, rel=1e-12)


# resuming --------------------------------------------------------------------------------------------------------------


def saved(run: Run, path: Path, **changed: Any) -> Path:
    """A file of ``run``, with some of its words changed."""
    run.save(path, {"note": [1, "two"], "array": np.arange(3)})
    data, arrays = files.read_bundle(path)
    return files.write_bundle(path, {**data, **changed}, arrays)


def test_notes_come_back(run: Run, tmp_path: Path) -> None:
    again = resume(saved(run.run(2.0), tmp_path / "run.npz"))
    assert again.t == pytest.approx(2.0)
    assert again.notes["note"] == [1, "two"]
    assert again.notes["array"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": 99}, "{}: must be of format 1 (got 99)"),
        ({"options": []}, "{}: must be a saved run (got options or notes that are none)"),
        ({"notes": 3}, "{}: must be a saved run (got options or notes that are none)"),
        ({"engine": "evnets"}, "build: there is no engine 'evnets'; did you mean 'events'?"),
        ({"options": {"precison": "float32"}}, "build, engine 'reference': has no such option (got precison)"),
        ({"network": {}}, "network: the data must be what Network.to_dict wrote (got KeyError('dt'))"),
    ],
    ids=str,
)
def test_a_run_s_file_with_other_words(run: Run, changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = saved(run, tmp_path / "run.npz", **changed)
    assert said(MaichongError, lambda: resume(path)) == message.replace("{}", str(path))


def test_a_run_s_state_belongs_to_its_network(run: Run, tmp_path: Path) -> None:
    path = run.save(tmp_path / "run.npz")
    data, arrays = files.read_bundle(path)
    data["network"]["populations"][0]["n"] = 4
    data["network"]["projections"][0]["weight"] = 0.5
    files.write_bundle(path, data, arrays)
    assert said(CheckpointError, lambda: resume(path)).startswith(f"{path}: must ")
    other = Network(dt=0.1)
    other.population("else", LIF(), 1)
    assert said(CheckpointError, lambda: other.build("reference").restore(run.snapshot())).startswith(
        "restore: must be of the same "
    )


def test_a_state_is_a_copy_and_can_be_put_back(run: Run) -> None:
    run["noise"].set(rate=300.0)
    state = run.run(5.0).snapshot()
    first = run.run(5.0)["cells"]["v"].copy()
    assert np.array_equal(run.restore(state).run(5.0)["cells"]["v"], first)
    assert run.t == pytest.approx(10.0)


# engines and integrators -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "engine", "message"),
    [
        (
            Izhikevich(integrator="exponential_euler"),
            "reference",
            "population 'cell': 'exponential_euler' needs a flow linear in each state alone, and that of Izhikevich is not; "
            "use 'rk4' or 'auto'",
        ),
        (
            LIF(integrator="ode"),
            "events",
            "population 'cell': the integrator 'ode' runs on the engine 'reference' alone; use 'rk4', or build('reference')",
        ),
    ],
    ids=["exponential_euler", "ode"],
)
def test_an_integrator_that_does_not_apply(cell: Any, engine: str, message: str) -> None:
    net = Network(dt=0.1)
    net.population("cell", cell, 1)
    assert said(EngineError, lambda: net.build(engine)) == message


def flow(v, tau):
    return 1.0 + 0.0 * v / tau


def fires(v, tau):
    return v - tau


def reset(v):
    return 0.0 * v


PHASE = State("v", 0.0, "ms", "phase", membrane=True)
CLOCK = neuron("Clock", params=[Param("tau", 1.0, "ms", "period")], states=[PHASE], flow=flow, fires=fires, reset=reset)


def test_a_current_has_nowhere_to_go_in_a_neuron_without_inputs() -> None:
    net = Network(dt=0.1)
    net.population("noise", Poisson(rate=1.0), 1)
    net.population("clock", CLOCK, 1)
    net.project("noise", "clock", OneToOne(), weight=1.0, receptor=Delta())
    assert (
        said(
            NetworkError, lambda: net.project("noise", "clock", OneToOne(), weight=1.0, receptor=Exponential(), name="current")
        )
        == "projection 'current': 'clock' has no input for a current; use the receptor Delta()"
    )


# bugs ------------------------------------------------------------------------------------------------------------------


def test_states_and_weights_may_carry_their_units_while_running(run: Run) -> None:
    run["cells"]["v"] = "-0.06 V"
    assert run["cells"]["v"] == pytest.approx(-60.0)
    run.set_weights("own", "0.25 pA")


@pytest.mark.parametrize(
    "notes", [{"note": object()}, {"note": float("nan")}, {"note": {1, 2}}, [1, 2]], ids=["object", "nan", "set", "list"]
)
def test_notes_that_no_file_can_hold(run: Run, notes: Any, tmp_path: Path) -> None:
    said(MaichongError, lambda: run.save(tmp_path / "run.npz", notes))


@pytest.mark.parametrize("value", [float("nan"), "much", None, [1.0]], ids=str)
def test_the_value_of_a_signal_is_a_number(run: Run, value: Any) -> None:
    said(MaichongError, lambda: run.signal("sample", value))


@pytest.mark.parametrize("value", ["off", 2, None], ids=str)
def test_learning_is_true_or_false(run: Run, value: Any) -> None:
    with pytest.raises(MaichongError):
        run.learning = value


@pytest.mark.parametrize("dt", [0.1, 0.3, 1 / 3, 0.125, 1.0])
@pytest.mark.parametrize("steps", [0, 1, 3, 10_000_000, 123_456_789, 2**40])
def test_whole_numbers_of_steps_are_known_whatever_floats_make_of_them(dt: float, steps: int) -> None:
    for span in (steps * dt, np.nextafter(steps * dt, np.inf), np.nextafter(steps * dt, 0.0)):
        assert whole_steps(span, dt) == steps
    assert whole_steps((steps + 0.5) * dt, dt) is None


@pytest.mark.parametrize("engine", ["reference", "events"])
def test_given_times_on_one_step_are_one_spike_and_none_is_given_for_the_past(engine: str) -> None:
    net = Network(dt=0.1)
    net.population("given", SpikeTimes([1.0, 1.01, 2.0], [0, 0, 1]), 2)
    run = net.build(engine).run(5.0)
    assert run["given"].counts.tolist() == [1, 1]
    for time in (4.9, 5.0, 5.04):
        said(ParameterError, lambda time=time: run["given"].set_spikes([time, 6.0], [0, 0]))
    run["given"].set_spikes([5.06, 6.0], [0, 0])
    assert run.run(5.0)["given"].counts.tolist() == [3, 1]
