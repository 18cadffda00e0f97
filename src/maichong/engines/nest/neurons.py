"""Which of our neurons, with which receptors, is which NEST model: a table. The first row that fits is taken.

Symbols are the neuron's parameters, its states where one is written, its drives (``drive_i``), ``t_ref`` rounded to the grid,
``dt``, the ``method`` of our integration and ``n_receptors``; for receptors, their parameters. Units are the same on both sides.

Plesser, Diesmann, Gewaltig & Morrison 2015, NEST: the Neural Simulation Tool, doi:10.1007/978-1-4614-6675-8_258; the models as in
NEST 3.10.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from maichong.engines.nest.tables import Conditions, Value, Values
from maichong.neurons.adaptive_lif import AdaptiveLIF
from maichong.neurons.izhikevich import Izhikevich
from maichong.neurons.lif import LIF
from maichong.neurons.traub_miles import TraubMiles
from maichong.spec import NeuronModel, ReceptorModel
from maichong.synapses.alpha import Alpha
from maichong.synapses.bi_exponential import BiExponential
from maichong.synapses.delta import Delta
from maichong.synapses.exponential import Exponential


@dataclass(frozen=True)
class Jump:
    """How NEST's membrane jumps to the same effect as ours: so many steps ``later``, and by the weight times ``factor``."""

    later: int
    factor: Value


@dataclass(frozen=True)
class Row:
    """One NEST model, ``nest``, and what it stands for.

    ``receptors`` may arrive: all with a reversal potential or all without (``conducts``), at most ``most`` different ones (None:
    any number). ``tells`` says how NEST tells them apart: by the "sign" of the weight (names that end in _ex and _in), by "port"
    (lists), or not at all ("one": both names get the same; "jump": the membrane jumps). ``each`` are the parameters of a receptor.
    ``lists`` are parameters that NEST takes as lists of one number. ``states`` are ours as NEST calls them, or as functions of
    what NEST shows; ``written`` are those that are not written as they are. ``quiet`` keeps the cell still before t = 0.
    ``couples`` where NEST has gap junctions for it. ``needs`` must hold; ``differs`` is what is not the same, beside the
    integration: ``exact`` propagation, or what ``methods`` NEST has, or else ``steps``.
    """

    neuron: NeuronModel
    nest: str
    values: Values
    receptors: tuple[ReceptorModel, ...]
    conducts: bool = False
    most: int | None = None
    tells: str = "one"
    each: Values = field(default_factory=dict)
    jump: Jump | None = None
    lists: Values = field(default_factory=dict)
    states: Values = field(default_factory=lambda: {"v": "V_m"})
    written: Values = field(default_factory=dict)
    quiet: Values = field(default_factory=dict)
    couples: bool = False
    needs: Conditions = field(default_factory=dict)
    differs: Conditions = field(default_factory=dict)
    methods: tuple[str, ...] = ("exact",)
    steps: str = "exact propagation"


# LIF and AdaptiveLIF -------------------------------------------------------------------------------------------------------


def leak(c_m, tau_m):
    return c_m / tau_m


def decay(dt, tau_m):
    return np.exp(-dt / tau_m)


def below(v_r, v_th):
    return v_r < v_th


def held(t_ref):
    return t_ref > 0


def not_held(t_ref):
    return t_ref == 0


def spikes_a_second(dt):
    return 50.0 / dt * 1e3


def one_step_decayed(delta_a, tau_a, dt):
    return delta_a * np.exp(-dt / tau_a)


def above_threshold(E_sfa, v_th):
    return E_sfa - v_th


ROUGH, FINE = "adaptive Runge-Kutta to 1e-3 mV a step", "adaptive Runge-Kutta to 1e-6 mV a step"
CAPACITOR: Values = {"C_m": "c_m", "E_L": "v_rest", "V_reset": "v_r", "t_ref": "t_ref", "I_e": "drive_i"}
CURRENT: Values = {**CAPACITOR, "tau_m": "tau_m", "V_th": "v_th"}
CONDUCTANCE: Values = {**CAPACITOR, "g_L": leak, "V_th": "v_th"}
# at the reset potential, with no leak towards any other, nothing moves
STILL: Values = {"E_L": "v_r", "V_m": "v_r", "V_reset": "v_r", "V_th": "v_th", "I_e": 0.0}
RESETS: Conditions = {"v_r must be below v_th": below}

