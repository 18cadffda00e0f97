"""Triplet spike-timing-dependent plasticity.

    pre:   w <- w - o1 (a2_minus + a3_minus r2);      post:  w <- w + r1 (a2_plus + a3_plus o2)

r1 and r2 are presynaptic traces (tau_plus, tau_x), o1 and o2 postsynaptic ones (tau_minus, tau_y); r2 and o2 are read before
the spike's own jump. The defaults are the minimal all-to-all model fitted to visual cortex (r2 unused); with independent
Poisson spikes it has a BCM threshold at a2_minus tau_minus / (a3_plus tau_plus tau_y).

Source: Pfister & Gerstner 2006, doi:10.1523/JNEUROSCI.1425-06.2006.

Not where the voltage between spikes matters: see Clopath's rule.
"""

from maichong.spec import ALL_TO_ALL, NEAREST, Option, Param, Trace, rule


def on_pre(w, o1, r2, a2_minus, a3_minus):
    return w - o1 * (a2_minus + a3_minus * r2)


def on_post(w, r1, o2, a2_plus, a3_plus):
    return w + r1 * (a2_plus + a3_plus * o2)


TripletSTDP = rule(
    "TripletSTDP",
    scope="synapse",
    params=[
        Param("a2_plus", 0.0, "", "potentiation by pairs"),
        Param("a3_plus", 6.5e-3, "", "potentiation by post-pre-post triplets"),
        Param("a2_minus", 7.1e-3, "", "depression by pairs"),
        Param("a3_minus", 0.0, "", "depression by pre-post-pre triplets"),
        Param("tau_plus", 16.8, "ms", "fast presynaptic trace", above=0),
        Param("tau_x", 101.0, "ms", "slow presynaptic trace", above=0),
        Param("tau_minus", 33.7, "ms", "fast postsynaptic trace", above=0),
        Param("tau_y", 114.0, "ms", "slow postsynaptic trace", above=0),
    ],
    options=[Option("pairing", (ALL_TO_ALL, NEAREST), "which spikes pair")],
    traces=[
        Trace("r1", on="pre", tau="tau_plus", pairing="pairing", meaning="recent presynaptic spikes, fast"),
        Trace("r2", on="pre", tau="tau_x", pairing="pairing", meaning="recent presynaptic spikes, slow"),
        Trace("o1", on="post", tau="tau_minus", pairing="pairing", meaning="recent postsynaptic spikes, fast"),
        Trace("o2", on="post", tau="tau_y", pairing="pairing", meaning="recent postsynaptic spikes, slow"),
    ],
    on_pre=on_pre,
    on_post=on_post,
    doc=__doc__,
)
