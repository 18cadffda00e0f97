"""Credit assignment: which weight gets what share of an error, by rules that mix block by block.

Names load on first use: what trains layers needs ``maichong[deep]``, `maichong.learning.timing` and what it holds does not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maichong.learning.angles import alignment
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

_PLACES = {
    "BPTT": "rules",
    "STDP": "stdp",
    "Assignment": "learner",
    "Curiosity": "curiosity",
    "DirectFeedbackAlignment": "rules",
    "DirectRandomTarget": "rules",
    "EProp": "eprop",
    "Eligibility": "eprop",
    "EquilibriumNet": "equilibrium",
    "EquilibriumPropagation": "equilibrium_propagation",
    "FeedbackAlignment": "rules",
    "Learner": "learner",
    "Particles": "particles",
    "Phases": "equilibrium_propagation",
    "Potentials": "potentials",
    "RewardPropagation": "rules",
    "Rule": "rules",
    "Seen": "rules",
    "TargetPropagation": "target_propagation",
    "alignment": "angles",
    "keep_signs": "signs",
}

__all__ = [
    "BPTT", "STDP", "Assignment", "Curiosity", "DirectFeedbackAlignment", "DirectRandomTarget", "EProp", "Eligibility",
    "EquilibriumNet", "EquilibriumPropagation", "FeedbackAlignment", "Learner", "Particles", "Phases", "Potentials",
    "RewardPropagation", "Rule", "Seen", "TargetPropagation", "alignment", "keep_signs",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
