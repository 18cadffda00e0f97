"""A curiosity-based learning method for spiking neural networks: CBSNN (Shi, Zhang & Zeng 2020).

What a net already knows need not be shown to it again as often. After an epoch of all images, five epochs show those alone that are
still novel, whose novelty n is above a threshold; an epoch of all follows, against forgetting, then five of novel ones, and so on:

    n <- (n + |y - o|^2 / 2) / 2;      n <- 0.9 n, where the answer was right

The base is VPSNN: potentials of a 784-H-10 net come to an equilibrium, the output's are pulled to the label, and a weight
changes by its presynaptic potential times how the one behind it moved. Three trainings stand side by side: the base, for
``epochs`` epochs; curiosity; and, as a control, the base again with as few presentations as curiosity had.

Source: Shi, Zhang & Zeng 2020, Frontiers in Computational Neuroscience 14:7, doi:10.3389/fncom.2020.00007: 98.55 % on MNIST
with 54.95 % of the base's computation. The paper's text was not at hand, its abstract has the order of epochs; the size of the net,
the base's constants and those of novelty are ours, as is the cosine of learning rates, which rises within half an epoch: with
larger first steps, validation images showed, some outputs fell to 0 for good.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from maichong.errors import ParameterError
from maichong.zoo import images, settling, training
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor
    from torch.nn import Module

NAME = "curiosity-2020"
TITLE = "A curiosity-based learning method for spiking neural networks (Shi et al. 2020)"


@dataclass(frozen=True)
class Settings:
    """What the paper leaves open; each is an option of the command, ``--set threshold=0.2``."""

    hidden: int = 500
    threshold: float = 0.02  # of novelty
    memory: float = 0.5  # what of an image's novelty is left when it is seen again
    boredom: float = 0.9  # by which novelty is multiplied where the answer was right
    novel: int = 5  # epochs of novel images between two of all
    cycles: int = 2  # of novel epochs and one of all, after a first one of all
    epochs: int = 10  # of the base
    control: bool = True  # whether the base is also trained with as few presentations
    steps: int = 10  # of the spiking neurons, 1 ms each
    equilibrium: int = 15  # steps to equilibrium
    pulled: int = 4  # steps with the label
    epsilon: float = 0.5  # of a step
    beta: float = 1.0
    batch: int = 50
    lr: float = 0.4  # of the first layer, at the start
    falls: float = 0.5  # the second's, as a part of that
    validate: int = 5000  # training images held back, on which the epoch is chosen
    train: int = 0  # images to train on; 0: all that are not held back
    test: int = 0

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("hidden", "cycles", "epochs", "steps", "equilibrium", "pulled", "batch", "validate"))
        check_least(NAME, self, 0, ("train", "test", "threshold", "memory", "boredom", "novel"))
        check_above(NAME, self, 0, ("epsilon", "beta", "lr", "falls"))
        for name in ("epsilon", "boredom"):
            if getattr(self, name) > 1:
                raise ParameterError(f"{NAME}.{name}", "must be <= 1", getattr(self, name))
        if self.memory >= 1:
            raise ParameterError(f"{NAME}.memory", "must be < 1", self.memory)


DATA: dict[str, dict[str, Any]] = {"mnist": {}}

SMOKE = {"hidden": 100, "epochs": 2, "cycles": 1, "novel": 2, "train": 2000, "validate": 500, "test": 500}

WHOLE = {"data": "mnist", "train": 0, "test": 0}

CLAIMS = (
    Claim("test accuracy", 98.55, 1.25, WHOLE, note="the paper's size and constants are open"),
    Claim("presentations", 54.95, 5.05, WHOLE, note="of those of the base", better="lower"),
    Claim("behind the base", 0.0, 0.1, WHOLE, note="the paper is 0.03 ahead of its base", better="lower"),
)


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def network(settings: Settings, n_inputs: int, n_classes: int) -> Module:
    """The base's net, and its spiking neurons, which come to a potential of as many mV as their input has pA."""
    return settling.network(
        [n_inputs, settings.hidden, n_classes], epsilon=settings.epsilon, equilibrium=settings.equilibrium, steps=settings.steps
    )


