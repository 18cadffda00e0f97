"""``Sequential``: layers one after another, each given the time axis in the form that it takes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import torch

from maichong.errors import EngineError, brief
from maichong.nn.inside import pool_inside, readout_inside
from maichong.nn.pooling import Pool2d
from maichong.nn.products import applied
from maichong.nn.recurrent import Recurrent
from maichong.nn.spiking import Spiking
from maichong.nn.timing import BEGINS, ENDS, KEEPS, has_state, is_timed, over_time, time_of


class Sequential(torch.nn.Sequential):
    """Layers one after another: torch's own (Linear, Conv2d, AvgPool2d, BatchNorm2d, Dropout, ...) and those of ``maichong.nn``.

    The input has time first, [time, batch, ...], or is [batch, ...] where the net has a layer that begins time, as ``Repeat(8)``;
    the output is [batch, ...] behind a layer that ends it, as ``MeanRate()``. Layers of torch run once on time x batch rows. State
    starts at its declared values on every call of ``net(x)``; ``net(x, state)`` goes on from the state of an earlier call and
    returns the output and the next state, a dict by the layers' names; ``net.begin()`` is that of a start.

    Raises EngineError for an input without the time axis that the net expects, and for layers whose time axis does not fit.

    >>> import torch
    >>> from maichong import LIF
    >>> from maichong.nn import MeanRate, Repeat, Spiking
    >>> neuron = LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0)
    >>> net = Sequential(torch.nn.Linear(4, 3), Repeat(8), Spiking(neuron), torch.nn.Linear(3, 2), Spiking(neuron), MeanRate())
    >>> net(torch.rand(5, 4)).shape
    torch.Size([5, 2])
    """

    @property
    def time(self) -> str | None:
        """What the net as a whole does with the time axis, as any layer says it."""
        kinds = [kind for module in self if (kind := time_of(module)) is not None]
        begins, ends = BEGINS in kinds, ENDS in kinds
        if begins == ends:
            return None if begins or not kinds else KEEPS
        return BEGINS if begins else ENDS

    def begin(self, x: torch.Tensor | None = None) -> dict[str, Any]:
        """The state of a start, from which each layer makes its own when it sees its input."""
        return {}

    def forward(self, input: torch.Tensor, state: Mapping[str, Any] | None = None) -> Any:
        x = input
        if state is not None and not isinstance(state, Mapping):
            raise EngineError("Sequential, state", "must be a mapping of states by layer", brief(state), "use net.begin()")
        timed = not any(time_of(module) == BEGINS for module in self)
        if timed:
            is_timed("Sequential, input", x)
        kept: dict[str, Any] = {}
        layers = [(name, module) for name, module in self._modules.items() if module is not None]
        past = 0
        for k, (name, module) in enumerate(layers):
            if k < past:
                continue
            kind = time_of(module)
            if kind is not None and timed == (kind == BEGINS):
                what = "has a time axis already" if timed else "has no time axis yet"
                raise EngineError(
                    f"Sequential, layer {name}", f"{type(module).__name__} cannot stand here", f"an input that {what}",
                    "a net begins time once, with Repeat or Bernoulli, and ends it once, with a readout",
                )  # fmt: skip
            following = [layer for _, layer in layers[k + 1 :]]
            readout, over = readout_inside(module, following, x) if state is None and timed else (None, 0)
            if readout is not None and isinstance(module, (Spiking, Recurrent)):
                x, past = module.read(x, readout), k + 1 + over
                continue
            pool = pool_inside(module, following, x)
            call = functools.partial(module.pooled, pool=pool) if pool and isinstance(module, Spiking) else module
            if kind is None and is_plain(module):
                folded = plainly(module, x.flatten(0, 1) if timed else x)
                x = folded.unflatten(0, x.shape[:2]) if timed else folded
            elif kind is None:
                x = over_time(module, x) if timed else applied(module, x)
            elif state is not None and has_state(module):
                now = state[name] if name in state else module.begin(x)  # pyright: ignore[reportCallIssue]
                x, kept[name] = call(x, state=now)
                if pool and isinstance(follower := following[0], Pool2d):
                    kept[layers[k + 1][0]] = follower.begin(x)
            else:
                x = call(x)
            past = k + 1 + (pool > 0)
            timed = timed if kind in (None, KEEPS) else kind == BEGINS
        return x if state is None else (x, kept)


def is_plain(module: torch.nn.Module) -> bool:
    """Whether a layer is a ``Sequential`` of layers that know nothing of time."""
    return isinstance(module, Sequential) and all(time_of(layer) is None for layer in module.modules())


def plainly(net: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """A plain ``Sequential`` inside another, [batch, ...] -> [batch, ...]: it is given no time axis to look for."""
    for layer in net.children():
        x = plainly(layer, x) if isinstance(layer, Sequential) else applied(layer, x)
    return x
