"""Tuning convolutional spiking neural networks with biologically plausible reward propagation (Zhang, Jia, Cheng & Xu 2021).

No error passes from layer to layer. Every hidden layer hears, in every step, the class itself through a random matrix B that never
changes, where backpropagation would bring it the transposed weights' share of an error; the output layer alone has the gradient of
its squared error. Within a layer the signal goes back through the neurons' own time:

    dL/ds[t] = B y*;      ds/du = 1 if abs(u - th) < 0.5
    u[t] = d u[t-1] (1 - s[t-1]) + W x[t] + b;      s[t] = 1 if u[t] >= th

with d = 0.2 and th = 0.5. The net is 32C5-P2-1000-10.

Source: Zhang, Jia, Cheng & Xu 2021, IEEE Transactions on Neural Networks and Learning Systems, arXiv:2010.04434, and the authors'
released code. Departures: pixels are currents, the same in every step, where the paper draws Bernoulli spikes
(``coding=bernoulli``), in 4 of its 20 steps; a larger learning rate, along a cosine, for fewer epochs. From B y* its mean over
classes is taken (``centred``): it would drive neurons whatever they see, and after an epoch 85.6 % of validation images were
right, not 92.3 %. The surrogate's window is twice as wide: within the paper's, what is far on the wrong side of the threshold
learns nothing. Training images are moved by up to ``shift`` pixels.

On CIFAR-10, whose net the paper leaves open, images are normalised and mirrored at random, 500 neurons stand in the hidden layer,
which learns slower than the last one (``hidden_lr``), and the window is the paper's. The filters stay as they were drawn
(``conv_lr``), but for their means, which are taken from them (``centre_filters``): else what an image shows drowns in how bright it
is. After three epochs of 20,000 images 46.6 % of validation images were right so, 31.5 % with filters as drawn, at most 26.6 %
where they learn by the rule. Answers are taken over the paper's 20 steps, which adds a point to those of 6.
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

    from maichong.learning import Learner
    from maichong.nn import Sequential

NAME = "brp-2021"
TITLE = "Convolutional spiking neural networks with biologically plausible reward propagation (Zhang et al. 2021)"


@dataclass(frozen=True)
class Settings:
    """The paper's constants and what makes training fast; each is an option of the command, ``--set steps=20``."""

    rule: str = "brp"  # or bptt, backpropagation, to compare with
    centred: bool = True  # whether hidden layers hear how a class differs from the mean of all
    channels: int = 32
    hidden: int = 1000
    coding: str = "direct"  # or bernoulli, the paper's
    steps: int = 4
    epochs: int = 30
    batch: int = 50
    lr: float = 1e-3  # of Adam, at the start; 1e-4 in the paper
    hidden_lr: float = 1.0  # of hidden layers, as a part of lr
    conv_lr: float = 1.0  # of the convolution, as a part of that of hidden layers
    centre_filters: bool = False  # whether the convolution's filters begin with a mean of 0
    readout_steps: int = 0  # steps over which an answer is taken; 0: as many as it was trained in
    decay: float = 0.2  # d: what a step leaves of the potential
    v_th: float = 0.5
    window: float = 2.0  # whole width of the rectangle; 1 in the paper
    shift: int = 1  # pixels by which training images are moved at most
    mirror: bool = False  # whether training images are mirrored at random
    validate: int = 5000  # training images held back, on which the epoch is chosen
    train: int = 0  # images to train on; 0: all that are not held back
    test: int = 0

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("channels", "hidden", "steps", "epochs", "batch", "validate"))
        check_least(NAME, self, 0, ("train", "test", "shift", "readout_steps", "conv_lr"))
        check_above(NAME, self, 0, ("lr", "hidden_lr", "decay", "v_th", "window"))
        if self.decay >= 1:
            raise ParameterError(f"{NAME}.decay", "must be < 1", self.decay)
        for name, choices in (("rule", ("brp", "bptt")), ("coding", ("direct", "bernoulli"))):
            if getattr(self, name) not in choices:
                raise ParameterError(f"{NAME}.{name}", f"must be one of {', '.join(choices)}", repr(getattr(self, name)))


DATA: dict[str, dict[str, Any]] = {
    "mnist": {},
    "cifar10": {
        "hidden": 500, "mirror": True, "shift": 0, "steps": 6, "readout_steps": 20, "epochs": 12, "batch": 100, "window": 1.0,
        "lr": 2e-3, "hidden_lr": 0.2, "conv_lr": 0.0, "centre_filters": True,
    },
}  # fmt: skip

MEAN, DEVIATION = (125.3, 123.0, 113.9), (63.0, 62.1, 66.7)
"""Of CIFAR-10's channels, in 0..255."""

SMOKE = {"channels": 8, "hidden": 100, "epochs": 1, "shift": 0, "train": 2000, "validate": 500, "test": 500}

WHOLE = {"rule": "brp", "channels": 32, "train": 0, "test": 0}

