"""STDP in a layer: a rule of maichong.plasticity changes the weights of a Linear layer by the spikes before and behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from maichong.engines.autograd.cell import in_torch
from maichong.engines.projection_plan import spike_traces
from maichong.errors import EngineError, ParameterError, brief
from maichong.learning.blocks import Block, in_a_row, weighs
from maichong.learning.rules import NONE, Seen
from maichong.nn import Spiking
from maichong.spec import Configured
from maichong.spec.declare import NEAREST
from maichong.spec.reading import arguments
from maichong.spec.rule_model import RuleModel, weight_bounds


@dataclass(frozen=True)
class STDP:
    """A local rule for the Linear layer before a block's neurons, such as ``STDP(PairSTDP())``, with no error and no target.

    Step by step, as in the simulator with a delay of one step: arriving spikes act by ``on_pre``, the traces jump and decay, the
    neurons' spikes act by ``on_post``. Changes are those of the rule's own functions, averaged over the batch in each step and
    clipped to its bounds, and traces start at 0 in each run. On weights that were trained by gradients it is fine-tuning; no
    gradient passes a block that learns so.

    Raises ParameterError for what is no rule of single synapses acting at spikes, EngineError for a block without one Linear layer
    and Spiking neurons, inputs that are no spikes, and weights outside the rule's bounds.

    Sources are those of the rules. Not for layers that compete: there is no inhibition here, as there is in a Network.
    """

    rule: Configured

    def __post_init__(self) -> None:
        model = self.rule.model if isinstance(self.rule, Configured) else None
        if not isinstance(model, RuleModel) or model.scope != "synapse" or not {"on_pre", "on_post"} & set(model.functions()):
            raise ParameterError("STDP, rule", "must be a rule that acts at spikes, such as PairSTDP()", brief(self.rule))
        if model.on_step or model.on_signal or model.states or model.elapse or model.reads or model.asks("v"):
            raise ParameterError(
                "STDP, rule", "must act at spikes alone, by its traces", brief(self.rule), "use it in a Network"
            )

    @property
    def weights(self) -> str:
        return NONE

    def signal(self, seen: Seen) -> torch.Tensor | None:
        return None


def linear_of(block: Block) -> str:
    """The name of the Linear layer that learns by STDP. EngineError for a block without one before its neurons."""
    names = list(block.layers)
    found = [name for name in names if isinstance(block.layers[name], torch.nn.Linear)]
    others = {name: block.layers[name] for name in names[:-1] if name not in found}
    if len(found) != 1 or names[-2] != found[0] or weighs(others) or not isinstance(block.layers[names[-1]], Spiking):
        raise EngineError(
            f"STDP, layer {block.name}", "learns in blocks of one Linear layer and Spiking neurons right behind it",
            ", ".join(type(module).__name__ for module in block.layers.values()),
        )  # fmt: skip
    return found[0]


@torch.no_grad()
def change(rule: STDP, block: Block, inputs: torch.Tensor, post: torch.Tensor) -> tuple[str, torch.Tensor]:
    """The parameter's name, and what the rule makes of its weight in a run, less what it was."""
    name = linear_of(block)
    linear = block.layers[name]
    assert isinstance(linear, torch.nn.Linear)
    before = {key: layer for key, layer in block.layers.items() if key not in (name, block.name)}
    pre = in_a_row(before)(inputs) if before else inputs
    for side, spikes in (("inputs", pre), ("neurons", post)):
        if spikes.dim() != 3 or not bool(((spikes == 0) | (spikes == 1)).all()):
            raise EngineError(
                f"STDP, layer {name}, {side}", "must be spikes [time, batch, n], 0 or 1", tuple(spikes.shape), "use Bernoulli"
            )
    neurons = block.layers[block.name]
    assert isinstance(neurons, Spiking)
    low, high = weight_bounds(rule.rule)
    weight = linear.weight.detach()
    if bool(((weight < low) | (weight > high)).any()):
        got = f"{float(weight.min()):.3g} to {float(weight.max()):.3g}"
        raise EngineError(
            f"STDP, layer {name}", f"its weights must lie in {low:g} to {high:g}", got, "clamp them, or set w_min and w_max"
        )
    return f"{name}.weight", run(rule.rule, weight, pre, post, neurons.cell.dt) - weight


@torch.no_grad()
def run(rule: Configured, weight: torch.Tensor, pre: torch.Tensor, post: torch.Tensor, dt: float) -> torch.Tensor:
    """The weight [n, m] after spikes ``pre`` [time, batch, m], which arrive as steps of ``dt`` ms begin, and ``post``, [..., n]."""
    model = rule.model
    assert isinstance(model, RuleModel)
    low, high = weight_bounds(rule)
    params = {param.name: rule[param.name] for param in model.params if rule[param.name] is not None}
    known = {name: torch.as_tensor(float(value), dtype=weight.dtype, device=weight.device) for name, value in params.items()}
    # a trace belongs to one side: [batch, 1, m] or [batch, n, 1]
    form = {"pre": pre[0][:, None, :], "post": post[0][:, :, None]}
    traces = {trace.name: torch.zeros_like(form[trace.on]) for trace, _, _ in spike_traces(rule)}
    last = torch.zeros_like(form["post"])

    def act(role: str, weight: torch.Tensor, spikes: torch.Tensor) -> torch.Tensor:
        function = model.functions().get(role)
        if function is None or not bool(spikes.any()):
            return weight
        seen: Mapping[str, torch.Tensor] = {**known, **traces, "w": weight}
        new = in_torch(function)(*(seen[name] for name in arguments(function)))
        return (weight + (spikes * (new - weight)).mean(dim=0)).clamp(low, high)

    for arrived, fired in zip(pre[:, :, None, :], post[:, :, :, None], strict=True):
        weight = act("on_pre", weight, arrived)
        for trace, pairing, tau in spike_traces(rule):
            jumped = arrived if trace.on == "pre" else last
            value = traces[trace.name]
            value = torch.where(jumped > 0, torch.ones_like(value), value) if pairing == NEAREST else value + jumped
            traces[trace.name] = value * math.exp(-dt / tau)
        weight = act("on_post", weight, fired)
        last = fired
    return weight
