"""``Delay``: a layer that hands its input on some steps later, by delays that are given or learned."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch.nn.utils import parametrize

from maichong.engines.delays import LONGEST, to_steps
from maichong.errors import EngineError, ParameterError, brief
from maichong.nn.timing import KEEPS, is_timed
from maichong.spec.quantities import in_unit, is_number


class Between(torch.nn.Module):
    """A parameter in 0..longest: a raw number, reflected at both ends, so that none gets stuck outside."""

    def __init__(self, longest: float) -> None:
        super().__init__()
        self.longest = longest

    def forward(self, raw: torch.Tensor) -> torch.Tensor:
        period = torch.remainder(raw, 2 * self.longest)
        # no abs(): its derivative is 0 where the two halves meet, and a delay that starts at the longest would stay there
        return torch.where(period <= self.longest, period, 2 * self.longest - period)

    def right_inverse(self, value: torch.Tensor) -> torch.Tensor:
        """The raw number of one that is assigned; ParameterError outside the bounds."""
        if not bool(((value >= 0) & (value <= self.longest)).all()):
            raise ParameterError("Delay, delay", f"must be in 0..{self.longest:g} ms", brief(value.tolist()))
        return value


class Delay(torch.nn.Module):
    """What came ``delay`` ms earlier: spikes or currents [time, batch, *shape] -> that shape; 0 where there was nothing yet.

    ``shape`` is that of a step's features, a number or a tuple. ``delay`` is one number for all, or an array that fits ``shape``:
    one for each neuron, or of (channels, 1, 1) one for each channel. Delays are rounded to steps of ``dt`` as the simulator rounds
    them, halves up; 0 hands on at once. The next layer hears a spike in the very step at whose end it is fired: what a projection
    of the simulator does with ``delay=d`` is d + dt here.

    With ``trainable`` they are learned and not rounded: with d = delay / dt and k = floor(d),

        y[t] = (1 - (d - k)) x[t - k] + (d - k) x[t - k - 1],

    whose derivative in the delay is (x[t - k - 1] - x[t - k]) / dt. ``layer.delay`` has the shape that was given (one number is
    one delay that all share), and stays in 0..``longest`` ms, which must be given. A spike between two steps is shared between
    them: to go on with whole steps, make a ``Delay`` of the learned ones. The slope sees one step far: delays learn best from
    inputs that are smooth over a step or more, as those behind a ``receptor`` or a blur.

    ``layer(x, state)`` goes on from the past, the last inputs [steps, batch, *shape], and returns the next; ``layer.begin(x)`` is
    an empty one.

    Raises ParameterError for delays that are negative, not finite, longer than ``longest`` or of another shape, EngineError
    for inputs of another shape.

    Source: interpolation of axonal delays as in SLAYER, Shrestha & Orchard 2018, arXiv:1810.08646; synapses with learned delays:
    Hammouamri et al. 2023, arXiv:2306.17670.

    >>> x = torch.tensor([1.0, 2.0, 3.0]).reshape(3, 1, 1).expand(3, 1, 2)
    >>> Delay(2, delay=[0.0, 1.0])(x)[:, 0].tolist()
    [[1.0, 0.0], [2.0, 1.0], [3.0, 2.0]]
    """

    time = KEEPS

    def __init__(
        self,
        shape: int | tuple[int, ...],
        delay: Any,
        *,
        dt: float = 1.0,
        trainable: bool = False,
        longest: float | None = None,
    ) -> None:
        super().__init__()
        self.shape = shape if isinstance(shape, tuple) else (shape,)
        if not self.shape or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in self.shape):
            raise ParameterError("Delay, shape", "must be a positive whole number or a tuple of such", brief(shape))
        if not is_number(dt) or not 0 < dt < math.inf:
            raise ParameterError("Delay, dt", "must be a positive number of ms", brief(dt))
        if not isinstance(trainable, bool):
            raise ParameterError("Delay, trainable", "must be True or False", brief(trainable))
        if trainable and longest is None:
            raise ParameterError(
                "Delay, longest", "must be given where delays are learned", fix="longest=20.0 bounds them, in ms"
            )
        bound = (LONGEST - 1) * float(dt)
        if longest is not None and (not is_number(longest) or not 0 < longest <= bound):
            raise ParameterError("Delay, longest", f"must be in ms, positive and at most {bound:g}", brief(longest))
        self.dt, self.trainable = float(dt), trainable
        longest = bound if longest is None else float(longest)
        ms = self._ms(delay, longest)
        if trainable:
            # one more than the longest delay takes: k + 1 is looked at even where its share is 0
            self.steps = math.ceil(longest / self.dt) + 1
            self.delay = torch.nn.Parameter(torch.as_tensor(np.array(ms), dtype=torch.get_default_dtype()))
            parametrize.register_parametrization(self, "delay", Between(longest))
        else:
            whole = to_steps(ms, self.dt).astype(np.int64)
            self.steps = int(whole.max())
            self.whole: torch.Tensor
            self.register_buffer("whole", torch.as_tensor(whole))

    def _ms(self, delay: Any, longest: float) -> np.ndarray:
        ms = np.asarray(in_unit(delay, "ms", "Delay, delay"))
        if not (np.isfinite(ms) & (ms >= 0) & (ms <= longest)).all():
            raise ParameterError("Delay, delay", f"must be in 0..{longest:g} ms", brief(delay))
        try:
            fits = np.broadcast_shapes(ms.shape, self.shape) == self.shape
        except ValueError:
            fits = False
        if not fits:
            raise ParameterError("Delay, delay", f"must be one number or fit the shape {self.shape}", f"shape {ms.shape}")
        return ms

    def begin(self, x: torch.Tensor) -> torch.Tensor:
        """The past of a start, for inputs like ``x``: zeros."""
        return x.new_zeros((self.steps, *x.shape[1:]))

    def forward(self, x: torch.Tensor, state: torch.Tensor | None = None) -> Any:
        is_timed("Delay, input", x)
        if x.shape[2:] != self.shape:
            raise EngineError("Delay, input", f"must be [time, batch, {', '.join(map(str, self.shape))}]", tuple(x.shape))
        past = self.begin(x) if state is None else self._checked(state, x)
        whole = torch.cat([past, x])
        if self.trainable:
            steps = self.delay / self.dt
            k = steps.detach().floor().clamp(max=self.steps - 1).long()
            share = (steps - k).to(x.dtype)
            y = (1 - share) * self._ago(whole, k, x) + share * self._ago(whole, k + 1, x)
        else:
            y = self._ago(whole, self.whole, x)
        # a copy: a view of it would keep the inputs of all steps
        return y if state is None else (y, whole[len(x) :].clone())

    def _ago(self, whole: torch.Tensor, k: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """``whole`` as it was k steps ago, at each step of x, which is its end."""
        now = torch.arange(self.steps, len(whole), device=x.device)
        if not k.dim():
            return whole.index_select(0, now - k)
        when = now.reshape(-1, *[1] * (x.dim() - 1)) - k
        return whole.gather(0, when.expand(x.shape))

    def _checked(self, state: Any, x: torch.Tensor) -> torch.Tensor:
        expected = (self.steps, *x.shape[1:])
        if not isinstance(state, torch.Tensor) or state.shape != expected:
            got = tuple(state.shape) if isinstance(state, torch.Tensor) else brief(state)
            raise EngineError("Delay, state", f"must be the past inputs, {expected}", got, "use layer.begin(x)")
        return state

    def extra_repr(self) -> str:
        return f"{self.shape}, dt={self.dt:g}, at most {self.steps} steps{', trainable' if self.trainable else ''}"
