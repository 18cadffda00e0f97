"""Adaptive exponential integrate-and-fire neuron: EIF with a current of adaptation; eight firing patterns from four numbers.

    c_m dv/dt = g_leak (e_leak - v) + g_leak delta_t exp((v - v_t) / delta_t) - w + i
    tau_w dw/dt = a (v - e_leak) - w;      v >= v_peak: spike, v <- v_r, w <- w + b

a couples the adaptation to the potential below threshold, b is what a spike adds, v_r sets bursts. The defaults are the paper's
regular spiking cell, but for v_peak, which is 20 mV there. With a = b = 0 it is EIF, which is cheaper.

Source: Brette & Gerstner 2005, doi:10.1152/jn.00686.2005; its patterns Naud, Marcille, Clopath & Gerstner 2008,
doi:10.1007/s00422-008-0264-7.

Not at dt above 0.1 ms, as w jumps where v peaks and a late spike is late for both; ``integrator="ode"`` locates spikes.
"""

from maichong.neurons.adex_patterns import FIGURE_2008
from maichong.neurons.eif import bounded, intrinsic
from maichong.spec import Input, Param, State, neuron


def flow(v, w, i, c_m, g_leak, e_leak, v_t, delta_t, v_peak, tau_w, a):
    v = bounded(v, v_peak, delta_t)
    return (intrinsic(v, g_leak, e_leak, v_t, delta_t) - w + i) / c_m, (a * (v - e_leak) - w) / tau_w


def fires(v, v_peak):
    return v - v_peak


def reset(w, v_r, b):
    return v_r, w + b


AdEx = neuron(
    "AdEx",
    params=[
        Param("c_m", 281.0, "pF", "membrane capacitance", above=0),
        Param("g_leak", 30.0, "nS", "leak conductance", above=0),
        Param("e_leak", -70.6, "mV", "reversal potential of the leak"),
        Param("v_t", -50.4, "mV", "threshold: where the membrane turns upward by itself"),
        Param("delta_t", 2.0, "mV", "sharpness: over how many mV the start of a spike grows e-fold", above=0),
        Param("v_peak", 0.0, "mV", "peak of the spike, where it is cut"),
        Param("v_r", -70.6, "mV", "reset potential"),
        Param("tau_w", 144.0, "ms", "time constant of the adaptation", above=0),
        Param("a", 4.0, "nS", "adaptation below threshold: its conductance"),
        Param("b", 80.5, "pA", "rise of the adaptation per spike"),
    ],
    states=[
        State("v", "e_leak", "mV", "membrane potential", membrane=True),
        State("w", 0.0, "pA", "current of adaptation"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    patterns=FIGURE_2008,
    doc=__doc__,
)
