"""Layers for torch: neurons of the catalogue in networks that are trained by gradients. It needs ``maichong[deep]``."""

from maichong.engines.autograd.surrogates import Surrogate
from maichong.nn.recurrent import Recurrent, RecurrentState
from maichong.nn.spiking import Spiking, State

__all__ = ["Recurrent", "RecurrentState", "Spiking", "State", "Surrogate"]
