"""``Pool2d``: pooling of spikes over space, by their mean, or by a neuron of each window that is let through."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import avg_pool2d, max_pool2d

from maichong.errors import EngineError, ParameterError, brief, did_you_mean, is_one_of
from maichong.nn.timing import KEEPS, is_timed
from maichong.spec.quantities import is_number

BY = ("mean", "max", "rate", "first_spike")


@dataclass(frozen=True)
class PoolState:
    """What pooling carries from one call to the next: the score of each neuron, [batch, channels, h, w]; None where it has none."""

    score: torch.Tensor | None

    def detach(self) -> PoolState:
        """The same state: no gradient flows through scores."""
        return self


class Pool2d(torch.nn.Module):
    """Spikes of each window of ``kernel`` neurons pooled into one: [time, batch, channels, h, w] -> [time, batch, channels, h', w'].

    | ``by`` | in each step comes out | source |
    |---|---|---|
    | "mean" | the mean of the window's spikes, no spike itself | |
    | "max" | the largest value: a spike where any neuron of the window spikes | |
    | "rate" | what the neuron with most spikes so far, this step's among them, sends | Rueckauer et al. 2017, doi:10.3389/fnins.2017.00682 |
    | "first_spike" | what the neuron that spiked first sends | Masquelier & Thorpe 2007, doi:10.1371/journal.pcbi.0030031 |

    Of equals, as before the first spike, the first of the window (row by row) is let through; it gets the gradient too, as the
    step's value of all windows comes from one neuron each, but for "mean". With ``tau``, in ms of steps of ``dt``, "rate" counts
    in a trace that decays, so that it follows rates that change. ``kernel``, ``stride`` (the kernel where none is given) and
    ``padding`` are one number or (height, width), as those of torch's pooling; padding holds no spikes.

    ``layer(x, state)`` goes on from the PoolState of an earlier call, and returns the outputs and the next one; ``layer.begin(x)``
    is that of a start. For potentials or currents torch's own AvgPool2d and MaxPool2d do as well.

    Raises ParameterError for what is no size, no way of pooling, or a ``tau`` without "rate", EngineError for an input without
    five axes or smaller than the kernel.

    >>> Pool2d(2, by="rate")(torch.ones(3, 1, 4, 6, 6)).shape
    torch.Size([3, 1, 4, 3, 3])
    """  # noqa: E501  a table's row is one line

    time = KEEPS

    def __init__(
        self, kernel: int | tuple[int, int], by: str = "mean", stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0, *, tau: float | None = None, dt: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__()
        if not is_one_of(by, BY):
            raise ParameterError("Pool2d, by", "must be a way of pooling", brief(by), did_you_mean(by, BY))
        self.by, self.kernel, self.padding = by, _pair("kernel", kernel, 1), _pair("padding", padding, 0)
        self.stride = self.kernel if stride is None else _pair("stride", stride, 1)
        if any(2 * pad > size for pad, size in zip(self.padding, self.kernel, strict=True)):
            raise ParameterError("Pool2d, padding", "must be at most half of the kernel", brief(padding))
        for name, value in {"tau": tau, "dt": dt}.items():
            if value is not None and (not is_number(value) or not 0 < value < math.inf):
                raise ParameterError(f"Pool2d, {name}", "must be a positive number of ms", brief(value))
        if tau is not None and by != "rate":
            raise ParameterError("Pool2d, tau", "is the decay of what by='rate' counts", f"by={by!r}", "leave tau out")
        self.tau, self.dt = tau, dt

    def begin(self, x: torch.Tensor) -> PoolState:
        """The PoolState of a start, for inputs like ``x``."""
        return PoolState(torch.zeros(x.shape[1:], dtype=_exact(x), device=x.device) if self.by in SCORES else None)

    def forward(self, x: torch.Tensor, state: PoolState | None = None) -> Any:
        is_timed("Pool2d, input", x)
        if x.dim() != 5:
            raise EngineError("Pool2d, input", "must be [time, batch, channels, h, w]", tuple(x.shape))
        if any(n + 2 * pad < size for n, pad, size in zip(x.shape[3:], self.padding, self.kernel, strict=True)):
            raise EngineError("Pool2d, input", f"must be at least as large as the kernel {self.kernel}", tuple(x.shape))
        before = self.begin(x) if state is None else self._checked(state, x)
        window = self.kernel, self.stride, self.padding
        frames, after = x.flatten(0, 1), before
        if before.score is None:
            pooled = (avg_pool2d if self.by == "mean" else max_pool2d)(frames, *window)
        else:
            with torch.no_grad():
                decay = 1.0 if self.tau is None else math.exp(-self.dt / self.tau)
                score, chosen = before.score, []
                for now in x:
                    score = SCORES[self.by](score, now, decay)
                    chosen.append(max_pool2d(score, *window, return_indices=True)[1])
                places = torch.cat(chosen)
            pooled = frames.flatten(2).gather(2, places.flatten(2)).reshape(places.shape)
            after = PoolState(score)
        out = pooled.unflatten(0, x.shape[:2])
        return out if state is None else (out, after)

    def _checked(self, state: Any, x: torch.Tensor) -> PoolState:
        if not isinstance(state, PoolState) or (state.score is None) != (self.by not in SCORES):
            raise EngineError("Pool2d, state", "must be a PoolState of a layer like this", brief(state), "use layer.begin(x)")
        if state.score is not None and state.score.shape != x.shape[1:]:
            raise EngineError(
                "Pool2d, state", f"must have the shape {tuple(x.shape[1:])} of a step", tuple(state.score.shape)
            )  # fmt: skip
        return state

    def extra_repr(self) -> str:
        tau = "" if self.tau is None else f", tau={self.tau:g}, dt={self.dt:g}"
        return f"{self.kernel}, by={self.by!r}, stride={self.stride}, padding={self.padding}{tau}"


def _count(score: torch.Tensor, now: torch.Tensor, decay: float) -> torch.Tensor:
    """Spikes of each neuron so far, those of the past decaying."""
    return decay * score + now


def _age(score: torch.Tensor, now: torch.Tensor, decay: float) -> torch.Tensor:
    """Steps since each neuron's first spike, that step counted; 0 before it: the largest is the neuron that was first."""
    return score + ((score > 0) | (now > 0))


