"""Layers for torch: neurons of the catalogue in networks that are trained by gradients. It needs ``maichong[deep]``."""

from maichong.engines.autograd.surrogates import Surrogate
from maichong.nn.spiking import Spiking, State

__all__ = ["Spiking", "State", "Surrogate"]
