"""Pair-based spike-timing-dependent plasticity.

    pre:  w <- w - a_minus (w - w_min)^mu_minus y;      post:  w <- w + a_plus (w_max - w)^mu_plus x
    tau_plus dx/dt = -x (jumps at presynaptic arrivals),  tau_minus dy/dt = -y (at postsynaptic spikes)

mu = 0 is additive, mu = 1 multiplicative. Traces are read before their own jump, so pre and post at the same instant do not
pair. ``pairing="nearest"`` lets each spike see only the nearest one of the other side.

With both amplitudes negative, ``PairSTDP(a_plus=-0.01, a_minus=-0.0105)``, it is anti-Hebbian: a synapse that helps its target to
fire becomes weaker (Bell, Han, Sugawara & Grant 1997, doi:10.1038/387278a0). mu then belongs to the other direction, so that
weights are left to the clipping at their bounds. With ``a_plus == a_minus`` and ``tau_plus == tau_minus`` it is the rule of Zhang &
Xu 2021, table 2, whose lag is t_pre - t_post and whose exponents lost their sign in print.

Source: Bi & Poo 1998, doi:10.1523/JNEUROSCI.18-24-10464.1998; Song, Miller & Abbott 2000, doi:10.1038/78829;
weight dependence: Gütig, Aharonov, Rotter & Sompolinsky 2003, doi:10.1523/JNEUROSCI.23-09-03697.2003.

Not for frequency effects of triplets: see TripletSTDP.
"""

from maichong.ops import power
from maichong.spec import ALL_TO_ALL, NEAREST, Option, Param, Trace, rule


def on_pre(w, y, a_minus, mu_minus, w_min):
    return w - a_minus * power(w - w_min, mu_minus) * y


def on_post(w, x, a_plus, mu_plus, w_max):
    return w + a_plus * power(w_max - w, mu_plus) * x


PairSTDP = rule(
    "PairSTDP",
    scope="synapse",
    params=[
        Param("a_plus", 0.01, "", "potentiation of one pair at zero lag"),
        Param("a_minus", 0.0105, "", "depression of one pair at zero lag"),
        Param("tau_plus", 20.0, "ms", "time constant of the presynaptic trace", above=0),
        Param("tau_minus", 20.0, "ms", "time constant of the postsynaptic trace", above=0),
        Param("mu_plus", 0.0, "", "weight dependence of potentiation: 0 additive, 1 multiplicative", low=0, static=True),
        Param("mu_minus", 0.0, "", "weight dependence of depression: 0 additive, 1 multiplicative", low=0, static=True),
    ],
    options=[Option("pairing", (ALL_TO_ALL, NEAREST), "which spikes pair")],
    traces=[
        Trace("x", on="pre", tau="tau_plus", pairing="pairing", meaning="recent presynaptic spikes"),
        Trace("y", on="post", tau="tau_minus", pairing="pairing", meaning="recent postsynaptic spikes"),
    ],
    on_pre=on_pre,
    on_post=on_post,
    doc=__doc__,
)
