"""e-prop: eligibility traces that run forward in time within each neuron, times a learning signal that comes from outside.

    dL/dW_ji = sum_t L_j(t) e_ji(t),   e_ji(t) = dz_j(t)/dh_j(t) eps_ji(t)
    eps_ji(t) = dh_j(t)/dh_j(t-1) eps_ji(t-1) + dh_j(t)/dW_ji

with h_j the states of neuron j (potential, adaptation, ...) and L_j = dL/dz_j without what z_j does to other neurons of its layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from maichong.errors import EngineError, ParameterError, brief, is_one_of
from maichong.learning.rules import NONE, TRUE, DirectFeedbackAlignment, Seen, check_scale
from maichong.nn import Recurrent, RecurrentState, Spiking, State, feedback
from maichong.nn.timing import KEEPS

FEEDBACK = ("symmetric", "random")


@dataclass(frozen=True)
class EProp:
    """e-prop: no gradient flows from neuron to neuron of a layer through time, only within each neuron's own states.

    ``feedback``: "symmetric", the learning signal comes through the weights above; "random", it is ``scale`` times the output's
    error through a fixed random matrix, as in DirectFeedbackAlignment. The sum over eligibility traces is computed from the last
    step to the first, which gives the same numbers for the memory of the run; :class:`Eligibility` has the traces themselves,
    forward in time. On a layer without recurrent weights "symmetric" is BPTT.

    Raises ParameterError for another feedback and for a scale of 0, EngineError for a layer of neurons that it does not know.

    Bellec, Scherr, Subramoney et al. 2020, doi:10.1038/s41467-020-17236-y. Not where what matters passes over many neurons in turn.
    """

    feedback: str = "symmetric"
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not is_one_of(self.feedback, FEEDBACK):
            raise ParameterError("EProp, feedback", f"must be one of {', '.join(FEEDBACK)}", brief(self.feedback))
        check_scale("EProp", self.scale)
        if self.feedback == "symmetric" and self.scale != 1:
            raise ParameterError("EProp, scale", "is that of random feedback", brief(self.scale))

    @property
    def weights(self) -> str:
        return TRUE if self.feedback == "symmetric" else NONE

    def signal(self, seen: Seen) -> torch.Tensor | None:
        return DirectFeedbackAlignment(self.scale).signal(seen)


class WithinNeurons(torch.nn.Module):
    """A Recurrent layer whose neurons take the others' spikes as given: the same spikes, without a gradient through them."""

    time = KEEPS

    def __init__(self, layer: Recurrent) -> None:
        super().__init__()
        self.layer = layer

    def begin(self, x: torch.Tensor) -> RecurrentState:
        return self.layer.begin(x)

    def forward(self, x: torch.Tensor, state: RecurrentState | None = None) -> Any:
        layer = self.layer
        weight = layer.weight.to(x.dtype).t()
        found, end = feedback.run(
            layer.cells, lambda current, spikes: torch.addmm(current, spikes.detach(), weight), x, state or self.begin(x)
        )
        result = feedback.chosen(layer.outputs, found)
        return result if state is None else (result, end)


def within_neurons(name: str, neurons: torch.nn.Module) -> torch.nn.Module:
    """The layer of neurons as e-prop sees it. EngineError for one that it does not know."""
    if isinstance(neurons, Spiking):
        return neurons
    if isinstance(neurons, Recurrent):
        return WithinNeurons(neurons)
    raise EngineError(f"EProp, layer {name}", "must be Spiking or Recurrent", type(neurons).__name__)


class Eligibility:
    """Eligibility traces of a layer, forward in time: ``for z, add in Eligibility(layer).run(inputs, weight): add(signal)``.

    In each step, ``z`` are the spikes, [batch, n], and ``add(L)`` adds sum_b L_bj e_bji to ``gradients``: of "weight" [n, m], from
    the inputs to the neurons, and of "recurrent", a Recurrent layer's own weight. A step needs those before it and none after:
    memory is batch x n x m for each state of the neuron, whatever the number of steps. The derivatives of a step in states and
    input are those of the layer itself, for any model. Raises EngineError for another layer.
    """

    def __init__(self, layer: Spiking | Recurrent) -> None:
        within_neurons("", layer)
        self.layer = layer
        self.cells = layer.cells if isinstance(layer, Recurrent) else layer
        self.gradients: dict[str, torch.Tensor] = {}

    def run(self, inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> Iterator[Any]:
        """Over inputs [time, batch, m]: the spikes of each step, and the function that takes its learning signal."""
        recurrent = self.layer.weight.detach() if isinstance(self.layer, Recurrent) else None
        weights = {"weight": weight.detach()}
        if recurrent is not None:
            weights["recurrent"] = recurrent
        state, z, traces = None, None, None
        for x in inputs:
            drive = torch.nn.functional.linear(x, weights["weight"], bias)
            pre = {"weight": x}
            if recurrent is not None:
                pre["recurrent"] = torch.zeros_like(drive) if z is None else z
                drive = drive + pre["recurrent"] @ recurrent.t()
            state = self.cells.begin(drive[None]) if state is None else state
            z, state, of_z, of_h = self._step(drive, state)
            if traces is None:
                self.gradients = {name: torch.zeros_like(value) for name, value in weights.items()}
                traces = {
                    name: [torch.zeros(*z.shape, value.shape[1]).to(value) for _ in of_h] for name, value in weights.items()
                }
            eligible = {}
            for name, eps in traces.items():
                now = pre[name][:, None, :]
                eligible[name] = of_z[-1][..., None] * now + sum(d[..., None] * e for d, e in zip(of_z, eps, strict=False))
                traces[name] = [
                    row[-1][..., None] * now + sum(d[..., None] * e for d, e in zip(row, eps, strict=False)) for row in of_h
                ]

            def add(signal: torch.Tensor, eligible: dict[str, torch.Tensor] = eligible) -> None:
                for name, e in eligible.items():
                    self.gradients[name] += torch.einsum("bj,bji->ji", signal, e)

            yield z, add

    def _step(self, drive: torch.Tensor, state: State) -> Any:
        """The spikes, the next state, and the derivatives of the spikes and of each state in (each state, the input)."""
        names = list(state.states)
        leaves = [state.states[name].detach().requires_grad_() for name in names] + [drive.detach().requires_grad_()]
        with torch.enable_grad():
            found, end = self.cells(leaves[-1][None], State(dict(zip(names, leaves, strict=False)), state.wait))
            z = (found if isinstance(found, torch.Tensor) else found[self.cells.outputs.index("spikes")])[0]

            def of(value: torch.Tensor) -> list[torch.Tensor]:
                if not value.requires_grad:
                    return [torch.zeros_like(drive) for _ in leaves]
                # neurons do not touch each other in a step: the gradient of the sum is each one's own derivative
                some = torch.autograd.grad(value.sum(), leaves, retain_graph=True, allow_unused=True)
                return [torch.zeros_like(drive) if g is None else g for g in some]

            return z.detach(), end.detach(), of(z), [of(end.states[name]) for name in names]
