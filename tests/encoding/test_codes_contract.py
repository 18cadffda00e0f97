"""What every code keeps, and one that is added keeps too: shapes, batches, grids, words, and sentences for nonsense."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import inspect
import pickle
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import maichong
from maichong import encoding
from maichong.encoding import Code, LinearLatency, SpikeTrains, codes, find
from maichong.encoding.fields import DECLARED, described
from maichong.errors import MaichongError, ParameterError

ALL = list(codes().values())
RNG = np.random.default_rng(3)
SIGNAL = 0.5 + 0.35 * np.sin(2 * np.pi * np.arange(60)[:, None] / np.array([60, 45, 30])) + 0.1 * RNG.random((60, 3))
VALUES = RNG.random((4, 3, 5))


def quick(code: type[Code]) -> Code:
    """The code as it is, but for neurons, which need not be run for long."""
    return code(duration=12.0) if code.__name__ == "NeuronDynamics" else code()  # type: ignore[call-arg]


def given(code: type[Code]) -> np.ndarray:
    return SIGNAL if code.reads == "signals" else VALUES


@pytest.fixture(params=ALL, ids=lambda code: code.__name__)
def code(request: pytest.FixtureRequest) -> type[Code]:
    return request.param


def test_a_code_is_a_frozen_value_that_says_what_it_is(code: type[Code]) -> None:
    made = code()
    assert made == code() and hash(made) == hash(code())
    assert repr(pickle.loads(pickle.dumps(made))) == repr(made)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.dt = 3.0  # type: ignore[misc]
    doc = sys.modules[code.__module__].__doc__ or ""
    assert "Source: " in doc and "\nNot " in doc and ">>> " in (code.__doc__ or "")
    assert all(DECLARED in entry.metadata for entry in dataclasses.fields(code))  # type: ignore[arg-type]
    assert all(meaning for *_, meaning in described(code))
    assert getattr(encoding, code.__name__) is code is find(code.__name__) is getattr(maichong, code.__name__)


def test_values_become_trains_and_trains_values(code: type[Code]) -> None:
    x = given(code)
    made = quick(code).adapted(x)
    spikes = made.encode(x)
    assert len(spikes) > 0
    if code.reads == "signals":
        assert spikes.steps == len(x)
        assert spikes.shape in (x.shape[1:], (2, *x.shape[1:]))
    else:
        assert spikes.shape[: x.ndim] == x.shape and len(spikes.shape) <= x.ndim + 1
    found = made.decode(spikes)
    assert found.shape == x.shape and found.dtype == np.float64 and np.isfinite(found).all()
    assert made.encode(x) == spikes
    assert SpikeTrains.of_dense(spikes.dense(), spikes.dt) == spikes.on_grid()
    assert made.encode(x.tolist()) == spikes
    assert made.encode(x.astype(np.float32).astype(np.float64)).shape == spikes.shape


def test_a_batch_is_its_members(code: type[Code]) -> None:
    x = given(code)
    made = quick(code).adapted(x)
    dense = made.encode(x).dense()
    if code.reads == "signals":
        for k in range(x.shape[1]):
            assert (made.encode(x[:, k]).dense() == dense[..., k]).all()
    else:
        assert (made.encode(x[0]).dense() == dense[:, 0]).all()
        if not hasattr(made, "seed"):
            assert (made.encode(x[2]).dense() == dense[:, 2]).all()


def test_one_value_or_one_signal_will_do(code: type[Code]) -> None:
    x = SIGNAL[:, 0] if code.reads == "signals" else np.float64(0.7)
    made = quick(code).adapted(x)
    assert made.decode(made.encode(x)).shape == np.shape(x)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("abc", "must get a"), ([[1.0], [1.0, 2.0]], "must get a"), (None, "must get a"), (1j, "must get a"),
        ([np.nan] * 60, "must get finite values (got NaN or infinity)"), ([np.inf] * 60, "must get finite values"),
        ([], "must get"), (np.empty((0, 3)), "must get"),
    ],
    ids=str,
)  # fmt: skip
def test_nonsense_is_refused_in_a_sentence(code: type[Code], values: Any, words: str) -> None:
    with pytest.raises(ParameterError) as caught:
        code().encode(values)
    assert str(caught.value).startswith(f"{code.__name__}.")
    assert words in str(caught.value) and "\n" not in str(caught.value)


RANGES = {"BSA": (0, 1), "HSA": (0, 1), "EventCamera": (0, np.inf), "LogLatency": (0, 1)}
WIDE = {"SendOnDelta", "StepForward", "MovingWindow", "ThresholdBased", "GaussianReceptiveFields"}


def test_values_outside_of_the_range_are_refused(code: type[Code]) -> None:
    low, high = RANGES.get(code.__name__, (-np.inf, np.inf) if code.__name__ in WIDE else (0, 1))
    for bad in (-0.5, 1.5):
        x = np.full(60, 0.5)
        x[7] = bad
        if low <= bad <= high:
            code().encode(x)
            continue
        with pytest.raises(
            ParameterError, match=rf"must get values (from 0 to 1|>= 0) \(got {bad}\); scale them into that range$"
        ):
            code().encode(x)


def test_parameters_are_checked_by_name(code: type[Code]) -> None:
    for entry in dataclasses.fields(code):  # type: ignore[arg-type]
        for bad in ("abc", object(), [[1.0], 2.0], float("nan"), -(10**400)):
            with pytest.raises(MaichongError) as caught:
                code(**{entry.name: bad})
            assert str(caught.value).startswith(f"{code.__name__}.{entry.name}: "), caught.value
    with (
        pytest.raises(MaichongError, match=rf"^{code.__name__}.dt: must be > 0 ms \(got 0.0\)$")
        if hasattr(code, "dt")
        else pytest.raises(TypeError)
    ):
        code(dt=0.0)  # type: ignore[call-arg]


def test_what_is_no_train_is_not_decoded(code: type[Code]) -> None:
    with pytest.raises(ParameterError) as caught:
        code().decode(np.zeros(3))  # type: ignore[arg-type]
    assert str(caught.value).startswith(
        f"{code.__name__}.decode: must get SpikeTrains (got array([0., 0., 0.])); wrap arrays in "
    )


@pytest.mark.parametrize("name", ["SendOnDelta", "StepForward", "MovingWindow", "ThresholdBased", "EventCamera"])
@pytest.mark.parametrize("shape", [(), (3,), (4, 2)], ids=str)
def test_codes_of_changes_decode_trains_of_two_sides_alone(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError) as caught:
        find(name)().decode(SpikeTrains([], [], shape, 3))
    assert str(caught.value) == f"{name}.decode: must get trains [2, ...], down and up (got shape {shape})"


def test_times_may_come_with_units() -> None:
    assert LinearLatency(t_max="0.1 s") == LinearLatency(t_max=100.0)
    with pytest.raises(MaichongError, match=r"LinearLatency.t_max: must be in ms \(got '5 millivolt', which is in"):
        LinearLatency(t_max="5 mV")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: encoding.BSA().encode(np.full(8, 0.5)), "BSA.encode: must get a signal of at least 20 samples (got 8)"),
        (lambda: encoding.HSA().encode(np.full(19, 0.5)), "HSA.encode: must get a signal of at least 20 samples (got 19)"),
        (lambda: encoding.MovingWindow().encode([1.0]), "MovingWindow.encode: must get a signal of at least 4 samples (got 1)"),
        (
            lambda: encoding.BSA(taps=[0.0, -1.0]),
            "BSA.taps: must be finite numbers with a sum > 0, such as scipy.signal.firwin(20, 0.1) (got [0.0, -1.0])",
        ),
        (lambda: encoding.WeightedPhase(bits=60), "WeightedPhase.bits: must be at most 52, the digits of a double (got 60)"),
        (
            lambda: encoding.LogLatency(tau=50.0),
            "LogLatency.t_max: must leave the largest value a time >= 0 ms (got -177.259 ms); use a larger t_max, or a smaller tau",
        ),
        (lambda: encoding.DelayCode(d_min=0.5), "DelayCode.d_min: must be >= dt = 1 ms, one step (got 0.5)"),
        (lambda: encoding.DelayCode(d_max=1.0), "DelayCode.d_max: must be > d_min = 1 ms (got 1)"),
        (lambda: encoding.BurstCode(t_max=2.0), "BurstCode.t_max: must be > t_min = 2 ms (got 2)"),
        (lambda: encoding.BurstCode(t_min=0.5), "BurstCode.t_min: must be >= dt = 1 ms, one step (got 0.5)"),
        (
            lambda: encoding.RegularRate(rate=1500.0),
            "RegularRate.rate: must be at most 1000 / dt Hz, a spike a step (got 1.5 a step); use a smaller dt",
        ),
        (
            lambda: encoding.LatencyPhase(latency=encoding.WeightedPhase()),
            "LatencyPhase.latency: must be a code of latencies, such as LinearLatency() "
            "(got WeightedPhase(bits=8, cycles=1, dt=1.0))",
        ),
        (
            lambda: encoding.RankOrder(profile=[0.1, 0.2]),
            "RankOrder.profile: must be finite numbers that do not rise (got [0.1, 0.2])",
        ),
        (
            lambda: encoding.RankOrder(profile=[0.2]).decode(encoding.RankOrder().encode([0.1, 0.2])),
            "RankOrder.decode: must get ranks below 1, those of its profile (got a spike of rank 1)",
        ),
        (
            lambda: encoding.ThresholdBased().decode(encoding.ThresholdBased().encode([0.0, 1.0])),
            "ThresholdBased.decode: must know the threshold (got none); decode with code.adapted(signal)",
        ),
        (
            lambda: encoding.EventCamera(floor=0.0).encode([[0.0], [1.0]]),
            "EventCamera.encode: must get intensities > 0 where floor is 0 (got 0); add a floor, such as 0.01",
        ),
        (
            lambda: encoding.NeuronDynamics(neuron=maichong.PairSTDP()),
            "NeuronDynamics.neuron: must be a neuron that has an input, such as LIF() (got PairSTDP())",
        ),
        (
            lambda: encoding.NeuronDynamics(duration=1.05),
            "NeuronDynamics.duration: must be a whole number of steps of 0.1 ms (got 1.05 ms)",
        ),
        (
            lambda: encoding.GaussianReceptiveFields().decode(SpikeTrains([], [], (3, 7), 1)),
            "GaussianReceptiveFields.decode: must get trains [..., 8] (got shape (3, 7))",
        ),
        (
            lambda: encoding.GaussianReceptiveFields(low=[0.0] * 3).decode(SpikeTrains([], [], (8,), 11)),
            "GaussianReceptiveFields.decode: must get 3 features, as low and high have (got shape ())",
        ),
        (
            lambda: encoding.LatencyPhase(latency=encoding.BurstCode(n_max=2)),
            "LatencyPhase.latency: must be a code of latencies, such as LinearLatency() "
            "(got BurstCode(n_max=2, t_min=2.0, t_max=100.0, dt=1.0))",
        ),
        (
            lambda: LinearLatency().encode(1.0000000001),
            "LinearLatency.encode: must get values from 0 to 1 (got 1.0000000001); scale them into that range",
        ),
        (
            lambda: LinearLatency(t_max=1e12).encode(0.5),
            "LinearLatency.dt: must make fewer than 2**31 steps of 1e+12 ms (got 1 ms); use a larger dt, or a shorter time",
        ),
        (lambda: encoding.PoissonRate(steps=2**40), "PoissonRate.steps: must be below 2**31 (got 1099511627776)"),
        (lambda: encoding.PoissonRate(seed=2**64), "PoissonRate.seed: must be below 2**62 (got 18446744073709551616)"),
        (
            lambda: encoding.SendOnDelta(threshold=1e-60).encode([0.0, 1.0]),
            "SendOnDelta.threshold: must let a change be at most 65,536 events (got 1e+60); "
            "use a larger threshold, or scale the signal",
        ),
        (
            lambda: encoding.RegularRate(rate=5e-324),
            "RegularRate.rate: must be from 1e-100 to 1e+100, or results are no numbers (got 4.94066e-324 Hz)",
        ),
        (lambda: encoding.BSA(dt=1e300), "BSA.dt: must be from 1e-100 to 1e+100, or results are no numbers (got 1e+300 ms)"),
        (
            lambda: encoding.MovingWindow(start=-1e300),
            "MovingWindow.start: must be up to 1e+100 in size, or results are no numbers (got -1e+300)",
        ),
        (
            lambda: encoding.StepForward().encode([0.0, -1e200]),
            "StepForward.encode: must get values up to 1e+100 in size (got 1e+200); scale them",
        ),
        (
            lambda: encoding.GaussianReceptiveFields(low=[0.0, -1e300]),
            "GaussianReceptiveFields.low: must be up to 1e+100 in size (got (0.0, -1e+300))",
        ),
        (
            lambda: encoding.GaussianReceptiveFields(low=0.0, high=1e-310),
            "GaussianReceptiveFields.high: must be 1e-100 above low, or more (got 1e-310)",
        ),
        (
            lambda: encoding.EventCamera(threshold=1e-9, floor=0.0).encode([1.0, np.e]),
            "EventCamera.threshold: must let a change be at most 65,536 events (got 1e+09); "
            "use a larger threshold, or scale the signal",
        ),
        (lambda: find("LinearLatncy"), "code: there is none called 'LinearLatncy'; did you mean 'LinearLatency'?"),
    ],
)
def test_what_does_not_fit_is_said(make: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value) == message


@dataclasses.dataclass(frozen=True)
class Foreign(LinearLatency):
    """A code of another package."""


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    class Point:
        name, value = "foreign", "foreign_package:Foreign"

        def __init__(self, load: Any) -> None:
            self.load = load

    def announce(load: Any) -> None:
        def entry_points(group: str) -> list[Point]:
            return [Point(load)] if group == "maichong.codes" else []

        monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
        codes.cache_clear()

    yield announce
    monkeypatch.undo()
    codes.cache_clear()


def test_other_packages_announce_codes(announced: Any) -> None:
    announced(lambda: Foreign)
    assert codes()["Foreign"] is Foreign is find("foreign")


def test_one_that_does_not_load_is_told_and_left_out(announced: Any) -> None:
    def load() -> None:
        raise RuntimeError("no")

    announced(load)
    with pytest.warns(UserWarning, match="the code 'foreign' .* cannot be loaded"):
        assert "Foreign" not in codes()


def test_each_file_of_the_package_is_one_code() -> None:
    homes = [inspect.getfile(code) for code in ALL]
    assert len(set(homes)) == len(homes)
