"""Morris and Lecar's barnacle muscle fibre: calcium that opens at once and potassium that follows; both types of excitability.

    c_m dv/dt = g_leak (e_leak - v) + g_ca m (e_ca - v) + g_k w (e_k - v) + i;      m = (1 + tanh((v - v_1) / v_2)) / 2
    dw/dt = phi cosh((v - v_3) / (2 v_4)) ((1 + tanh((v - v_3) / v_4)) / 2 - w)

The defaults are of type II (Hopf points at 93.86 and 212.02 pA); g_ca = 4, phi = 0.0667, v_3 = 12, v_4 = 17.4 make it type I (a
saddle-node on its cycle at 39.96 pA). The textbook's numbers are per cm^2: uF, mS, uA; here they are those of 100 um^2 of
membrane, in pF, nS and pA.

The flow makes the whole spike: it is noticed where v rises through v_th.

Source: Morris & Lecar 1981, doi:10.1016/S0006-3495(81)84782-0; with these constants Rinzel & Ermentrout 1989, "Analysis of neural
excitability and oscillations", and Ermentrout & Terman 2010, doi:10.1007/978-0-387-87708-2, chapter 3.

Not for sodium spikes, whose quick inactivation it has not: see HodgkinHuxley.
"""

from maichong.ops import exp, tanh
from maichong.spec import Input, Param, State, neuron


def opening(v, middle, width):
    """The part of channels that are open in the long run."""
    return 0.5 * (1.0 + tanh((v - middle) / width))


def cosh(x):
    return 0.5 * (exp(x) + exp(-x))


def flow(v, w, i, c_m, g_leak, g_ca, g_k, e_leak, e_ca, e_k, v_1, v_2, v_3, v_4, phi):
    calcium = g_ca * opening(v, v_1, v_2)
    return (
        (g_leak * (e_leak - v) + calcium * (e_ca - v) + g_k * w * (e_k - v) + i) / c_m,
        phi * cosh((v - v_3) / (2.0 * v_4)) * (opening(v, v_3, v_4) - w),
    )


def fires(v, v_th):
    return v - v_th


def w_at_rest(v, v_3, v_4):
    return opening(v, v_3, v_4)


MorrisLecar = neuron(
    "MorrisLecar",
    params=[
        Param("c_m", 20.0, "pF", "membrane capacitance", above=0),
        Param("g_leak", 2.0, "nS", "leak conductance", low=0),
        Param("g_ca", 4.4, "nS", "largest calcium conductance", low=0),
        Param("g_k", 8.0, "nS", "largest potassium conductance", low=0),
        Param("e_leak", -60.0, "mV", "reversal potential of the leak, and potential at the start"),
        Param("e_ca", 120.0, "mV", "reversal potential of calcium"),
        Param("e_k", -84.0, "mV", "reversal potential of potassium"),
        Param("v_1", -1.2, "mV", "where half of the calcium channels are open"),
        Param("v_2", 18.0, "mV", "how far from there most of them are", above=0),
        Param("v_3", 2.0, "mV", "where half of the potassium channels are open"),
        Param("v_4", 30.0, "mV", "how far from there most of them are", above=0),
        Param("phi", 0.04, "1/ms", "speed of potassium at v_3", above=0),
        Param("v_th", 0.0, "mV", "potential at which a spike is noticed as v rises"),
    ],
    states=[
        State("v", "e_leak", "mV", "membrane potential", membrane=True),
        State("w", w_at_rest, "", "opening of potassium"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    doc=__doc__,
)