# without its upstroke AdEx is a LIF, and where V_peak is V_th too it is so in NEST
NO_UPSTROKE: Values = {**CONDUCTANCE, "V_peak": "v_th", "Delta_T": 0.0, "a": 0.0, "b": 0.0}
NO_UPSTROKE_STILL: Values = {**STILL, "V_peak": "v_th"}
INSIDE: Conditions = {"the membrane is reset within the step of a spike, not at its end": not_held}

# a threshold is an escape rate that grows e-fold in 1e-13 mV; the reset follows in the next step
STEEP: Values = {**CAPACITOR, "g_L": leak, "V_T_star": "v_th", "Delta_V": 1e-13, "lambda_0": spikes_a_second}
STEEP_STILL: Values = {"E_L": "v_r", "V_m": "v_r", "V_reset": "v_r", "V_T_star": "v_th", "I_e": 0.0}
HOLDS: Conditions = {**RESETS, "t_ref must be at least one step, for NEST's gif models reset in the step after a spike": held}
UNRESET: Conditions = {"in the step of a spike its states are shown before the reset": None}
ADAPTS: Values = {"tau_sfa": "tau_a", "q_sfa": one_step_decayed}
ADAPTED: Values = {"v": "V_m", "a": above_threshold}

SIGNED: Values = {"tau_syn_{}": "tau", "E_{}": "e_rev"}
LISTED: Values = {"tau_syn": "tau", "E_rev": "e_rev"}
BETA = (BiExponential, Alpha)
SIGNED_BETA: Values = {"tau_rise_{}": "tau_rise", "tau_decay_{}": "tau_decay", "E_{}": "e_rev"}
LISTED_BETA: Values = {"tau_rise": "tau_rise", "tau_decay": "tau_decay", "E_rev": "e_rev"}

# neuron, NEST's model, its values; receptors, whether they conduct, how many, how they are told apart, the values of each
LEAKY = (
    Row(LIF, "iaf_psc_delta", CURRENT, (Delta,), tells="jump", jump=Jump(1, decay), quiet=STILL, needs=RESETS),
    Row(LIF, "iaf_psc_exp", CURRENT, (Exponential,), most=1, each={"tau_syn_{}": "tau"}, quiet=STILL, needs=RESETS),
    Row(
        LIF, "iaf_psc_exp_multisynapse", CURRENT, (Exponential,), tells="port", each={"tau_syn": "tau"}, quiet=STILL,
        needs=RESETS,
    ),
    Row(LIF, "iaf_psc_alpha", CURRENT, (Alpha,), most=1, each={"tau_syn_{}": "tau"}, quiet=STILL, needs=RESETS),
    Row(LIF, "iaf_psc_alpha_multisynapse", CURRENT, (Alpha,), tells="port", each={"tau_syn": "tau"}, quiet=STILL, needs=RESETS),
    Row(
        LIF, "iaf_cond_exp", CONDUCTANCE, (Exponential,), True, 2, "sign", SIGNED, quiet=STILL, needs=RESETS, methods=(),
        steps=ROUGH,
    ),
    Row(
        LIF, "gif_cond_exp_multisynapse", {**STEEP, "gsl_error_tol": 1e-6}, (Exponential,), True, None, "port", LISTED,
        quiet=STEEP_STILL, needs=HOLDS, differs=UNRESET, methods=(), steps=FINE,
    ),
    Row(
        LIF, "iaf_cond_alpha", CONDUCTANCE, (Alpha,), True, 2, "sign", SIGNED, quiet=STILL, needs=RESETS, methods=(),
        steps=ROUGH,
    ),
    Row(
        LIF, "aeif_cond_alpha_multisynapse", NO_UPSTROKE, (Alpha,), True, None, "port", LISTED, quiet=NO_UPSTROKE_STILL,
        needs=RESETS, differs=INSIDE, methods=(), steps=FINE,
    ),
    Row(
        LIF, "iaf_cond_beta", CONDUCTANCE, BETA, True, 2, "sign", SIGNED_BETA, quiet=STILL, needs=RESETS, methods=(),
        steps=ROUGH,
    ),
    Row(
        LIF, "aeif_cond_beta_multisynapse", NO_UPSTROKE, BETA, True, None, "port", LISTED_BETA, quiet=NO_UPSTROKE_STILL,
        needs=RESETS, differs=INSIDE, methods=(), steps=FINE,
    ),
    Row(
        AdaptiveLIF, "gif_psc_exp_multisynapse", STEEP, (Exponential,), tells="port", each={"tau_syn": "tau"}, lists=ADAPTS,
        states=ADAPTED, quiet=STEEP_STILL, needs=HOLDS, differs=UNRESET,
    ),
    Row(
        AdaptiveLIF, "gif_cond_exp_multisynapse", {**STEEP, "gsl_error_tol": 1e-6}, (Exponential,), True, None, "port", LISTED,
        lists=ADAPTS, states=ADAPTED, quiet=STEEP_STILL, needs=HOLDS, differs=UNRESET, methods=(), steps=FINE,
    ),
)  # fmt: skip

