"""The accuracy of a converted network over its steps, and the gate that refuses a collapse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch

from maichong.conversion.balancing import BATCH, batches
from maichong.conversion.convert import Converted
from maichong.conversion.report import AccuracyOverTime
from maichong.conversion.running import check_fit, listening
from maichong.conversion.stages import finite_samples
from maichong.errors import ConversionError, ParameterError, brief


def accuracy_over_time(converted: Converted, data: Any, steps: int | None = None, *, batch: int = BATCH) -> AccuracyOverTime:
    """The share of samples whose class has the largest summed output after each step, 1 to ``steps``, and the ANN's share.

    ``data``: a pair of samples [n, ...] and classes [n], tensors or arrays, or such pairs one after another, as a DataLoader gives
    them. With two-phase firing the steps are those of the last layer's second phase. Before the first output the answer is class
    0. Raises ConversionError for data that do not fit, ParameterError for steps below 1.
    """
    steps = converted.steps if steps is None else steps
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ParameterError("accuracy_over_time, steps", "must be a whole number >= 1", brief(steps))
    right, ann, samples = np.zeros(steps), 0, 0
    fired: set[int] = set()

    def hear(place: int, spikes: torch.Tensor) -> None:
        if place not in fired and bool(spikes.any()):
            fired.add(place)

    with torch.no_grad(), listening(converted.parts, hear):
        for x, y in _pairs(data, batch):
            check_fit("accuracy_over_time, data", converted.stages, finite_samples("accuracy_over_time, data", x))
            answers = converted.artificial(x)
            if answers.dim() != 2:
                got = str(tuple(answers.shape))
                raise ConversionError("accuracy_over_time", "the network must give a number for each class, [batch, n]", got)
            ann += int((answers.argmax(dim=1) == y).sum())
            samples += len(y)
            done, total = 0, torch.zeros(())
            for outputs in converted.run(x, steps):
                summed = total + outputs.cumsum(dim=0)
                right[done : done + len(summed)] += (summed.argmax(dim=2) == y).sum(dim=1).cpu().numpy()
                done, total = done + len(summed), summed[-1]
    if not samples:
        raise ConversionError("accuracy_over_time, data", "must hold samples", "none")
    silent = tuple(layer.name for place, layer in enumerate(converted.report.layers) if place not in fired)
    return AccuracyOverTime(tuple((right / samples).tolist()), ann / samples, samples, silent)


def evaluate(
    converted: Converted, data: Any, steps: int | None = None, *, tolerance: float = 0.01, allow_loss: bool = False
) -> AccuracyOverTime:
    """The accuracy over time, refused where the network has collapsed.

    Raises ConversionError where the last step's accuracy is more than ``tolerance`` (0.01: one per cent) below the artificial
    network's, or a layer is silent, unless ``allow_loss``; and what ``accuracy_over_time`` raises.
    """
    found = accuracy_over_time(converted, data, steps)
    if not allow_loss:
        found.check(tolerance)
    return found


def _pairs(data: Any, batch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    arrays = (torch.Tensor, np.ndarray)
    whole = isinstance(data, tuple) and len(data) == 2 and all(isinstance(part, arrays) for part in data)
    if not whole and (not isinstance(data, Iterable) or isinstance(data, arrays)):
        raise ConversionError(
            "accuracy_over_time, data", "must be a pair (samples, classes), or an iterable of such", brief(data)
        )
    for pair in [data] if whole else data:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not all(isinstance(part, arrays) for part in pair):
            raise ConversionError("accuracy_over_time, data", "must give pairs (samples, classes)", brief(pair))
        x, y = (torch.as_tensor(part) for part in pair)
        if y.dim() != 1 or len(x) != len(y):
            got = f"{tuple(x.shape)} and {tuple(y.shape)}"
            raise ConversionError("accuracy_over_time, data", "must have one class for each sample, [n]", got)
        yield from zip(batches(x, batch), batches(y, batch), strict=True)
