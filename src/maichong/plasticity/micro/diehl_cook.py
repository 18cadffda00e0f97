"""The triplet rule of Diehl & Cook's released code: potentiation needs a recent earlier spike of the same neuron.

    pre:   w <- w - eta_pre post1;      post:  w <- w + eta_post pre post2

All three traces are set to 1 at their spike (tau_pre, tau_post1, tau_post2) and read before it. Together with weight
normalisation and a homeostatic threshold it learns digits without labels.

Source: Diehl & Cook 2015, doi:10.3389/fncom.2015.00099, and the authors' code that goes with it.

Not a biophysical fit: see TripletSTDP for one.
"""

from maichong.spec import NEAREST, Param, Trace, rule


def on_pre(w, post1, eta_pre):
    return w - eta_pre * post1


def on_post(w, pre, post2, eta_post):
    return w + eta_post * pre * post2


DiehlCook = rule(
    "DiehlCook",
    scope="synapse",
    params=[
        Param("eta_pre", 1e-4, "", "depression at a presynaptic spike"),
        Param("eta_post", 1e-2, "", "potentiation at a postsynaptic spike"),
        Param("tau_pre", 20.0, "ms", "presynaptic trace", above=0),
        Param("tau_post1", 20.0, "ms", "fast postsynaptic trace", above=0),
        Param("tau_post2", 40.0, "ms", "slow postsynaptic trace", above=0),
    ],
    traces=[
        Trace("pre", on="pre", tau="tau_pre", pairing=NEAREST, meaning="time since the last presynaptic spike"),
        Trace("post1", on="post", tau="tau_post1", pairing=NEAREST, meaning="time since the last spike, fast"),
        Trace("post2", on="post", tau="tau_post2", pairing=NEAREST, meaning="time since the last spike, slow"),
    ],
    on_pre=on_pre,
    on_post=on_post,
    doc=__doc__,
)
