"""Triplet STDP with heterosynaptic plasticity, transmitter-induced growth and consolidation: what keeps assemblies stable.

    post:  w <- w + A x slow - beta y^3 (w - w_ref)
    pre:   w <- w - A y + delta
    every ``period``:  w_ref <- w_ref + period / tau_c ((w - w_ref) + P (w_a - w_ref) (w_b - w_ref) (w_c - w_ref))

x is the presynaptic trace, y and slow are fast and slow postsynaptic ones, each read before its own jump. A bursting target pulls
all its weights towards their references, whether their sources fire or not; the references settle at w_a or w_c.

Source: Zenke, Agnes & Gerstner 2015, doi:10.1038/ncomms7922, and the authors' code that goes with it.

Not for spikes of single pairs, which it barely sees: see PairSTDP.
"""

from maichong.spec import Param, State, Trace, rule


def on_pre(w, w_ref, y, A, delta):
    return w - A * y + delta, w_ref


def on_post(w, w_ref, x, y, slow, A, beta):
    return w + A * x * slow - beta * y * y * y * (w - w_ref), w_ref


def on_signal(w, w_ref, P, w_a, w_b, w_c, tau_c, period):
    pull = P * (w_a - w_ref) * (w_b - w_ref) * (w_c - w_ref)
    return w, w_ref + period / tau_c * ((w - w_ref) + pull)


def start(w):
    return w


ConsolidatingSTDP = rule(
    "ConsolidatingSTDP",
    scope="circuit",
    params=[
        Param("A", 1e-3, "", "rate of the triplet rule"),
        Param("delta", 2e-5, "", "growth at each presynaptic spike"),
        Param("beta", 0.05, "", "strength of the heterosynaptic plasticity", low=0),
        Param("tau_plus", 20.0, "ms", "presynaptic trace", above=0),
        Param("tau_minus", 20.0, "ms", "fast postsynaptic trace", above=0),
        Param("tau_slow", 100.0, "ms", "slow postsynaptic trace", above=0),
        Param("tau_c", 1.2e6, "ms", "time constant of the consolidation", above=0),
        Param("period", 1200.0, "ms", "time between two steps of the consolidation", above=0),
        Param("P", 20.0, "", "strength of the potential whose valleys are w_a and w_c"),
        Param("w_a", 0.0, "", "lower reference"),
        Param("w_b", 0.25, "", "ridge between the references"),
        Param("w_c", 0.5, "", "upper reference"),
    ],
    traces=[
        Trace("x", on="pre", tau="tau_plus", meaning="recent presynaptic spikes"),
        Trace("y", on="post", tau="tau_minus", meaning="recent postsynaptic spikes"),
        Trace("slow", on="post", tau="tau_slow", meaning="the target's activity of late"),
    ],
    states=[State("w_ref", start, "", "reference weight, to which bursts of the target pull")],
    on_pre=on_pre,
    on_post=on_post,
    on_signal=on_signal,
    every="period",
    bounds=(0.0, 5.0),
    doc=__doc__,
)
