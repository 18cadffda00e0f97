"""``QCFS``: the activation that a spiking layer of a few steps can repeat, for networks that are to be converted."""

from __future__ import annotations

import math

import torch

from maichong.errors import ParameterError, brief


class QCFS(torch.nn.Module):
    """Quantisation, clip, floor and shift in place of a ReLU, with a learned upper bound.

        h(z) = threshold / levels * clip(floor(z levels / threshold + 1/2), 0, levels)

    It is the mean output of an integrate-and-fire neuron that starts at half its threshold and gets z in each of ``levels`` steps.
    The floor passes gradients as if it were not there (straight through): inside of -threshold / 2 levels < z < threshold -
    threshold / 2 levels, dh/dz = 1 and dh/dthreshold = (h - z) / threshold; above it 0 and 1, below it 0 and 0. Any shape; the
    unit of ``threshold``, a positive number at the start, is that of z.

    Raises ParameterError for a threshold that is no positive number, and for levels below 1. Source: Bu et al. 2022, ICLR,
    arXiv:2303.04347. Not for a network that is converted without training: keep its ReLU, and choose another method.

    >>> QCFS(levels=4, threshold=1.0)(torch.tensor([-1.0, 0.2, 0.4, 3.0])).tolist()
    [0.0, 0.25, 0.5, 1.0]
    """

    def __init__(self, levels: int, threshold: float = 8.0) -> None:
        super().__init__()
        if isinstance(levels, bool) or not isinstance(levels, int) or levels < 1:
            raise ParameterError("QCFS, levels", "must be a whole number >= 1", brief(levels))
        known = isinstance(threshold, (int, float)) and not isinstance(threshold, bool)
        if not known or not math.isfinite(threshold) or threshold <= 0:
            raise ParameterError("QCFS, threshold", "must be a number > 0", brief(threshold))
        self.levels = levels
        self.threshold = torch.nn.Parameter(torch.tensor(float(threshold)))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        # clipped before the floor, so that the gradient ends where the paper's does
        u = torch.clamp(z * (self.levels / self.threshold) + 0.5, 0, self.levels)
        return (self.threshold / self.levels) * (u + (torch.floor(u) - u).detach())

    def extra_repr(self) -> str:
        return f"levels={self.levels}, threshold={float(self.threshold.detach()):g}"
