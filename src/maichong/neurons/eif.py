"""Integrate-and-fire neuron whose spike begins as an exponential (EIF): a leaky membrane with the onset of sodium.

    c_m dv/dt = g_leak (e_leak - v) + g_leak delta_t exp((v - v_t) / delta_t) + i
    v >= v_peak: spike, v <- v_r, held for t_ref

The exponential is the sodium current where it begins; delta_t is how sharp that is, and delta_t -> 0 the LIF with the threshold
v_t. Above the rheobase g_leak (v_t - e_leak - delta_t) the cell fires, slowly at first: it is of type I. From 5 delta_t beyond
v_peak on the flow stays what it is there, so that no step overflows.

Source: Fourcaud-Trocme, Hansel, van Vreeswijk & Brunel 2003, doi:10.1523/JNEUROSCI.23-37-11628.2003.

Not for adaptation or bursts: see AdEx. Not for the time of a spike to better than a step: ``integrator="ode"`` locates it.
"""

from maichong.ops import exp, minimum
from maichong.spec import Input, Param, State, neuron


def bounded(v, v_peak, delta_t):
    """v, no further than what no solution reaches: a step over the peak must not overflow, nor meet a kink before it."""
    return minimum(v, v_peak + 5.0 * delta_t)


def intrinsic(v, g_leak, e_leak, v_t, delta_t):
    """The leak and the current that starts a spike."""
    return g_leak * (e_leak - v) + g_leak * delta_t * exp((v - v_t) / delta_t)


def flow(v, i, c_m, g_leak, e_leak, v_t, delta_t, v_peak):
    return (intrinsic(bounded(v, v_peak, delta_t), g_leak, e_leak, v_t, delta_t) + i) / c_m


def fires(v, v_peak):
    return v - v_peak


def reset(v_r):
    return v_r


EIF = neuron(
    "EIF",
    params=[
        Param("c_m", 281.0, "pF", "membrane capacitance", above=0),
        Param("g_leak", 30.0, "nS", "leak conductance", above=0),
        Param("e_leak", -70.6, "mV", "reversal potential of the leak"),
        Param("v_t", -50.4, "mV", "threshold: where the membrane turns upward by itself"),
        Param("delta_t", 2.0, "mV", "sharpness: over how many mV the start of a spike grows e-fold", above=0),
        Param("v_peak", 0.0, "mV", "peak of the spike, where it is cut"),
        Param("v_r", -70.6, "mV", "reset potential"),
    ],
    states=[State("v", "e_leak", "mV", "membrane potential", membrane=True)],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
