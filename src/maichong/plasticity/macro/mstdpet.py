"""STDP modulated by reward: what pairs of spikes propose, a reward carries out as far as it is remembered.

    pre:  z <- z - a_minus y / tau_z;      post:  z <- z + a_plus x / tau_z;      dz/dt = -z / tau_z
    at the signal "reward":  w <- w + gamma r z

r is the signal's value, in each step or whenever there is a reward: ``run.signal("reward", 1.0)``.

Source: Florian 2007, doi:10.1162/neco.2007.19.6.1468 (MSTDPET).

Not for rewards that act on for a while: see DopamineSTDP.
"""

from maichong.ops import exp
from maichong.spec import ALL_TO_ALL, NEAREST, Option, Param, State, Trace, rule


def on_pre(w, z, y, a_minus, tau_z):
    return w, z - a_minus * y / tau_z


def on_post(w, z, x, a_plus, tau_z):
    return w, z + a_plus * x / tau_z


def elapse(w, z, lag, tau_z):
    return w, z * exp(-lag / tau_z)


def on_signal(w, z, signal, gamma):
    return w + gamma * signal * z, z


MSTDPET = rule(
    "MSTDPET",
    scope="network",
    params=[
        Param("gamma", 1.0, "ms", "learning rate: of a reward's weight change for an eligibility"),
        Param("a_plus", 1.0, "", "potentiation that one pair proposes at zero lag"),
        Param("a_minus", 1.0, "", "depression that one pair proposes at zero lag"),
        Param("tau_plus", 20.0, "ms", "time constant of the presynaptic trace", above=0),
        Param("tau_minus", 20.0, "ms", "time constant of the postsynaptic trace", above=0),
        Param("tau_z", 25.0, "ms", "time constant of the eligibility trace", above=0),
    ],
    options=[Option("pairing", (ALL_TO_ALL, NEAREST), "which spikes pair")],
    traces=[
        Trace("x", on="pre", tau="tau_plus", pairing="pairing", meaning="recent presynaptic spikes"),
        Trace("y", on="post", tau="tau_minus", pairing="pairing", meaning="recent postsynaptic spikes"),
    ],
    states=[State("z", 0.0, "1/ms", "eligibility trace")],
    on_pre=on_pre,
    on_post=on_post,
    elapse=elapse,
    on_signal=on_signal,
    signal="reward",
    doc=__doc__,
)
