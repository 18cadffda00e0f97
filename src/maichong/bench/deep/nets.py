"""The networks whose training is timed: one table of constants, which every tool gets and none repeats.

Layers of leaky integrate-and-fire neurons, with the update that all tools can do exactly:

    v' = beta v + x;      v' >= v_th: spike, v' <- 0

beta = exp(-dt/tau_m) and x, what arrives in a step, is not scaled by 1 - beta. The reset is to zero, as snnTorch subtracts a step
later than the others, and no gradient passes through it. The derivative of a spike is taken to be 1/(1 + (pi (v' - v_th))^2), that
of an arctangent.

Layers are in the field's notation: 32C3 is a convolution with 32 channels and kernels of 3 x 3, P2 a mean over 2 x 2 spikes, 128 a
layer of 128 neurons that sees all neurons of the one before, 256R one whose neurons also see each other's spikes of the step
before. No layer has a bias. Inputs are random spikes, all with one rate; the loss is the cross-entropy of the mean output rates
with random labels, and Adam minimises it, always on the same batch.

Source: Neftci, Mostafa & Zenke 2019, doi:10.1109/MSP.2019.2931595 (surrogate gradients); Fang et al. 2021,
doi:10.1109/ICCV48922.2021.00266 (the arctangent).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from maichong.bench.networks.benchmark import constant


@dataclass(frozen=True)
class Layer:
    """A layer of neurons and what is in front of it: "linear", "conv" (of ``kernel`` x ``kernel``) or "recurrent".

    ``inputs`` and ``outputs`` are shapes of one sample in one step; means over ``pool`` x ``pool`` spikes go on to the next
    layer. ``gain`` and ``recurrent_gain`` scale the initial weights.
    """

    name: str
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    gain: float
    kernel: int = 0
    recurrent_gain: float = 0.0
    pool: int = 1

    @property
    def weights(self) -> dict[str, tuple[int, ...]]:
        """The shapes of its weights: ``w``, and ``u`` where it is recurrent."""
        if self.kind == "conv":
            return {"w": (self.outputs[0], self.inputs[0], self.kernel, self.kernel)}
        n = math.prod(self.outputs)
        return {"w": (n, math.prod(self.inputs))} | ({"u": (n, n)} if self.kind == "recurrent" else {})


@dataclass(frozen=True)
class Constants:
    """A network's constants."""

    architecture: str = constant("", "", "the layers")
    shape: tuple[int, ...] = constant((), "", "shape of the input of one sample in one step")
    steps: int = constant(0, "", "time steps")
    batch: int = constant(0, "", "samples in a batch")
    rate: float = constant(0.13, "", "chance that an input spikes in a step: the mean brightness of MNIST")
    dt: float = constant(1.0, "ms", "time step")
    tau_m: float = constant(2.0, "ms", "membrane time constant: beta = exp(-1/2)")
    v_th: float = constant(1.0, "mV", "threshold; neurons start at 0 and are reset to it")
    gains: tuple[float, ...] = constant((), "", "initial weights are uniform within gain / sqrt(inputs of a neuron), by layer")
    recurrent_gain: float | None = constant(None, "", "the same of the weights within a layer")
    padding: int | None = constant(None, "", "zeros round the input of a convolution, so that it keeps its size")
    lr: float = constant(1e-3, "", "learning rate of Adam")

    @property
    def beta(self) -> float:
        """By what a membrane decays in a step."""
        return math.exp(-self.dt / self.tau_m)

    @property
    def layers(self) -> tuple[dict[str, Any], ...]:
        """The layers as plain data."""
        return tuple(asdict(layer) for layer in layers(self))


def layers(c: Constants) -> tuple[Layer, ...]:
    """The layers of a network, read from its architecture."""
    found: list[Layer] = []
    shape: tuple[int, ...] = c.shape
    gains = iter(c.gains)
    for word in c.architecture.split("-"):
        size, kind, extent = re.fullmatch(r"(\d*)([CPR]?)(\d*)", word).groups()  # pyright: ignore[reportOptionalMemberAccess]
        if kind == "P":
            found[-1] = replace(found[-1], pool=int(extent))
            shape = (shape[0], *(side // int(extent) for side in shape[1:]))
            continue
        # a convolution's kernel moves along the sides of an image; other layers have but a number of neurons
        sides = (side - int(extent) + 1 + 2 * (c.padding or 0) for side in shape[1:]) if kind == "C" else ()
        outputs = (int(size), *sides)
        found.append(
            Layer(
                word, {"C": "conv", "R": "recurrent"}.get(kind, "linear"), shape, outputs, next(gains),
                int(extent) if kind == "C" else 0, c.recurrent_gain or 0.0 if kind == "R" else 0.0,
            )
        )  # fmt: skip
        shape = outputs
    return tuple(found)


@dataclass(frozen=True)
class Net:
    """A network that several tools train: after ``warmup`` steps ``repeats`` x ``steps`` are timed, and the median counts."""

    name: str
    title: str
    constants: Constants
    warmup: int
    steps: int
    repeats: int


def _net(name: str, what: str, constants: Constants, steps: int) -> Net:
    c = constants
    size = "x".join(map(str, c.shape))
    return Net(name, f"{what}, {size}-{c.architecture} LIF, T = {c.steps}, batch {c.batch}", constants, 3, steps, 7)


NETS: Mapping[str, Net] = {
    net.name: net
    for net in (
        _net("fc", "fully connected", Constants("1000-10", (784,), 25, 128, gains=(3.5, 3.0)), 8),
        _net(
            "conv", "convolutional",
            Constants("32C3-P2-64C3-P2-128-10", (1, 28, 28), 8, 64, gains=(4.0, 5.0, 6.0, 4.0), padding=1), 3,
        ),
        _net(
            "recurrent", "recurrent", Constants("256R-20", (700,), 100, 128, gains=(3.0, 3.0), recurrent_gain=1.0), 5
        ),
    )
}  # fmt: skip


def drawn(c: Constants, seed: int) -> dict[str, np.ndarray]:
    """Input spikes ``x`` [T, B, ...], ``labels`` [B] and the initial weights ``w_LAYER`` and ``u_LAYER`` of all layers."""
    rng = np.random.default_rng(seed)
    found: dict[str, np.ndarray] = {"x": rng.random((c.steps, c.batch, *c.shape), np.float32) < c.rate}
    parts = layers(c)
    found["labels"] = rng.integers(math.prod(parts[-1].outputs), size=c.batch)
    for layer in parts:
        for letter, shape in layer.weights.items():
            gain = layer.gain if letter == "w" else layer.recurrent_gain
            largest = gain / math.sqrt(math.prod(shape[1:]))
            found[f"{letter}_{layer.name}"] = rng.uniform(-largest, largest, shape).astype(np.float32)
    return found
