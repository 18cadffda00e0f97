"""A network is comparable and survives files: as JSON and as one bundle of JSON and arrays."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from every_form import one_of_everything

from maichong import (
    LIF,
    AllToAll,
    Exponential,
    Network,
    SpikeTimes,
    Steps,
)
from maichong.errors import ModelError
from maichong.spec import Param, source

CHANGES: list[Callable[[Network], Any]] = [
    lambda net: setattr(net, "dt", 0.1),
    lambda net: setattr(net, "seed", 1),
    lambda net: net.population("more", LIF(), 1),
    lambda net: net.project("inh", "exc", AllToAll(), weight=1.0, receptor=Exponential()),
    lambda net: net.probe("inh"),
    lambda net: net.populations.pop("nothing"),
    lambda net: net.projections.pop("learned"),
    lambda net: net.backgrounds.pop("outside"),
    lambda net: net.noises.pop("noise->inh"),
    lambda net: net.noises.update({"noise->inh": replace(net.noises["noise->inh"], mean=-1.0 - 1e-12)}),
    lambda net: net.populations.update(
        inh=replace(net.populations["inh"], drive={"i": Steps([0.4, 3.0], [np.arange(5.0) / 3.0, 0.5 * np.ones(5)])})
    ),
    lambda net: net.probes.pop(),
    lambda net: net.projections.update(
        learned=replace(net.projections["learned"], weight=net.projections["learned"].weight + 1e-12)
    ),
    lambda net: net.populations.update(
        given=replace(net.populations["given"], model=SpikeTimes([0.4, 1e-3, 1.0 / 3.0], [3, 0, 3]))
    ),
]


def test_networks_are_equal_by_value() -> None:
    assert one_of_everything() == one_of_everything()
    assert one_of_everything() != "network"
    with pytest.raises(TypeError, match="unhashable"):
        hash(one_of_everything())


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_makes_a_difference(change: Callable[[Network], Any]) -> None:
    net = one_of_everything()
    change(net)
    assert net != one_of_everything()
    assert one_of_everything() != net


def test_given_spikes_are_equal_by_value() -> None:
    assert SpikeTimes([1, 2], [0, 1]) == SpikeTimes((1.0, 2.0), np.array([0, 1]))
    assert SpikeTimes([1, 2], [0, 1]) != SpikeTimes([1, 2], [1, 0])
    assert SpikeTimes([1], [0]) != SpikeTimes([1, 1], [0, 0])
    assert SpikeTimes([1], [0]) != [1]


def test_plain_data_and_back() -> None:
    net = one_of_everything()
    assert Network.from_dict(net.to_dict()) == net
    as_json = json.loads(json.dumps(net.to_dict(), default=np.ndarray.tolist, allow_nan=False))
    assert Network.from_dict(as_json) == net


@pytest.mark.parametrize("name", ["net.json", "net.npz", "net", "net.maichong"])
def test_a_file_and_back(name: str, tmp_path: Path) -> None:
    net = one_of_everything()
    path = net.save(tmp_path / "new folder" / name)
    assert path == tmp_path / "new folder" / name
    assert [entry.name for entry in path.parent.iterdir()] == [name], "nothing else is left behind"
    again = Network.load(path)
    assert again == net
    assert again.to_dict().keys() == net.to_dict().keys()
    assert Network.load(str(path)) == net
    assert again.save(path) == path


def test_what_is_read_runs_as_what_was_written(tmp_path: Path) -> None:
    net = one_of_everything()
    runs = [
        net.build("reference"),
        *(Network.load(net.save(tmp_path / name)).build("reference") for name in ("a.json", "b.npz")),
    ]
    for run in runs:
        run.run(20.0)
    for run in runs[1:]:
        assert np.array_equal(run.weights("learned"), runs[0].weights("learned"), equal_nan=True)
        assert np.array_equal(run["exc"].samples("v").values, runs[0]["exc"].samples("v").values)
        assert np.array_equal(run["noise"].counts, runs[0]["noise"].counts)
    assert runs[0]["noise"].counts.sum() >= 0


def test_the_json_can_be_read_by_people(tmp_path: Path) -> None:
    net = Network(dt=0.1)
    net.population("脉冲", LIF(tau_m=20), 2)
    text = net.save(tmp_path / "net.json").read_text("utf-8")
    assert '"脉冲"' in text
    assert json.loads(text)["populations"][0]["model"] == {"model": "LIF", "tau_m": 20.0}
    assert "\n" in text


def test_a_bundle_holds_plain_arrays_and_one_text(tmp_path: Path) -> None:
    path = one_of_everything().save(tmp_path / "net.npz")
    with np.load(path, allow_pickle=False) as file:
        assert all(file[key].dtype.kind in "uif" for key in file.files)
        data = json.loads(file["json"].tobytes())
    assert data["dt"] == 0.2


def interval(u, rate):
    return u / rate


def test_models_of_one_s_own_are_given_when_read(tmp_path: Path) -> None:
    own = source("OwnClock", params=[Param("rate", 1.0, "1/ms", "rate", above=0)], interval=interval)
    net = Network()
    net.population("clock", own(rate=0.5), 2)
    path = net.save(tmp_path / "net.json")
    with pytest.raises(ModelError, match=r"^model: there is none called 'OwnClock'"):
        Network.load(path)
    assert Network.load(path, models=[own]) == net


def test_a_network_that_was_changed_after_building_leaves_the_run_alone() -> None:
    net = Network(dt=0.1)
    net.population("cell", LIF(), 1, drive=1000.0)
    run = net.build("reference")
    net.population("later", LIF(), 1)
    assert run.run(10.0)["cell"].counts[0] == 2