SCORES: dict[str, Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]] = {"rate": _count, "first_spike": _age}
"""What the neurons of a window are judged by: (score of the step before, spikes, decay) -> score, [batch, channels, h, w]."""


def _exact(x: torch.Tensor) -> torch.dtype:
    """A type that holds counts: bfloat16 ends at 256."""
    return torch.promote_types(x.dtype, torch.float32)


def _pair(name: str, value: Any, low: int) -> tuple[int, int]:
    both = value if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or any(isinstance(n, bool) or not isinstance(n, int) or n < low for n in both):
        raise ParameterError(f"Pool2d, {name}", f"must be a whole number >= {low} or two of them", brief(value))
    return both[0], both[1]


def squares_of(module: torch.nn.Module) -> int:
    """The side of the squares, side by side, over which a layer takes the mean; 0 where it does something else."""
    if isinstance(module, Pool2d):
        sides, strides, padding = module.kernel, module.stride, module.padding
        plain = module.by == "mean"
    elif type(module) is torch.nn.AvgPool2d:
        sides, strides, padding = (_both(value) for value in (module.kernel_size, module.stride, module.padding))
        plain = not module.ceil_mode and module.divisor_override is None
    else:
        return 0
    return sides[0] if plain and sides == strides and len(set(sides)) == 1 and padding == (0, 0) else 0


def _both(value: Any) -> tuple[int, ...]:
    return (value, value) if isinstance(value, int) else tuple(value)
