"""Pair STDP whose potentiation is a power of the weight and whose depression is proportional to it: weights settle, unimodal.

    pre:  w <- w - alpha lam w y;      post:  w <- w + lam w_0 (w / w_0)^mu x
    tau_plus dx/dt = -x (jumps at presynaptic arrivals),  tau_minus dy/dt = -y (at postsynaptic spikes)

All pairs count. Where both sides fire independently at one rate, drift ends at w_0 (tau_plus / (alpha tau_minus))^(1/(1 - mu)).

Source: Morrison, Aertsen & Diesmann 2007, doi:10.1162/neco.2007.19.6.1437; NEST calls it stdp_pl_synapse_hom, with w_0 = 1 pA,
and its delays are dendritic ones.

Not for weights that should compete: see PairSTDP with mu = 0.
"""

from maichong.ops import power
from maichong.spec import Param, Trace, rule


def on_pre(w, y, alpha, lam):
    return w - alpha * lam * w * y


def on_post(w, x, lam, w_0, mu):
    return w + lam * w_0 * power(w / w_0, mu) * x


MorrisonSTDP = rule(
    "MorrisonSTDP",
    scope="synapse",
    params=[
        Param("lam", 0.1, "", "potentiation of one pair at zero lag, where w = w_0, relative to it"),
        Param("alpha", 0.0513, "", "depression relative to potentiation, where w = w_0"),
        Param("mu", 0.4, "", "exponent of the potentiation: 0 additive, 1 multiplicative", low=0, static=True),
        Param("w_0", 1.0, "", "weight at which potentiation is lam w_0, in the weight's own unit", above=0),
        Param("tau_plus", 15.0, "ms", "time constant of the presynaptic trace", above=0),
        Param("tau_minus", 30.0, "ms", "time constant of the postsynaptic trace", above=0),
    ],
    traces=[
        Trace("x", on="pre", tau="tau_plus", meaning="recent presynaptic spikes"),
        Trace("y", on="post", tau="tau_minus", meaning="recent postsynaptic spikes"),
    ],
    on_pre=on_pre,
    on_post=on_post,
    bounds=(0.0, None),
    doc=__doc__,
)
