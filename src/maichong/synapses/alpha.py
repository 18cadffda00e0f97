"""Alpha receptor: the effect rises as fast as it decays, and is at its peak, the weight, tau after the arrival.

    dg/dt = y - g / tau;      dy/dt = -y / tau;      arrival: y <- y + w e / tau

Without ``e_rev`` g is a current in pA; with it a conductance in nS that drives the target with g (e_rev - v). A spike alone gives
g = w (t / tau) exp(1 - t / tau).

Source: Rall 1967, doi:10.1152/jn.1967.30.5.1138; on a grid Rotter & Diesmann 1999, doi:10.1007/s004220050570.

Not where rise and decay differ: see BiExponential.
"""

from maichong.ops import exp
from maichong.spec import Param, State, receptor


def flow(g, y, tau):
    return y - g / tau, -y / tau


def arrive(w, tau):
    return 0.0 * w, w * exp(1.0) / tau


def output(g):
    return g


Alpha = receptor(
    "Alpha",
    params=[Param("tau", 2.0, "ms", "time from the arrival to the peak", above=0)],
    states=[State("g", 0.0, "weight", "current or conductance"), State("y", 0.0, "weight/ms", "its rise")],
    flow=flow,
    arrive=arrive,
    output=output,
    doc=__doc__,
)
