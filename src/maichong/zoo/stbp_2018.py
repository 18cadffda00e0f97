"""Spatio-temporal backpropagation for training spiking neural networks (Wu, Deng, Li, Zhu & Shi 2018).

Gradients pass through space, layer by layer, and through time, step by step, of leaky neurons whose spikes have a rectangle as
derivative. In the paper's notation, with d = 0.2, th = 0.5 and a rectangle of half width 0.5:

    u[t] = d u[t-1] (1 - s[t-1]) + W x[t] + b;      s[t] = 1 if u[t] >= th;      ds/du = 1 if abs(u - th) < 0.5

which is the LIF with tau_m = dt / ln(1/d) at steps of dt, its potential counted as what a step's input adds. The loss is the mean
squared error between the output neurons' mean rates and the class as 0 or 1.

Source: Wu et al. 2018, Frontiers in Neuroscience 12:331, doi:10.3389/fnins.2018.00331. Departures: pixels are currents, the same
in every step, where the paper draws Bernoulli spikes (``coding=bernoulli``), so that the first convolution is computed once;
images are moved by up to ``shift`` pixels in training (0: not, as in the paper), there are a third of the paper's steps and a tenth
of its epochs, and the learning rate falls along a cosine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maichong.errors import ParameterError
from maichong.neurons.lif import LIF
from maichong.spec import Configured
from maichong.zoo import images, training
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

NAME = "stbp-2018"
TITLE = "Spatio-temporal backpropagation for training spiking neural networks (Wu et al. 2018)"


@dataclass(frozen=True)
class Settings:
    """The paper's constants and what makes training fast; each is an option of the command, ``--set steps=20``."""

    net: str = "conv"  # 15C5-P2-40C5-P2-300-10, or mlp: 784-800-10
    coding: str = "direct"  # or bernoulli, the paper's
    steps: int = 6
    epochs: int = 10
    batch: int = 100
    lr: float = 2e-3  # of Adam, at the start
    decay: float = 0.2  # d: what a step leaves of the potential
    v_th: float = 0.5
    shift: int = 2  # pixels by which training images are moved at most
    window: float = 1.0  # whole width of the rectangle
    validate: int = 5000  # training images held back, on which the epoch is chosen
    train: int = 0  # images to train on; 0: all that are not held back
    test: int = 0

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("steps", "epochs", "batch", "validate"))
        check_least(NAME, self, 0, ("train", "test", "shift"))
        check_above(NAME, self, 0, ("lr", "decay", "v_th", "window"))
        if self.decay >= 1:
            raise ParameterError(f"{NAME}.decay", "must be < 1", self.decay)
        for name, choices in (("net", ("conv", "mlp")), ("coding", ("direct", "bernoulli"))):
            if getattr(self, name) not in choices:
                raise ParameterError(f"{NAME}.{name}", f"must be one of {', '.join(choices)}", repr(getattr(self, name)))


DATA: dict[str, dict[str, Any]] = {"mnist": {}}

SMOKE = {"steps": 4, "epochs": 1, "train": 2000, "validate": 500, "test": 500}

WHOLE = {"data": "mnist", "train": 0, "test": 0}

CLAIMS = (
    Claim("test accuracy", 99.42, 0.32, {"net": "conv", **WHOLE}, note="the best epoch on the test split in the paper"),
    Claim("test accuracy", 98.89, 0.39, {"net": "mlp", **WHOLE}, note="the best epoch on the test split in the paper"),
)


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def neuron(decay: float, v_th: float) -> Configured:
    """The paper's neuron at steps of 1 ms: a current of 1 pA raises its potential by 1 mV in a step."""
    tau_m = -1.0 / math.log(decay)
    return LIF(tau_m=tau_m, c_m=tau_m * (1.0 - decay), v_rest=0.0, v_th=v_th, v_r=0.0)


def network(settings: Settings) -> Module:
    """The paper's net: pixels [batch, 1, 28, 28] in 0..1 -> mean rates [batch, 10]."""
    from torch.nn import AvgPool2d, Conv2d, Flatten, Linear

    from maichong.nn import Bernoulli, MeanRate, Repeat, Sequential, Spiking, Surrogate

    def cells() -> Module:
        return Spiking(neuron(settings.decay, settings.v_th), surrogate=Surrogate("rectangle", settings.window))

    if settings.net == "conv":
        first, middle = Conv2d(1, 15, 5), [AvgPool2d(2), Conv2d(15, 40, 5), cells(), AvgPool2d(2), Flatten()]
        rest = [*middle, Linear(640, 300), cells(), Linear(300, 10), cells()]
    else:
        first, rest = Linear(784, 800), [Linear(800, 10), cells()]
    flat = [] if settings.net == "conv" else [Flatten()]
    if settings.coding == "bernoulli":
        return Sequential(Bernoulli(settings.steps), *flat, first, cells(), *rest, MeanRate())
    return Sequential(*flat, first, Repeat(settings.steps), cells(), *rest, MeanRate())


def loss(rates: Tensor, y: Tensor) -> Tensor:
    """The mean squared error between rates and classes, eq. 6 of the paper: summed over outputs, mean over the batch."""
    from torch.nn.functional import one_hot

    return ((rates - one_hot(y, rates.shape[1])) ** 2).sum(dim=1).mean()


def reproduce(settings: Settings, context: Context) -> Result:
    """Train, choose the epoch on the validation split, test."""
    torch = training.need_torch(NAME)
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
    return images.result(trained, data, context, paper=CLAIMS[settings.net == "mlp"].paper)
