"""Credit assignment: which weight gets what share of an error, by rules that mix block by block. It needs ``maichong[deep]``."""

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

__all__ = [
    "BPTT", "Assignment", "DirectFeedbackAlignment", "DirectRandomTarget", "FeedbackAlignment", "Learner", "RewardPropagation",
    "Rule", "Seen",
]  # fmt: skip
