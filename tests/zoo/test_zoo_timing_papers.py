"""Papers of spike timing in small: they learn, resume where they were stopped, and refuse settings that cannot be."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from maichong import data
from maichong.errors import CheckpointError, ParameterError
from maichong.zoo import protocol, resume_2010, spikeprop_2000, swat_2010, tempotron_2006
from maichong.zoo.protocol import Context, Interrupted
from maichong.zoo.repeats import halves
from maichong.zoo.tempotron_2006 import capacity

TINY: list[tuple[ModuleType, str, dict[str, Any]]] = [
    (tempotron_2006, "latencies", {"afferents": 10, "lowest": 1.0, "highest": 3.0, "loads": 3, "problems": 4, "cycles": 40}),
    (resume_2010, "poisson", {"afferents": 100, "input_hz": 20.0, "duration": 100.0, "trials": 3, "epochs": 40}),
    (spikeprop_2000, "xor", {"nets": 2, "epochs": 60, "optimisers": "gradient,rprop"}),
    (spikeprop_2000, "iris", {"splits": 2, "epochs": 2, "hidden": 2, "fields": 4}),
    (swat_2010, "iris", {"splits": 2, "epochs": 3, "fields": 5, "present_ms": 200.0}),
]
IDS = [f"{module.NAME}-{name}" for module, name, _ in TINY]


def studied(module: ModuleType, name: str, changes: dict[str, Any], folder: Path, **more: Any) -> protocol.Result:
    folder.mkdir(exist_ok=True)
    settings = protocol.settle(module, name, changes, smoke=False)
    dataset = data.load(name) if name in data.names() else None
    return module.reproduce(settings, Context(dataset, 1, folder, **more))


@pytest.mark.parametrize(("module", "name", "changes"), TINY, ids=IDS)
def test_a_run_that_was_stopped_ends_where_the_other_did(
    module: ModuleType, name: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    whole = studied(module, name, changes, tmp_path / "whole")
    heard = 0

    def stop() -> bool:
        nonlocal heard
        heard += 1
        return heard == 2

    with pytest.raises(Interrupted):
        studied(module, name, changes, tmp_path / "stopped", _stop=stop)
    resumed = studied(module, name, changes, tmp_path / "stopped")
    assert resumed.measured == pytest.approx(whole.measured, rel=0, abs=0, nan_ok=True)
    assert resumed.samples == whole.samples


@pytest.mark.parametrize(("module", "name", "changes"), TINY[:2], ids=IDS[:2])
def test_a_checkpoint_of_something_else_is_refused(
    module: ModuleType, name: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    np.savez(tmp_path / protocol.CHECKPOINT, json=np.frombuffer(b"[]", np.uint8))
    with pytest.raises(CheckpointError, match="must hold"):
        studied(module, name, changes, tmp_path)


def test_data_that_a_paper_draws_itself_need_no_data_set(tmp_path: Path) -> None:
    outcome = protocol.reproduce("spikeprop-2000", settings={"nets": 1, "epochs": 3}, out=tmp_path / "run")
    assert outcome["data"] == "xor"
    assert {claim["quantity"] for claim in outcome["claims"]} == set()  # of fewer epochs nothing is claimed


@pytest.mark.parametrize(
    ("solved", "expected"),
    [
        ([1.0, 1.0, 0.75, 0.25], 2.5),
        ([1.0, 0.5, 0.0, 0.0], 1.0),
        ([1.0, 0.4, 0.6, 0.0], 2.0 + 1 / 6),
        ([1.0, 1.0, 1.0, 0.9], np.nan),
        ([0.3, 0.1, 0.0, 0.0], np.nan),
    ],
)
def test_the_capacity_is_where_half_is_solved(solved: list[float], expected: float) -> None:
    assert capacity(np.arange(4.0), np.array(solved)) == pytest.approx(expected, nan_ok=True)


def test_halves_share_nothing_and_hold_every_class() -> None:
    iris = data.load("iris")
    train, test = halves(iris, 1, 0, 0)
    assert sorted([*train, *test]) == list(range(150))
    assert np.bincount(iris.y[train]).tolist() == [25, 25, 25]
    inner, held = halves(iris, 1, 0, 15)
    assert sorted([*inner, *held]) == sorted(train), "the other half is not touched"
    assert np.bincount(iris.y[held]).tolist() == [5, 5, 5]
    assert set(halves(iris, 1, 1, 0)[0]) != set(train)


@pytest.mark.parametrize("module", [tempotron_2006, resume_2010, spikeprop_2000, swat_2010], ids=lambda m: m.NAME)
def test_claims_are_of_the_paper_s_own_settings(module: ModuleType) -> None:
    for name in module.DATA:
        settings = vars(protocol.settle(module, name, {}, smoke=False))
        met = [c for c in module.CLAIMS if all({**settings, "data": name}.get(key) == value for key, value in c.when.items())]
        assert met, f"{module.NAME} on {name} claims nothing"


@pytest.mark.parametrize(
    ("module", "changes", "message"),
    [
        (tempotron_2006, {"momentum": 1.0}, "tempotron-2006.momentum: must be < 1 (got 1.0)"),
        (tempotron_2006, {"ratio": 1.0}, "tempotron-2006.ratio: must be > 1 (got 1.0)"),
        (tempotron_2006, {"highest": 1.0}, "tempotron-2006.highest: must be >= lowest, 1.75 (got 1.0)"),
        (resume_2010, {"target_hz": 200.0}, "resume-2010.target_hz: must be below 1000 / dead_ms, 200 Hz (got 200.0)"),
        (resume_2010, {"trials": 0}, "resume-2010.trials: must be >= 1 (got 0)"),
        (
            spikeprop_2000, {"optimisers": "adam"},
            "spikeprop-2000.optimisers: must be some of gradient, quickprop, rprop, with commas between them (got 'adam')",
        ),
        (spikeprop_2000, {"late": 9.0}, "spikeprop-2000.late: must be > 10 (got 9.0)"),
        (swat_2010, {"fields": 2}, "swat-2010.fields: must be >= 3 (got 2)"),
        (swat_2010, {"c_0": 0.0}, "swat-2010.c_0: must be > 0 (got 0.0)"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(module: ModuleType, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        protocol.settle(module, next(iter(module.DATA)), changes, smoke=False)
    assert str(caught.value) == message
