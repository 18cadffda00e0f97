"""Equilibrium propagation: bridging the gap between energy-based models and backpropagation (Scellier & Bengio 2017).

One net, one kind of computation, two phases. In the free phase potentials go down the slope of an energy until they rest; in the
nudged one the output is pulled a little to the target, and how far every potential moves says what its weights should learn:

    E = sum |s|^2 / 2 - sum s W s - sum b s;      s <- clip(s - epsilon dE/ds [- epsilon beta (s - y), the output])
    dW_ij = (rate / beta) (s_i^beta s_j^beta - s_i^0 s_j^0),      beta of random sign

The net is 784-500-10, and each image's free phase begins where its last one ended.

Source: Scellier & Bengio 2017, Frontiers in Computational Neuroscience 11:24, doi:10.3389/fncom.2017.00024, with the constants of
the authors' released code, in which C is not halved: its beta of 0.5 is 1 here, and its rates are twice as large. Departures: the
learning rates fall along a cosine, and the epoch is chosen on 5,000 of the training images where the paper held back 10,000.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maichong.errors import ParameterError
from maichong.zoo import images, settling, training
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

NAME = "equilibrium-propagation-2017"
TITLE = "Equilibrium propagation (Scellier & Bengio 2017)"


@dataclass(frozen=True)
class Settings:
    """The constants of the authors' code; each is an option of the command, ``--set hidden=1000``."""

    hidden: int = 500
    layers: int = 1  # hidden layers of that size
    free: int = 20  # steps of the free phase
    nudged: int = 4
    epsilon: float = 0.5  # of a step
    beta: float = 1.0
    sign: str = "random"  # of beta; or positive, or both in each batch
    update: str = "contrastive"  # or voltage
    persistent: bool = True  # whether a free phase begins where that of the same image ended
    epochs: int = 25
    batch: int = 20
    lr: float = 0.2  # of the first layer, at the start
    falls: float = 0.5  # each further layer's, as a part of that of the one below
    validate: int = 5000  # training images held back, on which the epoch is chosen
    train: int = 0  # images to train on; 0: all that are not held back
    test: int = 0

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("hidden", "layers", "free", "nudged", "epochs", "batch", "validate"))
        check_least(NAME, self, 0, ("train", "test"))
        check_above(NAME, self, 0, ("epsilon", "beta", "lr", "falls"))
        if self.epsilon > 1:
            raise ParameterError(f"{NAME}.epsilon", "must be <= 1", self.epsilon)
        for name, choices in (("sign", ("random", "positive", "both")), ("update", ("contrastive", "voltage"))):
            if getattr(self, name) not in choices:
                raise ParameterError(f"{NAME}.{name}", f"must be one of {', '.join(choices)}", repr(getattr(self, name)))


DATA: dict[str, dict[str, Any]] = {"mnist": {}}

SMOKE = {"hidden": 100, "epochs": 1, "train": 2000, "validate": 500, "test": 500}

CLAIMS = (
    Claim("test accuracy", 97.5, 0.2, {"data": "mnist", "train": 0, "test": 0}, note="the paper prints errors of 2 to 3 %"),
)


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def network(settings: Settings, n_inputs: int, n_classes: int, samples: int) -> Module:
    """The paper's net, with a place for where each of ``samples`` images came to rest."""
    from maichong.learning import EquilibriumNet, Particles

    sizes = [n_inputs, *[settings.hidden] * settings.layers, n_classes]
    net = EquilibriumNet(sizes, epsilon=settings.epsilon, steps=settings.free)
    if settings.persistent:
        net.particles = Particles(net, samples)
    return net


def reproduce(settings: Settings, context: Context) -> Result:
    """Train, choose the epoch on the validation split, test."""
    torch = training.need_torch(NAME)
    from maichong.learning import EquilibriumPropagation

    data = images.splits(context.data, settings.validate, settings.train, settings.test)
    rule = EquilibriumPropagation(settings.beta, settings.nudged, settings.sign, settings.update)
    rows = torch.arange(len(data.train))
    # a training image is known by its number, which stands beside its class
    numbered = training.Split(data.train.x, torch.stack([data.train.y, rows], dim=1))

    def learn(net: Any, x: Tensor, y: Tensor) -> Tensor:
        classes, image = y[:, 0], y[:, 1]
        loss, rest = rule.learn(net, x, classes, net.particles.take(image) if settings.persistent else None)
        if settings.persistent:
            net.particles.keep(image, rest)
        return loss

    recipe = training.Recipe(
        make=lambda: network(settings, data.train.x[0].numel(), data.n_classes, len(data.train)),
        loss=None,
        optimiser=lambda net: settling.descent(net, settling.falling(settings.lr, settings.falls, len(net.weights))),
        epochs=settings.epochs,
        batch=settings.batch,
        prepare=settling.rows,
        schedule=training.cosine(settings.epochs),
        learn=learn,
    )
    trained = training.fit(recipe, numbered, data.validation, context)
    trained.net.particles = None  # of training alone
    return images.result(trained, data, context, paper=CLAIMS[0].paper)
