"""Instar rule: a neuron that fires turns its weights towards its input; those of silent neurons stay as they are.

    post:  w <- w + eta (gain x - offset - decay w)
    tau dx/dt = -x (jumps by 1 at presynaptic arrivals)

With decay = 1 a weight is a running mean of gain x - offset over the times when the target fired, and eta = 1 imprints one input
at once. With decay = 0 it is the postsynaptically gated covariance rule: offset / gain is the mean of x, synapses of silent sources
are weakened, and patterns that a network of such synapses stored are recalled.

Source: Grossberg 1976, doi:10.1007/BF00344744; the gated covariance Stanton & Sejnowski 1989, doi:10.1038/339215a0, and Willshaw &
Dayan 1990, doi:10.1162/neco.1990.2.1.85.

Not for order in time: see PairSTDP. Without competition between targets all of them learn the same mean.
"""

from maichong.spec import Param, Trace, rule


def on_post(w, x, eta, gain, offset, decay):
    return w + eta * (gain * x - offset - decay * w)


Instar = rule(
    "Instar",
    scope="synapse",
    params=[
        Param("eta", 0.01, "", "part of the way that a weight goes at a spike", low=0),
        Param("gain", 1.0, "", "weight for each recent presynaptic spike, in the weight's own unit"),
        Param("offset", 0.0, "", "what synapses of silent sources tend below zero, in the weight's own unit"),
        Param("decay", 1.0, "", "whether weights are a running mean, 1, or a sum, 0", low=0),
        Param("tau", 20.0, "ms", "time constant of the trace", above=0),
    ],
    traces=[Trace("x", on="pre", tau="tau", meaning="recent presynaptic spikes")],
    on_post=on_post,
    bounds=(None, None),
    doc=__doc__,
)