def base(settings: Settings, data: images.Splits, epochs: int) -> training.Recipe:
    """The recipe of VPSNN."""
    training.need_torch(NAME)
    from maichong.learning import EquilibriumPropagation

    rule = EquilibriumPropagation(settings.beta, settings.pulled, update="voltage")

    def learn(net: Any, x: Tensor, y: Tensor) -> Tensor:
        heard = net.heard(x)
        return rule.learn(net, x, y, net.potentials(net, x, heard), heard)[0]

    return training.Recipe(
        make=lambda: network(settings, data.train.x[0].numel(), data.n_classes),
        loss=None,
        optimiser=lambda net: settling.descent(net, settling.falling(settings.lr, settings.falls, len(net.weights))),
        epochs=epochs,
        batch=settings.batch,
        prepare=settling.rows,
        schedule=training.warm(training.cosine(epochs), 0.5),  # outputs that fall below 0 by more than beta never come back
        forward=settling.answers,
        learn=learn,
    )


def curious(settings: Settings, data: images.Splits) -> training.Recipe:
    """The same with a choice of images; a training image's number stands beside its class."""
    import torch

    from maichong.learning import Curiosity, EquilibriumPropagation

    curiosity = Curiosity(settings.threshold, settings.memory, settings.boredom, settings.novel)
    rule = EquilibriumPropagation(settings.beta, settings.pulled, update="voltage")
    plain = base(settings, data, 1 + settings.cycles * (settings.novel + 1))

    def make() -> Module:
        net = plain.make()
        net.register_buffer("novelty", curiosity.begin(len(data.train)))
        return net

    def learn(net: Any, x: Tensor, y: Tensor) -> Tensor:
        classes, image = y[:, 0], y[:, 1]
        heard = net.heard(x)
        loss, rest = rule.learn(net, x, classes, net.potentials(net, x, heard), heard)
        hot = torch.nn.functional.one_hot(classes, data.n_classes).to(x.dtype)
        net.novelty = curiosity.looked(net.novelty, image, rest[-1], hot)
        return loss

    def choose(net: Any, epoch: int, draw: np.random.Generator) -> Tensor:
        return torch.from_numpy(draw.permutation(curiosity.choose(net.novelty, epoch).numpy()))

    return replace(plain, make=make, learn=learn, choose=choose)


def reproduce(settings: Settings, context: Context) -> Result:
    """Train the base and with curiosity, choose epochs on the validation split, test each once."""
    torch = training.need_torch(NAME)
    data = images.splits(context.data, settings.validate, settings.train, settings.test)
    numbered = training.Split(data.train.x, torch.stack([data.train.y, torch.arange(len(data.train))], dim=1))
    recipe = base(settings, data, settings.epochs)
    plain = training.fit(recipe, data.train, data.validation, context, "base")
    found = training.fit(curious(settings, data), numbered, data.validation, context, "curiosity")
    found.net.novelty = None  # of training alone
    result = images.result(found, data, context, paper=CLAIMS[0].paper)
    theirs = 100.0 * plain.answers(data.test)[1]
    measured = {
        **result.measured,
        "base test accuracy": theirs,
        "base validation accuracy": 100.0 * max(epoch["validation"] for epoch in plain.curve),
        "behind the base": theirs - result.measured["test accuracy"],
        "presentations": 100.0 * found.samples / plain.samples,
    }
    metrics = {**result.metrics, "base": plain.curve, "presented": found.samples, "base_presented": plain.samples}
    if settings.control:
        epochs = max(1, math.ceil(found.samples / len(data.train)))
        few = training.fit(base(settings, data, epochs), data.train, data.validation, context, "control")
        measured["control test accuracy"] = 100.0 * few.answers(data.test)[1]
        measured["control presentations"] = 100.0 * few.samples / plain.samples
        metrics["control"] = few.curve
    return replace(result, measured=measured, metrics=metrics)
