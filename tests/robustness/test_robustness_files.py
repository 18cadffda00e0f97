"""Files that are damaged in any way: load and resume give a whole thing or a sentence, and never somebody else's traceback."""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from maichong import (
    LIF,
    Delta,
    ExplicitList,
    Exponential,
    FixedProbability,
    HomeostaticThreshold,
    Network,
    PairSTDP,
    Poisson,
    SpikeTimes,
    Uniform,
    WeightNormalisation,
    resume,
)
from maichong.errors import MaichongError

READERS = {"load": Network.load, "resume": resume}


def some() -> Network:
    """Arrays, distributions, rules, given spikes and probes."""
    net = Network(dt=0.1, seed=3)
    start, rule = {"v": Uniform(-70, -60)}, HomeostaticThreshold()
    net.population("cells", LIF(tau_m=[10.0, 20.0, 30.0]), 3, init=start, drive=[1.0, 2.0, 3.0], plasticity=rule)
    net.population("given", SpikeTimes([1.0, 2.0], [0, 1]), 2)
    net.population("noise", Poisson(rate=Uniform(1, 2)), 2)
    net.project(
        "given", "cells", ExplicitList([0, 1], [2, 1]), weight=[0.1, 0.2], delay=Uniform(0.1, 1.0), receptor=Exponential(e_rev=0.0),
        plasticity=[PairSTDP(pairing="nearest"), WeightNormalisation()],
    )  # fmt: skip
    net.project("noise", "cells", FixedProbability(0.5), weight=0.3, receptor=Delta())
    net.probe("cells", "v", cells=[0, 1])
    net.probe("given")
    return net


def trouble(call: Callable[[], Any]) -> str | None:
    """What is wrong with the answer to ``call()``; None where it is a result or a sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
    except MaichongError as error:
        message = str(error)
        return (
            None if "\n" not in message and len(message) <= 400 else f"a message of {len(message)} characters: {message[:90]}"
        )
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:80]}"
    return None


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_random_bytes(reader: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"file{suffix}"

    @settings(
        max_examples=100, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.sampled_from([b"", b"PK\x03\x04", b"\x93NUMPY", b"{", b"[", b'{"dt":']), st.binary(max_size=200))
    def attempt(start: bytes, rest: bytes) -> None:
        path.write_bytes(start + rest)
        assert trouble(lambda: READERS[reader](path)) is None

    attempt()


@pytest.fixture(scope="module", params=["network", "run"])
def misread(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """What was wrong with the answers to 300 copies, each with 1 to 50 bytes changed and every third cut short."""
    path = tmp_path_factory.mktemp("spoilt") / "file.npz"
    (some() if request.param == "network" else some().build("reference").run(3.0)).save(path)
    whole = path.read_bytes()
    rng = random.Random(1)
    found: Counter[str] = Counter()
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 1, 2, 5, 50])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        if rng.random() < 0.3:
            data = data[: rng.randrange(len(data))]
        path.write_bytes(data)
        for name, read in READERS.items():
            if answer := trouble(lambda read=read: read(path)):
                found[f"{name}: {answer}"] += 1
    return found


def test_whole_files_with_some_bytes_changed(misread: Counter[str]) -> None:
    assert not [answer for answer in misread if "a message of" not in answer]


def test_the_messages_about_them_are_short(misread: Counter[str]) -> None:
    assert not misread


# plain data ------------------------------------------------------------------------------------------------------------

REPLACEMENTS: list[Any] = [
    None, True, 0, -1, 1.5, float("nan"), -1e300, "", "x", "20 ms", [], [1], ["a"], [None], [[1, 2], [3, 4]], {}, {"a": 1},
    {"distribution": "gauss"}, {"distribution": "uniform", "low": "a"}, {"distribution": ["a"]}, {"distribution": {}},
    {"$array": "none"}, {"model": "LIF"}, {"connector": 3},
]  # fmt: skip


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(value, (*path, key))


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of ``data`` with another value at ``path``."""
    if not path:
        return value
    made = copy.deepcopy(data)
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return made


def without(data: Any, path: tuple[Any, ...]) -> Any:
    made = copy.deepcopy(data)
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    return made


DATA = json.loads(json.dumps(some().to_dict(), default=np.ndarray.tolist))


