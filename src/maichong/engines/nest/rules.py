"""Which of our rules is which NEST synapse: a table. The first row that fits is taken.

NEST's delay lies on the dendrite, and is at least one step. Where ours has no dendritic delay, NEST so sees a postsynaptic spike
``early`` ms later relative to an arrival than our rule does; amplitudes are so much larger or smaller that every pair still counts
as much as here.

Morrison, Diesmann & Gerstner 2008, doi:10.1007/s00422-008-0233-1 (what pairs with what, and where the delay lies).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from maichong.engines.nest.tables import Conditions, Values
from maichong.plasticity.micro.morrison_stdp import MorrisonSTDP
from maichong.plasticity.micro.pair_stdp import PairSTDP
from maichong.plasticity.micro.power_law_stdp import PowerLawSTDP
from maichong.plasticity.micro.triplet_stdp import TripletSTDP
from maichong.spec import ALL_TO_ALL, NEAREST, RuleModel


@dataclass(frozen=True)
class RuleRow:
    """One NEST synapse, ``nest``, and the rule that it stands for under the given ``options``.

    ``values`` are the parameters of the synapse and ``cell`` those that NEST keeps in the target; functions may also ask for
    ``early``, and for the ``factor`` > 0 by which NEST's weights are larger. ``in_weight`` are those that scale with the weight.
    With ``one_for_all`` all synapses share them. ``needs`` and ``differs`` as for neurons.
    """

    rule: RuleModel
    nest: str
    values: Values
    cell: Values
    options: Mapping[str, str] = field(default_factory=dict)
    in_weight: tuple[str, ...] = ("Wmax",)
    one_for_all: bool = False
    needs: Conditions = field(default_factory=dict)
    differs: tuple[str, ...] = ()


def bounded(w_min, w_max):
    return w_min == 0.0 and w_max is not None and 0.0 < w_max < np.inf


def growing(a_plus, a_minus):
    return a_plus > 0 and a_minus >= 0


def step_size(a_plus, mu_plus, tau_plus, w_max, early):
    return a_plus * np.exp(early / tau_plus) * w_max ** (mu_plus - 1.0)


def asymmetry(a_plus, a_minus, mu_plus, mu_minus, tau_plus, tau_minus, w_max, early):
    shrink = a_minus * np.exp(-early / tau_minus) * w_max ** (mu_minus - 1.0)
    return shrink / step_size(a_plus, mu_plus, tau_plus, w_max, early)


def rises_alone(x_tar, eta_pre, eta):
    return x_tar == 0.0 and eta_pre == 0.0 and eta >= 0.0


def rise(eta, mu, tau_x, w_max, early):
    return eta * np.exp(early / tau_x) * w_max ** (mu - 1.0)


def signed(a2_plus, a3_plus, a2_minus, a3_minus):
    return min(a2_plus, a3_plus, a2_minus, a3_minus) >= 0.0


def pairs_up(a2_plus, tau_plus, early):
    return a2_plus * np.exp(early / tau_plus)


def triplets_up(a3_plus, tau_plus, early):
    return a3_plus * np.exp(early / tau_plus)


def pairs_down(a2_minus, tau_minus, early):
    return a2_minus * np.exp(-early / tau_minus)


def triplets_down(a3_minus, tau_minus, early):
    return a3_minus * np.exp(-early / tau_minus)


def positive(lam, alpha):
    return lam > 0 and alpha >= 0


def power_step(lam, mu, w_0, tau_plus, early, factor):
    return lam * (factor * w_0) ** (1.0 - mu) * np.exp(early / tau_plus)


def power_asymmetry(lam, alpha, mu, w_0, tau_plus, tau_minus, early, factor):
    return alpha * lam * np.exp(-early / tau_minus) / power_step(lam, mu, w_0, tau_plus, early, factor)


BOUNDED: Conditions = {"w_min must be 0, and w_max above it": bounded}
GROWS: Conditions = {**BOUNDED, "a_plus must be > 0, and a_minus >= 0": growing}
PAIRS: Values = {
    "lambda": step_size, "alpha": asymmetry, "mu_plus": "mu_plus", "mu_minus": "mu_minus", "tau_plus": "tau_plus", "Wmax": "w_max",
}  # fmt: skip

TABLE = (
    RuleRow(PairSTDP, "stdp_synapse", PAIRS, {"tau_minus": "tau_minus"}, {"pairing": ALL_TO_ALL}, needs=GROWS),
    RuleRow(
        PairSTDP, "stdp_nn_symm_synapse", PAIRS, {"tau_minus": "tau_minus"}, {"pairing": NEAREST}, needs=GROWS,
        differs=("postsynaptic spikes before the first arrival count as if one had come at t = 0",),
    ),
    RuleRow(
        PowerLawSTDP, "stdp_synapse",
        {"lambda": rise, "alpha": 0.0, "mu_plus": "mu", "mu_minus": 0.0, "tau_plus": "tau_x", "Wmax": "w_max"}, {},
        needs={**BOUNDED, "x_tar and eta_pre must be 0, and eta >= 0": rises_alone},
    ),
    RuleRow(
        TripletSTDP, "stdp_triplet_synapse",
        {
            "Aplus": pairs_up, "Aplus_triplet": triplets_up, "Aminus": pairs_down, "Aminus_triplet": triplets_down,
            "tau_plus": "tau_plus", "tau_plus_triplet": "tau_x", "Wmax": "w_max",
        },
        {"tau_minus": "tau_minus", "tau_minus_triplet": "tau_y"}, {"pairing": ALL_TO_ALL},
        ("Wmax", "Aplus", "Aplus_triplet", "Aminus", "Aminus_triplet"),
        needs={**BOUNDED, "its amplitudes must be >= 0": signed},
    ),
    RuleRow(
        MorrisonSTDP, "stdp_pl_synapse_hom",
        {"lambda": power_step, "alpha": power_asymmetry, "mu": "mu", "tau_plus": "tau_plus"}, {"tau_minus": "tau_minus"},
        in_weight=(), one_for_all=True, needs={"lam must be > 0, and alpha >= 0": positive},
    ),
)  # fmt: skip
