"""Dopamine-modulated STDP: spikes mark a synapse, and the reward that comes seconds later changes what is still marked.

    pre:  c <- c - a_minus y;      post:  c <- c + a_plus x;      dc/dt = -c / tau_c
    dd/dt = -d / tau_d (jumps by the value of the signal "dopamine");      dw/dt = c d

c is the synapse's eligibility trace, d the dopamine of the whole network, in 1/ms: ``run.signal("dopamine", 0.005)``. After one
pairing c_0 and a pulse d_0 at the time D the weight has gained c_0 d_0 exp(-D / tau_c) tau_c tau_d / (tau_c + tau_d) in the end.

Source: Izhikevich 2007, doi:10.1093/cercor/bhl152.

Not for a reward that should be compared with an expectation: give the difference as the signal's value, as actor-critic methods do.
"""

from maichong.ops import exp
from maichong.spec import ALL_TO_ALL, NEAREST, Option, Param, State, Trace, rule


def on_pre(w, c, y, a_minus):
    return w, c - a_minus * y


def on_post(w, c, x, a_plus):
    return w, c + a_plus * x


def elapse(w, c, d, lag, tau_c, tau_d):
    # the product of two exponentials is one, whose integral is closed
    tau = tau_c * tau_d / (tau_c + tau_d)
    return w + c * d * tau * (1.0 - exp(-lag / tau)), c * exp(-lag / tau_c)


DopamineSTDP = rule(
    "DopamineSTDP",
    scope="network",
    params=[
        Param("a_plus", 0.01, "", "eligibility that one pair adds at zero lag"),
        Param("a_minus", 0.0105, "", "eligibility that one pair takes at zero lag"),
        Param("tau_plus", 20.0, "ms", "time constant of the presynaptic trace", above=0),
        Param("tau_minus", 20.0, "ms", "time constant of the postsynaptic trace", above=0),
        Param("tau_c", 1000.0, "ms", "time constant of the eligibility trace", above=0),
        Param("tau_d", 200.0, "ms", "time constant of dopamine", above=0),
    ],
    options=[Option("pairing", (ALL_TO_ALL, NEAREST), "which spikes pair")],
    traces=[
        Trace("x", on="pre", tau="tau_plus", pairing="pairing", meaning="recent presynaptic spikes"),
        Trace("y", on="post", tau="tau_minus", pairing="pairing", meaning="recent postsynaptic spikes"),
        Trace("d", on="dopamine", tau="tau_d", meaning="dopamine above its baseline", unit="1/ms"),
    ],
    states=[State("c", 0.0, "", "eligibility trace")],
    on_pre=on_pre,
    on_post=on_post,
    elapse=elapse,
    doc=__doc__,
)
