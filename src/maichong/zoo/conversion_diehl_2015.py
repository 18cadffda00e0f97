"""Fast-classifying, high-accuracy spiking deep networks through weight and threshold balancing (Diehl, Neil et al. 2015).

A convolutional network of ReLU without biases, 12c5-2s-64c5-2s-10, learns digits by gradients, with dropout and average pooling.
Its weights then go to integrate-and-fire neurons of threshold 1 that are reset to 0, the poolings too, and images come as
Bernoulli spikes with the intensities as chances. A layer's weights are divided by its largest activation on training images
(data-based), or by the largest sum of positive weights onto a neuron (model-based), so that no neuron has to fire more than once
per step. The class is the output neuron with most spikes.

Source: Diehl, Neil, Binas, Cook, Liu & Pfeiffer 2015, IJCNN, doi:10.1109/IJCNN.2015.7280696, and the authors' released code for
the constants. Departures: Adam with a cosine in place of plain gradient descent; less dropout, and training images that are
moved by up to ``shift`` pixels (0: not, as in the paper); the loss, as there a squared error to the class as 0 or 1, is taken
before the output's ReLU, so that no output can die; the epoch is chosen on a validation split; a layer's factor is its largest
activation on some of the training images, where the authors' code takes all, and the largest weight where that is larger; 100
steps. ``reset=soft`` and ``coding=constant`` are improvements of later papers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maichong.errors import ParameterError
from maichong.zoo import images, training
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from maichong.conversion import AccuracyOverTime

NAME = "conversion-diehl-2015"
TITLE = "Spiking deep networks through weight and threshold balancing (Diehl, Neil et al. 2015)"

METHODS = ("data", "model")
BATCH = 25


@dataclass(frozen=True)
class Settings:
    """The paper's constants and what makes training fast; each is an option of the command, ``--set steps=500``."""

    epochs: int = 40
    batch: int = 100
    lr: float = 2e-3  # of Adam, at the start
    dropout: float = 0.2  # 0.5 in the paper
    shift: int = 2  # pixels by which training images are moved at most
    steps: int = 100  # of 1 ms; the paper shows images for 500
    coding: str = "bernoulli"
    reset: str = "hard"
    pooling: str = "spiking"
    calibrate: int = 1000  # training images whose largest activations balance the weights
    validate: int = 5000  # training images held back, on which the epoch is chosen
    train: int = 0  # images to train on; 0: all that are not held back
    test: int = 0

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("epochs", "batch", "steps", "calibrate", "validate"))
        check_least(NAME, self, 0, ("train", "test", "dropout", "shift"))
        check_above(NAME, self, 0, ("lr",))
        if self.dropout >= 1:
            raise ParameterError(f"{NAME}.dropout", "must be < 1", self.dropout)
        choices = {"coding": ("bernoulli", "constant"), "reset": ("hard", "soft"), "pooling": ("spiking", "average")}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ParameterError(f"{NAME}.{name}", f"must be one of {', '.join(known)}", repr(getattr(self, name)))


DATA: dict[str, dict[str, Any]] = {"mnist": {}, "fashion_mnist": {"shift": 0}}

SMOKE = {"epochs": 2, "shift": 0, "train": 3000, "validate": 500, "test": 300, "steps": 60, "calibrate": 200}

WHOLE = {"data": "mnist", "train": 0, "test": 0}

CLAIMS = (Claim("snn accuracy", 99.1, 0.1, WHOLE, note="data-based balancing; the epoch is chosen on a validation split"),)


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def network(settings: Settings) -> Module:
    """The artificial network while it learns: pixels [batch, 1, 28, 28] in 0..1 -> one number for each class, [batch, 10]."""
    from torch.nn import AvgPool2d, Conv2d, Dropout, Flatten, Linear, ReLU, Sequential

    return Sequential(
        Conv2d(1, 12, 5, bias=False), ReLU(), AvgPool2d(2), Conv2d(12, 64, 5, bias=False), ReLU(), AvgPool2d(2), Flatten(),
        Dropout(settings.dropout), Linear(1024, 10, bias=False),
    )  # fmt: skip


def loss(outputs: Tensor, y: Tensor) -> Tensor:
    """The squared error to the class as 0 or 1: summed over outputs, mean over the batch."""
    from torch.nn.functional import one_hot

    return ((outputs - one_hot(y, outputs.shape[1])) ** 2).sum(dim=1).mean()


def reproduce(settings: Settings, context: Context) -> Result:
    """Train, choose the epoch on the validation split, convert by both methods, test."""
    torch = training.need_torch(NAME)
    from maichong.conversion import accuracy_over_time, convert

    data = images.splits(context.data, settings.validate, settings.train, settings.test)
    recipe = training.Recipe(
        make=lambda: network(settings),
        loss=loss,
        optimiser=lambda net: torch.optim.Adam(net.parameters(), lr=settings.lr),
        epochs=settings.epochs,
        batch=settings.batch,
        prepare=images.moving(settings.shift),
        schedule=training.cosine(settings.epochs),
    )
    trained = training.fit(recipe, data.train, data.validation, context)
    ann = torch.nn.Sequential(trained.net, torch.nn.ReLU())
    calibration = training.intensities(data.train.x[: settings.calibrate], False)
    curves, reports = {}, {}
    for method in METHODS:
        # the conversion is judged by the figures here, and a collapse is to be among them
        converted = convert(
            ann, calibration, method, settings.steps, coding=settings.coding, reset=settings.reset, pooling=settings.pooling,
            allow_loss=True, generator=torch.Generator().manual_seed(context.seed),
        )  # fmt: skip
        curves[method] = accuracy_over_time(converted, _told(data.test, f"test, {method}-based", context))
        reports[method] = converted.report.to_dict()
    found = images.result(trained, data, context)
    measured = {"snn accuracy": 100 * curves["data"].final, "snn accuracy, model-based": 100 * curves["model"].final}
    measured |= {"ann accuracy": found.measured["test accuracy"], "validation accuracy": found.measured["validation accuracy"]}
    for method, curve in curves.items():
        measured[f"steps to within 1 %, {method}-based"] = curve.steps_within(0.01) or float("nan")
    metrics = {**found.metrics, "conversion": reports, "over_time": {name: curve.to_dict() for name, curve in curves.items()}}
    return dataclasses.replace(found, measured=measured, metrics=metrics, figures=lambda: [_picture(curves), *found.figures()])


def _told(split: training.Split, stage: str, context: Context) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of a split as intensities, with a word to whoever listens; a resumed run begins the test anew."""
    for begin in range(0, len(split), BATCH):
        if context.stopping:
            raise context.interrupted()
        yield training.intensities(split.x[begin : begin + BATCH], False), split.y[begin : begin + BATCH]
        context.tell(stage=stage, done=min(begin + BATCH, len(split)), total=len(split))


def _picture(curves: Mapping[str, AccuracyOverTime]) -> Any:
    from matplotlib.figure import Figure

    from maichong import plots

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    ax = figure.add_subplot()
    for method, curve in curves.items():
        steps = range(1, len(curve.accuracy) + 1)
        ax.plot(steps, [100 * accuracy for accuracy in curve.accuracy], label=f"{method}-based")
    ax.axhline(100 * curves["data"].ann, color="0.5", linestyle=":", label="artificial network")
    ax.set(xlabel="time (ms)", ylabel="accuracy (%)")
    ax.legend(frameon=False)
    return plots.Picture("Accuracy over time", "Of the spiking network on the test split, by the spikes so far.", figure)
