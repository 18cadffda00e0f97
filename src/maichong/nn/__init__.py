"""Layers for torch: neurons of the catalogue in networks that are trained by gradients. It needs ``maichong[deep]``."""

from maichong.engines.autograd.surrogates import Surrogate
from maichong.nn.diagnosis import Diagnosis
from maichong.nn.doctor import doctor
from maichong.nn.nir_export import to_nir
from maichong.nn.nir_import import from_nir
from maichong.nn.readouts import MeanRate
from maichong.nn.recurrent import Recurrent, RecurrentState
from maichong.nn.scale import Scale
from maichong.nn.sequential import Sequential
from maichong.nn.spiking import Spiking, State
from maichong.nn.timing import Bernoulli, Repeat

__all__ = [
    "Bernoulli",
    "Diagnosis",
    "MeanRate",
    "Recurrent",
    "RecurrentState",
    "Repeat",
    "Scale",
    "Sequential",
    "Spiking",
    "State",
    "Surrogate",
    "doctor",
    "from_nir",
    "to_nir",
]
