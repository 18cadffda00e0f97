"""Deep learning incorporates biologically inspired neural dynamics and in-memory computing (Wozniak et al. 2020).

A leaky integrate-and-fire neuron is written as a recurrent unit of deep learning, the spiking neural unit, and trained as such;
with a sigmoid in the place of the threshold it is the soft unit, whose outputs are graded:

    s[t] = g(W x[t] + d s[t-1] (1 - y[t-1]));      y[t] = h(s[t] - b);      h a step, in training of the slope of tanh, or a sigmoid

Digits arrive as random spikes, 6 in 20 steps for a white pixel, and the mean output of ten units is compared with the class. Of
Bach's chorales the next chord is predicted: 88 notes, 150 units, 88 sigmoids; the negative log-likelihood is the sum over notes,
averaged over steps and then over pieces.

Source: Wozniak, Pantazi, Bohnstingl & Eleftheriou 2020, Nature Machine Intelligence 2:325-336, doi:10.1038/s42256-020-0187-0, with
the constants of the authors' toolkit. Departures: on MNIST Adam on batches of 100 and a cosine of learning rates
(``--set optimiser=sgd --set lr=0.5 --set batch=15`` is the toolkit's), and spikes are drawn anew whenever an image is shown; on the
chorales a dropout of 0.3 in training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong import files
from maichong.data import RollSet
from maichong.errors import ParameterError
from maichong.neurons.snu import SNU
from maichong.zoo import images, training
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

NAME = "snu-2020"
TITLE = "Deep learning incorporates biologically inspired neural dynamics: spiking neural units (Wozniak et al. 2020)"


@dataclass(frozen=True)
class Settings:
    """The toolkit's constants and what makes training fast; each is an option of the command, ``--set unit=soft``."""

    unit: str = "spiking"  # or soft, with graded outputs
    hidden: int = 256  # units of a hidden layer
    layers: int = 2  # hidden layers; the paper has 2 and 5 of them
    steps: int = 20  # in which a digit is shown
    spikes: float = 6.0  # expected of a white pixel
    d: float = 0.9  # what a step leaves of the state
    slope: float = 0.0  # of g below 0; the toolkit's g has 0.1
    epochs: int = 12
    batch: int = 100
    lr: float = 5e-3  # at the start
    optimiser: str = "adam"  # or sgd
    dropout: float = 0.0  # of the hidden units' outputs to the prediction of chords
    validate: int = 5000  # training images held back, on which the epoch is chosen; chorales have a validation split
    train: int = 0  # images to train on; 0: all that are not held back
    test: int = 0

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("hidden", "layers", "steps", "epochs", "batch", "validate"))
        check_least(NAME, self, 0, ("train", "test", "slope", "d", "dropout"))
        check_above(NAME, self, 0, ("lr", "spikes"))
        if self.spikes > self.steps:
            raise ParameterError(f"{NAME}.spikes", f"must be <= steps, {self.steps}", self.spikes)
        if self.dropout >= 1:
            raise ParameterError(f"{NAME}.dropout", "must be < 1", self.dropout)
        for name, choices in (("unit", ("spiking", "soft")), ("optimiser", ("adam", "sgd"))):
            if getattr(self, name) not in choices:
                raise ParameterError(f"{NAME}.{name}", f"must be one of {', '.join(choices)}", repr(getattr(self, name)))


DATA: dict[str, dict[str, Any]] = {
    "mnist": {},
    "jsb_chorales": {"hidden": 150, "layers": 1, "d": 0.8, "epochs": 40, "batch": 1, "lr": 0.01, "dropout": 0.3},
}

SMOKE = {"hidden": 50, "epochs": 1, "train": 2000, "test": 500}

WHOLE = {"train": 0, "test": 0}

CLAIMS = (
    # the paper's own figures were not at hand: these stand for what its authors' toolkit and others after it reach
    Claim(
        "test accuracy", 98.4, 0.6, {"data": "mnist", **WHOLE}, note="not the paper's own: 97.8 to 98.7 are reached elsewhere"
    ),
    Claim("test NLL", 8.5, 0.3, {"data": "jsb_chorales"}, "nats", "about 8.7 for spiking and 8.5 for soft units", "lower"),
)


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def units(n: int, settings: Settings) -> Module:
    """A layer of ``n`` units, inputs [time, batch, n] -> outputs of that shape; their thresholds, 1 at first, are learned."""
    from maichong.nn import Spiking, Surrogate

    if settings.unit == "soft":
        return soft_units(n, settings.d, settings.slope)
    cell = SNU(d=settings.d, slope=settings.slope, b=np.ones(n), integrator="euler")
    return Spiking(cell, surrogate=Surrogate("tanh"), trainable=("b",))


def soft_units(n: int, d: float, slope: float) -> Module:
    """``n`` soft units: graded outputs are no spikes, so that they are a layer of their own rather than a neuron."""
    import torch

    class SoftUnits(torch.nn.Module):
        """y = sigmoid(s - b), and a state that keeps the part 1 - y of itself."""

        time = "keeps"

        def __init__(self) -> None:
            super().__init__()
            self.b = torch.nn.Parameter(torch.ones(n))

        def forward(self, x: Tensor) -> Tensor:
            s, y = torch.zeros_like(x[0]), torch.zeros_like(x[0])
            outputs = []
            for now in x:
                s = torch.nn.functional.leaky_relu(now + d * s * (1 - y), slope)
                y = torch.sigmoid(s - self.b)
                outputs.append(y)
            return torch.stack(outputs)

    return SoftUnits()