@pytest.fixture(scope="module")
def misunderstood() -> Counter[str]:
    """What was wrong with the answers to data with any one part replaced or missing."""
    found: Counter[str] = Counter()
    for path in places(DATA):
        # a list inside a list of numbers is ragged: that is known, and has a test of its own
        inside = bool(path) and isinstance(path[-1], int)
        spoilt = [replaced(DATA, path, value) for value in REPLACEMENTS if not (inside and isinstance(value, list))]
        spoilt += [without(DATA, path)] if path else []
        for data in spoilt:
            if answer := trouble(lambda data=data: Network.from_dict(data)):
                found[f"{'.'.join(map(str, path))}: {answer}"] += 1
    return found


def test_plain_data_with_any_part_replaced_or_missing(misunderstood: Counter[str]) -> None:
    assert len(list(places(DATA))) > 80
    assert not [answer for answer in misunderstood if "a message of" not in answer]


def test_the_messages_about_it_are_one_line(misunderstood: Counter[str]) -> None:
    assert not misunderstood


def test_plain_data_with_ragged_lists() -> None:
    for path in places(DATA):
        assert trouble(lambda path=path: Network.from_dict(replaced(DATA, path, [[1], [1, 2]]))) is None, path


# a run's own state -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["reference", "events"])
def run(request: pytest.FixtureRequest) -> Any:
    net = Network(dt=0.1, seed=1)
    net.population("given", SpikeTimes([1.0, 2.0], [0, 1]), 2)
    net.population("noise", Poisson(rate=200.0), 3)
    net.population("cells", LIF(), 2)
    net.project("given", "cells", ExplicitList([0, 1], [0, 1]), weight=[1.0, 2.0], receptor=Exponential())
    return net.build(request.param).run(1.5)


def refused(run: Any, state: dict[str, Any]) -> bool:
    """Whether ``state`` is refused, by a sentence and with nothing of it in the run; what is accepted is taken back."""
    whole = run.snapshot()
    message = ""
    try:
        run.restore(state)
    except MaichongError as error:
        message = str(error)
    if not message:
        run.restore(whole)
        return False
    now = run.snapshot()
    return "\n" not in message and all(np.array_equal(now[key], whole[key]) for key in whole)


def test_a_state_with_any_array_of_another_shape_is_refused_as_a_whole(run: Any) -> None:
    whole = run.snapshot()
    for name, array in whole.items():
        assert refused(run, {**whole, name: np.zeros((*array.shape, 2), array.dtype)}), name
        if "/given_" not in name:
            assert refused(run, {**whole, name: np.zeros(array.size + 1, array.dtype)}), name
        assert refused(run, {key: values for key, values in whole.items() if key != name}), name
    assert refused(run, {**whole, "more": np.zeros(3)})
    assert not refused(run, whole)


def test_a_number_that_is_a_place_in_memory_lies_where_the_memory_is(run: Any) -> None:
    if run.engine == "reference":
        pytest.skip("NumPy looks at each index itself")
    whole = run.snapshot()
    for name in ("given/ring", "given/ring_count", "given/given_ids", "noise/ring", "noise/link", "noise/chains", "cells/ring"):
        for number in (10**6, -2):
            assert refused(run, {**whole, name: np.full_like(whole[name], number)}), name


def test_a_state_with_any_array_of_another_type_is_refused_as_a_whole(run: Any) -> None:
    whole = run.snapshot()
    for name, array in whole.items():
        for values in (None, "text", np.full(array.shape, "text"), np.full(array.shape, None), array.astype(np.float64) + 0.5):
            if array.dtype.kind == "f" and isinstance(values, np.ndarray) and values.dtype.kind == "f":
                continue
            assert refused(run, {**whole, name: values}), name


CYCLE = """
import numpy as np
from maichong import Network, Poisson
net = Network()
net.population("noise", Poisson(rate=200.0), 3)
run = net.build("events").run(1.5)
state = run.snapshot()
state["noise/link"][:] = 0
run.restore(state).run(50.0)
"""


@pytest.mark.slow
def test_a_state_whose_chains_are_circles_is_refused() -> None:
    done = subprocess.run([sys.executable, "-c", CYCLE], capture_output=True, timeout=20, check=False, env=dict(os.environ))
    assert b"CheckpointError" in done.stderr
