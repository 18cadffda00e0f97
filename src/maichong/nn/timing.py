"""Where the time axis begins and ends in a net: what each layer does with it, and the layers that repeat a sample over steps.

Tensors of a net have time first, [time, batch, ...]. A layer says by its attribute ``time`` what it does with that axis:

| ``time`` | takes | gives | such as |
|---|---|---|---|
| none of these | [batch, ...] | [batch, ...] | Linear, Conv2d: ``Sequential`` folds time into the batch for them |
| "keeps" | [time, batch, ...] | [time, batch, ...] | Spiking |
| "begins" | [batch, ...] | [time, batch, ...] | Repeat, Bernoulli |
| "ends" | [time, batch, ...] | [batch, ...] | readouts |

A layer that keeps time and has a state goes on from one: ``layer(x, state)`` returns the outputs and the state to go on from, and
``layer.begin(x)`` is the state of a start.
"""

from __future__ import annotations

from typing import Any

import torch

from maichong.errors import EngineError, ParameterError, brief
from maichong.nn.products import applied

KEEPS, BEGINS, ENDS = "keeps", "begins", "ends"


def time_of(module: torch.nn.Module) -> str | None:
    """What a layer does with the time axis: "keeps", "begins", "ends", or None where it knows of none."""
    return getattr(module, "time", None)


def has_state(module: torch.nn.Module) -> bool:
    """Whether a layer carries a state from one step to the next."""
    return callable(getattr(module, "begin", None))


def over_time(module: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """A layer that knows no time, on each step: [time, batch, ...] -> [time, batch, ...], in one call on time x batch rows."""
    found = applied(module, x.flatten(0, 1))
    return found.unflatten(0, x.shape[:2])


def is_timed(where: str, x: Any) -> None:
    """EngineError for what is no floating tensor [time, batch, ...]."""
    if not isinstance(x, torch.Tensor):
        raise EngineError(where, "must be a tensor [time, batch, ...]", brief(x))
    if not x.dtype.is_floating_point:
        raise EngineError(where, "must hold floating-point numbers", x.dtype, "use x.float()")
    if x.dim() < 2 or 0 in x.shape:
        fix = "the time axis is missing: put it first, x.unsqueeze(0) is one step" if x.dim() < 2 else None
        raise EngineError(where, "must be [time, batch, ...], none of them 0", tuple(x.shape), fix)


def _steps(where: str, steps: Any) -> int:
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ParameterError(f"{where}, steps", "must be a whole number >= 1", brief(steps))
    return steps


class Repeat(torch.nn.Module):
    """The same input in each of ``steps`` steps (direct coding): [batch, ...] -> [steps, batch, ...], without a copy.

    Behind the first convolution of a net it saves that convolution in all steps but one. Raises ParameterError for a number of
    steps below 1.
    """

    time = BEGINS

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = _steps("Repeat", steps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.expand(self.steps, *x.shape)

    def extra_repr(self) -> str:
        return str(self.steps)


class Bernoulli(torch.nn.Module):
    """Random spikes, in each step anew, with the input as chance: intensities [batch, ...] in 0..1 -> spikes [steps, batch, ...].

    Chances are drawn from torch's generator, or from ``generator``. Raises ParameterError for a number of steps below 1.
    """

    time = BEGINS

    def __init__(self, steps: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.steps, self.generator = _steps("Bernoulli", steps), generator

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        chance = torch.rand((self.steps, *x.shape), generator=self.generator, dtype=x.dtype, device=x.device)
        return (chance < x).to(x.dtype)

    def extra_repr(self) -> str:
        return str(self.steps)
