"""Finite meta-dynamic neurons in spiking neural networks for spatio-temporal learning (Cheng, Zhang, Jia & Xu 2020).

Neurons of second order, quadratic with a recovery, differ in four parameters (a, b, c, d). In stage A every neuron learns its own,
beside the weights; in stage B those of all neurons are clustered, (a, b) and (c, d) each, into a few types; in stage C neurons are
of random types, which stay as they are, and the weights are learned anew. The net is 784-500-10; what a layer's weights give passes
a sigmoid before it is the neurons' current, and the mean squared error of mean output spikes is minimised by Adam.

Source: Cheng, Zhang, Jia & Xu 2020, arXiv:2010.03140, and the authors' released code. Departures: pixels are the first layer's
inputs in every step, where the code draws Bernoulli spikes (``coding=bernoulli``), so that its weights are applied once; training
images are moved by up to ``shift`` pixels (0: not, as in the paper); a quarter of the epochs, in batches of 25 rather than 100,
along a cosine of learning rates; ``types=published`` takes the types that the paper printed, and goes to stage C at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.errors import ParameterError
from maichong.neurons.meta_neuron import MetaNeuron
from maichong.zoo import images, training
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least

if TYPE_CHECKING:
    from torch.nn import Module

NAME = "meta-neurons-2020"
TITLE = "Finite meta-dynamic neurons in spiking neural networks (Cheng et al. 2020)"

START = {"a": 0.02, "b": 0.2, "c": 0.0, "d": 0.08}
"""With what every neuron begins stage A."""

PUBLISHED = {"ab": ((0.060, 0.219),), "cd": ((-0.065, 0.003), (-0.010, 0.050), (-0.135, -0.051))}
"""The types that the paper found on MNIST."""


@dataclass(frozen=True)
class Settings:
    """The paper's constants and what makes training fast; each is an option of the command, ``--set epochs=80``."""

    hidden: int = 500
    types: str = "discovered"  # or published
    coding: str = "direct"  # or bernoulli, the paper's
    steps: int = 20
    discover_epochs: int = 6  # of stage A
    epochs: int = 20  # of stage C
    batch: int = 25
    lr: float = 1e-3  # of Adam, at the start, for weights and neurons
    shift: int = 1  # pixels by which training images are moved at most
    quantile: float = 0.5  # of distances, from which mean shift has its bandwidth
    validate: int = 5000  # training images held back, on which the epoch is chosen
    train: int = 0  # images to train on; 0: all that are not held back
    test: int = 0

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("hidden", "steps", "discover_epochs", "epochs", "batch", "validate"))
        check_least(NAME, self, 0, ("train", "test", "shift"))
        check_above(NAME, self, 0, ("lr", "quantile"))
        if self.quantile > 1:
            raise ParameterError(f"{NAME}.quantile", "must be <= 1", self.quantile)
        for name, choices in (("types", ("discovered", "published")), ("coding", ("direct", "bernoulli"))):
            if getattr(self, name) not in choices:
                raise ParameterError(f"{NAME}.{name}", f"must be one of {', '.join(choices)}", repr(getattr(self, name)))


DATA: dict[str, dict[str, Any]] = {"mnist": {}}

SMOKE = {"hidden": 100, "discover_epochs": 1, "epochs": 1, "train": 2000, "validate": 500, "test": 500}

CLAIMS = (
    Claim(
        "test accuracy", 98.69, 0.39, {"data": "mnist", "hidden": 500, "train": 0, "test": 0},
        note="the best epoch on the test split in the paper",
    ),
)  # fmt: skip


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


Cells = Mapping[str, np.ndarray]
"""a, b, c and d of a layer's neurons, [neurons] each."""


