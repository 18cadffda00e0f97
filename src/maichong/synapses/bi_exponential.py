"""Bi-exponential receptor: the effect rises with one time constant and decays with another; its peak is the weight.

    dg/dt = y - g / tau_decay;      dy/dt = -y / tau_rise;      arrival: y <- y + w / peak

``peak`` is the largest value of g after an arrival of y = 1. With q = tau_rise / tau_decay it is tau_rise q^(q / (1 - q)), at the
time tau_rise ln(1 / q) / (1 - q); as q goes to 1 these go to tau / e and tau, and the receptor to Alpha.

Without ``e_rev`` g is a current in pA; with it a conductance in nS that drives the target with g (e_rev - v).

Source: Destexhe, Mainen & Sejnowski 1994, doi:10.1162/neco.1994.6.1.14; Roth & van Rossum 2009,
doi:10.7551/mitpress/9780262013277.003.0007.

Not for receptors that saturate.
"""

from maichong.ops import absolute, exp, log, where
from maichong.spec import Param, State, receptor


def peak(tau_rise, tau_decay):
    """The largest g after an arrival of y = 1; near equal time constants by its series around them."""
    q = tau_rise / tau_decay
    equal = absolute(q - 1.0) < 1e-4
    apart = where(equal, 0.5, q)
    # q ln q / (1 - q) = -1 - (q - 1) / 2 + (q - 1)^2 / 6 - ...
    exponent = where(equal, -1.0 - 0.5 * (q - 1.0) + (q - 1.0) * (q - 1.0) / 6.0, apart * log(apart) / (1.0 - apart))
    return tau_rise * exp(exponent)


def flow(g, y, tau_rise, tau_decay):
    return y - g / tau_decay, -y / tau_rise


def arrive(w, tau_rise, tau_decay):
    return 0.0 * w, w / peak(tau_rise, tau_decay)


def output(g):
    return g


BiExponential = receptor(
    "BiExponential",
    params=[
        Param("tau_rise", 0.5, "ms", "time constant of the rise", above=0),
        Param("tau_decay", 5.0, "ms", "time constant of the decay", above=0),
    ],
    states=[State("g", 0.0, "weight", "current or conductance"), State("y", 0.0, "weight/ms", "its rise")],
    flow=flow,
    arrive=arrive,
    output=output,
    doc=__doc__,
)
