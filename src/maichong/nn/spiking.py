"""``Spiking(model)``: any neuron of the catalogue as a torch layer."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.utils import parametrize

from maichong.engines.autograd import plain
from maichong.engines.autograd.bfloat16 import halves
from maichong.engines.autograd.cell import Cell
from maichong.engines.autograd.fused import Fused, Kernels
from maichong.engines.autograd.readout import FusedReadout, suits
from maichong.engines.autograd.recurrent import FusedRecurrent
from maichong.engines.autograd.shapes import SPIKES, Shape
from maichong.engines.autograd.surrogates import Surrogate, surrogate_of
from maichong.errors import EngineError, ParameterError, brief, did_you_mean, is_one_of
from maichong.nn.timing import KEEPS, is_timed
from maichong.spec import Configured, Param

ENGINES = ("auto", "fused", "plain")


@dataclass(frozen=True)
class State:
    """What a layer carries from one call to the next: its states by name, [batch, ...] each, and the steps left to wait (int32)."""

    states: dict[str, torch.Tensor]
    wait: torch.Tensor

    def detach(self) -> State:
        """The same state, cut off from what led to it: for truncated backpropagation."""
        return State({name: value.detach() for name, value in self.states.items()}, self.wait)


class Above(torch.nn.Module):
    """A parameter that stays above a bound: the bound plus an exponential."""

    def __init__(self, bound: float) -> None:
        super().__init__()
        self.bound = bound

    def forward(self, raw: torch.Tensor) -> torch.Tensor:
        return self.bound + torch.exp(raw)

    def right_inverse(self, value: torch.Tensor) -> torch.Tensor:
        return torch.log(value - self.bound)


def mean_over_squares(x: torch.Tensor, pool: int) -> torch.Tensor:
    """The mean over squares of the last two axes."""
    return x.unflatten(-1, (-1, pool)).unflatten(-3, (-1, pool)).mean(dim=(-3, -1))


class Spiking(torch.nn.Module):
    """A layer of neurons of ``model``, element by element: input currents [time, batch, ...] -> spikes of that shape, 0 or 1.

    The step of the neurons is the simulator's, at ``dt`` ms; without ``receptor`` the input is the current into the neuron, held
    over each step, and with one, such as ``Exponential(tau=5.0)``, it is what arrives at it, as by a spike of that weight.
    ``surrogate`` is the name of a row of :mod:`maichong.engines.autograd.surrogates`, or a ``Surrogate`` with a width in the
    membrane's unit. ``detach_reset`` lets no gradient through the spike's effect on the neuron itself. ``trainable`` names
    parameters that are learned: one number for all, or one for each neuron where the model holds an array of the shape of the
    layer's features, flattened; those with a lower bound stay above it. ``outputs`` says what comes out: "spikes", a state's name
    (after the spike's reset), or a tuple of such. ``engine``: "fused" kernels on a CPU, "plain" torch operations on any device, or
    "auto", the fused ones where they run. On the way back these go through the steps again, which takes no memory but the input's;
    with ``recompute=False`` they keep the states of each step, which takes as much again for each state and pays where a step
    costs more than to write and read that: not for LIF neurons. Inputs in bfloat16 or float16, as autocast makes them, go through
    the kernels in float32, and so does the state; what comes out is of the input's kind, in which spikes are exact.

    State starts at the model's declared values on every call of ``layer(x)``; ``layer(x, state)`` starts from a State, and
    returns the outputs and the State to go on from. ``layer.begin(x)`` is the State of a start.

    Second derivatives need ``engine="plain"``; kernels refuse them.

    Raises ParameterError for what is no neuron, parameter or surrogate, EngineError for an input that is no floating tensor with
    time first, and for values that are not finite.

    >>> import torch
    >>> from maichong import LIF
    >>> layer = Spiking(LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0))
    >>> layer(torch.ones(4, 1, 3) * 1.5).shape
    torch.Size([4, 1, 3])
    """

    time = KEEPS
    recompute = True  # of modules that were saved before there was a choice

    def __init__(
        self, model: Configured, *, dt: float = 1.0, receptor: Configured | None = None,
        surrogate: Surrogate | str = "arctangent", detach_reset: bool = False, trainable: Sequence[str] = (),
        outputs: str | Sequence[str] = SPIKES, engine: str = "auto", recompute: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.cell = Cell(model, dt, receptor, trainable)
        self.surrogate, self.detach_reset = surrogate_of(surrogate), detach_reset
        self.single = isinstance(outputs, str)
        self.outputs = (outputs,) if isinstance(outputs, str) else tuple(outputs)
        known = (SPIKES, *self.cell.system.states)
        for name in self.outputs:
            if not is_one_of(name, known):
                raise ParameterError("Spiking, outputs", "must name spikes or states", brief(name), did_you_mean(name, known))
        if not is_one_of(engine, ENGINES):
            raise ParameterError("Spiking, engine", f"must be one of {', '.join(ENGINES)}", brief(engine))
        if not isinstance(recompute, bool):
            raise ParameterError("Spiking, recompute", "must be True or False", brief(recompute))
        self.engine, self.recompute = engine, recompute
        declared = {param.name: param for param in model.model.params}
        for name, value in self.cell.system.params.items():
            if name in self.cell.trainable:
                tensor = torch.as_tensor(np.array(value), dtype=torch.get_default_dtype())
                self.register_parameter(f"par_{name}", torch.nn.Parameter(tensor))
                self._bound(f"par_{name}", declared.get(name), tensor)
        self._kernels: dict[Shape, Kernels] = {}
        self._fixed: dict[Any, dict[str, torch.Tensor]] = {}
        self._warned = False

    def _bound(self, name: str, param: Param | None, value: torch.Tensor) -> None:
        bounds = [bound for bound in (param.above, param.low) if bound is not None] if param else []
        if bounds and bool((value > max(bounds)).all()):
            parametrize.register_parametrization(self, name, Above(max(bounds)))

    def params(self, x: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        """The parameters as they are, by the model's names, as tensors like ``x``."""
        like = torch.zeros(()) if x is None else x
        kind = like.dtype, like.device
        if kind not in self._fixed:
            with torch.inference_mode(False):  # what is kept must serve training too
                self._fixed[kind] = {
                    name: torch.as_tensor(np.array(value, np.float64)).to(dtype=like.dtype, device=like.device)
                    for name, value in self.cell.system.params.items()
                    if name not in self.cell.trainable
                }
        learned = {name: getattr(self, f"par_{name}").to(like.dtype) for name in self.cell.trainable}
        return {name: (learned | self._fixed[kind])[name] for name in self.cell.system.params}

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes along: kernels and tensors at hand are made again."""
        return {**super().__getstate__(), "_kernels": {}, "_fixed": {}}  # pyright: ignore[reportAttributeAccessIssue]

    def get_extra_state(self) -> Any:
        """What a checkpoint says of the neurons, so that it is not loaded into others."""
        return {"model": repr(self.cell.model), "dt": self.cell.dt}

    def set_extra_state(self, state: Any) -> None:
        """EngineError where a checkpoint is that of other neurons."""
        mine = self.get_extra_state()
        if state != mine:
            raise EngineError("Spiking, load_state_dict", f"must be of {mine['model']} at dt = {mine['dt']:g} ms", brief(state))

    def begin(self, x: torch.Tensor) -> State:
        """The State of a start, for inputs like ``x``."""
        rows, width = x.shape[1], math.prod(x.shape[2:])
        start = self.cell.start(self.params(x.new_empty((), dtype=self._kind(x))))
        shape = x.shape[1:]
        states = {name: value.expand(rows, width).reshape(shape) for name, value in start.items()}
        return State(states, torch.zeros(shape, dtype=torch.int32, device=x.device))

    def forward(self, x: torch.Tensor, state: State | None = None) -> Any:
        self.check(x)
        begin = self.begin(x) if state is None else self._checked(state, x)
        outputs, end = self.run(x.contiguous(), begin)
        found = outputs[0] if self.single else tuple(outputs)
        return found if state is None else (found, end)

    def pooled(self, x: torch.Tensor, pool: int, state: State | None = None) -> Any:
        """``layer(x)`` and the mean of its spikes over squares of ``pool`` x ``pool`` neurons: [time, batch, ..., h, w] ->
        [time, batch, ..., h / pool, w / pool].

        On the fused engine the spikes themselves are never written down. EngineError where h and w are no multiples of ``pool``.
        """
        self.check(x)
        begin = self.begin(x) if state is None else self._checked(state, x)
        (found,), end = self.run(x.contiguous(), begin, pool=pool)
        return found if state is None else (found, end)

    def read(self, x: torch.Tensor, readout: torch.nn.Linear) -> torch.Tensor:
        """``readout(layer(x))`` for a narrow layer behind neurons: [time, batch, n] -> [time, batch, m].

        Spikes are what comes out of the neurons, and they are never written down. On the fused engine, for what
        ``engines.autograd.readout.suits``.
        """
        self.check(x)
        (found,), _ = self.run(x.contiguous(), self.begin(x), readout=readout)
        return found

    def run(
        self, x: torch.Tensor, begin: State, weight: torch.Tensor | None = None, pool: int = 1,
        readout: torch.nn.Linear | None = None,
    ) -> tuple[list[torch.Tensor], State]:  # fmt: skip
        """All steps from a state: the outputs in order, and the state to go on from.

        With a ``weight`` [n, n] the neurons hear each other's spikes one step later, none of them before the first step: for
        layers of one axis of n features, on the fused engine. ``pool``: see ``pooled``; ``readout``: see ``read``.
        """
        given = x.dtype
        if self._kind(x) != given:
            x, weight = x.float(), weight if weight is None else weight.float()
        outputs, end = self._run(x, begin, weight, pool, readout)
        # a sum is finite where all are, but for sums that run over; what is NaN once is so to the end
        if not all(math.isfinite(float(value.detach().sum())) for value in end.states.values()):
            self._check_finite(x, end)
        return [out.to(given) for out in outputs], end

    def _kind(self, x: torch.Tensor) -> torch.dtype:
        """The numbers in which neurons run for such an input: kernels have no narrower ones than float32."""
        narrow = x.dtype in (torch.bfloat16, torch.float16)
        return torch.float32 if narrow and x.device.type == "cpu" and self.engine != "plain" else x.dtype

    def _run(
        self, x: torch.Tensor, begin: State, weight: torch.Tensor | None = None, pool: int = 1,
        readout: torch.nn.Linear | None = None, watch: plain.Watch | None = None,
    ) -> tuple[list[torch.Tensor], State]:  # fmt: skip
        numbers = self.cell.numbers(self.params(x))
        each = tuple(name for name, value in numbers.items() if value.ndim)
        learned = tuple(name for name, value in numbers.items() if value.requires_grad)
        steps, rows, width = x.shape[0], x.shape[1], math.prod(x.shape[2:])
        for name in each:
            if numbers[name].numel() != width:
                raise EngineError(
                    "Spiking", f"its {name} holds {numbers[name].numel()} numbers, and the input must have as many features",
                    tuple(x.shape), "the input is [time, batch, features...]",
                )  # fmt: skip
        recurrent, fused = weight is not None, watch is None and self.fuses(x)
        if readout is not None and not (fused and suits(x, readout.weight, readout.bias)):
            raise EngineError(
                "Spiking, readout", "must be a layer of up to 64 neurons, of the input's kind, and the neurons on the fused engine",
                brief(readout), "call the two layers one after the other",
            )  # fmt: skip
        if pool > 1 and (self.outputs != (SPIKES,) or x.dim() < 4 or x.shape[-2] % pool or x.shape[-1] % pool):
            wanted = f"must be [time, batch, ..., h, w] of spikes, h and w multiples of {pool}"
            raise EngineError("Spiking, pool", wanted, tuple(x.shape))
        inside = pool if fused and not each else 1
        form = (rows, width) if each or recurrent or readout is not None else (1, rows * width)
        if inside > 1:
            form = (rows * width // math.prod(x.shape[-2:]), math.prod(x.shape[-2:]))
        # spikes that only the readout hears are not written
        outputs_of = self.outputs if readout is None else ()
        shape = Shape(
            each, learned, outputs_of, self.surrogate, self.detach_reset,
            str(x.dtype).removeprefix("torch."), x.requires_grad or recurrent, recurrent, inside, readout is not None,
            halves=recurrent and fused and halves(x.dtype),
        )  # fmt: skip
        learns = torch.is_grad_enabled() and (shape.input_gradient or bool(learned))
        if fused and learns and not self.recompute and readout is None:
            shape = dataclasses.replace(shape, keeps=True)
        current = x.reshape(steps, *form)
        wait = begin.wait.reshape(form).contiguous()
        states = [begin.states[name].reshape(form).contiguous() for name in self.cell.system.states]
        if fused:
            kernels = self._kernels.get(shape)
            if kernels is None:
                kernels = self._kernels[shape] = Kernels(self.cell, shape, tuple(numbers))
            given = (wait, *states, *numbers.values())
            threads = torch.get_num_threads()
            heard = (None, None) if readout is None else (readout.weight, readout.bias)
            if weight is not None:
                found = FusedRecurrent.apply(kernels, threads, current, weight, *heard, *given)
            elif readout is not None:
                found = FusedReadout.apply(kernels, threads, current, *heard, *given)
            else:
                found = Fused.apply(kernels, threads, x.shape[-1], current, *given)
            outputs, end, wait = found[: -len(states) - 1], found[-len(states) - 1 : -1], found[-1]
        else:
            outputs, last, wait = plain.run(
                self.cell, shape, current, wait, dict(zip(self.cell.system.states, states, strict=True)), numbers, watch
            )
            end = tuple(last[name].expand(form) for name in self.cell.system.states)
        ends = {name: value.reshape(x.shape[1:]) for name, value in zip(self.cell.system.states, end, strict=True)}
        shape_out = (*x.shape[:-2], x.shape[-2] // inside, x.shape[-1] // inside) if inside > 1 else x.shape
        given_out = [out.reshape(shape_out) for out in outputs] if readout is None else list(outputs)
        if pool > inside:
            given_out = [mean_over_squares(out, pool) for out in given_out]
        return given_out, State(ends, wait.reshape(x.shape[1:]))

    def fuses(self, x: torch.Tensor) -> bool:
        """Whether fused kernels run for such an input; a warning, once, where they might be expected and do not."""
        able = x.device.type == "cpu"
        if self.engine == "fused" and not able:
            raise EngineError("Spiking", "fused kernels run on a CPU", x.device, "take engine='auto'")
        if self.engine == "auto" and not able and not self._warned:
            self._warned = True
            warnings.warn(
                f"Spiking: there are no fused kernels on {x.device}; plain torch operations are used",
                stacklevel=4,
            )
        return able and self.engine != "plain"

    def check(self, x: Any) -> None:
        """EngineError for what is no floating tensor [time, batch, ...]."""
        is_timed("Spiking, input", x)

    def _checked(self, state: Any, x: torch.Tensor) -> State:
        names = self.cell.system.states
        if not isinstance(state, State) or tuple(state.states) != tuple(names):
            raise EngineError("Spiking, state", "must be a State of a layer like this", brief(state), "use layer.begin(x)")
        if state.wait.shape != x.shape[1:]:
            raise EngineError("Spiking, state", f"must have the shape {tuple(x.shape[1:])} of a step", tuple(state.wait.shape))
        return state

    def _check_finite(self, x: torch.Tensor, end: State) -> None:
        if all(bool(torch.isfinite(value).all()) for value in end.states.values()):
            return
        bad = int((~torch.isfinite(x)).sum())
        what = f"{bad} of {x.numel()} numbers are NaN or infinite" if bad else "its states ran away"
        fix = None if bad else f"use smaller inputs or steps than dt = {self.cell.dt:g} ms"
        raise EngineError("Spiking, input", "must be finite, and keep the neurons finite", what, fix)

    def extra_repr(self) -> str:
        learned = f", trainable={list(self.cell.trainable)}" if self.cell.trainable else ""
        return f"{self.cell.model!r}, dt={self.cell.dt:g}, surrogate={self.surrogate.name!r}{learned}"