# Izhikevich and TraubMiles -------------------------------------------------------------------------------------------------


def per_capacitance(drive_i, c_m):
    return drive_i / c_m


def at_once(method):
    return method != "izh2003"


def jumps_whole(method, n_receptors):
    return n_receptors == 0 or method != "izh2003"


def jumps(n_receptors):
    return n_receptors > 0


def published(k2, k1, k0):
    return (k2 == 0.04) & (k1 == 5.0) & (k0 == 140.0)


def with_recovery(v_u, u_leak):
    return (v_u == 0.0) & (u_leak == 1.0)


def unscaled(phi, mv):
    return (phi == 1.0) & (mv == 1.0)


def past_the_peak(t_ref):
    return np.maximum(t_ref, 2.0)


def shorter(t_ref):
    return t_ref < 2.0


def far_below(v_t):
    return v_t - 10.0


def off_the_poles(v, v_t):
    """NEST's rates are 0 / 0 where v is 13, 15 or 40 mV above v_t."""
    return v + 1e-6 * np.isin(v - v_t, (13.0, 15.0, 40.0))


CHANNELS: Values = {
    "C_m": "c_m", "g_L": "g_leak", "g_Na": "g_na", "g_K": "g_k", "E_L": "e_leak", "E_Na": "e_na", "E_K": "e_k", "V_T": "v_t",
    "t_ref": past_the_peak, "I_e": "drive_i",
}  # fmt: skip
CLOSED: Values = {"g_Na": 0.0, "g_K": 0.0, "E_L": far_below, "V_m": far_below, "I_e": 0.0}
GATES: Values = {"v": "V_m", "m": "Act_m", "h": "Inact_h", "n": "Act_n"}
FALLING: Conditions = {
    "a spike is stamped where v falls after its peak, above v_t + 30 mV, and not where it rises through v_th": None,
    "t_ref is 2 ms, or NEST would notice the falling spike twice": shorter,
}  # fmt: skip

TABLE = (
    *LEAKY,
    Row(
        Izhikevich, "izhikevich",
        {"a": "a", "b": "b", "c": "c", "d": "d", "V_th": "v_peak", "I_e": per_capacitance, "consistent_integration": at_once},
        (Delta,), tells="jump", jump=Jump(0, 1.0), states={"v": "V_m", "u": "U_m"},
        quiet={"a": 0.0, "V_m": -70.0, "U_m": -14.0, "V_th": 1e9, "I_e": 0.0},
        needs={
            "k2, k1 and k0 must be the published 0.04, 5 and 140": published, "v_u must be 0, and u_leak 1": with_recovery,
            "t_ref must be 0": not_held, "its integrator must not be 'izh2003' beside Delta, whose jump NEST halves": jumps_whole,
        },
        differs={
            "a jump to v_peak or beyond fires at its arrival, a step earlier, and one that arrives with a spike is reset away":
            jumps,
        },
        methods=("euler", "izh2003"), steps="forward Euler",
    ),
    Row(
        TraubMiles, "hh_cond_exp_traub", CHANNELS, (Exponential,), True, 2, "sign", SIGNED, states=GATES,
        written={"V_m": off_the_poles}, quiet=CLOSED, needs={"phi and mv must be 1": unscaled}, differs=FALLING, methods=(),
        steps=ROUGH,
    ),
    Row(
        TraubMiles, "hh_cond_beta_gap_traub", CHANNELS, BETA, True, 2, "sign", SIGNED_BETA, states=GATES,
        written={"V_m": off_the_poles}, quiet=CLOSED, couples=True, needs={"phi and mv must be 1": unscaled}, differs=FALLING,
        methods=(), steps=ROUGH,
    ),
)  # fmt: skip
