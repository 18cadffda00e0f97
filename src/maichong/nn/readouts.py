"""Readouts: what a net's last spikes or potentials say, [time, batch, n] -> [batch, n]; they end the time axis."""

from __future__ import annotations

import torch

from maichong.nn.timing import ENDS, is_timed


class MeanRate(torch.nn.Module):
    """The mean over all steps: spikes [time, batch, ...] -> spikes per step, [batch, ...]."""

    time = ENDS

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        is_timed("MeanRate, input", x)
        return x.mean(dim=0)
