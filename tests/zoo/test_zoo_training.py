"""The loop of training by gradients: equal to gradient descent by hand, honest about its splits, resumed bit for bit."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from maichong import LIF, data, files
from maichong.errors import CheckpointError, EngineError
from maichong.nn import Bernoulli, MeanRate, Sequential, Spiking
from maichong.zoo import images, training
from maichong.zoo.protocol import Context, Interrupted

DIGITS = data.load("digits").take(train=240, test=50)
NEURON = LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0)


def intensities(x: torch.Tensor, training: bool) -> torch.Tensor:
    return x.float() / 16


def random_net() -> torch.nn.Module:
    """Random inputs and dropout: a resumed training must go on with the same random numbers."""
    layers = [torch.nn.Flatten(), torch.nn.Linear(64, 20), Spiking(NEURON, engine="plain"), torch.nn.Dropout(0.2)]
    return Sequential(Bernoulli(3), *layers, torch.nn.Linear(20, 10), MeanRate())


RECIPE = training.Recipe(
    make=random_net, loss=torch.nn.functional.cross_entropy, optimiser=lambda net: torch.optim.Adam(net.parameters(), lr=0.01),
    epochs=3, batch=32, prepare=intensities, schedule=training.cosine(3),
)  # fmt: skip


def context(folder: Path, seed: int = 1, **more: Any) -> Context:
    folder.mkdir(exist_ok=True, parents=True)
    return Context(DIGITS, seed, folder, **more)


def trained(folder: Path, recipe: training.Recipe = RECIPE, **more: Any) -> training.Trained:
    splits = images.splits(DIGITS, 40)
    return training.fit(recipe, splits.train, splits.validation, context(folder, **more))


def weights(found: training.Trained) -> dict[str, np.ndarray]:
    return {key: value.numpy() for key, value in found.net.state_dict().items() if isinstance(value, torch.Tensor)}


def same(a: training.Trained, b: training.Trained) -> bool:
    one, other = weights(a), weights(b)
    curves = [[{**epoch, "train_s": 0} for epoch in found.curve] for found in (a, b)]
    return curves[0] == curves[1] and a.best_epoch == b.best_epoch and all(np.array_equal(one[k], other[k]) for k in one)


def test_one_batch_an_epoch_is_gradient_descent_by_hand(tmp_path: Path) -> None:
    """Softmax regression in NumPy: W -= lr X^T (softmax(X W) - onehot) / n, with the learning rate of each epoch."""

    def make() -> torch.nn.Module:
        net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10, bias=False)).double()
        torch.nn.init.zeros_(net[1].weight)
        return net

    recipe = dataclasses.replace(
        RECIPE, make=make, optimiser=lambda net: torch.optim.SGD(net.parameters(), lr=0.5), epochs=4, batch=200,
        prepare=lambda x, training: x.double() / 16, schedule=training.steps(2, 0.1),
    )  # fmt: skip
    found = trained(tmp_path, recipe)
    held = data.split_validation(DIGITS, 40)
    x, y = held.x_train.reshape(200, 64) / 16, np.eye(10)[held.y_train]
    xv = held.x_val.reshape(40, 64) / 16
    w = np.zeros((64, 10))
    kept, losses, accuracies = [], [], []
    for lr in (0.5, 0.5, 0.05, 0.05):
        e = np.exp(x @ w)
        p = e / e.sum(axis=1, keepdims=True)
        losses.append(-np.log((p * y).sum(axis=1)).mean())
        w = w - lr * x.T @ (p - y) / 200
        kept.append(w)
        accuracies.append(((xv @ w).argmax(axis=1) == held.y_val).mean())
    assert [epoch["loss"] for epoch in found.curve] == pytest.approx(losses, rel=1e-12)
    assert [epoch["validation"] for epoch in found.curve] == pytest.approx(accuracies, rel=1e-12)
    assert found.best_epoch == 1 + int(np.argmax(accuracies))
    np.testing.assert_allclose(weights(found)["1.weight"], kept[found.best_epoch - 1].T, rtol=1e-9, atol=1e-12)


def test_a_cosine_falls_to_zero_and_steps_by_factors() -> None:
    assert [training.cosine(4)(epoch) for epoch in (0, 2, 4, 5)] == pytest.approx([1.0, 0.5, 0.0, 0.0], abs=1e-15)
    assert [training.steps(40)(epoch) for epoch in (0, 39.9, 40, 85)] == pytest.approx([1.0, 1.0, 0.1, 0.01])


def test_a_warm_schedule_begins_at_zero() -> None:
    found = [training.warm(training.cosine(4), 0.5)(epoch) for epoch in (0.0, 0.249, 0.499, 2.0, 4.0)]
    assert found == pytest.approx([0.002, 0.5 * training.cosine(4)(0.249), training.cosine(4)(0.499), 0.5, 0.0], abs=1e-12)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> training.Trained:
    return trained(tmp_path_factory.mktemp("whole"))


def test_the_same_seed_gives_the_same_training_and_another_another(whole: training.Trained, tmp_path: Path) -> None:
    before = torch.get_rng_state()
    assert same(trained(tmp_path / "again"), whole)
    assert torch.equal(torch.get_rng_state(), before), "the caller's random numbers are his own"
    assert not same(trained(tmp_path / "other", seed=2), whole)


@pytest.mark.parametrize("batches", [1, 7, 10, 17], ids=lambda n: f"after {n} of 21 batches")
def test_an_interrupted_training_resumes_bit_for_bit(batches: int, whole: training.Trained, tmp_path: Path) -> None:
    heard = 0

    def stop() -> bool:
        nonlocal heard
        heard += 1
        return heard >= batches

    with pytest.raises(Interrupted) as caught:
        trained(tmp_path / "seed-1", _stop=stop)
    assert caught.value.folder == tmp_path
    assert same(trained(tmp_path / "seed-1"), whole)


def test_a_finished_stage_is_not_trained_again_and_stays_beside_the_next(whole: training.Trained, tmp_path: Path) -> None:
    splits = images.splits(DIGITS, 40)
    told: list[Any] = []
    first = training.fit(RECIPE, splits.train, splits.validation, context(tmp_path), "learn")
    second = training.fit(RECIPE, splits.train, splits.validation, context(tmp_path), "use")
    assert same(first, whole)
    assert not same(second, whole), "each stage has random numbers of its own"
    noted = context(tmp_path, tell=lambda **facts: told.append(facts))
    for stage, expected in (("learn", first), ("use", second)):
        assert same(training.fit(RECIPE, splits.train, splits.validation, noted, stage), expected)
    assert told == []


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[Any] = []
    trained(tmp_path, tell=lambda **facts: told.append(facts))
    assert [facts["done"] for facts in told][-1] == 600
    assert {facts["total"] for facts in told} == {600}
    assert told[0]["stage"] == "learn" and "validation" not in told[0]
    assert told[-1]["validation"].endswith(" %")


def test_the_test_split_is_read_once_at_the_end(tmp_path: Path) -> None:
    """Whatever it holds, what is learned and which epoch is chosen stay the same."""
    rng = np.random.default_rng(5)
    other = dataclasses.replace(DIGITS, x_test=rng.integers(0, 17, (30, 8, 8)), y_test=rng.integers(0, 10, 30))
    outcomes = []
    for name, dataset in (("a", DIGITS), ("b", other)):
        splits = images.splits(dataset, 40)
        here = context(tmp_path / name)
        found = training.fit(RECIPE, splits.train, splits.validation, here)
        outcomes.append((images.result(found, splits, here), found))
    (one, a), (two, b) = outcomes
    assert same(a, b)
    assert one.metrics["confusion"].sum() == 50 and two.metrics["confusion"].sum() == 30
    assert np.array_equal(one.metrics["confusion"].sum(axis=1), np.bincount(DIGITS.y_test, minlength=10))
    assert one.measured["validation accuracy"] == two.measured["validation accuracy"]
    right = np.trace(one.metrics["confusion"]) / 50
    assert one.measured["test accuracy"] == pytest.approx(100 * right)
    _, kept = files.read_bundle(tmp_path / "a" / "weights.npz")
    assert all(np.array_equal(kept[key], value) for key, value in weights(a).items())
    assert len(one.figures()) == 2


def test_validation_images_are_trained_on_by_nobody() -> None:
    splits = images.splits(DIGITS, 40, train=100, test=20)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (100, 40, 20)
    rows = {x.numpy().tobytes() for x in splits.train.x}
    held = data.split_validation(DIGITS, 40)
    assert np.array_equal(splits.validation.x[:, 0].numpy(), held.x_val)
    assert not rows & {x.numpy().tobytes() for x in splits.validation.x}


def test_shifted_images_are_images_moved_by_whole_pixels() -> None:
    """Each is the original rolled within a frame of zeros, each channel alike, and all shifts are drawn equally often."""
    torch.manual_seed(1)
    x = torch.randint(1, 255, (4000, 2, 3, 4), dtype=torch.uint8)
    moved = images.shifted(x, 1)
    frame = torch.nn.functional.pad(x, (1, 1, 1, 1))
    candidates = torch.stack([frame[:, :, dy : dy + 3, dx : dx + 4] for dy in range(3) for dx in range(3)])
    equal = (candidates == moved).flatten(2).all(dim=2)
    assert equal.any(dim=0).all()
    assert torch.equal(images.shifted(x, 0), x)
    # five standard deviations of 4,000 draws of chance 1/9
    assert (equal.sum(dim=1) - 4000 / 9).abs().max() < 5 * (4000 * 8 / 81) ** 0.5


def test_half_of_the_images_are_mirrored() -> None:
    torch.manual_seed(2)
    x = torch.randint(0, 256, (2000, 3, 2, 5), dtype=torch.uint8)
    found = images.mirrored(x)
    turned = (found == x.flip(3)).flatten(1).all(dim=1)
    assert ((found == x).flatten(1).all(dim=1) ^ turned).all()
    # five standard deviations of 2,000 draws of chance 1/2
    assert abs(int(turned.sum()) - 1000) < 5 * 500**0.5


def test_a_loss_that_is_no_number(tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, loss=lambda outputs, y: outputs.sum() * float("nan"))
    with pytest.raises(EngineError) as caught:
        trained(tmp_path, recipe)
    assert str(caught.value) == "learn, epoch 1: the loss must stay a number (got nan); lower the learning rate"


def test_a_checkpoint_of_another_net(tmp_path: Path) -> None:
    trained(tmp_path)
    smaller = dataclasses.replace(RECIPE, make=lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10)))
    with pytest.raises(CheckpointError) as caught:
        trained(tmp_path, smaller)
    assert "checkpoint.npz: must be of the net that is trained" in str(caught.value)
    files.write_bundle(tmp_path / "checkpoint.npz", {"something": 1})
    with pytest.raises(CheckpointError) as caught:
        trained(tmp_path)
    assert str(caught.value) == f"{tmp_path / 'checkpoint.npz'}: must hold a training (got something else)"


def test_without_torch_the_catalogue_works_and_training_says_what_to_install() -> None:
    script = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from maichong.errors import EngineError\n"
        "from maichong.zoo import protocol, training\n"
        "assert all(protocol.find(name).CLAIMS for name in protocol.names())\n"
        "try: training.need_torch('stbp-2018')\n"
        "except EngineError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == 'stbp-2018: needs torch to train (got no torch); pip install "maichong[deep]"'
