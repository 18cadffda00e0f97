"""Symmetric spike-timing-dependent plasticity: a pair of spikes strengthens a synapse, whichever of the two came first.

    pre:  w <- w + eta_pre y;      post:  w <- w + eta_post x
    tau dx/dt = -x (jumps at presynaptic arrivals),  tau dy/dt = -y (at postsynaptic spikes)

With eta_pre = eta_post the window is even: a pair of lag Dt adds eta exp(-abs(Dt) / tau). Nothing weakens a synapse, so weights
need another rule to compete: normalisation, and a bound.

Source: Hao, Huang, Dong & Xu 2020, Neural Networks 121:387, doi:10.1016/j.neunet.2019.09.007, and the authors' code, whose traces
jump by 0.1 where these jump by 1: its learning rate 0.005 is 5e-4 here.

Not alone: all weights would end at w_max. See WeightNormalisation, and PairSTDP for a window with two signs.
"""

from maichong.spec import Param, Trace, rule


def on_pre(w, y, eta_pre):
    return w + eta_pre * y


def on_post(w, x, eta_post):
    return w + eta_post * x


SymmetricSTDP = rule(
    "SymmetricSTDP",
    scope="synapse",
    params=[
        Param("eta_pre", 5e-4, "", "rise at zero lag where the postsynaptic spike came first"),
        Param("eta_post", 5e-4, "", "rise at zero lag where the presynaptic spike came first"),
        Param("tau", 20.0, "ms", "time constant of both traces", above=0),
    ],
    traces=[
        Trace("x", on="pre", tau="tau", meaning="recent presynaptic spikes"),
        Trace("y", on="post", tau="tau", meaning="recent postsynaptic spikes"),
    ],
    on_pre=on_pre,
    on_post=on_post,
    doc=__doc__,
)
