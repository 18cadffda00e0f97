"""How strong a rate of one spike per step is: the factor of each stage, by which its activation is divided.

With a factor a neuron of activation ``a`` is to fire ``a / factor`` spikes per step. Below the largest activation it saturates, far
above it the neuron has few spikes to say anything with. Each function here gives the factor of one stage from those before it.

| method | factor | source |
|---|---|---|
| model | the largest activation that inputs of at most 1 spike per step can cause | Diehl et al. 2015, model-based |
| data | the largest activation on the calibration samples | Diehl et al. 2015, data-based |
| percentile | the p-th percentile of all activations on them | Rueckauer et al. 2017 |
| spike_norm | the largest current in any step, from the spiking stages before, times their factor | Sengupta et al. 2019 |
| qcfs | the threshold that training found | Bu et al. 2022 |
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from maichong.conversion.building import Options, parts
from maichong.conversion.qcfs import QCFS
from maichong.conversion.running import run
from maichong.conversion.stages import WEIGHTED, Stage
from maichong.errors import ConversionError

METHODS = ("model", "data", "percentile", "spike_norm", "qcfs")
FREE_OF_DATA = ("model", "qcfs")

BATCH = 100
"""Samples at a time, which bounds the memory."""


def batches(x: torch.Tensor, size: int = BATCH) -> Iterator[torch.Tensor]:
    """``x`` in pieces of at most ``size`` samples."""
    yield from x.split(size)


def model_factor(stage: Stage, low: torch.Tensor, high: torch.Tensor) -> float:
    """The largest of what the stage's activation can be for inputs between ``low`` and ``high``, [1, ...].

    For one layer without bias and inputs in 0..1 that is the largest sum of the positive weights onto a neuron.
    """
    for _, module in stage.modules:
        low, high = _interval(module, low, high)
    return float(high.max())


def _interval(module: torch.nn.Module, low: torch.Tensor, high: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    if not isinstance(module, WEIGHTED):
        return module(low), module(high)  # averages and maxima rise with each input
    positive, negative = copy.deepcopy(module), copy.deepcopy(module)
    positive.weight.data.clamp_(min=0)
    negative.weight.data.clamp_(max=0)
    if negative.bias is not None:
        negative.bias.data.zero_()
    return positive(low) + negative(high), positive(high) + negative(low)


def data_factor(activations: list[torch.Tensor]) -> float:
    """The largest activation."""
    return max(float(a.max()) for a in activations)


def percentile_factor(activations: list[torch.Tensor], percentile: float) -> float:
    """The percentile of all activations of the stage, zeros among them."""
    return float(np.percentile(np.concatenate([a.flatten().cpu().numpy() for a in activations]), percentile))


def spike_norm_factor(currents: Iterator[torch.Tensor], before: float) -> float:
    """The largest current, in units of the factor ``before``, that the spikes of the stages before bring in any step."""
    return before * max(float(current.max()) for current in currents)


def qcfs_factor(stage: Stage) -> float:
    """The threshold that the stage's QCFS has learned; ConversionError where it has another activation."""
    if not isinstance(stage.activation, QCFS):
        expected, got = "method 'qcfs' needs QCFS in place of each ReLU", type(stage.activation).__name__
        raise ConversionError(f"convert, {stage.name}", expected, got, "train with QCFS, or choose the method 'percentile'")
    return float(stage.activation.threshold.detach())


def checked(stage: Stage, factor: float, known: Callable[[], str]) -> float:
    """``factor``, unless it is no positive number: then the stage is silent."""
    if not factor > 0:
        raise ConversionError(
            f"convert, {stage.name}", f"must have an activation above 0, {known()}", factor,
            "its neurons are all silent in the artificial network: train it again",
        )  # fmt: skip
    return factor


def find_factors(
    read: Sequence[Stage], x: torch.Tensor, method: str, steps: int, percentile: float, options: Options
) -> tuple[float, ...]:
    """The factor of each population, from the input to the output, by one of METHODS."""
    factors: list[float] = []
    before, now = 1.0, [*batches(x)]
    low, high = x[:1].clone().fill_(min(float(x.min()), 0.0)), x[:1].clone().fill_(float(x.max()))
    for stage in read:
        if not stage.spiking:
            break
        now = [stage.forward(batch) for batch in now]
        if stage.activation is None and method != "model":
            factor = before  # averages of spikes are in their unit
        elif method == "model":
            factor = model_factor(stage, low, high)
        elif method == "data":
            factor = data_factor(now)
        elif method == "percentile":
            factor = percentile_factor(now, percentile)
        elif method == "spike_norm":
            factor = spike_norm_factor(_currents(read, factors, options, x, steps), before)
        else:
            factor = qcfs_factor(stage)
        factors.append(checked(stage, factor, lambda: f"by the method {method!r}"))
        before = factor
        low, high = torch.zeros_like(now[0][:1]), torch.full_like(now[0][:1], factor)
    return tuple(factors)


def _currents(
    read: Sequence[Stage], factors: Sequence[float], options: Options, x: torch.Tensor, steps: int
) -> Iterator[torch.Tensor]:
    """What drives the stage after those with factors, in units of the last factor."""
    kept = dataclasses.replace(options, balance="thresholds")
    front = parts(read, factors, kept)
    for batch in batches(x):
        yield from run(front, kept, batch, steps)