CLAIMS = (
    Claim("test accuracy", 99.01, 0.71, {"data": "mnist", **WHOLE}, note="the best epoch on the test split in the paper"),
    Claim("test accuracy", 53.11, 0.11, {"data": "cifar10", **WHOLE}, note="the best epoch on the test split in the paper"),
)


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def neuron(decay: float, v_th: float) -> Configured:
    """The paper's neuron at steps of 1 ms: a current of 1 pA raises its potential by 1 mV in a step."""
    tau_m = -1.0 / math.log(decay)
    return LIF(tau_m=tau_m, c_m=tau_m * (1.0 - decay), v_rest=0.0, v_th=v_th, v_r=0.0)


def network(settings: Settings, colours: int, side: int) -> Sequential:
    """The paper's net: images [batch, colours, side, side] -> mean rates [batch, 10]."""
    from torch.nn import AvgPool2d, Conv2d, Flatten, Linear

    from maichong.nn import Bernoulli, MeanRate, Repeat, Sequential, Spiking, Surrogate

    def cells() -> Module:
        return Spiking(neuron(settings.decay, settings.v_th), surrogate=Surrogate("rectangle", settings.window))

    first = Conv2d(colours, settings.channels, 5, padding=2)
    if settings.centre_filters:
        centred(first.weight)
    begin = [Bernoulli(settings.steps), first] if settings.coding == "bernoulli" else [first, Repeat(settings.steps)]
    return Sequential(
        *begin, cells(), AvgPool2d(2), Flatten(), Linear(settings.channels * (side // 2) ** 2, settings.hidden), cells(),
        Linear(settings.hidden, 10), cells(), MeanRate(),
    )  # fmt: skip


def centred(weight: Tensor) -> None:
    """Take from each filter [filters, colours, height, width], colour by colour, its mean; their spread stays what it was."""
    import torch

    with torch.no_grad():
        spread = weight.std()
        weight -= weight.mean(dim=(2, 3), keepdim=True)
        weight *= spread / weight.std()


def read_over(net: Any, steps: int) -> Any:
    """The same net, with the same parameters, whose answers are taken over so many steps."""
    from maichong.nn import Bernoulli, Repeat, Sequential

    return Sequential(*(type(part)(steps) if isinstance(part, (Bernoulli, Repeat)) else part for part in net))


def heard(y: Tensor, n_classes: int, centred: bool, like: Tensor) -> Tensor:
    """y* of classes y [batch], as hidden layers hear it: 1 for the class and 0 for others, less 1 / n where it is centred."""
    from torch.nn.functional import one_hot

    return one_hot(y, n_classes).to(like.dtype) - (1 / n_classes if centred else 0)


def squared_error(rates: Tensor, target: Tensor) -> Tensor:
    """The mean squared error between rates and classes, whether the ``target``'s mean over classes was taken from it or not."""
    from torch.nn.functional import mse_loss

    return mse_loss(rates, target - target.min(dim=1, keepdim=True).values)


def learner(settings: Settings, colours: int, side: int, seed: int) -> Learner:
    """The net with a rule that says what its hidden layers hear."""
    from maichong.learning import BPTT, Learner, RewardPropagation

    rule = RewardPropagation() if settings.rule == "brp" else BPTT()
    return Learner(network(settings, colours, side), squared_error, rule, seed=seed)


def reproduce(settings: Settings, context: Context) -> Result:
    """Train, choose the epoch on the validation split, test."""
    torch = training.need_torch(NAME)
    data = images.splits(context.data, settings.validate, settings.train, settings.test)
    colours, side = data.train.x.shape[1], data.train.x.shape[2]
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))

    def prepared(x: Tensor, training: bool) -> Tensor:
        if training and settings.shift:
            x = images.shifted(x, settings.shift)
        if training and settings.mirror:
            x = images.mirrored(x)
        # chances of spikes lie in 0..1, currents need not
        normalised = colours == 3 and settings.coding == "direct"
        return (x.float() - mean) / deviation if normalised else x.float() / 255

    def optimiser(net: Module) -> Any:
        filters, offsets, *hidden, weight, bias = net.parameters()
        slow = settings.lr * settings.hidden_lr
        groups = [{"params": [filters, offsets], "lr": slow * settings.conv_lr}, {"params": hidden, "lr": slow}]
        groups.append({"params": [weight, bias]})
        return torch.optim.Adam(groups, lr=settings.lr, fused=True)

    def answer(net: Any, x: Tensor) -> Tensor:
        return read_over(net.net, settings.readout_steps or settings.steps)(x)

    def learn(net: Any, x: Tensor, y: Tensor) -> Tensor:
        return net.learn(x, heard(y, data.n_classes, settings.centred, x))[0]

    recipe = training.Recipe(
        make=lambda: learner(settings, colours, side, context.seed),
        loss=squared_error,
        optimiser=optimiser,
        epochs=settings.epochs,
        batch=settings.batch,
        prepare=prepared,
        schedule=training.cosine(settings.epochs),
        learn=learn,
        forward=answer,
    )
    trained = training.fit(recipe, data.train, data.validation, context)
    paper = next((claim.paper for claim in CLAIMS if claim.when["data"] == context.data.name), None)
    return images.result(trained, data, context, paper=paper)
