"""How a converted network does on its calibration samples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from maichong.conversion.balancing import batches
from maichong.conversion.building import Options, Parts
from maichong.conversion.report import LayerReport, Report
from maichong.conversion.running import listening, run
from maichong.conversion.stages import Stage


def measure(
    read: Sequence[Stage], factors: Sequence[float], made: Parts, options: Options, x: torch.Tensor, steps: int
) -> Report:
    """The rates on the samples beside the activations, population by population."""
    populations = [stage for stage in read if stage.spiking]
    sums = [[0.0] * 5 for _ in populations]  # squares of error and activation, rates, how many at 1, how many
    fired: list[torch.Tensor | None] = [None] * len(populations)
    for batch in batches(x):
        now = batch
        counts = spikes_of_layers(made, options, batch, steps)
        for place, stage in enumerate(populations):
            now, rate = stage.forward(now), counts[place] / steps
            found = ((rate * factors[place] - now).square(), now.square(), rate, counts[place] >= steps)
            for column, value in enumerate(found):
                sums[place][column] += float(value.double().sum())
            sums[place][4] += rate.numel()
            once = (counts[place] > 0).any(dim=0)
            seen = fired[place]
            fired[place] = once if seen is None else seen | once
    layers = []
    for place, stage in enumerate(populations):
        error, size, spikes, full, places = sums[place]
        silent = 1.0 - float(fired[place].double().mean())  # pyright: ignore[reportOptionalMemberAccess]
        relative = math.sqrt(error / size) if size else math.inf if error else 0.0
        layers.append(
            LayerReport(stage.name, factors[place], made.thresholds[place], relative, spikes / places, silent, full / places)
        )
    return Report(tuple(layers), steps, len(x))


def spikes_of_layers(made: Parts, options: Options, x: torch.Tensor, steps: int) -> list[torch.Tensor]:
    """The spikes that each neuron of each population fires within ``steps`` steps, [batch, ...] by population."""
    counts: dict[int, torch.Tensor] = {}

    def count(place: int, spikes: torch.Tensor) -> None:
        counts[place] = counts[place] + spikes.sum(dim=0) if place in counts else spikes.sum(dim=0)

    with listening(made, count):
        for _ in run(made, options, x, steps):
            pass
    return [counts[place] for place in sorted(counts)]
