"""Target propagation: layers get targets in place of gradients, from an inverse that each learns of the layer above it.

With h_l the mean rates of layer l, L a batch's loss summed over its samples, and g_l(h) = sigmoid(V_l h + c_l) its inverse:

    t_l = h_l - step dL/dh_l                    the last hidden layer
    t_l = h_l - g_{l+1}(h_{l+1}) + g_{l+1}(t_{l+1})     the others (difference target propagation);  g_{l+1}(t_{l+1}), plain

Layer l learns from |h_l - t_l|^2, by the gradient of its own neurons; its inverse from |g_l(h_l') - (h_{l-1} + e)|^2, where h_l'
are the rates when the same noise e, of deviation ``noise``, is added to all steps of the layer's inputs. The output layer has
the gradient of the loss.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from maichong.errors import EngineError, ParameterError, brief
from maichong.learning.blocks import Block, Blocks
from maichong.learning.rules import NONE, Rule, Seen
from maichong.nn import Sequential
from maichong.spec.quantities import is_number


@dataclass(frozen=True)
class TargetPropagation:
    """Difference target propagation; plain target propagation with ``difference=False``.

    For all hidden blocks from the lowest one that has this rule up to the output: blocks of one Linear layer and neurons. The
    learner then has inverses as parameters of its own, so that an optimiser takes ``learner.parameters()``. ``step`` is how far the
    last hidden layer's target lies down the gradient of the loss, which is taken to be the batch's mean; ``noise`` is the deviation
    of what is added to inputs when inverses learn.

    Raises ParameterError for a step or a noise that is not above 0, and, in a learner, for other rules between such a block and the
    output, for a window, and for other layers.

    Lee, Zhang, Fischer & Bengio 2015, doi:10.1007/978-3-319-23528-8_31, with rates of spiking neurons in the place of tanh units.
    Not where the last percent counts: inverses are always behind the layers that they follow.
    """

    step: float = 0.5
    noise: float = 0.1
    difference: bool = True

    def __post_init__(self) -> None:
        for name, value in (("step", self.step), ("noise", self.noise)):
            if not is_number(value) or not math.isfinite(value) or not value > 0:
                raise ParameterError(f"TargetPropagation, {name}", "must be a number > 0", brief(value))
        if not isinstance(self.difference, bool):
            raise ParameterError("TargetPropagation, difference", "must be True or False", brief(self.difference))

    @property
    def weights(self) -> str:
        return NONE

    def signal(self, seen: Seen) -> torch.Tensor | None:
        """dL/dz from the block's target, 2 (h - t) / (batch steps) in each step; none where the block has no target."""
        if seen.target_rates is None:
            return None
        rates = seen.spikes.mean(dim=0)
        return (2.0 / (len(rates) * seen.steps)) * (rates - seen.target_rates)[None]


@dataclass(frozen=True, eq=False)
class Taught:
    """A block that learns by target propagation, as it is run, and its spikes of a batch, [time, batch, ...]."""

    name: str
    rule: TargetPropagation
    run: Sequential
    spikes: torch.Tensor


def check_blocks(blocks: Blocks, rules: Mapping[str, Rule], window: int | None) -> None:
    """ParameterError for blocks in which targets cannot come down to those that learn by them."""
    hidden = blocks.hidden
    taught = [block for block in hidden if isinstance(rules[block.name], TargetPropagation)]
    if taught and window is not None:
        raise ParameterError(
            "Learner, window", "must be None where targets are propagated: they are rates of whole runs", window
        )
    for below, above in itertools.pairwise(hidden):
        if isinstance(rules[below.name], TargetPropagation) and not isinstance(rules[above.name], TargetPropagation):
            raise ParameterError(
                f"Learner, layer {below.name}", f"gets no target from layer {above.name}", brief(rules[above.name]),
                "propagate targets in all hidden layers above it",
            )  # fmt: skip


def inverses(blocks: Blocks, rules: Mapping[str, Rule]) -> torch.nn.ModuleDict:
    """The inverse of each block whose layer below has targets, by the block's name. ParameterError for other than Linear layers."""
    found = torch.nn.ModuleDict()
    for below, above in itertools.pairwise(blocks.hidden):
        if isinstance(rules[below.name], TargetPropagation):
            linear = _linear(above)
            found[above.name] = torch.nn.Linear(linear.out_features, linear.in_features).to(linear.weight.dtype)
    return found


def _linear(block: Block) -> torch.nn.Linear:
    weighted = [module for module in block.layers.values() if any(True for _ in module.parameters())]
    if len(weighted) != 1 or not isinstance(weighted[0], torch.nn.Linear) or block.neurons is None:
        raise ParameterError(
            f"TargetPropagation, layer {block.name}", "has an inverse where it is one Linear layer and neurons",
            ", ".join(type(module).__name__ for module in block.layers.values()),
        )  # fmt: skip
    return weighted[0]


def inverted(inverse: torch.nn.Module, rates: torch.Tensor) -> torch.Tensor:
    """g(h): rates [batch, ...] of a layer -> those of the layer below, [batch, n]."""
    return torch.sigmoid(inverse(rates.flatten(1)))


@torch.no_grad()
def targets(taught: Sequence[Taught], inverse: torch.nn.ModuleDict, slope: torch.Tensor) -> dict[str, torch.Tensor]:
    """The target of each block by name, as its rates are shaped, lowest block first; ``slope`` is dL/dh of the last, L summed."""
    last = taught[-1]
    rates = last.spikes.mean(dim=0)
    found = {last.name: rates - last.rule.step * slope}
    for below, above in reversed(list(itertools.pairwise(taught))):
        h, g = below.spikes.mean(dim=0), inverse[above.name]
        wanted = inverted(g, found[above.name])
        if below.rule.difference:
            wanted = h.flatten(1) + (wanted - inverted(g, above.spikes.mean(dim=0)))
        found[below.name] = wanted.reshape(h.shape)
    return found


def reconstruction(taught: Sequence[Taught], inverse: torch.nn.ModuleDict) -> list[torch.Tensor]:
    """The loss of each inverse, the mean over the batch of squared errors; its gradient reaches that inverse alone."""
    found = []
    for below, above in itertools.pairwise(taught):
        spikes = below.spikes.detach()
        noisy = spikes + below.rule.noise * torch.randn_like(spikes[0])
        with torch.no_grad():
            heard = above.run(noisy).mean(dim=0)
        wanted = noisy.mean(dim=0).flatten(1)
        guess = inverted(inverse[above.name], heard)
        if guess.shape != wanted.shape:
            raise EngineError(
                f"TargetPropagation, layer {above.name}", "must hear every neuron of the layer below, once",
                f"{wanted.shape[1]} neurons, {guess.shape[1]} inputs",
            )  # fmt: skip
        found.append((guess - wanted).square().sum(dim=1).mean())
    return found
