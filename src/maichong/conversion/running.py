"""Running a converted network some steps at a time, and what it can be run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from maichong.conversion.building import Options, Parts
from maichong.conversion.stages import Stage, finite_samples
from maichong.errors import ConversionError
from maichong.nn import Spiking

CHUNK = 8
"""Steps at a time: a long run needs no more memory than a short one, and what passes between layers stays in the cache."""

AXES = {torch.nn.Conv1d: 3, torch.nn.Conv2d: 4}


def check_input(where: str, x: Any, coding: str) -> None:
    """ConversionError for what are no samples, or no chances of spikes where such are needed."""
    finite_samples(where, x)
    if coding == "bernoulli" and (float(x.min()) < 0 or float(x.max()) > 1):
        got = f"values in {float(x.min()):g}..{float(x.max()):g}"
        fix = "scale the input, or use coding='constant', which takes any value"
        raise ConversionError(where, "must be chances in 0..1 for Bernoulli spikes", got, fix)


def check_fit(where: str, stages: Sequence[Stage], x: torch.Tensor) -> None:
    """ConversionError for samples that the artificial network does not take."""
    now = x[:1].expand(2, *x.shape[1:])
    for stage in stages:
        for name, module in (*stage.modules, (stage.name, stage.activation)):
            if module is None:
                continue
            shape = tuple(now.shape)
            try:
                if len(shape) != AXES.get(type(module), len(shape)):
                    raise RuntimeError(f"it takes {AXES[type(module)]} axes, the batch first")
                with torch.no_grad():
                    now = module(now)
            except RuntimeError as error:
                got = f"{shape} before {name} ({type(module).__name__}): {str(error).splitlines()[0]}"
                fix = "give samples of the shape and type that the network takes"
                raise ConversionError(where, "must fit the network", got, fix) from None


def run(made: Parts, options: Options, x: torch.Tensor, steps: int) -> Iterator[torch.Tensor]:
    """The last layer's outputs, [steps at a time, batch, ...], in units of what a spike stands for."""
    if options.firing == "two_phase":
        yield made.net(options, steps)(x)
        return
    state: Any = {}
    for begin in range(0, steps, CHUNK):
        outputs, state = made.net(options, min(CHUNK, steps - begin))(x, state)
        yield outputs


@contextmanager
def listening(made: Parts, hear: Callable[[int, torch.Tensor], None]) -> Iterator[None]:
    """While it lasts, ``hear(place, spikes)`` gets the spikes of each population, [steps at a time, batch, ...]."""

    def hook_of(place: int) -> Any:
        return lambda module, _, output: hear(place, output[0] if isinstance(output, tuple) else output)

    layers = [module for _, module in made.after if isinstance(module, Spiking)]
    hooks = [layer.register_forward_hook(hook_of(place)) for place, layer in enumerate(layers)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
