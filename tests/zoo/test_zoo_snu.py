"""The nets of the spiking neural units: soft units and likelihoods against plain formulas, learning, thresholds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from maichong.data import RollSet
from maichong.zoo import protocol
from maichong.zoo import snu_2020 as paper
from maichong.zoo.protocol import Context
from maichong.zoo.snu_2020 import Settings, nll, pieces, soft_units


def test_soft_units_are_the_recursion_of_the_paper() -> None:
    """In NumPy: s = g(x + d s (1 - y)), y = sigmoid(s - b)."""
    rng = np.random.default_rng(1)
    x, b = rng.normal(0.5, 1.0, (9, 2, 3)), np.array([0.5, 1.0, 1.5])
    layer = soft_units(3, 0.8, 0.1).double()
    layer.b.data = torch.tensor(b)
    found = layer(torch.tensor(x)).detach().numpy()
    s, y = np.zeros((2, 3)), np.zeros((2, 3))
    for t, now in enumerate(x):
        z = now + 0.8 * s * (1 - y)
        s = np.where(z > 0, z, 0.1 * z)
        y = 1 / (1 + np.exp(-(s - b)))
        np.testing.assert_allclose(found[t], y, rtol=1e-12)


def test_the_likelihood_is_a_sum_over_notes_and_a_mean_over_the_steps_of_a_piece() -> None:
    """A coin for each of 88 notes costs 88 ln 2 = 61.0 nats, as Boulanger-Lewandowski et al. 2012 say of a random model."""
    rng = np.random.default_rng(2)
    rolls = tuple((rng.random((n, 88)) < 0.05).astype(np.uint8) for n in (5, 9))
    split = pieces(rolls)
    assert split.x.shape == split.y.shape == (2, 8, 88)
    assert nll(torch.zeros(2, 8, 88), split.y).tolist() == pytest.approx([88 * np.log(2)] * 2)
    logits = torch.tensor(rng.normal(size=(2, 8, 88)))
    p = 1 / (1 + np.exp(-logits.numpy()))
    for k, roll in enumerate(rolls):
        chance = np.where(roll[1:] == 1, p[k, : len(roll) - 1], 1 - p[k, : len(roll) - 1])
        assert nll(logits, split.y)[k].item() == pytest.approx(-np.log(chance).sum(axis=1).mean())


@pytest.mark.parametrize("unit", ["spiking", "soft"])
def test_a_rhythm_is_learned(unit: str, tmp_path: Path) -> None:
    """Two notes in turn cost next to nothing once they are known, and 4 ln 2 = 2.8 nats before."""
    roll = np.zeros((30, 4), np.uint8)
    roll[::2, 0] = roll[1::2, 1] = 1
    music = RollSet(name="rhythm", x_train=(roll,) * 8, x_val=(roll[1:],), x_test=(roll[2:],))
    given = {"unit": unit, "hidden": 20, "epochs": 10, "lr": 0.05}
    settings = protocol.settle(paper, "jsb_chorales", given, smoke=False)
    result = paper.reproduce(settings, Context(music, 1, tmp_path))
    assert result.measured["test NLL"] < 0.5
    assert result.metrics["best_epoch"] == 1 + int(np.argmin(result.metrics["validation"]))


def test_the_classifier_has_the_paper_s_layers() -> None:
    net = paper.classifier(Settings(layers=5), 784)
    shapes = [tuple(layer.weight.shape) for layer in net if isinstance(layer, torch.nn.Linear)]
    assert shapes == [(256, 784), *[(256, 256)] * 4, (10, 256)]
    assert all(layer.bias is None for layer in net if isinstance(layer, torch.nn.Linear))
    thresholds = [value for name, value in net.named_parameters() if name.endswith("par_b")]
    assert [len(value) for value in thresholds] == [256] * 5 + [10]
    assert all((value == 1).all() for value in thresholds)
