"""``Recurrent``: a layer whose neurons hear each other's spikes one step later."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from maichong.engines.autograd.kernels import SPIKES
from maichong.errors import EngineError, ParameterError, brief
from maichong.nn.spiking import Spiking, State
from maichong.nn.timing import KEEPS
from maichong.spec import Configured


@dataclass(frozen=True)
class RecurrentState:
    """What a recurrent layer carries from one call to the next: the neurons' State, and their last spikes, [batch, n]."""

    cells: State
    spikes: torch.Tensor

    def detach(self) -> RecurrentState:
        """The same state, cut off from what led to it: for truncated backpropagation."""
        return RecurrentState(self.cells.detach(), self.spikes.detach())


class Recurrent(torch.nn.Module):
    """``n`` neurons of ``model`` with a learned weight from each to each: input currents [time, batch, n] -> spikes of that shape.

    In each step a neuron gets its input and ``weight`` @ the spikes of the step before (none in the first); ``weight[j, i]`` leads
    from i to j and starts uniform in +-1 / sqrt(n). The other arguments, and what comes out, are those of ``Spiking``; ``layer(x,
    state)`` goes on from a RecurrentState and returns one, ``layer.begin(x)`` is that of a start.

    Raises what Spiking raises, and EngineError for an input without n features.
    """

    time = KEEPS

    def __init__(self, n: int, model: Configured, *, outputs: str | Sequence[str] = SPIKES, **options: Any) -> None:
        super().__init__()
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ParameterError("Recurrent, n", "must be a positive whole number", brief(n))
        self.single = isinstance(outputs, str)
        self.outputs = (outputs,) if isinstance(outputs, str) else tuple(outputs)
        self.cells = Spiking(model, outputs=tuple(dict.fromkeys((SPIKES, *self.outputs))), **options)
        self.n = n
        self.weight = torch.nn.Parameter(torch.empty(n, n).uniform_(-1 / math.sqrt(n), 1 / math.sqrt(n)))

    def begin(self, x: torch.Tensor) -> RecurrentState:
        """The RecurrentState of a start, for inputs like ``x``."""
        return RecurrentState(self.cells.begin(x), torch.zeros(x.shape[1:], dtype=x.dtype, device=x.device))

    def forward(self, x: torch.Tensor, state: RecurrentState | None = None) -> Any:
        self.cells.check(x)
        if x.dim() != 3 or x.shape[2] != self.n:
            raise EngineError("Recurrent, input", f"must be [time, batch, {self.n}]", tuple(x.shape))
        if state is not None and not isinstance(state, RecurrentState):
            raise EngineError("Recurrent, state", "must be a RecurrentState", brief(state), "use layer.begin(x)")
        now = self.begin(x) if state is None else state
        cells, spikes = now.cells, now.spikes
        weight = self.weight.to(x.dtype)
        if self.cells.fuses(x):
            if state is not None:
                x = torch.cat([torch.addmm(x[0], spikes, weight.t())[None], x[1:]])
            found, end = self.cells.run(x.contiguous(), cells, weight)
            whole = dict(zip(self.cells.outputs, found, strict=True))
            outputs = tuple(whole[name] for name in self.outputs)
            result = outputs[0] if self.single else outputs
            return result if state is None else (result, RecurrentState(end, whole[SPIKES][-1]))
        steps: list[tuple[torch.Tensor, ...]] = []
        for current in x:
            heard = torch.addmm(current, spikes, weight.t())
            found, cells = self.cells(heard[None], cells)
            spikes = found[0][0]
            steps.append(found)
        whole = dict(zip(self.cells.outputs, (torch.cat(parts) for parts in zip(*steps, strict=True)), strict=True))
        outputs = tuple(whole[name] for name in self.outputs)
        result = outputs[0] if self.single else outputs
        return result if state is None else (result, RecurrentState(cells, spikes))

    def extra_repr(self) -> str:
        return f"{self.n}"
