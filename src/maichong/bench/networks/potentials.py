"""How high the voltage of a leaky cell at rest rises after one synaptic current: what turns a potential in mV into a weight in
pA."""

from __future__ import annotations

import math


def alpha_peak(tau_m: float, tau_syn: float, c_m: float) -> float:
    """The peak in mV after an alpha current (t / tau) exp(1 - t / tau) of 1 pA; tau_syn < tau_m.

    With b = 1/tau_syn - 1/tau_m it lies where exp(b t) = 1 + b t tau_m / tau_syn, which the other branch of Lambert's W solves:
    Rotter & Diesmann 1999, doi:10.1007/s004220050570.
    """
    from scipy.special import lambertw

    b, a = 1.0 / tau_syn - 1.0 / tau_m, tau_m / tau_syn
    t = (-float(lambertw(-math.exp(-1.0 / a) / a, k=-1).real) - 1.0 / a) / b
    slow, fast = math.exp(-t / tau_m), math.exp(-t / tau_syn)
    return math.e / (tau_syn * c_m * b) * ((slow - fast) / b - t * fast)


def exponential_peak(tau_m: float, tau_syn: float, c_m: float) -> float:
    """The peak in mV after a current exp(-t / tau) of 1 pA; tau_syn and tau_m differ.

    It lies at t = ln(tau_m / tau_syn) tau_m tau_syn / (tau_m - tau_syn).
    """
    t = math.log(tau_m / tau_syn) * tau_m * tau_syn / (tau_m - tau_syn)
    return tau_m * tau_syn / (c_m * (tau_m - tau_syn)) * (math.exp(-t / tau_m) - math.exp(-t / tau_syn))
