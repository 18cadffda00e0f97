"""Layers for torch: neurons of the catalogue in networks that are trained by gradients. It needs ``maichong[deep]``."""

from maichong.engines.autograd.surrogates import Surrogate
from maichong.nn.batch_norm import ThresholdBatchNorm
from maichong.nn.dale import dale
from maichong.nn.delays import Delay
from maichong.nn.diagnosis import Diagnosis
from maichong.nn.doctor import doctor
from maichong.nn.feedback import RecurrentState
from maichong.nn.lateral import Lateral, LateralInhibition
from maichong.nn.motif_mask import FixedMask, MotifMask, fix_mask, graph_of_mask, joined, learn_motifs
from maichong.nn.nir_export import to_nir
from maichong.nn.nir_import import from_nir
from maichong.nn.pooling import Pool2d, PoolState
from maichong.nn.products import Conv2d, Linear
from maichong.nn.readouts import FirstSpike, LastPotential, MaxPotential, MeanRate, PopulationVote
from maichong.nn.recurrent import Recurrent
from maichong.nn.scale import Scale
from maichong.nn.sequential import Sequential
from maichong.nn.spiking import Spiking, State
from maichong.nn.timing import Bernoulli, Repeat

__all__ = [
    "Bernoulli", "Conv2d", "Delay", "Diagnosis", "FirstSpike", "FixedMask", "LastPotential", "Lateral", "LateralInhibition",
    "Linear", "MaxPotential", "MeanRate", "MotifMask", "Pool2d", "PoolState", "PopulationVote", "Recurrent", "RecurrentState",
    "Repeat", "Scale", "Sequential", "Spiking", "State", "Surrogate", "ThresholdBatchNorm", "dale", "doctor", "fix_mask",
    "from_nir", "graph_of_mask", "joined", "learn_motifs", "to_nir",
]  # fmt: skip
