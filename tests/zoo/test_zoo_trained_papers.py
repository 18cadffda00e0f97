"""What holds of every paper that is trained by gradients: it learns, resumes bit for bit, and refuses settings that cannot be."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from maichong import data
from maichong.errors import ParameterError
from maichong.zoo import brp_2021, lisnn_2020, meta_neurons_2020, protocol, snu_2020, stbp_2018
from maichong.zoo.protocol import Context, Interrupted


def enlarged() -> data.DataSet:
    """scikit-learn's digits of 8 x 8 pixels as 28 x 28, so that nothing is downloaded."""
    digits = data.load("digits").take(train=460, test=100)
    large = {
        name: np.pad(np.kron(getattr(digits, name), np.ones((1, 3, 3), np.uint8)), ((0, 0), (2, 2), (2, 2)))
        for name in ("x_train", "x_test")
    }
    return dataclasses.replace(digits, name="mnist", **large)


DIGITS = enlarged()
COMMON = {"epochs": 3, "batch": 20, "validate": 60}
TINY: list[tuple[ModuleType, dict[str, Any]]] = [
    (stbp_2018, {"steps": 3, "shift": 0}),
    (lisnn_2020, {"steps": 3, "shift": 0, "channels": 4, "hidden": 30, "lr": 1e-2}),
    (snu_2020, {"steps": 6, "spikes": 4.0, "hidden": 60, "layers": 1, "lr": 1e-2}),
    (brp_2021, {"steps": 3, "shift": 0, "channels": 4, "hidden": 50, "lr": 1e-2}),
    (meta_neurons_2020, {"steps": 8, "hidden": 50, "discover_epochs": 1, "shift": 0, "lr": 1e-2}),
]
IDS = [module.NAME for module, _ in TINY]
FLOOR = 35.0
"""Per cent of 100 images: by chance, at 10 %, it is reached with probability 1e-11."""


def studied(module: ModuleType, changes: dict[str, Any], folder: Path, **more: Any) -> protocol.Result:
    folder.mkdir(exist_ok=True)
    settings = protocol.settle(module, "mnist", {**COMMON, **changes}, smoke=False)
    return module.reproduce(settings, Context(DIGITS, 1, folder, **more))


@pytest.mark.parametrize(("module", "changes"), TINY, ids=IDS)
def test_it_learns_and_resumes_bit_for_bit(module: ModuleType, changes: dict[str, Any], tmp_path: Path) -> None:
    """1,200 images teach more than chance, and a training that is stopped twice ends where the other did."""
    whole = studied(module, changes, tmp_path / "whole")
    assert whole.measured["test accuracy"] > FLOOR
    heard = 0

    def stop() -> bool:
        nonlocal heard
        heard += 1
        return heard in (7, 33)

    for _ in range(2):
        with pytest.raises(Interrupted):
            studied(module, changes, tmp_path / "parts", _stop=stop)
    parts = studied(module, changes, tmp_path / "parts")
    assert parts.measured == whole.measured
    with np.load(tmp_path / "whole" / "weights.npz") as one, np.load(tmp_path / "parts" / "weights.npz") as other:
        assert one.files == other.files
        assert all(np.array_equal(one[key], other[key]) for key in one.files)


@pytest.mark.parametrize("module", [module for module, _ in TINY], ids=IDS)
def test_its_claims_are_about_settings_that_it_has(module: ModuleType) -> None:
    fields = {field.name for field in dataclasses.fields(module.Settings)} | {"data"}
    for claim in module.CLAIMS:
        assert set(claim.when) <= fields
        assert claim.when["data"] in module.DATA
        settings = dataclasses.asdict(protocol.settle(module, claim.when["data"], {}, smoke=False))
        chosen = {key for key, value in claim.when.items() if key != "data" and settings[key] != value}
        assert chosen <= {"net"}, "what a run without settings gives is judged"


@pytest.mark.parametrize("module", [module for module, _ in TINY], ids=IDS)
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("steps", 0, "must be >= 1 (got 0)"),
        ("epochs", 0, "must be >= 1 (got 0)"),
        ("validate", 0, "must be >= 1 (got 0)"),
        ("train", -1, "must be >= 0 (got -1)"),
        ("lr", 0.0, "must be > 0 (got 0.0)"),
    ],
)
def test_settings_that_cannot_be(module: ModuleType, name: str, value: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        module.Settings(**{name: value})
    assert str(caught.value) == f"{module.NAME}.{name}: {said}"


@pytest.mark.parametrize(
    ("module", "changed", "said"),
    [
        (stbp_2018, {"net": "cnn"}, "stbp-2018.net: must be one of conv, mlp (got 'cnn')"),
        (stbp_2018, {"coding": "rate"}, "stbp-2018.coding: must be one of direct, bernoulli (got 'rate')"),
        (stbp_2018, {"decay": 1.0}, "stbp-2018.decay: must be < 1 (got 1.0)"),
        (stbp_2018, {"shift": -1}, "stbp-2018.shift: must be >= 0 (got -1)"),
        (brp_2021, {"rule": "hebb"}, "brp-2021.rule: must be one of brp, bptt (got 'hebb')"),
        (brp_2021, {"coding": "rate"}, "brp-2021.coding: must be one of direct, bernoulli (got 'rate')"),
        (brp_2021, {"decay": 2.0}, "brp-2021.decay: must be < 1 (got 2.0)"),
        (lisnn_2020, {"coding": "rate"}, "lisnn-2020.coding: must be one of direct, bernoulli (got 'rate')"),
        (lisnn_2020, {"decay": 1.5}, "lisnn-2020.decay: must be < 1 (got 1.5)"),
        (snu_2020, {"unit": "hard"}, "snu-2020.unit: must be one of spiking, soft (got 'hard')"),
        (snu_2020, {"optimiser": "lion"}, "snu-2020.optimiser: must be one of adam, sgd (got 'lion')"),
        (snu_2020, {"spikes": 21.0}, "snu-2020.spikes: must be <= steps, 20 (got 21.0)"),
        (snu_2020, {"dropout": 1.0}, "snu-2020.dropout: must be < 1 (got 1.0)"),
        (meta_neurons_2020, {"types": "all"}, "meta-neurons-2020.types: must be one of discovered, published (got 'all')"),
        (meta_neurons_2020, {"quantile": 1.5}, "meta-neurons-2020.quantile: must be <= 1 (got 1.5)"),
    ],
)
def test_further_settings_that_cannot_be(module: ModuleType, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        module.Settings(**changed)
    assert str(caught.value) == said
