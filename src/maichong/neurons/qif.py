"""Quadratic integrate-and-fire neuron: the normal form of a cell at a saddle-node on a cycle (type I).

    tau_m dv/dt = a (v - v_rest) (v - v_c) + (tau_m / c_m) i;      v >= v_peak: spike, v <- v_r, held for t_ref

Below v_c the membrane falls back to v_rest, above it runs away; with tau_m i / c_m beyond a ((v_c - v_rest) / 2)^2 there is no
rest, and the rate grows as the root of what is beyond. v_peak = -v_r -> infinity is the canonical model, which Theta has without
infinities.

Source: Ermentrout & Kopell 1986, doi:10.1137/0146017; Latham, Richmond, Nelson & Nirenberg 2000, doi:10.1152/jn.2000.83.2.808;
Gerstner, Kistler, Naud & Paninski 2014, doi:10.1017/CBO9781107447615, section 5.3.

Not for cells that resonate or fire at once at a high rate (type II): see Izhikevich. Not at coarse dt near the peak, where a
step overshoots: take Theta or ``integrator="ode"``.
"""

from maichong.spec import Input, Param, State, neuron


def flow(v, i, tau_m, c_m, a, v_rest, v_c):
    return a * (v - v_rest) * (v - v_c) / tau_m + i / c_m


def fires(v, v_peak):
    return v - v_peak


def reset(v_r):
    return v_r


QIF = neuron(
    "QIF",
    params=[
        Param("tau_m", 20.0, "ms", "time constant", above=0),
        Param("c_m", 250.0, "pF", "membrane capacitance", above=0),
        Param("a", 0.04, "1/mV", "curvature", above=0),
        Param("v_rest", -65.0, "mV", "resting potential"),
        Param("v_c", -50.0, "mV", "critical potential, above which it fires without a current"),
        Param("v_peak", 0.0, "mV", "peak of the spike, where it is cut"),
        Param("v_r", -60.0, "mV", "reset potential"),
    ],
    states=[State("v", "v_rest", "mV", "membrane potential", membrane=True)],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
