"""What papers that learn to classify images by gradients share: splits as tensors, and what a result says of the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong import files
from maichong.data import DataSet, split_validation
from maichong.zoo.protocol import Context, Result
from maichong.zoo.training import Split, Trained

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Splits:
    """The images of a data set as tensors: pixels 0..255, uint8 [N, channels, height, width], and classes, int64 [N]."""

    train: Split
    validation: Split
    test: Split
    n_classes: int


def splits(data: DataSet, validate: int, train: int = 0, test: int = 0) -> Splits:
    """``validate`` training images held back, and of the others and the test's the first ``train`` and ``test``; 0: all."""
    held = split_validation(data, validate)
    assert held.x_val is not None and held.y_val is not None
    return Splits(
        _tensors(held.x_train, held.y_train, train), _tensors(held.x_val, held.y_val), _tensors(held.x_test, held.y_test, test),
        data.n_classes,
    )  # fmt: skip


def _tensors(x: np.ndarray, y: np.ndarray, n: int = 0) -> Split:
    import torch

    x, y = (x[:n], y[:n]) if n else (x, y)
    shaped = x[:, None] if x.ndim == 3 else x
    return Split(torch.from_numpy(np.ascontiguousarray(shaped)), torch.from_numpy(np.ascontiguousarray(y)))


def shifted(x: Tensor, most: int) -> Tensor:
    """Images [N, channels, height, width], each moved by up to ``most`` pixels in either direction; what comes in is 0."""
    import torch

    n, channels, height, width = x.shape
    wide = torch.nn.functional.pad(x, (most, most, most, most))
    dy, dx = torch.randint(0, 2 * most + 1, (2, n, 1, 1, 1))
    rows, columns = dy + torch.arange(height)[:, None], dx + torch.arange(width)
    return wide[torch.arange(n)[:, None, None, None], torch.arange(channels)[:, None, None], rows, columns]


def moving(most: int) -> Callable[[Tensor, bool], Tensor]:
    """How a recipe prepares images: pixels 0..255 -> 0..1; those to train on are moved first, where ``most`` is above 0."""
    return lambda x, training: (shifted(x, most) if training and most else x).float() / 255


def mirrored(x: Tensor) -> Tensor:
    """Images [N, channels, height, width], each mirrored, left for right, with a chance of a half."""
    import torch

    return torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)


def result(
    trained: Trained, data: Splits, context: Context, measured: Mapping[str, float] | None = None,
    metrics: Mapping[str, Any] | None = None, paper: float | None = None,
) -> Result:  # fmt: skip
    """The Result of a training: the test split is read here, once. ``paper`` is the accuracy to compare with, in per cent.

    Writes the weights to weights.npz in the context's folder.
    """
    outputs, accuracy = trained.answers(data.test)
    guess, y = outputs.argmax(dim=1).numpy(), data.test.y.numpy()
    confusion = np.zeros((data.n_classes, data.n_classes), np.int64)
    np.add.at(confusion, (y, guess), 1)
    weights = {key: value.detach().numpy() for key, value in trained.net.state_dict().items() if hasattr(value, "detach")}
    files.write_bundle(context.folder / "weights.npz", {"best_epoch": trained.best_epoch}, weights)
    curve = {key: [epoch[key] for epoch in trained.curve] for key in trained.curve[0]}
    held = {"validation accuracy": 100.0 * curve["validation"][trained.best_epoch - 1]}
    shown = {**curve, "best_epoch": trained.best_epoch, "confusion": confusion, **(metrics or {})}
    seen = np.cumsum(curve["samples"])
    return Result(
        {"test accuracy": 100.0 * accuracy, **held, **(measured or {})}, trained.samples, trained.train_s, shown,
        lambda: _pictures(seen, curve["validation"], confusion, paper),
    )  # fmt: skip


def _pictures(seen: np.ndarray, validation: list[float], confusion: np.ndarray, paper: float | None) -> list[Any]:
    from matplotlib.figure import Figure

    from maichong import plots

    found = [Figure(figsize=(6, 3.5), layout="constrained"), Figure(figsize=(6, 5.5), layout="constrained")]
    reference = None if paper is None else paper / 100
    plots.accuracy_curve(seen, validation, reference=reference, ax=found[0].add_subplot())
    plots.confusion(confusion, ax=found[1].add_subplot())
    return [
        plots.Picture("Accuracy while learning", "On the validation split, after each epoch.", found[0]),
        plots.Picture("Confusion matrix", "Rows are the true classes, columns the answers, on the test split.", found[1]),
    ]
