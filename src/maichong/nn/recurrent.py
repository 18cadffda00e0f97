"""``Recurrent``: a layer whose neurons hear each other's spikes one step later."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from maichong.engines.autograd.shapes import SPIKES
from maichong.errors import EngineError, ParameterError, brief
from maichong.nn import feedback
from maichong.nn.dale import fix_signs, signs_of
from maichong.nn.feedback import RecurrentState
from maichong.nn.products import is_hooked
from maichong.nn.timing import KEEPS
from maichong.spec import Configured


class Recurrent(torch.nn.Module):
    """``n`` neurons of ``model`` with a learned weight from each to each: input currents [time, batch, n] -> spikes of that shape.

    In each step a neuron gets its input and ``weight`` @ the spikes of the step before (none in the first); ``weight[j, i]`` leads
    from i to j and starts uniform in +-1 / sqrt(n). With ``excitatory``, a fraction of the neurons, the first ones, or a flag for
    each, Dale's principle holds: all weights from an excitatory neuron are >= 0, all others <= 0, whatever the optimiser does
    (:func:`maichong.nn.dale` says how). The other arguments, and what comes out, are those of ``Spiking``; ``layer(x, state)`` goes
    on from a RecurrentState and returns one, ``layer.begin(x)`` is that of a start. Where few of the weights are wanted, or the
    same ones at each place, ``Lateral`` takes any connection.

    Raises what Spiking raises, and EngineError for an input without n features.
    """

    time = KEEPS

    def __init__(
        self, n: int, model: Configured, *, excitatory: float | Sequence[bool] | None = None,
        outputs: str | Sequence[str] = SPIKES, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ParameterError("Recurrent, n", "must be a positive whole number", brief(n))
        self.outputs = outputs if isinstance(outputs, str) else tuple(outputs)
        self.cells = feedback.cells_of(model, outputs, options)
        self.n = n
        self.weight = torch.nn.Parameter(torch.empty(n, n).uniform_(-1 / math.sqrt(n), 1 / math.sqrt(n)))
        if excitatory is not None:
            fix_signs(self, "weight", signs_of("Recurrent, excitatory", excitatory, n))

    def begin(self, x: torch.Tensor) -> RecurrentState:
        """The RecurrentState of a start, for inputs like ``x``."""
        return feedback.begin(self.cells, x)

    def forward(self, x: torch.Tensor, state: RecurrentState | None = None) -> Any:
        self.cells.check(x)
        if x.dim() != 3 or x.shape[2] != self.n:
            raise EngineError("Recurrent, input", f"must be [time, batch, {self.n}]", tuple(x.shape))
        now = self.begin(x) if state is None else feedback.checked("Recurrent", state, x)
        weight = self.weight.to(x.dtype)
        if self.cells.fuses(x) and not is_hooked(self.cells):
            found, end = feedback.run_fused(self.cells, weight, x, now)
        else:
            found, end = feedback.run(self.cells, lambda current, spikes: torch.addmm(current, spikes, weight.t()), x, now)
        result = feedback.chosen(self.outputs, found)
        return result if state is None else (result, end)

    def read(self, x: torch.Tensor, readout: torch.nn.Linear) -> torch.Tensor:
        """``readout(layer(x))``, as that of Spiking."""
        (found,), _ = self.cells.run(x.contiguous(), self.cells.begin(x), self.weight.to(x.dtype), readout=readout)
        return found

    def extra_repr(self) -> str:
        return f"{self.n}"
