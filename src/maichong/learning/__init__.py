"""Credit assignment: which weight gets what share of an error, by rules that mix block by block.

Names load on first use: what trains layers needs ``maichong[deep]``, `maichong.learning.timing` and what it holds does not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maichong.learning.angles import alignment
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

_PLACES = {
    "BPTT": "rules",
    "STDP": "stdp",
    "Assignment": "learner",
    "DirectFeedbackAlignment": "rules",
    "DirectRandomTarget": "rules",
    "EProp": "eprop",
    "Eligibility": "eprop",
    "FeedbackAlignment": "rules",
    "Learner": "learner",
    "RewardPropagation": "rules",
    "Rule": "rules",
    "Seen": "rules",
    "alignment": "angles",
}

__all__ = [
    "BPTT", "STDP", "Assignment", "DirectFeedbackAlignment", "DirectRandomTarget", "EProp", "Eligibility", "FeedbackAlignment",
    "Learner", "RewardPropagation", "Rule", "Seen", "alignment",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
