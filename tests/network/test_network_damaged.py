"""Files of networks and runs that are damaged or of another kind: one sentence each, and nothing is ever unpickled."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from every_form import one_of_everything

from maichong import (
    LIF,
    Network,
    resume,
)
from maichong.errors import CheckpointError, MaichongError, NetworkError


class Evil:
    """Unpickled, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def text(data: str) -> np.ndarray:
    return np.frombuffer(data.encode(), np.uint8)


def zipped(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return buffer.getvalue()


def said(call: Callable[[], Any]) -> str:
    with pytest.raises(MaichongError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    return message


READERS = pytest.mark.parametrize("read", [Network.load, resume], ids=["load", "resume"])


@READERS
@pytest.mark.parametrize("form", ["plain pickle", "pickle in an archive", "pickled array"])
def test_nothing_is_ever_unpickled(read: Callable[[Any], Any], form: str, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    held = np.empty(1, object)
    held[0] = Evil(trap)
    array = io.BytesIO()
    np.save(array, held)
    path = tmp_path / "file.npz"
    path.write_bytes(
        {"plain pickle": pickle.dumps(Evil(trap)), "pickle in an archive": npz(json=held), "pickled array": array.getvalue()}[
            form
        ]
    )
    message = said(lambda: read(path))
    assert message.startswith(f"{path}: must be a whole file that maichong wrote (got ")
    assert message.endswith("; use the last good one or start anew")
    assert not trap.exists()


@READERS
def test_the_trap_of_the_test_above_works(read: Callable[[Any], Any], tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    pickle.loads(pickle.dumps(Evil(trap)))
    assert trap.exists()


WHOLE = "must be a whole file that maichong wrote"
DAMAGED = {
    "empty": b"",
    "text": b"a network, said somebody",
    "archive of text": zipped(**{"json.npy": b"garbage"}),
    "archive without numpy": zipped(json=b"{}"),
    "no json": npz(other=np.arange(3)),
    "broken json": npz(json=text("{")),
    "no utf-8": npz(json=np.array([255, 254], np.uint8)),
    "an array that is not there": npz(json=text('{"a": {"$array": "/b"}}')),
}


@READERS
@pytest.mark.parametrize("form", DAMAGED)
def test_a_file_of_another_kind(read: Callable[[Any], Any], form: str, tmp_path: Path) -> None:
    path = tmp_path / "file.npz"
    path.write_bytes(DAMAGED[form])
    assert said(lambda: read(path)).startswith(f"{path}: {WHOLE} (got ")


@READERS
def test_half_a_file(read: Callable[[Any], Any], tmp_path: Path) -> None:
    path = tmp_path / "file.npz"
    net = Network()
    net.population("a", LIF(), 3)
    (net if read == Network.load else net.build("reference")).save(path)
    whole = path.read_bytes()
    for part in (0, 1, 30, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:part])
        assert said(lambda: read(path)).startswith(f"{path}: {WHOLE} (got ")
    path.write_bytes(whole)
    read(path)


@READERS
def test_a_file_that_is_none(read: Callable[[Any], Any], tmp_path: Path) -> None:
    assert said(lambda: read(tmp_path / "none.npz")) == f"{tmp_path / 'none.npz'}: must be a file that exists"
    assert said(lambda: read(tmp_path)).startswith(f"{tmp_path}: {WHOLE} (got ")
    assert WHOLE in said(lambda: read("nul\0byte"))


def test_json_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    assert said(lambda: Network.load(path)) == f"{path}: must be a file that can be read (got No such file or directory)"
    path.write_text("{")
    assert said(lambda: Network.load(path)).startswith(f"{path}: must be JSON (got Expecting property name")
    path.write_text("[1]")
    assert said(lambda: Network.load(path)) == f"{path}: must hold a network (got list)"
    path.write_text("{}")
    assert said(lambda: Network.load(path)) == "network: the data must be what Network.to_dict wrote (got KeyError('dt'))"


def test_a_network_is_no_run_and_a_run_is_no_network(tmp_path: Path) -> None:
    net = Network()
    net.population("a", LIF(), 3)
    network, run = net.save(tmp_path / "network.npz"), net.build("reference").save(tmp_path / "run.npz")
    assert said(lambda: resume(network)) == f"{network}: must be a saved run (got a file of another kind)"
    assert said(lambda: Network.load(run)) == "network: the data must be what Network.to_dict wrote (got KeyError('dt'))"


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("x")
    net = Network()
    for path in (in_the_way / "net.json", in_the_way / "net.npz", in_the_way / "a" / "net.npz"):
        with pytest.raises(CheckpointError) as caught:
            net.save(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: must be a place that can be written to (got ")
        assert message.endswith("; choose another folder")


def test_a_failed_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.json"
    net = Network()
    net.population("old", LIF(), 3)
    net.save(path)
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(CheckpointError, match="No space left on device"):
        one_of_everything().save(path)
    monkeypatch.undo()
    assert [entry.name for entry in tmp_path.iterdir()] == ["net.json"]
    assert Network.load(path) == net


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: d.pop("projections"), "network: the data must be what Network.to_dict wrote (got KeyError('projections'))"),
        (lambda d: d.update(dt=-1), "Network.dt: must be a number > 0 ms (got -1)"),
        (lambda d: d.update(populations=3), "network: the data must be what Network.to_dict wrote (got TypeError("),
        (lambda d: d["populations"][0].update(n=0), "population 'noise': must have between 1 and 2**31 - 1 neurons (got 0)"),
        (
            lambda d: d["populations"][0]["model"].update(model="Poison"),
            "model: there is none called 'Poison'; did you mean 'Poisson'?",
        ),
        (
            lambda d: d["projections"][0].update(post="nowhere"),
            "network: has no population 'nowhere'; known: alike, course, exc, given, inh, noise, nothing, odd name",
        ),
        (
            lambda d: d["projections"][0]["connector"].update(connector="all_to_al"),
            "connector: must be a known kind (got 'all_to_al'); did you mean 'all_to_all'?",
        ),
        (
            lambda d: d["projections"][0]["plasticity"].append({"model": "LIF"}),
            "projection 'learned': its plasticity must be rules, such as PairSTDP() (got LIF())",
        ),
        (lambda d: d["probes"][0].update(what="w"), "probe on 'exc': 'w' cannot be recorded; did you mean 'v'?"),
    ],
)
def test_damaged_data_are_named(spoil: Callable[[Any], Any], message: str) -> None:
    data = json.loads(json.dumps(one_of_everything().to_dict(), default=np.ndarray.tolist))
    spoil(data)
    assert said(lambda: Network.from_dict(data)).startswith(message.removesuffix("; did you mean 'v'?"))


# bugs ------------------------------------------------------------------------------------------------------------------


def test_a_network_of_a_later_format_is_refused() -> None:
    data = one_of_everything().to_dict() | {"format": 999}
    with pytest.raises(NetworkError, match="format"):
        Network.from_dict(data)


def odd_zip() -> bytes:
    """A whole bundle with one byte changed: a compression method that zipfile does not know."""
    data = bytearray(npz(json=text("{}")))
    start = data.rfind(b"PK\x01\x02")
    data[start + 10] = 77
    local = data.find(b"PK\x03\x04")
    data[local + 8] = 77
    return bytes(data)


def an_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.arange(3))
    return buffer.getvalue()


@READERS
@pytest.mark.parametrize(
    "data", [an_array(), npz(json=text("[" * 100_000 + "]" * 100_000)), odd_zip()], ids=["npy", "deep", "compression"]
)
def test_rarer_damage_is_a_sentence_too(read: Callable[[Any], Any], data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.npz"
    path.write_bytes(data)
    said(lambda: read(path))


def test_deep_json_is_a_sentence_too(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text("[" * 100_000)
    said(lambda: Network.load(path))


@pytest.mark.parametrize("data", [b"hello", pickle.dumps([1])], ids=["text", "pickle"])
def test_no_one_is_advised_to_unpickle(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.npz"
    path.write_bytes(data)
    message = said(lambda: resume(path))
    assert "allow_pickle" not in message


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["populations"][3]["init"].update(theta=[[1.0], [1.0, 2.0]]),
        lambda d: d["projections"][1]["connector"].update(pre=[[1], [1, 2]]),
        lambda d: d["probes"][0].update(cells=[float("inf")]),
        lambda d: d.update(dt=10**400),
    ],
    ids=["ragged start", "ragged pairs", "cell at infinity", "huge dt"],
)
def test_ragged_and_huge_data_are_a_sentence(spoil: Callable[[Any], Any]) -> None:
    data = json.loads(json.dumps(one_of_everything().to_dict(), default=np.ndarray.tolist))
    spoil(data)
    said(lambda: Network.from_dict(data))


def test_a_name_that_json_cannot_hold_is_refused_at_once() -> None:
    with pytest.raises(NetworkError):
        Network().population("\ud800", LIF(), 1)


@pytest.mark.parametrize("path", [None, 3, ["a"], b"net.json"], ids=repr)
def test_what_is_no_path_is_a_sentence(path: Any) -> None:
    said(lambda: Network.load(path))
