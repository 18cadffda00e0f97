"""Credit assignment: which weight gets what share of an error, by rules that mix block by block. It needs ``maichong[deep]``."""

from maichong.learning.alignment import alignment
from maichong.learning.eprop import Eligibility, EProp
from maichong.learning.learner import Assignment, Learner
from maichong.learning.rules import (
    BPTT,
    DirectFeedbackAlignment,
    DirectRandomTarget,
    FeedbackAlignment,
    RewardPropagation,
    Rule,
    Seen,
)
from maichong.learning.stdp import STDP

__all__ = [
    "BPTT", "STDP", "Assignment", "DirectFeedbackAlignment", "DirectRandomTarget", "EProp", "Eligibility", "FeedbackAlignment",
    "Learner", "RewardPropagation", "Rule", "Seen", "alignment",
]  # fmt: skip
