"""A net as blocks: each holds the layers up to and including one of spiking neurons, and gets its credit by one rule.

    head | block, block, ..., block | tail

The head ends with the layer that begins time (Repeat, Bernoulli), the tail begins with the one that ends it (MeanRate); either may
be missing. What stands between has a time axis and can be run in pieces of some steps.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from maichong.errors import ParameterError, brief
from maichong.nn import Sequential
from maichong.nn.timing import BEGINS, ENDS, KEEPS, has_state, time_of

Layers = Mapping[str, torch.nn.Module]


@dataclass(frozen=True, eq=False)
class Block:
    """Layers of a net by name, the last of them its neurons; ``inputs`` are those of the head, which lead to the first block."""

    layers: Layers
    inputs: Layers

    @property
    def name(self) -> str:
        """The name of its neurons, or of its last layer where it has none."""
        return list(self.layers)[-1]

    @property
    def neurons(self) -> torch.nn.Module | None:
        last = self.layers[self.name]
        return last if spikes(last) else None

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.inputs, *self.layers)


@dataclass(frozen=True, eq=False)
class Blocks:
    """A net in parts: ``body`` has the time axis, ``head`` begins it and ``tail`` ends it."""

    head: Layers
    body: tuple[Block, ...]
    tail: Layers

    @property
    def hidden(self) -> tuple[Block, ...]:
        """All but the output block, which is the last one, or the tail where that has weights of its own."""
        return self.body if weighs(self.tail) else self.body[:-1]


def spikes(module: torch.nn.Module) -> bool:
    """Whether a layer is one of neurons: it keeps time, and has a state."""
    return time_of(module) == KEEPS and has_state(module)


def weighs(layers: Layers) -> bool:
    """Whether layers have parameters."""
    return any(True for module in layers.values() for _ in module.parameters())


def in_a_row(layers: Layers) -> Sequential:
    """Layers as a net of their own, sharing their parameters."""
    return Sequential(OrderedDict(layers))


def split(net: Sequential) -> Blocks:
    """The blocks of a net. ParameterError for what is no Sequential of maichong.nn, or has no neurons."""
    if not isinstance(net, Sequential):
        raise ParameterError("Learner, net", "must be a maichong.nn.Sequential", brief(net))
    layers = dict(net.named_children())
    kinds = [time_of(module) for module in layers.values()]
    names = list(layers)
    first = kinds.index(BEGINS) + 1 if BEGINS in kinds else 0
    last = kinds.index(ENDS) if ENDS in kinds else len(names)
    if not any(spikes(layers[name]) for name in names[first:last]):
        raise ParameterError("Learner, net", "must have a layer of spiking neurons", fix="add Spiking(LIF(...)) to it")
    head = {name: layers[name] for name in names[:first]}
    body: list[Block] = []
    left: dict[str, torch.nn.Module] = {}
    for name in names[first:last]:
        left[name] = layers[name]
        if spikes(layers[name]):
            body.append(Block(left, {} if body else head))
            left = {}
    if weighs(left):
        body.append(Block(left, {}))
        left = {}
    return Blocks(head, tuple(body), {**left, **{name: layers[name] for name in names[last:]}})
