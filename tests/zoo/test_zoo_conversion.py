"""Diehl et al. 2015 as the zoo runs it: the paper's network, learning above chance, resuming to the same result."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from maichong.data import load  # noqa: E402
from maichong.errors import ParameterError  # noqa: E402
from maichong.zoo import conversion_diehl_2015 as paper  # noqa: E402
from maichong.zoo.conversion_diehl_2015 import Settings  # noqa: E402
from maichong.zoo.protocol import Context, Interrupted  # noqa: E402

SMALL = Settings(epochs=2, shift=0, train=600, validate=50, test=50, steps=25, calibrate=25)


def large(images: np.ndarray) -> np.ndarray:
    """Digits of 8 x 8 as 28 x 28: each pixel three times as wide and high, and a margin of two."""
    return np.pad(np.kron(images, np.ones((1, 3, 3), np.uint8)), ((0, 0), (2, 2), (2, 2)))


DIGITS = load("digits")
DATA = dataclasses.replace(DIGITS, x_train=large(DIGITS.x_train), x_test=large(DIGITS.x_test))


def studied(folder: Path, **changes: Any) -> dict[str, Any]:
    """What one seed measures, without times."""
    folder.mkdir(parents=True, exist_ok=True)
    found = paper.reproduce(SMALL, Context(DATA, 1, folder, **changes))
    metrics = {key: value for key, value in found.metrics.items() if key != "train_s"}
    metrics["confusion"] = metrics["confusion"].tolist()
    return {**found.measured, **metrics}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an uninterrupted run gives."""
    return studied(tmp_path_factory.mktemp("whole"))


def test_the_network_is_the_paper_s() -> None:
    """12c5-2s-64c5-2s-10 without biases: 28 -> 24 -> 12 -> 8 -> 4, so 1024 onto 10."""
    net = paper.network(Settings())
    shapes = [tuple(parameter.shape) for parameter in net.parameters()]
    assert shapes == [(12, 1, 5, 5), (64, 12, 5, 5), (10, 1024)]
    assert net(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_the_loss_is_a_squared_error_by_hand() -> None:
    """Class 1 of 3: (0.5 - 0)^2 + (0.5 - 1)^2 + 0 = 0.5; class 0: (1 - 1)^2 + 4 = 4; the mean is 2.25."""
    outputs = torch.tensor([[0.5, 0.5, 0.0], [1.0, 2.0, 0.0]])
    assert float(paper.loss(outputs, torch.tensor([1, 0]))) == pytest.approx(2.25)


def test_it_learns_and_the_spikes_say_the_same(whole: dict[str, Any]) -> None:
    """Chance is 10 %. The populations are the paper's: two of convolutions, two of poolings, the output."""
    assert whole["ann accuracy"] > 70
    assert whole["snn accuracy"] > whole["ann accuracy"] - 10
    names = [layer["name"] for layer in whole["conversion"]["data"]["layers"]]
    assert len(names) == 5
    curve = whole["over_time"]["data"]
    assert len(curve["accuracy"]) == SMALL.steps
    assert 100 * curve["accuracy"][-1] == whole["snn accuracy"]
    assert 100 * curve["ann"] == pytest.approx(whole["ann accuracy"])
    data, model = ([layer["factor"] for layer in whole["conversion"][kind]["layers"]] for kind in ("data", "model"))
    assert all(a <= b for a, b in zip(data, model, strict=True)), "no activation lies above the model-based bound"


@pytest.mark.parametrize("stage", ["learn", "test, data-based"])
def test_an_interrupted_run_gives_the_same_result(stage: str, whole: dict[str, Any], tmp_path: Path) -> None:
    """Ctrl-C while it learns and in a test, then on from the checkpoint: the same to the last bit."""
    heard: list[str] = []

    def tell(**facts: Any) -> None:
        heard.append(str(facts.get("stage")))

    with pytest.raises(Interrupted):
        studied(tmp_path, tell=tell, _stop=lambda: heard.count(stage) >= (3 if stage == "learn" else 1))
    assert heard[-1] == stage
    assert repr(studied(tmp_path)) == repr(whole)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epochs": 0}, "conversion-diehl-2015.epochs: must be >= 1 (got 0)"),
        ({"steps": 0}, "conversion-diehl-2015.steps: must be >= 1 (got 0)"),
        ({"test": -1}, "conversion-diehl-2015.test: must be >= 0 (got -1)"),
        ({"lr": 0.0}, "conversion-diehl-2015.lr: must be > 0 (got 0.0)"),
        ({"dropout": 1.0}, "conversion-diehl-2015.dropout: must be < 1 (got 1.0)"),
        ({"coding": "poisson"}, "conversion-diehl-2015.coding: must be one of bernoulli, constant (got 'poisson')"),
        ({"reset": "none"}, "conversion-diehl-2015.reset: must be one of hard, soft (got 'none')"),
        ({"pooling": "max"}, "conversion-diehl-2015.pooling: must be one of spiking, average (got 'max')"),
    ],
)
def test_settings_that_cannot_be(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Settings(**changed)
    assert str(caught.value) == message
