"""A spiking layer's vital signs on the inputs that it got, or on the same inputs scaled and shifted: what advice is tried on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from maichong.engines.autograd.cell import in_torch
from maichong.nn.spiking import Spiking, State

Course = tuple[torch.Tensor, State | None]
"""Inputs [time, batch, ...] and the state from which they start, None where it is the declared one."""


@dataclass(frozen=True)
class Vitals:
    """Numbers of a layer as in ``diagnosis.Row``.

    ``unit`` is the typical distance in the membrane's unit and ``rest`` that of the start. ``reach`` is how far the median of the
    dead neurons that get anywhere comes from where it starts to the threshold, as a part of that way: None where none does.
    """

    neurons: int
    rate: float
    dead: float
    saturated: float
    unit: float
    rest: float
    near: float
    slope: float
    reach: float | None


def vitals(layer: Spiking, courses: Sequence[Course], factor: float = 1.0, shift: float = 0.0) -> Vitals:
    """The signs of ``layer`` on ``courses``, with ``factor * input + shift`` in place of each input."""
    width, function = layer.surrogate.width, in_torch(layer.surrogate.function)
    features = courses[0][0].shape[2:].numel()
    spikes, chances = torch.zeros(features), torch.zeros(features)
    peak, origin = torch.full((features,), -torch.inf), torch.full((features,), torch.inf)
    distances: list[float] = []
    near = slope = steps = seen = 0.0

    def at_rest(excess: torch.Tensor, free: torch.Tensor) -> None:
        torch.minimum(origin, excess.reshape(-1, features).float().min(dim=0).values.cpu(), out=origin)

    def watch(excess: torch.Tensor, free: torch.Tensor) -> None:
        nonlocal near, slope, steps, seen
        u, may = excess.reshape(-1, features).float(), free.reshape(-1, features)
        spikes.add_((may & (u >= 0)).sum(dim=0).cpu())
        chances.add_(may.sum(dim=0).cpu())
        torch.maximum(peak, u.max(dim=0).values.cpu(), out=peak)
        distances.append(float(u.abs().median()))
        near += float((may & (u.abs() <= width / 2)).float().mean())
        slope += float((function(u, torch.as_tensor(width)) * may).abs().mean())
        steps, seen = steps + 1, seen + u.numel()

    with torch.no_grad():
        for x, state in courses:
            begin = layer.begin(x) if state is None else state
            layer._run(torch.zeros_like(x[:1]), begin, watch=at_rest)
            layer._run((factor * x + shift).contiguous(), begin, watch=watch)
    dead = spikes == 0
    reach = 1 - peak[dead & (origin < 0)] / origin[dead & (origin < 0)]
    reach = reach[reach > 1e-6]
    return Vitals(
        features, float(spikes.sum()) / seen, float(dead.float().mean()), float(((spikes == chances) & ~dead).float().mean()),
        float(torch.tensor(distances).median()), float(origin.abs().median()), near / steps, slope / steps,
        float(reach.median()) if reach.numel() else None,
    )  # fmt: skip
