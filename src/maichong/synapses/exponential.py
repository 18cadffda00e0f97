"""Exponential receptor: a spike opens at once, the effect decays with one time constant.

    dg/dt = -g / tau;      arrival: g <- g + w

Without ``e_rev`` g is a current in pA; with it a conductance in nS that drives the target with g (e_rev - v).

Source: Rotter & Diesmann 1999, doi:10.1007/s004220050570; Brette et al. 2007, doi:10.1007/s10827-007-0038-6.

Not for slow rises (NMDA, GABA-B): see the alpha and bi-exponential receptors.
"""

from maichong.spec import Param, State, receptor


def flow(g, tau):
    return -g / tau


def arrive(w):
    return w


def output(g):
    return g


Exponential = receptor(
    "Exponential",
    params=[Param("tau", 5.0, "ms", "decay time constant", above=0)],
    states=[State("g", 0.0, "weight", "current or conductance")],
    flow=flow,
    arrive=arrive,
    output=output,
    doc=__doc__,
)
