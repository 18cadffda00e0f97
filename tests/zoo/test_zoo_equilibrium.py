"""The papers whose nets settle: they learn, resume bit for bit, show what they say they show, and refuse what cannot be."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from maichong import data  # noqa: E402
from maichong.errors import ParameterError  # noqa: E402
from maichong.zoo import (  # noqa: E402
    balanced_tuning_2018,
    curiosity_2020,
    equilibrium_propagation_2017,
    images,
    multiscale_plasticity_2017,
    protocol,
    training,
    vpsnn_2018,
)
from maichong.zoo.protocol import Context, Interrupted  # noqa: E402

FOUND = data.load("digits").take(train=460, test=100)
# pixels of 0..16 as 0..255, for 64 of which no upscaling is needed
DIGITS = dataclasses.replace(
    FOUND, name="mnist", x_train=np.minimum(FOUND.x_train * 16, 255).astype(np.uint8),
    x_test=np.minimum(FOUND.x_test * 16, 255).astype(np.uint8),
)  # fmt: skip
COMMON = {"epochs": 3, "batch": 20, "validate": 60, "hidden": 30}
TINY: list[tuple[ModuleType, dict[str, Any]]] = [
    (equilibrium_propagation_2017, {"lr": 0.4}),
    (vpsnn_2018, {"lr": 0.4, "steps": 4}),
    (balanced_tuning_2018, {"lr": 0.4, "steps": 4}),
    (curiosity_2020, {"lr": 0.4, "steps": 4, "cycles": 2, "novel": 1, "control": False}),
    (multiscale_plasticity_2017, {"lr": 0.4, "steps": 4, "rules": 4}),
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
        return heard in (7, 90 if module is curiosity_2020 else 33)

    for _ in range(2):
        with pytest.raises(Interrupted):
            studied(module, changes, tmp_path / "parts", _stop=stop)
    parts = studied(module, changes, tmp_path / "parts")
    assert parts.measured == whole.measured
    with np.load(tmp_path / "whole" / "weights.npz") as one, np.load(tmp_path / "parts" / "weights.npz") as other:
        assert one.files == other.files
        assert set(one.files) == {"json", "weights.0", "weights.1", "biases.0", "biases.1"}
        assert all(np.array_equal(one[key], other[key]) for key in one.files)


def test_curiosity_says_what_it_showed(tmp_path: Path) -> None:
    found = studied(curiosity_2020, {"lr": 0.4, "steps": 4, "cycles": 2, "novel": 2, "epochs": 4, "threshold": 0.2}, tmp_path)
    shown = found.metrics["samples"]
    assert [n == 400 for n in shown] == [True, False, False, True, False, False, True]
    assert found.metrics["presented"] == sum(shown) == found.samples
    assert found.measured["presentations"] == pytest.approx(100 * sum(shown) / 1600)
    assert found.measured["behind the base"] == found.measured["base test accuracy"] - found.measured["test accuracy"]
    assert found.measured["control presentations"] >= found.measured["presentations"]


def test_each_rung_of_the_ladder_is_tested_once_and_hidden_cells_learn_from_the_fourth_on(tmp_path: Path) -> None:
    found = studied(multiscale_plasticity_2017, {"lr": 0.4, "steps": 4, "epochs": 2}, tmp_path)
    tested = [found.measured[f"test accuracy with {k} rules"] for k in range(7)]
    assert tested[-1] == found.measured["test accuracy"]
    assert found.measured["largest fall of a rung"] == pytest.approx(max(0.0, *-np.diff(tested)))
    assert found.measured["gain of all rules over the first"] == pytest.approx(tested[6] - tested[1])
    assert found.metrics["presented"][:6] == [400, 800, 800, 800, 800, 800]
    settings = protocol.settle(multiscale_plasticity_2017, "mnist", COMMON, smoke=False)
    splits = images.splits(DIGITS, 60)
    learning = []
    for rules in range(7):
        recipe = multiscale_plasticity_2017.recipe(settings, rules, splits)
        learning.append([group["lr"] > 0 for group in recipe.optimiser(recipe.make()).param_groups])
    assert learning == [[False, False], *3 * [[False, True]], *3 * [[True, True]]]


def test_the_first_rung_is_the_covariance_of_a_hidden_cell_and_the_label() -> None:
    settings = protocol.settle(multiscale_plasticity_2017, "mnist", {**COMMON, "steps": 4, "decay": 0.25}, smoke=False)
    splits = images.splits(DIGITS, 60)
    torch.manual_seed(2)
    recipe = multiscale_plasticity_2017.recipe(settings, 1, splits)
    net: Any = recipe.make()
    x, y = recipe.prepare(splits.train.x[:20], True), splits.train.y[:20]
    assert recipe.learn is not None
    recipe.learn(net, x, torch.stack([y, torch.arange(20)], dim=1))
    hidden, label = net.settle(x, net.potentials(net, x))[0].numpy(), np.eye(10)[y.numpy()]
    expected = [[np.cov(h, c, bias=True)[0, 1] for c in label.T] for h in hidden.T]
    weight = net.weights[1]
    np.testing.assert_allclose(-weight.grad.numpy(), expected - 0.25 * weight.detach().numpy(), atol=1e-6)


def test_inhibitory_cells_stay_so(tmp_path: Path) -> None:
    studied(balanced_tuning_2018, {"lr": 0.4, "steps": 4, "inhibitory": 0.4}, tmp_path)
    with np.load(tmp_path / "weights.npz") as kept:
        weight = kept["weights.1"]
    assert (weight[:18] >= 0).all() and (weight[18:] <= 0).all()
    assert (np.abs(weight) > 0).mean() > 0.9


def test_the_later_code_s_form_has_its_own_settings() -> None:
    settings = protocol.settle(balanced_tuning_2018, "mnist", {"form": "code", "batch": 10}, smoke=False)
    assert (settings.sign, settings.lr, settings.batch, settings.inhibitory) == ("positive", 0.1, 10, -1.0)
    net = balanced_tuning_2018.network(settings, 64, 10)
    assert net.squash == "sigmoid"


def test_an_epoch_shows_what_is_chosen_for_it_and_is_not_asked_again_when_it_resumes(tmp_path: Path) -> None:
    splits = images.splits(DIGITS, 60)
    seen: list[int] = []
    asked: list[int] = []

    def learn(net: Any, x: Any, y: Any) -> Any:
        seen.extend(y[:, 1].tolist())
        loss = torch.nn.functional.cross_entropy(net(x), y[:, 0])
        loss.backward()
        return loss

    def choose(net: Any, epoch: int, draw: np.random.Generator) -> Any:
        asked.append(epoch)
        return torch.from_numpy(draw.permutation(400)[: 50 - 10 * epoch])

    recipe = training.Recipe(
        make=lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10)), loss=None,
        optimiser=lambda net: torch.optim.SGD(net.parameters(), lr=0.1), epochs=2, batch=10, learn=learn, choose=choose,
    )  # fmt: skip
    numbered = training.Split(splits.train.x, torch.stack([splits.train.y, torch.arange(400)], dim=1))
    whole = training.fit(recipe, numbered, splits.validation, Context(DIGITS, 1, tmp_path / "whole"))
    assert (len(seen), len(set(seen[:50])), len(set(seen[50:])), asked) == (90, 50, 40, [0, 1])
    assert [epoch["samples"] for epoch in whole.curve] == [50, 40]
    assert whole.samples == 90
    expected, heard = list(seen), 0
    seen.clear(), asked.clear()

    def stop() -> bool:
        nonlocal heard
        heard += 1
        return heard == 3

    with pytest.raises(Interrupted):
        training.fit(recipe, numbered, splits.validation, Context(DIGITS, 1, tmp_path / "parts", _stop=stop))
    training.fit(recipe, numbered, splits.validation, Context(DIGITS, 1, tmp_path / "parts"))
    assert (seen, asked) == (expected, [0, 1])


@pytest.mark.parametrize("module", [module for module, _ in TINY], ids=IDS)
def test_its_claims_are_about_settings_that_it_has(module: ModuleType) -> None:
    fields = {field.name for field in dataclasses.fields(module.Settings)} | {"data"}
    for claim in module.CLAIMS:
        assert set(claim.when) <= fields
        assert claim.when["data"] in module.DATA
        settings = dataclasses.asdict(protocol.settle(module, claim.when["data"], {}, smoke=False))
        assert {key for key, value in claim.when.items() if key != "data" and settings[key] != value} <= {"form"}


@pytest.mark.parametrize("module", [module for module, _ in TINY], ids=IDS)
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("hidden", 0, "must be >= 1 (got 0)"),
        ("epochs", 0, "must be >= 1 (got 0)"),
        ("validate", 0, "must be >= 1 (got 0)"),
        ("train", -1, "must be >= 0 (got -1)"),
        ("lr", 0.0, "must be > 0 (got 0.0)"),
        ("epsilon", 1.5, "must be <= 1 (got 1.5)"),
    ],
)
def test_settings_that_cannot_be(module: ModuleType, name: str, value: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        module.Settings(**{name: value})
    assert str(caught.value) == f"{module.NAME}.{name}: {said}"


@pytest.mark.parametrize(
    ("module", "changed", "said"),
    [
        (equilibrium_propagation_2017, {"sign": "negative"}, "sign: must be one of random, positive, both (got 'negative')"),
        (equilibrium_propagation_2017, {"update": "hebb"}, "update: must be one of contrastive, voltage (got 'hebb')"),
        (vpsnn_2018, {"sign": "negative"}, "sign: must be one of random, positive, both (got 'negative')"),
        (vpsnn_2018, {"update": "hebb"}, "update: must be one of voltage, contrastive (got 'hebb')"),
        (balanced_tuning_2018, {"form": "paper"}, "form: must be one of clip, code (got 'paper')"),
        (balanced_tuning_2018, {"sign": "negative"}, "sign: must be one of random, positive, both (got 'negative')"),
        (balanced_tuning_2018, {"inhibitory": 1.5}, "inhibitory: must be <= 1 (got 1.5)"),
        (multiscale_plasticity_2017, {"rules": 7}, "rules: must be <= 6 (got 7)"),
        (curiosity_2020, {"boredom": 1.5}, "boredom: must be <= 1 (got 1.5)"),
        (curiosity_2020, {"memory": 1.0}, "memory: must be < 1 (got 1.0)"),
        (curiosity_2020, {"threshold": -1.0}, "threshold: must be >= 0 (got -1.0)"),
    ],
)
def test_further_settings_that_cannot_be(module: ModuleType, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        module.Settings(**changed)
    assert str(caught.value) == f"{module.NAME}.{said}"


def test_inhibition_begins_as_strong_as_excitation() -> None:
    weight, sign = torch.tensor([[1.0, 3.0], [2.0, 0.0], [-1.0, -0.5]]), torch.tensor([1.0, 1.0, -1.0])
    balanced_tuning_2018.balance(weight, sign)
    expected = np.array([[1.0, 3.0], [2.0, 0.0], [-4.0, -2.0]])
    np.testing.assert_allclose(weight.numpy(), expected * 0.5 / np.linalg.svd(expected)[1][0], rtol=1e-6)
    small = torch.tensor([[0.1], [0.2]])
    balanced_tuning_2018.balance(small, torch.ones(2))
    assert small.flatten().tolist() == pytest.approx([0.1, 0.2])
