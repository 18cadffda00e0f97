"""Inhibitory plasticity that keeps a neuron at a target rate: inhibition grows until it balances excitation.

    pre (inhibitory):  w <- w + eta (y - alpha);      post:  w <- w + eta x
    tau dx/dt = -x (jumps at presynaptic arrivals),  tau dy/dt = -y (at postsynaptic spikes)

Pairs strengthen a synapse in either order, and each presynaptic spike weakens it by eta alpha. Where both sides fire independently
the drift, eta r_pre (2 tau r_post - alpha), is zero at r_post = alpha / (2 tau): alpha = 2 r_0 tau for a rate r_0, 0.12 for 3 Hz
and tau = 20 ms. Neurons that inhibition holds back as it arrives pair less, and end a little above r_0. NEST calls it
vogels_sprekeler_synapse, with negative weights; here the weight of inhibition is a positive conductance.

Source: Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, doi:10.1126/science.1211095.

Not for excitatory synapses, where the fixed point is unstable.
"""

from maichong.spec import Param, Trace, rule


def on_pre(w, y, eta, alpha):
    return w + eta * (y - alpha)


def on_post(w, x, eta):
    return w + eta * x


VogelsSTDP = rule(
    "VogelsSTDP",
    scope="synapse",
    params=[
        Param("eta", 1e-3, "", "rise of one pair at zero lag, in the weight's own unit"),
        Param("alpha", 0.12, "", "depression at a presynaptic spike, relative to eta: 2 tau times the target rate", low=0),
        Param("tau", 20.0, "ms", "time constant of both traces", above=0),
    ],
    traces=[
        Trace("x", on="pre", tau="tau", meaning="recent presynaptic spikes"),
        Trace("y", on="post", tau="tau", meaning="recent postsynaptic spikes"),
    ],
    on_pre=on_pre,
    on_post=on_post,
    bounds=(0.0, None),
    doc=__doc__,
)
