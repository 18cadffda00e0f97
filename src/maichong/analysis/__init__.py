"""What neurons do: fixed points and bifurcations of their flow, their f-I curve, and the statistics of spike trains."""

from maichong.analysis.attractors import Attractors, attractors
from maichong.analysis.balance import Balance, balance
from maichong.analysis.bifurcations import Bifurcation, Branch, SteadyStates, steady_states
from maichong.analysis.courses import Course, course, run_pattern
from maichong.analysis.f_i import FICurve, Onset, f_i_curve, firing_range, onset
from maichong.analysis.firing_patterns import FiringPattern, firing_pattern
from maichong.analysis.fixed_points import FixedPoint, fixed_points
from maichong.analysis.nullclines import Nullcline, nullclines
from maichong.analysis.spike_trains import (
    correlation,
    fano_factor,
    firing_rates,
    irregularity,
    synchrony,
    trains_of,
    van_rossum_distance,
    victor_purpura_distance,
)
from maichong.analysis.stability import kind_of, kind_of_map

__all__ = [
    "Attractors",
    "Balance",
    "Bifurcation",
    "Branch",
    "Course",
    "FICurve",
    "FiringPattern",
    "FixedPoint",
    "Nullcline",
    "Onset",
    "SteadyStates",
    "attractors",
    "balance",
    "correlation",
    "course",
    "f_i_curve",
    "fano_factor",
    "firing_pattern",
    "firing_range",
    "firing_rates",
    "fixed_points",
    "irregularity",
    "kind_of",
    "kind_of_map",
    "nullclines",
    "onset",
    "run_pattern",
    "steady_states",
    "synchrony",
    "trains_of",
    "van_rossum_distance",
    "victor_purpura_distance",
]