def linear(n_in: int, n_out: int) -> Module:
    """Weights of Glorot's initialisation, as the toolkit has them; the units' thresholds are their biases."""
    import torch

    layer = torch.nn.Linear(n_in, n_out, bias=False)
    torch.nn.init.xavier_uniform_(layer.weight)
    return layer


def classifier(settings: Settings, n_inputs: int) -> Module:
    """Pixels [batch, 1, height, width] as chances of a spike -> mean outputs of ten units, [batch, 10]."""
    from torch.nn import Flatten

    from maichong.nn import Bernoulli, MeanRate, Sequential

    sizes = [n_inputs, *[settings.hidden] * settings.layers, 10]
    layers = [part for a, b in pairwise(sizes) for part in (linear(a, b), units(b, settings))]
    return Sequential(Flatten(), Bernoulli(settings.steps), *layers, MeanRate())


def predictor(settings: Settings, notes: int) -> Module:
    """Chords [time, batch, notes] -> logits of the next chord's notes, of that shape."""
    from torch.nn import Dropout, Linear

    from maichong.nn import Sequential

    sizes = [notes, *[settings.hidden] * settings.layers]
    layers = [part for a, b in pairwise(sizes) for part in (linear(a, b), units(b, settings))]
    return Sequential(*layers, Dropout(settings.dropout), Linear(settings.hidden, notes))


def reproduce(settings: Settings, context: Context) -> Result:
    """Train, choose the epoch on the validation split, test."""
    training.need_torch(NAME)
    return _chorales(settings, context) if isinstance(context.data, RollSet) else _digits(settings, context)


def _optimiser(settings: Settings) -> Any:
    import torch

    kind = torch.optim.Adam if settings.optimiser == "adam" else torch.optim.SGD
    return lambda net: kind(net.parameters(), lr=settings.lr)


def _digits(settings: Settings, context: Context) -> Result:
    from torch.nn.functional import mse_loss, one_hot

    data = images.splits(context.data, settings.validate, settings.train, settings.test)
    chance = settings.spikes / settings.steps
    recipe = training.Recipe(
        make=lambda: classifier(settings, data.train.x[0].numel()),
        loss=lambda outputs, y: mse_loss(outputs, one_hot(y, 10).to(outputs.dtype)),
        optimiser=_optimiser(settings),
        epochs=settings.epochs,
        batch=settings.batch,
        prepare=lambda x, training: x.float() * (chance / 255),
        schedule=training.cosine(settings.epochs),
    )
    trained = training.fit(recipe, data.train, data.validation, context)
    return images.result(trained, data, context, paper=CLAIMS[0].paper)


def _chorales(settings: Settings, context: Context) -> Result:
    music: Any = context.data
    recipe = training.Recipe(
        make=lambda: predictor(settings, music.notes),
        loss=lambda logits, y: nll(logits, y).mean(),
        optimiser=_optimiser(settings),
        epochs=settings.epochs,
        batch=settings.batch,
        prepare=lambda x, training: x.float().movedim(1, 0),
        scores=lambda logits, y: -nll(logits, y),
        schedule=training.cosine(settings.epochs),
        forward=lambda net, x: net(x).movedim(0, 1),
        say=lambda score: f"NLL {-score:.3f}",
    )
    train, validation, test = (pieces(rolls) for rolls in (music.x_train, music.x_val, music.x_test))
    trained = training.fit(recipe, train, validation, context)
    _, score = trained.answers(test)
    weights = {key: value.numpy() for key, value in trained.net.state_dict().items() if hasattr(value, "numpy")}
    files.write_bundle(context.folder / "weights.npz", {"best_epoch": trained.best_epoch}, weights)
    held = [-epoch["validation"] for epoch in trained.curve]
    metrics = {"loss": [epoch["loss"] for epoch in trained.curve], "validation": held, "best_epoch": trained.best_epoch}
    measured = {"test NLL": -score, "validation NLL": held[trained.best_epoch - 1]}
    return Result(measured, trained.samples, trained.train_s, metrics)


SILENT = 255
"""What stands where a piece has ended."""


def pieces(rolls: tuple[np.ndarray, ...]) -> training.Split:
    """Chords and the chords that follow, uint8 [pieces, steps, notes] each; where a piece has ended the next are SILENT."""
    import torch

    longest = max(len(roll) for roll in rolls) - 1
    x = torch.zeros((len(rolls), longest, rolls[0].shape[1]), dtype=torch.uint8)
    y = torch.full_like(x, SILENT)
    for k, roll in enumerate(rolls):
        x[k, : len(roll) - 1] = torch.from_numpy(roll[:-1])
        y[k, : len(roll) - 1] = torch.from_numpy(roll[1:])
    return training.Split(x, y)


def nll(logits: Tensor, y: Tensor) -> Tensor:
    """The negative log-likelihood of each piece, [pieces]: the sum over notes, the mean over the steps that it has."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    there = y[:, :, 0] != SILENT
    each = binary_cross_entropy_with_logits(logits, y.clamp(max=1).to(logits.dtype), reduction="none").sum(dim=2)
    return (each * there).sum(dim=1) / there.sum(dim=1)
