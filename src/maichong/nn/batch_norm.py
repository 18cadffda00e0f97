"""``ThresholdBatchNorm``: batch normalisation of what spiking neurons are driven with, scaled to their threshold."""

from __future__ import annotations

import math

import torch

from maichong.errors import EngineError, ParameterError, brief
from maichong.nn.timing import KEEPS, is_timed
from maichong.spec.quantities import is_number


class ThresholdBatchNorm(torch.nn.Module):
    """Batch normalisation over time, batch and space, scaled to a threshold (tdBN): [time, batch, channels, ...] -> that shape.

    For each channel, y = weight alpha v_th (x - mean) / sqrt(var + eps) + bias, with the mean and variance of all steps, samples
    and places; weight = 1 and bias = 0 are learned. ``v_th`` is the threshold above rest of the neurons behind it, in the unit of
    their input; ``alpha`` is 1, or 1 / sqrt(2) where two branches are added. Training mode moves ``running_mean`` and
    ``running_var`` by ``momentum``, evaluation mode takes them for mean and variance, as torch's BatchNorm does. At alpha v_th = 1
    it is BatchNorm2d, which ``Sequential`` runs on time x batch rows.

    In training the mean is one over the steps of a call: a run in chunks equals the whole in evaluation mode alone.

    Raises ParameterError for what is no positive number, EngineError for an input of other channels, or one number per channel
    in training.

    Source: Zheng et al. 2021, arXiv:2011.05280.

    >>> ThresholdBatchNorm(3, v_th=0.5)(torch.rand(4, 2, 3, 5, 5)).shape
    torch.Size([4, 2, 3, 5, 5])
    """

    time = KEEPS

    def __init__(
        self, channels: int, v_th: float = 1.0, *, alpha: float = 1.0, eps: float = 1e-5, momentum: float = 0.1
    ) -> None:
        super().__init__()
        if isinstance(channels, bool) or not isinstance(channels, int) or channels < 1:
            raise ParameterError("ThresholdBatchNorm, channels", "must be a positive whole number", brief(channels))
        for name, value in {"v_th": v_th, "alpha": alpha, "eps": eps}.items():
            if not is_number(value) or not 0 < value < math.inf:
                raise ParameterError(f"ThresholdBatchNorm, {name}", "must be a positive number", brief(value))
        if not is_number(momentum) or not 0 <= momentum <= 1:
            raise ParameterError("ThresholdBatchNorm, momentum", "must be a number in 0..1", brief(momentum))
        self.channels, self.v_th, self.alpha = channels, float(v_th), float(alpha)
        self.eps, self.momentum = float(eps), float(momentum)
        self.weight = torch.nn.Parameter(torch.ones(channels))
        self.bias = torch.nn.Parameter(torch.zeros(channels))
        self.running_mean: torch.Tensor
        self.running_var: torch.Tensor
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        is_timed("ThresholdBatchNorm, input", x)
        if x.dim() < 3 or x.shape[2] != self.channels:
            raise EngineError("ThresholdBatchNorm, input", f"must be [time, batch, {self.channels}, ...]", tuple(x.shape))
        if self.training and x.numel() == self.channels:
            raise EngineError(
                "ThresholdBatchNorm, input", "must hold more than one number per channel in training", tuple(x.shape)
            )
        y = torch.nn.functional.batch_norm(
            x.flatten(0, 1), self.running_mean, self.running_var, self.weight * (self.alpha * self.v_th), self.bias,
            training=self.training, momentum=self.momentum, eps=self.eps,
        )  # fmt: skip
        return y.unflatten(0, x.shape[:2])

    def extra_repr(self) -> str:
        return f"{self.channels}, v_th={self.v_th:g}, alpha={self.alpha:g}"