def network(settings: Settings, n_inputs: int, cells: Sequence[Cells], learned: bool) -> Module:
    """Intensities [batch, 1, height, width] -> mean rates [batch, 10]; with ``learned``, neurons are trained as weights are."""
    from torch.nn import Flatten, Linear, Sigmoid

    from maichong.nn import Bernoulli, MeanRate, Repeat, Sequential, Spiking, Surrogate

    def neurons(of: Cells) -> Module:
        cell = MetaNeuron(integrator="euler", **of)
        return Spiking(cell, surrogate=Surrogate("rectangle"), trainable=tuple(START) if learned else ())

    hidden, outputs = (neurons(of) for of in cells)
    first, last = Linear(n_inputs, settings.hidden), Linear(settings.hidden, len(cells[1]["a"]))
    if settings.coding == "bernoulli":
        begin = [Bernoulli(settings.steps), Flatten(), first, Sigmoid()]
    else:
        begin = [Flatten(), first, Sigmoid(), Repeat(settings.steps)]
    return Sequential(*begin, hidden, last, Sigmoid(), outputs, MeanRate())


def centres(points: np.ndarray, quantile: float) -> np.ndarray:
    """Stage B: as many k-means centres, [types, 2], of points [neurons, 2] as mean shift finds clusters."""
    from sklearn.cluster import KMeans, MeanShift, estimate_bandwidth

    bandwidth = estimate_bandwidth(points, quantile=quantile)
    k = len(MeanShift(bandwidth=bandwidth, bin_seeding=True).fit(points).cluster_centers_) if bandwidth > 0 else 1
    return KMeans(k, n_init=10, random_state=0).fit(points).cluster_centers_  # pyright: ignore[reportArgumentType]


def assigned(types: Mapping[str, np.ndarray], sizes: Sequence[int], seed: int) -> list[Cells]:
    """Stage C: neurons of random types, layer by layer; (a, b) and (c, d) are drawn each."""
    rng = np.random.default_rng([seed, 3])
    found = []
    for n in sizes:
        (a, b), (c, d) = (types[pair][rng.integers(len(types[pair]), size=n)].T for pair in ("ab", "cd"))
        found.append({"a": a, "b": b, "c": c, "d": d})
    return found


def reproduce(settings: Settings, context: Context) -> Result:
    """Discover types, cluster them, learn with them; choose the epoch on the validation split, test."""
    training.need_torch(NAME)
    data = images.splits(context.data, settings.validate, settings.train, settings.test)
    n_inputs, sizes = data.train.x[0].numel(), (settings.hidden, data.n_classes)
    measured: dict[str, float] = {}
    types = {pair: np.array(found) for pair, found in PUBLISHED.items()}
    if settings.types == "discovered":
        start = [{name: np.full(n, value) for name, value in START.items()} for n in sizes]
        recipe = _recipe(settings, lambda: network(settings, n_inputs, start, learned=True), settings.discover_epochs)
        discovered = training.fit(recipe, data.train, data.validation, context, "A")
        types = discovered_types(discovered.net, settings.quantile)
        measured["discovery validation accuracy"] = 100.0 * discovered.curve[discovered.best_epoch - 1]["validation"]
    cells = assigned(types, sizes, context.seed)
    recipe = _recipe(settings, lambda: network(settings, n_inputs, cells, learned=False), settings.epochs)
    trained = training.fit(recipe, data.train, data.validation, context, "C")
    return images.result(trained, data, context, measured, {"types": types}, CLAIMS[0].paper)


def discovered_types(net: Module, quantile: float) -> dict[str, np.ndarray]:
    """The types among all neurons of a net of stage A: "ab" and "cd", [types, 2] each."""
    from maichong.nn import Spiking

    layers = [layer for layer in net.children() if isinstance(layer, Spiking)]
    learned = {name: np.concatenate([getattr(layer, f"par_{name}").detach().numpy() for layer in layers]) for name in START}
    return {pair: centres(np.stack([learned[name] for name in pair], axis=1), quantile) for pair in ("ab", "cd")}


def _recipe(settings: Settings, make: Any, epochs: int) -> training.Recipe:
    import torch
    from torch.nn.functional import mse_loss, one_hot

    return training.Recipe(
        make=make,
        loss=lambda rates, y: mse_loss(rates, one_hot(y, rates.shape[1]).to(rates.dtype)),
        optimiser=lambda net: torch.optim.Adam(net.parameters(), lr=settings.lr),
        epochs=epochs,
        batch=settings.batch,
        prepare=images.moving(settings.shift),
        schedule=training.cosine(epochs),
    )
