"""Spikes that come back: the steps of a layer whose neurons hear, one step later, what the layer itself fired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from maichong.engines.autograd.shapes import SPIKES
from maichong.errors import EngineError, brief
from maichong.nn.spiking import Spiking, State
from maichong.spec import Configured


@dataclass(frozen=True)
class RecurrentState:
    """What a layer with feedback carries from one call to the next: the neurons' State, and their last spikes, [batch, ...]."""

    cells: State
    spikes: torch.Tensor

    def detach(self) -> RecurrentState:
        """The same state, cut off from what led to it: for truncated backpropagation."""
        return RecurrentState(self.cells.detach(), self.spikes.detach())


def cells_of(model: Configured, outputs: str | Sequence[str], options: dict[str, Any]) -> Spiking:
    """The neurons of a layer with feedback: Spiking, whose spikes come out first, whatever else is asked for."""
    asked = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    return Spiking(model, outputs=tuple(dict.fromkeys((SPIKES, *asked))), **options)


def begin(cells: Spiking, x: torch.Tensor) -> RecurrentState:
    """The RecurrentState of a start, for inputs like ``x``: nothing was fired."""
    return RecurrentState(cells.begin(x), torch.zeros(x.shape[1:], dtype=x.dtype, device=x.device))


def checked(where: str, state: Any, x: torch.Tensor) -> RecurrentState:
    """``state``, or EngineError where it is none of a layer with feedback or of another shape."""
    if not isinstance(state, RecurrentState):
        raise EngineError(f"{where}, state", "must be a RecurrentState", brief(state), "use layer.begin(x)")
    if state.spikes.shape != x.shape[1:]:
        raise EngineError(
            f"{where}, state", f"must have the shape {tuple(x.shape[1:])} of a step", tuple(state.spikes.shape)
        )  # fmt: skip
    return state


def run(
    cells: Spiking, hear: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], x: torch.Tensor, state: RecurrentState
) -> tuple[dict[str, torch.Tensor], RecurrentState]:
    """All steps: ``hear(current, spikes of the step before)`` is the current of a step -> outputs by name, the next state."""
    now, spikes = state.cells, state.spikes
    steps: list[tuple[torch.Tensor, ...]] = []
    for current in x:
        found, now = cells(hear(current, spikes)[None], now)
        spikes = found[0][0]
        steps.append(found)
    whole = (torch.cat(parts) for parts in zip(*steps, strict=True))
    return dict(zip(cells.outputs, whole, strict=True)), RecurrentState(now, spikes)


def run_fused(
    cells: Spiking, weight: torch.Tensor, x: torch.Tensor, state: RecurrentState
) -> tuple[dict[str, torch.Tensor], RecurrentState]:
    """The same with one weight [n, n] from each neuron to each, x [time, batch, n], by one kernel for all steps."""
    if state.spikes.requires_grad or bool(state.spikes.any()):
        # in its first step the kernel hears nothing: what was fired before is a current like any other
        x = torch.cat([torch.addmm(x[0], state.spikes, weight.t())[None], x[1:]])
    found, now = cells.run(x.contiguous(), state.cells, weight)
    whole = dict(zip(cells.outputs, found, strict=True))
    return whole, RecurrentState(now, whole[SPIKES][-1].clone())


def chosen(outputs: str | tuple[str, ...], found: dict[str, torch.Tensor]) -> Any:
    """What was asked for, as Spiking gives it: one tensor for one name, a tuple of them for a tuple."""
    return found[outputs] if isinstance(outputs, str) else tuple(found[name] for name in outputs)
