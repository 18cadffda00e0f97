"""Credit assignment: which weight gets what share of an error, by rules that mix block by block. It needs ``maichong[deep]``."""

from maichong.learning.alignment import alignment
from maichong.learning.curiosity import Curiosity
from maichong.learning.eprop import Eligibility, EProp
from maichong.learning.equilibrium import EquilibriumNet
from maichong.learning.equilibrium_propagation import EquilibriumPropagation, Phases
from maichong.learning.learner import Assignment, Learner
from maichong.learning.particles import Particles
from maichong.learning.potentials import Potentials
from maichong.learning.rules import (
    BPTT,
    DirectFeedbackAlignment,
    DirectRandomTarget,
    FeedbackAlignment,
    RewardPropagation,
    Rule,
    Seen,
)
from maichong.learning.signs import keep_signs
from maichong.learning.stdp import STDP
from maichong.learning.target_propagation import TargetPropagation

__all__ = [
    "BPTT", "STDP", "Assignment", "Curiosity", "DirectFeedbackAlignment", "DirectRandomTarget", "EProp", "Eligibility",
    "EquilibriumNet", "EquilibriumPropagation", "FeedbackAlignment", "Learner", "Particles", "Phases", "Potentials",
    "RewardPropagation", "Rule", "Seen", "TargetPropagation", "alignment", "keep_signs",
]  # fmt: skip
