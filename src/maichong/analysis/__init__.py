"""What neurons do: fixed points and bifurcations of their flow, their f-I curve, and the statistics of spike trains."""

from maichong.analysis.attractors import Attractors, attractors
from maichong.analysis.bifurcations import Bifurcation, Branch, SteadyStates, steady_states
from maichong.analysis.courses import Course, course, run_pattern
from maichong.analysis.f_i import FICurve, Onset, f_i_curve, firing_range, onset
from maichong.analysis.fixed_points import FixedPoint, fixed_points
from maichong.analysis.nullclines import Nullcline, nullclines
from maichong.analysis.stability import kind_of, kind_of_map

__all__ = [
    "Attractors",
    "Bifurcation",
    "Branch",
    "Course",
    "FICurve",
    "FixedPoint",
    "Nullcline",
    "Onset",
    "SteadyStates",
    "attractors",
    "course",
    "f_i_curve",
    "firing_range",
    "fixed_points",
    "kind_of",
    "kind_of_map",
    "nullclines",
    "onset",
    "run_pattern",
    "steady_states",
]
