"""LISNN: improving spiking neural networks with lateral interactions for robust object recognition (Cheng, Hao, Xu & Xu 2020).

Neurons of a convolutional layer hear the spikes that their neighbours of the same channel fired a step before, through a learned
kernel L of 5 x 5 for each channel; everything else is that of STBP (Wu et al. 2018), with d = 0.2 and th = 0.5:

    u[t] = d u[t-1] (1 - s[t-1]) + W x[t] + b + L * s[t-1];      s[t] = 1 if u[t] >= th;      ds/du = 1 if abs(u - th) < 0.5

The net is 32C3-P2-32C3-P2-128-10, the loss the mean squared error between mean output spikes and the class.

Source: Cheng, Hao, Xu & Xu 2020, IJCAI, doi:10.24963/ijcai.2020/211, and the authors' released code. Departures: pixels are
currents, the same in every step, where the paper draws Bernoulli spikes (``coding=bernoulli``); training images are moved by up to
``shift`` pixels (0: not, as in the paper); 4 of its 20 steps and 16 of its 100 epochs, along a cosine of learning rates.
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

NAME = "lisnn-2020"
TITLE = "LISNN: spiking neural networks with lateral interactions (Cheng et al. 2020)"


@dataclass(frozen=True)
class Settings:
    """The paper's constants and what makes training fast; each is an option of the command, ``--set lateral=false``."""

    lateral: bool = True  # whether neighbours hear each other
    channels: int = 32
    hidden: int = 128
    coding: str = "direct"  # or bernoulli, the paper's
    steps: int = 4
    epochs: int = 16
    batch: int = 100
    lr: float = 2e-3  # of Adam, at the start
    decay: float = 0.2  # d: what a step leaves of the potential
    v_th: float = 0.5
    window: float = 1.0  # whole width of the rectangle
    shift: int = 2  # pixels by which training images are moved at most
    validate: int = 5000  # training images held back, on which the epoch is chosen
    train: int = 0  # images to train on; 0: all that are not held back
    test: int = 0

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("channels", "hidden", "steps", "epochs", "batch", "validate"))
        check_least(NAME, self, 0, ("train", "test", "shift"))
        check_above(NAME, self, 0, ("lr", "decay", "v_th", "window"))
        if self.decay >= 1:
            raise ParameterError(f"{NAME}.decay", "must be < 1", self.decay)
        if self.coding not in ("direct", "bernoulli"):
            raise ParameterError(f"{NAME}.coding", "must be one of direct, bernoulli", repr(self.coding))


DATA: dict[str, dict[str, Any]] = {"mnist": {}, "fashion_mnist": {"shift": 0}}

SMOKE = {"channels": 8, "steps": 4, "epochs": 1, "train": 2000, "validate": 500, "test": 500}

WHOLE = {"lateral": True, "channels": 32, "hidden": 128, "train": 0, "test": 0}

CLAIMS = (
    Claim("test accuracy", 99.50, 0.20, {"data": "mnist", **WHOLE}, note="the best epoch on the test split in the paper"),
    Claim(
        "test accuracy", 92.07, 1.00, {"data": "fashion_mnist", **WHOLE}, note="the best epoch on the test split in the paper"
    ),
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
    from torch import channels_last
    from torch.nn import AvgPool2d, Conv2d, Flatten, Linear

    from maichong.nn import Bernoulli, Lateral, MeanRate, Repeat, Sequential, Spiking, Surrogate

    cell, surrogate = neuron(settings.decay, settings.v_th), Surrogate("rectangle", settings.window)
    n = settings.channels

    def cells() -> Module:
        return Spiking(cell, surrogate=surrogate)

    def map_cells() -> Module:
        if not settings.lateral:
            return cells()
        # the centre of the kernel is not masked: a neuron hears itself too, as in the authors' code
        neighbours = Conv2d(n, n, 5, padding=2, groups=n, bias=False)
        # with channels last it takes half the time
        return Lateral(neighbours.to(memory_format=channels_last), cell, surrogate=surrogate)  # pyright: ignore[reportCallIssue]

    first = Conv2d(1, n, 3, padding=1)
    begin = [Bernoulli(settings.steps), first] if settings.coding == "bernoulli" else [first, Repeat(settings.steps)]
    return Sequential(
        *begin, map_cells(), AvgPool2d(2), Conv2d(n, n, 3, padding=1), map_cells(), AvgPool2d(2), Flatten(),
        Linear(n * 49, settings.hidden), cells(), Linear(settings.hidden, 10), cells(), MeanRate(),
    )  # fmt: skip


def reproduce(settings: Settings, context: Context) -> Result:
    """Train, choose the epoch on the validation split, test."""
    torch = training.need_torch(NAME)
    data = images.splits(context.data, settings.validate, settings.train, settings.test)

    def loss(rates: Tensor, y: Tensor) -> Tensor:
        classes = torch.nn.functional.one_hot(y, rates.shape[1]).to(rates.dtype)
        return torch.nn.functional.mse_loss(rates, classes)

    recipe = training.Recipe(
        make=lambda: network(settings),
        loss=loss,
        optimiser=lambda net: torch.optim.Adam(net.parameters(), lr=settings.lr, fused=True),
        epochs=settings.epochs,
        batch=settings.batch,
        prepare=images.moving(settings.shift),
        schedule=training.cosine(settings.epochs),
    )
    trained = training.fit(recipe, data.train, data.validation, context)
    paper = next((claim.paper for claim in CLAIMS if claim.when["data"] == context.data.name), None)
    return images.result(trained, data, context, paper=paper)
